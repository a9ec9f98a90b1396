"""Covariance over visits against mmrm 0.3.18 (Newton-polished): pooled and per arm, with missing visits."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from engine_references import mmrm_case, positions, reference

from historical_controls.mixed_model import MixedModelFit, fit_mixed_model

FEV = ["ad", "ar1", "ar1_grouped", "ar1h", "cs", "toep", "us", "us_grouped"]
ARDS = ["ad", "adh", "ar1", "ar1_grouped", "ar1h", "cs", "cs_grouped", "csh", "sp_exp", "toep", "toeph", "us"]
CASES = [("fev_data", s) for s in FEV] + [pytest.param("ards_visits", s, marks=pytest.mark.real_data) for s in ARDS]


@cache
def fitted(dataset: str, structure: str) -> tuple[MixedModelFit, dict, list[int]]:
    result = reference(f"mmrm_{dataset}_{structure}")
    fit = fit_mixed_model(*mmrm_case(dataset, structure))
    return fit, result, positions(fit, result["coef_order"])


@pytest.mark.parametrize(("dataset", "structure"), CASES)
def test_estimates(dataset: str, structure: str) -> None:
    """Coefficients near zero are compared at 1e-6 of their standard error."""
    fit, result, order = fitted(dataset, structure)
    theirs, V = np.array(list(result["fixef"].values())), np.array(result["vcov"])
    assert fit.loglik == pytest.approx(result["REML_loglik"], abs=1e-8)
    off = np.abs(fit.beta.to_numpy()[order] - theirs)
    assert (off <= 1e-6 * np.maximum(np.abs(theirs), np.sqrt(np.diag(V)))).all()
    assert np.sqrt(np.diag(fit.vcov))[order] == pytest.approx(np.sqrt(np.diag(V)), rel=1e-6)


@pytest.mark.parametrize("method", ["Satterthwaite", "Kenward-Roger-Linear"])
@pytest.mark.parametrize(("dataset", "structure"), CASES)
def test_small_sample(dataset: str, structure: str, method: str) -> None:
    fit, result, order = fitted(dataset, structure)
    theirs = pd.DataFrame(result["by_method"][method]["coef"])
    ours = fit.coefficients(method.lower()).iloc[order]  # type: ignore[arg-type]
    assert ours["standard_error"].to_numpy() == pytest.approx(theirs["se"].to_numpy(), rel=1e-6)
    assert ours["df"].to_numpy() == pytest.approx(theirs["df"].to_numpy(), rel=1e-6)


@pytest.mark.parametrize(("dataset", "structure"), CASES)
def test_marginal_means_and_differences(dataset: str, structure: str) -> None:
    """emmeans 1.8.4: other factors weigh equally, covariates at their mean over rows."""
    fit, result, _ = fitted(dataset, structure)
    arm, visit = ("ARMCD", "AVISIT") if dataset == "fev_data" else ("arm", "visit")
    theirs = pd.DataFrame(result["by_method"]["Kenward-Roger-Linear"]["lsmeans"])
    ours = fit.marginal_means(by=[visit, arm], df="kenward-roger-linear").table
    assert ours["estimate"].to_numpy() == pytest.approx(theirs["emmean"].to_numpy(), rel=1e-6)
    assert ours["standard_error"].to_numpy() == pytest.approx(theirs["SE"].to_numpy(), rel=1e-6)
    assert ours["lower"].to_numpy() == pytest.approx(theirs["lower.CL"].to_numpy(), rel=1e-6)
    theirs = pd.DataFrame(result["by_method"]["Satterthwaite"]["differences"])
    levels = tuple(theirs["contrast"][0].split(" - "))
    at = {visit: fit.design.visit_levels if structure != "sp_exp" else [0, 3, 7, 10, 14, 21]}
    ours = fit.difference(arm, levels, at=at, df="satterthwaite").table  # type: ignore[arg-type]
    assert ours["estimate"].to_numpy() == pytest.approx(theirs["estimate"].to_numpy(), rel=1e-6)
    assert ours["p_value"].to_numpy() == pytest.approx(theirs["p.value"].to_numpy(), rel=1e-5)


@pytest.mark.parametrize("structure", ["us", "us_grouped"])
def test_unstructured_matrices(structure: str) -> None:
    fit, result, _ = fitted("fev_data", structure)
    cov = result["cov"]
    groups = list(cov.values()) if "names" not in cov else [cov]
    for level, theirs in zip(fit.design.group_levels, groups, strict=True):
        matrix = np.array(theirs["cov"])
        parameters = fit.covariance_parameters
        ours = parameters[parameters["group"] == level]["estimate"].to_numpy()[:4]
        assert ours == pytest.approx(np.diag(matrix), abs=1e-5 * np.abs(matrix).max())
