"""The parts of one sheet: values by row, by analyte or by visit, and treatments."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from historical_controls.cleaning.rows.statuses import status_said
from historical_controls.dictionary.folding import fold
from historical_controls.drafting import headings as known
from historical_controls.drafting.cells.moments import baselines_behind, moment_in, numbered_moments
from historical_controls.drafting.cells.naming import outcome_named
from historical_controls.drafting.contents.day_columns import by_day, day_time
from historical_controls.drafting.contents.event_rows import events_in_rows
from historical_controls.drafting.contents.own import (
    Results,
    own_analytes,
    own_column,
    own_columns,
    own_flag,
    own_flags,
)
from historical_controls.drafting.contents.oxygen import by_days, note_air, oxygen_columns, oxygen_parts
from historical_controls.drafting.contents.results import (
    analyte_column,
    comment_column,
    specimen_column,
    status_column,
    unit_column,
    value_column,
)
from historical_controls.drafting.draft import (
    NO_TIME,
    Draft,
    add_column,
    add_comment,
    add_status,
    part_of,
    result_time_of,
    time_of,
)
from historical_controls.drafting.headings import first_of
from historical_controls.drafting.marks import Guess, plain
from historical_controls.drafting.measured import likely_unit, measured, named_outcome, with_unit_column
from historical_controls.drafting.patients import draft_patients
from historical_controls.drafting.redcap.forms import of_redcap
from historical_controls.drafting.values import is_numeric, middle, numbers, numeric_codes
from historical_controls.drafting.visits.named import by_named_visit

# Rows from which an analyte with one result says nothing.
FEWEST_ALIKE = 20
# Results with a unit from which the cells state it; some are words.
MOST_STATED = 0.7
UNIT_IN_CELL = re.compile(r"\d\s*([^\d\s.,][^\s]*(?: \S+)?)\s*$")


def draft_sheet(draft: Draft) -> Draft:
    """Every part that the sheet's headings and cells tell of, added to its draft."""
    if draft.subject is None:
        return draft
    if not of_redcap(draft, parts_of_rows):
        _treatments(draft, []) or _long(draft, []) or events_in_rows(draft)
    return draft


def parts_of_rows(draft: Draft, where: list[dict[str, Any]], patients: bool) -> None:
    """The parts of some rows of a sheet. patients: whether these may describe patients."""
    if patients:
        draft_patients(draft, where)
    _treatments(draft, where) or _long(draft, where) or _wide(draft, where)


def draft_wide(draft: Draft) -> None:
    """What the columns of a sheet with a row for each patient or time tell, where nothing else was recognised."""
    by_day(draft) or _by_visit(draft) or _wide(draft, [])


def _long(draft: Draft, where: list[dict[str, Any]]) -> bool:
    """One result a row: a column of names, most of which are known, and one of results."""
    analyte, result = analyte_column(draft), value_column(draft)
    if not analyte or not result:
        return False
    value = plain(result)
    names = list(dict.fromkeys(text for text in draft.column(analyte) if text))
    meant = {name: draft.dictionary.named(name) for name in names}
    draft.used |= {analyte, value}
    part = part_of(draft, "measurements_long", where) | {"time": None, "analyte": analyte, "value": result}
    add_column(draft, part, "unit", unit_column(draft))
    add_column(draft, part, "specimen", specimen_column(draft))
    add_column(draft, part, "assay", first_of(known.ASSAYS, draft.free))
    add_status(draft, part, status_column(draft))
    add_comment(draft, part, comment_column(draft))
    result_time = result_time_of(draft)
    part["time"] = time_of(draft) or NO_TIME
    if result_time:
        part["result_time"] = {"columns": [result_time], "formats": draft.dates(result_time)}
        draft.used.add(result_time)
    if codes := numeric_codes(draft.column(value)):
        draft.sentinels[value] = codes
    draft.outcomes += [one.code for found in meant.values() for one in found]
    _note_units(draft, analyte, value, part.get("unit"))
    _note_unread(draft, part, meant)
    _note_specimens(draft, part)
    draft.parts.append(part)
    return True


def _note_unread(draft: Draft, part: dict[str, Any], meant: dict[str, Any]) -> None:
    """Names that no dictionary has, and those whose every result is the same."""
    analyte, value = part["analyte"], plain(part["value"])
    sent: dict[str, set[str]] = {}
    for name, text in zip(draft.column(analyte), draft.column(value), strict=True):
        sent.setdefault(name, set()).add(text)
    rows = Counter(draft.column(analyte))
    columns = Results(analyte, value, part.get("unit"), part.get("specimen"))
    unknown, asked = own_analytes(draft, [name for name, found in meant.items() if not found], columns)
    if asked:
        part["analyte"] = Guess(analyte, "; ".join(asked))
    same = [name for name, found in meant.items() if found and len(sent[name]) == 1 and rows[name] >= FEWEST_ALIKE]
    whys = ["not in the dictionary: ignore them, or name them in dictionary/synonyms.csv"] if unknown else []
    whys += [f"{', '.join(same)}: every result is the same"] if same else []
    if whys:
        draft.sheet.written["ignore_analytes"] = Guess([*unknown, *same], "; ".join(whys))


