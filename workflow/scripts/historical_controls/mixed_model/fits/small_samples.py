"""Kenward and Roger's method for many fits of one shape at once: completed copies, refits, simulated studies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from historical_controls.mixed_model.design.errors import ModelError, typed_failures
from historical_controls.mixed_model.design.specification import MixedModelSpec
from historical_controls.mixed_model.fits.engines import machinery
from historical_controls.mixed_model.inference.kenward_roger import SmallSample, kenward_roger
from historical_controls.mixed_model.likelihood.likelihood import Point, evaluate
from historical_controls.mixed_model.likelihood.reduction import Problem, stacked


class Fit(Protocol):
    """A fit that keeps what small-sample methods have computed for it, by method."""

    @property
    def problem(self) -> Problem: ...
    @property
    def point(self) -> Point: ...
    @property
    def spec(self) -> MixedModelSpec: ...
    @property
    def states(self) -> dict[str, SmallSample]: ...


def share_small_samples(fits: Sequence[Fit], df: str) -> None:
    """Compute together what the method needs; each fit then has its own at hand.

    fits: of responses or subjects of one design, in the same reduced units. Nothing is done for other methods than
    Kenward and Roger's, nor for a fit that has none: it says why when it is asked.
    """
    if df != "kenward-roger" or len(fits) < 2:
        return
    one = fits[0]
    if any(fit.problem.offset is not one.problem.offset for fit in fits):
        return
    try:
        with typed_failures():
            several = stacked([fit.problem for fit in fits])
            point = evaluate(*machinery(several, one.spec), np.stack([fit.point.theta for fit in fits]))
            assert point is not None  # each of the maxima was one
            state = kenward_roger(point)
    except ModelError:
        # One of them has no answer: by halves until it stands alone.
        half = len(fits) // 2
        share_small_samples(fits[:half], df)
        share_small_samples(fits[half:], df)
        return
    for number, fit in enumerate(fits):
        fit.states[df] = state.one(number)
