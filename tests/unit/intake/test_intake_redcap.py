"""REDCap's raw and label exports of one project give the same records; identifiers are dropped."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from historical_controls.cleaning.records.outputs import CleanedFile
from historical_controls.cleaning.rows.files import FileInputs, clean_file
from historical_controls.config.sources.redcap import as_exported, load_redcap_dictionary
from historical_controls.config.sources.sources import Source, SourceFile
from historical_controls.config.study import Study
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.errors import UserError
from historical_controls.intake.private import identifies
from historical_controls.intake.reading import read_file

ROOT = Path(__file__).parents[3]
HEAD = ["Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label"]
HEAD += ["Choices, Calculations, OR Slider Labels", "Identifier?"]
FIELDS = [
    ("record_id", "basal", "", "text", "Folio", "", "y"),
    ("nombre_pac", "basal", "", "text", "Paciente", "", "y"),
    ("sexo", "basal", "", "radio", "<b>Sexo</b>", "1, Hombre | 2, Mujer", ""),
    ("icu", "basal", "", "yesno", "Cama de UTI", "", ""),
    ("comorb", "basal", "", "checkbox", "Comorbilidades", "1, Diabetes | 2, Hipertensión, controlada | -8, Otra", ""),
    ("nota", "basal", "", "descriptive", "Instrucciones", "", ""),
    ("vs_dt", "signos", "", "text", "Fecha y hora", "", ""),
    ("vs_hr", "signos", "", "text", "FC", "", ""),
    ("lab_dt", "laboratorio", "", "text", "Fecha y hora", "", ""),
    ("lab_crp", "laboratorio", "", "text", "PCR\n(mg/L)", "", ""),
    ("ae", "eventos", "", "dropdown", "Tipo", "1, Adverso | 2, Infección", ""),
    ("ae_dt", "eventos", "", "text", "Inicio", "", ""),
]
RAW = [
    "record_id",
    "redcap_event_name",
    "redcap_repeat_instrument",
    "redcap_repeat_instance",
    "nombre_pac",
    "sexo",
    "icu",
]
RAW += ["comorb___1", "comorb___2", "comorb____8", "basal_complete", "vs_dt", "vs_hr", "signos_complete", "lab_dt"]
RAW += ["lab_crp", "laboratorio_complete", "ae", "ae_dt", "eventos_complete"]
LABELS = ["Folio", "Event Name", "Repeat Instrument", "Repeat Instance", "Paciente", "Sexo", "Cama de UTI"]
LABELS += ["Comorbilidades (choice=Diabetes)", "Comorbilidades (choice=Hipertensión, controlada)"]
LABELS += ["Comorbilidades (choice=Otra)", "Complete?", "Fecha y hora", "FC", "Complete?", "Fecha y hora", "PCR (mg/L)"]
LABELS += ["Complete?", "Tipo", "Inicio", "Complete?"]
FORM = "2020-05-04 08:00"


def row(**cells: str) -> dict[str, str]:
    return dict.fromkeys(RAW, "") | {"record_id": "001"} | cells


ROWS = [
    row(redcap_event_name="basal_arm_1", nombre_pac="Ana Ruiz", sexo="2", icu="1", comorb___1="1", comorb___2="0",
        comorb____8="0", basal_complete="2"),
    row(redcap_event_name="seg_arm_1", redcap_repeat_instrument="signos", redcap_repeat_instance="1", vs_dt=FORM,
        vs_hr="95"),
    row(redcap_event_name="seg_arm_1", redcap_repeat_instrument="laboratorio", redcap_repeat_instance="1", lab_dt=FORM,
        lab_crp="-99"),
    row(redcap_event_name="seg_arm_1", redcap_repeat_instrument="laboratorio", redcap_repeat_instance="2", lab_dt=FORM,
        lab_crp="12.5"),
    row(redcap_event_name="seg_arm_1", redcap_repeat_instrument="eventos", redcap_repeat_instance="1", ae="2",
        ae_dt=FORM),
]  # fmt: skip
WORDS = {
    "redcap_event_name": {"basal_arm_1": "Basal", "seg_arm_1": "Seguimiento"},
    "redcap_repeat_instrument": {"signos": "Signos", "laboratorio": "Laboratorio", "eventos": "Eventos"},
    "sexo": {"2": "Mujer"},
    "icu": {"1": "Sí"},
    "comorb___1": {"1": "Checked"},
    "comorb___2": {"0": "Unchecked"},
    "ae": {"2": "Infección"},
}
TIME = {"formats": ["%Y-%m-%d %H:%M"]}
PARTS: list[dict[str, Any]] = [
    {
        "kind": "patients",
        "subject": "record_id",
        "where": [{"column": "redcap_event_name", "is_in": ["basal_arm_1", "Basal"]}],
        "columns": {
            "sexo": {"characteristic": "SEX", "values": {"1": "male", "2": "female"}},
            "icu": {"characteristic": "ICU_BED", "values": {"1": "yes", "0": "no"}},
            "comorb___1": {"characteristic": "DIABETES", "values": {"1": "yes", "0": "no"}},
            "comorb___2": {"characteristic": "HYPERTENSION", "values": {"1": "yes", "0": "no"}},
        },
    },
    {
        "kind": "measurements_wide",
        "subject": "record_id",
        "where": [{"column": "redcap_repeat_instrument", "is_in": ["signos"]}],
        "time": {"columns": ["vs_dt"], **TIME},
        "columns": {"vs_hr": {"outcome": "HR", "unit": "/min"}},
    },
    {
        "kind": "measurements_wide",
        "subject": "record_id",
        "where": [{"column": "redcap_repeat_instrument", "is_in": ["laboratorio"]}],
        "time": {"columns": ["lab_dt"], **TIME},
        "columns": {"lab_crp": {"outcome": "CRP", "unit": "mg/L"}},
    },
    {
        "kind": "events",
        "subject": "record_id",
        "where": [{"column": "redcap_repeat_instrument", "is_in": ["eventos"]}],
        "time": {"columns": ["ae_dt"], **TIME},
        "event": "ae",
        "values": {"1": "adverse_event", "2": "infection"},
    },
]


def table(rows: Iterable[Iterable[str]]) -> bytes:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue().encode()


def raw_export() -> bytes:
    return table([RAW, *([line[name] for name in RAW] for line in ROWS)])


def label_export() -> bytes:
    return table([LABELS, *([WORDS.get(name, {}).get(line[name], line[name]) for name in RAW] for line in ROWS)])


def cleaned(folder: Path, export: bytes, labels: bool, parts: list[dict[str, Any]] | None = None) -> CleanedFile:
    dictionary = folder / "dictionary.csv"
    dictionary.write_bytes(table([HEAD, *FIELDS]))
    (folder / "export.csv").write_bytes(export)
    declared = SourceFile.model_validate(
        {"path": "x", "parts": parts or PARTS, "sentinels": [{"codes": ["-99"]}],
         "redcap": {"dictionary": "dictionary.csv", "labels": labels}}
    )  # fmt: skip
    raw = read_file(folder / "export.csv", declared, load_redcap_dictionary(dictionary))
    assert "cell:nombre_pac" not in raw and "Ana Ruiz" not in raw.to_csv()
    words = {"en": "x", "es": "x"}
    dates = {"first_date": "2020-01-01", "data_lock": "2020-12-31", "calendar_reference": "2020-06-16"}
    study = Study.model_validate({"id": "x", "title": words, "treatment": words, **dates})
    files = {"f": as_exported(declared, dictionary)}
    source = Source.model_validate({"arm": "treated", "label": words, "files": files})
    return clean_file(raw, FileInputs("s", "f", source, study, load_dictionary(ROOT / "data/dictionary")))


def test_raw_and_label_exports_give_the_same_records(tmp_path: Path) -> None:
    raw, labels = (cleaned(tmp_path, *export) for export in ((raw_export(), False), (label_export(), True)))
    assert raw.measurements["value"].tolist() == [95.0, 12.5]
    assert dict(zip(raw.patients["characteristic"], raw.patients["result"], strict=True)) == {
        "DIABETES": "yes", "HYPERTENSION": "no", "ICU_BED": "yes", "SEX": "female",
    }  # fmt: skip
    assert raw.events["event"].tolist() == ["infection"]
    assert raw.ledger["reason"].tolist().count("SENTINEL") == 1
    for name in ("patients", "measurements", "events", "ledger"):
        one, other = (getattr(export, name) for export in (raw, labels))
        # A characteristic keeps what was sent: '1' in one export, 'Checked' in the other.
        as_sent = ["raw_value"] if name == "patients" else []
        pd.testing.assert_frame_equal(one.drop(columns=as_sent), other.drop(columns=as_sent))


def test_words_of_a_label_export_are_declared_in_codes(tmp_path: Path) -> None:
    """A code under 'words' stayed a code: the label in the cell was no number, and was held."""
    columns = {"vs_hr": {"outcome": "HR", "unit": "/min"}, "icu": {"outcome": "SPO2", "unit": "%"}}
    parts = [{**PARTS[1], "where": [], "columns": columns}]
    words = [{"texts": ["1"], "outcome": "SPO2", "means": "value", "value": 100}, {"texts": ["x"], "means": "not_done"}]
    export = {"path": "f.csv", "redcap": {"dictionary": "d.csv", "labels": True}, "parts": parts, "words": words}
    path = tmp_path / "d.csv"
    path.write_bytes(table([HEAD, *FIELDS]))
    own = as_exported(SourceFile.model_validate(export), path)
    assert [word.texts for word in own.words] == [["Yes", "Sí"], ["x"]]


def test_a_label_export_declared_as_raw_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="declare 'labels: true'"):
        cleaned(tmp_path, label_export(), labels=False)


def test_a_code_that_the_field_does_not_have_is_told(tmp_path: Path) -> None:
    parts = [{**PARTS[0], "columns": {"sexo": {"characteristic": "SEX", "values": {"M": "male", "2": "female"}}}}]
    with pytest.raises(UserError, match="'M' is not a code of 'sexo'"):
        cleaned(tmp_path, raw_export(), labels=False, parts=parts)


def test_headings_that_fields_share_need_all_of_these_fields(tmp_path: Path) -> None:
    """One of two 'Fecha y hora' alone may be either: neither is guessed."""
    at = LABELS.index("FC") - 1
    rows = list(csv.reader(io.StringIO(label_export().decode())))
    with pytest.raises(UserError, match="no column 'vs_dt'"):
        cleaned(tmp_path, table([cells[:at] + cells[at + 1 :] for cells in rows]), labels=True)


def test_the_record_id_is_read_although_it_is_marked_as_an_identifier(tmp_path: Path) -> None:
    assert set(cleaned(tmp_path, raw_export(), labels=False).ledger["subject"]) == {"001"}


def test_what_is_no_data_dictionary_is_told(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(raw_export())
    with pytest.raises(UserError, match="no column 'Variable / Field Name'"):
        load_redcap_dictionary(path)


def test_the_examples_own_dictionary_fits_its_export() -> None:
    known = load_redcap_dictionary(ROOT / "data/raw/treated/redcap_data_dictionary.csv")
    with (ROOT / "data/raw/treated/redcap_export.csv").open(encoding="utf-8", newline="") as stream:
        header = next(csv.reader(stream))
    assert set(header) <= {name for name, _, _ in known.columns()}


@pytest.mark.parametrize(
    "name",
    ["Nombre", "nombre_paciente", "APELLIDO PATERNO", "CURP", "R.F.C.".replace(".", ""), "Teléfono", "Tel.", "e-mail",
     "Correo electrónico", "Dirección", "Domicilio", "fecha_nacimiento", "Fecha de nac.", "DOB", "Patient name", "NSS"],
)  # fmt: skip
def test_headings_that_identify(name: str) -> None:
    assert identifies(name)


@pytest.mark.parametrize(
    "name",
    ["expediente", "folio", "record_id", "Nombre del estudio", "nombre_prueba", "Test name", "analito", "unidad",
     "equipo", "fecha_toma", "Directo", "colonias", "temperatura", "curva", "Nombre del medicamento", "event name"],
)  # fmt: skip
def test_headings_that_do_not(name: str) -> None:
    assert not identifies(name)
