"""What is asked: the question, the estimands by ICH E9(R1), and every outcome with its part in the analysis."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from historical_controls.report.printing.html_table import HtmlTable, Row, listed
from historical_controls.report.printing.printer import Printer
from historical_controls.report.protocol.declared import Fact, facts_table, table
from historical_controls.report.statistician.estimands import estimand_attributes
from historical_controls.text.formatting import DASH


def question_table(printer: Printer) -> HtmlTable:
    """Return study, treatment, primary outcome with its day, and what follows it in a fixed sequence."""
    return facts_table(printer, "question", _question(printer))


def _question(printer: Printer) -> Iterator[Fact]:
    config = printer.config
    yield "registry", printer.fact(config.study.id)
    yield "treatment", printer.fact(printer.words.among(config.study.treatment))
    day = printer.fact(config.primary.day)
    yield "primary", printer.word("protocol.question.at_day", outcome=printer.label(config.primary.outcome), day=day)
    if not config.single_arm:
        key = [printer.label(code) for code in config.primary.key_secondary]
        yield "secondary", listed(key) if key else printer.word("protocol.none")
        yield "hierarchy", listed([_step(printer, code) for code in config.primary.hierarchy], " → ")
    yield "exploratory", printer.word("protocol.question.rest", n=printer.fact(len(_rest(printer))))


def _step(printer: Printer, code: str) -> Markup:
    return printer.event("death") if code == "death" else printer.label(code)


def _rest(printer: Printer) -> list[str]:
    named = {printer.config.primary.outcome, *printer.config.primary.key_secondary}
    return [code for code in printer.config.outcomes if code not in named]


def estimand_tables(printer: Printer) -> list[HtmlTable]:
    """Return one table a question, its attributes in the order of ICH E9(R1); none where none are declared."""
    declared = printer.config.estimands
    if declared is None:
        return []
    made = []
    for name, one in declared.questions.items():
        rows = tuple(Row(head, (said,)) for head, said in estimand_attributes(printer, declared, one))
        heads = (printer.word("protocol.item"), printer.word("protocol.declared"))
        title = printer.fact(printer.words.among(one.label))
        made.append(HtmlTable(f"protocol-estimand-{name}", "", title, heads, rows, words=frozenset((0, 1))))
    return made


def outcomes_table(printer: Printer) -> HtmlTable:
    """Return every analysed outcome: its part, unit, source of values, scale of contrasts, direction."""
    rows = (
        Row(
            printer.label(code),
            (
                _part(printer, code),
                printer.unit(code) if printer.outcome(code).unit else printer.fact(DASH),
                _how(printer, code),
                printer.word(f"protocol.scale.{printer.outcome(code).scale}"),
                printer.word(f"direction.{printer.outcome(code).benefit}"),
            ),
        )
        for code in printer.config.outcomes
    )
    return table(printer, "outcomes", ("outcome", "part", "unit", "how", "scale", "direction"), rows)


def _part(printer: Printer, code: str) -> Markup:
    primary = printer.config.primary
    if code == primary.outcome:
        return printer.word("protocol.part.primary")
    if code in primary.key_secondary:
        return printer.word("protocol.part.secondary", place=printer.fact(primary.key_secondary.index(code) + 1))
    return printer.word("protocol.part.exploratory")


def _how(printer: Printer, code: str) -> Markup:
    cohort = printer.config.cohort
    own = cohort.derivations.get(code) or cohort.summaries.get(code)
    kind = printer.outcome(code).kind if own is None else own.kind
    return printer.word(f"protocol.how.{kind}")
