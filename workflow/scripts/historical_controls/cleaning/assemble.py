"""The files of one source joined: ids linked, relative times anchored, duplicates and conflicts settled."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import numpy as np
import pandas as pd

from ..config import Study
from ..config_sources import Source
from ..dictionary import Dictionary
from ..table_io import Table, conform
from ..tables import EVENTS, LEDGER, MEASUREMENTS, PATIENTS, TREATMENTS
from .distinct import by_distinct
from .duplicates import settle_characteristics, settle_events, settle_measurements, settle_treatments
from .files import LostRecordError
from .outputs import CleanedFile, CleanSource
from .patient_checks import check_patients
from .records import RECORD_KEY, decide, undecided

TABLES = ("patients", "measurements", "events", "treatments")
# A second admission or discharge is a readmission; a second death or infusion of the one dose is a contradiction.
ONCE = ("infusion", "death")
DECIDED = ("fate", "reason", "raw_value", "hint")


def assemble_source(
    parts: list[CleanedFile],
    people: pd.DataFrame,
    source_name: str,
    source: Source,
    study: Study,
    dictionary: Dictionary,
) -> CleanSource:
    """Clean tables and final ledger of one source (parts: its files; people: table people of all sources).

    Raises LostRecordError where the ledger and the tables would disagree.
    """
    ids = people.loc[people["source"] == source_name]
    stacked = {f.name: _stack([getattr(part, f.name) for part in parts]) for f in fields(CleanedFile)}
    records = {name: _linked(stacked[name], ids) for name in TABLES}
    records["events"] = settle_events(_anchored(records["events"], records["events"], source), ONCE, source.timezone)
    records["measurements"] = _anchored(records["measurements"], records["events"], source)
    records["patients"] = settle_characteristics(records["patients"])
    records["treatments"] = settle_treatments(records["treatments"])
    records = _hold_people(records)
    records["measurements"] = settle_measurements(records["measurements"], _deaths(records["events"], source))
    records["measurements"] = check_patients(records["measurements"], dictionary, source.timezone)
    ledger = _final_ledger(stacked["ledger"], records)
    clean = {name: frame.loc[frame["fate"] == "clean"] for name, frame in records.items()}
    events = _with_epoch_anchor(clean["events"], ids, ledger, source, source_name)
    _check_counts(ledger, clean)
    return CleanSource(
        patients=_patients(clean["patients"], ids, source_name, source, dictionary),
        measurements=_as(clean["measurements"], MEASUREMENTS),
        events=_as(events, EVENTS),
        treatments=_as(clean["treatments"], TREATMENTS),
        ledger=ledger,
    )


def _stack(frames: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


def _as(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    return conform(frame.reindex(columns=list(table.names)), table)


def _linked(records: pd.DataFrame, ids: pd.DataFrame) -> pd.DataFrame:
    """Records with the person's id; those of a held id are held with its reason."""
    person = dict(zip(ids["subject"], ids["patient_id"], strict=True))
    hold = dict(zip(ids["subject"], ids["hold"], strict=True))
    out = undecided(records, patient_id=by_distinct(records["subject"], lambda name: person.get(name, ""), "str"))
    holds = by_distinct(records["subject"], lambda name: hold.get(name, ""), "str")
    return decide(out, holds != "", holds, hint="the id is not clearly one person's")


