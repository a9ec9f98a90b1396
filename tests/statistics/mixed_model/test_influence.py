"""Refits without one subject against independent fits of the table without its rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from generated import study

from historical_controls.mixed_model import MixedModelFit, MixedModelSpec, fit_mixed_model
from historical_controls.mixed_model.fits import influence
from historical_controls.mixed_model.visits.engine import VisitsEngine

MEAN = "y ~ arm * day"
CAR1 = {"residual": "car1", "time": "day"}
MODELS = {
    "intercept": MixedModelSpec(MEAN, "id", "1"),
    "slope": MixedModelSpec(MEAN, "id", "1 + day"),
    "slope, ML, weights": MixedModelSpec(MEAN, "id", "1 + day", reml=False, weights="weight"),
    "slope, per arm": MixedModelSpec(MEAN, "id", "1 + day", groups="arm"),
    "slope, two scales": MixedModelSpec(MEAN, "id", "1 + day", groups="arm", group_form="two_scales"),
    "AR(1)": MixedModelSpec(MEAN, "id", **CAR1),  # type: ignore[arg-type]
    "slope, AR(1), one scale": MixedModelSpec(MEAN, "id", "1 + day", groups="arm", group_form="one_scale", **CAR1),  # type: ignore[arg-type]
    "ante-dependence": MixedModelSpec(MEAN, "id", residual="adh", visit="visit"),
    "unstructured": MixedModelSpec(MEAN, "id", residual="us", visit="visit"),
}


def independent(data: pd.DataFrame, spec: MixedModelSpec) -> dict[int, MixedModelFit]:
    """Every third subject left out, from the starts that any fit has."""
    return {subject: fit_mixed_model(data[data["id"] != subject], spec) for subject in sorted(set(data["id"]))[::3]}


def worst(fit: MixedModelFit, refits: influence.Influence, alone: dict[int, MixedModelFit]) -> float:
    """Largest difference of a coefficient, in its standard errors."""
    assert refits.converged.all()
    se = np.sqrt(np.diag(fit.vcov))
    return max(float(np.abs((refits.beta.loc[s] - other.beta) / se).max()) for s, other in alone.items())


@pytest.mark.parametrize("model", MODELS)
def test_refits_are_exact(model: str) -> None:
    """Interior optima: all refits together."""
    data, spec = study(5, sizes=(12, 18), intercept=1.5, slope=0.4), MODELS[model]
    fit = fit_mixed_model(data, spec)
    assert not fit.singular
    together = sum(point is not None for _, point in influence._neighbours(fit))
    assert together == 30
    assert worst(fit, fit.influence(), independent(data, spec)) < 1e-7


def test_each_refit_goes_alone_where_the_linear_algebra_of_all_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six treated children, a variance for each visit: without one, no Cholesky factor within rounding."""
    data, spec = study(5, sizes=(12, 18), intercept=1.5, slope=0.4), MODELS["unstructured"]
    fit, score = fit_mixed_model(data, spec), VisitsEngine.score

    def failing(engine: VisitsEngine, nu: Any, solved: Any, Phi: Any, *rest: Any) -> Any:
        if Phi.ndim > 2:
            raise np.linalg.LinAlgError("Matrix is not positive definite")
        return score(engine, nu, solved, Phi, *rest)

    monkeypatch.setattr(VisitsEngine, "score", failing)
    assert sum(point is not None for _, point in influence._neighbours(fit)) == 0
    assert worst(fit, fit.influence(), independent(data, spec)) < 1e-7


@pytest.mark.parametrize(("model", "seed"), [("slope", 5), ("slope, two scales", 2), ("slope, AR(1), one scale", 4)])
def test_refits_of_a_boundary_optimum_are_exact(model: str, seed: int) -> None:
    """Some refits leave the boundary, which no gradient at the full fit's optimum tells."""
    data, spec = study(seed, slope=0.0, intercept=0.5, rho=0.15), MODELS[model]
    fit, alone = fit_mixed_model(data, spec), independent(data, spec)
    assert fit.singular
    assert not all(other.singular for other in alone.values())
    assert worst(fit, fit.influence(), alone) < 1e-7


def test_refits_that_reach_a_boundary_are_exact() -> None:
    """The full fit is interior, some refits are not."""
    crossed = 0
    for seed in range(12):
        data, spec = study(seed, slope=0.05, intercept=0.5, rho=0.15), MODELS["slope"]
        fit = fit_mixed_model(data, spec)
        if fit.singular:
            continue
        alone = independent(data, spec)
        crossed += sum(bool(other.singular) for other in alone.values())
        assert worst(fit, fit.influence(), alone) < 1e-7
    assert crossed > 0


def test_the_size_of_a_batch_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refits of one subject at a time give what refits together give."""
    fit = fit_mixed_model(study(5, sizes=(12, 18), slope=0.4), MODELS["slope, AR(1), one scale"])
    together = fit.influence()
    monkeypatch.setattr(influence, "CELLS", 1)
    single = fit.influence()
    assert single.beta.to_numpy() == pytest.approx(together.beta.to_numpy(), rel=1e-7, abs=1e-7)
    assert single.loglik.to_numpy() == pytest.approx(together.loglik.to_numpy(), abs=1e-9)


def test_a_refit_that_cannot_be_estimated_is_missing() -> None:
    """Without the only subject of one category of x, X has dependent columns."""
    data = study(3, sizes=(6, 8))
    data["only"] = (data["id"] == 4).astype(float)
    refits = fit_mixed_model(data, MixedModelSpec("y ~ day + only", "id", "1")).influence()
    assert list(refits.converged.index[~refits.converged]) == [4]
    assert refits.beta.loc[4].isna().all()


def test_a_refit_whose_linear_algebra_fails_is_none_and_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four patients and a covariance over three visits: without one of them it may not be positive definite."""
    fit = fit_mixed_model(study(5, sizes=(4, 8)), MODELS["intercept"])
    known = influence.maximise
    left = iter(range(100))

    def fails_once(*given: object) -> object:
        if next(left) == 0:
            raise np.linalg.LinAlgError("Matrix is not positive definite")
        return known(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(influence, "_neighbours", lambda fit: ((n, None) for n in range(12)))
    monkeypatch.setattr(influence, "maximise", fails_once)
    refits = [refit for _, refit in influence.refits(fit)]
    assert refits[0] is None and all(refit is not None for refit in refits[1:]) and len(refits) == 12
