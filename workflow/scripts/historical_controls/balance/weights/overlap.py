"""Overlap weights (Li, Morgan & Zaslavsky, J Am Stat Assoc 2018;113:390-400) from a ridge-penalised propensity."""

from __future__ import annotations

import numpy as np

from historical_controls.ard.keys.statistics import Statistic
from historical_controls.balance.covariates import Floats
from historical_controls.balance.key_covariates import Flags, KeyCovariates
from historical_controls.balance.weights.weighting import Infeasible, Weighting

FEWEST_FOR_LOGISTIC = 10
# exp(-30) is 1e-13: fitted probabilities are 0 or 1 to rounding, as under complete separation.
SEPARATED_AT = 30.0
STEPS = 100


def overlap_weighting(key: KeyCovariates, penalty: float) -> Weighting | Infeasible:
    """Treated weigh 1 - e, controls e, e the penalised probability of treatment; each arm sums to the treated (BA-9).

    The target is the patients who could have been in either arm (ATO), not the treated. Without a penalty, few treated
    separate from the controls by chance alone: refused under 10.
    """
    n1 = int(key.treated.sum())
    if penalty == 0 and n1 < FEWEST_FOR_LOGISTIC:
        return Infeasible("too_few_for_logistic")
    X = _varying(key)
    eta, converged = ridge_logistic(X, key.treated, penalty)
    if not converged or np.abs(eta).max(initial=0.0) > SEPARATED_AT:
        return Infeasible("separated")
    e = 1 / (1 + np.exp(-eta))
    raw = np.where(key.treated, 1 - e, e)
    # Scaled per arm, so that each sums to the number of treated patients.
    sums = np.where(key.treated, raw[key.treated].sum(), raw[~key.treated].sum())
    return Weighting(raw / sums * n1, "ATO", {Statistic.PENALTY: penalty})


def _varying(key: KeyCovariates) -> Floats:
    """Standardised columns that vary at all, centred."""
    Z = key.standardised
    kept = Z[:, key.spread > 0]
    # The intercept is free, so that centring changes no fit; it only conditions the Newton steps.
    return kept - kept.mean(axis=0)


def ridge_logistic(X: Floats, treated: Flags, penalty: float) -> tuple[Floats, bool]:
    """Linear predictor (n,) maximising log-likelihood - penalty / 2 * |beta|^2, intercept free; and if it converged."""
    A = np.column_stack([np.ones(len(X)), X])
    ridge = np.append(0.0, np.full(X.shape[1], penalty))
    beta = np.zeros(A.shape[1])
    # The maximum where no covariate matters.
    beta[0] = np.log(treated.sum() / (~treated).sum())
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-(A @ beta)))
        score = A.T @ (treated - p) - ridge * beta
        if np.abs(score).max() < 1e-10 * len(X):
            return A @ beta, True
        information = (A.T * (p * (1 - p))) @ A + np.diag(ridge)
        # Without a penalty collinear columns leave the information singular; the shortest of all equal steps is taken.
        step = np.linalg.lstsq(information, score, rcond=1e-13)[0]
        # No linear predictor moves by more than 5: Newton's first steps overshoot where the arms are nearly separated.
        beta = beta + step * min(1.0, 5.0 / max(np.abs(A @ step).max(), 1e-300))
    return A @ beta, False
