"""What departs from the registry, and what has changed since the plan was sealed."""

from __future__ import annotations

from collections.abc import Iterable

from historical_controls.config.plan.seal import Amendment, SealState
from historical_controls.report.headline.sealed_plan import existed, shown_value
from historical_controls.report.printing.html_table import HtmlTable, Row, listed
from historical_controls.report.printing.printer import Printer, fill
from historical_controls.report.protocol.declared import table
from historical_controls.report.statistician.registry import Difference, declared_facts


def differences_table(printer: Printer, differences: Iterable[Difference]) -> HtmlTable | None:
    """Return registry beside analysis, as the study declares it; None where nothing is declared about this study."""
    own = [one for one in differences if one.study == printer.config.study.id]
    if not own:
        return None
    spanish = printer.words.language == "es"
    # Numbers of patients are results: the protocol is written before anybody is counted.
    uncounted = printer.word("protocol.differences.uncounted")
    facts = {**declared_facts(printer), "n_treated": uncounted, "n_historical": uncounted}
    rows = (
        Row(
            printer.fact(one.registry_es if spanish else one.registry_en),
            (printer.fact(fill(one.analysis_es if spanish else one.analysis_en, facts)),),
        )
        for one in own
    )
    return table(printer, "differences", ("registry", "analysis"), rows)


def amendments_table(printer: Printer, state: SealState) -> HtmlTable | None:
    """Return every amendment of the sealed plan: when, which settings, and whether results existed; None without."""
    if state.seal is None or not state.seal.n_amendments:
        return None
    # A sealing that met new defaults of the program alone amended nothing.
    rows = (_amendment(printer, one) for one in state.seal.amendments if one.changes)
    return table(printer, "amendments", ("sealed_on", "changed", "results"), rows)


def _amendment(printer: Printer, one: Amendment) -> Row:
    changed = listed(
        (
            printer.word(
                "protocol.amendments.change",
                setting=printer.fact(change.key),
                before=shown_value(printer, change, change.before),
                after=shown_value(printer, change, change.after),
            )
            for change in one.changes
        ),
        "; ",
    )
    return Row(printer.fact(one.sealed_on), (changed, existed(printer, one)))
