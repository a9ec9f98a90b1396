"""What was collected over the last hours, as an amount per 24 h (DV-9)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from historical_controls.cohort.derivations.pairing import by_time
from historical_controls.cohort.records.clean_tables import CleanTables
from historical_controls.cohort.records.derived import Derived, computed_rows, refuse
from historical_controls.cohort.records.timeline import HOUR, clock_of, hours
from historical_controls.config.cohort.derivations import WindowSum
from historical_controls.dictionary.dictionary import Outcome


def window_sum(tables: CleanTables, code: str, rule: WindowSum, outcome: Outcome) -> Derived:
    """Amount per 24 h at each collection, and collections whose window has a gap or starts before the first."""
    measured = tables.measurements
    rows = by_time(measured[(measured["outcome"] == rule.of) & measured["value"].notna()])
    if rows.empty:
        return Derived(computed_rows(_rows(rows, np.array([])), outcome), refuse(rows, code, "", np.array([], bool)))
    patient, time = rows["patient"].to_numpy(np.int64), rows["time"].to_numpy(np.int64)
    clock = clock_of(time, time - hours(rule.hours))
    # The first collection after the window's start began before it, so that its own start is looked up.
    first = np.searchsorted(clock.key(patient, time), clock.key(patient, time - hours(rule.hours)), side="right")
    own = np.concatenate([[True], patient[1:] != patient[:-1]])
    # Nobody knows when a patient's first collection began: 2^40 ms (35 years) exceeds every allowed gap.
    since = np.where(own, np.int64(2**40), np.diff(time, prepend=time[0]))
    unsound = np.concatenate([[0], np.cumsum(since > hours(rule.max_gap_hours))])
    place = np.arange(len(rows))
    # No interval from the first to this collection is too long.
    sound = unsound[place + 1] == unsound[first]
    total = np.concatenate([[0.0], np.cumsum(rows["value"].to_numpy(np.float64))])
    # HOUR is a placeholder that keeps the division finite in rows that `enough` drops.
    covered = np.where(sound, time - time[first] + since[first], HOUR) / HOUR
    amount = (total[place + 1] - total[first]) * 24 / covered
    enough = sound & (covered >= rule.hours)
    found = _rows(rows[enough], amount[enough])
    return Derived(computed_rows(found, outcome), refuse(rows, code, "collection_gap", ~enough))


def _rows(rows: pd.DataFrame, amount: np.ndarray) -> pd.DataFrame:
    flags = rows["flags"].to_numpy()
    return pd.DataFrame(
        {
            "patient": rows["patient"].to_numpy(np.int64),
            "time": rows["time"].to_numpy(np.int64),
            "value": amount,
            "lower": amount,
            "upper": amount,
            "flags": flags,
        }
    )
