"""One declared file, read as text and checked against its declaration."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from ..config_sources import SourceFile
from ..errors import UserError, did_you_mean, raise_all
from ..table_io import conform
from ..tables import INTAKE
from .declared import declared_columns
from .delimited import read_delimited
from .layout import CELL, Grid
from .spreadsheet import read_spreadsheet


def read_file(path: str | Path, file: SourceFile) -> pd.DataFrame:
    """Every line of a file but its header (table intake): cells as text, private columns left out.

    Raises UserError where the declaration does not fit the file: encoding, delimiter, header, sheet, columns.
    """
    place = Path(path)
    if not place.is_file():
        raise UserError("there is no such file", str(place))
    raw = place.read_bytes()
    grid = (read_spreadsheet if file.format == "xlsx" else read_delimited)(place, raw, file)
    _check_columns(place, grid, file)
    return conform(_table(grid, hashlib.sha256(raw).hexdigest(), file), INTAKE)


def _check_columns(place: Path, grid: Grid, file: SourceFile) -> None:
    there = [name.removeprefix(CELL) for name in grid.cells.columns]
    where = f"{place}, line {grid.header_line}"
    if len(there) == 1 and len(declared_columns(file)) > 1:
        raise UserError(
            f"only one column was found: '{there[0][:60]}'",
            where,
            f"The declared delimiter is {file.delimiter!r}; is it another? Or is the header on another line?",
        )
    missing = [name for name in [*declared_columns(file), *file.private_columns] if name not in there]
    raise_all(UserError(f"there is no column '{name}'", where, did_you_mean(name, there)) for name in missing)
    private = [name for name in declared_columns(file) if name in file.private_columns]
    raise_all(UserError(f"column '{name}' is private and cannot be read", where) for name in private)


def _table(grid: Grid, sha256: str, file: SourceFile) -> pd.DataFrame:
    cells = grid.cells.drop(columns=[CELL + name for name in file.private_columns])
    good = cells.assign(line=grid.lines, sha256=sha256, problem=None, text=None)
    if not grid.problems:
        return good
    # The text of a broken line may hold what private columns would: it is kept only where none is declared.
    keep_text = not file.private_columns
    bad = pd.DataFrame(grid.problems, columns=["line", "problem", "text"]).assign(sha256=sha256)
    bad["text"] = bad["text"] if keep_text else None
    return pd.concat([good, bad], ignore_index=True)
