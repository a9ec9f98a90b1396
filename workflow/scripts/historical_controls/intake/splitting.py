"""Cells that hold several values, such as '167/92' or 'NC 4 lpm', split into columns of their own by declaration."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from historical_controls.config.sources.codes import declared_codes, visible_text
from historical_controls.config.sources.layout import PIECE, SplitColumn
from historical_controls.config.sources.parts import Condition
from historical_controls.config.sources.sources import SourceFile
from historical_controls.intake.layout import CELL, Grid

# A number, with either mark, whole; or a text that begins with a letter and has no digit.
NUMBER = r"(?<![\d.,])[-+<>\u2264\u2265]?\s?\d+(?:[.,]\d+)?(?![\d.,])"
# Characters of a cell that may have a form: with several texts, a longer one could be cut at any places.
LONGEST = 200
VALUE = rf"{NUMBER}|(?<![^\W\d_])[^\W\d_](?:[^\d]*[^\d\s])?"


def with_split_columns(grid: Grid, file: SourceFile) -> Grid:
    """Return the grid with the declared further columns; the column that is split remains.

    A cell with another number of pieces, or of no declared form, is given to each of them whole, marked, so that none
    is read from it. Of rows that `where` leaves out they are blank, but for the column that takes `others`.
    """
    for name, split in file.split_columns.items():
        if CELL + name in grid.cells:
            pieces = _split(grid.cells, name, split, file)
            cells = pd.concat([grid.cells, pieces.add_prefix(CELL)], axis=1)
            grid = replace(grid, cells=cells, header=[*grid.header, *pieces.columns])
    return grid


def _split(cells: pd.DataFrame, name: str, split: SplitColumn, file: SourceFile) -> pd.DataFrame:
    """The columns that one becomes; of rows that `where` leaves out one may take the cell as it is."""
    texts, met = cells[CELL + name], _meets(cells, split.where, file)
    own = texts[met]
    pieces = _pieces(own, split.by, split.values) if split.by else _values(own, split)
    pieces = pieces.reindex(index=cells.index, columns=split.columns, fill_value="").astype("str")
    if split.others is not None:
        pieces[split.others] = pieces[split.others].where(met, texts)
    return pieces


def _meets(cells: pd.DataFrame, conditions: Sequence[Condition], file: SourceFile) -> pd.Series:
    """Where the rows meet all conditions, as parts of the file read them."""
    found = pd.Series(True, index=cells.index)
    for condition in conditions:
        allowed = declared_codes(dict.fromkeys(condition.is_in, True), file)
        texts = cells[CELL + condition.column]
        met = {text: visible_text(text.strip()) in allowed for text in texts.drop_duplicates()}
        found &= texts.map(met).astype(bool)
    return found


def _pieces(texts: pd.Series, mark: str, columns: Sequence[str]) -> pd.DataFrame:
    n = len(columns)
    whole = texts.str.strip()
    parts = whole.str.split(mark, regex=False, expand=True).reindex(columns=range(n)).fillna("").astype("str")
    # str.count takes a pattern, unlike str.split with regex=False.
    fits = (whole.str.count(pat=_literal(mark)) == n - 1) & (whole != "")
    marked = _marked(whole)
    return pd.DataFrame(
        {name: parts[place].str.strip().where(fits, marked) for place, name in enumerate(columns)}, index=texts.index
    )


def _values(texts: pd.Series, split: SplitColumn) -> pd.DataFrame:
    """The values of each cell by the forms that it has; a column that its form does not name is blank."""
    whole = texts.str.strip()
    distinct = whole.drop_duplicates()
    read = {text: _read(text, split) for text in distinct}
    marked = _marked(distinct)
    kept = {
        text: found if found is not None else dict.fromkeys(split.values, said)
        for (text, found), said in zip(read.items(), marked, strict=True)
    }
    columns = {name: whole.map({text: own.get(name, "") for text, own in kept.items()}) for name in split.values}
    return pd.DataFrame(columns, index=texts.index).astype("str")


def _read(text: str, split: SplitColumn) -> dict[str, str] | None:
    """The values of one cell; None where no form fits, or forms fit with different values."""
    if not text:
        return {}
    fits = [dict(found) for form in split.forms if (found := form_values(text, form)) is not None]
    return fits[0] if fits and all(one == fits[0] for one in fits) else None


def form_values(text: str, form: str) -> dict[str, str] | None:
    """The values of a cell that has this form, by column; None where it has another."""
    text = text.strip()
    found = re.fullmatch(_pattern(form), text, re.IGNORECASE) if len(text) <= LONGEST else None
    if found is None:
        return None
    values = [value.strip() for value in found.groups()]
    # Between the names: where nothing is, two texts could be cut anywhere.
    between = PIECE.split(form)[2:-1:2]
    words = [value[0].isalpha() for value in values]
    cut = any(not gap.strip() and words[n] and words[n + 1] for n, gap in enumerate(between))
    return None if cut else dict(zip(PIECE.findall(form), values, strict=True))


def _pattern(form: str) -> str:
    """'{device} {flow} L/{fraction} %' as a pattern: blanks may stand or be missing between words, marks and values."""
    # PIECE has a group, so that every other part is the name of a column.
    parts = [
        f"({VALUE})" if place % 2 else r"\s*".join(map(_literal, re.findall(r"\w+|[^\w\s]", part)))
        for place, part in enumerate(PIECE.split(form))
    ]
    return r"\s*".join(filter(None, parts))


def _marked(whole: pd.Series) -> pd.Series:
    return ("not split: " + whole).where(whole != "", "")


def _literal(text: str) -> str:
    return "".join(f"\\{character}" if not character.isalnum() else character for character in text)
