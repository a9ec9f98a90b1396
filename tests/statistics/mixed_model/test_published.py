"""Numbers printed by others, each with its source and the digits that were printed."""

from __future__ import annotations

import numpy as np
import pytest
from engine_references import lme4_case, mmrm_case, positions

from historical_controls.mixed_model import fit_mixed_model


def test_sleepstudy_as_printed_by_bates_and_others() -> None:
    """Bates, Maechler, Bolker & Walker 2015, JSS 67(1), section 5.2.1 (fm1, REML)."""
    fit = fit_mixed_model(*lme4_case("sleepstudy"))
    assert -2 * fit.loglik == pytest.approx(1743.628, abs=5e-4)
    assert fit.beta.to_numpy() == pytest.approx([251.405, 10.467], abs=5e-4)
    assert np.sqrt(np.diag(fit.vcov)) == pytest.approx([6.825, 1.546], abs=5e-4)
    parameters = fit.covariance_parameters.set_index("parameter")["estimate"]
    sd = np.sqrt(parameters[["variance(Intercept)", "variance(Days)", "residual variance"]])
    assert sd.to_numpy() == pytest.approx([24.740, 5.922, 25.592], abs=6e-4)
    assert parameters["covariance(Days, Intercept)"] / (sd.iloc[0] * sd.iloc[1]) == pytest.approx(0.07, abs=5e-3)


def test_fev_as_printed_by_proc_mixed() -> None:
    """SAS PROC MIXED, type=un, REML, Satterthwaite: openpharma/mmrm, design/SAS/sas_log_reml.txt (Apache-2.0).

    SAS stopped at its second iteration, 6e-6 above our deviance: its covariances are good to 3e-4 of their size
    and its estimates to 3e-4 of their standard error.
    """
    fit = fit_mixed_model(*mmrm_case("fev_data", "us"))
    assert -1e-5 < -2 * fit.loglik - 3386.44987722 < 0
    rows = {
        "(Intercept)": (30.7774, 0.8865, 219),
        "ARMCDTRT": (3.7745, 1.0741, 146),
        "AVISITVIS2": (4.8396, 0.8016, 144),
        "AVISITVIS3": (10.3422, 0.8227, 156),
        "AVISITVIS4": (15.0537, 1.3129, 138),
        "ARMCDTRT:AVISITVIS4": (0.6240, 1.8510, 130),
        "RACEBlack or African American": (1.5305, 0.6244, 169),
        "SEXFemale": (0.3262, 0.5319, 166),
    }
    ours = fit.coefficients("satterthwaite").iloc[positions(fit, list(rows))]
    printed = np.array(list(rows.values()))
    assert ours["estimate"].to_numpy() == pytest.approx(printed[:, 0], abs=3e-4)
    assert ours["standard_error"].to_numpy() == pytest.approx(printed[:, 1], abs=1.5e-4)
    assert ours["df"].to_numpy() == pytest.approx(printed[:, 2], abs=0.51)


def test_fev_covariance_as_printed_by_proc_mixed() -> None:
    """The same listing; visits in SAS's order 2, 3, 4, 1."""
    fit = fit_mixed_model(*mmrm_case("fev_data", "us"))
    values = fit.covariance_parameters.set_index("parameter")["estimate"]
    variances = values[[f"variance(VIS{k})" for k in (2, 3, 4, 1)]].to_numpy()
    assert variances == pytest.approx([26.5692, 14.8970, 95.5528, 40.5509], rel=1e-4)
    covariance = values["correlation(VIS4, VIS2)"] * np.sqrt(variances[0] * variances[2])
    assert covariance == pytest.approx(7.4790, rel=3e-4)
