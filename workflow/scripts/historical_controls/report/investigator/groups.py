"""Both groups beside each other on the first screen: adjusted means, who was measured, and deaths."""

from __future__ import annotations

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.headline.draws import is_averaged, measured_near
from historical_controls.report.headline.sentence import headline, is_ratio
from historical_controls.report.investigator.answer import deaths_difference, deaths_unknown
from historical_controls.report.investigator.people import arm_head
from historical_controls.report.printing.html_table import HtmlTable, Row
from historical_controls.report.printing.printer import Printer

NOTHING = Markup("")


def groups_table(printer: Printer) -> HtmlTable | None:
    """Primary outcome at its day, and deaths; None where nobody was analysed."""
    means = _means(printer)
    rows = [*means, *_measured(printer), *_died_by_primary_day(printer), *_died(printer)]
    if not rows:
        return None
    parts = headline(printer)
    of_ratio = parts is not None and is_ratio(parts)
    heads = (
        printer.word("answer.groups_item"),
        *(arm_head(printer, arm) for arm in ARMS),
        # Deaths below the primary outcome are a difference in any case.
        printer.word("answer.groups_either" if of_ratio else "answer.groups_difference", level=printer.level),
    )
    said = "answer.groups_note" if _adjusted(printer) else "answer.groups_note_unadjusted"
    # A note on means that are not there says nothing.
    said = said if means else "answer.groups_note_deaths"
    notes = [printer.word(said, level=printer.level), *_unknown_note(printer), *_averaged_note(printer)]
    if of_ratio:
        notes.append(printer.word("answer.groups_ratio"))
    return HtmlTable("groups", "", printer.word("answer.groups_title"), heads, tuple(rows), tuple(notes))


def _unknown_note(printer: Printer) -> tuple[Markup, ...]:
    """Why an interval of deaths may reach 100%: of some patients no file tells whether they lived."""
    lost = deaths_unknown(printer) if printer.records("death") else None
    day = printer.fact(printer.config.cohort.horizon_days)
    return (printer.word("answer.groups_unknown", day=day, **lost),) if lost else ()


def _averaged_note(printer: Printer) -> tuple[Markup, ...]:
    """The difference is averaged over draws of waits, which the means and counts beside it are not."""
    return (printer.word("answer.groups_averaged"),) if is_averaged(printer) else ()


def _adjusted(printer: Printer) -> bool:
    """Whether the model of the primary outcome has anything to adjust its means for."""
    return printer.adjusted_for_baseline or bool(printer.config.analysis.covariates)


def _means(printer: Printer) -> list[Row]:
    primary = printer.config.primary
    means = [printer.primary_one(AnalysisKey.MIXED_MODEL, Statistic.MEAN, arm=arm) for arm in ARMS]
    parts = headline(printer)
    if parts is None or any(mean is None for mean in means):
        return []
    said = "answer.mean_at" if _adjusted(printer) else "answer.mean_at_unadjusted"
    head = printer.word(said, outcome=printer.label(primary.outcome), day=printer.fact(primary.day))
    # Outcomes without a unit (scores) need no comma.
    unit = printer.unit(primary.outcome)
    head = Markup("{}, {}").format(head, unit) if unit.striptags() else head
    key = "glance.ratio_mark" if is_ratio(parts) else "certainty.interval"
    return [Row(head, (*map(printer.number, means), _interval(printer, parts, key)))]


def _measured(printer: Printer) -> list[Row]:
    """Patients with a value near the primary day, of those analysed."""
    primary = printer.config.primary
    counts = [measured_near(printer, primary.outcome, arm, primary.day) for arm in ARMS]
    if any(count is None for count in counts):
        return []
    cells = [_of(printer, count, _total(printer, arm)) for count, arm in zip(counts, ARMS, strict=True)]
    day = printer.fact(printer.config.primary.day)
    return [Row(printer.word("answer.measured", day=day), (*cells, NOTHING))]


def _died_by_primary_day(printer: Printer) -> list[Row]:
    day = printer.config.primary.day
    silent = printer.silent("death")
    # At the horizon the row would repeat the deaths by the end of follow-up, as where nobody's are recorded.
    if not printer.records("death") or day == printer.config.cohort.horizon_days:
        return []
    cells = []
    for arm in ARMS:
        died, total = (
            printer.primary_one(AnalysisKey.WORST_RANK, name, arm=arm)
            for name in (Statistic.N_DIED, Statistic.N_SUBJECTS)
        )
        if arm not in silent and (died is None or total is None):
            return []
        cells.append(printer.unrecorded if arm in silent else _died_cell(printer, died, total, arm))
    return [Row(printer.word("answer.died_by", day=printer.fact(day)), (*cells, NOTHING))]


def _died_cell(printer: Printer, died: Result | None, total: Result | None, arm: str) -> Markup:
    """Who died by the primary day, with the share and its interval as the cumulative incidence estimates them."""
    # The same analysis has every day for the figure; the table's output has the declared ones.
    keys = {"output_id": OutputId.PATIENT_LEVEL, "arm": arm, "level": "death", "day": float(printer.config.primary.day)}
    share, lower, upper = (
        printer.results.one(AnalysisKey.CUMULATIVE_INCIDENCE, name, **keys)  # type: ignore[arg-type]
        for name in INTERVAL
    )
    if share is None or share.value is None:
        # With patients lost there is no single share, only its bounds.
        said = _of(printer, died, total)
    else:
        numbers = {"count": died, "n": total, "share": share}
        said = printer.word("answer.died_cell", **{name: printer.number(row) for name, row in numbers.items()})
    if any(row is None or row.value is None for row in (lower, upper)):
        return said
    limits = printer.word("answer.died_limits", lower=printer.number(lower), upper=printer.number(upper))
    return Markup("{} <small>{}</small>").format(said, limits)


def _died(printer: Printer) -> list[Row]:
    """Deaths by the end of follow-up, with the exact interval of each share and the difference."""
    horizon = printer.config.cohort.horizon_days
    cells = []
    for arm in ARMS:
        if arm in printer.silent("death"):
            cells.append(printer.unrecorded)
            continue
        rows = {
            name: printer.results.one(AnalysisKey.DISPOSITION, name, arm=arm, level="death", day=float(horizon))
            for name in (Statistic.COUNT, Statistic.SHARE, Statistic.LOWER, Statistic.UPPER)
        }
        if any(row is None for row in rows.values()):
            return []
        numbers = {str(name): printer.number(row) for name, row in rows.items()}
        said = printer.word("answer.died_cell", n=printer.number(_total(printer, arm)), **numbers)
        limits = printer.word("answer.died_limits", **numbers)
        cells.append(Markup("{} <small>{}</small>").format(said, limits))
    parts = deaths_difference(printer)
    last = NOTHING if parts is None else _interval(printer, parts)
    return [Row(printer.word("answer.died_by", day=printer.fact(horizon)), (*cells, last))]


def _total(printer: Printer, arm: str) -> Result | None:
    day = float(printer.config.cohort.horizon_days)
    return printer.results.one(AnalysisKey.DISPOSITION, Statistic.N_SUBJECTS, arm=arm, day=day)


def _of(printer: Printer, count: Result | None, total: Result | None) -> Markup:
    return printer.word("readings.of", n=printer.number(count), total=printer.number(total))


def _interval(printer: Printer, parts: tuple[Result, Result, Result], key: str = "certainty.interval") -> Markup:
    numbers = dict(zip((Statistic.ESTIMATE, Statistic.LOWER, Statistic.UPPER), map(printer.number, parts), strict=True))
    return printer.word(key, **numbers)
