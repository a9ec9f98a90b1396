"""Censored responses: derivatives, the likelihood against direct integration, limits of known answer, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from generated import study
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from historical_controls.mixed_model import (
    DataError,
    MixedModelSpec,
    NotConverged,
    NotEstimable,
    SpecificationError,
    build_design,
    fit_censored,
    fit_mixed_model,
)
from historical_controls.mixed_model.censored.likelihood import CensoredPoint, evaluate, gauss_hermite
from historical_controls.mixed_model.censored.parameters import CensoredParameters
from historical_controls.mixed_model.censored.problem import censored_problem
from historical_controls.mixed_model.censored.profile import bound, profile
from historical_controls.mixed_model.censored.terms import between_terms, exact_terms, log_between
from historical_controls.mixed_model.design.specification import GroupForm
from historical_controls.mixed_model.fits.censored import CensoredFit

FORMS: list[tuple[str | None, str | None, GroupForm, bool]] = [
    (None, None, "free", True),
    (None, "arm", "free", True),
    (None, "arm", "one_scale", True),
    ("1", None, "free", True),
    ("1", "arm", "free", True),
    ("1", "arm", "one_scale", True),
    ("1", "arm", "two_scales", True),
    ("1 + day", None, "free", True),
    ("1 + day", "arm", "free", True),
    ("1 + day", "arm", "one_scale", True),
    ("1 + day", "arm", "two_scales", False),
]

TOBIN = [  # durable goods, age, liquidity quotient
    (0, 57.7, 236),
    (0.7, 50.9, 283),
    (0, 48.5, 207),
    (0, 41.7, 220),
    (0, 47.7, 238),
    (0, 59.8, 216),
    (0, 44.3, 284),
    (3.7, 45.1, 221),
    (0, 51.7, 275),
    (3, 50, 269),
    (10.4, 46.8, 207),
    (0, 58, 249),
    (0, 58.9, 246),
    (0, 40, 277),
    (1.5, 34.1, 231),
    (0, 39.9, 219),
    (0, 33.4, 240),
    (3.5, 48.1, 266),
    (6.1, 46.6, 214),
    (0, 53.1, 251),
]


def spec(**changes: object) -> MixedModelSpec:
    plain = MixedModelSpec("y ~ arm * day + x", "id", "1", reml=False, lower="lower", upper="upper")
    return replace(plain, **changes)  # type: ignore[arg-type]


def censored(data: pd.DataFrame, below: float = -np.inf, above: float = np.inf, width: float = 0.0) -> pd.DataFrame:
    """Values outside the limits known to one side; every fourth row, if a width is given, to an interval."""
    y = data["y"].clip(below, above)
    lower = data["y"].mask(data["y"] < below, -np.inf).mask(data["y"] > above, above)
    upper = data["y"].mask(data["y"] < below, below).mask(data["y"] > above, np.inf)
    wide = (np.arange(len(data)) % 4 == 0) & (lower == upper) & (width > 0)
    return data.assign(y=y, lower=lower.mask(wide, lower - 0.4 * width), upper=upper.mask(wide, upper + 0.6 * width))


@settings(max_examples=4, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), weights=st.sampled_from([None, "weight"]), width=st.sampled_from([0.0, 1e-3, 0.8]))
@pytest.mark.parametrize(("random", "groups", "form", "correlated"), FORMS)
def test_derivatives(  # type: ignore[no-untyped-def]
    random, groups, form, correlated, seed, weights, width
) -> None:
    """Gradient and Hessian (CE-7, CE-8) equal central differences of log-likelihood and gradient."""
    data = censored(study(seed, (3, 5), days=4), below=9.5, above=11.5, width=width)
    wanted = spec(random=random, groups=groups, group_form=form, random_correlated=correlated, weights=weights)
    design = build_design(data, wanted)
    q = design.Z.shape[1]
    rule = gauss_hermite(q, {0: 1, 1: 25, 2: 31}[q])
    problem = censored_problem(design, len(rule.x))
    parameters = CensoredParameters(q, correlated, len(design.group_levels), form)
    generator, step = np.random.default_rng(seed), 1e-5
    psi = np.append(generator.normal(0, 0.3, problem.p), parameters.start(0.7))
    psi += generator.normal(0, 0.1, len(psi))

    def at(where: np.ndarray) -> CensoredPoint:
        point = evaluate(problem, parameters, rule, where)
        assert point is not None
        return point

    point = at(psi)
    pairs = [(at(psi + move), at(psi - move)) for move in np.eye(len(psi)) * step]
    gradient = np.array([up.loglik - down.loglik for up, down in pairs]) / (2 * step)
    information = -np.array([up.gradient - down.gradient for up, down in pairs]) / (2 * step)
    assert point.gradient == pytest.approx(gradient, abs=2e-6 * max(1, np.abs(gradient).max()))
    assert point.information == pytest.approx(information, abs=2e-6 * max(1, np.abs(information).max()))


@pytest.mark.parametrize(("random", "groups", "form", "correlated"), FORMS)
@pytest.mark.parametrize("weights", [None, "weight"])
def test_nothing_censored_is_maximum_likelihood(random, groups, form, correlated, weights) -> None:  # type: ignore[no-untyped-def]
    data = censored(study(3, (5, 12), slope=0.3))
    if form == "two_scales" or (random is None and groups):
        data = censored(study(3, (8, 12), slope=0.4, ratio=1.5))
    wanted = spec(random=random, groups=groups, group_form=form, random_correlated=correlated, weights=weights)
    fit, plain = fit_censored(data, wanted), fit_mixed_model(data, replace(wanted, lower=None, upper=None))
    assert fit.loglik == pytest.approx(plain.loglik, abs=1e-6)
    assert fit.beta.to_numpy() == pytest.approx(plain.beta.to_numpy(), abs=1e-6)
    pd.testing.assert_frame_equal(
        fit.covariance_parameters, plain.covariance_parameters, atol=1e-6, rtol=1e-6, check_dtype=False
    )
    assert fit.singular == plain.singular


@pytest.mark.parametrize("random", ["1", "1 + day"])
def test_likelihood_is_the_normal_probability(random: str) -> None:
    """Density of what was seen times the multivariate normal probability of the rest (CE-1), by Genz' integration."""
    data = censored(study(8, (3, 4), days=4, slope=0.3), below=9.8, above=11.4, width=0.5)
    fit = fit_censored(data, spec(fixed="y ~ arm + day", random=random), nodes=31)
    design, total = fit.design, 0.0
    values = fit.covariance_parameters.set_index("parameter")["estimate"]
    names = design.random_names
    G = np.array([[values[f"variance({a})"] if a == b else 0.0 for b in names] for a in names])
    if len(names) == 2:
        G[0, 1] = G[1, 0] = values[f"covariance({names[1]}, {names[0]})"]
    assert design.lower is not None and design.upper is not None
    for rows in np.split(np.arange(len(design.y)), design.first[1:]):
        mean = design.X[rows] @ fit.beta.to_numpy()
        V = design.Z[rows] @ G @ design.Z[rows].T + values["residual variance"] * np.eye(len(rows))
        total += _direct(mean, V, design.lower[rows], design.upper[rows])
    assert fit.loglik == pytest.approx(total, abs=2e-4)


