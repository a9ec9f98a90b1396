"""Every column is guarded as the column of values is: codes for missing, texts that are no id, marks nobody sees."""

from __future__ import annotations

from typing import Any

import pytest
from cleaning_study import DATES, LONG, assembled, clean, fates, lab, value_of

from historical_controls.cleaning.people.identity import link_people
from historical_controls.cleaning.records.columns import names_nobody
from historical_controls.dictionary.folding import fold_unit

MISSING = [{"codes": ["9999", "-99"]}]
COURSE: dict[str, Any] = {
    "kind": "treatments",
    "subject": "id",
    "treatment": "drug",
    "values": {"Dexa": "dexamethasone"},
}
COURSE |= {"start": DATES, "stop": {**DATES, "columns": ["stop"]}, "dose": "dose", "dose_unit": "unit"}
DEXA = {"id": "1", "drug": "Dexa", "when": "2020-05-04", "stop": "2020-05-06", "dose": "6", "unit": "mg"}


@pytest.mark.parametrize("code", ["9999", "9999.0", "9999.00", "+9999", " 9999 ", "-99", "-99.0", "\u221299"])
def test_declared_codes_count_in_every_column(code: str) -> None:
    assert fates(lab({"result": code}, sentinels=MISSING)) == ["SENTINEL"]
    assert fates(lab({"id": code}, sentinels=MISSING)) == ["ID_INVALID"]
    assert fates(lab({"unit": code}, sentinels=MISSING)) == ["UNIT_MISSING"]
    assert fates(lab({"unit": code}, sentinels=MISSING, default_units={"CRP": "mg/L"})) == ["clean"]
    assert fates(lab({"when": code}, sentinels=MISSING)) == ["DATE_MISSING"]
    assert value_of(lab({"specimen": code, "assay": code}, sentinels=MISSING), "specimen") == ""
    course = clean([{**DEXA, "stop": code, "dose": code, "unit": code}], COURSE, sentinels=MISSING)
    assert fates(course) == ["clean"]
    assert course.treatments[["stop", "dose", "dose_unit"]].isna().all(axis=None)
    assert fates(clean([{**DEXA, "drug": code}], COURSE, sentinels=MISSING)) == ["SENTINEL"]


def test_declared_codes_of_events() -> None:
    part = {"kind": "events", "subject": "id", "time": DATES, "end_time": {**DATES, "columns": ["end"]}}
    part |= {"event": "what", "values": {"m": "death"}, "value": "grade"}
    row = {"id": "1", "when": "2020-05-04", "end": "9999.0", "what": "m", "grade": "-99"}
    events = clean([row], part, sentinels=MISSING).events
    assert len(events) == 1 and events[["end_time", "value"]].isna().all(axis=None)
    told = clean([{**row, "when": "9999"}, {**row, "what": "9999"}], part, sentinels=MISSING)
    assert fates(told) == ["DATE_MISSING", "SENTINEL"]


@pytest.mark.parametrize("text", ["99990", "09999", "999", "9999.5", "9999 mg/L", "9999,0", "99", "x9999"])
def test_other_texts_are_no_declared_code(text: str) -> None:
    assert fates(lab({"id": text}, sentinels=[{"columns": ["id"], "codes": ["9999", "-99"]}])) == ["clean"]


def test_declared_codes_are_read_in_the_style_of_the_file() -> None:
    keys: dict[str, Any] = {"decimal": ",", "thousands": "."}
    assert fates(lab({"result": "9999,0"}, {"result": "9.999"}, sentinels=MISSING, **keys)) == ["SENTINEL"] * 2


NOBODY = ["#N/A", "NULL", "null", "NaN", "None", "-", "--", ".", "0", "000", "0.0", "?", "id", "ID", "Total", "TOTAL"]
NOBODY += [
    "Total: 25",
    "Totales",
    "Subtotal",
    "Gran total",
    "Media",
    "Promedio",
    "Mediana",
    "Mean",
    "Average",
    "DESV. EST.",
]
NOBODY += [
    "#N/D",
    "#¡REF!",
    "#¿NOMBRE?",
    "#¡DIV/0!",
    "N/D",
    "S/N",
    "NS/NC",
    "<NA>",
    "NaT",
    "(vacío)",
    "(blank)",
    "Ninguno",
]
NOBODY += [
    "n = 25",
    "25 pacientes",
    "Página 1 de 3",
    "FIN DEL REPORTE",
    "Gesamt",
    "Mittelwert",
    "Moyenne",
    "Écart-type",
]
NOBODY += ["-1", "-99", "=A1+1", "Paciente de prueba", "PRUEBA 1", "test", "sin registro"]
NOBODY += ["Mínimo", "Max", "Conteo", "Sin dato", "Desconocido", "unknown", "n/a", "#REF!", "#DIV/0!", "Std Dev"]


