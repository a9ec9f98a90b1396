"""docs/error_rates.md, made from docs/error_rates.csv: what each rule does where nothing differs."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

SUMMARY = "docs/error_rates.csv"
ERROR_RATES = "docs/error_rates.md"
Row = dict[Hashable, Any]
RULES = {
    "default": "**mixed model, ladder, Kenward-Roger** (the default)",
    "permutation": "**permutation, Welch's t with its df** (beside every default)",
    "worst_rank": "**worst rank, win odds**",
    "welch": "Welch, means of days 1 to 7 while alive",
    "weighted": "entropy weights, CR2 with Satterthwaite's df",
    "satterthwaite": "the default's covariance, Satterthwaite",
    "studentised_permutation": "permutation, Welch's t whatever its df (former default)",
    "pooled_permutation": "permutation, not studentised",
    "half_limit": "the default, from half of the limit for what lies below it",
    "mmrm": "MMRM: 6 visits, one unstructured covariance, Kenward-Roger",
    "mixedlm_z": "intercept and slope, one covariance, z (statsmodels' MixedLM)",
}
# Goals: the model rejects 4 to 6% and its intervals cover 94 to 96%; the permutation rejects at most 6.5%.
GOALS = {"default": (0.04, 0.06), "permutation": (0.0, 0.065)}
MANY = 30  # fewer studies of a world say nothing of its rate
DOUBT = 2.0  # Monte Carlo errors beyond which a goal counts as missed


def read_rates(root: Path) -> pd.DataFrame:
    """Return docs/error_rates.csv: a row per world, number of controls and rule."""
    return pd.read_csv(root / SUMMARY)


def error_rates_page(table: pd.DataFrame, run: str) -> str:
    """Return the page; run: by which command, when and at which commit the table was made."""
    return "\n".join([*_opening(table, run), *_misses(table), *_overview(table), *_tables(table)]) + "\n"


def _opening(table: pd.DataFrame, run: str) -> Iterator[str]:
    studies = table.groupby(["world", "controls"])["studies"].max()
    least, most = int(studies.min()), int(studies.max())
    sizes, errors = _span(f"{n:,}" for n in (least, most)), _span(f"{_error(0.05, n):.1%}" for n in (most, least))
    yield f"""# Error rates where nothing differs

Generated from `{SUMMARY.removeprefix("docs/")}` by `make docs`; do not edit. {run}

5 treated patients against 10, 25 or 50 controls, daily values over 21 days, a baseline of which half persists; no
difference between the groups. Every rule answers the same studies at day 7; of what lies below a limit MMRM, z and
Welch have half of it. {int(studies.sum()):,} studies,
{sizes} in each of {len(studies)} settings, simulated in several runs. The ± beside every rate is its Monte Carlo
standard error, with groups of studies that share a design as units; that of a rate of 5% is {errors}.
With a larger `--studies` the same command goes on, and the errors shrink. `benchmarks/inference/rate_worlds.py` defines
the worlds.
Studies through the whole program, with refusals, confounding, calendar trends, assays and limits of detection, are in
[validation.md](validation.md).

