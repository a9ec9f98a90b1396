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


LIMITS_IN_WORDS = {
    "<": (
        *("{} o menos", "{} ó menos", "{} O MENOS", "{} o menor", "{} o inferior", "{} o por debajo", "{} y menos"),
        *("{} or less", "{} or lower", "{} or fewer", "{} or below", "{} and under", "{} (or less)", "{} at most"),
        *("{} como máximo", "menor de {}", "MENOR QUE {}", "menor igual a {}", "igual o menor que {}", "menos de {}"),
        *("inferior o igual a {}", "hasta {}", "Hasta {}", "por debajo de {}", "abajo de {}", "como máximo {}"),
        *(
            "a lo más {}",
            "no más de {}",
            "no mayor a {}",
            "no mayor de {}",
            "up to {}",
            "at most {}",
            "no more than {}",
        ),
        *("not greater than {}", "less than or equal to {}", "equal to or less than {}", "fewer than {}", "under {}"),
        *("<{} o menos", "lower than {}", "below {}"),
    ),
    ">": (
        *("{} o más", "{} o mas", "{} O MÁS", "{} ó más", "{} o mayor", "{} o superior", "{} o más.", "{} (o más)"),
        *("{} y más", "{} en adelante", "{} como mínimo", "{} or more", "{} OR MORE", "{} or greater", "{} or higher"),
        *("{} or above", "{} and over", "{} and up", "más de {}", "MAS DE {}", "mayor que {}", "mayor  que {}"),
        *("mayor o igual que {}", "igual o mayor a {}", "superior a {}", "arriba de {}", "por encima de {}"),
        *("a partir de {}", "al menos {}", "por lo menos {}", "como mínimo {}", "no menos de {}", "no menor de {}"),
        *("at least {}", "no less than {}", "not less than {}", "more than {}", "higher than {}", "over {}", ">= {}"),
        *("> {} o más", "equal or greater than {}", "ma\u0301s de {}", "{} o ma\u0301s"),
    ),
}


@pytest.mark.parametrize(
    ("words", "operator"), [(words, side) for side, texts in LIMITS_IN_WORDS.items() for words in texts]
)
def test_limits_in_words_are_limits(words: str, operator: str) -> None:
    for blank in (" ", "\u00a0", "\u202f"):
        spaced = words.replace(" ", blank)
        assert read_number(spaced.format("2256"), PLAIN) == ParsedCell(operator, 2256)
        assert read_number(spaced.format("1.234,5"), SPANISH) == ParsedCell(operator, 1234.5)
        assert read_number(spaced.format("0.5 mg/L"), PLAIN) == ParsedCell(operator, 0.5, "mg/L")
        assert read_number(spaced.format("0,5"), PLAIN).problem == "NUM_AMBIGUOUS"
    assert read_number(f"{words.format('12')} mg/L".replace(". ", " "), PLAIN) == ParsedCell(operator, 12, "mg/L")
    assert read_number(f"{words.format('12')} H".replace(". ", " "), PLAIN) == ParsedCell(operator, 12, remark="H")


@pytest.mark.parametrize(
    "text",
    [
        *("2256 o mas?", "¿2256 o más?", "2256 o más o menos", "más o menos 5", "5 más o menos", "5 more or less"),
        *("o más", "up to", "5 o más de 6", "5 más", "5 menos", "< 5 o más", "menos de 5 o más", "hasta 5 o más"),
        *("> 5 or less", "5 a 6 o más", "más de 5 a 6", "hasta 5 - 6", "10 o más 12", "mayor 5", "mínimo 5"),
        *("máx 38.5?", "120 over 80", "5 or less?", "5 above", "hastal 5", "overt 5", "5 minimum"),
    ],
)
def test_words_that_do_not_say_one_limit_are_held(text: str) -> None:
    reading = read_number(text, PLAIN)
    assert reading.problem in {"NUM_UNREADABLE", "NUM_AMBIGUOUS"}
    assert math.isnan(reading.number)


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
