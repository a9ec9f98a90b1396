"""A methods and results paragraph for a manuscript, with the numbers of this run, and how to cite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from ..answer import answer, what_was_done
from ..printer import Printer
from .checklists import run_facts


def manuscript(printer: Printer, provenance: Mapping[str, Any]) -> list[Markup]:
    """Paragraphs to start from; every number in them is a row of the results table or a line of the settings."""
    facts = run_facts(printer)
    study = printer.config.study
    said = answer(printer)
    packages = provenance.get("packages", {})
    return [
        printer.word("manuscript.design", treatment=printer.fact(printer.words.among(study.treatment)), **facts),
        Markup(" ").join(what_was_done(printer)[1:]),
        printer.word(
            "manuscript.inference",
            level=printer.level,
            seed=printer.fact(printer.config.seed),
            version=printer.fact(packages.get("statsmodels", "")),
        ),
        Markup(" ").join(part for part in (said["sentence"], said["n"], said["death_aware"]) if part),
        printer.word("answer.caveat"),
    ]


def citation(printer: Printer, provenance: Mapping[str, Any]) -> Markup:
    """How to cite the program and this run."""
    unknown = printer.words("provenance.unknown")
    return printer.word(
        "manuscript.citation",
        version=printer.fact((provenance.get("git_commit") or unknown)[:12]),
        config=printer.fact(provenance.get("config_sha256", unknown)[:12]),
        registry=printer.fact(printer.config.study.id),
    )
