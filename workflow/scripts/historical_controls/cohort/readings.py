"""How many would be eligible under each reading of the registry's text: rules judged once, readings combined."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd

from ..ard import Cell, ard_frame
from ..config_cohort import Cohort
from .intervals import Flags, Integers
from .kleene import FALSE, TRUE, UNKNOWN, States, kleene_and
from .records import Records
from .rules import Memo, judge_rules
from .stays import candidate_moments
from .time_zero import Decisions, draw_waits, event_times, filters_of, moments_at, restricted, treated_waits
from .timeline import NEVER, Moments

DECLARED = "declared"
COUNTS = {
    "treated": ("n_subjects", "n_pass", "n_unknown", "n_fail"),
    "historical": ("n_subjects", "n_ever", "n_unknown", "n_never", "n_included"),
}


@dataclass(frozen=True)
class Grid:
    """The cohort under each set of picks, by level: 'declared', 'persistence=any', 'persistence=any+ards=altitude'."""

    cohorts: Mapping[str, Cohort]

    def judged(self, level: str, moments: Moments, records: Records, arm: str, memo: Memo) -> States:
        """All filters of one level together, at every moment."""
        cohort = self.cohorts[level]
        states = judge_rules(cohort.rules, moments, records, memo)
        filters = filters_of(cohort, arm)
        return kleene_and([states[name] for name in filters]) if filters else np.full(len(moments), TRUE)


def grid_of(cohort: Cohort) -> Grid:
    """As declared, every option by itself, and every combination of the declared products."""
    picked = cohort.picked()
    levels: dict[str, dict[str, str]] = {DECLARED: {}}
    levels |= {f"{name}={option}": {name: option} for name, option in cohort.options() if picked[name] != option}
    for names in cohort.reading_products:
        for options in product(*(cohort.readings[name].options for name in names)):
            picks = dict(zip(names, options, strict=True))
            levels["+".join(f"{name}={option}" for name, option in picks.items())] = picks
    return Grid({level: cohort.as_read(picks) for level, picks in levels.items()})


@dataclass
class Tally:
    """Counts by (level, arm, what), and the waits of the treated by level."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    zeros: list[int] = field(default_factory=list)

    def add(self, level: str, arm: str, numbers: Mapping[str, int]) -> None:
        for name, number in numbers.items():
            self.counts[level, arm, name] += number


def count_readings(treated: Iterable[Records], historical: Iterable[Records], cohort: Cohort, seed: int) -> Tally:
    """Treated who meet all filters at time zero; controls who ever do, and who are still in after the wait.

    Unknown: not eligible, but for lack of data alone. Groups of records may come one by one.
    """
    grid, tally = grid_of(cohort), Tally()
    for records in treated:
        _count_treated(records, grid, tally)
    for records in historical:
        _count_controls(records, grid, tally, seed)
    return tally


def _count_treated(records: Records, grid: Grid, tally: Tally) -> None:
    memo: Memo = {}
    memo_at_zero: Memo = {}
    event = event_times(records, grid.cohorts[DECLARED].time_zero.treated)
    at_zero = moments_at(event)
    hours = grid.cohorts[DECLARED].time_zero.standard_care_hours
    moments = candidate_moments(records.stays, hours, until=event)
    tally.zeros += [int(time) for time in event[event != NEVER]]
    for level, cohort in grid.cohorts.items():
        joint = grid.judged(level, at_zero, records, "treated", memo_at_zero)
        states = {name: int((joint == state).sum()) for name, state in _STATES.items()}
        tally.add(level, "treated", {"n_subjects": len(at_zero), **states})
        first, _ = _first_and_open(moments, grid.judged(level, moments, records, "treated", memo), len(records))
        tally.waits[level] += treated_waits(records, _bare(event, first), cohort)


_STATES = {"n_pass": TRUE, "n_unknown": UNKNOWN, "n_fail": FALSE}


def _bare(zero: Integers, first: Integers) -> Decisions:
    nobody = np.zeros(len(zero), dtype=bool)
    return Decisions(zero, zero, np.where(zero == NEVER, "time_zero", "").astype(object), nobody, {}, first)


def _first_and_open(moments: Moments, joint: States, count: int) -> tuple[Integers, Flags]:
    """First hour at which all filters hold, and whether some hour left it open."""
    first = np.full(count, NEVER)
    true = joint == TRUE
    np.minimum.at(first, moments.patient[true], moments.time[true])
    undecided = np.bincount(moments.patient[joint == UNKNOWN], minlength=count) > 0
    return first, undecided


def _count_controls(records: Records, grid: Grid, tally: Tally, seed: int) -> None:
    memo: Memo = {}
    zero = grid.cohorts[DECLARED].time_zero
    if zero.historical == "event":
        moments = moments_at(event_times(records, zero.historical_event or ""))
    else:
        moments = candidate_moments(records.stays, zero.standard_care_hours)
    for level, cohort in grid.cohorts.items():
        joint = grid.judged(level, moments, records, "historical", memo)
        first, undecided = _first_and_open(moments, joint, len(records))
        ever = first != NEVER
        tally.add(
            level,
            "historical",
            {
                "n_subjects": len(records),
                "n_ever": int(ever.sum()),
                "n_unknown": int((undecided & ~ever).sum()),
                "n_never": int((~undecided & ~ever).sum()),
                "n_included": _included(records, cohort, first, grid, level, tally, seed),
            },
        )


def _included(
    records: Records, cohort: Cohort, first: Integers, grid: Grid, level: str, tally: Tally, seed: int
) -> int:
    """Controls left after the wait and the declared restrictions."""
    at = first
    if cohort.time_zero.historical != "event" and cohort.time_zero.match_waits:
        wait = draw_waits(records.people, sorted(tally.waits[level]), seed, cohort.time_zero.wait_draw)
        at = np.where(first == NEVER, NEVER, first + wait)
        moments = moments_at(at)
        stayed = records.stays.present(moments) & (grid.judged(level, moments, records, "historical", {}) == TRUE)
        at[moments.patient[~stayed]] = NEVER
    window = (min(tally.zeros), max(tally.zeros)) if tally.zeros else None
    return int((restricted(_bare(at, first), records, cohort, window).excluded_by == "").sum())


def readings_ard(tally: Tally, cohort: Cohort, scenario: str) -> pd.DataFrame:
    """Rows of output 14.1.3 (analysis 'readings'), one level per set of readings."""
    return ard_frame(_rows(tally, cohort, scenario))


def _rows(tally: Tally, cohort: Cohort, scenario: str) -> Iterator[dict[str, object]]:
    for level in grid_of(cohort).cohorts:
        for arm, names in COUNTS.items():
            cell = Cell("14.1.3", scenario, "readings", population="all", arm=arm, level=level)
            for name in names:
                yield cell.number(name, tally.counts[level, arm, name])
