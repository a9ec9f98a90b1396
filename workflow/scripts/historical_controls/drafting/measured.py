"""Columns of numbers and results: which outcome each is of, and in which unit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from historical_controls.dictionary.folding import fold
from historical_controls.drafting import headings as known
from historical_controls.drafting.codes import result_codes
from historical_controls.drafting.draft import Draft, note_missing
from historical_controls.drafting.headings import Named, outcome_named
from historical_controls.drafting.marks import Guess
from historical_controls.drafting.values import is_code_only, is_numeric, middle, numbers


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
    if found is None or found.unit:
        return found
    stated = next(filter(None, (draft.dictionary.unit_in(text, found.code) for text in draft.spellings(name))), "")
    return replace(found, unit=stated)


def measured(draft: Draft, name: str, code: str, unit: str) -> dict[str, Any]:
    """A column of one outcome: its unit as stated, or the likely one, marked; codes of results."""
    outcome, texts = draft.dictionary.outcomes[code], draft.column(name)
    if is_code_only(texts):
        note_missing(draft, name)
        return {"outcome": code}
    if outcome.kind != "number":
        return {"outcome": code, "values": result_codes(texts, outcome.categories)}
    note_missing(draft, name)
    if unit or not outcome.unit:
        return {"outcome": code, **({"unit": unit} if unit else {})}
    return {"outcome": code, "unit": likely_unit(draft, code, middle(numbers(texts, *draft.decimal)))}


def with_unit_column(draft: Draft, name: str, measured: dict[str, Any]) -> dict[str, Any]:
    """'unidad_fio2' beside 'fio2' holds its units."""
    beside = {f"{word} {fold(name)}" for word in known.UNITS} | {f"{fold(name)} {word}" for word in known.UNITS}
    column = next((other for other in draft.free if fold(other) in beside), None)
    if column is None:
        return measured
    draft.used.add(column)
    return {key: value for key, value in measured.items() if key != "unit"} | {"unit_column": column}


def likely_unit(draft: Draft, code: str, median_sent: float) -> Guess:
    """The unit in which the median is that of a group of patients; the file states none."""
    outcome, plausible = draft.dictionary.outcomes[code], draft.dictionary.plausibility.get(code)
    if plausible and plausible.median_low is not None and plausible.median_high is not None:
        low, high = plausible.median_low, plausible.median_high
        units = {outcome.unit: draft.dictionary.conversion(code, outcome.unit), **draft.dictionary.units_of(code)}
        for unit, conversion in units.items():
            if conversion and low <= median_sent * conversion.factor + conversion.offset <= high:
                return Guess(conversion.unit or unit, f"the file states no unit; median {median_sent:g}")
    return Guess(outcome.unit, f"the file states no unit; median {median_sent:g}")
