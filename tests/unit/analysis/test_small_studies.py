"""The edges of small studies: categories, limits, deaths on the last day, unknown deaths, patients not measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from historical_controls.analysis.model.model_data import model_data
from historical_controls.analysis.without_model.limits_of_detection import is_detected
from historical_controls.analysis.without_model.vital_status import n_at_risk, survival_pairs
from historical_controls.analysis.without_model.win_ratio import win_ratio_rows
from historical_controls.analysis.without_model.worst_rank import rank_patients, worst_rank_rows
from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.config.analysis.analysis import Primary
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.tables.endings import vital_status

from .test_analysis import (
    PRIMARY,
    ROOT,
    analyse,
    analysis_inputs,
    number,
    patients,
    refusals,
    settings,
    visits,
    with_deaths,
)

CELL = Cell(AnalysisKey.MIXED_MODEL, "primary", method="reml", outcome="PF", output=OutputId.RESPIRATORY)
FEW = {"exact_up_to": 500, "draws": 1000, "scenario_draws": 1000}


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "data/dictionary")


# ---------------------------------------------------------------- covariates
def wards(people: pd.DataFrame) -> pd.DataFrame:
    """Medical, surgical and transferred patients in both arms; the surgical have values 60 higher."""
    ward = np.array(["medical", "surgical", "transfer"])[np.arange(len(people)) % 3]
    return people.assign(SEX=np.where(people["patient_id"] == "p29", "unused", ward))


def test_a_category_enters_as_indicators_of_its_levels(dictionary: Dictionary) -> None:
    """The values differ by ward only, so that no difference is left between the arms; a number per ward gave 39."""
    people = wards(patients())
    measured = visits(people, effect=0.0)
    surgical = measured["patient_id"].isin(people.loc[people["SEX"] == "surgical", "patient_id"])
    for name in ("value", "lower", "upper"):
        measured[name] += 60.0 * surgical
    plan = settings(covariates=["SEX"], adjust_for_baseline=False)
    data = model_data(dictionary.outcomes["PF"], people, measured, plan, dictionary)
    assert data.covariates == ("x_SEX_1", "x_SEX_2", "x_SEX_3")  # reference: medical, the most frequent
    by_subject = data.frame.drop_duplicates("subject").set_index("subject")
    assert set(by_subject.index[by_subject["x_SEX_1"] == 1]) == {
        "s/" + one for one in people.loc[people["SEX"] == "surgical", "patient_id"]
    }
    one_visit = measured[measured["day"] == 7]
    arm = (people["arm"] == "treated").astype(float).to_numpy()
    levels = [(people["SEX"] == level).astype(float).to_numpy() for level in ("surgical", "transfer", "unused")]
    X = np.column_stack([np.ones(len(people)), arm, *levels])
    expected = np.linalg.lstsq(X, one_visit["value"].to_numpy(), rcond=None)[0][1]
    ard = analyse(people, one_visit, dictionary, covariates=["SEX"], adjust_for_baseline=False, days=[7])
    assert number(ard, "estimate", day=7, analysis="mixed_model") == pytest.approx(expected, abs=1e-6)


def test_tables_of_outcomes_that_share_their_patients_are_those_of_each_alone(dictionary: Dictionary) -> None:
    """Visits of other outcomes and of people who are not included, and the order of rows, change nothing."""
    people = wards(patients()).assign(AGE=np.linspace(40.0, 70.0, len(patients())))
    people["included"] = people["patient_id"] != "p3"
    own = visits(people)
    other = own.assign(outcome="CRP", value=own["value"] / 10, lower=own["lower"] / 10, upper=own["upper"] / 10)
    plan = settings(covariates=["AGE", "SEX", "CRP"])
    both = pd.concat([own, other], ignore_index=True).sample(frac=1.0, random_state=1)
    shared = replace(analysis_inputs(people, both, dictionary), settings=plan)
    for code in ("PF", "CRP", "IL6"):
        alone = pd.concat([one.loc[one["patient_id"] != "p3"] for one in (own, other)])
        table = model_data(dictionary.outcomes[code], people[people["included"]], alone, plan, dictionary)
        found = shared.table(code)
        assert found.frame.equals(table.frame)
        assert (found.covariates, found.imputed, found.left_out) == (table.covariates, table.imputed, table.left_out)
        assert [found.n_subjects(arm) for arm in ("treated", "historical")] == (
            [0, 0]
            if code == "IL6"
            else [found.frame.loc[found.frame["arm"] == arm, "subject"].nunique() for arm in ("treated", "historical")]
        )


def test_a_study_without_anybody_has_an_empty_model_table(dictionary: Dictionary) -> None:
    """As read from disk: text columns without a single piece, which pandas cannot merge."""
    nobody, measured = (pa.Table.from_pandas(frame).to_pandas() for frame in (patients().iloc[:0], visits(patients())))
    data = model_data(dictionary.outcomes["PF"], nobody, measured, settings(), dictionary)
    assert data.frame.empty and {"subject", "arm", "day", "y"} <= set(data.frame.columns)


def test_levels_of_patients_without_data_have_no_column(dictionary: Dictionary) -> None:
    people = wards(patients())
    measured = visits(people)
    data = model_data(
        dictionary.outcomes["PF"],
        people,
        measured[measured["patient_id"] != "p29"],
        settings(covariates=["SEX"]),
        dictionary,
    )
    assert data.covariates == ("baseline", "x_SEX_1", "x_SEX_2")


def test_a_covariate_that_cannot_enter_is_left_out_and_named(dictionary: Dictionary) -> None:
    people = patients().assign(SEX="male", WEIGHT=np.nan, HEIGHT=lambda d: 2 * d["AGE"] + 30)
    measured = visits(people)
    no_baseline = measured[~((measured["arm"] == "treated") & (measured["day"] == 0))]
    plan = settings(covariates=["AGE", "SEX", "WEIGHT", "HEIGHT"])
    data = model_data(dictionary.outcomes["PF"], people, no_baseline, plan, dictionary)
    assert data.covariates == ("x_AGE",)
    assert data.left_out == {
        "baseline": "covariate_unknown_in_arm",
        "SEX": "covariate_constant",
        "WEIGHT": "covariate_unknown",
        "HEIGHT": "covariate_collinear",
    }
    assert data.imputed == {"AGE": 0}


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_what_determines_a_covariate_is_no_matter_of_the_unit(dictionary: Dictionary, unit: float) -> None:
    people = patients().assign(AGE=lambda d: unit * d["AGE"])
    curved, straight = people["AGE"] ** 2 / unit, 2 * people["AGE"] / unit + 30
    for height, left_out in ((curved, {}), (straight, {"HEIGHT": "covariate_collinear"})):
        own = people.assign(HEIGHT=height)
        plan = settings(covariates=["AGE", "HEIGHT"], adjust_for_baseline=False)
        assert model_data(dictionary.outcomes["PF"], own, visits(own), plan, dictionary).left_out == left_out


def test_a_baseline_unknown_in_one_arm_leaves_the_unadjusted_answer(dictionary: Dictionary) -> None:
    """Filling it from the other arm gave a difference of the baselines for one of the arms."""
    people = patients()
    measured = visits(people)
    no_baseline = measured[~((measured["arm"] == "treated") & (measured["day"] == 0))]
    adjusted = analyse(people, no_baseline, dictionary, days=[7], permutation=FEW)
    plain = analyse(people, no_baseline, dictionary, days=[7], permutation=FEW, adjust_for_baseline=False)
    here = {"day": 7, "analysis": "mixed_model"}
    assert number(adjusted, "estimate", **here) == number(plain, "estimate", **here)
    left = adjusted[adjusted["statistic"] == "covariate_left_out"].set_index("level")["text"]
    assert left.to_dict() == {"baseline": "covariate_unknown_in_arm"}


def test_baselines_known_only_as_limits_are_counted(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people, "CRP", effect=0, log=True)
    low = (measured["day"] == 0) & measured["patient_id"].isin(["p01", "p20"])
    measured.loc[low, ["value", "lower"]] = np.nan
    data = model_data(dictionary.outcomes["CRP"], people, measured, settings(), dictionary)
    assert data.n_at_limit == 2


# ---------------------------------------------------------------- limits
def test_values_above_the_upper_limit_are_detected() -> None:
    outcome = load_dictionary(ROOT / "data/dictionary").outcomes["IL6"]
    people = pd.DataFrame({"y": [np.nan, np.nan, np.nan, 1.0], "lower": [-np.inf, 2.0, 0.5, 1.0]})
    people["upper"] = [1.0, np.inf, 0.7, 1.0]
    assert is_detected(people, outcome).tolist() == [False, True, True, True]


def test_worst_ranks_compare_limits_by_their_bounds(dictionary: Dictionary) -> None:
    """Treated near 3, 12 of 25 controls below 5: 5 x 13 pairs are decided, 5 x 12 are not and count half."""
    people = patients()
    measured = visits(people, "CRP", effect=0, days=7, log=True)
    treated = measured["arm"] == "treated"
    below = measured["patient_id"].isin([f"p{i:02d}" for i in range(5, 17)])
    for name in ("value", "lower", "upper"):
        measured[name] = np.where(treated, 3.0, 20.0 + measured["day"])
    measured.loc[below, "value"] = np.nan
    measured.loc[below, "lower"] = 0.0
    measured.loc[below, "upper"] = 5.0
    inputs = analysis_inputs(people, measured, dictionary, permutation=FEW)
    ranked = ard_frame(worst_rank_rows(CELL, dictionary.outcomes["CRP"], inputs.analysis_set, PRIMARY))
    assert number(ranked, "probability", day=7) == pytest.approx((5 * 13 + 5 * 12 / 2) / 125)
    primary = Primary(outcome="CRP", day=7, hierarchy=["CRP"])
    ratio = ard_frame(win_ratio_rows(CELL, inputs.analysis_set, pd.DataFrame(columns=["outcome"]), dictionary, primary))
    assert number(ratio, "probability") == number(ranked, "probability", day=7)
    assert ratio.loc[ratio["statistic"] == "no_interval", "text"].tolist() == ["no_losses"]


# ---------------------------------------------------------------- death
def test_a_death_on_the_last_day_loses_to_those_who_lived_through_it(dictionary: Dictionary) -> None:
    """All 25 controls die on day 21, the five treated live: 125 of 125 pairs are won."""
    people = with_deaths(patients(), {f"p{i:02d}": 21.0 for i in range(5, 30)})
    assert survival_pairs(people, np.inf)[:5, 5:].sum() == 125
    assert survival_pairs(people, 21)[:5, 5:].sum() == 125
    assert survival_pairs(people, 20)[:5, 5:].sum() == 0
    primary = Primary(outcome="PF", day=7)
    inputs = analysis_inputs(people, visits(people), dictionary, permutation=FEW)
    rows = ard_frame(win_ratio_rows(CELL, inputs.analysis_set, pd.DataFrame(columns=["outcome"]), dictionary, primary))
    assert number(rows, "n_wins") == 125


def test_whose_death_no_file_can_tell_of_is_unknown(dictionary: Dictionary) -> None:
    people = patients(3, 3).assign(
        end_state=["death", "last_record", "horizon", "transfer_out", "discharge_alive", "last_record"],
        end_day=[7.0, 6.9, 21.0, 3.0, 2.0, 7.0],
    )
    assert vital_status(people, 7).tolist() == ["died", "unknown", "alive", "unknown", "alive", "alive"]
    # p03, lost on day 3, is compared with nobody; p01, lost on day 6.9, neither, though p00 died later.
    assert survival_pairs(people, 7)[[1, 3]].tolist() == [[0.0] * 6] * 2
    inputs = analysis_inputs(people, visits(people), dictionary, permutation=FEW)
    rows = ard_frame(worst_rank_rows(CELL, dictionary.outcomes["PF"], inputs.analysis_set, PRIMARY))
    counts = {
        name: [number(rows, name, arm=arm, day=7) for arm in ("treated", "historical")]
        for name in ("n_subjects", "n_died", "n_unknown")
    }
    assert counts == {"n_subjects": [3, 3], "n_died": [1, 0], "n_unknown": [1, 1]}


def test_nobody_is_ranked_where_most_fates_of_an_arm_are_unknown(dictionary: Dictionary) -> None:
    """All lost on day 2: win odds of 1 and p 1, of pairs of whom nothing is known."""
    for lost, reasons in (
        (["p03", "p04"], {"fates_unknown"}),
        (["p29"], set()),
        ([f"p{i:02d}" for i in range(30)], {"fates_unknown"}),
    ):
        people = patients()
        gone = people["patient_id"].isin(lost)
        people.loc[gone, ["end_state", "end_day"]] = ["last_record", 2.0]
        inputs = analysis_inputs(people, visits(people), dictionary, permutation=FEW)
        rows = ard_frame(worst_rank_rows(CELL, dictionary.outcomes["PF"], inputs.analysis_set, PRIMARY))
        assert set(rows.loc[rows["statistic"] == "not_ranked", "text"]) == reasons
        assert (rows["statistic"] == "win_odds").any() == (not reasons)
        assert number(rows, "n_unknown", day=7, arm="treated" if "p03" in lost else "historical") > 0


def test_values_that_differ_by_rounding_are_one_value(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    odd = measured["day"] % 2 == 1
    for name in ("value", "lower", "upper"):
        measured[name] = np.where(odd, 0.3, 0.1 + 0.2)
    ard = analyse(people, measured, dictionary, permutation=FEW, visit_window_days=2)
    assert refusals(ard) == {None: "constant_response"}
    # Who was measured near the day is counted as where a model gives its estimate.
    near = analyse(people, measured[measured["day"] != 7], dictionary, permutation=FEW, visit_window_days=2)
    for arm, count in (("treated", 5), ("historical", 25)):
        assert number(near, "n_measured", analysis="mixed_model", day=7, arm=arm) == count


def test_a_mean_that_only_limits_tell_is_refused_by_its_name(dictionary: Dictionary) -> None:
    """It was 'the model refused these data'."""
    people = patients()
    measured = visits(people, "IL6", effect=0.0, log=True)
    beyond = (measured["arm"] == "treated") & (measured["day"] > 0)
    measured.loc[beyond, ["value", "lower", "upper"]] = [np.nan, 0.0, 1.5]
    ard = analyse(people, measured, dictionary, permutation=FEW, time="visits", visits=[3, 7, 14, 20])
    assert refusals(ard) == {None: "only_limits"}


def test_alive_in_hospital_is_counted_when_the_day_begins() -> None:
    assert n_at_risk([6.0, 6.5, 7.0, 21.0], 7) == 3
    assert n_at_risk([0.0, 0.5], 0) == 2


# ---------------------------------------------------------------- living patients without any value
def test_most_of_the_living_unmeasured_are_not_ranked(dictionary: Dictionary) -> None:
    """As in the example's CT score: the dead all count, most of the living have no scan."""
    people = with_deaths(patients(), {f"p{i:02d}": 3.0 for i in range(5, 13)})
    measured = visits(people, effect=0.0)
    unmeasured = [f"p{i:02d}" for i in range(13, 25)]
    some = measured[~measured["patient_id"].isin(unmeasured)]
    rows = analyse(people, some, dictionary, permutation=FEW)
    assert set(rows.loc[rows["statistic"] == "not_ranked", "text"]) == {"mostly_unmeasured"}
    ranked = ard_frame(
        worst_rank_rows(
            CELL,
            dictionary.outcomes["PF"],
            analysis_inputs(people, some, dictionary, permutation=FEW, max_share_unmeasured=1.0).analysis_set,
            PRIMARY,
        )
    )
    least, most = (number(ranked, name, day=7) for name in ("least", "most"))
    assert least < number(ranked, "win_odds", day=7) < most
    measured_all = rank_patients(
        dictionary.outcomes["PF"], analysis_inputs(people, measured, dictionary).analysis_set, 7
    )
    wins = (measured_all.pairs[:5, 5:] + 1) / 2
    assert least <= wins.mean() / (1 - wins.mean()) <= most


