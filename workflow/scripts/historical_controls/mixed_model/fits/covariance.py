"""The covariance parameters in the caller's units: tables, one subject's matrix, and boundaries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.mixed_model.design.arrays import Array, Design
from historical_controls.mixed_model.design.messages import Code, Message, message
from historical_controls.mixed_model.inference.kenward_roger import untold_directions
from historical_controls.mixed_model.likelihood.likelihood import Point
from historical_controls.mixed_model.likelihood.reduction import Problem

STEP = 1e-6  # of the coordinates along a direction; what does not change with it by a thousandth does not depend on it
SINGULAR = 1e-9  # eigenvalue of the scaled G relative to the residual variance, far below what matters


def random_part(problem: Problem, point: Point, group: int) -> tuple[Array, float, float | None]:
    """G (q, q) and residual variance of a group in response units, and rho at the unit gap (None for iid)."""
    at = point.engine.coordinates(point.nu, group)  # type: ignore[attr-defined]
    # The engine works at V / sigma^2 with y and Z of unit size (MM-4, MM-7).
    unit = point.sigma2 * problem.y_scale**2
    return unit * at.G / np.outer(problem.z_scale, problem.z_scale), unit * at.r, at.rho


def time_range(problem: Problem, rho: float) -> float:
    """The range in the unit of time: rho = exp(-gap / range)."""
    # The likelihood is flat below this floor of car1, so that a range there would be an arbitrary number.
    return 0.0 if rho <= 1e-12 else float(-problem.unit_gap / np.log(rho))


def table(design: Design, problem: Problem, point: Point) -> pd.DataFrame:
    """Columns group, parameter, estimate; the estimate is nan where the responses tell nothing of it (MM-17)."""
    found = _rows(design, problem, point)
    estimate = np.array([value for _, _, value in found])
    for direction in untold_directions(point).T:
        estimate[_moved(design, problem, point, direction)] = np.nan
    groups, parameters, _ = zip(*found, strict=True)
    return pd.DataFrame({"group": groups, "parameter": parameters, "estimate": estimate})


def _rows(design: Design, problem: Problem, point: Point) -> list[tuple[Any, str, float]]:
    """Group, parameter and value."""
    named_rows = _visit_rows if design.spec.over_visits else _random_rows
    groups = enumerate(design.group_levels)
    return [(label, *row) for g, label in groups for row in named_rows(design, problem, point, g)]


def _moved(design: Design, problem: Problem, point: Point, direction: Array) -> NDArray[np.bool_]:
    """Which rows of the table depend on a direction of the coordinates (k,)."""
    # As a part of each coordinate, so that a step is small beside every one of them; a covariance of zero has no size.
    sizes = np.where(point.nu != 0, np.abs(point.nu), np.abs(point.nu).max())
    further = replace(point, nu=point.nu + STEP / np.abs(direction / sizes).max() * direction)
    before, after = (np.array([row[2] for row in _rows(design, problem, at)]) for at in (point, further))
    # A correlation near zero changes beside one.
    correlation = np.array([row[1].startswith("correlation") for row in _rows(design, problem, point)])
    beside = np.where(correlation, 1.0, np.abs(before))
    return np.asarray(np.abs(after - before) > 1e-3 * STEP * beside)


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


def subject_covariance(design: Design, problem: Problem, point: Point, subject: int) -> Array:
    """V_i = Z_i G Z_i' + R_i (MM-1)."""
    return subject_covariances(design, problem, point, point.nu, point.sigma2, subject)


def subject_covariances(design: Design, problem: Problem, point: Point, nu: Array, sigma2: Any, subject: int) -> Array:
    """V_i (..., n_i, n_i) at coordinates nu (..., k) and scales sigma2 (...), read by the engine of `point`."""
    start = design.first[subject]
    own = slice(start, start + design.counts[subject])
    weight = np.ones(own.stop - own.start) if design.weight is None else design.weight[own]
    group = int(design.group[subject])
    unit = (np.asarray(sigma2) * problem.y_scale**2)[..., None, None]
    # A weight divides the variance of its row: C_jk / sqrt(w_j w_k).
    root = np.sqrt(np.outer(weight, weight))
    if design.spec.over_visits:
        assert design.visit is not None
        m = problem.n_visits
        Sigma = nu.reshape(*nu.shape[:-1], problem.n_groups, m, m)[..., group, :, :]
        return np.asarray(unit * Sigma[..., design.visit[own][:, None], design.visit[own]] / root)
    at = point.engine.coordinates(nu, group)  # type: ignore[attr-defined]
    C = np.eye(len(weight))
    if at.rho is not None:
        assert design.time is not None
        distance = np.abs(np.subtract.outer(design.time[own], design.time[own])) / problem.unit_gap
        C = np.maximum(at.rho, 1e-300)[..., None, None] ** distance
    Z = design.Z[own] / problem.z_scale
    return np.asarray(unit * (Z @ at.G @ Z.T + np.asarray(at.r)[..., None, None] * C / root))


