"""A likelihood that climbs without end is refused after the starts, not after every optimiser from every start."""

from __future__ import annotations

import numpy as np
import pandas as pd
from generated import study

from historical_controls.mixed_model import MixedModelSpec
from historical_controls.mixed_model.design.design import build_design
from historical_controls.mixed_model.fits.gaussian import fit_design
from historical_controls.mixed_model.likelihood.optimiser import Control


def test_a_ridge_without_a_top_is_given_up_after_the_starts() -> None:
    """One scan per control and one to three per treated patient: slopes of controls vary with nothing to tell of it."""
    days = {"a": [7], "b": [7], "c": [7, 21], "d": [5, 7, 21], "e": [7, 21]}
    values = {"a": [14], "b": [19], "c": [23, 22], "d": [21, 20, 19], "e": [12, 8]}
    rows = [("treated", key, day, y) for key in days for day, y in zip(days[key], values[key], strict=True)]
    controls = zip((10, 4, 6, 7, 8, 4, 1, 7, 5), (15, 20, 20, 21, 19, 20, 18, 12, 24), strict=True)
    rows += [("historical", f"h{key}", day, y) for key, (day, y) in enumerate(controls)]
    table = pd.DataFrame(rows, columns=["arm", "subject", "day", "y"]).assign(
        treated=lambda t: t["arm"].eq("treated") * 1
    )
    spec = MixedModelSpec(
        "y ~ treated * day", "subject", "1 + day", "car1", time="day", groups="arm", group_form="free"
    )
    fit = fit_design(build_design(table, spec), Control())
    assert not fit.converged
    assert {attempt.optimiser for attempt in fit.attempts} == {"newton"}
    assert np.ptp([attempt.loglik for attempt in fit.attempts]) < 0.01
    # The first start has shown the ridge, which the others confirm in fewer steps.
    first, *others = fit.attempts
    assert first.steps > Control().patience
    assert all(Control().confirmed < attempt.steps < first.steps for attempt in others)


def test_a_likelihood_without_bound_is_given_up_after_one_other_optimiser() -> None:
    """Subjects of one arm keep their values: their residual variance goes to zero, and the likelihood up and up."""
    data = study(4, (5, 12))
    kept = data.groupby("id")["y"].transform("first").round()
    data = data.assign(y=data["y"].where(data["arm"] == "B", kept))
    spec = MixedModelSpec("y ~ arm * day + x", "id", "1", "iid", groups="arm", group_form="free")
    fit = fit_design(build_design(data, spec), Control())
    assert not fit.converged
    assert [attempt.optimiser for attempt in fit.attempts] == ["newton"] * 3 + ["L-BFGS-B + newton"]
    assert {attempt.steps for attempt in fit.attempts} == {Control().steps}
