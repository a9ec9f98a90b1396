"""What an interval says of no difference, by one rule for everything that asks whether an answer would change."""

from __future__ import annotations

from typing import Literal

Verdict = Literal["above", "holds", "below"]


def verdict(lower: float, upper: float, none: float = 0.0) -> Verdict:
    """'above' or 'below' where the whole interval lies on that side of no difference, 'holds' where it holds it."""
    if lower > none:
        return "above"
    return "below" if upper < none else "holds"
