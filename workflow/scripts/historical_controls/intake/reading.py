"""One declared file, read as text and checked against its declaration."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from historical_controls.config.sources.declared_columns import columns_read, declared_columns, made_columns
from historical_controls.config.sources.redcap import RedcapDictionary
from historical_controls.config.sources.sources import SourceFile
from historical_controls.errors import UserError, did_you_mean, raise_all
from historical_controls.intake.databases.tables import TYPED, hash_of_rows, read_typed
from historical_controls.intake.headings import addressed, repeated
from historical_controls.intake.layout import RAGGED, Grid, cell_names, without_first_row, without_headers
from historical_controls.intake.omop.columns import with_omop_columns
from historical_controls.intake.private import private_columns
from historical_controls.intake.splitting import with_split_columns
from historical_controls.intake.statistical import read_statistical
from historical_controls.intake.text_files.delimited import BLOCK, read_delimited
from historical_controls.intake.text_files.quoted_rows import n_cells
from historical_controls.intake.workbooks.spreadsheet import read_spreadsheet
from historical_controls.tables.coded import constant
from historical_controls.tables.parquet import TableWriter
from historical_controls.tables.registry import INTAKE
from historical_controls.tables.schema import conform

# So many lines without the header's number of cells, and none with it: nobody need wait for the rest of the file.
HOPELESS = 1000
DELIMITERS = {",": ",", ";": ";", "\t": r"\t", "|": "|"}


def read_file(path: str | Path, file: SourceFile, redcap: RedcapDictionary | None = None) -> pd.DataFrame:
    """Every line of a file but its header (table intake): cells as text, private columns left out.

    redcap: of an export of REDCap; the columns of its label export then bear the names of their fields.
    Raises UserError where the declaration does not fit the file: encoding, delimiter, header, sheet, columns.
    """
    return conform(pd.concat(read_blocks(path, file, redcap=redcap), ignore_index=True), INTAKE)


def write_intake(
    path: str | Path, file: SourceFile, target: str | Path, redcap: RedcapDictionary | None = None
) -> None:
    """The same, written block by block."""
    with TableWriter(target, INTAKE) as writer:
        for block in read_blocks(path, file, redcap=redcap):
            writer.write(block)


def read_blocks(
    path: str | Path, file: SourceFile, size: int = BLOCK, redcap: RedcapDictionary | None = None
) -> Iterator[pd.DataFrame]:
    """The same in consecutive pieces, of about `size` bytes each where the file is delimited text.

    Errors of the declaration come before more than the first block is read; a byte that is not of the declared
    encoding comes where it stands.
    """
    place = Path(path)
    if file.format != "database" and not place.is_file():
        raise UserError("there is no such file", str(place))
    grids: Iterator[Grid] = map(without_headers, _grids(path, file, size))
    if file.units_line:
        grids = _without_units(place, grids)
    sha256 = ""
    if file.format == "database":
        # A server has no file whose bytes could be hashed: all rows are read first.
        whole = list(grids)
        sha256, grids = hash_of_rows(whole), iter(whole)
    grids = with_omop_columns(grids, str(path), file)
    if file.redcap and file.redcap.labels and redcap:
        # Before names are looked up: the declaration has the names of fields, the file has labels.
        grids = _by_field(grids, redcap)
    declared = [*declared_columns(file), *file.private_columns]
    grids = (addressed(grid, declared) for grid in grids)
    # Checked before anything is written, so that a wrong declaration costs one block, not the whole file.
    first = next(grids)
    _check_columns(place, first, file, redcap)
    private = private_columns(first.header, declared_columns(file), file, redcap)
    if not sha256:
        with place.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    for grid in _fitting(place, chain([first], grids), file):
        yield _table(with_split_columns(grid, file), sha256, private)


def _grids(path: str | Path, file: SourceFile, size: int) -> Iterator[Grid]:
    if file.format in TYPED:
        return read_typed(path, file)
    place = Path(path)
    if file.format == "csv":
        return read_delimited(place, file, size)
    return _sheet(place, file) if file.format == "xlsx" else read_statistical(place, file)


def _sheet(place: Path, file: SourceFile) -> Iterator[Grid]:
    yield read_spreadsheet(place, place.read_bytes(), file)


def _without_units(place: Path, grids: Iterator[Grid]) -> Iterator[Grid]:
    """Grids without the first row of the first that has any."""
    waiting = True
    for grid in grids:
        if not waiting or not len(grid.lines):
            yield grid
            continue
        waiting = False
        try:
            yield without_first_row(grid)
        except ValueError as error:
            # Its text may name a patient: only the column is told.
            what = f"'units_line' is declared, and this line has a number or date in column '{error}'"
            hint = "Leave out 'units_line: true': the rows begin below the header."
            raise UserError(what, f"{place}, line {grid.lines[0]}", hint) from None


def _by_field(grids: Iterator[Grid], redcap: RedcapDictionary) -> Iterator[Grid]:
    """Grids of a label export with the names of fields at their head."""
    for grid in grids:
        header = redcap.raw_names(grid.header)
        yield replace(grid, header=header, cells=grid.cells.set_axis(cell_names(header), axis=1))


def _fitting(place: Path, grids: Iterator[Grid], file: SourceFile) -> Iterator[Grid]:
    """The grids, as long as lines with as many cells as the header are among the first ones."""
    ragged: list[tuple[int, str]] = []
    fits = False
    for grid in grids:
        if not fits:
            fits = len(grid.lines) > 0
            # Only lines above the first good one count: ragged lines later in a good file are held one by one.
            before = grid.lines[0] if fits else np.inf
            ragged += [(n, text) for n, reason, text in grid.problems if reason == RAGGED and n < before]
            if len(ragged) >= HOPELESS:
                raise _never_fits(place, grid, ragged, file)
        yield grid
    if ragged and not fits:
        raise _never_fits(place, grid, ragged, file)


def _never_fits(place: Path, grid: Grid, ragged: list[tuple[int, str]], file: SourceFile) -> UserError:
    """ragged: the lines, as (number, text). Of their text only the number of cells is told: it may name patients."""
    line, where = ragged[0][0], f"{place}, line {ragged[0][0]}"
    counts = [n_cells(text, file.delimiter) for _, text in ragged]
    known = [count for count in counts if count]
    own = f"line {line} has {counts[0]}" if counts[0] else f"line {line} has quotes that do not close"
    every = f"{own}, as have all {len(counts)}" if len(set(counts)) == 1 and len(counts) > 1 else own
    if len(set(known)) > 1:
        every = f"{own}, and the {len(counts)} lines from there on have {min(known)} to {max(known)}"
    if file.row_names:
        # The heading of the names counts as one of the header's.
        what = f"no line has a cell more than the header ({len(grid.header) - 1}): {every}"
        return UserError(
            what, where, "Leave out 'row_names: true': the header has a heading, or a blank, for each cell."
        )
    what = f"no line has as many cells as the header ({len(grid.header)}): {every}"
    return UserError(what, where, _ragged_hint(len(grid.header), known, file.delimiter))


def _ragged_hint(width: int, counts: list[int], delimiter: str) -> str:
    """What may have come of lines with so many cells (counts) beneath a header with `width`."""
    shown = DELIMITERS.get(delimiter, delimiter)
    if not counts or min(counts) <= width:
        return f"Check the delimiter, which is '{shown}' as declared, and header_line."
    hints = [
        f"A cell that holds '{shown}' itself, as dates and numbers with a decimal comma may, has to be in quotes: "
        "export the file anew with them, or with another delimiter."
    ]
    if set(counts) == {width + 1}:
        hints.append("Where rows begin with a name that the header lacks, as R writes them: row_names: true.")
    return " ".join(hints)


def _check_columns(place: Path, grid: Grid, file: SourceFile, redcap: RedcapDictionary | None) -> None:
    # Files of statistical packages have no line of headings.
    where = f"{place}, line {grid.header_line}" if grid.header_line else str(place)
    declared = declared_columns(file)
    if not set(declared) & set(grid.header):
        # The line may hold patients instead of names, so nothing of it is shown.
        in_labels = redcap is not None and set(declared) & set(redcap.raw_names(grid.header))
        hint = "It is a label export: declare 'labels: true'." if in_labels else _layout_hint(grid, declared, file)
        raise UserError("none of the declared columns is there", where, hint)
    faults = _column_faults(grid.header, declared, file.private_columns, where)
    raise_all([*faults, *_split_faults(grid.header, file, where)])


def _split_faults(there: list[str], file: SourceFile, where: str) -> Iterator[UserError]:
    """New columns that would be there twice, and one that takes all other cells and that nothing reads."""
    for name in (name for name in made_columns(file) if name in there):
        yield UserError(
            f"column '{name}' of 'split_columns' is in the file already",
            where,
            f"Name it otherwise, such as '{name} read'.",
        )
    read = columns_read(file)
    for split in file.split_columns.values():
        if split.others is not None and split.others not in read:
            what = f"no part reads column '{split.others}', to which 'others' of 'split_columns' gives all other cells"
            yield UserError(what, where, did_you_mean(split.others, read))


def _column_faults(there: list[str], declared: list[str], private: list[str], where: str) -> Iterator[UserError]:
    said: set[str] = set()
    for name in dict.fromkeys([*declared, *private]):
        several = repeated(name, there)
        if name not in there and several and name in private:
            continue
        if name not in there and several:
            what = f"column '{name}' is there {len(several)} times"
            yield UserError(what, where, f"Name the one that is meant: {', '.join(map(repr, several))}.")
        elif name not in there:
            hint = did_you_mean(name, there)
            # The columns of a whole sheet are listed once, not for each that is missing.
            yield UserError(f"there is no column '{name}'", where, None if hint in said else hint)
            said.add(hint)
    for name in declared:
        if name in private:
            yield UserError(f"column '{name}' is private and cannot be read", where)


def _layout_hint(grid: Grid, declared: list[str], file: SourceFile) -> str:
    """Where the declared columns are found instead, if anywhere near the top."""
    for number, line in enumerate(grid.head, start=1):
        for mark, shown in DELIMITERS.items():
            cells = {cell.strip().strip('"') for cell in line.split(mark)}
            if set(declared) <= cells:
                found = f"They are on line {number}"
                return f"{found}." if file.format == "xlsx" else f"{found} with the delimiter '{shown}'."
    return "Check header_line, the delimiter, and the names declared."


def _table(grid: Grid, sha256: str, private: list[str]) -> pd.DataFrame:
    kept = [column for column, name in zip(grid.cells, grid.header, strict=True) if name not in private]
    # One repeated value in Arrow's memory, without a Python object for each of a million lines.
    nothing = pd.array(pa.nulls(len(grid.lines), pa.string()), dtype="str")
    out = grid.cells[kept].assign(line=grid.lines, problem=nothing, text=nothing)
    if grid.problems:
        bad = pd.DataFrame(grid.problems, columns=["line", "problem", "text"])
        if private:
            # The text of a broken line may hold what private columns would: it is kept only where there are none.
            bad["text"] = None
        out = pd.concat([out, bad], ignore_index=True) if len(out) else _with_columns(bad, out)
    # As a category: the writer would hash its 64 letters again for every line.
    return out.assign(sha256=constant(sha256, out.index))


def _with_columns(bad: pd.DataFrame, good: pd.DataFrame) -> pd.DataFrame:
    """No good line: the columns still stand, all null."""
    return bad.reindex(columns=list(good.columns)).astype({name: "str" for name in good.columns if name != "line"})
