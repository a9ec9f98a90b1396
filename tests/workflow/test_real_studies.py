"""Whole runs on public intensive-care data: what is known of them comes out, what they cannot tell is refused.

Truths: README of the data (PhysioNet 2012 set-a; Yan L et al., Nat Mach Intell 2020;2:283-288, Table 2).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from .conftest import ROOT, snakemake

REAL = Path(os.environ.get("HC_REAL_DATA", ROOT / ".." / "shared" / "data"))
STUDIES = ROOT / "tests/data/studies"
PAGES = [f"results/report/investigator.{language}.html" for language in ("en", "es")]
pytestmark = [
    pytest.mark.workflow,
    pytest.mark.real_data,
    pytest.mark.skipif(not (REAL / "physionet2012").is_dir(), reason="HC_REAL_DATA holds no real data"),
]


def run_study(name: str, folder: Path) -> Path:
    """The study run in `folder` to the pages that most readers open, its data linked in; returns its results."""
    (folder / "data").mkdir(parents=True)
    shutil.copy(STUDIES / name / "config.yaml", folder / "config.yaml")
    (folder / "data/raw").symlink_to((REAL / name).resolve(), target_is_directory=True)
    run = snakemake(folder, *PAGES)
    assert run.code == 0, run.output
    return folder / "results"


@pytest.fixture(scope="module")
def physionet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_study("physionet2012", tmp_path_factory.mktemp("physionet") / "study")


@pytest.fixture(scope="module")
def wuhan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_study("wuhan2020", tmp_path_factory.mktemp("wuhan") / "study")


def survived(results: Path) -> pd.Series:
    people = pd.read_parquet(results / "cohort/primary/patients.parquet")
    return people.set_index("patient_id")["SURVIVED"].astype(bool)


def test_physionet_every_row_has_a_fate(physionet: Path) -> None:
    ledger = pd.read_parquet(physionet / "clean/icu/ledger.parquet")
    measured = ledger[ledger["file"] == "measurements"]
    assert len(measured) == measured["line"].nunique() == 89_000
    assert ledger.loc[ledger["file"] == "patients", "line"].nunique() == 400
    reasons = measured["reason"].value_counts()
    assert reasons["DECLARED"] == 5261
    assert reasons["OUT_OF_RANGE"] == 8


def test_physionet_ratio_of_survivors_and_of_the_dead(physionet: Path) -> None:
    """Median over patients of each patient's median: 252.3 against 240.0; 3,099 pairs of 337 and 63 patients."""
    observed = pd.read_parquet(physionet / "cohort/primary/observations.parquet")
    ratio = observed[observed["outcome"] == "PF"]
    assert len(ratio) == 3099
    alive = survived(physionet)
    assert alive.value_counts().to_dict() == {True: 337, False: 63}
    medians = ratio.groupby("patient_id")["value"].median()
    by_fate = medians.groupby(alive.reindex(medians.index)).median()
    assert by_fate[True] == pytest.approx(252.3, abs=0.05)
    assert by_fate[False] == pytest.approx(240.0, abs=0.05)


def test_physionet_five_labelled_against_the_rest(physionet: Path) -> None:
    people = pd.read_parquet(physionet / "cohort/primary/patients.parquet")
    assert people.loc[people["included"], "arm"].value_counts().to_dict() == {"historical": 395, "treated": 5}
    ard = pd.read_parquet(physionet / "ard.parquet")
    refused = ard[(ard["statistic"] == "not_estimable") & (ard["outcome"] == "RR")]
    assert set(refused["text"]) == {"no_treated_data"}, "respiratory rate was charted in few stays, none labelled"


def test_wuhan_every_row_has_a_fate_and_nobody_two(wuhan: Path) -> None:
    ledger = pd.read_parquet(wuhan / "clean/tongji/ledger.parquet")
    assert ledger["line"].nunique() == 6120
    people = pd.read_parquet(wuhan / "clean/tongji/patients.parquet")
    assert len(people) == 375
    events = pd.read_parquet(wuhan / "clean/tongji/events.parquet")["event"].value_counts()
    assert events.to_dict() == {"admission": 375, "discharge_alive": 201, "death": 174}


