"""The difference by day: pointwise and simultaneous limits, and how many patients are behind each day."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.unit.analysis.test_analysis import analyse, dictionary, patients, visits

from historical_controls.dictionary.dictionary import Dictionary

__all__ = ["dictionary"]
CONTRAST = "treated - historical"


def _curve(ard: pd.DataFrame) -> pd.DataFrame:
    rows = ard[(ard["analysis"] == "trajectory") & (ard["contrast"] == CONTRAST)]
    return rows.pivot_table(index="day", columns="statistic", values="value")


@pytest.mark.parametrize("time", ["spline", "visits"])
def test_difference_curve_is_the_contrast_on_every_day_of_both_arms(dictionary: Dictionary, time: str) -> None:
    people = patients()
    measured = visits(people)
    ended = measured[(measured["arm"] == "historical") | (measured["day"] <= 12)]
    if time == "visits":
        ended = ended[ended["day"].isin([0, 1, 3, 7, 10])]
    ard = analyse(people, ended, dictionary, time=time)
    curve = _curve(ard)
    assert curve.index.max() == (12 if time == "spline" else 10)
    own = ard[(ard["analysis"] == "mixed_model") & (ard["contrast"] == CONTRAST) & (ard["day"] == 7)]
    own = own[own["level"] == ""].set_index("statistic")["value"]
    for name in ("estimate", "lower", "upper"):
        assert curve.loc[7.0, name] == pytest.approx(own[name], rel=1e-9)
    assert (curve["lower_simultaneous"] < curve["lower"]).all()
    assert (curve["upper"] < curve["upper_simultaneous"]).all()


def test_difference_curve_of_a_log_outcome_is_a_ratio(dictionary: Dictionary) -> None:
    people = patients()
    ard = analyse(people, visits(people, "CRP", effect=np.log(0.5), log=True), dictionary)
    rows = ard[(ard["analysis"] == "trajectory") & (ard["contrast"] == CONTRAST)]
    assert set(rows["unit"]) == {"ratio"}
    curve = _curve(ard)
    arms = ard[(ard["analysis"] == "trajectory") & (ard["statistic"] == "mean") & (ard["day"] == 7)]
    mean = arms.set_index("arm")["value"]
    assert curve.loc[7.0, "estimate"] == pytest.approx(mean["treated"] / mean["historical"], rel=1e-9)


def test_patients_measured_near_each_declared_day_are_counted_also_where_refused(dictionary: Dictionary) -> None:
    people = patients()
    measured = visits(people)
    gone = (measured["arm"] == "treated") & (measured["day"] > 9) & ~measured["patient_id"].isin(["p00", "p01"])
    ard = analyse(people, measured[~gone], dictionary)
    n = ard[(ard["analysis"] == "mixed_model") & (ard["statistic"] == "n_measured")].set_index(["day", "arm"])["value"]
    assert n.to_dict() == {(7, "treated"): 5, (7, "historical"): 25, (14, "treated"): 2, (14, "historical"): 25}