@pytest.mark.parametrize("text", NOBODY)
def test_what_is_no_id_is_nobody(text: str) -> None:
    cleaned = lab({"id": text})
    assert fates(cleaned) == ["ID_INVALID"]
    assert list(cleaned.ledger["subject"]) == [""]
    assert text in cleaned.ledger["hint"].iloc[0]


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "0001",
        "TOTAL1",
        "M-12",
        "A0",
        "3e10a2",
        "Media12",
        "10.0",
        "MAXIMILIANO 3",
        "0-1",
        "#12",
        "N25",
        "DE",
        "FIN-3",
    ],
)
def test_what_may_be_an_id_is_one(text: str) -> None:
    assert fates(lab({"id": text})) == ["clean"]


def test_an_id_that_looks_like_none_can_be_accepted() -> None:
    assert fates(lab({"id": "0"}, {"id": "NA"}, {"id": "-"}, accepted_ids=["0", "NA"])) == [
        "clean",
        "clean",
        "ID_INVALID",
    ]


def test_a_total_below_the_last_patient_is_not_this_patient() -> None:
    part = {**LONG, "fill_down_subject": True}
    rows = [{"id": "7"}, {"id": ""}, {"id": "Total"}, {"id": ""}]
    row = {"when": "2020-05-04", "test": "CRP", "result": "12", "unit": "mg/L", "specimen": "", "assay": ""}
    cleaned = clean([{**row, "status": "", "comment": "", **change} for change in rows], part)
    assert fates(cleaned) == ["clean", "clean", "ID_INVALID", "ID_INVALID"]


def people_of(*ids: str) -> dict[str, tuple[str, str]]:
    """Patient and hold of ids as sent."""
    ledger = lab(*({"id": text} for text in ids)).ledger
    from cleaning_study import source

    people = link_people({"s": ledger}, {"s": source({"f": {"parts": [LONG]}})})
    return {row.subject: (row.patient_id, row.hold) for row in people.itertuples()}


@pytest.mark.parametrize("text", ['="00123"', "'00123", "'00123'", "00123\u200b", " 00123 ", "123", "\u200e00123"])
def test_spellings_of_one_id_are_one_patient(text: str) -> None:
    assert set(people_of("00123", text).values()) == {("s/00123", "")}


@pytest.mark.parametrize("text", ["' OR '1'='1", "' 00123", "O'Neil-3", "''00123", "'a'b'"])
def test_an_apostrophe_within_a_text_is_part_of_the_id(text: str) -> None:
    """Fuzz C-2026-228: the first of a text's own apostrophes was taken for a spreadsheet's mark of text."""
    assert lab({"id": text}).ledger["subject"].tolist() == [text]


def test_thousands_are_part_of_no_id() -> None:
    assert set(people_of("1234", "1,234").values()) == {("s/1234", "")}
    assert len(people_of("1.001", "2.001")) == 2
    assert [hold for _, hold in people_of("1.001", "2.001").values()] == ["", ""]


def test_points_of_thousands_are_part_of_no_id_where_every_such_id_is_found_without() -> None:
    assert {who for who, _ in people_of("204.682", "204682", "204700").values()} == {"s/204682", "s/204700"}
    # Sites and patients: '2.001' is nobody's thousands, and '1.001' may be 1001 or not.
    found = people_of("1.001", "2.001", "1001", "31")
    assert [found[text][1] for text in ("1.001", "1001", "2.001", "31")] == ["ID_CONFLICT", "ID_CONFLICT", "", ""]
    # '12.000' is 12 or 12000.
    assert {hold for _, hold in people_of("12.000", "12000", "12").values()} == {"ID_CONFLICT"}


@pytest.mark.parametrize(
    ("ids", "held"),
    [
        (("3e10a2", "b07f31"), []),
        (("3e1042", "b07f31"), []),
        (("3e1042", "120031"), ["3e1042"]),
        (("1.2E+07", "b07f31"), ["1.2E+07"]),
        (("1e+07", "12"), ["1e+07"]),
        (("12e4", "34e5"), []),
    ],
)
def test_hexadecimal_ids_are_no_numbers(ids: tuple[str, ...], held: list[str]) -> None:
    assert [subject for subject, (_, hold) in people_of(*ids).items() if hold] == held


def test_totals_and_headings_are_not_screened() -> None:
    rows = [
        {"id": text, "when": "2020-05-04", "sex": "M"} for text in ("00123", "124", '="00123"', "'00124", *NOBODY[:12])
    ]
    part = {"kind": "patients", "subject": "id", "columns": {"sex": {"characteristic": "SEX", "values": {"M": "male"}}}}
    joined = assembled({"f": (rows, part)})
    assert sorted(joined.patients["patient_id"]) == ["s/00123", "s/00124"]


