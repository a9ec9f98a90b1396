"""Formatting, words and the read side of the results table."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from historical_controls.ard.queries import AmbiguousResultError, results_of
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.errors import UserError
from historical_controls.text.formatting import format_number, format_unit
from historical_controls.text.words import Words, load_words


@pytest.mark.parametrize(
    ("value", "format", "printed"),
    [
        (12345.6, "0", "12,346"),
        (-4.25, "0.0", "−4.2"),
        (-0.04, "0.0", "0.0"),
        (0.005, "percent", "0%"),
        (1.0, "percent", "100%"),
        (-0.00123, "percent.00", "−0.12%"),
        (0.0004, "p", "<0.001"),
        (0.0123, "p", "0.012"),
        (0.456, "p", "0.46"),
        (0.0996, "p", "0.10"),
        (0.99, "p", "0.99"),
        (0.9951, "p", ">0.99"),
        (0.997, "p", ">0.99"),
        (1.0, "p", ">0.99"),
        (math.nan, "0.0", "–"),
        (None, "0", "–"),
        (math.inf, "0.00", "∞"),
    ],
)
def test_numbers_are_printed_as_their_format_says(value: float | None, format: str, printed: str) -> None:
    assert format_number(value, format) == printed


@pytest.mark.parametrize(
    ("unit", "printed"), [("10^9/L", "10⁹/L"), ("Cel", "°C"), ("mmHg", "mmHg"), ("m^2", "m²"), ("", "")]
)
def test_units_are_printed_as_readers_write_them(unit: str, printed: str) -> None:
    assert format_unit(unit) == printed


def test_words_fill_placeholders_and_keep_a_study_s_own_codes() -> None:
    words = Words("en", {"a.b": "{n} of {m}", "unit.years": "years"})
    assert words("a.b", n=1, m=2) == "1 of 2"
    assert words.entry("a", "unheard {of}") == "unheard (of)"
    assert words.unit("years") == "years"
    assert words.among({"es": "uno"}) == "uno"


def test_missing_locale_names_those_that_exist(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text("a: b\n")
    with pytest.raises(UserError, match="'fr'") as error:
        load_words(tmp_path, "fr")
    assert "en" in str(error.value)


def test_locale_entry_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text("group:\n  'no': no\n  key: off\n")
    with pytest.raises(UserError, match="'False' is not text"):
        load_words(tmp_path, "en")


def test_results_are_found_by_their_keys() -> None:
    cell = Cell("disposition", "primary", outcome="PF", day=7)
    results = results_of(ard_frame([cell.number("mean", 1.5), cell.at(arm="treated").number("mean", 2.5)]))
    found = results.one("disposition", "mean", outcome="PF", day=7.0)
    assert found is not None
    assert found.value == 1.5
    assert results.one("disposition", "mean", outcome="PF") is None
    assert len(results.all("disposition", "mean", outcome="PF")) == 2


def test_two_rows_for_one_number_are_a_bug_and_said_so() -> None:
    cell = Cell("disposition", "primary", outcome="PF")
    frame = ard_frame([cell.at(method=method).number("mean", 1.0) for method in ("reml", "ml")])
    with pytest.raises(AmbiguousResultError):
        results_of(frame).one("disposition", "mean", outcome="PF")
    assert results_of(frame).one("disposition", "mean", outcome="PF", method="ml") is not None


def test_reason_for_a_day_counts_for_that_day_alone() -> None:
    cell = Cell("mixed_model", "primary", outcome="PF", output="14.2.2")
    results = results_of(ard_frame([cell.at(day=21).text("not_estimable", "too_few_patients_at_day")]))
    assert results.not_estimable("PF", 7.0) is None
    assert results.not_estimable("PF", 21.0) is not None