def _direct(mean: np.ndarray, V: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> float:
    seen, rest = np.flatnonzero(lower == upper), np.flatnonzero(lower != upper)
    total = 0.0
    if len(seen):
        total += stats.multivariate_normal.logpdf(lower[seen], mean[seen], V[np.ix_(seen, seen)])
        regression = np.linalg.solve(V[np.ix_(seen, seen)], V[np.ix_(seen, rest)]).T
        mean = mean[rest] + regression @ (lower[seen] - mean[seen])
        V = V[np.ix_(rest, rest)] - regression @ V[np.ix_(seen, rest)]
    if len(rest):
        law = stats.multivariate_normal(mean if len(seen) else mean[rest], V if len(seen) else V[np.ix_(rest, rest)])
        law.abseps = law.releps = 1e-7
        probability = law.cdf(upper[rest], lower_limit=lower[rest], rng=np.random.default_rng(0))
        total += float(np.log(probability))
    return total


def test_tobin_1958() -> None:
    """Tobin 1958 (Econometrica 26:24-36), data and survreg(..., dist="gaussian") of R's survival 3.5-3, to 1e-12."""
    data = pd.DataFrame(TOBIN, columns=["durable", "age", "quant"]).assign(household=range(20))
    none = data["durable"] == 0
    data = data.assign(lower=data["durable"].mask(none, -np.inf), upper=data["durable"])
    fit = fit_censored(data, spec(fixed="durable ~ age + quant", subject="household", random=None))
    errors = np.sqrt(np.diag(fit.vcov))
    assert fit.beta.to_numpy() == pytest.approx([15.1448663322209, -0.1290592838646, -0.0455416628897], rel=1e-8)
    assert errors == pytest.approx([16.0794532023836, 0.2185835967164, 0.0582541155076], rel=1e-8)
    assert fit.loglik == pytest.approx(-28.9401331997, abs=1e-9)
    assert np.sqrt(fit.covariance_parameters["estimate"].iloc[0]) == pytest.approx(5.572539766, rel=1e-8)


def test_more_nodes_change_nothing() -> None:
    data = censored(study(5, slope=0.2), below=10.0)
    for random in ("1", "1 + day"):
        fit, finer = fit_censored(data, spec(random=random)), fit_censored(data, spec(random=random), nodes=29)
        assert fit.loglik == pytest.approx(finer.loglik, abs=1e-6)
        assert fit.beta.to_numpy() == pytest.approx(finer.beta.to_numpy(), abs=1e-5)


def test_right_censoring_is_left_censoring_mirrored() -> None:
    data = study(6)
    left = fit_censored(censored(data, below=9.8), spec())
    right = fit_censored(censored(data.assign(y=-data["y"]), above=-9.8), spec())
    assert right.loglik == pytest.approx(left.loglik, abs=1e-9)
    assert right.beta.to_numpy() == pytest.approx(-left.beta.to_numpy(), abs=1e-7)


def test_units_of_the_response() -> None:
    data = censored(study(6), below=9.8)
    scaled = data.assign(**{name: 1000 * data[name] + 5 for name in ("y", "lower", "upper")})
    fit, other = fit_censored(data, spec()), fit_censored(scaled, spec())
    seen = (data["lower"] == data["upper"]).sum()
    assert other.loglik == pytest.approx(fit.loglik - seen * np.log(1000), abs=1e-7)
    assert other.beta["day"] == pytest.approx(1000 * fit.beta["day"], rel=1e-7)
    assert other.vcov.loc["day", "day"] == pytest.approx(1e6 * fit.vcov.loc["day", "day"], rel=1e-6)


def test_narrow_intervals_are_densities() -> None:
    """An interval far narrower than the spread says what its midpoint says."""
    data, width = study(6), 1e-7
    exact = fit_censored(censored(data), spec())
    narrow = fit_censored(
        data.assign(lower=data["y"] - width / 2, upper=data["y"] + width / 2).pipe(_one_exact), spec()
    )
    assert narrow.beta.to_numpy() == pytest.approx(exact.beta.to_numpy(), abs=1e-6)
    assert narrow.loglik - (len(data) - 1) * np.log(width) == pytest.approx(exact.loglik, abs=1e-5)


def _one_exact(data: pd.DataFrame) -> pd.DataFrame:
    first = data.index == data.index[0]
    return data.assign(lower=data["lower"].mask(first, data["y"]), upper=data["upper"].mask(first, data["y"]))


@given(a=st.floats(-30, 30), width=st.floats(1e-7, 20))
def test_probabilities_of_intervals(a: float, width: float) -> None:
    """Both tails and both widths agree with the density at the midpoint or with the distribution function."""
    low, high = np.array([a]), np.array([a + width])
    value = float(log_between(low, high)[0])
    assert value <= 0
    assert value == pytest.approx(float(log_between(-high, -low)[0]), rel=1e-9, abs=1e-9)
    if width < 1e-3:
        middle = exact_terms((low + high) / 2).value[0] + np.log(width)
        assert float(between_terms(low, high).value[0]) == pytest.approx(middle, abs=1e-3)
    elif -8 < a < 0:
        assert value == pytest.approx(float(np.log(stats.norm.cdf(a + width) - stats.norm.cdf(a))), abs=1e-9)


# Statistics of 1.15 and -0.85: the root is followed to no difference however near that is.
@pytest.mark.parametrize("seed", [9, 1])
def test_profile_interval_by_refitting(seed: int) -> None:
    """At a bound the fit with that coefficient held there has lost t^2 / 2 of log-likelihood (CE-11)."""
    data = censored(study(seed, slope=0.0), below=10.2)
    fit = fit_censored(data, spec(fixed="y ~ x + day"))
    row = fit.contrast({"x": 1.0})
    quantile = stats.t(row.df).ppf(0.975)
    for held, root in ((row.lower, quantile), (row.upper, quantile), (0.0, abs(row.statistic))):
        shifted = data.assign(**{name: data[name] - held * data["x"] for name in ("y", "lower", "upper")})
        without = fit_censored(shifted, spec(fixed="y ~ day"))
        assert np.sqrt(2 * (fit.loglik - without.loglik)) == pytest.approx(root, rel=1e-4)
    assert row.p_value == pytest.approx(2 * stats.t(row.df).sf(abs(row.statistic)))
    assert row.lower < row.estimate < row.upper
    wald = replace(fit, interval="wald").contrast({"x": 1.0})
    assert wald.upper - wald.estimate == pytest.approx(quantile * wald.standard_error)
    assert abs(wald.upper - row.upper) < 0.5 * wald.standard_error


def test_a_bound_that_was_not_reached_is_refused() -> None:
    """A c at which the signed root is not the quantile (CE-11) bounds an interval of another level."""
    fit = fit_censored(censored(study(9), below=10.2), spec(fixed="y ~ x + day"))
    row = np.eye(len(fit.point.theta))[1]
    curve = profile(fit._objective, fit.point, fit._covariance, row)
    reached = bound(curve, 2.0)
    assert curve.root(curve.at(reached, fit.point)) == pytest.approx(2.0, abs=1e-4)
    with pytest.raises(NotEstimable, match="profile likelihood could not be followed") as error:
        bound(curve, 2.0, steps=1)
    assert error.value.message.code == "profile_lost"


def test_answers_as_the_uncensored_fit_does() -> None:
    fit = fit_censored(censored(study(9), below=9.5), spec(groups="arm", group_form="one_scale", time="day"))
    difference = fit.difference("arm", ("A", "B"), at={"day": [0, 3]}).table
    means = fit.marginal_means({"day": [3]}, "arm").table.set_index("arm")["estimate"]
    assert difference["estimate"].iloc[1] == pytest.approx(means["A"] - means["B"])
    curve = fit.trajectory([0, 1, 2, 3], by="arm").table
    assert (curve["band_upper"] > curve["upper"]).all()
    assert list(fit.coefficients().index) == list(fit.beta.index)


def test_boundary_fits_are_named() -> None:
    data = censored(study(9, intercept=0.0, slope=0.0, rho=-0.3), below=9.5)
    fit = fit_censored(data, spec())
    assert fit.converged
    assert list(map(str, fit.singular)) == ["variance of random Intercept is 0"]
    none = fit_censored(data, spec(random=None))
    assert fit.loglik == pytest.approx(none.loglik, abs=1e-8)
    assert np.sqrt(np.diag(fit.vcov)) == pytest.approx(np.sqrt(np.diag(none.vcov)), rel=1e-5)
    # The groups share the random effects (in units of their residual), hence the boundary, which is said once.
    scaled = fit_censored(data, spec(groups="arm", group_form="one_scale"))
    assert list(map(str, scaled.singular)) == ["variance of random Intercept is 0"]


@pytest.mark.parametrize(("effect", "sigma", "singular"), [(0.01, 1e-5, []), (1e-5, 1.0, ["Intercept"])])
def test_a_variance_is_zero_beside_the_residual_one(
    effect: float, sigma: float, singular: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variance of 1e-4 is much where the residual one is 1e-10, and one of 1e-10 is none where that is 1."""
    fit = fit_censored(censored(study(9), below=9.5), spec())
    monkeypatch.setattr(CensoredFit, "_natural", lambda *_: (np.array([[effect]]), sigma))
    assert list(map(str, fit.singular)) == [f"variance of random {name} is 0" for name in singular]


def test_no_convergence_no_estimates() -> None:
    fit = fit_censored(censored(study(9), below=9.5), spec())
    lost = replace(fit, optimum=None)
    assert not lost.converged
    for ask in (lambda: lost.beta, lambda: lost.loglik, lambda: lost.contrast({"x": 1.0})):
        with pytest.raises(NotConverged, match="no estimates"):
            ask()


def _mended(data: pd.DataFrame, **columns: object) -> pd.DataFrame:
    return censored(data, below=9.8).assign(**columns)


@pytest.mark.parametrize(
    ("changes", "columns", "kind", "words"),
    [
        ({"random": "1 + day + I(day**2)"}, {}, SpecificationError, "allows two"),
        ({"lower": None, "upper": None}, {}, SpecificationError, "give lower and upper"),
        ({}, {"lower": 99.0}, DataError, "is above"),
        ({}, {"lower": -np.inf, "upper": np.inf}, DataError, "says nothing"),
        ({}, {"lower": 1.0, "upper": 1.0}, DataError, "not the response"),
        ({}, {"lower": -np.inf, "upper": 9.8}, NotEstimable, "every response is censored"),
    ],
)
def test_refusals(changes: dict, columns: dict, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind) as error:
        fit_censored(_mended(study(9), **columns), spec(**changes))
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_an_arm_never_detected_is_refused() -> None:
    data = study(9)
    data["y"] -= 20 * (data["arm"] == "A")
    with pytest.raises(NotEstimable, match="estimates are infinite"):
        fit_censored(censored(data, below=8.0), spec())


def test_kenward_roger_is_refused_by_name() -> None:
    fit: CensoredFit = fit_censored(censored(study(9), below=9.8), spec())
    for df in ("kenward-roger", "satterthwaite"):
        with pytest.raises(SpecificationError, match="between-within"):
            fit.contrast({"x": 1.0}, df=df)  # type: ignore[arg-type]
    with pytest.raises(NotEstimable, match="one row"):
        fit.contrast(np.eye(5)[:2])
