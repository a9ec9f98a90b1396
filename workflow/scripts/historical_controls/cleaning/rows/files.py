"""One file's rows through cleaning: every record gets a fate, and the counts must add up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from historical_controls.cleaning.cells.times import Calendar
from historical_controls.cleaning.ledger.resolutions import (
    FileDecisions,
    check_needed,
    corrected,
    marked,
    of_this_arm,
    released_reasons,
    with_released,
)
from historical_controls.cleaning.records.columns import CELL, filled_down
from historical_controls.cleaning.records.distinct import coded_by_pair
from historical_controls.cleaning.records.outputs import FILE_TABLES, CleanedFile
from historical_controls.cleaning.records.records import SET_ASIDE, selected
from historical_controls.cleaning.rows.alike import Known
from historical_controls.cleaning.rows.arms import (
    OTHER_ARM,
    UNKNOWN_ARM,
    lines_of_other_arm,
    with_arms_told,
    without_arm,
)
from historical_controls.cleaning.rows.courses import event_rows, treatment_rows
from historical_controls.cleaning.rows.measurements import clean_measurements
from historical_controls.cleaning.rows.persons import characteristics, dated_events
from historical_controls.cleaning.rows.unfolding import unfold_long, unfold_wide
from historical_controls.config.reading.arm_column import name_of_both_arms
from historical_controls.config.sources.parts import (
    AnyPart,
    EventRows,
    LongMeasurements,
    PatientRows,
    TreatmentRows,
    WideMeasurements,
)
from historical_controls.config.sources.sources import Source, SourceFile
from historical_controls.config.study import RecordDates
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.tables.coded import constant, plain, stacked
from historical_controls.tables.registry import (
    EVENTS_RAW,
    LEDGER,
    MEASUREMENTS_RAW,
    PATIENTS_RAW,
    RESOLUTIONS,
    TREATMENTS_RAW,
)
from historical_controls.tables.schema import Table, conform

STORED: dict[str, Table] = {
    "patients": PATIENTS_RAW,
    "measurements": MEASUREMENTS_RAW,
    "events": EVENTS_RAW,
    "treatments": TREATMENTS_RAW,
}
ANALYTE = {"measurements": "code", "patients": "characteristic", "events": "event", "treatments": "treatment"}


@dataclass(frozen=True)
class FileInputs:
    """What cleaning needs to know of a file besides its rows.

    decisions: see `read_resolutions`; known: what became of the contents of its rows so far (see alike.py).
    """

    source_name: str
    file_name: str
    source: Source
    study: RecordDates
    dictionary: Dictionary
    decisions: pd.DataFrame | None = None
    known: Known = field(default_factory=Known, compare=False)

    @property
    def file(self) -> SourceFile:
        """Return the declaration of the file."""
        return self.source.files[self.file_name]

    @property
    def calendar(self) -> Calendar:
        """Return the file's time zone and the dates of the study."""
        zone = self.file.timezone or self.source.timezone
        dates = self.study.first_date, self.study.data_lock
        return Calendar(zone, *dates, self.source.timezone, self.file.decimal)


class LostRecordError(Exception):
    """A record or line without a fate: a bug of the program."""


def clean_file(raw: pd.DataFrame, inputs: FileInputs) -> CleanedFile:
    """Return tables *_raw, ledger and resolutions of one file (raw: table intake).

    Raises LostRecordError if a line or record has no fate, UserError(s) as `clean_blocks` does.
    """
    (cleaned,) = clean_blocks([raw], inputs)
    return CleanedFile(**{name: plain(getattr(cleaned, name)) for name in FILE_TABLES})


def clean_blocks(blocks: Iterable[pd.DataFrame], inputs: FileInputs) -> Iterator[CleanedFile]:
    """Yield the same as `clean_file`, block by block of a file's lines (consecutive pieces of table intake).

    Texts of measurements and of the ledger may be categories (tables/coded.py).

    Raises UserError(s) for decisions on rows that the file does not have.
    """
    decisions = FileDecisions(
        inputs.decisions, inputs.source_name, inputs.file_name, name_of_both_arms(inputs.source_name, inputs.source)
    )
    above: dict[str, str] = {}
    for sent in _whole_samples(blocks, inputs.file):
        decided = decisions.on_lines(sent)
        raw = corrected(sent, decided)
        elsewhere = lines_of_other_arm(sent, inputs.source.arm, inputs.file) if len(decided) else set()
        ids = {name: filled_down(raw, name, above.get(name, "")) for name in _filled_columns(inputs.file)}
        # `corrected` gives the block itself where it has nothing to correct.
        if raw is not sent:
            _check_corrections(sent, above, inputs, of_this_arm(decided, elsewhere))
            # A corrected arm may bring a row here.
            elsewhere &= lines_of_other_arm(raw, inputs.source.arm, inputs.file)
        yield clean_block(raw, ids, inputs, of_this_arm(decided, elsewhere))
        above = {name: str(filled.iloc[-1]) for name, filled in ids.items()} if len(raw) else above
    decisions.check_all_located()


