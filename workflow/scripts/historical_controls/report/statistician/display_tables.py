"""Listings of single patients that may be shared: display ids and study days, from the table `display`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from historical_controls.ard.keys.outputs import OutputId
from historical_controls.report.printing.html_table import HtmlTable, Row
from historical_controls.report.printing.outputs import Output
from historical_controls.report.printing.printer import Printer
from historical_controls.report.statistician.names import Names
from historical_controls.report.statistician.tables import Section, number
from historical_controls.text.display_order import by_display_id, ordered
from historical_controls.text.formatting import format_number

ENDS = ("death", "discharge_alive", "transfer_out")
ELSEWHERE: dict[str, str] = {OutputId.HELD_RECORDS: "results/clean/quarantine.csv"}


def listing_sections(printer: Printer, outputs: Mapping[str, Output], display: pd.DataFrame) -> list[Section]:
    """Every registered listing, and where it is kept; a report that is public shows no listing of single patients."""
    chosen = sorted((one for one in outputs.values() if one.kind == "listing"), key=lambda one: number(one.output_id))
    shared: dict[str, Any] = {OutputId.TREATED_TIMELINE: end_of_follow_up, OutputId.TREATED_VALUES: treated_values}
    made = []
    for output in chosen:
        title = printer.fact(output.title(printer.words.language))
        # Rows by patient are shown only where the study has declared the report internal.
        shown = output.output_id in shared and not printer.config.report.public
        table = shared[output.output_id](printer, display) if shown else None
        file = ELSEWHERE.get(output.output_id, f"results/internal/listings/{output.file_name}")
        kept = printer.word("stat.internal", file=Markup("<code data-fact>{}</code>").format(file))
        made.append(Section(output, title, (table,) if table else (), kept, False))
    return made


def _ends(printer: Printer) -> list[str]:
    """What may end follow-up before the horizon, those that the study declares among them."""
    return [*ENDS, *printer.config.cohort.ends_with]


def end_of_follow_up(printer: Printer, display: pd.DataFrame) -> HtmlTable | None:
    """How and when each patient's follow-up ended, where it ended before the horizon."""
    ends = display[display["item"].isin(_ends(printer))].sort_values("display_id", key=by_display_id)
    rows = tuple(_end(printer, row) for row in ends.to_dict("records"))
    if not rows:
        return None
    names = Names(printer)
    heads = (printer.word("stat.patient"), names.key("arm"), names.key("level"), names.key("day"))
    return HtmlTable(
        "l16_2_1", OutputId.TREATED_TIMELINE, printer.word("stat.end_of_follow_up"), heads, rows, n_names=3
    )


def _end(printer: Printer, row: Mapping[Any, Any]) -> Row:
    how = printer.ending(str(row["item"]))
    return Row(printer.fact(row["display_id"]), (printer.word(f"arm.{row['arm']}"), how, _day(printer, row["day"])))


def treated_values(printer: Printer, display: pd.DataFrame) -> HtmlTable | None:
    """One row an outcome and day, one column a treated patient; a limit carries its sign."""
    values = display[(display["arm"] == "treated") & ~display["item"].isin(_ends(printer)) & display["value"].notna()]
    if values.empty:
        return None
    patients = ordered(values["display_id"])
    names = Names(printer)
    order = {code: place for place, code in enumerate(printer.config.outcomes)}
    found = values.to_dict("records")
    cells = {(row["item"], row["day"], row["display_id"]): _value(printer, row) for row in found}
    # The config's order of outcomes, then days by number.
    lines = sorted({line[:2] for line in cells}, key=lambda line: (order.get(line[0], len(order)), line))
    rows = tuple(
        Row(
            names.value("outcome", item),
            (_day(printer, day), *(cells.get((item, day, one), Markup("")) for one in patients)),
        )
        for item, day in lines
    )
    heads = (names.key("outcome"), names.key("day"), *(printer.fact(one) for one in patients))
    return HtmlTable("l16_2_3", OutputId.TREATED_VALUES, printer.word("stat.treated_values"), heads, rows, n_names=2)


def _day(printer: Printer, day: float) -> Markup:
    return printer.fact(f"{day:.1f}".removesuffix(".0"))


def _value(printer: Printer, row: Mapping[Any, Any]) -> Markup:
    entry = printer.dictionary.outcomes.get(row["item"])
    decimals = 2 if entry is None else entry.decimals
    return printer.fact(f"{row['censored']}{format_number(row['value'], f'{0:.{decimals}f}')}")
