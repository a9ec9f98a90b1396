"""Whether the groups may be compared, and how alike they are after weighting."""

from __future__ import annotations

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.ard.keys.outputs import OutputId
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Finding, Result, gate_findings
from historical_controls.report.printing.html_table import HtmlTable, Row, listed
from historical_controls.report.printing.printer import Printer

UNWEIGHTED = "unweighted"


def methods(printer: Printer) -> list[str]:
    """Methods that the balance stage wrote about, the unweighted arms first; none where an arm was empty."""
    rows = printer.results.all(AnalysisKey.WEIGHTS, Statistic.TARGET) + printer.results.all(
        AnalysisKey.WEIGHTS, Statistic.INFEASIBLE
    )
    known = {row.method for row in rows}
    return [method for method in (UNWEIGHTED, *printer.config.balance.methods) if method in known]


def gates_table(printer: Printer) -> HtmlTable | None:
    """One row a method: effective controls, largest share, what the gates found, and the verdict."""
    found = methods(printer)
    if not found:
        return None
    heads = tuple(printer.word(key) for key in ("gates.method", "gates.worth", "gates.share", "gates.verdict"))
    notes = (printer.word("gates.note"),)
    rows = tuple(_gate_row(printer, method) for method in found)
    # The last column is of sentences.
    words = frozenset({len(heads) - 1})
    return HtmlTable("gates", OutputId.GATES, Markup(""), heads, rows, notes, words=words)


def _gate_row(printer: Printer, method: str) -> Row:
    effective, share = (
        printer.results.one(AnalysisKey.WEIGHTS, name, method=method, arm="historical")
        for name in (Statistic.EFFECTIVE_SIZE, Statistic.LARGEST_SHARE)
    )
    target = printer.results.one(AnalysisKey.WEIGHTS, Statistic.TARGET, method=method)
    head = printer.word(f"weighting.{method}")
    # The one target that is not the treated patients must be said wherever its numbers are.
    if target is not None and target.text == "ATO":
        head = Markup("{} <small>{}</small>").format(head, printer.code("target", target))
    return Row(head, (printer.number(effective), printer.number(share), _verdict(printer, method)))


def _verdict(printer: Printer, method: str) -> Markup:
    """Refused and why, or what to be careful about, or nothing to say."""
    refused = [one for one in gate_findings(printer.results, method) if one.state.text == "refuse"]
    warned = _warnings(printer, method)
    if refused:
        said = printer.word("not_estimable", reason=_reasons(printer, refused))
        return Markup('<span class="refusal">{}</span>').format(said)
    if not warned:
        return printer.word("gates.passed")
    # A weighting may repeat the warnings of the unweighted arms; only what is new is spelled out.
    plain = [] if method == UNWEIGHTED else [_key(one) for one in _warnings(printer, UNWEIGHTED)]
    repeated = bool(plain) and set(plain) <= {_key(one) for one in warned}
    news = [one for one in warned if not (repeated and _key(one) in plain)]
    said = listed([printer.marked(one.state, printer.finding(one)) for one in news], "; ")
    key = "gates.warned" if not repeated else "gates.as_unweighted_and" if news else "gates.as_unweighted"
    return Markup('<span class="refusal">{}</span>').format(printer.word(key, list=said))


def _warnings(printer: Printer, method: str) -> list[Finding]:
    return [one for one in gate_findings(printer.results, method) if one.state.text == "warn"]


def _key(one: Finding) -> tuple[str, str, str]:
    return one.gate, one.covariate, one.state.level


def _reasons(printer: Printer, refused: list[Finding]) -> Markup:
    """The first gate's reason, with everything that it found."""
    first = refused[0]
    # One reason is enough to refuse; its gate may have several findings.
    behind = [printer.finding(one) for one in refused if one.gate == first.gate]
    return printer.marked(first.state, printer.word(f"reason.{first.gate}", found=listed(behind, "; ")))


def weighted_table(printer: Printer) -> HtmlTable | None:
    """Table 1 before and after each weighting: historical mean or share, and difference; None without methods."""
    found = [
        method for method in methods(printer) if printer.results.all(AnalysisKey.LOVE, Statistic.SMD, method=method)
    ]
    # With the unweighted arms alone this is Table 1 again.
    if len(found) < 2:
        return None
    heads = [printer.word("people.characteristic"), printer.word("arm.treated")]
    for method in found:
        heads += [
            printer.word("weighting.head", method=printer.word(f"weighting.{method}")),
            printer.word("people.smd"),
        ]
    rows = [row for code in covariates(printer) for row in _rows(printer, code, found)]
    title = printer.word("weighting.table_title")
    notes = (printer.word("weighting.note"), *_facts(printer, found))
    return HtmlTable("weighted", OutputId.BASELINE_WEIGHTED, title, tuple(heads), tuple(rows), notes)


