"""Curves, bands, residuals, random effects, influence, and statsmodels as a second opinion."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import statsmodels.formula.api as smf
from engine_references import lme4_case
from generated import study
from scipy import stats

from historical_controls.mixed_model import DataError, MixedModelFit, MixedModelSpec, fit_mixed_model
from historical_controls.mixed_model.inference.margins import critical

SPEC = MixedModelSpec(
    "y ~ arm * cr(day, df=3, constraints='center') + x",
    "id",
    "1 + day",
    residual="car1",
    time="day",
    groups="arm",
    group_form="one_scale",
)


@pytest.fixture(scope="module")
def fit() -> MixedModelFit:
    return fit_mixed_model(study(5, (8, 14)), SPEC)


def test_difference_is_the_difference_of_the_means(fit: MixedModelFit) -> None:
    means = fit.marginal_means(at={"day": [2.0, 5.0]}, by="arm").table
    difference = fit.difference("arm", ("A", "B"), at={"day": [2.0, 5.0]}).table
    by_arm = means.pivot(index="day", columns="arm", values="estimate")
    assert difference["estimate"].to_numpy() == pytest.approx((by_arm["A"] - by_arm["B"]).to_numpy(), rel=1e-9)


def test_rows_are_evaluated_once(fit: MixedModelFit, monkeypatch: pytest.MonkeyPatch) -> None:
    first = fit.difference_rows("arm", ("A", "B"), {"day": [1.25, 2.5]})
    monkeypatch.setattr(type(fit.design.fixed_formula), "get_model_matrix", None)
    assert (fit.difference_rows("arm", ("A", "B"), {"day": [1.25, 2.5]}) == first).all()
    with pytest.raises(DataError):
        fit.difference_rows("arm", ("A", "B"), {"day": [1.25, 2.6]})


def test_knots_stay_those_of_the_fit(fit: MixedModelFit) -> None:
    alone = fit.trajectory([3.0], by="arm").table
    among = fit.trajectory([0.0, 3.0, 6.0], by="arm").table.query("day == 3")
    assert alone["estimate"].to_numpy() == pytest.approx(among["estimate"].to_numpy(), rel=1e-12)


def test_simultaneous_bands_hold_the_pointwise_ones_and_repeat(fit: MixedModelFit) -> None:
    first, second = (fit.trajectory(np.linspace(0, 6, 13), by="arm", seed=1).table for _ in range(2))
    assert first.equals(second)
    assert (first["band_upper"] > first["upper"]).all()
    assert (first["band_lower"] < first["lower"]).all()


def test_critical_value_of_independent_rows_is_sidaks() -> None:
    exact = stats.norm.ppf(0.5 + 0.95 ** (1 / 4) / 2)
    assert critical(np.eye(4), np.inf, 0.95, seed=3) == pytest.approx(exact, rel=0.01)
    assert critical(np.ones((4, 1)), 10, 0.95, seed=3) == pytest.approx(stats.t.ppf(0.975, 10), rel=0.02)


def test_bands_cost_what_the_rank_costs() -> None:
    """Three years of days from four coefficients: the same quantile as by days x days, without its arrays."""
    days = np.linspace(-1, 1, 1096)
    root = np.column_stack([days**k for k in range(4)])
    covariance = root @ root.T
    size = np.sqrt(np.diag(covariance))
    values, vectors = np.linalg.eigh(covariance / np.outer(size, size))
    full = vectors * np.sqrt(np.maximum(values, 0.0))
    tracemalloc.start()
    quick = critical(root, 20.0, 0.95, seed=3)
    assert tracemalloc.get_traced_memory()[1] < 40e6
    tracemalloc.stop()
    normal = np.random.default_rng(9).standard_normal((20_000, len(days)))
    chi = np.sqrt(np.random.default_rng(10).chisquare(20, 20_000) / 20)
    by_days = np.quantile(np.abs(normal @ full.T).max(axis=1) / chi, 0.95)
    assert quick == pytest.approx(by_days, rel=0.01)


def test_residuals_stand_in_the_order_of_the_table(fit: MixedModelFit) -> None:
    data = study(5, (8, 14))
    shuffled = data.sample(frac=1, random_state=1)
    again = fit_mixed_model(shuffled, SPEC)
    for kind in ("conditional", "marginal", "scaled"):
        ours = fit.residuals(kind).to_numpy()  # type: ignore[arg-type]
        moved = again.residuals(kind).to_numpy()  # type: ignore[arg-type]
        assert moved == pytest.approx(ours[shuffled.index], abs=1e-6)
    assert fit.residuals("scaled").std() == pytest.approx(1, abs=0.1)


def test_random_effects_are_the_direct_formula(fit: MixedModelFit) -> None:
    """b_i = G Z_i'V_i^-1 (y_i - X_i beta), one subject at a time."""
    design, b = fit.design, fit.random_effects()
    parameters = fit.covariance_parameters
    for i in (0, 10):
        own = slice(design.first[i], design.first[i] + design.counts[i])
        values = parameters[parameters["group"] == design.group_levels[design.group[i]]]["estimate"].to_numpy()
        G = np.array([[values[0], values[2]], [values[2], values[1]]])
        e = design.y[own] - design.X[own] @ fit.beta.to_numpy()
        direct = G @ design.Z[own].T @ np.linalg.solve(fit.subject_covariance(i), e)
        assert b.to_numpy()[i] == pytest.approx(direct, rel=1e-8)


def test_leaving_one_out_is_an_exact_refit(fit: MixedModelFit) -> None:
    """With the basis of the full table, which a straight line has anyway."""
    data, spec = study(5), MixedModelSpec("y ~ arm * day", "id", "1 + day")
    influence = fit_mixed_model(data, spec).influence()
    assert influence.converged.all()
    for subject in (0, 7):
        alone = fit_mixed_model(data[data["id"] != subject], spec)
        assert influence.beta.loc[subject].to_numpy() == pytest.approx(alone.beta.to_numpy(), rel=1e-6)


@pytest.mark.parametrize("case", ["sleepstudy", "Orthodont"])
def test_statsmodels_agrees(case: str) -> None:
    """MixedLM stops early: its likelihood may be lower by 1e-4 and no more."""
    data, spec = lme4_case(case)
    ours = fit_mixed_model(data, spec)
    theirs = smf.mixedlm(spec.fixed, data, groups=data["Subject"], re_formula=str(spec.random).replace("1 +", "")).fit(
        reml=True, method="powell"
    )
    assert ours.loglik == pytest.approx(theirs.llf, abs=1e-4)
    theirs_by_name = theirs.fe_params[list(ours.names)]
    assert ours.beta.to_numpy() == pytest.approx(theirs_by_name.to_numpy(), rel=1e-3)
    assert ours.contrast(np.eye(len(ours.names))[1], df="z").p_value == pytest.approx(
        theirs.pvalues[ours.names[1]], abs=1e-3
    )


def test_weights_of_two_are_like_doubled_precision() -> None:
    """A common weight only rescales the residual variance."""
    data = study(6)
    plain = fit_mixed_model(data, MixedModelSpec("y ~ arm * day", "id", "1 + day"))
    weighted = fit_mixed_model(
        data.assign(weight=4.0), MixedModelSpec("y ~ arm * day", "id", "1 + day", weights="weight")
    )
    assert weighted.loglik == pytest.approx(plain.loglik, abs=1e-8)
    values = [f.covariance_parameters["estimate"].to_numpy() for f in (plain, weighted)]
    assert values[1][-1] == pytest.approx(4 * values[0][-1], rel=1e-6)
    assert values[1][0] == pytest.approx(values[0][0], rel=1e-6)
