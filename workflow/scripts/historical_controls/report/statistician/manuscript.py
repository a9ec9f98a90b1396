"""Methods and results to start a manuscript from, with the numbers of this run, and how to cite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.report.described.answer import described_answer, described_outcome
from historical_controls.report.headline.sentence import stated
from historical_controls.report.investigator.answer import answer, in_short, what_was_done
from historical_controls.report.investigator.data import provenance_facts
from historical_controls.report.printing.html_table import listed
from historical_controls.report.printing.printer import Printer

COMPUTING = ("numpy", "scipy", "pandas", "statsmodels")
# Enough characters to identify a commit, and short enough for a sentence.
SHORT_HASH = 12


def methods_paragraph(printer: Printer, provenance: Mapping[str, Any]) -> Markup:
    """What was done; every number is a row of the results table, a setting, or a version."""
    facts = provenance_facts(provenance, printer)
    # Of the packages that compute; those that print or draw change no number.
    versions = [f"{name} {facts['packages'][name]}" for name in COMPUTING if name in facts["packages"]]
    parts = [
        printer.word("manuscript.emulation"),
        in_short(printer),
        # Without its first paragraph, which `in_short` says already.
        *what_was_done(printer)[1:],
        printer.word("manuscript.intervals", level=printer.level),
    ]
    if _permuted(printer):
        parts.append(printer.word("manuscript.permutation"))
    if versions:
        parts.append(printer.word("manuscript.software", packages=listed(map(printer.fact, versions))))
    parts.append(printer.word("manuscript.seed", seed=printer.fact(facts["seed"])))
    return Markup(" ").join(parts)


def results_paragraph(printer: Printer) -> Markup:
    """The primary outcome and what stands beside it, deaths, then the key secondary outcomes at the same day."""
    primary = printer.config.primary
    said = described_answer(printer) if printer.config.single_arm else answer(printer)
    parts = [
        said["sentence"],
        said["draws"],
        said["n"],
        _permutation(printer),
        said["deaths"],
        said["death_aware"],
        *(_stated(printer, outcome) for outcome in primary.key_secondary),
        printer.word("answer.caveat"),
    ]
    # Parts without a result are empty, and would leave double spaces.
    return Markup(" ").join(part for part in parts if part)


def _stated(printer: Printer, outcome: str) -> Markup:
    if printer.config.single_arm:
        return described_outcome(printer, outcome)
    return stated(printer, outcome, printer.config.primary.day)


def _permuted(printer: Printer) -> dict[str, Markup] | None:
    """The permutation's p of the primary outcome with its floor; None where there is none."""
    primary = printer.config.primary
    rows = {
        name: printer.results.one(
            AnalysisKey.PERMUTATION, statistic, outcome=primary.outcome, day=float(primary.day), contrast=CONTRAST
        )
        for name, statistic in (("p", Statistic.P_VALUE), ("floor", Statistic.P_FLOOR))
    }
    if any(row is None or row.value is None for row in rows.values()):
        return None
    return {name: printer.number(row) for name, row in rows.items()}


def _permutation(printer: Printer) -> Markup:
    found = _permuted(printer)
    return printer.word("manuscript.permuted", **found) if found else Markup("")


def citation(printer: Printer, provenance: Mapping[str, Any]) -> Markup:
    """How to cite the program and this run."""
    facts = provenance_facts(provenance, printer)
    return printer.word(
        "manuscript.citation",
        commit=_hash(printer, facts["commit"]),
        config=_hash(printer, facts["config"]),
        registry=printer.fact(printer.config.study.id),
    )


def _hash(printer: Printer, text: str) -> Markup:
    """The first characters of a hash; that it is not known stands in full."""
    return printer.fact(text if text == printer.words("provenance.unknown") else text[:SHORT_HASH])