def covariates(printer: Printer) -> list[str]:
    """Covariates compared, as declared, then the times before time zero."""
    known = {row.outcome for row in printer.results.all(AnalysisKey.LOVE, Statistic.SMD, method=UNWEIGHTED)}
    # Times before time zero are compared without being declared; they come last.
    declared = [code for code in printer.config.balance.covariates if code in known]
    return declared + sorted(known - set(declared))


def levels(printer: Printer, code: str) -> list[str]:
    """Categories of a covariate, in the dictionary's order; [''] for numbers and flags."""
    found = {row.level for row in printer.results.all(AnalysisKey.LOVE, Statistic.SMD, method=UNWEIGHTED, outcome=code)}
    outcome = printer.dictionary.outcomes.get(code)
    declared = [level for level in (outcome.categories if outcome else ()) if level in found]
    return declared + sorted(found - set(declared))


def _rows(printer: Printer, code: str, weightings: list[str]) -> list[Row]:
    rows = []
    for level in levels(printer, code):
        name = printer.covariate(code)
        if level:
            name = Markup("{}: {}").format(name, printer.fact(printer.words.entry("category", level)))
        cells = [_mean(printer, code, level, UNWEIGHTED, "treated")]
        for method in weightings:
            cells += [_mean(printer, code, level, method, "historical"), _difference(printer, code, level, method)]
        rows.append(Row(name, tuple(cells)))
    return rows


def _analysis(method: str) -> str:
    """The analysis whose rows describe the groups under a weighting."""
    return "baseline" if method == UNWEIGHTED else "baseline_weighted"


def _mean(printer: Printer, code: str, level: str, method: str, arm: str) -> Markup:
    """Proportion, geometric mean of what is analysed as a ratio, or mean."""
    keys = {"method": method, "outcome": code, "level": level, "arm": arm}
    return printer.number(printer.results.one(_analysis(method), Statistic.CENTRE, **keys))  # type: ignore[arg-type]


def _difference(printer: Printer, code: str, level: str, method: str) -> Markup:
    keys = {"method": method, "outcome": code, "level": level, "contrast": CONTRAST}
    difference, ratio = (
        printer.results.one(_analysis(method), name, **keys)  # type: ignore[arg-type]
        for name in (Statistic.SMD, Statistic.VARIANCE_RATIO)
    )
    if ratio is None:
        return printer.number(difference)
    said = printer.word("weighting.variance_ratio", ratio=printer.number(ratio))
    return Markup("{} <small>{}</small>").format(printer.number(difference), said)


def _facts(printer: Printer, weightings: list[str]) -> list[Markup]:
    """How matching came out, and how many key covariates were imputed."""
    notes = []
    if "matching" in weightings:
        names = (Statistic.RATIO, Statistic.N_UNMATCHED, Statistic.TOTAL_DISTANCE)
        rows = {
            name: printer.number(printer.results.one(AnalysisKey.WEIGHTS, name, method="matching")) for name in names
        }
        notes.append(printer.word("weighting.matching_note", **rows))
    imputed = [row for row in printer.results.all(AnalysisKey.KEY_COVARIATES, Statistic.N_IMPUTED) if row.value]
    if imputed:
        parts = [Markup("{} {}").format(printer.covariate(row.outcome), printer.number(row)) for row in imputed]
        notes.append(printer.word("weighting.imputed", list=listed(parts)))
    return notes


def gates_intro(printer: Printer) -> Markup:
    """What the gates look at."""
    named = [printer.covariate(code) for code in printer.config.balance.key_covariates]
    return printer.word("gates.intro", list=listed(named)) if named else printer.word("gates.intro_without")


def treated_later(printer: Printer) -> Result | None:
    """The median hours from time zero to the treatment, where it is later."""
    return printer.results.one(AnalysisKey.GATE_TREATED_LATER, Statistic.VALUE, method=UNWEIGHTED, arm="treated")


def had_to_wait(printer: Printer) -> bool:
    """Whether each control survived a wait of the treated patients, which only a wait before time zero can be."""
    zero = printer.config.cohort.time_zero
    return zero.match_waits and zero.historical == "first_eligible_hour" and treated_later(printer) is None


def immortal_time(printer: Printer) -> Markup:
    """What is said of treatment after time zero, '' where it is at time zero."""
    later = treated_later(printer)
    if later is not None:
        return printer.word("bias.immortal", hours=printer.number(later))
    undated = printer.results.one(AnalysisKey.GATE_TREATMENT_UNDATED, Statistic.STATE, method=UNWEIGHTED, arm="treated")
    return printer.word("bias.immortal_undated") if undated else Markup("")
