"""The analyses beside the mixed model: while alive, mean change and slope, scales, limits of detection, win ratio."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.model.included_visits import subject_of
from historical_controls.analysis.model.ladder import Fitted, fit_ladder
from historical_controls.analysis.model.model_data import ModelData, model_data
from historical_controls.analysis.model.summary_contrasts import mean_row, period_rows, slope_row
from historical_controls.analysis.without_model.analysis_set import AnalysisSet, build_analysis_set
from historical_controls.analysis.without_model.limits_of_detection import limit_rows, values_at
from historical_controls.analysis.without_model.welch import welch
from historical_controls.analysis.without_model.while_alive import oriented, summaries, while_alive_rows
from historical_controls.analysis.without_model.win_ratio import win_ratio_rows
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.config.analysis.analysis import Primary
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.mixed_model.inference.contrast import Contrast

from .test_analysis import (
    PRIMARY,
    ROOT,
    SLOPE,
    analyse,
    number,
    patients,
    refusals,
    settings,
    visits,
    wins,
    with_deaths,
)

CONTRAST = "treated - historical"
FEW = {"exact_up_to": 500, "draws": 1000, "scenario_draws": 1000}
CELL = Cell("mixed_model", "primary", method="reml", outcome="X", output="14.2.5")


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "data/dictionary")


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return patients()


def analysis_set(
    people: pd.DataFrame, measured: pd.DataFrame, comparison: Comparison | None = None, **changes: object
) -> AnalysisSet:
    return build_analysis_set(people, measured, settings(permutation=FEW, **changes), comparison or Comparison(), 1)


def data_of(code: str, own: AnalysisSet, dictionary: Dictionary) -> ModelData:
    return model_data(dictionary.outcomes[code], own.patients, own.visits, own.settings, dictionary)


def below(measured: pd.DataFrame, share: float) -> pd.DataFrame:
    """The lowest `share` of all values known only to lie below that quantile."""
    limit = measured["value"].quantile(share)
    low = (measured["value"] < limit) & (measured["day"] > 0)
    out = measured.copy()
    out.loc[low, ["value", "lower", "upper"]] = [np.nan, np.nan, limit]
    return out


# ---------------------------------------------------------------- while alive and in hospital
def test_rounding_is_no_spread() -> None:
    """0.1 + 0.2 is 0.30000000000000004: beside 0.3 it gave p = 0.225."""
    arm = ["treated"] * 3 + ["historical"] * 3
    assert welch(pd.DataFrame({"arm": arm, "y": [0.1 + 0.2, 0.3, 0.3, 0.3, 0.3, 0.3]}), 0.95) == "no_spread"
    # One arm's rounding beside the other's spread: as if the values were equal (IN-18).
    rounded, equal = ([*first, 1.0, 2.0, 4.0] for first in ([0.1 + 0.2, 0.3, 0.3], [0.3, 0.3, 0.3]))
    one, other = (welch(pd.DataFrame({"arm": arm, "y": values}), 0.95) for values in (rounded, equal))
    assert isinstance(one, Contrast) and isinstance(other, Contrast)
    assert (one.df, one.p_value) == pytest.approx((other.df, other.p_value), rel=1e-12)
    assert other.df == 2


def test_welch_of_one_mean_per_patient_is_scipys(people: pd.DataFrame, dictionary: Dictionary) -> None:
    gone = people["patient_id"].isin(["p03", "p07"])
    measured = visits(people)
    measured = measured[~(measured["patient_id"].isin(people["patient_id"][gone]) & (measured["day"] > 3))]
    own = analysis_set(people, measured)
    ard = ard_frame(while_alive_rows(CELL, data_of("PF", own, dictionary), own))
    means = measured[measured["day"].between(1, 7)].groupby(["arm", "patient_id"])["value"].mean()
    found = stats.ttest_ind(means["treated"], means["historical"], equal_var=False)
    here = {"method": "welch", "level": "mean", "day": 7}
    assert number(ard, "p_value", **here) == pytest.approx(found.pvalue, rel=1e-10)
    assert number(ard, "df", **here) == pytest.approx(found.df, rel=1e-10)
    bounds = [number(ard, name, **here) for name in ("lower", "upper")]
    assert bounds == pytest.approx(list(found.confidence_interval(0.95)), rel=1e-10)
    last = measured[measured["day"].between(1, 7)].sort_values("day").groupby(["arm", "patient_id"])["value"].last()
    gap = last["treated"].mean() - last["historical"].mean()
    assert number(ard, "estimate", method="welch", level="last", day=7) == pytest.approx(gap)
    assert number(ard, "estimate", method="studentised", level="last", day=7) == pytest.approx(gap)


def test_adjusted_permutation_is_least_squares_with_the_baseline(people: pd.DataFrame, dictionary: Dictionary) -> None:
    measured = visits(people)
    own = analysis_set(people, measured)
    ard = ard_frame(while_alive_rows(CELL, data_of("PF", own, dictionary), own))
    y = measured[measured["day"].between(1, 7)].groupby("patient_id")["value"].mean()
    x = measured[measured["day"] == 0].set_index("patient_id")["value"].reindex(y.index)
    arm = (people.set_index("patient_id")["arm"] == "treated").reindex(y.index)
    X = np.column_stack([np.ones(len(y)), arm, x])
    beta = np.linalg.lstsq(X, y.to_numpy(), rcond=None)[0]
    assert number(ard, "estimate", method="adjusted", level="mean", day=7) == pytest.approx(beta[1], rel=1e-8)


def test_a_mean_of_values_beyond_a_limit_is_not_invented(people: pd.DataFrame, dictionary: Dictionary) -> None:
    own = analysis_set(people, below(visits(people, "IL6", effect=np.log(0.3), log=True), 0.2))
    data = data_of("IL6", own, dictionary)
    ard = ard_frame(while_alive_rows(CELL, data, own))
    here = ard[(ard["level"] == "mean") & (ard["day"] == 7)]
    assert here.loc[here["statistic"] == "not_compared", "text"].tolist() == ["beyond_limits"]
    assert "estimate" not in set(here["statistic"])
    assert here.loc[here["statistic"] == "odds_of", "text"].tolist() == ["better"]
    assert number(here, "probability", level="mean") > 0.8
    bounds = summaries(data, 7, "mean")
    assert (bounds["lower"] <= bounds["upper"]).all()
    assert np.isneginf(bounds["lower"]).any()


def test_while_alive_under_weights_is_weighted_means_without_permutation(
    people: pd.DataFrame, dictionary: Dictionary
) -> None:
    measured = visits(people)
    weights = pd.Series(np.random.default_rng(2).uniform(0.2, 1, len(people)), index=subject_of(people))
    own = analysis_set(
        people, measured, Comparison("entropy", weights=weights), weighting="entropy", df_method="satterthwaite"
    )
    ard = ard_frame(while_alive_rows(CELL, data_of("PF", own, dictionary), own))
    means = measured[measured["day"].between(1, 7)].groupby("patient_id")["value"].mean()
    by_arm = {
        arm: np.average(
            means[people["patient_id"][people["arm"] == arm]], weights=weights.to_numpy()[people["arm"] == arm]
        )
        for arm in ("treated", "historical")
    }
    expected = by_arm["treated"] - by_arm["historical"]
    assert number(ard, "estimate", method="cr2", level="mean", day=7) == pytest.approx(expected, rel=1e-9)
    assert set(ard["method"]) == {"", "cr2", "studentised"}
    assert set(ard.loc[ard["method"] == "studentised", "text"]) == {"weighted"}


@pytest.mark.parametrize(
    ("code", "odds", "bounds"),
    [("PF", "better", (1.0, 2.0)), ("WBC", "higher", (1.0, 2.0)), ("CRP", "better", (-2.0, -1.0))],
)
def test_summaries_are_turned_so_that_more_is_better(
    code: str, odds: str, bounds: tuple[float, float], people: pd.DataFrame, dictionary: Dictionary
) -> None:
    """outcomes.csv: P/F is better the higher, CRP the lower; of leucocytes neither is declared."""
    data = data_of(code, analysis_set(people, visits(people, code)), dictionary)
    lower, upper, said = oriented(pd.DataFrame({"lower": [1.0], "upper": [2.0]}), data)
    assert (lower[0], upper[0], said) == (*bounds, odds)


# ---------------------------------------------------------------- mean change and slope
@pytest.fixture(scope="module")
def line(people: pd.DataFrame, dictionary: Dictionary) -> tuple[AnalysisSet, ModelData, Fitted]:
    own = analysis_set(people, visits(people), straight_lines=["PF"], ladder=[SLOPE])
    data = data_of("PF", own, dictionary)
    found = fit_ladder(data, own.settings)
    assert isinstance(found, Fitted)
    return own, data, found


def test_slope_is_the_coefficient_of_arm_by_day(line: tuple[AnalysisSet, ModelData, Fitted]) -> None:
    own, data, found = line
    ard = ard_frame(period_rows(CELL, data, found, own.settings))
    names = list(found.fit.names)
    interaction = next(name for name in names if "treated" in name and "day" in name)
    expected = found.fit.contrast({interaction: 1.0})
    assert number(ard, "estimate", level="slope") == pytest.approx(expected.estimate, rel=1e-9)
    assert number(ard, "lower", level="slope") == pytest.approx(expected.lower, rel=1e-9)
    assert number(ard, "df", level="slope") == pytest.approx(expected.df, rel=1e-9)
    assert set(ard.loc[(ard["level"] == "slope") & (ard["statistic"] == "estimate"), "unit"]) == {"mmHg/d"}
    assert slope_row(found)[names.index(interaction)] == 1.0


def test_mean_change_of_a_line_is_its_area(line: tuple[AnalysisSet, ModelData, Fitted]) -> None:
    """Difference a + b d on days 1 to 7 and 0 at day 0: trapezoids give a 6.5/7 + b (1 + ... + 6 + 3.5)/7."""
    _, _, found = line
    beta = found.fit.beta
    arm = next(name for name in beta.index if "treated" in name and "day" not in name)
    both = next(name for name in beta.index if "treated" in name and "day" in name)
    expected = beta[arm] * 6.5 / 7 + beta[both] * 24.5 / 7
    assert mean_row(found, 7) @ beta.to_numpy() == pytest.approx(expected, rel=1e-12)


def test_mean_change_is_refused_with_the_day_that_ends_it(people: pd.DataFrame, dictionary: Dictionary) -> None:
    measured = visits(people)
    gone = (measured["arm"] == "treated") & (measured["day"] > 9) & ~measured["patient_id"].isin(["p00", "p01"])
    ard = analyse(people, measured[~gone], dictionary, permutation=FEW)
    late = ard[(ard["level"] == "mean_21") & (ard["statistic"] == "not_estimable")]
    assert late["text"].tolist() == ["too_few_patients_at_day"]
    assert number(ard, "estimate", level="mean_7") == pytest.approx(40, abs=25)


# ---------------------------------------------------------------- scales
def test_percentages_are_odds_ratios_and_means_percentages(people: pd.DataFrame, dictionary: Dictionary) -> None:
    measured = visits(people, "CRP", effect=np.log(2), log=True)
    odds = measured["value"] / 400
    share = 100 * odds / (1 + odds)
    measured = measured.assign(outcome="TREG", value=share, lower=share, upper=share)
    ard = analyse(people, measured, dictionary, permutation=FEW)
    here = {"day": 7, "analysis": "mixed_model"}
    estimate = number(ard, "estimate", **here)
    assert estimate == pytest.approx(2.0, abs=0.5)
    means = [number(ard, "mean", arm=arm, **here) / 100 for arm in ("treated", "historical")]
    assert means[0] / (1 - means[0]) / (means[1] / (1 - means[1])) == pytest.approx(estimate, rel=1e-6)
    row = ard[(ard["statistic"] == "estimate") & (ard["day"] == 7) & (ard["analysis"] == "mixed_model")]
    assert set(row["unit"]) == {"odds ratio"}


@pytest.mark.parametrize(
    ("code", "edge", "bound"), [("TREG", 0.0, "upper"), ("TREG", 100.0, "lower"), ("CRP", 0.0, "upper")]
)
def test_a_value_at_the_edge_of_its_scale_is_censored_at_the_outermost_one(
    code: str, edge: float, bound: str, people: pd.DataFrame, dictionary: Dictionary
) -> None:
    measured = visits(people, code, effect=0)
    measured[["value", "lower", "upper"]] = measured[["value", "lower", "upper"]].clip(20, 80)
    first = (measured["patient_id"] == "p09") & (measured["day"] == 4)
    measured.loc[first, ["value", "lower", "upper"]] = edge
    data = data_of(code, analysis_set(people, measured), dictionary)
    at = data.frame[(data.frame["subject"] == "s/p09") & (data.frame["day"] == 4)].iloc[0]
    assert np.isnan(at["y"])
    outermost = data.frame["y"].min() if edge == 0 else data.frame["y"].max()
    assert at[bound] == outermost
    assert data.share_beyond == pytest.approx(1 / len(data.frame))
    half = data_of(code, analysis_set(people, measured, limits="half_the_limit"), dictionary)
    assert half.frame["y"].notna().all()
    assert half.share_beyond == data.share_beyond


def test_half_the_limit_is_half_of_it_and_says_so(people: pd.DataFrame, dictionary: Dictionary) -> None:
    measured = below(visits(people, "IL6", effect=0, log=True), 0.2)
    data = data_of("IL6", analysis_set(people, measured, limits="half_the_limit"), dictionary)
    limit = measured["value"].min()
    assert data.frame["y"].min() == pytest.approx(np.log(measured["upper"][measured["value"].isna()].iloc[0] / 2))
    assert np.exp(data.frame["y"].min()) < limit
    ard = analyse(people, measured, dictionary, limits="half_the_limit", permutation=FEW)
    assert ard.loc[ard["statistic"] == "limits", "text"].tolist() == ["half_the_limit"]
    assert ard.loc[ard["statistic"] == "df_method", "text"].tolist() == ["kenward-roger"]


# ---------------------------------------------------------------- limits of detection
def of_limits(people: pd.DataFrame, share: float, dictionary: Dictionary, reason: str | None) -> pd.DataFrame:
    own = analysis_set(people, below(visits(people, "IL17", effect=np.log(0.5), log=True), share))
    data = data_of("IL17", own, dictionary)
    return ard_frame(limit_rows(CELL, data, own, reason))


@pytest.mark.parametrize(("share", "analysis"), [(0.6, "rank_test"), (0.9, "detection")])
def test_the_share_beyond_a_limit_decides_between_ranks_and_detection(
    share: float, analysis: str, people: pd.DataFrame, dictionary: Dictionary
) -> None:
    ard = of_limits(people, share, dictionary, "mostly_censored")
    assert set(ard["analysis"]) == {analysis}
    assert number(ard, "n_subjects", arm="treated", day=7) == 5
    assert 0 < number(ard, "p_floor", day=7) <= number(ard, "p_value", day=7) <= 1
    assert of_limits(people, share, dictionary, "assays_differ").empty
    whole = analyse(people, below(visits(people, "IL17", effect=0, log=True), share), dictionary, permutation=FEW)
    assert refusals(whole) == {None: "mostly_censored"}
    assert not whole.loc[whole["analysis"].isin(["mixed_model", "while_alive"]), "statistic"].eq("p_value").any()


@pytest.mark.parametrize(("share", "ranked"), [(0.6, True), (0.9, False)])
def test_deaths_count_where_most_values_lie_beyond_a_limit(
    share: float, ranked: bool, people: pd.DataFrame, dictionary: Dictionary
) -> None:
    """Ranks of those measured alone would forget who died: every pair of the two arms, decided by hand."""
    deaths = {"p00": 6.0, "p07": 2.0, "p09": 5.5, "p20": 7.0}
    died = with_deaths(people, deaths)
    measured = below(visits(people, "IL6", effect=np.log(0.5), log=True), share)
    ard = analyse(died, measured, dictionary, permutation=FEW)
    assert refusals(ard) == {None: "mostly_censored"}
    worst = ard[(ard["analysis"] == "worst_rank") & (ard["day"] == 7)]
    if not ranked:
        assert worst.empty
        return
    last = measured[measured["day"] <= 7].sort_values("day").drop_duplicates("patient_id", keep="last")
    last = last.set_index("patient_id")

    def better(one: str, other: str) -> float:
        fates = [deaths.get(patient, np.inf) for patient in (one, other)]
        if fates[0] != fates[1]:
            return float(fates[0] > fates[1])
        # Less IL-6 is better: decided where one's highest lies below the other's lowest.
        highest, lowest = (last[side].fillna(last["value"]) for side in ("upper", "lower"))
        if highest[one] <= lowest.fillna(-np.inf)[other] and highest[one] < highest[other]:
            return 1.0
        return 0.0 if highest[other] <= lowest.fillna(-np.inf)[one] and highest[other] < highest[one] else 0.5

    arms = {arm: died.loc[died["arm"] == arm, "patient_id"] for arm in ("treated", "historical")}
    share_won = np.mean([better(one, other) for one in arms["treated"] for other in arms["historical"]])
    assert number(ard, "win_odds", analysis="worst_rank", day=7) == pytest.approx(share_won / (1 - share_won))


def test_detection_is_fishers_test_of_the_value_nearest_the_day(people: pd.DataFrame, dictionary: Dictionary) -> None:
    own = analysis_set(people, below(visits(people, "IL17", effect=np.log(0.5), log=True), 0.9))
    data = data_of("IL17", own, dictionary)
    ard = ard_frame(limit_rows(CELL, data, own, "mostly_censored"))
    at = values_at(data, 14, 1)
    table = [
        [at[(at["arm"] == arm)]["y"].notna().sum(), at[(at["arm"] == arm)]["y"].isna().sum()]
        for arm in ("treated", "historical")
    ]
    tails = [stats.fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
    assert number(ard, "p_value", day=14) == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-12)
    assert number(ard, "n_detected", arm="historical", day=14) == table[1][0]
    odds = stats.contingency.odds_ratio(np.array(table), kind="conditional").statistic  # treated against historical
    assert number(ard, "odds_ratio", day=14) == pytest.approx(odds, rel=1e-9)
    assert set(at["day"]) == {14}


def test_the_nearest_value_within_the_window_counts_and_the_earlier_of_two() -> None:
    frame = pd.DataFrame(
        {"subject": list("aabbc"), "arm": "treated", "day": [6, 8, 5, 7, 10], "y": [1.0, 2, 3, 4, 5]}
    ).assign(lower=lambda d: d["y"], upper=lambda d: d["y"])
    data = type("Data", (), {"frame": frame})()
    assert values_at(data, 7, 1)["y"].tolist() == [1.0, 4.0]


# ---------------------------------------------------------------- worst rank, win ratio
def test_discharged_alive_may_take_the_best_rank(people: pd.DataFrame, dictionary: Dictionary) -> None:
    home = people["patient_id"].isin(["p02", "p06"])
    left = people.assign(
        end_state=people["end_state"].mask(home, "discharge_alive"), end_day=people["end_day"].mask(home, 5.5)
    )
    measured = visits(people)
    last, best = (wins(left, measured, 7, dictionary, discharged=how) for how in ("last", "best"))
    assert set(best.nlargest(2).index) == {"p02", "p06"}
    assert best["p02"] == best["p06"] == 28
    assert last["p02"] < 28 or last["p06"] < 28
    early, late = (wins(left, measured, 4, dictionary, discharged=how) for how in ("last", "best"))
    assert early.equals(late)


def test_win_ratio_by_hand(dictionary: Dictionary) -> None:
    """Three treated, four controls. Steps: death, days free of ventilation, last P/F by day 7."""
    people = patients(3, 4)
    people = with_deaths(people, {"p00": 10.0, "p03": 3.0, "p04": 12.0})
    free = pd.DataFrame(
        {"source": "s", "patient_id": [f"p0{i}" for i in range(7)], "outcome": "VENT_FREE_DAYS"}
    ).assign(lower=[0.0, 9, 4, 0, 0, 9, 12], upper=[0.0, 9, 8, 0, 0, 9, 12])
    measured = visits(people, effect=0, days=7)
    last = {"p00": 90.0, "p01": 200.0, "p02": 90.0, "p03": 90.0, "p04": 90.0, "p05": 150.0, "p06": 90.0}
    day = measured["day"] == 7
    for name in ("value", "lower", "upper"):
        measured.loc[day, name] = measured.loc[day, "patient_id"].map(last)
    primary = Primary(outcome="PF", day=7, hierarchy=["death", "VENT_FREE_DAYS", "PF"])
    own = analysis_set(people, measured)
    ard = ard_frame(win_ratio_rows(CELL, own, free, dictionary, primary))
    # p00 (died day 10): beats p03, loses to p04, p05, p06.
    # p01 (9 days): beats p03 and p04; ties p05 on days and beats it on P/F (200 against 150); loses to p06.
    # p02 (4 to 8 days): beats p03 and p04; loses to p05 and p06.
    assert [number(ard, name) for name in ("n_wins", "n_losses", "n_ties")] == [6, 6, 0]
    assert number(ard, "win_ratio", level="win_ratio") == 1.0
    assert [number(ard, name, level="death") for name in ("n_wins", "n_losses")] == [5, 3]
    assert [number(ard, name, level="VENT_FREE_DAYS") for name in ("n_wins", "n_losses")] == [0, 3]
    assert [number(ard, name, level="PF") for name in ("n_wins", "n_losses")] == [1, 0]
    assert number(ard, "probability") == 0.5


def test_win_ratio_stands_with_the_primary_outcome_only_where_it_is_estimable(dictionary: Dictionary) -> None:
    people = patients(2, 10)
    ard = ard_frame(
        win_ratio_rows(
            CELL, analysis_set(people, visits(people)), pd.DataFrame(columns=["outcome"]), dictionary, PRIMARY
        )
    )
    assert ard.loc[ard["statistic"] == "not_ranked", "text"].tolist() == ["too_few_patients"]
    assert set(ard["statistic"]) == {"n_subjects", "not_ranked"}


def test_pairs_are_not_counted_under_weights(people: pd.DataFrame, dictionary: Dictionary) -> None:
    """Wins, losses and ties are of patients as they are; weighted patients have none."""
    comparison = Comparison("entropy", weights=pd.Series(1.0, index=subject_of(people)))
    own = analysis_set(people, visits(people), comparison, weighting="entropy", df_method="satterthwaite")
    ard = ard_frame(win_ratio_rows(CELL, own, pd.DataFrame(columns=["outcome"]), dictionary, PRIMARY))
    assert ard.loc[ard["statistic"] == "not_ranked", "text"].tolist() == ["weighted"]
    assert set(ard["statistic"]) == {"n_subjects", "not_ranked"}
