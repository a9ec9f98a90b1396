"""The shells of adverse events."""

from __future__ import annotations

from collections.abc import Mapping

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.report.statistician.shells.shell import (
    SHARE,
    Column,
    Shell,
    by_arm,
    statistic,
)

S, A = Statistic, AnalysisKey

EVENTS: Mapping[str, tuple[Shell, ...]] = {
    output: (
        Shell(
            "adverse",
            A.ADVERSE_EVENTS,
            ("level",),
            by_arm(
                statistic("n", S.N_SUBJECTS, S.NOT_RECORDED),
                statistic("with_event", S.N_PATIENTS),
                Column("share", (SHARE,)),
                statistic("events", S.N_EVENTS),
            ),
            notes=("severity_note",) if output == OutputId.SERIOUS_EVENTS else (),
        ),
    )
    for output in (OutputId.ADVERSE_EVENTS, OutputId.REACTIONS, OutputId.INFECTIONS, OutputId.SERIOUS_EVENTS)
}
SAFETY: Mapping[str, tuple[Shell, ...]] = {
    **EVENTS,
    OutputId.EVENT_RATES: (
        Shell(
            "event_rates",
            A.ADVERSE_EVENTS,
            ("level",),
            by_arm(
                statistic("events", S.N_EVENTS),
                statistic("patient_days", S.PATIENT_DAYS),
                Column("rate", ((S.RATE, S.LOWER, S.UPPER),)),
            ),
        ),
    ),
}
