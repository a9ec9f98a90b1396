"""Simulated error rates: the quick path gives the answers of the analysis itself, and rates have their errors."""

from __future__ import annotations

import sys
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.model.contrast_at_day import estimate_contrasts
from historical_controls.analysis.model.permutation import joint_labels, permute
from historical_controls.config.analysis.analysis import Primary
from historical_controls.dictionary.dictionary import load_dictionary

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "benchmarks/inference"))

import error_rates  # noqa: E402
import power_frontier  # noqa: E402
import rate_answers  # noqa: E402
import rate_studies  # noqa: E402
import rate_worlds  # noqa: E402

DICTIONARY = load_dictionary(ROOT / "data/dictionary")


def test_quick_answers_are_those_of_the_analysis() -> None:
    """Ladder, Kenward-Roger and studentised permutation of `analysis/`, study by study."""
    studies = rate_worlds.draw_studies(rate_worlds.WORLDS["AR(1)"], 10, 4, np.random.default_rng(5))
    quick = list(rate_studies.answers(studies, DICTIONARY, seed=3))
    settings = rate_answers.analysis_settings()
    for number in (0, 3):
        people, visits = studies.tables(number)
        primary = Primary(outcome="PF", day=7)
        inputs = AnalysisInputs("primary", people, visits, settings, DICTIONARY, primary, Comparison(), 3)
        data = inputs.table("PF")
        estimates = estimate_contrasts(data, settings, [7], None, None)
        assert not isinstance(estimates, str)
        whole, own = estimates.at(7), quick[number]["default"]
        assert not isinstance(whole, str)
        assert own.estimate == pytest.approx(whole.estimate, rel=1e-5)
        assert [own.lower, own.upper] == pytest.approx([whole.lower, whole.upper], rel=1e-5)
        joint = joint_labels(people, settings, "primary", 3)
        assert joint is not None
        permuted = permute(data, estimates.fitted, settings, joint)
        assert permuted is not None
        assert quick[number]["permutation"].p_value == permuted.tests[0].p_value


def test_limits_are_taken_as_limits_and_other_rules_have_half_of_them() -> None:
    """Where none lies below the limit the answers are those without one, whatever the outcome's scale."""
    world = rate_worlds.WORLDS["a third below a limit"]
    studies = rate_worlds.draw_studies(world, 10, 2, np.random.default_rng(5))
    below = studies.y < world.limit
    assert 0.2 < below.mean() < 0.5
    halved, tied = (studies.with_low(value).y for value in (world.limit - rate_worlds.DOUBLED, world.limit))
    assert np.unique(halved[below]) == [world.limit - 73] and np.unique(tied[below]) == [world.limit]
    assert (halved[~below] == studies.y[~below]).all()
    _, visits = studies.tables(0)
    low = visits[visits["value"].isna()]
    assert len(low) == (below[0].sum() + (studies.baseline < world.limit).sum())
    assert (low["lower"] == 0).all() and np.unique(low["upper"]) == pytest.approx([2 ** (95 / 73)])
    ranks, limited = {"worst_rank", "satterthwaite", "permutation"}, replace(studies, limit=studies.y.min() - 1e3)
    known, without = (
        list(rate_studies.answers(own, DICTIONARY, 3)) for own in (limited, replace(studies, limit=-np.inf))
    )
    for own, other in zip(known, without, strict=True):
        for rule in {"default", *ranks}:
            assert astuple(own[rule]) == pytest.approx(astuple(other[rule]), rel=1e-4, nan_ok=True), rule
        assert astuple(own["half_limit"]) == pytest.approx(astuple(other["default"]))
    for own in rate_studies.answers(studies, DICTIONARY, 3):
        assert own["default"].estimate != pytest.approx(own["half_limit"].estimate, rel=1e-3)


