"""Counts of few: rates with exact intervals, differences of shares, and their permutation test."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtr, ndtri

from historical_controls.inference.shares import exact_interval

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Share:
    """estimate: share of all n in whom the event is documented, nan where nobody is known; most: share if all unknown
    patients had it; lower, upper: interval that covers whatever the unknown are."""

    estimate: float
    most: float
    lower: float
    upper: float


def bounded_share(count: int, unknown: int, n: int, level: float = 0.95) -> Share:
    """Share with an event where `unknown` of n cannot be told (EV-2); nobody unknown: Clopper-Pearson; n >= 1."""
    # All n are the denominator: a share of those known would take the lost for patients like the others.
    lower, upper = exact_interval(count, n, level)[0], exact_interval(count + unknown, n, level)[1]
    estimate = count / n if unknown < n else float("nan")
    return Share(estimate, (count + unknown) / n, lower, upper)


def bounded_difference(
    one: tuple[int, int, int], other: tuple[int, int, int], level: float = 0.95
) -> tuple[float, float, float, float]:
    """Difference of two shares (count, unknown, n) whatever the unknown are: least, most, lower, upper (EV-11).

    The limits of both shares are joined as by Donner & Zou 2002 (Stat Med 21:1491-1501), at the worst that the unknown
    may be on either side.
    """
    (a, u, n), (b, v, m) = one, other
    first, second = bounded_share(a, u, n, level), bounded_share(b, v, m, level)
    least, most = a / n - (b + v) / m, (a + u) / n - b / m
    lower = least - np.hypot(a / n - first.lower, second.upper - (b + v) / m)
    upper = most + np.hypot(first.upper - (a + u) / n, b / m - second.lower)
    # Joined limits may pass the ends of the scale, shares of 0 and 1.
    return float(least), float(most), max(-1.0, float(lower)), min(1.0, float(upper))


def wilson(count: int, n: int, z: float) -> tuple[float, float]:
    """Limits of a share at a normal quantile z (Wilson 1927, J Am Stat Assoc 22:209-212)."""
    centre, half = count + z**2 / 2, z * math.sqrt(count * (n - count) / n + z**2 / 4)
    return (centre - half) / (n + z**2), (centre + half) / (n + z**2)


def newcombe(one: tuple[int, int], other: tuple[int, int], z: float) -> tuple[float, float]:
    """Limits of a difference of two shares (count, n) at a normal quantile z (Newcombe 1998, Stat Med 17:873-890)."""
    p, q = one[0] / one[1], other[0] / other[1]
    (p_low, p_high), (q_low, q_high) = wilson(*one, z), wilson(*other, z)
    return p - q - math.hypot(p - p_low, q_high - q), p - q + math.hypot(p_high - p, q - q_low)


@dataclass(frozen=True)
class ShareDifference:
    """estimate: difference of the shares; lower, upper: its interval, which has 0 if and only if p_value exceeds one
    minus the level."""

    estimate: float
    lower: float
    upper: float
    p_value: float


def share_difference(one: tuple[int, int], other: tuple[int, int], exact_p: float, level: float) -> ShareDifference:
    """Newcombe's interval and the exact p-value of one difference of shares (count, n), made to agree (EV-5).

    p: the larger of the exact one and of that level at which Newcombe's interval just reaches 0. Where the exact test
    keeps 0 and Newcombe's interval does not, the interval is extended to 0: it was too short there.
    """
    estimate = one[0] / one[1] - other[0] / other[1]
    p_value = max(exact_p, _p_of_newcombe(one, other))
    lower, upper = newcombe(one, other, float(ndtri(0.5 + level / 2)))
    if p_value > 1 - level:
        lower, upper = min(lower, 0.0), max(upper, 0.0)
    return ShareDifference(estimate, lower, upper, p_value)


def _p_of_newcombe(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Twice the tail beyond the quantile at which the interval just reaches 0."""
    # Turned so that the first share is the larger one: only its lower limit can reach 0.
    first, second = sorted((one, other), key=lambda share: -share[0] / share[1])
    low, high = 0.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if newcombe(first, second, middle)[0] > 0 else (low, middle)
    return 2 * float(ndtr(-low))


def exact_rate(count: int, exposure: float, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a Poisson rate (EV-3; Garwood 1936, Biometrika 28:437-442)."""
    tail = (1 - level) / 2
    # A gamma law with shape 0 is not defined: without an event the lower limit is 0.
    lower = 0.0 if count == 0 else float(gammaincinv(count, tail))
    return lower / exposure, float(gammaincinv(count + 1, 1 - tail)) / exposure


def chance_of_none(rate: float, n: int) -> float:
    """Chance that none of n has an event of this true rate (EV-4)."""
    return float((1 - rate) ** n)


@dataclass(frozen=True)
class CountTest:
    """p_value: two-sided, all labellings counted; p_floor: the smallest that these numbers can give."""

    p_value: float
    p_floor: float


def hypergeometric(population: int, marked: int, drawn: int) -> NDArray[np.float64]:
    """Probabilities (drawn + 1,) of 0 to `drawn` marked ones among those drawn without replacement, each exact.

    By whole numbers: scipy.stats, which has the law, takes a job longer to import than all the rest.
    """
    ways = [math.comb(marked, k) * math.comb(population - marked, drawn - k) for k in range(drawn + 1)]
    return np.array([way / math.comb(population, drawn) for way in ways])


def central_exact(table: NDArray[np.int_]) -> CountTest:
    """Fisher's exact test of a table (2, 2) as its conditional interval asks it: twice the smaller tail (LD-2).

    The usual two-sided p-value orders tables by their probability, and the interval has 1 where it is below one minus
    the level, or the reverse (Fay 2010, Biostatistics 11:373-374).
    """
    rows, first = table.sum(axis=1), int(table[:, 0].sum())
    law = hypergeometric(int(rows.sum()), first, int(rows[0]))
    tails = np.minimum(np.cumsum(law), np.cumsum(law[::-1])[::-1])
    p_values = np.minimum(1.0, 2 * tails)
    return CountTest(float(p_values[int(table[0, 0])]), float(p_values[law > 0].min()))


def permuted_count(event: Flags, treated: Flags, strata: NDArray[np.int_] | None = None) -> CountTest:
    """How unusual the number of treated with the event is among all labellings (EV-5).

    event, treated (n,); strata (n,): labels are exchanged within them only. The number is a sum of hypergeometric ones,
    so that every labelling is counted without being written down; with one stratum this is Fisher's exact test with the
    tables ordered by the difference of the shares.
    """
    strata = np.zeros(len(event), dtype=int) if strata is None else strata
    law, mean = np.ones(1), 0.0
    for stratum in np.unique(strata):
        own = strata == stratum
        n, events, given = int(own.sum()), int(event[own].sum()), int(treated[own].sum())
        # The sum over independent strata has the convolution of their laws.
        law = np.convolve(law, hypergeometric(n, events, given))
        mean += given * events / n
    distance = np.abs(np.arange(len(law)) - mean)
    # A count that no labelling can give must not set the floor.
    possible = law > 0
    found = float(distance[int((event & treated).sum())])
    # Counts equally far on both sides of the mean are ties, which rounding must not break.
    p_value = law[distance >= found - 1e-9].sum()
    p_floor = law[distance >= distance[possible].max() - 1e-9].sum()
    # Probabilities that sum to 1 may exceed it by rounding.
    return CountTest(min(1.0, float(p_value)), min(1.0, float(p_floor)))