def _note_specimens(draft: Draft, part: dict[str, Any]) -> None:
    """Outcomes that few specimens answer, where no column names the specimen: the first of them, marked."""
    if "specimen" in part:
        return
    of_gases = [
        code
        for code in dict.fromkeys(draft.outcomes)
        if code in draft.dictionary.outcomes and draft.dictionary.outcomes[code].specimens[:1] == ("arterial",)
    ]
    if of_gases:
        draft.sheet.written["default_specimens"] = Guess(
            dict.fromkeys(of_gases, "arterial"), "no column names the specimen"
        )


def _note_units(draft: Draft, analyte: str, value: str, unit: str | None) -> None:
    """The likely unit of each number of which no row states one, in a column of units or in the cell."""
    sent: dict[str, list[str]] = {}
    stated: set[str] = set()
    units = draft.column(unit) if unit else [""] * draft.sheet.n_rows
    for name, text, of_row in zip(draft.column(analyte), draft.column(value), units, strict=True):
        for one in draft.dictionary.named(name) if name else ():
            outcome = draft.dictionary.outcomes[one.code]
            if outcome.kind == "number" and outcome.unit:
                sent.setdefault(one.code, []).append(text)
                stated |= {one.code} if any(map(str.isalnum, of_row)) or "%" in of_row else set()
    likely = {
        code: likely_unit(draft, code, middle(numbers(texts, *draft.decimal)))
        for code, texts in sent.items()
        if code not in stated and not _state_units(draft, code, texts)
    }
    if likely:
        draft.sheet.written["default_units"] = likely


def _state_units(draft: Draft, code: str, texts: Sequence[str]) -> bool:
    """Whether the results bring their units, as '5,3 mg/L'."""
    filled = [text for text in texts if text]
    stated = [found[1] for text in filled if (found := UNIT_IN_CELL.search(text))]
    return bool(filled) and sum(draft.dictionary.conversion(code, unit) is not None for unit in stated) >= (
        MOST_STATED * len(filled)
    )


def _treatments(draft: Draft, where: list[dict[str, Any]]) -> bool:
    """One course of a treatment a row: a column most of whose names the dictionary has, and one of starts."""
    spelled = {
        fold(name): code
        for code, one in draft.dictionary.treatments.items()
        for name in (code, one.label_en, one.label_es, *one.names)
    }
    for name in draft.sheet.columns:
        texts = list(dict.fromkeys(text for text in draft.column(name) if text))
        meant = {text: spelled[fold(text)] for text in texts if fold(text) in spelled}
        start = first_of(known.STARTS, draft.free)
        if name in draft.used or start is None or len(meant) < max(1, 0.5 * len(texts)):
            continue
        formats = draft.dates(start)
        if formats is None:
            continue
        draft.used |= {name, start}
        part = part_of(draft, "treatments", [*where, *_given(draft)]) | {"treatment": name}
        if any(text != code for text, code in meant.items()) or len(meant) < len(texts):
            other = [text for text in texts if text not in meant]
            part["values"] = Guess(meant, f"which treatments are {', '.join(other)}?") if other else meant
        part["start"] = {"columns": [start], "formats": formats}
        stop = first_of(known.STOPS, draft.free)
        if stop and (stops := draft.dates(stop)):
            part["stop"] = {"columns": [stop], "formats": stops}
            draft.used.add(stop)
        add_column(draft, part, "dose", first_of(known.DOSES, draft.free))
        add_column(draft, part, "dose_unit", first_of((*known.DOSE_UNITS, *known.UNITS), draft.free))
        draft.parts.append(part)
        return True
    return False


def _given(draft: Draft) -> list[dict[str, Any]]:
    """The condition that leaves out courses whose status says that they were withdrawn, where some are."""
    name = status_column(draft)
    texts = list(dict.fromkeys(draft.column(name))) if name else []
    withdrawn = [text for text in texts if status_said(text) == "withdrawn"]
    rest = [text for text in texts if text not in withdrawn]
    if name is None or not withdrawn or not rest:
        return []
    draft.used.add(name)
    return [{"column": name, "is_in": Guess(rest, f"were courses of {', '.join(withdrawn)} not given?")}]


