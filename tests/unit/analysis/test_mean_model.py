"""The mean by declaration and by rule, the choice of a covariance, and what disagrees or fails beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from historical_controls.analysis.model import ladder
from historical_controls.analysis.model.gates import measured_at
from historical_controls.analysis.model.ladder import Fitted, Refused, fit_ladder
from historical_controls.analysis.model.mean_model import build_mean_model, choose_time
from historical_controls.analysis.model.model_data import ModelData, model_data
from historical_controls.analysis.model_checks.agreement import disagrees
from historical_controls.analysis.model_checks.lack_of_fit import likelihood_ratio_p
from historical_controls.analysis.sensitivity.grid import analyse_grid
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.mixed_model.design.design import build_design
from historical_controls.mixed_model.design.specification import MixedModelSpec
from historical_controls.mixed_model.likelihood.likelihood import evaluate

from .test_analysis import (
    INTERCEPT,
    ROOT,
    SLOPE,
    analyse,
    analysis_inputs,
    number,
    patients,
    refusals,
    settings,
    visits,
)

FEW = {"exact_up_to": 500, "draws": 1000, "scenario_draws": 1000}
UNSTRUCTURED = {"id": "us", "random": None, "residual": "us", "per_arm": "pooled"}
SPLINE = "y ~ cr(day, df=3, constraints='center')"
HERE = {"day": 7, "analysis": "mixed_model"}


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "data/dictionary")


def at_days(people: pd.DataFrame, days: list[int], curve: dict[int, float] | None = None) -> pd.DataFrame:
    """Values at these days and at baseline, with an effect by day."""
    measured = visits(people, effect=0.0, days=max(days))
    kept = measured[measured["day"].isin([0, *days])].copy()
    shift = kept["day"].map(curve or {}).fillna(0.0) * (kept["arm"] == "treated")
    for name in ("value", "lower", "upper"):
        kept[name] += shift
    return kept


def data_of(people: pd.DataFrame, measured: pd.DataFrame, dictionary: Dictionary, **plan: object) -> ModelData:
    return model_data(dictionary.outcomes["PF"], people, measured, settings(**plan), dictionary)


def ancova(people: pd.DataFrame, measured: pd.DataFrame, day: int) -> tuple[float, float, float]:
    """Least squares of the value at a day on arm and baseline: estimate, standard error, degrees of freedom."""
    wide = measured.pivot_table(index="patient_id", columns="day", values="value").reindex(people["patient_id"])
    arm = (people["arm"] == "treated").astype(float).to_numpy()
    X = np.column_stack([np.ones(len(people)), arm, wide[0].to_numpy()])
    y = wide[day].to_numpy()
    beta, rest, _, _ = np.linalg.lstsq(X, y, rcond=None)
    df = len(y) - 3
    error = np.sqrt(rest[0] / df * np.linalg.inv(X.T @ X)[1, 1])
    return float(beta[1]), float(error), df


# ---------------------------------------------------------------- visits
@pytest.mark.parametrize("rung", [INTERCEPT, UNSTRUCTURED, {**INTERCEPT, "residual": "car1"}])
@pytest.mark.parametrize("curve", [{}, {3: 30.0, 7: 60.0, 14: -10.0}])
def test_on_complete_visits_the_model_is_ancova(
    rung: dict[str, object], curve: dict[int, float], dictionary: Dictionary
) -> None:
    """Equal regressors at each visit: generalised least squares are least squares (Zellner 1962, JASA 57:348-368)."""
    people = patients()
    measured = at_days(people, [1, 3, 7, 14], curve)
    ard = analyse(people, measured, dictionary, ladder=[rung], permutation=FEW)
    assert ard.loc[ard["statistic"] == "mean_model", "text"].tolist() == ["visits"]
    for day in (7, 14):
        estimate, error, df = ancova(people, measured, day)
        here = {"day": day, "analysis": "mixed_model"}
        assert number(ard, "estimate", **here) == pytest.approx(estimate, abs=1e-6)
        if rung is UNSTRUCTURED:
            assert number(ard, "standard_error", **here) == pytest.approx(error, rel=1e-4)
            assert number(ard, "df", **here) == pytest.approx(df, abs=0.01)


def test_four_visits_that_rise_and_fall_are_no_line(dictionary: Dictionary) -> None:
    people = patients()
    measured = at_days(people, [1, 3, 7, 14], {3: 40.0, 7: 80.0})
    plan = {"ladder": [INTERCEPT], "permutation": FEW}
    visit = analyse(people, measured, dictionary, **plan)
    line = analyse(people, measured, dictionary, time="line", **plan)
    expected = ancova(people, measured, 7)[0]
    assert number(visit, "estimate", **HERE) == pytest.approx(expected, abs=1e-6)
    assert abs(number(line, "estimate", **HERE) - expected) > 20
    daily = visits(people, effect=0.0)
    bend = 60.0 * np.sin(np.pi * daily["day"] / 20) * (daily["arm"] == "treated")
    for name in ("value", "lower", "upper"):
        daily[name] += bend
    bent = analyse(people, daily, dictionary, time="line", **plan)
    assert bent.loc[bent["statistic"] == "lack_of_fit", "text"].tolist() == ["yes"]
    straight = analyse(people, visits(people), dictionary, time="line", **plan)
    assert "lack_of_fit" not in set(straight["statistic"])


def test_with_scales_of_its_own_for_each_arm_the_model_is_the_difference_of_means(dictionary: Dictionary) -> None:
    """Complete visits without covariates: least squares whatever the covariance of each arm."""
    people = patients(8, 20)
    measured = at_days(people, [1, 7, 14, 21], {1: 5.0, 7: -9.0, 14: -3.0, 21: 2.0})
    two_scales = {**INTERCEPT, "residual": "car1", "per_arm": "two_scales"}
    ard = analyse(people, measured, dictionary, ladder=[two_scales], permutation=FEW, adjust_for_baseline=False)
    for day in (7, 14):
        means = measured[measured["day"] == day].groupby("arm")["value"].mean()
        here = {"day": day, "analysis": "mixed_model"}
        assert number(ard, "estimate", **here) == pytest.approx(means["treated"] - means["historical"], abs=1e-6)


@pytest.mark.parametrize("covariates", [[], ["days_from_onset"]])
def test_a_line_over_four_visits_that_bend_speaks_up(covariates: list[str], dictionary: Dictionary) -> None:
    """The full likelihood against a mean for each day, by least squares with one variance: a saturated course.

    Of fewer than five days nothing was said; a covariate whose name has the word day broke the richer course.
    """
    people = patients(8, 20).assign(days_from_onset=lambda frame: np.linspace(4, 12, len(frame)) ** 2)
    plan = {"time": "line", "ladder": [{**INTERCEPT, "random": None}], "permutation": FEW, "covariates": covariates}
    plan |= {"adjust_for_baseline": False}
    measured = at_days(people, [1, 7, 14, 21], {7: 80.0, 14: 60.0})
    ard = analyse(people, measured, dictionary, **plan)
    assert ard.loc[ard["statistic"] == "lack_of_fit", "text"].tolist() == ["yes"]
    rows = measured[measured["day"] > 0].merge(people[["patient_id", "days_from_onset"]], on="patient_id")
    arm = (rows["arm"] == "treated").to_numpy(dtype=float)[:, None]
    known = rows[covariates].to_numpy() if covariates else np.empty((len(rows), 0))

    def residual(course: np.ndarray) -> float:
        X = np.column_stack([np.ones(len(rows)), arm, course, arm * course, known])
        return float(np.linalg.lstsq(X, rows["value"].to_numpy(), rcond=None)[1][0])

    line, days = rows[["day"]].to_numpy(dtype=float), np.array([rows["day"] == day for day in (7, 14, 21)]).T
    gain = len(rows) * np.log(residual(line) / residual(days.astype(float)))
    assert number(ard, "lack_of_fit_p") == pytest.approx(stats.chi2.sf(gain, 4), rel=1e-4)
    straight = analyse(people, at_days(people, [1, 7, 14, 21]), dictionary, **plan)
    assert number(straight, "lack_of_fit_p") > 0.01


def test_likelihood_ratios_of_copies_are_pooled_by_their_roots() -> None:
    """D2 of Li, Meng, Raghunathan & Rubin 1991 by hand: three copies with the statistics 4, 6 and 9 on 2 df.

    Their roots 2, 2.4495 and 3 have the variance 0.25085: r = 4/3 of it = 0.33447; D2 = (6.3333 / 2 - 2 r) / (1 + r)
    = 1.8717 on 2 and 2^(-3/3) (3 - 1) (1 + 1/r)^2 = 15.92 degrees of freedom.
    """
    p = likelihood_ratio_p(np.array([4.0, 6.0, 9.0]), 2)
    assert p == pytest.approx(stats.f.sf(1.8717, 2, 15.92), rel=1e-3)
    assert likelihood_ratio_p(np.array([5.99]), 2) == pytest.approx(0.05, abs=1e-4)


@pytest.mark.parametrize(
    ("n_historical", "covariates", "form"),
    [(2, [], "visits"), (2, ["AGE"], "visits_own_slopes_common"), (3, ["AGE"], "visits")],
)
def test_slopes_of_its_own_need_three_patients_beyond_arms_and_covariates_at_each_visit(
    n_historical: int, covariates: list[str], form: str, dictionary: Dictionary
) -> None:
    people = patients(3, n_historical)
    plan = {"covariates": covariates, "adjust_for_baseline": False}
    data = data_of(people, at_days(people, [1, 3, 7, 14]), dictionary, **plan)
    assert build_mean_model(data, settings(**plan)).form == form


def test_knots_are_quantiles_of_the_distinct_days(dictionary: Dictionary) -> None:
    """Truncated powers on those knots (Hastie et al. 2009, 5.4 and 5.5) give the same columns, whatever the counts."""
    people = patients()
    measured = visits(people)
    measured = measured[(measured["day"] % 3 == 0) | (measured["patient_id"] == "p07")]
    mean = build_mean_model(data_of(people, measured, dictionary, time="spline"), settings(time="spline"))
    day = mean.frame["day"].to_numpy(dtype=float)
    knots = np.quantile(np.unique(day), [0, 1 / 3, 2 / 3, 1])
    cubes = np.maximum(day[:, None] - knots, 0.0) ** 3
    d = (cubes[:, :3] - cubes[:, 3:]) / (knots[3] - knots[:3])
    expected = np.column_stack([np.ones(len(day)), day, d[:, :2] - d[:, 2:]])
    assert SPLINE.removeprefix("y ~ ") in mean.fixed
    spec = MixedModelSpec(fixed=SPLINE, subject="subject", random=None, residual="iid")
    X = build_design(mean.frame.assign(y=day), spec).X
    left = X - expected @ np.linalg.lstsq(expected, X, rcond=None)[0]
    assert X.shape[1] == 4 and np.abs(left).max() < 1e-8


def test_means_are_at_the_covariates_of_patients_and_not_of_their_rows(dictionary: Dictionary) -> None:
    """The oldest is measured seven times as often; the mean age is that of 30 patients all the same."""
    people = patients()
    measured = visits(people)
    often = measured[measured["day"].isin([0, 7, 14]) | (measured["patient_id"] == "p29")]
    plan = {"covariates": ["AGE"], "adjust_for_baseline": False, "ladder": [{**INTERCEPT, "random": None}]}
    ard = analyse(people, often, dictionary, time="line", permutation=FEW, **plan)
    rows = often[often["day"] > 0].merge(people[["patient_id", "AGE"]], on="patient_id")
    arm, day = (rows["arm"] == "treated").to_numpy(dtype=float), rows["day"].to_numpy(dtype=float)
    X = np.column_stack([np.ones(len(rows)), arm, day, arm * day, rows["AGE"]])
    beta = np.linalg.lstsq(X, rows["value"].to_numpy(), rcond=None)[0]
    for name, treated in (("treated", 1.0), ("historical", 0.0)):
        expected = beta @ [1.0, treated, 7.0, 7.0 * treated, people["AGE"].mean()]
        assert number(ard, "mean", arm=name, **HERE) == pytest.approx(expected, abs=1e-6)


def test_mean_change_between_visits_follows_lines(dictionary: Dictionary) -> None:
    """Differences 0 at day 0, then D1, D3, D7 at the visits: trapezoids (D1/2 + 2 (D1 + D3)/2 + 4 (D3 + D7)/2) / 7."""
    people = patients()
    ard = analyse(people, at_days(people, [1, 3, 7]), dictionary, days=[1, 3, 7], ladder=[INTERCEPT], permutation=FEW)
    D = {day: number(ard, "estimate", day=day, analysis="mixed_model") for day in (1, 3, 7)}
    expected = (D[1] / 2 + (D[1] + D[3]) + 2 * (D[3] + D[7])) / 7
    assert number(ard, "estimate", level="mean_7", analysis="mixed_model") == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("days", [[7], [6, 7, 8]])
def test_one_visit_each_is_a_comparison_of_that_visit(days: list[int], dictionary: Dictionary) -> None:
    people = patients()
    measured = at_days(people, [6, 7, 8])
    own = people.set_index("patient_id").assign(day=np.resize(days, len(people)))["day"]
    once = measured[(measured["day"] == 0) | (measured["day"] == measured["patient_id"].map(own))]
    ard = analyse(people, once, dictionary, ladder=[SLOPE, INTERCEPT], permutation=FEW, days=[7])
    y = once[once["day"] > 0].set_index("patient_id")["value"].reindex(people["patient_id"])
    x = once[once["day"] == 0].set_index("patient_id")["value"].reindex(people["patient_id"])
    X = np.column_stack([np.ones(len(people)), people["arm"] == "treated", x]).astype(float)
    assert number(ard, "estimate", **HERE) == pytest.approx(np.linalg.lstsq(X, y, rcond=None)[0][1], abs=1e-4)


def test_what_one_arm_lacks_is_refused_alone(dictionary: Dictionary) -> None:
    """The treated are measured at day 7 only, controls every day: one course for both, and day 14 is refused."""
    people = patients()
    measured = visits(people)
    kept = measured[(measured["arm"] == "historical") | measured["day"].isin([0, 7])]
    ard = analyse(people, kept, dictionary, permutation=FEW)
    assert ard.loc[ard["statistic"] == "mean_model", "text"].tolist() == ["spline_common"]
    assert refusals(ard) == {14: "too_few_patients_at_day"}
    assert number(ard, "estimate", **HERE) == pytest.approx(40, abs=25)


def test_declared_time_is_followed(dictionary: Dictionary) -> None:
    people = patients()
    daily, few = visits(people), at_days(people, [1, 3, 7, 14])
    assert choose_time(data_of(people, daily, dictionary), settings()) == "spline"
    assert choose_time(data_of(people, few, dictionary), settings()) == "visits"
    for time in ("visits", "spline", "line"):
        assert choose_time(data_of(people, daily, dictionary), settings(time=time)) == time
    assert choose_time(data_of(people, few, dictionary), settings(straight_lines=["PF"])) == "line"
    mean = build_mean_model(data_of(people, daily, dictionary), settings(time="visits", days=[7], visits=[1, 14]))
    assert mean.visits == (1, 7, 14)


# ---------------------------------------------------------------- the ladder
def test_the_rung_that_the_data_ask_for_is_chosen(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    slopes = people.set_index("patient_id").assign(s=np.random.default_rng(8).normal(0, 6, len(people)))["s"]
    steep = measured.copy()
    for name in ("value", "lower", "upper"):
        steep[name] += steep["patient_id"].map(slopes) * steep["day"]
    plan = {"ladder": [INTERCEPT, {**SLOPE, "per_arm": "pooled"}]}
    level = fit_ladder(data_of(people, measured, dictionary), settings(**plan))
    slope = fit_ladder(data_of(people, steep, dictionary), settings(**plan))
    assert isinstance(level, Fitted) and isinstance(slope, Fitted)
    assert (level.rung, slope.rung) == ("intercept", "slope_car1")
    assert [one.rung.id for one in slope.rungs] == ["slope_car1", "intercept"]


def test_the_choice_does_not_know_the_difference(dictionary: Dictionary) -> None:
    people = patients()
    plan = settings(ladder=[INTERCEPT, SLOPE])
    criteria = []
    for effect in (0.0, 500.0):
        fitted = fit_ladder(data_of(people, visits(people, effect=effect), dictionary), plan)
        assert isinstance(fitted, Fitted)
        criteria.append({one.rung.id: one.criterion for one in fitted.rungs})
    assert criteria[0] == pytest.approx(criteria[1], abs=1e-4)


def test_any_failure_of_a_rung_moves_on_and_is_recorded(
    dictionary: Dictionary, monkeypatch: pytest.MonkeyPatch
) -> None:
    from historical_controls.analysis.model import ladder

    real = ladder.fit_rung

    def failing(mean: object, rung: object, *rest: object, **more: object) -> object:
        if rung.id == "slope_car1":  # type: ignore[attr-defined]
            raise np.linalg.LinAlgError("Singular matrix")
        return real(mean, rung, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ladder, "fit_rung", failing)
    people = patients()
    data = data_of(people, visits(people), dictionary)
    fitted = fit_ladder(data, settings(ladder=[SLOPE, INTERCEPT]))
    assert isinstance(fitted, Fitted)
    assert (fitted.rung, fitted.tried) == ("intercept", (("slope_car1", "Singular matrix"),))
    refused = fit_ladder(data, settings(ladder=[SLOPE]))
    assert isinstance(refused, Refused) and refused.reason == "not_converged"


def test_an_arm_that_does_not_vary_within_patients_has_an_answer(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    treated = (measured["arm"] == "treated") & (measured["day"] > 0)
    first = measured[measured["day"] == 1].set_index("patient_id")["value"]
    for name in ("value", "lower", "upper"):
        measured.loc[treated, name] = measured.loc[treated, "patient_id"].map(first)
    rungs = [{**SLOPE, "per_arm": "free"}, {**INTERCEPT, "per_arm": "free", "id": "free"}, INTERCEPT]
    ard = analyse(people, measured, dictionary, ladder=rungs, permutation=FEW)
    assert refusals(ard) == {}
    assert number(ard, "estimate", **HERE)


# ---------------------------------------------------------------- days
def test_a_course_that_ends_before_the_day_does_not_tell_of_it(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    gone = (measured["day"] > 13) & measured["patient_id"].isin(["p00", "p01", "p02"])
    data = data_of(people, measured[~gone], dictionary)
    assert measured_at(data, "treated", 14, settings()) == 2
    assert measured_at(data, "treated", 13, settings()) == 5
    seldom = data_of(people, measured[~gone & measured["day"].isin([0, 3, 7, 10, 13, 17, 20])], dictionary)
    assert measured_at(seldom, "treated", 14, settings(time="spline")) == 5
    assert refusals(analyse(people, measured[~gone], dictionary, permutation=FEW)) == {14: "too_few_patients_at_day"}


def test_an_answer_that_says_otherwise_or_is_much_wider_disagrees() -> None:
    plan = settings()
    assert not disagrees((10, 20), (9, 22), plan)
    assert disagrees((10, 20), (-1, 12), plan)
    assert disagrees((10, 20), (1, 30), plan)
    assert not disagrees((10, 20), (float("nan"), 30), plan)


# ---------------------------------------------------------------- no copies
def test_the_same_rungs_of_the_same_rows_start_at_their_maxima(dictionary: Dictionary) -> None:
    people = patients()
    data, plan = data_of(people, visits(people), dictionary), settings(ladder=[INTERCEPT, SLOPE])
    alone = fit_ladder(data, plan)
    assert isinstance(alone, Fitted)
    renamed = [rung.model_copy(update={"id": f"again_{rung.id}"}) for rung in plan.ladder]
    again = fit_ladder(data, plan.model_copy(update={"ladder": renamed}), near=alone.maxima)
    assert isinstance(again, Fitted) and len(again.rungs) == 2
    for one, before in zip(again.rungs, alone.rungs, strict=True):
        assert [attempt.start for attempt in one.fit.attempts] == ["given"] and one.fit.attempts[0].steps <= 1
        assert one.criterion == pytest.approx(before.criterion, abs=1e-9)
    # Another mean has maxima of its own.
    other = fit_ladder(data, plan.model_copy(update={"spline_df": 1}), near=alone.maxima)
    assert isinstance(other, Fitted) and other.fit.attempts[0].start == "spread 1"


def test_a_rung_below_one_of_fewer_parameters_is_fitted_from_all_starts(dictionary: Dictionary) -> None:
    """Slopes hold the intercept as a special case: a lower likelihood is no maximum, or not the highest."""
    people = patients()
    fitted = fit_ladder(data_of(people, visits(people), dictionary), settings(ladder=[INTERCEPT, SLOPE]))
    assert isinstance(fitted, Fitted)
    level, slope = sorted(fitted.rungs, key=lambda one: len(one.fit.point.theta))
    assert ladder._highest(slope, [level, slope]) is slope
    far = slope.fit.point
    start = evaluate(far.engine, far.parameters, far.parameters.start(50.0))
    assert start is not None and start.loglik < level.fit.loglik
    poor = ladder.rung_fit(slope.rung, replace(slope.fit, optimum=start))
    again = ladder._highest(poor, [level, poor])
    assert again.criterion == pytest.approx(slope.criterion, abs=1e-6)


def test_a_scenario_that_changes_nothing_is_no_second_answer(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    base = analysis_inputs(people, measured, dictionary, permutation=FEW)
    other = analysis_inputs(people, measured, dictionary, permutation=FEW, max_share_censored=0.4)
    slope = analysis_inputs(people, measured, dictionary, permutation=FEW, ladder=[SLOPE])
    ard = analyse_grid([replace(other, scenario="other"), replace(slope, scenario="slope")], ["PF"], [7], base)
    said = ard.loc[ard["statistic"] == "not_applicable", ["scenario", "outcome", "analysis", "text"]]
    assert said.to_numpy().tolist() == [
        ["other", "", "mixed_model", "changes_nothing"],
        # No rank depends on a covariance.
        ["slope", "PF", "worst_rank", "changes_nothing"],
    ]
    assert (ard["statistic"] == "estimate").sum() == 2  # the model's and the permutation's, under the other rung
    assert not (ard["statistic"] == "win_odds").any()


def test_a_copy_by_another_number_of_labellings_is_a_copy(dictionary: Dictionary) -> None:
    """The primary analysis has all labellings, a scenario fewer: the rung that was chosen, alone, changes nothing."""
    people = patients()
    measured = visits(people)
    plan = {"exact_up_to": 10, "draws": 3000, "scenario_draws": 1000}
    base = analysis_inputs(people, measured, dictionary, permutation=plan, ladder=[INTERCEPT, SLOPE])
    assert base.scenario == "primary"
    fitted = fit_ladder(base.table("PF"), base.settings)
    assert isinstance(fitted, Fitted)
    chosen = analysis_inputs(people, measured, dictionary, permutation=plan, ladder=[fitted.rungs[0].rung])
    ard = analyse_grid([replace(chosen, scenario="chosen")], ["PF"], [7], base)
    assert ard[["outcome", "statistic", "text"]].to_numpy().tolist() == [["", "not_applicable", "changes_nothing"]]


def test_a_weighted_scenario_is_no_copy_and_ranks_nobody(dictionary: Dictionary) -> None:
    people = patients()
    base = analysis_inputs(people, visits(people), dictionary, permutation=FEW)
    weights = pd.Series(np.linspace(0.2, 1, len(people)), index=base.analysis_set.patients["subject"])
    own = analysis_inputs(people, visits(people), dictionary, permutation=FEW, df_method="satterthwaite")
    weighted = replace(own, scenario="entropy", comparison=replace(base.comparison, method="entropy", weights=weights))
    ard = analyse_grid([weighted], ["PF"], [7], base)
    assert not (ard["statistic"] == "not_applicable").any()
    assert ard.loc[ard["statistic"] == "not_ranked", "text"].tolist() == ["weighted"]


def test_a_line_for_an_outcome_that_is_a_line_is_no_second_answer(dictionary: Dictionary) -> None:
    people = patients()
    measured = pd.concat([visits(people), visits(people, "HR")])
    declared = {"permutation": FEW, "straight_lines": ["HR"]}
    base = analysis_inputs(people, measured, dictionary, **declared)
    line = analysis_inputs(people, measured, dictionary, **declared, spline_df=1)
    ard = analyse_grid([replace(line, scenario="line")], ["PF", "HR"], [7], base)
    said = ard.loc[ard["statistic"] == "not_applicable", ["outcome", "analysis"]]
    assert said.to_numpy().tolist() == [["HR", "mixed_model"], ["PF", "worst_rank"]]


def test_a_cohort_that_stays_the_same_is_not_applicable_once(dictionary: Dictionary) -> None:
    people = patients()
    measured = pd.concat([visits(people), visits(people, "HR")])
    base = analysis_inputs(people, measured, dictionary, permutation=FEW)
    excluded = people.assign(patient_id=people["patient_id"] + "x", included=False)
    same = pd.concat([excluded, people]).assign(scenario="same", display_id="other", undecided="age")
    fewer = people[people["patient_id"] != "p29"]
    # Tables of scenarios hold the outcomes that are asked for; the primary ones hold all, and values to the last digit.
    further = measured.assign(value=measured["value"] * 585 / 760 * 760 / 585)
    base = replace(base, visits=pd.concat([measured, visits(people, "RR")]))
    scenarios = [
        replace(base, scenario="same", patients=same, visits=further.iloc[::-1]),
        replace(base, scenario="fewer", patients=fewer),
    ]
    ard = analyse_grid(scenarios, ["PF", "HR"], [7], base)
    assert ard.loc[ard["scenario"] == "same", ["outcome", "statistic", "text"]].to_numpy().tolist() == [
        ["", "not_applicable", "changes_no_patient"]
    ]
    assert set(ard.loc[(ard["scenario"] == "fewer") & (ard["statistic"] == "estimate"), "outcome"]) == {"PF", "HR"}


def test_a_refused_scenario_counts_the_included_alone(dictionary: Dictionary) -> None:
    """The table of patients that batch `methods` reads holds everyone considered, with who of them is included."""
    people = patients()
    excluded = people.assign(patient_id=people["patient_id"] + "x", included=False)
    base = analysis_inputs(people, visits(people), dictionary, permutation=FEW)
    refused = replace(base.comparison, refusal="outside_hull")
    asked = replace(base, scenario="entropy", patients=pd.concat([excluded, people]), comparison=refused)
    ard = analyse_grid([asked], ["PF"], [7], base)
    counted = ard.loc[ard["statistic"] == "n_subjects"].set_index("arm")["value"]
    assert counted.to_dict() == people["arm"].value_counts().to_dict()


def test_an_outcome_that_a_scenario_does_not_reach_is_named_alone(dictionary: Dictionary) -> None:
    people = patients()
    measured = pd.concat([visits(people, days=9), visits(people, "CRP", effect=0, log=True, days=9)])
    low = (measured["outcome"] == "CRP") & (measured["patient_id"] == "p03") & (measured["day"] == 3)
    measured.loc[low, ["value", "lower"]] = [np.nan, 0.0]
    base = analysis_inputs(people, measured, dictionary, permutation=FEW)
    half = analysis_inputs(people, measured, dictionary, permutation=FEW, limits="half_the_limit")
    ard = analyse_grid([replace(half, scenario="half")], ["PF", "CRP"], [7], base)
    unchanged = ard[ard["statistic"] == "not_applicable"]
    # Once for each of its analyses.
    assert set(unchanged["outcome"]) == {"PF"} and unchanged["analysis"].is_unique
    assert "CRP" in set(ard.loc[ard["statistic"] == "estimate", "outcome"])


# ---------------------------------------------------------------- time axes
def test_times_before_time_zero_are_covariates(dictionary: Dictionary) -> None:
    people = patients()
    people = people.assign(hours_from_admission=np.linspace(50, 120, len(people)), calendar_week=np.nan)
    data = data_of(people, visits(people), dictionary, covariates=["AGE", "hours_from_admission", "calendar_week"])
    assert data.left_out == {"hours_from_admission": "covariate_collinear", "calendar_week": "covariate_unknown"}
    uneven = people.assign(hours_from_admission=np.linspace(50, 120, len(people)) ** 2)
    data = data_of(uneven, visits(people), dictionary, covariates=["AGE", "hours_from_admission"])
    assert "x_hours_from_admission" in data.covariates


# ---------------------------------------------------------------- periods
def test_no_mean_over_a_period_comes_from_a_single_day(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    day_7 = measured["day"].isin([0, 7])
    one_each = (measured["day"] == 0) | (measured["day"] == measured["patient_id"].str[1:].astype(int) % 3 + 6)
    for own in (measured[day_7], measured[day_7 | (measured["arm"] == "historical")], measured[one_each]):
        ard = analyse(people, own, dictionary, mean_over=[7])
        assert number(ard, "estimate", **HERE)
        period = ard[(ard["level"] == "mean_7") & (ard["statistic"] == "not_estimable")]
        assert period["text"].tolist() == ["one_day_only"]


def test_everybody_measured_once_is_analysis_of_covariance(dictionary: Dictionary) -> None:
    """Ordinary least squares of day 7 on arm and baseline; unadjusted, Student's t."""
    people = patients()
    measured = visits(people)
    measured = measured[measured["day"].isin([0, 7])]
    wide = measured.pivot_table(index="patient_id", columns="day", values="value")
    arm = (people.set_index("patient_id")["arm"] == "treated").astype(float).reindex(wide.index)
    for adjusted, columns in ((True, [wide[0]]), (False, [])):
        X = np.column_stack([np.ones(len(wide)), arm, *columns])
        beta, rest = np.linalg.lstsq(X, wide[7], rcond=None)[:2]
        df = len(X) - X.shape[1]
        error = np.sqrt(rest[0] / df * np.linalg.inv(X.T @ X)[1, 1])
        ard = analyse(people, measured, dictionary, adjust_for_baseline=adjusted)
        assert number(ard, "estimate", **HERE) == pytest.approx(beta[1], rel=1e-9)
        assert number(ard, "standard_error", **HERE) == pytest.approx(error, rel=1e-9)
        assert number(ard, "df", **HERE) == pytest.approx(df)


