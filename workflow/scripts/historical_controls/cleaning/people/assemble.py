"""The files of one source joined: ids linked, relative times anchored, duplicates and conflicts settled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from historical_controls.cleaning.cells.times import Moments, precedes
from historical_controls.cleaning.ledger.resolutions import check_used, with_exclusions
from historical_controls.cleaning.people.anchors import (
    anchored,
    anchored_events,
    epoch_events,
    first_lines,
    with_epoch_events,
)
from historical_controls.cleaning.people.duplicates import (
    decide_characteristics,
    decide_events,
    decide_measurements,
    decide_treatments,
)
from historical_controls.cleaning.people.identity import hold_hints
from historical_controls.cleaning.people.patient_checks import check_patients
from historical_controls.cleaning.records.distinct import by_distinct
from historical_controls.cleaning.records.outputs import CleanedFile, CleanSource
from historical_controls.cleaning.records.records import RECORD_KEY, decide, undecided, with_flag
from historical_controls.cleaning.rows.files import LostRecordError
from historical_controls.config.sources.sources import Source
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.tables.coded import is_coded, mapped, plain, texts_replaced
from historical_controls.tables.registry import EVENTS, MEASUREMENTS, PATIENTS, TREATMENTS
from historical_controls.tables.schema import Table, conform

TABLES = ("patients", "measurements", "events", "treatments")
DECIDED = ("fate", "reason", "raw_value", "hint")


@dataclass(frozen=True)
class SourceInputs:
    """What joining needs to know of a source besides its records."""

    name: str
    source: Source
    dictionary: Dictionary


def assemble_source(files: list[CleanedFile], people: pd.DataFrame, inputs: SourceInputs) -> CleanSource:
    """Return the clean tables and the final ledger of one source (people: table people of all sources).

    Raises LostRecordError if the ledger and the tables disagree.
    """
    ids = people.loc[people["source"] == inputs.name]
    stacked = {f.name: _stack([getattr(file, f.name) for file in files]) for f in fields(CleanedFile)}
    records = assemble_batch({name: stacked[name] for name in TABLES}, ids, inputs)
    ledger = with_exclusions(final_ledger(stacked["ledger"], changes(records)), stacked["resolutions"])
    check_used(ledger, stacked["resolutions"])
    clean = clean_records(records)
    check_counts(clean_counts(ledger), {name: len(frame) for name, frame in clean.items()})
    planted = epoch_events(first_lines([stacked["ledger"]], ids), inputs.name, inputs.source)
    tables = clean_tables(clean, planted)
    patients = people_table(clean["patients"], ids, contradicted(records), inputs)
    return CleanSource(patients=patients, **tables, ledger=ledger)


def assemble_batch(
    records: dict[str, pd.DataFrame], ids: pd.DataFrame, inputs: SourceInputs
) -> dict[str, pd.DataFrame]:
    """Return all records of some patients with columns patient_id, fate, reason and hint decided.

    records: tables *_raw by name; ids: table people of the source. No decision here depends on another patient, so a
    source may be assembled in as many batches as memory requires.
    """
    source, dictionary = inputs.source, inputs.dictionary
    hints = hold_hints(ids)
    records = {name: _linked(records[name], ids, hints) for name in TABLES}
    # Events first: the times of measurements may count from them.
    records["events"] = decide_events(
        anchored_events(records["events"], source), dictionary.events_once, source.timezone
    )
    records["measurements"] = anchored(records["measurements"], records["events"], source)
    records["patients"] = decide_characteristics(records["patients"], records["events"])
    records["treatments"] = decide_treatments(records["treatments"])
    # Before measurements are compared: results of an id that may be two people are held, not collapsed into one.
    records = _hold_people(records)
    deaths = _deaths(records["events"])
    records["events"] = _without_later_stays(records["events"], deaths, source.timezone)
    records["measurements"] = decide_measurements(records["measurements"], deaths, dictionary, source)
    measured = check_patients(records["measurements"], dictionary, source.timezone)
    flags = with_flag(measured["flags"], "RELEASED", measured["reason"] == "RELEASED")
    return records | {"measurements": measured.assign(flags=flags)}


def clean_records(records: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the clean records with the columns of the source's tables (characteristics: with all columns)."""
    stored = {"measurements": MEASUREMENTS, "events": EVENTS, "treatments": TREATMENTS}
    return {
        name: (frame.reindex(columns=list(stored[name].names)) if name in stored else frame).loc[
            frame["fate"] == "clean"
        ]
        for name, frame in records.items()
    }


