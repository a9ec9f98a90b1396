"""Rows that every count of patients with an event has: its share with an exact interval, and the arms compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.model.model_data import PERSON, subject_of
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row
from historical_controls.config.analysis.analysis import Analysis
from historical_controls.inference.counts import bounded_share, chance_of_none, permuted_count
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
    yield cell.number(Statistic.LOWER, bounds.lower, format="percent")
    yield cell.number(Statistic.UPPER, bounds.upper, format="percent")
    if count == 0 and unknown == 0:
        rate = settings.events.true_rate
        yield cell.number(Statistic.UPPER_ONE_SIDED, exact_interval(0, n, 2 * settings.level - 1)[1], format="percent")
        yield cell.number(Statistic.TRUE_RATE, rate, format="percent")
        yield cell.number(Statistic.CHANCE_TO_SEE, 1 - chance_of_none(rate, n), format="percent")


def difference_rows(
    cell: Cell, people: pd.DataFrame, event: Flags, follow_up: FollowUp, code: str = ""
) -> Iterator[Row]:
    """The share with an event, treated minus historical, with Newcombe's interval and the permutation test (EV-5).

    people: rows of `follow_up.people` for whom the event is known; event: by row. Newcombe 1998, Stat Med 17:873-890,
    method 10, which exists where an arm has none.
    """
    reason = follow_up.refusal(people, code)
    if reason is not None:
        yield cell.text(Statistic.NOT_ESTIMABLE, reason)
        return
    here = cell.at(contrast=CONTRAST)
    treated = (people["arm"] == "treated").to_numpy()
    from statsmodels.stats.proportion import confint_proportions_2indep

    counts = [(int(event[own].sum()), int(own.sum())) for own in (treated, ~treated)]
    (a, n1), (b, n0) = counts
    lower, upper = confint_proportions_2indep(a, n1, b, n0, "newcomb", "diff", alpha=1 - follow_up.settings.level)
    for name, value in ((Statistic.ESTIMATE, a / n1 - b / n0), (Statistic.LOWER, lower), (Statistic.UPPER, upper)):
        yield here.number(name, float(value), format="percent")
    for arm, n in zip(ARMS, (n1, n0), strict=True):
        yield here.at(arm=arm).number(Statistic.N_SUBJECTS, n)
    test = permuted_count(event, treated, people["set"].to_numpy())
    yield here.number(Statistic.P_VALUE, test.p_value, format="p")
    yield here.number(Statistic.P_FLOOR, test.p_floor, format="p")
    yield here.text(Statistic.PERMUTATIONS, "exact")