@pytest.mark.parametrize(
    ("text", "value", "operator"),
    [
        ("&lt;0.5", 0.5, "<"),
        ("&gt; 400", 400, ">"),
        ("&le;0.5", 0.5, "<"),
        ("12\u200b", 12, ""),
        ("\ufeff12.5", 12.5, ""),
        ('="12.5"', 12.5, ""),
        ("&nbsp;12", 12, ""),
        ("1\u200b2", 12, ""),
        ("&#60;0.5", 0.5, "<"),
    ],
)
def test_marks_that_nobody_sees_are_no_part_of_a_value(text: str, value: float, operator: str) -> None:
    cleaned = lab({"result": text})
    bound = {"": "value", "<": "upper", ">": "lower"}[operator]
    assert value_of(cleaned, bound) == value
    assert (value_of(cleaned) == value) == (operator == "")


@pytest.mark.parametrize("text", ["\u202e21", "&lt0.5", "&12;", "="])
def test_marks_that_change_what_is_seen_are_held(text: str) -> None:
    assert fates(lab({"result": text})) == ["NUM_UNREADABLE"]


@pytest.mark.parametrize(
    ("unit", "same"),
    [("ng/mL{FEU}", "ng/mL FEU"), ("mg/L (FEU)", "mg/L FEU"), ("ug{FEU}/mL", "ugFEU/mL"), ("10*3/uL", "10 3/uL")],
)
def test_annotations_of_units_are_read(unit: str, same: str) -> None:
    assert fold_unit(unit) == fold_unit(same)


def test_annotated_units_convert() -> None:
    cleaned = lab({"test": "D-dimer", "result": "500", "unit": "ng/mL{FEU}", "specimen": ""})
    assert value_of(cleaned) == 500
    assert fates(lab({"test": "D-dimer", "result": "500", "unit": "ng/mL{DDU}", "specimen": ""})) == ["UNIT_UNKNOWN"]


@pytest.mark.parametrize("text", ["N.A.", "n. a.", "S.D.", "N/A", "#N/A", "Máx.", "TOTAL: 23"])
def test_abbreviations_for_none_are_nobody(text: str) -> None:
    assert names_nobody(text, "expediente")


@pytest.mark.parametrize(
    "text", ["sin nombre", "No identificado", "Anónimo", "TBD", "dummy", "VERDADERO", "Σ", "XXXX", "999999", "11111111"]
)
def test_words_and_marks_in_place_of_an_id_are_nobody(text: str) -> None:
    """Whoever shares such a text would become one patient."""
    assert names_nobody(text, "cama")


@pytest.mark.parametrize("text", ["Paciente", "MRN", "Subject ID", "No. expediente"])
def test_headings_of_other_files_are_nobody(text: str) -> None:
    assert names_nobody(text, "cama")


@pytest.mark.parametrize(
    "text", ["X", "NO", "SI", "9999", "99999", "1111111", "P999999", "Paciente 12", "MRN-7", "XX-3"]
)
def test_ids_that_only_resemble_them_are_patients(text: str) -> None:
    assert not names_nobody(text, "cama")


OTHERS = [
    "Mittelwert",
    "Gesamtsumme",
    "Totale",
    "Zwischensumme",
    "Sous-total",
    "Mitjana",
    "Desvio padrão",
    "Standardabweichung",
]
OTHERS += [
    "25 Patienten",
    "25 pazienti",
    "(1 row affected)",
    "Seite 1 von 3",
    "Ende",
    "Fim do relatório",
    "Stand: 01.05.2020",
]
OTHERS += ["Fuente: SIH", "Generado el 01/05/2020", "Testpatient", "TEST01", "Paciente teste", "Paziente di prova"]
OTHERS += [
    "unbekannt",
    "inconnu",
    "desconhecido",
    "keine Angabe",
    "k.A.",
    "sem dados",
    "néant",
    "vuoto",
    "en attente",
    "\\N",
]
OTHERS += ["Patienten-ID", "Codice paziente", "Prontuário", "IPP", "n: 25", "Records: 25"]


@pytest.mark.parametrize("text", OTHERS)
def test_totals_notes_and_words_for_missing_of_other_languages_are_nobody(text: str) -> None:
    assert names_nobody(text, "cama")


@pytest.mark.parametrize(
    "text", ["N25", "N 25", "Fuente, Ana", "Maxim", "Massimo", "Testa", "Finn", "Nota B", "Sumaya", "P25"]
)
def test_names_that_begin_like_such_words_are_patients(text: str) -> None:
    assert not names_nobody(text, "cama")


@pytest.mark.parametrize("sent", ["'12.5'", "'<12.5'", '="12.5"'])
def test_apostrophes_around_a_number_are_no_part_of_it(sent: str) -> None:
    cleaned = lab({"result": sent})
    assert fates(cleaned) == ["clean"] and cleaned.measurements["upper"].tolist() == [12.5]


def test_a_single_apostrophe_may_be_a_slip() -> None:
    assert fates(lab({"result": "'12.5"})) == ["NUM_UNREADABLE"]


def test_apostrophes_around_a_date_are_no_part_of_it() -> None:
    assert fates(lab({"when": "'2020-05-04 08:00'"})) == ["clean"]
