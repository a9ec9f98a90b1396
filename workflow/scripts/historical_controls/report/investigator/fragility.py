"""How much the primary answer hangs on one patient, on the declared choices, and on what nobody measured."""

from __future__ import annotations

from markupsafe import Markup

from historical_controls.ard.queries import CONTRAST, Result
from historical_controls.report.printing.printer import Printer


def fragile(printer: Printer) -> list[Markup]:
    """Sentences on what would overturn the primary result; none where nothing was looked at."""
    return [*_one_patient(printer), *_choices(printer), *_unmeasured(printer)]


def settle(printer: Printer) -> list[Markup]:
    """How large a difference these patients could show, and how many patients a trial would need."""
    primary = printer.config.primary
    keys = {"outcome": primary.outcome, "day": float(primary.day), "contrast": CONTRAST}
    said = []
    found = {name: printer.results.one("detectable_difference", name, **keys) for name in ("detectable", "power")}  # type: ignore[arg-type]
    if all(row is not None for row in found.values()):
        about = {"outcome": printer.label(primary.outcome), "day": printer.fact(primary.day)}
        unit = _unit(printer, found["detectable"])
        said.append(printer.word("bias.detectable", **about, unit=unit, **_numbers(printer, found)))
    for needed in printer.results.all("trial_size", "n_per_arm", **keys):  # type: ignore[arg-type]
        difference = printer.results.one("trial_size", "difference", level=needed.level, **keys)  # type: ignore[arg-type]
        if difference is not None:
            numbers = _numbers(printer, {"n_per_arm": needed, "difference": difference})
            said.append(printer.word("bias.trial_size", unit=_unit(printer, difference), **numbers))
    return said


def _one_patient(printer: Printer) -> list[Markup]:
    primary = printer.config.primary
    names = ("n_left_out", "n_deciding", "smallest", "largest", "decided_by_one")
    keys = {"outcome": primary.outcome, "day": float(primary.day)}
    rows = {name: printer.results.one("leave_one_out", name, **keys) for name in names}  # type: ignore[arg-type]
    decided = rows.pop("decided_by_one")
    if decided is None or any(row is None for row in rows.values()):
        return []
    key = {"yes": "fragile.decided", "no": "fragile.not_decided"}.get(decided.text or "", "fragile.not_known")
    said = printer.word(key, unit=_unit(printer, rows["smallest"]), **_numbers(printer, rows))
    return [Markup('<strong class="refusal">{}</strong>').format(said) if decided.text == "yes" else said]


def _choices(printer: Printer) -> list[Markup]:
    """Of the product of choices, how many gave an answer by the mixed model, and between what."""
    names = ("n_specifications", "n_estimated", "n_holds", "min", "max")
    rows = {name: printer.results.one("specification", name, **_of_mixed_model(printer)) for name in names}  # type: ignore[arg-type]
    if any(row is None for row in rows.values()):
        return []
    return [printer.word("fragile.choices", unit=_unit(printer, rows["min"]), **_numbers(printer, rows))]


def _unmeasured(printer: Printer) -> list[Markup]:
    """How wide a bias that nobody measured would have to spread to open the interval."""
    primary = printer.config.primary
    keys = {"outcome": primary.outcome, "day": float(primary.day), "level": "reaches_none", "contrast": CONTRAST}
    row = printer.results.one("bias_model", "tau_sd", **keys)  # type: ignore[arg-type]
    if row is None:
        return []
    outcome = printer.label(primary.outcome)
    if not row.value:
        return [printer.word("fragile.tau_nought", outcome=outcome)]
    return [printer.word("fragile.tau", outcome=outcome, tau_sd=printer.number(row))]


def _of_mixed_model(printer: Printer) -> dict[str, object]:
    primary = printer.config.primary
    return {"outcome": primary.outcome, "day": float(primary.day), "level": "mixed_model"}


def _numbers(printer: Printer, rows: dict[str, Result | None]) -> dict[str, Markup]:
    return {name: printer.number(row) for name, row in rows.items()}


def _unit(printer: Printer, row: Result | None) -> Markup:
    return printer.fact(printer.words.unit(row.unit if row else ""))