def boundaries(design: Design, problem: Problem, point: Point) -> tuple[Message, ...]:
    """Zero variances, correlations of +-1 and vanishing or endless ranges; empty inside the parameter space."""
    return by_group(design, [_boundaries(design, problem, point, g) for g in range(len(design.group_levels))])


def by_group(design: Design, boundaries: list[list[Message]]) -> tuple[Message, ...]:
    """The messages of all groups, each with its group's name; once and without a name where groups share a parameter.

    boundaries: the messages of each group, without its name. No parameter is shared with form "free".
    """
    free = design.spec.group_form == "free"
    # What only some groups say is a factor of their own that vanished ("two_scales").
    shared = set() if free else set.intersection(*map(set, boundaries))
    messages = [
        replace(one, values=tuple((name, group if name == "group" else value) for name, value in one.values))
        for g, own in enumerate(boundaries)
        for one in own
        for group in ["" if one in shared else group_name(design, g)]
    ]
    # Each message once, in the order found: a set would change it from run to run.
    return tuple(dict.fromkeys(messages))


def _boundaries(design: Design, problem: Problem, point: Point, g: int) -> list[Message]:
    """The boundaries of one group, without its name."""
    if design.spec.over_visits:
        Sigma = over_visits(problem, point, g)
        sd = np.sqrt(np.diag(Sigma))
        # Of the correlations, so that visits with small variances do not count as singular.
        singular = np.linalg.eigvalsh(Sigma / np.outer(sd, sd))[0] < 1e-8
        return [message(Code.COVARIANCE_SINGULAR, group="")] if singular else []
    at = point.engine.coordinates(point.nu, g)  # type: ignore[attr-defined]
    messages = degenerate(at.G / at.r, design.random_names)
    if at.rho is not None and at.rho < 1e-8:
        messages.append(message(Code.RESIDUAL_CORRELATION_ZERO, group=""))
    # of rows as far apart as any of one subject: of neighbours it is near 1 wherever times are close
    if at.rho is not None and at.rho ** longest_span(design, problem) > 1 - 1e-6:
        messages.append(message(Code.RESIDUAL_CORRELATION_ONE, group=""))
    return messages


def longest_span(design: Design, problem: Problem) -> float:
    """Longest time between two rows of one subject, in units of the shortest gap."""
    assert design.time is not None
    last = np.append(design.first[1:], len(design.time)) - 1
    return float((design.time[last] - design.time[design.first]).max() / problem.unit_gap)


def group_name(design: Design, group: int) -> str:
    """ "site=north" where groups have parameters of their own, else nothing."""
    several = len(design.group_levels) > 1
    return f"{design.spec.groups}={design.group_levels[group]}" if several else ""


def degenerate(G: Array, names: tuple[str, ...]) -> list[Message]:
    """Zero variances and correlations of +-1 of one group, not named, G being relative to the residual variance."""
    zero = [i for i in range(len(G)) if G[i, i] < SINGULAR]
    messages = [message(Code.VARIANCE_ZERO, effect=names[i], group="") for i in zero]
    # An effect without variance has no correlation to be judged.
    kept = [i for i in range(len(G)) if i not in zero]
    if len(kept) < 2:
        return messages
    size = np.sqrt(np.diag(G)[kept])
    correlation = G[np.ix_(kept, kept)] / np.outer(size, size)
    if np.linalg.eigvalsh(correlation)[0] > SINGULAR:
        return messages
    # With three effects or more no single pair need be at 1 for the matrix to be singular.
    if len(kept) > 2:
        return [*messages, message(Code.CORRELATIONS_DEGENERATE, group="")]
    one, other = (names[i] for i in kept)
    sign = "+" if correlation[0, 1] > 0 else "-"
    return [*messages, message(Code.CORRELATION_ONE, effect=one, other=other, sign=sign, group="")]
