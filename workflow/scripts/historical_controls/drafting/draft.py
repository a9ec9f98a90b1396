"""What is drafted of one sheet, and what all kinds of its parts share: ids, times, optional columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any

from historical_controls.cleaning.rows.statuses import status_said
from historical_controls.cleaning.words.specimens import comment_said
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.dictionary.folding import fold
from historical_controls.drafting import headings as known
from historical_controls.drafting.cells.elapsed import BIRTH, Elapsed, first_elapsed
from historical_controls.drafting.cells.serials import SERIAL, are_days_beside, day_of
from historical_controls.drafting.files.forms import VALUE
from historical_controls.drafting.files.sheets import Sheet
from historical_controls.drafting.headings import first_of, without_brackets
from historical_controls.drafting.marks import Guess, plain
from historical_controls.drafting.own_rows import OwnRows
from historical_controls.drafting.values import DAYS, clock, codes_of_missing, dates, is_numeric, numbers
from historical_controls.intake.private import identifies

INSTRUMENT, EVENT = "redcap_repeat_instrument", "redcap_event_name"
# So many words of a status are asked for.
MOST_STATUSES = 10
OWN = (INSTRUMENT, EVENT, "redcap_repeat_instance", "redcap_data_access_group")
NO_TIME = Guess({"columns": ["?"], "formats": ["%Y-%m-%d"]}, "no column of times was recognised")

HOURS_AND_MINUTES = re.compile(r"\d+:\d\d")


@dataclass
class Draft:
    """What is drafted of one sheet. used: columns that a part reads; outcomes: codes found.

    own: what no dictionary names, shared by all sheets of the study. month_first: dates of its source tell so.
    numbered: columns of what seems to be a number of each person.
    """

    sheet: Sheet
    dictionary: Dictionary
    subject: Any = None
    parts: list[Any] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    outcomes: list[str] = field(default_factory=list)
    sentinels: dict[str, list[str]] = field(default_factory=dict)
    relative: bool = False
    month_first: bool = False
    numbered: list[str] = field(default_factory=list)
    own: OwnRows = field(default_factory=OwnRows)

    def column(self, name: str) -> list[str]:
        return self.sheet.columns[name]

    @property
    def free(self) -> list[str]:
        """Columns that nothing reads yet and that name nobody."""
        return [
            name for name in self.sheet.columns if name not in self.used and name not in OWN and not identifies(name)
        ]

    def spellings(self, name: str) -> list[str]:
        """A heading, and the label that the file gives it (SPSS, Stata); each also without its unit in brackets.

        A unit that stands below the header is in brackets behind the first.
        """
        known = [text for text in (self.with_unit(name), name, self.sheet.labels.get(name, "")) if text]
        return list(dict.fromkeys([*known, *(without_brackets(text) for text in known)]))

    def dates(self, name: str) -> Any:
        """Formats of a column of dates; of days of a sheet where the heading or the columns beside it say so."""
        dated = known.is_dated(name) or are_days_beside(self.column(name), self._days_of_sheet)
        return dates(self.column(name), dated, self.month_first)

    @cached_property
    def _days_of_sheet(self) -> list[date]:
        """Days that a sheet stores as numbers in columns whose headings say so, births apart."""
        named = (name for name in self.sheet.columns if known.is_dated(name) and not known.is_birth(name))
        return [day for name in named for text in self.column(name) if (day := day_of(text))]

    def event(self, name: str) -> str | None:
        """The event that a column dates, by its label where the file has one, else by its heading."""
        named = (known.event_of(text) for text in (self.sheet.labels.get(name, ""), name) if text)
        return next(filter(None, named), None)

    def in_words(self, name: str) -> list[str]:
        """The texts of a column, codes as the words that the file's own dictionary has for them."""
        words = self.sheet.choices.get(name, {})
        return [words.get(text, text) for text in self.column(name)]

    def coded(self, name: str, meant: dict[str, Any]) -> dict[str, Any]:
        """Meanings of words, by the codes that the column has for them."""
        words = self.sheet.choices.get(name)
        if not words:
            return meant
        return {code: meant[word] for code, word in words.items() if word in meant}

    def named_by(self, name: str) -> str:
        """The heading that names a column: of a value that was split from a cell, that of the cell."""
        whole = self.sheet.labels.get(name, "")
        return whole if whole and name == whole + VALUE else name

    def with_unit(self, name: str, heading: str | None = None) -> str:
        """A heading, or the part of it that names the outcome, with the unit that stands below it in brackets."""
        unit = self.sheet.units.get(name, "")
        text = name if heading is None else heading
        return f"{text} ({unit})" if unit else text

    @property
    def decimal(self) -> tuple[str, str | None]:
        return plain(self.sheet.written.get("decimal", ".")), plain(self.sheet.written.get("thousands"))


