"""What a group lacks: a visit, second values, any value within the scale, the living. What is left is answered."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.model.model_data import edges_as_limits, model_data
from historical_controls.analysis.outcomes import analyse_outcomes
from historical_controls.analysis.sensitivity.grid import analyse_grid
from historical_controls.analysis.sensitivity.placebo_time import slopes
from historical_controls.analysis.sensitivity.specification_curve import specification_rows
from historical_controls.analysis.without_model.welch import welch
from historical_controls.config.analysis.analysis import LADDER
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.inference.counts import central_exact
from historical_controls.inference.pairwise.pairs import by_survival, by_value

from .test_analysis import ROOT, analyse, analysis_inputs, number, patients, refusals, settings, visits

WHOLE = [rung.model_dump() for rung in LADDER]
DAY_7 = {"day": 7, "analysis": "mixed_model", "contrast": "treated - historical"}


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "data/dictionary")


def scheduled(lacking: tuple[int, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patients, and their values at visits of which the treated lack some."""
    people = patients()
    measured = visits(people)
    measured = measured[measured["day"].isin([0, 1, 3, 7, 14])]
    return people, measured[~((measured["arm"] == "treated") & measured["day"].isin(lacking))]


def ancova(people: pd.DataFrame, measured: pd.DataFrame, day: int) -> float:
    """Difference at one visit given the baseline, by least squares."""
    before, at = (
        measured[measured["day"] == one].set_index("patient_id")["value"].reindex(people["patient_id"])
        for one in (0, day)
    )
    X = np.column_stack([np.ones(len(people)), people["arm"] == "treated", before]).astype(float)
    return float(np.linalg.lstsq(X, at.to_numpy(), rcond=None)[0][1])


# ---------------------------------------------------------------- visits and second values
def test_a_visit_that_one_arm_lacks_leaves_the_others_their_own_differences(dictionary: Dictionary) -> None:
    """One difference for all visits was printed at both days, 50.4; by day analysis of covariance has 45.8 and 54.3."""
    people, measured = scheduled(lacking=(1, 3))
    ard = analyse(people, measured, dictionary)
    assert ard.loc[ard["statistic"] == "mean_model", "text"].tolist() == ["visits_shared"]
    for day in (7, 14):
        expected = ancova(people, measured, day)
        assert number(ard, "estimate", **{**DAY_7, "day": day}) == pytest.approx(expected, abs=1e-6)
    assert expected == pytest.approx(54.334, abs=1e-3)
    curves = ard[(ard["analysis"] == "trajectory") & (ard["statistic"] == "mean")]
    # The treated have no mean at visits that are only the controls'.
    assert set(curves.loc[curves["arm"] == "treated", "day"]) == {7, 14}
    assert set(curves.loc[curves["arm"] == "historical", "day"]) == {1, 3, 7, 14}


def test_a_mean_change_knows_the_difference_at_shared_visits_alone(dictionary: Dictionary) -> None:
    """0 at day 0, D7 and D14 where both groups were measured: trapezoids (7 D7 / 2 + 7 (D7 + D14) / 2) / 14."""
    people, measured = scheduled(lacking=(1, 3))
    ard = analyse(people, measured, dictionary, mean_over=[14])
    one, two = (number(ard, "estimate", **{**DAY_7, "day": day}) for day in (7, 14))
    found = number(ard, "estimate", level="mean_14", analysis="mixed_model")
    assert found == pytest.approx((3.5 * one + 3.5 * (one + two)) / 14, abs=1e-9)


@pytest.mark.parametrize("once", ["treated", "historical"])
@pytest.mark.parametrize("daily", [True, False])
def test_an_arm_measured_once_is_compared_at_that_day(once: str, daily: bool, dictionary: Dictionary) -> None:
    """The default ladder has variances of each group's own, which single values do not tell: nothing was answered."""
    people = patients()
    whole = visits(people)
    kept = whole["day"].isin([0, 7]) | (whole["arm"] != once)
    measured = whole[kept & (daily | whole["day"].isin([0, 1, 3, 7, 14]))]
    ard = analyse(people, measured, dictionary, ladder=WHOLE)
    assert refusals(ard) == {14: "too_few_patients_at_day"}
    assert ard.loc[ard["statistic"] == "covariance_rung", "text"].tolist() == ["one_scale_independent"]
    estimate, error = (number(ard, name, **DAY_7) for name in ("estimate", "standard_error"))
    assert abs(estimate - ancova(people, whole, 7)) < 0.5 * error
    assert number(ard, "df", **DAY_7) < 10


