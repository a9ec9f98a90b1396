"""What an analysis found, in lines for its job's log: contrasts with their intervals, and what was refused and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pandas as pd

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Result, Results, results_of

MOST = 40  # lines: a grid of choices has hundreds


def answer_lines(ard: pd.DataFrame) -> list[str]:
    """Return lines for the rows of an analysis (table ard), estimates of the mixed model first, then refusals."""
    results = results_of(ard)
    lines = [*_estimates(results), *_refusals(ard)]
    return lines if len(lines) <= MOST else [*lines[:MOST], f"and {len(lines) - MOST} more lines"]


def _estimates(results: Results) -> Iterator[str]:
    """'primary: PF day 7, treated - historical: 25 (-4 to 55) mmHg', one line per contrast of the mixed model."""
    for (scenario, analysis, statistic), rows in results.rows.items():
        if (analysis, statistic) != (AnalysisKey.MIXED_MODEL, Statistic.ESTIMATE):
            continue
        for row in rows:
            lower, upper = (_beside(results, row, name) for name in (Statistic.LOWER, Statistic.UPPER))
            at = "" if row.day is None else f" day {row.day:g}"
            named = ", ".join(part for part in (f"{row.outcome}{at}", row.level, row.contrast) if part)
            yield f"{scenario}: {named}: {_printed(row.value, row.format)} ({lower} to {upper}) {row.unit}".rstrip()


def _beside(results: Results, estimate: Result, name: Statistic) -> str:
    """A limit of the interval of an estimate, as it is printed."""
    columns = ("method", "outcome", "arm", "level", "day", "contrast")
    keys = {column: getattr(estimate, column) for column in columns}
    # A contrast without a limit (no standard error, one-sided) is printed with a dash, not left out.
    limit = next(iter(results.all(AnalysisKey.MIXED_MODEL, name, estimate.scenario, **keys)), None)
    return _printed(None if limit is None else limit.value, estimate.format)


def _printed(value: float | None, format: str) -> str:
    """A number with the decimals of its format. Logs are plain text: the pages' printing is a layer above this one."""
    return "-" if value is None else f"{value:.{len(format.partition('.')[2])}f}"


def _refusals(ard: pd.DataFrame) -> Iterator[str]:
    """'not estimable: mixed_model PF, no_data (2)', by analysis, outcome and reason, the commonest first."""
    rows = ard.loc[ard["statistic"] == Statistic.NOT_ESTIMABLE]
    counts = Counter(zip(rows["analysis"], rows["outcome"], rows["text"].fillna(""), strict=True))
    for (analysis, outcome, reason), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield f"not estimable: {analysis} {outcome}, {reason} ({count})"
