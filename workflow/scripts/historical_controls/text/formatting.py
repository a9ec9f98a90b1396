"""How numbers and units are printed, in pages, figures and tables alike: the one place where digits become text."""

from __future__ import annotations

import math

DASH = "–"
MINUS = "−"
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def format_number(value: float | None, format: str) -> str:
    """`value` as the results table's `format` says ('0', '0.0', ..., 'p', 'percent', 'percent.0'); a dash for none.

    Mexican Spanish and English share the decimal point and the comma of thousands. A share is printed
    as a percentage, whole where the format names no decimals. A p-value is never printed as 0.000 or 1.00.
    '<5' stands for itself: a count too small to be shared.
    """
    if format.startswith("<"):
        return format
    if value is None or math.isnan(value):
        return DASH
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if format.startswith("percent"):
        return f"{_plain(100 * value, decimals(format))}%"
    if format == "p":
        return _p_value(value)
    return _plain(value, decimals(format))


def format_share(share: float, places: int = 0) -> str:
    """A share of records as a percentage; one too small to print is '<1%' (with one decimal '<0.1%'), and not none."""
    text = _plain(100 * share, places)
    shown_as_zero = not text.strip("0.,")
    return f"<{10.0**-places:g}%" if share > 0 and shown_as_zero else f"{text}%"


def _p_value(value: float) -> str:
    """Two significant digits, with at most three decimals: 0.43, 0.043, 0.004; '<0.001' and '>0.99' beyond them."""
    if value < 0.001:
        return "<0.001"
    # As in the AMA Manual of Style (11th ed., "P value"): 1.00 would be read as certainty.
    if value > 0.99:
        return ">0.99"
    # What rounds to 0.10 has two digits with two decimals already.
    return _plain(value, 3 if value < 0.0995 else 2)


def decimals(format: str) -> int:
    """Decimal places that a number format prints."""
    return len(format.partition(".")[2])


def _plain(value: float, places: int) -> str:
    text = f"{abs(value):,.{places}f}"
    # A small negative number that rounds to zero would be printed as minus zero.
    shown_as_zero = not text.strip("0.,")
    return text if value >= 0 or shown_as_zero else f"{MINUS}{text}"


def format_unit(unit: str) -> str:
    """A canonical unit as a reader expects it: '10^9/L' becomes '10⁹/L', 'Cel' becomes '°C'."""
    if unit in {"C", "Cel", "degC"}:
        return "°C"
    head, power, tail = unit.partition("^")
    if not power:
        return unit
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return head + tail[:digits].translate(_SUPERSCRIPTS) + tail[digits:]
