"""Patients followed from their admission, every first sample two hours later: what the declared hours make possible."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pandas as pd
import pytest

from .conftest import edit_config, snakemake
from .edge_studies import controls, treated, write_study

pytestmark = pytest.mark.workflow
PAGE = "results/report/investigator.en.html"
AT_ADMISSION = {"treated": "admission", "historical": "event", "historical_event": "admission"}


def from_admission(config: dict) -> None:
    """The first samples are baseline; one scenario has none, as the program had by default."""
    config["cohort"] = {"time_zero": AT_ADMISSION, "horizon_days": 21, "baseline_hours_after": 6}
    label = {"en": "Values up to the admission alone"}
    overrides = {"cohort": {"baseline_hours_after": 0}}
    config["scenarios"] = {"until_admission": {"label": label, "overrides": overrides}}


def test_adjustment_for_the_baseline_becomes_possible(tmp_path: Path) -> None:
    study = write_study(tmp_path / "study", treated(), controls())
    edit_config(study, from_admission)
    run = snakemake(study, PAGE)
    assert run.code == 0, run.output
    days = pd.read_parquet(study / "results/cohort/primary/visits.parquet")
    first = days[days["day"] == 0]
    assert first["patient_id"].nunique() == 30 and set(first["n"]) == {1}
    # The sample of hour 2 is day 0 alone; that of hour 14 is day 1.
    assert set(days.loc[days["day"] == 1, "n"]) == {1} and set(days.loc[days["day"] == 2, "n"]) == {2}
    ard = pd.read_parquet(study / "results/ard.parquet")
    model = ard[(ard["analysis"] == "mixed_model") & (ard["outcome"] == "PF")]
    left_out = model[model["statistic"] == "covariate_left_out"]
    assert left_out[["scenario", "level", "text"]].to_numpy().tolist() == [
        ["until_admission", "baseline", "covariate_unknown"]
    ]
    errors = model[(model["statistic"] == "standard_error") & (model["day"] == 7)].groupby("scenario")["value"]
    # Patients differ by their level more than by anything else: every contrast of the day is sharper.
    assert errors.max()["primary"] < errors.min()["until_admission"]
    gates = pd.read_parquet(study / "results/balance/primary/gates.parquet")
    assert not gates.loc[gates["covariate"] == "PF", "gate"].isin(["unknown_in_arm"]).any()
    page = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", (study / PAGE).read_text(encoding="utf-8"))))
    assert "What treatment begun in those 6 hours did may be taken for baseline." in page
    assert "adjusted for each patient's baseline" in page
