"""Relative times made absolute: by the patient's anchor event, or by a declared day where no calendar is known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

import pandas as pd

from historical_controls.cleaning.records.records import decide
from historical_controls.config.sources.sources import Source
from historical_controls.tables.registry import EVENTS

UTC: Literal["datetime64[us, UTC]"] = "datetime64[us, UTC]"


def anchored_events(events: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Return the events (table events_raw with patient_id and fate) with the times of those that count from another.

    Events may count from events that count from events: an admission 5 days before the infusion, a death 9 days after
    the admission. Those whose anchor has no date are held (TIME_NO_ANCHOR).
    """
    if events["relative_hours"].isna().all():
        return events
    # Each round dates the events whose anchors the round before dated, so there are at most as many as anchors.
    for _ in range(events["anchor"].nunique()):
        undated = events["time"].isna()
        events = _with_times(events, _anchors(events, events, source))
        if events["time"].isna().sum() == undated.sum():
            break
    return _without_anchor_held(events)


def anchored(records: pd.DataFrame, events: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Return the records with absolute times (events: anchored); those whose anchor has no date are held."""
    if records["relative_hours"].isna().all():
        return records
    return _without_anchor_held(_with_times(records, _anchors(records, events, source)))


def _anchors(records: pd.DataFrame, events: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Return the first and the last possible moment of each record's anchor (columns time, latest)."""
    known = events.loc[(events["fate"] == "clean") & events["time"].notna(), ["patient_id", "event", "time", "latest"]]
    # Of several admissions the first counts, and of one day the one with a clock.
    first = known.sort_values(["time", "latest"], kind="stable").drop_duplicates(["patient_id", "event"])
    keys = pd.MultiIndex.from_arrays([records["patient_id"], records["anchor"]])
    found = first.set_index(["patient_id", "event"]).reindex(keys).set_axis(records.index)
    # Where nobody has an event, the dates of none must still be dates.
    found = found.astype({"time": UTC, "latest": UTC})
    if source.relative_epoch is None or source.epoch_event is None:
        return found
    planted = (records["anchor"] == source.epoch_event) & found["time"].isna()
    return found.assign(time=found["time"].mask(planted, _epoch(source.relative_epoch, source.timezone)))


def _with_times(records: pd.DataFrame, anchors: pd.DataFrame) -> pd.DataFrame:
    # The vagueness of both adds up: a whole number of days after an event of which only the day is known.
    due = records["relative_hours"].notna() & records["time"].isna()
    last_hours = records["relative_latest"].fillna(records["relative_hours"])
    latest = _later(anchors["latest"].fillna(anchors["time"]), last_hours)
    vague = records["relative_latest"].notna() | anchors["latest"].notna()
    return records.assign(
        time=records["time"].where(~due, _later(anchors["time"], records["relative_hours"])),
        latest=records["latest"].where(~(due & vague), latest),
    )


def _later(moments: pd.Series, hours: pd.Series) -> pd.Series:
    """Moments so many hours later; milliseconds, since hours times 3,600,000 keep minutes exact."""
    return (moments + pd.to_timedelta((hours * 3_600_000).round(), unit="ms")).astype(UTC)


def _without_anchor_held(records: pd.DataFrame) -> pd.DataFrame:
    lost = records["relative_hours"].notna() & records["time"].isna()
    hint = "the event '" + records.loc[lost, "anchor"] + "', from which its time counts, has no date"
    return decide(records, lost, "TIME_NO_ANCHOR", hint=hint.reindex(records.index))


def _epoch(day: date, timezone: str) -> pd.Timestamp:
    return pd.Timestamp(day).tz_localize(timezone).tz_convert("UTC")


def first_lines(ledgers: Iterable[pd.DataFrame], ids: pd.DataFrame) -> pd.DataFrame:
    """Return columns patient_id, file, line: the first line of each patient that is not held (ledgers: any order)."""
    whole = ids.loc[ids["hold"] == "", ["subject", "patient_id"]]
    first = pd.DataFrame({"patient_id": [], "file": [], "line": []}).astype({"line": "int64"})
    for ledger in ledgers:
        own = ledger[["subject", "file", "line"]].drop_duplicates(["subject", "file"]).merge(whole, on="subject")
        both = pd.concat([first, own[["patient_id", "file", "line"]]] if len(first) else [own])
        first = both.sort_values(["file", "line"], kind="stable").drop_duplicates("patient_id")
    return first


def epoch_events(first: pd.DataFrame, name: str, source: Source) -> pd.DataFrame:
    """Return, for each patient of a source without a calendar, the event that times count from, at the declared day.

    first: see `first_lines`; each event is traced to the patient's first line. name: of the source. Only the event
    that the files themselves name is planted: of patients whose times count from the infusion no admission is known.
    """
    if source.relative_epoch is None or source.epoch_event is None:
        return EVENTS.empty()
    moment = _epoch(source.relative_epoch, source.timezone)
    return first.assign(source=name, item="relative_epoch", event=source.epoch_event, time=moment)


def with_epoch_events(events: pd.DataFrame, planted: pd.DataFrame) -> pd.DataFrame:
    """Return the events with those planted for patients who have none of their own of that name."""
    if planted.empty:
        return events
    known = events.loc[events["event"] == planted["event"].iloc[0], "patient_id"]
    missing = planted.loc[~planted["patient_id"].isin(known)]
    return pd.concat([events, missing], ignore_index=True) if len(missing) else events
