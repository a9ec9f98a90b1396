"""Measurements of one patient that stand close in time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from historical_controls.cohort.records.intervals import Flags, Integers
from historical_controls.cohort.records.timeline import clock_of


def by_time(frame: pd.DataFrame) -> pd.DataFrame:
    """Sorted by patient and time; ties in one declared order."""
    return frame.sort_values(["patient", "time", "assay", "specimen"], kind="stable", ignore_index=True)


def partners(above: pd.DataFrame, below: pd.DataFrame, width: int, direction: str) -> tuple[Integers, Flags]:
    """Position in `below` of each row's partner within `width` milliseconds, and whether there is one (DV-1).

    Both sorted by patient and time. Nearest in time wins, the earlier one where two are as near.
    """
    if not len(below):
        return np.zeros(len(above), dtype=np.int64), np.zeros(len(above), dtype=bool)
    # One clock for both frames, so that their keys can be compared.
    clock = clock_of(above["time"].to_numpy(), below["time"].to_numpy())
    key = clock.key(below["patient"].to_numpy(), below["time"].to_numpy())
    wanted = clock.key(above["patient"].to_numpy(), above["time"].to_numpy())
    place = np.searchsorted(key, wanted, side="right")
    # Candidates on both sides; at the ends of the frame the index is clipped and `exists` rules it out.
    earlier, later = np.maximum(place - 1, 0), np.minimum(place, len(key) - 1)
    gap_before = _gap(above, below, earlier, place > 0)
    if direction == "before":
        return earlier, gap_before <= width
    gap_after = _gap(above, below, later, place < len(key))
    # Strictly less: of two as near the earlier wins (DV-1).
    return np.where(gap_after < gap_before, later, earlier), np.minimum(gap_before, gap_after) <= width


def _gap(above: pd.DataFrame, below: pd.DataFrame, place: Integers, exists: Flags) -> np.ndarray:
    # The neighbour in the sorted keys may be another patient's record.
    same = below["patient"].to_numpy()[place] == above["patient"].to_numpy()
    gap = np.abs(below["time"].to_numpy()[place] - above["time"].to_numpy()).astype(np.float64)
    return np.where(same & exists, gap, np.inf)


def near(rows: pd.DataFrame, others: pd.DataFrame, width: int, direction: str) -> Flags:
    """Which rows have one of the others within `width` milliseconds (before them, or on either side)."""
    in_order = by_time(rows.reset_index(drop=True).reset_index(names="place"))
    _, found = partners(in_order, by_time(others), width, direction)
    out = np.zeros(len(rows), dtype=bool)
    # Back to the order in which the rows came.
    out[in_order["place"].to_numpy()] = found
    return out


def paired_values(
    above: pd.DataFrame, candidates: list[pd.DataFrame], width: int, direction: str
) -> tuple[np.ndarray, pd.Series, Flags]:
    """Value and flags of each row's partner, and whether there is one; earlier candidates win over later ones.

    `above` is sorted by `by_time`. A row without a partner has nan.
    """
    value, flags = np.full(len(above), np.nan), pd.Series("", above.index, dtype="str")
    found = np.zeros(len(above), dtype=bool)
    for below in map(by_time, candidates):
        place, here = partners(above, below, width, direction)
        # A measured FiO2 within the window wins over an estimated one that is nearer.
        fresh = here & ~found
        value[fresh] = below["value"].to_numpy(np.float64)[place[fresh]]
        flags = flags.mask(fresh, pd.Series(below["flags"].to_numpy()[place] if len(below) else "", above.index))
        found |= fresh
    return value, flags, found


def milliseconds_of(minutes: float) -> int:
    return round(minutes * 60_000)
