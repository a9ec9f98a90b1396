"""Runs whose files are misdeclared end before the cohort, with the line that mends them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

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
    assert 'unit_factors: [{outcome: PAO2, unit: "mmHg", true_unit: "kPa"}]' in run.output
    assert "rule define_cohort:" not in run.output


def both_arms(folder: Path) -> None:
    """A study of 12 patients in one file, a column of which tells their arm; none of its dates fits the format.

    Two more rows are of no declared arm.
    """
    dates = {"columns": ["when"], "formats": ["%Y-%d-%m"]}
    rows = [f"P{number},{'AB'[number % 2]},2020-02-15,{70 + number}" for number in range(12)]
    rows += [f"P{number},?,2020-02-15,80" for number in (12, 13)]
    (folder / "all.csv").write_text("\n".join(["id,group,when,hr", *rows]) + "\n", encoding="utf-8")
    part = {
        "kind": "measurements_wide",
        "subject": "id",
        "time": dates,
        "columns": {"hr": {"outcome": "HR", "unit": "/min"}},
    }
    arm = {"column": "group", "treated": ["A"], "historical": ["B"]}
    settings = {
        "study": {"id": "X", "title": {"en": "A study"}, "treatment": {"en": "a drug"}},
        "sources": {"export": {"arm": arm, "files": {"all": {"path": "all.csv", "parts": [part]}}}},
        "outcomes": ["HR"],
        "cohort": {"time_zero": {"treated": "admission"}},
        "primary": {"outcome": "HR", "day": 2},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


def test_a_file_of_both_arms_is_read_once_and_its_findings_are_told_once(tmp_path: Path) -> None:
    both_arms(tmp_path)
    held = snakemake(tmp_path, "results/clean/quarantine.csv")
    assert held.code == 0, held.output
    assert {name: held.jobs()[name] for name in ("read_file", "clean_file")} == {"read_file": 1, "clean_file": 2}
    listed = pd.read_csv(tmp_path / "results/clean/quarantine.csv")
    # What may be of either arm is listed once, by the source as written.
    assert listed["source"].value_counts().to_dict() == {"export_historical": 6, "export_treated": 6, "export": 2}
    assert (listed.loc[listed["source"] == "export", "reason"] == "ARM_UNKNOWN").all()
    assert listed["row_hash"].str.fullmatch("r[0-9a-f]{12}").all()
    run = snakemake(tmp_path, COHORT)
    log = (tmp_path / "results/logs/check_findings.log").read_text(encoding="utf-8")
    assert run.code != 0 and log.count("config.yaml: sources.export.files.all: ") == 1
    assert "records held or suspected: 12 records (100%)" in log
    assert "6 of 6 records are held (DATE_INVALID 6), 0 more are suspected" in log