def _whole_samples(blocks: Iterable[pd.DataFrame], file: SourceFile) -> Iterable[pd.DataFrame]:
    """Give a file in one piece where rows speak for other rows of their sample: a sample may lie across two pieces."""
    if any(isinstance(part, LongMeasurements) and part.specimen_rows for part in file.parts):
        return [pd.concat(list(blocks), ignore_index=True)]
    return blocks


def _check_corrections(
    sent: pd.DataFrame, above: Mapping[str, str], inputs: FileInputs, resolved: pd.DataFrame
) -> None:
    """Corrected rows, cleaned as sent, must be held: nobody changes a clean row here."""
    rows = sent.loc[sent["line"].isin(resolved["line"])]
    # Ids are filled down over the whole block before the rows in question are taken.
    ids = {name: filled_down(sent, name, above.get(name, ""))[rows.index] for name in _filled_columns(inputs.file)}
    check_needed(clean_block(rows, ids, inputs, RESOLUTIONS.empty()).ledger, resolved)


def clean_block(
    raw: pd.DataFrame, ids: Mapping[str, pd.Series], inputs: FileInputs, resolved: pd.DataFrame
) -> CleanedFile:
    """Return one block of lines cleaned.

    ids: columns of patient ids that are filled down, by name, for all its lines; resolved: table resolutions.
    """
    raw = with_arms_told(raw, inputs.source.arm, inputs.file)
    unfolded = [
        pair
        for part in inputs.file.parts
        for pair in _part_records(_part_rows(raw, ids, part, inputs.file), part, inputs, resolved)
    ]
    records = [
        (name, marked(_named(frame, inputs), resolved))
        for name, frame in _with_own_items([(name, frame) for name, frame in unfolded if len(frame)])
    ]
    tables = {name: _stored(name, table, records) for name, table in STORED.items()}
    ledger = _ledger(raw, records, inputs)
    _check_nothing_lost(raw, ledger, tables)
    return CleanedFile(**tables, ledger=ledger, resolutions=resolved)


def _named(records: pd.DataFrame, inputs: FileInputs) -> pd.DataFrame:
    index = records.index
    return records.assign(source=constant(inputs.source_name, index), file=constant(inputs.file_name, index))


def _filled_columns(file: SourceFile) -> list[str]:
    return list(dict.fromkeys(part.subject for part in file.parts if part.fill_down_subject))


def _part_rows(raw: pd.DataFrame, ids: Mapping[str, pd.Series], part: AnyPart, file: SourceFile) -> pd.DataFrame:
    """The rows that a part reads. Ids are filled down before rows are selected: the id may stand on one of another
    part."""
    good = raw["problem"].isna()
    rows = raw.loc[good]
    if part.fill_down_subject:
        rows = rows.assign(**{CELL + part.subject: ids[part.subject][good]})
    return selected(rows, part.where, file)


def _part_records(
    rows: pd.DataFrame, part: AnyPart, inputs: FileInputs, resolved: pd.DataFrame
) -> Iterator[tuple[str, pd.DataFrame]]:
    """(table, records) of one part."""
    file, calendar, dictionary = inputs.file, inputs.calendar, inputs.dictionary
    if rows.empty:
        return
    match part:
        case LongMeasurements():
            yield "measurements", _measured(unfold_long(rows, part, file, calendar), inputs, resolved)
        case WideMeasurements():
            yield "measurements", _measured(unfold_wide(rows, part, file, calendar, dictionary), inputs, resolved)
        case PatientRows():
            yield "patients", with_released(characteristics(rows, part, file, calendar, dictionary), resolved)
            yield "events", with_released(dated_events(rows, part, file, calendar), resolved)
        case EventRows():
            yield "events", with_released(event_rows(rows, part, file, calendar, dictionary.events), resolved)
        case TreatmentRows():
            yield "treatments", with_released(treatment_rows(rows, part, file, calendar), resolved)


