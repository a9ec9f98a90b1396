"""The register of numbered tables, figures and listings: docs/outputs.csv."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import UserError

COLUMNS = ("output_id", "title_en", "title_es", "population", "rule", "kind")


@dataclass(frozen=True)
class Output:
    """One numbered output. `rule`: the rule of the workflow that writes its rows; `kind`: table, figure or listing.

    Tables and figures are rows of the results table; listings show single patients and are files of their own.
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
    def file_name(self) -> str:
        return f"{self.kind}-{self.output_id}.csv"


def load_outputs(path: str | Path) -> dict[str, Output]:
    """Registered outputs by id. Raises UserError where a column is missing or an id stands twice."""
    with Path(path).open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise UserError(f"columns are {reader.fieldnames}", f"{path}, line 1", f"Needed: {','.join(COLUMNS)}")
        outputs: dict[str, Output] = {}
        for row in reader:
            if row["output_id"] in outputs:
                raise UserError(f"output {row['output_id']} stands twice", f"{path}, line {reader.line_num}")
            outputs[row["output_id"]] = Output(**row)
    return outputs


def table_names(outputs: dict[str, Output]) -> list[str]:
    """File names that `export_tables` gives."""
    return [output.file_name for output in exported(outputs)]


def exported(outputs: Mapping[str, Output]) -> list[Output]:
    """The outputs whose rows stand in the results table."""
    return [output for output in outputs.values() if output.kind != "listing"]
