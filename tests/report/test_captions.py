"""What each figure shows, said in sentences of results; right values are those that study.py writes."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import pytest

from historical_controls.ard.queries import results_of
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.figures.names import FAMILIES
from historical_controls.report.headline.captions import FAMILIES as SENTENCES
from historical_controls.report.headline.captions import figure_caption, figure_parts
from historical_controls.report.printing.printer import Printer
from historical_controls.report.statistician.page import DESCRIPTIONS

from .conftest import LANGUAGES, Rendered
from .study import CONTRAST, small_study


def said(family: str, language: str = "en", more: Iterable[dict[str, object]] = (), part: str = "") -> str:
    study = small_study()
    added = list(more)
    ard = pd.concat([study.ard, ard_frame(added)], ignore_index=True) if added else study.ard
    printer = Printer(results_of(ard), study.words(language), study.config, study.dictionary)
    return figure_caption(printer, family, part).striptags().replace("\u00a0", " ")


def test_every_family_has_a_finding_and_a_description() -> None:
    assert set(SENTENCES) == set(DESCRIPTIONS) == set(FAMILIES)
    assert figure_parts("15.5-trajectory-PF.svg") == ("15.5", "trajectory", "PF")
    assert figure_parts("15.1-flow") == ("15.1", "flow", "")


def test_the_combinations_are_counted_by_method() -> None:
    """By the counts of the results table, refused combinations among the whole."""
    assert "Mixed model: 3 of 4 combinations of choices estimated; 3 intervals include no difference" in said(
        "specification"
    )


def test_the_flow_names_what_excluded_most() -> None:
    """tests/report/study.py, attrition of the hospital."""
    assert "Hospital system: 153 patients received, 38 analysed." in said("flow")
    assert "The criterion that excluded most patients: not “P/F below 150 mmHg at the last two gases” (89)." in said(
        "flow"
    )


def test_a_source_of_both_groups_is_named_with_each() -> None:
    """'REDCap: 8 patients received. REDCap: 14 patients received' said nothing of whom."""
    cell = Cell("attrition", "primary", population="hospital", arm="treated", level="all")
    counts = {"position": 0, "n_before": 3, "n_excluded": 0, "n_unknown": 0, "n_after": 3}
    text = said("flow", more=[cell.number(name, value) for name, value in counts.items()])
    assert "Hospital system (Treated): 3 patients received, 3 analysed." in text
    assert "Hospital system (Historical): 153 patients received, 38 analysed." in text


def test_a_difference_beyond_the_others_is_named_by_weighting() -> None:
    cell = Cell("love", "primary", "entropy", "PF", contrast=CONTRAST, output="15.3")
    larger = [cell.number("smd", -3.21, format="0.00"), cell.at(outcome="DDIM").number("smd", 3.2, format="0.00")]
    assert "Largest standardised difference, Entropy balancing: PaO2/FiO2 ratio, −3.21 SD." in said("love", more=larger)


def test_who_is_outside_the_range_is_named() -> None:
    assert said("overlap").startswith("Outside the range of the historical patients: T4, Age")
    cell = Cell("gate_outside_range", "primary", "unweighted", "PF", level="T2", output="14.1.10")
    assert "T2, PaO2/FiO2 ratio" in said("overlap", more=[cell.text("state", "warn")])


def test_deaths_are_counted_by_arm() -> None:
    assert said("swimmer") == said("incidence")
    assert said("swimmer").startswith("Died by day 21: 1 of 5 treated patients, 15 of 38 historical patients.")


def test_the_forest_names_the_intervals_that_exclude_no_difference() -> None:
    """Of study.py's rows at day 7 none excludes it; a ratio of 2 (1.5 to 3) does."""
    assert "include no difference." in said("forest")
    cell = Cell("mixed_model", "primary", "reml", "IL6", day=7, contrast=CONTRAST, output="14.2.4")
    ratio = [
        cell.number(name, value, "ratio", "0.00") for name, value in (("estimate", 2), ("lower", 1.5), ("upper", 3))
    ]
    for family in ("forest", "ratio"):
        assert "exclude no difference: Interleukin-6, × 2.00 (1.50 to 3.00). All others include it." in said(
            family, more=ratio
        )


def test_a_permutation_that_includes_no_difference_is_said_beside_the_model_that_excludes_it() -> None:
    """A ratio of 2: by the model 1.5 to 3, by permutation 0.8 to 4; one of 1.1 to 4 agrees, and is not named."""
    cell = Cell("mixed_model", "primary", "reml", "IL6", day=7, contrast=CONTRAST, output="14.2.4")
    model = (("estimate", 2), ("lower", 1.5), ("upper", 3))
    permuted = cell.at(analysis="permutation", method="studentised")
    for lower, named in ((0.8, True), (1.1, False)):
        rows = [cell.number(name, value, "ratio", "0.00") for name, value in model]
        limits = (("estimate", 2), ("lower", lower), ("upper", 4))
        rows += [permuted.number(name, value, "ratio", "0.00") for name, value in limits]
        found = said("forest", more=rows)
        beside = "For these the permutation interval includes it: Interleukin-6, × 2.00 (0.80 to 4.00)."
        assert (beside in found) == named, found


def test_the_forest_names_the_courses_that_the_fitted_curve_misses() -> None:
    cell = Cell("mixed_model", "primary", "reml", "PF", output="14.2.2")
    doubt = [cell.number("lack_of_fit_p", 0.0004, format="p"), cell.text("lack_of_fit", "yes")]
    assert "differences at single days may be off: PaO2/FiO2 ratio." in said("forest", more=doubt)
    assert "may be off" not in said("forest", more=[cell.number("lack_of_fit_p", 0.4, format="p")])


def test_what_would_change_the_conclusion_is_a_number_of_the_results() -> None:
    cell = Cell("tipping_point", "primary", "delta", "PF", arm="historical", day=7, output="14.2.14")
    shift = [cell.number("to_above", -0.86, format="0.0")]
    assert "historical patients differed from the prediction of the model by −0.9 baseline SD" in said(
        "tipping", more=shift
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_say_the_finding_to_everybody(rendered: dict[str, Rendered], language: str) -> None:
    """Once in the caption, once in the description of the picture."""
    html = rendered[language].page
    for family in ("swimmer", "forest", "flow"):
        finding = said(family, language)
        descriptions = [one.text.replace("\u00a0", " ") for one in html.tagged("desc")]
        captions = [one.text.replace("\u00a0", " ") for one in html.tagged("figcaption")]
        assert any(finding in text for text in descriptions), family
        assert any(finding in " ".join(text.split()) for text in captions), family