def clean_tables(clean: dict[str, pd.DataFrame], planted: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return tables measurements, events and treatments. planted: see `epoch_events`."""
    return {
        "measurements": _as(clean["measurements"], MEASUREMENTS),
        "events": _as(with_epoch_events(clean["events"], planted), EVENTS),
        "treatments": _as(clean["treatments"], TREATMENTS),
    }


def _stack(frames: list[pd.DataFrame]) -> pd.DataFrame:
    # pandas lets empty frames change the types of the columns that they are joined to.
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


def _as(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    return conform(frame.reindex(columns=list(table.names)), table, coded=True)


def _linked(records: pd.DataFrame, ids: pd.DataFrame, hints: Mapping[str, str]) -> pd.DataFrame:
    """Records with the person's id; those of a held id are held with its reason (hints: see `hold_hints`)."""
    person = dict(zip(ids["subject"], ids["patient_id"], strict=True))
    hold = dict(zip(ids["subject"], ids["hold"], strict=True))
    subjects = records["subject"]

    def ids_of(names: pd.Series) -> pd.Series:
        return by_distinct(names, lambda name: person.get(name, ""), "str")

    out = undecided(records, patient_id=mapped(subjects, ids_of) if is_coded(subjects) else ids_of(subjects))
    holds = by_distinct(subjects, lambda name: hold.get(name, ""), "str")
    hint = by_distinct(subjects, lambda name: hints.get(name, ""), "str")
    # Of a doubtful id no single record can be free: nobody knows whose it is.
    return decide(out, holds != "", holds, hint=hint, may_release=False)


def _without_later_stays(events: pd.DataFrame, deaths: pd.Series, timezone: str) -> pd.DataFrame:
    """Hold admissions surely after the recorded death: one of the two is wrong, or another person's."""
    if deaths.empty:
        return events
    died = events["patient_id"].astype("str").map(deaths)
    exact = pd.Series(pd.NaT, index=events.index, dtype="datetime64[us, UTC]")
    later = (events["event"] == "admission") & precedes(Moments(died, exact), events["time"], timezone)
    return decide(events, later, "AFTER_DEATH", hint="dated after the recorded death")


def _hold_people(records: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Every record of a person whose sex, age or dated facts contradict each other is held."""
    conflicted = contradicted(records)
    if not conflicted:
        return records
    facts = _contradicting(records)
    return {
        name: decide(
            frame,
            frame["patient_id"].isin(conflicted),
            "ID_CONFLICT",
            hint=by_distinct(frame["patient_id"], lambda person: facts.get(person, ""), "str"),
            may_release=False,
        )
        for name, frame in records.items()
    }


def _contradicting(records: dict[str, pd.DataFrame]) -> dict[str, str]:
    """What to do about each patient whose facts contradict each other, with the names of these facts."""
    named: dict[str, set[str]] = {}
    for name, column in (("patients", "characteristic"), ("events", "event")):
        held = records[name].loc[records[name]["reason"] == "ID_CONFLICT", ["patient_id", column]]
        for person, fact in held.drop_duplicates().itertuples(index=False):
            named.setdefault(str(person), set()).add(str(fact))
    return {
        person: f"this id has contradicting records of {', '.join(sorted(facts))}: one id, two people? Release the "
        "right one of them, or tell the people apart"
        for person, facts in named.items()
    }


def contradicted(records: dict[str, pd.DataFrame]) -> set[str]:
    """Return the patients whose characteristics or dated facts contradict each other, or whose id is held."""
    return {
        str(person)
        for name in ("patients", "events")
        for person in records[name].loc[records[name]["reason"] == "ID_CONFLICT", "patient_id"]
    }


def _deaths(events: pd.DataFrame) -> pd.Series:
    """Time of death per person: the last possible one, so that a death known by its day holds nothing of that day."""
    deaths = events.loc[(events["fate"] == "clean") & (events["event"] == "death")]
    return deaths["latest"].fillna(deaths["time"]).groupby(deaths["patient_id"]).min()


def final_ledger(ledger: pd.DataFrame, changed: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger of files (or a piece of it) with the fates that joining decided (`changed`: see `changes`)."""
    # Few records change: only their lines are looked up by their whole key, and only their cells are written.
    rows = np.flatnonzero(ledger["line"].isin(changed["line"]))
    near = plain(ledger[RECORD_KEY].iloc[rows]).assign(row=rows).merge(changed, on=RECORD_KEY)
    if near.empty:
        return ledger
    return ledger.assign(
        **{name: texts_replaced(ledger[name], near["row"].to_numpy(), near[name].astype("str")) for name in DECIDED}
    )


def changes(records: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return RECORD_KEY and DECIDED of the records that joining held or collapsed, or that a decision released."""
    return pd.concat([_changes(name, frame) for name, frame in records.items()], ignore_index=True)


def _changes(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    rows = frame.loc[(frame["fate"] != "clean") | (frame["reason"] != "")]
    # Of an event its time: what it is stands beside it in the ledger. Nothing converted stands for what was sent.
    shown = rows["time_text" if name == "events" else "raw_value"]
    return plain(rows[[*RECORD_KEY, "fate", "reason", "hint"]]).assign(
        raw_value=shown.astype("str").where(rows["fate"] != "clean", None)
    )


def clean_counts(ledger: pd.DataFrame) -> Counter[str]:
    """Count the clean records of each table in a ledger or a piece of it."""
    return Counter(
        {str(name): int(n) for name, n in ledger.loc[ledger["fate"] == "clean", "table"].value_counts().items()}
    )


def check_counts(counted: Counter[str], rows: dict[str, int]) -> None:
    """Raise LostRecordError if a table has another number of rows than the ledger has clean records."""
    for name, n in rows.items():
        if counted[name] != n:
            raise LostRecordError(f"{name}: {counted[name]} clean records in the ledger, {n} rows")


def people_table(records: pd.DataFrame, ids: pd.DataFrame, conflicted: set[str], inputs: SourceInputs) -> pd.DataFrame:
    """Return table patients: one row per patient that is not held, one column per characteristic.

    records: clean characteristics; ids: table people of the source; conflicted: see `contradicted`.
    """
    source = inputs.source
    linked = ids.loc[ids["hold"] == ""].drop_duplicates("patient_id")
    # Linked ids leave out those that are held: a patient whose every id is held has no row.
    held = conflicted | (set(ids["patient_id"]) - set(linked["patient_id"]))
    people = linked.loc[~linked["patient_id"].isin(held)].set_index("patient_id")
    treated = set(ids.loc[ids["subject"].isin(source.treated_subjects), "patient_id"])
    arms = ["treated" if person in treated else source.arm for person in people.index]
    frame = pd.DataFrame({"source": inputs.name, "patient_id": people.index, "arm": arms}, index=people.index)
    for outcome in inputs.dictionary.of_family("characteristic"):
        own = records.loc[records["characteristic"] == outcome.code].set_index("patient_id")
        frame[outcome.code] = _characteristic(own, outcome.kind).reindex(frame.index)
    return conform(frame, PATIENTS)


def _characteristic(own: pd.DataFrame, kind: str) -> pd.Series:
    if kind == "number":
        return own["value"].astype("float64")
    if kind == "flag":
        return own["result"].map({"yes": True, "no": False}).astype("boolean")
    return own["result"].astype("str")
