"""Kenward-Roger where no package has it: parametrisations, reductions to known cases, and simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from engine_references import lme4_case
from generated import study
from scipy import stats

from historical_controls.mixed_model import MixedModelFit, MixedModelSpec, NotEstimable, fit_design, fit_mixed_model
from historical_controls.mixed_model.inference.contrast import Contrast, Method
from historical_controls.mixed_model.inference.kenward_roger import _adjusted, _all_directions, inverted
from historical_controls.mixed_model.likelihood.likelihood import evaluate, expected
from historical_controls.mixed_model.likelihood.optimiser import Control, Near

ARM = {"arm[T.B]": 1.0, "arm[T.B]:day": 3.0}
MODELS = [
    {"random": "1 + day", "residual": "iid"},
    {"random": "1", "residual": "car1", "time": "day"},
    {"random": "1 + day", "residual": "car1", "time": "day", "groups": "arm", "group_form": "one_scale"},
    {"random": "1 + day", "residual": "iid", "groups": "arm", "group_form": "two_scales"},
    {"random": "1", "residual": "car1", "time": "day", "groups": "arm", "group_form": "free"},
    {"residual": "toeph", "visit": "visit"},
    {"residual": "us", "visit": "visit"},
    {"residual": "ar1h", "visit": "visit", "groups": "arm", "group_form": "one_scale"},
]


def answered(fit: MixedModelFit) -> Contrast:
    answer = fit.contrast(ARM)
    assert isinstance(answer, Contrast)
    return answer


def same(a: Contrast, b: Contrast, rel: float) -> None:
    assert (a.estimate, a.standard_error, a.df) == pytest.approx((b.estimate, b.standard_error, b.df), rel=rel)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: "-".join(map(str, m.values())))
def test_free_of_the_parametrisation(model: dict) -> None:
    """The linear coordinates and those of the optimiser, bent by a random matrix, give one answer."""
    data = study(4, (20, 30), days=6, intercept=1.5, slope=0.6 * (model.get("random") != "1"), rho=0.5)
    fit = fit_mixed_model(data, MixedModelSpec("y ~ arm * day + x", "id", **model))
    assert not fit.singular
    directions = _all_directions(fit.point)
    bend = np.random.default_rng(1).normal(size=(directions.shape[1],) * 2)
    bent = directions @ (np.eye(len(bend)) + 0.3 * bend / np.sqrt(len(bend)))
    W = inverted(bent.T @ expected(fit.point) @ bent, "kenward-roger")
    state = _adjusted(fit.point, bent, W, "kenward-roger")
    own = fit.small_sample("kenward-roger")
    assert state.adjusted == pytest.approx(own.adjusted, rel=1e-6, abs=1e-9 * np.abs(own.adjusted).max())
    same_df = [np.einsum("rij,i,j->r", s.P, *[s.Phi[1]] * 2) for s in (state, own)]
    variances = [g @ s.W @ g for g, s in zip(same_df, (state, own), strict=True)]
    assert variances[0] == pytest.approx(variances[1], rel=1e-6)


def test_random_intercept_is_compound_symmetry() -> None:
    data = study(7, intercept=1.5, slope=0.0)
    intercept = fit_mixed_model(data, MixedModelSpec("y ~ arm * day + x", "id", "1"))
    symmetric = fit_mixed_model(data, MixedModelSpec("y ~ arm * day + x", "id", residual="cs", visit="visit"))
    assert intercept.loglik == pytest.approx(symmetric.loglik, abs=1e-8)
    same(answered(intercept), answered(symmetric), 1e-6)


def test_per_group_random_intercept_is_per_group_compound_symmetry() -> None:
    data = study(7, intercept=1.5, slope=0.0, ratio=2.0)
    two = {"groups": "arm", "group_form": "free"}
    intercept = fit_mixed_model(data, MixedModelSpec("y ~ arm * day + x", "id", "1", **two))
    symmetric = fit_mixed_model(data, MixedModelSpec("y ~ arm * day + x", "id", residual="cs", visit="visit", **two))
    same(answered(intercept), answered(symmetric), 1e-6)
    scaled = fit_mixed_model(
        data, MixedModelSpec("y ~ arm * day + x", "id", "1", groups="arm", group_form="two_scales")
    )
    same(answered(intercept), answered(scaled), 1e-6)


@pytest.mark.parametrize("form", ["free", "one_scale"])
def test_continuous_ar1_on_a_grid_is_ar1(form: str) -> None:
    data = study(11, intercept=0.0, slope=0.0, rho=0.6)
    two = {"groups": "arm", "group_form": form}
    continuous = fit_mixed_model(data, MixedModelSpec("y ~ arm * day + x", "id", residual="car1", time="day", **two))
    discrete = fit_mixed_model(data, MixedModelSpec("y ~ arm * day + x", "id", residual="ar1", visit="visit", **two))
    assert continuous.loglik == pytest.approx(discrete.loglik, abs=1e-8)
    same(answered(continuous), answered(discrete), 1e-6)


@pytest.mark.parametrize("structure", ["us", "cs", "csh", "ar1", "ar1h", "toep", "toeph", "ad", "adh"])
@pytest.mark.parametrize("form", [None, "free", "one_scale"])
def test_one_visit_has_one_variance_under_every_structure(structure: str, form: str | None) -> None:
    """One value a subject: the two-sample t test where the variance is shared, Welch's where each group has its own."""
    data = study(11).groupby("id").first().reset_index().assign(visit=3)
    groups = {"groups": "arm", "group_form": form} if form else {}
    fit = fit_mixed_model(data, MixedModelSpec("y ~ arm", "id", residual=structure, visit="visit", **groups))
    one, other = (data.loc[data["arm"] == arm, "y"] for arm in ("B", "A"))
    test = stats.ttest_ind(one, other, equal_var=form is None)
    found = fit.contrast({"arm[T.B]": 1.0}, df="satterthwaite")
    assert fit.singular == ()
    assert found.statistic == pytest.approx(test.statistic, rel=1e-6)
    assert found.df == pytest.approx(test.df, rel=1e-6)


