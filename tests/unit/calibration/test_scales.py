"""The scale on which an answer is judged: its truth, its value of no difference, and what is no part of the bias."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from historical_controls.analysis.without_model.analysis_set import effect_rows
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.calibration.page import validation_page
from historical_controls.calibration.pipeline import read_answer
from historical_controls.calibration.scales import LOG_ODDS, LOG_WIN_ODDS, PROBABILITY, scale_of
from historical_controls.calibration.studies import summary
from historical_controls.calibration.verdicts import verdict
from historical_controls.calibration.worlds import CASES, Case
from historical_controls.inference import draw_labels, relative_effect

WORLD = "death takes the sickest"
RANKS, LOG = (
    next(case for case in CASES if case.world == WORLD and case.analysis == name)
    for name in ("worst_rank", LOG_WIN_ODDS)
)


def rows_of(treated: list[float], controls: list[float]) -> pd.DataFrame:
    """Rows that the analysis prints of these scores."""
    labels = draw_labels(np.arange(len(treated) + len(controls)) < len(treated), 1)
    cell = Cell("worst_rank", "simulated", "brunner_munzel", outcome="PF", day=7, contrast=CONTRAST, output="14.2.1")
    return ard_frame(effect_rows(cell, relative_effect(np.array([*treated, *controls]), labels)))


def test_ranks_are_read_as_the_probability_of_winning() -> None:
    """Treated 4 and 2 against 1, 2 and 3: 4 pairs won, one tied, one lost, so that theta is 4.5 / 6 and its odds 3."""
    few = rows_of([4, 2], [1, 2, 3])
    answer = read_answer(few, "PF", RANKS.source, PROBABILITY)
    assert answer.estimate == pytest.approx(0.75)
    # Ten labellings reject nothing at 5%: no limit is printed, and none is made up.
    assert (answer.lower, answer.upper) == (-np.inf, np.inf)
    assert read_answer(few, "PF", LOG.source, LOG_ODDS).estimate == pytest.approx(np.log(3))


def test_both_scales_have_the_same_interval_and_test() -> None:
    printed = rows_of([9, 8, 4, 2.5], [1, 2, 3, 5, 6, 7, 0, -1])
    odds = printed.set_index("statistic")["value"]
    theta, log = (read_answer(printed, "PF", "worst_rank", scale) for scale in (PROBABILITY, LOG_ODDS))
    for name in ("lower", "upper"):
        assert getattr(theta, name) == pytest.approx(odds[name] / (1 + odds[name]))
        assert getattr(log, name) == pytest.approx(np.log(odds[name]))
    assert theta.p_value == log.p_value == odds["p_value"]


def test_where_every_pair_is_won_only_the_odds_are_infinite() -> None:
    """The odds are not printed; their limit towards 1 is, and holds on both scales."""
    printed = rows_of([10, 11, 12, 13], [1, 2, 3, 4, 5, 6, 7, 8])
    theta, log = (read_answer(printed, "PF", "worst_rank", scale) for scale in (PROBABILITY, LOG_ODDS))
    assert (theta.estimate, log.estimate) == (1.0, np.inf)
    assert 0.5 < theta.lower < 1
    assert theta.lower == pytest.approx(np.exp(log.lower) / (1 + np.exp(log.lower)))
    assert theta.upper == log.upper == np.inf


@pytest.mark.parametrize(("odds", "probability"), [(0.0, 0.0), (1.0, 0.5), (3.0, 0.75), (np.inf, 1.0)])
def test_limits_of_odds_become_those_of_a_probability(odds: float, probability: float) -> None:
    assert PROBABILITY.limit(odds) == probability


def test_no_limit_of_odds_is_none_of_a_probability() -> None:
    assert np.isnan(PROBABILITY.limit(np.nan))


def row(analysis: str, truth: float, rejected: int) -> dict[str, Any]:
    """120 studies without bias whose intervals all cover."""
    null = scale_of(analysis).null
    counts = {"answers": 120, "intervals": 120, "covered": 120, "tests": 120, "rejected": rejected}
    return {"truth": truth, "null": null, "bias": 0.0, "bias_mc": 0.1, "spread": 1.0, "promise": "recovers"} | counts


@pytest.mark.parametrize(("analysis", "null"), [("worst_rank", 0.5), (LOG_WIN_ODDS, 0.0), ("mixed_model", 0.0)])
def test_rejections_are_errors_where_nothing_differs(analysis: str, null: float) -> None:
    """Clopper and Pearson's 99% limits of 30 in 120 are 15.6% and 36.4%: above 7%."""
    assert verdict(row(analysis, null, 30)) == "MISSED: rejects too often"
    assert verdict(row(analysis, null, 6)) == "kept"
    # Where something differs they are power.
    assert verdict(row(analysis, 0.79, 120)) == "kept"


def answers(case: Case, estimates: list[float]) -> pd.DataFrame:
    """Answers whose intervals reach as far as the scale does."""
    frame = pd.DataFrame({"estimate": estimates}).assign(lower=-9.0, upper=np.inf, p_value=0.01, reason="")
    key = {"world": case.world, "outcome": case.outcome, "look": case.look, "analysis": case.analysis}
    return frame.assign(**key, number=range(len(frame)))


def test_infinite_odds_are_counted_and_no_part_of_the_bias() -> None:
    theta = [1.0, 0.75, 0.5]
    found = pd.concat([answers(RANKS, theta), answers(LOG, [np.inf, np.log(3), 0.0])])
    truths = {WORLD: {"worst_rank": 0.75, LOG_WIN_ODDS: np.log(3)}}
    table = summary(found, truths, [RANKS, LOG]).set_index("analysis")
    ranks, log = table.loc["worst_rank"], table.loc[LOG_WIN_ODDS]
    assert (ranks["truth"], ranks["null"], ranks["infinite"], ranks["bias"]) == (0.75, 0.5, 0, 0)
    assert (log["null"], log["answers"], log["infinite"], log["intervals"]) == (0, 3, 1, 3)
    assert log["bias"] == pytest.approx(-np.log(3) / 2)
    page = validation_page(table.reset_index(), "")
    assert "| PF | declared | worst rank (log win odds) | 1.1 | 3/3, 1 infinite | -0.55 ± 0.55 |" in page
    assert "| PF | declared | worst rank (probability of winning) | 0.75 | 3/3 | +0.000 ± 0.144 |" in page


def test_no_difference_is_the_null_of_the_scale() -> None:
    case = next(case for case in CASES if case.world == "immortal time" and case.analysis == "worst_rank")
    assert summary(answers(case, [0.4, 0.6]), {}, [case]).loc[0, ["truth", "null", "bias"]].tolist() == [0.5, 0.5, 0.0]


def test_the_log_of_the_odds_promises_nothing() -> None:
    assert {case.promise for case in CASES if case.analysis == LOG_WIN_ODDS} == {"shown"}
    ranked = {(case.world, case.look) for case in CASES if case.analysis == "worst_rank"}
    assert {(case.world, case.look) for case in CASES if case.analysis == LOG_WIN_ODDS} <= ranked
