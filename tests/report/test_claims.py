"""Sentences that must not claim more than the results: direction, deaths, declaration, choices, severity."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest
from markupsafe import Markup

from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.config.study_config import Report
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.dictionary.files import PROGRAM_DICTIONARY
from historical_controls.figures.draw import draw_figures
from historical_controls.report.headline.sentence import draws_sentences, headline_sentence
from historical_controls.report.investigator.answer import deaths
from historical_controls.report.investigator.certainty import certainty
from historical_controls.report.investigator.fragility import settle

from .conftest import Rendered, write_page
from .study import CONTRAST, SmallStudy, small_study
from .test_statistician import render as render_statistician


def section(report: Rendered, name: str) -> str:
    return next(e.text for e in report.page.elements if e.attributes.get("id") == name)


def with_rows(*rows: dict[str, object]) -> SmallStudy:
    """The small study with rows replaced by, or added from, these."""
    study = small_study()
    new = ard_frame(rows)
    return replace(study, ard=pd.concat([study.ard[~study.ard["id"].isin(new["id"])], new], ignore_index=True))


def test_primary_outcome_is_said_to_be_declared_not_fixed_beforehand(report: Rendered, language: str) -> None:
    said = {"en": "declared in the configuration, not in the registry", "es": "declarado en la configuración, no en el"}
    assert said[language] in section(report, "answer")
    for wrong in ("fixed beforehand", "chosen beforehand", "fijado de antemano", "eligió de antemano"):
        assert wrong not in report.page.visible


def test_first_screen_names_direction_limits_and_no_difference(report: Rendered, language: str) -> None:
    said = section(report, "answer")
    expected = {
        "en": "compatible with values from 19 mmHg lower to 86 mmHg higher in treated patients, and with no difference",
        "es": "compatibles con valores desde 19 mmHg inferiores hasta 86 mmHg superiores en los pacientes tratados",
    }
    assert expected[language] in said


def test_two_wide_intervals_do_not_confirm_each_other() -> None:
    cell = Cell("worst_rank", "primary", "brunner_munzel", outcome="PF", day=7, output="14.2.1")
    said = section(write_page(with_rows(cell.text("agreement", "agree")), "en"), "answer")
    assert "Neither analysis rules out no difference." in said
    assert "agree." not in said


def test_agreement_is_said_where_both_intervals_exclude_no_difference() -> None:
    ranks = Cell("worst_rank", "primary", "brunner_munzel", outcome="PF", day=7, output="14.2.1")
    model = Cell("mixed_model", "primary", "reml", "PF", day=7, contrast=CONTRAST, output="14.2.2")
    study = with_rows(ranks.text("agreement", "agree"), model.number("lower", 3.0, "mmHg"))
    assert "Both analyses exclude no difference, in the same direction." in section(write_page(study, "en"), "answer")


def test_a_patient_who_changes_the_conclusion_is_named_unless_small_cells_are_hidden() -> None:
    study = small_study()
    assert "Without T4, who died on day\u00a019" in section(write_page(study, "en"), "answer")
    hidden = replace(study, config=study.config.model_copy(update={"report": Report(min_cell=5)}))
    assert "died on day" not in section(write_page(hidden, "en"), "answer")


def test_every_method_counts_its_own_combinations(report: Rendered) -> None:
    said = section(report, "bias")
    rows = report.study.ard.query("analysis == 'specification' and statistic == 'n_specifications'")
    methods = set(rows["level"])
    assert len(methods) >= 1
    for method in methods:
        assert report.study.words("en" if "Mixed" in said else "es").entry("level", method) in said


def test_grade_is_called_severity_and_deaths_are_counted_as_serious(report: Rendered, language: str) -> None:
    said = section(report, "disposition")
    assert {"en": "Grade is severity, not seriousness.", "es": "El grado es intensidad, no gravedad."}[language] in said
    assert {"en": "A serious adverse event", "es": "Un evento adverso grave\n"}[language] not in said


def test_an_interval_against_treated_patients_is_said() -> None:
    cell = Cell("mixed_model", "primary", "reml", "HR", day=7, contrast=CONTRAST, output="14.2.3")
    rows = [cell.number(name, value, "/min") for name, value in (("estimate", 9.1), ("lower", 0.4), ("upper", 18.0))]
    said = section(write_page(with_rows(*rows), "en"), "outcome-HR")
    assert "unfavourable for treated patients" in said
    assert "unfavourable" not in section(write_page(small_study(), "en"), "outcome-HR")


def test_few_measured_patients_are_said_beside_the_day() -> None:
    near = Cell("mixed_model", "primary", "reml", "PF", arm="treated", day=21, output="14.2.2")
    said = section(write_page(with_rows(near.number("n_measured", 2)), "en"), "outcome-PF")
    assert re.search(r"At day 21 too few treated patients", said)
    # The table counts who was measured near the day; the day itself may have nobody, where visits are weeks apart.
    on_the_day = Cell("availability", "primary", outcome="PF", arm="treated", day=21)
    rows = (near.number("n_measured", 4), on_the_day.number("n_subjects", 0))
    said = section(write_page(with_rows(*rows), "en"), "outcome-PF")
    assert "too few treated patients" not in said


def test_largest_imbalances_come_first_and_times_are_among_them() -> None:
    cell = Cell("baseline", "primary", "unweighted", "calendar_week", contrast=CONTRAST)
    arms = [Cell("baseline", "primary", "unweighted", "calendar_week", arm=arm) for arm in
            ("treated", "historical")]  # fmt: skip
    rows = [cell.number("smd", 1.93, format="0.00")]
    rows += [arm.number(name, 5.0) for arm in arms for name in ("n", "mean", "sd")]
    report = write_page(with_rows(*rows), "en")
    table = section(report, "table-baseline")
    assert table.index("Calendar, weeks") < table.index("Age")


def test_tables_of_the_main_outcomes_have_the_number_of_the_mixed_model(report: Rendered, language: str) -> None:
    """Other analyses of an outcome are registered under other numbers (14.2.16, 14.2.17)."""
    word = {"en": "Table", "es": "Tabla"}[language]
    for outcome, number in (("PF", "14.2.2"), ("HR", "14.2.3")):
        caption = next(e.text for e in report.page.elements if e.attributes.get("id") == f"days-{outcome}-caption")
        assert caption.startswith(f"{word} {number}.")


def test_flow_prints_reasons_and_running_totals() -> None:
    study = small_study()
    figure = draw_figures(study.ard, study.display, study.words("en"), study.config, study.dictionary).shared[
        "15.1-flow.svg"
    ]
    said = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert any(text.startswith("89 excluded: not “P/F below 150 mmHg") for text in said)
    assert {"132", "43"} & set(said)
    assert not [text for text in said if re.match(r"−\d", text)]


def test_a_public_report_lists_no_single_patient() -> None:
    study = small_study()
    for public, listed in ((True, False), (False, True)):
        config = study.config.model_copy(update={"report": Report(public=public)})
        html = render_statistician(replace(study, config=config), "en")
        assert ('id="table-l16_2_3"' in html) == listed
        assert ('id="table-l16_2_1"' in html) == listed


def headline_of(*rows: dict[str, object]) -> str:
    printer = with_rows(*rows).page("en", {}).printer
    return Markup("{} {}").format(headline_sentence(printer), draws_sentences(printer)).striptags()


def test_the_headline_is_the_average_over_the_draws_of_waits() -> None:
    """Whether the one declared draw has an answer, and which, depends on its seed; all draws together do not."""
    cell = Cell("wait_draws", "primary", "average", "PF", level="average", day=7)
    values = {"estimate": 21.0, "lower": -22.0, "upper": 64.0}
    said = headline_of(*(cell.at(contrast=CONTRAST).number(name, value, "mmHg") for name, value in values.items()))
    assert "21 mmHg higher" in said and "average over 20 draws" in said
    assert "The one draw that tables and figures show: 34 (\N{MINUS SIGN}19 to 86)." in said
    refused = headline_of(cell.text("not_estimable", "most_draws_refused"))
    assert "refused under most of the random draws of waiting times" in refused and "34" not in refused


def test_the_count_of_an_event_leaves_no_death_out() -> None:
    printer = small_study().page("en", {}).printer
    assert "does not count these deaths" in deaths(printer).striptags()
    primary = printer.config.primary.model_copy(update={"outcome": "AE"})
    config = printer.config.model_copy(update={"primary": primary})
    counted = replace(printer, config=config, dictionary=load_dictionary(PROGRAM_DICTIONARY))
    said = deaths(counted).striptags()
    assert "had died." in said and "does not count" not in said


def test_refits_are_compared_with_the_draw_that_they_leave_a_patient_out_of() -> None:
    """The average excludes no difference where the declared draw and its refits include it: no patient changes that."""
    cell = Cell("wait_draws", "primary", "average", "PF", level="average", day=7, contrast=CONTRAST)
    values = {"estimate": 34.0, "lower": 3.0, "upper": 65.0}
    averaged = with_rows(*(cell.number(name, value, "mmHg") for name, value in values.items()))
    drawn = [certainty(study.page("en", {})) for study in (small_study(), averaged)]
    marks = [[line.changes for line in one.lines if line.kind == "other"] for one in drawn if one is not None]
    assert marks[0] and marks[0] == marks[1]


def test_the_first_screen_says_which_lines_are_averaged_over_draws() -> None:
    """The difference is; the means beside it and every other line of the figure are of the declared draw."""
    cell = Cell("wait_draws", "primary", "average", "PF", level="average", day=7, contrast=CONTRAST)
    values = {"estimate": 21.0, "lower": -22.0, "upper": 64.0}
    averaged = with_rows(*(cell.number(name, value, "mmHg") for name, value in values.items()))
    for study, said in ((small_study(), False), (averaged, True)):
        text = section(write_page(study, "en"), "answer")
        assert ("Only the mixed model (primary) is averaged over the draws" in text) == said
        assert ("The means are those of the draw that tables and figures show" in text) == said


def test_a_control_who_changes_the_conclusion_is_named_with_the_group() -> None:
    page = small_study().page("en", {})
    controls = page.display.loc[page.display["arm"] == "historical", "display_id"]
    assert page.named("T4").striptags() == "T4"
    assert page.named(controls.iloc[0]).striptags() == f"historical patient {controls.iloc[0]}"


def test_deaths_by_the_primary_day_have_their_share() -> None:
    """study.py: 9 of 38 controls; the cumulative incidence gives the share and its interval."""
    cell = Cell(
        "cumulative_incidence", "primary", "documented", arm="historical", level="death", day=7, output="14.2.11"
    )
    values = {"estimate": 9 / 38, "lower": 0.11, "upper": 0.40}
    rows = [cell.number(name, value, format="percent") for name, value in values.items()]
    text = section(write_page(with_rows(*rows), "en"), "answer").replace("\u00a0", " ")
    assert "9 of 38 (24%)" in text and "11% to 40%" in text


def test_a_bias_is_told_in_the_unit_in_which_it_is_computed() -> None:
    """OV-1: tau is in SDs of the historical patients near the day, not in baseline SDs."""
    cell = Cell("bias_model", "primary", outcome="PF", level="reaches_none", day=7, contrast=CONTRAST, output="14.2.16")
    text = section(write_page(with_rows(cell.number("tau_sd", 0.31, "SD", "0.00")), "en"), "bias")
    assert "an SD of 0.31 or more, in SDs of historical patients near the day." in text


def test_a_weighted_primary_names_its_weights_and_errors() -> None:
    study = small_study()
    fits = study.ard["statistic"].isin(["covariance_rung", "df_method"]) & (study.ard["outcome"] == "PF")
    weighted = study.ard.assign(method=study.ard["method"].mask(fits, "cr2"))
    named = Cell("mixed_model", "primary", "cr2", "PF", output="14.2.2").text("weighting", "entropy")
    ard = pd.concat([weighted, ard_frame([named])], ignore_index=True)
    assert "CR2 standard errors" in write_page(replace(study, ard=ard), "en").page.visible


def test_an_outcome_without_values_says_what_became_of_those_sent() -> None:
    refused = Cell("mixed_model", "primary", "reml", "HR", output="14.2.3").text("not_estimable", "no_control_data")
    held = Cell("ledger_loss_arms", "primary", outcome="HR", population="all", arm="historical")
    derived = Cell("derivations", "primary", outcome="HR", population="all", arm="historical", level="reported")
    study = with_rows(refused, held.number("n_quarantined", 12), derived.number("n_values", 34))
    gone = study.ard["outcome"].eq("HR") & study.ard["analysis"].eq("mixed_model") & (study.ard["id"] != refused["id"])
    said = section(write_page(replace(study, ard=study.ard[~gone]), "en"), "outcome-HR")
    assert "12 records of historical patients were held back" in said
    assert "34 values that files report of historical patients are not used" in said


def test_bounds_of_a_quantile_that_print_alike_are_one_number() -> None:
    """Of thousands of patients, 75 with a value below a limit move a median from 147.86 to 147.90 at most."""
    cell = Cell("baseline", "primary", "unweighted", outcome="DDIM", arm="treated")
    for lower, printed in ((149.98, "(150.0 to >"), (149.2, "(149.2–150.0 to >")):
        said = " ".join(write_page(with_rows(cell.number("q1_lower", lower, format="0.0")), "en").page.visible.split())
        assert printed in said.replace("\xa0", " ")


def test_a_difference_of_percentages_is_said_in_percentage_points(language: str) -> None:
    """A saturation 4 % higher would be 97 after 93 if it were a ratio."""
    model = Cell("mixed_model", "primary", "reml", "PF", day=7, contrast=CONTRAST, output="14.2.2")
    rows = [model.number(name, value, "%") for name, value in (("estimate", 4.0), ("lower", 1.0), ("upper", 7.0))]
    page = write_page(with_rows(*rows), language)
    points = {"en": "percentage points", "es": "puntos porcentuales"}[language]
    side = {"en": f"4 {points} higher in treated", "es": f"4 {points} "}[language]
    assert side in section(page, "answer") and "4 % " not in section(page, "answer")


def test_the_unit_of_a_difference_is_that_of_its_values_but_of_percentages() -> None:
    words = small_study().words("en")
    units = [words.difference_unit(unit) for unit in ("%", "%/d", "mmHg", "ratio", "")]
    assert units == ["percentage points", "percentage points per day", "mmHg", "ratio", ""]


@pytest.mark.parametrize(
    ("unit", "language", "said"),
    [
        ("mmHg", "en", "a difference in PaO2/FiO2"),
        ("ratio", "en", "a ratio between the groups of about × 1.80"),
        ("odds ratio", "en", "an odds ratio between the groups of about × 1.80"),
        ("ratio", "es", "una razón entre los grupos de alrededor de × 1.80"),
    ],
)
def test_what_could_be_detected_is_a_ratio_where_ratios_are_analysed(unit: str, language: str, said: str) -> None:
    """It was called a difference of '× 1.80'."""
    cell = Cell("detectable_difference", "primary", "", "PF", day=7, contrast=CONTRAST, output="14.2.17")
    size = Cell("trial_size", "primary", "", "PF", day=7, contrast=CONTRAST, level="0.5", output="14.2.17")
    rows = [cell.number("detectable", 1.8, unit, "0.00"), cell.number("power", 0.8, format="percent")]
    rows += [size.number("difference", 1.5, unit, "0.00"), size.number("n_per_arm", 63)]
    printer = replace(small_study(), ard=ard_frame(rows)).page(language).printer
    detected, trial = (sentence.striptags().replace("\u00a0", " ") for sentence in settle(printer))
    assert said in detected
    assert ("difference" in trial or "diferencia" in trial) is (unit == "mmHg")
