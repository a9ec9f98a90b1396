"""Rows of the analysis results data: one builder, so that every stage writes the same key and id."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd

from historical_controls.ard.keys.analyses import AnalysisKey, declared_analysis, output_of
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic, declared_statistic
from historical_controls.ard.keys.undeclared import UndeclaredKeyError
from historical_controls.tables.registry import ARD
from historical_controls.tables.schema import conform

Row = dict[str, object]


@dataclass(frozen=True)
class Cell:
    """Where a result belongs: the key of an ARD row but for the statistic.

    `output`: the output that prints it; None for the first one of the analysis. Raises UndeclaredKeyError for an
    analysis that `ard/keys` does not declare, or whose rows the output does not print.
    """

    analysis: AnalysisKey
    scenario: str
    method: str = ""
    outcome: str = ""
    population: str = "eligible"
    arm: str = ""
    level: str = ""
    day: float | None = None
    contrast: str = ""
    output: OutputId | None = None

    def __post_init__(self) -> None:
        analysis = declared_analysis(self.analysis)
        if self.output is None and analysis.by_outcome:
            raise UndeclaredKeyError(f"analysis '{analysis}' needs the output of its outcome's family")
        output = OutputId(self.output or output_of(analysis))
        if output not in analysis.outputs:
            raise UndeclaredKeyError(f"output {output} does not print analysis '{analysis}' ({analysis.outputs})")
        # Plain text is accepted and replaced by the declared key, on which the checks depend; the class is frozen.
        object.__setattr__(self, "analysis", analysis)
        object.__setattr__(self, "output", output)

    def at(self, **changes: object) -> Cell:
        """The same cell with some keys changed. Another analysis stays in this output where that prints it too."""
        if "analysis" in changes and "output" not in changes:
            analysis = declared_analysis(str(changes["analysis"]))
            changes["output"] = self.output if self.output in analysis.outputs else None
        return replace(self, **changes)  # type: ignore[arg-type]

    def number(self, statistic: Statistic, value: float | int, unit: str = "", format: str = "") -> Row:
        """One row holding a number.

        `format`: '0', '0.0', ..., 'p', 'percent'; where not given, that of the statistic's kind. Raises
        UndeclaredKeyError for a statistic that is not declared, or whose kind is printed otherwise.
        """
        kind = declared_statistic(statistic).kind
        shown = format or kind.printed_as or "0"
        if kind.is_text or not kind.allows(unit, shown):
            raise UndeclaredKeyError(f"statistic '{statistic}' is a {kind}, not a number in '{unit}' as '{shown}'")
        return self._row(statistic, float(value), None, unit, shown)

    def text(self, statistic: Statistic, text: str) -> Row:
        """One row holding a code that the locales have words for, or a text of the study."""
        if not declared_statistic(statistic).kind.is_text:
            raise UndeclaredKeyError(f"statistic '{statistic}' is a {declared_statistic(statistic).kind}, not a text")
        return self._row(statistic, None, text, "", "text")

    def _row(self, statistic: Statistic, value: float | None, text: str | None, unit: str, format: str) -> Row:
        own = {"output_id": str(self.output), "analysis": str(self.analysis), "statistic": str(statistic)}
        # The table's key decides the order, which the id depends on.
        row: Row = {name: own[name] if name in own else getattr(self, name) for name in ARD.key}
        return {**row, "id": row_id(row), "value": value, "text": text, "unit": unit, "format": format}


def row_id(row: Row) -> str:
    """Stable hash of an ARD key: 12 hexadecimal digits of SHA-256 over its parts."""
    day = row["day"]
    # 7 and 7.0 are one day, also after a round through parquet.
    key = {**row, "day": "" if day is None else f"{float(day):g}"}  # type: ignore[arg-type]
    parts = [str(key[name]) for name in ARD.key]
    # A separator that no text includes, so that ('ab', 'c') and ('a', 'bc') differ. Of 100,000 rows two share 48 bits
    # with a chance of 2 in 100,000.
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]


def ard_frame(rows: Iterable[Row]) -> pd.DataFrame:
    """The rows as a checked ARD frame (shape: rows x columns of table `ard`)."""
    return declared(conform(pd.DataFrame(list(rows), columns=list(ARD.names)), ARD))


def rows_of(ard: pd.DataFrame) -> list[Row]:
    """The rows of table `ard` as `ard_frame` took them; null is None."""
    plain = ard.astype(object).where(ard.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def declared(ard: pd.DataFrame) -> pd.DataFrame:
    """Table `ard` as it came. Raises UndeclaredKeyError where it holds an analysis or statistic not declared."""
    for name in ard["analysis"].unique():
        declared_analysis(name)
    for name in ard["statistic"].unique():
        declared_statistic(name)
    return ard
