"""The shells of robustness: choices, single patients, bias, and what the study could detect."""

from __future__ import annotations

from collections.abc import Mapping

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import INTERVAL, NOTES, Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.printing.printer import Printer
from historical_controls.report.statistician.shells.shell import (
    MEAN,
    REASON,
    SHARE,
    SHIFTS,
    Column,
    Group,
    Shell,
    alone,
    by_arm,
    difference,
    statistic,
)

S, A = Statistic, AnalysisKey


def _decides_or_treated(printer: Printer, line: Mapping[str, str | float | None], rows: list[Result]) -> bool:
    """Treated patients, and whoever's absence changes the conclusion, of the primary outcome."""
    treated = {row.level for row in printer.results.all(A.ELIGIBILITY, S.STATE, arm="treated")}
    decides = any(row.statistic is S.DECIDES and row.text == "yes" for row in rows)
    return line["outcome"] == printer.config.primary.outcome and (line["level"] in treated or decides)


def _is_main(printer: Printer, line: Mapping[str, str | float | None], rows: list[Result]) -> bool:
    """The primary and key secondary outcomes: the others are in the file."""
    return line["outcome"] in (printer.config.primary.outcome, *printer.config.primary.key_secondary)


ROBUSTNESS: Mapping[str, tuple[Shell, ...]] = {
    OutputId.SENSITIVITY: (
        Shell(
            "specification",
            A.SPECIFICATION,
            ("level",),
            (
                alone(
                    statistic("combinations", S.N_SPECIFICATIONS),
                    statistic("estimated", S.N_ESTIMATED),
                    Column("median_range", ((S.MEDIAN, S.MIN, S.MAX),)),
                    statistic("n_include", S.N_HOLDS),
                    statistic("n_above", S.N_ABOVE),
                    statistic("n_below", S.N_BELOW),
                ),
            ),
        ),
        Shell(
            "wait_draws",
            A.WAIT_DRAWS,
            ("level",),
            (Group(CONTRAST, (Column("median_range", ((S.MEDIAN, S.MIN, S.MAX),), CONTRAST),)),),
            where={"method": "reml"},
        ),
        Shell(
            "placebo_cohorts",
            A.PLACEBO_COHORTS,
            ("level",),
            (
                alone(statistic("groups", S.N_DRAWS), statistic("estimated", S.N_ESTIMATED)),
                difference(statistic("p_placebo", S.P_VALUE, across=CONTRAST)),
                alone(Column("reason", (REASON,))),
            ),
            where={"method": "placebo"},
        ),
    ),
    OutputId.CALIBRATION: (
        Shell(
            "calibration",
            A.CALIBRATION,
            ("outcome", "level"),
            (
                alone(
                    statistic("studies", S.N_DRAWS),
                    statistic("answered", S.N_ESTIMATED),
                    Column("refused_share", (SHARE,), method="refused"),
                    Column("error_rate", (SHARE,), method="error_rate"),
                    Column("coverage", (SHARE,), method="coverage"),
                    Column("bias", (MEAN,), method="bias"),
                    Column("detectable_benefit", ((S.DETECTABLE, S.LOWER, S.UPPER), REASON), method="detectable"),
                    Column("reason", (REASON,)),
                ),
            ),
            notes=("calibration_note",),
        ),
    ),
    OutputId.LEAVE_ONE_OUT: (
        Shell(
            "influence",
            A.LEAVE_ONE_OUT,
            ("outcome", "level"),
            (difference(statistic("changes", S.DECIDES, across=CONTRAST)), alone(Column("reason", (REASON,)))),
            keep=_decides_or_treated,
        ),
        Shell(
            "influence_summary",
            A.LEAVE_ONE_OUT,
            ("outcome",),
            (
                alone(
                    statistic("refits", S.N_ESTIMATED),
                    Column("smallest_largest", ((S.SMALLEST,),)),
                    Column("largest", ((S.LARGEST,),)),
                    statistic("n_deciding", S.N_DECIDING),
                    statistic("one_decides", S.DECIDED_BY_ONE),
                ),
            ),
        ),
    ),
    OutputId.UNMEASURED: (
        Shell(
            "e_value_title",
            A.E_VALUE,
            ("outcome", "level"),
            (
                alone(
                    statistic("standardised", S.STANDARDISED, across=CONTRAST),
                    statistic("e_value", S.E_VALUE, across=CONTRAST),
                    statistic("e_value_interval", S.E_VALUE_INTERVAL, across=CONTRAST),
                    statistic("shift_to_none", S.SHIFT_TO_NONE, across=CONTRAST),
                    statistic("shift_to_open", S.SHIFT_TO_OPEN, across=CONTRAST),
                    statistic("reason", S.NOT_ESTIMABLE),
                ),
            ),
            notes=("sd_near_day",),
        ),
        Shell(
            "tipping",
            A.TIPPING_POINT,
            ("outcome",),
            (
                *by_arm(
                    statistic("unobserved", S.N_UNOBSERVED),
                    statistic("of_these_died", S.N_UNOBSERVED_DIED, S.NOT_RECORDED),
                    Column("to_holds", ((S.TO_HOLDS,), SHIFTS, (S.NO_TIPPING_POINT,))),
                ),
                alone(statistic("verdict", S.VERDICT, S.NOT_ESTIMABLE)),
            ),
            notes=("tipping_note",),
        ),
    ),
    OutputId.PLACEBO_TIME: (
        Shell(
            "placebo_time",
            A.PLACEBO_TIME,
            ("outcome",),
            (
                *by_arm(statistic("n", S.N_SUBJECTS)),
                difference(
                    statistic("df", S.DF, across=CONTRAST, method="welch"),
                    statistic("p_welch", S.P_VALUE, across=CONTRAST, method="welch"),
                    statistic("p_permutation", S.P_VALUE, across=CONTRAST, method="studentised"),
                    method="welch",
                ),
                alone(Column("reason", (REASON,))),
            ),
            where={"level": "slope"},
        ),
    ),
    OutputId.BIAS_MODEL: (
        Shell(
            "bias_model", A.BIAS_MODEL, ("outcome", "level"), (difference(),), notes=("bias_model_note",), keep=_is_main
        ),
    ),
    OutputId.CONTEXT: (
        Shell(
            "detectable_title",
            A.DETECTABLE_DIFFERENCE,
            ("outcome",),
            (
                alone(
                    statistic("detectable", S.DETECTABLE, across=CONTRAST),
                    statistic("detectable_sd", S.DETECTABLE_SD, across=CONTRAST),
                    statistic("power", S.POWER, across=CONTRAST),
                ),
                Group(
                    "trial",
                    (Column("for_difference", ((S.N_PER_ARM,),), CONTRAST, A.TRIAL_SIZE, each="level"),),
                ),
            ),
            notes=("sd_near_day",),
        ),
        Shell(
            "published",
            A.BENCHMARK,
            ("level",),
            (
                alone(
                    statistic("design", S.DESIGN),
                    statistic("event", S.EVENT),
                    # The controls of a published trial are not this study's historical patients.
                    Column("their_treated", ((S.N_SUBJECTS,),), "treated"),
                    Column("their_controls", ((S.N_SUBJECTS,),), "historical"),
                    Column("estimate", (INTERVAL,)),
                    statistic("note", *NOTES.values()),
                    statistic("citation", S.CITATION),
                ),
            ),
            where={"population": "published"},
        ),
    ),
}
