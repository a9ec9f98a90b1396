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

NOTES = {
    OutputId.ADVERSE_EVENTS: ("events_note", "none_seen_note"),
    OutputId.REACTIONS: ("reactions_note", "none_seen_note"),
    OutputId.INFECTIONS: ("events_note", "none_seen_note"),
    OutputId.SERIOUS_EVENTS: ("severity_note", "events_note"),
}
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
            notes=notes,
        ),
    )
    for output, notes in NOTES.items()
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
            notes=("events_note", "rate_note"),
        ),
    ),
}
