"""Few treated of many: sums over members alone, against the products with 0/1 labels that any study can have."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from historical_controls.inference import Labels, draw_labels, relative_effect
from historical_controls.inference.labels import _subsets
from historical_controls.inference.pairwise import relative_effect as room
from historical_controls.inference.pairwise.pairs import by_value


def many(n: int = 90, k: int = 5, draws: int = 400) -> Labels:
    return draw_labels(np.arange(n) < k, 3, exact_up_to=0, draws=draws)


def some_absent(labels: Labels) -> Labels:
    """Of patients without a value: labellings have fewer treated, one of them none."""
    members = labels.members.copy()
    members[7] = labels.size
    return Labels(members, labels.size, labels.exact).take(np.flatnonzero(np.arange(labels.size) % 7))


@pytest.mark.parametrize("labels", [many(), some_absent(many())], ids=["everybody", "some absent"])
def test_sums_are_those_of_the_labels(labels: Labels) -> None:
    values = np.random.default_rng(1).normal(size=(labels.matrix.shape[1], 3))
    assert labels.few
    assert labels.sums(values) == pytest.approx(labels.matrix @ values, abs=1e-13)


@pytest.mark.parametrize("labels", [many(), some_absent(many())], ids=["everybody", "some absent"])
def test_placements_of_few_are_those_of_many(labels: Labels, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ties, wins and losses; a labelling without a treated subject has no placements in either form."""
    scores = np.random.default_rng(2).integers(0, 12, labels.matrix.shape[1]).astype(float)
    pairs, n1 = by_value(scores), labels.matrix.sum(axis=1, dtype=float)
    # A few labellings at a time, as those of many subjects.
    monkeypatch.setattr(room, "CELLS", 900)
    with np.errstate(divide="ignore", invalid="ignore"):
        ours, theirs = (form(pairs, labels, n1, len(scores) - n1) for form in (room._of_few, room._of_many))
    for one, other in zip(ours, theirs, strict=True):
        for a, b in zip(one, other, strict=True):
            assert a == pytest.approx(b, abs=1e-12, nan_ok=True)


def test_an_arm_of_many_asks_for_products() -> None:
    """Half of the subjects treated: the answer is that of Brunner & Munzel either way."""
    scores = np.random.default_rng(4).integers(0, 9, 24).astype(float)
    labels = draw_labels(np.arange(24) < 12, 3, exact_up_to=0, draws=50)
    assert not labels.few
    a, b = scores[:12], scores[12:]
    assert relative_effect(scores, labels).probability == np.mean([(x > y) + (x == y) / 2 for x in a for y in b])


@pytest.mark.parametrize(("n", "k"), [(300, 5), (300, 60), (40, 5), (25_000, 5), (6, 6), (6, 0), (2, 1)])
def test_subsets_are_of_different_positions(n: int, k: int) -> None:
    subsets = np.sort(_subsets(np.random.default_rng(8), n, k, 700), axis=1)
    assert subsets.shape == (700, k) and (np.diff(subsets, axis=1) > 0).all()
    assert k == 0 or (subsets.min() >= 0 and subsets.max() < n)


@pytest.mark.parametrize(("n", "k"), [(7, 3), (8, 6), (40, 2), (5, 4)])
def test_every_subset_is_drawn_equally_often(n: int, k: int) -> None:
    """Both ways of drawing (few members by Floyd's algorithm, many by sorting), by a chi-squared test."""
    ways = list(combinations(range(n), k))
    drawn = np.sort(_subsets(np.random.default_rng(11), n, k, 60 * len(ways)), axis=1)
    found = Counter(map(tuple, drawn.tolist()))
    assert stats.chisquare([found[way] for way in ways]).pvalue > 0.01


def test_labellings_of_a_registry_take_bytes_of_the_treated_only() -> None:
    """100,000 labellings of 25,000 patients as 0 and 1 took 2.5 GB, and as much again for every outcome."""
    labels = draw_labels(np.arange(25_000) < 5, 3, draws=100_000)
    assert labels.members.nbytes == 100_000 * 5 * 4


def test_the_same_sizes_give_the_same_labellings_of_other_people() -> None:
    """Positions are drawn by sizes alone, so that they are drawn once for all outcomes of a job."""
    first, second = (draw_labels(np.roll(np.arange(60) < 4, shift), 5, exact_up_to=0, draws=80) for shift in (0, 9))
    assert (first.matrix[1:] == second.matrix[1:]).all() and (first.matrix[0] != second.matrix[0]).any()
