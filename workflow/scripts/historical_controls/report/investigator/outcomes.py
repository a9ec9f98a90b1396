"""Outcomes: each one's table by day, and the primary one under every scenario."""

from __future__ import annotations

from markupsafe import Markup, escape

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import ARMS, Result
from historical_controls.report.headline.course_fit import course_doubted
from historical_controls.report.headline.draws import measured_near
from historical_controls.report.headline.sentence import contrast, includes_none, is_ratio, permuted_none
from historical_controls.report.headline.win_odds import has_win_odds, win_odds_cell
from historical_controls.report.printing.html_table import HtmlTable, Row, listed
from historical_controls.report.printing.printer import Printer
from historical_controls.report.printing.rung_name import rung_name
from historical_controls.report.printing.scenario_names import scenario_labels


def interval(
    printer: Printer, parts: tuple[Result, Result, Result], key: str = "course.interval", **more: Markup
) -> Markup:
    estimate, lower, upper = (printer.number(part) for part in parts)
    return printer.word(key, estimate=estimate, lower=lower, upper=upper, **more)


def days_table(printer: Printer, code: str) -> HtmlTable:
    """One outcome: model means, patients measured, and the contrast at each declared day.

    Where nothing is estimable the patients measured stand alone.
    """
    days = printer.config.analysis.days
    arms = tuple(printer.word(f"arm.{arm}") for arm in ARMS)
    title = printer.word("course.table_title", outcome=printer.label(code))
    # A column of refusals would repeat one reason per day; the page says it once.
    if all(contrast(printer, code, day) is None for day in days):
        heads = (printer.word("course.day"), *arms)
        rows = tuple(Row(printer.fact(day), tuple(_n_cell(printer, code, arm, day) for arm in ARMS)) for day in days)
        title = printer.word("course.count_title", outcome=printer.label(code))
        return HtmlTable(f"days-{code}", _output_id(printer, code), title, heads, rows)
    ranked = has_win_odds(printer, code)
    last = (printer.word("course.deaths_head", level=printer.level),) if ranked else ()
    heads = (printer.word("course.day"), *arms, _contrast_head(printer, code), *last)
    rows = tuple(_day_row(printer, code, day, ranked) for day in days)
    return HtmlTable(f"days-{code}", _output_id(printer, code), title, heads, rows, _fit_notes(printer, code))


def refusal(printer: Printer, code: str) -> Markup | None:
    """'Not estimable, because ...' where no day of the outcome has an estimate."""
    if any(contrast(printer, code, day) is not None for day in printer.config.analysis.days):
        return None
    # The reason for the outcome as a whole comes before that for a day.
    row = printer.results.not_estimable(code) or printer.results.not_estimable(code, float(printer.config.primary.day))
    return said_refusal(printer, row, code)


def said_refusal(printer: Printer, row: Result | None, code: str, scenario: str = "primary") -> Markup:
    """'Not estimable, because ...' as running text, also inside a column of numbers."""
    said = printer.word("not_estimable", reason=printer.reason(row, code, scenario))
    return Markup('<span class="refusal">{}</span>').format(said)


def _contrast_head(printer: Printer, code: str) -> Markup:
    """'Ratio (95% CI)' on the log scale, 'Odds ratio (95% CI)' on the logit scale, else 'Difference, unit (95% CI)'."""
    named = {"log": "course.ratio", "logit": "course.odds_ratio"}.get(printer.outcome(code).scale)
    if named is not None:
        return printer.word(named, level=printer.level)
    return printer.word(
        "course.difference_unit", level=printer.level, unit=printer.difference_unit(printer.outcome(code).unit)
    )


def _n_cell(printer: Printer, code: str, arm: str, day: int) -> Markup:
    n = measured_near(printer, code, arm, day)
    return printer.word("course.only_n", n=printer.number(n))


def _output_id(printer: Printer, code: str) -> str:
    """Number of the table that the mixed model's rows of an outcome belong to; '' where it has none."""
    for statistic in (Statistic.ESTIMATE, Statistic.NOT_ESTIMABLE, Statistic.N_SUBJECTS):
        rows = printer.results.all(AnalysisKey.MIXED_MODEL, statistic, outcome=code)
        if rows:
            return rows[0].output_id
    return ""


def _day_row(printer: Printer, code: str, day: int, ranked: bool) -> Row:
    """One day: both means, the contrast or why there is none, and the win odds where the outcome is ranked."""
    parts = contrast(printer, code, day)
    means = tuple(_mean_cell(printer, code, arm, day) for arm in ARMS)
    last = (win_odds_cell(printer, code, day),) if ranked else ()
    if parts is None:
        row = printer.results.not_estimable(code, float(day))
        return Row(printer.fact(day), (*means, said_refusal(printer, row, code), *last))
    return Row(printer.fact(day), (*means, interval(printer, parts), *last))


def _mean_cell(printer: Printer, code: str, arm: str, day: int) -> Markup:
    mean = printer.results.one(AnalysisKey.MIXED_MODEL, Statistic.MEAN, outcome=code, arm=arm, day=float(day))
    n = measured_near(printer, code, arm, day)
    return printer.word("course.mean_n", mean=printer.number(mean), n=printer.number(n))


def _fit_notes(printer: Printer, code: str) -> tuple[Markup, ...]:
    """Which covariance and degrees of freedom the model used."""
    rung, df = (
        printer.results.one(AnalysisKey.MIXED_MODEL, name, outcome=code)
        for name in (Statistic.COVARIANCE_RUNG, Statistic.DF_METHOD)
    )
    # A fit may exist and still give no estimate.
    if rung is None or df is None or printer.results.not_estimable(code) is not None:
        return ()
    name = rung.text or ""
    said = printer.marked(rung, escape(rung_name(name, printer.config, printer.words) or name))
    weighting = printer.results.one(AnalysisKey.MIXED_MODEL, Statistic.WEIGHTING, outcome=code)
    key = "course.fit_weighted" if rung.method == "cr2" and weighting is not None else "course.fit"
    named = {} if weighting is None else {"weighting": printer.code("weighting", weighting)}
    return (printer.word(key, rung=said, df_method=printer.code("df_method", df), **named),)


