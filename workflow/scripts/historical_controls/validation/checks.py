"""One thing that was checked: what it should be, what it is, and how far apart they may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Check:
    """group: a heading; wanted, got: as printed; tolerance: as printed, '' where they must be the same."""

    group: str
    name: str
    wanted: str
    got: str
    tolerance: str
    passed: bool


@dataclass(frozen=True)
class Tolerance:
    """Largest difference allowed: relative to the wanted value, or absolute."""

    size: float
    relative: bool = True

    def __str__(self) -> str:
        return f"{self.size:.0e} {'relative' if self.relative else 'absolute'}"


def compared(group: str, name: str, got: ArrayLike, wanted: ArrayLike, tolerance: Tolerance) -> Check:
    """Return the check of numbers against wanted ones, with the largest difference found."""
    ours, theirs = np.atleast_1d(np.asarray(got, dtype=float)), np.atleast_1d(np.asarray(wanted, dtype=float))
    # Both without a value, or both infinite, is agreement.
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.abs(ours - theirs) / (np.abs(theirs) if tolerance.relative else 1.0)
    far = np.where(same, 0.0, off)
    # A difference that is not a number is none that may pass.
    passed = bool((far <= tolerance.size).all())
    return Check(group, name, _printed(theirs), f"{_printed(ours)}, off by {far.max():.1e}", str(tolerance), passed)


def equal(group: str, name: str, got: str, wanted: str) -> Check:
    """Return the check of a text that must be the same."""
    return Check(group, name, wanted, got, "", got == wanted)


def _printed(values: np.ndarray) -> str:
    return ", ".join(f"{value:.6g}" for value in values[:2]) + (" ..." if len(values) > 2 else "")


def report(checks: Iterable[Check], opening: Iterable[str]) -> str:
    """Return the checks as a Markdown page, faults first."""
    checks = list(checks)
    failed = [one for one in checks if not one.passed]
    return "\n".join([*opening, "", *_verdict(checks, failed), *_tables(checks)]) + "\n"


def _verdict(checks: list[Check], failed: list[Check]) -> Iterator[str]:
    yield f"**{len(checks) - len(failed)} of {len(checks)} checks passed.**"
    yield from (f"- FAILED: {one.group}, {one.name}: wanted {one.wanted}, got {one.got}" for one in failed)


def _tables(checks: list[Check]) -> Iterator[str]:
    for group in dict.fromkeys(one.group for one in checks):
        yield from ("", f"## {group}", "", "| what | wanted | got | tolerance | passed |", "|---|---|---|---|---|")
        for one in checks:
            if one.group == group:
                cells = (one.name, one.wanted, one.got, one.tolerance, "yes" if one.passed else "NO")
                yield f"| {' | '.join(cells)} |"
