"""Double programming: the example's answers from the raw exports by a second program, to the printed digit."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from .conftest import ROOT
from .second_program import (
    MixedModel,
    ages,
    baseline,
    blood_gases,
    clopper_pearson,
    covariates_of,
    daily,
    endings,
    entropy_weights,
    hours_since,
    model_rows,
    platelets,
    procalcitonin,
    win_odds,
)
from .second_program_cohort import STEPS, Cohort, cohort_of
from .second_program_exports import adverse_events, is_cleared, swabs

pytestmark = pytest.mark.workflow
RAW = ROOT / "data/raw"
CONTRAST = "treated - historical"


def by_person(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(person=table["source"] + "/" + table["patient_id"].str.split("/").str[-1])


class Finished:
    """The results of the run, asked for by their keys."""

    def __init__(self, results: Path) -> None:
        self.results = results
        self.ard = pd.read_parquet(results / "ard.parquet")
        everybody = by_person(pd.read_parquet(results / "cohort/primary/patients.parquet"))
        self.everybody = everybody
        self.patients = everybody[everybody["included"].fillna(False).astype(bool)].reset_index(drop=True)
        self.analysis = yaml.safe_load((results / "config.resolved.yaml").read_text(encoding="utf-8"))["analysis"]

    def rows(self, **keys: object) -> pd.DataFrame:
        wanted = {"scenario": "primary", "arm": "", "level": "", "contrast": "", **keys}
        rows = self.ard
        for name, value in wanted.items():
            rows = rows[rows["day"] == value if name == "day" else rows[name] == value]
        return rows

    def printed(self, statistic: str, **keys: object) -> tuple[float, float]:
        """The one value with these keys, and half a unit of its last printed digit."""
        row = self.rows(statistic=statistic, **keys)
        assert len(row) == 1, row
        shown = row["format"].iloc[0]
        places = len(shown.partition(".")[2]) + 2 * shown.startswith("percent")
        return float(row["value"].iloc[0]), 0.5 * 10.0**-places

    def agrees(self, mine: float, statistic: str, **keys: object) -> None:
        theirs, half = self.printed(statistic, **keys)
        # Far closer than the printed digit, so that no rounding can differ but at its very edge.
        assert mine == pytest.approx(theirs, abs=half / 10), (statistic, keys)

    def model(self, own: pd.DataFrame, outcome: str) -> MixedModel:
        """The second program's fit with the covariance that the run chose."""
        return self.fit(model_rows(own, self.patients), outcome)

    def fit(self, rows: pd.DataFrame, outcome: str) -> MixedModel:
        """The same of the rows that a model is fitted to."""
        rung = self.rows(analysis="mixed_model", outcome=outcome, statistic="covariance_rung")["text"].item()
        declared: dict[str, Any] = next(one for one in self.analysis["ladder"] if one["id"] == rung)
        assert declared["residual"] == "car1" and declared["per_arm"] in ("one_scale", "two_scales"), declared
        slope, two = declared["random"] == "1 + day", declared["per_arm"] == "two_scales"
        return MixedModel(rows, covariates_of(rows), slope, two)


@pytest.fixture(scope="module")
def run(example: Path) -> Finished:
    return Finished(example)


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    seed = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["seed"]
    return cohort_of(RAW, seed)


@pytest.fixture(scope="module")
def gases(run: Finished) -> pd.DataFrame:
    return hours_since(blood_gases(RAW), run.patients)


@pytest.fixture(scope="module")
def primary(run: Finished, gases: pd.DataFrame) -> MixedModel:
    return run.model(gases, "PF")


