"""How much the answer hangs on one patient, and what would settle it."""

from __future__ import annotations

from markupsafe import Markup

from .html_table import HtmlTable
from .printer import Printer


def fragile(printer: Printer) -> list[Markup]:
    """Sentences on what would overturn the primary result; none where nothing was looked at."""
    return []


def settle(printer: Printer) -> list[Markup]:
    """How large a difference this study could have seen."""
    return []


def benchmark_table(printer: Printer) -> HtmlTable | None:
    """Published trials beside ours; None without rows."""
    return None
