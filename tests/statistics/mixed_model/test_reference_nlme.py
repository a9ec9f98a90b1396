"""Continuous AR(1) with random effects against nlme, whose own accuracy is 5e-5 (beta, SE) and 1e-4 (Phi)."""

from __future__ import annotations

import numpy as np
import pytest
from engine_references import positions, reference, table

from historical_controls.mixed_model import MixedModelSpec, build_design, fit_mixed_model
from historical_controls.mixed_model.fits.engines import machinery
from historical_controls.mixed_model.likelihood.likelihood import evaluate
from historical_controls.mixed_model.likelihood.reduction import reduce

pytestmark = pytest.mark.real_data
RANDOM = {"gls": None, "ri": "1", "rs": "1 + day"}
SETS = ["ards_S", "ards_visits"]
AR1 = [(data, model) for data in SETS for model in ("gls_car1", "ri_car1")] + [("ards_S", "rs_car1")]
VARIDENT = [(data, model) for data in SETS for model in ("ri_varident", "ri_car1_varident", "rs_varident")]


def specification(model: str, **more: object) -> MixedModelSpec:
    residual = "car1" if "car1" in model else "iid"
    return MixedModelSpec(
        "y ~ group * day + baseline",
        "patient_id",
        RANDOM[model.split("_")[0]],
        residual=residual,
        time="day",
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(("data", "model"), AR1)
def test_continuous_ar1(data: str, model: str) -> None:
    result = reference(f"nlme_{data}__{model}")
    fit = fit_mixed_model(table(data), specification(model))
    order = positions(fit, result["coef_order"])
    assert fit.loglik == pytest.approx(result["REML_loglik"], abs=1e-8)
    assert fit.beta.to_numpy()[order] == pytest.approx(list(result["fixef"].values()), rel=5e-5)
    assert np.sqrt(np.diag(fit.vcov))[order] == pytest.approx(list(result["se"].values()), rel=5e-5)
    parameters = fit.covariance_parameters.set_index("parameter")["estimate"]
    assert np.exp(-1 / parameters["range"]) == pytest.approx(result["corStruct"]["Phi"], rel=1e-4)
    assert np.sqrt(parameters["residual variance"]) == pytest.approx(result["sigma"], rel=1e-4)


@pytest.mark.parametrize(("data", "model"), VARIDENT)
def test_likelihood_with_a_residual_variance_per_group(data: str, model: str) -> None:
    """nlme's varIdent keeps one G, which no form of groups does; its optimum still has our likelihood there."""
    result = reference(f"nlme_{data}__{model}")
    design = build_design(table(data), specification(model, groups="group", group_form="free"))
    problem = reduce(design)
    engine, parameters = machinery(problem, design.spec)
    G = np.array(result["ranef_cov"]) * np.outer(problem.z_scale, problem.z_scale)
    ratio = [result["varStruct_ratio"][str(level)] ** 2 * result["sigma"] ** 2 for level in design.group_levels]
    shapes = [_shape(G / r, result, problem.unit_gap) for r in ratio]
    theta = np.concatenate([*shapes, [np.log(ratio[1] / ratio[0])]])
    point = evaluate(engine, parameters, theta)
    assert point is not None
    assert point.loglik == pytest.approx(result["REML_loglik"], abs=1e-7)


def _shape(G: np.ndarray, result: dict, unit_gap: float) -> np.ndarray:
    values, vectors = np.linalg.eigh(G)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    cells = root[np.tril_indices(len(G))]
    if not result["corStruct"]:
        return cells
    rho = result["corStruct"]["Phi"] ** unit_gap
    return np.append(cells, np.sqrt(rho / (1 - rho)))


@pytest.mark.parametrize(("data", "model"), [("ards_S", "rs_car1"), ("ards_S", "ri_car1")])
def test_between_within(data: str, model: str) -> None:
    result = reference(f"nlme_{data}__{model}")
    fit = fit_mixed_model(table(data), specification(model))
    ours = fit.coefficients("between-within")["df"].to_numpy()[positions(fit, result["coef_order"])]
    assert ours == pytest.approx(list(result["nlme_df"].values()))
