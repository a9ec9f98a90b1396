"""Distributions that sit a known factor away from where they should: a unit stated wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from historical_controls.cleaning.findings.finding import NOT_KNOWN, Evidence, Finding
from historical_controls.dictionary.dictionary import Conversion, Dictionary

LEAST_VALUES = 10
LEAST_FOR_SHIFT = 30
# Powers of ten that decimal marks and prefixes get wrong.
POWERS = (10.0, 0.1, 100.0, 0.01, 1000.0, 0.001)
# Other rows of the same outcome: a factor below 4 may be other patients.
LEAST_FACTOR = 4.0
SAME = 1.6
FAR, NEAR = 0.5, 0.3


@dataclass(frozen=True)
class Candidate:
    """Another reading of the numbers sent: `conversion` to the canonical unit, and the line that declares it."""

    conversion: Conversion
    declared: str


def unit_suspects(values: pd.DataFrame, outside: pd.DataFrame, dictionary: Dictionary) -> Iterator[Finding]:
    """Per file, outcome and unit sent: a median that no group of patients has, and that another unit explains.

    Numbers beyond the hard limits count: platelets of 230000 in 10^9/L are all held, and still tell their unit.
    """
    both = pd.concat([values, outside], ignore_index=True).dropna(subset="value")
    keys = ["file", "outcome", "raw_unit"]
    groups: dict[Any, pd.DataFrame] = dict(list(both.groupby(keys, sort=True)))
    medians = {key: _median(group) for key, group in groups.items() if group["n"].sum() >= LEAST_VALUES}
    sizes = {key: int(group["n"].sum()) for key, group in groups.items()}
    for (file, code, unit), median in medians.items():
        known = dictionary.plausibility.get(code)
        if known is None or known.median_low is None or known.median_high is None:
            continue
        own = dictionary.conversion(code, unit)
        if own is None:
            continue
        low, high = known.median_low, known.median_high
        found = None if low <= median <= high else _explained(median, own, (low, high), code, dictionary)
        found = found or _unlike_others((file, code, unit), medians, sizes, own, dictionary)
        if found is not None:
            factor = found.conversion.factor / own.factor
            n = sizes[file, code, unit]
            line = f'unit_factors: [{{outcome: {code}, unit: "{unit}", {found.declared}}}]'
            share = n / sum(size for key, size in sizes.items() if key[:2] == (file, code))
            where = (
                Evidence("measurements", {"file": file, "outcome": code, "raw_unit": unit}),
                Evidence("ledger", {"file": file, "analyte": code, "reason": "OUT_OF_RANGE"}),
            )
            yield Finding(file, "UNIT_SUSPECT", code, unit, median, n, share, factor, line, line, where)


def _median(group: pd.DataFrame) -> float:
    """Median of values that stand n times each."""
    ordered = group.sort_values("value")
    place = np.searchsorted(ordered["n"].cumsum().to_numpy(), ordered["n"].sum() / 2)
    return float(ordered["value"].iloc[int(place)])


def candidates(code: str, own: Conversion, dictionary: Dictionary) -> list[Candidate]:
    """Other units of the outcome, then powers of ten; none that says the same as `own`."""
    known = [Candidate(found, f'true_unit: "{spelling}"') for spelling, found in dictionary.units_of(code).items()]
    powers = [Candidate(Conversion(own.factor * power, own.offset), f"factor: {power:g}") for power in POWERS]
    distinct: dict[Conversion, Candidate] = {}
    for candidate in [*known, *powers]:
        if not np.isclose(candidate.conversion.factor, own.factor) or candidate.conversion.offset != own.offset:
            distinct.setdefault(candidate.conversion, candidate)
    return list(distinct.values())


def _explained(
    median: float, own: Conversion, limits: tuple[float, float], code: str, dictionary: Dictionary
) -> Candidate | None:
    """The first unit, else power of ten, that brings the median among those of patients, nearest to their middle."""
    sent = (median - own.offset) / own.factor
    fitting = [
        candidate
        for candidate in candidates(code, own, dictionary)
        if limits[0] <= sent * candidate.conversion.factor + candidate.conversion.offset <= limits[1]
    ]
    middle = np.sqrt(limits[0] * limits[1])

    def away(candidate: Candidate) -> tuple[bool, float]:
        there = sent * candidate.conversion.factor + candidate.conversion.offset
        return candidate.declared.startswith("factor"), abs(float(np.log(there / middle)))

    return min(fitting, key=away, default=None)


def _unlike_others(
    key: tuple[str, str, str],
    medians: dict[tuple[str, str, str], float],
    sizes: dict[tuple[str, str, str], int],
    own: Conversion,
    dictionary: Dictionary,
) -> Candidate | None:
    """A factor that brings a group to the largest group of the same outcome, which speaks for the unit of that one."""
    code = key[1]
    alike = [other for other in medians if other[1] == code]
    largest = max(alike, key=lambda other: sizes[other])
    if key == largest or medians[key] <= 0 or medians[largest] <= 0 or own.offset != 0:
        return None
    apart = medians[largest] / medians[key]
    for candidate in candidates(code, own, dictionary):
        factor = candidate.conversion.factor / own.factor
        large = max(factor, 1 / factor) >= LEAST_FACTOR
        if large and candidate.conversion.offset == 0 and 1 / SAME <= apart / factor <= SAME:
            return candidate
    return None


def source_shifts(values: pd.DataFrame, others: dict[str, pd.DataFrame], dictionary: Dictionary) -> Iterator[Finding]:
    """Outcomes that lie a factor away from another source's: the two-sample Kolmogorov-Smirnov distance before and
    after. A suggestion only: sources may hold other patients.
    """
    for name, other in others.items():
        for code in sorted(set(values["outcome"]) & set(other["outcome"])):
            here, there = (_positive(frame, str(code)) for frame in (values, other))
            if min(here["n"].sum(), there["n"].sum()) < LEAST_FOR_SHIFT:
                continue
            before = ks_distance(here, there)
            own = Conversion(1.0, 0.0)
            tried = [
                (ks_distance(here.assign(value=here["value"] * c.conversion.factor), there), c)
                for c in candidates(str(code), own, dictionary)
                if c.conversion.offset == 0
            ]
            after, best = min(tried, key=lambda pair: pair[0])
            if before >= FAR and after <= min(NEAR, before / 2):
                n, factor = int(here["n"].sum()), best.conversion.factor
                hint = f"{name}: KS {before:.2f} -> {after:.2f}"
                yield Finding("", "SOURCE_SHIFT", str(code), name, NOT_KNOWN, n, before, factor, hint)


def _positive(values: pd.DataFrame, code: str) -> pd.DataFrame:
    own = values.loc[(values["outcome"] == code) & (values["value"] > 0), ["value", "n"]]
    return own.groupby("value")["n"].sum().reset_index()


def ks_distance(one: pd.DataFrame, other: pd.DataFrame) -> float:
    """Largest difference of two distribution functions, of values that stand n times each (columns value, n)."""
    at = np.union1d(one["value"], other["value"])
    shares = []
    for frame in (one, other):
        ordered = frame.sort_values("value")
        total = np.concatenate([[0], ordered["n"].cumsum()]) / ordered["n"].sum()
        shares.append(total[np.searchsorted(ordered["value"].to_numpy(), at, side="right")])
    return float(np.abs(shares[0] - shares[1]).max())
