"""What a declared table makes of results: ranges, lines of totals, notes that its columns need."""

from __future__ import annotations

from dataclasses import replace

import pytest

from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.report.printing.html_table import HtmlTable
from historical_controls.report.statistician.names import Names
from historical_controls.report.statistician.shells.build import comparison_head, shell_table
from historical_controls.report.statistician.shells.declared import SHELLS

from .study import CONTRAST, small_study


def filled(output_id: OutputId, place: int, rows: list[dict[str, object]], lang: str = "en") -> HtmlTable:
    """The shell of an output at its place, filled with these rows alone."""
    study = small_study()
    printer = replace(study, ard=ard_frame(rows)).page(lang).printer
    table = shell_table(Names(printer), study.outputs[str(output_id)], SHELLS[output_id][place], place + 1)
    assert table is not None
    return table


def cells(table: HtmlTable) -> dict[str, list[str]]:
    return {row.head.striptags(): [cell.striptags().replace("\u00a0", " ") for cell in row.cells] for row in table.rows}


def test_bounds_are_a_range_and_not_a_number_with_its_interval() -> None:
    cell = Cell("clearance", "primary", "turnbull", arm="treated", day=7, output="14.2.9")
    bounds = [cell.number("least", 0.0, format="percent"), cell.number("most", 0.75, format="percent")]
    assert cells(filled(OutputId.VIROLOGY, 2, bounds)) == {"Day 7": ["0% to 75%"]}


def test_both_shifts_that_change_the_conclusion_are_printed() -> None:
    """The smaller one may be the second: an interval of -0.67 to 0.27 is nearer to being below zero."""
    cell = Cell("tipping_point", "primary", "delta", "PF", arm="historical", day=7, output="14.2.14")
    rows = [cell.number("to_above", -7.8, "SD", "0.0"), cell.number("to_below", 3.2, "SD", "0.0")]
    assert cells(filled(OutputId.UNMEASURED, 1, rows)) == {"PaO2/FiO2 ratio, mmHg": ["−7.8 or 3.2"]}


@pytest.mark.parametrize(
    ("lang", "said"),
    [("en", "the data contain no information about it"), ("es", "los datos no contienen información sobre él")],
)
def test_a_covariance_parameter_without_a_number_says_why(lang: str, said: str) -> None:
    own = Cell("mixed_model", "primary", "reml", "PF", level="variance(14)", output="14.2.2")
    rows = [
        own.at(arm="treated").text("not_identified", "nothing_tells"),
        own.at(arm="historical").number("covariance_parameter", 451.2, format="0.0000"),
    ]
    place = [shell.title for shell in SHELLS[OutputId.RESPIRATORY]].index("parameters")
    row = filled(OutputId.RESPIRATORY, place, rows, lang).rows[-1]
    assert said in row.cells[0] and "451.2" in row.cells[1]


def test_the_win_ratio_is_on_the_line_of_the_pairs_that_it_divides() -> None:
    """128 wins to 62 losses: 2.06."""
    pairs = Cell("win_ratio", "primary", "hierarchical", "PF", output="14.2.1")
    ratio = pairs.at(level="win_ratio", contrast=CONTRAST)
    rows = [pairs.number("n_wins", 128), pairs.number("n_losses", 62), pairs.at(level="death").number("n_wins", 85)]
    limits = (("win_ratio", 128 / 62), ("lower", 0.52), ("upper", 8.23))
    rows += [ratio.number(name, value, "ratio", "0.00") for name, value in limits]
    table = filled(OutputId.WORST_RANK, 1, rows)
    assert cells(table) == {"All": ["128", "62", "2.06 (0.52 to 8.23)"], "Died": ["85", "", ""]}
    # A ratio is no difference.
    assert "Difference" not in str(table.heads) + str(table.spans)


def test_a_table_of_welch_alone_does_not_speak_of_permutations() -> None:
    cell = Cell("while_alive", "primary", "welch", "PF", level="last", day=7, contrast=CONTRAST, output="14.2.2")
    rows = [cell.number(name, value, "mmHg") for name, value in (("estimate", 22), ("lower", -19), ("upper", 63))]
    rows += [cell.number("p_value", 0.23, format="p"), cell.at(method="adjusted").number("p_floor", 0.004, format="p")]
    place = [shell.title for shell in SHELLS[OutputId.RESPIRATORY]].index("while_alive")
    welch = filled(OutputId.RESPIRATORY, place, rows)
    assert [note.striptags() for note in welch.notes] == []
    both = [*rows, cell.at(method="adjusted").number("p_value", 0.19, format="p")]
    said = " ".join(note.striptags() for note in filled(OutputId.RESPIRATORY, place, both).notes)
    assert "Smallest possible p: 0.004" in said


@pytest.mark.parametrize(
    ("scales", "head", "said"),
    [
        ({"PF": "mmHg"}, "Difference, treated − historical", {"PF": "25.0 (20.0 to 30.0)"}),
        ({"PF": "ratio"}, "Ratio, treated ÷ historical", {"PF": "25.0 (20.0 to 30.0)"}),
        ({"PF": "odds ratio"}, "Odds ratio, treated over historical", {"PF": "25.0 (20.0 to 30.0)"}),
        (
            {"PF": "mmHg", "HR": "ratio"},
            "Treated − historical, or × treated ÷ historical",
            {"PF": "25.0 (20.0 to 30.0)", "HR": "× 25.0 (20.0 to 30.0)"},
        ),
    ],
)
def test_a_comparison_is_headed_by_what_its_numbers_are(
    scales: dict[str, str], head: str, said: dict[str, str]
) -> None:
    rows = []
    for code, unit in scales.items():
        cell = Cell("mixed_model", "primary", "reml", code, day=7, output=OutputId.RESPIRATORY, contrast=CONTRAST)
        numbers = {"estimate": 25, "lower": 20, "upper": 30}
        rows += [cell.number(name, value, unit, "0.0") for name, value in numbers.items()]
        rows.append(cell.number("p_value", 0.01, format="p"))
    place = [shell.title for shell in SHELLS[OutputId.RESPIRATORY]].index("by_day")
    table = filled(OutputId.RESPIRATORY, place, rows)
    assert [span.head.striptags() for span in table.spans if span.head] == [head]
    printed = [row.cells[0].striptags() for row in table.rows if row.cells]
    assert printed == list(said.values())


def test_win_odds_beside_a_difference_are_headed_as_a_comparison() -> None:
    cell = Cell("free_days", "primary", "welch", "VENT_FREE_DAYS", contrast=CONTRAST, output="14.2.11")
    both = [cell.number("estimate", 7.8, "d", "0.0"), cell.at(method="brunner_munzel").number("win_odds", 2.0)]
    for rows in (both, both[1:]):
        results = replace(small_study(), ard=ard_frame(rows)).page("en").printer.results
        assert comparison_head(row for found in results.rows.values() for row in found) == "comparison"
