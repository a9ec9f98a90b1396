"""Files of statistical packages: SAS (sas7bdat, transport), SPSS (sav) and Stata (dta)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from historical_controls.config.sources.sources import SourceFile
from historical_controls.errors import UserError
from historical_controls.intake.layout import CELL, Grid

READERS = {"sas7bdat": "read_sas7bdat", "xport": "read_xport", "sav": "read_sav", "dta": "read_dta"}
CHUNK_ROWS = 50_000


def read_statistical(path: Path, file: SourceFile) -> Iterator[Grid]:
    """Yield all observations in consecutive blocks, cells as text: numbers with the declared mark, ISO dates.

    Lines count observations. Codes are given as stored, or as their labels where `value_labels` is declared; missing
    values are blank. Raises UserError where pyreadstat is not installed or the file is not of the declared format.
    """
    read = _reader(path, file)
    options = {"apply_value_formats": True, "formats_as_category": False} if file.value_labels else {}
    done, size = 0, CHUNK_ROWS
    # A block shorter than what was asked for is the last one.
    while size == CHUNK_ROWS:
        try:
            frame, meta = read(str(path), row_offset=done, row_limit=CHUNK_ROWS, **options)
        except Exception as error:  # the parser raises errors of its own for each kind of damage
            said = f"this is not a readable {file.format} file ({str(error)[:80]})"
            raise UserError(said, str(path), "Check 'format', or export it as csv.") from None
        names = list(meta.column_names)
        cells = {CELL + name: _texts(frame.iloc[:, place], file.decimal) for place, name in enumerate(names)}
        lines = np.arange(done + 1, done + len(frame) + 1, dtype="int64")
        yield Grid(pd.DataFrame(cells, index=range(len(frame)), dtype="str"), lines, [], names, 0, [])
        done, size = done + len(frame), len(frame)


def _reader(path: Path, file: SourceFile) -> Callable[..., Any]:
    try:
        import pyreadstat
    except ImportError:
        raise UserError(
            f"{file.format} files need the package pyreadstat", str(path), "Install it, or export the file as csv."
        ) from None
    return getattr(pyreadstat, READERS[file.format])


def _texts(values: pd.Series, decimal: str) -> pd.Series:
    return pd.Series([_text(value, decimal) for value in values.tolist()], dtype="str")


def _text(value: Any, decimal: str) -> str:
    """Return a value as text that reads back to it."""
    match value:
        case None:
            return ""
        # NaT is an instance of datetime, so that it must be met before the dates are.
        case _ if value is pd.NaT:
            return ""
        case bool():
            return "1" if value else "0"
        case float() if np.isnan(value):
            return ""
        case float():
            # These files store whole numbers as floats: an id 123 must not become '123.0'. Below 1e15 they are exact.
            exact = repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
            return exact.replace(".", decimal)
        case pd.Timestamp() | datetime():
            return value.replace(microsecond=0).isoformat(sep=" ")
        case date():
            return value.isoformat()
        case time():
            return value.strftime("%H:%M:%S")
    return str(value)
