"""Figures say what the tables say, come out the same every time, and need no model."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from historical_controls.ard.queries import results_of
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.config.study_config import Report
from historical_controls.dictionary.treatments import Event
from historical_controls.figures.cohort.availability import STEPS
from historical_controls.figures.courses.single_patients import draw_individuals, label_patients
from historical_controls.figures.draw import draw_family, draw_figures, kept_inside, save_svg
from historical_controls.figures.inputs import MOST_LINES, FigureInputs, Individuals
from historical_controls.figures.names import FAMILIES, figure_name
from historical_controls.figures.style import ARM_STYLES, INK, OWN_MARKERS, marker_of, new_figure, place, tick_text
from historical_controls.report.headline.captions import figure_caption
from historical_controls.report.investigator.people import disposition_table
from historical_controls.report.printing.lean_svg import lean

from .study import OUTCOMES, SmallStudy, small_study

TRANSPLANT = Event("transplant", "Liver transplant", "Trasplante de hígado", "")


@cache
def standard(language: str = "en") -> dict[str, Figure]:
    """Every figure of the small study, drawn once for all tests that only look at them."""
    study = small_study()
    both = draw_figures(study.ard, study.display, study.words(language), study.config, study.dictionary)
    return {**both.shared, **both.internal}


def family(study: SmallStudy, name: str) -> dict[str, Figure]:
    """One family of another study."""
    individuals = Individuals.of(study.display, study.config.cohort.ends_with)
    return draw_family(
        name, FigureInputs(results_of(study.ard), individuals, study.words("en"), study.config, study.dictionary)
    )


def declared(study: SmallStudy, **report: object) -> SmallStudy:
    """The study with other declarations of what may be shared."""
    return replace(study, config=study.config.model_copy(update={"report": Report(**report)}))


def lines_of(figure: Figure, colour: str) -> list[np.ndarray]:
    return [line.get_xydata() for line in figure.axes[0].lines if line.get_color() == colour]


def courses_of(lines: list[Line2D]) -> list[np.ndarray]:
    """The points (n, 2) of each patient's line; one artist has the lines of many, with gaps between them."""
    points = [np.vstack([line.get_xydata(), [np.nan, np.nan]]) for line in lines]
    together = np.concatenate(points)
    parts = np.split(together, np.flatnonzero(np.isnan(together[:, 0])) + 1)
    return [part[:-1] for part in parts if len(part) > 1]


def shade_at(axes: Axes, day: float, row: int) -> str:
    """The shade of a cell of the figure of availability."""
    (cell,) = (patch for patch in axes.patches if patch.get_path().contains_point((day, row)))
    return to_hex(cell.get_facecolor())


def texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for axes in figure.axes for text in axes.texts)


def test_every_family_is_drawn_under_the_number_of_its_output() -> None:
    study = small_study()
    names = list(standard())
    assert {name.partition("-")[2].removesuffix(".svg").partition("-")[0] for name in names} == set(FAMILIES)
    assert {name.partition("-")[0] for name in names} <= set(study.outputs)
    assert [name for name in names if "trajectory" in name] == [f"15.5-trajectory-{code}.svg" for code in OUTCOMES]


def test_unknown_family_is_refused() -> None:
    with pytest.raises(ValueError, match="no family of figures"):
        figure_name("pie")


def test_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    again = small_study()
    both = draw_figures(again.ard, again.display, again.words("en"), again.config, again.dictionary)
    for run, figures in (("first", standard()), ("second", {**both.shared, **both.internal})):
        for name, figure in figures.items():
            save_svg(figure, tmp_path / run / name)
    for path in sorted((tmp_path / "first").iterdir()):
        text = path.read_bytes()
        assert text == (tmp_path / "second" / path.name).read_bytes()
        assert b"<dc:date>" not in text
        assert b"<text" in text


