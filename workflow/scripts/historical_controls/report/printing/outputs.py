"""The register of numbered tables, figures and listings: docs/outputs.csv."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from historical_controls.dictionary.declared_csv import declared_rows
from historical_controls.errors import UserError

COLUMNS = ("output_id", "title_en", "title_es", "population", "rule", "kind")


@dataclass(frozen=True)
class Output:
    """One numbered output. `rule`: the rule of the workflow that writes it; `kind`: table, figure, listing or declared.

    Tables and figures are rows of the results table; listings show single patients and are files of their own; what is
    declared is a table of words that the study has in a file.
    """

    output_id: str
    title_en: str
    title_es: str
    population: str
    rule: str
    kind: str

    def title(self, language: str) -> str:
        return self.title_es if language == "es" else self.title_en

    @property
    def family(self) -> str:
        """What readers call it: table, figure or listing."""
        return "table" if self.kind == "declared" else self.kind

    @property
    def in_results(self) -> bool:
        """Whether its rows stand in the results table."""
        return self.kind in ("table", "figure")

    @property
    def file_name(self) -> str:
        return f"{self.kind}-{self.output_id}.csv"


def load_outputs(path: str | Path) -> dict[str, Output]:
    """Registered outputs by id. Raises UserError where a column is missing or an id stands twice."""
    outputs: dict[str, Output] = {}
    for where, row in declared_rows(path, COLUMNS):
        if row["output_id"] in outputs:
            raise UserError(f"output {row['output_id']} stands twice", where)
        outputs[row["output_id"]] = Output(**row)
    return outputs


def exported(outputs: Mapping[str, Output]) -> list[Output]:
    """The outputs whose rows stand in the results table."""
    return [output for output in outputs.values() if output.in_results]
