"""docs/validation.md, made from docs/validation.csv and the declared worlds."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.calibration.hospital import WAITS, Hospital
from historical_controls.calibration.scales import LOG_WIN_ODDS, scale_of
from historical_controls.calibration.studies import SEED
from historical_controls.calibration.verdicts import COVERAGE, DOUBT, MONTE_CARLO, REJECTION, SMALL
from historical_controls.calibration.worlds import WORLDS
from historical_controls.inference.shares import exact_interval

SUMMARY = "docs/validation.csv"
PAGE = "docs/validation.md"
HEAD = (
    "| outcome | analysed as | answer | truth | answers of studies | bias | covers | p ≤ 0.05 | promise | verdict |",
    "|---|---|---|---|---|---|---|---|---|---|",
)
ANSWERS = {
    AnalysisKey.MIXED_MODEL: "mixed model",
    AnalysisKey.PERMUTATION: "studentised permutation",
    AnalysisKey.WORST_RANK: "worst rank (probability of winning)",
    LOG_WIN_ODDS: "worst rank (log win odds)",
    f"{AnalysisKey.WHILE_ALIVE}/mean/welch": "mean while alive, Welch",
    f"{AnalysisKey.WHILE_ALIVE}/mean/studentised": "mean while alive, studentised permutation",
    "student": "Student's t, completers",
    "ordinary_permutation": "ordinary permutation, completers",
    "before_after": "before and after, treated alone",
}


def validation_page(table: pd.DataFrame, run: str) -> str:
    """The page; table: docs/validation.csv; run: by which command, when and at which commit it was made."""
    promised = int((table["promise"] == "recovers").sum())
    return "\n".join([*_opening(run, promised), *(line for world in WORLDS for line in _world(world, table))]) + "\n"


def read_summary(root: Path) -> pd.DataFrame:
    # An empty cell is a missing number; the text "NA" would otherwise become one too.
    return pd.read_csv(root / SUMMARY, keep_default_na=False, na_values=[""], dtype={"refused_because": str})


def _opening(run: str, promised: int) -> Iterator[str]:
    plain = Hospital()
    waits, null = ", ".join(map(str, WAITS)), scale_of(AnalysisKey.WORST_RANK).null
    yield f"""# Validation: studies with known truth

Generated from `{SUMMARY.removeprefix("docs/")}` by `make docs`; do not edit. {run}

A run can be stopped and continued, and is summarised as far as it has come: each row gives the number of its studies.
Error rates of the same analyses in many more, simpler studies are in [error_rates.md](error_rates.md).

Simulated hospitals ({plain.admitted} historical admissions, about half ever eligible, {plain.treated} treated) go
through cohort, balance and analysis as the workflow runs them, in memory and under `config.yaml`, cut down to what
they hold: P/F below 150 mmHg is the only condition; P/F, age and days from onset are the key covariates; contrasts are
read at day 7; 1,000 labellings are drawn. Everybody has a course without treatment, and the treated carry the effect
on top of it from their infusion on, so that the truth is known exactly, except for ranks and means while alive, whose
truth is that of one very large study. Treated patients wait {waits} hours. The seed of a study is
({SEED}, position of the world, number of the study).

How to read the tables. *Answers*: studies with an estimate; the others were refused, with the commonest reason. *Bias*:
mean estimate minus truth, ± its Monte Carlo error (ratios on the log scale). *Covers*: 95% intervals that include the
truth. *p ≤ 0.05*: tests of no difference; where the truth is no difference this is the error rate, elsewhere the power.
Rates have their exact 95% interval over studies. *Promise*: `recovers` the truth; `refuses` to answer; `misleads` marks
what is often done instead, and is shown failing; `shown` promises nothing.

Ranks are judged as the probability of winning, P(treated better) + P(equal) / 2, which is {null} without a difference.
Reports print its odds, the win odds. The log of these odds cannot be judged by a mean, because it is infinite where
treated patients win every pair, or none. Interval and p-value are the same on both scales.

A rate is off where its exact {1 - DOUBT:.0%} interval lies wholly on the wrong side of the standard: intervals cover at
least {COVERAGE:.0%}, tests reject at most {REJECTION:.0%}. A bias is off beyond 2.6 Monte Carlo errors and {SMALL:.0%}
of the estimates' spread. The verdict is computed by this rule. So many studies see large failures and cannot see small
ones; the intervals say how far they see. {promised} lines promise to recover the truth: each standard calls about one
correct line in a hundred off by chance."""


def _world(world: str, table: pd.DataFrame) -> Iterator[str]:
    yield from ("", f"## {world[0].upper()}{world[1:]}", "", WORLDS[world].text, "", *HEAD)
    yield from (_line(row) for row in table[table["world"] == world].to_dict("records"))
    if WORLDS[world].finding:
        yield from ("", WORLDS[world].finding)


def _line(row: Mapping[Hashable, Any]) -> str:
    n = int(row["answers"])
    refused = "" if n == row["studies"] else f" ({row['refused_because']})"
    if row["infinite"]:
        refused += f", {row['infinite']} infinite"
    decimals = scale_of(str(row["analysis"])).decimals
    # With one answer there is no Monte Carlo error.
    bias = f"{row['bias']:+.{decimals}f} ± {row['bias_mc']:.{decimals}f}" if n > 1 else ""
    # Most truths are whole numbers, and those of a large sample are not exact.
    truth = f"{row['truth']:.3g}" if row["promise"] != "refuses" else ""
    cells = (
        row["outcome"],
        row["look"],
        ANSWERS[str(row["analysis"])],
        truth,
        f"{n}/{row['studies']}{refused}",
        bias,
        _rate(row["covered"], row["intervals"]),
        _rate(row["rejected"], row["tests"]),
        row["promise"],
        row["verdict"],
    )
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _rate(count: object, of: object) -> str:
    k, n = int(str(count)), int(str(of))
    if n == 0:
        return ""
    low, high = exact_interval(k, n, MONTE_CARLO)
    return f"{k / n:.1%} ({low:.0%}–{high:.0%})"
