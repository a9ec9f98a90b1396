"""How it is analysed: covariates, model, conditions under which nothing is estimated, and sensitivity analyses."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from historical_controls.config.scenarios import grid
from historical_controls.report.printing.html_table import HtmlTable, Row, listed
from historical_controls.report.printing.printer import Printer
from historical_controls.report.printing.rung_name import rung_name
from historical_controls.report.printing.scenario_names import scenario_labels
from historical_controls.report.protocol.declared import Fact, facts_table, labels, number, numbers, table
from historical_controls.text.formatting import format_number


def covariates_table(printer: Printer) -> HtmlTable:
    """Return the covariates of the comparison, of the model and of matching, and what else was given."""
    return facts_table(printer, "covariates", _covariates(printer))


def _covariates(printer: Printer) -> Iterator[Fact]:
    balance, among = printer.config.balance, printer.words.among
    yield "table_one", _named(printer, balance.covariates)
    if not printer.config.single_arm:
        yield "key", _named(printer, balance.key_covariates)
        yield "weightings", listed([printer.word(f"weighting.{name}") for name in balance.methods]) or _none(printer)
        yield "missing", printer.word(f"protocol.covariates.missing_{balance.missing}")
        if "matching" in balance.methods:
            exact = _named(printer, balance.matching.exact)
            ratio = number(printer, balance.matching.ratio)
            yield "matching", printer.word("protocol.covariates.matching_ratio", ratio=ratio, exact=exact)
    given = [among(one.label) for one in printer.config.cohort.co_treatments.values()]
    yield "co_treatments", labels(printer, given)


def _named(printer: Printer, codes: list[str]) -> Markup:
    return listed([printer.covariate(code) for code in codes]) if codes else _none(printer)


def _none(printer: Printer) -> Markup:
    return printer.word("protocol.none")


def analysis_table(printer: Printer) -> HtmlTable:
    """Return the declared analysis: model, covariance ladder, small-sample method, limits, multiplicity."""
    facts = _description(printer) if printer.config.single_arm else _analysis(printer)
    return facts_table(printer, "analysis", facts)


def _description(printer: Printer) -> Iterator[Fact]:
    yield "days", numbers(printer, printer.config.analysis.days)
    yield "level", printer.level


def _analysis(printer: Printer) -> Iterator[Fact]:
    analysis = printer.config.analysis

    def said(key: str, **values: object) -> Markup:
        return printer.word(f"protocol.analysis.{key}", **values)

    yield from _description(printer)
    yield "time", said(f"time_{analysis.time}", df=number(printer, analysis.spline_df))
    yield "baseline", said("baseline_yes" if analysis.adjust_for_baseline else "baseline_no")
    yield "covariates", _named(printer, list(analysis.covariates))
    yield "ladder", listed([printer.fact(rung_name(one.id, printer.config, printer.words)) for one in analysis.ladder],
                           " → ")  # fmt: skip
    yield "df", printer.word(f"df_method.{analysis.df_method}")
    yield "weighting", said("weighting_none") if analysis.weighting == "none" else printer.word(
        f"weighting.{analysis.weighting}"
    )  # fmt: skip
    yield "censored", said(f"censored_{analysis.limits}")
    yield "lines", listed([printer.label(code) for code in analysis.straight_lines]) or _none(printer)
    yield "ranks", said(f"ranks_{analysis.discharged}")
    exact, draws = (printer.fact(f"{n:,}") for n in (analysis.permutation.exact_up_to, analysis.permutation.draws))
    yield "permutation", said("permutation_draws", exact=exact, draws=draws)
    yield "multiplicity", said("multiplicity_sequence")


def gates_table(printer: Printer) -> HtmlTable:
    """Return the conditions of comparability, checked before any outcome is modelled, and what follows from each."""
    rows = (
        Row(printer.word(f"protocol.gate.{name}"), (limit, printer.word(f"protocol.consequence.{what}")))
        for name, limit, what in _gates(printer)
    )
    return table(printer, "gates", ("condition", "limit", "consequence"), rows)


def _gates(printer: Printer) -> Iterator[tuple[str, Markup, str]]:
    gates, analysis = printer.config.balance.gates, printer.config.analysis
    yield "few_effective", number(printer, gates.min_ess), "refuse"
    yield "few_effective", number(printer, gates.warn_ess), "warn"
    yield "one_weight", _share(printer, gates.max_weight_share), "refuse"
    yield "far_from_controls", _share(printer, gates.min_controls_reaching), "refuse"
    yield "outside_range", printer.fact(f"0 {printer.words.unit('SD')}"), "warn"
    yield "min_patients", number(printer, analysis.min_patients_per_arm), "refuse"
    yield "visit_window", number(printer, analysis.visit_window_days), "refuse"
    yield "censored", _share(printer, analysis.max_share_censored), "no_mean"
    yield "ranked", _share(printer, analysis.max_share_ranked), "detection"
    yield "unmeasured", _share(printer, analysis.max_share_unmeasured), "no_ranks"


def _share(printer: Printer, share: float) -> Markup:
    return printer.fact(format_number(share, "percent"))


def sensitivity_table(printer: Printer) -> HtmlTable:
    """Return every declared sensitivity analysis, in the order of the config, and what kind of choice it changes."""
    kinds = {name: one.kind for name, one in grid(printer.config).items()}
    rows = [
        Row(printer.fact(label), (printer.word(f"protocol.kind.{kinds.get(name, 'scenario')}"),))
        for name, label in scenario_labels(printer.config, printer.words).items()
    ]
    rows += [
        Row(printer.word(f"protocol.sensitivity.{name}", n=said), (printer.word(f"protocol.kind.{kind}"),))
        for name, said, kind in _further(printer)
    ]
    return table(printer, "sensitivity", ("analysis", "kind"), rows)


def _further(printer: Printer) -> Iterator[tuple[str, Markup, str]]:
    """Analyses of robustness that are no scenario."""
    asked, analysis = printer.config.sensitivity, printer.config.analysis
    if asked.leave_one_out:
        yield "leave_one_out", number(printer, asked.leave_one_out_most), "influence"
    yield "tipping", numbers(printer, asked.tipping.steps), "missing"
    yield "placebo", number(printer, asked.placebo_days), "confounding"
    if asked.placebo_cohorts.any:
        runs = "consecutive" if asked.placebo_cohorts.consecutive else "random"
        yield f"placebo_{runs}", number(printer, asked.placebo_cohorts.random), "confounding"
    yield "bias", numbers(printer, analysis.overturn.tau), "confounding"
    products = [one for one in grid(printer.config).values() if one.kind == "specification"]
    if products:
        yield "specification", number(printer, len(products)), "every"