@pytest.mark.parametrize(
    ("form", "random", "said"),
    [
        ("free", "1", ["variance of random Intercept is 0 (arm=B)"]),
        ("one_scale", "1", ["variance of random Intercept is 0"]),
        ("two_scales", "1 + day", None),
    ],
)
def test_a_boundary_of_a_shared_parameter_is_said_once(form: str, random: str, said: list[str] | None) -> None:
    data = study(9, intercept=0.0, slope=0.0, rho=-0.3)
    fit = fit_mixed_model(data, MixedModelSpec("y ~ arm * day", "id", random, groups="arm", group_form=form))
    texts = list(map(str, fit.singular))
    assert texts and (said is None or texts == said)
    # What is said of every group is said without one.
    plain = [text.partition(" (arm=")[0] for text in texts]
    assert form == "free" or len(set(plain)) == len(plain)


def test_vanishing_rho_gives_the_estimates_of_independent_residuals() -> None:
    """The negatively correlated residuals of this seed push rho to its bound, and the fit says so."""
    data = study(3, (8, 12), intercept=1.0, slope=0.0, rho=-0.4)
    free = fit_mixed_model(data, MixedModelSpec("y ~ arm * day + x", "id", "1", residual="car1", time="day"))
    none = fit_mixed_model(data, MixedModelSpec("y ~ arm * day + x", "id", "1"))
    assert list(map(str, free.singular)) == ["residual correlation is 0"]
    assert free.loglik == pytest.approx(none.loglik, abs=1e-8)
    assert free.beta.to_numpy() == pytest.approx(none.beta.to_numpy(), rel=1e-6)
    assert answered(free).df <= answered(none).df * 1.05


def test_equal_groups_keep_the_pooled_estimates() -> None:
    """At the pooled optimum the per-group model has the pooled likelihood: its maximum cannot be lower."""
    data, spec = lme4_case("sleepstudy")
    data["half"] = np.where(data["Subject"].astype(int) % 2 == 0, "even", "odd")
    pooled = fit_mixed_model(data, spec)
    for form in ("one_scale", "two_scales", "free"):
        grouped = fit_mixed_model(data, replace(spec, groups="half", group_form=form))
        point = evaluate(grouped.point.engine, grouped.point.parameters, grouped.point.parameters.start(1.0))
        assert point is not None and point.loglik <= grouped.loglik
        assert grouped.loglik >= pooled.loglik - 1e-9


def rejections(model: dict, studies: int, **truth: float) -> int:
    spec = MixedModelSpec("y ~ arm * day", "id", **model)
    count = 0
    for seed in range(studies):
        fit = fit_mixed_model(study(seed, **truth), spec)  # type: ignore[arg-type]
        count += fit.contrast({"arm[T.B]": 1.0, "arm[T.B]:day": 3.0}).p_value < 0.05
    return count


