"""Every registered outcome has a state, also those that nobody analyses."""

from __future__ import annotations

import pandas as pd
import pytest

from historical_controls.analysis.families.completeness import completeness, state_of
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.tables.registry import OBSERVATIONS

from .test_analysis import ROOT, analysis_inputs, patients, visits

CELL = Cell("mixed_model", "primary", outcome="IL6", output="14.2.6")
BOTH = {"historical": (20, 60), "treated": (5, 15)}


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "dictionary")


def states(rows: list[dict[str, object]], dictionary: Dictionary, code: str = "IL6") -> tuple[str, str]:
    return state_of(dictionary.outcomes[code], BOTH, ard_frame(rows), {})


def test_states_follow_what_the_analysis_said(dictionary: Dictionary) -> None:
    fitted = [CELL.at(day=7, contrast="treated - historical").number("p_value", 0.2)]
    censored = [CELL.number("share_censored", 0.3, format="percent")]
    assert states(fitted, dictionary) == ("analysed", "mixed_model")
    assert states([*fitted, *censored], dictionary) == ("analysed", "censored_mixed_model")
    assert states([*fitted, *censored, CELL.text("limits", "half_the_limit")], dictionary)[1] == "mixed_model"
    mostly = [CELL.text("not_estimable", "mostly_censored")]
    ranked = CELL.at(analysis="rank_test", day=7).number("p_value", 0.5)
    detected = CELL.at(analysis="detection", day=7).number("p_value", 0.5)
    assert states([*mostly, ranked], dictionary) == ("ranks_only", "rank_test")
    assert states([*mostly, detected], dictionary) == ("detection_only", "detection")
    assert states(mostly, dictionary) == ("not_estimable", "mostly_censored")
    assert states([CELL.text("not_estimable", "no_control_data")], dictionary) == ("treated_only", "not_compared")
    assert states([CELL.text("not_estimable", "assays_differ")], dictionary)[0] == "assays_differ"
    assert states([CELL.at(day=7).text("not_estimable", "too_few_patients_at_day")], dictionary) == (
        "not_estimable",
        "too_few_patients_at_day",
    )
    assert states([], dictionary) == ("declared", "not_listed")


def test_results_and_events_are_states_of_their_own(dictionary: Dictionary) -> None:
    listed = [CELL.at(outcome="PCR").text("not_estimable", "not_continuous")]
    assert states(listed, dictionary, "PCR") == ("events", "events")
    one = {"historical": (0, 0), "treated": (5, 9)}
    assert state_of(dictionary.outcomes["PCR"], one, ard_frame(listed), {}) == ("treated_only", "events")


def test_all_registered_outcomes_are_rows_and_only_the_included_count(dictionary: Dictionary) -> None:
    people = patients(5, 10)
    people.loc[people["patient_id"] == "p14", "included"] = False
    measured = visits(people, "HR", days=2)
    results = OBSERVATIONS.empty()
    found = completeness(ard_frame([]), analysis_inputs(people, measured, dictionary), results)
    registered = found[found["statistic"] == "registered"]
    assert sorted(registered["value"]) == list(range(1, 27))
    heart = found[found["outcome"] == "HR"].set_index(["statistic", "arm"])["value"]
    assert heart["n_subjects", "historical"] == 9
    assert heart["n_values", "historical"] == 27
    assert set(found.loc[found["statistic"] == "state", "text"]) == {"declared"}
    assert pd.notna(found.loc[found["statistic"] == "n_values", "value"]).all()


def test_events_that_both_arms_record_are_counted_once(dictionary: Dictionary) -> None:
    """Where they do, the difference between the arms has rows of its own with the same arm and statistic."""
    any_event = Cell("adverse_events", "primary", outcome="AE", level="any", output="14.3.1")
    sizes = {"treated": (5, 7), "historical": (10, 3)}
    rows = [any_event.at(arm=arm).number("n_subjects", n) for arm, (n, _) in sizes.items()]
    rows += [any_event.at(arm=arm).number("n_events", n) for arm, (_, n) in sizes.items()]
    rows += [any_event.at(arm=arm, contrast="treated - historical").number("n_subjects", 99) for arm in sizes]
    people = patients(5, 10)
    made = completeness(
        ard_frame(rows), analysis_inputs(people, visits(people, "HR", days=2), dictionary), OBSERVATIONS.empty()
    )
    own = made[(made["outcome"] == "AE") & made["arm"].isin(list(sizes))].set_index(["arm", "statistic"])["value"]
    assert {arm: (own[arm, "n_subjects"], own[arm, "n_events"]) for arm in sizes} == sizes
