"""The shells of who was studied: selection, baseline data, records, weights, and what became of each outcome."""

from __future__ import annotations

from collections.abc import Mapping

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.report.statistician.shells.shell import (
    ANY,
    SHARE,
    Column,
    Shell,
    alone,
    by_arm,
    difference,
    statistic,
)

S, A = Statistic, AnalysisKey

PEOPLE: Mapping[str, tuple[Shell, ...]] = {
    OutputId.DISPOSITION: (
        Shell(
            "disposition",
            A.DISPOSITION,
            ("level",),
            by_arm(statistic("n", S.COUNT, S.NOT_RECORDED), Column("share", (SHARE,))),
        ),
    ),
    OutputId.ATTRITION: (
        Shell(
            "attrition",
            A.ATTRITION,
            ("population", "level"),
            (
                alone(
                    # A source has one arm, which the line above its steps names.
                    statistic("before", S.N_BEFORE, across=ANY),
                    statistic("excluded", S.N_EXCLUDED, across=ANY),
                    statistic("of_these_unknown", S.N_UNKNOWN, across=ANY),
                    statistic("remaining", S.N_AFTER, across=ANY),
                ),
            ),
            order=S.POSITION,
        ),
        Shell(
            "waits",
            A.WAITS,
            ("population",),
            (
                alone(
                    statistic("n", S.N_SUBJECTS, across=ANY), Column("median_range", ((S.MEDIAN, S.MIN, S.MAX),), ANY)
                ),
            ),
        ),
    ),
    OutputId.AVAILABILITY: (
        Shell(
            "availability",
            A.AVAILABILITY,
            ("outcome",),
            by_arm(
                statistic("n", S.N_SUBJECTS),
                statistic("values", S.N_VALUES, note="values_measured"),
                statistic("beyond", S.SHARE_CENSORED),
                statistic("assay", S.ASSAYS),
            ),
        ),
    ),
    OutputId.FINDINGS: (
        Shell(
            "findings",
            A.FINDINGS,
            ("population", "method", "outcome", "level"),
            (
                alone(
                    statistic("records", S.N_VALUES),
                    statistic("percentage", S.SHARE),
                    statistic("factor", S.FACTOR),
                ),
            ),
        ),
    ),
    OutputId.WEIGHTS: (
        Shell(
            "weights",
            A.WEIGHTS,
            ("method",),
            (
                *by_arm(
                    statistic("n", S.N),
                    statistic("effective", S.EFFECTIVE_SIZE),
                    statistic("largest_weight", S.LARGEST_SHARE),
                ),
                alone(statistic("target", S.TARGET, S.INFEASIBLE)),
            ),
        ),
    ),
    OutputId.DERIVATIONS: (
        Shell(
            "derivations",
            A.DERIVATIONS,
            ("outcome", "level"),
            by_arm(statistic("n", S.N_SUBJECTS), statistic("values", S.N_VALUES)),
            where={"population": "all"},
        ),
    ),
    OutputId.COMPLETENESS: (
        Shell(
            "completeness",
            A.COMPLETENESS,
            ("outcome",),
            (
                alone(statistic("registered", S.REGISTERED)),
                *by_arm(
                    statistic("n", S.N_SUBJECTS), statistic("values", S.N_VALUES, S.N_EVENTS, note="values_by_day")
                ),
                alone(statistic("state", S.STATE), statistic("how", S.HOW)),
            ),
            order=S.REGISTERED,
        ),
    ),
    OutputId.RECORD_REASONS: (
        Shell(
            "record_reasons",
            A.LEDGER_REASONS,
            ("population", "method", "level"),
            (alone(statistic("records", S.N_RECORDS)),),
        ),
    ),
    OutputId.RECORD_LOSS: (
        Shell(
            "record_loss",
            A.LEDGER_LOSS_ARMS,
            ("outcome",),
            (
                *by_arm(
                    statistic("records", S.N_RECORDS),
                    statistic("held", S.N_QUARANTINED),
                    Column("held_share", ((S.SHARE_HELD, S.LOWER, S.UPPER),)),
                ),
                difference(cells=((S.DIFFERENCE, S.LOWER, S.UPPER),)),
            ),
            where={"population": "all", "method": ""},
            blank="no_outcome",
        ),
    ),
}
