"""Values beyond limits under the covariances of uncensored fits, with which they agree in the limit."""

from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pandas as pd
import pytest
from generated import study
from scipy import stats

from historical_controls.mixed_model import (
    Control,
    MixedModelSpec,
    NotEstimable,
    SpecificationError,
    copies_under,
    fit_censored,
    fit_design,
    fit_imputed,
    fit_mixed_model,
    subject_scores,
)
from historical_controls.mixed_model.censored import draws
from historical_controls.mixed_model.censored.draws import redraw, truncated_normal, unknowns
from historical_controls.mixed_model.design.design import build_design
from historical_controls.mixed_model.fits import imputed
from historical_controls.mixed_model.fits.imputed import redrawn_under
from historical_controls.mixed_model.likelihood.optimiser import decrement

FIXED = "y ~ arm * day + x"
COVARIANCES: list[dict] = [
    {"random": "1", "residual": "car1", "time": "day", "groups": "arm", "group_form": "two_scales"},
    {"random": "1 + day", "residual": "car1", "time": "day", "groups": "arm", "group_form": "one_scale"},
    {"residual": "csh", "visit": "visit", "groups": "arm"},
]


def below(data: pd.DataFrame, limit: float) -> pd.DataFrame:
    """Values under a limit known to lie under it only."""
    low = data["y"] < limit
    bounds = {"lower": data["y"].mask(low, -np.inf), "upper": data["y"].mask(low, limit)}
    return data.assign(y=data["y"].clip(lower=limit), **bounds)