def said_difference(printer: Printer, code: str) -> Markup | None:
    """The contrast at the primary day in one line; None where there is none."""
    day = printer.config.primary.day
    parts = contrast(printer, code, day)
    if parts is None:
        return None
    unit = printer.difference_unit(parts[0].unit)
    about = {"day": printer.fact(day), "unit": unit, "level": printer.level}
    if is_ratio(parts):
        said = interval(printer, parts, "course.said_ratio", **about)
    else:
        # The words name the direction, so that the number has no sign.
        higher = (parts[0].value or 0.0) >= 0
        about |= {"side": printer.word("course.side_higher" if higher else "course.side_lower")}
        lower, upper = (printer.number(part) for part in parts[1:])
        said = printer.word(
            "course.said_difference", estimate=printer.magnitude(parts[0]), lower=lower, upper=upper, **about
        )
    if against_treated(printer, code, parts):
        said = Markup('{} <strong class="refusal">{}</strong>').format(said, printer.word("course.against_treated"))
    permuted = permuted_none(printer, code, day)
    if permuted is not None:
        lower, upper = map(printer.number, permuted[1:])
        beside = printer.word("course.permutation_includes", lower=lower, upper=upper)
        said = Markup("{} {}").format(said, beside)
    doubted = course_doubted(printer, code)
    return Markup(" ").join([said, doubted]) if doubted else said


def against_treated(printer: Printer, code: str, parts: tuple[Result, Result, Result]) -> bool:
    """Whether the whole interval is on the side that the dictionary calls worse."""
    benefit = printer.outcome(code).benefit
    if benefit not in ("up", "down") or includes_none(parts):
        return False
    # The whole interval lies on one side, so that the estimate tells which.
    above = (parts[0].value or 0.0) > (1.0 if is_ratio(parts) else 0.0)
    return above != (benefit == "up")


def few_measured(printer: Printer, code: str) -> Markup | None:
    """Days with an estimate near which fewer treated patients were measured than the model needs; None without any."""
    needed = printer.config.analysis.min_patients_per_arm
    days = []
    for day in printer.config.analysis.days:
        # The n of the table: of visits weeks apart, hardly anybody is measured on the day itself.
        n = measured_near(printer, code, "treated", day)
        if contrast(printer, code, day) is not None and n is not None and (n.value or 0.0) < needed:
            days.append(printer.fact(day))
    return printer.word("course.few", days=listed(days)) if days else None


def deaths_head(printer: Printer) -> tuple[Markup, ...]:
    """The head of the column that counts deaths; none where no file records any."""
    return (printer.word("course.deaths_head", level=printer.level),) if printer.records("death") else ()


def scenario_table(printer: Printer) -> HtmlTable | None:
    """The primary contrast under every scenario; None where only 'primary' was run."""
    primary = printer.config.primary
    named = scenario_labels(printer.config, printer.words)
    if not named:
        return None
    labels = {"primary": printer.word("scenarios.primary")} | {name: printer.fact(said) for name, said in named.items()}
    answers = (_contrast_head(printer, primary.outcome), *deaths_head(printer))
    heads = (printer.word("scenarios.scenario"), printer.word("scenarios.n"), *answers)
    rows = tuple(_scenario_row(printer, name, label) for name, label in labels.items())
    title = printer.word("scenarios.table_title", outcome=printer.label(primary.outcome), day=printer.fact(primary.day))
    return HtmlTable("scenarios", OutputId.SENSITIVITY, title, heads, rows, (printer.word("scenarios.note"),))


def _scenario_row(printer: Printer, scenario: str, label: Markup) -> Row:
    primary = printer.config.primary
    counts = {
        f"n_{arm}": printer.number(
            printer.results.one(
                AnalysisKey.MIXED_MODEL, Statistic.N_SUBJECTS, scenario, outcome=primary.outcome, arm=arm
            )
            # A refused scenario has no model rows; those measured are then counted.
            or printer.results.one(
                AnalysisKey.AVAILABILITY, Statistic.N_SUBJECTS, scenario, outcome=primary.outcome, arm=arm
            )
        )
        for arm in ARMS
    }
    parts = contrast(printer, primary.outcome, primary.day, scenario)
    weighting = printer.results.one(AnalysisKey.MIXED_MODEL, Statistic.WEIGHTING, scenario, outcome=primary.outcome)
    if weighting is not None and weighting.text == "overlap":
        label = Markup("{} <small>{}</small>").format(label, printer.word("target.ATO"))
    same = printer.results.not_applicable(primary.outcome, scenario, float(primary.day))
    if same is not None:
        last = printer.word("not_applicable", reason=printer.reason(same, primary.outcome, scenario))
    elif parts is None:
        row = printer.results.not_estimable(primary.outcome, float(primary.day), scenario)
        last = said_refusal(printer, row, primary.outcome, scenario)
    else:
        last = interval(printer, parts)
    kept = printer.results.not_applicable(primary.outcome, scenario, float(primary.day), AnalysisKey.WORST_RANK)
    unchanged = None if kept is None else printer.marked(kept, printer.word("scenarios.unchanged"))
    ranked = unchanged or win_odds_cell(printer, primary.outcome, primary.day, scenario)
    cells = (printer.word("glance.n_both", **counts), last)
    return Row(label, (*cells, ranked) if printer.records("death") else cells)