def _measured(records: pd.DataFrame, inputs: FileInputs, resolved: pd.DataFrame) -> pd.DataFrame:
    if records.empty:
        return records
    if not resolved.empty:
        records = records.assign(released=released_reasons(records, resolved))
    cleaned = clean_measurements(records, inputs.file, inputs.calendar, inputs.dictionary, inputs.known)
    return cleaned.assign(outcome=cleaned["code"])


def _with_own_items(records: list[tuple[str, pd.DataFrame]]) -> list[tuple[str, pd.DataFrame]]:
    """Records of one line that several declarations read from the same column are told apart by a number."""
    # A part reads one record from a column of a line; only dates may be read for several events.
    if len(records) < 2 and not any(name == "events" for name, _ in records):
        return records
    keys = pd.concat([frame[["line", "item"]] for _, frame in records], ignore_index=True)
    # Numbered in the order of the declaration: the first keeps the plain name.
    number = keys.groupby(["line", "item"], sort=False).cumcount() + 1
    items = keys["item"].mask(number > 1, keys["item"] + "#" + number.astype("str"))
    ends = np.cumsum([len(frame) for _, frame in records])
    return [
        (name, frame.assign(item=items.iloc[end - len(frame) : end].to_numpy()))
        for (name, frame), end in zip(records, ends, strict=True)
    ]


def _stored(name: str, table: Table, records: list[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    """The clean records of one table."""
    frames = [_clean_rows(frame, table) for n, frame in records if n == name]
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return table.empty()
    return conform(stacked(filled), table, coded=True)


def _clean_rows(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    clean = frame["fate"] == "clean"
    there = [name for name in table.names if name in frame.columns]
    # Columns are chosen before rows: the others would be copied for nothing.
    own = frame[there] if clean.all() else frame.loc[clean.to_numpy(), there]
    return own if len(there) == len(table.names) else own.reindex(columns=list(table.names))


def _ledger(raw: pd.DataFrame, records: list[tuple[str, pd.DataFrame]], inputs: FileInputs) -> pd.DataFrame:
    frames = [_ledger_rows(name, frame) for name, frame in records]
    # Lines that no record came from are named one by one, or lines could be lost unseen.
    silent = np.ones(len(raw), dtype=bool)
    for frame in frames:
        silent &= ~np.isin(raw["line"], frame["line"])
    frames.append(_silent_lines(raw.loc[silent], inputs.file))
    ledger = stacked([frame for frame in frames if len(frame)] or [LEDGER.empty().drop(columns=["source", "file"])])
    return conform(_named(ledger, inputs), LEDGER, coded=True)


def _ledger_rows(name: str, records: pd.DataFrame) -> pd.DataFrame:
    analyte = records[ANALYTE[name]]
    if name == "measurements":
        # A name that has no code is listed as it was sent, so that it can be declared.
        analyte = coded_by_pair(analyte, records["analyte"], lambda code, sent: code or sent)
    clean = records["fate"] == "clean"
    kept = records[["line", "item", "subject", "fate", "reason", "hint"]]
    # The cell of a clean record is kept with the record.
    raw_value = records["raw_value"].mask(clean, None)
    return kept.assign(table=constant(name, records.index), analyte=analyte, raw_value=raw_value)


def _silent_lines(rows: pd.DataFrame, file: SourceFile) -> pd.DataFrame:
    """Lines that no record came from: set aside by the declaration, broken, or holding nothing that is read."""
    reason = rows["problem"].fillna("NOTHING_READ")
    held = ~reason.isin([*SET_ASIDE, "NOTHING_READ", OTHER_ARM])
    hint = pd.Series(None, index=rows.index, dtype="str").mask(held, "not as many cells as the header")
    return pd.DataFrame(
        {
            "line": rows["line"],
            "item": "",
            "table": "",
            "subject": "",
            "analyte": "",
            "fate": pd.Series("ignored", index=rows.index).mask(held, "quarantined"),
            "reason": reason,
            "raw_value": rows["text"],
            "hint": without_arm(hint, rows["text"], reason == UNKNOWN_ARM, file),
        }
    )


def _check_nothing_lost(raw: pd.DataFrame, ledger: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> None:
    lost = raw.loc[~np.isin(raw["line"], ledger["line"]), "line"]
    if len(lost):
        raise LostRecordError(f"{len(lost)} lines have no fate, first {lost.min()}")
    for name, table in tables.items():
        clean = int(((ledger["table"] == name) & (ledger["fate"] == "clean")).sum())
        if clean != len(table):
            raise LostRecordError(f"{name}: {clean} clean records in the ledger, {len(table)} rows")
