"""What the stage is given beside the clean tables, and what the controls take over from the treated patients."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from historical_controls.cohort.records.timeline import NEVER, milliseconds
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.cohort.derivations import Altitude
from historical_controls.config.study import StudyCalendar
from historical_controls.dictionary.dictionary import Dictionary


@dataclass(frozen=True)
class CohortInputs:
    """The declarations that every batch of patients is judged and described by.

    `outcomes`: codes shown in `display` and counted in the results, or those whose visits are wanted. `seed`: of the
    controls' waits and of the display ids. `placebo_hours`: before time zero, whose slopes the arms are compared by.
    `altitude`: the convention in which values are followed, that of the primary scenario; None: that of `cohort`.
    """

    cohort: Cohort
    study: StudyCalendar
    dictionary: Dictionary
    seed: int
    outcomes: Sequence[str]
    scenario: str = "primary"
    placebo_hours: float = 0.0
    altitude: Altitude | None = None


@dataclass(frozen=True)
class TreatedTimes:
    """`waits`: hours from the treated patients' eligibility to their treatment, ascending (EL-4). `window`: first and
    last time zero of them in milliseconds, None where nobody has one. `timezone`: in which the dates begin that may
    restrict the controls."""

    waits: tuple[float, ...] = ()
    window: tuple[int, int] | None = None
    timezone: str = "UTC"


def midnight(day: date, timezone: str | None) -> int:
    """When a date begins in a time zone (null = UTC), in milliseconds."""
    return pd.Timestamp(day).tz_localize(timezone or "UTC").value // 1_000_000


def window_of(patients: Iterable[pd.DataFrame]) -> tuple[int, int] | None:
    """First and last time zero of these patients (table cohort_patients), in milliseconds; None without any."""
    # The leading NEVER keeps the array an integer one, and not empty, where there are no treated patients.
    zeros = np.concatenate([np.array([NEVER]), *(milliseconds(frame["time_zero"]) for frame in patients)])
    known = zeros[zeros != NEVER]
    return (int(known.min()), int(known.max())) if len(known) else None


def merge_waits(*waits: Collection[float]) -> tuple[float, ...]:
    """The waits of several batches of treated patients, ascending."""
    return tuple(sorted(wait for some in waits for wait in some))
