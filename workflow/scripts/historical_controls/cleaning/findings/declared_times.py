"""The times that a file declares, by the key under which they are declared, and their texts as sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from pydantic import BaseModel

from historical_controls.cleaning.ledger.tallies import TIMES_SAID, counted
from historical_controls.cleaning.records.columns import CELL
from historical_controls.config.sources.parts import TimeColumns
from historical_controls.config.sources.sources import SourceFile


def declared_times(file: SourceFile) -> Iterator[tuple[str, TimeColumns]]:
    """Yield every declaration of times in a file with its key, such as 'parts.0.time'."""
    for number, part in enumerate(file.parts):
        yield from _times_below(part, f"parts.{number}")


def held_time(item: str, what: str, file: SourceFile) -> tuple[str, TimeColumns] | None:
    """Return key and declaration of the time that a held date was read for (`item` and `what` as in `held_times`)."""
    column = item.split("#")[0].split(">")[0]

    def likeness(time: tuple[str, TimeColumns]) -> tuple[bool, bool]:
        # Items of patients' rows are named by a column; of other records the first time called so is the likeliest.
        place, spec = time
        head, _, key = place.rpartition(".")
        return key in TIMES_SAID.get(what, ()), column in spec.columns or head.endswith(f".columns.{quoted(column)}")

    return max(declared_times(file), key=likeness, default=None)


def _times_below(model: BaseModel, place: str) -> Iterator[tuple[str, TimeColumns]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, TimeColumns):
            yield f"{place}.{name}", value
        else:
            inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
            for key, item in inner:
                if isinstance(item, BaseModel):
                    yield from _times_below(item, f"{place}.{name}.{quoted(str(key))}")


def quoted(key: str) -> str:
    """Return a key as it is typed in a path: in quotes where its blanks or marks would split it."""
    return key if re.fullmatch(r"\w+", key) else json.dumps(key, ensure_ascii=False)


def texts_sent(spec: TimeColumns, intake: Path) -> tuple[pd.Series, pd.Series]:
    """Distinct texts of a time, its columns joined as cleaning joins them, and how often each is there."""
    if not spec.columns:
        return pd.Series([str(spec.at)]), pd.Series([1])
    distinct = counted(intake, [CELL + name for name in spec.columns])
    texts = distinct[CELL + spec.columns[0]].fillna("")
    for name in spec.columns[1:]:
        texts = texts + " " + distinct[CELL + name].fillna("")
    return texts.str.strip(), distinct["n"]
