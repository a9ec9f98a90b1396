"""Kenward and Roger's method for many fits at once is that of each: covariance, degrees of freedom, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from generated import study
from test_together import SPECS, responses

from historical_controls.mixed_model import MixedModelFit, fit_mixed_model
from historical_controls.mixed_model.design.errors import ModelError
from historical_controls.mixed_model.fits.responses import fit_responses
from historical_controls.mixed_model.fits.small_samples import share_small_samples


def kenward_roger_of(fit: MixedModelFit) -> object:
    """Contrasts, or the reason why there are none, of a fit that nothing was computed for beforehand."""
    try:
        return [(one.estimate, one.standard_error, one.df) for one in fit.contrasts(np.eye(4), "kenward-roger")]
    except ModelError as error:
        return error.message.coded


@pytest.mark.parametrize("model", SPECS)
@pytest.mark.parametrize("slope", [0.4, 0.0])
def test_together_is_as_alone(model: str, slope: float) -> None:
    """Responses, of which without varying slopes about half have their maximum on the boundary."""
    fit = fit_mixed_model(study(5, slope=0.4, rho=0.2), SPECS[model])
    fits = [one for one in fit_responses(fit, responses(fit, 20, slope)) if one is not None]
    alone = [kenward_roger_of(replace(one)) for one in fits]
    share_small_samples(fits, "kenward-roger")
    shared = sum("kenward-roger" in one.states for one in fits)
    assert shared >= 18
    for one, known in zip(fits, alone, strict=True):
        found = kenward_roger_of(one)
        if isinstance(known, str):
            assert found == known and "kenward-roger" not in one.states
        else:
            assert np.array(found) == pytest.approx(np.array(known), rel=1e-6)


@pytest.mark.parametrize("model", SPECS)
def test_refits_without_a_subject_share_theirs(model: str) -> None:
    fit = fit_mixed_model(study(5, slope=0.4), SPECS[model])
    plain, shared = dict(fit.refits()), dict(fit.refits(df="kenward-roger"))
    assert plain.keys() == shared.keys()
    for subject, refit in shared.items():
        assert refit is not None and "kenward-roger" in refit.states
        assert np.array(kenward_roger_of(refit)) == pytest.approx(np.array(kenward_roger_of(plain[subject])), rel=1e-6)


def test_fits_in_other_units_are_left_alone() -> None:
    fits = [fit_mixed_model(study(seed), SPECS["intercept"]) for seed in (1, 2)]
    share_small_samples(fits, "kenward-roger")
    assert not any(fit.states for fit in fits)
    share_small_samples([], "kenward-roger")
