"""What the texts of a column say: dates in which format, numbers, codes of missing values, words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import lru_cache
from statistics import median
from typing import Any

import pandas as pd

from historical_controls.cleaning.cells.cell_words import BELOW_WITHOUT_LIMIT, NOT_DONE
from historical_controls.cleaning.cells.limit_words import limit
from historical_controls.cleaning.cells.times import MERIDIEM_CODE, read_by, without_noise
from historical_controls.config.sources.time_formats import shape
from historical_controls.dictionary.folding import fold
from historical_controls.drafting.cells.serials import SERIAL, asked, day_of, serials_among
from historical_controls.drafting.marks import Guess, plain

DAYS = (
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d.%m.%Y",
    "%Y/%m/%d",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%m-%y",
    "%d.%m.%y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%d/%b/%Y",
    "%d-%b-%y",
    "%d/%b/%y",
    "%b %d, %Y",
    "%d de %b de %Y",
)
HOURS = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p", "%H")
# '08:30', '8h30', '6 h'.
CLOCK_MARK = re.compile(r"\d\s*(?::|h)", re.IGNORECASE)
CLOCKS = ("", *(f" {hour}" for hour in HOURS[:4]), "T%H:%M", "T%H:%M:%S", "T%H:%M%z", "T%H:%M:%S%z", " %H:%M:%S%z")
FORMATS = tuple(day + clock for day in DAYS for clock in CLOCKS)
# The same text read with day and month changed over.
TWINS = {day: day.replace("%d", "?").replace("%m", "%d").replace("?", "%m") for day in DAYS}
# Rare formats count: one row in a thousand without a clock is another format.
MOST_TEXTS = 20_000
FEW_TEXTS = 10
NUMBER = re.compile(r"^[<>≤≥]?\s*-?\d[\d.,]*$")
# A percentage says its unit in the cell, as '50 %' beside '0.5'.
PERCENT = re.compile(r"\s*%$")
# '412 G/L', '5,3 mg/L', '70 mmHg' beside numbers alone.
UNIT_BEHIND = re.compile(r"(?<=\d)\s*(?:[^\d\s.,:/-]*/[^\W\d][^\s,:/]*|mm ?hg|cm ?h2o|kg|mg|cm|bpm|lpm)$", re.I)
SENTINELS = ("9999", "999", "-99", "-999", "-1", "-9", "99999", "9999999")


def dates(texts: Sequence[str], dated: bool = False, month_first: bool = False) -> Any:
    """Formats of a column of dates, marked where day and month cannot be told apart; None where it holds none.

    dated: whether its heading says so. Then numbers alone may be days of a sheet; beside dates they are in any column.
    month_first: whether other columns of the same files tell that the month comes first.
    """
    known = [text for text in dict.fromkeys(texts) if text][:MOST_TEXTS]
    serials = serials_among(known)
    if not serials:
        return _formats(known, month_first)
    written = [text for text in known if day_of(text) is None]
    formats = _formats(written, month_first)
    if formats is None:
        return Guess([SERIAL], asked(serials)) if dated and not written else None
    whys = [formats.why] if isinstance(formats, Guess) else []
    return Guess([*plain(formats), SERIAL], "; ".join([*whys, asked(serials)]))


def _formats(known: Sequence[str], month_first: bool) -> Any:
    # Most columns hold none, which a few cells tell.
    if not any(len(read) for read in _fitting(known[:FEW_TEXTS], FORMATS).values()):
        return None
    fitting = _fitting(known, FORMATS)
    left, chosen = set(known), []
    order = sorted(FORMATS, key=lambda one: month_first != one.startswith("%m"))
    for form in sorted(order, key=lambda one: -len(fitting[one])):
        if left and fitting[form] & left:
            chosen.append(form)
            left -= fitting[form]
    if len(left) > 0.02 * len(known) or not chosen:
        return None
    for form in chosen:
        twin = next((day for day in DAYS if form.startswith(day)), "")
        other = TWINS[twin] + form.removeprefix(twin) if twin else form
        if other != form and other in chosen:
            return Guess(chosen, "some days are first, some months: dates that fit both orders are held")
        if other != form and fitting.get(other) == fitting[form]:
            why = f"no day above 12 tells day and month apart in '{known[0]}'"
            return Guess(chosen, f"{why}; other columns have the month first" if month_first else why)
    return chosen


def has_month_first(columns: Iterable[Sequence[str]]) -> bool:
    """Whether dates of columns tell that the month comes first, and none that the day does."""
    told = [form for texts in columns for form in _told(texts)]
    return any(form.startswith("%m") for form in told) and not any(form.startswith("%d/") for form in told)


def _told(texts: Sequence[str]) -> list[str]:
    """Formats of a column of dates, where its days leave no doubt of their order."""
    formats = dates(texts)
    return [] if formats is None or isinstance(formats, Guess) else list(formats)


def clock(texts: Sequence[str]) -> list[str]:
    """The formats of a column of hours without days, the most frequent first; none where it holds something else."""
    known = [text for text in dict.fromkeys(texts) if text][:MOST_TEXTS]
    if not any(CLOCK_MARK.search(text) for text in known[:FEW_TEXTS]):
        return []
    # A clock alone is no time: it is read on some day.
    read = _fitting([f"2000-01-01 {text}" for text in known], [f"{DAYS[0]} {hour}" for hour in HOURS])
    left, chosen = {f"2000-01-01 {text}" for text in known}, []
    for form in sorted(read, key=lambda one: (-len(read[one]), list(read).index(one))):
        if read[form] & left:
            chosen.append(form.removeprefix(f"{DAYS[0]} "))
            left -= read[form]
    return chosen if len(left) <= 0.02 * len(known) else []


def _fitting(texts: Sequence[str], forms: Sequence[str]) -> dict[str, set[str]]:
    """The texts that each format reads, as cleaning does."""
    column = pd.Series(texts, dtype="str")
    # Few texts differ in more than their digits: only formats of such a shape are tried on all of them.
    plain_texts = without_noise(column) if len(column) else column
    shapes = plain_texts[~plain_texts.str.replace(r"\d", "0", regex=True).duplicated()].str.strip()
    out: dict[str, set[str]] = {}
    for form in forms:
        fits = len(shapes) and any(_pattern(form).fullmatch(text) for text in shapes)
        out[form] = set(column[read_by(column, form).notna()]) if fits else set()
    return out


@lru_cache(maxsize=len(FORMATS) + len(HOURS))
def _pattern(form: str) -> re.Pattern[str]:
    return re.compile(shape(MERIDIEM_CODE.sub("%p", form)))


def days_of(texts: Sequence[str], formats: Sequence[str]) -> list[date]:
    """The days of the distinct texts, each by the first format that reads it."""
    return list(days_by_text(texts, formats).values())


def days_by_text(texts: Sequence[str], formats: Sequence[str]) -> dict[str, date]:
    """The day that each text names, where one of the formats reads it."""
    known = [text for text in dict.fromkeys(texts) if text]
    found: dict[str, date] = {}
    if SERIAL in formats:
        found = {text: day for text in known if (day := day_of(text))}
    for form in formats:
        if form == SERIAL:
            continue
        read = read_by(pd.Series(known, dtype="str"), form)
        found = {text: time.date() for text, time in zip(known, read, strict=True) if not pd.isna(time)} | found
    return {text: found[text] for text in known if text in found}


def day_column(time: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The column of a declared time that names the day, with the formats of the days alone."""
    if len(time["columns"]) < 2:
        return time["columns"][0], time["formats"]
    heads = [day for form in time["formats"] for day in DAYS if form == day or form.startswith(f"{day} ")]
    return time["columns"][0], [*dict.fromkeys(heads), *({SERIAL} & set(time["formats"]))]


