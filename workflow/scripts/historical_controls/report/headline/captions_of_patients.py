"""What the figures of patients show, in sentences of results: selection, comparability, follow-up, measurement."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.printing.html_table import listed
from historical_controls.report.printing.printer import Printer

OUT_OF_RANGE = ("warn", "stop")


def flow(printer: Printer, part: str) -> Iterator[Markup]:
    """Of each source received and analysed, and the step that excluded most."""
    for arm in printer.arms:
        for source in printer.config.sources:
            rows = {
                name: {row.level: row for row in _attrition(printer, name, source, arm)}
                for name in (Statistic.POSITION, Statistic.N_BEFORE, Statistic.N_EXCLUDED, Statistic.N_AFTER)
            }
            # A suppressed position or count has no value.
            steps = sorted(rows[Statistic.POSITION].values(), key=lambda row: row.value or 0.0)
            if not steps:
                continue
            first, last = rows[Statistic.N_BEFORE][steps[0].level], rows[Statistic.N_AFTER][steps[-1].level]
            counts = {"received": printer.number(first), "analysed": printer.number(last)}
            label = printer.fact(printer.words.among(printer.config.sources[source].label))
            if _of_both_arms(printer, source):
                yield printer.word("caption.flow_of_arm", source=label, arm=printer.word(f"arm.{arm}"), **counts)
            else:
                yield printer.word("caption.flow", source=label, **counts)
            most = max(rows[Statistic.N_EXCLUDED].values(), key=lambda row: row.value or 0.0)
            if most.value:
                reason = printer.fact(_reason(printer, most.level))
                yield printer.word("caption.most_excluded", reason=reason, n=printer.number(most))


def _of_both_arms(printer: Printer, source: str) -> bool:
    """Whether patients of both arms are from a source of this label: of one file, or with listed treated patients."""
    sources = printer.config.sources
    alike = [name for name, one in sources.items() if one.label == sources[source].label]
    return sum(bool(_attrition(printer, Statistic.POSITION, name, arm)) for name in alike for arm in ARMS) > 1


def _attrition(printer: Printer, name: Statistic, source: str, arm: str) -> list[Result]:
    return printer.results.all(AnalysisKey.ATTRITION, name, population=source, arm=arm)


def _reason(printer: Printer, step: str) -> str:
    """Why a patient is excluded at a step: the study's criterion that is not met, or the program's own step."""
    rules = printer.config.cohort.rules
    if step in rules:
        return printer.words("figure.not_met", label=printer.words.among(rules[step].label))
    return printer.words.entry("step_excluded", step)


def calendar_sentence(printer: Printer) -> Markup | None:
    """How far the arms' calendars meet; None where an arm is empty."""
    found = {
        arm: {
            name: printer.results.one(AnalysisKey.CALENDAR_OVERLAP, name, arm=arm, level="within_other")
            for name in (Statistic.COUNT, Statistic.TOTAL)
        }
        for arm in ARMS
    }
    if any(row is None for own in found.values() for row in own.values()):
        return None
    # No patient of either arm within the other's calendar: the arms were never treated at the same time.
    none = not any(row.value for own in found.values() for name, row in own.items() if row and name == Statistic.COUNT)
    numbers = {f"{name}_{arm}": printer.number(row) for arm, own in found.items() for name, row in own.items()}
    return printer.word("calendar.apart" if none else "calendar.meet", **numbers)


def calendar(printer: Printer, part: str) -> Iterator[Markup]:
    """How far the arms' calendars meet."""
    said = calendar_sentence(printer)
    if said:
        yield said


def love(printer: Printer, part: str) -> Iterator[Markup]:
    """The largest standardised difference, unweighted and after each weighting."""
    largest: dict[str, Result] = {}
    for row in printer.results.all(AnalysisKey.LOVE, Statistic.SMD, contrast=CONTRAST):
        if row.value is not None and abs(row.value) > abs(getattr(largest.get(row.method), "value", None) or 0.0):
            largest[row.method] = row
    for method in sorted(largest, key=lambda name: (name != "unweighted", name)):
        row = largest[method]
        yield printer.word(
            "caption.love",
            method=printer.fact(printer.words.entry("weighting", method)),
            covariate=printer.covariate(row.outcome),
            smd=printer.number(row),
        )


def overlap(printer: Printer, part: str) -> Iterator[Markup]:
    """The characteristics on which a treated patient is outside the range of the historical patients."""
    rows = printer.results.all(AnalysisKey.GATE_OUTSIDE_RANGE, Statistic.STATE, method="unweighted")
    outside = [row for row in rows if row.text in OUT_OF_RANGE]
    named = dict.fromkeys((row.outcome, row.level) for row in outside)
    if not named:
        yield printer.word("caption.overlap_within")
        return
    places = [
        printer.word("caption.patient_at", patient=printer.fact(patient), covariate=printer.covariate(code))
        for code, patient in named
    ]
    yield printer.word("caption.overlap_outside", places=listed(places, "; "))


def follow_up(printer: Printer, part: str) -> Iterator[Markup]:
    """Deaths and discharges of each arm by the end of follow-up."""
    day = float(printer.config.cohort.horizon_days)
    for event in ("death", "discharge_alive"):
        counts = {arm: _disposed(printer, Statistic.COUNT, arm, day, event) for arm in printer.arms}
        silent = printer.silent(event)
        if not printer.records(event) or any(row is None for arm, row in counts.items() if arm not in silent):
            continue
        of = {arm: _disposed(printer, Statistic.N_SUBJECTS, arm, day) for arm in printer.arms}
        parts = [
            printer.word("caption.unrecorded_in", arm=printer.word(f"caption.patients_{arm}"))
            if arm in silent
            else printer.word(
                "caption.of_arm", count=printer.number(counts[arm]), n=printer.number(of[arm]),
                arm=printer.word(f"caption.patients_{arm}"),
            )
            for arm in printer.arms
        ]  # fmt: skip
        yield printer.word(f"caption.by_end_{event}", day=printer.fact(f"{day:g}"), arms=listed(parts))


def _disposed(printer: Printer, name: Statistic, arm: str, day: float, event: str = "") -> Result | None:
    return printer.results.one(AnalysisKey.DISPOSITION, name, arm=arm, day=day, level=event)


def availability(printer: Printer, part: str) -> Iterator[Markup]:
    """Measured on the primary day of those in follow-up, and the outcomes without any historical value."""
    primary = printer.config.primary
    for arm in printer.arms:
        at = {"outcome": primary.outcome, "arm": arm, "day": float(primary.day)}
        measured, at_risk = (
            printer.results.one(AnalysisKey.AT_RISK, name, **at)  # type: ignore[arg-type]
            for name in (Statistic.N_MEASURED, Statistic.N_AT_RISK)
        )
        if measured is not None and at_risk is not None:
            yield printer.word(
                f"caption.available_{arm}", outcome=printer.label(primary.outcome), day=printer.fact(primary.day),
                measured=printer.number(measured), at_risk=printer.number(at_risk),
            )  # fmt: skip
    states = printer.results.all(AnalysisKey.COMPLETENESS, Statistic.STATE)
    without = [printer.label(row.outcome) for row in states if row.text == "treated_only"]
    if without and not printer.config.single_arm:
        yield printer.word("caption.treated_only", outcomes=listed(without))
