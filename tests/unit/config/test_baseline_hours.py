"""Hours after time zero as baseline: where they are refused, and which days they leave."""

from __future__ import annotations

from typing import Any

import pytest
from config_study import check, refusals, study

KEY = "cohort.baseline_hours_after"


def declared(after: float, **cohort: Any) -> dict[str, Any]:
    """A study of patients followed from their admission, for two days."""
    raw = study("physionet2012")
    raw["cohort"] |= {"baseline_hours_after": after, **cohort}
    # Days of the contrasts that any of these baselines leaves; visits as they follow from the other keys.
    raw["analysis"]["days"] = [2]
    del raw["analysis"]["visits"]
    return raw


@pytest.mark.parametrize("after", [0, 0.5, 6, 24])
def test_an_arrival_takes_them(after: float) -> None:
    assert check(declared(after)).cohort.baseline.after == after


@pytest.mark.parametrize("after", [-1, 25, "six", True])
def test_their_number_is_of_one_day(after: Any) -> None:
    raw = declared(6)
    raw["cohort"]["baseline_hours_after"] = after
    assert list(refusals(raw)) == [KEY]


@pytest.mark.parametrize(
    ("time_zero", "said"),
    [
        ({"treated": "infusion"}, "time_zero.treated is 'infusion', which is no arrival"),
        # The wait before the treatment may be shorter than the hours.
        (
            {"treated": "infusion", "treated_start": "eligibility", "match_waits": False},
            "time_zero.treated is 'infusion'",
        ),
        ({"treated": "intubation"}, "time_zero.treated is 'intubation'"),
        (
            {"treated": "admission", "historical": "event", "historical_event": "intubation"},
            "time_zero.historical_event is 'intubation'",
        ),
        # Exposures that begin on arrival: its first hours show what they did.
        (
            {"treated": "admission", "treatment": "admission"},
            "time_zero.treated is 'admission', with which the treatment begins",
        ),
    ],
)
def test_a_time_zero_that_is_or_may_be_treatment_refuses_them(time_zero: dict[str, Any], said: str) -> None:
    refused = refusals(declared(6, time_zero=time_zero))
    assert list(refused) == [KEY]
    assert f"6 hours after time zero cannot be baseline: {said}" in refused[KEY]
    assert (
        "Values after a treatment may be its effect. Type 0, or a time zero at which patients arrive: admission"
        in refused[KEY]
    )
    # What is not asked for is not refused.
    assert refusals(declared(0, time_zero=time_zero)) == {}


def test_a_scenario_may_change_them_and_is_refused_like_the_config() -> None:
    label = {"en": "a", "es": "b"}
    raw = declared(6)
    raw["scenarios"] = {"at_admission": {"label": label, "overrides": {"cohort": {"baseline_hours_after": 0}}}}
    assert check(raw).cohort.baseline.after == 6
    # Visits of the config itself that the scenario leaves without hours.
    raw["scenarios"]["at_admission"]["overrides"] = {"cohort": {"baseline_hours_after": 24}}
    raw["analysis"]["visits"] = [1, 2]
    assert list(refusals(raw)) == ["scenario 'at_admission': analysis.visits.0"]
    raw["scenarios"]["at_admission"]["overrides"]["analysis"] = {"visits": [2]}
    assert refusals(raw) == {}
    raw = declared(0, time_zero={"treated": "infusion"})
    raw["scenarios"] = {"later": {"label": label, "overrides": {"cohort": {"baseline_hours_after": 3}}}}
    (place,) = refusals(raw)
    assert place == f"scenario 'later': {KEY}"


def test_a_day_of_baseline_leaves_no_first_day() -> None:
    raw = declared(24)
    raw["analysis"] |= {"days": [1, 2], "visits": [1, 2]}
    refused = refusals(raw)
    assert set(refused) == {"analysis.days.0", "analysis.visits.0"}
    for said in refused.values():
        assert "1 is not a known day of follow-up" in said and "Allowed: 2 to 2" in said
        assert "Day 1 is part of the baseline (cohort.baseline_hours_after: 24)." in said
    raw = declared(23.9)
    raw["analysis"]["days"] = [1, 2]
    assert refusals(raw) == {}


def test_a_day_of_baseline_is_more_than_one_day_of_follow_up() -> None:
    raw = declared(24, horizon_days=1)
    raw["analysis"]["days"], raw["primary"]["day"] = [1], 1
    refused = refusals(raw)
    assert "the baseline hours are all of the follow-up\nType horizon_days: 2 or more" in refused["cohort.horizon_days"]


@pytest.mark.parametrize(("after", "first"), [(0, 1), (6, 1), (24, 3)])
def test_derived_visits_begin_after_the_baseline(after: float, first: int) -> None:
    raw = declared(after, horizon_days=10)
    assert check(raw).analysis.visits[0] == first
