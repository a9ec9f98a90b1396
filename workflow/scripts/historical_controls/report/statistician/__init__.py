"""The statistician's report and the documents that carry its tables."""

from .page import render_statistician_report
from .rtf import rtf_tables
from .word import write_word

__all__ = ["render_statistician_report", "rtf_tables", "write_word"]
