"""Estimates of the win odds that were compared, on a table of pairs that can be counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

from historical_controls.inference import draw_labels, relative_effect


@pytest.fixture(scope="module")
def rules(script: Callable[[str], ModuleType]) -> ModuleType:
    return script("benchmarks/inference/win_odds.py")


def test_each_rule_gives_what_its_formula_gives_by_hand(rules: ModuleType) -> None:
    """Treated 4 and 2 against 1, 2 and 3: placements 1 and 1/2, and 0, 1/4 and 1/2.

    So theta = 3/4, S_1^2 = 1/8, S_0^2 = 1/16, v = 1/12, and in units of theta (1 - theta) = 3/16 the variances are
    2/3 and 1/3. Drawn to 1/2 by three subjects (IN-3) they are 13/24 and 13/30, and Phi = 13/48 + 13/90.
    """
    found = {name: float(odds[0]) for name, odds in rules.estimates(np.array([[4.0, 2, 1, 2, 3]]), 2).items()}
    phi = 13 / 48 + 13 / 90
    half, whole = (0.75 + phi / 4) / (1 + phi / 2), (0.75 + phi / 2) / (1 + phi)
    # The second derivative of the log odds is (2 theta - 1) / (theta (1 - theta))^2; half of it is taken, times v.
    curve = 0.25 / (3 / 16) ** 2
    assert found == pytest.approx({
        "theta / (1 - theta)": np.log(3),
        "half a pair added": np.log(5 / 2),
        "theta drawn to 1/2 by half of Phi": np.log(half / (1 - half)),
        "theta drawn to 1/2 by Phi": np.log(whole / (1 - whole)),
        "delta method, v": np.log(3) - curve / 12,
        "delta method, Phi": np.log(3) - curve * 3 / 16 * phi,
    })  # fmt: skip


def test_the_default_is_the_estimate_of_the_analysis(rules: ModuleType) -> None:
    studies = list(rules.Cell(5, 10, 2.0, 1.5).studies(20))
    labels = draw_labels(np.arange(15) < 5, 1, exact_up_to=0, draws=10)
    default = rules.estimates(np.array(studies), 5)["theta / (1 - theta)"]
    wanted = [np.log(relative_effect(values, labels).win_odds) for values in studies]
    assert default == pytest.approx(wanted)


def test_theta_has_no_bias_and_its_log_odds_are_too_far_from_0(rules: ModuleType) -> None:
    """P(treated > control) of normal values one SD apart is Phi(1 / sqrt(2)) = 0.760; five standard errors."""
    cell = rules.Cell(5, 10, 1.0, 1.0)
    assert cell.truth == pytest.approx(0.7602, abs=1e-4)
    log_odds = rules.estimates(np.array(list(cell.studies(4000))), 5)["theta / (1 - theta)"]
    found = rules.errors(log_odds, cell.truth)
    theta = 1 / (1 + np.exp(-log_odds))
    assert abs(found["bias of theta"]) < 5 * theta.std() / np.sqrt(4000)
    assert found["mean bias"] > 0.1
    assert found["infinite"] == pytest.approx(np.isinf(log_odds).mean())
    assert found["infinite"] > 0
