"""An export before it is written: its cells as text, and what each record should come out as."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

EXPECTED_COLUMNS = [
    "place",
    "item",
    "subject",
    "time",
    "outcome",
    "value",
    "lower",
    "upper",
    "result",
    "dirt",
    "fate",
    "reason",
]
MEXICO = "America/Mexico_City"


@dataclass(frozen=True)
class Export:
    """One file. `rows` is indexed by place (order in the file); `expected` has one row per place and item.

    `item` is the column that a record is read from in wide files, '' in long ones. `dirt` names what was spoilt on
    purpose ('' = clean truth), with the fate and reason that the ledger must give it. Times are UTC.
    """

    source: str
    name: str
    path: str
    rows: pd.DataFrame
    expected: pd.DataFrame
    encoding: str = "utf-8"
    delimiter: str = ","
    quoted: bool = True
    footer: tuple[str, ...] = ()

    def lines(self) -> pd.Series:
        """Line of the file by place; the header is line 1."""
        # Places may be fractions (a copied row is at 7.25), lines may not.
        places = np.sort(self.rows.index.to_numpy())
        return pd.Series(np.arange(2, len(places) + 2), index=places)

    def content(self) -> bytes:
        rows = self.rows.sort_index()
        cells = [list(rows.columns), *rows.to_numpy().tolist()]
        text = _quoted(cells, self.delimiter) if self.quoted else _bare(cells, self.delimiter)
        return (text + "".join(f"{line}\n" for line in self.footer)).encode(self.encoding)

    def expectations(self) -> pd.DataFrame:
        """What every record should come out as, by source, file, line and item."""
        out = self.expected.assign(
            source=self.source, file=self.name, line=self.expected["place"].map(self.lines()).astype("int64")
        )
        front = ["source", "file", "line"]
        return out[[*front, *[c for c in EXPECTED_COLUMNS if c != "place"]]].sort_values(
            ["line", "item"], ignore_index=True
        )


def _quoted(cells: Sequence[Sequence[str]], delimiter: str) -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows(cells)
    return stream.getvalue()


def _bare(cells: Sequence[Sequence[str]], delimiter: str) -> str:
    """Hospital systems do not quote: a delimiter inside a cell breaks its line."""
    return "".join(delimiter.join(row) + "\n" for row in cells)


def expected_frame(frame: pd.DataFrame, item: str = "") -> pd.DataFrame:
    """Expectations for clean records; `frame` holds place, subject, time, outcome, value, lower, upper, result."""
    return frame.assign(item=item, dirt="", fate="clean", reason="")[EXPECTED_COLUMNS]


def local_text(times: pd.Series, form: str) -> pd.Series:
    """UTC times as the hospital's clock writes them; '' for none."""
    return times.dt.tz_localize("UTC").dt.tz_convert(MEXICO).dt.strftime(form).fillna("")


def pick(export: Export, rng: np.random.Generator, count: int, where: pd.Series | None = None) -> list[float]:
    """Places of rows that are still clean, drawn at random; fewer where the file has fewer."""
    clean = ~export.rows.index.isin(export.expected.loc[export.expected["dirt"] != "", "place"])
    # `where` may lack places that were added since it was computed; those are not picked.
    allowed = export.rows.index[clean if where is None else clean & where.reindex(export.rows.index).fillna(False)]
    chosen = rng.choice(len(allowed), size=min(count, len(allowed)), replace=False)
    # In file order, so that columns of new cells can be assigned by position.
    return sorted(float(allowed[i]) for i in chosen)


def rewrite(export: Export, places: Sequence[float], cells: Mapping[str, Any], dirt: str, **expect: Any) -> Export:
    """The export with cells of these rows overwritten; `expect`: what changes in the expectation."""
    rows, expected = export.rows.copy(), export.expected.copy()
    for column, text in cells.items():
        rows.loc[list(places), column] = text
    touched = expected["place"].isin(places)
    # In wide files one cell is spoilt and the other items of the row stay clean.
    if expect.get("item"):
        touched &= expected["item"] == expect["item"]
    for column, value in {"dirt": dirt, **expect}.items():
        expected.loc[touched, column] = value
    return replace(export, rows=rows, expected=expected)


def copy_rows(export: Export, places: Sequence[float], shift: float = 0.25) -> tuple[Export, list[float]]:
    """The export with these rows repeated a little later (or earlier, negative shift), and the places of the copies."""
    copies = export.rows.loc[list(places)]
    # A quarter of a line away: between two lines of the file, and free for a copy on the other side too.
    copies.index = copies.index + shift
    again = export.expected[export.expected["place"].isin(places)]
    again = again.assign(place=again["place"] + shift)
    more = replace(
        export,
        rows=pd.concat([export.rows, copies]),
        expected=pd.concat([export.expected, again], ignore_index=True),
    )
    return more, [place + shift for place in places]