def test_model_means_are_those_of_the_results_table() -> None:
    study = small_study()
    figure = standard()["15.5-trajectory-PF.svg"]
    rows = study.ard.query("analysis == 'trajectory' and outcome == 'PF' and statistic == 'mean'")
    for arm, style in ARM_STYLES.items():
        expected = rows[rows["arm"] == arm].sort_values("day")[["day", "value"]].to_numpy()
        assert any(
            line.shape == expected.shape and np.allclose(line, expected) for line in lines_of(figure, style.colour)
        )


def test_a_day_without_an_answer_has_no_whisker() -> None:
    """The curve passes through a day whose contrast is refused; its caption says why there is no estimate."""
    study = small_study()

    def whiskers(ard: pd.DataFrame) -> list[float]:
        lines = [line for axes in family(replace(study, ard=ard), "trajectory")["PF"].axes for line in axes.lines]
        ends = [np.asarray(line.get_xdata(), float) for line in lines if line.get_color() == INK]
        return sorted(float(x[0]) for x in ends if len(x) == 2 and x[0] == x[1])

    refused = Cell("mixed_model", "primary", "reml", "PF", day=14, output="14.2.2")
    more = ard_frame([refused.text("not_estimable", "too_few_patients_at_day")])
    assert whiskers(study.ard) == [7.0, 14.0, 21.0]
    ard = pd.concat([study.ard, more], ignore_index=True)
    assert whiskers(ard) == [7.0, 21.0]
    printer = replace(study, ard=ard).page("en").printer
    assert "No estimate at day 14, because too few patients" in figure_caption(printer, "trajectory", "PF").striptags()


def test_every_patient_has_a_line_and_treated_are_drawn_last() -> None:
    study = small_study()
    axes = standard()["15.5-trajectory-PF.svg"].axes[0]
    values = study.display[study.display["item"] == "PF"]
    for arm, style in ARM_STYLES.items():
        expected = values.loc[values["arm"] == arm, "display_id"].nunique()
        individual = [
            line
            for line in axes.lines
            if line.get_linewidth() == style.individual_width
            and line.get_color() == style.individual
            and line.get_linestyle() == "-"
        ]
        courses = courses_of(individual)
        assert len(courses) == expected
        own = values.loc[values["arm"] == arm, ["day", "value"]].dropna().to_numpy(dtype=float)
        assert np.array(sorted(np.concatenate(courses).tolist())) == pytest.approx(np.array(sorted(own.tolist())))
        # An artist takes longer to make than its points: those who have no name share one.
        assert len(individual) == (expected if arm == "treated" else 1)
    order = {
        arm: max(line.get_zorder() for line in axes.lines if line.get_color() == style.colour)
        for arm, style in ARM_STYLES.items()
    }
    assert order["treated"] > order["historical"]


def test_deaths_and_discharges_stand_where_follow_up_ended() -> None:
    study = small_study()
    axes = standard()["15.5-trajectory-PF.svg"].axes[0]
    for event, marker in (("death", "X"), ("discharge_alive", "o")):
        ends = study.display[study.display["item"] == event].sort_values("display_id")
        shown = np.concatenate(
            [line.get_xdata() for line in axes.lines if line.get_marker() == marker and line.get_markersize() > 3]
        )
        assert sorted(shown) == pytest.approx(sorted(ends["day"]))


def test_numbers_at_risk_stand_under_the_axis() -> None:
    study = small_study()
    figure = standard()["15.5-trajectory-PF.svg"]
    at_risk = study.ard.query("analysis == 'at_risk' and outcome == 'PF' and arm == 'treated' and day == 7")
    counts = at_risk.set_index("statistic")["value"]
    assert f"{counts['n_at_risk']:.0f} ({counts['n_measured']:.0f})" in texts(figure)


@pytest.mark.parametrize(("language", "said"), [("en", "different methods"), ("es", "métodos distintos")])
def test_refused_outcome_shows_patients_and_the_reason(language: str, said: str) -> None:
    figure = standard(language)["15.5-trajectory-IL6.svg"]
    assert said in texts(figure).replace("\n", " ")
    assert figure.axes[0].lines


def test_what_has_no_rows_is_not_drawn() -> None:
    study = small_study()
    empty = replace(study, ard=study.ard.head(0), display=study.display.head(0))
    assert [name for name in FAMILIES if family(empty, name)] == []


