"""Relative times made absolute: by the patient's anchor event, or by a declared day where no calendar is known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

import pandas as pd

from historical_controls.cleaning.records.distinct import by_distinct
from historical_controls.cleaning.records.records import decide
from historical_controls.config.sources.sources import Source
from historical_controls.tables.coded import plain
from historical_controls.tables.registry import EVENTS

UTC: Literal["datetime64[us, UTC]"] = "datetime64[us, UTC]"
PERSONAL = ["patient_id", "event"]
EDGES: tuple[Literal["first"], Literal["last"]] = ("first", "last")


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
    return _without_anchor_held(events, _anchors(events, events, source))


def anchored(records: pd.DataFrame, events: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Return the records with absolute times (events: anchored); those whose anchor has no date are held."""
    if records["relative_hours"].isna().all():
        return records
    anchors = _anchors(records, events, source)
    return _without_anchor_held(_with_times(records, anchors), anchors)


def _anchors(records: pd.DataFrame, events: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Return the first and the last possible moment of each record's anchor, and how many it may be (n).

    The patient's only event of that name counts; of several that of the record's own row, else what its file declares
    (`relative_to_which`), and none if it declares nothing.
    """
    dated = events.loc[events["fate"].isin(["clean", "duplicate"]) & events["time"].notna()]
    known = _distinct(dated.loc[dated["fate"] == "clean"], source.timezone)
    wanted = plain(records[["patient_id", "file", "line", "anchor"]].rename(columns={"anchor": "event"}))
    found = _looked_up(wanted, known.drop_duplicates(PERSONAL), PERSONAL)
    n = _looked_up(wanted, known.groupby(PERSONAL).size().rename("n").reset_index(), PERSONAL)["n"].fillna(0)
    several = n > 1
    if several.any():
        found.loc[several] = _of_several(wanted.loc[several], dated, known, source)
    # Where nobody has an event, the dates of none must still be dates.
    found = found.astype({"time": UTC, "latest": UTC}).assign(n=n)
    if source.relative_epoch is None or source.epoch_event is None:
        return found
    planted = (records["anchor"] == source.epoch_event) & (n == 0)
    return found.assign(time=found["time"].mask(planted, _epoch(source.relative_epoch, source.timezone)))


def _of_several(wanted: pd.DataFrame, dated: pd.DataFrame, known: pd.DataFrame, source: Source) -> pd.DataFrame:
    here = [*PERSONAL, "file", "line"]
    own = _looked_up(wanted, dated.drop_duplicates(here, keep=False)[[*here, "time", "latest"]], here)
    first, last = (_looked_up(wanted, known.drop_duplicates(PERSONAL, keep=keep), PERSONAL) for keep in EDGES)
    rule = by_distinct(wanted["file"], lambda name: source.files[name].relative_to_which, "str")
    declared = first.where(rule == "first", last.where(rule == "last"))
    return own.where(own["time"].notna(), declared)


def _distinct(dated: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Return dated events in order of time, each once: one known by its day is that of a clock on the same day."""
    known = dated[[*PERSONAL, "time", "latest"]]
    vague = known["latest"].notna()
    day = known["time"].dt.tz_convert(timezone).dt.floor("D")
    clocked = (~vague).groupby([known["patient_id"], known["event"], day]).transform("any")
    known = known.loc[~(vague & clocked)].sort_values(["time", "latest"], kind="stable")
    return known.drop_duplicates([*PERSONAL, "time"])


def _looked_up(wanted: pd.DataFrame, known: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return the other columns of `known`, whose keys are unique, for each row of `wanted`."""
    return known.set_index(keys).reindex(pd.MultiIndex.from_frame(wanted[keys])).set_axis(wanted.index)


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


def _without_anchor_held(records: pd.DataFrame, anchors: pd.DataFrame) -> pd.DataFrame:
    lost = records["relative_hours"].notna() & records["time"].isna()
    n = anchors.loc[lost, "n"]
    what = pd.Series("has no date", index=n.index, dtype="str").mask(
        n > 1,
        "has " + n.astype("int64").astype("str") + " dates and the row none of its own: declare 'relative_to_which'",
    )
    hint = "the event '" + records.loc[lost, "anchor"].astype("str") + "', from which its time counts, " + what
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
