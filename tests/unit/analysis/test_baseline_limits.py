"""Baselines known only as a limit, as covariates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from historical_controls.analysis.model.baseline_limits import at_limit, expected_beyond


def table(x: np.ndarray, low: float = -np.inf, high: float = np.inf) -> pd.DataFrame:
    """Values between the limits, the others by their bounds."""
    below, above = x < low, x > high
    lower = np.where(below, -np.inf, np.where(above, high, x))
    upper = np.where(below, low, np.where(above, np.inf, x))
    return pd.DataFrame({"value": np.where(below | above, np.nan, x), "lower": lower, "upper": upper})


@pytest.mark.parametrize(("low", "high"), [(-0.4, np.inf), (-np.inf, 0.8), (-0.5, 1.0)])
def test_expectation_is_that_of_the_likeliest_normal_law(low: float, high: float) -> None:
    """scipy maximises the censored likelihood and gives the mean of the truncated law."""
    x = np.random.default_rng(4).normal(size=40)
    values = table(x, low, high)
    exact, n_low, n_high = x[(x >= low) & (x <= high)], (x < low).sum(), (x > high).sum()

    def minus_loglik(at: np.ndarray) -> float:
        law = stats.norm(at[0], np.exp(at[1]))
        parts = [law.logpdf(exact).sum()]
        parts += [n_low * law.logcdf(low)] if n_low else []
        parts += [n_high * law.logsf(high)] if n_high else []
        return -sum(parts)

    mean, log_sd = optimize.minimize(minus_loglik, [0.0, 0.0], method="BFGS", options={"gtol": 1e-8}).x
    got = expected_beyond(values, pd.Series("one", index=values.index))
    for side, bounds in ((x < low, (-np.inf, low)), (x > high, (high, np.inf))):
        a, b = ((bound - mean) / np.exp(log_sd) for bound in bounds)
        wanted = stats.truncnorm(a, b, loc=mean, scale=np.exp(log_sd)).mean() if side.any() else np.nan
        assert got[side].to_numpy() == pytest.approx(np.full(side.sum(), wanted), abs=1e-4)
    assert (got[values["value"].notna()] == values["value"].dropna()).all()


def test_measured_values_alone_or_too_few_of_them_stay() -> None:
    x = np.array([1.0, 2.0, 4.0, 8.0])
    arm = pd.Series(["treated", "treated", "historical", "historical"])
    assert expected_beyond(table(x), arm).tolist() == x.tolist()
    few = table(x, low=3.0)
    assert expected_beyond(few, arm).tolist() == at_limit(few).tolist() == [3.0, 3.0, 4.0, 8.0]
    none = pd.DataFrame({"value": [np.nan, 1.0, 2.0, 3.0], "lower": [-np.inf] * 4, "upper": [np.inf] * 4})
    assert np.isnan(expected_beyond(none, arm).iloc[0])
    pooled = table(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), low=2.5)
    arms = pd.Series(["treated"] * 3 + ["historical"] * 4)
    assert expected_beyond(pooled, arms).equals(expected_beyond(pooled, pd.Series("one", index=arms.index)))


def test_a_difference_between_arms_stays_unbiased_where_the_limit_biases_it() -> None:
    """No effect; the treated are 1 SD lower at baseline and half of all baselines lie below the limit.

    Differences adjusted by least squares in 100 studies of 20 and 60 patients.
    """
    rng = np.random.default_rng(9)
    arm = np.repeat([1.0, 0.0], [20, 60])
    differences: dict[str, list[float]] = {"expected": [], "limit": []}
    for _ in range(100):
        x = rng.normal(size=80) - arm
        y = 2 * x + 0.5 * rng.normal(size=80)
        values = table(x, low=-0.3)
        for name, entered in (("expected", expected_beyond(values, pd.Series(arm))), ("limit", at_limit(values))):
            X = np.column_stack([np.ones(80), arm, entered])
            differences[name].append(float(np.linalg.lstsq(X, y, rcond=None)[0][1]))
    bias = {name: abs(np.mean(values)) for name, values in differences.items()}
    assert bias["limit"] > 0.5
    assert bias["expected"] < 0.1
