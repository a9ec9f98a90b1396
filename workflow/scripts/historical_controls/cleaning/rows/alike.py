"""Records that say the same: one of them is cleaned, and all of them get what became of it.

A laboratory repeats its cells: of a million rows a few thousand differ in anything but patient and time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from historical_controls.cleaning.records.distinct import first_rows, numbered_rows
from historical_controls.tables.coded import coded, plain, stacked
from historical_controls.tables.registry import MEASUREMENTS_RAW

# What cleaning reads of a record besides its patient and its times.
CONTENT = (
    *("item", "analyte", "code", "raw_value", "raw_unit", "specimen", "assay", "status_text", "comment"),
    *("meaning", "coded_missing", "names_specimen"),
)
# What no step of cleaning changes; the rest is what became of the content.
OWN = frozenset(
    {"source", "file", "line", "item", "analyte", "raw_value", "subject", "id_text", "anchor", "time_text", "released"}
    | {"time", "latest", "relative_hours", "relative_latest", "result_time", "result_latest"}
)
BECAME = (*(name for name in MEASUREMENTS_RAW.names if name not in {*OWN, "outcome"}), "code", "fate", "reason", "hint")

# Contents beyond which what is known is forgotten: some 100 MB.
MOST_KNOWN = 200_000

Clean = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass
class Known:
    """What became of the contents of a file so far: a row of `became` for each, at the place that `places` says."""

    places: dict[tuple[Hashable, ...], int] = field(default_factory=dict)
    became: pd.DataFrame | None = None

    def kept(self) -> list[pd.DataFrame]:
        """Return the rows to build upon: none at first, and none where there would be too many."""
        if len(self.places) > MOST_KNOWN:
            self.places, self.became = {}, None
        return [] if self.became is None else [self.became]


def cleaned_once(records: pd.DataFrame, alone: pd.Series, clean: Clean, known: Known) -> pd.DataFrame:
    """Return the records (one per measured cell) with what `clean` makes of one record of each content.

    alone: records with something of their own that decides their fate, such as an unreadable time: each is cleaned by
    itself. known: of the file's earlier records, and extended by these. Only the columns that tables keep are returned.
    """
    by_itself = alone.to_numpy(dtype=bool)
    groups = _groups(records, by_itself)
    first = first_rows(groups)
    before = known.kept()
    distinct = plain(records.iloc[first])
    places = _places(distinct, by_itself[first], known)
    # Those that share a content with other records first: they are kept for the rest of the file.
    new = np.flatnonzero(places < 0)
    new = new[np.argsort(by_itself[first][new], kind="stable")]
    start = len(before[0]) if before else 0
    places[new] = start + np.arange(len(new))
    if len(new):
        before.append(_coded_texts(clean(distinct.iloc[new])[list(BECAME)]))
    became = stacked(before)
    known.became = became.iloc[: start + int((~by_itself[first][new]).sum())]
    own = records[[name for name in records.columns if name in OWN]]
    # Texts as categories: a hundred thousand records take the place of a few thousand contents.
    return pd.concat([own, became.take(places[groups]).set_axis(records.index)], axis=1)


def _coded_texts(became: pd.DataFrame) -> pd.DataFrame:
    texts = [name for name in became.columns if became[name].dtype == "str" or became[name].dtype == object]
    return became.assign(**{name: coded(became[name].astype("str")) for name in texts})


def _places(distinct: pd.DataFrame, by_itself: np.ndarray, known: Known) -> np.ndarray:
    """The place of each content in `known.became`, -1 where it is new: new ones are given the next places in order."""
    places = np.full(len(distinct), -1, dtype="int64")
    # Every null is one value here: nan equals nothing, itself included.
    columns = [distinct[name].astype(object).where(distinct[name].notna(), None).tolist() for name in CONTENT]
    for row, content in enumerate(zip(*columns, strict=True)):
        if not by_itself[row]:
            place = known.places.setdefault(content, len(known.places))
            places[row] = place if known.became is not None and place < len(known.became) else -1
    return places


def _groups(records: pd.DataFrame, alone: np.ndarray) -> np.ndarray:
    """A number per record, in order of appearance: the same for the same content, its own for those alone."""
    codes = numbered_rows(records[list(CONTENT)])
    # Numbers of contents are never negative.
    codes[alone] = -1 - np.flatnonzero(alone)
    return pd.factorize(codes)[0]
