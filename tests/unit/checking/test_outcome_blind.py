"""Cohort, balance and gates are blind to outcomes: whatever is measured after time zero, they stay the same bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pytest

from historical_controls.balance.arms import balance_arms
from historical_controls.balance.inputs import BalanceInputs
from historical_controls.checking.comparison import compare
from historical_controls.checking.declared import LOCALES, read_declarations
from historical_controls.checking.records import Records, read_records
from historical_controls.cleaning.records.outputs import CleanSource
from historical_controls.cohort.records.clean_tables import CohortTables
from historical_controls.config.analysis.balance import Envelope
from historical_controls.config.study_config import Config
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.simulation.study import make_study
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import (
    ATTRITION,
    BALANCE,
    COHORT_PATIENTS,
    ELIGIBILITY,
    GATES,
    MATCHED_SETS,
    WEIGHTS,
)
from historical_controls.text.words import load_words

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Small:
    config: Config
    dictionary: Dictionary
    records: Records

    def cohort(self, records: Records) -> CohortTables:
        return compare(self.config, self.dictionary, records, load_words(LOCALES, "en")).tables


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    folder = tmp_path_factory.mktemp("blind")
    make_study(folder, ROOT, historical=12, seed=11, dirty=False, population={"severity_mean": 1.2})
    declared = read_declarations(folder)
    assert declared.config is not None
    return Small(declared.config, declared.dictionary, read_records(declared.config, declared.dictionary, folder))


@pytest.fixture(scope="module")
def before(small: Small) -> CohortTables:
    return small.cohort(small.records)


def decided(study: Small, tables: CohortTables, folder: Path) -> dict[str, bytes]:
    """What is decided before an outcome is analysed, as the bytes of its tables."""
    inputs = BalanceInputs(
        study.config.balance.model_copy(update={"envelope": Envelope(draws=100)}), study.dictionary, study.config.seed
    )
    arms = balance_arms(tables.patients, tables.visits, inputs)
    # 'ever' describes the whole stay, the hours after time zero too; attrition and what follows do not read it.
    eligibility = tables.eligibility.assign(ever="unknown")
    written = {
        ELIGIBILITY: eligibility, COHORT_PATIENTS: tables.patients, ATTRITION: tables.attrition,
        WEIGHTS: arms.weights, MATCHED_SETS: arms.matched_sets, BALANCE: arms.balance, GATES: arms.gates,
    }  # fmt: skip
    folder.mkdir()
    for table, frame in written.items():
        write_table(frame, folder / table.name, table)
    return {table.name: (folder / table.name).read_bytes() for table in written}


def changed(records: Records, zero: dict[str, pd.Series], hours: float) -> tuple[Records, int]:
    """Records whose every number more than so many hours after time zero is another one; how many were changed."""
    clean: dict[str, CleanSource] = {}
    count = 0
    for name, source in records.clean.items():
        frame = source.measurements.copy()
        start = frame["patient_id"].map(zero.get(name, pd.Series(dtype="datetime64[ns, UTC]")))
        later = (frame["time"] - start > pd.Timedelta(hours=hours)) & frame["value"].notna()
        for column in ("value", "lower", "upper"):
            frame.loc[later, column] = frame.loc[later, column] * 1.5 + 1
        count += int(later.sum())
        clean[name] = replace(source, measurements=frame)
    return replace(records, clean=clean), count


def time_zeros(patients: pd.DataFrame) -> dict[str, pd.Series]:
    """Time zero by patient, of those included, by source."""
    known = patients.dropna(subset=["time_zero"])
    return {name: own.set_index("patient_id")["time_zero"] for name, own in known.groupby("source")}


def altered(small: Small, before: CohortTables, hours: float, folder: Path) -> list[str]:
    """The tables that differ once every number from so many hours after time zero on is another one."""
    other, count = changed(small.records, time_zeros(before.patients), hours)
    assert count > 500
    one, two = decided(small, before, folder / "a"), decided(small, small.cohort(other), folder / "b")
    return [name for name in one if one[name] != two[name]]


def test_nothing_decided_beforehand_reads_an_outcome_after_time_zero(
    small: Small, before: CohortTables, tmp_path: Path
) -> None:
    assert before.patients.loc[before.patients["included"], "arm"].nunique() == 2
    assert altered(small, before, 0, tmp_path) == []


def test_a_value_before_time_zero_is_noticed(small: Small, before: CohortTables, tmp_path: Path) -> None:
    assert "balance" in altered(small, before, -24, tmp_path)


def test_sealing_is_read_by_pages_alone() -> None:
    """No rule but those of pages has the sealed plan, or the day of it, among what it reads; no stage imports it."""
    rules = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "workflow/rules").glob("*.smk")}
    reading = {name for name, text in rules.items() if re.search(r"SEALED|LINKED|SEAL\b|seal_", text)}
    assert reading == {"common.smk", "seal.smk", "protocol.smk", "report.smk"}
    asked = re.findall(r"^rule (\w+):(?:(?!^rule ).)*?seal=SEALED", rules["report.smk"], re.M | re.S)
    assert sorted(asked) == ["write_report", "write_statistician_report"]
    library = ROOT / "workflow/scripts/historical_controls"
    stages = ("intake", "cleaning", "cohort", "balance", "analysis", "figures", "tables", "ard")
    texts = [path.read_text(encoding="utf-8") for stage in stages for path in (library / stage).rglob("*.py")]
    assert len(texts) > 150
    assert not any("config.plan" in text for text in texts)
