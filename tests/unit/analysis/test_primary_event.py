"""An event as the primary outcome: counted by its day, with bounds, and the time to it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from historical_controls.analysis.events.analyse import EventInputs, analyse_events
from historical_controls.analysis.events.event_rows import build_follow_up
from historical_controls.analysis.model.comparison import Comparison
from historical_controls.config.analysis.analysis import Primary
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.tables.endings import LOST
from historical_controls.tables.registry import OBSERVATIONS, PATIENT_SUMMARIES

from .test_analysis import settings
from .test_events import CONTRAST, adverse, cells, dictionary, people

__all__ = ["dictionary"]
FEW = {"exact_up_to": 2000, "draws": 1000, "scenario_draws": 1000}


def run(
    dictionary: Dictionary, code: str, day: int, tests: pd.DataFrame, events: pd.DataFrame, secondary: bool = False
) -> pd.DataFrame:
    both = {"trial": ["adverse_event"], "chart": ["adverse_event"]}
    primary = Primary(outcome="PF", day=day, key_secondary=[code]) if secondary else Primary(outcome=code, day=day)
    inputs = EventInputs(events, tests, PATIENT_SUMMARIES.empty(), both, [], dictionary, primary)
    plan = settings(days=[7, 14], permutation=FEW)
    return analyse_events([code], inputs, build_follow_up(people(), plan, Comparison(), 21, 1))


def swabs(clear: dict[str, float]) -> pd.DataFrame:
    """A positive test at time zero of everybody; two negatives from the day of clearance on."""
    rows = [(name, 0.0, "positive") for name in people()["patient_id"]]
    rows += [(name, 24 * day + hours, "negative") for name, day in clear.items() for hours in (0, 24)]
    frame = pd.DataFrame(rows, columns=["patient_id", "hours", "result"]).assign(outcome="PCR", arm="")
    return frame.assign(source=frame["patient_id"].str.split("/").str[0]).reindex(columns=OBSERVATIONS.names)


def test_clearance_as_primary_is_counted_with_bounds_and_time(dictionary: Dictionary) -> None:
    """Treated: two clear on day 4, two unseen, one dead uncleared. Controls: three dead uncleared, one clear on day 6,
    two without further tests."""
    tests = swabs({"trial/1": 4, "trial/2": 4, "chart/5": 6})
    ard = run(dictionary, "PCR", 7, tests, adverse())
    here = {"analysis": "primary_event", "day": 7}
    treated, control = (cells(ard, **here, arm=arm) for arm in ("treated", "historical"))
    assert (treated["n_patients"], treated["n_unknown"], treated["n_subjects"]) == (2, 2, 5)
    assert (control["n_patients"], control["n_unknown"], control["n_subjects"]) == (1, 2, 6)
    contrast = cells(ard, **here, contrast=CONTRAST, method="bounds")
    assert contrast["least"] == pytest.approx(2 / 5 - 3 / 6)
    assert contrast["most"] == pytest.approx(4 / 5 - 1 / 6)
    assert contrast["lower"] <= contrast["least"] and contrast["upper"] >= contrast["most"]
    time = cells(ard, **here, level="time_to_event", contrast=CONTRAST)
    # Of 5 x 6 pairs: both who cleared by day 4 beat three dead and tie with (0, 6]; the dead one loses to (0, 6]; the
    # unseen may never clear and are compared with nobody.
    wins, losses = 2 * 3, 1
    assert time["probability"] == pytest.approx(0.5 + (wins - losses) / 60)


def test_an_adverse_event_as_primary_where_everybody_is_known(dictionary: Dictionary) -> None:
    events = adverse(("trial/1", "adverse_event", 24.0, "2", ""), ("chart/3", "adverse_event", 30.0, "2", ""))
    ard = run(dictionary, "AE", 7, OBSERVATIONS.empty(), events)
    contrast = cells(ard, analysis="primary_event", day=7, contrast=CONTRAST, method="exact")
    assert contrast["estimate"] == pytest.approx(1 / 5 - 1 / 6)
    assert contrast["lower"] < contrast["estimate"] < contrast["upper"]
    assert contrast["p_value"] >= contrast["p_floor"] > 0
    later = run(dictionary, "AE", 14, OBSERVATIONS.empty(), events)  # the control lost on day 8 may have had one
    bounds = cells(later, analysis="primary_event", day=14, contrast=CONTRAST, method="bounds")
    assert (bounds["least"], bounds["most"]) == pytest.approx((1 / 5 - 2 / 6, 1 / 5 - 1 / 6))


def test_a_study_in_which_nobody_carried_the_virus_says_so(dictionary: Dictionary) -> None:
    tests = swabs({})
    tests = tests.assign(result=np.where(tests["source"] == "trial", "negative", tests["result"]))
    ard = run(dictionary, "PCR", 7, tests, adverse())
    assert cells(ard, analysis="primary_event", day=7)["not_estimable"] == "too_few_known"


def test_death_as_primary_has_newcombes_interval_and_time(dictionary: Dictionary) -> None:
    """Treated 0 of 5 and controls 3 of 6 dead by day 7; limits by Newcombe (1998, method 10) from Wilson's."""
    ard = run(dictionary, "DEATH", 7, OBSERVATIONS.empty(), adverse())
    contrast = cells(ard, analysis="primary_event", day=7, contrast=CONTRAST, method="exact")
    (l1, u1), (l0, u0) = wilson(0, 5), wilson(3, 6)
    assert contrast["estimate"] == pytest.approx(-0.5)
    assert contrast["lower"] == pytest.approx(-0.5 - np.hypot(0 - l1, u0 - 0.5))
    assert contrast["upper"] == pytest.approx(-0.5 + np.hypot(u1 - 0, 0.5 - l0))
    time = cells(ard, analysis="primary_event", day=7, level="time_to_event", contrast=CONTRAST)
    # Five outlive the three dead of day 5; who died on day 10 loses to two who never died, and not to the one lost.
    assert time["probability"] == pytest.approx(0.5 + (15 - 2) / 60)


