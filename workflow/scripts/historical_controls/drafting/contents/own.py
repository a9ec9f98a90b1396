"""Outcomes and characteristics that no dictionary names, drafted as the study's own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from historical_controls.cleaning.cells.units import NONE_STATED
from historical_controls.config.sources.redcap import BOX
from historical_controls.dictionary.folding import fold, fold_unit
from historical_controls.dictionary.vocabulary import BLOOD
from historical_controls.drafting.cells.elapsed import elapsed
from historical_controls.drafting.cells.moments import moment_in
from historical_controls.drafting.codes import FLAG, flag_codes
from historical_controls.drafting.contents.columns import describes_patients, has_visits, is_constant, is_measured
from historical_controls.drafting.draft import Draft, note_missing, patients_part
from historical_controls.drafting.headings import is_birth, without_brackets
from historical_controls.drafting.marks import Guess, plain
from historical_controls.drafting.own_rows import FAMILY
from historical_controls.drafting.values import NUMBER, is_numeric, middle, numbers

# Words of a name that do not tell one analyte from another.
FILLERS = {*("level", "levels", "lvl", "count", "conc", "concentration", "serum", "plasma", "blood", "soro", "suero")}
# Cells from which the digits of a column are told.
MOST_DIGITS = 1000
NEW = "new in dictionary/outcomes.csv"
# Means below it are printed with a digit more than whole numbers have.
FEW = 100
BOXES = set(BOX.values())
# Units that are words of a name as well: 'platelet large cell ratio'.
WORDS = {"ratio"}
# As numbers of insurances and registers are written: '85.07.30-033.28', '943 476 5919', '19121212-1212'.
LONG_NUMBER = re.compile(r"\d(?:[ .+-]?\d){7,14}")
# Cells that are no other patient's.
MOST_ALONE = 0.9
# In brackets, but no unit: '(#)', another name such as '(NT-proBNP)'.
NO_UNIT = re.compile(r"[^\w%°]+|[^\W\d]+-[^\W\d]+", re.UNICODE)
RANGE = re.compile(r"[(\[]\s*(\d+)\s*(?:-|–|a|to|até)\s*(\d+)\s*[)\]]\s*$")
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


def own_flags(draft: Draft, named: Collection[str]) -> dict[str, Any]:
    """Answers of yes and no that change from visit to visit (a remission), as shares in percent."""
    if not has_visits(draft):
        return {}
    return {name: own for name in draft.free if name not in named and (own := own_flag(draft, name))}


def own_flag(draft: Draft, name: str, heading: str | None = None) -> Guess | None:
    """A column of yes and no as a share in percent. heading: what names the outcome, a part of the column's name."""
    # Boxes of a list are symptoms or findings by the dozen: a person names those that are outcomes.
    words = dict(zip(draft.column(name), draft.in_words(name), strict=True))
    words.pop("", None)
    said = {text: FLAG[fold(word)] for text, word in words.items() if fold(word) in FLAG}
    if not said or (heading is None and (len(set(said.values())) < 2 or is_constant(draft, name))):
        return None
    if set(draft.sheet.choices.get(name, {}).values()) == BOXES:
        return None
    if draft.sheet.choices.get(name) is None and not any(map(str.isalpha, "".join(said))):
        return None
    row = {"family": FAMILY, "unit": "%", "hard_low": "0", "hard_high": "100", "decimals": "0"}
    label = _label(draft, name) if heading is None else _capital(heading)
    code = draft.own.add(without_brackets(name if heading is None else heading), label, row, draft.dictionary.outcomes)
    draft.outcomes.append(code)
    texts = {answer: [text for text, one in said.items() if one == answer] for answer in ("yes", "no")}
    rest = [text for text in words if text not in said]
    told: list[dict[str, Any]] = [
        {"texts": texts[answer], "outcome": code, "means": "value", "value": share}
        for answer, share in (("yes", 100), ("no", 0))
        if texts[answer]
    ]
    told += [{"texts": rest, "outcome": code, "means": "not_done"}] if rest else []
    words_there = draft.sheet.written.get("words", [])
    draft.sheet.written["words"] = [*words_there, *(one for one in told if one not in words_there)]
    asked = f"{NEW}: is it an outcome, a share of patients in percent, and is more of it better (benefit)?"
    asked += f" Are {', '.join(words[text] for text in rest)} missing?" if rest else ""
    return Guess({"outcome": code, "unit": "%"}, asked)


