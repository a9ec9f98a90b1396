"""Historical patients labelled treated: who they are, and how the observed answer stands among theirs."""

from __future__ import annotations

from dataclasses import replace
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.model.included_visits import subject_of
from historical_controls.analysis.sensitivity.placebo_cohorts import (
    critical_value,
    draw_placebos,
    p_among,
    placebo_cohort_rows,
    placebo_contrasts,
)
from historical_controls.config.analysis.sensitivity import PlaceboCohorts
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.mixed_model.inference.contrast import Contrast

from .test_analysis import analysis_inputs, dictionary, patients, visits

__all__ = ["dictionary"]


@given(st.lists(st.floats(0, 50), max_size=120), st.floats(0, 50), st.sampled_from([0.8, 0.9, 0.95]))
def test_interval_and_p_value_agree(null: list[float], observed: float, level: float) -> None:
    """The interval leaves 0 out exactly where p is at most 1 - level."""
    limit = critical_value(null, level)
    if limit is None:
        assert 1 / (len(null) + 1) > 1 - level - 1e-9
    else:
        assert (observed > limit) == (p_among(observed, null) <= 1 - level + 1e-9)


def test_by_hand() -> None:
    """19 placebos: 95% is beyond all of them, p 1/20; 39: beyond all but one."""
    assert critical_value(list(range(1, 20)), 0.95) == 19
    assert critical_value(list(range(1, 19)), 0.95) is None
    assert critical_value(list(range(1, 40)), 0.95) == 38
    assert p_among(19.5, list(range(1, 20))) == 1 / 20
    assert p_among(19, list(range(1, 20))) == 2 / 20


def test_runs_follow_the_calendar_and_random_groups_are_others() -> None:
    people = patients()
    own = people[(people["arm"] == "historical") & people["included"].astype(bool)].sort_values("time_zero")
    k = int(((people["arm"] == "treated") & people["included"].astype(bool)).sum())
    drawn = draw_placebos(people, PlaceboCohorts(random=15), seed=3)
    runs = [one.subjects for one in drawn if one.kind == "consecutive"]
    assert len(runs) == len(own) - k + 1 and {len(one) for one in runs} == {k}
    names = (own["source"] + "/" + own["patient_id"]).str.split("/").str[-1].tolist()
    assert sorted(str(one).split("/")[-1] for one in runs[0]) == sorted(names[:k])
    assert len({one.subjects for one in drawn}) == len(drawn) == len(runs) + min(15, comb(len(own), k) - len(runs))
    assert drawn == draw_placebos(people.sample(frac=1, random_state=1), PlaceboCohorts(random=15), seed=3)
    assert draw_placebos(people, PlaceboCohorts(random=15), seed=4) != drawn


def test_of_many_runs_some_are_taken_from_the_first_to_the_last() -> None:
    day = pd.Timestamp("2020-05-01", tz="UTC")
    rows = [("treated", -1 - number) for number in range(5)] + [("historical", number) for number in range(400)]
    people = pd.DataFrame(
        {
            "source": "s",
            "patient_id": [f"s/{place:04}" for place in range(len(rows))],
            "arm": [arm for arm, _ in rows],
            "included": True,
            "time_zero": [day + pd.Timedelta(days=when) for _, when in rows],
        }
    )
    runs = [sorted(one.subjects) for one in draw_placebos(people, PlaceboCohorts(random=0), seed=1)]
    assert len(runs) == 100 and len(draw_placebos(people, PlaceboCohorts(random=0, most=5000), seed=1)) == 396
    assert runs[0][0].endswith("0005") and runs[-1][-1].endswith("0404"), "from the earliest to the latest"


def test_the_treated_take_no_part_in_the_placebos(dictionary: Dictionary) -> None:
    """A huge effect moves the observed answer and no placebo."""
    people = patients()
    values, plan = visits(people), PlaceboCohorts(consecutive=False, random=5)
    raised = values.assign(value=values["value"] + 500.0 * (values["arm"] == "treated"))
    two = [placebo_cohort_rows(analysis_inputs(people, one, dictionary), plan) for one in (values, raised)]
    singles = [one[one["level"].str.contains(" ")]["value"].to_numpy() for one in two]
    assert len(singles[0]) >= 4 and np.array_equal(*singles)


def test_a_weighted_comparison_and_too_few_placebos_say_why(dictionary: Dictionary) -> None:
    people = patients()
    base = analysis_inputs(people, visits(people), dictionary)
    matched = replace(base, comparison=Comparison("matching", sets=pd.Series(0, index=subject_of(base.patients))))
    assert placebo_cohort_rows(matched, PlaceboCohorts())["text"].tolist() == ["placebo_weighted"]
    refused = replace(base, comparison=Comparison(refusal="far_from_controls"))
    assert placebo_cohort_rows(refused, PlaceboCohorts())["text"].tolist() == ["far_from_controls"]
    few = placebo_cohort_rows(base, PlaceboCohorts(consecutive=False, random=3))
    assert few.loc[few["level"] == "calibrated", "text"].tolist() == ["few_placebos"]


def test_a_start_from_the_first_placebo_changes_no_answer(dictionary: Dictionary) -> None:
    """The same maximum as from the declared starts, in fewer steps."""
    people = patients()
    inputs = analysis_inputs(people, visits(people), dictionary)
    few = draw_placebos(people, PlaceboCohorts(random=0), seed=3)[:3]
    ours = list(placebo_contrasts(inputs, few))
    alone = [next(placebo_contrasts(inputs, [one])) for one in few]
    for one, other in zip(ours, alone, strict=True):
        assert isinstance(one, Contrast) and isinstance(other, Contrast)
        assert (one.estimate, one.standard_error) == pytest.approx((other.estimate, other.standard_error), rel=1e-8)
        assert one.df == pytest.approx(other.df, rel=1e-6)
