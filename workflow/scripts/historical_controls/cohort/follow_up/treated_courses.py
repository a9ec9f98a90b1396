"""What a shared report may say of each treated patient: age, course of the primary outcome, events and end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from historical_controls.cohort.follow_up.precision import HOURS, Band, Precision
from historical_controls.tables.registry import TREATED_COURSES
from historical_controls.tables.schema import conform
from historical_controls.text.display_order import by_display_id

# How follow-up ended is a fact of its own; consent and treatment are at time zero by design.
UNTOLD = ("death", "discharge_alive", "transfer_out", "last_contact", "consent", "infusion")
GRADES = ("1", "2", "3", "4", "5")  # CTCAE; other text in its place may be a person's own words
Fact = dict[str, Any]


@dataclass(frozen=True)
class CourseInputs:
    """`public`: whether ages, days and values are banded; the primary outcome and the day of its comparison."""

    public: bool
    outcome: str
    day: int


def treated_courses(
    patients: pd.DataFrame, events: pd.DataFrame, visits: pd.DataFrame, inputs: CourseInputs
) -> pd.DataFrame:
    """Table `treated_courses`, from `cohort_patients`, `cohort_events` and `visits` of one scenario.

    A fact that is not banded here can be printed nowhere else: no id of the hospital, no term or site of an event.
    """
    treated = patients[(patients["arm"] == "treated") & patients["included"]].sort_values(
        "display_id", key=by_display_id
    )
    own = visits[visits["patient_id"].isin(treated["patient_id"]) & (visits["outcome"] == inputs.outcome)]
    precision = Precision.of(inputs.public, own["value"])
    rows = [
        {**fact, "scenario": patient["scenario"], "display_id": patient["display_id"], "place": place}
        for _, patient in treated.iterrows()
        for place, fact in enumerate(
            [
                *_age(patient, precision),
                *_values(own[own["patient_id"] == patient["patient_id"]], inputs, precision),
                *_events(patient, events[events["patient_id"] == patient["patient_id"]], precision),
                _end(patient, precision),
            ]
        )
    ]
    # A column that no fact of these patients has (no value, no grade) is still a column.
    return conform(pd.DataFrame(rows, columns=list(TREATED_COURSES.names)), TREATED_COURSES)


def _banded(band: Band) -> Fact:
    return {"first": band.first, "last": band.last, "open": band.open}


def _age(patient: pd.Series, precision: Precision) -> Iterator[Fact]:
    if "AGE" in patient.index and pd.notna(patient["AGE"]):
        yield {"kind": "age", "item": "AGE", **_banded(precision.age(float(patient["AGE"])))}


def _values(visits: pd.DataFrame, inputs: CourseInputs, precision: Precision) -> Iterator[Fact]:
    """The primary outcome at time zero and on its day, where both are known as numbers."""
    by_day = visits.drop_duplicates("day").set_index("day")["value"].dropna()
    if 0 not in by_day.index or inputs.day not in by_day.index:
        return
    for day in (0, inputs.day):
        yield {"kind": "value", "item": inputs.outcome, "time": day, **_banded(precision.value(float(by_day[day])))}


def _events(patient: pd.Series, events: pd.DataFrame, precision: Precision) -> Iterator[Fact]:
    """What happened after time zero and within follow-up, in the order of time; what ended it is told as its end."""
    untold = [*UNTOLD, patient["end_state"]]
    within = (events["hours"] > 0) & (events["hours"] / HOURS <= patient["end_day"]) & ~events["event"].isin(untold)
    for _, event in events[within].sort_values(["hours", "event", "item"]).iterrows():
        grade = str(event["value"])
        yield {
            "kind": "event",
            "item": event["event"],
            "time": precision.time(float(event["hours"])),
            "grade": grade if grade in GRADES else None,
        }


def _end(patient: pd.Series, precision: Precision) -> Fact:
    """How follow-up ended; the horizon is every patient's and is given as a day."""
    state, day = str(patient["end_state"]), float(patient["end_day"])
    return {"kind": "end", "item": state, "time": day if state == "horizon" else precision.time(day * HOURS)}
