"""A report as PDF, by weasyprint: an extra that not every machine can have."""

from __future__ import annotations

import re
from pathlib import Path

from historical_controls.errors import UserError

HINT = (
    "Install it with `pip install '.[pdf]'`; it needs the system's Pango library (on Debian: libpango-1.0-0 and "
    "libpangoft2-1.0-0). The HTML report can also be printed to PDF from any browser."
)


def pdf_of(report: Path) -> bytes:
    """The PDF of an HTML report as bytes. Raises UserError where weasyprint or its system libraries are missing.

    Folded rows are unfolded: paper cannot be clicked.
    """
    try:
        from weasyprint import HTML  # type: ignore[import-not-found]
    # weasyprint imports without its system libraries and then raises OSError.
    except (ImportError, OSError) as error:
        raise UserError("a PDF needs weasyprint, which cannot be loaded", str(error), HINT) from error
    html = re.sub(r"<details(?! open)", "<details open", report.read_text(encoding="utf-8"))
    return bytes(HTML(string=html).write_pdf())