*Rejects*: p ≤ 0.05. *Covers*: 95% intervals that include zero. *Power*: intervals that exclude zero if treatment
raises every value by 73 mmHg (1.5 SD of controls). *Answers*: studies with an answer, where not all have one, and of
how many that were asked."""


def _span(ends: Iterable[str]) -> str:
    """'2,000 to 5,000', or one number where both are alike."""
    return " to ".join(dict.fromkeys(ends))


def _error(rate: float, n: float) -> float:
    return float((rate * (1 - rate) / n) ** 0.5)


def _misses(table: pd.DataFrame) -> Iterator[str]:
    """Where a goal is missed by more than chance, and which other rules were tried in the same studies."""
    yield from ("", "## Goals and misses", "")
    yield (
        "Goals: the default rejects 4% to 6% and its intervals cover 94% to 96%; the permutation rejects "
        f"at most 6.5%. A goal is missed where the rate is more than {DOUBT:g} Monte Carlo errors outside it."
    )
    yield ""
    lines = [line for rule, goal in GOALS.items() for line in _missed(table, rule, goal)]
    yield from lines or ["No goal is missed by that much in any setting."]
    largest = table.loc[table["rule"] == "default", "rejects_mc"].max()
    yield ""
    yield (
        f"With errors of up to {largest:.1%}, a single setting shows large misses only. In the overview, which takes "
        "the settings of a size together, errors are smaller."
    )


def _missed(table: pd.DataFrame, rule: str, goal: tuple[float, float]) -> Iterator[str]:
    for row in _rows(table[table["rule"] == rule]):
        below, above = goal[0] - row["rejects"], row["rejects"] - goal[1]
        if max(below, above) <= DOUBT * row["rejects_mc"]:
            continue
        same = table[(table["world"] == row["world"]) & (table["controls"] == row["controls"])]
        far = abs(row["rejects"] - 0.05)
        closer = same[(same["rejects"] - 0.05).abs() < far].sort_values("power", ascending=False)
        others = ", ".join(f"{_plain(one['rule'])} {one['rejects']:.1%}" for one in _rows(closer))
        yield (
            f"- {_plain(rule)}, {row['world']}, {row['controls']} controls: rejects {row['rejects']:.1%} "
            f"± {row['rejects_mc']:.1%}. Nearer to 5% in the same studies: {others or 'none of the other rules'}."
        )


def _sentence(text: object, end: str = ".") -> str:
    return str(text)[0].upper() + str(text)[1:] + end


def _rows(table: pd.DataFrame) -> list[Row]:
    return table.to_dict("records")


def _plain(rule: str) -> str:
    return RULES[rule].replace("**", "").partition(" (")[0]


def _overview(table: pd.DataFrame) -> Iterator[str]:
    """Rates of each rule over the studies of all worlds with as many controls."""
    yield from ("", "## Overview", "", f"*Most*: the highest rate of a world, of those with {MANY} answers.")
    for controls, own in table.groupby("controls"):
        worlds = own["world"].nunique()
        studies = int(own.groupby("world")["studies"].max().sum())
        yield from ("", f"### {controls} controls: {studies} studies of {worlds} worlds", "")
        yield from ("| rule | rejects | most | covers | power |", "|---|---|---|---|---|")
        for rule, text in RULES.items():
            cells = own[(own["rule"] == rule) & (own["answers"] > 0)]
            # A world without an answer has no rate; a rule without any has no line.
            if len(cells):
                many = cells[cells["answers"] >= MANY]
                most = (many if len(many) else cells).sort_values("rejects").iloc[-1]
                rates = [_together(cells, name) for name in ("rejects", "covers", "power")]
                highest = f"{_rate(float(most['rejects']), float(most['rejects_mc']))}, {most['world']}"
                yield f"| {text} | {rates[0]} | {highest} | {rates[1]} | {rates[2]} |"


def _together(cells: pd.DataFrame, name: str) -> str:
    """The rate over all answers, with its error: worlds are independent."""
    given = cells.dropna(subset=name)
    weight = given["answers"] / given["answers"].sum() if len(given) else given["answers"]
    error = float(((weight * given[f"{name}_mc"]) ** 2).sum() ** 0.5)
    return _rate(float((weight * given[name]).sum()), error) if len(given) else ""


def _tables(table: pd.DataFrame) -> Iterator[str]:
    for controls, own in table.groupby("controls"):
        yield from ("", f"## 5 treated patients, {controls} controls")
        for world, cell in own.groupby("world", sort=False):
            by_rule = {row["rule"]: row for row in _rows(cell)}
            studies = int(cell["studies"].max())
            yield from ("", f"### {_sentence(world, '')} ({studies} studies)", "")
            yield from (f"{_sentence(cell['text'].iloc[0])}", "")
            yield from ("| rule | rejects | covers | power | answers |", "|---|---|---|---|---|")
            yield from (_line(by_rule[rule], text, studies) for rule, text in RULES.items() if rule in by_rule)


def _line(row: Row, text: str, studies: int) -> str:
    rates = (_rate(row[name], row[f"{name}_mc"]) for name in ("rejects", "covers", "power"))
    share = "" if row["answers"] == studies else f"{int(row['answers'])}/{int(row['studies'])}"
    return f"| {text} | {' | '.join(rates)} | {share} |"


def _rate(rate: float, error: float) -> str:
    return "" if pd.isna(rate) else f"{rate:.1%} ± {error:.1%}"
