"""The main result of one arm: the primary outcome at its day, its change, and deaths; no difference from anybody."""

from __future__ import annotations

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.statistics import INTERVAL, Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.printing.printer import Printer

MEAN = (Statistic.MEAN, Statistic.LOWER, Statistic.UPPER)
NOTHING = Markup("")


def described_answer(printer: Printer) -> dict[str, Markup]:
    """The sentences of the main result by name, as the pages of a comparison have them; empty where there is none."""
    return {
        "sentence": described_outcome(printer, printer.config.primary.outcome),
        "draws": NOTHING,
        "compatible": NOTHING,
        "course": NOTHING,
        "n": NOTHING,
        "deaths": _deaths(printer),
        "death_aware": NOTHING,
        "certainty": NOTHING,
    }


def described_outcome(printer: Printer, code: str, at: int | None = None) -> Markup:
    """Mean at a day (the primary one) and its change from baseline in one sentence, or why there is none."""
    at = printer.config.primary.day if at is None else at
    day = float(at)
    common = {"outcome": printer.label(code), "day": printer.fact(at), "level": printer.level}
    mean = numbers(printer, code, MEAN, day)
    if mean is None:
        refused = one(printer, code, Statistic.NOT_ESTIMABLE, day) or printer.results.not_estimable(code)
        return printer.word("answer.not_estimable", reason=printer.reason(refused, code), **common)
    log = printer.outcome(code).scale == "log"
    n = printer.number(one(printer, code, Statistic.N_SUBJECTS, day))
    said = printer.word(
        "described.geometric_at" if log else "described.mean_at",
        unit=printer.unit(code),
        n=n,
        mean=interval(printer, mean),
        **common,
    )
    change = numbers(printer, code, INTERVAL, day, "change")
    if change is None:
        return said
    key = {"log": "described.ratio_said", "logit": "described.odds_said"}.get(
        printer.outcome(code).scale, "described.change_said"
    )
    told = printer.word(
        key,
        change=interval(printer, change),
        unit=printer.difference_unit(printer.outcome(code).unit),
        level=printer.level,
    )
    return Markup("{} {}").format(said, told)


def _deaths(printer: Printer) -> Markup:
    """Deaths by the end of follow-up, of how many patients, with the exact interval of their share."""
    day = float(printer.config.cohort.horizon_days)
    names = (Statistic.COUNT, Statistic.N_SUBJECTS, Statistic.SHARE, Statistic.LOWER, Statistic.UPPER)
    found = {
        name: printer.results.one(
            AnalysisKey.DISPOSITION,
            name,
            arm="treated",
            level="" if name is Statistic.N_SUBJECTS else "death",
            day=day,
        )
        for name in names
    }
    if not printer.records("death"):
        return printer.word("answer.deaths_missing")
    if any(row is None for row in found.values()):
        return NOTHING
    said = {str(name): printer.number(row) for name, row in found.items()}
    return printer.word("described.deaths", day=printer.fact(f"{day:g}"), level=printer.level, **said)


def one(printer: Printer, code: str, statistic: Statistic, day: float, level: str = "") -> Result | None:
    """One result of the description."""
    return printer.results.one(
        AnalysisKey.DESCRIPTION, statistic, outcome=code, arm="treated", level=level, day=day, method="t"
    )


def numbers(
    printer: Printer, code: str, names: tuple[Statistic, ...], day: float, level: str = ""
) -> list[Result | None] | None:
    """The results of one cell: a centre and its limits; None where there is no centre."""
    found = [one(printer, code, name, day, level) for name in names]
    return found if found[0] is not None else None


def interval(printer: Printer, centre_and_limits: list[Result | None]) -> Markup:
    """'48.1 (42.0 to 55.2)', the centre alone where nothing varies."""
    if any(row is None for row in centre_and_limits[1:]):
        return printer.number(centre_and_limits[0])
    centre, lower, upper = map(printer.number, centre_and_limits)
    return printer.word("stat.interval", centre=centre, lower=lower, upper=upper)
