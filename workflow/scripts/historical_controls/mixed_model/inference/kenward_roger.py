"""Kenward and Roger's covariance of beta and degrees of freedom, and Satterthwaite's (MM-16 to MM-21)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from historical_controls.mixed_model.design.arrays import Array
from historical_controls.mixed_model.design.errors import IllConditioned, NotEstimable
from historical_controls.mixed_model.design.messages import Code
from historical_controls.mixed_model.likelihood.likelihood import Point, expected

# Information next to that with known means, and the change of a variance next to it: what rounding leaves of a zero.
NOTHING = 1e-10


@dataclass(frozen=True)
class SmallSample:
    """What a method needs for any contrast, in the reduced units of X.

    Phi (p, p): model-based covariance; adjusted (p, p): the one for standard errors;
    P (R, p, p): X'V^-1 V_r V^-1 X; W (R, R): covariance of the covariance parameters. Leading axes: several problems.
    untold (S, p, p): the same as P of parameters of which the responses tell nothing (MM-17); None where there is none.
    """

    method: str
    Phi: Array
    adjusted: Array
    P: Array
    W: Array
    untold: Array | None = None

    def one(self, number: int) -> SmallSample:
        """That of one of several problems."""
        untold = None if self.untold is None else self.untold[number]
        return SmallSample(self.method, self.Phi[number], self.adjusted[number], self.P[number], self.W[number], untold)

    def needs_untold(self, L: Array) -> bool:
        """Whether the variance of a row (p,) depends on a parameter of which the responses tell nothing."""
        if self.untold is None:
            return False
        a = L @ self.Phi
        return bool((np.abs(self.untold @ a @ a) > NOTHING * (a @ L)).any())


def kenward_roger(point: Point) -> SmallSample:
    """Expected information, no second derivatives: free of the parametrisation (MM-16, MM-17, MM-18).

    Kenward & Roger 1997, Biometrics 53:983-997, eq. 2-7; as in Halekoh & Hojsgaard 2014, JSS 59(9).
    Raises IllConditioned, of several problems where one of them is.
    """
    directions, information, told = _expected_along(point)
    W = inverted(information[..., told, :][..., told], "kenward-roger")
    state = _adjusted(point, directions[..., told], W, "kenward-roger")
    return _with_untold(state, point, directions[..., ~told])


def untold_directions(point: Point) -> Array:
    """Directions of the coordinates (..., S) of which the responses tell nothing (MM-17)."""
    directions, _, told = _expected_along(point)
    return np.asarray(directions[..., ~told])


def _expected_along(point: Point) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Directions that span the model (..., R), the expected information about them, and which are told (R,)."""
    directions = point.parameters.tangent(point.theta)
    # A direction that moves nothing (a factor of a G that is zero) would make the information singular.
    moving = np.abs(directions).sum(axis=-2) > 0
    directions = directions[..., moving.reshape(-1, moving.shape[-1]).any(axis=0)]
    information = directions.mT @ expected(point) @ directions
    return directions, information, _told(point, directions, information)


def _with_untold(state: SmallSample, point: Point, directions: Array) -> SmallSample:
    """The state with what depends on directions that nothing tells of (..., S), where there are any."""
    return replace(state, untold=_along(point, directions)) if directions.shape[-1] else state


def _told(point: Point, directions: Array, information: Array) -> NDArray[np.bool_]:
    """Which directions the restricted likelihood tells anything of, in any of several problems (R,).

    The variance of a visit at which a group has one subject, whom its own mean fits exactly, is in no contrast of other
    visits; its information is what rounding leaves of a zero, next to that with known means.
    """
    known, start = np.zeros(np.diagonal(information, axis1=-2, axis2=-1).shape), 0
    for part in point.second_order:
        own = directions[..., start : start + part.T.shape[-1], :]
        known = known + 0.5 * np.einsum("...ir,...ij,...jr->...r", own, part.T, own)
        start += part.T.shape[-1]
    told = np.diagonal(information, axis1=-2, axis2=-1) > NOTHING * known
    return np.asarray(told.reshape(-1, told.shape[-1]).any(axis=0))


def kenward_roger_linear(point: Point) -> SmallSample:
    """The same with the observed information, mmrm's "Kenward-Roger-Linear" (MM-19)."""
    directions = _all_directions(point)
    told = _told(point, directions, point.full_information)
    W = inverted(point.full_information[told][:, told], "kenward-roger-linear")
    return _with_untold(_adjusted(point, directions[:, told], W, "kenward-roger-linear"), point, directions[:, ~told])


def satterthwaite(point: Point) -> SmallSample:
    """Observed information and no adjustment of the covariance (MM-20)."""
    directions = _all_directions(point)
    told = _told(point, directions, point.full_information)
    W = inverted(point.full_information[told][:, told], "satterthwaite")
    P = _along(point, directions[:, told])
    return _with_untold(SmallSample("satterthwaite", point.Phi, point.Phi, P, W), point, directions[:, ~told])


