"""Runs whose files are misdeclared end before the cohort, with the line that mends them."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import edit_config, snakemake

pytestmark = pytest.mark.workflow
COHORT = "results/cohort/primary/patients.parquet"


def misdate(settings: dict) -> None:
    part = settings["sources"]["historical"]["files"]["laboratorio"]["parts"][0]
    for key in ("time", "result_time"):
        part[key]["formats"] = ["%m/%d/%Y %H:%M"]


def to_kilopascal(path: Path) -> None:
    rows = [line.split(";") for line in path.read_text(encoding="latin-1").splitlines()]
    place = rows[0].index("po2_mmhg")
    for row in rows[1:]:
        number = float(row[place].replace(".", "").replace(",", "."))
        row[place] = f"{number / 7.50062:.1f}".replace(".", ",")
    path.write_text("\n".join(";".join(row) for row in rows), encoding="latin-1")


def test_misdeclared_files_end_the_run_before_the_cohort(small_study: Path) -> None:
    edit_config(small_study, misdate)
    to_kilopascal(small_study / "data/raw/historical/gasometrias.csv")
    run = snakemake(small_study, COHORT)
    assert run.code != 0 and "Traceback" not in run.output
    assert 'parts.0.time.formats: ["%d/%m/%Y %H:%M"]' in run.output
    assert 'unit_factors: [{outcome: PAO2, unit: "mmHg", true_unit: "kpa"}]' in run.output
    assert "rule define_cohort:" not in run.output
