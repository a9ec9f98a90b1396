"""What the simulation states is what it does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from historical_controls.config.sources.sources import Source
from historical_controls.config.study import Study as StudySection
from historical_controls.config.study_file import read_config
from historical_controls.errors import UserError
from historical_controls.simulation.measure import Stream, measurements
from historical_controls.simulation.screening import eligible_hours
from historical_controls.simulation.signals import effect
from historical_controls.simulation.study import make_study, simulate
from historical_controls.simulation.truth import Truth, changed, load_truth
from historical_controls.simulation.truth_tables import Arm, treated_arm

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def truth() -> Truth:
    return load_truth(ROOT / "data/raw/truth.yaml")


@pytest.fixture(scope="module")
def treated(truth: Truth) -> Arm:
    return treated_arm(truth)


def test_the_sources_section_of_the_example_is_valid() -> None:
    raw = read_config(ROOT / "config.yaml")
    sources = {name: Source.model_validate(source) for name, source in raw["sources"].items()}
    assert StudySection.model_validate(raw["study"]).simulated
    assert all((ROOT / file.path).is_file() for source in sources.values() for file in source.files.values())
    kinds = {part.kind for source in sources.values() for file in source.files.values() for part in file.parts}
    assert kinds == {"measurements_long", "measurements_wide", "patients", "events", "treatments"}


def test_the_effect_is_the_only_difference_that_treatment_makes(truth: Truth, treated: Arm) -> None:
    """Against the same patients with no effect: the stated one after the infusion, none before it."""
    null = treated_arm(changed(truth, effects=dict.fromkeys(truth.effects, (0, 0, 0))))
    key = ["subject", "sheet", "time", "outcome", "specimen"]
    both = treated.measurements.merge(null.measurements, on=key, suffixes=("", "_null"), validate="1:1")
    assert len(both) == len(treated.measurements) == len(null.measurements)
    infused = {patient.subject: patient.infusion_hour for patient in treated.patients}
    days = (both["hours"] - both["subject"].map(infused)) / 24
    before = both[days <= 0]
    pd.testing.assert_series_equal(before["value"], before["value_null"], check_names=False)
    crp = both[(both["outcome"] == "CRP") & (days > 0) & (both["value"] > 5) & (both["value_null"] < 479)]
    stated = effect(truth.effects["CRP"], days[crp.index].to_numpy())
    np.testing.assert_allclose(np.log(crp["value"] / crp["value_null"]), stated, atol=0.03)
    for code in ("HR", "RR", "DDIM", "FERR"):
        same = both[both["outcome"] == code]
        pd.testing.assert_series_equal(same["value"], same["value_null"], check_names=False)


def test_several_true_effects_are_exactly_zero(truth: Truth) -> None:
    assert sum(not any(days) for days in truth.effects.values()) >= 8
    assert sum(any(days) for days in truth.effects.values()) >= 4


def test_the_treated_were_eligible_when_infused(truth: Truth, treated: Arm) -> None:
    for patient in treated.patients:
        own = treated.measurements[treated.measurements["subject"] == patient.subject]
        hours = eligible_hours(patient, own)
        assert patient.infusion_hour is not None and int(patient.infusion_hour) in hours
        wait = patient.infusion_hour - hours[0]
        assert truth.waits.shortest <= wait <= truth.waits.longest + 0.02


def test_nobody_is_measured_after_the_end_of_the_stay(treated: Arm) -> None:
    ends = {patient.subject: patient.end_hour for patient in treated.patients}
    assert (treated.measurements["hours"] < treated.measurements["subject"].map(ends)).all()


def test_the_sicker_are_measured_more(truth: Truth) -> None:
    small = simulate(changed(truth, treated=1, historical=40), dirty=False).historical
    gases = small.measurements[small.measurements["specimen"] == "arterial"]
    wide = gases.pivot_table(index=["subject", "hours"], columns="outcome", values="value").reset_index()
    gap = -wide.groupby("subject")["hours"].diff(-1)
    ratio = wide["PAO2"] / wide["FIO2"]
    assert gap[ratio < 110].mean() < 0.6 * gap[ratio > 200].mean()


@given(st.floats(-30, 60))
def test_the_effect_starts_at_zero_and_stays_after_day_21(day: float) -> None:
    at = effect((7.0, 14.0, 21.0), np.array([day]))[0]
    assert at == pytest.approx(np.clip(day, 0, 21))


def test_measurements_have_a_key(truth: Truth, treated: Arm) -> None:
    assert not treated.measurements.duplicated(["subject", "outcome", "time", "specimen"]).any()


def test_adding_an_effect_moves_no_other_patient(truth: Truth, treated: Arm) -> None:
    patient = treated.patients[0]
    stream = Stream(truth.seed, 1, 10_000)
    one, two = (measurements(t, patient, stream, True) for t in (truth, changed(truth, treated=3)))
    pd.testing.assert_frame_equal(one, two)


def test_a_small_study_is_written_whole(tmp_path: Path) -> None:
    overrides = {"severity_mean": 1.0}
    made = make_study(
        tmp_path, ROOT, treated=2, historical=6, seed=9, config={"outcomes": ["PF"]}, population=overrides
    )
    raw = yaml.safe_load((tmp_path / "config.yaml").read_text(encoding="utf-8"))
    assert raw["outcomes"] == ["PF"]
    assert (len(made.treated.patients), len(made.historical.patients)) == (2, 6)
    again = simulate(load_truth(tmp_path / "data/raw/truth.yaml"))
    assert again.files() == {path: (tmp_path / path).read_bytes() for path in made.files()}


def test_a_fault_in_the_truth_file_is_named(tmp_path: Path) -> None:
    raw = yaml.safe_load((ROOT / "data/raw/truth.yaml").read_text(encoding="utf-8"))
    raw["effects"]["CRPP"] = [0, 0, 0]
    (tmp_path / "truth.yaml").write_text(yaml.safe_dump(raw), encoding="utf-8")
    with pytest.raises(UserError, match="Did you mean 'CRP'"):
        load_truth(tmp_path / "truth.yaml")