def test_many_patients_are_thinned_and_said_so() -> None:
    study = small_study()
    one = study.display[(study.display["display_id"] == "C001") & (study.display["item"] == "PF")]
    many = pd.concat([one.assign(display_id=f"C{number:04d}") for number in range(1, 400)])
    figure = family(replace(study, display=many), "trajectory")["PF"]
    assert f"Lines of {MOST_LINES} historical patients" in texts(figure).replace("\n", " ")


def test_no_line_is_said_to_be_left_out_where_none_is() -> None:
    study = small_study()
    one = study.display[(study.display["display_id"] == "C001") & (study.display["item"] == "PF")]
    all_drawn = pd.concat([one.assign(display_id=f"C{number:03d}") for number in range(1, MOST_LINES + 1)])
    assert "are drawn" not in texts(family(replace(study, display=all_drawn), "trajectory")["PF"])
    # Of the treated nobody is left out, however many there are.
    treated = pd.concat([one.assign(display_id=f"T{number}", arm="treated") for number in range(1, MOST_LINES + 2)])
    assert Individuals.of(treated).of_arm("PF", "treated")["display_id"].nunique() == MOST_LINES + 1


def test_what_belongs_to_a_treated_patient_is_a_group_with_the_patient_s_name(tmp_path: Path) -> None:
    study = small_study()
    treated = set(study.display.loc[study.display["arm"] == "treated", "display_id"])
    for name in ("15.5-trajectory-PF.svg", "15.8-ratio.svg", "15.12-swimmer.svg"):
        save_svg(standard()[name], tmp_path / name)
        svg = (tmp_path / name).read_text(encoding="utf-8")
        ids = re.findall(r' id="(patient-[^"]+)"', svg)
        assert len(ids) == len(set(ids)), name
        # Historical patients have no name in a drawing, and no group.
        assert {one.split("-")[1] for one in ids} == treated, name
        assert set(re.findall(r'data-patient="([^"]+)"', lean(svg))) == treated, name


def test_ratios_say_that_not_everybody_is_drawn() -> None:
    study = small_study()
    one = study.display[(study.display["display_id"] == "C001") & (study.display["item"] == "DDIM")]
    ids = [f"C{number:03d}" for number in range(1, MOST_LINES + 2)]
    many = pd.concat([one.assign(display_id=name) for name in ids])
    notes = [one.get_text() for one in family(replace(study, display=many), "ratio")[""].texts]
    assert any(f"at most {MOST_LINES} historical" in note for note in notes)
    assert not any("at most" in one.get_text() for one in standard()["15.8-ratio.svg"].texts)


def test_forest_prints_the_primary_day() -> None:
    said = texts(standard()["15.10-forest.svg"])
    assert "0.39 (−0.21\u00a0to\u00a01.59)" in said
    assert "Interleukin" not in said


def test_forest_has_the_answer_that_counts_deaths_beside_each_difference() -> None:
    study = small_study()
    figure = family(study, "forest")[""]
    ranked = study.ard[(study.ard["analysis"] == "worst_rank") & (study.ard["outcome"] == "PF")]
    odds, lower, upper = (
        float(ranked.loc[ranked["statistic"] == name, "value"].iloc[0]) for name in ("win_odds", "lower", "upper")
    )
    said = texts(figure)
    assert f"{odds:.2f} ({lower:.2f}\u00a0to\u00a0{upper:.2f})" in said
    # Heart rate and D-dimer have a difference and no ranks; the figure says so instead of leaving a gap.
    assert said.count("not ranked") == 2
    drawn = [line for line in figure.axes[1].lines if line.get_marker() == "D"]
    assert [math.exp(line.get_xdata()[0]) for line in drawn] == pytest.approx([odds])


def test_flow_is_the_attrition_table() -> None:
    said = texts(standard()["15.1-flow.svg"])
    for part in ("153", "21 excluded", "89 excluded", "Ever eligible", "38", "not “P/F below 150 mmHg"):
        assert part in said
    assert "−0" not in said


