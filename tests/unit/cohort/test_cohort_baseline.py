"""Hours after time zero as baseline, where patients are followed from their admission: every rule that reads day 0."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from cohort_study import happened, inputs, measured, person, tables

from historical_controls.cohort.ard_rows.disposition import cohort_ard
from historical_controls.cohort.define import define_cohort
from historical_controls.cohort.follow_up.visits import study_days
from historical_controls.cohort.records.clean_tables import CleanTables, CohortTables
from historical_controls.cohort.scenarios.grid import redefine_cohorts
from historical_controls.config.cohort.baseline import BaselineWindow
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.errors import UserError

AT_ADMISSION = {"treated": "admission", "historical": "event", "historical_event": "admission"}
DISCHARGED = ("discharge_alive", 504.0)


def export(*rows: dict[str, Any], end: tuple[str, float] = DISCHARGED, events: tuple = ()) -> CleanTables:
    """A treated patient 'a' admitted at hour 0, time zero; a row's hours count from it."""
    stay = [happened("a", "admission", 0), happened("a", *end), *events]
    return tables([person("a", "treated")], rows, stay)


def cohort(after: float, **declared: Any) -> Cohort:
    return Cohort.model_validate({"time_zero": AT_ADMISSION, "baseline_hours_after": after, **declared})


def followed(clean: CleanTables, after: float, **declared: Any) -> CohortTables:
    return define_cohort(clean, inputs(cohort(after, **declared), "PF", "TEMP"))


def by_day(found: CohortTables, outcome: str) -> dict[int, float]:
    rows = found.visits[found.visits["outcome"] == outcome]
    return dict(zip(rows["day"], rows["value"].round(6), strict=True))


def pf(hours: float, value: float) -> dict[str, Any]:
    return measured("a", "PF", hours, value)


def temp(hours: float, value: float) -> dict[str, Any]:
    return measured("a", "TEMP", hours, value)


@pytest.mark.parametrize(
    ("after", "days"),
    [
        (0, [-1, 0, 0, 1, 1, 1, 1, 2, 2]),
        (6, [-1, 0, 0, 0, 0, 1, 1, 2, 2]),
        # Day 1 is gone: what is not baseline is day 2.
        (24, [-1, 0, 0, 0, 0, 0, 0, 2, 2]),
    ],
)
def test_each_hour_has_one_day(after: float, days: list[int]) -> None:
    hours = np.array([-24, np.nextafter(-24, 0), 0, 0.1, 6, np.nextafter(6, 7), 24, np.nextafter(24, 25), 48])
    assert study_days(hours, BaselineWindow(24, after)).tolist() == days


def test_the_first_samples_are_baseline_and_no_responses() -> None:
    clean = export(pf(0.5, 80), pf(2, 100), pf(6, 120), pf(6.5, 150), pf(24, 170), pf(25, 200))
    assert by_day(followed(clean, 0), "PF") == {1: 120, 2: 200}
    assert by_day(followed(clean, 6), "PF") == {0: 100, 1: 160, 2: 200}
    assert by_day(followed(clean, 24), "PF") == {0: 120, 2: 200}
    # What the stages after it know of the baseline.
    assert [set(followed(clean, after).patients["responses_from"].dropna()) for after in (0, 6)] == [{0.0}, {6.0}]


def test_ratios_have_the_same_baseline_and_only_later_values_lack_one() -> None:
    rule = {"kind": "ratio_to_baseline", "of": ["DDIM"]}
    ddimer = [measured("a", "DDIM", hours, value, assay="x") for hours, value in ((3, 200), (30, 400))]
    clean = export(*ddimer, measured("a", "DDIM", 5, 9, assay="y"), measured("a", "DDIM", 9, 9, assay="z"))
    ratios = {"DDIM_RATIO": rule}
    assert by_day(followed(clean, 0, derivations=ratios), "DDIM_RATIO") == {}
    found = followed(clean, 6, derivations=ratios)
    assert by_day(found, "DDIM_RATIO") == {0: 1, 2: 2}
    refused = found.underived[found.underived["outcome"] == "DDIM_RATIO"]
    assert refused["reason"].tolist() == ["no_baseline"]
    # The first value around admission is never a response either.
    first = {"DDIM_RATIO": {**rule, "baseline": "first"}}
    assert by_day(followed(clean, 2, derivations=first), "DDIM_RATIO") == {}
    assert by_day(followed(clean, 3, derivations=first), "DDIM_RATIO") == {0: 1, 2: 2}


def test_hours_of_fever_are_parted_where_the_baseline_ends() -> None:
    """A plateau of 39 degrees from hour 2 to hour 12: four hours are baseline, six are of day 1."""
    fever = {"FEVER_HOURS": {"kind": "hours_above", "of": "TEMP", "cut": 38.0, "min_observed_hours": 0}}
    clean = export(temp(2, 39), temp(6, 39), temp(12, 39))
    assert by_day(followed(clean, 0, derivations=fever), "FEVER_HOURS") == {1: 10}
    assert by_day(followed(clean, 6, derivations=fever), "FEVER_HOURS") == {0: 4, 1: 6}
    # The stretch to a reading after the baseline belongs to no baseline: it would read the future.
    assert by_day(followed(clean, 8, derivations=fever), "FEVER_HOURS") == {0: 4, 1: 4}
    assert by_day(followed(clean, 24, derivations=fever), "FEVER_HOURS") == {0: 10}


