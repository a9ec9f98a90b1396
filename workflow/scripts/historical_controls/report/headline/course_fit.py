"""Whether the fitted course of the mean follows the data: what pages say of outcomes where a richer one fits better."""

from __future__ import annotations

from markupsafe import Markup

from historical_controls.ard.keys.analyses import AnalysisKey
from historical_controls.ard.keys.statistics import Statistic
from historical_controls.report.printing.printer import Printer


def richer_course_fits(printer: Printer, code: str) -> bool:
    """Return whether the check of the mean (EM-4) speaks up for an outcome."""
    doubt = printer.results.one(AnalysisKey.MIXED_MODEL, Statistic.LACK_OF_FIT, outcome=code)
    return doubt is not None and doubt.text == "yes"


def course_doubted(printer: Printer, code: str) -> Markup:
    """Return that an estimate of one day may be off where the fitted curve misses the means; else nothing."""
    if not richer_course_fits(printer, code):
        return Markup("")
    p_value = printer.results.one(AnalysisKey.MIXED_MODEL, Statistic.LACK_OF_FIT_P, outcome=code)
    return printer.word("course.doubted", p=printer.number(p_value))