def test_times_of_patients_of_whom_nothing_is_known_are_not_compared(dictionary: Dictionary) -> None:
    """All controls transferred on day 1: win odds of 1 with p 1 were printed beside a difference that is refused."""
    lost = people()["arm"] == "historical"
    gone = people().assign(
        end_state=people()["end_state"].mask(lost, LOST[0]), end_day=people()["end_day"].mask(lost, 1.0)
    )
    inputs = EventInputs(
        adverse(), OBSERVATIONS.empty(), PATIENT_SUMMARIES.empty(), {}, [], dictionary, Primary(outcome="DEATH", day=7)
    )
    plan = settings(days=[7], permutation=FEW)
    ard = analyse_events(["DEATH"], inputs, build_follow_up(gone, plan, Comparison(), 21, 1))
    asked = ard[ard["analysis"] == "primary_event"]
    assert set(asked.loc[asked["statistic"] == "not_estimable", "text"]) == {"too_few_known"}
    assert not asked["statistic"].isin(["win_odds", "p_value", "probability"]).any()


def test_discharge_as_primary_is_bounded_by_the_lost(dictionary: Dictionary) -> None:
    """By day 14 one control of six was discharged alive, one is lost; the dead never were."""
    ard = run(dictionary, "DISCHARGE", 14, OBSERVATIONS.empty(), adverse())
    bounds = cells(ard, analysis="primary_event", day=14, contrast=CONTRAST, method="bounds")
    assert (bounds["least"], bounds["most"]) == pytest.approx((-2 / 6, -1 / 6))
    assert cells(ard, analysis="primary_event", day=14, level="time_to_event")["odds_of"] == "sooner"
    time = cells(ard, analysis="primary_event", day=14, level="time_to_event", contrast=CONTRAST)
    assert time["probability"] == pytest.approx(0.5 - 5 / 60)


def wilson(count: int, n: int) -> tuple[float, float]:
    z = stats.norm.ppf(0.975)
    p = count / n
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return (p + z**2 / (2 * n) - half) / (1 + z**2 / n), (p + z**2 / (2 * n) + half) / (1 + z**2 / n)


@pytest.mark.parametrize("code", ["DEATH", "PCR"])
def test_a_key_secondary_event_has_the_rows_of_a_primary_one(dictionary: Dictionary, code: str) -> None:
    """It had a place in the fixed sequence and no p-value, without a word."""
    own = (code, 7, swabs({"trial/1": 4, "trial/2": 4, "chart/5": 6}), adverse())
    rows = [run(dictionary, *own, secondary=which) for which in (False, True)]
    here = [ard[(ard["analysis"] == "primary_event")].reset_index(drop=True) for ard in rows]
    assert len(here[0])
    pd.testing.assert_frame_equal(*here)
    answer = cells(here[1], analysis="primary_event", day=7, contrast=CONTRAST, method="exact")
    # Everybody's death is known; what became of the virus is not.
    assert ("p_value" in answer) == (code == "DEATH")
    assert answer.get("not_permuted") == (None if code == "DEATH" else "unknown_fates")
