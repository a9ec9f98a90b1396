"""The worlds in which the truth is known, the looks at each, and what each answer promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.calibration.hospital import Change, Hospital, Signal
from historical_controls.calibration.naive import half_the_limit, without_assays
from historical_controls.calibration.pipeline import AnalysisVariant
from historical_controls.calibration.scales import LOG_WIN_ODDS, scale_of

Promise = Literal["recovers", "refuses", "misleads", "shown"]
# A number on the scale of the answer, or where it comes from.
Truth = float | Literal["no difference", "large sample"]
LOG_HALF = float(np.log(0.5))
ROOT3 = float(np.sqrt(3.0))  # an added SD of sqrt(3) doubles a spread


@dataclass(frozen=True)
class World:
    """studies: share of the studies asked for; refusals need few. together: several may go through the cohort at once.
    finding: what its answers showed, in words; the figures stand in the table.
    """

    hospital: Hospital
    text: str
    studies: float = 1.0
    together: bool = True
    finding: str = ""


@dataclass(frozen=True)
class Case:
    """One line of the table. look: a key of LOOKS; analysis: of the results table, a naive one, or LOG_WIN_ODDS.

    truth: on the scale of the answer (`scale_of`); of a large sample of the same world where no formula gives it.
    """

    world: str
    outcome: str
    look: str
    analysis: str
    promise: Promise
    truth: Truth = "no difference"

    @property
    def source(self) -> str:
        """The analysis that answers, as the results table names it."""
        return AnalysisKey.WORST_RANK if self.analysis == LOG_WIN_ODDS else self.analysis

    @property
    def null(self) -> float:
        """The answer's value of no difference."""
        return scale_of(self.analysis).null


def _ladder(residual: str, random: str, per_arm: str) -> dict[str, Any]:
    rung = {"id": "only", "random": random, "residual": residual, "per_arm": per_arm}
    return {"analysis": {"ladder": [rung]}}


# The naive refuse nothing.
NO_GATES: dict[str, Any] = {"gates": {"min_ess": 0, "max_weight_share": 1, "min_controls_reaching": 0}}

LOOKS: dict[str, AnalysisVariant] = {
    "declared": AnalysisVariant(),
    "one variance for both arms": AnalysisVariant(_ladder("car1", "1 + day", "pooled")),
    "slopes, two scales per arm": AnalysisVariant(_ladder("car1", "1 + day", "two_scales")),
    "slopes, one scale per arm": AnalysisVariant(_ladder("car1", "1 + day", "one_scale")),
    "entropy weights": AnalysisVariant(
        {"balance": {"methods": ["entropy"]}, "analysis": {"weighting": "entropy", "df_method": "satterthwaite"}}
    ),
    "half the limit": AnalysisVariant(spoil=half_the_limit),
    "assays not noted": AnalysisVariant(spoil=without_assays),
    "controls from their first eligible hour": AnalysisVariant(
        {"balance": NO_GATES, "cohort": {"time_zero": {"match_waits": False}}}
    ),
    "all controls from admission": AnalysisVariant(
        {
            "balance": NO_GATES,
            "cohort": {
                "filters": [],
                "time_zero": {"historical": "event", "historical_event": "admission", "match_waits": False},
            },
        }
    ),
    "controls of the same weeks": AnalysisVariant({"cohort": {"calendar_window_weeks": 0}}),
    "calendar week a key covariate": AnalysisVariant({"balance": {"key_covariates": ["PF", "AGE", "calendar_week"]}}),
}

