"""Which tables an output has, where one for every analysis and set of keys does not serve."""

from __future__ import annotations

from historical_controls.ard.keys.outputs import OutputId
from historical_controls.report.statistician.sheet import Block

GATES = (
    "gate_few_effective",
    "gate_one_weight",
    "gate_outside_range",
    "gate_far_from_controls",
    "gate_outside_calendar",
    "gate_outside_hull",
    "gate_weights_not_converged",
    "gate_too_few_for_logistic",
    "gate_separated",
    "gate_nobody_matched",
    "gate_ratio_reduced",
    "gate_unmatched",
)

LAYOUTS: dict[str, tuple[Block, ...]] = {
    OutputId.GATES: (Block(GATES, together=True),),
}

ESTIMATES = ("estimate", "lower", "upper", "df", "not_estimable")

# Tables that gather rows registered under other outputs.
EXTRA: dict[str, tuple[Block, ...]] = {
    OutputId.SENSITIVITY: (Block(("mixed_model",), ESTIMATES, scenarios=True, contrasts=True),),
}
