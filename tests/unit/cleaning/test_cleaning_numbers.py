"""Numbers in every declared style give their value back; what could be two numbers, or none, is held."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from historical_controls.cleaning.cells.numbers import NumberStyle, ParsedCell, read_finding, read_number

STYLES = [NumberStyle(d, t) for d in ".," for t in (None, ".", ",", " ", "'") if d != t]
PLAIN, SPANISH = NumberStyle(".", None), NumberStyle(",", ".")
SIGNS = {"": 1, "+": 1, "-": -1, "\u2212": -1}


def grouped(whole: int, mark: str | None) -> str:
    return f"{whole:,}".replace(",", mark) if mark else str(whole)


@given(
    style=st.sampled_from(STYLES),
    whole=st.integers(0, 10**9),
    part=st.text("0123456789", max_size=6),
    sign=st.sampled_from(list(SIGNS)),
    exponent=st.sampled_from(["", "e3", "E-4", "e+02"]),
    operator=st.sampled_from(["", "<", ">", "< ", ">= ", "≤", "menor a ", "MAYOR QUE ", "less than "]),
    unit=st.sampled_from(["", " mg/L", "mg/dL", " %", "%", " x10^3/µL", "°C", " ng/mL FEU"]),
    group=st.booleans(),
)
def test_a_rendered_number_reads_back(
    style: NumberStyle, whole: int, part: str, sign: str, exponent: str, operator: str, unit: str, group: bool
) -> None:
    number = grouped(whole, style.thousands if group else None) + (style.decimal + part if part else "")
    reading = read_number(f" {operator}{sign}{number}{exponent}{unit} ", style)
    expected = SIGNS[sign] * float(f"{whole}.{part or 0}{exponent}")
    assert reading.problem == ""
    assert reading.number == expected
    assert reading.unit == unit.strip()
    kind = operator.strip().casefold()
    assert reading.operator == ("" if not kind else "<" if kind in {"<", "≤", "menor a", "less than"} else ">")


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("1,250", PLAIN),
        ("1.250", NumberStyle(",", None)),
        ("0.123", SPANISH),
        ("1.25", SPANISH),
        ("12.5", SPANISH),
        ("1.2345", SPANISH),
        ("0,123", NumberStyle(".", ",")),
        ("1,25", NumberStyle(".", ",")),
        ("1.234.5", SPANISH),
        ("1 250", PLAIN),
    ],
)
def test_marks_that_were_not_declared_are_never_guessed(text: str, style: NumberStyle) -> None:
    for cell in (text, f"<{text}", f"{text} mg/L", f"-{text}"):
        assert read_number(cell, style) == ParsedCell(problem="NUM_AMBIGUOUS"), cell


@pytest.mark.parametrize(
    "text",
    [
        *("15-12", "15 - 12", "12–12", "12/15:00", "3+", "1+", "+++", "+", "-", "--", "", "abc", "n/a", "#DIV/0!"),
        *("=1+1", "@SUM(A1)", "1e400", "-1e400", "9" * 400, "1e-400", "١٢", "１２", "1_000", "inf", "nan", "1.5.2 x"),
        *("\x00", "1\x002", "1\n2", "<<5", "<>5", "< -", "5 <", "1:30", "2020-05-04", "½", "5²"),
    ],
)
def test_what_is_no_number_is_held(text: str) -> None:
    for style in STYLES:
        reading = read_number(text, style)
        assert math.isnan(reading.number), reading
        assert reading.problem in {"NUM_UNREADABLE", "NUM_AMBIGUOUS", "SEMIQUANTITATIVE"}
        assert not reading.not_done


@pytest.mark.parametrize(
    ("text", "operator", "number"),
    [
        ("0.02 (LOD)", "<", 0.02),
        ("<0.02 (LOD)", "<", 0.02),
        ("0.02 (límite de detección)", "<", 0.02),
        (">5000 (LOD)", ">", 5000),
        ("< 0.5", "<", 0.5),
        ("<=0.5", "<", 0.5),
        ("=<0.5", "<", 0.5),
        ("≥ 1650", ">", 1650),
        ("menor o igual a 3", "<", 3),
        ("Mayor de 3", ">", 3),
        ("por debajo de 3", "<", 3),
        ("greater than or equal to 3", ">", 3),
    ],
)
def test_limits_keep_their_side(text: str, operator: str, number: float) -> None:
    assert read_number(text, PLAIN) == ParsedCell(operator, number)


@pytest.mark.parametrize(
    "text", ["ND", "n.d.", "No detectable", "INDETECTABLE", "<LOD", "< LOD", "< LD", "not detected"]
)
def test_below_a_limit_that_is_not_stated(text: str) -> None:
    assert read_number(text, PLAIN) == ParsedCell(problem="LOD_NO_LIMIT")


@pytest.mark.parametrize(
    "text",
    [
        "Pendiente",
        "CANCELADO",
        "No se realizó",
        "muestra insuficiente",
        "Muestra hemolizada",
        "***",
        "s/d",
        "Ver nota 2",
    ],
)
def test_not_done_is_a_record_of_its_own(text: str) -> None:
    assert read_number(text, PLAIN) == ParsedCell(not_done=True)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("POSITIVO", "positive"),
        ("No detectado", "negative"),
        ("Sí", "yes"),
        ("indeterminado", "indeterminate"),
        ("+", None),
        ("12", None),
    ],
)
def test_findings(text: str, finding: str | None) -> None:
    assert read_finding(text) == finding


@given(st.text(max_size=30), st.sampled_from(STYLES))
def test_no_text_gives_a_traceback_or_an_unfounded_number(text: str, style: NumberStyle) -> None:
    reading = read_number(text, style)
    assert math.isnan(reading.number) or any(c in "0123456789" for c in text)
    assert math.isfinite(reading.number) or reading.problem or reading.not_done
    read_finding(text)


@pytest.mark.parametrize(
    "cell", ["9" * 100_000, "1." * 50_000, " " * 100_000 + "x", "<" * 100_000, "1e" * 50_000, "a " * 50_000]
)
def test_a_huge_cell_takes_no_time(cell: str) -> None:
    start = time.perf_counter()
    for style in STYLES:
        read_number(cell, style)
    assert time.perf_counter() - start < 5
