"""How exactly a shared report may speak of one patient: bands where the report is public, else as recorded."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

HOURS, DAYS_A_WEEK = 24.0, 7
AGE_BAND = 5
# Ages from here on are one class: so few are older that an age can tell who it is (45 CFR 164.514(b)(2)(i)(C)).
OLDEST = 90
# About as many bands of values as of days: wide enough to hide a single reading, narrow enough to show a course.
BANDS = 6


@dataclass(frozen=True)
class Band:
    """`first` to `last`; alone where both are one. `open`: `first` or more."""

    first: float
    last: float
    open: bool = False


@dataclass(frozen=True)
class Precision:
    """`public`: whether ages, days and values are banded; `width` of the bands of the primary outcome's values."""

    public: bool
    width: float

    @classmethod
    def of(cls, public: bool, values: pd.Series) -> Precision:
        """Bands for these values of the treated patients, a round number wide."""
        known = values.dropna()
        return cls(public, round_width(float(known.max() - known.min())) if len(known) else 1.0)

    def age(self, years: float) -> Band:
        """Years: five that begin at a multiple of five, or as recorded."""
        if not self.public:
            return Band(years, years)
        first = math.floor(years / AGE_BAND) * AGE_BAND
        return Band(OLDEST, OLDEST, open=True) if years >= OLDEST else Band(first, first + AGE_BAND - 1)

    def value(self, value: float) -> Band:
        """Two neighbouring multiples of the width with the value between them, or the value."""
        if not self.public:
            return Band(value, value)
        first = math.floor(value / self.width) * self.width
        return Band(first, first + self.width)

    def time(self, hours: float) -> int:
        """The week after time zero, counted from 1, or the whole day."""
        day = math.floor(hours / HOURS)
        return day // DAYS_A_WEEK + 1 if self.public else day


def round_width(span: float) -> float:
    """1, 2 or 5 times a power of ten, so that at most `BANDS` bands cover the span; 1 where it is zero."""
    if span <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(span / BANDS))
    return next(step * power for step in (1, 2, 5, 10) if step * power * BANDS >= span)
