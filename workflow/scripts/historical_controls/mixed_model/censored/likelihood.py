"""The marginal log-likelihood of censored responses with its gradient and Hessian (CE-5 to CE-8).

Adaptive Gauss-Hermite quadrature over standardised random effects u (b = Lambda u), at the mode of every
subject, all subjects and nodes of a block at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from historical_controls.mixed_model.censored.parameters import CensoredParameters
from historical_controls.mixed_model.censored.problem import Block, CensoredProblem
from historical_controls.mixed_model.censored.terms import Terms, above_terms, below_terms, between_terms, exact_terms
from historical_controls.mixed_model.design.arrays import Array


@dataclass(frozen=True)
class Rule:
    """Nodes x (K, q) and logs of weights (K,) for integrals over R^q, the Gaussian factor undone."""

    x: Array
    log_weight: Array


@dataclass(frozen=True)
class CensoredPoint:
    """One value of psi = (beta, theta) in reduced scale, with the log-likelihood and its first two derivatives."""

    theta: Array
    loglik: float
    gradient: Array
    information: Array


def gauss_hermite(q: int, nodes: int) -> Rule:
    """The product rule with `nodes` per dimension; one empty node where there is no random effect (CE-5)."""
    if q == 0:
        return Rule(np.zeros((1, 0)), np.zeros(1))
    x, w = np.polynomial.hermite_e.hermegauss(nodes)
    # hermegauss integrates against exp(-x^2 / 2); (CE-5) puts the whole integrand in, so that factor is undone.
    log_w = np.log(w) + 0.5 * x * x
    grid = np.stack(np.meshgrid(*[x] * q, indexing="ij"), axis=-1).reshape(-1, q)
    log_grid = sum(np.meshgrid(*[log_w] * q, indexing="ij"), np.zeros(())).ravel()
    return Rule(grid, log_grid)


def evaluate(problem: CensoredProblem, parameters: CensoredParameters, rule: Rule, psi: Array) -> CensoredPoint | None:
    """The point at psi = (beta, theta), or None where it is not finite."""
    p, size = problem.p, len(psi)
    beta, theta = psi[:p], psi[p:]
    loglik = problem.constant
    gradient: Array = np.zeros(size)
    hessian: Array = np.zeros((size, size))
    # An optimiser's trial step may be impossible: that is no error, and it returns no point.
    with np.errstate(all="ignore"):
        for block in problem.blocks:
            natural = parameters.natural(theta, block.group)
            J = _with_beta(parameters.jacobian(theta, block.group), p)
            value, score, second = _block_sums(block, parameters, rule, beta, natural)
            loglik += value
            gradient += J.T @ score
            hessian += J.T @ second @ J
            hessian[p:, p:] += parameters.curvature(theta, block.group, score[p:])
    if not (np.isfinite(loglik) and np.isfinite(gradient).all() and np.isfinite(hessian).all()):
        return None
    return CensoredPoint(psi, float(loglik), gradient, -(hessian + hessian.T) / 2)


def subject_derivatives(
    problem: CensoredProblem, parameters: CensoredParameters, rule: Rule, psi: Array
) -> tuple[Array, Array]:
    """Score (n, p) and information (n, p, p) in beta of every subject; each must be a block of its own (CE-7, CE-8)."""
    p = problem.p
    scores, second = [], []
    for block in problem.blocks:
        natural = parameters.natural(psi[p:], block.group)
        _, score, hessian = _block_sums(block, parameters, rule, psi[:p], natural)
        scores.append(score[:p])
        second.append(-hessian[:p, :p])
    return np.stack(scores), np.stack(second)


def row_terms(block: Block, eta: Array, sigma: float) -> Terms:
    """Terms of all rows at eta (N, K), derivatives in eta itself and in log sigma (CE-2, CE-3)."""
    out = Terms(*np.empty((6, *eta.shape)))
    low, high = ((bound[:, None] - eta) / sigma for bound in (block.lower, block.upper))
    kinds = [
        (block.exact, lambda rows: exact_terms(low[rows])),
        (block.below, lambda rows: below_terms(high[rows])),
        (block.above, lambda rows: above_terms(low[rows])),
        (block.between, lambda rows: between_terms(low[rows], high[rows])),
    ]
    for rows, terms in kinds:
        if len(rows):
            for target, values in zip(out, terms(rows), strict=True):
                target[rows] = values
    # The density of a value has a factor 1 / s, the probability of an interval has none.
    out.value[block.exact] -= np.log(sigma)
    return Terms(out.value, out.eta / sigma, out.tau, out.eta_eta / sigma**2, out.eta_tau / sigma, out.tau_tau)


def modes(block: Block, fixed: Array, Lambda: Array, sigma: float, steps: int = 60) -> tuple[Array, Array]:
    """Every subject's most likely u (n, q) and the negative Hessian there (n, q, q) (CE-6).

    The integrand is log-concave, so that halved Newton steps reach the only maximum.
    """
    n, q = len(block.first), len(Lambda)
    ZL = block.Z @ Lambda
    u: Array = np.zeros((n, q))
    step: Array = np.zeros((n, q))
    best = np.full(n, -np.inf)
    factor: Array = np.ones((n, 1))
    for _ in range(steps):
        trial = u + factor * step
        terms = row_terms(block, (fixed + (ZL * trial[block.owner]).sum(axis=1))[:, None], sigma)
        value = _per_subject(block, terms.value[:, 0]) - 0.5 * (trial * trial).sum(axis=1)
        better = value >= best - 1e-12 * np.abs(best)
        if not better.all():
            # Only subjects that overshot halve their step; the others repeat theirs until all have moved.
            factor = np.where(better[:, None], factor, factor / 2)
            if factor.min() > 1e-8:
                continue
        u, best, factor = trial, value, np.ones((n, 1))
        slope = _per_subject(block, ZL * terms.eta) - u
        # The prior of u adds the unit matrix: H is positive definite even where all of a subject's values are censored.
        H = _per_subject(block, -terms.eta_eta[:, :, None] * ZL[:, :, None] * ZL[:, None, :]) + np.eye(q)
        step = np.asarray(np.linalg.solve(H, slope[:, :, None])[:, :, 0], dtype=np.float64)
        if np.abs(step).max(initial=0.0) < 1e-7:
            break
    return u, H


def _block_sums(
    block: Block, parameters: CensoredParameters, rule: Rule, beta: Array, natural: Array
) -> tuple[float, Array, Array]:
    """Log-likelihood, score and Hessian in (beta, natural), by Louis' identities (CE-7, CE-8)."""
    Lambda, sigma = parameters.Lambda(natural), float(np.exp(natural[-1]))
    fixed = block.X @ beta
    u, log_prior = _nodes(block, rule, fixed, Lambda, sigma)
    rows_u = u[block.owner]
    terms = row_terms(block, fixed[:, None] + np.einsum("jkl,jl->jk", rows_u, block.Z @ Lambda), sigma)
    # In logarithms: products of many small probabilities would underflow.
    joint = log_prior + _per_subject(block, terms.value)
    value = logsumexp(joint, axis=1)
    posterior = np.exp(joint - value[:, None])
    scores = _scores(block, parameters, terms, u)
    means = np.einsum("nk,nkm->nm", posterior, scores)
    # The posterior variance of the complete-data scores (n K, p + width): Louis' second sum.
    spread = ((scores - means[:, None]) * np.sqrt(posterior)[:, :, None]).reshape(-1, scores.shape[2])
    second = spread.T @ spread + _mean_curvature(block, parameters, terms, rows_u, posterior[block.owner])
    return float(value.sum()), means.sum(axis=0), second


