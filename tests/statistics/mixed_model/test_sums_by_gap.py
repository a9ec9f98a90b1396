"""Correlated residuals at few distinct gaps: sums over rows of one gap against the rows themselves (MM-10 to MM-12)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from historical_controls.mixed_model.random_effects import car1, engine

FIRST = np.array([0, 7, 8, 15])  # the second subject has one row
N, Q, K = 24, 2, 6


def gaps(distinct: int) -> np.ndarray:
    """Gaps between the rows of four subjects: of few kinds, or all different."""
    gap = 1 + np.random.default_rng(3).integers(0, distinct, N) / distinct
    gap[FIRST] = np.inf
    return gap


def block(gap: np.ndarray, rows: np.ndarray) -> engine.Block:
    """With both ways of summing."""
    identity, lags = engine.products(rows, rows, FIRST, Q), car1.lags_of(gap)
    return engine.Block(0, N, FIRST, rows, lags, identity, engine._sums_by_gap(rows, lags, FIRST, identity))


def rows() -> np.ndarray:
    return np.random.default_rng(5).normal(size=(K, N))


def correlation(rho: float, gap: np.ndarray) -> np.ndarray:
    """C of all rows by its definition: rho to the power of the time between two rows of a subject."""
    owner = np.searchsorted(FIRST, np.arange(N), side="right")
    time = np.cumsum(np.where(np.isfinite(gap), gap, 0.0))
    return np.where(owner[:, None] == owner, rho ** np.abs(time[:, None] - time), 0.0)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.9, 0.9999])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_sums_are_those_of_the_rows(rho: float, order: int) -> None:
    own = block(gaps(3), rows())
    t = car1.transitions(np.array(rho), own.lags)
    ours, theirs = (engine.whitened(one, t, order) for one in (own, replace(own, sums=None)))
    for a, b in ((ours.Z, theirs.Z), (ours.M, theirs.M)):
        assert a == pytest.approx(b, rel=1e-9, abs=1e-11 * np.abs(b).max())


@pytest.mark.parametrize("distinct", [1, 4, 1000])
def test_both_are_those_of_the_inverse(distinct: int) -> None:
    gap, rho, step = gaps(distinct), 0.6, 1e-4
    own = block(gap, rows())
    t, (before, C, after) = (
        car1.transitions(np.array(rho), own.lags),
        (correlation(at, gap) for at in (rho - step, rho, rho + step)),
    )
    slope, inverse = (after - before) / (2 * step), np.linalg.inv(C)
    X = own.rows[Q:]
    assert pytest.approx(X @ inverse @ X.T, rel=1e-10) == engine.whitened(own, t).M
    moved = inverse @ slope @ inverse
    assert pytest.approx(-X @ moved @ X.T, rel=1e-6, abs=1e-6) == engine.whitened(own, t, 1).M
    # (C^-1)' C (C^-1)' is C^-1 C' C^-1 C' C^-1.
    assert pytest.approx(X @ moved @ slope @ inverse @ X.T, rel=1e-5, abs=1e-5) == engine.doubled(own, t).M
    assert t.logdet[0] == pytest.approx(np.linalg.slogdet(C)[1])
    assert t.trace11 == pytest.approx(np.trace(inverse @ slope @ inverse @ slope), rel=1e-6)


def test_patients_with_one_row_each_have_no_gap() -> None:
    """Of the arm of a study with one scan per patient: the sums are those of independent rows."""
    own = block(np.full(N, np.inf), rows())
    t = car1.transitions(np.array(0.4), own.lags)
    assert own.lags.counts.shape == (0,) and t.logdet[0] == 0
    for order, like in ((0, own.identity), (1, engine.Products(0 * own.identity.Z, 0 * own.identity.M))):
        summed = engine.whitened(own, t, order)
        assert pytest.approx(like.Z) == summed.Z and pytest.approx(like.M) == summed.M


def test_several_problems_have_their_own_rows() -> None:
    """Without the third subject, and without nobody: each as if it were alone."""
    gap, together = gaps(3), rows()
    absent = np.zeros(N, dtype=bool)
    absent[8:15] = True
    stacked = np.stack([together * ~absent, together])
    own = block(np.stack([np.where(absent, np.inf, gap), gap]), stacked)
    rho = np.array([0.7, 0.2])
    found = engine.whitened(own, car1.transitions(rho, own.lags), 1)
    for place, (one, of_gap) in enumerate(((together * ~absent, np.where(absent, np.inf, gap)), (together, gap))):
        alone = block(of_gap, one)
        t = car1.transitions(rho[place], alone.lags)
        assert found.Z[place] == pytest.approx(engine.whitened(alone, t, 1).Z, abs=1e-12)
        assert car1.transitions(rho, own.lags).logdet[0][place] == pytest.approx(t.logdet[0])
