"""Rows that every count of patients with an event has: its share with an exact interval, and the arms compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.model.included_visits import PERSON, subject_of
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.inference.counts import (
    bounded_difference,
    bounded_share,
    chance_of_none,
    permuted_count,
    share_difference,
)
from historical_controls.inference.shares import exact_interval

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class FollowUp:
    """Who is compared and how: one row of `people` per included patient, with subject, set (0 without matching)."""

    people: pd.DataFrame
    settings: Analysis
    comparison: Comparison
    horizon_days: int
    seed: int

    def of(self, arm: str) -> pd.DataFrame:
        return self.people[self.people["arm"] == arm]

    def refusal(self, people: pd.DataFrame, code: str = "") -> str | None:
        """Why the arms of `people` may not be compared, or None; code: the outcome, '' for none of the dictionary."""
        fewest = min(int((people["arm"] == arm).sum()) for arm in ARMS)
        reasons = {
            "too_few_known": fewest < self.settings.min_patients_per_arm,
            # None as a key is harmless: it is returned only where it is not None.
            self.comparison.refusal: self.comparison.refusal is not None,
            "weighted_counts": self.comparison.weights is not None,
        }
        return self.settings.not_concluded.get(code) or next((name for name, holds in reasons.items() if holds), None)


def build_follow_up(
    patients: pd.DataFrame, settings: Analysis, comparison: Comparison, horizon_days: int, seed: int
) -> FollowUp:
    """patients: table cohort_patients of one scenario."""
    kept = comparison.select(patients)
    kept = kept[kept["included"].fillna(False).astype(bool)].sort_values(PERSON, ignore_index=True)
    subjects = subject_of(kept)
    # One set for all is the permutation without strata.
    sets = 0 if comparison.sets is None else comparison.sets.reindex(subjects).to_numpy()
    people = kept[[*PERSON, "arm", "end_state", "end_day"]].assign(subject=subjects, set=sets)
    return FollowUp(people, settings, comparison, horizon_days, seed)


def share_rows(cell: Cell, count: int, unknown: int, n: int, settings: Analysis) -> Iterator[Row]:
    """Patients with an event among n, `unknown` of whom cannot be told (EV-2); none: what that leaves open (EV-4)."""
    yield cell.number(Statistic.N_PATIENTS, count)
    yield cell.number(Statistic.N_SUBJECTS, n)
    if n == 0:
        return
    if unknown:
        yield cell.number(Statistic.N_UNKNOWN, unknown)
    bounds = bounded_share(count, unknown, n, settings.level)
    if not np.isnan(bounds.estimate):
        yield cell.number(Statistic.SHARE, bounds.estimate, format="percent")
    if unknown:
        yield cell.number(Statistic.MOST, bounds.most, format="percent")
    yield cell.number(Statistic.LOWER, bounds.lower, format="percent")
    yield cell.number(Statistic.UPPER, bounds.upper, format="percent")
    if count == 0 and unknown == 0:
        rate = settings.events.true_rate
        # 2 level - 1: the two-sided interval whose upper limit is the one-sided one at `level`.
        yield cell.number(Statistic.UPPER_ONE_SIDED, exact_interval(0, n, 2 * settings.level - 1)[1], format="percent")
        yield cell.number(Statistic.TRUE_RATE, rate, format="percent")
        yield cell.number(Statistic.CHANCE_TO_SEE, 1 - chance_of_none(rate, n), format="percent")


@dataclass(frozen=True)
class Occurred:
    """Whether a patient had an event (n,), and whether that cannot be told (n,), in the order of the patients."""

    event: Flags
    unknown: Flags

    @staticmethod
    def known(event: Flags) -> Occurred:
        """Of everybody it is known."""
        return Occurred(event, np.zeros(len(event), dtype=bool))

    @staticmethod
    def of(status: pd.Series, yes: str, unknown: str) -> Occurred:
        """From a status by patient: which one is the event, and which one cannot be told."""
        return Occurred((status == yes).to_numpy(dtype=bool), (status == unknown).to_numpy(dtype=bool))

    def counts(self, own: Flags) -> tuple[int, int, int]:
        """Patients of `own` with the event, those who cannot be told, and all."""
        return int(self.event[own].sum()), int(self.unknown[own].sum()), int(own.sum())


DIFFERENCE_BOUNDS = (Statistic.LEAST, Statistic.MOST, Statistic.LOWER, Statistic.UPPER)


def difference_rows(
    cell: Cell, people: pd.DataFrame, occurred: Occurred, follow_up: FollowUp, code: str = ""
) -> Iterator[Row]:
    """The share with an event, treated minus historical, of all `people` (rows of `follow_up.people`).

    Where of everybody it is known: the permutation test, and Newcombe's interval (1998, Stat Med 17:873-890, method
    10), which exists where an arm has none (EV-5). Otherwise what the unknown leave open, as method 'bounds' (EV-11).
    """
    # The least number of patients is asked of those whose fate is known.
    known = people[~occurred.unknown]
    reason = follow_up.refusal(known, code)
    if reason is not None:
        yield cell.text(Statistic.NOT_ESTIMABLE, reason)
        return
    here, level = cell.at(contrast=CONTRAST), follow_up.settings.level
    treated = (people["arm"] == "treated").to_numpy()
    counts = {arm: occurred.counts(people["arm"].to_numpy() == arm) for arm in ARMS}
    for arm, (_, unknown, n) in counts.items():
        yield here.at(arm=arm).number(Statistic.N_SUBJECTS, n)
        if unknown:
            yield here.at(arm=arm).number(Statistic.N_UNKNOWN, unknown)
    if occurred.unknown.any():
        bounds = bounded_difference(counts["treated"], counts["historical"], level)
        for name, value in zip(DIFFERENCE_BOUNDS, bounds, strict=True):
            yield here.at(method="bounds").number(name, value, format="percent")
        # A test would have to take the lost for patients with or without the event.
        yield here.text(Statistic.NOT_PERMUTED, "unknown_fates")
        return
    test = permuted_count(occurred.event, treated, people["set"].to_numpy())
    (a, _, n1), (b, _, n0) = counts["treated"], counts["historical"]
    found = share_difference((a, n1), (b, n0), test.p_value, level)
    for name in INTERVAL:
        yield here.number(name, getattr(found, name), format="percent")
    yield here.number(Statistic.P_VALUE, found.p_value, format="p")
    yield here.number(Statistic.P_FLOOR, test.p_floor, format="p")
    yield here.text(Statistic.PERMUTATIONS, "exact")
