"""Suspicions about a source that a person must settle. They are stated with counts, and change no value."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.cleaning.findings.dates import clock_suspects, date_suspects
from historical_controls.cleaning.findings.units import source_shifts, unit_suspects
from historical_controls.cleaning.findings.values import coded_dates, coded_missing, piled_up
from historical_controls.cleaning.ledger.tallies import held_tally, outside_values, value_tally
from historical_controls.config.sources.sources import Source
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.errors import UserError, raise_all
from historical_controls.tables.parquet import conform
from historical_controls.tables.registry import FINDINGS


@dataclass(frozen=True)
class Inspected:
    """Where the tables of a source stand, and those of the others that its distributions are held against."""

    name: str
    measurements: Path
    events: Path
    ledger: Path
    others: dict[str, Path]


def inspect_source(inspected: Inspected, source: Source, dictionary: Dictionary) -> pd.DataFrame:
    """Table findings of one source, in memory bounded by its distinct values."""
    values, held = value_tally(inspected.measurements), held_tally(inspected.ledger)
    outside = outside_values(held)
    others = {name: value_tally(path) for name, path in inspected.others.items()}
    found = [
        *coded_missing(values, outside, held, source),
        *coded_dates(held, source),
        *piled_up(values, dictionary),
        *unit_suspects(values, outside, dictionary),
        *source_shifts(values, others, dictionary),
        *date_suspects(inspected.measurements, inspected.events, held, source),
        *clock_suspects(inspected.ledger),
    ]
    rows = [{"source": inspected.name, **asdict(finding)} for finding in found]
    return conform(pd.DataFrame(rows, columns=list(FINDINGS.names)), FINDINGS)


def stop_where_suspect(findings: pd.DataFrame, source: Source, name: str) -> None:
    """Raises UserErrors naming every suspected unit, where the source declares `on_suspect: stop`."""
    if source.on_suspect == "stop":
        suspect = findings.loc[findings["finding"] == "UNIT_SUSPECT"]
        raise_all(
            UserError(
                f"{row['n']} values of {row['outcome']} in '{row['unit']}' seem a factor {row['factor']:g} away",
                f"config.yaml: sources.{name}.files.{row['file']}",
                f"Confirm or mend the unit: {row['hint']}; or declare 'on_suspect: warn'.",
            )
            for row in suspect.to_dict("records")
        )


def findings_ard(findings: pd.DataFrame, source: str) -> pd.DataFrame:
    """ARD rows 14.1.9: how many suspicions a source has, and each with its numbers."""
    cell = Cell("14.1.9", "primary", "findings", population=source)
    rows = [cell.number("n_findings", len(findings))]
    for row in findings.to_dict("records"):
        value = "" if pd.isna(row["value"]) else f"{row['value']:g}"
        level = " | ".join(part for part in (row["file"], row["unit"], value) if part)
        here = cell.at(method=row["finding"], outcome=row["outcome"], level=level)
        rows.append(here.number("n", row["n"]))
        for name, form in (("share", "percent"), ("factor", "0.0000")):
            if pd.notna(row[name]):
                rows.append(here.number(name, row[name], format=form))
        rows.append(here.text("hint", row["hint"]))
    return ard_frame(rows)
