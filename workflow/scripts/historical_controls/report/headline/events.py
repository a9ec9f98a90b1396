"""The main result where an event is the primary outcome: who had it by the day, the difference, and the time to it."""

from __future__ import annotations

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.printing.printer import Printer

BOUNDS = (Statistic.LEAST, Statistic.MOST, Statistic.LOWER, Statistic.UPPER)
ODDS = (Statistic.WIN_ODDS, Statistic.LOWER, Statistic.UPPER)


def is_event(printer: Printer, outcome: str) -> bool:
    """Whether the outcome is something that happens, and not a number that is measured."""
    return printer.outcome(outcome).kind in ("event", "result", "ending")


def stated_event(printer: Printer, outcome: str, day: int) -> Markup:
    """Counts, difference and time in sentences, or why there is no difference."""
    at = {"outcome": outcome, "day": float(day)}
    counts = {
        f"{name}_{arm}": printer.number(printer.results.one(AnalysisKey.PRIMARY_EVENT, statistic, arm=arm, **at))  # type: ignore[arg-type]
        for arm in ARMS
        for name, statistic in (("k", Statistic.N_PATIENTS), ("n", Statistic.N_SUBJECTS))
    }
    kinds = {"result": "clearance", "event": "adverse", "ending": outcome.lower()}
    kind = kinds[printer.outcome(outcome).kind]
    label = printer.label(outcome)
    said = [printer.word(f"answer.event_{kind}", outcome=label, day=printer.fact(day), **counts)]
    refused = printer.results.not_estimable(outcome, float(day))
    if refused is not None:
        reason = printer.reason(refused, outcome)
        return printer.word("answer.not_estimable", outcome=label, day=printer.fact(day), reason=reason)
    for key, level, names in (
        ("difference", "", INTERVAL),
        ("bounds", "", BOUNDS),
        ("time", "time_to_event", ODDS),
    ):
        parts = _parts(printer, outcome, day, level, names)
        if parts is not None:
            said.append(printer.word(f"answer.event_{key}", level=printer.level, **parts))
    # Every other answer to the question is given; only this comparison needs the deaths of both arms.
    silent = printer.results.one(
        AnalysisKey.PRIMARY_EVENT, Statistic.NOT_COMPARED, outcome=outcome, day=float(day), level="time_to_event",
        method="brunner_munzel",
    )  # fmt: skip
    if silent is not None:
        said.append(printer.word("answer.event_time_refused", reason=printer.reason(silent, outcome)))
    return Markup(" ").join(said)


def _parts(
    printer: Printer, outcome: str, day: int, level: str, names: tuple[Statistic, ...]
) -> dict[str, Markup] | None:
    """These statistics of the contrast as printed, by name; None where one is missing."""
    rows: list[Result | None] = [
        printer.results.one(
            AnalysisKey.PRIMARY_EVENT, name, outcome=outcome, day=float(day), level=level, contrast=CONTRAST
        )
        for name in names
    ]
    # An interval without one of its limits is not printed as one.
    if any(row is None or row.value is None for row in rows):
        return None
    return {str(name): printer.number(row) for name, row in zip(names, rows, strict=True)}