def test_unadjusted_means_begin_at_day_1_and_are_no_change(dictionary: Dictionary) -> None:
    """A constant difference of 40: over days 1 to 7 the mean difference is it, not the 6.5/7 of a change from none."""
    people = patients()
    measured = visits(people)
    ard = analyse(people, measured, dictionary, mean_over=[7], adjust_for_baseline=False, time="line")
    day_4 = analyse(people, measured, dictionary, days=[4], adjust_for_baseline=False, time="line")
    at = {"analysis": "mixed_model", "contrast": "treated - historical"}
    assert "mean_7" not in set(ard["level"])
    assert number(ard, "estimate", level="average_7", **at) == pytest.approx(number(day_4, "estimate", day=4, **at))


@pytest.mark.parametrize("time", ["line", "spline"])
@pytest.mark.parametrize("adjusted", [True, False])
def test_no_mean_reads_a_curve_before_the_first_day_with_responses(
    time: str, adjusted: bool, dictionary: Dictionary
) -> None:
    """A baseline of 24 hours leaves no day 1: trapezoids over days 0 or 1 to 7, with L(1) in terms of L(2) (EM-1)."""
    people = patients()
    measured = visits(people)
    measured = measured[measured["day"] != 1]
    plan = {"adjust_for_baseline": adjusted, "time": time, "mean_over": [7]}
    found = fit_ladder(data_of(people, measured, dictionary, **plan), settings(**plan))
    assert isinstance(found, Fitted)
    weights = found.mean.weights(7, adjusted)
    # Of a change L(1) = L(2) / 2; of a mean difference L(1) = L(2), half a day of it.
    second = (1 + 1 / 2) / 7 if adjusted else (1 + 1 / 2) / 6
    rest = [1 / 7] * 4 + [0.5 / 7] if adjusted else [1 / 6] * 4 + [0.5 / 6]
    assert list(weights) == [2, 3, 4, 5, 6, 7]
    assert list(weights.values()) == pytest.approx([second, *rest])
    # As the same days give as visits.
    days = (2, 3, 4, 5, 6, 7)
    as_visits = replace(found.mean, visits=days, shared_visits=days).weights(7, adjusted)
    assert weights == pytest.approx(as_visits)


