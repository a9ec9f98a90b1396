"""Studies of the shape in hand: what they are drawn from, that they repeat, and what is counted in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.model.contrast_at_day import estimate_contrasts
from historical_controls.analysis.model.ladder import Fitted, fit_ladder
from historical_controls.calibration.own_studies import (
    SimulatedStudy,
    draw_study,
    refused_studies,
    study_answers,
    with_effect,
)
from historical_controls.calibration.promise_rows import Asked, calibration_rows
from historical_controls.calibration.study_shape import StudyShape, study_shape
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.config.analysis.balance import Balance
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.tables.registry import CALIBRATION_STUDIES, COHORT_PATIENTS, VISITS

ROOT = Path(__file__).resolve().parents[3]
RUNG = {"id": "slope", "random": "1 + day", "residual": "car1", "per_arm": "two_scales"}
OVER_VISITS = {"id": "visits", "random": None, "residual": "csh", "per_arm": "free"}
DAYS = (0, 1, 3, 5, 7)
ANALYSES = {"gates", "mixed_model", "permutation", "while_alive", "worst_rank"}


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "data/dictionary")


def cohort() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Four treated, twelve historical; two die on day 4 and have no later value; treated patients vary more."""
    rng = np.random.default_rng(5)
    arms = ["treated"] * 4 + ["historical"] * 12
    people = pd.DataFrame({"arm": arms, "patient_id": [f"p{place:02d}" for place in range(16)]}).assign(
        scenario="primary", source="s", included=True, excluded_by="", display_id="", end_state="horizon", end_day=21.0
    )
    people.loc[[3, 15], ["end_state", "end_day"]] = ["death", 3.5]
    people = people.assign(AGE=rng.normal(60, 8, 16).round()).reindex(columns=[*COHORT_PATIENTS.names, "AGE"])
    rows = []
    for person in people.itertuples():
        sd = 24.0 if person.arm == "treated" else 12.0
        level, slope = rng.normal(150, sd), rng.normal(2, 1)
        rows += [
            (person.patient_id, person.arm, day, level + slope * day + rng.normal(0, sd / 2))
            for day in DAYS
            if day <= person.end_day
        ]
    seen = pd.DataFrame(rows, columns=["patient_id", "arm", "day", "value"]).assign(
        scenario="primary", source="s", outcome="PF", n=1, assay="A", flags=""
    )
    return people, seen.assign(lower=seen["value"], upper=seen["value"])[list(VISITS.names)]


def inputs_of(dictionary: Dictionary, **changes: Any) -> AnalysisInputs:
    people, seen = cohort()
    few = {"exact_up_to": 1000, "draws": 1000, "scenario_draws": 1000}
    plain = {"days": [7], "ladder": [RUNG], "visit_window_days": 1, "time": "line", "permutation": few}
    settings = Analysis.model_validate({**plain, **changes})
    return AnalysisInputs("primary", people, seen, settings, dictionary, Primary(outcome="PF", day=7), Comparison(), 1)


def shape_of(inputs: AnalysisInputs) -> StudyShape:
    shape = study_shape(inputs, "PF", ["PF", "AGE"])
    assert isinstance(shape, StudyShape)
    return shape


def answers(shape: StudyShape, numbers: range) -> pd.DataFrame:
    gates = Balance.model_validate({"key_covariates": ["PF", "AGE"]})
    return study_answers(shape, gates, [1.0], numbers)


@pytest.mark.parametrize("rung", [RUNG, OVER_VISITS], ids=lambda rung: rung["id"])
def test_values_vary_as_the_fitted_covariance_and_mean_say(dictionary: Dictionary, rung: dict[str, Any]) -> None:
    inputs = inputs_of(dictionary, ladder=[rung], visits=[1, 3, 5, 7])
    shape, fitted = shape_of(inputs), fit_ladder(inputs.table("PF"), inputs.settings)
    assert isinstance(fitted, Fitted)
    fit, whole = fitted.fit, {"treated": "s/p00", "historical": "s/p04"}
    for arm, subject in whole.items():
        place = list(fit.design.subjects).index(subject)
        assert shape.roots[arm] @ shape.roots[arm].T == pytest.approx(fit.subject_covariance(place), rel=1e-6)
    # A historical patient's mean is that of the model.
    own = fit.design.subjects[fit.design.subject_of_row] == "s/p04"
    assert shape.means[4] == pytest.approx((fit.design.X @ fit.beta.to_numpy())[own], rel=1e-9)


