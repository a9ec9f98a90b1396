"""Small tables that people write by hand: read as text, every fault found at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ..errors import UserError, did_you_mean, raise_all


def read_declared(path: str | Path, needed: Sequence[str], optional: Sequence[str] = ()) -> pd.DataFrame:
    """A UTF-8 CSV (comma or semicolon) with these columns, cells trimmed, and `line`, the line of each row.

    Blank lines are skipped; columns not named are left out. Raises UserError(s).
    """
    place = Path(path)
    try:
        text = place.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError("the file is not utf-8", str(place), "Save it as CSV UTF-8.") from None
    head = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    header = [name.strip() for name in next(reader, [])]
    missing = [name for name in needed if name not in header]
    raise_all(
        UserError(f"there is no column '{name}'", f"{place}, line 1", did_you_mean(name, header)) for name in missing
    )
    rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(map(str.strip, cells))]
    raise_all(
        UserError(f"{len(cells)} cells, the header has {len(header)}", f"{place}, line {line}", "Mend the line.")
        for line, cells in rows
        if len(cells) != len(header)
    )
    frame = pd.DataFrame([cells for _, cells in rows], columns=header, dtype="str")
    kept = frame.reindex(columns=[*needed, *optional]).fillna("").astype("str")
    return kept.assign(line=pd.Series([line for line, _ in rows], dtype="int64"))