def test_patients_who_die_have_no_later_value_and_the_worst_rank() -> None:
    world = rate_worlds.WORLDS["deaths of the sickest"]
    studies = rate_worlds.draw_studies(world, 25, 40, np.random.default_rng(2))
    assert studies.y.shape == (1, 30, 21)
    death = studies.death[0]
    assert 0 < np.isfinite(death).sum() < 20
    assert np.isnan(studies.y[0])[rate_worlds.DAYS[None, :] > death[:, None]].all()
    people, visits = studies.tables(0)
    assert (people["end_state"] == "death").sum() == np.isfinite(death).sum()
    assert (visits.groupby("patient_id")["day"].max() <= people.set_index("patient_id")["end_day"]).all()


def test_rates_count_groups_and_shift_intervals() -> None:
    given = [(0.01, 1.0, 9.0), (0.2, -5.0, 5.0), (np.nan, np.nan, np.nan), (0.04, -90.0, -80.0)]
    answers = [rate_answers.Answer(0.0, *one) for one in given]
    rows = pd.DataFrame(
        {"world": "AR(1)", "controls": 25, "rule": "default", "group": group}
        | error_rates.counted("default", own, rate_worlds.WORLDS["AR(1)"])
        for group, own in ((0, answers[:2]), (1, answers[2:]))
    )
    row = error_rates.summary(rows).iloc[0]
    assert (row["studies"], row["answers"]) == (4, 3)
    assert row["rejects"] == pytest.approx(2 / 3)
    assert row["covers"] == pytest.approx(1 / 3)
    # Shifted by 73, the third interval is -17 to -7 and excludes 0 as the others do.
    assert row["power"] == 1
    assert row["rejects_mc"] >= np.sqrt(0.625 * 0.375 / 3) - 1e-12


def test_known_variances_keep_their_level_and_the_noncentral_power() -> None:
    """Power of z at 1.5 SD with 5 and 30: P(|Z + 1.5 / sqrt(1/5 + 1/30)| > 1.96) = 87.4%."""
    table = pd.DataFrame(power_frontier.rates(1000))
    own = table[(table["rule"] == "oracle: both variances known") & (table["ratio"] == 1)]
    assert own["power"].mean() == pytest.approx(0.874, abs=0.03)
    assert own["error"].mean() == pytest.approx(0.05, abs=0.02)
    twice = table[(table["ratio"] == 2) & (table["world"] == power_frontier.WORLDS[2])].set_index("rule")["error"]
    # What the other outcomes say is wrong here, and what the other days say is right.
    assert twice["empirical Bayes, other outcomes"] > 0.12 > 0.075 > twice["one ratio for all days"]


def test_a_rule_whose_rows_were_taken_out_answers_the_same_studies_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(error_rates, "TOGETHER", 3)
    path = tmp_path / "groups.csv"
    error_rates.simulate(path, [("AR(1)", 10)], error_rates.time.process_time() + 0.01, DICTIONARY)
    whole = pd.read_csv(path)
    lacking = whole["rule"].isin(["permutation", "default"])
    assert lacking.sum() == 2
    for until, rows in ((-1.0, len(whole) - 2), (np.inf, len(whole))):
        whole.loc[~lacking].to_csv(path, index=False)
        error_rates.fill(path, [("AR(1)", 10)], until, DICTIONARY)
        found = pd.read_csv(path)
        assert len(found) == rows
    by_rule = [table.set_index("rule").sort_index() for table in (whole, found)]
    pd.testing.assert_frame_equal(*by_rule)


def test_a_run_ends_where_every_cell_has_its_studies_and_goes_on_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(error_rates, "TOGETHER", 3)
    path, cells = tmp_path / "groups.csv", [("AR(1)", 10), ("deaths of the sickest", 10)]
    added = [error_rates.simulate(path, cells, np.inf, DICTIONARY, enough) for enough in (2, 4, 4)]
    # Studies whose deaths give each a design of its own are groups of one.
    assert added == [1 + 2, 1 + 2, 0]
    done = pd.read_csv(path)
    own = done[done["rule"] == "default"].groupby("world")
    assert own["group"].apply(list).to_dict() == {"AR(1)": [0, 1], "deaths of the sickest": [0, 1, 2, 3]}
    assert own["studies"].sum().to_dict() == {"AR(1)": 6, "deaths of the sickest": 4}
