"""Which tables an output has, where one for every analysis and set of keys does not serve."""

from __future__ import annotations

from historical_controls.ard.keys.analyses import GATES, AnalysisKey
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.report.statistician.sheet import Block

LAYOUTS: dict[str, tuple[Block, ...]] = {
    OutputId.GATES: (Block(GATES, together=True),),
}

ESTIMATES = (*INTERVAL, Statistic.DF, Statistic.NOT_ESTIMABLE, Statistic.NOT_APPLICABLE)

# Tables that gather rows registered under other outputs.
EXTRA: dict[str, tuple[Block, ...]] = {
    OutputId.SENSITIVITY: (Block((AnalysisKey.MIXED_MODEL,), ESTIMATES, scenarios=True, contrasts=True),),
}
