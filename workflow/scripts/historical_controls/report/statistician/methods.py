"""What was done, step by step, with the equations that the code names by their tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.report.printing.html_table import listed
from historical_controls.report.printing.printer import Printer
from historical_controls.report.printing.rung_name import rung_name
from historical_controls.report.statistician.formulas.mathml import mathml
from historical_controls.report.statistician.formulas.written import WRITTEN

TAG = re.compile(r"\(([A-Z]{2}-\d+)\)\s*$")


@dataclass(frozen=True)
class Step:
    """`analyses`: it is told where one of these wrote rows; () always. `tags`: its equations in docs/methods.md."""

    name: str
    analyses: tuple[AnalysisKey, ...]
    tags: tuple[str, ...]


STEPS = (
    Step("derived", (AnalysisKey.DERIVATIONS,), ("DV-2", "DV-8")),
    Step("described", (AnalysisKey.DESCRIPTION,), ("DE-1", "DE-2")),
    Step("balance", (AnalysisKey.BASELINE,), ("BA-1", "BA-2")),
    Step("weights", (AnalysisKey.WEIGHTS,), ("BA-5", "BA-7")),
    Step("model", (AnalysisKey.MIXED_MODEL,), ("MM-1", "MM-2", "MM-3", "MM-10", "MM-25")),
    Step("variances_chosen", (AnalysisKey.MIXED_MODEL,), ("EM-5",)),
    Step("kenward_roger", (AnalysisKey.MIXED_MODEL,), ("MM-17", "MM-18", "MM-21")),
    Step("censored", (AnalysisKey.MIXED_MODEL,), ("CE-12", "CE-13", "CE-14", "CE-15", "CE-16")),
    Step("weighted_model", (AnalysisKey.MIXED_MODEL,), ("EE-1", "EE-2", "EE-3", "EE-5")),
    Step("permutation", (AnalysisKey.PERMUTATION,), ("IN-6", "IN-7", "IN-9", "IN-10")),
    Step("worst_rank", (AnalysisKey.WORST_RANK,), ("IN-1", "IN-2", "IN-3", "IN-4", "IN-5")),
    Step("multiplicity", (AnalysisKey.MULTIPLICITY,), ()),
    Step(
        "one_patient",
        (AnalysisKey.LEAVE_ONE_OUT, AnalysisKey.TIPPING_POINT, AnalysisKey.PLACEBO_TIME),
        ("SN-2", "SN-3", "SN-4"),
    ),
    Step("overturn", (AnalysisKey.BIAS_MODEL, AnalysisKey.E_VALUE), ("OV-1", "OV-3", "OV-5", "OV-6")),
)


@dataclass(frozen=True)
class Equation:
    """`plain`: the lines of docs/methods.md with their tag; `math`: the same as MathML, None where it is not set."""

    tag: str
    plain: str
    math: Markup | None


@dataclass(frozen=True)
class MethodStep:
    """A step as a page tells it: its sentence, and the equations with their tags, in the order of the step."""

    title: Markup
    said: Markup
    equations: tuple[Equation, ...]


def equations(methods: str) -> dict[str, str]:
    """Indented lines of docs/methods.md by the tag that ends them; a tag within a line only refers to another.

    A formula of several lines belongs to the tag that ends the last.
    """
    found: dict[str, str] = {}
    waiting: list[str] = []
    for line in methods.splitlines():
        # Formulas are indented code blocks; a line of text ends the formula being collected.
        if not line.startswith("    "):
            waiting = []
            continue
        waiting.append(line[4:].rstrip())
        tag = TAG.search(line)
        if tag:
            found[tag[1]] = "\n".join(waiting)
            waiting = []
    return found


def method_steps(printer: Printer, methods: str) -> list[MethodStep]:
    """The steps that this run took, in words, each with its equations."""
    formulas = equations(methods)
    written = {analysis for _, analysis, _ in printer.results.rows}
    # Table 1 has rows of one arm too; what it is told with compares two.
    left_out = {"balance"} if printer.config.single_arm else set()
    # Where an arm's deaths are not recorded nobody is ranked, and the rows say so.
    if printer.silent("death"):
        left_out.add("worst_rank")
    chosen = _variances_chosen(printer)
    if not chosen:
        left_out.add("variances_chosen")
    values = {"level": printer.level, "used": _covariances_used(printer), **chosen}
    return [
        _method_step(printer, step, formulas, values)
        for step in STEPS
        if step.name not in left_out and (not step.analyses or written & set(step.analyses))
    ]


def _covariances_used(printer: Printer) -> Markup:
    """The covariances of the models that were fitted, in the order of the ladder; empty where none was."""
    rows = printer.results.all(AnalysisKey.MIXED_MODEL, Statistic.COVARIANCE_RUNG)
    found = {str(row.text): rung_name(str(row.text), printer.config, printer.words) for row in rows}
    order = [*(rung.id for rung in printer.config.analysis.ladder), *sorted(found)]
    names = [found[rung] for rung in dict.fromkeys(order) if found.get(rung)]
    if not names:
        return Markup()
    return printer.word("method_step.covariances_used", covariances=listed(map(printer.fact, names), "; "))


def _variances_chosen(printer: Printer) -> dict[str, Markup]:
    """Covariances of both kinds that the criterion compared, variances shared and of each arm's own, and for whom.

    Empty where no outcome has both (EM-5).
    """
    ladder = printer.config.analysis.ladder
    shared = {rung.id: rung.shares_variances for rung in ladder}
    compared: dict[str, set[str]] = {}
    # Rungs with rows of their own are not compared with the others, and have no criterion beside theirs.
    for row in printer.results.all(AnalysisKey.MIXED_MODEL, Statistic.CRITERION):
        compared.setdefault(row.outcome, set()).update({row.level} & set(shared))
    mixed = {code: rungs for code, rungs in compared.items() if len({shared[rung] for rung in rungs}) > 1}
    if not mixed:
        return {}
    rungs = set().union(*mixed.values())

    def named(kind: bool) -> Markup:
        own = [rung for rung in shared if rung in rungs and shared[rung] == kind]
        return listed((printer.fact(rung_name(rung, printer.config, printer.words)) for rung in own), "; ")

    outcomes = listed(printer.label(code) for code in printer.config.outcomes if code in mixed)
    return {"outcomes": outcomes, "shared": named(True), "own": named(False)}


def _method_step(printer: Printer, step: Step, formulas: Mapping[str, str], values: Mapping[str, Markup]) -> MethodStep:
    known = [_equation(tag, formulas[tag]) for tag in step.tags if tag in formulas]
    # Without adjustment for the baseline the step has other words, since the model differs.
    unadjusted = step.name == "model" and not printer.adjusted_for_baseline
    said = f"method_step.{step.name}{'_unadjusted' if unadjusted else ''}"
    return MethodStep(
        printer.word(f"method_step.{step.name}_title"),
        printer.word(said, **values),
        tuple(known),
    )


def _equation(tag: str, plain: str) -> Equation:
    written = WRITTEN.get(tag)
    # The tag is printed beside the formula, and says nothing aloud.
    spoken = " ".join(TAG.sub("", plain).split())
    return Equation(tag, plain, None if written is None else mathml(written, spoken))
