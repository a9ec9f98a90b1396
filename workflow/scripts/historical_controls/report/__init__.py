"""Reports: what can a reader take home? Pages and exports print rows of the results table, and compute nothing."""

from .exports import export_index, export_tables
from .outputs import Output, load_outputs, table_names
from .page import render_report

__all__ = ["Output", "export_index", "export_tables", "load_outputs", "render_report", "table_names"]