def test_pictures_by_name_leave_the_hospital_only_where_declared() -> None:
    assert kept_inside(Report(public=False)) == ()
    assert kept_inside(Report(public=True)) == ("profile",)


def test_small_cells_hide_every_single_patient_from_what_is_shared() -> None:
    study = declared(small_study(), min_cell=5)
    both = draw_figures(study.ard, study.display, study.words("en"), study.config, study.dictionary)
    families = {name.split("-")[1].removesuffix(".svg") for name in both.internal}
    assert families == {"trajectory", "ratio", "swimmer", "profile"}
    assert "15.12-swimmer.svg" not in both.shared
    axes = both.shared["15.5-trajectory-PF.svg"].axes[0]
    historical = ARM_STYLES["historical"].individual
    assert not [line for line in axes.lines if line.get_color() == historical and len(line.get_xdata())]


def test_swimmer_has_a_bar_a_patient_with_its_end() -> None:
    study = small_study()
    axes = standard()["15.12-swimmer.svg"].axes[0]
    ends = study.display[study.display["value"].isna()]
    bars = [line for line in axes.lines if line.get_linewidth() in (4.5, 2.6)]
    assert sorted(line.get_xdata()[1] for line in bars) == pytest.approx(sorted(ends["day"]))
    crosses = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "X"]
    assert sorted(crosses) == pytest.approx(sorted(ends.loc[ends["item"] == "death", "day"]))


def test_a_declared_end_has_a_symbol_of_its_own_and_its_name() -> None:
    """A transplant stood among lines that just stop; the key, the course and the page name its symbol."""
    study = with_transplants()
    for name in ("trajectory", "swimmer"):
        axes = next(iter(family(study, name).values())).axes[0]
        squares = [line.get_xdata() for line in axes.lines if line.get_marker() == "s" and line.get_markersize() > 2]
        assert 3.5 in np.concatenate(squares), name
    key = family(study, "swimmer")[""].axes[0].get_legend()
    assert "Liver transplant" in [text.get_text() for text in key.get_texts()]
    page = study.page("en")
    assert page.printer.own_ends == "Other ends of follow-up: open square, <span data-fact>Liver transplant</span>."
    ends = disposition_table(page.printer)
    assert ends is not None
    assert "<span data-fact>Liver transplant</span>" in [str(row.head) for row in ends.rows]
    assert replace(study, config=small_study().config).page("en").printer.own_ends is None


def test_every_declared_symbol_has_words() -> None:
    words = [small_study().words(language) for language in ("en", "es")]
    assert all(one.has(f"own_ends.mark_{len(OWN_MARKERS)}") for one in words)
    assert not any(one.has(f"own_ends.mark_{len(OWN_MARKERS) + 1}") for one in words)
    many = ("death", *(f"end_{number}" for number in range(9)))
    assert [marker_of(end, many) for end in many] == ["X", *OWN_MARKERS, *[OWN_MARKERS[-1]] * 4]


def with_transplants() -> SmallStudy:
    """The small study, some of whose historical patients were transplanted on day 3.5 instead of discharged."""
    study = small_study()
    ends = {"ends_with": ["transplant"]}
    config = study.config.model_copy(update={"cohort": study.config.cohort.model_copy(update=ends)})
    dictionary = replace(study.dictionary, events={"transplant": TRANSPLANT})
    gone = study.display["item"] == "discharge_alive"
    display = study.display.assign(
        item=study.display["item"].mask(gone, "transplant"), day=study.display["day"].mask(gone, 3.5)
    )
    ard = study.ard.assign(
        level=study.ard["level"].mask(
            (study.ard["analysis"] == "disposition") & (study.ard["level"] == "discharge_alive"), "transplant"
        )
    )
    return replace(study, config=config, dictionary=dictionary, display=display, ard=ard)


