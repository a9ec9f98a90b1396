"""The crosswalk: ids that people know to be one person, or to be different ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pandas as pd

from historical_controls.config.reading.arm_column import name_of_both_arms
from historical_controls.config.sources.sources import Source
from historical_controls.dictionary.declared_csv import read_declared
from historical_controls.errors import UserError, did_you_mean, raise_all

COLUMNS = ("source", "subject", "person")


def read_crosswalk(path: str | Path, sources: Mapping[str, Source]) -> pd.DataFrame:
    """Read the crosswalk: columns source, subject, person, line. Names in `person` group ids and appear nowhere else.

    Raises UserError(s): unknown source, blank cells, an id with two persons.
    """
    frame = read_declared(path, COLUMNS)
    known = {name_of_both_arms(name, source) for name, source in sources.items()} | set(sources)
    raise_all(_faults(frame, str(path), sorted(known)))
    return frame.drop_duplicates(["source", "subject"], ignore_index=True)


def _faults(frame: pd.DataFrame, path: str, sources: Collection[str]) -> Iterator[UserError]:
    persons = frame.groupby(["source", "subject"])["person"].transform("nunique")
    for row, n in zip(frame.itertuples(), persons, strict=True):
        where = f"{path}, line {row.line}"
        for name in COLUMNS:
            if not getattr(row, name):
                yield UserError(f"'{name}' is blank", where, "Each line says: source, id in that source, person.")
        if row.source and row.source not in sources:
            yield UserError(f"there is no source '{row.source!s}'", where, did_you_mean(str(row.source), sources))
        if n > 1:
            yield UserError(f"the id '{row.subject!s}' has {n} persons", where, "Keep one line for each id.")