def own_column(draft: Draft, name: str, heading: str | None = None) -> Guess:
    """A column as an outcome of the study's own. heading: what names the outcome, where that is a part of the name."""
    unit = _unit(draft, name)
    named = _bare(name if heading is None else heading, unit)
    label = _label(draft, name) if heading is None else _capital(named)
    code = own_outcome(draft, (named, label), unit, draft.column(name))
    if any(limits := _range(draft, name)):
        draft.own.outcomes[code] |= dict(zip(("hard_low", "hard_high"), limits, strict=True))
    note_missing(draft, name)
    # Another file may state the unit of the same outcome.
    unit = unit or draft.own.outcomes[code]["unit"]
    measured = {"outcome": code, **({"unit": unit} if unit else {})}
    return Guess(measured, f"{NEW}: is it an outcome, in which unit, and is more of it better (benefit)?")


def own_outcome(draft: Draft, named: tuple[str, str], unit: str, texts: Sequence[str]) -> str:
    """The code of a number that the study measures. named: its name in the file, and its label."""
    digits = _decimals(draft, texts)
    # A mean of whole points is none of them: differences of half a point would be printed as 0.
    digits += digits == 0 and abs(middle(numbers(texts, *draft.decimal))) < FEW
    row = {"family": FAMILY, "unit": unit, "decimals": str(digits)}
    code = draft.own.add(*named, row, draft.dictionary.outcomes)
    draft.outcomes.append(code)
    return code


@dataclass(frozen=True)
class Results:
    """Columns of a file with one result a row. unit, specimen: None where it has none."""

    analyte: str
    value: str
    unit: str | None
    specimen: str | None


@dataclass
class Sent:
    """What a file has of one name: its results, and how often each unit and specimen."""

    values: list[str] = field(default_factory=list)
    units: Counter[str] = field(default_factory=Counter)
    specimens: Counter[str] = field(default_factory=Counter)


def own_analytes(draft: Draft, unknown: Sequence[str], results: Results) -> tuple[list[str], list[str]]:
    """Names of numbers in a long file, as outcomes with synonyms; returns the others, to be ignored, and questions."""
    sent = _sent(draft, unknown, results)
    measured = [name for name in unknown if _varies(draft, sent[name].values)]
    asked = []
    for name in measured:
        unit = sent[name].units.most_common(1)[0][0] or _stated(name)
        if code := _same_words(draft, name, unit):
            draft.own.synonyms[name] = code
            draft.outcomes.append(code)
            asked.append(f"is '{name}' {code}, as dictionary/synonyms.csv says?")
            continue
        named = (without_brackets(name), _capital(without_brackets(name)))
        code = own_outcome(draft, named, unit, sent[name].values)
        # A code is a name already.
        if fold(code) != fold(name):
            draft.own.synonyms[name] = code
        if unit and not results.unit:
            draft.sheet.written.setdefault("default_units", {})[code] = Guess(unit, f"{NEW}: in which unit?")
        asked += _specimens(draft, code, sent[name].specimens)
    return [name for name in unknown if name not in measured], asked


def _sent(draft: Draft, names: Sequence[str], results: Results) -> dict[str, Sent]:
    sent = {name: Sent() for name in names}
    blank = [""] * draft.sheet.n_rows
    units, specimens = (draft.column(one) if one else blank for one in (results.unit, results.specimen))
    for name, text, unit, specimen in zip(
        draft.column(results.analyte), draft.column(results.value), units, specimens, strict=True
    ):
        if name in sent:
            sent[name].values.append(text)
            sent[name].units["" if NONE_STATED.fullmatch(unit) else unit] += 1
            sent[name].specimens[draft.dictionary.specimen(specimen)] += bool(specimen)
    return sent


