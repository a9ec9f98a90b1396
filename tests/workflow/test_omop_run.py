"""The same patients as CSV files and as tables of the OMOP model, each through the whole workflow."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from historical_controls.simulation.exports.omop import HISTORICAL, TREATED, omop_tables, write_tables
from historical_controls.simulation.study import NO_GRID, simulate
from historical_controls.simulation.truth import changed, load_truth
from historical_controls.tables.parquet import read_table, write_table
from historical_controls.tables.registry import ARD
from unit.intake.omop_study import csv_source, dictionary, omop_source

from .conftest import ROOT, snakemake

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
# Tables that count the rows of the files as sent, and findings about files: the two layouts have other files.
OF_FILES = ["14.1.8", "14.1.9", "14.1.15", "14.1.16"]


def settings() -> dict[str, Any]:
    parts = [yaml.safe_load((ROOT / name).read_text(encoding="utf-8")) for name in ("config.yaml", "eligibility.yaml")]
    whole = {key: value for part in parts for key, value in part.items()}
    kept = {key: whole[key] for key in ("study", "seed", "cohort")}
    kept["cohort"] = {**parts[1]["cohort"], **parts[0]["cohort"]}
    return kept | {
        "outcomes": ["PF", "CRP", "PCR", "AE"],
        "sensitivity": NO_GRID,
        "assays": ["QUIMICA-1", "ECLIA-1"],
        "primary": {"outcome": "PF", "day": 7, "key_secondary": ["CRP"]},
        "analysis": {"days": [7, 14], "covariates": ["AGE"]},
        "balance": {"covariates": ["AGE", "SEX", "DIABETES", "PF", "CRP"], "key_covariates": ["PF", "AGE"]},
    }


def test_the_same_patients_give_the_same_results_byte_for_byte(tmp_path: Path) -> None:
    truth = load_truth(ROOT / "data/raw/truth.yaml")
    # So ill that some controls are eligible.
    changes = {"treated": 5, "historical": 20, "seed": 1, "population": {"severity_mean": 1.2}}
    study = simulate(changed(truth, **changes), dirty=False)
    tables = omop_tables({TREATED: study.treated, HISTORICAL: study.historical}, dictionary())
    content = {}
    for layout in ("csv", "omop"):
        folder = tmp_path / layout
        shutil.copytree(ROOT / "dictionary", folder / "dictionary")
        if layout == "omop":
            write_tables(tables, folder / "data/raw/omop")
        source = omop_source() if layout == "omop" else csv_source(folder, study)
        config = settings() | {"sources": {"hospital": {**source, "label": {"en": "Hospital", "es": "Hospital"}}}}
        (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        run = snakemake(folder, "results/ard.parquet")
        assert run.code == 0, run.output
        ard = read_table(folder / "results/ard.parquet", ARD)
        rows = ard[~ard["output_id"].isin(OF_FILES)]
        assert len(rows) > 8_000
        write_table(rows, tmp_path / f"{layout}.parquet", ARD)
        content[layout] = (tmp_path / f"{layout}.parquet").read_bytes()
    assert content["csv"] == content["omop"]
