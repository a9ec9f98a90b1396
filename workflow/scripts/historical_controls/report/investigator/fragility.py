"""How much the primary answer hangs on one patient, on the declared choices, and on what nobody measured."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.printing.printer import Printer


def fragile(printer: Printer) -> list[Markup]:
    """Sentences on what would overturn the primary result; none where nothing was looked at."""
    return [*_one_patient(printer), *_choices(printer), *_unmeasured(printer)]


def settle(printer: Printer) -> list[Markup]:
    """How large a difference these patients could show, and how many patients a trial would need."""
    primary = printer.config.primary
    keys = {"outcome": primary.outcome, "day": float(primary.day), "contrast": CONTRAST}
    said = []
    names = (Statistic.DETECTABLE, Statistic.POWER)
    found = {name: printer.results.one(AnalysisKey.DETECTABLE_DIFFERENCE, name, **keys) for name in names}  # type: ignore[arg-type]
    if all(row is not None for row in found.values()):
        about = {"outcome": printer.label(primary.outcome), "day": printer.fact(primary.day)}
        unit = _unit(printer, found[Statistic.DETECTABLE])
        said.append(printer.word("bias.detectable", **about, unit=unit, **_numbers(printer, found)))
    for needed in printer.results.all(AnalysisKey.TRIAL_SIZE, Statistic.N_PER_ARM, **keys):  # type: ignore[arg-type]
        difference = printer.results.one(AnalysisKey.TRIAL_SIZE, Statistic.DIFFERENCE, level=needed.level, **keys)  # type: ignore[arg-type]
        if difference is not None:
            numbers = _numbers(printer, {Statistic.N_PER_ARM: needed, Statistic.DIFFERENCE: difference})
            said.append(printer.word("bias.trial_size", unit=_unit(printer, difference), **numbers))
    return said


def _one_patient(printer: Printer) -> list[Markup]:
    primary = printer.config.primary
    names = (
        Statistic.N_LEFT_OUT,
        Statistic.N_DECIDING,
        Statistic.SMALLEST,
        Statistic.LARGEST,
        Statistic.DECIDED_BY_ONE,
    )
    keys = {"outcome": primary.outcome, "day": float(primary.day)}
    rows = {name: printer.results.one(AnalysisKey.LEAVE_ONE_OUT, name, **keys) for name in names}  # type: ignore[arg-type]
    decided = rows.pop(Statistic.DECIDED_BY_ONE)
    if decided is None or any(row is None for row in rows.values()):
        return []
    key = {"yes": "fragile.decided", "no": "fragile.not_decided"}.get(decided.text or "", "fragile.not_known")
    said = printer.word(key, unit=_unit(printer, rows[Statistic.SMALLEST]), **_numbers(printer, rows))
    return [Markup('<strong class="refusal">{}</strong>').format(said) if decided.text == "yes" else said]


def _choices(printer: Printer) -> list[Markup]:
    """Of the product of choices, how many gave an answer by the mixed model, and between what."""
    names = (Statistic.N_SPECIFICATIONS, Statistic.N_ESTIMATED, Statistic.N_HOLDS, Statistic.MIN, Statistic.MAX)
    rows = {name: printer.results.one(AnalysisKey.SPECIFICATION, name, **_of_mixed_model(printer)) for name in names}  # type: ignore[arg-type]
    if any(row is None for row in rows.values()):
        return []
    return [printer.word("fragile.choices", unit=_unit(printer, rows[Statistic.MIN]), **_numbers(printer, rows))]


def _unmeasured(printer: Printer) -> list[Markup]:
    """How wide a bias that nobody measured would have to spread to open the interval."""
    primary = printer.config.primary
    keys = {"outcome": primary.outcome, "day": float(primary.day), "level": "reaches_none", "contrast": CONTRAST}
    row = printer.results.one(AnalysisKey.BIAS_MODEL, Statistic.TAU_SD, **keys)  # type: ignore[arg-type]
    if row is None:
        return []
    outcome = printer.label(primary.outcome)
    if not row.value:
        return [printer.word("fragile.tau_nought", outcome=outcome)]
    return [printer.word("fragile.tau", outcome=outcome, tau_sd=printer.number(row))]


def _of_mixed_model(printer: Printer) -> dict[str, object]:
    primary = printer.config.primary
    return {"outcome": primary.outcome, "day": float(primary.day), "level": "mixed_model"}


def _numbers(printer: Printer, rows: Mapping[Statistic, Result | None]) -> dict[str, Markup]:
    return {name: printer.number(row) for name, row in rows.items()}


def _unit(printer: Printer, row: Result | None) -> Markup:
    return printer.fact(printer.words.unit(row.unit if row else ""))
