"""What an eligibility rule asks, in words: its values, its window, and the number it is compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from markupsafe import Markup

from historical_controls.config.cohort.rules import (
    CharacteristicRule,
    CombinationRule,
    CountRule,
    EventRule,
    RatioRule,
    ResultRule,
    Rule,
    RuleBase,
    ThresholdRule,
    TreatmentRule,
    rules_named,
)
from historical_controls.report.printing.html_table import listed
from historical_controls.report.printing.printer import Printer
from historical_controls.report.protocol.declared import number

Rules = Mapping[str, Rule]
# As text: a page escapes '<'.
SIGNS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "is": "="}


def definition(printer: Printer, rule: RuleBase) -> Markup:
    """Return what the rule asks, in one line."""
    match rule:
        case ThresholdRule():
            return listed(_threshold(printer, rule), "; ")
        case RatioRule():
            hours = {"hours": rule.within_hours, "first": rule.first_from_hours, "until": rule.first_until_hours}
            basal = printer.word(f"protocol.rule.basal_{rule.basal}")
            return _said(printer, "ratio", outcome=printer.label(rule.outcome), basal=basal, **_limit(rule), **hours)
        case ResultRule():
            result = printer.fact(printer.words.entry("category", rule.result))
            outcome = printer.label(rule.outcome)
            return _said(printer, "result", outcome=outcome, result=result, hours=rule.within_hours)
        case CharacteristicRule():
            return _characteristic(printer, rule)
        case EventRule():
            event = printer.event(rule.event)
            key = "event" if rule.happened else "no_event"
            return _said(printer, key, event=event, hours=rule.at_least_hours_before)
        case TreatmentRule():
            given = listed(_treatment(printer, code) for code in rule.treatments)
            return _said(printer, "given" if rule.given else "not_given", treatments=given, hours=rule.within_hours)
        case CountRule():
            return _said(printer, "at_least", n=rule.count, rules=printer.fact(", ".join(rule.of)))
        case CombinationRule():
            return _said(printer, rule.kind, rules=printer.fact(", ".join(_combined(printer, rule))))
    return printer.word("protocol.rule.not_observable")


def deciding(rules: Rules, filters: list[str]) -> Mapping[str, str]:
    """Return the filter through which each rule decides, by rule; itself where it is one. Others have no entry."""
    through = {name: name for name in filters if name in rules}
    waiting = list(through)
    while waiting:
        one = waiting.pop(0)
        for part in rules_named({one: rules[one]}):
            if part in rules and part not in through:
                through[part] = through[one]
                waiting.append(part)
    return through


def _threshold(printer: Printer, rule: ThresholdRule) -> Iterator[Markup]:
    taken = printer.word(f"protocol.rule.take_{rule.take}")
    own = {"outcome": printer.label(rule.outcome), "unit": printer.unit(rule.outcome), **_limit(rule)}
    yield _said(printer, "threshold", take=taken, hours=rule.within_hours, **own)
    if rule.min_count > 1:
        yield _said(printer, "count", n=rule.min_count)
    if rule.min_span_hours:
        yield _said(printer, "span", hours=rule.min_span_hours)
    if rule.contradicted_within_hours:
        yield _said(printer, "contradicted", hours=rule.contradicted_within_hours)
    if rule.in_each_hours:
        yield _said(printer, "blocks", hours=rule.in_each_hours)
    if rule.imputed:
        yield printer.word("protocol.rule.imputed")


def _characteristic(printer: Printer, rule: CharacteristicRule) -> Markup:
    text = isinstance(rule.value, str)
    value = printer.words.entry("category", str(rule.value)) if text else f"{rule.value:g}"
    unit = "" if text else printer.unit(rule.characteristic)
    return _said(
        printer, "characteristic", name=printer.label(rule.characteristic), op=SIGNS[rule.op], value=value, unit=unit
    )


def _treatment(printer: Printer, code: str) -> Markup:
    known = printer.dictionary.treatments.get(code)
    return printer.fact(code if known is None else known.label(printer.words.language))


def _combined(printer: Printer, rule: CombinationRule) -> Iterator[str]:
    between = printer.words("protocol.rule.or" if rule.kind == "all" else "protocol.rule.and")
    for item in rule.of:
        yield item if isinstance(item, str) else f"({f' {between} '.join(item)})"


def _limit(rule: ThresholdRule | RatioRule) -> dict[str, object]:
    return {"op": SIGNS[rule.op], "value": rule.value}


def _said(printer: Printer, key: str, **values: object) -> Markup:
    marked = {
        name: value if isinstance(value, Markup) else number(printer, value) if isinstance(value, int | float)
        else printer.fact(value)
        for name, value in values.items()
    }  # fmt: skip
    return printer.word(f"protocol.rule.{key}", **marked)
