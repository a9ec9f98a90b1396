"""What a run prints at its end: where the reports are, what was held back or refused, and what to do next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Result, Results
from historical_controls.text.formatting import DASH, format_number, format_share
from historical_controls.text.words import Words

REPORTS = (
    ("investigator", "results/report/investigator.{language}.html"),
    ("statistician", "results/report/statistician.{language}.html"),
    ("data_manager", "results/internal/cleaning.{language}.html"),
    ("narratives", "results/internal/narratives.{language}.html"),
)
WIDEST_PATH = 44
# Findings about records that are held, or about those of other findings once more.
OF_HELD = ("DOUBTFUL_SHARE", "ARM_UNKNOWN", "NOTHING_READ")
OTHER_ARM = "ARM_OTHER"
COMBINATIONS = f"results/tables/figure-{OutputId.SPECIFICATION_FIGURE}.csv"
# Of the combinations refused at most nine reasons are said, with two scenarios for each outcome and weighting.
MOST_REASONS, MOST_SCENARIOS = 8, 2


@dataclass(frozen=True)
class RunFacts:
    """`results`: table ard; `findings`: table findings of all sources; `told`: findings.txt, what resolves them.

    `languages` of the reports and names of the `sources`, as declared; of the config the summary says nothing else.
    """

    results: Results
    findings: pd.DataFrame
    told: str
    languages: Sequence[str]
    sources: Sequence[str]
    words: Words


def ending(run: RunFacts) -> str:
    """The summary as text, in the language of `run.words`."""
    parts = (_reports(run), _records(run), _refused(run), _doubted(run), _next(run))
    blocks = ["\n".join(lines) for lines in map(list, parts) if lines]
    return "\n\n".join([*blocks, *([run.told.rstrip()] if run.told.strip() else [])]) + "\n"


def _reports(run: RunFacts) -> Iterator[str]:
    yield run.words("run.reports")
    for reader, path in REPORTS:
        for language in run.languages:
            yield f"  {path.format(language=language):<{WIDEST_PATH}}{run.words(f'run.{reader}')}"


def _records(run: RunFacts) -> Iterator[str]:
    """Records read, held back and suspected, by source. One record may be in two findings: 'up to'."""
    yield run.words("run.records")
    for source in run.sources:
        total, held = (_sum(run, name, source) for name in (Statistic.N_RECORDS, Statistic.N_QUARANTINED))
        # Rows of the other arm are read for the other source of the same file.
        others = run.results.all(AnalysisKey.LEDGER_REASONS, Statistic.N_RECORDS, population=source, level=OTHER_ARM)
        total -= sum(row.value or 0.0 for row in others)
        suspected = _suspected(run.findings[run.findings["source"] == source])
        numbers = {"n": format_number(total, "0"), "held": format_number(held, "0")}
        shares = {"held_share": _share(held, total), "suspected_share": _share(suspected, total)}
        yield "  " + run.words(
            "run.source", source=source, suspected=format_number(suspected, "0"), **numbers, **shares
        )


def _suspected(findings: pd.DataFrame) -> int:
    """Records suspected: held ones are counted beside them, and one outcome may differ from several sources."""
    open_ones = findings[~findings["finding"].isin(OF_HELD)]
    shifted = open_ones["finding"] == "SOURCE_SHIFT"
    return int(open_ones.loc[~shifted, "n"].sum() + open_ones[shifted].groupby("outcome")["n"].max().sum())


def _sum(run: RunFacts, statistic: Statistic, source: str) -> float:
    return sum(row.value or 0.0 for row in run.results.all(AnalysisKey.LEDGER, statistic, population=source))


def _share(part: float, whole: float) -> str:
    """A percentage with one decimal; a share too small to print is not called none."""
    if not whole:
        return DASH
    return format_share(part / whole, 1)


def _refused(run: RunFacts) -> Iterator[str]:
    """Outcomes that have no answer, or none at a day, by reason; then the combinations of choices that have none."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    analyses = (AnalysisKey.MIXED_MODEL, AnalysisKey.ADVERSE_EVENTS)
    for analysis in analyses:
        for row in run.results.all(analysis, Statistic.NOT_ESTIMABLE, contrast=""):
            # Levels are periods and slopes: their reasons follow from those of the days.
            if analysis is AnalysisKey.MIXED_MODEL and row.level:
                continue
            # Infections, or severe ones, may be recorded by nobody where adverse events are.
            if analysis is AnalysisKey.ADVERSE_EVENTS and row.level not in ("", "any"):
                continue
            said = row.outcome
            if row.day is not None:
                said = run.words("run.day", outcome=row.outcome, day=f"{row.day:g}")
            if said not in by_reason[row.text or "not_analysed"]:
                by_reason[row.text or "not_analysed"].append(said)
    if by_reason:
        yield run.words("run.refused")
    # The reason that concerns most outcomes first.
    for reason, outcomes in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0])):
        yield f"  {', '.join(sorted(outcomes))}: {_reason(run, reason)}"
    yield from _combinations(run)