def test_a_study_has_the_sizes_ends_and_visits_of_the_one_in_hand(dictionary: Dictionary) -> None:
    shape = shape_of(inputs_of(dictionary))
    study = draw_study(shape, 3)
    assert study.patients["arm"].value_counts().to_dict() == {"historical": 12, "treated": 4}
    seen = study.visits.merge(study.patients[["patient_id", "end_day"]], on="patient_id")
    assert set(seen["day"]) <= set(DAYS) and (seen["day"] <= np.ceil(seen["end_day"])).all()
    # Baselines are real ones, of either arm; deaths come with the patient they were drawn with.
    assert set(seen.loc[seen["day"] == 0, "value"]) <= set(shape.at_zero["value"])
    died = [draw_study(shape, number).patients["end_state"].eq("death").mean() for number in range(10)]
    # Three standard errors of 160 patients.
    assert np.mean(died) == pytest.approx(2 / 16, abs=0.08)


def test_a_study_is_the_same_however_the_studies_are_shared_out(dictionary: Dictionary) -> None:
    shape = shape_of(inputs_of(dictionary))
    together, alone = answers(shape, range(2)), answers(shape, range(1, 2))
    pd.testing.assert_frame_equal(together[together["number"] == 1].reset_index(drop=True), alone)
    assert set(together["analysis"]) == ANALYSES
    ranks = together[(together["analysis"] == "worst_rank") & together["p_value"].notna()]
    assert len(ranks)
    # Four treated against twelve make 48 pairs.
    assert np.allclose(ranks["estimate"] * 96, np.round(ranks["estimate"] * 96))
    assert (ranks["lower"].fillna(0).between(0, ranks["estimate"])).all()
    assert (ranks["upper"].fillna(1).between(ranks["estimate"], 1)).all()
    assert together.groupby("analysis")["effect"].nunique().to_dict() == {
        **dict.fromkeys(ANALYSES, 1),
        "worst_rank": 2,
    }


def test_an_effect_moves_estimate_and_limits_by_as_much(dictionary: Dictionary) -> None:
    """What power of every size rests on (CA-4): the rung chosen and the standard error do not change."""
    shape = shape_of(inputs_of(dictionary))
    study = draw_study(shape, 1)

    def contrast(of: SimulatedStudy) -> np.ndarray:
        inputs = replace(shape.inputs, patients=of.patients, visits=of.visits)
        found = estimate_contrasts(inputs.table("PF"), inputs.settings, [7], None, None)
        assert not isinstance(found, str)
        one = found.at(7)
        assert not isinstance(one, str)
        return np.array([one.estimate, one.lower, one.upper])

    assert contrast(with_effect(study, shape, 25.0)) == pytest.approx(contrast(study) + 25.0, abs=1e-4)


def test_censored_outcomes_are_refused_in_words(dictionary: Dictionary) -> None:
    inputs = inputs_of(dictionary)
    seen = inputs.visits.copy()
    seen.loc[seen["day"] == 5, "value"] = np.nan
    seen.loc[seen["day"] == 5, "lower"] = 0.0
    assert study_shape(replace(inputs, visits=seen), "PF", []) == "limits_not_simulated"
    rows = calibration_rows(refused_studies("PF", "limits_not_simulated", range(5)), asked(dictionary, "PF"))
    assert rows.set_index("statistic")["text"]["not_estimable"] == "limits_not_simulated"


def asked(dictionary: Dictionary, code: str, level: float = 0.95) -> Asked:
    return Asked(dictionary.outcomes[code], 7, level, 0.8)


def studies(code: str, lower: np.ndarray, upper: np.ndarray, sd: float = 10.0) -> pd.DataFrame:
    """The model's answers with these limits; p is where the interval says."""
    rejects = (lower > 0) | (upper < 0)
    frame = pd.DataFrame({"lower": lower, "upper": upper, "p_value": np.where(rejects, 0.01, 0.5)})
    frame = frame.assign(estimate=(lower + upper) / 2, outcome=code, analysis="mixed_model", effect=0.0, sd=sd)
    frame = frame.assign(number=range(len(frame)), reason="")
    return frame[list(CALIBRATION_STUDIES.names)]