@pytest.mark.parametrize(("code", "median", "low", "high"), [("CRP", 26.3, 2.0, 99.1), ("LDH", 273.5, 199.0, 617.8)])
def test_wuhan_last_values_are_those_of_the_published_table(
    wuhan: Path, code: str, median: float, low: float, high: float
) -> None:
    """Their table takes each patient's last value as sent, also one dated after the death; ours holds those."""
    sent = pd.concat([clean_values(wuhan, code), held_after_death(wuhan, code)]).sort_values("time", kind="stable")
    last = sent.groupby("patient_id")["value"].last()
    assert list(last.quantile([0.25, 0.5, 0.75])) == pytest.approx([low, median, high], abs=0.06)


def clean_values(results: Path, code: str) -> pd.DataFrame:
    measured = pd.read_parquet(results / "clean/tongji/measurements.parquet")
    return measured.loc[measured["outcome"] == code, ["patient_id", "time", "value"]]


def held_after_death(results: Path, code: str) -> pd.DataFrame:
    ledger = pd.read_parquet(results / "clean/tongji/ledger.parquet")
    held = ledger[(ledger["analyte"] == code) & (ledger["reason"] == "AFTER_DEATH")]
    sent = pd.read_parquet(results / "intake/tongji/series.parquet").set_index("line")["cell:RE_DATE"]
    times = pd.to_datetime(held["line"].map(sent)).dt.tz_localize("Asia/Shanghai").dt.tz_convert("UTC")
    values = held["raw_value"].astype(float)
    return pd.DataFrame({"patient_id": "tongji/" + held["subject"], "time": times, "value": values})


def test_wuhan_first_lymphocytes_of_survivors_and_of_the_dead(wuhan: Path) -> None:
    """0.555 in the dead and 1.055 in survivors; with the two impossible counts held (52.4 and 33.7), 1.05."""
    measured = pd.read_parquet(wuhan / "clean/tongji/measurements.parquet").sort_values("time")
    first = measured[measured["outcome"] == "LYMPH"].groupby("patient_id")["value"].first()
    medians = first.groupby(survived(wuhan).reindex(first.index)).median()
    assert medians[False] == pytest.approx(0.555, abs=0.0005)
    assert medians[True] == pytest.approx(1.055, abs=0.006)


def test_wuhan_lost_limits_are_limits_again(wuhan: Path) -> None:
    measured = pd.read_parquet(wuhan / "clean/tongji/measurements.parquet")
    restored = measured[measured["flags"].str.contains("LIMIT_RESTORED")]
    assert restored["value"].isna().all()
    counts = restored["outcome"].value_counts()
    assert counts["DDIM"] >= 150
    assert counts["IL1B"] >= 220
    assert (restored.loc[restored["outcome"] == "DDIM", "lower"] == 21_000).all()


def test_wuhan_clearance_of_the_virus_is_refused(wuhan: Path) -> None:
    ledger = pd.read_parquet(wuhan / "clean/tongji/ledger.parquet")
    tests = ledger[ledger["analyte"] == "PCR"]
    assert len(tests) == 501
    assert set(tests["reason"]) == {"SENTINEL"}
    ard = pd.read_parquet(wuhan / "ard.parquet")
    rows = ard[(ard["outcome"] == "PCR") & (ard["analysis"] == "clearance")]
    assert set(rows.loc[rows["statistic"] == "not_estimable", "text"]) == {"nobody_at_risk", "too_few_known"}
    assert not rows["statistic"].isin(["estimate", "least", "p_value"]).any()


def test_wuhan_mostly_censored_interleukin_has_no_modelled_mean(wuhan: Path) -> None:
    ard = pd.read_parquet(wuhan / "ard.parquet")
    rows = ard[(ard["outcome"] == "IL1B") & (ard["statistic"] == "not_estimable")]
    assert set(rows["text"]) & {"mostly_censored", "no_treated_data", "too_few_patients"}


def test_both_reports_say_that_there_is_no_treatment(physionet: Path, wuhan: Path) -> None:
    for results in (physionet, wuhan):
        english = (results / "report/investigator.en.html").read_text(encoding="utf-8")
        spanish = (results / "report/investigator.es.html").read_text(encoding="utf-8")
        assert "no treatment exists" in english
        assert "no existe ningún tratamiento" in spanish
