"""Random effects against lme4 (Newton-polished), pbkrtest 0.5.2 and lmerTest 3.1.3."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from engine_references import lme4_case, positions, reference

from historical_controls.mixed_model import MixedModelFit, NotEstimable, fit_mixed_model

SHIPPED = ["Orthodont", "sleepstudy", "sleepstudy__ri", "sleepstudy__uncorr"]
OUTSIDE = ["ards_S", "ards_S__ri", "ards_visits", "ards_visits__ri", "ards_visits__cat", "singular_corr"]
CASES = SHIPPED + [pytest.param(name, marks=pytest.mark.real_data) for name in [*OUTSIDE, "singular_corr__ri"]]


@cache
def fitted(name: str) -> tuple[MixedModelFit, dict, list[int]]:
    result = reference("lme4_" + name.replace("__", "_"))
    fit = fit_mixed_model(*lme4_case(name))
    return fit, result, positions(fit, list(result["fixef"]))


def row(fit: MixedModelFit, order: list[int], L: dict[str, float]) -> np.ndarray:
    out = np.zeros(len(fit.names))
    out[order] = list(L.values())
    return out


@pytest.mark.parametrize("name", CASES)
def test_estimates(name: str) -> None:
    fit, result, order = fitted(name)
    assert fit.loglik == pytest.approx(result["REML_loglik"], abs=1e-8)
    assert fit.beta.to_numpy()[order] == pytest.approx(list(result["fixef"].values()), rel=1e-6)
    se = np.sqrt(np.diag(fit.vcov))[order]
    assert se == pytest.approx(list(result["se"].values()), rel=1e-6)
    theirs = np.sort([entry["vcov"] for entry in result["varcomp"]])
    ours = np.sort(fit.covariance_parameters["estimate"])
    assert ours == pytest.approx(theirs, abs=1e-5 * np.abs(theirs).max())
    assert bool(fit.singular) == result["singular"]
    assert len(fit.attempts) == 1


@pytest.mark.parametrize("name", CASES)
def test_kenward_roger(name: str) -> None:
    fit, result, order = fitted(name)
    for test in result["tests"]:
        ours = fit.contrast(row(fit, order, test["L"]))
        assert ours.standard_error == pytest.approx(test["kr_se"], rel=1e-6)
        assert ours.df == pytest.approx(test["kr_df"], rel=1e-6)
        assert ours.p_value == pytest.approx(test["kr_p"], rel=1e-5)
    for joint in dict(result["joint_tests"] or {}).values():
        L = np.array([row(fit, order, one) for one in joint["L"]])
        if len(L) > 1:
            ours = fit.contrast(L)
            assert pytest.approx(joint["kr_Fstat"], rel=1e-6) == ours.F
            assert ours.ddf == pytest.approx(joint["kr_ddf"], rel=1e-6)
            assert ours.scaling == pytest.approx(joint["kr_Fscaling"], rel=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_satterthwaite(name: str) -> None:
    """lmerTest differentiates numerically, hence 1e-4; at a singular fit we refuse where it answers."""
    fit, result, order = fitted(name)
    if fit.singular:
        with pytest.raises(NotEstimable, match="boundary"):
            fit.contrast(np.eye(len(fit.names))[0], df="satterthwaite")
        return
    for test in result["tests"]:
        ours = fit.contrast(row(fit, order, test["L"]), df="satterthwaite")
        assert ours.df == pytest.approx(test["satt_df"], rel=1e-4)
    for joint in dict(result["joint_tests"] or {}).values():
        L = np.array([row(fit, order, one) for one in joint["L"]])
        if len(L) > 1:
            ours = fit.contrast(L, df="satterthwaite")
            assert ours.ddf == pytest.approx(joint["satt"]["DenDF"], rel=1e-4)
