"""A fit that begins beside a similar one ends where it would have ended alone, with few second derivatives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from generated import study
from test_kenward_roger import MODELS, answered, same

from historical_controls.mixed_model import MixedModelFit, MixedModelSpec, fit_mixed_model
from historical_controls.mixed_model.design.design import build_design
from historical_controls.mixed_model.fits.gaussian import fit_design
from historical_controls.mixed_model.likelihood.likelihood import Point
from historical_controls.mixed_model.likelihood.optimiser import Control, Near


@pytest.fixture
def counted() -> Iterator[list[int]]:
    """Grows by one with every matrix of second derivatives."""
    done: list[int] = []
    whole = Point.full_information.func  # type: ignore[attr-defined]

    def counting(point: Point) -> object:
        done.append(1)
        return whole(point)

    counting_property = cached_property(counting)
    counting_property.__set_name__(Point, "full_information")
    with patch.object(Point, "full_information", counting_property):
        yield done


def fits(model: dict, near: bool, seed: int) -> MixedModelFit:
    """The model of one study, alone or beside the fit of nearly the same study."""
    spec = MixedModelSpec("y ~ arm * day + x", "id", **model)
    shape = {"days": 6, "intercept": 1.5, "slope": 0.6 * (model.get("random") != "1"), "rho": 0.5}
    data = study(seed, (20, 30), **shape)
    shaken = data.assign(y=data["y"] + np.random.default_rng(seed).normal(0, 0.4, len(data)))
    other = fit_mixed_model(shaken, spec).point if near else None
    design = build_design(data, spec)
    return fit_design(design, Control(), None if other is None else Near(other.theta, other.information))


@pytest.mark.parametrize("model", MODELS, ids=lambda m: "-".join(map(str, m.values())))
@pytest.mark.parametrize("seed", [5, 7])
def test_it_ends_where_it_would_have_ended_alone(model: dict, seed: int) -> None:
    alone, beside = fits(model, False, seed), fits(model, True, seed)
    assert beside.converged and beside.attempts[0].start == "given"
    assert beside.loglik == pytest.approx(alone.loglik, abs=1e-8)
    same(answered(beside), answered(alone), 1e-6)


def test_it_asks_for_second_derivatives_only_to_certify_the_maximum(counted: list[int]) -> None:
    fits(MODELS[1], True, 5)
    both = len(counted)
    counted.clear()
    fits(MODELS[1], False, 5)
    # Those of the other study, and one of its own.
    assert both - len(counted) <= 2 < len(counted)


def test_information_that_misleads_costs_time_and_nothing_else() -> None:
    """Borrowed curvature a thousand times too small and too large, and of the wrong sign."""
    spec = MixedModelSpec("y ~ arm * day + x", "id", **MODELS[1])
    design = build_design(study(5, (20, 30), days=6, intercept=1.5, rho=0.5), spec)
    alone = fit_design(design, Control())
    for scale in (1e-3, 1e3, -1.0):
        far = alone.point.theta + 0.7
        again = fit_design(design, Control(), Near(far, scale * alone.point.information))
        assert again.converged and again.loglik == pytest.approx(alone.loglik, abs=1e-8)


def test_a_start_of_another_size_is_left_out() -> None:
    """A covariance over four visits has other parameters than over three."""
    design = build_design(study(5, (20, 30), days=6, intercept=1.5, rho=0.5), MixedModelSpec("y ~ arm", "id"))
    fit = fit_design(design, Control(), Near(np.zeros(7)))
    assert fit.converged and [attempt.start for attempt in fit.attempts] == ["spread 1"]


def test_the_highest_of_two_maxima_is_found() -> None:
    """9 and 5 subjects of 3 to 21 days: -163.7744 from the first two starts, -163.7521 from the third."""
    rng, rows = np.random.default_rng(670), []
    for k in range(14):
        level, slope, error = rng.normal(0, 1), rng.normal(0, 0.05), 0.0
        for day in range(1, 1 + rng.integers(3, 22)):
            error = 0.8 * error + rng.normal(0, 0.6)
            rows.append((k, "A" if k < 9 else "B", day, level + slope * day + error))
    data = pd.DataFrame(rows, columns=["id", "arm", "day", "y"])
    spec = MixedModelSpec("y ~ arm * day", "id", "1 + day", "car1", time="day", groups="arm", group_form="two_scales")
    first = fit_design(build_design(data, spec), Control())
    best = first.highest()
    assert first.loglik == pytest.approx(-163.7744, abs=1e-4) and best.loglik == pytest.approx(-163.7521, abs=1e-4)
    assert [attempt.start for attempt in best.attempts] == ["given", "spread 1", "spread 0.1", "spread 5"]
    assert best.highest().loglik == best.loglik


OTHERS = {
    "other random effects": {"random": "1 + day"},
    "no groups": {"groups": None},
    "over visits": {"random": None, "residual": "cs", "visit": "visit"},
    "another mean": {"fixed": "y ~ day"},
}


@pytest.mark.parametrize("change", OTHERS)
def test_a_design_of_the_same_table_takes_over_what_it_shares(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows in any order; what another specification orders otherwise, or has another mean for, is made anew."""
    data = study(5).sample(frac=1.0, random_state=2)
    spec = MixedModelSpec("y ~ arm * day", "id", "1", time="day", groups="arm")
    first, other = build_design(data, spec), replace(spec, **OTHERS[change])  # type: ignore[arg-type]
    alone = build_design(data, other)
    if change == "other random effects":
        monkeypatch.setattr("historical_controls.mixed_model.design.design._layout", None)
    taken = build_design(first.data, other, like=first)
    for name in ("X", "Z", "y", "first", "group", "row", "time", "visit"):
        assert np.array_equal(getattr(taken, name), getattr(alone, name)), name
    assert taken.subjects.equals(alone.subjects) and taken.coefficient_names == alone.coefficient_names
    assert (taken.group_levels, taken.visit_levels) == (alone.group_levels, alone.visit_levels)
