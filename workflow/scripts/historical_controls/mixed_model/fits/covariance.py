"""The covariance parameters in the caller's units: tables, single subjects, and boundaries in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from historical_controls.mixed_model.design.design import Array, Design
from historical_controls.mixed_model.likelihood.likelihood import Point
from historical_controls.mixed_model.likelihood.reduction import Problem

SINGULAR = 1e-9  # eigenvalue of the scaled G relative to the residual variance, far below what matters


def random_part(problem: Problem, point: Point, group: int) -> tuple[Array, float, float | None]:
    """G (q, q) and residual variance of a group in response units, and rho at the unit gap (None for iid)."""
    at = point.engine.coordinates(point.nu, group)  # type: ignore[attr-defined]
    unit = point.sigma2 * problem.y_scale**2
    return unit * at.G / np.outer(problem.z_scale, problem.z_scale), unit * at.r, at.rho


def time_range(problem: Problem, rho: float) -> float:
    """The range in the unit of time: rho = exp(-gap / range)."""
    return 0.0 if rho <= 1e-12 else float(-problem.unit_gap / np.log(rho))


def table(design: Design, problem: Problem, point: Point) -> pd.DataFrame:
    """Columns group, parameter, estimate."""
    rows: list[dict[str, Any]] = []
    named_rows = _visit_rows if design.spec.over_visits else _random_rows
    for g, label in enumerate(design.group_levels):
        named = named_rows(design, problem, point, g)
        rows += [{"group": label, "parameter": name, "estimate": value} for name, value in named]
    return pd.DataFrame(rows)


def _random_rows(design: Design, problem: Problem, point: Point, g: int) -> list[tuple[str, float]]:
    G, r, rho = random_part(problem, point, g)
    names = design.random_names
    rows = [(f"variance({a})", float(G[i, i])) for i, a in enumerate(names)]
    rows += [
        (f"covariance({a}, {b})", float(G[i, j]))
        for i, a in enumerate(names)
        for j, b in enumerate(names[:i])
        if design.spec.random_correlated
    ]
    rows.append(("residual variance", r))
    if rho is not None:
        rows.append(("range", time_range(problem, rho)))
    return rows


def over_visits(problem: Problem, point: Point, group: int) -> Array:
    """Sigma (m, m) of a group in squared response units."""
    m = problem.n_visits
    Sigma = point.nu.reshape(problem.n_groups, m, m)[group]
    return np.asarray(point.sigma2 * problem.y_scale**2 * Sigma)


def _visit_rows(design: Design, problem: Problem, point: Point, g: int) -> list[tuple[str, float]]:
    Sigma = over_visits(problem, point, g)
    names = [str(level) for level in design.visit_levels]
    sd = np.sqrt(np.diag(Sigma))
    rows = [(f"variance({a})", float(Sigma[i, i])) for i, a in enumerate(names)]
    return rows + [
        (f"correlation({a}, {b})", float(Sigma[i, j] / (sd[i] * sd[j])))
        for i, a in enumerate(names)
        for j, b in enumerate(names[:i])
    ]


def of_subject(design: Design, problem: Problem, point: Point, subject: int) -> Array:
    """V_i = Z_i G Z_i' + R_i (MM-1)."""
    start = design.first[subject]
    own = slice(start, start + design.counts[subject])
    weight = np.ones(own.stop - own.start) if design.weight is None else design.weight[own]
    group = int(design.group[subject])
    if design.spec.over_visits:
        assert design.visit is not None
        Sigma = over_visits(problem, point, group)[np.ix_(design.visit[own], design.visit[own])]
        return Sigma / np.sqrt(np.outer(weight, weight))
    G, r, rho = random_part(problem, point, group)
    C = np.eye(len(weight))
    if rho is not None:
        assert design.time is not None
        distance = np.abs(np.subtract.outer(design.time[own], design.time[own])) / problem.unit_gap
        C = max(rho, 1e-300) ** distance
    return design.Z[own] @ G @ design.Z[own].T + r * C / np.sqrt(np.outer(weight, weight))


def boundaries(design: Design, problem: Problem, point: Point) -> tuple[str, ...]:
    """Zero variances, correlations of +-1 and vanishing or endless ranges, each in words."""
    found: list[str] = []
    for g, label in enumerate(design.group_levels):
        where = "" if len(design.group_levels) == 1 else f" ({design.spec.groups}={label})"
        if design.spec.over_visits:
            Sigma = over_visits(problem, point, g)
            sd = np.sqrt(np.diag(Sigma))
            if np.linalg.eigvalsh(Sigma / np.outer(sd, sd))[0] < 1e-8:
                found.append(f"covariance over visits is singular{where}")
            continue
        at = point.engine.coordinates(point.nu, g)  # type: ignore[attr-defined]
        found += [f"{words}{where}" for words in degenerate(at.G / at.r, design.random_names)]
        if at.rho is not None and at.rho < 1e-8:
            found.append(f"residual correlation is 0{where}")
        if at.rho is not None and at.rho > 1 - 1e-6:
            found.append(f"residual correlation is 1{where}")
    return tuple(dict.fromkeys(found))


def degenerate(G: Array, names: tuple[str, ...]) -> list[str]:
    """Zero variances and correlations of +-1 in words, G being relative to the residual variance."""
    zero = [i for i in range(len(G)) if G[i, i] < SINGULAR]
    words = [f"variance of random {names[i]} is 0" for i in zero]
    kept = [i for i in range(len(G)) if i not in zero]
    if len(kept) < 2:
        return words
    size = np.sqrt(np.diag(G)[kept])
    correlation = G[np.ix_(kept, kept)] / np.outer(size, size)
    if np.linalg.eigvalsh(correlation)[0] > SINGULAR:
        return words
    if len(kept) == 2:
        pair = f"{names[kept[0]]} and {names[kept[1]]}"
        return [*words, f"correlation of random {pair} is {'+' if correlation[0, 1] > 0 else '-'}1"]
    return [*words, "correlations of the random effects are degenerate"]
