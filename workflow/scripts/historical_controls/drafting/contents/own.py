"""Outcomes and characteristics that no dictionary names, drafted as the study's own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from historical_controls.dictionary.folding import fold, fold_unit
from historical_controls.drafting.cells.elapsed import elapsed
from historical_controls.drafting.codes import FLAG, flag_codes
from historical_controls.drafting.contents.columns import describes_patients, has_visits, is_measured
from historical_controls.drafting.draft import Draft, note_missing, patients_part
from historical_controls.drafting.headings import moment_in, without_brackets
from historical_controls.drafting.marks import Guess, plain
from historical_controls.drafting.own_rows import FAMILY
from historical_controls.drafting.values import NUMBER, is_numeric, numbers

# Cells from which the digits of a column are told.
MOST_DIGITS = 1000
NEW = "new in dictionary/outcomes.csv"
# Units that are words of a name as well: 'platelet large cell ratio'.
WORDS = {"ratio"}
# In brackets, but no unit: '(#)', another name such as '(NT-proBNP)'.
NO_UNIT = re.compile(r"[^\w%°]+|[^\W\d]+-[^\W\d]+", re.UNICODE)
BRACKETS = re.compile(r"[(\[]([^()\[\]]+)[)\]]\s*$")


def own_columns(draft: Draft, named: Collection[str]) -> dict[str, Any]:
    """Columns of numbers that change from visit to visit and that no dictionary names; none of a sheet of patients."""
    if not has_visits(draft):
        return {}
    return {
        name: own_column(draft, name)
        for name in draft.free
        # A time beside the one that is read (an hour of life beside a date) is no outcome.
        if name not in named and is_measured(draft, name) and elapsed(name) is None
    }


def own_column(draft: Draft, name: str, heading: str | None = None) -> Guess:
    """A column as an outcome of the study's own. heading: what names the outcome, where that is a part of the name."""
    unit = _unit(draft, name)
    named = _bare(name if heading is None else heading, unit)
    label = _label(draft, name) if heading is None else _capital(named)
    code = own_outcome(draft, (named, label), unit, draft.column(name))
    note_missing(draft, name)
    measured = {"outcome": code, **({"unit": unit} if unit else {})}
    return Guess(measured, f"{NEW}: is it an outcome, in which unit, and is more of it better (benefit)?")


def own_outcome(draft: Draft, named: tuple[str, str], unit: str, texts: Sequence[str]) -> str:
    """The code of a number that the study measures. named: its name in the file, and its label."""
    row = {"family": FAMILY, "unit": unit, "decimals": str(_decimals(draft, texts))}
    code = draft.own.add(*named, row, draft.dictionary.outcomes)
    draft.outcomes.append(code)
    return code


def own_analytes(draft: Draft, unknown: Sequence[str], results: tuple[str, str], unit_column: str | None) -> list[str]:
    """Names of numbers in a long file, as outcomes with synonyms; the others are returned, to be ignored.

    results: the columns of names and of values.
    """
    sent: dict[str, list[str]] = {name: [] for name in unknown}
    units: dict[str, Counter[str]] = {name: Counter() for name in unknown}
    stated = draft.column(unit_column) if unit_column else [""] * draft.sheet.n_rows
    for name, text, unit in zip(draft.column(results[0]), draft.column(results[1]), stated, strict=True):
        if name in sent:
            sent[name].append(text)
            units[name][unit] += 1
    measured = [name for name in unknown if is_numeric(sent[name]) and len(set(numbers(sent[name]))) > 2]
    for name in measured:
        unit = units[name].most_common(1)[0][0] or _stated(name)
        code = own_outcome(draft, (without_brackets(name), _capital(without_brackets(name))), unit, sent[name])
        # A code is a name already.
        if fold(code) != fold(name):
            draft.own.synonyms[name] = code
        if unit and not unit_column:
            draft.sheet.written.setdefault("default_units", {})[code] = Guess(unit, f"{NEW}: in which unit?")
    return [name for name in unknown if name not in measured]


def own_characteristics(draft: Draft) -> None:
    """What a sheet says of patients beyond the dictionary, added to its part of patients."""
    if draft.subject is None or any(plain(part)["kind"] in ("measurements_long", "treatments") for part in draft.parts):
        return
    names = [name for name in draft.free if not moment_in(name) and describes_patients(draft, name)]
    columns = {name: own for name in names if (own := _own_characteristic(draft, name))}
    if not columns:
        return
    part = patients_part(draft, "does it describe the patients?")
    # Columns before events, as a person writes them.
    events = part.pop("events", None)
    part["columns"] = {**part.get("columns", {}), **columns}
    if events:
        part["events"] = events
    draft.used |= set(columns)


def _own_characteristic(draft: Draft, name: str) -> Guess | None:
    texts = draft.column(name)
    if draft.dates(name) is not None:
        return None
    label, distinct = _label(draft, name), sorted(set(filter(None, texts)))
    said: dict[str, Any]
    if is_numeric(texts) and len(distinct) > 2:
        unit = _unit(draft, name)
        row = {"family": "characteristic", "unit": unit, "decimals": str(_decimals(draft, texts))}
        said = {"unit": unit} if unit else {}
        note_missing(draft, name)
    elif {fold(text) for text in distinct} <= {*FLAG, "0", "1"}:
        row, said = {"family": "characteristic", "kind": "flag", "categories": "yes|no"}, {"values": flag_codes(texts)}
    else:
        words = {text: re.sub(r"\W+", "_", fold(text)).strip("_") or "blank" for text in distinct}
        row = {"family": "characteristic", "kind": "category", "categories": "|".join(dict.fromkeys(words.values()))}
        said = {"values": words}
    code = draft.own.add(without_brackets(name), label, row, draft.dictionary.outcomes)
    return Guess({"characteristic": code, **said}, f"{NEW}: does it describe the patients?")


def _label(draft: Draft, name: str) -> str:
    """What the file calls a column, in words where it has a label for it, without its unit."""
    return _capital(_bare(draft.sheet.labels.get(name, name), _unit(draft, name)).replace("_", " "))


def _bare(name: str, unit: str) -> str:
    """A name without its unit, in brackets or as its last word."""
    bare = without_brackets(name)
    return bare[: -len(unit)].rstrip(" _") if unit and re.search(rf"[ _]{re.escape(unit)}$", bare) else bare


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _unit(draft: Draft, name: str) -> str:
    """The unit that a heading or its label states in brackets, or as its last word where that is a known unit."""
    for text in draft.spellings(name):
        if stated := _stated(text):
            return stated
    last = re.split(r"[\s_]", name)[-1]
    known = {spelling for _, spelling in draft.dictionary.conversions} - WORDS
    return last if last != name and len(last) > 1 and fold_unit(last) in known else ""


def _stated(text: str) -> str:
    found = BRACKETS.search(text)
    return found[1].strip() if found and not NO_UNIT.fullmatch(found[1].strip()) else ""


def _decimals(draft: Draft, texts: Sequence[str]) -> int:
    """Digits behind the mark, of most numbers; two at most are of use."""
    mark = draft.decimal[0]
    behind = Counter(len(text.partition(mark)[2]) for text in texts[:MOST_DIGITS] if NUMBER.match(text))
    return min(2, behind.most_common(1)[0][0]) if behind else 1
