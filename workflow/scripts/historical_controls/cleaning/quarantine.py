"""Every held record as a list that a data manager can open in a spreadsheet and work through."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from ..spreadsheet_cells import inert
from ..table_io import read_pieces
from ..tables import INTAKE, LEDGER
from .records import CELL

READ = ["source", "file", "line", "item", "subject", "analyte", "fate", "reason", "raw_value", "hint"]
COLUMNS = ["row_hash", *(name for name in READ if name != "fate")]
CELL_AT_MOST = 1000
FileKey = tuple[str, str]


def held_records(ledgers: Iterable[str | Path]) -> pd.DataFrame:
    """The quarantined records of final ledgers, by source, file, line and item."""
    parts = [piece.loc[piece["fate"] == "quarantined"] for path in ledgers for piece in read_pieces(path, LEDGER, READ)]
    held = pd.concat([part for part in parts if len(part)] or [LEDGER.empty()[READ]], ignore_index=True)
    return held.drop(columns="fate").sort_values(["source", "file", "line", "item"], ignore_index=True)


def quarantine_list(
    held: pd.DataFrame, intake: Mapping[FileKey, str | Path], said: Callable[[str], str]
) -> pd.DataFrame:
    """Columns of the list: row_hash, where the record stands, what it says, why it is held in code and words, and how
    it is released. Cells are safe to open in a spreadsheet, and cut after 1,000 characters.

    intake: tables intake by source and file; said: words of a reason.
    """
    hashes = pd.concat([_hashes(key, path, held) for key, path in sorted(intake.items())] or [pd.DataFrame()])
    named = held.merge(hashes, on=["source", "file", "line"], how="left") if len(hashes) else held.assign(row_hash="")
    out = named[COLUMNS].assign(why=named["reason"].map(said))
    words = [name for name in out.columns if name != "line"]
    return out.assign(**{name: out[name].fillna("").map(_cell) for name in words})


def _cell(text: object) -> object:
    return inert(str(text)[:CELL_AT_MOST])


def _hashes(key: FileKey, path: str | Path, held: pd.DataFrame) -> pd.DataFrame:
    """Content hash of every line of one file that holds a record: the same row has the same hash on any line."""
    wanted = set(held.loc[(held["source"] == key[0]) & (held["file"] == key[1]), "line"])
    rows = [row for piece in read_pieces(path, INTAKE) for row in _hashed(piece, wanted)] if wanted else []
    return pd.DataFrame(rows, columns=["line", "row_hash"]).assign(source=key[0], file=key[1])


def _hashed(piece: pd.DataFrame, wanted: set[int]) -> Iterator[tuple[int, str]]:
    own = piece.loc[piece["line"].isin(wanted)]
    cells = [name for name in own.columns if name.startswith(CELL)]
    for line, text, *values in own[["line", "text", *cells]].itertuples(index=False, name=None):
        said = [text] if isinstance(text, str) else values
        yield int(line), row_hash(said)


def row_hash(cells: Iterable[object]) -> str:
    """12 hexadecimal digits of SHA-256 over the cells of a row, as sent."""
    joined = "\x1f".join("" if pd.isna(cell) else str(cell) for cell in cells)  # type: ignore[call-overload]
    return hashlib.sha256(joined.encode()).hexdigest()[:12]
