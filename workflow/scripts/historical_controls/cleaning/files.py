"""One file's rows through cleaning: every record gets a fate, and the counts must add up."""

from __future__ import annotations

import pandas as pd

from ..config import Study
from ..config_sources import (
    AnyPart,
    EventRows,
    LongMeasurements,
    PatientRows,
    Source,
    SourceFile,
    TreatmentRows,
    WideMeasurements,
)
from ..dictionary import Dictionary
from ..table_io import Table, conform
from ..tables import EVENTS_RAW, LEDGER, MEASUREMENTS_RAW, PATIENTS_RAW, TREATMENTS_RAW
from .courses import event_rows, treatment_rows
from .measurements import clean_measurements
from .outputs import CleanedFile
from .persons import characteristics, dated_events
from .records import selected
from .times import Calendar
from .unfolding import unfold_long, unfold_wide

# Lines that the declaration itself sets aside; any other line that is no row of columns is held.
SET_ASIDE = {"FOOTER", "BLANK_LINE", "ABOVE_HEADER"}
STORED: dict[str, Table] = {
    "patients": PATIENTS_RAW,
    "measurements": MEASUREMENTS_RAW,
    "events": EVENTS_RAW,
    "treatments": TREATMENTS_RAW,
}


class LostRecordError(Exception):
    """A record or line left cleaning without a fate: a bug of the program."""


def clean_file(
    raw: pd.DataFrame, source_name: str, file_name: str, source: Source, study: Study, dictionary: Dictionary
) -> CleanedFile:
    """Tables *_raw and the ledger of one file (raw: table intake).

    Raises LostRecordError where a line or record would be lost.
    """
    file = source.files[file_name]
    calendar = Calendar(source.timezone, study.first_date, study.data_lock)
    rows = raw.loc[raw["problem"].isna()]
    records = [
        (name, frame.assign(source=source_name, file=file_name))
        for part in file.parts
        for name, frame in _part_records(selected(rows, part.where), part, file, calendar, dictionary)
        if len(frame)
    ]
    tables = {name: _stored(name, table, records) for name, table in STORED.items()}
    ledger = _ledger(raw, records, source_name, file_name)
    _check_nothing_lost(raw, ledger, tables)
    return CleanedFile(**tables, ledger=ledger)


def _part_records(
    rows: pd.DataFrame, part: AnyPart, file: SourceFile, calendar: Calendar, dictionary: Dictionary
) -> list[tuple[str, pd.DataFrame]]:
    """(table, records) of one part."""
    match part:
        case LongMeasurements():
            return [("measurements", _measured(unfold_long(rows, part, calendar), file, dictionary))]
        case WideMeasurements():
            return [("measurements", _measured(unfold_wide(rows, part, calendar), file, dictionary))]
        case PatientRows():
            people = characteristics(rows, part, file, dictionary)
            return [("patients", people), ("events", dated_events(rows, part, calendar))]
        case EventRows():
            return [("events", event_rows(rows, part, calendar))]
        case TreatmentRows():
            return [("treatments", treatment_rows(rows, part, file, calendar))]


def _measured(records: pd.DataFrame, file: SourceFile, dictionary: Dictionary) -> pd.DataFrame:
    records = records.assign(fate="clean", reason="", hint=None)
    return (
        clean_measurements(records, file, dictionary).assign(outcome=lambda r: r["code"]) if len(records) else records
    )


def _stored(name: str, table: Table, records: list[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    """The clean records of one table."""
    frames = [
        frame.loc[frame["fate"] == "clean"].reindex(columns=list(table.names)) for n, frame in records if n == name
    ]
    filled = [frame for frame in frames if len(frame)]
    return conform(pd.concat(filled, ignore_index=True), table) if filled else table.empty()


def _ledger(
    raw: pd.DataFrame, records: list[tuple[str, pd.DataFrame]], source_name: str, file_name: str
) -> pd.DataFrame:
    frames = [_ledger_rows(name, frame) for name, frame in records]
    seen = pd.concat(frames)["line"] if frames else pd.Series(dtype="int64")
    frames.append(_silent_lines(raw.loc[~raw["line"].isin(seen)]))
    ledger = pd.concat([frame for frame in frames if len(frame)] or [LEDGER.empty()], ignore_index=True)
    return conform(ledger.assign(source=source_name, file=file_name), LEDGER)


def _ledger_rows(name: str, records: pd.DataFrame) -> pd.DataFrame:
    analyte = {
        "measurements": lambda r: r["code"].where(r["code"] != "", r["analyte"]),
        "patients": lambda r: r["characteristic"],
        "events": lambda r: r["event"],
        "treatments": lambda r: r["treatment"],
    }[name](records)
    clean = records["fate"] == "clean"
    kept = records[["line", "item", "subject", "fate", "reason", "hint"]]
    return kept.assign(table=name, analyte=analyte.fillna(""), raw_value=records["raw_value"].mask(clean, None))


def _silent_lines(rows: pd.DataFrame) -> pd.DataFrame:
    """Lines that no record came from: set aside by the declaration, broken, or holding nothing that is read."""
    reason = rows["problem"].fillna("NOTHING_READ")
    broken = ~reason.isin([*SET_ASIDE, "NOTHING_READ"])
    return pd.DataFrame(
        {
            "line": rows["line"],
            "item": "",
            "table": "",
            "subject": "",
            "analyte": "",
            "fate": pd.Series("ignored", index=rows.index).mask(broken, "quarantined"),
            "reason": reason,
            "raw_value": rows["text"],
            "hint": pd.Series(None, index=rows.index, dtype=object).mask(broken, "not as many cells as the header"),
        }
    )


def _check_nothing_lost(raw: pd.DataFrame, ledger: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> None:
    lost = set(raw["line"]) - set(ledger["line"])
    if lost:
        raise LostRecordError(f"{len(lost)} lines have no fate, first {min(lost)}")
    for name, table in tables.items():
        clean = int(((ledger["table"] == name) & (ledger["fate"] == "clean")).sum())
        if clean != len(table):
            raise LostRecordError(f"{name}: {clean} clean records in the ledger, {len(table)} rows")