def _anchored(records: pd.DataFrame, events: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Relative times made absolute by the patient's anchor event, or by the declared epoch where there is none."""
    relative = records["relative_hours"].notna()
    if not relative.any():
        return records
    known = events.loc[(events["fate"] == "clean") & events["time"].notna()]
    first = known.groupby(["patient_id", "event"])["time"].min()
    keys = pd.MultiIndex.from_arrays([records["patient_id"], records["anchor"]])
    # Where nobody has an event, the dates of none must still be dates.
    anchors = first.astype("datetime64[us, UTC]").reindex(keys).set_axis(records.index)
    if source.relative_epoch is not None:
        anchors = anchors.fillna(_epoch(source.relative_epoch, source.timezone))
    # Whole microseconds, as the tables store them; hours times 3600 keeps minutes exact.
    offset = pd.to_timedelta((records["relative_hours"] * 3600).round(), unit="s")
    times = (anchors + offset).astype("datetime64[us, UTC]")
    out = records.assign(time=records["time"].where(~relative, times))
    return decide(out, relative & out["time"].isna(), "TIME_NO_ANCHOR", hint="the anchor event has no date")


def _epoch(day: date, timezone: str) -> pd.Timestamp:
    return pd.Timestamp(day).tz_localize(timezone).tz_convert("UTC")


def _hold_people(records: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Every record of a person whose sex, age or dated facts contradict each other is held."""
    conflicted: set[str] = set()
    for name in ("patients", "events"):
        frame = records[name]
        conflicted |= set(frame.loc[frame["reason"] == "ID_CONFLICT", "patient_id"])
    if not conflicted:
        return records
    hint = "facts of this id contradict each other: one id, two people?"
    return {
        name: decide(frame, frame["patient_id"].isin(conflicted), "ID_CONFLICT", hint=hint)
        for name, frame in records.items()
    }


def _deaths(events: pd.DataFrame, source: Source) -> pd.Series:
    """Time of death per person; a death known by its day only counts from the end of that day."""
    deaths = events.loc[(events["fate"] == "clean") & (events["event"] == "death")].groupby("patient_id")["time"].min()
    local = deaths.dt.tz_convert(source.timezone)
    day_only = (local == local.dt.normalize()).to_numpy()
    return deaths + pd.to_timedelta(np.where(day_only, 24, 0), unit="h")


def _final_ledger(ledger: pd.DataFrame, records: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The files' ledger with the fates that joining decided."""
    changed = pd.concat([_changes(name, frame) for name, frame in records.items()])
    if changed.empty:
        return conform(ledger, LEDGER)
    # Few records change: only their lines are looked up by their whole key.
    near = ledger.loc[ledger["line"].isin(changed["line"]), RECORD_KEY].reset_index(names="row")
    changed = near.merge(changed, on=RECORD_KEY).set_index("row")
    out = ledger.copy(deep=False)
    for name in DECIDED:
        out[name] = out[name].mask(out.index.isin(changed.index), changed[name].reindex(out.index))
    return conform(out, LEDGER)


def _changes(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    rows = frame.loc[frame["fate"] != "clean"]
    shown = {
        "patients": lambda: rows["result"].fillna(rows["value"].map("{:g}".format)),
        "measurements": lambda: rows["raw_value"],
        "events": lambda: rows["time"].dt.strftime("%Y-%m-%d %H:%M UTC"),
        "treatments": lambda: rows["treatment"],
    }[name]()
    return rows[[*RECORD_KEY, "fate", "reason", "hint"]].assign(raw_value=shown)


def _check_counts(ledger: pd.DataFrame, clean: dict[str, pd.DataFrame]) -> None:
    for name, frame in clean.items():
        counted = int(((ledger["table"] == name) & (ledger["fate"] == "clean")).sum())
        if counted != len(frame):
            raise LostRecordError(f"{name}: {counted} clean records in the ledger, {len(frame)} rows")


def _with_epoch_anchor(
    events: pd.DataFrame, ids: pd.DataFrame, ledger: pd.DataFrame, source: Source, source_name: str
) -> pd.DataFrame:
    """A source without a calendar: everyone's admission stands at the declared epoch, traced to their first line."""
    if source.relative_epoch is None:
        return events
    linked = ledger.merge(ids.loc[ids["hold"] == ""], on=["source", "subject"])
    first = linked.sort_values(["file", "line"]).drop_duplicates("patient_id")
    missing = first.loc[~first["patient_id"].isin(events.loc[events["event"] == "admission", "patient_id"])]
    admissions = missing[["patient_id", "file", "line"]].assign(
        source=source_name,
        item="relative_epoch",
        event="admission",
        time=_epoch(source.relative_epoch, source.timezone),
    )
    return pd.concat([events, admissions], ignore_index=True)


def _patients(
    records: pd.DataFrame, ids: pd.DataFrame, source_name: str, source: Source, dictionary: Dictionary
) -> pd.DataFrame:
    """One row per person that is not held, one column per characteristic of the dictionary."""
    linked = ids.loc[ids["hold"] == ""].drop_duplicates("patient_id")
    held = set(ids["patient_id"]) - set(linked["patient_id"])
    people = linked.loc[~linked["patient_id"].isin(held)].set_index("patient_id")
    treated = set(ids.loc[ids["subject"].isin(source.treated_subjects), "patient_id"])
    arms = ["treated" if person in treated else source.arm for person in people.index]
    frame = pd.DataFrame({"source": source_name, "patient_id": people.index, "arm": arms}, index=people.index)
    for outcome in dictionary.of_family("characteristic"):
        own = records.loc[records["characteristic"] == outcome.code].set_index("patient_id")
        frame[outcome.code] = _characteristic(own, outcome.kind).reindex(frame.index)
    return conform(frame, PATIENTS)


def _characteristic(own: pd.DataFrame, kind: str) -> pd.Series:
    if kind == "number":
        return own["value"].astype("float64")
    if kind == "flag":
        return own["result"].map({"yes": True, "no": False}).astype("boolean")
    return own["result"].astype("str")
