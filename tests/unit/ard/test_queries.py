"""What the results table says when it is asked."""

from __future__ import annotations

from historical_controls.ard.queries import results_of
from historical_controls.ard.rows import Cell, ard_frame


def test_what_cannot_be_said_about_an_answer_is_no_refusal_of_it() -> None:
    """An outcome with an estimate at day 7 may have no tipping point, for want of a baseline to count its shifts in."""
    cell = Cell("mixed_model", "primary", "reml", "CTSS", output="14.2.7")
    tipping = Cell("tipping_point", "primary", "delta", "CTSS", output="14.2.14")
    rows = [
        cell.at(day=7, contrast="treated - historical").number("estimate", -1.5, "points", "0.0"),
        cell.at(day=14).text("not_estimable", "too_few_patients_at_day"),
        tipping.at(day=7).text("not_estimable", "no_baseline_spread"),
    ]
    results = results_of(ard_frame(rows))
    assert results.not_estimable("CTSS", 7.0) is None
    refused = results.not_estimable("CTSS", 14.0)
    assert refused is not None and refused.text == "too_few_patients_at_day"
