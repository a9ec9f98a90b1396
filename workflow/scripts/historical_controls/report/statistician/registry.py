"""Table 14.1.7: what the registry says and what was analysed, as the study declares it, with this run's facts."""

from __future__ import annotations

import string
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.dictionary.declared_csv import declared_rows
from historical_controls.errors import UserError
from historical_controls.report.printing.html_table import HtmlTable, Row, listed
from historical_controls.report.printing.printer import Printer, fill

COLUMNS = ("study", "item", "registry_en", "registry_es", "analysis_en", "analysis_es")
FACTS = ("n_treated", "n_historical", "days", "day", "primary", "secondary")


@dataclass(frozen=True)
class Difference:
    """One row. `study`: registry id of the study concerned; {placeholders} of `analysis_*` are names of FACTS."""

    study: str
    item: str
    registry_en: str
    registry_es: str
    analysis_en: str
    analysis_es: str


def load_differences(paths: Iterable[str | Path]) -> list[Difference]:
    """The rows of registry_differences.csv, none where there is no such file.

    Raises UserError for wrong columns and for braces that hold no name of FACTS.
    """
    found = []
    for path in paths:
        for where, row in declared_rows(path, COLUMNS):
            _check_braces(row["analysis_en"], where)
            _check_braces(row["analysis_es"], where)
            found.append(Difference(**row))
    return found


def _check_braces(text: str, where: str) -> None:
    hint = f"Allowed: {', '.join(f'{{{name}}}' for name in FACTS)}; a brace that is meant as such is doubled"
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise UserError(f"a brace stands alone: {error}", where, hint) from error
    for _, name, specification, conversion in parts:
        # Names alone: '{day.real}' or '{day:.1f}' would reach into the fact.
        if name is not None and (name not in FACTS or specification or conversion):
            raise UserError(f"there is no fact '{name}'", where, hint)


def declared_tables(printer: Printer, differences: Iterable[Difference]) -> dict[str, HtmlTable]:
    """Table 14.1.7 by its output id; nothing where nothing is declared about this study."""
    # The file may describe several studies; another's registry says nothing of this one.
    own = [one for one in differences if one.study == printer.config.study.id]
    if not own:
        return {}
    facts = run_facts(printer)
    rows = tuple(_row(printer, one, facts) for one in own)
    heads = (printer.word("difference.registry"), printer.word("difference.analysis"))
    title = printer.word("difference.title")
    notes = (printer.word("difference.note"),)
    return {
        OutputId.REGISTRY: HtmlTable(
            f"t{OutputId.REGISTRY.replace('.', '_')}-1", OutputId.REGISTRY, title, heads, rows, notes, n_names=2
        )
    }


def _row(printer: Printer, one: Difference, facts: dict[str, Markup]) -> Row:
    spanish = printer.words.language == "es"
    # Escaped with its facts filled in: the file is the study's own, and may have '<' in it.
    analysis = fill(one.analysis_es if spanish else one.analysis_en, facts)
    return Row(printer.fact(one.registry_es if spanish else one.registry_en), (printer.fact(analysis),))


def run_facts(printer: Printer) -> dict[str, Markup]:
    """Facts of this run by the names of FACTS."""
    facts, day = declared_facts(printer), float(printer.config.cohort.horizon_days)
    for arm in ARMS:
        facts[f"n_{arm}"] = printer.number(
            printer.results.one(AnalysisKey.DISPOSITION, Statistic.N_SUBJECTS, arm=arm, day=day)
        )
    return facts


def declared_facts(printer: Printer) -> dict[str, Markup]:
    """Return those of FACTS that the config declares: nobody is counted."""
    config = printer.config
    secondary = [printer.label(code) for code in config.primary.key_secondary]
    return {
        "days": listed([printer.fact(one) for one in config.analysis.days]),
        "day": printer.fact(config.primary.day),
        "primary": printer.label(config.primary.outcome),
        "secondary": listed(secondary) if secondary else printer.word("difference.no_secondary"),
    }