def read(rows: pd.DataFrame, method: str, statistic: str, level: str = "mixed_model") -> float:
    own = rows[(rows["method"] == method) & (rows["statistic"] == statistic) & (rows["level"] == level)]
    assert len(own) == 1
    return float(own["value"].iloc[0])


@pytest.mark.parametrize("code", ["PF", "RR"])
def test_rates_and_detectable_differences_are_counted(dictionary: Dictionary, code: str) -> None:
    """P/F should rise and the respiratory rate fall: the benefit that 80% of the studies tell from none."""
    centre = np.random.default_rng(2).normal(0, 10, 250)
    lower, upper = centre - 18, centre + 22
    rows = calibration_rows(studies(code, lower, upper), asked(dictionary, code))
    rejected = int(((lower > 0) | (upper < 0)).sum())
    assert read(rows, "error_rate", "share") == rejected / 250
    # Clopper and Pearson's limits by the beta law.
    from scipy.stats import beta

    assert read(rows, "error_rate", "lower") == pytest.approx(beta.ppf(0.025, rejected, 251 - rejected))
    assert read(rows, "coverage", "share") == pytest.approx(1 - rejected / 250)
    assert read(rows, "bias", "mean") == pytest.approx(centre.mean() + 2)
    half = 1.96 * centre.std(ddof=1) / np.sqrt(250)
    assert read(rows, "bias", "upper") == pytest.approx(centre.mean() + 2 + half)
    found = read(rows, "detectable", "detectable")
    told = (lower + found > -1e-9) if code == "PF" else (upper + found < 1e-9)
    # Just so many of the studies, and one fewer with a benefit a trifle smaller.
    assert told.sum() == 200
    assert (found > 0) == (code == "PF")
    assert read(rows, "detectable", "lower") < found < read(rows, "detectable", "upper")
    shift = 10.0 if code == "PF" else -10.0
    power = ((lower + shift > 0) | (upper + shift < 0)).mean()
    assert read(rows, "power", "share", "mixed_model|1.00") == pytest.approx(power)


def test_ranks_are_judged_as_the_probability_of_winning(dictionary: Dictionary) -> None:
    """No difference is 0.5: an interval from 0.1 to 0.4 misses it, one without an upper limit covers it."""
    lower, upper = np.array([0.1, 0.3, 0.4]), np.array([0.4, 0.7, np.nan])
    table = studies("PF", lower, upper).assign(analysis="worst_rank", estimate=[0.25, 0.5, 0.9], p_value=[0.01, 1, 0.2])
    rows = calibration_rows(table, asked(dictionary, "PF"))
    assert read(rows, "coverage", "share", "worst_rank") == pytest.approx(2 / 3)
    assert read(rows, "bias", "mean", "worst_rank") == pytest.approx(0.55)
    shown = rows[(rows["method"] == "bias") & (rows["statistic"] == "mean")].iloc[0]
    assert (shown["unit"], shown["format"]) == ("", "0.000")


def test_studies_without_an_answer_count_as_studies(dictionary: Dictionary) -> None:
    table = studies("PF", np.full(10, -5.0), np.full(10, 5.0))
    table.loc[:2, ["estimate", "lower", "upper", "p_value"]] = np.nan
    gates = table.assign(analysis="gates", p_value=np.nan, reason=["few_effective"] * 4 + [""] * 6)
    rows = calibration_rows(pd.concat([table, gates]), asked(dictionary, "PF"))
    counts = rows[rows["method"] == ""].set_index(["level", "statistic"])["value"].to_dict()
    assert counts == {("gates", "n_draws"): 10, ("mixed_model", "n_draws"): 10, ("mixed_model", "n_estimated"): 7}
    assert read(rows, "refused", "share", "gates") == 0.4
    assert read(rows, "error_rate", "upper") == pytest.approx(1 - 0.025 ** (1 / 7))
