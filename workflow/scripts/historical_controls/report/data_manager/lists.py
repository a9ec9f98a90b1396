"""Lists of the internal cleaning page: what to settle first, loss by arm, suspicions, people on hold, records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.arms import ARMS, CONTRAST
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.ard.queries import Result
from historical_controls.report.data_manager.held_records import HeldRecords
from historical_controls.report.printing.html_table import HtmlTable, Row
from historical_controls.report.printing.printer import Printer
from historical_controls.text.formatting import format_number
from historical_controls.text.hints import Hints

# Characters of a cell as sent; a broken file may have a whole page in one.
LONGEST = 160
# A reason for which a person keeps records out: it counts as loss, and there is nothing left to do.
SETTLED = "EXCLUDED"
# Control characters would be invisible, or change what stands beside them.
VISIBLE = {code: 0x2400 + code for code in range(32)} | {0x7F: 0x2421}
RECORD_COLUMNS = ("line", "item", "subject", "analyte", "raw_value", "reason")


def sent(printer: Printer, text: object) -> Markup:
    """Text as sent: escaped, set apart from the writing direction around it, control characters shown, cut if huge."""
    plain = "" if not isinstance(text, str) else text
    short = plain if len(plain) <= LONGEST else f"{plain[:LONGEST]}…"
    return printer.fact(Markup("<bdi>{}</bdi>").format(short.translate(VISIBLE)))


def rank(printer: Printer, outcome: str) -> int:
    """0 for the primary outcome and what it is computed from, 1 for key secondary ones, 2 for the others."""
    config = printer.config
    main = config.primary.outcome
    rule = config.cohort.derivations.get(main)
    # All names in the rule of the primary outcome: numerator, denominator, and what stands in for them.
    parts = [value for value in rule.model_dump().values() if isinstance(value, str)] if rule else []
    if outcome in (main, *parts):
        return 0
    return 1 if outcome in config.primary.key_secondary else 2


def settle_table(printer: Printer) -> HtmlTable | None:
    """Reasons by outcome, the primary outcome's first and then by number of records; None where nothing is open."""
    found: dict[tuple[str, str], dict[str, Result]] = defaultdict(dict)
    for row in printer.results.all(AnalysisKey.LEDGER_LOSS_ARMS, Statistic.N_RECORDS, method="quarantined"):
        if row.level != SETTLED:
            found[row.outcome, row.level][row.arm] = row
    if not found:
        return None
    total = {key: sum(row.value or 0 for row in arms.values()) for key, arms in found.items()}
    # The key last, so that equal counts have one order.
    order = sorted(found, key=lambda key: (rank(printer, key[0]), -total[key], key))
    rows = [_settle_row(printer, outcome, reason, found[outcome, reason]) for outcome, reason in order]
    heads = ("reason", "outcome", *ARMS, "remedy", "records_link")
    return _table(printer, "settle", heads, rows)


def _settle_row(printer: Printer, outcome: str, reason: str, arms: dict[str, Result]) -> Row:
    place = rank(printer, outcome)
    role = printer.word(f"cleaning.rank_{place}") if place < 2 else Markup("")
    label = printer.label(outcome) if outcome in printer.dictionary.outcomes else printer.word("cleaning.no_outcome")
    counts = (printer.number(arms[arm]) if arm in arms else printer.word("cleaning.none") for arm in ARMS)
    # The page's filter reads '=PCT' as a whole cell; without the sign 'PCT' would be found within other texts.
    show = Markup('<a class="show" href="#held" data-filter="{}{}">{}</a>').format(
        reason, f" ={outcome}" if outcome else "", printer.word("cleaning.show")
    )
    remedy = printer.fact(printer.words.entry("ledger_remedy", reason))
    cells = (Markup("{} <small>{}</small>").format(label, role), *counts, remedy, show)
    return Row(printer.fact(printer.words.entry("ledger_reason", reason)), cells)


def loss_table(printer: Printer) -> HtmlTable | None:
    """Share of usable records held per arm and their difference, for outcomes that lost any; None where none did."""
    lost = {
        row.outcome for row in printer.results.all(AnalysisKey.LEDGER_LOSS_ARMS, Statistic.N_QUARANTINED) if row.value
    }
    codes = sorted(lost & set(printer.dictionary.outcomes), key=lambda code: (rank(printer, code), code))
    rows = [
        Row(
            printer.label(code),
            (
                *(_share(printer, Statistic.SHARE_HELD, code, arm=arm) for arm in ARMS),
                _share(printer, Statistic.DIFFERENCE, code, contrast=CONTRAST),
            ),
        )
        for code in codes
    ]
    return _table(printer, "loss", ("outcome", *ARMS, "difference"), rows, (printer.word("cleaning.loss_note"),))


def _share(printer: Printer, statistic: Statistic, outcome: str, arm: str = "", contrast: str = "") -> Markup:
    value, lower, upper = (
        printer.results.one(AnalysisKey.LEDGER_LOSS_ARMS, name, outcome=outcome, arm=arm, contrast=contrast)
        for name in (statistic, Statistic.LOWER, Statistic.UPPER)
    )
    if value is None:
        return printer.number(None)
    return printer.word(
        "cleaning.interval", value=printer.number(value), lower=printer.number(lower), upper=printer.number(upper)
    )


