"""Columns of numbers and results: which outcome each is of, and in which unit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from historical_controls.dictionary.dictionary import Conversion
from historical_controls.dictionary.folding import fold
from historical_controls.drafting import headings as known
from historical_controls.drafting.cells.naming import Named, outcome_named
from historical_controls.drafting.codes import result_codes
from historical_controls.drafting.draft import Draft, note_missing
from historical_controls.drafting.headings import without_brackets
from historical_controls.drafting.marks import Guess
from historical_controls.drafting.values import is_code_only, is_numeric, middle, numbers, without_percentages

# Numbers of a column of several units that are possible in none or in two: slips, for cleaning to hold.
FEW = 0.05


def named_outcome(draft: Draft, name: str) -> Named | None:
    """The outcome that a column's heading names, or its label; a column of nothing but codes may be of any kind."""
    texts = draft.column(name)
    kinds = (True, False) if is_code_only(texts) else (is_numeric(texts),)
    found = next(
        (
            found
            for numeric in kinds
            for text in draft.spellings(name)
            if (found := outcome_named(text, numeric, draft.dictionary))
        ),
        None,
    )
    if found is None and kinds == (True,):
        found = named_by_size(draft, name, texts)
    if found is None or found.unit:
        return found
    stated = next(filter(None, (draft.dictionary.unit_in(text, found.code) for text in draft.spellings(name))), "")
    return replace(found, unit=stated)


def named_by_size(draft: Draft, name: str, texts: Sequence[str]) -> Named | None:
    """The outcome of a name that may mean several, where the numbers are usual of one: 'Linfocitos' are no percentage.

    Its unit is not stated, so that a person is asked.
    """
    middle_one = middle(numbers(texts, *draft.decimal))
    codes = {one.code for one in draft.dictionary.named(without_brackets(name)) if one.result_kind in ("", "number")}
    return next((Named(code, "", False) for code in _usual(draft, codes, middle_one)), None) if len(codes) > 1 else None


def _usual(draft: Draft, codes: Collection[str], median_sent: float) -> list[str]:
    """The code whose usual medians include this one; none where several do."""
    ranges = {code: draft.dictionary.plausibility.get(code) for code in codes}
    usual = [
        code
        for code, own in ranges.items()
        if own and own.median_low is not None and own.median_high is not None
        if own.median_low <= median_sent <= own.median_high
    ]
    return usual if len(usual) == 1 else []


def measured(draft: Draft, name: str, code: str, unit: str) -> dict[str, Any]:
    """A column of one outcome: its unit as stated, or the likely one, marked; codes of results."""
    outcome, texts = draft.dictionary.outcomes[code], draft.column(name)
    said = _doubted(draft, name, code, unit)
    if is_code_only(texts):
        note_missing(draft, name)
        return {"outcome": code}
    if outcome.kind != "number":
        return {"outcome": code, "values": result_codes(texts, outcome.categories)}
    note_missing(draft, name)
    if unit or not outcome.unit:
        return {"outcome": said, **({"unit": unit} if unit else {})}
    told = [text for text in texts if text]
    bare = without_percentages(told)
    if units := _mixed_units(draft, code, numbers(bare, *draft.decimal)):
        why = "the column has numbers of more than one unit: is each in the only one in which it is possible?"
        draft.sheet.written["default_units"] = draft.sheet.written.get("default_units", {}) | {code: Guess(units, why)}
        return {"outcome": said}
    if not bare:
        return {"outcome": said, "unit": "%"}
    likely = likely_unit(draft, code, middle(numbers(bare, *draft.decimal)))
    if len(bare) < len(told) and likely.value != "%":
        # Cells that state a unit contradict another one declared for their column.
        draft.sheet.written["default_units"] = draft.sheet.written.get("default_units", {}) | {code: likely}
        return {"outcome": said}
    return {"outcome": said, "unit": likely}


def _doubted(draft: Draft, name: str, code: str, unit: str) -> Any:
    """The outcome of a column, marked where only the size of its numbers told it from others of the same name."""
    named = {one.code for one in draft.dictionary.named(without_brackets(name)) if one.result_kind in ("", "number")}
    if unit or len(named) < 2:
        return code
    return Guess(code, f"'{name}' may be {' or '.join(sorted(named))}: its numbers are usual of {code}")


def _mixed_units(draft: Draft, code: str, sent: Sequence[float]) -> list[str]:
    """Units of which each number is possible in one alone, and not all in the same; none of other columns."""
    outcome = draft.dictionary.outcomes[code]
    if outcome.hard_low is None or outcome.hard_high is None or not sent:
        return []
    units = {outcome.unit: draft.dictionary.conversion(code, outcome.unit), **draft.dictionary.units_of(code)}
    # Spellings of one unit count once, the first of them.
    distinct = {(one.factor, one.offset): one.unit or unit for unit, one in reversed(units.items()) if one}
    fits = [
        [
            unit
            for (factor, offset), unit in distinct.items()
            if outcome.hard_low <= round(number * factor + offset, 9) <= outcome.hard_high
        ]
        for number in sent
    ]
    said = [unit for unit in reversed(distinct.values()) if [unit] in fits]
    unsure = sum(len(own) != 1 for own in fits)
    return said if len(said) > 1 and unsure <= FEW * len(sent) else []


def with_unit_column(draft: Draft, name: str, measured: dict[str, Any]) -> dict[str, Any]:
    """'unidad_fio2' beside 'fio2' holds its units."""
    beside = {f"{word} {fold(name)}" for word in known.UNITS} | {f"{fold(name)} {word}" for word in known.UNITS}
    column = next((other for other in draft.free if fold(other) in beside), None)
    if column is None:
        return measured
    draft.used.add(column)
    return {key: value for key, value in measured.items() if key != "unit"} | {"unit_column": column}


def likely_unit(draft: Draft, code: str, median_sent: float) -> Guess:
    """The unit in which the median is that of a group of patients; the file states none.

    Shipped medians are those of severe COVID-19: the question says so, since other patients may have others.
    """
    outcome, plausible = draft.dictionary.outcomes[code], draft.dictionary.plausibility.get(code)
    stated = f"the file states no unit; median {median_sent:g}"
    if plausible is None or plausible.median_low is None or plausible.median_high is None:
        return Guess(outcome.unit, stated)
    low, high = plausible.median_low, plausible.median_high
    units = {outcome.unit: draft.dictionary.conversion(code, outcome.unit), **draft.dictionary.units_of(code)}
    fits: dict[Conversion, str] = {}
    for unit, conversion in units.items():
        if conversion and low <= median_sent * conversion.factor + conversion.offset <= high:
            fits.setdefault(conversion, conversion.unit or unit)
    usual = list(fits.values())
    whose = "adults" if outcome.family == "characteristic" else "severe COVID-19"
    whose = whose if plausible.shipped else "the study's own plausibility.csv"
    if not usual:
        return Guess(outcome.unit, f"{stated}, usual in no unit (of {whose}): which is it?")
    others = usual[1:] if outcome.unit in usual else [*usual[1:], f"{outcome.unit}, or another unit, of other patients"]
    why = f"{stated}, usual in {usual[0]} (of {whose})" + (f"; or is it {' or '.join(others)}?" if others else "?")
    return Guess(usual[0], why)