def test_single_values_of_one_arm_have_about_welchs_interval(dictionary: Dictionary) -> None:
    """Without covariates the difference is that of the means; further visits of the controls tell of their spread."""
    people = patients()
    whole = visits(people)
    measured = whole[whole["day"].isin([0, 7]) | ((whole["arm"] != "treated") & whole["day"].isin([1, 3, 14]))]
    ard = analyse(people, measured, dictionary, ladder=WHOLE, adjust_for_baseline=False)
    values = whole[whole["day"] == 7].groupby("arm")["value"].apply(list)
    expected = stats.ttest_ind(values["treated"], values["historical"], equal_var=False)
    assert number(ard, "estimate", **DAY_7) == pytest.approx(np.mean(values["treated"]) - np.mean(values["historical"]))
    interval = expected.confidence_interval()
    width = number(ard, "upper", **DAY_7) - number(ard, "lower", **DAY_7)
    assert width == pytest.approx(interval.high - interval.low, rel=0.1)


def test_a_day_whose_values_count_elsewhere_says_so(dictionary: Dictionary) -> None:
    """Values of day 8 are of day 7's visit; of day 9 it said that the data carry too little information."""
    people = patients()
    measured = visits(people)
    ard = analyse(people, measured[measured["day"].isin([0, 6, 8])], dictionary, days=[5, 7, 9])
    assert refusals(ard) == {9: "counted_at_another_day"}
    assert number(ard, "estimate", **DAY_7) == pytest.approx(ancova(people, measured, 8), abs=1e-6)


def test_where_no_day_has_a_contrast_no_fit_failed(dictionary: Dictionary) -> None:
    """'The model without groups gave no stable fit' stood there; nobody had tried one."""
    people = patients()
    measured = visits(people)
    ard = analyse(people, measured[measured["day"].isin([0, 6, 8])], dictionary, visit_window_days=0)
    assert refusals(ard) == dict.fromkeys((7, 14), "too_few_patients_at_day")
    assert "not_permuted" not in set(ard["statistic"])


# ---------------------------------------------------------------- no spread, and too little of it
@pytest.mark.parametrize(("n", "m"), [(2, 2), (2, 25), (5, 2)])
def test_few_degrees_of_freedom_are_not_called_a_lack_of_spread(n: int, m: int, dictionary: Dictionary) -> None:
    people = patients(n, m)
    ard = analyse(people, visits(people), dictionary, min_patients_per_arm=2)
    said = ard[(ard["analysis"] == "while_alive") & (ard["statistic"] == "not_compared")]
    assert set(said["text"]) == {"df_too_small"}


def test_welch_below_two_degrees_of_freedom_by_scipy() -> None:
    """2 against 2: scipy's df lie between 1 and 2, where t has no variance."""
    one, other = [1.0, 9.0], [3.0, 4.0]
    assert 1 < stats.ttest_ind(one, other, equal_var=False).df < 2
    frame = pd.DataFrame({"arm": ["treated"] * 2 + ["historical"] * 2, "y": [*one, *other]})
    assert welch(frame, 0.95) == "df_too_small"
    assert welch(frame.assign(y=[1.0, 1.0, 3.0, 3.0]), 0.95) == "no_spread"


def test_values_that_units_set_apart_by_rounding_have_no_spread(dictionary: Dictionary) -> None:
    """0.1 + 0.2 in one arm, 0.3 in the other: in such standard deviations a difference had sixteen digits."""
    people = patients()
    measured = visits(people)
    for name in ("value", "lower", "upper"):
        at_zero = measured["day"] == 0
        measured.loc[at_zero, name] = np.where(measured.loc[at_zero, "arm"] == "treated", 0.1 + 0.2, 0.3)
    assert measured.loc[measured["day"] == 0, "value"].std() > 0
    data = model_data(dictionary.outcomes["PF"], people, measured, settings(), dictionary)
    assert data.baseline_sd == 0.0
    assert "forest" not in set(analyse(people, measured, dictionary)["analysis"])


