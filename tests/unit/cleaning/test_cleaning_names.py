"""Names as hospitals write them, English and Spanish; what means two things is settled by result and unit."""

from __future__ import annotations

import pytest
from cleaning_study import dictionary, fates, lab, value_of

MEANT = {
    "PF": ["Índice de Kirby", "INDICE DE KIRBY", "PaFi", "PAFI", "PaO2/FiO2", "P/F", "Relación PaO2/FiO2"],
    "HR": ["FC", "F.C.", "fc", "Frecuencia cardíaca", "Heart rate", "Pulso"],
    "RR": ["FR", "F.R.", "Frecuencia Respiratoria", "Resp rate"],
    "TEMP": ["Temp ax.", "TEMP AX", "T axilar", "Temperatura", "temp_c", "Body temperature"],
    "WBC": ["Leucocitos", "LEUCOCITOS TOTALES", "Glóbulos  blancos", "WBC", "White blood cell count"],
    "LYMPH": ["Linfocitos abs", "LINFOCITOS ABSOLUTOS", "Linfocitos #", "Absolute lymphocyte count"],
    "LYMPH_PCT": ["Linfocitos %", "% Linfocitos", "LINFOCITOS (%)", "Lymphocytes %"],
    "PLT": ["Plaquetas", "PLT", "Cuenta de plaquetas", "Trombocitos"],
    "FIB": ["Fibrinogeno", "FIBRINÓGENO"],
    "PCT": ["Procalcitonina", "PCT", "Procalcitonina (PCT)"],
    "FERR": ["Ferritina", "FERRITINA SÉRICA", "Ferritin"],
    "DDIM": ["DIMERO D", "Dímero-D (FEU)", "D-dimer", "Dímero D"],
    "DDIM_DDU": ["Dímero D (DDU)", "DIMERO-D DDU"],
    "CRP": ["Proteína C reactiva", "PROT. C REACTIVA", "hs-CRP", "PCR ultrasensible", "PCR-us"],
    "PCR": ["RT-PCR SARS-CoV-2", "PCR para SARS-CoV-2", "PCR COVID-19"],
    "TNFA": ["TNF-α", "TNF alfa", "Factor de necrosis tumoral alfa"],
    "IL6": ["IL-6", "IL 6", "Interleucina-6", "INTERLEUCINA 6"],
    "IL10": ["IL-10", "Interleucina 10"],
    "IL1B": ["IL-1β", "IL-1 beta", "Interleucina 1 beta"],
    "IL17": ["IL-17", "IL-17A", "Interleucina 17"],
    "VEGF": ["VEGF", "Factor de crecimiento endotelial vascular"],
    "TREG": ["Treg", "Linfocitos T reguladores"],
    "CD4": ["CD4+", "Linfocitos T CD4+"],
    "CD8": ["CD8+", "Linfocitos CD8"],
    "NK": ["Células NK", "NK cells"],
    "SPO2": ["SatO2", "SpO2", "Saturación de oxígeno"],
    "FIO2": ["FiO2", "FIO2 %", "Fracción inspirada de oxígeno"],
}
PAIRS = [(name, code) for code, names in MEANT.items() for name in names]


@pytest.mark.parametrize(("name", "code"), PAIRS)
def test_a_name_means_its_outcome(name: str, code: str) -> None:
    assert [meaning.code for meaning in dictionary().named(name)] == [code]


@pytest.mark.parametrize(
    ("name", "result", "unit", "said"),
    [
        ("PCR", "12", "mg/L", "CRP"),
        ("PCR", "<0.5", "mg/dL", "CRP"),
        ("pcr", "Positivo", "", "PCR"),
        ("PCR", "no detectado", "", "PCR"),
        ("Linfocitos", "12", "%", "LYMPH_PCT"),
        ("Linfocitos", "0.8", "10^3/uL", "LYMPH"),
        ("Linfocitos", "800", "/mm3", "LYMPH"),
        ("Linfocitos", "12 %", "", "LYMPH_PCT"),
    ],
)
def test_a_name_of_two_meanings_is_settled_by_result_and_unit(name: str, result: str, unit: str, said: str) -> None:
    assert value_of(lab({"test": name, "result": result, "unit": unit}), "outcome") == said


@pytest.mark.parametrize("result", ["ND", "hemolizada", "pendiente", "ver nota"])
@pytest.mark.parametrize("unit", ["", "mg/L"])
def test_what_is_neither_number_nor_finding_does_not_tell_the_protein_from_the_test(result: str, unit: str) -> None:
    assert fates(lab({"test": "PCR", "result": result, "unit": unit})) == ["NAME_AMBIGUOUS"]


def test_a_declared_unit_settles_a_count_and_a_share() -> None:
    row = {"test": "Linfocitos", "result": "12", "unit": ""}
    assert value_of(lab(row, default_units={"LYMPH_PCT": "%"}), "outcome") == "LYMPH_PCT"
    assert value_of(lab(row, default_units={"LYMPH": "10^9/L"}), "outcome") == "LYMPH"
