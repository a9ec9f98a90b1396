"""A ratio of two measurements close in time: P/F from an arterial PaO2 and the FiO2 set at that time (DV-1, DV-2)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from historical_controls.cohort.derivations.pairing import by_time, milliseconds_of, near, paired_values
from historical_controls.cohort.records.clean_tables import CleanTables
from historical_controls.cohort.records.derived import Derived, refuse, stacked
from historical_controls.cohort.records.flags import has_any, union, with_flag
from historical_controls.cohort.records.intervals import Flags
from historical_controls.cohort.records.support import runs_at
from historical_controls.config.cohort.derivations import PairedRatio
from historical_controls.dictionary.dictionary import Outcome
from historical_controls.dictionary.folding import fold

REPORTED = "REPORTED"
ROOM_AIR = 0.21


def paired_ratio(tables: CleanTables, code: str, rule: PairedRatio, outcome: Outcome) -> Derived:
    """Ratios of one outcome, those that the file reports included, and the numerators that gave none.

    `tables`: placed tables of done measurements. The ratio stands at the numerator's time, with its assay, specimen
    and place in the file. Ratios that the file reports are kept, flagged, where none was computed within the pairing
    window (or all of them win: `prefer_reported`).
    """
    measured = tables.measurements
    computed, refused = _computed(tables, code, rule, outcome)
    own = measured[measured["outcome"] == code]
    reported = own.assign(flags=with_flag(own["flags"], REPORTED))
    width = milliseconds_of(rule.within_minutes)
    if rule.prefer_reported:
        computed = computed[~near(computed, reported, width, rule.direction)]
    else:
        reported = reported[~near(reported, computed, width, rule.direction)]
    # A file may report the ratio of a gas whose parts were held back: one row per key stays, the computed one.
    both = pd.concat([computed, reported], ignore_index=True)
    both = both[~both.duplicated(["patient", "time", "assay", "specimen"])]
    return Derived(_filled(both, measured, code, rule, width), refused)


def _filled(own: pd.DataFrame, measured: pd.DataFrame, code: str, rule: PairedRatio, width: int) -> pd.DataFrame:
    """With imputed ratios where no own one stands in the window before: a later one was not known then."""
    if rule.filled_from is None:
        return own
    imputed = measured[measured["outcome"] == rule.filled_from].assign(outcome=code)
    return pd.concat([own, imputed[~near(imputed, own, width, "before")]], ignore_index=True)


def _computed(tables: CleanTables, code: str, rule: PairedRatio, outcome: Outcome) -> tuple[pd.DataFrame, pd.DataFrame]:
    above, refused = _numerators(tables.measurements, code, rule, outcome)
    above = by_time(above)
    width = milliseconds_of(rule.within_minutes)
    paired = paired_values(above, _denominators(tables.measurements, rule), width, rule.direction)
    divisor, flags, found = _room_air(tables, rule, above, paired)
    # Refused by the numerator: a PaO2 is what a reader would look for.
    refused.append(refuse(above, code, "no_partner", ~found))
    ratios = above.assign(
        outcome=code,
        value=above["value"] / divisor,
        lower=above["lower"] / divisor,
        upper=above["upper"] / divisor,
        result=None,
        unit=outcome.unit,
        flags=union(above["flags"], flags),
    )
    ratios, above = ratios[found], above[found]
    if not rule.limits:
        return ratios, stacked(refused)
    kept, usual = within(ratios, outcome)
    shown = ratios["value"].fillna(ratios["lower"]).fillna(ratios["upper"])
    refused.append(refuse(above, code, "outside_limits", ~kept, shown))
    flagged = ratios.assign(flags=with_flag(ratios["flags"], "OUT_OF_USUAL", ~usual))
    return flagged[kept], stacked(refused)


def _numerators(
    measured: pd.DataFrame, code: str, rule: PairedRatio, outcome: Outcome
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Numerators that may give a ratio, and those that may not: another specimen, or a refused flag.

    Without declared specimens those of the ratio itself (outcomes.csv) count, and numerators that state none.
    """
    bounded = measured["lower"].notna() | measured["upper"].notna()
    rows = measured[(measured["outcome"] == rule.numerator) & bounded]
    allowed = {fold(name) for name in rule.numerator_specimen or (*outcome.specimens, "")}
    specimens = rows["specimen"].astype(object)
    anything = not rule.numerator_specimen and not outcome.specimens
    fits = {name: anything or fold(name) in allowed for name in specimens.unique()}
    fitting = specimens.map(fits).eq(True).to_numpy()
    flagged = fitting & has_any(rows["flags"], rule.numerator_flags_refused)
    refused = [refuse(rows, code, "other_specimen", ~fitting), refuse(rows, code, "flag_refused", flagged)]
    return rows[fitting & ~flagged], refused


def _denominators(measured: pd.DataFrame, rule: PairedRatio) -> list[pd.DataFrame]:
    value = measured["value"].to_numpy(np.float64)
    # A censored FiO2 has no `value`, which compares false: no partner.
    usable = (value >= rule.denominator_min) & (value > 0)
    outcome = measured["outcome"].to_numpy()
    return [measured[usable & (outcome == code)] for code in (rule.denominator, *rule.estimated_denominators)]


def _room_air(
    tables: CleanTables, rule: PairedRatio, above: pd.DataFrame, paired: tuple[np.ndarray, pd.Series, Flags]
) -> tuple[np.ndarray, pd.Series, Flags]:
    """Pairs of `paired_values`, numerators without a partner divided by room air's fraction where that is declared."""
    if rule.room_air is None:
        return paired
    divisor, flags, found = paired
    patient, time = above["patient"].to_numpy(np.int64), above["time"].to_numpy(np.int64)
    air = ~found & ~runs_at(tables.treatments, rule.room_air, patient, time)
    return np.where(air, ROOM_AIR, divisor), flags.mask(air, "FIO2_ROOM_AIR"), found | air


def within(ratios: pd.DataFrame, outcome: Outcome) -> tuple[Flags, Flags]:
    """Which ratios lie within the hard limits (others are a wrong FiO2), and which within the usual ones."""
    low, high = ratios["lower"].fillna(-np.inf), ratios["upper"].fillna(np.inf)
    # By bounds: a censored ratio is refused only where no value that it can have is possible.
    hard = (high >= _or(outcome.hard_low, -np.inf)) & (low <= _or(outcome.hard_high, np.inf))
    usual = (high >= _or(outcome.warn_low, -np.inf)) & (low <= _or(outcome.warn_high, np.inf))
    return hard.to_numpy(), usual.to_numpy()


def _or(limit: float | None, otherwise: float) -> float:
    return otherwise if limit is None else limit
