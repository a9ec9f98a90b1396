"""Maxima found together are those that each problem has alone, from starts inside and on the boundary."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from generated import study

from historical_controls.mixed_model import MixedModelFit, MixedModelSpec, fit_mixed_model
from historical_controls.mixed_model.design.arrays import Array
from historical_controls.mixed_model.fits.engines import machinery
from historical_controls.mixed_model.fits.gaussian import fit_design
from historical_controls.mixed_model.fits.responses import Responses, fit_responses, maxima, with_responses
from historical_controls.mixed_model.likelihood.likelihood import Point, evaluate
from historical_controls.mixed_model.likelihood.optimiser import Control
from historical_controls.mixed_model.likelihood.together import maximise_together, newton_together

CAR1 = {"residual": "car1", "time": "day"}
SPECS = {
    "intercept": MixedModelSpec("y ~ arm * day", "id", "1"),
    "slope, two scales": MixedModelSpec("y ~ arm * day", "id", "1 + day", groups="arm", group_form="two_scales"),
    "slope, AR(1), two scales": MixedModelSpec(
        "y ~ arm * day", "id", "1 + day", groups="arm", group_form="two_scales", **CAR1
    ),  # type: ignore[arg-type]
    "AR(1)": MixedModelSpec("y ~ arm * day", "id", **CAR1),  # type: ignore[arg-type]
    "visits, symmetric, per arm": MixedModelSpec("y ~ arm * day", "id", residual="cs", visit="visit", groups="arm"),
    "visits, ante-dependence, one scale": MixedModelSpec(
        "y ~ arm * day", "id", residual="adh", visit="visit", groups="arm", group_form="one_scale"
    ),
}


def responses(fit: MixedModelFit, count: int, slope: float = 0.4, seed: int = 1) -> Array:
    """Values of other studies with the rows of this one: the same truth, other patients."""
    design, rng = fit.design, np.random.default_rng(seed)
    subject = np.repeat(np.arange(len(design.first)), design.counts)
    day, n = design.data["day"].to_numpy()[design.row], (count, len(design.first))
    b = rng.normal(size=n)[:, subject] + slope * rng.normal(size=n)[:, subject] * day
    return 10 + b + rng.normal(size=(count, len(design.y)))


def objective_of(fit: MixedModelFit, y: Array, numbers: object = slice(None)):  # type: ignore[no-untyped-def]
    return partial(evaluate, *machinery(with_responses(fit.problem, fit.design, y[numbers]), fit.spec))


@pytest.mark.parametrize("model", SPECS)
@pytest.mark.parametrize("slope", [0.4, 0.0])
def test_fits_found_together_are_those_of_each_alone(model: str, slope: float) -> None:
    """Without varying slopes about half of the maxima lie on the boundary."""
    fit = fit_mixed_model(study(5, slope=0.4, rho=0.2), SPECS[model])
    y = responses(fit, 25, slope)
    on_boundary, elsewhere = 0, 0
    for own, found in zip(y, fit_responses(fit, y), strict=True):
        alone = fit_design(replace(fit.design, y=own), Control())
        on_boundary += bool(alone.singular)
        assert found is not None and found.converged
        if abs(found.loglik - alone.loglik) > 1e-6:
            # A restricted likelihood may have two maxima (docs/methods.md, "Convergence"): this must be one.
            assert np.linalg.eigvalsh(found.point.information)[0] > 0 and np.abs(found.point.gradient).max() < 1e-4
            elsewhere += 1
            continue
        assert bool(found.singular) == bool(alone.singular)
        assert found.beta.to_numpy() == pytest.approx(alone.beta.to_numpy(), abs=1e-5)
    assert elsewhere <= 1
    assert "slope" not in model or slope > 0 or on_boundary > 5


def test_the_size_of_a_batch_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many rows few responses go together."""
    fit = fit_mixed_model(study(5, slope=0.4), SPECS["slope, two scales"])
    y = responses(fit, 7)
    whole = [one.loglik for one in fit_responses(fit, y) if one is not None]
    for most in (1, 3 * fit.problem.M.size):
        monkeypatch.setattr("historical_controls.mixed_model.fits.responses.CELLS", most)
        assert [one.loglik for one in fit_responses(fit, y) if one is not None] == pytest.approx(whole, abs=1e-9)


@pytest.mark.parametrize("model", ["slope, two scales", "slope, AR(1), two scales"])
def test_a_start_on_the_boundary_is_left_where_it_is_no_maximum(model: str) -> None:
    """No gradient leads away from a variance of zero: only second derivatives tell a saddle from a maximum."""
    fit = fit_mixed_model(study(5, slope=0.4, rho=0.2), SPECS[model])
    y = responses(fit, 12)
    start = fit.point.parameters.start(1.0)
    # The entries of the root of G that speak of slopes.
    start[[1, 2]] = 0.0
    for borrowed in (None, fit.point.information):
        starts = np.tile(start, (len(y), 1))
        peaks = maximise_together(lambda own: objective_of(fit, y, own), starts, Control(), borrowed)
        for own, peak in zip(y, peaks, strict=True):
            alone = fit_design(replace(fit.design, y=own), Control())
            assert peak is not None and peak.loglik == pytest.approx(alone.loglik, abs=1e-6)


def test_a_step_that_leads_nowhere_is_shortened() -> None:
    """A batch has no point where one of its problems has none: here where its first steps lead."""
    fit = fit_mixed_model(study(5, slope=0.4), SPECS["slope, two scales"])
    y, start = responses(fit, 10), np.tile(fit.point.theta, (10, 1))
    free = maximise_together(lambda own: objective_of(fit, y, own), start, Control())
    asked = iter(range(1000))

    def refusing(own: object):  # type: ignore[no-untyped-def]
        def objective(theta: Array) -> Point | None:
            return None if next(asked) in (1, 2) else objective_of(fit, y, own)(theta)

        return objective

    for found, known in zip(maximise_together(refusing, start, Control()), free, strict=True):
        assert found is not None and known is not None
        assert found.loglik == pytest.approx(known.loglik, abs=1e-8)


def test_impossible_starts_are_left_to_others() -> None:
    fit = fit_mixed_model(study(5, slope=0.4), SPECS["intercept"])
    y = responses(fit, 3)
    assert newton_together(lambda theta: None, np.tile(fit.point.theta, (3, 1)), Control())[0] is None
    assert maximise_together(lambda own: lambda theta: None, np.tile(fit.point.theta, (3, 1)), Control()) == (None,) * 3
    # A start where the numbers overflow: each response finds its maximum from the declared starts.
    found = maxima(Responses(fit, fit.design, y, np.full((3, len(fit.point.theta)), 1e200)))
    for own, peak in zip(y, found, strict=True):
        assert peak is not None
        assert peak.loglik == pytest.approx(fit_design(replace(fit.design, y=own), Control()).loglik, abs=1e-6)
