"""Tables that people declare in a CSV of few columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from ..errors import UserError


def declared_rows(path: str | Path, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """Each row with its place 'path, line n'. Raises UserError for other columns, or a row with more or fewer cells."""
    with Path(path).open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != columns:
            raise UserError(f"columns are {reader.fieldnames}", f"{path}, line 1", f"Needed: {','.join(columns)}")
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            if None in row or None in row.values():
                raise UserError("the row has too many cells or too few", where, 'Text with a comma stands in "quotes"')
            yield where, row
