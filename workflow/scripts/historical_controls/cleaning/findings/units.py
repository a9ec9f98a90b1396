"""Distributions that sit a known factor away from where they should: a unit stated wrongly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from historical_controls.cleaning.findings.finding import NOT_KNOWN, Evidence, Finding
from historical_controls.cleaning.findings.values import commonest_cell
from historical_controls.dictionary.dictionary import Conversion, Dictionary

LEAST_VALUES = 10
LEAST_FOR_SHIFT = 30
# Powers of ten that decimal marks and prefixes get wrong.
POWERS = (10.0, 0.1, 100.0, 0.01, 1000.0, 0.001)
# Other rows of the same outcome: a factor below 4 may be other patients.
LEAST_FACTOR = 4.0
SAME = 1.6
GROUP = ["file", "outcome", "raw_unit"]
Key = tuple[str, str, str]
# Kolmogorov-Smirnov distances before and after another unit: far apart, then much alike.
FAR, NEAR = 0.5, 0.3
# Single values: so many robust SDs from the median of their group, and so near to it in the other unit.
FAR_SD, NEAR_SD = 6.0, 3.0
# 1 / 0.6745: the median absolute deviation of a normal law is 0.6745 SD.
MAD_TO_SD = 1.4826
# Of groups whose values hardly differ: SD of logarithms, and SD as a share of the median.
LEAST_LOG_SD, LEAST_SD = 0.05, 0.01


@dataclass(frozen=True)
class Candidate:
    """Another reading of the numbers sent: `conversion` to the canonical unit, and the line that declares it."""

    conversion: Conversion
    declared: str


def unit_suspects(
    values: pd.DataFrame, outside: pd.DataFrame, dictionary: Dictionary, others: Mapping[str, pd.DataFrame]
) -> Iterator[Finding]:
    """Yield per file, outcome and unit sent: a median that no group of patients has, and that another unit explains.

    Numbers beyond the hard limits count: platelets of 230000 in 10^9/L are all held, and still tell their unit. Where
    the median is as it should be, single values that another unit of units.csv explains are yielded. others: values of
    other sources, whose units may bear out those of this one.
    """
    both = pd.concat([values, outside], ignore_index=True).dropna(subset="value")
    groups: dict[Any, pd.DataFrame] = dict(list(both.groupby(GROUP, sort=True)))
    medians = _medians(groups)
    elsewhere = [_medians(dict(list(other.groupby(GROUP, sort=True)))) for other in others.values()]
    sizes = {key: int(group["n"].sum()) for key, group in groups.items()}
    for key, group in groups.items():
        file, code, unit = key
        own, limits = dictionary.conversion(code, unit), plausible(code, dictionary)
        if own is None or limits is None:
            continue
        of_file = sum(size for other, size in sizes.items() if other[:2] == (file, code))
        unlike = _unlikely(key, medians, own, dictionary)
        better = unlike or (_unlike_others(key, medians, sizes, own, dictionary) if key in medians else None)
        if better is None:
            yield from _single_values(key, group, of_file, own, dictionary)
            continue
        line = f'unit_factors: [{{outcome: {code}, unit: "{unit}", {better.declared}}}]'
        factor = better.conversion.factor / own.factor
        hint = of_others(key, medians[key], (own, better.conversion), dictionary) if unlike else ""
        found = _suspect(key, medians[key], (sizes[key], of_file), factor, line, hint)
        found = replace(found, raw_value=commonest_cell(group.loc[group["value"] == medians[key]]))
        # Only the limits of other patients give way: the study's own, and what is impossible, do not.
        other = _borne_out(key, medians, (medians, *elsewhere), own, dictionary) if hint else ""
        yield replace(found, share=NOT_KNOWN, hint=f"{_agreeing(unit, other)}{hint}") if other else found
        if other:
            yield from _single_values(key, group, of_file, own, dictionary)


def plausible(code: str, dictionary: Dictionary) -> tuple[float, float] | None:
    """Return where the median of a group of patients lies, in the canonical unit; None where that is not known."""
    known = dictionary.plausibility.get(code)
    if known is None or known.median_low is None or known.median_high is None:
        return None
    return known.median_low, known.median_high


def _suspect(key: Key, value: float, counts: tuple[int, int], factor: float, line: str, hint: str = "") -> Finding:
    """counts: records that the finding is about, and all of the outcome in the file."""
    file, code, unit = key
    n, of_file = counts
    where = (
        Evidence("measurements", {"file": file, "outcome": code, "raw_unit": unit}),
        Evidence("ledger", {"file": file, "analyte": code, "reason": "OUT_OF_RANGE"}),
    )
    return Finding(file, "UNIT_SUSPECT", code, unit, value, n, n / of_file, factor, hint or line, line, where)


def _medians(groups: Mapping[Any, pd.DataFrame]) -> dict[Key, float]:
    """Return the medians of groups (file, outcome, unit sent) with enough values to tell their unit."""
    return {key: _median(group) for key, group in groups.items() if group["n"].sum() >= LEAST_VALUES}


def _borne_out(
    key: Key,
    medians: Mapping[Key, float],
    groups: Sequence[Mapping[Key, float]],
    own: Conversion,
    dictionary: Dictionary,
) -> str:
    """Return the unit of another group with the same median, '' for none: both would have to be wrong by one factor.

    Groups sent in the same unit bear nothing out: one wrong label serves a whole hospital. Nor do units so near each
    other that the same numbers under both would pass for one median.
    """
    for (_, code, unit), median in (one for theirs in groups for one in theirs.items()):
        other = dictionary.conversion(code, unit) if code == key[1] else None
        if other is None or other.offset or median <= 0:
            continue
        apart = max(other.factor / own.factor, own.factor / other.factor)
        if apart > SAME**2 and 1 / SAME <= median / medians[key] <= SAME:
            return unit
    return ""


def _agreeing(unit: str, other: str) -> str:
    """What is said of two units with one median: a decimal mark that an export lost makes both wrong alike."""
    return (
        f"values in '{unit}' and in '{other}' have the same median: either both units are right, or all numbers are "
        "wrong by one factor, such as a lost decimal mark. Compare a few with the records; "
    )


def _unlikely(key: Key, medians: Mapping[Key, float], own: Conversion, dictionary: Dictionary) -> Candidate | None:
    """Return the unit that explains a median which groups of patients do not have (plausibility.csv)."""
    limits = plausible(key[1], dictionary)
    if limits is None or key not in medians or limits[0] <= medians[key] <= limits[1]:
        return None
    return explained(medians[key], own, limits, key[1], dictionary)


def of_others(key: Key, median: float, units: tuple[Conversion, Conversion], dictionary: Dictionary) -> str:
    """Return whose medians the shipped limits are, and the row of a study of other patients; '' where none helps.

    units: the stated one, and the one that is suspected. The row leaves a unit so far away outside its limits.
    """
    code = key[1]
    known, outcome = dictionary.plausibility[code], dictionary.outcomes[code]
    low = -np.inf if outcome.hard_low is None else outcome.hard_low
    high = np.inf if outcome.hard_high is None else outcome.hard_high
    own, other = units
    # What is impossible is so in patients of any kind.
    if not known.shipped or median <= 0 or not low <= median <= high or own.offset or other.offset:
        return ""
    reach = np.sqrt(max(other.factor / own.factor, own.factor / other.factor))
    change = "" if known.change_per_hour is None else f"{known.change_per_hour:g}"
    row = f"{code},{known.measured_by},{max(median / reach, low):.3g},{min(median * reach, high):.3g},{change}"
    whose = "adults" if outcome.family == "characteristic" else "patients with severe COVID-19"
    return (
        f"the median is {median:.3g} {outcome.unit}; of {whose} it is {known.median_low:g} to "
        f"{known.median_high:g}. Of other patients: if the unit is right, a row of dictionary/plausibility.csv "
        f"(outcome,measured_by,median_low,median_high,change_per_hour) says theirs for all files, such as '{row}'"
    )


def _single_values(
    key: Key, group: pd.DataFrame, of_file: int, own: Conversion, dictionary: Dictionary
) -> Iterator[Finding]:
    """Yield values far from the others of their group that another unit of units.csv brings among these.

    An oxygen saturation of 0.97 in % is a fraction. No declaration for the whole file is proposed, since its other
    values are in the stated unit.
    """
    for candidate in candidates(key[1], own, dictionary):
        if candidate.declared.startswith("factor"):
            continue
        fits = group.loc[_strays(group, key[1], own, candidate.conversion, dictionary)]
        if fits.empty:
            continue
        unit = candidate.declared.removeprefix("true_unit: ")
        hint = f"fit the unit {unit}; the others fit '{key[2]}': correct them one by one under 'resolutions'"
        counts = int(fits["n"].sum()), of_file
        finding = _suspect(key, _median(fits), counts, candidate.conversion.factor / own.factor, "", hint)
        first = commonest_cell(fits)
        where = [replace(one, columns={**one.columns, "raw_value": first}) for one in finding.evidence]
        middle = commonest_cell(fits.loc[fits["value"] == finding.value])
        yield replace(finding, evidence=tuple(where), raw_value=middle)
        return


def _strays(group: pd.DataFrame, code: str, own: Conversion, other: Conversion, dictionary: Dictionary) -> np.ndarray:
    """Return which values lie far from those of their group, and among them if they are in the other unit.

    In a group too small to say, which lie outside the limits of the outcome and, in the other unit, where medians do.
    """
    value = group["value"].to_numpy()
    # Back to the number sent, and from there by the other unit.
    turned = (value - own.offset) / own.factor * other.factor + other.offset
    if group["n"].sum() < LEAST_VALUES:
        limits, outcome = plausible(code, dictionary), dictionary.outcomes[code]
        low = outcome.hard_low if outcome.warn_low is None else outcome.warn_low
        high = outcome.hard_high if outcome.warn_high is None else outcome.warn_high
        outside = (value < (-np.inf if low is None else low)) | (value > (np.inf if high is None else high))
        return outside & (turned >= limits[0]) & (turned <= limits[1]) if limits else np.zeros(len(value), dtype=bool)
    # Units that differ by a factor alone are compared on the logarithm; degrees Celsius and Fahrenheit cannot be.
    alike = own.offset == other.offset == 0
    positive = (value > 0) & (turned > 0) if alike else np.ones(len(value), dtype=bool)
    scale = np.log if alike else np.asarray
    before, after = scale(np.where(positive, value, 1.0)), scale(np.where(positive, turned, 1.0))
    counts = group["n"].to_numpy()
    centre = _weighted_median(before, counts)
    spread = _weighted_median(np.abs(before - centre), counts) * MAD_TO_SD
    # Where most values are the same the deviation is 0, and every other value would be far away.
    spread = max(spread, LEAST_LOG_SD if alike else LEAST_SD * abs(centre))
    return positive & (np.abs(before - centre) > FAR_SD * spread) & (np.abs(after - centre) < NEAR_SD * spread)


def _median(group: pd.DataFrame) -> float:
    """Return the median of values (column value) that are there n times each."""
    return _weighted_median(group["value"].to_numpy(), group["n"].to_numpy())


def _weighted_median(values: np.ndarray, counts: np.ndarray) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(counts[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])


def candidates(code: str, own: Conversion, dictionary: Dictionary) -> list[Candidate]:
    """Other units of the outcome, then powers of ten; none that says the same as `own`."""
    # As units.csv writes it: folded spellings ('ng/mlfeu') are for comparisons.
    known = [Candidate(found, f'true_unit: "{found.unit}"') for found in dictionary.units_of(code).values()]
    powers = [Candidate(Conversion(own.factor * power, own.offset), f"factor: {power:g}") for power in POWERS]
    distinct: dict[Conversion, Candidate] = {}
    for candidate in [*known, *powers]:
        if not np.isclose(candidate.conversion.factor, own.factor) or candidate.conversion.offset != own.offset:
            distinct.setdefault(candidate.conversion, candidate)
    return list(distinct.values())


def explained(
    median: float, own: Conversion, limits: tuple[float, float], code: str, dictionary: Dictionary
) -> Candidate | None:
    """The first unit, else power of ten, that brings the median among those of patients, nearest to their middle."""
    sent = (median - own.offset) / own.factor
    fitting = [
        candidate
        for candidate in candidates(code, own, dictionary)
        if limits[0] <= sent * candidate.conversion.factor + candidate.conversion.offset <= limits[1]
    ]
    # The geometric middle: factors are compared, not differences.
    middle = np.sqrt(limits[0] * limits[1])

    def away(candidate: Candidate) -> tuple[bool, float]:
        there = sent * candidate.conversion.factor + candidate.conversion.offset
        # A unit of the dictionary before a bare power of ten; then the nearest to the middle.
        return candidate.declared.startswith("factor"), abs(float(np.log(there / middle)))

    return min(fitting, key=away, default=None)


def _unlike_others(
    key: Key, medians: dict[Key, float], sizes: dict[Key, int], own: Conversion, dictionary: Dictionary
) -> Candidate | None:
    """Return a factor that brings a group to the largest of the same outcome, which speaks for that one's unit."""
    code = key[1]
    alike = [other for other in medians if other[1] == code]
    largest = max(alike, key=lambda other: sizes[other])
    # The largest group has most evidence for its own unit; it is never suspected by a smaller one.
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
            # With few values a large distance comes by chance.
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
