"""Outcomes that headings name, with the units that they state."""

from __future__ import annotations

import re
from dataclasses import dataclass

from historical_controls.dictionary.dictionary import Dictionary, Outcome
from historical_controls.dictionary.folding import fold, fold_unit
from historical_controls.drafting.headings import without_brackets

# The unit in brackets, behind the name or before it: 'Albumin (g/L)', '(%)lymphocyte'.
STATED = re.compile(r"[(\[]([^()\[\]]+)[)\]]\s*$|^\s*[(\[]([^()\[\]]+)[)\]]")
# Prefixes of REDCap fields and of exports that say the instrument, and nothing of the outcome.
PREFIXES = {"lab", "labs", "vs", "vital", "vitals", "bg", "gas", "cyt", "last", "base"}


@dataclass(frozen=True)
class Named:
    """An outcome that a heading names. unit: as the heading states it, '' for none; sure: nothing was passed over."""

    code: str
    unit: str
    sure: bool


def outcome_named(heading: str, numeric: bool, dictionary: Dictionary) -> Named | None:
    """The outcome that a heading names, alone or followed by its unit. numeric: whether its cells are numbers."""
    bare = without_brackets(heading)
    found = STATED.search(heading)
    stated = (found[1] or found[2]) if found else ""
    words = fold(bare).split()
    for skipped in range(min(2, len(words))):
        if skipped and words[0] not in PREFIXES:
            break
        for end in range(len(words), skipped, -1):
            outcome = meant(" ".join(words[skipped:end]), numeric, dictionary, stated)
            if outcome is None:
                continue
            rest = "".join(words[end:])
            unit = (
                stated if stated and dictionary.conversion(outcome.code, stated) else _unit(rest, outcome, dictionary)
            )
            if rest and not unit:
                break
            return Named(outcome.code, unit, True)
    return None


def meant(name: str, numeric: bool, dictionary: Dictionary, unit: str = "") -> Outcome | None:
    """The outcome of a name, where it is measured and of the kind that the cells are; of several that of the unit."""
    found = [one for one in dictionary.named(name) if one.result_kind in ("", "number" if numeric else "result")]
    outcomes = [dictionary.outcomes[one.code] for one in found]
    fits = [one for one in outcomes if one.family != "characteristic" and (one.kind == "number") == numeric]
    if unit and len({one.code for one in fits}) > 1:
        fits = [one for one in fits if dictionary.conversion(one.code, unit)]
    return fits[0] if len({one.code for one in fits}) == 1 else None


def _unit(text: str, outcome: Outcome, dictionary: Dictionary) -> str:
    """'mgdl' behind a name is mg/dL; the outcome's own unit comes first."""
    units = dictionary.units_of(outcome.code) if outcome.kind == "number" else {}
    spelled = [outcome.unit, *units]
    return next((unit for unit in spelled if text and _letters(unit) == _letters(text)), "")


def _letters(unit: str) -> str:
    return re.sub(r"[^a-z0-9%]", "", fold_unit(unit))