def numbers(texts: Sequence[str], decimal: str = ".", thousands: str | None = None) -> list[float]:
    """The numbers of a column, limits without their sign."""
    out = []
    for text in texts:
        if is_number(text):
            bare = _without_limit(text).replace(thousands or " ", "")
            with suppress(ValueError):
                out.append(float(bare.replace(decimal, ".") if decimal != "." else bare))
    return out


@lru_cache(maxsize=MOST_TEXTS)
def is_number(text: str) -> bool:
    """Whether a cell is a number or a limit, in signs or words as cleaning reads them: '2256 o más' is no code."""
    return NUMBER.match(_without_limit(text)) is not None


def _without_limit(text: str) -> str:
    bare = UNIT_BEHIND.sub("", PERCENT.sub("", text))
    said = limit(bare)
    return said[1] if said else bare


def without_percentages(texts: Sequence[str]) -> list[str]:
    """The texts whose cells do not say that they are percentages."""
    return [text for text in texts if not PERCENT.search(text)]


def is_numeric(texts: Sequence[str]) -> bool:
    """Most filled cells are numbers, or all but a word for missing; a few words are for cleaning to hold."""
    known = [text for text in texts if text]
    n_numbers = sum(map(is_number, known))
    return bool(known) and (n_numbers >= 0.7 * len(known) or (n_numbers >= 10 and bool(words_of_missing(known))))


def words_of_missing(texts: Sequence[str]) -> list[str]:
    """The one or two words that stand, often, where a column has no number ('n.f.')."""
    # What says below the limit is no missing value: cleaning holds it until the limit is declared.
    said = [text for text in texts if text and not is_number(text) and not _is_known(fold(text))]
    words = Counter(said)
    n_distinct = len({text for text in texts if is_number(text)})
    # A word with a number is a value that something was written beside: '36,8 ax'.
    if any(any(map(str.isdigit, word)) for word in words):
        return []
    often = n_distinct > 2 * len(words) and len(words) <= 2 and all(count > 2 for count in words.values())
    return sorted(words) if often else []


def _is_known(folded: str) -> bool:
    """Whether cleaning reads a word: as below a limit, or as not done ('onvoldoende materiaal')."""
    return folded in BELOW_WITHOUT_LIMIT or NOT_DONE.search(folded) is not None


def is_code_only(texts: Sequence[str]) -> bool:
    """Whether every filled cell holds one and the same code for missing."""
    known = {text for text in texts if text}
    return len(known) == 1 and known <= set(SENTINELS)


def codes_of_missing(texts: Sequence[str]) -> list[str]:
    """Numbers that are repeated, usual as codes, and far outside the others; words in place of numbers."""
    if is_code_only(texts):
        return sorted({text for text in texts if text})
    return sorted([*words_of_missing(texts), *numeric_codes(texts)])


def numeric_codes(texts: Sequence[str]) -> list[str]:
    """Numbers that are usual as codes for missing and far outside the others."""
    counts = Counter(text for text in texts if text in SENTINELS)
    rest = [float(text) for text in texts if NUMBER.match(text) and text not in SENTINELS and _float(text)]
    if not counts or len(rest) < 3:
        return []
    high = max(rest)
    # A code that is repeated needs less distance: 999 beside distances up to 460 m.
    return sorted(
        code
        for code, count in counts.items()
        if float(code) < 0 <= min(rest) or float(code) > (3 if count == 1 else 1.5) * high
    )


def _float(text: str) -> bool:
    with suppress(ValueError):
        float(text)
        return True
    return False


def middle(values: Sequence[float]) -> float:
    return median(values) if values else float("nan")
