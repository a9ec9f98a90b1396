"""Findings about a source that a person must settle. They are stated with counts, and change no value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.cleaning.findings.arms import unknown_arms, unread_endings
from historical_controls.cleaning.findings.characteristics import (
    centuries,
    coded_characteristics,
    unit_of_characteristics,
)
from historical_controls.cleaning.findings.dates import clock_suspects, date_suspects
from historical_controls.cleaning.findings.examples import as_sent, example_places
from historical_controls.cleaning.findings.finding import Finding
from historical_controls.cleaning.findings.held import doubtful_files, unread_files
from historical_controls.cleaning.findings.severity import severity
from historical_controls.cleaning.findings.specimens import is_unknown, unknown_comments, unknown_specimens
from historical_controls.cleaning.findings.units import source_shifts, unit_suspects
from historical_controls.cleaning.findings.values import air_beside_values, coded_dates, coded_missing, piled_up
from historical_controls.cleaning.ledger.tallies import (
    held_tally,
    ledger_tally,
    measured_tally,
    numeric,
    outside_values,
)
from historical_controls.config.sources.sources import Source
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.tables.registry import FINDINGS
from historical_controls.tables.schema import conform


@dataclass(frozen=True)
class Inspected:
    """Paths of a source's tables, of its intake by file, and of other sources' measurements to compare with.

    patients: of its table of patients; None where characteristics are not looked at.
    """

    name: str
    measurements: Path
    events: Path
    ledger: Path
    others: Mapping[str, Path]
    intake: Mapping[str, Path] = field(default_factory=dict)
    patients: Path | None = None


def inspect_source(inspected: Inspected, source: Source, dictionary: Dictionary) -> pd.DataFrame:
    """Return table findings of one source, in memory bounded by its distinct values."""
    findings = list(_findings(inspected, source, dictionary))
    tables = {"measurements": inspected.measurements, "ledger": inspected.ledger}
    rows = []
    for finding, places in zip(findings, example_places(findings, tables), strict=True):
        path = inspected.intake.get(finding.file)
        shows = finding.evidence[0].shows if finding.evidence else "value"
        examples = as_sent(places, shows, source.files[finding.file], path) if places and path else ""
        row = {name: value for name, value in asdict(finding).items() if name != "evidence"}
        rows.append({"source": inspected.name, **row, "severity": severity(finding, source), "examples": examples})
    return conform(pd.DataFrame(rows, columns=list(FINDINGS.names)), FINDINGS)


def _findings(inspected: Inspected, source: Source, dictionary: Dictionary) -> Iterator[Finding]:
    measured, tally = measured_tally(inspected.measurements), ledger_tally(inspected.ledger)
    values = numeric(measured)
    held = held_tally(tally)
    outside = outside_values(held)
    # Of a specimen that nobody knows, a value far from those of blood says nothing about the unit.
    known, known_outside = (
        frame.loc[~is_unknown(frame["specimen"], dictionary)].reset_index(drop=True) for frame in (values, outside)
    )
    others = {name: numeric(measured_tally(path)) for name, path in inspected.others.items()}
    orders = list(date_suspects(inspected.measurements, inspected.events, held, source, inspected.intake))
    # Dates read in another order come before or after anything: they say nothing about the clock.
    misdated = {one.file for one in orders if not math.isnan(one.share)}
    suspected = [
        *coded_missing(values, outside, held, source),
        *coded_characteristics(source, dictionary, inspected.intake),
        *coded_dates(held, source),
        *piled_up(values, dictionary),
        *unit_suspects(known, known_outside, dictionary, others),
        *(unit_of_characteristics(inspected.patients, held, source, dictionary) if inspected.patients else ()),
        *unknown_specimens(measured, outside, held, tally, dictionary),
        *source_shifts(values, others, dictionary),
        *air_beside_values(tally, inspected.ledger, source, inspected.intake),
        *centuries(tally),
        *unread_endings(source, inspected.intake),
        *unknown_comments(source, inspected.intake),
        *unknown_arms(inspected.ledger, tally, source),
        *orders,
        *(one for one in clock_suspects(tally) if one.file not in misdated),
    ]
    # Files in doubt come after: what another finding explains is not reported a second time.
    yield from suspected
    yield from doubtful_files(tally, suspected, source)
    yield from unread_files(tally)


def findings_ard(findings: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return ARD rows 14.1.9: how many findings a source has, and each with its numbers."""
    cell = Cell(AnalysisKey.FINDINGS, "primary", population=source)
    rows = [cell.number(Statistic.N_FINDINGS, len(findings))]
    for row in findings.to_dict("records"):
        level = " | ".join(part for part in (row["file"], row["raw_value"], row["unit"]) if part)
        here = cell.at(method=row["finding"], outcome=row["outcome"], level=level)
        rows.append(here.number(Statistic.N_VALUES, row["n"]))
        for name, form in ((Statistic.SHARE, "percent.00"), (Statistic.FACTOR, "0.0000")):
            if pd.notna(row[name]):
                rows.append(here.number(name, row[name], format=form))
        rows.append(here.text(Statistic.HINT, row["hint"]))
    return ard_frame(rows)
