"""A scenario written by hand: of every kind of answer that it leaves as it was it says so, and prints no second one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from historical_controls.analysis.copies import without_copies
from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.outcomes import analyse_outcomes, analyse_scenario
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.queries import results_of
from historical_controls.ard.rows import Row, ard_frame, rows_of
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.tables.endings import DEATH, DISCHARGE

from .test_analysis import INTERCEPT, ROOT, analysis_inputs, patients, visits

FEW = {"exact_up_to": 50, "draws": 2000, "scenario_draws": 1000}
POOLED = {"id": "us", "random": None, "residual": "us", "per_arm": "pooled"}
MODELS = {"mixed_model", "permutation", "forest"}
SUMMARIES = {"while_alive"}
RANKS = {"worst_rank"}


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "data/dictionary")


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    """One control died on day 5, and one went home on day 4."""
    people = patients(5, 10).set_index("patient_id")
    people.loc["p06", ["end_state", "end_day"]] = [DEATH, 5.0]
    people.loc["p07", ["end_state", "end_day"]] = [DISCHARGE, 4.0]
    return people.reset_index()


@pytest.fixture(scope="module")
def measured(people: pd.DataFrame) -> pd.DataFrame:
    """P/F on days 0, 3 and 7."""
    frame = visits(people, days=7)
    ends = frame["patient_id"].map(people.set_index("patient_id")["end_day"])
    return frame[frame["day"].isin([0, 3, 7]) & (frame["day"] < ends)]


def inputs(people: pd.DataFrame, measured: pd.DataFrame, dictionary: Dictionary, **changes: Any) -> AnalysisInputs:
    return analysis_inputs(
        people, measured, dictionary, **{"permutation": FEW, "days": [7], "ladder": [INTERCEPT], **changes}
    )


@pytest.fixture(scope="module")
def before(people: pd.DataFrame, measured: pd.DataFrame, dictionary: Dictionary) -> list[Row]:
    """The primary answers for P/F, asked as a scenario is."""
    return rows_of(analyse_outcomes(["PF"], replace(inputs(people, measured, dictionary), scenario="")).ard)


def remarks(ard: pd.DataFrame) -> dict[str, set[tuple[str, float | None]]]:
    """Level and day of what is said to be a copy, by analysis."""
    rows = ard[(ard["statistic"] == "not_applicable") & (ard["outcome"] == "PF")]
    found: dict[str, set[tuple[str, float | None]]] = {}
    for row in rows.itertuples():
        found.setdefault(row.analysis, set()).add((row.level, None if pd.isna(row.day) else row.day))
    return found


def answered(ard: pd.DataFrame) -> set[str]:
    given = ard["statistic"].isin(["estimate", "win_odds", "odds_ratio"]) & (ard["outcome"] == "PF")
    return set(ard.loc[given, "analysis"])


WHOLE = {("", None)}


@pytest.mark.parametrize(
    ("change", "copies", "own"),
    [
        ({"ladder": [POOLED]}, SUMMARIES | RANKS, MODELS),
        ({"covariates": ["AGE"]}, SUMMARIES | RANKS, MODELS),
        ({"df_method": "satterthwaite"}, {"permutation", *SUMMARIES, *RANKS}, {"mixed_model", "forest"}),
        ({"discharged": "best"}, MODELS | SUMMARIES, RANKS),
        # Every interval has another level.
        ({"level": 0.9}, set(), MODELS | SUMMARIES | RANKS),
        # Two analyses that the primary one has not; the rest is as it was.
        ({"rank_tests": ["PF"]}, MODELS | SUMMARIES | RANKS, {"rank_test"}),
    ],
)
def test_each_kind_of_answer_is_looked_at_by_itself(
    change: dict[str, Any],
    copies: set[str],
    own: set[str],
    people: pd.DataFrame,
    measured: pd.DataFrame,
    dictionary: Dictionary,
    before: list[Row],
) -> None:
    scenario = replace(inputs(people, measured, dictionary, **change), scenario="mine")
    rows = rows_of(analyse_outcomes(["PF"], scenario).ard)
    ard = ard_frame(without_copies("mine", rows, before))
    said = remarks(ard)
    assert {analysis for analysis, places in said.items() if places == WHOLE} == copies
    assert answered(ard) == own
    assert set(ard["scenario"]) == {"mine"} and ard["id"].is_unique


@pytest.mark.parametrize(
    ("of_primary", "change"),
    [({}, {"max_share_censored": 0.4}), ({"days": [3, 7]}, {"days": [7]})],
)
def test_what_changes_no_answer_is_said_once(
    of_primary: dict[str, Any],
    change: dict[str, Any],
    people: pd.DataFrame,
    measured: pd.DataFrame,
    dictionary: Dictionary,
) -> None:
    primary = inputs(people, measured, dictionary, **of_primary)
    scenario = replace(inputs(people, measured, dictionary, **change), scenario="mine")
    ard = analyse_scenario(["PF"], scenario, primary)
    assert ard[["outcome", "statistic", "text"]].to_numpy().tolist() == [["", "not_applicable", "changes_nothing"]]


def test_a_day_that_a_choice_does_not_reach_is_a_copy_of_its_own(
    people: pd.DataFrame, measured: pd.DataFrame, dictionary: Dictionary
) -> None:
    """By day 3 nobody was at home, so that the best rank for those at home changes that of day 7 alone."""
    primary = inputs(people, measured, dictionary, days=[3, 7])
    best = replace(inputs(people, measured, dictionary, days=[3, 7], discharged="best"), scenario="best")
    ard = analyse_scenario(["PF"], best, primary)
    assert remarks(ard) == {**dict.fromkeys(MODELS | SUMMARIES, WHOLE), "worst_rank": {("", 3.0)}}
    ranks = ard[(ard["analysis"] == "worst_rank") & (ard["statistic"] == "win_odds")]
    assert ranks["day"].tolist() == [7.0]
    results = results_of(ard)
    for analysis, day, copied in (("worst_rank", 3, True), ("worst_rank", 7, False), ("mixed_model", 7, True)):
        assert (results.not_applicable("PF", "best", day, AnalysisKey(analysis)) is not None) == copied


def test_another_cohort_is_an_answer_of_its_own(
    people: pd.DataFrame, measured: pd.DataFrame, dictionary: Dictionary
) -> None:
    """Without a control whose rank changes no pair's order the ranks are another answer: other patients."""
    primary = inputs(people, measured, dictionary)
    fewer = replace(primary, patients=people[people["patient_id"] != "p14"], scenario="fewer")
    ard = analyse_scenario(["PF"], fewer, primary)
    assert remarks(ard) == {} and answered(ard) == MODELS | SUMMARIES | RANKS
    same = replace(primary, patients=people.assign(display_id="other", undecided="age"), scenario="same")
    ard = analyse_scenario(["PF"], same, primary)
    assert ard[["outcome", "statistic", "text"]].to_numpy().tolist() == [["", "not_applicable", "changes_no_patient"]]


