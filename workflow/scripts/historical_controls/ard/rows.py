"""Rows of the analysis results data: one builder, so that every stage writes the same key and id."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

import pandas as pd

from historical_controls.tables.parquet import conform
from historical_controls.tables.registry import ARD


@dataclass(frozen=True)
class Cell:
    """Where a result belongs: the key of an ARD row but for the statistic."""

    output_id: str
    scenario: str
    analysis: str
    method: str = ""
    outcome: str = ""
    population: str = "eligible"
    arm: str = ""
    level: str = ""
    day: float | None = None
    contrast: str = ""

    def at(self, **changes: object) -> Cell:
        """The same cell with some keys changed."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def number(self, statistic: str, value: float | int, unit: str = "", format: str = "0") -> dict[str, object]:
        """One row holding a number, printed with `format` ('0', '0.0', ..., 'p', 'percent')."""
        return self._row(statistic, float(value), None, unit, format)

    def text(self, statistic: str, text: str) -> dict[str, object]:
        """One row holding a word: a locale key (reasons, rungs) or a text result."""
        return self._row(statistic, None, text, "", "text")

    def _row(self, statistic: str, value: float | None, text: str | None, unit: str, format: str) -> dict[str, object]:
        row = {**asdict(self), "statistic": statistic}
        return {**row, "id": row_id(row), "value": value, "text": text, "unit": unit, "format": format}


def row_id(row: dict[str, object]) -> str:
    """Stable hash of an ARD key: 12 hexadecimal digits of SHA-256 over its parts."""
    day = row["day"]
    key = {**row, "day": "" if day is None else f"{float(day):g}"}  # type: ignore[arg-type]
    parts = [str(key[name]) for name in ARD.key]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]


def ard_frame(rows: Iterable[dict[str, object]]) -> pd.DataFrame:
    """The rows as a checked ARD frame (shape: rows x columns of table `ard`)."""
    frame = pd.DataFrame(list(rows), columns=list(ARD.names))
    return conform(frame, ARD)