def findings_table(printer: Printer, findings: pd.DataFrame, hints: Hints) -> HtmlTable | None:
    """Findings, each with what to do and the suggested config line; None where there are none."""
    ordered = findings.assign(rank=[rank(printer, code) for code in findings["outcome"]])
    ordered = ordered.sort_values(["rank", "n"], ascending=[True, False])
    rows = [_finding_row(printer, row, hints) for row in ordered.to_dict("records")]
    return _table(printer, "findings", ("finding", "place", "value", "n_records", "remedy", "line_to_add"), rows)


def _finding_row(printer: Printer, row: Mapping[Any, Any], hints: Hints) -> Row:
    code = str(row["outcome"])
    label = printer.label(code) if code in printer.dictionary.outcomes else Markup("")
    place = Markup("{} / {} <small>{}</small>").format(
        sent(printer, row["source"]), sent(printer, row["file"]) if row["file"] else printer.word("cleaning.any"), label
    )
    # Both as sent: the canonical value beside the unit sent would say something that no file does.
    value = Markup("{} {}").format(sent(printer, row["raw_value"]), sent(printer, row["unit"]))
    kind = str(row["finding"])
    return Row(
        printer.fact(printer.words.entry("finding", kind)),
        (
            place,
            value,
            printer.fact(format_number(float(str(row["n"])), "0")),
            printer.fact(printer.words.entry("finding_remedy", kind)),
            Markup("<code>{}</code>").format(sent(printer, hints(row["config_line"] or row["hint"]))),
        ),
    )


def people_table(printer: Printer, people: pd.DataFrame) -> HtmlTable | None:
    """Ids on hold and the crosswalk line that would settle each; None where nobody is."""
    held = people.loc[people["hold"] != ""].sort_values(["source", "subject"])
    rows = [
        Row(
            sent(printer, row["subject"]),
            (
                sent(printer, row["source"]),
                printer.fact(printer.words.entry("ledger_reason", row["hold"])),
                Markup("<code>{},{},{}</code>").format(
                    sent(printer, row["source"]), sent(printer, row["subject"]), printer.word("cleaning.person_name")
                ),
            ),
        )
        for row in held.to_dict("records")
    ]
    return _table(printer, "holds", ("subject", "source", "reason", "line_to_add"), rows)


def affected_table(printer: Printer, held: HeldRecords) -> HtmlTable | None:
    """The ids that lose most records; None where no id loses any."""
    rows = [
        Row(
            sent(printer, subject),
            (sent(printer, source), *(printer.fact(format_number(n, "0")) for n in (quarantined, clean))),
        )
        for source, subject, clean, quarantined in held.subjects.itertuples(index=False, name=None)
    ]
    return _table(printer, "affected", ("subject", "source", "quarantined", "clean"), rows)


def resolved_table(printer: Printer, resolutions: pd.DataFrame) -> HtmlTable | None:
    """Decisions of people on single records; None where there are none."""
    rows = [_resolved_row(printer, row) for row in resolutions.to_dict("records")]
    return _table(
        printer, "resolved", ("file", "line", "item", "reason", "decision", "cell", "who", "date", "why"), rows
    )


def _resolved_row(printer: Printer, row: Mapping[Any, Any]) -> Row:
    place = Markup("{} / {}").format(sent(printer, row["source"]), sent(printer, row["file"]))
    cell = Markup("{}: {}").format(sent(printer, row["column"]), sent(printer, row["text"])) if row["column"] else ""
    cells = (
        printer.fact(row["line"]),
        sent(printer, row["item"]),
        sent(printer, row["reason"]),
        printer.word(f"cleaning.decision_{row['decision']}"),
        Markup(cell),
        *(sent(printer, row[name]) for name in ("who", "date", "why")),
    )
    return Row(place, cells)


def records_table(printer: Printer, held: HeldRecords, hints: Hints) -> HtmlTable | None:
    """The first records held back, as sent; None where none are."""
    rows = [_record_row(printer, row, hints) for row in held.records.to_dict("records")]
    return _table(printer, "records", ("file", *RECORD_COLUMNS, "hint"), rows)


def _record_row(printer: Printer, row: Mapping[Any, Any], hints: Hints) -> Row:
    reason = str(row["reason"])
    why = Markup("{} <small>{}</small>").format(
        printer.fact(printer.words.entry("ledger_reason", reason)), sent(printer, reason)
    )
    cells = (sent(printer, row["item"]), sent(printer, row["subject"]), sent(printer, row["analyte"]))
    place = Markup("{} / {}").format(sent(printer, row["source"]), sent(printer, row["file"]))
    hint = hints(row["hint"]) if isinstance(row["hint"], str) else ""
    return Row(place, (printer.fact(row["line"]), *cells, sent(printer, row["raw_value"]), why, sent(printer, hint)))


def _table(
    printer: Printer, name: str, heads: tuple[str, ...], rows: list[Row], notes: tuple[Markup, ...] = ()
) -> HtmlTable | None:
    if not rows:
        return None
    printed = tuple(printer.word(f"arm.{head}" if head in ARMS else f"cleaning.{head}") for head in heads)
    return HtmlTable(name, "", printer.word(f"cleaning.{name}_title"), printed, tuple(rows), notes)
