"""Counts of few: rates with exact intervals, differences of shares, and their permutation test."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

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
