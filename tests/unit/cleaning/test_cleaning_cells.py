"""What stands in a result cell besides a plain number: ranges, grades, flags, notes, units, limits without a number."""

from __future__ import annotations

import numpy as np
import pytest
from cleaning_study import LAB, fates, lab, value_of
from hypothesis import given
from hypothesis import strategies as st

from historical_controls.cleaning.cells.numbers import NumberStyle, ParsedCell, read_number

PLAIN, SPANISH = NumberStyle(".", None), NumberStyle(",", ".")
STYLES = [NumberStyle(d, t) for d in ".," for t in (None, ".", ",", " ", "'") if d != t]
# A flag is taken off a number and leaves it as it is.
FLAGS = ["{} H", "{} L", "{}H", "{} HH", "{} *", "{}*", "{} (alto)", "{} (H)", "{} [L]", "{} ↑", "↑{}", "* {}", "H {}"]
FLAGS += ["{} bajo", "{} CRÍTICO", "{} A", "{} B", "{} N", "{} !", "(alto) {}", "{} * H"]
FLAGS += [
    "{} low",
    "{} (bajo)",
    "{} elevado",
    "{} elevated",
    "(low) {}",
    "[bajo] {}",
    "L {}",
    "low {}",
    "LOW {}",
    "high {}",
]
FLAGS += ["alto {}", "Alta {}", "baja {}", "elevado {}", "elevated {}", "disminuido {}", "decreased {}"]
NOTES = ["{} hemolizada", "{} (muestra hemolizada)", "{}, ver nota 3", "{} - muestra lipémica", "{} verificado"]


def rendered(whole: int, part: str, style: NumberStyle, group: bool) -> str:
    grouped = f"{whole:,}".replace(",", style.thousands or "") if group and style.thousands else str(whole)
    return grouped + (style.decimal + part if part else "")


PARTS = st.text("0123456789", max_size=4)


# The words for 'less' and 'more' are limits on either side of the number, in both languages, and no marks.
WORDED = ["inferior a {}", "menor que {}", "below {}", "under {}", "less than {}", "{} o menos", "{} or less"]


@pytest.mark.parametrize("words", [*FLAGS, *WORDED])
def test_a_mark_leaves_a_number_and_a_word_of_a_limit_a_limit(words: str) -> None:
    row = lab({"result": words.format(5)}).measurements.iloc[0]
    if words in WORDED:
        assert (np.isnan(row["value"]), row["upper"], row["flags"]) == (True, 5, "")
    else:
        assert (row["value"], row["lower"], row["upper"], row["flags"]) == (5, 5, 5, "LAB_FLAG")


@pytest.mark.parametrize("text", ["bajo 5", "BAJO 5", "Bajo  5 mg/L", "bajo 4-5"])
def test_bajo_before_a_number_is_held_until_its_meaning_is_declared(text: str) -> None:
    held = lab({"result": text}).ledger.iloc[0]
    assert (held["fate"], held["reason"]) == ("quarantined", "NUM_AMBIGUOUS")
    assert "declare 'bajo_means: mark', or limit" in held["hint"]
    word = {"texts": [text], "outcome": "CRP", "means": "below", "value": 5}
    assert value_of(lab({"result": text}, words=[word]), "upper") == 5
    if "-" not in text:
        marked, limit = (lab({"result": text}, bajo_means=said) for said in ("mark", "limit"))
        assert (value_of(marked), value_of(marked, "flags")) == (5, "LAB_FLAG")
        assert (np.isnan(value_of(limit)), value_of(limit, "upper"), value_of(limit, "flags")) == (True, 5, "")


@pytest.mark.parametrize("said", ["hold", "mark", "limit"])
def test_bajo_elsewhere_says_one_thing(said: str) -> None:
    assert value_of(lab({"result": "5 (bajo)"}, bajo_means=said)) == 5
    assert value_of(lab({"result": "5 bajo"}, bajo_means=said)) == 5
    assert value_of(lab({"result": "bajo < 5"}, bajo_means=said), "upper") == 5


@given(
    whole=st.integers(0, 10**6),
    part=PARTS,
    style=st.sampled_from(STYLES),
    group=st.booleans(),
    unit=st.sampled_from(["", " mg/L", " ng/mL (FEU)", " %", " 10^3/uL", " 10*9/L", " x10³/µL", " K/uL"]),
    mark=st.sampled_from(FLAGS + NOTES),
    sign=st.sampled_from(["", "<", "> "]),
)
def test_a_flag_or_note_beside_a_number_is_no_unit(
    whole: int, part: str, style: NumberStyle, group: bool, unit: str, mark: str, sign: str
) -> None:
    number = rendered(whole, part, style, group)
    tail = unit if mark != "{}H" else ""
    reading = read_number(mark.format(f"{sign}{number}{tail}"), style)
    assert (reading.operator, reading.number) == (sign.strip(), float(f"{whole}.{part or 0}"))
    assert (reading.unit, reading.problem) == (tail.strip(), "")
    assert reading.remark


@given(
    low=st.integers(0, 10**6),
    width=st.integers(1, 10**6),
    part=PARTS,
    style=st.sampled_from(STYLES),
    form=st.sampled_from(["{}-{}", "{} - {}", "{}–{}", "{} a {}", "entre {} y {}", "de {} a {}", "between {} and {}"]),
    unit=st.sampled_from(["", " mg/L", " %"]),
)
def test_a_rendered_range_gives_both_ends(
    low: int, width: int, part: str, style: NumberStyle, form: str, unit: str
) -> None:
    ends = (rendered(low, part, style, True), rendered(low + width, part, style, False))
    reading = read_number(form.format(*ends) + unit, style)
    assert reading.problem == "RANGE"
    assert (reading.number, reading.high) == (float(f"{low}.{part or 0}"), float(f"{low + width}.{part or 0}"))
    assert reading.unit == unit.strip()