WORLDS: dict[str, World] = {
    "exchangeable arms": World(
        Hospital(signals=(Signal("HR", 95, 12, 8, trend=-0.5, change=Change(effect=-10)),)),
        "Treated and controls come from the same admissions and are chosen when P/F is below 150 mmHg, so that it "
        "rises afterwards by itself. P/F: no effect. HR: falls by itself, and treatment lowers it by another 10 /min.",
    ),
    "unequal spread": World(
        Hospital(
            signals=(
                Signal("RR", 26, 4, 2.5, trend=-0.2, change=Change(effect_sd=4 * ROOT3)),
                Signal("MAP", 78, 7, 5, change=Change(effect_sd=7 * ROOT3, noise=2)),
            )
        ),
        "No effect on average. RR: the treated differ twice as much from each other, but not from day to day. MAP: "
        "they vary twice as much in everything.",
    ),
    "limit of detection": World(
        Hospital(
            signals=(Signal("IL6", 60, 0.9, 0.6, trend=-0.06, scale="log", change=Change(effect=LOG_HALF), limit=20),)
        ),
        "Treatment halves IL6; values below 20 pg/mL, about a third of them, are known only as such.",
        0.5,
    ),
    "assay shift": World(
        Hospital(signals=(Signal("FERR", 900, 0.6, 0.3, scale="log", assays=("A", "B"), factor=2),)),
        "No effect. The treated were measured with another assay, which reads twice as high, before and after.",
        0.25,
    ),
    "confounding by severity": World(
        Hospital(preference=2.0),
        "No effect. Of the eligible, those with a higher baseline P/F were preferred for treatment.",
    ),
    "immortal time": World(
        Hospital(level=130, death=0.015, death_slope=0.5, early_death=25),
        "No effect. Most deaths come early in the stay; whoever was treated had to live, and stay eligible, through "
        "48 hours of care and a wait of 8 to 44 hours.",
    ),
    "death takes the sickest": World(
        Hospital(change=Change(effect=40), between=30, death=0.06, death_slope=2.5),
        "Treatment raises P/F by 40 mmHg, and by that alone fewer die: the sickest controls are missing at day 7.",
        finding="The last line is the answer of the worst ranks again, as the log of its odds. Its promise used to be "
        "made on that scale, and was missed. The log odds are infinite where treated patients win every pair, so that "
        "they have no mean; in the other studies they are too far from 0 on average. No rule that was tried gives log "
        "odds without bias for every truth (docs/methods.md, IN-3).",
    ),
    "treatment kills": World(
        Hospital(death=0.03, death_slope=1.5, death_ratio=4),
        "P/F of the living is not changed, but the treated die four times as fast, the sickest first.",
    ),
    "calendar trend": World(
        Hospital(admitted=120, recovery_per_week=0.3, weeks_treated=(12, 16)),
        "No effect. Care improves from week to week, and the treated came in the last four of sixteen weeks.",
        0.5,
        # A calendar window of all studies together would be wider than that of each.
        together=False,
    ),
    "calendar apart": World(
        Hospital(recovery_per_week=0.3, weeks_treated=(16, 20), weeks_historical=(0, 10)),
        "No effect. Care improves from week to week, and all treated came six weeks or more after the last control.",
        0.25,
    ),
    "no overlap": World(Hospital(older=45), "No effect. The treated are 45 years older than the controls.", 0.25),
    "one treated": World(Hospital(treated=1), "A single treated patient.", 0.25),
}

BOTH: tuple[str, ...] = (AnalysisKey.MIXED_MODEL, AnalysisKey.PERMUTATION)
WHILE_ALIVE = (f"{AnalysisKey.WHILE_ALIVE}/mean/welch", f"{AnalysisKey.WHILE_ALIVE}/mean/studentised")
RANKS_AND_MEANS: tuple[str, ...] = (AnalysisKey.WORST_RANK, *WHILE_ALIVE)


def _cases(
    world: str, outcome: str, look: str, analyses: tuple[str, ...], promise: Promise, truth: Truth = "no difference"
) -> list[Case]:
    return [Case(world, outcome, look, analysis, promise, truth) for analysis in analyses]


