"""Records of patients' rows: characteristics, and events whose date stands in the row."""

from __future__ import annotations

import pandas as pd

from historical_controls.cleaning.cells.declared_words import apply_words, limit_hints, list_notes, word_hints
from historical_controls.cleaning.cells.numbers import NumberStyle, read_cells, read_finding, release
from historical_controls.cleaning.cells.times import Calendar, Moments, precedes
from historical_controls.cleaning.cells.two_part_units import conversions_of_parts, read_two_parts
from historical_controls.cleaning.cells.units import conversions, converted, has_conversion, same_unit, with_powers
from historical_controls.cleaning.records.columns import (
    column,
    filled_column,
    filled_or_null,
    is_sentinel,
    joined_times,
    subject_columns,
)
from historical_controls.cleaning.records.distinct import by_distinct
from historical_controls.cleaning.records.records import (
    check_subject,
    check_times,
    decide,
    meets,
    undecided,
)
from historical_controls.cleaning.rows.ages import ages
from historical_controls.cleaning.rows.unfolding import no_times, time_columns
from historical_controls.config.sources.codes import declared_codes
from historical_controls.config.sources.parts import CharacteristicColumn, EventColumns, PatientRows
from historical_controls.config.sources.sources import SourceFile
from historical_controls.dictionary.dictionary import Conversion, Dictionary, Outcome
from historical_controls.dictionary.folding import fold

# Events that end a stay in hospital.
STAY_ENDS = ("death", "transfer_out", "discharge_alive")
# The column of the condition says that it happened, and the column of its date is blank.
UNDATED = "it happened, on a day that is not said: after the last record the patient counts as lost, not as alive"


def characteristics(
    rows: pd.DataFrame, part: PatientRows, file: SourceFile, calendar: Calendar, dictionary: Dictionary
) -> pd.DataFrame:
    """Return one record per filled declared column of each row, with value or result, and a fate."""
    ids = subject_columns(rows, part.subject, file)
    frames = []
    for name, declared in part.columns.items():
        records = _undecided(rows, ids, name, declared, file)
        if declared.born is not None:
            unit = dictionary.outcomes[declared.characteristic].unit
            frames.append(ages(records, rows, declared, file, calendar, unit))
        else:
            frames.append(_characteristic(records, name, declared, file, dictionary))
    return _stacked(frames)


def _stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def _undecided(
    rows: pd.DataFrame, ids: pd.DataFrame, name: str, declared: CharacteristicColumn, file: SourceFile
) -> pd.DataFrame:
    """Return a record for each row whose column is filled, held already where it names nobody."""
    text = column(rows, name)
    records = ids.assign(raw_value=text)
    records = undecided(records, item=name, characteristic=declared.characteristic, result=None, value=float("nan"))
    records = records.loc[text != ""]
    return check_subject(decide(records, is_sentinel(records["raw_value"], name, file), "SENTINEL", "ignored"))


def _characteristic(
    records: pd.DataFrame, name: str, declared: CharacteristicColumn, file: SourceFile, dictionary: Dictionary
) -> pd.DataFrame:
    outcome = dictionary.outcomes[declared.characteristic]
    worded = _worded(records, outcome.code, file, dictionary)
    if outcome.kind == "number":
        unit = declared.unit or dictionary.unit_in(name, outcome.code)
        return _numeric(worded, unit, outcome, dictionary)
    undone = decide(records, worded["worded"] & worded["not_done"], "NO_VALUE", "ignored")
    return _categorical(undone, declared, outcome, file)


def _worded(records: pd.DataFrame, code: str, file: SourceFile, dictionary: Dictionary) -> pd.DataFrame:
    """Return the records with what their cells say, in numbers or in words that the file declares."""
    read = read_cells(records["raw_value"], NumberStyle(file.decimal, file.thousands, file.bajo_means))
    blank = pd.Series("", index=records.index, dtype="str")
    return apply_words(records.assign(**read, code=blank + code, raw_unit=blank), file, dictionary)


