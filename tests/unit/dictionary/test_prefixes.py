"""Units that differ by powers of ten alone need no row of units.csv; others do."""

from __future__ import annotations

import pytest

from historical_controls.config.vocabulary import UnitsOf
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.dictionary.prefixes import prefix_factor, two_parts

OWN = """code,family,label_en,unit
NEUT,haematology,Neutrophils,10^9/L
IGG,immunology,Immunoglobulin G,g/L
GA,characteristic,Gestational age,weeks
"""


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Dictionary:
    """The program's dictionary and three rows of a study, without a row of units.csv."""
    folder = tmp_path_factory.mktemp("dictionary")
    (folder / "outcomes.csv").write_text(OWN, encoding="utf-8")
    return load_dictionary(folder)


@pytest.mark.parametrize(
    ("unit", "canonical", "factor"),
    [
        # SI Brochure, table 7; UCUM writes powers with '*', hospitals with '^', 'e' or nothing.
        # Giga and tera (SI Brochure, table 7) of French laboratories; Milliarde is 10^9, tysiąc 10^3.
        ("G/L", "10^9/L", 1.0),
        ("Gpt/l", "10^9/L", 1.0),
        ("Mrd./l", "10^9/L", 1.0),
        ("tys/µl", "10^9/L", 1.0),
        ("T/L", "10^12/L", 1.0),
        ("/mm3", "G/L", 0.001),
        ("10^3/uL", "G/L", 1.0),
        # Grams stay grams.
        ("mg/dL", "g/L", 0.01),
        ("mg/L", "G/L", 0.001),
        ("10*3/uL", "10^9/L", 1.0),
        ("10*6/mL", "10^9/L", 1.0),
        ("x10e3/mm3", "10^9/L", 1.0),
        ("cells/uL", "10^9/L", 0.001),
        ("/mm3", "10^9/L", 0.001),
        # A number in words of digits: a thousand is no 10 with the power 00.
        ("1000/uL", "10^9/L", 1.0),
        ("x1000/mm3", "10^9/L", 1.0),
        ("100/uL", "10^9/L", 0.1),
        ("1000000/L", "10^9/L", 0.001),
        ("mg/dL", "g/L", 0.01),
        ("g/L", "mg/dL", 100.0),
        ("µg/L", "pg/mL", 1000.0),
        ("nmol/L", "mmol/L", 1e-6),
        ("mUI/mL", "IU/L", 1.0),
        ("mg/100 mL", "mg/dL", 1.0),
        ("g", "kg", 0.001),
        ("mm", "cm", 0.1),
        ("days", "weeks", 1 / 7),
        ("días", "years", 1 / 365.25),
        ("months", "years", 1 / 12),
        ("horas", "d", 1 / 24),
    ],
)
def test_units_that_differ_by_a_power_of_ten(unit: str, canonical: str, factor: float) -> None:
    assert prefix_factor(unit, canonical) == pytest.approx(factor, rel=1e-15)


@pytest.mark.parametrize(
    ("unit", "canonical"),
    [
        # Amounts are no masses, fibrinogen equivalents no plain mass, a rate no concentration; 'L' may mean 'low'.
        ("mmol/L", "mg/dL"), ("ng/mL FEU", "ng/mL"), ("mg/kg", "mg/L"), ("mL/24h", "mL"), ("L", "mL"), ("H", "h"),
        ("g/L", "10^9/L"), ("g/l", "10^9/L"), ("m/uL", "10^9/L"),
        ("10^9/L", "mg/L"), ("%", "g/L"), ("", "g/L"), ("U/L", "10^9/L"), ("/", "10^9/L"), ("l", "10^9/L"),
    ],
)  # fmt: skip
def test_units_of_another_kind_have_no_factor(unit: str, canonical: str) -> None:
    assert prefix_factor(unit, canonical) is None


def test_a_row_of_units_csv_counts_before_a_prefix(words: Dictionary) -> None:
    conversions = words.conversion("NEUT", "/uL"), words.conversion("IGG", "mg/dL"), words.conversion("FERR", "mg/L")
    assert [one.factor for one in conversions if one] == [0.001, 0.01, 1000.0]
    # A factor of its own: lactate in mg/dL is no power of ten of mmol/L.
    assert words.conversion("LACT", "mg/dL").factor == pytest.approx(0.111, abs=1e-3)  # type: ignore[union-attr]
    assert words.conversion("IL6", "UI/mL") is None and words.conversion("DDIM", "ng/mL") is None


def test_units_of_two_parts_are_those_of_characteristics(words: Dictionary) -> None:
    assert two_parts("weeks + days") == ("weeks", "days") and two_parts("weeks") is None and two_parts("+days") is None
    assert "weeks+days" in UnitsOf(words, "GA") and "weeks+kg" not in UnitsOf(words, "GA")
    assert "ft+in" in UnitsOf(words, "HEIGHT") and "g/L+mg/dL" not in UnitsOf(words, "IGG")