def test_one_course_of_everybody_is_named(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    for name in ("value", "lower", "upper"):
        measured[name] = 100.0 + 3 * measured["day"]
    assert refusals(analyse(people, measured, dictionary)) == {None: "mean_exact"}


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_one_value_of_everybody_at_one_visit_leaves_nothing_to_permute(unit: float, dictionary: Dictionary) -> None:
    """Rounding gave -1.6e-16 (-1.3e-14 to 1.6e-14), p 0.93; the other day keeps its answer."""
    people = patients()
    measured = visits(people)
    measured = measured[measured["day"].isin([0, 1, 3, 7, 14])]
    measured.loc[measured["day"] == 7, "value"] = 150.0
    measured["value"] *= unit
    ard = analyse(people, measured.assign(lower=measured["value"], upper=measured["value"]), dictionary)
    own = ard[(ard["analysis"] == "permutation") & (ard["day"] == 7)].set_index("statistic")
    assert own.loc["no_interval", "text"] == "no_spread" and own.loc["p_value", "value"] == 1.0
    assert own.loc["estimate", "value"] == 0.0 and "lower" not in own.index
    later = number(ard, "estimate", day=14, analysis="permutation") / unit
    assert later == pytest.approx(ancova(people, measured, 14) / unit, abs=1e-6)


@pytest.mark.parametrize("arm", ["treated", "historical"])
def test_an_arm_that_follows_one_course_is_named(arm: str, dictionary: Dictionary) -> None:
    """All treated with a score of 0, or all controls alike: it was 'no stable fit'."""
    people = patients()
    measured = visits(people)
    alike = measured["arm"] == arm
    measured.loc[alike, "value"] = 100.0 + 3 * measured["day"]
    measured = measured.assign(lower=measured["value"], upper=measured["value"])
    assert refusals(analyse(people, measured, dictionary, ladder=WHOLE)) == {None: "arm_without_spread"}
    # Variances that both share are known from the other arm.
    assert refusals(analyse(people, measured, dictionary)) == {}


def test_equal_values_beside_values_below_a_limit_are_not_all_equal(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people, "CRP", log=True)
    measured[["value", "lower", "upper"]] = 5.0
    low = (measured["day"] > 0) & (measured["day"] % 4 == 0)
    measured.loc[low, ["value", "lower", "upper"]] = [np.nan, 0.0, 2.0]
    assert refusals(analyse(people, measured, dictionary)) == {None: "constant_within_limits"}


def test_a_permutation_interval_open_on_both_sides_says_so(dictionary: Dictionary) -> None:
    """All controls alike: given a baseline in which the treated alone vary, an estimate stood there without limits."""
    people = patients()
    measured = visits(people)
    alike = measured["arm"] == "historical"
    measured.loc[alike, "value"] = 100.0 + 3 * measured["day"]
    measured = measured.assign(lower=measured["value"], upper=measured["value"])
    ard = analyse(people, measured, dictionary)
    adjusted = ard[(ard["method"] == "adjusted") & (ard["level"] == "mean") & (ard["day"] == 7)]
    assert adjusted.loc[adjusted["statistic"] == "no_interval", "text"].tolist() == ["unbounded"]
    assert number(ard, "p_value", method="adjusted", level="mean", day=7) > 0.05


def test_ties_between_units_are_ties(dictionary: Dictionary) -> None:
    """P/F of 80 mmHg at 35% in one group and at 0.35 in the other: every pair was lost by the last digit."""
    people = patients()
    measured = visits(people)
    treated = measured["arm"] == "treated"
    measured["value"] = np.where(treated, 80 / (35 * 0.01), 80 / 0.35)
    assert measured["value"].nunique() == 2
    measured = measured.assign(lower=measured["value"], upper=measured["value"])
    ard = analyse(people, measured, dictionary)
    assert number(ard, "win_odds", day=7, analysis="worst_rank") == 1.0
    # The order of what differs stays, and so do open bounds, missing values, and a death on the day of the living.
    values = np.array([1.0, 1.0 + 1e-15, 1.0 + 1e-9, np.inf, np.nan])
    assert by_value(values)[0].tolist() == [0, 0, -1, -1, 0]
    assert by_survival(np.array([7.0, 7.0, 8.0]), np.array([True, False, True]))[0].tolist() == [0, -1, -1]


def test_constants_before_time_zero_have_no_slope(dictionary: Dictionary) -> None:
    """0.1 + 0.2 on one day and 0.3 on the next is no slope."""
    people = patients().assign(subject=lambda d: d["source"] + "/" + d["patient_id"])
    rows = [
        (name, arm, hours)
        for name, arm in zip(people["patient_id"], people["arm"], strict=True)
        for hours in (-30.0, -2.0)
    ]
    frame = pd.DataFrame(rows, columns=["patient_id", "arm", "hours"]).assign(source="s")
    frame["value"] = np.where(frame["hours"] < -24, 0.1 + 0.2, 0.3)
    assert (slopes(dictionary.outcomes["PF"], frame, people, 3)["y"] == 0.0).all()


# ---------------------------------------------------------------- beyond limits
def test_values_all_at_the_edges_of_their_scale_are_findings(dictionary: Dictionary) -> None:
    """Zeros on the log scale, 0% and 100% on the logit scale, and nothing else: it ended in a traceback."""
    people = patients()
    zeros = visits(people, "CRP")
    zeros[["value", "lower", "upper"]] = 0.0
    ard = analyse(people, zeros, dictionary)
    assert refusals(ard) == {None: "mostly_censored"}
    assert number(ard, "share", arm="treated", day=7) == 0.0
    assert number(ard, "p_value", day=7, analysis="detection") == 1.0
    # Nobody differs: no odds ratio, and no limit of one.
    assert ard[(ard["contrast"] != "") & ard["statistic"].isin(["odds_ratio", "lower", "upper"])].empty
    ends = visits(people, "TREG")
    ends["value"] = np.where(np.arange(len(ends)) % 2, 100.0, 0.0)
    ends = ends.assign(lower=ends["value"], upper=ends["value"])
    ard = analyse(people, ends, dictionary)
    full = ends[(ends["day"] == 7) & (ends["arm"] == "treated")]["value"].eq(100.0).mean()
    assert number(ard, "share", arm="treated", day=7) == full
    bounds = edges_as_limits(ends, dictionary.outcomes["TREG"]).groupby(ends["value"])[["lower", "upper"]].first()
    assert bounds.loc[0.0, "upper"] < bounds.loc[100.0, "lower"]


def test_an_arm_at_its_limit_whatever_the_ladder(dictionary: Dictionary) -> None:
    """Without spread at the limit the first fit fails, and it was called unstable."""
    people = patients()
    measured = visits(people, "CRP", effect=0.0, log=True)
    beyond = (measured["arm"] == "treated") & (measured["day"] > 0)
    for limit in ([np.nan, 0.0, 0.5], [np.nan, 300.0, np.nan]):
        measured.loc[beyond, ["value", "lower", "upper"]] = limit
        assert refusals(analyse(people, measured, dictionary, ladder=WHOLE)) == {None: "only_limits"}


def test_the_exact_p_value_is_that_of_the_exact_interval() -> None:
    """Every table of 3 or 5 against 25: Fisher's usual p-value said otherwise than the interval in some of them."""
    contradictions = 0
    for n in (3, 5):
        for k in range(n + 1):
            for other in range(26):
                table = np.array([[k, n - k], [other, 25 - other]])
                if not table.sum(axis=0).all():
                    continue
                odds = stats.contingency.odds_ratio(table, kind="conditional")
                tails = [stats.fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
                found = central_exact(table)
                assert found.p_value == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-9)
                assert found.p_floor <= found.p_value * (1 + 1e-12)
                for level in (0.9, 0.95, 0.99):
                    interval = odds.confidence_interval(level)
                    assert (found.p_value > 1 - level) == (interval.low <= 1 <= interval.high)
                    contradictions += (stats.fisher_exact(table).pvalue > 1 - level) != (found.p_value > 1 - level)
    assert contradictions > 0


def test_floor_of_the_exact_test_by_hand() -> None:
    """5 of 5 against 0 of 25 is the rarest table with five detected: twice 1 / C(30, 5)."""
    assert central_exact(np.array([[1, 4], [4, 21]])).p_floor == pytest.approx(2 / 142506, rel=1e-9)


# ---------------------------------------------------------------- deaths before any value
def early_deaths(count: int, dictionary: Dictionary, comparison: Comparison | None = None) -> AnalysisInputs:
    """So many of five treated patients die before the first value after time zero."""
    people = patients()
    dead = people["patient_id"].isin([f"p{number:02d}" for number in range(count)])
    people.loc[dead, ["end_state", "end_day"]] = ["death", 0.3]
    measured = visits(people)
    gone = measured["patient_id"].isin(people.loc[dead, "patient_id"]) & (measured["day"] > 0)
    return analysis_inputs(people, measured[~gone], dictionary, comparison)


@pytest.mark.parametrize(("count", "reason"), [(3, "too_few_patients"), (5, "no_treated_data")])
def test_the_dead_are_ranked_where_too_few_live_to_be_measured(count: int, reason: str, dictionary: Dictionary) -> None:
    """The two who lived beat all controls: 50 of 125 pairs. Nothing was said of anybody."""
    inputs = early_deaths(count, dictionary)
    ard = analyse_outcomes(["PF"], inputs).ard
    assert refusals(ard) == {None: reason}
    ranks = {"day": 7, "analysis": "worst_rank"}
    assert number(ard, "probability", **ranks) == pytest.approx((5 - count) * 25 / 125)
    assert number(ard, "n_died", arm="treated", **ranks) == count
    grid = analyse_grid([inputs], ["PF"], [7])
    assert number(grid, "probability", **ranks) == pytest.approx((5 - count) * 25 / 125)
    curve = specification_rows({"r": [inputs]}, ["mixed_model", "worst_rank"], dictionary.outcomes["PF"], 7)
    said = curve[curve["statistic"].isin(["not_estimable", "estimate"])].set_index("level")
    assert said.loc["r|unweighted|mixed_model", "text"] == reason
    separated = "complete_separation" if count == 5 else ""
    assert said["text"].fillna("")["r|unweighted|worst_rank"] == separated


def test_too_few_values_of_the_living_are_ranked_by_nobody(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    unseen = measured["patient_id"].isin(["p00", "p01", "p02"]) & (measured["day"] > 0)
    ard = analyse(people, measured[~unseen], dictionary)
    assert refusals(ard) == {None: "too_few_patients"}
    assert "worst_rank" not in set(ard["analysis"])


def test_a_refused_comparison_ranks_nobody_either(dictionary: Dictionary) -> None:
    """Equal values came before the gate, and went around it."""
    refused = Comparison(refusal="few_effective")
    for inputs in (early_deaths(3, dictionary, refused), early_deaths(0, dictionary, refused)):
        assert "worst_rank" not in set(analyse_outcomes(["PF"], inputs).ard["analysis"])
    people = patients()
    equal = visits(people)
    equal[["value", "lower", "upper"]] = 100.0
    ard = analyse_outcomes(["PF"], analysis_inputs(people, equal, dictionary, refused)).ard
    assert not set(ard["analysis"]) & {"worst_rank", "while_alive", "win_ratio"}


@pytest.mark.parametrize(("kept", "untold"), [(1, [("treated", "variance(14)")]), (2, [])])
def test_a_variance_that_no_value_tells_of_has_no_number(
    kept: int, untold: list[tuple[str, str]], dictionary: Dictionary
) -> None:
    """One treated patient at day 14, whom its own mean fits exactly: any variance there is as likely (MM-17)."""
    people, measured = scheduled(lacking=())
    last = (measured["arm"] == "treated") & (measured["day"] == 14)
    some = measured.loc[last, "patient_id"].iloc[:kept]
    measured = measured[~last | measured["patient_id"].isin(some)]
    free = {"id": "visits", "random": None, "residual": "csh", "per_arm": "free"}
    ard = analyse(people, measured, dictionary, ladder=[free], days=[7], time="visits")
    found = ard[ard["analysis"] == "mixed_model"]
    assert found.loc[found["statistic"] == "converged", "text"].tolist() == ["yes"]
    said = found[found["statistic"] == "not_identified"]
    assert list(zip(said["arm"], said["level"], strict=True)) == untold
    assert set(said["text"]) <= {"nothing_tells"}
    numbers = found.loc[found["statistic"] == "covariance_parameter", "value"]
    assert numbers.notna().all() and len(numbers) + len(said) == 2 * (4 + 6)