def test_the_primary_result_and_its_interval(run: Finished, primary: MixedModel) -> None:
    for day in (7, 14):
        mine = dict(zip(("estimate", "lower", "upper"), primary.contrast(day), strict=True))
        for statistic, value in mine.items():
            run.agrees(value, statistic, analysis="mixed_model", outcome="PF", day=day, contrast=CONTRAST)


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_the_primary_result_by_nlme(run: Finished, primary: MixedModel, tmp_path: Path) -> None:
    """A third program: the same rows, fitted by R's nlme (Pinheiro & Bates 2000), to the printed digit.

    Of the ladder it knows intercepts with two scales for each arm, which the run prints beside the chosen covariance.
    """
    parts = [
        pd.DataFrame(X, columns=[f"x{k}" for k in range(X.shape[1])]).assign(
            y=y, day=day, treated=int(treated), person=name
        )
        for name, (X, y, day, treated) in zip(primary.names, primary.people, strict=True)
    ]
    pd.concat(parts).to_csv(tmp_path / "rows.csv", index=False)
    pd.DataFrame({"L": primary.L(7)}).to_csv(tmp_path / "contrast.csv", index=False)
    script = Path(__file__).with_name("second_program.R")
    command = ["Rscript", script, tmp_path / "rows.csv", tmp_path / "contrast.csv"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    estimate, _ = map(float, done.stdout.split())
    keys = {"outcome": "PF", "day": 7, "contrast": CONTRAST, "method": "intercept_car1_two_scales"}
    run.agrees(estimate, "estimate", analysis="covariance_rungs", **keys)


def test_a_log_outcome(run: Finished) -> None:
    own = hours_since(platelets(RAW), run.patients)
    model = run.model(own.assign(value=np.log(own["value"])), "PLT")
    for statistic, value in zip(("estimate", "lower", "upper"), np.exp(model.contrast(7)), strict=True):
        run.agrees(value, statistic, analysis="mixed_model", outcome="PLT", day=7, contrast=CONTRAST)


def test_a_censored_outcome(run: Finished) -> None:
    """One procalcitonin is below its limit: expectation and maximisation, about which the run draws it.

    The limit itself instead of what is expected below it would be 0.5% off.
    """
    own = hours_since(procalcitonin(RAW), run.patients)
    rows = model_rows(own.assign(value=np.log(own["value"])), run.patients)
    rows = rows.assign(limit=rows["value"].where(rows["below"]))
    assert rows["below"].sum() == 1
    for _ in range(2):
        model = run.fit(rows, "PCT")
        expected = model.expected_below(rows)
        rows.loc[expected.index, "value"] = expected
    for statistic, value in zip(("estimate", "lower", "upper"), np.exp(model.contrast(7)), strict=True):
        theirs, _ = run.printed(statistic, analysis="mixed_model", outcome="PCT", day=7, contrast=CONTRAST)
        assert value == pytest.approx(theirs, rel=0.003)


def test_ranks_with_death_as_the_worst(run: Finished, gases: pd.DataFrame) -> None:
    for day in (7, 14, 21):
        keys = {"analysis": "worst_rank", "outcome": "PF", "day": day, "contrast": CONTRAST}
        run.agrees(win_odds(run.patients, daily(gases), day), "win_odds", **keys)


def test_a_weighted_result(run: Finished, cohort: Cohort, gases: pd.DataFrame, primary: MixedModel) -> None:
    """Entropy weights from the four key covariates, each of them from the raw exports."""
    patients = run.patients
    own = (baseline(gases), ages(RAW), cohort.sofa, cohort.days_from_onset)
    X = np.column_stack([patients["person"].map(covariate) for covariate in own])
    treated = (patients["arm"] == "treated").to_numpy()
    weights = pd.Series(1.0, index=patients["person"])
    weights[patients.loc[~treated, "person"]] = entropy_weights(X, treated)
    keys = {"analysis": "mixed_model", "outcome": "PF", "day": 7, "contrast": CONTRAST}
    run.agrees(primary.weighted(7, weights), "estimate", scenario="weightings.entropy", **keys)


def test_table_1(run: Finished, gases: pd.DataFrame) -> None:
    for outcome, values in (("AGE", ages(RAW)), ("PF", baseline(gases))):
        arms = {arm: own["person"].map(values).dropna() for arm, own in run.patients.groupby("arm")}
        keys = {"analysis": "baseline", "outcome": outcome, "method": "unweighted"}
        for arm, own in arms.items():
            for statistic, value in (
                ("mean", own.mean()),
                ("sd", own.std()),
                ("median", own.median()),
                ("n", len(own)),
            ):
                run.agrees(value, statistic, arm=arm, **keys)
        a, b = arms["treated"], arms["historical"]
        smd = (a.mean() - b.mean()) / np.sqrt((a.var() + b.var()) / 2)
        run.agrees(smd, "smd", contrast=CONTRAST, **keys)


def test_every_time_zero(run: Finished, cohort: Cohort) -> None:
    """To the millisecond, of treated and historical patients; none of those excluded."""
    theirs = run.everybody.set_index("person")["time_zero"]
    milliseconds = (theirs - pd.Timestamp(0, tz="UTC")).dt.total_seconds() * 1000
    pd.testing.assert_series_equal(cohort.zero.sort_index(), milliseconds.sort_index(), check_names=False, atol=1)


def test_every_step_of_attrition(run: Finished, cohort: Cohort) -> None:
    """Patients before and after each step, excluded by it, and excluded for lack of data, from the exports alone."""
    rows = run.ard[(run.ard["analysis"] == "attrition") & (run.ard["scenario"] == "primary")]
    for arm, steps in (("treated", ("all", "time_zero")), ("historical", ("all", *STEPS))):
        own = rows[rows["arm"] == arm].pivot_table(index="level", columns="statistic", values="value")
        assert tuple(own.sort_values("position").index) == steps
        here = cohort.excluded_by.index.str.startswith(f"{arm}/")
        excluded, unknown = cohort.excluded_by[here], cohort.unknown[here]
        left = len(excluded)
        for step in steps:
            out = excluded == step
            mine = (left, int(out.sum()), int((out & unknown).sum()), left - int(out.sum()))
            assert tuple(own.loc[step, ["n_before", "n_excluded", "n_unknown", "n_after"]]) == mine, step
            left = mine[-1]
        assert left == (run.patients["arm"] == arm).sum()


def test_deaths_and_their_intervals(run: Finished) -> None:
    ends = run.patients[["person", "arm", "time_zero"]].merge(endings(RAW), on="person", how="left")
    local = ends["time"].dt.tz_localize("America/Mexico_City", ambiguous=False, nonexistent="shift_forward")
    days = (local - ends["time_zero"]).dt.total_seconds() / 86400
    died = ends["died"].fillna(False).astype(bool) & (days <= 21)
    for arm in ("treated", "historical"):
        own = died[ends["arm"] == arm]
        keys = {"analysis": "deaths", "arm": arm, "level": "death", "day": 21, "output_id": "14.2.11"}
        lower, upper = clopper_pearson(int(own.sum()), len(own))
        for statistic, value in (("n_patients", own.sum()), ("n_subjects", len(own)), ("share", own.mean())):
            run.agrees(float(value), statistic, **keys)
        run.agrees(lower, "lower", **keys)
        run.agrees(upper, "upper", **keys)


def follow_up(run: Finished) -> pd.DataFrame:
    """Of everybody included, arm, time zero and end (milliseconds): end of the stay, at most 21 days."""
    people = run.patients[["person", "arm", "time_zero"]].merge(endings(RAW), on="person", how="left")
    local = people["time"].dt.tz_localize("America/Mexico_City", ambiguous=False, nonexistent="shift_forward")
    since = pd.Timestamp(0, tz="UTC")
    zero, end = ((one - since).dt.total_seconds() * 1000 for one in (people["time_zero"], local))
    return people.assign(zero=zero, end=end.fillna(np.inf).clip(upper=zero + 21 * 86_400_000))


def test_clearance_is_that_of_the_raw_tests(run: Finished) -> None:
    people = follow_up(run)
    # A negative that only a test after the 21 days confirms is none within follow-up.
    tests = swabs(RAW).merge(people, on="person", suffixes=("", "_end")).query("time <= end")
    within = tests[tests["time"] >= tests["zero"]]
    for arm, own in people.groupby("arm"):
        keys = {"analysis": "clearance", "outcome": "PCR", "arm": arm}
        cleared = [is_cleared(tests[tests["person"] == one.person], one.zero) for one in own.itertuples()]
        run.agrees(float(sum(cleared)), "n_events", **keys)
        run.agrees(float(len(own)), "n_subjects", **keys)
        run.agrees(float((within["arm"] == arm).sum()), "n_tests", **keys)


def test_adverse_events_are_those_of_the_raw_export(run: Finished) -> None:
    people = follow_up(run)
    events = adverse_events(RAW).merge(people[people["arm"] == "treated"], on="person", suffixes=("", "_end"))
    events = events[(events["time"] >= events["zero"]) & (events["time"] <= events["end"])]
    n = int((people["arm"] == "treated").sum())
    for level, own in (("any", events), *((f"grade_{grade}", one) for grade, one in events.groupby("grade"))):
        keys = {"analysis": "adverse_events", "outcome": "AE", "arm": "treated", "output_id": "14.3.1", "level": level}
        count = own["person"].nunique()
        run.agrees(float(count), "n_patients", **keys)
        run.agrees(float(len(own)), "n_events", **keys)
        for statistic, limit in zip(("lower", "upper"), clopper_pearson(count, n), strict=True):
            run.agrees(limit, statistic, **keys)