def _by_visit(draft: Draft) -> bool:
    """One row a patient, one column for each outcome and visit: 'CRP_day7'."""
    oxygen, columns = _oxygen_by_day(draft) if by_days(draft) else ([], {})
    headings = {name: draft.named_by(name) for name in draft.free}
    moments = {name: moment for name, text in headings.items() if (moment := moment_in(text))}
    moments |= baselines_behind(
        [name for name in headings if name not in moments], {fold(m[0]) for m in moments.values()}
    )
    unexplained = [name for name in headings if name not in moments and not named_outcome(draft, name)]
    moments |= numbered_moments(unexplained, draft.dictionary)
    numeric = {name: is_numeric(draft.column(name)) for name in moments}
    several = {rest for rest, n in Counter(fold(m[0]) for n, m in moments.items() if numeric[n]).items() if n > 1}
    kinds = ["day"] * len(columns)
    by_month = {moment[1] for moment in moments.values()} - {"baseline"} == {"month"} and not columns
    for name, moment in moments.items():
        found = outcome_named(draft.with_unit(name, moment[0]), numeric[name], draft.dictionary)
        if found:
            draft.outcomes.append(found.code)
            columns[name] = {**measured(draft, name, found.code, found.unit), "at": _at(moment, by_month)}
            note_air(draft, name, found.code)
        elif numeric[name] and fold(moment[0]) in several:
            own = own_column(draft, name, moment[0])
            columns[name] = _at_moment(own, _at(moment, by_month))
        elif flag := own_flag(draft, name, moment[0]):
            columns[name] = _at_moment(flag, _at(moment, by_month))
        else:
            continue
        kinds.append(moment[1])
    if len(columns) < 2:
        return False
    draft.used |= set(columns)
    draft.relative = True
    lowest = min(plain(one["at"]) for one in columns.values())
    unit = "month" if by_month else "hour" if set(kinds) == {"hour"} else "day"
    time = day_time([(unit, lowest)])
    draft.parts += [*oxygen, part_of(draft, "measurements_wide", []) | {"time": time, "columns": columns}]
    return True


def _oxygen_by_day(draft: Draft) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Parts of devices, one for each day and kind, and the columns of fractions."""
    columns = oxygen_columns(draft, by_day=True)
    draft.outcomes += [one["outcome"] for one in columns.values()]
    parts = oxygen_parts(draft, plain(day_time([("day", 0)])), [], by_day=True)
    draft.used |= set(columns)
    return parts, columns


def _at_moment(own: Guess, at: Any) -> dict[str, Any]:
    """A column of an outcome of the study's own, with the mark of the guess at its name."""
    return {"outcome": Guess(own.value.pop("outcome"), own.why), **own.value, "at": at}


def _at(moment: tuple[str, str, int], by_month: bool) -> Any:
    if by_month:
        return moment[2]
    day = {"week": 7, "month": 30}.get(moment[1], 1) * moment[2]
    sure = moment[1] in ("day", "hour", "week")
    if moment[1] == "number":
        return Guess(day, f"is {moment[2]} the day?")
    return day if sure else Guess(day, f"on which day was {moment[1]} {moment[2]}?")


def _wide(draft: Draft, where: list[dict[str, Any]]) -> bool:
    """One time a row, one column for each outcome; a part for each specimen where a column names it."""
    before = set(draft.used)
    time, columns = time_of(draft) or NO_TIME, oxygen_columns(draft)
    # Before the other columns: the flow of a device that is not named would be read as that of any.
    oxygen = oxygen_parts(draft, time, where)
    draft.outcomes += [one["outcome"] for one in columns.values()]
    for name in [name for name in draft.free if name not in columns]:
        found = named_outcome(draft, name)
        if found:
            columns[name] = with_unit_column(draft, name, measured(draft, name, found.code, found.unit))
            draft.outcomes.append(found.code)
            note_air(draft, name, found.code)
    columns |= own_columns(draft, columns)
    columns |= own_flags(draft, columns)
    if not columns and not oxygen:
        # The times of nothing are not read: a person has to see that they are there.
        draft.used = before
        return False
    draft.used |= set(columns)
    draft.parts += oxygen
    column = first_of(known.SPECIMENS, draft.free)
    if column is None:
        part = _rows_of(draft, where, time, columns)
        draft.parts += by_named_visit(draft, part) if time is NO_TIME else [part]
        return True
    draft.used.add(column)
    for text in filter(None, dict.fromkeys(draft.column(column))):
        own = [*where, {"column": column, "is_in": [text]}]
        specimen = draft.dictionary.specimen(text)
        known_one = specimen in draft.dictionary.specimens.values()
        name_of = specimen if known_one else Guess("", f"'{text}' is not in specimens.csv")
        each = {name: _of_specimen(one, name_of) for name, one in columns.items()}
        draft.parts.append(_rows_of(draft, own, time, each))
    return True


def _rows_of(draft: Draft, where: list[dict[str, Any]], time: Any, columns: dict[str, Any]) -> dict[str, Any]:
    """A part with one time a row, and the comment on it."""
    part = part_of(draft, "measurements_wide", where) | {"time": time, "columns": columns}
    comments = first_of(known.COMMENTS, draft.sheet.columns) or comment_column(draft)
    add_comment(draft, part, comments)
    return part


def _of_specimen(column: Any, specimen: Any) -> Any:
    """A column with its specimen; the mark of a guess stays."""
    said = {**plain(column), "specimen": specimen}
    return Guess(said, column.why) if isinstance(column, Guess) else {**column, "specimen": specimen}