def test_everybody_tied_is_an_answer(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    measured[["value", "lower", "upper"]] = 100.0
    inputs = analysis_inputs(people, measured, dictionary, permutation=FEW)
    rows = ard_frame(worst_rank_rows(CELL, dictionary.outcomes["PF"], inputs.analysis_set, PRIMARY))
    assert number(rows, "win_odds", day=7) == 1
    assert set(rows.loc[rows["statistic"] == "no_interval", "text"]) == {"no_spread"}
    ratio = ard_frame(win_ratio_rows(CELL, inputs.analysis_set, pd.DataFrame(columns=["outcome"]), dictionary, PRIMARY))
    assert ratio.loc[ratio["level"] == "win_ratio", "text"].tolist() == ["ties_only"]


def test_deaths_are_ranked_where_the_living_are_all_alike(dictionary: Dictionary) -> None:
    """5 treated live, 10 of 25 controls die: 50 of 125 pairs are won, 75 tied, so that P(better) is 0.7."""
    people = with_deaths(patients(), {f"p{i:02d}": 3.0 for i in range(5, 15)})
    measured = visits(people)
    measured[["value", "lower", "upper"]] = 100.0
    ard = analyse(people, measured, dictionary, permutation=FEW)
    assert "constant_response" in set(ard.loc[ard["statistic"] == "not_estimable", "text"])
    assert number(ard, "probability", day=7, analysis="worst_rank") == pytest.approx(0.7)
