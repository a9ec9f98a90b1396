"""Which hours around time zero are baseline, and where the study days begin after them: the one rule that all use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # For types alone: the Snakefile imports the config in every job, and needs no arrays.
    import numpy as np
    from numpy.typing import NDArray

DAY = 24.0


@dataclass(frozen=True)
class BaselineWindow:
    """The hours (-before, after] around time zero, whose values are day 0: a covariate, never also a response (EL-10).

    Study day d is the hours ((d - 1) * 24, d * 24], without those of the baseline.
    """

    before: float
    after: float

    def holds(self, hours: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether values so many hours after time zero (negative before) are baseline."""
        return (hours > -self.before) & (hours <= self.after)

    @property
    def first_day(self) -> int:
        """The first day with responses."""
        return first_study_day(self.after)

    def start_of(self, day: int) -> float:
        """The hour after time zero from which values belong to a day (1 or later)."""
        return max((day - 1) * DAY, self.after)


def first_study_day(after: object) -> int:
    """The first day with responses, of a raw `baseline_hours_after`: 24 hours of baseline leave no day 1."""
    return 2 if after == DAY else 1
