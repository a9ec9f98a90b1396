"""The analysis stage on hand-made cohorts: what is estimated, what is refused, and with which words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.model.ladder import with_open_bounds
from historical_controls.analysis.model.mean_model import at_visits
from historical_controls.analysis.model.model_data import model_data
from historical_controls.analysis.outcomes import analyse_outcomes
from historical_controls.analysis.without_model.worst_rank import rank_patients
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.tables.registry import COHORT_PATIENTS, VISITS

ROOT = Path(__file__).resolve().parents[3]
PRIMARY = Primary(outcome="PF", day=7)
SLOPE = {"id": "slope_car1", "random": "1 + day", "residual": "car1", "per_arm": "one_scale"}
INTERCEPT = {"id": "intercept", "random": "1", "residual": "iid", "per_arm": "pooled"}
VISIT = {"id": "visits", "random": None, "residual": "csh", "per_arm": "pooled"}


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "data/dictionary")


def settings(**changes: object) -> Analysis:
    # All 142,506 labellings of 5 among 30 would take most of a test's time and show nothing that a thousand do not.
    few = {"exact_up_to": 1000, "draws": 1000, "scenario_draws": 1000}
    plain = {"days": [7, 14], "ladder": [INTERCEPT], "visit_window_days": 1}
    plain["permutation"] = few
    return Analysis.model_validate({**plain, **changes})


def patients(n_treated: int = 5, n_historical: int = 25) -> pd.DataFrame:
    arms = ["treated"] * n_treated + ["historical"] * n_historical
    frame = pd.DataFrame({"arm": arms, "patient_id": [f"p{i:02d}" for i in range(len(arms))]})
    frame = frame.assign(
        scenario="primary",
        source="s",
        included=True,
        excluded_by="",
        display_id="",
        end_state="horizon",
        end_day=21.0,
        responses_from=0.0,
    )
    return frame.assign(AGE=np.linspace(40, 70, len(frame))).reindex(columns=[*COHORT_PATIENTS.names, "AGE"])


def visits(
    people: pd.DataFrame, code: str = "PF", effect: float = 40.0, days: int = 20, seed: int = 3, log: bool = False
) -> pd.DataFrame:
    """Daily values about 100 rising by 3 a day, plus `effect` from day 1 on in the treated."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in people.itertuples():
        level = rng.normal(0, 0.2 if log else 20)
        for day in range(days + 1):
            shift = effect * (person.arm == "treated") * (day > 0)
            linear = (3 + 0.02 * day if log else 100 + 3 * day) + level + shift + rng.normal(0, 0.1 if log else 8)
            rows.append((person.patient_id, person.arm, day, np.exp(linear) if log else linear))
    frame = pd.DataFrame(rows, columns=["patient_id", "arm", "day", "value"]).assign(
        scenario="primary", source="s", outcome=code, n=1, assay="A", flags=""
    )
    return frame.assign(lower=frame["value"], upper=frame["value"])[list(VISITS.names)]


def analysis_inputs(
    people: pd.DataFrame,
    measured: pd.DataFrame,
    dictionary: Dictionary,
    comparison: Comparison | None = None,
    **changes: object,
) -> AnalysisInputs:
    plan = settings(**changes)
    return AnalysisInputs("primary", people, measured, plan, dictionary, PRIMARY, comparison or Comparison(), 1, 21)


def analyse(people: pd.DataFrame, measured: pd.DataFrame, dictionary: Dictionary, **changes: object) -> pd.DataFrame:
    code = measured["outcome"].iloc[0] if len(measured) else "PF"
    return analyse_outcomes([code], analysis_inputs(people, measured, dictionary, **changes)).ard


def number(ard: pd.DataFrame, statistic: str, **keys: object) -> float:
    rows = ard[ard["statistic"] == statistic]
    for name, value in {"level": "", **keys}.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1, rows
    return float(rows["value"].iloc[0])


def refusals(ard: pd.DataFrame) -> dict[float | None, str]:
    rows = ard[(ard["statistic"] == "not_estimable") & (ard["level"] == "")]
    return {None if pd.isna(day) else day: text for day, text in zip(rows["day"], rows["text"], strict=True)}


def test_known_difference_is_recovered_with_its_interval(dictionary: Dictionary) -> None:
    people = patients()
    ard = analyse(people, visits(people), dictionary, ladder=[SLOPE])
    for day in (7, 14):
        here = {"day": day, "contrast": "treated - historical", "analysis": "mixed_model"}
        estimate, lower, upper = (number(ard, name, **here) for name in ("estimate", "lower", "upper"))
        error = number(ard, "standard_error", **here)
        assert abs(estimate - 40) < 3 * error
        assert 2 * 1.9 * error < upper - lower < 2 * 2.5 * error
        assert number(ard, "df", **here) < 40


