"""Reports: what can a reader take home? Pages and exports print rows of the results table, and compute nothing."""

from .cleaning_page import render_cleaning_page
from .exports import export_index, export_tables, write_frames
from .held_records import read_held
from .outputs import Output, load_outputs, table_names
from .page import render_report

__all__ = [
    "Output",
    "export_index",
    "export_tables",
    "load_outputs",
    "read_held",
    "render_cleaning_page",
    "render_report",
    "table_names",
    "write_frames",
]