def _combinations(run: RunFacts) -> Iterator[str]:
    """The combinations of choices that have no answer, a line a reason, and the file that lists them all."""
    by_reason: dict[str, list[Result]] = defaultdict(list)
    refused = run.results.all(AnalysisKey.SPECIFICATION, Statistic.NOT_ESTIMABLE)
    for row in refused:
        by_reason[row.text or "not_analysed"].append(row)
    if not refused:
        return
    yield "  " + run.words("run.combinations", n=len(refused), path=COMBINATIONS)
    ordered = sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
    for reason, rows in ordered[:MOST_REASONS]:
        yield "    " + run.words("run.combination", n=len(rows), reason=_short(run, reason), which=_which(run, rows))
    left = sum(len(rows) for _, rows in ordered[MOST_REASONS:])
    if left:
        yield "    " + run.words("run.other_reasons", n=left)


def _which(run: RunFacts, rows: list[Result]) -> str:
    """Outcome, weighting and scenario of the first refused combinations, and how many are not named."""
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        # 'reading=option+...|weighting|estimand': the same scenario is refused for several estimands.
        scenario, _, _ = row.level.partition("|")
        scenarios = places[row.outcome, row.method]
        if scenario not in scenarios:
            scenarios.append(scenario)
    said = []
    for (outcome, weighting), scenarios in places.items():
        named = ", ".join(sorted(scenarios)[:MOST_SCENARIOS])
        if len(scenarios) > MOST_SCENARIOS:
            named += " " + run.words("run.more", n=len(scenarios) - MOST_SCENARIOS)
        said.append(f"{outcome}, {run.words.entry('weighting', weighting)}: {named}")
    return "; ".join(said)


def _short(run: RunFacts, reason: str) -> str:
    """The reason in a few words, where it has such."""
    return run.words(f"refusal.{reason}") if run.words.has(f"refusal.{reason}") else _reason(run, reason)


def _reason(run: RunFacts, reason: str) -> str:
    """Why, without the numbers in brackets that a page adds for each outcome."""
    said = run.words.entry("reason", reason)
    # Placeholders are in brackets, and have no value that is common to several outcomes.
    return said.partition(" (")[0] if "{" in said else said


def _doubted(run: RunFacts) -> Iterator[str]:
    """Outcomes whose fitted course a richer one beats: their estimates at single days may be off."""
    doubts = run.results.all(AnalysisKey.MIXED_MODEL, Statistic.LACK_OF_FIT)
    codes = [row.outcome for row in doubts if row.text == "yes"]
    if codes:
        yield run.words("run.doubted")
        yield "  " + run.words("run.doubted_courses", outcomes=", ".join(sorted(codes)))


def _next(run: RunFacts) -> Iterator[str]:
    """What a person can do now, in order."""
    held = any(_sum(run, Statistic.N_QUARANTINED, source) for source in run.sources)
    findings = bool(run.told.strip())
    if not held and not findings:
        yield run.words("run.nothing_left")
        return
    yield run.words("run.next")
    steps = [name for name, is_due in (("resolve_findings", findings), ("decide_held", held)) if is_due]
    # "again" is always the last step: run the workflow once more.
    for number, step in enumerate([*steps, "again"], start=1):
        yield f"  {number}. {run.words(f'run.{step}')}"