def _numeric(out: pd.DataFrame, unit: str, outcome: Outcome, dictionary: Dictionary) -> pd.DataFrame:
    """Exact numbers only: a limit ('>89') is no value of a characteristic."""
    parts = conversions_of_parts(unit, outcome.code, dictionary)
    if parts is not None:
        return _of_two_parts(out, unit, parts, outcome)
    code = out["code"]
    # The unit of a declared word comes before that of the column, which is of numbers.
    declared = out["raw_unit"].where(out["raw_unit"] != "", unit)
    out = with_powers(out, declared, has_conversion(code, out["cell_unit"], dictionary))
    used = declared.where(declared != "", out["cell_unit"])
    factors = conversions(code, used, dictionary)
    # The cell may repeat the unit in another spelling.
    agrees = (out["cell_unit"] == "") | same_unit(code, out["cell_unit"], used, dictionary)
    out = decide(out, out["not_done"], "NO_VALUE", "ignored")
    unread = release(out["problem"], out["raw_value"]).mask(out["problem"] == "NUM_UNREADABLE", word_hints(out))
    out = decide(out, out["problem"] != "", out["problem"], hint=unread)
    out = decide(out, out["operator"] != "", "NUM_UNREADABLE", hint=limit_hints(out))
    told = "the cell says '" + out["cell_unit"] + "', the declaration '" + used + "'"
    out = decide(out, ~agrees, "UNIT_CONFLICT", hint=told)
    out = decide(out, factors["factor"].isna() & (used == ""), "UNIT_MISSING", hint="declare the column's unit")
    out = decide(out, factors["factor"].isna(), "UNIT_UNKNOWN", hint="no conversion in units.csv")
    return _within_limits(out, converted(out["number"], factors).where(out["operator"] == ""), outcome)


def _of_two_parts(out: pd.DataFrame, unit: str, parts: tuple[Conversion, Conversion], outcome: Outcome) -> pd.DataFrame:
    """Numbers of cells such as '24+5' in weeks+days."""
    out = decide(out, out["not_done"], "NO_VALUE", "ignored")
    value = read_two_parts(out["raw_value"], parts)
    hint = f"not two whole numbers of {unit}, such as 24+5, the second less than one of the first unit"
    return _within_limits(decide(out, value.isna(), "NUM_UNREADABLE", hint=hint), value, outcome)


def _within_limits(out: pd.DataFrame, value: pd.Series, outcome: Outcome) -> pd.DataFrame:
    low = float("-inf") if outcome.hard_low is None else outcome.hard_low
    high = float("inf") if outcome.hard_high is None else outcome.hard_high
    hint = f"outside the hard limits {low:g} to {high:g} {outcome.unit}".strip()
    hint += f"; if there are such patients, give {outcome.code} other limits in a row of dictionary/outcomes.csv"
    return list_notes(decide(out.assign(value=value), ~value.between(low, high), "OUT_OF_RANGE", hint=hint))


def _categorical(
    records: pd.DataFrame, declared: CharacteristicColumn, outcome: Outcome, file: SourceFile
) -> pd.DataFrame:
    """Declared meanings only, where there are any; else the words that everybody knows."""
    codes = declared_codes(declared.values, file)
    names = {fold(name): name for name in outcome.categories}

    def meaning_of(raw: str) -> str | None:
        return codes.meaning(raw) if declared.values else names.get(fold(raw)) or read_finding(raw)

    found = by_distinct(records["raw_value"], meaning_of)
    allowed = found.isin(outcome.categories) if outcome.categories else found.notna()
    return decide(records.assign(result=found), ~allowed, "RESULT_UNKNOWN", hint="declare its meaning under 'values'")


