"""Files of statistical packages: SAS (sas7bdat, transport), SPSS (sav) and Stata (dta)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from historical_controls.config.sources.sources import SourceFile
from historical_controls.errors import UserError
from historical_controls.intake.layout import CELL, Grid

READERS = {"sas7bdat": "read_sas7bdat", "xport": "read_xport", "sav": "read_sav", "dta": "read_dta"}
CHUNK_ROWS = 50_000
# Stata counts milliseconds from here ([D] Datetime).
EPOCH_1960 = datetime(1960, 1, 1)
DAY_MS = 86_400_000


def read_statistical(path: Path, file: SourceFile) -> Iterator[Grid]:
    """Yield all observations in consecutive blocks, cells as text: numbers with the declared mark, ISO dates.

    Lines count observations. Codes are given as stored, or as their labels where `value_labels` is declared; missing
    values are blank. Raises UserError where pyreadstat is not installed or the file is not of the declared format.
    """
    read = _reader(path, file)
    # The reader of transport files has no such options, since they hold no labels.
    labelled = file.value_labels and file.format != "xport"
    options = {"apply_value_formats": True, "formats_as_category": False} if labelled else {}
    done, size = 0, CHUNK_ROWS
    # A block shorter than what was asked for is the last one.
    while size == CHUNK_ROWS:
        try:
            frame, meta = read(str(path), row_offset=done, row_limit=CHUNK_ROWS, **options)
        except Exception as error:  # the parser raises errors of its own for each kind of damage
            said = f"this is not a readable {file.format} file ({str(error)[:80]})"
            raise UserError(said, str(path), "Check 'format', or export it as csv.") from None
        if file.value_labels and not meta.variable_value_labels:
            where = "; those of SAS stand in a catalogue of its own" if file.format in ("sas7bdat", "xport") else ""
            raise UserError(f"the file has no labels{where}", str(path), "Leave out 'value_labels'; declare the codes.")
        names = list(meta.column_names)
        columns = [_exact(frame.iloc[:, place], meta.readstat_variable_types[name]) for place, name in enumerate(names)]
        clocks = [name for name, values in zip(names, columns, strict=True) if any(isinstance(v, time) for v in values)]
        if clocks:
            # pyreadstat gives 26 hours as 2 o'clock: of clocks and durations the stored number is read.
            whole = {"row_offset": done, "row_limit": CHUNK_ROWS, "disable_datetime_conversion": True}
            stored, _ = read(str(path), usecols=clocks, **whole)
            columns = [
                _durations(stored[name], file.format) if name in clocks else own
                for name, own in zip(names, columns, strict=True)
            ]
        cells = {
            CELL + name: pd.Series([_text(value, file.decimal) for value in values], dtype="str")
            for name, values in zip(names, columns, strict=True)
        }
        lines = np.arange(done + 1, done + len(frame) + 1, dtype="int64")
        yield Grid(pd.DataFrame(cells, index=range(len(frame)), dtype="str"), lines, [], names, 0, [])
        done, size = done + len(frame), len(frame)


def labels_of(path: Path, form: str) -> tuple[dict[str, str], bool]:
    """Return the labels of the columns that have one, and whether any column has labels of its codes."""
    try:
        import pyreadstat

        _, meta = getattr(pyreadstat, READERS[form])(str(path), metadataonly=True)
    except Exception:  # whatever is wrong is said by who reads the rows
        return {}, False
    return {name: label for name, label in meta.column_names_to_labels.items() if label}, bool(
        meta.variable_value_labels
    )


def _reader(path: Path, file: SourceFile) -> Callable[..., Any]:
    try:
        import pyreadstat
    except ImportError:
        raise UserError(
            f"{file.format} files need the package pyreadstat", str(path), "Install it, or export the file as csv."
        ) from None
    return getattr(pyreadstat, READERS[file.format])


def _exact(values: pd.Series, stored_as: str) -> list[Any]:
    """Return the values; of single precision the shortest number that is stored so: 12.6, not 12.600000381469727."""
    if stored_as != "float":
        return values.tolist()
    return [float(str(np.float32(v))) if isinstance(v, float) and np.isfinite(v) else v for v in values.tolist()]


def _durations(stored: pd.Series, form: str) -> list[Any]:
    """Return clocks and durations, stored as seconds (Stata: milliseconds since 1960), as times of any length."""
    if form == "dta":
        # More than a day is a date whose format shows the clock alone.
        return [
            v
            if pd.isna(v)
            else timedelta(milliseconds=v)
            if abs(v) < DAY_MS
            else EPOCH_1960 + timedelta(milliseconds=v)
            for v in stored.tolist()
        ]
    return [v if pd.isna(v) else timedelta(seconds=v) for v in stored.tolist()]


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
        case timedelta():
            return _duration_text(value)
        case time():
            return value.strftime("%H:%M:%S")
    return str(value)


def _duration_text(value: timedelta) -> str:
    """Hours may exceed a day; two digits at least, as a clock has."""
    seconds = round(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
