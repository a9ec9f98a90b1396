"""Dates whose day may be their month, and clocks that disagree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from historical_controls.cleaning.findings.values import Finding
from historical_controls.cleaning.ledger.tallies import held_times
from historical_controls.config.sources.parts import EventRows, PatientRows, TimeColumns, TreatmentRows
from historical_controls.config.sources.sources import Source, SourceFile
from historical_controls.tables.parquet import read_pieces, read_table
from historical_controls.tables.registry import EVENTS, MEASUREMENTS

DAY_MONTH = re.compile(r"%d([/.\- ])%m\1|%m([/.\- ])%d\2")
LEAST_DATES = 3
LEAST_ROWS = 5
DATED = ["patient_id", "file", "time"]


def date_suspects(measurements: Path, events: Path, held: pd.DataFrame, source: Source) -> Iterator[Finding]:
    """Files whose other order of day and month would fit every row, or fits better than the declared one."""
    files = [name for name, file in source.files.items() if swapped_formats(file)]
    if not files:
        return
    happened = read_table(events, EVENTS, [*DATED, "event"])
    days = _days(measurements, happened, source, files)
    for name in files:
        own = days.loc[days["file"] == name]
        forms = swapped_formats(source.files[name])
        reason, n = _order_reason(own, _stays(happened, source), held_times(held, "DATE_INVALID"), name, forms)
        if reason:
            total = max(int(own["n"].sum()), 1)
            nan = float("nan")
            yield Finding(name, "DATE_ORDER_SUSPECT", "", forms[0], nan, n, min(n / total, 1.0), nan, reason)


def _order_reason(
    own: pd.DataFrame, stays: pd.DataFrame, invalid: pd.DataFrame, name: str, forms: list[str]
) -> tuple[str, int]:
    """What speaks for the other order, and in how many rows; '' where nothing does."""
    texts = invalid.loc[invalid["file"] == name]
    readable = int(texts.loc[_readable(texts["text"], forms), "n"].sum())
    if readable >= LEAST_ROWS:
        return f"{readable} dates that the declared format cannot read fit the other order", readable
    now, swapped = _outside_stay(own, stays)
    if now >= LEAST_ROWS and swapped <= now / 4:
        return f"{now} rows lie outside the patient's stay, {swapped} in the other order", now
    both = own["day"].dt.day <= 12
    if len(own) and bool(both.all()) and own["day"].nunique() >= LEAST_DATES:
        return "every date also fits the other order of day and month: confirm the format", int(own["n"].sum())
    return "", 0


def swapped_formats(file: SourceFile) -> list[str]:
    """The file's formats of day and month as numbers side by side, with the two changed over."""
    forms = [form for spec in _time_columns(file) for form in spec.formats if DAY_MONTH.search(form)]
    exchanged = [re.sub("%[dm]", lambda code: "%m" if code[0] == "%d" else "%d", form) for form in forms]
    return list(dict.fromkeys(exchanged))


def _time_columns(file: SourceFile) -> Iterator[TimeColumns]:
    for part in file.parts:
        if isinstance(part, PatientRows):
            yield from (event.time for event in part.events)
        elif isinstance(part, TreatmentRows):
            yield part.start
        elif isinstance(part, EventRows):
            yield part.time
        else:
            yield part.time


def _days(measurements: Path, happened: pd.DataFrame, source: Source, files: list[str]) -> pd.DataFrame:
    """Local days by patient and file with the number of records: columns patient_id, file, day, n."""
    pieces = [_counted(happened, source, files)]
    pieces += [_counted(piece, source, files) for piece in read_pieces(measurements, MEASUREMENTS, DATED)]
    return pd.concat(pieces).groupby(["patient_id", "file", "day"])["n"].sum().reset_index()


def _counted(records: pd.DataFrame, source: Source, files: list[str]) -> pd.DataFrame:
    own = records.loc[records["file"].isin(files)]
    day = own["time"].dt.tz_convert(source.timezone).dt.tz_localize(None).dt.normalize()
    frame = own[["patient_id", "file"]].assign(day=day)
    return frame.groupby(["patient_id", "file", "day"]).size().rename("n").reset_index()


def _stays(happened: pd.DataFrame, source: Source) -> pd.DataFrame:
    """First and last day of each patient's stay, by patient: columns first, last (null where not recorded)."""
    local = happened.assign(day=happened["time"].dt.tz_convert(source.timezone).dt.tz_localize(None).dt.normalize())
    start = local.loc[local["event"] == "admission"].groupby("patient_id")["day"].min()
    ends = ("discharge_alive", "death", "transfer_out")
    stop = local.loc[local["event"].isin(ends)].groupby("patient_id")["day"].max()
    return pd.DataFrame({"first": start, "last": stop})


def _outside_stay(own: pd.DataFrame, stays: pd.DataFrame) -> tuple[int, int]:
    """Records more than a day outside the stay as declared, and with day and month changed over where both fit."""
    rows = own.merge(stays, left_on="patient_id", right_index=True)
    day = rows["day"]
    parts = pd.DataFrame({"year": day.dt.year, "month": day.dt.day, "day": day.dt.month})
    other = day.mask(day.dt.day <= 12, pd.to_datetime(parts.where(day.dt.day <= 12), errors="coerce"))
    out = [
        int(rows.loc[(d < rows["first"] - pd.Timedelta(days=1)) | (d > rows["last"] + pd.Timedelta(days=1)), "n"].sum())
        for d in (day, other)
    ]
    return out[0], out[1]


def _readable(texts: pd.Series, forms: list[str]) -> pd.Series:
    """Texts that one of the formats reads."""
    known = np.zeros(len(texts), dtype=bool)
    for form in forms:
        known |= pd.to_datetime(texts, format=form, errors="coerce", exact=True).notna().to_numpy()
    return pd.Series(known, index=texts.index)


def clock_suspects(ledger: Path) -> Iterator[Finding]:
    """Files with many results dated before their specimen: two clocks, most likely."""
    counts: pd.Series = pd.Series(dtype="int64")
    with pq.ParquetFile(ledger) as file:
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group, ["file", "table", "reason"])
            rows = rows.filter(pc.equal(rows["table"], "measurements"))
            here = rows.to_pandas().groupby(["file", "reason"]).size()
            counts = counts.add(here, fill_value=0) if len(counts) else here
    for name in sorted({key[0] for key in counts.index}):
        own = counts[name]
        n, total = int(own.get("TIME_ORDER", 0)), int(own.sum())
        if n >= LEAST_ROWS and n >= 0.05 * total:
            hint = (
                "results are dated before their specimens: do both columns keep the same clock? 'timezone' of the file"
            )
            nan = float("nan")
            yield Finding(name, "CLOCK_SUSPECT", "", "", nan, n, n / total, nan, hint)