def test_swimmer_draws_all_treated_and_says_how_many_others() -> None:
    study = small_study()
    one = study.display[(study.display["item"] == "death")].head(1)
    treated = pd.concat([one.assign(display_id=f"T{number}", arm="treated") for number in range(1, 82)])
    controls = pd.concat([one.assign(display_id=f"C{number:03d}", arm="historical") for number in range(1, 92)])
    axes = family(replace(study, display=pd.concat([treated, controls])), "swimmer")[""].axes[0]
    widths = [line.get_linewidth() for line in axes.lines]
    assert (widths.count(4.5), widths.count(2.6)) == (81, 80)
    said = [text.get_text() for text in axes.texts]
    assert "80 of 91 historical patients are drawn." in said
    # Equal stays stand in the order of the ids: T2 before T10.
    assert [text for text in said if re.fullmatch(r"T\d+", text)] == [f"T{number}" for number in range(1, 82)]
    assert "are drawn" not in texts(standard()["15.12-swimmer.svg"])


def test_profiles_of_ten_and_more_stand_in_the_order_of_their_numbers() -> None:
    study = small_study()
    one = study.display[(study.display["display_id"] == "T1") & (study.display["item"] == "PF")]
    eleven = pd.concat([one.assign(display_id=f"T{number}") for number in range(1, 12)])
    said = texts(family(replace(study, display=eleven), "profile")[""]).split("\n")
    assert [text for text in said if re.fullmatch(r"T\d+", text)] == [f"T{number}" for number in range(1, 12)]


def test_the_null_histogram_marks_the_observed_contrast_and_its_mirror() -> None:
    axes = standard()["15.13-null.svg"].axes[0]
    assert [bar.get_height() for bar in axes.patches] == [400, 1200, 400]
    assert [line.get_xdata()[0] for line in axes.lines] == [1.9, -1.9]


def test_availability_is_darker_where_more_were_measured() -> None:
    study = small_study()
    figure = standard()["15.17-availability.svg"]
    rows = study.ard.query("analysis == 'at_risk' and outcome == 'PF' and arm == 'treated' and day == 7")
    counts = rows.set_index("statistic")["value"]
    step = int(np.ceil(4 * counts["n_measured"] / counts["n_at_risk"]))
    assert shade_at(figure.axes[0], 7, 0) == STEPS[step]
    # An artist takes longer to make than its points: the cells of a shade share one.
    assert len(figure.axes[0].patches) <= len(STEPS)


def test_availability_is_white_where_nobody_was_measured_and_its_key_names_the_five_shades() -> None:
    study = small_study()
    here = (study.ard["analysis"] == "at_risk") & (study.ard["outcome"] == "PF") & (study.ard["arm"] == "treated")
    nobody = here & (study.ard["day"] == 7) & (study.ard["statistic"] == "n_measured")
    ard = study.ard.assign(value=study.ard["value"].mask(nobody, 0.0))
    upper, lower, key = family(replace(study, ard=ard), "availability")[""].axes
    assert shade_at(upper, 7, 0) == STEPS[0] == "#ffffff"
    assert [text.get_text().replace("\u202f", "") for text in key.texts][1:] == ["0%", "≤25%", "≤50%", "≤75%", "≤100%"]
    assert [to_hex(patch.get_facecolor()) for patch in key.patches] == list(STEPS)
    # The panels have one axis of days, under the lower one.
    below = [axes.xaxis.get_tick_params()["labelbottom"] for axes in (upper, lower)]
    assert below == [False, True]


@pytest.mark.parametrize(("largest", "reach"), [(1.2, 2.2), (8.0, 8.8), (5000.0, 100.0)])
def test_ratios_reach_a_tenth_beyond_the_largest_but_at_least_doubling_and_at_most_a_hundred(
    largest: float, reach: float
) -> None:
    study = small_study()
    display = study.display.assign(ratio=study.display["ratio"].where(study.display["ratio"].isna(), 1.0))
    first = display.index[display["item"].eq("DDIM") & display["ratio"].notna()][0]
    display.loc[first, "ratio"] = 1 / largest
    for axes in family(replace(study, display=display), "ratio")[""].axes:
        assert axes.get_ylim() == pytest.approx((1 / reach, reach))