def part_of(draft: Draft, kind: str, where: list[dict[str, Any]]) -> dict[str, Any]:
    part = {"kind": kind, **({"where": where} if where else {}), "subject": plain(draft.subject)}
    if not isinstance(draft.subject, Guess):
        return part
    # Either another column holds the ids, or merged cells left them out: both are for a person to see.
    blank = any(not text for text in draft.column(part["subject"]))
    fill = {"fill_down_subject": Guess(True, draft.subject.why)} if blank else {}
    return {**part, "subject": draft.subject, **fill}


def subject_of(draft: Draft) -> Any:
    """The column of ids: by its heading, else the first that names each row; marked where it is guessed."""
    named = first_of(known.IDS, draft.sheet.columns)
    if named:
        draft.used.add(named)
        blank = sum(not text for text in draft.column(named))
        return (
            Guess(named, f"{blank} rows have no id: does it stand on the first row of each patient only?")
            if (blank > 0.2 * draft.sheet.n_rows)
            else named
        )
    by_word = (name for name in draft.free if fold(name).endswith(" id") or fold(name).startswith("id "))
    name = next(by_word, None) or _first_of_ids(draft)
    if name is None:
        return None
    draft.used.add(name)
    return Guess(name, "is this the patient's id?")


def _first_of_ids(draft: Draft) -> str | None:
    """The first column, where it is filled and names each row, or rows that follow each other, of every file."""
    for name in draft.free[:1]:
        files = [one.columns[name] for one in draft.sheet.members if name in one.columns] or [draft.column(name)]
        if all(map(_are_ids, files)):
            return name
    return None


def _are_ids(texts: Sequence[str]) -> bool:
    runs = sum(a != b for a, b in pairwise(texts)) + 1
    if not all(texts):
        # Ids of merged cells stand on the first row of each patient.
        filled = [text for text in texts if text]
        return bool(texts[:1] and texts[0]) and len(filled) < len(texts) and _are_ids(filled)
    return len(texts) > 2 and len(set(texts)) > 2 and runs == len(set(texts)) and dates(texts) is None


def subjects_of(draft: Draft, part: dict[str, Any]) -> list[str]:
    """The id of each row, as the part reads it: a blank one repeats the one above where the part says so."""
    ids = draft.column(plain(part["subject"]))
    if not plain(part.get("fill_down_subject")):
        return ids
    filled: list[str] = []
    for text in ids:
        filled.append(text or (filled[-1] if filled else ""))
    return filled


def dated_events(drafts: Iterable[Draft]) -> set[str]:
    """The events that some part dates: of a patient's row, or one a row."""
    parts = [plain(part) for draft in drafts for part in draft.parts]
    rows = [part for part in parts if part["kind"] == "events"]
    of_rows = {event for part in rows for event in part.get("values", {}).values()}
    of_rows |= {part["event"].removeprefix("=") for part in rows if "values" not in part}
    return of_rows | {event["event"] for part in parts for event in part.get("events", [])}


def patients_part(draft: Draft, why: str) -> dict[str, Any]:
    """The part of patients, to add to; where there is none a new one, marked."""
    for part in draft.parts:
        bare = part.value if isinstance(part, Guess) else part
        if plain(bare["kind"]) == "patients":
            return bare
    new = part_of(draft, "patients", [])
    draft.parts.insert(0, Guess(new, why))
    return new


def time_of(draft: Draft) -> Any:
    """The time of the rows: a column of dates by its name, else the only one; else a number of days or hours."""
    dated = {name: found for name in draft.free if (found := draft.dates(name))}
    results = known.result_times(dated)
    rest = [name for name in dated if name not in results]
    name = first_of(known.TIMES, rest) or next(filter(known.is_collection, rest), None)
    if name is None and len(rest) == 1:
        name = rest[0]
    if name:
        draft.used.add(name)
        return with_clock(draft, name, dated[name])
    if results and not rest:
        draft.used.add(results[0])
        time = with_clock(draft, results[0], dated[results[0]])
        return Guess(time, f"no column but '{results[0]}' has times: were samples taken then, or long before?")
    counted = first_elapsed(name for name in draft.free if _counts(draft, name))
    return relative_time(draft, *counted) if counted else None


