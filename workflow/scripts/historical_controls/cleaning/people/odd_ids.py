"""Texts among the ids of a source that are written like none of its ids: words of a total, a note, or for missing."""

from __future__ import annotations

import re

import pandas as pd

from historical_controls.config.sources.sources import Source

# So many ids show how a source writes them; and this share of those with digits does it in one way.
TELLING_IDS = 5
ONE_WAY = 0.9
# '204.558' and '204558' have one shape: a sheet shows thousands.
DIGITS, LETTERS = re.compile(r"\d+(?:[.,]\d{3}(?!\d))*"), re.compile(r"[^\W\d_]+")
WORDS = re.compile(r"(?=.*[^\W\d_]{3})(?=.*[\s:()])")


def unlike_others(subjects: pd.Series, source: Source) -> pd.Series:
    """Return which ids are words ('Mittel', 'Stand: 01.05.2020') where all others are written in one way, with digits.

    No list knows the words of every language. Ids of several forms, of names or of random letters, tell nothing; what
    the source names itself (`accepted_ids`, `treated_subjects`) is an id.
    """
    named = {one for file in source.files.values() for one in file.accepted_ids} | set(source.treated_subjects)
    digits = subjects.str.contains(r"\d")
    wordy = ~digits | subjects.str.contains(WORDS)
    shapes = subjects.map(_shape).astype("str")
    counts = shapes[digits & ~wordy].value_counts()
    n_telling = int((digits & ~wordy).sum())
    if not len(counts) or counts.iloc[0] < max(TELLING_IDS, ONE_WAY * n_telling):
        # 'Patient 1', 'Patient 2': ids of words, all of one form.
        return pd.Series(False, index=subjects.index)
    odd = wordy & (shapes != counts.index[0]) & ~subjects.isin(list(named))
    # As many words as ids: names of patients beside their numbers.
    return odd if 2 * int(odd.sum()) <= n_telling else pd.Series(False, index=subjects.index)


def _shape(text: str) -> str:
    """'P-012' and 'K-7' have one shape, 'A-9'."""
    return DIGITS.sub("9", LETTERS.sub("A", text.casefold()))
