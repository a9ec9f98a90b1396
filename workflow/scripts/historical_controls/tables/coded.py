"""Texts as codes of their distinct values (pandas categories): copied, compared and stored at the price of numbers.

A table of a million records repeats few texts. Between reading and writing they may be categories; whatever needs a
text takes `plain`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd


def is_coded(values: pd.Series) -> bool:
    """Return whether a column has categories."""
    return isinstance(values.dtype, pd.CategoricalDtype)


def from_codes(codes: np.ndarray, texts: Iterable[Any], index: pd.Index) -> pd.Series:
    """Return the texts that codes (-1: null) stand for, as categories; the texts are distinct."""
    kept = texts if isinstance(texts, pd.Index) and texts.dtype == "str" else pd.Index(list(texts), dtype="str")
    return pd.Series(pd.Categorical.from_codes(codes, kept, validate=False), index=index)


def coded(values: pd.Series) -> pd.Series:
    """Return texts as categories in order of appearance; null stays null."""
    if is_coded(values):
        return values
    codes, texts = pd.factorize(values)
    return from_codes(codes, texts, values.index)


def constant(text: str | None, index: pd.Index) -> pd.Series:
    """Return a column of categories that has one text, or null, in every row."""
    known = [] if text is None else [text]
    return from_codes(np.full(len(index), len(known) - 1, dtype="int8"), known, index)


def distinct_texts(values: pd.Series) -> tuple[np.ndarray, pd.Series]:
    """Return the codes of categories and their texts by code; where there is a null, its code -1 takes the last one."""
    codes, known = values.cat.codes.to_numpy(), values.cat.categories
    texts = known.append(pd.Index([None], dtype="str")) if (codes < 0).any() else known
    return codes, pd.Series(texts, dtype="str")


def mapped(values: pd.Series, function: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Return categories of what `function` gives for the distinct texts, the last of which is null if there is one."""
    codes, known = distinct_texts(values)
    place, texts = pd.factorize(function(known))
    return from_codes(place.astype("int32")[codes], texts, values.index) if len(place) else values


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with texts in place of categories."""
    names = [name for name in frame.columns if is_coded(frame[name])]
    return frame.assign(**{name: _plain_text(frame[name]) for name in names}) if names else frame


def _plain_text(values: pd.Series) -> pd.Series:
    # pandas' own way leads over one Python object for each row.
    texts = values.cat.categories.array.take(values.cat.codes.to_numpy(), allow_fill=True)
    return pd.Series(texts, index=values.index, dtype="str")


def texts_replaced(values: pd.Series, rows: np.ndarray, said: str | pd.Series | None) -> pd.Series:
    """Return the texts with others at some rows (positions). said: one text (or null) for all of them, or one for each.

    The array is copied once, which is faster than masking, since few rows change.
    """
    if not is_coded(values):
        array = values.astype("str").array.copy()
        array[rows] = said.astype("str").array if isinstance(said, pd.Series) else said
        return pd.Series(array, index=values.index)
    new, texts = pd.factorize(said) if isinstance(said, pd.Series) else (np.zeros(len(rows), dtype="int32"), [said])
    places = {text: n for n, text in enumerate(values.cat.categories)}
    # The code -1 of a null takes the last place.
    number = np.array([-1 if pd.isna(text) else places.setdefault(text, len(places)) for text in [*texts, None]])
    codes = values.cat.codes.to_numpy().astype("int32")
    codes[rows] = number[new]
    return from_codes(codes, list(places), values.index)


def stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return frames of the same columns one under the other; columns that are categories in any of them remain so."""
    if len(frames) == 1:
        return frames[0].reset_index(drop=True)
    out = {}
    for name in frames[0].columns:
        parts = [frame[name] for frame in frames]
        if any(is_coded(part) for part in parts):
            union = pd.api.types.union_categoricals([_coded_text(part).array for part in parts])
            out[name] = pd.Series(union)
        else:
            out[name] = pd.concat(parts, ignore_index=True)
    return pd.DataFrame(out)


def _coded_text(values: pd.Series) -> pd.Series:
    return values if is_coded(values) else coded(values.astype("str"))


def ranks(values: pd.Series) -> tuple[np.ndarray, int]:
    """Return a number per row that sorts as its text does (-1: null), and how many distinct ones there may be."""
    if not is_coded(values):
        codes, distinct = pd.factorize(values, sort=True)
        return codes, len(distinct)
    known = values.cat.categories
    # Python's order of texts, which is that of their bytes in UTF-8.
    order = sorted(range(len(known)), key=list(known).__getitem__)
    place = np.full(len(known) + 1, -1, dtype="int64")
    place[order] = np.arange(len(known))
    return place[values.cat.codes.to_numpy()], len(known)
