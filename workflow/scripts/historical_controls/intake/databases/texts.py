"""Typed columns as the texts that a person would write: whole numbers without a point, ISO dates, blank for nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# Below this a float holds every whole number exactly.
EXACT = 1e15
# Fractions of a second that are nothing, and zeros behind the mark of a decimal number.
ZEROS = r"(\.\d*?[1-9])0+$|\.0+$"


def text_table(table: pa.Table | pa.RecordBatch) -> pd.DataFrame:
    """Return a table with every column as texts; null is ''."""
    return pd.DataFrame({name: _texts(table.column(place)) for place, name in enumerate(table.schema.names)})


def _texts(column: pa.ChunkedArray | pa.Array) -> pd.Series:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _texts(column.cast(kind.value_type))
    if pa.types.is_floating(kind):
        return _float_texts(column)
    if pa.types.is_boolean(kind):
        # As statistical packages store it.
        column = column.cast(pa.int8())
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        # Arrow prints no offset where it casts to text.
        column = pc.strftime(column.cast(pa.timestamp("s", tz=kind.tz), safe=False), format="%Y-%m-%d %H:%M:%S%z")
    texts = pc.fill_null(column.cast(pa.string()), "")
    if pa.types.is_decimal(kind) or pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        texts = pc.replace_substring_regex(texts, ZEROS, r"\1")
    return pd.Series(texts.to_pandas(), dtype="str")


def _float_texts(column: pa.ChunkedArray | pa.Array) -> pd.Series:
    """Return numbers as texts that read back to them; those of single precision by the shortest that does."""
    # Ids are stored as floats where some are missing: 123456789012.0 is the id 123456789012.
    values = column.to_pandas()
    distinct = values.drop_duplicates()
    single = pa.types.is_float32(column.type)
    texts = {value: float_text(str(np.float32(value)) if single else value) for value in distinct.dropna()}
    return pd.Series([texts.get(value, "") for value in values], dtype="str")


def float_text(value: float | str) -> str:
    """Return a number as text, a whole one without a point."""
    number = float(value)
    return repr(int(number)) if number.is_integer() and abs(number) < EXACT else repr(number)
