"""The column `flags`: ';'-separated codes, handled once per distinct text rather than once per row."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
import pandas as pd

from historical_controls.cohort.records.intervals import Flags

IMPUTED = frozenset({"PF_IMPUTED", "FIO2_EST", "FIO2_ROOM_AIR"})


def has_any(flags: pd.Series, names: Collection[str]) -> Flags:
    """Which rows carry at least one of these flags."""
    wanted = set(names)
    code, texts = pd.factorize(flags)
    carried = np.array([not wanted.isdisjoint(str(text).split(";")) for text in texts], dtype=bool)
    return carried[code] if len(texts) else np.zeros(len(flags), dtype=bool)


def with_flag(flags: pd.Series, flag: str, where: Flags | None = None) -> pd.Series:
    """The flags with one more, in all rows or in some."""
    added = _mapped(flags, lambda text: f"{text};{flag}" if text else flag)
    return added if where is None else flags.astype("str").where(~where, added)


def without_flag(flags: pd.Series, flag: str) -> pd.Series:
    """The flags without one of them."""
    return _mapped(flags, lambda text: ";".join(one for one in text.split(";") if one != flag))


def union(first: pd.Series, second: pd.Series) -> pd.Series:
    """Flags of both, row by row; index of the first."""
    a, texts_a = pd.factorize(first)
    b, texts_b = pd.factorize(second)
    # Pairs of codes as one integer: there are few distinct pairs and many rows.
    pairs, which = np.unique(a * max(len(texts_b), 1) + b, return_inverse=True)
    joined = [_joined(str(texts_a[pair // len(texts_b)]), str(texts_b[pair % len(texts_b)])) for pair in pairs]
    return pd.Series(np.array(joined, dtype=object)[which], first.index, dtype="str")


def _joined(first: str, second: str) -> str:
    if not second or first == second:
        return first
    return ";".join(sorted({*first.split(";"), *second.split(";")} - {""}))


def _mapped(flags: pd.Series, change: Callable[[str], str]) -> pd.Series:
    code, texts = pd.factorize(flags)
    changed = np.array([change(str(text)) for text in texts], dtype=object)
    return pd.Series(changed[code] if len(texts) else [], flags.index, dtype="str")