def _varies(draft: Draft, texts: Sequence[str]) -> bool:
    return is_numeric(texts) and len(set(numbers(texts, *draft.decimal))) > 2


def _same_words(draft: Draft, name: str, unit: str) -> str:
    """The outcome of which a name has all the words, in any order, and words that tell nothing besides; '' for none."""
    words = set(fold(without_brackets(name)).split()) - FILLERS
    codes = {
        one.code
        for spelled, found in draft.dictionary.synonyms.items()
        if set(spelled.split()) - FILLERS == words
        for one in found
        if one.result_kind in ("", "number") and (not unit or draft.dictionary.conversion(one.code, unit))
    }
    return codes.pop() if words and len(codes) == 1 else ""


def _specimens(draft: Draft, code: str, sent: Counter[str]) -> list[str]:
    """Name the specimens of a new outcome whose results are of several, not all blood: blood, else the commonest."""
    kinds = {specimen: "blood" if specimen in BLOOD else specimen for specimen in sent}
    if len(set(kinds.values())) < 2:
        return []
    counts: Counter[str] = Counter()
    for specimen, n in sent.items():
        counts[kinds[specimen]] += n
    # Blood first: what the other fluids are compared with.
    kind = "blood" if "blood" in counts else counts.most_common(1)[0][0]
    counted = sorted(specimen for specimen in sent if kinds[specimen] == kind)
    draft.own.outcomes[code]["specimens"] = "|".join(counted)
    other = ", ".join(sorted(specimen for specimen in sent if kinds[specimen] != kind))
    return [f"{code} counts {', '.join(counted)} alone (specimens of dictionary/outcomes.csv): {other} is held"]


def own_characteristics(draft: Draft) -> None:
    """What a sheet says of patients beyond the dictionary, added to its part of patients."""
    if draft.subject is None or any(plain(part)["kind"] in ("measurements_long", "treatments") for part in draft.parts):
        return
    free = [name for name in draft.free if not moment_in(name) and not is_birth(name)]
    names = [name for name in free if describes_patients(draft, name)]
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
    if _number_people(texts):
        draft.numbered.append(name)
        draft.used.add(name)
        return None
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


def _number_people(texts: Sequence[str]) -> bool:
    """Whether texts are long whole numbers, hardly two alike: of an insurance or a register."""
    filled = [text for text in texts if text]
    return len(filled) > 2 and all(map(LONG_NUMBER.fullmatch, filled)) and len(set(filled)) >= MOST_ALONE * len(filled)


def _label(draft: Draft, name: str) -> str:
    """What the file calls a column, in words where it has a label for it, without its unit."""
    # Forms ask: '¿Remisión?'.
    return _capital(_bare(draft.sheet.labels.get(name, name).strip("¿? "), _unit(draft, name)).replace("_", " "))


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


def _range(draft: Draft, name: str) -> tuple[str, str]:
    """The lowest and highest value that a heading states of a score: 'MG-ADL (0-24)'."""
    found = next((found for text in draft.spellings(name) if (found := RANGE.search(text))), None)
    return (found[1], found[2]) if found else ("", "")


def _stated(text: str) -> str:
    found = BRACKETS.search(text)
    if found and RANGE.search(text):
        return "points"
    return found[1].strip() if found and not NO_UNIT.fullmatch(found[1].strip()) else ""


def _decimals(draft: Draft, texts: Sequence[str]) -> int:
    """Digits behind the mark, of most numbers; two at most are of use."""
    mark = draft.decimal[0]
    behind = Counter(len(text.partition(mark)[2]) for text in texts[:MOST_DIGITS] if NUMBER.match(text))
    return min(2, behind.most_common(1)[0][0]) if behind else 1
