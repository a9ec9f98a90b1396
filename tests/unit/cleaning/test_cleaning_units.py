"""Every conversion against known pairs, there and back; a unit is never guessed."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pandas as pd
import pytest
from cleaning_study import DATES, LAB, LONG, ROOT, clean, dictionary, fates, lab, value_of
from hypothesis import given
from hypothesis import strategies as st

from historical_controls.cleaning.cells.numbers import release
from historical_controls.cleaning.cells.two_part_units import conversions_of_parts, read_two_parts
from historical_controls.cleaning.cells.units import conversion, conversions, converted
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.dictionary.folding import fold_unit
from historical_controls.dictionary.prefixes import prefix_factor

# outcome, raw value, raw unit, canonical value. Where no source is named: SI prefixes, exact by definition.
KNOWN = [
    ("PAO2", 10, "kPa", 75.0062),  # BIPM: conventional millimetre of mercury, 133.322 Pa
    ("PACO2", 5.33, "kPa", 39.978),  # the same
    ("PF", 26.7, "kPa", 200.27),  # Berlin definition: 200 mmHg = 26.7 kPa (JAMA 2012;307:2526)
    ("TEMP", 98.6, "°F", 37.0),  # definition of the Fahrenheit scale
    ("TEMP", 100.4, "[degF]", 38.0),
    ("TEMP", 32, "F", 0.0),
    ("TEMP", 37, "ºC", 37.0),
    ("FIO2", 60, "%", 0.6),
    ("FIO2", 21, "por ciento", 0.21),
    ("SPO2", 0.92, "fracción", 92),
    ("SF", 357, "%", 357),  # 75% over a fraction of 0.21: a ratio, whichever sign stands behind it
    ("WBC", 8500, "células/µL", 8.5),
    ("WBC", 8.5, "x10³/µL", 8.5),
    ("WBC", 8.5, "10*9/L", 8.5),
    ("LYMPH", 780, "/mm3", 0.78),
    ("LYMPH", 0.78, "K/uL", 0.78),
    ("PLT", 230000, "cel/mm3", 230),
    ("PLT", 230, "miles/µL", 230),
    ("CD4", 0.261, "10^9/L", 261),
    ("CD8", 0.14, "x10^9/L", 140),
    ("NK", 0.102, "10^3/uL", 102),
    ("NK", 102, "cels/uL", 102),
    ("FIB", 6.5, "g/L", 650),
    ("FIB", 650, "mg%", 650),
    ("CREAT", 88.42, "umol/L", 1.0),  # creatinine, 113.12 g/mol
    ("BILI", 17.104, "µmol/L", 1.0),  # bilirubin, 584.66 g/mol
    ("LACT", 9.008, "mg/dL", 1.0),  # lactic acid, 90.08 g/mol
    ("LACT", 2, "mmol/L", 2),
    ("PCT", 0.5, "µg/L", 0.5),
    ("PCT", 0.5, "mcg/L", 0.5),
    ("FERR", 1.25, "mg/L", 1250),
    ("FERR", 1250, "ug/L", 1250),
    ("FERR", 2247, "pmol/L", 999.9),  # ferritin, 445 kDa
    ("DDIM", 1.2, "mg/L FEU", 1200),
    ("DDIM", 1.2, "µg/mL (FEU)", 1200),
    ("DDIM", 1200, "ng FEU/mL", 1200),
    ("CRP", 12, "mg/dL", 120),
    ("CRP", 120, "µg/mL", 120),
    ("CRP", 9.524, "nmol/L", 1.0),  # AMA Manual of Style, SI conversion factors: mg/L x 9.524 = nmol/L
    ("IL6", 45, "ng/L", 45),
    ("LYMPH", 0.85, "mil/mm3", 0.85),
    ("PLT", 250, "x10e9/L", 250),
    ("TNFA", 9.6, "pg/mL", 9.6),
    ("ALB", 35, "g/L", 3.5),
    ("HGB", 135, "g/L", 13.5),
    ("WEIGHT", 154.3, "lb", 69.99),  # international avoirdupois pound, 0.45359237 kg
    ("HEIGHT", 1.72, "m", 172),
    ("AGE", 61, "años", 61),
    ("HR", 95, "lpm", 95),
    ("RR", 24, "rpm", 24),
    ("PEEP", 12, "cm H2O", 12),
    ("MAP", 75, "mm Hg", 75),
    ("GCS", 15, "puntos", 15),
    ("CTSS", 18, "/25", 18),
    ("GCS", 12, "/15", 12),
    ("SOFA", 5, "/24", 5),
    ("TREG", 4.1, "%", 4.1),
    ("PH", 7.31, "pH", 7.31),
    ("FIO2", 0.6, "fracción", 0.6),
    ("CRP", 120, "mg/L", 120),
    ("ALB", 3.5, "g/100 mL", 3.5),
    ("WEIGHT", 70, "kilogramos", 70),
    ("WEIGHT", 2560, "oz", 72.5748),  # avoirdupois ounce, 28.349523125 g (NIST Handbook 44, appendix C)
    ("HEIGHT", 172, "centímetros", 172),
    ("CD4", 261, "cel/mm3", 261),
    ("LDH", 300, "UI/L", 300),
    ("LYMPH_PCT", 12.5, "por ciento", 12.5),
    ("O2_FLOW", 5, "litros/min", 5),
    ("URINE_VOL", 350, "cc", 350),
    ("URINE_VOL", 1.5, "L", 1500),
    ("URINE", 1200, "mL/día", 1200),
    ("URINE", 1.2, "L/24 h", 1200),
    ("DDIM_DDU", 600, "µg/L DDU", 600),
    ("DDIM_DDU", 0.6, "mg/L (DDU)", 600),
    ("FEVER_HOURS", 6, "horas", 6),
    ("FEVER_DAYS", 2, "días", 2),
    ("CRP_RATIO", 0.5, "ratio", 0.5),
    ("HEIGHT", 6, "ft", 182.88),
    ("HEIGHT", 70, "in", 177.8),
    ("HEIGHT", 70, "pulgadas", 177.8),
    ("WEIGHT", 150, "[lb_av]", 68.039),
]


@pytest.fixture(scope="module")
def words() -> Dictionary:
    return dictionary()


@pytest.mark.parametrize(("code", "raw", "unit", "canonical"), KNOWN)
def test_a_known_pair_holds_in_both_directions(
    words: Dictionary, code: str, raw: float, unit: str, canonical: float
) -> None:
    factor, offset = conversion(code, unit, words)
    assert raw * factor + offset == pytest.approx(canonical, rel=1e-3, abs=1e-9)
    assert (canonical - offset) / factor == pytest.approx(raw, rel=1e-3)


def test_every_row_of_the_units_has_a_known_pair(words: Dictionary) -> None:
    with (ROOT / "data/dictionary/units.csv").open(encoding="utf-8", newline="") as stream:
        rows = [(row["outcome"], row["unit"]) for row in csv.DictReader(stream)]
    tried = {(code, conversion(code, unit, words)) for code, _, unit, _ in KNOWN}
    tried |= {("*" + words.outcomes[code].unit, conversion(code, unit, words)) for code, _, unit, _ in KNOWN}
    missing = []
    for outcome, unit in rows:
        code = (
            outcome
            if not outcome.startswith("*")
            else next(o.code for o in words.outcomes.values() if "*" + o.unit == outcome)
        )
        if (outcome, conversion(code, unit, words)) not in tried:
            missing.append((outcome, unit))
    assert missing == []


REFUSED = [
    ("DDIM", "ng/mL"),  # FEU or DDU is not said
    ("DDIM", "ng/mL DDU"),
    ("DDIM", "mg/L DDU"),
    ("DDIM", "ug/mL"),
    ("IL6", "IU/mL"),
    ("IL6", "UI/mL"),
    ("TNFA", "U/mL"),
    ("LYMPH", "%"),
    ("TREG", "cells/uL"),
    ("FIO2", "L/min"),
    ("CRP", "mg"),
    ("FERR", "IU/L"),
    ("WBC", "g/L"),
    ("PAO2", "%"),
    ("CRP", "a\x1fb"),
    ("CRP", "mg/L" * 30_000),
]


def test_d_dimer_that_says_neither_feu_nor_ddu_is_told_what_to_ask() -> None:
    found = lab({"test": "Dímero D", "result": "1200", "unit": "ng/mL"})
    assert "does not say FEU or DDU" in found.ledger["hint"].iloc[0]
    named = lab({"test": "Dímero D", "result": "600", "unit": "ng/mL DDU"})
    assert "ddu_to_feu" in named.ledger["hint"].iloc[0]


HEADINGS = [
    ("PCR (mg/L)", "CRP", "mg/L"),
    ("PCR [mg/dL]", "CRP", "mg/dL"),
    ("Dímero D (ng/mL (FEU))", "DDIM", "ng/mL (FEU)"),
    ("Leucocitos (10^3/uL) ", "WBC", "10^3/uL"),
    ("Temp (axilar)", "TEMP", ""),
    ("Dímero D (ng/mL)", "DDIM", ""),
    ("PCR mg/L", "CRP", ""),
]


@pytest.mark.parametrize(("heading", "code", "unit"), HEADINGS)
def test_the_unit_in_a_heading(heading: str, code: str, unit: str, words: Dictionary) -> None:
    assert words.unit_in(heading, code) == unit


def test_a_wide_column_takes_the_unit_of_its_heading() -> None:
    part = {"kind": "measurements_wide", "subject": "id", "time": DATES}
    row = {"id": "1", "when": "2020-05-04 08:00", "PCR (mg/dL)": "12", "Temp (axilar)": "38"}
    declared = {"PCR (mg/dL)": {"outcome": "CRP"}, "Temp (axilar)": {"outcome": "TEMP"}}
    found = clean([row], {**part, "columns": declared})
    assert value_of(found) == 120
    assert fates(found) == ["clean", "UNIT_MISSING"]


@pytest.mark.parametrize(("code", "unit"), REFUSED, ids=[f"{c} {u[:12]!r}" for c, u in REFUSED])
def test_other_quantities_are_never_converted(code: str, unit: str) -> None:
    cleaned = lab({"test": code, "unit": unit, "result": "1"})
    assert cleaned.ledger["reason"].tolist() == ["UNIT_UNKNOWN"]
    assert cleaned.measurements.empty


def test_a_row_without_a_unit_is_held_whatever_its_value_suggests() -> None:
    assert lab({"unit": ""}).ledger["reason"].tolist() == ["UNIT_MISSING"]
    assert value_of(lab({"unit": ""}, default_units={"CRP": "mg/dL"})) == 120
    assert value_of(lab({"unit": "mg/L"}, default_units={"CRP": "mg/dL"})) == 12
    assert value_of(lab({"unit": "", "result": "12 mg/L"}, default_units={"CRP": "mg/dL"})) == 12


def test_the_unit_in_the_cell_must_be_that_of_the_row() -> None:
    assert value_of(lab({"result": "12 mg/L"})) == 12
    assert value_of(lab({"result": "12 ug/mL"})) == 12
    for cell in ("12 mg/dL", "12 veces", "12/15:00"):
        cleaned = lab({"result": cell})
        assert cleaned.measurements.empty
    held = lab({"result": "12 mg/dL"}).ledger
    assert held["reason"].tolist() == ["UNIT_CONFLICT"]
    # What was taken for a unit is shown: it may be a word that is none.
    assert held["hint"].tolist() == ["the cell says 'mg/dL', the unit of its row is 'mg/L'"]


MEASURED = sorted(code for code, o in dictionary().outcomes.items() if o.kind == "number" and o.unit)


@given(number=st.floats(-1e6, 1e6), code=st.sampled_from(MEASURED), data=st.data())
def test_converted_numbers_come_back(number: float, code: str, data: st.DataObject) -> None:
    unit = data.draw(st.sampled_from(sorted(dictionary().units_of(code))))
    factor, offset = conversion(code, unit, dictionary())
    out = converted(pd.Series([number]), pd.DataFrame({"factor": [factor], "offset": [offset]})).iloc[0]
    assert (out - offset) / factor == pytest.approx(number, rel=1e-9, abs=1e-9)


GRAMS = {"g": 1.0, "mg": 1e-3, "ug": 1e-6, "mcg": 1e-6, "ng": 1e-9, "pg": 1e-12}
LITRES = {"l": 1.0, "dl": 0.1, "ml": 1e-3, "ul": 1e-6, "100ml": 0.1}
MASS_PER_VOLUME = re.compile(r"^(ug|mcg|mg|ng|pg|g)/(100ml|dl|ml|ul|l)(.*)$")


def grams_per_litre(unit: str) -> tuple[float, str] | None:
    """A mass per volume in g/L, and what it is counted in ('feu', 'ddu' or nothing)."""
    found = MASS_PER_VOLUME.match(fold_unit(unit))
    return (GRAMS[found[1]] / LITRES[found[2]], found[3].strip("()")) if found else None


def test_masses_per_volume_are_what_their_prefixes_say(words: Dictionary) -> None:
    tried = 0
    for code, outcome in words.outcomes.items():
        own = grams_per_litre(outcome.unit)
        for spelling, found in words.units_of(code).items() if own else ():
            other = grams_per_litre(spelling)
            if own and other:
                assert other[1] == own[1], (code, spelling)
                assert found.factor == pytest.approx(other[0] / own[0], rel=1e-12), (code, spelling)
                tried += 1
    assert tried > 40


def test_percentages_and_fractions_are_a_hundred_apart(words: Dictionary) -> None:
    for code, outcome in words.outcomes.items():
        units = words.units_of(code)
        if outcome.unit in ("%", "fraction") and {"%", "fraction"} <= units.keys():
            assert units["%"].factor / units["fraction"].factor == pytest.approx(0.01), code


def test_ddu_becomes_feu_by_declaration_only_and_flagged() -> None:
    sent = {"test": "Dímero D", "unit": "ug/mL DDU", "result": "0.6"}
    assert lab(sent).ledger["reason"].tolist() == ["UNIT_UNKNOWN"]
    assert "ddu_to_feu" in lab(sent).ledger["hint"].iloc[0]
    row = lab(sent, ddu_to_feu=2.0).measurements.iloc[0]
    assert (row["value"], row["unit"], row["flags"], row["raw_unit"]) == (
        1200,
        "ng/mL FEU",
        "DDU_CONVERTED",
        "ug/mL DDU",
    )
    assert value_of(lab({**sent, "unit": "ug/mL FEU"}, ddu_to_feu=2.0)) == 600
    assert lab({**sent, "unit": "ug/mL"}, ddu_to_feu=2.0).ledger["reason"].tolist() == ["UNIT_UNKNOWN"]
    assert lab({"test": "IL-6", "unit": "IU/mL"}, ddu_to_feu=2.0).ledger["reason"].tolist() == ["UNIT_UNKNOWN"]


def test_a_confirmed_unit_is_corrected_and_flagged() -> None:
    for confirmed in ({"true_unit": "mg/dL"}, {"factor": 10}, {"factor": 10, "unit": "mg / L"}):
        cleaned = clean([LAB], LONG, unit_factors=[{"outcome": "CRP", **confirmed}])
        assert (value_of(cleaned), value_of(cleaned, "flags")) == (120, "UNIT_CORRECTED")
    assert value_of(clean([LAB], LONG, unit_factors=[{"outcome": "CRP", "unit": "mg/dL", "factor": 10}])) == 12
    heat = {**LAB, "specimen": "", "test": "Temp", "unit": "C", "result": "99.5"}
    cleaned = clean([heat], LONG, unit_factors=[{"outcome": "TEMP", "true_unit": "[degF]"}])
    assert value_of(cleaned) == 37.5


def test_a_letter_is_a_unit_where_the_outcome_has_it_and_a_flag_elsewhere() -> None:
    litres = lab({"test": "Uresis", "unit": "", "result": "1.5 L"})
    assert (value_of(litres), value_of(litres, "flags")) == (1500, "")
    assert lab({"test": "Uresis", "unit": "mL", "result": "1.5 L"}).ledger["reason"].tolist() == ["UNIT_CONFLICT"]
    low = lab({"result": "1.5 L"})
    assert (value_of(low), value_of(low, "flags")) == (1.5, "LAB_FLAG")


SPECIMENS = [("Suero", ["serum"]), ("PLASMA EDTA", ["edta plasma"]), ("sangre arterial", ["arterial"])]
SPECIMENS += [("Venosa", ["venous"]), ("orina", []), ("hisopado nasofaríngeo", []), ("otra cosa", [])]


@pytest.mark.parametrize(("sent", "kept"), SPECIMENS)
def test_specimens_are_kept_apart(sent: str, kept: list[str]) -> None:
    """Of CRP: what is no blood does not answer it."""
    cleaned = lab({"specimen": sent})
    assert cleaned.measurements["specimen"].tolist() == kept
    assert fates(cleaned) == (["clean"] if kept else ["SPECIMEN_OTHER"])


def test_thresholds_survive_conversion(words: Dictionary) -> None:
    codes = pd.Series(["TEMP", "LYMPH", "FIO2", "FERR"])
    factors = conversions(codes, pd.Series(["F", "/uL", "%", "mg/L"]), words)
    assert converted(pd.Series([100.4, 800, 57, 1.1]), factors).tolist() == [38.0, 0.8, 0.57, 1100.0]


def test_a_number_in_the_canonical_unit_keeps_all_its_digits(words: Dictionary) -> None:
    """Conversion keeps 12 significant digits; what is not converted is what was sent, to the last digit."""
    codes, sent = pd.Series(["FERR", "FERR"]), pd.Series([1234.56789012345, 1.23456789012345])
    factors = conversions(codes, pd.Series(["ng/mL", "mg/L"]), words)
    assert converted(sent, factors).tolist() == [1234.56789012345, 1234.56789012]


def test_a_number_of_an_outcome_without_a_unit_is_what_was_sent() -> None:
    assert value_of(lab({"test": "pH", "unit": "", "result": "7.41"})) == 7.41


def test_no_rows_at_all(words: Dictionary) -> None:
    empty = pd.Series([], dtype="str")
    factors = conversions(empty, empty, words)
    assert converted(pd.Series([], dtype="float64"), factors).empty


FRACTIONS = {"FIO2": ["fraction", "%"]}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("0.5", 0.5), ("50", 0.5), ("50 %", 0.5), ("21", 0.21), ("0.21", 0.21), ("1", 1.0), ("100", 1.0), (".6", 0.6)],
)
def test_of_several_units_the_only_possible_one_is_read(sent: str, kept: float) -> None:
    """FiO2 is 0.21 to 1 as a fraction, or 21 to 100 in percent: no number is both (hard limits of outcomes.csv)."""
    assert value_of(lab({"test": "FiO2", "unit": "", "result": sent}, default_units=FRACTIONS)) == pytest.approx(kept)


@pytest.mark.parametrize(
    ("test", "sent", "units", "reason"),
    [
        ("FiO2", "15", FRACTIONS, "FIO2_SCALE"),
        ("FiO2", "0.15", FRACTIONS, "OUT_OF_RANGE"),
        ("FiO2", "150", FRACTIONS, "OUT_OF_RANGE"),
        ("CRP", "12", {"CRP": ["mg/L", "mg/dL"]}, "UNIT_MISSING"),
    ],
)
def test_a_number_possible_in_no_unit_or_in_two_is_held(
    test: str, sent: str, units: dict[str, list[str]], reason: str
) -> None:
    cleaned = lab({"test": test, "unit": "", "result": sent}, default_units=units)
    assert fates(cleaned) == [reason] and cleaned.measurements.empty
    if reason == "UNIT_MISSING":
        assert "more than one" in cleaned.ledger["hint"].iloc[0]


def test_a_unit_of_the_row_goes_before_those_declared() -> None:
    cleaned = lab({"test": "FiO2", "unit": "%", "result": "0.5"}, default_units=FRACTIONS)
    assert fates(cleaned) == ["OUT_OF_RANGE"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # 24 weeks and 5 days are 173 days; days of a week are 0 to 6. 24.5 may be half a week or 5 days.
        ("24+5", 173 / 7), ("28 + 0", 28.0), ("27", 27.0), ("25 SA + 3 j", 178 / 7), ("26w6d", 188 / 7),
        ("25 4/7", 179 / 7),
        ("24+7", None), ("24.5", None), ("24,5", None), ("24-5", None), ("<24+5", None), ("24+5?", None), ("+5", None),
    ],
)  # fmt: skip
def test_a_gestation_is_read_in_weeks_and_days(text: str, value: float | None, tmp_path: Path) -> None:
    (tmp_path / "outcomes.csv").write_text(
        "code,family,label_en,unit,hard_low,hard_high\nGA,characteristic,Gestational age,weeks,20,44\n",
        encoding="utf-8",
    )
    own = load_dictionary(tmp_path)
    parts = conversions_of_parts("weeks+days", "GA", own)
    assert parts is not None
    read = read_two_parts(pd.Series([text]), parts).iloc[0]
    assert (None if pd.isna(read) else read) == (None if value is None else pytest.approx(value, rel=1e-12))


def test_two_numbers_in_one_cell_ask_for_a_unit_of_two_parts() -> None:
    told = release(pd.Series(["NUM_UNREADABLE"] * 2), pd.Series(["24+5", "x"]))
    assert "'unit: weeks+days'" in told[0] and "sentinels" in told[1]


def test_a_height_in_feet_and_inches_is_declared_as_such() -> None:
    """5 feet 11 inches are 71 inches of 2.54 cm."""
    part = {"kind": "patients", "subject": "id", "columns": {"height": {"characteristic": "HEIGHT", "unit": "ft+in"}}}
    cleaned = clean([{"id": "1", "height": "5'11\""}, {"id": "2", "height": "5'12\""}], part)
    assert cleaned.patients["value"].tolist() == pytest.approx([180.34])
    assert cleaned.ledger.set_index("line").loc[3, "hint"].startswith("not two whole numbers of ft+in")


@pytest.mark.parametrize(("test", "result"), [("Glasgow", "12/25"), ("CT severity score", "12/15")])
def test_points_of_another_scale_are_held(test: str, result: str) -> None:
    assert fates(lab({"test": test, "result": result, "unit": "", "specimen": ""})) == ["UNIT_UNKNOWN"]


# SI Brochure (9th edition), section 5.4: numbers are multiplied by a cross or a half-high point.
POWERS = [
    ("1.2 x 10^1", "mg/L", 12.0),
    ("1.2x10^1 mg/L", "mg/L", 12.0),
    ("1.2 × 10¹", "mg/dL", 120.0),
    ("0.07 X 10 ^ 2", "mg/L", 7.0),
    ("1.2*10**1", "mg/L", 12.0),
    ("1.2·10^1", "mg/L", 12.0),
    ("120 x 10^-1", "mg/L", 12.0),
    ("120 x 10^\u22121 mg/L", "", 12.0),
    ("120 × 10⁻¹", "mg/L", 12.0),
    ("1.2E+1", "mg/L", 12.0),
    ("1.2 E+1 mg/L", "", 12.0),
    ("1.2 x 10^1", "", "UNIT_MISSING"),
    ("1.2 x 10^1 g/L", "mg/L", "UNIT_CONFLICT"),
    # Nobody knows which power is meant, and 10^400 is none.
    ("1.2 x 103", "mg/L", "UNIT_CONFLICT"),
    ("1.2 x 10e1", "mg/L", "UNIT_CONFLICT"),
    ("1.2 x 10-1", "mg/L", "UNIT_CONFLICT"),
    ("1.2 x 10^400", "mg/L", "UNIT_CONFLICT"),
    ("1.2 x 4", "mg/L", "UNIT_CONFLICT"),
    ("10^2", "mg/L", "NUM_UNREADABLE"),
]


@pytest.mark.parametrize(("result", "unit", "said"), POWERS)
def test_powers_of_ten_in_a_cell_are_counted_or_held(result: str, unit: str, said: float | str) -> None:
    cleaned = lab({"result": result, "unit": unit})
    if isinstance(said, str):
        assert fates(cleaned) == [said]
    else:
        assert value_of(cleaned) == said
    comma = lab({"result": result.replace(".", ","), "unit": unit}, decimal=",")
    assert fates(comma) == fates(cleaned) and comma.measurements["value"].equals(cleaned.measurements["value"])


@pytest.mark.parametrize(
    ("result", "unit", "said"),
    [
        ("5.2 x 10^9/L", "10^9/L", 5.2),
        ("5.2*10^3/uL", "10^9/L", 5.2),
        ("5.2 x 10^9 cells/L", "10^9/L", 5.2),
        ("5.2 x 10^3", "/uL", 5.2),
        # 5.2 in 10^3/uL, or 5,200 of them: the power may be that of the unit said once more.
        ("5.2 x 10^3", "10^3/uL", "UNIT_CONFLICT"),
        ("5.2 x 10^3", "1000/uL", "UNIT_CONFLICT"),
    ],
)
def test_a_power_beside_a_unit_of_powers(result: str, unit: str, said: float | str) -> None:
    cleaned = lab({"test": "Leucocitos", "result": result, "unit": unit})
    assert fates(cleaned) == ([said] if isinstance(said, str) else ["clean"])
    assert cleaned.measurements["value"].tolist() == ([] if isinstance(said, str) else [said])


def test_powers_of_limits_ranges_ages_doses_and_cut_offs() -> None:
    limit = lab({"result": "<1.2 x 10^1"}).measurements.iloc[0]
    assert (limit["lower"], limit["upper"]) == (0, 12)
    ends = lab({"result": "1.2 x 10^1 - 2 x 10^1"}, ranges="interval").measurements.iloc[0]
    assert (ends["lower"], ends["upper"]) == (12, 20)
    people = {"kind": "patients", "subject": "id", "columns": {"w": {"characteristic": "WEIGHT", "unit": "kg"}}}
    assert clean([{"id": "1", "w": "7.1 x 10^1"}], people).patients["value"].tolist() == [71]
    date = {"columns": ["d"], "formats": ["%Y-%m-%d"]}
    course = {"kind": "treatments", "subject": "id", "treatment": "rx", "start": date, "dose": "n", "dose_unit": "u"}
    given = clean([{"id": "1", "rx": "msc", "d": "2020-05-04", "n": "1.1 x 10^6", "u": "cells/kg"}], course)
    assert given.treatments[["dose", "dose_unit"]].values.tolist() == [[1_100_000, "cells/kg"]]


@pytest.mark.parametrize(
    "said", ["12 / 15", "12/ 15", "12 /15", "12/15", "12 de 15", "12 of 15", "12 von 15", "12 sur 15"]
)
def test_points_of_a_scale_with_its_total(said: str) -> None:
    assert value_of(lab({"test": "Glasgow", "result": said, "unit": "", "specimen": ""})) == 12
    # Of another analyte the same cell is two numbers: a blood pressure, a dilution.
    assert fates(lab({"result": said, "unit": ""})) == ["UNIT_UNKNOWN"]
    assert fates(lab({"result": said})) == ["UNIT_CONFLICT"]


@pytest.mark.parametrize("unit", ["-", "\u2014", "N/A", "None", "sin unidad", "ohne Einheit"])
def test_a_mark_for_no_unit_is_a_blank(unit: str) -> None:
    """Of what has no unit it is right; of what has one it says as little as an empty cell."""
    assert value_of(lab({"test": "pH", "unit": unit, "result": "7.41"})) == 7.41
    assert lab({"unit": unit}).ledger["reason"].tolist() == ["UNIT_MISSING"]
    assert value_of(lab({"unit": unit}, default_units={"CRP": "mg/dL"})) == 120


@pytest.mark.parametrize(
    ("unit", "canonical", "factor"),
    [
        ("mcg/kg/min", "ug/kg/min", 1),
        ("\u00b5g/kg/min", "\u03bcg/kg/min", 1),
        ("mg/kg/h", "ug/kg/min", 1000 / 60),
        ("mg/u", "mg/h", 1),  # Dutch pumps: uur
        ("mg/h", "ug/kg/min", None),  # without a weight nobody knows
        ("U/h", "U/min", 1 / 60),
        ("mL/24h", "mL/h", 1 / 24),
        ("mg/L", "mg/dL", 0.1),
        ("mg/kg/dL", "mg/kg/h", None),
    ],
)
def test_rates_of_doses_need_no_row(unit: str, canonical: str, factor: float | None) -> None:
    assert prefix_factor(unit, canonical) == (None if factor is None else pytest.approx(factor, rel=1e-15))


@pytest.mark.parametrize("unit", ["", "points", "punten", "poäng", "point"])
def test_a_score_is_in_points_with_and_without_their_name(unit: str) -> None:
    assert value_of(lab({"test": "SOFA score", "result": "11", "unit": unit})) == 11