def specs(**covariance: object) -> tuple[MixedModelSpec, MixedModelSpec]:
    """Without and with bounds."""
    return (
        MixedModelSpec(FIXED, "id", **covariance),  # type: ignore[arg-type]
        MixedModelSpec(FIXED, "id", lower="lower", upper="upper", **covariance),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_a_limit_below_all_values_changes_nothing(covariance: dict) -> None:
    data, (plain, bounded) = study(5, (5, 25)), specs(**covariance)
    L = np.eye(5)[[1, 4]]
    ours = fit_imputed(below(data, data["y"].min() - 1), bounded)
    theirs = fit_mixed_model(data, plain)
    # Copies are fitted together, whose sums are added in another order than those of one table.
    for one, other in zip(ours.contrasts(L), theirs.contrasts(L), strict=True):
        assert astuple(one)[:-1] == pytest.approx(astuple(other)[:-1], rel=1e-10) and one.method == other.method
    pd.testing.assert_frame_equal(ours.covariance_parameters, theirs.covariance_parameters, rtol=1e-8)
    assert ours.loglik == pytest.approx(theirs.loglik, rel=1e-13)


@pytest.mark.parametrize("covariance", COVARIANCES[:2])
def test_one_censored_value_moves_the_answer_by_little(covariance: dict) -> None:
    """The value was 240 of 240 to the estimate: REML, AR(1), two scales and df stay, nothing jumps to independence."""
    data, (plain, bounded) = study(5, (5, 25), days=8), specs(**covariance)
    L = np.array([[0, 1.0, 0, 0, 3.0]])
    ours = fit_imputed(below(data, data["y"].nsmallest(2).max()), bounded).contrasts(L)[0]
    theirs = fit_mixed_model(data, plain).contrasts(L)[0]
    assert ours.estimate == pytest.approx(theirs.estimate, abs=0.1 * theirs.standard_error)
    assert ours.standard_error == pytest.approx(theirs.standard_error, rel=0.03)
    assert ours.df == pytest.approx(theirs.df, rel=0.05)


def test_narrow_intervals_are_exact_values() -> None:
    data, (plain, bounded) = study(5, (5, 25)), specs(**COVARIANCES[0])
    near = data.assign(lower=data["y"] - 1e-7, upper=data["y"] + 1e-7)
    near = near.assign(lower=np.where(near.index > 40, near["y"], near["lower"]))
    near = near.assign(upper=np.where(near.index > 40, near["y"], near["upper"]))
    ours, theirs = (fit.contrasts(np.eye(5))[1] for fit in (fit_imputed(near, bounded), fit_mixed_model(data, plain)))
    assert ours.estimate == pytest.approx(theirs.estimate, rel=1e-5)
    assert ours.standard_error == pytest.approx(theirs.standard_error, rel=1e-5)
    assert ours.df == pytest.approx(theirs.df, rel=1e-4)


def test_large_samples_agree_with_the_exact_likelihood() -> None:
    """90 subjects, 40% below the limit, one random intercept: adaptive quadrature is the second opinion."""
    data = below(study(8, (30, 60), days=8, rho=0.0), 9.5)
    bounds = {"lower": "lower", "upper": "upper"}
    exact = fit_censored(data, MixedModelSpec(FIXED, "id", "1", reml=False, **bounds))
    ours = fit_imputed(data, MixedModelSpec(FIXED, "id", "1", **bounds))
    assert exact.share_censored == pytest.approx(0.4, abs=0.02)
    error = np.sqrt(np.diag(exact.vcov))
    assert np.abs(ours.beta - exact.beta).to_numpy() / error == pytest.approx(0, abs=0.25)
    assert np.sqrt(np.diag(ours.vcov)) == pytest.approx(error, rel=0.06)


def test_draws_of_two_correlated_values_by_their_moments() -> None:
    """Both of N(0, 1) with correlation 0.6 known to be negative: means by Tallis 1961, J R Stat Soc B 23:223-229."""
    data = pd.DataFrame({"id": [0, 0, 1], "day": [0.0, 1.0, 0.0], "y": [-1.0, -1.0, 0.3], "z": [0.0, 1.0, 0.5]})
    data = pd.concat([data, data.assign(id=data["id"] + 2, y=data["y"] + [0.1, 0.3, 0.2], z=[0.3, 0.1, 0.9])])
    design = fit_mixed_model(data, MixedModelSpec("y ~ z", "id")).design
    V = np.array([[1.0, 0.6], [0.6, 1.0]])
    censored = np.array([True, True, *[False] * (len(data) - 2)])
    y, rng = np.tile(design.y, (4000, 1)), np.random.default_rng(2)
    bounds = np.where(censored, -np.inf, design.y), np.where(censored, 0.0, design.y)
    for _ in range(15):
        y = redraw(y, np.zeros_like(y), bounds, unknowns(design, censored), lambda _: np.tile(V, (4000, 1, 1)), rng)
    share = stats.multivariate_normal([0, 0], V).cdf([0, 0])
    mean = -(1 + 0.6) * stats.norm.pdf(0) * 0.5 / share
    assert y[:, :2].mean(axis=0) == pytest.approx([mean, mean], abs=0.04)
    assert (y[:, :2] < 0).all()
    assert (y[:, 2:] == design.y[2:]).all()


def test_draws_do_not_depend_on_how_many_subjects_are_drawn_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Series of 2 to 9 values, some of them all beyond the limit, one subject at a time and all together."""
    data = pd.concat(
        [study(3, (4, 6)).query("id <= 7"), study(4, (4, 6)).groupby("id").head(2).assign(id=lambda x: x.id + 50)]
    )
    design = fit_mixed_model(data, MixedModelSpec("y ~ day", "id")).design
    censored = design.y < np.quantile(design.y, 0.4)
    bounds = np.where(censored, -np.inf, design.y), np.where(censored, np.quantile(design.y, 0.4), design.y)
    some, y = unknowns(design, censored), np.tile(design.y, (3, 1))
    assert len({one.n for one in some}) > 1 and len({len(one.censored) for one in some}) > 2
    sizes = {one.subject: one.n for one in some}

    def covariance(subject: int) -> np.ndarray:
        n = sizes[subject]
        return np.tile(0.5 + (1 + subject / 9) * np.eye(n), (3, 1, 1))

    def drawn() -> np.ndarray:
        return redraw(y, np.full_like(y, design.y.mean()), bounds, some, covariance, np.random.default_rng(1))

    together = drawn()
    monkeypatch.setattr(draws, "MOST_TOGETHER", 1)
    assert together == pytest.approx(drawn(), rel=1e-12)
    assert (together[:, censored] != y[:, censored]).all() and (together[:, ~censored] == y[:, ~censored]).all()


def test_truncated_normals_keep_their_tails() -> None:
    low = np.array([-np.inf, 8.0, -9.0, 30.0, -1.0])
    high = np.array([-10.0, np.inf, -8.5, 31.0, 2.0])
    for u in (1e-9, 0.3, 1 - 1e-9):
        x = truncated_normal(low, high, np.full(5, u))
        assert np.isfinite(x).all()
        assert ((x >= low - 1e-9) & (x <= high + 1e-9)).all()
    middle = truncated_normal(np.array([-1.0]), np.array([2.0]), np.array([0.25]))
    assert middle[0] == pytest.approx(stats.truncnorm(-1, 2).ppf(0.25))


def test_scores_of_copies_and_seeds() -> None:
    data, (plain, bounded) = study(5, (5, 25)), specs(**COVARIANCES[0])
    data = data.assign(y=data["y"].round(3))
    first, second = (fit_imputed(below(data, 9.0), bounded, copies=4, seed=3) for _ in range(2))
    assert first.beta.equals(second.beta)
    none = fit_imputed(below(data, 0.0), bounded)
    at, columns = np.array([[1.0, 3.0]]), ("Intercept", "day")
    ours, theirs = (subject_scores(fit, columns, at) for fit in (none, fit_mixed_model(data, plain)))
    assert ours.score == pytest.approx(theirs.score, rel=1e-12)
    assert subject_scores(first, columns, at).score.shape == (30, 1)


def test_the_same_copies_under_another_covariance() -> None:
    """Independent days nest in AR(1): on the same completed copies they cannot have the higher likelihood."""
    data, (_, bounded) = study(5, (5, 25)), specs(**COVARIANCES[0])
    fit = fit_imputed(below(data, 9.0), bounded, copies=4)
    assert copies_under(fit, bounded).loglik == pytest.approx(fit.loglik, abs=1e-7)
    independent = copies_under(fit, replace(bounded, residual="iid"))
    assert independent.loglik < fit.loglik
    assert [one.design.y.sum() for one in independent.fits] == pytest.approx([one.design.y.sum() for one in fit.fits])


def test_chains_are_carried_on_under_another_covariance_only() -> None:
    """Those drawn under the covariance that is chosen have had their rounds; others need some of their own (CE-14)."""
    data, (_, bounded) = study(5, (5, 25)), specs(**COVARIANCES[0])
    fit = fit_imputed(below(data, 9.0), bounded, copies=4)
    assert redrawn_under(fit, bounded, 3) is fit
    independent = replace(bounded, residual="iid")
    compared = copies_under(fit, independent)
    assert compared.drawn == bounded
    drawn = redrawn_under(compared, independent, 3)
    assert drawn.drawn == independent
    for one, before in zip(drawn.fits, compared.fits, strict=True):
        known = one.design.lower == one.design.upper
        assert (one.design.y[known] == before.design.y[known]).all()
        assert (one.design.y[~known] != before.design.y[~known]).all()
    assert redrawn_under(drawn, independent, 3) is drawn


def test_rounds_on_the_way_stop_near_the_maximum() -> None:
    """0.1 standard errors: where every round ends at its maximum, estimates are the same within a tenth of one."""
    data, (_, bounded) = study(5, (5, 25)), specs(**COVARIANCES[0])
    near = fit_imputed(below(data, 9.0), bounded, copies=8, seed=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imputed, "ON_THE_WAY", Control())
        exact = fit_imputed(below(data, 9.0), bounded, copies=8, seed=5)
    errors = np.sqrt(np.diag(exact.vcov))
    assert np.abs((near.beta - exact.beta) / errors).max() < 0.1


@pytest.mark.parametrize("other", COVARIANCES)
def test_copies_fitted_together_are_fitted_as_each_alone(other: dict) -> None:
    """From the first copy's optimum the others reach theirs: 1e-6, the optimiser's own tolerance."""
    data, (_, bounded) = study(5, (5, 25)), specs(**COVARIANCES[0])
    copies = copies_under(fit_imputed(below(data, 9.0), bounded, copies=6), specs(**other)[1])
    for one in copies.fits:
        alone = fit_design(one.design, Control())
        assert one.loglik == pytest.approx(alone.loglik, abs=1e-6)
        assert one.beta.to_numpy() == pytest.approx(alone.beta.to_numpy(), abs=1e-5)


def test_the_last_round_ends_at_the_maxima() -> None:
    """The rounds before it end near them: what is answered comes from the last alone."""
    data, (_, bounded) = study(5, (5, 25)), specs(**COVARIANCES[0])
    for one in fit_imputed(below(data, 9.0), bounded, copies=4).fits:
        assert one.point.loglik == pytest.approx(fit_design(one.design, Control()).loglik, abs=1e-9)
        assert decrement(one.point, one.point.information) < 1e-12


def test_refusals() -> None:
    data, (plain, bounded) = study(5, (5, 25)), specs(**COVARIANCES[0])
    with pytest.raises(SpecificationError, match="lower and upper"):
        fit_imputed(data, plain)
    alone = below(data, 9.0)
    alone = alone.assign(upper=np.where(alone["arm"] == "A", 20.0, alone["upper"]))
    alone = alone.assign(lower=np.where(alone["arm"] == "A", -np.inf, alone["lower"]))
    with pytest.raises(NotEstimable, match="only censored responses determine"):
        fit_imputed(alone, bounded)


def test_many_rows_with_few_values_beyond_limits_have_fewer_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """30, or as many as a bound on all rows allows, never fewer than 5 or 60 times the share of an arm's (CE-18)."""
    data, (_, bounded) = study(5, (5, 25)), specs(**COVARIANCES[0])
    low = np.sort(data["y"])[2]
    few, rows = below(data, low), len(data)
    assert len(fit_imputed(few, bounded).fits) == 30
    for most, copies in ((30 * rows, 30), (12 * rows, 12), (rows, 5)):
        monkeypatch.setattr(draws, "MOST_ROWS", most)
        assert len(fit_imputed(few, bounded).fits) == copies
    design = build_design(few, bounded)
    # A quarter of the rows of one arm, none of the other: 60 times the share of that arm.
    own = np.repeat(design.group, design.counts) == 1
    censored = own & (np.cumsum(own) % 4 == 0)
    assert draws.copies_of(design, censored) == np.ceil(60 * censored[own].mean())


def test_information_of_copies_is_that_of_the_exact_likelihood() -> None:
    """What a limit hides is no information: by Louis's identity from the copies, by quadrature from the likelihood."""
    rng = np.random.default_rng(7)
    data = pd.DataFrame({"id": np.repeat(np.arange(60), 4).astype(str), "day": np.tile([0.0, 1.0, 2.0, 3.0], 60)})
    data["y"] = 3 + np.repeat(rng.normal(scale=0.4, size=60), 4) + rng.normal(size=240) - 0.2 * data["day"]
    data = below(data, float(data["y"].quantile(0.5)))
    spec = MixedModelSpec("y ~ day", "id", random="1", lower="lower", upper="upper")
    copied, exact = fit_imputed(data, spec, seed=1), fit_censored(data, replace(spec, reml=False))
    at, columns = np.array([[1.0, 2.0]]), ("Intercept", "day")
    ours, theirs = (subject_scores(fit, columns, at).information[:, 0] for fit in (copied, exact))
    assert ours.sum() == pytest.approx(theirs.sum(), rel=0.05)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.8
    # As if the copies had been observed.
    complete = np.mean([subject_scores(fit, columns, at).information.sum() for fit in copied.fits])
    assert complete > 1.1 * theirs.sum()
