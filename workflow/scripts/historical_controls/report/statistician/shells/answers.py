"""The shells of what differs between the groups, by outcome and day, and for each patient."""

from __future__ import annotations

from collections.abc import Mapping

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.outputs import BY_FAMILY, OutputId
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.report.statistician.shells.shell import (
    BOUNDS,
    LIMITS,
    MEAN,
    QUARTILES,
    REASON,
    SHARE,
    WIN_ODDS,
    Column,
    Group,
    Shell,
    alone,
    by_arm,
    difference,
    statistic,
)

S, A = Statistic, AnalysisKey


DF = statistic("df", S.DF, across=CONTRAST)
NOT_MEASURED = statistic("not_measured", S.N_MISSING)
DIED = statistic("died", S.N_DIED, S.NOT_RECORDED)
BETTER = difference(DF, statistic("p", S.P_VALUE, across=CONTRAST), cells=(WIN_ODDS,))

DIFFERENCES = Shell(
    "by_day",
    A.MIXED_MODEL,
    ("outcome", "day"),
    (
        *by_arm(statistic("n", S.N_SUBJECTS, analysis=A.AVAILABILITY), Column("adjusted", (MEAN,))),
        difference(
            statistic("se", S.STANDARD_ERROR, across=CONTRAST),
            DF,
            statistic("p_model", S.P_VALUE, across=CONTRAST),
            statistic("p_permutation", S.P_VALUE, across=CONTRAST, analysis=A.PERMUTATION),
            statistic("p_max_t", S.P_MAX_T, across=CONTRAST, analysis=A.MULTIPLICITY),
        ),
        alone(Column("reason", (REASON,))),
    ),
    notes=("by_day_note",),
    # What concerns an outcome as a whole is in the table of fits.
    keep=lambda printer, line, rows: line["day"] is not None,
)
COUNTING_DEATHS = Shell(
    "counting_deaths",
    A.WORST_RANK,
    ("outcome", "day"),
    (*by_arm(DIED, NOT_MEASURED), BETTER, alone(statistic("reason", S.NOT_RANKED))),
)
WHILE_ALIVE = Shell(
    "while_alive",
    A.WHILE_ALIVE,
    ("outcome", "level", "day"),
    (
        Group(
            CONTRAST,
            (
                Column("adjusted_estimate", (INTERVAL,), CONTRAST, method="adjusted", note="adjusted_note"),
                statistic("p_permutation", S.P_VALUE, across=CONTRAST, method="adjusted"),
                Column("welch_estimate", (INTERVAL,), CONTRAST, method="welch"),
                statistic("p_welch", S.P_VALUE, across=CONTRAST, method="welch"),
            ),
        ),
    ),
)
FITS = Shell(
    "fit",
    A.MIXED_MODEL,
    ("outcome",),
    (
        *by_arm(statistic("n", S.N_SUBJECTS), statistic("values", S.N_VALUES, note="values_of_model")),
        alone(
            statistic("covariance", S.COVARIANCE_RUNG, S.NOT_ESTIMABLE),
            statistic("df_method", S.DF_METHOD),
            statistic("course", S.MEAN_MODEL),
            statistic("copies", S.N_COPIES),
            statistic("lack_of_fit", S.LACK_OF_FIT_P),
            statistic("boundary", S.SINGULAR),
        ),
    ),
)
PARAMETERS = Shell(
    "parameters",
    A.MIXED_MODEL,
    ("outcome", "level"),
    (
        *by_arm(statistic("value", S.COVARIANCE_PARAMETER, S.NOT_IDENTIFIED)),
        alone(statistic("shared", S.COVARIANCE_PARAMETER, S.NOT_IDENTIFIED)),
    ),
)
RESIDUALS = Shell(
    "residuals",
    A.RESIDUALS,
    ("outcome",),
    (
        alone(
            statistic("values", S.N_VALUES),
            statistic("sd_scaled", S.SD),
            statistic("skewness", S.SKEWNESS),
            statistic("kurtosis", S.KURTOSIS),
            statistic("largest_scaled", S.LARGEST),
            statistic("far", S.N_FAR),
            statistic("outside", S.N_OUTSIDE),
            statistic("checked", S.N_CHECKED),
        ),
    ),
    notes=("residuals_note",),
)
DESCRIBED = Shell(
    "described",
    A.DESCRIPTION,
    ("outcome", "day"),
    by_arm(
        statistic("n", S.N_SUBJECTS),
        Column("mean_interval", (MEAN, REASON)),
        Column("change", (INTERVAL, REASON), at={"level": "change"}),
        Column("last", (MEAN, REASON), at={"level": "last"}),
        Column("worst", (MEAN, REASON), at={"level": "worst"}),
    ),
    notes=("described_note",),
)
# Tables 14.2.2 to 14.2.8 and 14.2.18: the outcomes of a family by day, how they were fitted, and other estimands.
OF_FAMILY = (DESCRIBED, DIFFERENCES, COUNTING_DEATHS, WHILE_ALIVE, FITS, PARAMETERS)