CASES: tuple[Case, ...] = tuple(
    case
    for cases in (
        _cases("exchangeable arms", "PF", "declared", BOTH, "recovers"),
        _cases("exchangeable arms", "PF", "declared", ("before_after",), "misleads"),
        _cases("exchangeable arms", "HR", "declared", BOTH, "recovers", -10),
        _cases("exchangeable arms", "HR", "declared", ("before_after",), "misleads", -10),
        _cases("unequal spread", "RR", "declared", BOTH, "recovers"),
        _cases("unequal spread", "RR", "slopes, two scales per arm", (AnalysisKey.MIXED_MODEL,), "shown"),
        _cases("unequal spread", "RR", "slopes, one scale per arm", (AnalysisKey.MIXED_MODEL,), "shown"),
        _cases("unequal spread", "RR", "one variance for both arms", (AnalysisKey.MIXED_MODEL,), "misleads"),
        _cases("unequal spread", "RR", "declared", ("student", "ordinary_permutation"), "misleads"),
        _cases("unequal spread", "MAP", "declared", BOTH, "recovers"),
        _cases("unequal spread", "MAP", "slopes, two scales per arm", (AnalysisKey.MIXED_MODEL,), "shown"),
        _cases("unequal spread", "MAP", "slopes, one scale per arm", (AnalysisKey.MIXED_MODEL,), "shown"),
        _cases("unequal spread", "MAP", "one variance for both arms", (AnalysisKey.MIXED_MODEL,), "misleads"),
        _cases("unequal spread", "MAP", "declared", ("student", "ordinary_permutation"), "misleads"),
        _cases("limit of detection", "IL6", "declared", BOTH, "recovers", LOG_HALF),
        _cases("limit of detection", "IL6", "half the limit", (AnalysisKey.MIXED_MODEL,), "misleads", LOG_HALF),
        _cases("assay shift", "FERR", "declared", (AnalysisKey.MIXED_MODEL,), "refuses"),
        _cases("assay shift", "FERR", "assays not noted", (*BOTH, "student"), "misleads"),
        _cases("confounding by severity", "PF", "declared", BOTH, "recovers"),
        _cases("confounding by severity", "PF", "entropy weights", (AnalysisKey.MIXED_MODEL,), "recovers"),
        _cases("confounding by severity", "PF", "declared", ("student", "before_after"), "misleads"),
        _cases("immortal time", "PF", "declared", (*BOTH, AnalysisKey.WORST_RANK), "recovers"),
        _cases("immortal time", "PF", "controls from their first eligible hour", (AnalysisKey.WORST_RANK,), "shown"),
        _cases("immortal time", "PF", "all controls from admission", (AnalysisKey.WORST_RANK,), "misleads"),
        _cases("death takes the sickest", "PF", "declared", BOTH, "recovers", 40),
        _cases("death takes the sickest", "PF", "declared", RANKS_AND_MEANS, "recovers", "large sample"),
        _cases("death takes the sickest", "PF", "declared", ("student",), "misleads", 40),
        _cases("death takes the sickest", "PF", "declared", (LOG_WIN_ODDS,), "shown", "large sample"),
        _cases("treatment kills", "PF", "declared", BOTH, "recovers"),
        _cases("treatment kills", "PF", "declared", RANKS_AND_MEANS, "recovers", "large sample"),
        _cases("treatment kills", "PF", "declared", ("student",), "shown"),
        _cases("calendar trend", "PF", "controls of the same weeks", BOTH, "recovers"),
        _cases("calendar trend", "PF", "declared", (AnalysisKey.MIXED_MODEL,), "misleads"),
        _cases("calendar apart", "PF", "calendar week a key covariate", (AnalysisKey.MIXED_MODEL,), "refuses"),
        _cases("calendar apart", "PF", "declared", (AnalysisKey.MIXED_MODEL,), "misleads"),
        _cases("no overlap", "PF", "declared", (AnalysisKey.MIXED_MODEL,), "refuses"),
        _cases("no overlap", "PF", "declared", ("student",), "shown"),
        _cases("one treated", "PF", "declared", (AnalysisKey.MIXED_MODEL,), "refuses"),
    )
    for case in cases
)
