"""Outcomes computed from others, declared in `cohort.derivations`: each kind after those whose results it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from historical_controls.cohort.derivations.baseline_ratio import ratio_to_baseline
from historical_controls.cohort.derivations.hours_above import hours_above
from historical_controls.cohort.derivations.imputed_ratio import fraction_from_flow, imputed_ratio
from historical_controls.cohort.derivations.paired_ratio import paired_ratio
from historical_controls.cohort.derivations.sofa import NAMES, ORGANS, organ_scores
from historical_controls.cohort.derivations.sofa_rows import failure_rows, organ_rows, total_rows
from historical_controls.cohort.derivations.window_sum import window_sum
from historical_controls.cohort.records.clean_tables import CleanTables
from historical_controls.cohort.records.derived import Derived, computed_rows, nothing_refused, refuse, stacked
from historical_controls.cohort.records.flags import with_flag, without_flag
from historical_controls.cohort.records.intervals import Flags, Integers
from historical_controls.cohort.records.patient_records import PatientRecords, known_after
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.cohort.derivations import (
    Altitude,
    FractionFromFlow,
    HoursAbove,
    ImputedRatio,
    OrganFailures,
    PairedRatio,
    RatioToBaseline,
    Sofa,
    WindowSum,
)
from historical_controls.dictionary.dictionary import Dictionary

CORRECTED = "PB_CORRECTED"
# In this order: prongs give FiO2 for both ratios, and imputed ratios may fill paired ones.
DERIVERS: tuple[tuple[type, Callable[..., Derived]], ...] = (
    (FractionFromFlow, fraction_from_flow),
    (WindowSum, window_sum),
    (ImputedRatio, imputed_ratio),
    (PairedRatio, paired_ratio),
)


def derive_outcomes(tables: CleanTables, cohort: Cohort, dictionary: Dictionary) -> CleanTables:
    """Placed tables whose measurements hold the derived outcomes beside the measured ones, not-done rows dropped.

    `refused` holds the values that gave no derived one. What needs time zero comes later (`derive_after_zero`).
    """
    # A request without a result has no value to derive from.
    out = replace(tables, measurements=tables.measurements[tables.measurements["status"] != "not_done"])
    for kind, derive in DERIVERS:
        for code, rule in _of_kind(cohort, kind):
            out = _replaced(out, code, derive(out, code, rule, dictionary.outcomes[code]))
    # Before SOFA, whose respiratory cuts meet P/F in the declared convention (DV-8).
    out = _at_altitude(out, cohort)
    for code, rule in _of_kind(cohort, Sofa):
        for name, rows in _organ_outcomes(out, code, rule, cohort):
            out = _replaced(out, name, Derived(computed_rows(rows, dictionary.outcomes[name]), nothing_refused()))
    return out


def _of_kind(cohort: Cohort, kind: type) -> Iterator[tuple[str, Any]]:
    return ((code, rule) for code, rule in cohort.derivations.items() if isinstance(rule, kind))


def _replaced(tables: CleanTables, code: str, derived: Derived) -> CleanTables:
    # A value that the file reports would stand beside ours under the same name; the declared derivation replaces it.
    own = (tables.measurements["outcome"] == code).to_numpy()
    others = tables.measurements[~own] if own.any() else tables.measurements
    parts = [part for part in (others, derived.rows) if len(part)] or [others]
    # A derivation may prefer what is reported, which then is among its rows.
    lost = refuse(tables.measurements, code, "reported", own & ~_among(tables.measurements, derived.rows))
    refused = stacked([tables.refused, derived.refused, lost])
    return replace(tables, measurements=pd.concat(parts, ignore_index=True), refused=refused)


def _among(rows: pd.DataFrame, others: pd.DataFrame) -> Flags:
    here, there = (pd.MultiIndex.from_frame(frame[["patient", "file", "line", "item"]]) for frame in (rows, others))
    return here.isin(there)


def _at_altitude(tables: CleanTables, cohort: Cohort) -> CleanTables:
    """Ratios of oxygen pressures in the declared convention (DV-8), flagged where that is not the raw one."""
    factor = cohort.altitude.factor
    if cohort.altitude.convention == "raw":
        return tables
    rows = tables.measurements
    here = rows["outcome"].isin(cohort.altitude.outcomes).to_numpy()
    scaled = {name: rows[name].where(~here, rows[name] * factor) for name in ("value", "lower", "upper")}
    return replace(tables, measurements=rows.assign(**scaled, flags=with_flag(rows["flags"], CORRECTED, here)))


def in_convention(records: PatientRecords, judged: Altitude, altitude: Altitude | None) -> PatientRecords:
    """Records whose ratios of oxygen pressures go from the convention they were judged in to that of `altitude`.

    Rules, SOFA and hours above a limit meet the judged values; what is analysed has one unit in all scenarios, since a
    difference in corrected mmHg does not compare with one in raw mmHg (DV-8). None leaves all as they are.
    """
    if altitude is None or altitude.factor == judged.factor:
        return records
    rows = records.measurements
    here = rows["outcome"].isin(judged.outcomes).to_numpy()
    back = altitude.factor / judged.factor
    scaled = {name: rows[name].where(~here, rows[name] * back) for name in ("value", "lower", "upper")}
    flags = without_flag(rows["flags"], CORRECTED)
    if altitude.convention != "raw":
        flags = with_flag(flags, CORRECTED, here)
    return replace(records, measurements=rows.assign(**scaled, flags=flags))


def _organ_outcomes(tables: CleanTables, code: str, rule: Sofa, cohort: Cohort) -> Iterator[tuple[str, pd.DataFrame]]:
    delays = {organ.outcome: known_after(cohort, organ.outcome, rule.imputed) for organ in ORGANS}
    scores = organ_scores(tables, rule, delays)
    yield code, total_rows(scores, rule)
    for name, failures in _of_kind(cohort, OrganFailures):
        if failures.of == code:
            yield name, failure_rows(scores, rule, failures.cut)
    if rule.components:
        yield from ((f"SOFA_{name}", organ_rows(scores, name)) for name in NAMES)


def derive_after_zero(
    records: PatientRecords, zero: Integers, cohort: Cohort, dictionary: Dictionary
) -> PatientRecords:
    """Records of included patients with the outcomes that count from time zero (`zero`: NEVER for excluded)."""
    made: Mapping[type, Callable[..., Derived]] = {RatioToBaseline: ratio_to_baseline, HoursAbove: hours_above}
    parts, refused = [records.measurements], [records.refused]
    for kind, derive in made.items():
        for code, rule in _of_kind(cohort, kind):
            found = derive(records, zero, cohort, rule, dictionary.outcomes[code])
            # A reported outcome of the same name is replaced, as in `_replaced`.
            parts = [*(part[part["outcome"] != code] for part in parts), found.rows]
            refused.append(found.refused)
    filled = [part for part in parts if len(part)] or parts[:1]
    return replace(records, measurements=pd.concat(filled, ignore_index=True), refused=stacked(refused))