OUTCOMES: Mapping[str, tuple[Shell, ...]] = {
    OutputId.WORST_RANK: (
        Shell(
            "worst_rank",
            A.WORST_RANK,
            ("outcome", "day"),
            (
                *by_arm(statistic("n", S.N_SUBJECTS), DIED, NOT_MEASURED),
                BETTER,
                alone(statistic("agreement", S.AGREEMENT), statistic("reason", S.NOT_RANKED)),
            ),
        ),
        Shell(
            "win_ratio",
            A.WIN_RATIO,
            ("level",),
            (
                alone(statistic("wins", S.N_WINS), statistic("losses", S.N_LOSSES), statistic("ties", S.N_TIES)),
                alone(
                    # Registered at a level of its own, it is the ratio of the pairs of the line of totals.
                    Column("win_ratio_head", ((S.WIN_RATIO, *LIMITS),), CONTRAST, at={"level": "win_ratio"}),
                    statistic("reason", S.NOT_RANKED),
                ),
            ),
        ),
    ),
    OutputId.RESIDUALS: (RESIDUALS,),
    **dict.fromkeys((*dict.fromkeys(BY_FAMILY.values()), OutputId.SUPPORTING), OF_FAMILY),
    OutputId.MULTIPLICITY: (
        Shell(
            "multiplicity",
            A.MULTIPLICITY,
            ("outcome", "day"),
            (
                alone(
                    *(
                        statistic(head, name, across=CONTRAST)
                        for head, name in (
                            ("p_raw", S.P_RAW),
                            ("p_max_t", S.P_MAX_T),
                            ("p_holm", S.P_HOLM),
                            ("p_bh", S.P_BENJAMINI_HOCHBERG),
                        )
                    )
                ),
            ),
        ),
        Shell(
            "fixed_sequence",
            A.FIXED_SEQUENCE,
            ("outcome",),
            (
                alone(
                    statistic("position", S.POSITION, across=CONTRAST, method="mixed_model"),
                    statistic("p_model", S.P_VALUE, across=CONTRAST, method="mixed_model"),
                    statistic("p_permutation", S.P_VALUE, across=CONTRAST, method="permutation"),
                ),
            ),
            order=S.POSITION,
            notes=("fixed_sequence_note",),
        ),
    ),
    OutputId.PATIENT_LEVEL: (
        Shell(
            "deaths",
            A.DEATHS,
            ("level",),
            (
                *by_arm(
                    statistic("n", S.N_SUBJECTS),
                    statistic("died", S.N_PATIENTS, S.NOT_RECORDED),
                    Column("share", (SHARE,)),
                ),
                difference(statistic("p", S.P_VALUE, across=CONTRAST)),
                alone(Column("reason", (REASON,))),
            ),
        ),
        Shell(
            "incidence_title",
            A.CUMULATIVE_INCIDENCE,
            ("level", "day"),
            by_arm(statistic("at_risk", S.N_AT_RISK), Column("incidence", (INTERVAL, (S.NOT_RECORDED,)))),
        ),
        Shell(
            "free_days",
            A.FREE_DAYS,
            ("outcome",),
            (
                *by_arm(statistic("n", S.N_SUBJECTS), Column("mean_sd", ((S.MEAN, S.SD), (S.NOT_RECORDED,)))),
                difference(
                    Column("win_odds", (WIN_ODDS,), CONTRAST, method="brunner_munzel"),
                    statistic("p", S.P_VALUE, across=CONTRAST, method="brunner_munzel"),
                    method="welch",
                ),
                alone(Column("reason", (REASON,))),
            ),
        ),
        Shell(
            "patient_summaries",
            A.PATIENT_SUMMARIES,
            ("outcome",),
            by_arm(
                statistic("n", S.N_SUBJECTS),
                statistic("known", S.N_KNOWN),
                Column("median", (QUARTILES, (S.NOT_RECORDED,))),
            ),
        ),
    ),
    OutputId.VIROLOGY: (
        Shell("clearance_counts", A.CLEARANCE, ("level",), by_arm(statistic("n", S.COUNT)), where={"method": ""}),
        Shell(
            "clearance",
            A.CLEARANCE,
            ("level", "day"),
            by_arm(
                statistic("at_risk", S.N_AT_RISK),
                Column("incidence", ((S.ESTIMATE, S.LOWER, S.UPPER), (S.NOT_RECORDED,))),
            ),
            where={"method": "aalen_johansen"},
            notes=("clearance_note",),
            keep=lambda printer, line, rows: "|" not in str(line["level"]),
        ),
        Shell(
            "clearance_bounds",
            A.CLEARANCE,
            ("day",),
            (
                *by_arm(Column("least_most", (BOUNDS,), method="turnbull")),
                difference(cells=(BOUNDS,), method="bounds"),
            ),
            notes=("clearance_bounds_note",),
        ),
    ),
}