def test_log_outcomes_are_reported_as_ratios(dictionary: Dictionary) -> None:
    people = patients()
    ard = analyse(people, visits(people, "CRP", effect=np.log(0.5), log=True), dictionary)
    rows = ard[(ard["statistic"] == "estimate") & (ard["day"] == 7) & (ard["analysis"] == "mixed_model")]
    row = rows[rows["level"] == ""].iloc[0]
    assert row["unit"] == "ratio"
    assert row["value"] == pytest.approx(0.5, abs=0.15)
    mean = {arm: number(ard, "mean", arm=arm, day=7, analysis="mixed_model") for arm in ("treated", "historical")}
    assert mean["treated"] / mean["historical"] == pytest.approx(row["value"], rel=1e-6)


def test_difference_is_that_of_the_means_at_equal_covariates(dictionary: Dictionary) -> None:
    people = patients()
    ard = analyse(people, visits(people), dictionary, covariates=["AGE"])
    mean = {arm: number(ard, "mean", arm=arm, day=7, analysis="mixed_model") for arm in ("treated", "historical")}
    estimate = number(ard, "estimate", day=7, analysis="mixed_model")
    assert mean["treated"] - mean["historical"] == pytest.approx(estimate, rel=1e-9)


@pytest.mark.parametrize(
    ("n_treated", "n_historical", "reason"),
    [(2, 25, "too_few_patients"), (5, 2, "too_few_patients"), (0, 25, "no_treated_data"), (5, 0, "no_controls")],
)
def test_too_few_patients_are_refused(n_treated: int, n_historical: int, reason: str, dictionary: Dictionary) -> None:
    people = patients(n_treated, n_historical)
    ard = analyse(people, visits(people), dictionary)
    assert refusals(ard) == {None: reason}
    assert not ard["statistic"].isin(["estimate", "p_value"]).any()


def test_whether_there_is_one_arm_is_declared_and_not_read_off_the_patients(dictionary: Dictionary) -> None:
    """Controls who never arrived are a comparison that failed; it was described as one arm without a word."""
    people = patients(5, 0)
    inputs = analysis_inputs(people, visits(people), dictionary)
    two, one = (analyse_outcomes(["PF"], replace(inputs, single_arm=single)).ard for single in (False, True))
    assert "description" not in set(two["analysis"]) and refusals(two) == {None: "no_controls"}
    assert (one["analysis"] == "description").sum() > 10


def test_arms_measured_with_different_assays_are_refused(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people, "IL6", effect=0, log=True)
    measured["assay"] = measured["arm"].map({"treated": "panel", "historical": "eclia"})
    assert refusals(analyse(people, measured, dictionary)) == {None: "assays_differ"}
    measured.loc[measured["arm"] == "treated", "assay"] = "eclia;panel"
    assert refusals(analyse(people, measured, dictionary)) == {}


