"""Tables designed for the investigators' page that statisticians read as they are, by output."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from historical_controls.ard.keys.outputs import OutputId
from historical_controls.report.investigator.comparability import gates_table, weighted_table
from historical_controls.report.investigator.data import ledger_table
from historical_controls.report.investigator.eligibility import care_table, matrix_table, readings_table
from historical_controls.report.investigator.outcomes import scenario_table
from historical_controls.report.investigator.people import baseline_table
from historical_controls.report.printing.html_table import HtmlTable
from historical_controls.report.printing.printer import Printer

# Before the shells of the same output, unless they are listed in LATER.
REUSED: Mapping[str, tuple[Callable[[Printer], HtmlTable | None], ...]] = {
    OutputId.ELIGIBILITY: (matrix_table,),
    OutputId.BASELINE: (baseline_table,),
    OutputId.CARE: (care_table,),
    OutputId.RECORDS: (ledger_table,),
    OutputId.GATES: (gates_table,),
    OutputId.BASELINE_WEIGHTED: (weighted_table,),
    OutputId.SENSITIVITY: (scenario_table,),
}
LATER: Mapping[str, tuple[Callable[[Printer], HtmlTable | None], ...]] = {OutputId.ATTRITION: (readings_table,)}
