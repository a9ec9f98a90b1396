"""The statistician's report and the documents that carry its tables."""

from .page import render_statistician_report

__all__ = ["render_statistician_report"]