@pytest.mark.parametrize("name", ["15.5-trajectory-PF.svg", "15.8-ratio.svg"])
def test_a_mark_on_the_last_day_has_as_much_room_as_one_on_the_first(name: str) -> None:
    left, right = standard()[name].axes[0].get_xlim()
    assert left < 0 and right - small_study().config.cohort.horizon_days == pytest.approx(-left)


def test_ratios_start_at_one_and_skip_limits() -> None:
    study = small_study()
    axes = standard()["15.8-ratio.svg"].axes[0]
    courses = courses_of([line for line in axes.lines if len(line.get_xdata()) > 2])
    assert len(courses) == sum((study.display["item"] == "DDIM") & (study.display["day"] == 0))
    assert all(course[0, 1] == pytest.approx(1.0) for course in courses)


def test_incidence_steps_are_those_of_the_results_table() -> None:
    study = small_study()
    figure = standard()["15.11-incidence.svg"]
    rows = study.ard.query("analysis == 'cumulative_incidence' and level == 'death' and statistic == 'estimate'")
    for arm, style in ARM_STYLES.items():
        expected = rows[rows["arm"] == arm].sort_values("day")[["day", "value"]].to_numpy()
        assert any(line.get_xydata().shape == expected.shape and np.allclose(line.get_xydata(), expected)
                   for line in figure.axes[0].lines if line.get_color() == style.colour)  # fmt: skip
    assert len(figure.axes) == 2


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_groups_are_told_apart_without_colour() -> None:
    treated, historical = ARM_STYLES["treated"], ARM_STYLES["historical"]
    assert treated.dashes != historical.dashes
    assert treated.marker != historical.marker
    assert treated.mean_width > historical.mean_width
    grey = {arm: sum(w * c for w, c in zip((0.299, 0.587, 0.114), to_rgb(style.individual), strict=True))
            for arm, style in ARM_STYLES.items()}  # fmt: skip
    assert abs(grey["treated"] - grey["historical"]) > 0.1
    assert treated.individual_width >= 2 * historical.individual_width
    for style in (treated, historical):  # WCAG 2.2, 1.4.11: 3:1 against white
        assert 1.05 / (luminance(style.individual) + 0.05) >= 3.0


def test_labels_of_patients_are_clear_of_lines_and_of_each_other() -> None:
    """A patient whose values end amid the others' lines, and two that end at the same place."""
    courses = {"T1": ([0, 10, 21], [100, 150, 200]), "T2": ([0, 21], [104, 201]), "T3": ([0, 10], [90, 152]),
               "T4": ([0, 9], [160, 140])}  # fmt: skip
    rows = pd.concat(
        pd.DataFrame({"display_id": name, "day": day, "value": value, "censored": "", "item": "PF", "arm": "treated"})
        for name, (day, value) in courses.items()
    )
    figure = new_figure(3.0)
    axes = place(figure, 0.5, 0.5, 3.3, 2.3)
    axes.set_xlim(-0.5, 21.5)
    axes.set_ylim(80, 220)
    ends = pd.DataFrame(columns=["display_id", "item", "last_day", "day", "height", "marker"])
    draw_individuals(axes, rows, ends, "treated")
    label_patients(axes, rows)
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = {text.get_text(): text.get_window_extent(renderer) for text in axes.texts}
    assert set(boxes) == set(courses)
    for name, box in boxes.items():
        assert not [other for other in boxes if other != name and boxes[other].overlaps(box)]
        for line in axes.lines:
            if line.get_linestyle() != "None":
                assert not line.get_transform().transform_path(line.get_path()).intersects_bbox(box, filled=False)


def test_residuals_have_three_panels_and_small_groups_are_not_drawn() -> None:
    by_fitted, quantiles, means = standard()["15.19-residuals.svg"].axes
    assert len(by_fitted.lines[-1].get_xdata()) == 3
    assert len(quantiles.lines[-1].get_xdata()) == 8
    assert sum(len(line.get_xdata()) for line in means.lines[:-1]) == 2
    _, quantiles, means = family(declared(small_study(), min_cell=20), "residuals")[""].axes
    # Of 300 values 18.75 are beyond the outermost quantile; five treated patients are fewer than twenty.
    assert len(quantiles.lines[-1].get_xdata()) == 6
    assert sum(len(line.get_xdata()) for line in means.lines[:-1]) == 1