def _nodes(block: Block, rule: Rule, fixed: Array, Lambda: Array, sigma: float) -> tuple[Array, Array]:
    """Nodes u (n, K, q) around every subject's mode, and log of weight times prior density (n, K) (CE-5, CE-6)."""
    n, q = len(block.first), len(Lambda)
    if q == 0:
        return np.zeros((n, 1, 0)), np.zeros((n, 1))
    mode, H = modes(block, fixed, Lambda, sigma)
    factor = np.linalg.cholesky(H)
    u = mode[:, None] + np.linalg.solve(factor.transpose(0, 2, 1)[:, None], rule.x[None, :, :, None])[..., 0]
    log_det = np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
    log_density = -0.5 * ((u * u).sum(axis=2) + q * np.log(2 * np.pi))
    return u, rule.log_weight + log_density - log_det[:, None]


def _per_subject(block: Block, values: Array) -> Array:
    """Sums over the rows of every subject."""
    return np.asarray(np.add.reduceat(values, block.first), dtype=np.float64)


def _scores(block: Block, parameters: CensoredParameters, terms: Terms, u: Array) -> Array:
    """Complete-data scores of every subject at every node in (beta, natural) (n, K, p + width)."""
    sums = [_per_subject(block, terms.eta * column[:, None]) for column in block.X.T]
    effects = [_per_subject(block, terms.eta * column[:, None]) for column in block.Z.T]
    rows, columns = parameters.cells
    sums += [effects[k] * u[:, :, j] for k, j in zip(rows, columns, strict=True)]
    return np.stack([*sums, _per_subject(block, terms.tau)], axis=-1)


def _mean_curvature(block: Block, parameters: CensoredParameters, terms: Terms, rows_u: Array, weight: Array) -> Array:
    """Posterior mean of the complete-data Hessian, eta being linear in (beta, Lambda) at given u (CE-8)."""
    p, q = block.X.shape[1], block.Z.shape[1]
    rows, columns = parameters.cells
    # Derivatives of eta: X for beta; for an entry (k, j) of Lambda the column Z_k times u_j.
    parts = [block.X] + [block.Z[:, rows[columns == j]] for j in range(q)]
    places = [np.arange(p)] + [p + np.flatnonzero(columns == j) for j in range(q)]
    factors = [np.ones(1)] + [rows_u[:, :, j] for j in range(q)]
    both, cross = weight * terms.eta_eta, weight * terms.eta_tau
    out = np.zeros((p + parameters.width, p + parameters.width))
    # Row by row only posterior moments of u up to the second are needed, never a matrix per node.
    for a in range(q + 1):
        weighted = both * factors[a]
        for b in range(a, q + 1):
            moment = (weighted * factors[b]).sum(axis=1)
            entry = parts[a].T @ (moment[:, None] * parts[b])
            out[np.ix_(places[a], places[b])] = entry
            out[np.ix_(places[b], places[a])] = entry.T
        out[places[a], -1] = out[-1, places[a]] = parts[a].T @ (cross * factors[a]).sum(axis=1)
    out[-1, -1] = (weight * terms.tau_tau).sum()
    return out


def _with_beta(jacobian: Array, p: int) -> Array:
    """The Jacobian of (beta, natural) in (beta, theta)."""
    width, size = jacobian.shape
    out = np.zeros((p + width, p + size))
    out[:p, :p] = np.eye(p)
    out[p:, p:] = jacobian
    return out
