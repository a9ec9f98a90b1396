"""How many would be eligible under each reading of the registry's text, and what each step left under it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, Row, ard_frame
from historical_controls.cohort.ard_rows.attrition import attrition_rows, attrition_table, tally
from historical_controls.cohort.eligibility.rules import Memo, judge_rules
from historical_controls.cohort.eligibility.time_zero import (
    NO_HOUR,
    Decisions,
    all_filters,
    assign_time_zero,
    best_state,
    decide_treated,
    moments_at,
    screen_controls,
    treated_waits,
)
from historical_controls.cohort.inputs import TreatedTimes
from historical_controls.cohort.records.kleene import FALSE, TRUE, UNKNOWN
from historical_controls.cohort.records.patient_records import PatientRecords
from historical_controls.cohort.records.timeline import NEVER
from historical_controls.config.cohort.cohort import Cohort

DECLARED = "declared"
COUNTS = {
    "treated": (Statistic.N_SUBJECTS, Statistic.N_PASS, Statistic.N_UNKNOWN, Statistic.N_FAIL),
    "historical": (
        Statistic.N_SUBJECTS,
        Statistic.N_EVER,
        Statistic.N_UNKNOWN,
        Statistic.N_NEVER,
        Statistic.N_INCLUDED,
    ),
}


def grid_of(cohort: Cohort) -> dict[str, Cohort]:
    """The cohort as declared, under every option by itself, and under every combination of the declared products.

    By level: 'declared', 'persistence=any', 'persistence=any+ards=altitude'.
    """
    picked = cohort.picked()
    levels: dict[str, dict[str, str]] = {DECLARED: {}}
    # The option already taken is the declared level itself.
    levels |= {f"{name}={option}": {name: option} for name, option in cohort.options() if picked[name] != option}
    for names in cohort.reading_products:
        for options in product(*(cohort.readings[name].options for name in names)):
            picks = dict(zip(names, options, strict=True))
            levels["+".join(f"{name}={option}" for name, option in picks.items())] = picks
    return {level: cohort.as_read(picks) for level, picks in levels.items()}


@dataclass
class Tally:
    """By level: counts by (arm, what), patients by step, and the waits and time zeros of the treated."""

    cohorts: Mapping[str, Cohort]
    timezone: str = "UTC"
    counts: defaultdict[str, Counter[tuple[str, str]]] = field(default_factory=lambda: defaultdict(Counter))
    steps: defaultdict[str, list[pd.DataFrame]] = field(default_factory=lambda: defaultdict(list))
    waits: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    zeros: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, level: str, arm: str, records: PatientRecords, decided: Decisions, **numbers: int) -> None:
        self.counts[level].update({(arm, name): number for name, number in numbers.items()})
        self.steps[level].append(
            tally(
                records.people[["source", "arm"]].assign(
                    excluded_by=decided.excluded_by, undecided=decided.undecided, included=decided.time_zero != NEVER
                )
            )
        )

    def times(self, level: str) -> TreatedTimes:
        zeros = self.zeros[level]
        window = (min(zeros), max(zeros)) if zeros else None
        return TreatedTimes(tuple(sorted(self.waits[level])), window, self.timezone)


def count_readings(
    treated: Iterable[PatientRecords],
    historical: Iterable[PatientRecords],
    cohort: Cohort,
    seed: int,
    timezone: str = "UTC",
) -> Tally:
    """Treated who meet all filters at time zero; controls who ever do, and who are still in after the wait.

    Unknown: not eligible, but for lack of data alone. Groups of records may come one by one.
    """
    tallied = Tally(grid_of(cohort), timezone)
    for records in treated:
        _count_treated(records, tallied)
    for records in historical:
        _count_controls(records, tallied, seed)
    return tallied


def _count_treated(records: PatientRecords, tallied: Tally) -> None:
    for level, cohort in tallied.cohorts.items():
        # Under each reading anew: it changes when treated patients became eligible, hence the waits of controls.
        decided = decide_treated(records, cohort)
        tallied.waits[level] += treated_waits(records, decided, cohort)
        tallied.zeros[level] += decided.time_zero[decided.time_zero != NEVER].tolist()
        at_zero = moments_at(decided.judged_at)
        joint = all_filters(judge_rules(cohort.rules, at_zero, records), cohort, "treated", len(at_zero))
        states = {name: int((joint == state).sum()) for name, state in _STATES.items()}
        tallied.add(level, "treated", records, decided, n_subjects=len(at_zero), **states)


_STATES = {"n_pass": TRUE, "n_unknown": UNKNOWN, "n_fail": FALSE}


def _count_controls(records: PatientRecords, tallied: Tally, seed: int) -> None:
    # Every reading is judged at the same hours: rules that several share are judged once.
    memo: Memo = {}
    for level, cohort in tallied.cohorts.items():
        screening = screen_controls(records, cohort, memo)
        decided = assign_time_zero(records, cohort, screening, tallied.times(level), seed)
        moments = screening.moments
        # All filters at one hour; `best` is then the best hour of each patient.
        joint = all_filters(screening.states, cohort, "historical", len(moments))
        best = best_state(joint, moments.patient, len(records))
        tallied.add(
            level,
            "historical",
            records,
            decided,
            n_subjects=len(records),
            n_ever=int((best == TRUE).sum()),
            n_unknown=int((best == UNKNOWN).sum()),
            # Patients without any candidate hour (NO_HOUR) were never eligible either.
            n_never=int(np.isin(best, (FALSE, NO_HOUR)).sum()),
            n_included=int((decided.time_zero != NEVER).sum()),
        )


def readings_ard(tallied: Tally, scenario: str) -> pd.DataFrame:
    """Rows of output 14.1.3, one level per set of readings: analysis 'readings' in all, 'readings_attrition' by source
    and step (contrast)."""
    return ard_frame(_rows(tallied, scenario))


def _rows(tallied: Tally, scenario: str) -> Iterator[Row]:
    for level, cohort in tallied.cohorts.items():
        for arm, names in COUNTS.items():
            cell = Cell(AnalysisKey.READINGS, scenario, population="all", arm=arm, level=level)
            for name in names:
                yield cell.number(name, tallied.counts[level][arm, name])
        table = attrition_table(pd.concat(tallied.steps[level], ignore_index=True), cohort, scenario)
        yield from attrition_rows(Cell(AnalysisKey.READINGS_ATTRITION, scenario, level=level), table, "contrast")
