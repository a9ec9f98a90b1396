"""How much the primary answer hangs on one patient, and on the declared choices."""

from __future__ import annotations

from markupsafe import Markup

from ..results import Result
from .printer import Printer


def fragile(printer: Printer) -> list[Markup]:
    """Sentences on what would overturn the primary result; none where nothing was looked at."""
    return [*_one_patient(printer), *_choices(printer)]


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


def _of_mixed_model(printer: Printer) -> dict[str, object]:
    primary = printer.config.primary
    return {"outcome": primary.outcome, "day": float(primary.day), "level": "mixed_model"}


def _numbers(printer: Printer, rows: dict[str, Result | None]) -> dict[str, Markup]:
    return {name: printer.number(row) for name, row in rows.items()}


def _unit(printer: Printer, row: Result | None) -> Markup:
    return printer.fact(printer.words.unit(row.unit if row else ""))
