"""No page, table or figure that is shared prints a count of few patients."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from historical_controls.ard.keys.statistics import BY_NAME, Kind
from historical_controls.ard.small_cells import without_small_cells
from historical_controls.config.study_config import Report
from historical_controls.report.exports.tables import export_tables
from historical_controls.report.statistician.page import Declarations, render_statistician_report

from .conftest import render
from .study import ROOT, SmallStudy, small_study

MIN_CELL = 5
COUNTED = (Kind.PATIENTS, Kind.EVENTS)


def spared(study: SmallStudy) -> SmallStudy:
    """The small study, every third count of patients made small, as `report.min_cell: 5` shares it."""
    counts = study.ard["statistic"].map(lambda name: BY_NAME[name].kind in COUNTED)
    few = counts & (counts.cumsum() % 3 == 0)
    ard = study.ard.assign(value=study.ard["value"].mask(few, 1.0 + counts.cumsum() % 4))
    config = study.config.model_copy(update={"report": Report(min_cell=MIN_CELL)})
    return replace(study, ard=without_small_cells(ard, MIN_CELL), config=config)


def small(printed: str) -> bool:
    return re.fullmatch(r"[1-4]", printed.strip()) is not None


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_small_count_is_printed(language: str, tmp_path: Path) -> None:
    study = spared(small_study())
    counted = {row.id for row in study.ard.itertuples(index=False) if BY_NAME[row.statistic].kind in COUNTED}
    drawn = render(study, language, tmp_path)
    declared = Declarations(study.display, (ROOT / "docs" / "methods.md").read_text(encoding="utf-8"), [], [])
    statistician = render_statistician_report(study.page(language, drawn.figures), declared)
    for html in (drawn.html, statistician):
        shown = [text for id_, text in re.findall(r'data-ard="(\w+)"[^>]*>([^<]*)<', html) if id_ in counted]
        assert len(shown) > 20
        assert "&lt;5" in shown
        assert [text for text in shown if small(text)] == []


def test_no_small_count_is_exported() -> None:
    study = spared(small_study())
    for name, table in export_tables(study.ard, study.outputs).items():
        counts = table[table["statistic"].map(lambda key: BY_NAME[key].kind in COUNTED).astype(bool)]
        assert not counts["value"].between(1, MIN_CELL - 1).any(), name
        assert not counts["printed"].map(small).any(), name
