"""The edges of the visit window: a value exactly as many days away as declared lies within it."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from historical_controls.analysis.model.gates import measured_at, near_day
from historical_controls.analysis.model.mean_model import choose_time
from historical_controls.analysis.model.model_data import courses_of
from historical_controls.config.analysis.analysis import Analysis

# Days of a patient's values, whether one is within a window of one day of day 7, and whether they tell of that day.
AT_THE_EDGE = {
    "before": ([6], True, True),
    "after": ([8], True, True),
    "too early": ([5], False, False),
    "too late": ([9], False, False),
    "rare": ([3, 6], True, True),  # three days apart: more than twice the window
    "ended": ([4, 6], True, False),  # two days apart: often enough to end before the day
    "begun later": ([8, 10], True, False),
    "ends on it": ([5, 7], True, True),
    "begins on it": ([7, 9], True, True),
    "twice a day": ([6, 6], True, True),  # no gap between two values of one day
}


def declared(**changes: object) -> Analysis:
    return Analysis.model_validate({"days": [7, 14], "visits": [7, 14], "visit_window_days": 1, **changes})


def data_of(days: dict[str, list[int]]) -> SimpleNamespace:
    frame = pd.DataFrame([{"subject": name, "day": float(day)} for name, own in days.items() for day in own])
    return SimpleNamespace(frame=frame, courses={"treated": courses_of(frame)}, outcome=SimpleNamespace(code="PF"))


@pytest.mark.parametrize("name", AT_THE_EDGE)
def test_values_at_the_edge_of_the_window(name: str) -> None:
    days, near, tells = AT_THE_EDGE[name]
    assert near_day(data_of({name: days}), "treated", 7, declared(spline_df=1)) == [name] * near
    assert measured_at(data_of({name: days}), "treated", 7, declared(spline_df=1)) == tells


@pytest.mark.parametrize(("first", "tells"), [(0, False), (-1, True)])
def test_values_twice_the_window_apart_are_often_enough_to_end(first: int, tells: bool) -> None:
    """A window of three days: values six days apart end before day 7 where the last is on day 6, seven days do not."""
    data = data_of({"a": [first, 6]})
    assert measured_at(data, "treated", 7, declared(spline_df=1, visit_window_days=3, time="spline")) == tells


def test_each_patient_is_judged_by_the_own_course() -> None:
    data = data_of({name: days for name, (days, _, _) in AT_THE_EDGE.items()})
    assert near_day(data, "treated", 7, declared(spline_df=1)) == [n for n, (_, near, _) in AT_THE_EDGE.items() if near]
    assert measured_at(data, "treated", 7, declared(spline_df=1)) == sum(tells for _, _, tells in AT_THE_EDGE.values())


@pytest.mark.parametrize(
    ("days", "time"),
    [([7, 14], "visits"), ([6, 15], "visits"), ([8, 13], "visits"), ([5, 14], "spline"), ([7, 16], "spline"),
     ([6, 8], "spline")],  # two values at one visit
)  # fmt: skip
def test_visits_are_scheduled_where_every_value_is_within_the_window_of_one(days: list[int], time: str) -> None:
    assert choose_time(data_of({"a": days, "b": [7, 14]}), declared(time="auto")) == time
