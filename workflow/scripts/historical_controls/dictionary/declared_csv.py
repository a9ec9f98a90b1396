"""Small tables that people write by hand: read as text, each fault with its line."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from historical_controls.errors import UserError, did_you_mean, raise_all

QUOTES = "Add or remove cells; put text that contains the delimiter in double quotes."

if TYPE_CHECKING:
    import pandas as pd


def declared_rows(
    path: str | Path,
    columns: tuple[str, ...],
    defaults: Mapping[str, str] | None = None,
    known: Callable[[dict[str, str]], Mapping[str, str]] = lambda row: {},
) -> Iterator[tuple[str, dict[str, str]]]:
    """Each row of the program's own kind of table with its place 'path, line n'.

    defaults: columns that may be left out or blank, and what they are then; the columns may then come in any order.
    known: of a row, what counts in place of the defaults for columns that the whole file leaves out.
    Raises UserError for other columns, and for a row with more or fewer cells.
    """
    # newline="": line ends within quotes are part of the cell, and the csv module counts them.
    reader = csv.DictReader(io.StringIO(_text(path), newline=""))
    _check_header(list(reader.fieldnames or ()), columns, defaults, path)
    for row in reader:
        where = f"{path}, line {reader.line_num}"
        # DictReader files surplus cells under None, and fills missing ones with None.
        if None in row or None in row.values():
            raise UserError("the row has too many cells or too few", where, QUOTES)
        filled = {key: text for key, text in row.items() if text or key not in (defaults or {})}
        yield where, {**_left_out(defaults or {}, row, known(row)), **filled}


def _left_out(defaults: Mapping[str, str], row: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    return {**defaults, **{key: text for key, text in known.items() if key not in row}}


def _check_header(
    header: list[str], columns: tuple[str, ...], defaults: Mapping[str, str] | None, path: str | Path
) -> None:
    if defaults is None:
        # Without defaults the file is the program's own: a moved column is a mistake there.
        fits, needed = tuple(header) == columns, columns
    else:
        needed = tuple(name for name in columns if name not in defaults)
        fits = set(needed) <= set(header) <= set(columns) and len(set(header)) == len(header)
    if not fits:
        left = [name for name in columns if name not in needed]
        hint = f"Needed: {','.join(needed)}" + (f"; allowed besides: {','.join(left)}" if left else "")
        raise UserError(f"the columns are {','.join(header)}", f"{path}, line 1", hint)


def number_in(text: str, place: str, faults: list[UserError]) -> float | None:
    """Return the number in a cell; null, and a fault, where it holds none."""
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    # float() accepts 'nan' and 'inf', which no limit or factor may be.
    if not math.isfinite(number):
        faults.append(
            UserError(f"'{text}' is not a number", place, "Write it with a decimal point, or leave the cell blank.")
        )
        return None
    return number


def read_declared(path: str | Path, needed: Sequence[str], optional: Sequence[str] = ()) -> pd.DataFrame:
    """A UTF-8 CSV (comma or semicolon) with these columns, cells trimmed, and `line`, the line of each row.

    Blank lines are skipped; columns not named are left out. Raises UserError(s).
    """
    import pandas as pd  # the Snakefile imports this module in every job, and needs no table

    place, text = Path(path), _text(path)
    # Spreadsheets with a decimal comma separate cells by semicolons; the first line tells which.
    head = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    header = [name.strip() for name in next(reader, [])]
    missing = [name for name in needed if name not in header]
    raise_all(
        UserError(f"there is no column '{name}'", f"{place}, line 1", did_you_mean(name, header)) for name in missing
    )
    # The line is kept from here: blank lines are dropped, and a row's position no longer tells it.
    rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(map(str.strip, cells))]
    raise_all(
        UserError(f"the line has {len(cells)} cells, the header {len(header)}", f"{place}, line {line}", QUOTES)
        for line, cells in rows
        if len(cells) != len(header)
    )
    frame = pd.DataFrame([cells for _, cells in rows], columns=header, dtype="str")
    kept = frame.reindex(columns=[*needed, *optional], fill_value="").fillna("").astype("str")
    return kept.assign(line=pd.Series([line for line, _ in rows], dtype="int64"))


def _text(path: str | Path) -> str:
    """Spreadsheet programs put a byte-order mark before the first name."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError("the file is not utf-8", str(path), "Save it as 'CSV UTF-8'.") from None