@pytest.mark.parametrize(
    ("after", "end", "value", "upper"),
    [
        # Fever at hours 3 and 30, seen on days 1 and 2 of the 3 days followed.
        (0, 60.0, 2, 3),
        # Hour 3 is baseline: day 1, its other 18 hours without a reading, is one of the two lacking days.
        (6, 60.0, 1, 3),
        # No day 1: of days 2 and 3 the last is lacking.
        (24, 60.0, 1, 2),
        # Followed through the baseline alone: no day was, and none is lacking.
        (6, 5.0, np.nan, 0),
    ],
)
def test_days_of_fever_count_the_days_after_the_baseline(after: float, end: float, value: float, upper: float) -> None:
    days = {"FEVER_DAYS": {"kind": "days_reaching", "of": "TEMP", "cut": 38, "days": 7}}
    clean = export(temp(3, 39), temp(30, 39), end=("transfer_out", end))
    (row,) = followed(clean, after, summaries=days).summaries.to_dict("records")
    assert (row["value"], row["upper"]) == pytest.approx((value, upper), nan_ok=True)


def test_support_counts_from_time_zero() -> None:
    """Days free of support are no baseline: hours on a ventilator count from the admission on."""
    clean = export(pf(2, 100), events=(happened("a", "intubation", 1), happened("a", "extubation", 4)))
    hours = {"VENT_HOURS": {"kind": "support_hours", "support": ["invasive_ventilation"], "days": 7}}
    assert [followed(clean, after, summaries=hours).summaries["value"].item() for after in (0, 24)] == [3, 3]


def test_whoever_left_within_the_baseline_is_not_at_risk_on_day_1() -> None:
    clean = export(pf(2, 100), end=("death", 5.0))

    def at_risk(after: float) -> float:
        rows = cohort_ard(followed(clean, after, horizon_days=1), 0.95)
        own = rows[(rows["analysis"] == "availability") & (rows["statistic"] == "n_at_risk") & (rows["day"] == 1)]
        return float(own.loc[(own["outcome"] == "PF") & (own["arm"] == "treated"), "value"].item())

    assert (at_risk(0), at_risk(6)) == (1, 0)


@pytest.mark.parametrize(
    ("infusion", "after", "most"), [(3.04, 6, "3"), (0.0, 1, "0"), (-2.0, 1, "0"), (5.96, 6, "5.9")]
)
def test_no_value_after_the_treatment_is_a_baseline(infusion: float, after: float, most: str) -> None:
    """The records say when the treatment was given, whatever time zero is declared to be."""
    clean = export(pf(0.5, 100), pf(30, 110), events=(happened("a", "infusion", infusion),))
    with pytest.raises(UserError) as refused:
        followed(clean, after)
    assert f"the 'infusion' of 1 treated patient is less than {after} hours after time zero" in str(refused.value)
    assert f"Type at most {most}." in str(refused.value) and "cohort.baseline_hours_after" in str(refused.value)
    assert len(followed(clean, 0).visits)
    if infusion >= 0:
        assert len(followed(clean, np.floor(infusion * 10) / 10).visits)


def test_the_grid_follows_the_declared_hours() -> None:
    """Scenarios that differ in these hours alone give what each cohort by itself gives."""
    clean = export(pf(0.5, 80), pf(5, 100), pf(20, 140), pf(30, 200))
    asked = {f"after_{after}": cohort(after) for after in (0, 6, 24)}
    draws = redefine_cohorts(clean, asked, inputs(asked["after_6"], "PF"))
    for name, own in asked.items():
        alone = define_cohort(clean, inputs(own, "PF")).visits.drop(columns="scenario")
        mine = draws.visits[draws.visits["scenario"] == name].drop(columns="scenario").reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, alone.reset_index(drop=True))
    assert draws.visits.groupby("scenario")["day"].apply(list).to_dict() == {
        "after_0": [1, 2], "after_24": [0, 2], "after_6": [0, 1, 2]
    }  # fmt: skip


def test_eligibility_does_not_read_the_hours_after_the_hour_judged() -> None:
    low = {"kind": "threshold", "outcome": "PF", "within_hours": 24, "op": "<", "value": 150, "label": {"en": "low"}}
    clean = export(pf(0.5, 100))
    found = followed(clean, 24, rules={"LOW": low})
    assert found.eligibility["state"].tolist() == followed(clean, 0, rules={"LOW": low}).eligibility["state"].tolist()
    assert found.evidence.empty


def test_the_baseline_reads_nothing_later_than_its_hours() -> None:
    """Whatever is measured afterwards: values, ratios and hours of day 0 stay the same."""
    derivations = {
        "DDIM_RATIO": {"kind": "ratio_to_baseline", "of": ["DDIM"]},
        "FEVER_HOURS": {"kind": "hours_above", "of": "TEMP", "cut": 38.0, "min_observed_hours": 0},
    }
    early = [pf(-3, 90), pf(6, 120), temp(1, 39), temp(5, 39), measured("a", "DDIM", 6, 300)]
    late = [pf(6.01, 999), temp(6.01, 41), measured("a", "DDIM", 6.01, 9000), pf(30, 999)]
    days = [followed(export(*rows), 6, derivations=derivations).visits for rows in (early, [*early, *late])]
    assert len(days[1]) > len(days[0])
    first = [own[own["day"] == 0].reset_index(drop=True) for own in days]
    pd.testing.assert_frame_equal(*first)
    assert set(first[0]["outcome"]) >= {"PF", "TEMP", "DDIM", "DDIM_RATIO", "FEVER_HOURS"}