def result_time_of(draft: Draft) -> str | None:
    """The column that says when results were reported, beside one that says when samples were taken."""
    dated = [name for name in draft.free if draft.dates(name)]
    results = known.result_times(dated)
    return results[0] if 0 < len(results) < len(dated) else None


def _counts(draft: Draft, name: str) -> bool:
    """Whether the cells of a column may be times counted from an event: numbers, or '26:30'."""
    texts = draft.column(name)
    return is_numeric(texts) or any(HOURS_AND_MINUTES.fullmatch(text) for text in texts)


def with_clock(draft: Draft, name: str, formats: Any) -> dict[str, Any]:
    """A column of days with the hours of a column beside it, where one holds nothing else."""
    beside = {other: forms for other in draft.free if other != name and (forms := clock(draft.column(other)))}
    if len(beside) != 1 or not set(plain(formats)) <= {*DAYS, SERIAL}:
        return {"columns": [name], "formats": formats}
    ((hours, forms),) = beside.items()
    draft.used.add(hours)
    days = [day for day in plain(formats) if day != SERIAL]
    both = [f"{day} {form}" for day in days for form in forms]
    # Where an hour is blank, the day stays; a sheet's number of a day takes a clock of any format.
    both += [*(days if not all(draft.column(hours)) else []), *({SERIAL} & set(plain(formats)))]
    return {"columns": [name, hours], "formats": Guess(both, formats.why) if isinstance(formats, Guess) else both}


def relative_time(draft: Draft, column: str, counted: Elapsed) -> dict[str, Any]:
    draft.used.add(column)
    draft.relative = True
    asked = "from which event are these times counted?"
    event = Guess(counted.event, asked) if counted.event != BIRTH else counted.event
    return {"columns": [column], "relative_to": event, "relative_unit": _elapsed_unit(draft, column, counted)}


def _elapsed_unit(draft: Draft, column: str, counted: Elapsed) -> Any:
    texts = draft.column(column)
    if any(HOURS_AND_MINUTES.fullmatch(text) for text in texts):
        return "HH:MM"
    if not counted.unit:
        return Guess("hours", f"'{column}' names no unit: hours, or days?")
    sent = numbers(texts, *draft.decimal)
    if counted.event == BIRTH and counted.unit == "days" and sent and min(sent) >= 1:
        # A first day of life that is 1 may be the day of birth or the next: conventions differ.
        return Guess("study_day", "is day 1 the day of birth? If it is the day after: days")
    return counted.unit


def add_column(draft: Draft, part: dict[str, Any], key: str, name: str | None) -> None:
    """A key of a part that names a column, where there is one."""
    if name:
        part[key] = name
        draft.used.add(name)


def add_status(draft: Draft, part: dict[str, Any], name: str | None) -> None:
    """The column of statuses, and those of its words that say nothing known, most of which may be final."""
    add_column(draft, part, "status", name)
    texts = dict.fromkeys(draft.column(part["status"])) if "status" in part else {}
    odd = [text for text in texts if status_said(text) is None]
    if odd:
        why = "which of these results are final, preliminary, corrected or withdrawn?"
        part["statuses"] = Guess(dict.fromkeys(odd[:MOST_STATUSES], "final"), why)


def add_comment(draft: Draft, part: dict[str, Any], name: str | None) -> None:
    """The column of comments, and those that repeat and say nothing known: some may be of bad specimens."""
    add_column(draft, part, "comment", name)
    counts = Counter(filter(None, draft.column(name))) if name else Counter()
    odd = [text for text, n in counts.most_common() if n > 1 and comment_said(text) is None]
    if odd:
        why = "which of these comments say that the specimen was bad: haemolysed, clotted or invalid?"
        part["comments"] = Guess(dict.fromkeys(odd[:MOST_STATUSES], "fine"), why)


def note_missing(draft: Draft, name: str) -> None:
    codes = codes_of_missing(draft.column(name))
    if codes:
        draft.sentinels[name] = codes
