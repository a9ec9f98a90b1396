"""The primary contrast over further draws of waits: averaged with the variation between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.sensitivity.wait_draws import analyse_draws, average_over_draws
from historical_controls.dictionary.dictionary import Dictionary

from .test_analysis import analysis_inputs, dictionary, number, patients, visits

__all__ = ["dictionary"]


def test_answers_that_do_not_differ_are_their_own_average() -> None:
    one = average_over_draws([5.0] * 4, [2.0] * 4, [20.0] * 4)
    assert (one.estimate, one.standard_error) == (5.0, 2.0)
    assert one.df == pytest.approx(21 / 23 * 20)


def test_barnard_and_rubin_by_hand() -> None:
    """m = 5, W = 4, B = 2.5: T = 4 + 1.2 x 2.5 = 7, r = 3/7, nu_m = 4 / r^2, nu_obs = 31/33 x 30 x 4/7."""
    one = average_over_draws([1.0, 2.0, 3.0, 4.0, 5.0], [2.0] * 5, [30.0] * 5)
    assert one.standard_error == pytest.approx(np.sqrt(7))
    assert one.df == pytest.approx(1 / (1 / (4 / (3 / 7) ** 2) + 1 / (31 / 33 * 30 * 4 / 7)))


def test_an_average_exists_where_most_draws_have_an_answer(dictionary: Dictionary) -> None:
    people = patients()
    base = analysis_inputs(people, visits(people), dictionary)
    draws = [replace(base, scenario=f"wait_draw_{k}", visits=visits(people, seed=k)) for k in range(2, 7)]
    refused = [replace(one, comparison=Comparison(refusal="far_from_controls")) for one in draws]
    ard = analyse_draws([*draws[:3], *refused[3:]])
    at = {"scenario": "primary", "level": "average", "contrast": "treated - historical"}
    values = {name: number(ard, name, **at) for name in ("estimate", "lower", "upper", "standard_error", "df")}
    own = ard[(ard["scenario"] != "primary") & (ard["statistic"] == "estimate")]["value"]
    assert values["estimate"] == pytest.approx(own.mean())
    half = stats.t.ppf(0.975, values["df"]) * values["standard_error"]
    assert values["upper"] - values["estimate"] == pytest.approx(half)
    ard = analyse_draws([*draws[:2], *refused[2:]])
    average = ard[ard["level"] == "average"]
    assert average[["statistic", "text"]].to_numpy().tolist() == [["not_estimable", "most_draws_refused"]]
