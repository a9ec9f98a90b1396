"""Whether a course of treatment ran: by counting starts and stops, so that no start needs its own stop."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .intervals import Flags, Integers
from .timeline import NEVER, Clock, clock_of


def running(courses: pd.DataFrame, patient: Integers, since: Integers, until: Integers) -> Flags:
    """Whether any of the patient's courses (columns patient, start, stop) touches [since, until].

    A course without a recorded stop goes on; one that stops at `since` still touches it.
    """
    owner, start, stop = (courses[name].to_numpy(np.int64) for name in ("patient", "start", "stop"))
    ended = stop != NEVER
    clock = clock_of(start, stop, since, until)
    begun = _before(clock, owner, start, patient, until, "right")
    over = _before(clock, owner[ended], stop[ended], patient, since, "left")
    return begun > over


def _before(clock: Clock, owner: Integers, ends: Integers, patient: Integers, time: Integers, side: str) -> Integers:
    """How many of the patient's own starts (or stops) lie before each time."""
    keys = np.sort(clock.key(owner, ends))
    found = np.searchsorted(keys, clock.key(patient, time), side=side)  # type: ignore[call-overload]
    return found - np.searchsorted(keys, patient * clock.span, side="left")
