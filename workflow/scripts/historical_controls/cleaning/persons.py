"""Records of patients' rows: characteristics, and events whose date stands in the row."""

from __future__ import annotations

import pandas as pd

from ..config_sources import CharacteristicColumn, EventColumns, PatientRows, SourceFile
from ..dictionary import Dictionary, fold
from .numbers import NumberStyle, read_finding, read_number
from .records import column, decide, is_sentinel, joined_times, meets, subjects
from .times import Calendar
from .unfolding import time_columns


def characteristics(rows: pd.DataFrame, part: PatientRows, file: SourceFile, dictionary: Dictionary) -> pd.DataFrame:
    """One record per filled column of each row, with value or result, and a fate."""
    ids = subjects(rows, part.subject, part.fill_down_subject)
    frames = [_characteristic(rows, ids, name, declared, file, dictionary) for name, declared in part.columns.items()]
    return pd.concat(frames, ignore_index=True) if frames else _no_records()


def _no_records() -> pd.DataFrame:
    names = ("item", "subject", "characteristic", "result", "raw_value", "fate", "reason", "hint")
    return pd.DataFrame({"line": pd.Series(dtype="int64"), **{name: pd.Series(dtype="str") for name in names}}).assign(
        value=pd.Series(dtype="float64")
    )


def _characteristic(
    rows: pd.DataFrame,
    ids: pd.Series,
    name: str,
    declared: CharacteristicColumn,
    file: SourceFile,
    dictionary: Dictionary,
) -> pd.DataFrame:
    text = column(rows, name)
    records = pd.DataFrame({"line": rows["line"], "subject": ids, "raw_value": text}, index=rows.index)
    records = records.assign(
        item=name, raw_column=name, characteristic=declared.characteristic, fate="clean", reason="", hint=None
    )
    records = records.loc[text != ""]
    records = decide(records, is_sentinel(records, file), "SENTINEL", "ignored")
    records = decide(records, records["subject"] == "", "ID_MISSING", hint="the row names no patient")
    outcome = dictionary.outcomes[declared.characteristic]
    if outcome.kind == "number":
        return _numeric(records, declared, file, dictionary)
    return _categorical(records, declared, outcome.categories)


def _numeric(
    records: pd.DataFrame, declared: CharacteristicColumn, file: SourceFile, dictionary: Dictionary
) -> pd.DataFrame:
    outcome = dictionary.outcomes[declared.characteristic]
    style = NumberStyle(file.decimal, file.thousands)
    readings = records["raw_value"].map(lambda text: read_number(text, style))
    conversion = dictionary.conversion(outcome.code, declared.unit or "")
    records = records.assign(result=None)
    if conversion is None:
        reason = "UNIT_UNKNOWN" if declared.unit else "UNIT_MISSING"
        return decide(records.assign(value=float("nan")), records["fate"] == "clean", reason)
    number = readings.map(lambda r: r.value).astype("float64") * conversion.factor + conversion.offset
    exact = readings.map(lambda r: r.operator == "" and not r.problem).astype(bool)
    records = records.assign(value=number.where(exact))
    records = decide(records, readings.map(lambda r: r.not_done).astype(bool), "NO_VALUE", "ignored")
    records = decide(records, records["value"].isna(), "NUM_UNREADABLE")
    low = float("-inf") if outcome.hard_low is None else outcome.hard_low
    high = float("inf") if outcome.hard_high is None else outcome.hard_high
    return decide(records, ~records["value"].between(low, high), "OUT_OF_RANGE", hint="outside the hard limits")


def _categorical(records: pd.DataFrame, declared: CharacteristicColumn, categories: tuple[str, ...]) -> pd.DataFrame:
    meanings = {fold(raw): meaning for raw, meaning in declared.values.items()}
    found = records["raw_value"].map(lambda raw: meanings.get(fold(raw)) or (None if meanings else read_finding(raw)))
    records = records.assign(value=float("nan"), result=found)
    allowed = found.isin(categories) if categories else found.notna()
    return decide(records, ~allowed, "RESULT_UNKNOWN", hint="declare its meaning under 'values'")


def dated_events(rows: pd.DataFrame, part: PatientRows, calendar: Calendar) -> pd.DataFrame:
    """One record per filled date of each row; a date that no event claims is held, not lost."""
    ids = subjects(rows, part.subject, part.fill_down_subject)
    frames = [_event(rows, ids, declared, calendar) for declared in part.events]
    unclaimed = _unclaimed(rows, ids, part)
    frames = [frame for frame in [*frames, unclaimed] if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _event(rows: pd.DataFrame, ids: pd.Series, declared: EventColumns, calendar: Calendar) -> pd.DataFrame:
    text = joined_times(rows, declared.time.columns)
    records = pd.DataFrame({"line": rows["line"], "subject": ids, "raw_value": text}, index=rows.index).assign(
        item=f"{declared.time.columns[0]}>{declared.event}",
        event=declared.event,
        end_time=pd.NaT,
        value=column(rows, declared.value).replace("", None) if declared.value else None,
        detail=None,
        fate="clean",
        reason="",
        hint=None,
        **time_columns(rows, declared.time, calendar),
    )
    happened = (text != "") if declared.only_if is None else (text != "") & meets(rows, declared.only_if)
    return check_event(records.loc[happened])


def check_event(records: pd.DataFrame) -> pd.DataFrame:
    """Fates that every dated record shares."""
    records = decide(records, records["subject"] == "", "ID_MISSING", hint="the row names no patient")
    for reason in ("DATE_MISSING", "DATE_INVALID", "DATE_RANGE"):
        records = decide(records, records["time_reason"] == reason, reason)
    return records


def _unclaimed(rows: pd.DataFrame, ids: pd.Series, part: PatientRows) -> pd.DataFrame:
    """Filled date columns whose every event has a condition, and none holds."""
    frames = []
    for name in dict.fromkeys(declared.time.columns[0] for declared in part.events):
        claims = [declared for declared in part.events if declared.time.columns[0] == name]
        if any(declared.only_if is None for declared in claims):
            continue
        claimed = pd.concat([meets(rows, declared.only_if) for declared in claims if declared.only_if], axis=1).any(
            axis=1
        )
        left = (column(rows, name) != "") & ~claimed
        frames.append(
            pd.DataFrame(
                {"line": rows["line"], "subject": ids, "raw_value": column(rows, name), "item": name}, index=rows.index
            )
            .loc[left]
            .assign(event="", fate="quarantined", reason="EVENT_UNKNOWN", hint="no 'only_if' of this date holds")
        )
    return pd.concat(frames) if frames else pd.DataFrame()
