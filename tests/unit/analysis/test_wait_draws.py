"""The primary contrast over further draws of waits: averaged with the variation between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.sensitivity.wait_draws import analyse_draws, average_over_draws
from historical_controls.config.analysis.analysis import Primary
from historical_controls.dictionary.dictionary import Dictionary
from historical_controls.tables.endings import DEATH, LOST

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


def test_deaths_as_the_primary_outcome_are_counted_in_every_draw(dictionary: Dictionary) -> None:
    """Newcombe's interval (1998, Stat Med 17:873-890, method 10) of 0 of 5 less k of 25, for k of each draw."""
    people = patients()
    base = analysis_inputs(people, visits(people, days=1), dictionary)
    base = replace(base, primary=Primary(outcome="DEATH", day=14))
    draws = []
    for k in (3, 5, 6):
        dead = people["patient_id"].isin([f"p{number:02d}" for number in range(10, 10 + k)])
        ends = people.assign(end_state=people["end_state"].mask(dead, DEATH), end_day=people["end_day"].mask(dead, 9.0))
        draws.append(replace(base, scenario=f"wait_draw_{k}", patients=ends))
    ard = analyse_draws(draws)
    of_primary = ard[ard["scenario"] == "primary"]
    spread = of_primary[of_primary["level"] == "estimate"].set_index("statistic")["value"]
    assert spread.to_dict() == pytest.approx({"min": -6 / 25, "median": -5 / 25, "max": -3 / 25})
    assert set(of_primary.loc[of_primary["level"] == "estimate", "format"]) == {"percent"}
    counted = of_primary[of_primary["level"] == ""].set_index("statistic")["value"]
    assert (counted["n_draws"], counted["n_estimated"]) == (3, 3)
    one = people["patient_id"] == "p29"
    lost = people.assign(end_state=people["end_state"].mask(one, LOST[0]), end_day=people["end_day"].mask(one, 9.0))
    # Bounds have no middle, and draws hold no tests.
    assert analyse_draws([replace(draws[0], patients=lost)]).empty
    assert analyse_draws([replace(one, primary=Primary(outcome="PCR", day=14)) for one in draws]).empty
