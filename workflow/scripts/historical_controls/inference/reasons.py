"""Why an estimate has no interval, as codes; the words are the caller's."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """NONE where there is an interval.

    floor_above_level: even the most extreme labelling is no rarer than one minus the level.
    unbounded: no difference is so large that the labellings reject it.
    no_spread: nothing varies within the arms. no_contrast: no difference exists under the observed labelling.
    complete_separation: every pair of a treated and a control is decided the same way.
    no_losses, no_wins: some pairs tie, all others are decided the same way. ties_only: no pair is decided.
    """

    NONE = ""
    FLOOR_ABOVE_LEVEL = "floor_above_level"
    UNBOUNDED = "unbounded"
    NO_SPREAD = "no_spread"
    NO_CONTRAST = "no_contrast"
    COMPLETE_SEPARATION = "complete_separation"
    NO_LOSSES = "no_losses"
    NO_WINS = "no_wins"
    TIES_ONLY = "ties_only"