ONE_SCALE = {"random": "1 + day", "residual": "car1", "time": "day", "groups": "arm", "group_form": "one_scale"}
FREE = {"random": "1", "residual": "car1", "time": "day", "groups": "arm", "group_form": "free"}


@pytest.mark.parametrize("model", [ONE_SCALE, FREE], ids=["one_scale", "free"])
def test_error_rate_of_a_short_simulation(model: dict) -> None:
    """60 null studies of 5 against 12: at most 18% rejected, which a 5% test exceeds once in 28,000."""
    assert rejections(model, 60, ratio=2.0) <= 11


@pytest.mark.slow
@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("model", [ONE_SCALE, FREE], ids=["one_scale", "free"])
def test_error_rate(model: dict, ratio: float) -> None:
    """2,000 null studies: 5% within 3 Monte Carlo errors above, and not useless (2%) below."""
    rate = rejections(model, 2000, ratio=ratio) / 2000
    print(f"{model['group_form']}, spread x {ratio}: rejects {rate:.4f} (Monte Carlo error 0.005)")
    assert 0.02 <= rate <= 0.065


def test_refit_from_other_starts_lands_at_the_same_place() -> None:
    fit = fit_mixed_model(study(5, ratio=2.0), MixedModelSpec("y ~ arm * day", "id", **ONE_SCALE))
    for spread in (0.05, 3.0):
        again = fit_design(fit.design, Control(), Near(fit.point.parameters.start(spread)))
        assert again.loglik == pytest.approx(fit.loglik, abs=1e-9)
        same(answered(again), answered(fit), 1e-6)


def test_close_times_are_no_boundary() -> None:
    """One pair of rows a second apart makes neighbours correlated by 0.999999; a range of 2 days stays one."""
    data = study(3, (8, 14))
    spec = MixedModelSpec("y ~ arm * day + x", "id", residual="car1", time="day")
    twin = data.iloc[[0]].assign(day=data["day"].iloc[0] + 1e-7)
    fit = fit_mixed_model(pd.concat([data, twin.assign(y=twin["y"] + 1e-5)]), spec)
    assert fit.covariance_parameters.set_index("parameter")["estimate"]["range"] < 100
    assert fit.singular == ()


@pytest.mark.parametrize("df", ["kenward-roger", "kenward-roger-linear", "satterthwaite"])
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_a_variance_that_nothing_tells_of_is_in_no_other_contrast(seed: int, df: Method) -> None:
    """One treated patient at the last visit, fitted exactly by its own mean: as if the row were not there.

    What rounding left of its information decided whether the fit had small-sample inference, and entered the standard
    error of other visits (20.95 for 21.27 mmHg of a study with 6 treated children).
    """
    data = study(seed, sizes=(6, 20), days=4)
    last = (data["arm"] == "A") & (data["visit"] == 3)
    data = data[~last | (data["id"] == data.loc[last, "id"].iloc[0])]
    data = data.assign(treated=(data["arm"] == "A").astype(float))
    data = data.assign(**{f"t{day}": data["treated"] * (data["visit"] == day) for day in range(4)})
    spec = MixedModelSpec(
        "y ~ 0 + C(visit) + t0 + t1 + t2 + t3", "id", residual="csh", visit="visit", groups="arm", group_form="free"
    )
    fit = fit_mixed_model(data, spec)
    without = replace(spec, fixed="y ~ 0 + C(visit) + t0 + t1 + t2")
    alone = fit_mixed_model(data[data["t3"] == 0], without)
    for day in range(3):
        one, other = (each.contrast({f"t{day}": 1.0}, df) for each in (fit, alone))
        assert isinstance(one, Contrast) and isinstance(other, Contrast)
        same(one, other, rel=1e-6)
    with pytest.raises(NotEstimable):
        fit.contrast({"t3": 1.0}, df)
    # Nor is there a joint test of rows that need it.
    with pytest.raises(NotEstimable):
        fit.contrast([[0, 0, 0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 1]], df)
    # Nor has the table of covariance parameters a number for it, which would be where the search began.
    table = fit.covariance_parameters.set_index(["group", "parameter"])["estimate"]
    assert list(table[table.isna()].index) == [("A", "variance(3)")]
    other = alone.covariance_parameters.set_index(["group", "parameter"])["estimate"]
    np.testing.assert_allclose(table.dropna(), other.reindex(table.dropna().index), rtol=1e-5)
    # Without that patient the mean of the visit is gone, and with it the model.
    only = data.loc[data["t3"] == 1, "id"].tolist()
    assert [subject for subject, refit in fit.refits() if refit is None] == only
