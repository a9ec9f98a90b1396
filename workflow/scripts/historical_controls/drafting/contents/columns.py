"""Columns by their cells: who has several rows, what changes from row to row, what counts the rows."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from historical_controls.drafting.draft import Draft
from historical_controls.drafting.marks import plain
from historical_controls.drafting.values import is_numeric, numbers

# Rows for each patient from which a sheet holds visits.
VISITS = 1.5
# Filled rows of a column that describes patients.
FILLED = 0.8


def people(draft: Draft) -> list[str]:
    """The patient of each row; an id that is written once counts for the rows beneath it."""
    out: list[str] = []
    for text in draft.column(plain(draft.subject)):
        out.append(text or (out[-1] if out else ""))
    return out


def has_visits(draft: Draft) -> bool:
    """Whether patients have several rows."""
    rows = people(draft)
    return len(rows) >= VISITS * len(set(rows))


def is_constant(draft: Draft, name: str) -> bool:
    """Whether no patient has two texts in a column."""
    first: dict[str, str] = {}
    pairs = zip(people(draft), draft.column(name), strict=True)
    return all(first.setdefault(patient, text) == text for patient, text in pairs if text)


def counts_rows(draft: Draft, name: str) -> bool:
    """Whether a column numbers each patient's rows: it begins alike and only rises."""
    own: dict[str, list[str]] = {}
    for patient, text in zip(people(draft), draft.column(name), strict=True):
        own.setdefault(patient, []).append(text)
    if not all(text.isdigit() for texts in own.values() for text in texts):
        return False
    firsts = {texts[0] for texts in own.values()}
    return len(firsts) == 1 and all(int(a) < int(b) for texts in own.values() for a, b in pairwise(texts))


def names_first(draft: Draft, name: str) -> str:
    """The text that a column has on the first row of each patient and on no other, such as Basal; blank without one."""
    seen: set[str] = set()
    firsts: set[str] = set()
    others: set[str] = set()
    for patient, text in zip(people(draft), draft.column(name), strict=True):
        (others if patient in seen else firsts).add(text)
        seen.add(patient)
    return firsts.pop() if len(firsts) == 1 and len(others) > 1 and not firsts & others else ""


def is_measured(draft: Draft, name: str) -> bool:
    """Whether a column holds numbers that change with a patient's visits."""
    texts = draft.column(name)
    return (
        is_numeric(texts)
        and len(set(numbers(texts, *draft.decimal))) > 2
        and draft.dates(name) is None
        and not is_constant(draft, name)
        and not counts_rows(draft, name)
    )


def _on_rows_with_ids(draft: Draft, name: str) -> list[str]:
    """The texts of a column; of merged cells those on the first row of each patient, where the id stands too."""
    ids = draft.column(plain(draft.subject))
    return [text for who, text in zip(ids, draft.column(name), strict=True) if who]


def describes_patients(draft: Draft, name: str) -> bool:
    """Whether a column says the same of a patient in every row, and says it of most."""
    texts = _on_rows_with_ids(draft, name)
    filled = sum(map(bool, texts))
    if filled < FILLED * len(texts) or not is_constant(draft, name):
        return False
    distinct = Counter(filter(None, texts))
    return len(distinct) > 1 and (is_numeric(texts) or len(distinct) <= 6 < len(texts))
