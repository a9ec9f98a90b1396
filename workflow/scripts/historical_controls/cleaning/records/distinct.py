"""Functions of texts, called once per distinct text, since exports repeat few texts many times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from historical_controls.tables.coded import coded, distinct_texts, is_coded, plain
from historical_controls.tables.schema import LARGEST_CODE


def by_distinct(texts: pd.Series, function: Callable[[str], Any], dtype: Any = object) -> pd.Series:
    """Return `function` of each text (null counts as '')."""
    codes, distinct = factorized(texts)
    return _taken([function(text) for text in distinct], codes, dtype, texts.index)


def fields_by_distinct(
    texts: pd.Series, function: Callable[[str], object], dtypes: Mapping[str, Any]
) -> dict[str, pd.Series]:
    """Return the named attributes of what `function` gives for each text, one column each."""
    codes, distinct = factorized(texts)
    parsed = [function(text) for text in distinct]
    return {
        name: _taken([getattr(item, name) for item in parsed], codes, dtype, texts.index)
        for name, dtype in dtypes.items()
    }


def by_distinct_pair(
    first: pd.Series, second: pd.Series, function: Callable[[str, str], Any], dtype: Any = object
) -> pd.Series:
    """Return `function` of two texts of each row, called once per distinct pair."""
    codes, distinct = factorized(first)
    other_codes, others = factorized(second)
    # One number for each pair. int64, since the product of two large numbers of texts leaves int32.
    pairs, found = pd.factorize(codes.astype("int64") * max(len(others), 1) + other_codes)
    values = [function(distinct[pair // len(others)], others[pair % len(others)]) for pair in found]
    return _taken(values, pairs, dtype, first.index)


def coded_by_pair(first: pd.Series, second: pd.Series, function: Callable[[str, str], str]) -> pd.Series:
    """Return `by_distinct_pair` of texts as categories."""
    codes, distinct = factorized(first)
    other_codes, others = factorized(second)
    pairs, found = pd.factorize(codes.astype("int64") * max(len(others), 1) + other_codes)
    texts = pd.Series(
        [function(distinct[pair // len(others)], others[pair % len(others)]) for pair in found], dtype="str"
    )
    return coded(texts).take(pairs).set_axis(first.index)


def numbers_by_distinct_pair(
    first: pd.Series, second: pd.Series, function: Callable[[str, str], tuple[float, ...]], names: list[str]
) -> pd.DataFrame:
    """Return the numbers that `function` gives for two texts of each row, one column each, named `names`."""
    codes, distinct = factorized(first)
    other_codes, others = factorized(second)
    pairs, found = pd.factorize(codes.astype("int64") * max(len(others), 1) + other_codes)
    values = [function(distinct[pair // len(others)], others[pair % len(others)]) for pair in found]
    table = np.array(values, dtype="float64").reshape(-1, len(names))
    return pd.DataFrame(table[pairs], columns=names, index=first.index)


def factorized(texts: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Return an integer code per row, and the distinct texts by code (of categories, also those that no row has)."""
    codes, distinct = factorized_texts(texts)
    # Arrow gives an array of objects far faster than one text after the other.
    return codes, distinct.to_numpy(dtype=object).tolist()


def factorized_texts(texts: pd.Series) -> tuple[np.ndarray, pd.Series]:
    """Return the same with the distinct texts as a column."""
    if is_coded(texts):
        codes, known = distinct_texts(texts)
        # Null is '' here as elsewhere.
        return np.where(codes < 0, len(known) - 1, codes), known.fillna("")
    codes, distinct = pd.factorize(texts.fillna("") if texts.hasnans else texts)
    return codes, pd.Series(distinct, dtype=texts.dtype)


def numbered(values: pd.Series) -> tuple[np.ndarray, int]:
    """Return a whole number for each row, the same for the same value (nulls are equal), and how many there may be."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        # Null has the code -1.
        return values.cat.codes.to_numpy().astype("int64") + 1, len(values.cat.categories) + 1
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    return codes, len(distinct)


def _taken(values: list[Any], codes: np.ndarray, dtype: Any, index: pd.Index) -> pd.Series:
    return pd.Series(values, dtype=dtype).take(codes).set_axis(index)


def repeats(frame: pd.DataFrame) -> np.ndarray:
    """Return where a row equals another one in every column (nulls are equal)."""
    return pd.Series(numbered_rows(frame)).duplicated(keep=False).to_numpy()


def first_rows(numbers: np.ndarray) -> np.ndarray:
    """Return the position of the first row of each number, which count from 0 without gaps."""
    first = np.zeros(numbers.max(initial=-1) + 1, dtype="int64")
    # Of several assignments to one place the last counts: read backwards, that of the first row.
    first[numbers[::-1]] = np.arange(len(numbers))[::-1]
    return first


def row_counts(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the distinct rows as texts, in order of appearance, and how often each is there (column n)."""
    numbers = pd.factorize(numbered_rows(frame))[0]
    return plain(frame.iloc[first_rows(numbers)]).assign(n=np.bincount(numbers))


def numbered_rows(frame: pd.DataFrame) -> np.ndarray:
    """Return a whole number for each row, the same for rows that are equal in every column (nulls are equal)."""
    codes, largest = np.zeros(len(frame), dtype="int64"), 1
    for name in frame:
        own, distinct = numbered(frame[name])
        if distinct < 2:
            continue
        if largest * distinct > LARGEST_CODE:
            # As many codes as there are distinct rows so far.
            codes, found = pd.factorize(codes)
            largest = len(found)
        codes = codes * distinct + own
        largest *= distinct
    return codes