def test_a_baseline_that_most_of_an_arm_lack_is_not_filled_from_the_other(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    for kept, reason in ((["p00", "p01", "p02"], None), (["p00", "p01"], "covariate_mostly_unknown")):
        gone = (measured["arm"] == "treated") & (measured["day"] == 0) & ~measured["patient_id"].isin(kept)
        data = data_of(people, measured[~gone], dictionary)
        assert data.left_out.get("baseline") == reason


# ---------------------------------------------------------------- slopes
@pytest.mark.parametrize(
    ("days", "level", "per", "factor"),
    [
        (1, "slope", "d", 1.0),
        (10, "slope_week", "wk", 7.0),
        (60, "slope_month", "mo", 365.25 / 12),
        (365, "slope_year", "a", 365.25),
    ],
)
def test_slopes_are_per_the_time_of_the_study(
    days: int, level: str, per: str, factor: float, dictionary: Dictionary
) -> None:
    """The same course with its days stretched: the change per day shrinks, and is given per the unit that suits."""
    people = patients()
    measured = visits(people, days=8)
    measured = measured.assign(day=measured["day"] * days)
    own = {"days": [4 * days], "mean_over": [], "straight_lines": ["PF"], "visit_window_days": 1}
    ard = analyse(people, measured, dictionary, **own)
    base = analyse(people, visits(people, days=8), dictionary, days=[4], mean_over=[], straight_lines=["PF"])
    rows = ard[(ard["level"] == level) & (ard["statistic"] == "estimate")]
    assert rows["unit"].tolist() == [f"mmHg/{per}"]
    expected = number(base, "estimate", level="slope") / days * factor
    assert rows["value"].tolist() == pytest.approx([expected], rel=1e-6)


def test_a_change_between_different_people_is_no_slope(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    day_of = people.set_index("patient_id").assign(day=np.resize([5, 7, 9], len(people)))["day"]
    once = (measured["arm"] == "historical") & ~(measured["day"] == measured["patient_id"].map(day_of))
    ard = analyse(people, measured[~once], dictionary, straight_lines=["PF"], permutation=FEW)
    slope = ard[(ard["level"] == "slope") & (ard["statistic"] == "not_estimable")]
    assert slope["text"].tolist() == ["one_value_each"]