def test_a_shorter_follow_up_of_the_same_patients_leaves_the_ranks_of_a_day_before_it(
    people: pd.DataFrame, measured: pd.DataFrame, dictionary: Dictionary
) -> None:
    primary = inputs(people, measured, dictionary)
    ended = people.assign(end_day=people["end_day"].clip(upper=14.0))
    shorter = replace(primary, patients=ended, scenario="shorter")
    ard = analyse_scenario(["PF"], shorter, primary)
    assert ard[["outcome", "statistic", "text"]].to_numpy().tolist() == [["", "not_applicable", "changes_nothing"]]


def test_weights_and_refusals_are_no_copies(
    people: pd.DataFrame, measured: pd.DataFrame, dictionary: Dictionary
) -> None:
    primary = inputs(people, measured, dictionary)
    refused = replace(primary, comparison=Comparison("entropy", refusal="outside_hull"), scenario="entropy")
    assert remarks(analyse_scenario(["PF"], refused, primary)) == {}
    sets = pd.Series([1] * 15, index=primary.analysis_set.patients["subject"])
    matched = replace(primary, comparison=Comparison("matching", sets=sets), scenario="matching")
    assert remarks(analyse_scenario(["PF"], matched, primary)) == {}


def test_a_copy_of_an_answer_that_the_primary_analysis_refuses_is_none(
    people: pd.DataFrame, measured: pd.DataFrame, dictionary: Dictionary
) -> None:
    """A refusal repeated is not the robustness of an answer: it keeps its words."""
    primary = inputs(people, measured, dictionary, min_patients_per_arm=6)
    scenario = replace(
        inputs(people, measured, dictionary, min_patients_per_arm=6, covariates=["AGE"]), scenario="mine"
    )
    ard = analyse_scenario(["PF"], scenario, primary)
    assert remarks(ard) == {}
    assert (ard["statistic"] == "not_estimable").any()


def test_rows_go_and_come_back(before: list[Row]) -> None:
    assert rows_of(ard_frame(before)) == before
    assert {type(row["value"]) for row in before} == {float, type(None)}
