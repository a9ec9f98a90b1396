"""The statistician's report and the documents that carry its tables."""

from .checklists import load_items
from .page import render_statistician_report
from .registry import declared_tables, load_differences
from .rtf import rtf_tables
from .word import write_word

__all__ = [
    "declared_tables",
    "load_differences",
    "load_items",
    "render_statistician_report",
    "rtf_tables",
    "write_word",
]
