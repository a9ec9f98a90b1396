"""Studies with known truth: in one large study of a world a biased analysis cannot hide behind its interval.

The small studies that the declared analyses are made for stand in docs/validation.md, with their Monte Carlo errors.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from historical_controls.calibration import studies, worlds
from historical_controls.calibration.hospital import Change, Hospital, admissions
from historical_controls.calibration.pipeline import cohorts, declared
from historical_controls.calibration.records import clean_tables
from historical_controls.calibration.studies import study_answers
from historical_controls.calibration.worlds import CASES, WORLDS, Case
from historical_controls.config.merging import merged
from historical_controls.config.study_file import read_config
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary

ROOT = Path(__file__).resolve().parents[3]
RAW = read_config(ROOT / "config.yaml")
NO_DISTANCE = merged(RAW, {"balance": {"gates": {"min_controls_reaching": 0}}})


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "data/dictionary")


def answers(
    world: str,
    dictionary: Dictionary,
    monkeypatch: pytest.MonkeyPatch,
    cases: Iterable[Case] = CASES,
    **changes: object,
) -> pd.DataFrame:
    """Answers of the world's first study, made larger by `changes` of its hospital."""
    own = replace(WORLDS[world], hospital=replace(WORLDS[world].hospital, **changes))
    monkeypatch.setitem(worlds.WORLDS, world, own)
    return pd.DataFrame(study_answers(world, [0], NO_DISTANCE, dictionary, cases)).set_index(
        ["outcome", "look", "analysis"]
    )


def holds(row: pd.Series, truth: float) -> bool:
    return bool(row["lower"] <= truth <= row["upper"])


def test_treatment_adds_its_effect_and_nothing_else() -> None:
    plain, treated = (
        admissions(Hospital(change=Change(effect=effect)), np.random.default_rng(3))["treated"] for effect in (0, 25)
    )
    gained = treated.courses.pf - plain.courses.pf
    after = plain.courses.hours > plain.infusion[:, None]
    assert np.allclose(gained[after], 25)
    assert (gained[~after] == 0).all()


def test_studies_go_through_the_cohort_together_as_they_would_alone(dictionary: Dictionary) -> None:
    settings = declared(RAW, dictionary, {})
    hospital = Hospital(admitted=20)
    made = {number: studies.generator("immortal time", number) for number in (0, 1, 2)}
    together = cohorts(clean_tables(hospital, made), settings, studies.SEED)[2]
    alone = cohorts(clean_tables(hospital, {2: studies.generator("immortal time", 2)}), settings, studies.SEED)[2]
    columns = ["patient_id", "included", "excluded_by", "time_zero", "end_state", "end_day"]
    pd.testing.assert_frame_equal(
        together.patients[columns].reset_index(drop=True), alone.patients[columns].reset_index(drop=True)
    )
    pd.testing.assert_frame_equal(together.visits.reset_index(drop=True), alone.visits.reset_index(drop=True))


def test_without_effect_the_arms_agree_and_only_time_makes_the_treated_better(
    dictionary: Dictionary, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = answers("exchangeable arms", dictionary, monkeypatch, treated=60, admitted=200)
    for analysis in ("mixed_model", "permutation"):
        assert holds(found.loc[("PF", "declared", analysis)], 0)
        assert holds(found.loc[("HR", "declared", analysis)], -10)
    assert not holds(found.loc[("PF", "declared", "before_after")], 0)


def test_confounding_by_measured_severity_is_taken_out(dictionary: Dictionary, monkeypatch: pytest.MonkeyPatch) -> None:
    found = answers("confounding by severity", dictionary, monkeypatch, treated=60, admitted=250)
    assert holds(found.loc[("PF", "declared", "mixed_model")], 0)
    assert holds(found.loc[("PF", "declared", "permutation")], 0)
    assert holds(found.loc[("PF", "entropy weights", "mixed_model")], 0)
    assert not holds(found.loc[("PF", "declared", "student")], 0)


def test_time_that_the_treated_had_to_live_is_asked_of_controls(dictionary: Dictionary) -> None:
    """Deaths as the worst ranks: no difference in the long run, where the Monte Carlo error is 0.01."""
    waiting, counted_from_admission = (
        studies.large_sample("immortal time", RAW, dictionary, look)["worst_rank"]
        for look in ("declared", "all controls from admission")
    )
    assert abs(waiting - 0.5) < 0.0375
    assert counted_from_admission > 0.6


def test_the_truth_of_ranks_is_what_the_analysis_answers_in_that_study(
    dictionary: Dictionary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two programs, one study: the Mann-Whitney statistic over all pairs, and the pairs of the worst ranks (IN-1)."""
    world = "death takes the sickest"
    monkeypatch.setattr(studies, "LARGE", {"treated": 12, "admitted": 60})
    monkeypatch.setattr(studies, "generator", lambda *_: np.random.default_rng(11))
    own = [case for case in CASES if case.world == world and case.source == "worst_rank"]
    found = answers(world, dictionary, monkeypatch, cases=own, treated=12)["estimate"]
    truths = studies.large_sample(world, NO_DISTANCE, dictionary)
    assert 0.5 < truths["worst_rank"] < 1
    for analysis in ("worst_rank", "log_win_odds"):
        assert found[("PF", "declared", analysis)] == pytest.approx(truths[analysis])


def test_death_of_the_sickest_biases_those_who_stay(dictionary: Dictionary, monkeypatch: pytest.MonkeyPatch) -> None:
    found = answers("death takes the sickest", dictionary, monkeypatch, treated=200, admitted=700, death=0.1)
    truths = studies.large_sample("death takes the sickest", NO_DISTANCE, dictionary)
    assert holds(found.loc[("PF", "declared", "mixed_model")], 40)
    assert holds(found.loc[("PF", "declared", "worst_rank")], truths["worst_rank"])
    assert holds(found.loc[("PF", "declared", "while_alive/mean/welch")], truths["while_alive"])
    assert not holds(found.loc[("PF", "declared", "student")], 40)


def test_spread_that_differs_between_the_arms_is_not_pooled(
    dictionary: Dictionary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The interval of one variance for both arms is far too narrow beside the declared ones, which know of two."""
    looks = ("declared", "one variance for both arms")
    own = [case for case in CASES if case.outcome == "RR"]
    cases = [case for case in own if case.look in looks and case.analysis in ("mixed_model", "permutation")]
    found = answers("unequal spread", dictionary, monkeypatch, cases=cases, treated=10, admitted=120)
    width = (found["upper"] - found["lower"]).droplevel("outcome")
    pooled = width[("one variance for both arms", "mixed_model")]
    assert pooled < 0.75 * width[("declared", "mixed_model")]
    assert pooled < 0.75 * width[("declared", "permutation")]


@pytest.mark.parametrize("case", [case for case in CASES if case.promise == "refuses"], ids=lambda case: case.world)
def test_what_cannot_be_estimated_is_refused(case: Case, dictionary: Dictionary) -> None:
    own = [one for one in CASES if one.world == case.world and one.look == case.look]
    found = pd.DataFrame(study_answers(case.world, [0], RAW, dictionary, own))
    refused = found[found["analysis"] == case.analysis].iloc[0]
    assert np.isnan(refused["estimate"])
    assert np.isnan(refused["p_value"])
    assert refused["reason"] in {"assays_differ", "far_from_controls", "too_few_patients", "few_effective"}