def dated_events(rows: pd.DataFrame, part: PatientRows, file: SourceFile, calendar: Calendar) -> pd.DataFrame:
    """Return one record per event of each row; a date that no event's condition accepts is held, not lost."""
    ids = subject_columns(rows, part.subject, file)
    frames = [_event(rows, ids, declared, file, calendar) for declared in part.events]
    frames = _ends_in_order(frames, [declared.event for declared in part.events], calendar)
    return _stacked([*frames, *_unclaimed(rows, ids, part, file)])


def _ends_in_order(frames: list[pd.DataFrame], events: list[str], calendar: Calendar) -> list[pd.DataFrame]:
    """Hold the end of a stay that its own row dates before the row's first admission (frames: one an event)."""
    starts = [frame["time"] for frame, event in zip(frames, events, strict=True) if event == "admission"]
    if not starts:
        return frames
    admitted = pd.concat(starts, axis=1).min(axis=1)
    return [
        decide(
            frame,
            precedes(Moments(frame["time"], frame["latest"]), admitted.reindex(frame.index), calendar.timezone),
            "TIME_ORDER",
            hint="it ends before it starts",
        )
        if event in STAY_ENDS
        else frame
        for frame, event in zip(frames, events, strict=True)
    ]


def _event(
    rows: pd.DataFrame, ids: pd.DataFrame, declared: EventColumns, file: SourceFile, calendar: Calendar
) -> pd.DataFrame:
    """An event without a condition happened where it has a date; one with a condition, where that holds."""
    times = time_columns(rows, declared.time, file, calendar)
    sent = column(rows, declared.time.columns[0])
    coded = is_sentinel(sent, declared.time.columns[0], file)
    records = undecided(
        # A declared code for missing is blank in the joined time, and the ledger shows what was sent.
        ids.assign(raw_value=times["time_text"].mask(coded, sent), coded=coded),
        # One date may be read for two events, such as death and discharge by a column of outcomes.
        item=f"{declared.time.columns[0]}>{declared.event}",
        event=declared.event,
        end_time=no_times(rows.index),
        end_latest=no_times(rows.index),
        value=filled_or_null(filled_column(rows, declared.value, file)),
        detail=None,
        **times,
    )
    if declared.only_if is None:
        records = records.loc[records["raw_value"] != ""]
    else:
        records = records.loc[meets(rows, declared.only_if, file)]
    if declared.only_if is None:
        records = decide(records, records["coded"], "SENTINEL", "ignored")
        return check_times(check_subject(records))
    # A code for missing says as little of the day as a blank; that it happened is said elsewhere, and is not ignored.
    undated = records["coded"] | (records["raw_value"] == "")
    return check_times(decide(check_subject(records), undated, "DATE_MISSING", hint=UNDATED))


def _unclaimed(rows: pd.DataFrame, ids: pd.DataFrame, part: PatientRows, file: SourceFile) -> list[pd.DataFrame]:
    """Filled date columns whose every event has a condition, and none holds."""
    frames = []
    for name in dict.fromkeys(declared.time.columns[0] for declared in part.events):
        same = [declared for declared in part.events if declared.time.columns[0] == name]
        conditions = [declared.only_if for declared in same]
        # One event of this date has no condition and takes every row.
        if None in conditions:
            continue
        sent = column(rows, name)
        coded = is_sentinel(sent, name, file)
        # With the columns of its hour: beside a blank date an hour tells that something happened.
        joined = joined_times(rows, list(dict.fromkeys(one for event in same for one in event.time.columns)), file)
        text = joined.mask(coded, sent)
        left = text != ""
        for condition in conditions:
            if condition is not None:
                left &= ~meets(rows, condition, file)
        records = undecided(ids.assign(raw_value=text, coded=coded).loc[left], item=name, event="")
        records = decide(records, records["coded"], "SENTINEL", "ignored")
        always = pd.Series(True, index=records.index)
        frames.append(decide(records, always, "EVENT_UNKNOWN", hint=f"no 'only_if' of the date '{name}' holds"))
    return frames
