"""One arm alone: means, changes, last and worst values with t intervals, against textbook numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from historical_controls.analysis.outcomes import analyse_outcomes
from historical_controls.analysis.without_model.description import mean_interval
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary

from .test_analysis import ROOT, analysis_inputs, patients, settings
from .test_analysis import visits as simulated

COLUMNS = ["analysis", "outcome", "day", "level", "statistic", "value", "text"]


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return load_dictionary(Path(ROOT) / "data/dictionary")


def described(values: dict[int, list[float]], dictionary: Dictionary, code: str = "CRP") -> dict[tuple, float | str]:
    """Statistics by (day, level, name) of patients with these values by day; nan: only a limit of 5 is known."""
    people = patients(len(values[0]), 0)
    rows = simulated(people, code, days=0).iloc[:1]
    made = []
    for day, own in values.items():
        for number, value in enumerate(own):
            limit = np.isnan(value)
            made.append(rows.assign(patient_id=f"p{number:02d}", day=day, value=value, lower=0.0 if limit else value,
                                    upper=5.0 if limit else value))  # fmt: skip
    inputs = analysis_inputs(people, pd.concat(made, ignore_index=True), dictionary, days=[7])
    ard = analyse_outcomes([code], replace(inputs, horizon_days=21, single_arm=True)).ard
    own = ard[ard["analysis"] == "description"]
    said = own["value"].astype(object).where(own["text"].isna(), own["text"])
    return dict(zip(zip(own["day"], own["level"], own["statistic"], strict=True), said, strict=True))


def test_the_t_interval_of_one_to_five() -> None:
    """R 4.3: t.test(1:5) gives 3, 1.036757 to 4.963243."""
    found = mean_interval(pd.Series([1.0, 2, 3, 4, 5]), settings())
    assert found == pytest.approx((3, 1.036757, 4.963243), abs=1e-6)
    assert mean_interval(pd.Series([4.0, 4, 4]), settings()) == (4.0,), "no interval of width zero"
    assert mean_interval(pd.Series([4.0, 5]), settings()) == "too_few_described"
    assert mean_interval(pd.Series([4.0, 5, np.nan]), settings()) == "limits_described"


def test_logarithms_give_geometric_means_and_ratios(dictionary: Dictionary) -> None:
    base = np.exp(np.arange(1.0, 6))
    found = described({0: list(base), 7: list(base / 2)}, dictionary)
    assert found[0, "", "mean"] == pytest.approx(np.exp(3))
    assert found[0, "", "lower"] == pytest.approx(np.exp(1.036757), rel=1e-6)
    assert found[7, "", "mean"] == pytest.approx(np.exp(3) / 2)
    assert found[7, "change", "estimate"] == pytest.approx(0.5)
    assert found[7, "change", "n_subjects"] == 5


def test_the_worst_follows_the_direction_of_benefit_and_the_last_is_the_last(dictionary: Dictionary) -> None:
    values = {0: [9.0] * 5, 2: [100.0, 110, 120, 130, 140], 8: [60.0, 70, 80, 90, 100]}
    worse_when_high = described(values, dictionary, "HR")
    assert worse_when_high[21, "worst", "mean"] == 120 and worse_when_high[21, "last", "mean"] == 80
    assert worse_when_high[7, "", "mean"] == 80, "day 8 is at the edge of a window of one day"
    assert (7, "", "mean") not in described({0: values[0], 5: values[2], 9: values[8]}, dictionary, "HR")
    assert described(values, dictionary, "PF")[21, "worst", "mean"] == 80
    assert (21, "worst", "mean") not in described(values, dictionary, "PLT"), "no direction is better"


def test_a_value_known_as_a_limit_leaves_no_mean_and_says_so(dictionary: Dictionary) -> None:
    found = described({0: [9.0, 8, 7, 6, 5], 7: [9.0, 8, 7, 6, np.nan]}, dictionary, "HR")
    assert found[7, "", "not_estimable"] == "limits_described" and (7, "", "mean") not in found
    assert found[7, "change", "not_estimable"] == found[21, "worst", "not_estimable"] == "limits_described"
    assert found[0, "", "mean"] == 7


def test_studies_with_historical_patients_are_compared_and_not_described(dictionary: Dictionary) -> None:
    people = patients(3, 3)
    ard = analyse_outcomes(["HR"], analysis_inputs(people, simulated(people, "HR", days=8), dictionary)).ard
    assert "description" not in set(ard["analysis"])