def test_ranges_are_held_unless_they_are_declared_intervals() -> None:
    assert fates(lab({"result": "12-15"})) == ["RANGE"]
    row = lab({"result": "1.2 - 1.5", "unit": "mg/dL"}, ranges="interval").measurements.iloc[0]
    assert (np.isnan(row["value"]), row["lower"], row["upper"], row["flags"]) == (True, 12, 15, "RANGE")
    assert fates(lab({"result": "600-800"}, ranges="interval")) == ["OUT_OF_RANGE"]
    assert fates(lab({"result": "12-15 mg/dL"}, ranges="interval")) == ["UNIT_CONFLICT"]


@pytest.mark.parametrize("text", ["+", "++", "+++", "2+", "(+++)", "Trazas", "trace", "huellas", "Escasas"])
def test_a_grade_is_no_number(text: str) -> None:
    assert read_number(text, PLAIN).problem == "SEMIQUANTITATIVE"


LIMITS = {"A": {"CRP": {"lod": 0.03, "unit": "mg/dL"}, "PCT": {"lod": 0.02}}}


@pytest.mark.parametrize("text", ["ND", "n.d.", "No detectable", "<LOD", "por debajo del límite de detección", "BLQ"])
def test_not_detected_lies_below_the_limit_of_its_assay_where_that_is_declared(text: str) -> None:
    cleaned = lab({"result": text, "unit": ""}, {"result": text, "assay": "B"}, assay_limits=LIMITS)
    assert fates(cleaned) == ["clean", "LOD_NO_LIMIT"]
    row = cleaned.measurements.iloc[0]
    assert (np.isnan(row["value"]), row["lower"], row["upper"]) == (True, 0, pytest.approx(0.3))
    assert (row["flags"], row["raw_value"]) == ("LIMIT_OF_ASSAY", text)
    assert fates(lab({"result": text})) == ["LOD_NO_LIMIT"]


def test_the_assay_of_a_limit_may_itself_be_declared() -> None:
    cleaned = lab({"result": "ND", "assay": "", "test": "PCT"}, assays={"PCT": "a"}, assay_limits=LIMITS)
    assert value_of(cleaned, "upper") == 0.02


def test_above_an_unstated_limit_is_not_below_it() -> None:
    assert read_number(">LOD", PLAIN).problem == "NUM_UNREADABLE"


@pytest.mark.parametrize(
    ("text", "unit"), [("5 10^3/uL", "10^3/uL"), ("5 10*9/L", "10*9/L"), ("5 x10³/µL", "x10³/µL"), ("5 10⁹/L", "10⁹/L")]
)
def test_a_power_of_ten_is_a_unit_and_no_second_number(text: str, unit: str) -> None:
    assert read_number(text, PLAIN) == ParsedCell(number=5, unit=unit)
    assert value_of(lab({"test": "Leucocitos", "result": text, "unit": ""})) == 5


@pytest.mark.parametrize("text", ["38 C", "12 g / L", "61 a", "98.6 F", "12 mg/L", "3 mL", "1e3", "12 K/uL"])
def test_units_that_end_like_a_flag_stay_units(text: str) -> None:
    assert read_number(text, PLAIN).remark == ""


NOT_DONE = [
    "coagulada",
    "Muestra coagulada",
    "cantidad insuficiente",
    "No se realizaron estudios",
    "pendiente",
    "* * *",
]
NOT_DONE += ["cancelado por el servicio", "s/d", "S/M", "ver comentario", "sin reactivo", "QNS", "hemólisis ++"]


@pytest.mark.parametrize("text", NOT_DONE)
def test_what_was_not_done_keeps_the_denominator(text: str) -> None:
    cleaned = lab({"result": text, "unit": ""})
    assert (value_of(cleaned, "status"), fates(cleaned)) == ("not_done", ["clean"])


def test_a_flag_is_kept_with_the_value_and_a_note_counts_as_a_comment() -> None:
    row = lab({"result": "12 (alto)"}).measurements.iloc[0]
    assert (row["value"], row["flags"], row["raw_value"]) == (12, "LAB_FLAG", "12 (alto)")
    assert value_of(lab({"result": "12 hemolizada"}), "flags") == "SPECIMEN_BAD;LAB_FLAG"
    ferritin = {**LAB, "test": "Ferritina", "unit": "ng/mL", "result": "900 (muestra hemolizada)"}
    assert fates(lab(ferritin)) == ["SPECIMEN_BAD"]


def test_an_estimated_oxygen_fraction_is_flagged() -> None:
    cleaned = lab({"test": "FiO2", "unit": "%", "result": "40", "comment": "puntas nasales, estimada"})
    assert (value_of(cleaned), value_of(cleaned, "flags")) == (0.4, "FIO2_ESTIMATED")
    cleaned = lab({"test": "Índice de Kirby", "unit": "mmHg", "result": "140 (estimado)"})
    assert value_of(cleaned, "flags").split(";")[0] == "PF_ESTIMATED"


@given(st.text("0123456789.,-+<>≤ HL*()aynd%/µ", max_size=25), st.sampled_from(STYLES))
def test_what_is_read_is_a_number_of_the_cell(text: str, style: NumberStyle) -> None:
    reading = read_number(text, style)
    if reading.problem == "" and not reading.not_done:
        assert np.isfinite(reading.number)
        digits = "".join(c for c in text if c.isdigit())
        assert f"{abs(reading.number):.12g}".replace(".", "").strip("0").split("e")[0][:6] in digits.replace(
            "0" * 9, ""
        )