def inverted(information: Array, method: str) -> Array:
    """Inverse of an information matrix after scaling. Raises IllConditioned.

    The threshold is relative: below it the inverse has no correct digit left to speak of.
    """
    size = np.sqrt(np.maximum(np.diagonal(information, axis1=-2, axis2=-1), 0.0))
    # A negative diagonal entry counts as no information: the likelihood does not fall in that direction.
    if (size == 0).any() or not np.isfinite(size).all():
        raise IllConditioned(Code.NO_INFORMATION, method=method)
    sizes = size[..., :, None] * size[..., None, :]
    scaled = information / sizes
    lowest = float(np.linalg.eigvalsh(scaled)[..., 0].min())
    if lowest < 1e-10:
        # What rounding leaves of a zero differs between machines; a result must not.
        eigenvalue = lowest if abs(lowest) > 1e-12 else 0.0
        raise IllConditioned(Code.INFORMATION_SINGULAR, method=method, eigenvalue=eigenvalue)
    return np.asarray(np.linalg.inv(scaled)) / sizes


def degrees_of_freedom(state: SmallSample, L: Array) -> float:
    """df of one row, 2 (L Phi L')^2 / var(L Phi L') (MM-21)."""
    if state.needs_untold(L):
        return 0.0
    a = L @ state.Phi
    # (R, p, p) @ (p,) @ (p,): the derivative of L Phi L' along each direction of V.
    gradient = state.P @ a @ a
    return float(2 * (a @ L) ** 2 / (gradient @ state.W @ gradient))


def joint(state: SmallSample, L: Array) -> tuple[float, float]:
    """Denominator df and scaling of F for several rows (MM-22); Halekoh & Hojsgaard 2014, section 3."""
    if any(map(state.needs_untold, L)):
        raise IllConditioned(Code.NO_INFORMATION, method=state.method)
    q = len(L)
    a = state.Phi @ L.T
    Theta = a @ np.linalg.solve(L @ a, a.T)
    PT = state.P @ Theta
    traces = np.einsum("rii->r", PT)
    A1 = float(traces @ state.W @ traces)
    A2 = float(np.sum(state.W * np.einsum("rij,sji->rs", PT, PT, optimize=True)))
    B = (A1 + 6 * A2) / (2 * q)
    g = ((q + 1) * A1 - (q + 4) * A2) / ((q + 2) * A2)
    below = 3 * q + 2 * (1 - g)
    c1, c2, c3 = g / below, (q - g) / below, (q + 2 - g) / below
    V0, V1, V2 = 1 + c1 * B, 1 - c2 * B, 1 - c3 * B
    # The tolerances of this function are those of pbkrtest, so that exact F tests (0 / 0 here) come out as there.
    V0 = 0.0 if abs(V0) < 1e-10 else V0
    ratio = 1.0 if abs(1 - A2 / q) < 1e-14 and abs(V1) < 1e-14 else (1 - A2 / q) / V1
    rho = ratio**2 * V0 / (V2 * q)
    ddf = 4 + (q + 2) / (q * rho - 1)
    return ddf, 1.0 if abs(ddf - 2) < 1e-2 else ddf * (1 - A2 / q) / (ddf - 2)


def joint_satterthwaite(state: SmallSample, L: Array) -> float:
    """Denominator df of several rows (MM-23); Fai & Cornelius 1996, J Stat Comput Simul 54:363-378."""
    _, vectors = np.linalg.eigh(L @ state.Phi @ L.T)
    dfs = np.array([degrees_of_freedom(state, row) for row in vectors.T @ L])
    # Equal df pass through unchanged, also at 2 or fewer, where nu / (nu - 2) is void. As in lmerTest.
    if np.ptp(dfs) < 1e-8 * dfs.max():
        return float(dfs.mean())
    if (dfs <= 2).any():
        raise NotEstimable(Code.COMPONENT_DF_TOO_SMALL, method="satterthwaite")
    E = float(np.sum(dfs / (dfs - 2)))
    return 2 * E / (E - len(L))


def _all_directions(point: Point) -> Array:
    """Derivatives of the coordinates in (theta, log sigma^2)."""
    return np.column_stack([point.jacobian, point.parameters.scale_direction(point.nu)])


def _along(point: Point, directions: Array) -> Array:
    P = np.concatenate([part.P for part in point.second_order], axis=-3)[..., :-1, :-1]
    *lead, coordinates, p, _ = P.shape
    mixed = (directions.mT @ P.reshape(*lead, coordinates, p * p)).reshape(*lead, -1, p, p)
    return np.asarray((mixed + mixed.mT) / 2)


def _adjusted(point: Point, directions: Array, W: Array, method: str) -> SmallSample:
    """Phi + 2 Phi [sum W_rs (Q_rs - P_r Phi P_s)] Phi (MM-18)."""
    Phi, P = point.Phi, _along(point, directions)
    *lead, R, p, _ = P.shape
    # Back to the engine's coordinates, in which Q is summed group by group.
    full = directions @ W @ directions.mT
    # P_r Phi P_s is not block diagonal in the groups, which share beta; Q is.
    weighted = (W @ P.reshape(*lead, R, p * p)).reshape(P.shape)
    inner, start = -(P @ Phi[..., None, :, :] @ weighted).sum(axis=-3), 0
    for part in point.second_order:
        own = slice(start, start + part.T.shape[-1])
        inner = inner + part.contracted(full[..., own, own])
        start = own.stop
    adjusted = Phi + 2 * Phi @ ((inner + inner.mT) / 2) @ Phi
    return SmallSample(method, Phi, (adjusted + adjusted.mT) / 2, P, W)
