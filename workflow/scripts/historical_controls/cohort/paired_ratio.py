"""A ratio of two measurements close in time: P/F from an arterial PaO2 and the FiO2 set at that time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..config_cohort import PairedRatio
from ..dictionary import Outcome, fold
from .intervals import Flags, Integers
from .timeline import clock_of

REPORTED = "REPORTED"


def paired_ratio(measured: pd.DataFrame, code: str, rule: PairedRatio, outcome: Outcome) -> pd.DataFrame:
    """`measured` without the outcome's own rows, and with the ratios in their place.

    `measured`: done rows of table `measurements` with the columns patient (position) and time (integer). The ratio
    stands at the numerator's time, with its assay, specimen and place in the file. Ratios that the file reports are
    kept, flagged, where none was computed within the pairing window (or all of them win: `prefer_reported`).
    """
    computed = _within_limits(_computed(measured, code, rule, outcome), rule, outcome)
    own = measured["outcome"] == code
    reported = measured[own].assign(flags=_joined(measured.loc[own, "flags"], REPORTED))
    width = _milliseconds(rule)
    if rule.prefer_reported:
        computed = computed[~_near(computed, reported, width)]
    else:
        reported = reported[~_near(reported, computed, width)]
    # A file may report the ratio of a gas whose parts were held back: one row per key stays, the computed one.
    both = pd.concat([computed, reported], ignore_index=True)
    key = ["patient", "time", "assay", "specimen"]
    return pd.concat([measured[~own], both[~both.duplicated(key)]], ignore_index=True)


def _computed(measured: pd.DataFrame, code: str, rule: PairedRatio, outcome: Outcome) -> pd.DataFrame:
    above = _by_time(measured[_numerators(measured, rule)])
    below = _by_time(measured[_denominators(measured, rule)])
    partner, found = partners(above, below, _milliseconds(rule), rule.direction)
    above, below = above[found], below.iloc[partner[found]]
    divisor = below["value"].to_numpy(np.float64)
    return above.assign(
        outcome=code,
        value=above["value"] / divisor,
        lower=above["lower"] / divisor,
        upper=above["upper"] / divisor,
        result=None,
        unit=outcome.unit,
        flags=_union(above["flags"], below["flags"]),
    )


def _numerators(measured: pd.DataFrame, rule: PairedRatio) -> Flags:
    bounded = (measured["lower"].notna() | measured["upper"].notna()).to_numpy()
    here = (measured["outcome"] == rule.numerator).to_numpy() & bounded
    if not rule.numerator_specimen:
        return here
    allowed = {fold(name) for name in rule.numerator_specimen}
    specimens = measured["specimen"].astype(object)
    fits = {name: fold(name) in allowed for name in specimens[here].unique()}
    return here & specimens.map(fits).eq(True).to_numpy()


def _denominators(measured: pd.DataFrame, rule: PairedRatio) -> Flags:
    value = measured["value"].to_numpy(np.float64)
    return (measured["outcome"] == rule.denominator).to_numpy() & (value >= rule.denominator_min) & (value > 0)


def _by_time(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values(["patient", "time", "assay", "specimen"], kind="stable", ignore_index=True)


def partners(above: pd.DataFrame, below: pd.DataFrame, width: int, direction: str) -> tuple[Integers, Flags]:
    """Position in `below` of each numerator's partner within `width` milliseconds, and whether there is one.

    Both sorted by patient and time. Nearest in time wins, the earlier one where two are as near.
    """
    if not len(below):
        return np.zeros(len(above), dtype=np.int64), np.zeros(len(above), dtype=bool)
    clock = clock_of(above["time"].to_numpy(), below["time"].to_numpy())
    key = clock.key(below["patient"].to_numpy(), below["time"].to_numpy())
    wanted = clock.key(above["patient"].to_numpy(), above["time"].to_numpy())
    place = np.searchsorted(key, wanted, side="right")
    earlier, later = np.maximum(place - 1, 0), np.minimum(place, len(key) - 1)
    gap_before = _gap(above, below, earlier, place > 0)
    if direction == "before":
        return earlier, gap_before <= width
    gap_after = _gap(above, below, later, place < len(key))
    return np.where(gap_after < gap_before, later, earlier), np.minimum(gap_before, gap_after) <= width


def _gap(above: pd.DataFrame, below: pd.DataFrame, place: Integers, exists: Flags) -> np.ndarray:
    same = below["patient"].to_numpy()[place] == above["patient"].to_numpy()
    gap = np.abs(below["time"].to_numpy()[place] - above["time"].to_numpy()).astype(np.float64)
    return np.where(same & exists, gap, np.inf)


def _near(rows: pd.DataFrame, others: pd.DataFrame, width: int) -> Flags:
    """Which rows have one of the others within the pairing window."""
    sorted_rows = rows.reset_index(drop=True).reset_index(names="place").pipe(_by_time)
    _, found = partners(sorted_rows, _by_time(others), width, "nearest")
    out = np.zeros(len(rows), dtype=bool)
    out[sorted_rows["place"].to_numpy()] = found
    return out


def _within_limits(ratios: pd.DataFrame, rule: PairedRatio, outcome: Outcome) -> pd.DataFrame:
    """Ratios outside the hard limits are no ratios (a wrong FiO2); outside the warn limits they are flagged."""
    if not rule.limits:
        return ratios
    low, high = ratios["lower"].fillna(-np.inf), ratios["upper"].fillna(np.inf)
    hard = (high < _or(outcome.hard_low, -np.inf)) | (low > _or(outcome.hard_high, np.inf))
    warn = (high < _or(outcome.warn_low, -np.inf)) | (low > _or(outcome.warn_high, np.inf))
    flags = ratios["flags"].where(~warn, _joined(ratios["flags"], "OUT_OF_USUAL"))
    return ratios.assign(flags=flags)[~hard]


def _or(limit: float | None, otherwise: float) -> float:
    return otherwise if limit is None else limit


def _milliseconds(rule: PairedRatio) -> int:
    return round(rule.within_minutes * 60_000)


def _joined(flags: pd.Series, flag: str) -> pd.Series:
    return pd.Series([f"{known};{flag}" if known else flag for known in flags], flags.index, dtype="str")


def _union(first: pd.Series, second: pd.Series) -> np.ndarray:
    pairs = zip(first, second, strict=True)
    joined = [a if a == b or not b else ";".join(sorted({*a.split(";"), *b.split(";")} - {""})) for a, b in pairs]
    return np.array(joined, dtype=object)
