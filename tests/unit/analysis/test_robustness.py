"""One patient left out (SN-2), the unobserved (SN-3), the days before (SN-4) and every choice (SN-5)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model import gates
from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.model.contrast_at_day import ContrastEstimates, estimate_contrasts
from historical_controls.analysis.model.model_data import model_data, without
from historical_controls.analysis.sensitivity.interval_verdict import verdict
from historical_controls.analysis.sensitivity.leave_one_out import decides, leave_one_out_rows
from historical_controls.analysis.sensitivity.placebo_time import placebo_rows, slopes
from historical_controls.analysis.sensitivity.specification_curve import specification_rows
from historical_controls.analysis.sensitivity.tipping_point import shifted, shifts, tipping_rows, unobserved
from historical_controls.analysis.without_model.analysis_set import build_analysis_set
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import results_of
from historical_controls.ard.rows import ard_frame
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.mixed_model import Contrast

from .test_analysis import INTERCEPT, ROOT, SLOPE, VISIT, analysis_inputs, number, patients, settings, visits

SHOWN = {f"s/p{i:02d}": (f"T{i + 1}" if i < 5 else f"C{i - 4:03d}") for i in range(30)}
FEW = {"exact_up_to": 500, "draws": 1000, "scenario_draws": 1000}


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "data/dictionary")


def shown_inputs(
    people: pd.DataFrame,
    measured: pd.DataFrame,
    dictionary: Dictionary,
    comparison: Comparison | None = None,
    **plan: object,
) -> AnalysisInputs:
    named = people.assign(display_id=("s/" + people["patient_id"]).map(SHOWN))
    return analysis_inputs(named, measured, dictionary, comparison, **plan)


def contrast(estimate: float, half: float) -> Contrast:
    return Contrast(estimate, half / 2, 20.0, 0.0, 0.1, estimate - half, estimate + half, 0.95, "satterthwaite")


def found(
    measured: pd.DataFrame, people: pd.DataFrame, dictionary: Dictionary, code: str = "PF", **plan: object
) -> ContrastEstimates:
    own = settings(**plan)
    data = model_data(dictionary.outcomes[code], people, measured, own, dictionary)
    answer = estimate_contrasts(data, own, [7], None, None)
    assert isinstance(answer, ContrastEstimates)
    return answer


# ---------------------------------------------------------------- one patient
@pytest.mark.parametrize("fewest", [2, 5, 6])
@pytest.mark.parametrize("time", ["auto", "visits", "spline"])
def test_the_reason_without_each_is_that_of_the_table_without_them(
    dictionary: Dictionary, monkeypatch: pytest.MonkeyPatch, time: str, fewest: int
) -> None:
    """p00 alone is measured often and ends early: without them time is visits, and then others count for the day."""
    people = patients()
    measured = visits(people)
    on_visits = measured["day"].isin([0, 3, 7, 14, 21])
    measured = measured[on_visits | (measured["patient_id"] == "p00") & (measured["day"] < 12)]
    measured = measured[(measured["patient_id"] != "p01") | (measured["day"] < 10)]
    declared = settings(time=time, min_patients_per_arm=fewest)
    data = model_data(dictionary.outcomes["PF"], people, measured, declared, dictionary)
    subjects = list(data.frame["subject"].unique())
    expected = {one: gates.reason_against_day(without(data, one), 14, declared) for one in subjects}
    tables: list[str] = []
    monkeypatch.setattr(gates, "without", lambda data, subject: tables.append(subject) or without(data, subject))
    assert gates.reason_without_each(data, 14, declared, subjects) == expected
    # A table for each would take as long as a refit.
    assert (fewest == 2) == (not tables)


def test_a_patient_decides_by_another_verdict_or_another_sign() -> None:
    assert not decides(contrast(10, 12), contrast(4, 12))
    assert decides(contrast(10, 12), contrast(-1, 12))
    assert decides(contrast(10, 8), contrast(10, 12))
    assert decides(contrast(10, 12), contrast(10, 8))
    # A limit equal to no difference is within the interval.
    bounds = [(2, 18), (-18, -2), (-7, 9), (0, 1), (-1, 0)]
    assert [verdict(*one) for one in bounds] == ["above", "below", "holds", "holds", "holds"]
    assert [verdict(*one, 1.0) for one in [(1.1, 2), (0.2, 0.9), (0.9, 2)]] == ["above", "below", "holds"]


@pytest.mark.parametrize("rung", [INTERCEPT, SLOPE, VISIT])
def test_each_line_is_the_fit_of_everybody_else(rung: dict[str, object], dictionary: Dictionary) -> None:
    """Against independent fits of the table without the patient; tolerance 1e-4 of the standard error."""
    people = patients(n_historical=12)
    measured = visits(people, days=8)
    full = found(measured, people, dictionary, ladder=[rung])
    rows = ard_frame(list(leave_one_out_rows(full, shown_inputs(people, measured, dictionary, ladder=[rung]), 200)))
    for subject in ("s/p00", "s/p04", "s/p11"):
        alone = estimate_contrasts(without(full.data, subject), settings(ladder=[rung]), [7], None, None)
        assert isinstance(alone, ContrastEstimates) and alone.fitted.rung == full.fitted.rung
        wanted = alone.at(7)
        assert isinstance(wanted, Contrast)
        for name in ("estimate", "lower", "upper"):
            got = number(rows, name, level=SHOWN[subject])
            assert got == pytest.approx(getattr(wanted, name), abs=1e-3 * wanted.standard_error), (subject, name)
    assert number(rows, "n_left_out") == 17


def test_values_beyond_a_limit_are_refitted_as_such(dictionary: Dictionary) -> None:
    people = patients(n_historical=8)
    measured = visits(people, "IL6", effect=-0.5, days=7, log=True)
    low = measured["value"] < measured["value"].quantile(0.15)
    limit = measured["value"].quantile(0.15)
    measured.loc[low, ["value", "lower", "upper"]] = [np.nan, np.nan, limit]
    full = found(measured, people, dictionary, "IL6")
    rows = ard_frame(list(leave_one_out_rows(full, shown_inputs(people, measured, dictionary), 200)))
    alone = estimate_contrasts(without(full.data, "s/p02"), settings(), [7], None, None)
    assert isinstance(alone, ContrastEstimates)
    wanted = alone.at(7)
    assert isinstance(wanted, Contrast)
    # The refit keeps the values drawn given everybody, the other draws its own without the patient.
    assert np.log(number(rows, "estimate", level="T3")) == pytest.approx(
        wanted.estimate, abs=0.3 * wanted.standard_error
    )
    assert number(rows, "n_estimated") == 13


def test_one_patient_who_makes_the_difference_is_named(dictionary: Dictionary) -> None:
    """Four treated are like the controls; the fifth is 250 higher and alone moves the estimate past no difference."""
    people = patients()
    measured = visits(people, effect=-5.0)
    measured.loc[(measured["patient_id"] == "p04") & (measured["day"] > 0), ["value", "lower", "upper"]] += 250
    full = found(measured, people, dictionary)
    rows = ard_frame(list(leave_one_out_rows(full, shown_inputs(people, measured, dictionary), 200)))
    texts = rows[rows["statistic"] == "decides"].set_index("level")["text"]
    assert texts["T5"] == "yes"
    assert rows.loc[rows["statistic"] == "decided_by_one", "text"].item() == "yes"
    assert number(rows, "smallest") == number(rows, "estimate", level="T5")


def test_of_many_patients_only_the_treated_are_left_out(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    full = found(measured, people, dictionary)
    every = ard_frame(list(leave_one_out_rows(full, shown_inputs(people, measured, dictionary), 30)))
    few = ard_frame(list(leave_one_out_rows(full, shown_inputs(people, measured, dictionary), 29)))
    assert set(few.loc[few["statistic"] == "estimate", "level"]) == {"T1", "T2", "T3", "T4", "T5"}
    assert every.loc[every["statistic"] == "decided_by_one", "text"].item() == "no"
    assert few.loc[few["statistic"] == "decided_by_one", "text"].item() == "unknown"
    for name in ("estimate", "lower"):
        one, other = number(few, name, level="T2"), number(every, name, level="T2")
        assert one == pytest.approx(other, abs=1e-4 * abs(other))


def test_weighted_comparisons_say_why_nobody_is_left_out(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    full = found(measured, people, dictionary)
    weights = pd.Series(1.0, index=pd.Index(SHOWN, name="subject"))
    rows = ard_frame(
        list(leave_one_out_rows(full, shown_inputs(people, measured, dictionary, Comparison(weights=weights)), 200))
    )
    assert rows["text"].tolist() == ["weighted_refits"]


# ---------------------------------------------------------------- the unobserved
def test_shifts_reach_exactly_the_border() -> None:
    assert shifts(contrast(10, 4)) == {"to_holds": -6}
    assert shifts(contrast(-10, 4)) == {"to_holds": 6}
    assert shifts(contrast(1, 4)) == {"to_above": 3, "to_below": -5}
    assert shifted(contrast(10, 4), -6, 0) == (4, 0, 8)
    assert shifted(contrast(10, 4), 0, 6) == (4, 0, 8)


def test_the_tipping_difference_is_the_border_over_the_share_unobserved(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    gone = measured["patient_id"].isin(["p03", "p08", "p09"]) & (measured["day"] > 3)
    people.loc[people["patient_id"] == "p08", ["end_state", "end_day"]] = ["death", 4.0]
    full = found(measured[~gone], people, dictionary)
    missing = {arm: unobserved(full.data, people, None, arm, 7, 1) for arm in ("treated", "historical")}
    assert [(one.n, one.missing, one.died) for one in missing.values()] == [(5, 1, 0), (25, 2, 1)]
    rows = ard_frame(list(tipping_rows(full, shown_inputs(people, measured, dictionary), [-1, 0, 1], True)))
    weights = pd.Series({subject: 3.0 if subject == "s/p03" else 1.0 for subject in SHOWN})
    assert unobserved(full.data, people, weights, "treated", 7, 1).share == pytest.approx(3 / 7)
    answer, sd = full.at(7), full.data.baseline_sd
    assert isinstance(answer, Contrast) and answer.lower > 0
    assert number(rows, "to_holds", arm="treated") == pytest.approx(-answer.lower / (1 / 5) / sd)
    assert number(rows, "to_holds", arm="historical") == pytest.approx(answer.lower / (2 / 25) / sd)
    cells = rows[rows["output_id"] == "15.14"]
    still = cells[cells["level"] == "treated=0|historical=0"].set_index("statistic")["value"]
    assert still["estimate"] == pytest.approx(answer.estimate)
    moved = cells[cells["level"] == "treated=-1|historical=1"].set_index("statistic")["value"]
    assert moved["estimate"] == pytest.approx(answer.estimate - sd / 5 - 2 * sd / 25)


def test_where_everybody_was_measured_nothing_tips(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    full = found(measured, people, dictionary)
    rows = ard_frame(list(tipping_rows(full, shown_inputs(people, measured, dictionary), [0], False)))
    assert rows.loc[rows["statistic"] == "no_tipping_point", "text"].tolist() == ["all_observed", "all_observed"]
    assert not (rows["output_id"] == "15.14").any()


# ---------------------------------------------------------------- before time zero
def before(people: pd.DataFrame, slope: dict[str, float]) -> pd.DataFrame:
    """Two values a day on the three days to time zero, and one after it that must not count."""
    rng = np.random.default_rng(5)
    rows = [
        (one.patient_id, one.arm, hour, 100 + slope[one.arm] * np.ceil(hour / 24) + rng.normal(0, 1e-3))
        for one in people.itertuples()
        for hour in (-60.0, -50.0, -40.0, -30.0, -20.0, 0.0)
    ]
    after = [(one.patient_id, one.arm, 5.0, 9999.0) for one in people.itertuples()]
    frame = pd.DataFrame([*rows, *after], columns=["patient_id", "arm", "hours", "value"])
    return frame.assign(source="s", outcome="PF")


def test_slopes_before_time_zero_are_those_of_the_days_before_alone(dictionary: Dictionary) -> None:
    people = patients()
    observed = before(people, {"treated": 2.0, "historical": -1.0})
    analysis_set = build_analysis_set(people, visits(people), settings(permutation=FEW), Comparison(), 1)
    found = slopes(dictionary.outcomes["PF"], observed, analysis_set.patients, 3)
    assert found.groupby("arm")["y"].mean().to_dict() == pytest.approx({"treated": 2, "historical": -1}, abs=1e-2)
    data = model_data(dictionary.outcomes["PF"], people, analysis_set.visits, analysis_set.settings, dictionary)
    rows = ard_frame(list(placebo_rows(data, observed, analysis_set, 3)))
    assert set(rows.loc[rows["statistic"] == "estimate", "unit"]) == {"mmHg/d"}
    values = rows.loc[rows["statistic"] == "estimate", "value"]
    assert values.tolist() == pytest.approx([3.0, 3.0], abs=1e-2)


def test_two_values_a_day_apart_have_a_slope_and_two_of_one_day_have_none(dictionary: Dictionary) -> None:
    people = patients(1, 1)
    sent = [("p00", -30.0, 100.0), ("p00", 0.0, 103.0), ("p01", -20.0, 100.0), ("p01", 0.0, 103.0)]
    observed = pd.DataFrame(sent, columns=["patient_id", "hours", "value"]).assign(source="s", outcome="PF")
    included = build_analysis_set(people, visits(people), settings(permutation=FEW), Comparison(), 1).patients
    found = slopes(dictionary.outcomes["PF"], observed.merge(people[["patient_id", "arm"]]), included, 3)
    assert found[["subject", "y"]].to_numpy().tolist() == [["s/p00", 3.0]]


def test_slopes_of_too_few_are_refused(dictionary: Dictionary) -> None:
    people = patients()
    observed = before(people, {"treated": 2.0, "historical": -1.0})
    cache = observed[(observed["arm"] == "historical") | (observed["hours"] == 0)]
    analysis_set = build_analysis_set(people, visits(people), settings(permutation=FEW), Comparison(), 1)
    data = model_data(dictionary.outcomes["PF"], people, analysis_set.visits, analysis_set.settings, dictionary)
    rows = ard_frame(list(placebo_rows(data, cache, analysis_set, 3)))
    assert rows.loc[rows["statistic"] == "not_estimable", "text"].tolist() == ["too_few_slopes"]
    assert not rows["statistic"].isin(["estimate", "p_value"]).any()


# ---------------------------------------------------------------- every choice
def test_every_combination_has_an_answer_or_a_reason(dictionary: Dictionary) -> None:
    people = patients()
    open_ = analysis_inputs(people, visits(people), dictionary, permutation=FEW)
    shut = replace(open_, comparison=Comparison(refusal="far_from_controls"))
    estimands = ["mixed_model", "while_alive", "worst_rank"]
    rows = specification_rows({"severe=a": [open_], "severe=b": [shut]}, estimands, dictionary.outcomes["PF"], 7)
    curve = rows[rows["output_id"] == "15.18"]
    assert curve["level"].nunique() == 6
    refused = curve[curve["statistic"] == "not_estimable"]
    assert set(refused["level"]) == {f"severe=b|unweighted|{one}" for one in estimands}
    full = found(visits(people), people, dictionary).at(7)
    assert isinstance(full, Contrast)
    line = curve[curve["level"] == "severe=a|unweighted|mixed_model"].set_index("statistic")["value"]
    assert line["estimate"] == pytest.approx(full.estimate, rel=1e-9)
    counts = rows[(rows["output_id"] == "14.2.12") & (rows["level"] == "mixed_model")].set_index("statistic")["value"]
    assert (counts["n_specifications"], counts["n_estimated"], counts["n_above"]) == (2, 1, int(full.lower > 0))


def test_readings_that_select_the_same_patients_count_once(dictionary: Dictionary) -> None:
    """Of 64 combinations of the example 18 repeated another one, and their intervals counted as further agreement."""
    people = patients(5, 10)
    measured = visits(people, days=7)
    first = analysis_inputs(people, measured, dictionary, permutation=FEW)
    renamed = replace(first, scenario="b", patients=people.assign(display_id="x", undecided="age"))
    fewer = replace(first, scenario="c", patients=people[people["patient_id"] != "p14"])
    shut = replace(first, comparison=Comparison("entropy", refusal="outside_hull"))
    shut = replace(shut, settings=shut.settings.model_copy(update={"weighting": "entropy"}))
    readings = {"r=a": [first, shut], "r=b": [renamed, shut], "r=c": [fewer]}
    rows = specification_rows(readings, ["worst_rank"], dictionary.outcomes["PF"], 7)
    same = rows.loc[rows["statistic"] == "not_applicable", ["level", "text"]].to_numpy().tolist()
    assert same == [[f"r=b|{of}|worst_rank", "same_patients"] for of in ("entropy", "unweighted")]
    counts = rows[rows["output_id"] == "14.2.12"].set_index("statistic")["value"]
    assert (counts["n_specifications"], counts["n_estimated"]) == (3, 2)
    # The explorer lists all of them; the curve draws what is an answer of its own.
    assert rows.loc[(rows["statistic"] == "estimate"), "level"].nunique() == 3
    distinct = results_of(rows).distinct_choices(Statistic.ESTIMATE)
    assert [row.level for row in distinct] == ["r=a|unweighted|worst_rank", "r=c|unweighted|worst_rank"]
