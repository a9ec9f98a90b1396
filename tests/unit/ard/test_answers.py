"""What an analysis found, in lines for a job's log."""

from __future__ import annotations

from historical_controls.ard.answers import answer_lines
from historical_controls.ard.rows import Cell, ard_frame


def test_contrasts_come_with_their_intervals_and_refusals_with_reasons() -> None:
    cell = Cell("mixed_model", "primary", "reml", "PF", output="14.2.2")
    at = cell.at(day=7, contrast="treated - historical")
    rows = [at.number(name, value, "mmHg", "0") for name, value in (("estimate", 25.4), ("lower", -4), ("upper", 55))]
    rows += [cell.at(day=day).text("not_estimable", "too_few_patients_at_day") for day in (14, 21)]
    assert answer_lines(ard_frame(rows)) == [
        "primary: PF day 7, treated - historical: 25 (-4 to 55) mmHg",
        "not estimable: mixed_model PF, too_few_patients_at_day (2)",
    ]
