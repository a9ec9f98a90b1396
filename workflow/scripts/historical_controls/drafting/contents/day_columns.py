"""One column for each day, whose heading names the day alone: 'Día 0', 'D1'; what is measured stands elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from historical_controls.dictionary.folding import fold
from historical_controls.drafting import headings as known
from historical_controls.drafting.cells.moments import moment_alone
from historical_controls.drafting.cells.naming import Named, outcome_named
from historical_controls.drafting.contents.columns import has_visits
from historical_controls.drafting.contents.own import NEW, own_outcome
from historical_controls.drafting.draft import Draft, part_of
from historical_controls.drafting.headings import first_of
from historical_controls.drafting.marks import Guess, plain, reasons
from historical_controls.drafting.measured import likely_unit, named_by_size
from historical_controls.drafting.values import is_numeric, middle, numbers

FEWEST = 2
# Names of a column that the dictionary has, from which it is one of analytes.
MOST_NAMED = 0.5


def by_day(draft: Draft) -> bool:
    """A part for each analyte of a column that names them; else one, of what the sheet or the file is called."""
    days = {name: day for name in draft.free if (day := moment_alone(name))}
    if len(days) < FEWEST or len({kind for kind, _ in days.values()}) > 1:
        return False
    analyte = _analytes(draft)
    # Rows of visits have one column for each outcome, whatever it is called.
    if analyte is None and has_visits(draft):
        return False
    rows = _rows_by_name(draft, analyte) if analyte else {"": list(range(draft.sheet.n_rows))}
    unit_column = first_of(known.UNITS, draft.free) if analyte else None
    for name, places in rows.items():
        texts = [draft.column(day)[place] for place in places for day in days]
        stated = {draft.column(unit_column)[place] for place in places} if unit_column else set()
        measured = _measured(draft, name or _title(draft), texts, stated)
        if measured is None:
            continue
        unit = {"unit_column": unit_column} if unit_column else {"unit": measured[1]} if measured[1] else {}
        columns: Any = {day: {"outcome": measured[0], **unit, "at": number} for day, (_, number) in days.items()}
        if whys := reasons([*measured, *unit.values()] if unit else measured[:1]):
            # One question for all days.
            columns = Guess(plain(columns), "; ".join(whys))
        where = [{"column": analyte, "is_in": [name]}] if analyte else []
        time = day_time(days.values())
        draft.parts.append(part_of(draft, "measurements_wide", where) | {"time": time, "columns": columns})
    if not draft.parts:
        return False
    draft.used |= {*days, *filter(None, (analyte, unit_column))}
    draft.relative = True
    return True


def day_time(days: Any) -> dict[str, Any]:
    """How days in headings are counted. days: (kind, number) of each."""
    kinds, numbers_of = zip(*days, strict=True)
    asked = "from which event are the days counted?"
    if min(numbers_of) == 1:
        asked += " If day 1 is its own day and not the next: relative_unit: study_day"
    unit = {"hour": "hours", "week": "weeks", "month": "months"}.get(kinds[0], "days")
    asked += " Are their numbers months?" if unit == "months" else ""
    return {"relative_to": Guess("admission", asked), "relative_unit": unit}


def _analytes(draft: Draft) -> str | None:
    """The column that names what each row measures: by its heading, else by its texts."""
    named = first_of(known.ANALYTES, draft.free)
    return named or next((name for name in draft.free if _names_outcomes(draft, draft.column(name))), None)


def _names_outcomes(draft: Draft, texts: Sequence[str]) -> bool:
    distinct = set(filter(None, texts))
    n_known = sum(bool(draft.dictionary.named(text)) for text in distinct)
    return bool(distinct) and n_known > MOST_NAMED * len(distinct)


def _rows_by_name(draft: Draft, analyte: str) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for place, text in enumerate(draft.column(analyte)):
        if text:
            rows.setdefault(text, []).append(place)
    return rows


def _title(draft: Draft) -> str:
    """What the sheet is called; of a file without sheets its name."""
    return str(plain(draft.sheet.written.get("sheet")) or draft.sheet.path.stem)


def _measured(draft: Draft, name: str, texts: Sequence[str], stated: set[str]) -> tuple[Any, Any] | None:
    """Code and unit of what is measured under a name; None of what is no number and not known."""
    sent = next(iter(stated), "")
    found = _named(draft, name, texts, sent)
    if found:
        draft.outcomes.append(found.code)
        unit = found.unit or likely_unit(draft, found.code, middle(numbers(texts, *draft.decimal)))
        return found.code, unit
    if not is_numeric(texts):
        return None
    code = own_outcome(draft, (name, name[:1].upper() + name[1:]), sent, texts)
    return Guess(code, f"{NEW}: is it an outcome, in which unit, and is more of it better (benefit)?"), sent


def _named(draft: Draft, name: str, texts: Sequence[str], unit: str) -> Named | None:
    """The outcome of a name, or of one of its words: 'pcr diaria'."""
    numeric = is_numeric(texts)
    spelled = [f"{name} ({unit})" if unit else name, *(fold(name).split() if " " in fold(name) else [])]
    for text in spelled:
        if found := outcome_named(text, numeric, draft.dictionary) or named_by_size(draft, text, texts):
            return found
    return None