def test_residuals_as_many_as_the_smallest_cell_are_drawn_beside_the_line_of_equal_quantiles() -> None:
    study = declared(small_study(), min_cell=20)
    total = study.ard["analysis"].eq("residuals") & study.ard["statistic"].eq("n_values")
    total &= study.ard["method"].eq("reml")
    assert study.ard.loc[total, "value"].tolist() == [300]
    # Of 320 values exactly 20 are beyond the outermost quantile, 1/16.
    ard = study.ard.assign(value=study.ard["value"].mask(total, 320.0))
    _, quantiles, _ = family(replace(study, ard=ard), "residuals")[""].axes
    equal, drawn = quantiles.lines
    x = np.asarray(drawn.get_xdata(), dtype=float)
    assert len(x) == 8
    assert equal.get_xydata().tolist() == [[x.min()] * 2, [x.max()] * 2]


def test_the_love_plot_has_a_row_a_covariate_and_none_besides() -> None:
    axes = standard()["15.3-love.svg"].axes[0]
    rows = sorted(text.get_position()[1] for text in axes.texts)
    assert rows == list(range(len(rows)))
    assert axes.get_ylim() == (len(rows) - 0.5, -0.5)


def test_the_name_of_the_treated_is_bold_and_that_of_the_others_is_not() -> None:
    words = small_study().words("en")
    weights = {text.get_text(): text.get_weight() for text in standard()["15.5-trajectory-PF.svg"].axes[0].texts}
    assert {arm: weights[words(f"arm.{arm}")] for arm in ARM_STYLES} == {"historical": "normal", "treated": "bold"}


def test_specifications_stand_in_order_with_their_choices() -> None:
    figures = standard()
    upper, lower = figures["15.18-specification.svg"].axes
    estimates = [line.get_ydata()[0] for line in upper.lines if line.get_marker() == "s"]
    assert estimates == [10.0, 15.0, 20.0]
    assert "Entropy balancing" in [text.get_text() for text in lower.texts]
    assert len(figures["15.18-specification-2.svg"].axes[0].lines) == 3  # win odds stand on a scale of their own


def test_tipping_cells_print_the_contrast_and_shade_the_verdict() -> None:
    axes = standard()["15.14-tipping.svg"].axes[0]
    assert len(axes.patches) == 9
    assert {text.get_text() for text in axes.texts} == {"−50", "−10", "30", "70", "110"}
    shaded = [patch for patch in axes.patches if to_hex(patch.get_facecolor()) == "#a9b7c8"]
    assert sorted((patch.get_x(), patch.get_y()) for patch in shaded) == [(0.5, 1.5), (1.5, 0.5), (1.5, 1.5)]


@pytest.mark.parametrize(
    ("value", "text"), [(38.2, "38.2"), (38.0, "38"), (0.30000000000000004, "0.3"), (0.25, "0.25"), (150.0, "150")]
)
def test_ticks_have_the_decimals_that_tell_them_apart(value: float, text: str) -> None:
    """38, 38, 38 stood beneath an axis of temperatures."""
    assert tick_text(value) == text


def test_power_is_drawn_for_every_analysis_that_was_simulated() -> None:
    axes, key = standard()["15.20-power.svg"].axes
    curves = [line for line in axes.lines if len(line.get_xdata()) == 3]
    assert [list(line.get_ydata()) for line in curves] == [
        pytest.approx([0.05, 0.45, 0.85]),
        pytest.approx([0.07, 0.47, 0.87]),
    ]
    assert [text.get_text() for text in key.texts] == ["Mixed model", "Death as the worst rank (win odds)"]


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_name_of_a_group_has_its_colour_in_every_figure(language: str) -> None:
    words = small_study().words(language)
    names = {words(f"arm.{arm}"): style for arm, style in ARM_STYLES.items()}
    shown = Counter[str]()
    for name, figure in standard(language).items():
        for text in figure.findobj(Text):
            if text.get_text() in names and text.get_color() in {style.text for style in ARM_STYLES.values()}:
                shown[text.get_text()] += 1
                assert text.get_color() == names[text.get_text()].text, (name, text.get_text())
    assert shown.keys() == names.keys() and min(shown.values()) > 3


