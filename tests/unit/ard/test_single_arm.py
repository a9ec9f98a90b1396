"""The results of one arm: nothing of the absent one, nothing of a comparison."""

from __future__ import annotations

from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.ard.single_arm import without_comparison


def test_rows_of_the_absent_arm_of_contrasts_and_of_their_refusals_are_left_out() -> None:
    deaths = Cell("deaths", "primary", "exact", level="death", day=21)
    described = Cell("description", "primary", "t", outcome="PF", day=7, arm="treated", output="14.2.2")
    contrast = Cell("worst_rank", "primary", outcome="PF", day=7, contrast="treated - historical", output="14.2.2")
    rows = [
        deaths.at(arm="treated").number("n_patients", 2),
        deaths.at(arm="historical").number("n_patients", 0),
        deaths.text("not_estimable", "no_control_data"),
        described.number("mean", 100, "mmHg"),
        described.at(level="worst").text("not_estimable", "too_few_described"),
        contrast.number("win_odds", 2, "odds", "0.00"),
        Cell("mixed_model", "primary", outcome="PF", output="14.2.2").text("not_estimable", "no_control_data"),
        Cell("multiplicity", "primary").number("n_contrasts", 0),
    ]
    left = without_comparison(ard_frame(rows))
    assert list(zip(left["analysis"], left["statistic"], strict=True)) == [
        ("deaths", "n_patients"),
        ("description", "mean"),
        ("description", "not_estimable"),
    ]