def test_a_day_that_few_reached_is_refused_alone(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    gone = (measured["arm"] == "treated") & (measured["day"] > 9) & ~measured["patient_id"].isin(["p00", "p01"])
    ard = analyse(people, measured[~gone], dictionary)
    assert refusals(ard) == {14: "too_few_patients_at_day"}
    assert number(ard, "estimate", day=7, analysis="mixed_model")


def test_a_fit_that_cannot_converge_gives_no_number(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    measured[["value", "lower", "upper"]] = 100.0
    assert refusals(analyse(people, measured, dictionary)) == {None: "constant_response"}


def test_declared_reason_stands_before_everything_else(dictionary: Dictionary) -> None:
    people = patients()
    ard = analyse(people, visits(people), dictionary, not_concluded={"PF": "declared"})
    assert refusals(ard) == {None: "declared"}


def test_missing_baseline_drops_nobody_and_is_counted(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    measured = measured[~((measured["day"] == 0) & measured["patient_id"].isin(["p00", "p10"]))]
    data = model_data(dictionary.outcomes["PF"], people, measured, settings(), dictionary)
    assert data.imputed["baseline"] == 2
    assert data.frame["subject"].nunique() == 30
    pooled = measured.loc[measured["day"] == 0, "value"].mean()
    own = data.frame.loc[data.frame["subject"] == "s/p00", "baseline"]
    assert own.to_numpy() == pytest.approx(pooled)


def test_baseline_is_no_response(dictionary: Dictionary) -> None:
    people = patients()
    data = model_data(dictionary.outcomes["PF"], people, visits(people), settings(), dictionary)
    assert data.frame["day"].min() == 1


def test_excluded_patients_do_not_enter(dictionary: Dictionary) -> None:
    people = patients()
    people.loc[people["patient_id"] == "p29", "included"] = False
    ard = analyse(people, visits(people), dictionary)
    assert number(ard, "n_subjects", arm="historical", analysis="mixed_model") == 24


def below(measured: pd.DataFrame, share: float) -> pd.DataFrame:
    """This share of the values after time zero known only to lie below a limit."""
    limit = measured.loc[measured["day"] > 0, "value"].quantile(share)
    low = (measured["value"] < limit) & (measured["day"] > 0)
    censored = measured.copy()
    censored.loc[low, ["value", "lower"]] = [np.nan, 0.0]
    censored.loc[low, "upper"] = limit
    return censored


def test_values_beyond_a_limit_take_the_same_ladder(dictionary: Dictionary) -> None:
    people = patients()
    measured = below(visits(people, "IL6", days=8, effect=np.log(0.5), log=True), 0.2)
    ard = analyse(people, measured, dictionary)
    assert ard.loc[ard["statistic"] == "df_method", "text"].tolist() == ["kenward-roger"]
    assert number(ard, "share_censored") == pytest.approx(0.2, abs=0.05)
    assert number(ard, "estimate", day=7, analysis="mixed_model") == pytest.approx(0.5, abs=0.15)
    assert refusals(analyse(people, measured, dictionary, max_share_censored=0.05)) == {None: "mostly_censored"}
    again = analyse(people, measured, dictionary)
    assert again.equals(ard)


@pytest.mark.parametrize("rungs", [[INTERCEPT], [SLOPE, INTERCEPT]])
def test_one_value_below_a_limit_hardly_moves_the_answer(rungs: list[dict], dictionary: Dictionary) -> None:
    """One of 240 values: rung, method and, nearly, estimate, standard error and df stay (issue: df 9.8 to 38)."""
    people = patients()
    measured = visits(people, "IL6", days=8, effect=np.log(0.5), log=True)
    exact, censored = (
        analyse(people, table, dictionary, days=[7], ladder=rungs) for table in (measured, below(measured, 1.5 / 240))
    )
    assert number(exact, "share_censored") == 0
    assert 0 < number(censored, "share_censored") < 0.01
    for name in ("covariance_rung", "df_method"):
        one, other = (ard.loc[ard["statistic"] == name, "text"].tolist() for ard in (exact, censored))
        assert one == other
    at = {"day": 7, "analysis": "mixed_model"}
    error = number(exact, "standard_error", **at)
    logs = [np.log(number(ard, "estimate", **at)) for ard in (exact, censored)]
    assert logs[1] == pytest.approx(logs[0], abs=0.1 * error)
    assert number(censored, "standard_error", **at) == pytest.approx(error, rel=0.03)
    assert number(censored, "df", **at) == pytest.approx(number(exact, "df", **at), rel=0.05)


def test_the_rung_is_named(dictionary: Dictionary) -> None:
    people = patients()
    ard = analyse(people, visits(people), dictionary, ladder=[SLOPE])
    assert ard.loc[ard["statistic"] == "covariance_rung", "text"].tolist() == ["slope_car1"]
    visit = analyse(people, visits(people), dictionary, ladder=[VISIT])
    assert visit.loc[visit["statistic"] == "covariance_rung", "text"].tolist() == ["visits"]


def test_a_day_belongs_to_its_nearest_visit_once() -> None:
    frame = pd.DataFrame({"subject": "a", "day": [1, 2, 3, 6, 8, 12], "y": range(6)})
    placed = at_visits(frame, settings(days=[7], visits=[1, 3, 7, 14]))
    assert placed["visit"].tolist() == [1, 3, 7, 14]
    assert placed["day"].tolist() == [1, 3, 6, 12]


def test_rows_that_say_nothing_leave_and_open_bounds_are_infinite() -> None:
    frame = pd.DataFrame({"y": [1.0, np.nan, np.nan, np.nan], "lower": [1.0, -np.inf, 2.0, np.nan]})
    frame["upper"] = [1.0, 0.5, np.nan, np.nan]
    bounded = with_open_bounds(frame)
    assert bounded["lower"].tolist() == [1.0, -np.inf, 2.0]
    assert bounded["upper"].tolist() == [1.0, 0.5, np.inf]
    assert bounded["y"].tolist() == [1.0, 0.5, 2.0]


def test_curves_end_with_the_last_patient_of_the_arm(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    ard = analyse(people, measured[(measured["arm"] == "historical") | (measured["day"] <= 12)], dictionary)
    curve = ard[(ard["analysis"] == "trajectory") & (ard["statistic"] == "mean")]
    assert curve.loc[curve["arm"] == "treated", "day"].max() == 12
    assert curve.loc[curve["arm"] == "historical", "day"].max() == 20
    arms = ard[(ard["analysis"] == "trajectory") & (ard["arm"] != "")]
    wide = arms.pivot_table(index=["arm", "day"], columns="statistic", values="value")
    assert (wide["lower_simultaneous"] <= wide["lower"] + 1e-9).all()
    assert (wide["lower"] < wide["mean"]).all()


def with_deaths(people: pd.DataFrame, deaths: dict[str, float]) -> pd.DataFrame:
    day = people["patient_id"].map(deaths)
    return people.assign(
        end_state=people["end_state"].mask(day.notna(), "death"), end_day=day.fillna(people["end_day"])
    )


def wins(
    people: pd.DataFrame, measured: pd.DataFrame, day: int, dictionary: Dictionary, **changes: object
) -> pd.Series:
    """Each patient's wins minus losses over all others."""
    inputs = analysis_inputs(people, measured, dictionary, **changes)
    ranked = rank_patients(dictionary.outcomes[measured["outcome"].iloc[0]], inputs.analysis_set, day)
    return pd.Series(ranked.pairs.sum(axis=1), index=ranked.people["patient_id"])


def test_death_is_worse_than_any_value_and_earlier_is_worse(dictionary: Dictionary) -> None:
    people = with_deaths(patients(), {"p00": 2.0, "p01": 5.5, "p02": 12.0})
    order = wins(people, visits(people), 7, dictionary).sort_values()
    assert order.index.tolist()[:2] == ["p00", "p01"]
    assert order["p00"] == -29 and order["p01"] == -27


def test_lower_is_better_turns_the_ranks_around(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people, "HR")
    last = measured[measured["day"] == 7].set_index("patient_id")["value"]
    assert wins(people, measured, 7, dictionary).idxmax() == last.idxmin()


def test_last_value_up_to_the_day_stands_after_discharge(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    home = measured[~((measured["patient_id"] == "p05") & (measured["day"] > 3))]
    values = home[home["day"] <= 7].groupby("patient_id")["value"].last()
    own = wins(people, home, 7, dictionary)["p05"]
    assert own == (values["p05"] > values).sum() - (values["p05"] < values).sum()


def test_headline_outcome_has_the_death_aware_answer_and_says_whether_they_agree(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people, effect=38)
    ard = analyse(people, measured, dictionary)
    odds = {name: number(ard, name, analysis="worst_rank", day=7) for name in ("win_odds", "lower", "upper")}
    assert odds["lower"] < odds["win_odds"] < odds["upper"]
    floor, p = (number(ard, name, analysis="worst_rank", day=7) for name in ("p_floor", "p_value"))
    assert floor <= p
    assert ard.loc[ard["statistic"] == "agreement", "text"].tolist() == ["agree"]
    dead = with_deaths(people, {f"p0{i}": 3.0 for i in range(4)})
    kept = measured[~(measured["patient_id"].isin(["p00", "p01"]) & (measured["day"] > 3))]
    disagreeing = analyse(dead, kept, dictionary)
    assert number(disagreeing, "n_died", arm="treated", day=7) == 4
    assert disagreeing.loc[disagreeing["statistic"] == "agreement", "text"].tolist() == ["disagree"]


def test_every_outcome_with_a_good_direction_has_ranks_at_every_day_in_its_own_table(dictionary: Dictionary) -> None:
    people = patients()
    ard = analyse(people, visits(people, "HR"), dictionary)
    ranked = ard[(ard["analysis"] == "worst_rank") & (ard["statistic"] == "p_value")]
    assert ranked["day"].tolist() == [7, 14]
    assert set(ranked["output_id"]) == {"14.2.3"}
    assert "agreement" not in set(ard["statistic"])
    neither = analyse(people, visits(people, "WBC", effect=0, log=True), dictionary)
    ranks = neither[neither["analysis"] == "worst_rank"]
    assert ranks[["statistic", "text"]].to_numpy().tolist() == [["not_ranked", "no_direction"]]