def test_numbers_at_risk_are_those_of_the_group_that_names_their_row_at_the_day_above_them() -> None:
    study = small_study()
    arms = {study.words("en")(f"arm.{arm}"): arm for arm in ARM_STYLES}
    counted = study.ard.query("analysis == 'at_risk'").set_index(["outcome", "arm", "day", "statistic"])["value"]
    checked = 0
    for outcome in ("PF", "HR"):
        lowest = standard()[f"15.5-trajectory-{outcome}.svg"].axes[-1]
        rows = {
            round(text.get_position()[1], 6): arms[text.get_text()] for text in lowest.texts if text.get_text() in arms
        }
        assert len(rows) == 2
        for text in lowest.texts:
            found = re.fullmatch(r"(\d+) \((\d+)\)", text.get_text())
            place, height = text.get_position()
            if found and (outcome, rows[round(height, 6)], round(place), "n_at_risk") in counted.index:
                key = (outcome, rows[round(height, 6)], float(round(place)))
                assert (float(found[1]), float(found[2])) == (
                    counted[(*key, "n_at_risk")],
                    counted[(*key, "n_measured")],
                )
                checked += 1
    # Of both groups and several days, with numbers that differ between them.
    assert checked > 8
    assert counted.xs("n_at_risk", level="statistic").groupby(level="arm").max().nunique() == 2


def test_the_forest_has_higher_on_the_side_where_higher_differences_are_drawn() -> None:
    study = small_study()
    words, figure = study.words("en"), standard()["15.10-forest.svg"]
    differences, ranks = figure.axes[:2]
    for axes in (differences, ranks):
        low, high = axes.get_xlim()
        assert low < 0 < high and low == pytest.approx(-high)
    side = {text.get_text(): (text.get_position()[0], text.get_ha()) for axes in figure.axes for text in axes.texts}
    assert side[words("figure.lower")][0] < 0.5 < side[words("figure.higher")][0]
    assert (side[words("figure.lower")][1], side[words("figure.higher")][1]) == ("right", "left")
    assert side[words("figure.better")][0] > 0.5 and side[words("figure.better")][1] == "left"


def test_the_forest_draws_estimate_and_limits_of_the_results_table_in_its_rows() -> None:
    study = small_study()
    axes = standard()["15.10-forest.svg"].axes[0]
    labels = {text.get_position()[1]: " ".join(text.get_text().split()) for text in axes.texts}
    codes = {outcome.label("en"): code for code, outcome in study.dictionary.outcomes.items()}
    rows = study.ard.query("analysis == 'forest' and day == @study.config.primary.day")
    values = rows.set_index(["outcome", "statistic"])["value"]
    reach, checked = axes.get_xlim()[1], 0
    for line in axes.lines:
        (x, y), ends = line.get_data(), len(line.get_xdata())
        # The line of no difference is at no outcome's height.
        if line.get_color() != INK or y[0] != y[-1] or y[0] not in labels:
            continue
        drawn = values.loc[codes[labels[y[0]]]]
        if ends == 2:
            assert list(x) == pytest.approx([max(drawn["lower"], -reach), min(drawn["upper"], reach)])
        elif line.get_marker() == "s":
            assert x[0] == pytest.approx(drawn["estimate"])
        else:
            # An arrow is on the side of the limit that lies beyond the axis.
            beyond = drawn["lower"] < -reach if line.get_marker() == "<" else drawn["upper"] > reach
            assert beyond and abs(x[0]) == pytest.approx(reach)
        checked += 1
    assert checked >= 2 * rows["outcome"].nunique() > 0
