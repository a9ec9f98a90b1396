"""Values that pile up at one number, as where a limit of the assay has lost its sign."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from historical_controls.cleaning.cells.limit_words import limit
from historical_controls.drafting.draft import Draft
from historical_controls.drafting.marks import Guess, plain
from historical_controls.drafting.values import numbers

FEWEST = 30
PILED = 0.08
BEYOND = 0.05


def stripped_limits(draft: Draft) -> list[dict[str, Any]]:
    """Limits that the drafted columns of one outcome each may have lost, in canonical units."""
    columns = [
        (column, plain(one))
        for part in map(plain, draft.parts)
        for column, one in part.get("columns", {}).items()
        if "outcome" in one and part["kind"] == "measurements_wide"
    ]
    # A code for missing is no limit.
    sent = {column: set(draft.column(column)) - set(draft.sentinels.get(column, [])) for column, _ in columns}
    return [
        limit
        for column, one in columns
        for limit in _limits(draft, one, [text for text in draft.column(column) if text in sent[column]])
    ]


def _limits(draft: Draft, measured: Mapping[str, Any], texts: Sequence[str]) -> Iterator[dict[str, Any]]:
    # Those that have their sign have lost none.
    bare = [text for text in texts if not ((said := limit(text)) and said[0])]
    sent = numbers(bare, *draft.decimal)
    found = piled_up(sent)
    if found is None:
        return
    value, means = found
    code, unit = measured["outcome"], measured.get("unit", "")
    factor = draft.dictionary.conversion(code, unit) if code in draft.dictionary.outcomes and unit else None
    canonical = value * factor.factor + factor.offset if factor else value
    yield {"outcome": code, "value": float(f"{canonical:.6g}"), "means": means}


def piled_up(sent: Sequence[float]) -> tuple[float, str] | None:
    """The number at which values pile up with hardly any beyond it, and on which side of it they lie."""
    counts = Counter(sent).most_common(2)
    if len(sent) < FEWEST or len(counts) < 2 or len(set(sent)) < 10:
        return None
    (value, count), (_, next_count) = counts
    if value == 0 or count < PILED * len(sent) or count < 2 * next_count:
        return None
    below, above = (sum(one < value for one in sent), sum(one > value for one in sent))
    if below <= BEYOND * len(sent):
        return value, "<"
    return (value, ">") if above <= BEYOND * len(sent) else None


def note_limits(draft: Draft) -> None:
    limits = stripped_limits(draft)
    if limits:
        draft.sheet.written["stripped_limits"] = Guess(limits, "values pile up there: have limits lost their sign?")
