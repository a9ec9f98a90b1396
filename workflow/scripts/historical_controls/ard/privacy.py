"""The last gate before anything is shared: no identity and no calendar date in the one table that all outputs read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pandas as pd

from historical_controls.errors import UserError, UserErrors

# Text keys and results; names of outcomes, units and statistics are the program's own or the dictionary's.
TEXTS = ("text", "level", "population", "arm", "method")
IDENTITIES = {
    # Mexico's population registry number: initials, date of birth, sex, state, and two check characters.
    "a CURP": re.compile(r"\b[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d\b", re.IGNORECASE),
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.\w+"),
    # Only with the country code or the word: long runs of digits alone may be results.
    "a telephone number": re.compile(r"(?:\+52|tel\w*\.?:?)[\s(]*\d(?:[\s().-]*\d){7,}", re.IGNORECASE),
    "a calendar date": re.compile(r"\b(?:19|20)\d\d-[01]\d-[0-3]\d\b|\b[0-3]?\d/[01]?\d/(?:19|20)\d\d\b"),
}
# Not after a dot: the decimals of 0.12345 are not an id.
TOKEN = re.compile(r"(?<![\w.])[\w-]+")
SHORTEST_ID = 5  # shorter ids are also days, counts and codes


def refuse_identities(ard: pd.DataFrame, ids: Iterable[str]) -> pd.DataFrame:
    """Table `ard` as it came, where no text of it names a person.

    ids: patient ids as the hospital sent them (table people, column subject). Raises UserErrors naming the row and
    column, never the text itself: it would stand in the log.
    """
    # An id without a digit may be an ordinary word of the texts.
    known = {subject for subject in map(str, ids) if len(subject) >= SHORTEST_ID and re.search(r"\d", subject)}
    faults = [fault for column in TEXTS for fault in _faults(ard, column, known)]
    if faults:
        raise UserErrors(faults)
    return ard


def _faults(ard: pd.DataFrame, column: str, ids: set[str]) -> Iterator[UserError]:
    # Each text once: many thousand rows share a few hundred texts.
    for text in ard[column].dropna().astype(str).unique():
        found = [what for what, pattern in IDENTITIES.items() if pattern.search(text)]
        found += ["a patient id"] if ids and not ids.isdisjoint(TOKEN.findall(text)) else []
        if found:
            row = ard.loc[ard[column] == text].iloc[0]
            where = f"results/ard.parquet, column '{column}', {row['analysis']} {row['outcome']} {row['statistic']}"
            hint = "Nothing is shared. Declare the column private, or correct the label that holds it in config.yaml."
            yield UserError(f"{' and '.join(found)} would be shared", where, hint)
