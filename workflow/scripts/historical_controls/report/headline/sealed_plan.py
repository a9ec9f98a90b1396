"""How the primary outcome was decided: in the config alone, in a sealed plan, or in one that was changed since."""

from __future__ import annotations

import re
from collections.abc import Callable

from markupsafe import Markup

from historical_controls.config.plan.plan import ABSENT, Change
from historical_controls.config.plan.seal import Amendment, Seal, SealState
from historical_controls.provenance import VERSION
from historical_controls.report.printing.html_table import HtmlTable, Row, listed
from historical_controls.report.printing.printer import Printer

# The first digits of a hash tell two plans of one study apart.
DIGITS = 12
# Sections whose values may name files, patients or days.
PRIVATE = ("sources", "study", "crosswalk", "resolutions")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
Stated = Callable[[Printer, str, int], Markup]


def declared_sentences(printer: Printer, state: SealState, stated: Stated) -> Markup:
    """The primary outcome, how it was decided, and the answer to the one that was sealed where that is another.

    stated: an outcome's answer at a day as a sentence.
    """
    primary = printer.config.primary
    own = {"outcome": printer.label(primary.outcome), "day": printer.fact(primary.day)}
    if state.seal is None:
        return printer.word("answer.declared", **own)
    counts = {"n": printer.fact(len(state.since)), "hash": _hash(printer, state.seal)}
    said = [printer.word(f"answer.{state.word}", **counts, **own)]
    if state.defaults:
        said.append(printer.word("answer.defaults", n=printer.fact(len(state.defaults))))
    if any(change.key.startswith("primary.") for change in (*state.since, *state.defaults)):
        said.append(_sealed_answer(printer, state.seal, stated))
    return Markup(" ").join(said)


def _sealed_answer(printer: Printer, seal: Seal, stated: Stated) -> Markup:
    code, day = str(seal.first["primary"]["outcome"]), int(seal.first["primary"]["day"])
    # An outcome that the dictionary no longer has keeps its code as a name.
    known = code in printer.dictionary.outcomes
    outcome = printer.label(code) if known else printer.fact(code)
    answered = known and code in printer.config.outcomes and day in printer.config.analysis.days
    answer = stated(printer, code, day) if answered else printer.word("answer.sealed_unanswered")
    return printer.word("answer.sealed_primary", outcome=outcome, day=printer.fact(day), answer=answer)


def seal_tables(printer: Printer, state: SealState) -> list[HtmlTable]:
    """Every key that differs from the plan as first sealed: those of the declaration, then the program's defaults."""
    return [table for table in (_declared_table(printer, state), _defaults_table(printer, state)) if table is not None]


def _declared_table(printer: Printer, state: SealState) -> HtmlTable | None:
    """Before, now, and when the change was sealed."""
    if state.seal is None or not state.since:
        return None
    heads = tuple(printer.word(f"sealed.{name}") for name in ("key", "before_head", "after_head", "known_head"))
    rows = tuple(_row(printer, one, _known(printer, state, one)) for one in state.since)
    title = printer.word("sealed.title", n=printer.fact(len(rows)))
    undivided = () if state.divided else (printer.word("sealed.undivided"),)
    return HtmlTable("sealed", "", title, heads, rows, (printer.word("sealed.note"), *undivided))


def _defaults_table(printer: Printer, state: SealState) -> HtmlTable | None:
    """What the sealed declaration left to the program, and the program fills in otherwise today."""
    if state.seal is None or not state.defaults:
        return None
    heads = tuple(printer.word(f"sealed.{name}") for name in ("key", "before_head", "after_head"))
    rows = tuple(_row(printer, one) for one in state.defaults)
    versions = {"before": printer.fact(state.seal.program or ABSENT), "after": printer.fact(VERSION)}
    notes = (printer.word("sealed.defaults_note", **versions),)
    title = printer.word("sealed.defaults_title", n=printer.fact(len(rows)))
    return HtmlTable("sealed-defaults", "", title, heads, rows, notes)


def _row(printer: Printer, change: Change, *more: Markup) -> Row:
    values = (shown_value(printer, change, value) for value in (change.before, change.after))
    return Row(printer.fact(change.key), (*values, *more))


def seal_summary(printer: Printer, state: SealState) -> Markup:
    """One sentence: whether a plan was sealed, with its hash and the number of amendments."""
    if state.seal is None:
        return printer.word("sealed.not_sealed")
    late = "late" if state.seal.results_known else "before"
    return printer.word(f"sealed.{late}", hash=_hash(printer, state.seal), n=printer.fact(state.seal.n_amendments))


def _known(printer: Printer, state: SealState, change: Change) -> Markup:
    """Which results existed when the change was sealed, or that it was not sealed at all."""
    if any(one.key == change.key for one in state.unsealed) or state.seal is None:
        return printer.word("sealed.unsealed")
    own = [one for one in state.seal.amendments if any(c.key == change.key for c in one.changes)]
    return existed(printer, next((one for one in reversed(own) if one.results_known), None))


def existed(printer: Printer, amendment: Amendment | None) -> Markup:
    """Return whether results existed when an amendment was sealed, and of which outcomes where that was kept."""
    if amendment is None or not amendment.results_known:
        return printer.word("sealed.without_results")
    known = [code for code in amendment.known if code in printer.dictionary.outcomes]
    if not known:
        return printer.word("sealed.with_results")
    return printer.word("sealed.with_results_of", outcomes=listed(map(printer.label, known)))


def shown_value(printer: Printer, change: Change, value: str) -> Markup:
    """Return a value of a changed key as reports may show it."""
    # Paths, ids and days stay in the hospital; the sealed file has them.
    hidden = change.key.split(".")[0] in PRIVATE or DATE.search(value) is not None
    return printer.word("sealed.hidden") if hidden else printer.fact(value)


def _hash(printer: Printer, seal: Seal) -> Markup:
    return printer.fact(seal.plan_sha256[:DIGITS])
