"""A word beside a value neither erases it nor is lost; words in its place mean what is declared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from cleaning_study import DATES, LAB, clean, fates, lab, source, value_of
from pydantic import ValidationError
from test_cleaning_severity import findings_of

from historical_controls.cleaning.cells.negation import says
from historical_controls.cleaning.cells.numbers import NumberStyle, finding_and_note, read_number
from historical_controls.cleaning.words.endings import ending_said
from historical_controls.cleaning.words.specimens import BAD_SPECIMEN, HAEMOLYSED

PLAIN = NumberStyle(".", None)
FERRITIN = {"test": "Ferritina", "unit": "ng/mL", "result": "900"}


@pytest.mark.parametrize(
    "text",
    [
        "12.5 (pendiente)",
        "12.5 pendiente de confirmar",
        "12.5, repetir en 48 h",
        "12.5 (repeat in 2 days)",
        "12.5; verificado 04/05/2020 08:30",
        "12.5 preliminar",
        "12.5 (provisional)",
        "12.5 pending confirmation",
        "12.5 no hemolizada",
        "12.5 (muestra no hemolizada)",
        "Muestra no hemolizada: 12.5",
        "pendiente: 12.5",
        "12.5 ver nota 2",
    ],
)
def test_a_word_beside_a_value_does_not_erase_it(text: str) -> None:
    cleaned = lab({"result": text})
    assert (value_of(cleaned), value_of(cleaned, "status")) == (12.5, "done")
    assert "LAB_FLAG" in value_of(cleaned, "flags")
    ledger = cleaned.ledger.iloc[0]
    assert (ledger["fate"], ledger["reason"]) == ("clean", "NOTE_BESIDE")
    assert ledger["hint"].startswith("left out beside the value: '")


@pytest.mark.parametrize(
    "text",
    [
        "cancelado 12.5",
        "12.5 cancelado",
        "12.5 (muestra insuficiente)",
        "12.5 error de equipo",
        "12.5 rechazada",
        "No se realizó, previo 12.5",
        "sin reactivo (12.5)",
        "QNS 12.5",
    ],
)
def test_a_value_that_a_word_denies_is_held(text: str) -> None:
    assert read_number(text, PLAIN).problem == "NOTE_CONTRADICTS"
    assert fates(lab({"result": text})) == ["NOTE_CONTRADICTS"]


@pytest.mark.parametrize(
    "text",
    [
        "pendiente 04/05/2020",
        "repetir en 48 h",
        "QNS 2 mL",
        "No se realizó el 4/5",
        "Ver nota 2",
        "pendiente para las 08:30",
        "cancelado por el servicio",
        "muestra insuficiente",
        "sin reactivo",
        "not done",
    ],
)
def test_words_alone_are_not_done(text: str) -> None:
    assert read_number(text, PLAIN).not_done


@pytest.mark.parametrize(
    "text", ["12 (previo 30)", "12 hemolizada 30", "12 pendiente 30", "hemolizada 30: 12", "12 foo"]
)
def test_two_numbers_or_unknown_words_are_held(text: str) -> None:
    assert fates(lab({"result": text, "unit": ""}))[0] not in ("clean", "NOTE_BESIDE")


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("POSITIVO, repetir en 48 h", "positive"),
        ("Positivo (pendiente confirmar)", "positive"),
        ("NEGATIVO - ver nota 3", "negative"),
        ("no detectado; verificado", "negative"),
        ("Negative (repeat in 2 days)", "negative"),
        ("Sí (muestra no hemolizada)", "yes"),
        ("POSITIVO (previo NEGATIVO)", None),
        ("POSITIVO (muestra contaminada)", None),
        ("POSITIVO, repetir: negativo", None),
        ("positivo?", None),
        ("POSITIVO / NEGATIVO", None),
        ("repetir", None),
        ("POSITIVO, cancelado", None),
        ("no, pendiente 12", None),
    ],
)
def test_a_finding_keeps_its_meaning_beside_a_note(text: str, finding: str | None) -> None:
    assert finding_and_note(text).finding == finding
    assert not read_number(text, PLAIN).not_done or text == "repetir"


def test_what_is_left_out_beside_a_finding_is_listed() -> None:
    cleaned = lab({"test": "SARS-CoV-2 PCR", "unit": "", "specimen": "", "result": "POSITIVO, repetir en 48 h"})
    assert (value_of(cleaned, "result"), value_of(cleaned, "status")) == ("positive", "done")
    assert cleaned.ledger["hint"].iloc[0] == "left out beside the value: 'repetir en 48 h'"
    assert fates(cleaned) == ["NOTE_BESIDE"]
    denied = {"test": "SARS-CoV-2 PCR", "unit": "", "specimen": "", "result": "POSITIVO, muestra contaminada"}
    assert fates(lab(denied)) == ["RESULT_UNKNOWN"]


@pytest.mark.parametrize(
    ("text", "haemolysed"),
    [
        ("Muestra hemolizada", True),
        ("Muestra no hemolizada", False),
        ("sin hemólisis", False),
        ("No hay datos de hemólisis", False),
        ("Muestra lipémica, no hemolizada", False),
        ("No lipémica ni hemolizada", False),
        ("No lipémica; hemolizada", True),
        ("no lipémica, hemolizada", True),
        ("hemólisis: no", False),
        ("Hemólisis ausente", False),
        ("hemólisis negativa", False),
        ("hemólisis +++", True),
        ("No procesada por hemólisis", True),
        ("No se procesó: hemolizada", True),
        ("not haemolysed", False),
        ("non-hemolyzed", False),
        ("Hemolysis index 0", False),
        ("hemolysis index: none", False),
        ("hemolysis index 3", True),
        ("no visible hemolysis", False),
        ("without signs of hemolysis", False),
        ("grossly hemolyzed", True),
        ("hemolyzed, no clots", True),
        ("Suero sin evidencia de hemólisis", False),
    ],
)
def test_negation_is_read(text: str, haemolysed: bool) -> None:
    assert says(text, HAEMOLYSED) is haemolysed
    assert fates(lab({**FERRITIN, "comment": text})) == (["SPECIMEN_BAD"] if haemolysed else ["clean"])


def test_negation_is_read_for_every_fault_of_a_specimen() -> None:
    told = [
        says(text, BAD_SPECIMEN) for text in ("no coagulada", "sin coágulos", "not clotted", "contaminada", "icteric")
    ]
    assert told == [False, False, False, True, True]
    oxygen = {"test": "FiO2", "unit": "%", "result": "40", "specimen": ""}
    assert value_of(lab({**oxygen, "comment": "sin mascarilla"}), "flags") == ""
    assert value_of(lab({**oxygen, "comment": "con mascarilla"}), "flags") == "FIO2_ESTIMATED"


WORDS: list[dict[str, Any]] = [
    {"texts": ["HIGH", "> upper limit", "inf"], "outcome": "FERR", "means": "above", "value": 40, "unit": "ug/mL"},
    {"texts": ["LOW"], "outcome": "FERR", "means": "below", "value": 5},
    {"texts": ["indetectable"], "outcome": "FERR", "means": "below"},
    {"texts": ["aire ambiente", "room air"], "outcome": "FIO2", "means": "value", "value": 21, "unit": "%"},
    {"texts": ["NR"], "means": "negative"},
    {"texts": ["S/M", "no hay"], "means": "not_done"},
]
OXYGEN = {"test": "FiO2", "unit": "", "specimen": ""}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({**FERRITIN, "result": "HIGH"}, (np.nan, 40_000, np.nan)),
        ({**FERRITIN, "result": " high "}, (np.nan, 40_000, np.nan)),
        ({**FERRITIN, "result": "> upper limit"}, (np.nan, 40_000, np.nan)),
        ({**FERRITIN, "result": "inf", "unit": ""}, (np.nan, 40_000, np.nan)),
        ({**FERRITIN, "result": "low"}, (np.nan, 0, 5)),
        ({**OXYGEN, "result": "Aire ambiente"}, (0.21, 0.21, 0.21)),
        ({**OXYGEN, "result": "ROOM AIR", "unit": "fraction"}, (0.21, 0.21, 0.21)),
    ],
)
def test_a_declared_word_is_a_limit_or_a_value(row: dict[str, str], expected: tuple[float, float, float]) -> None:
    cleaned = lab(row, words=WORDS)
    assert fates(cleaned) == ["clean"], cleaned.ledger["hint"].iloc[0]
    read = cleaned.measurements[["value", "lower", "upper"]].iloc[0].astype(float)
    np.testing.assert_allclose(read, expected)
    assert "WORD_DECLARED" in value_of(cleaned, "flags")


def test_a_declared_word_is_a_finding_or_not_done() -> None:
    pcr = {"test": "SARS-CoV-2 PCR", "unit": "", "specimen": "", "result": "NR"}
    assert value_of(lab(pcr, words=WORDS), "result") == "negative"
    assert value_of(lab({"result": "no hay"}, words=WORDS), "status") == "not_done"
    assert fates(lab({"result": "NR"}, words=WORDS)) == ["NUM_UNREADABLE"]
    limits = {"A": {"FERR": {"lod": 3}}}
    below = lab({**FERRITIN, "result": "indetectable"}, words=WORDS, assay_limits=limits)
    assert value_of(below, "upper") == 3
    assert fates(lab({**FERRITIN, "result": "indetectable"}, words=WORDS)) == ["LOD_NO_LIMIT"]


def test_a_word_is_read_of_its_outcome_only_and_as_a_whole() -> None:
    assert fates(lab({"result": "HIGH"}, words=WORDS)) == ["NUM_UNREADABLE"]
    assert value_of(lab({**FERRITIN, "result": "HIGH 900"}, words=WORDS), "flags") == "LAB_FLAG"
    assert fates(lab({**FERRITIN, "result": "900 H"}, words=WORDS)) == ["clean"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({**FERRITIN, "result": "> upper limit"}, 'words\': {texts: ["> upper limit"], outcome: FERR, means: above'),
        ({**FERRITIN, "result": "inf"}, "means: above"),
        ({**FERRITIN, "result": "HIGH"}, "means: above"),
        ({**FERRITIN, "result": "Bajo"}, "means: below"),
        ({**FERRITIN, "result": "-inf"}, "means: below"),
        ({**FERRITIN, "result": "\u2212Infinity"}, "means: below"),
        ({**FERRITIN, "result": "muy alto"}, "means: above"),
        ({**FERRITIN, "result": "over range"}, "means: above"),
        ({**FERRITIN, "result": "por encima del límite"}, "means: above"),
        ({**FERRITIN, "result": "SATURADO"}, "means: above"),
        ({**FERRITIN, "result": "very low"}, "means: below"),
        ({**OXYGEN, "result": "aire ambiente"}, 'outcome: FIO2, means: value, value: 21, unit: "%"'),
        ({**OXYGEN, "result": "VMK 50%"}, 'split_columns\': {forms: ["{device} {flow} L"'),
        ({**OXYGEN, "result": "HFNC 40L/60%"}, "a device with its flow or fraction"),
        (
            {**OXYGEN, "test": "PaO2/FiO2", "unit": "mmHg", "result": "310 aire ambiente"},
            "if it says room air, declare under 'split_columns'",
        ),
        ({**FERRITIN, "result": "lipemia"}, "means: not_done"),
        ({**FERRITIN, "result": "9-9-9"}, "sentinels"),
        # Words and signs beside the digits say something that a code for missing would erase.
        ({**FERRITIN, "result": "aprox. 900"}, "declare under 'words' what it means"),
        ({**FERRITIN, "result": "~900"}, "declare under 'words' what it means"),
        ({**FERRITIN, "result": "900 ± 20"}, "declare under 'words' what it means"),
        ({**FERRITIN, "result": "2256 o mas?"}, "words of a limit that do not say on which side: correct the cell"),
        ({**FERRITIN, "result": "mínimo 5"}, "words of a limit that do not say on which side: correct the cell"),
    ],
)
def test_the_hint_proposes_the_line(row: dict[str, str], said: str) -> None:
    held = lab(row).ledger.iloc[0]
    assert held["fate"] == "quarantined"
    assert said in held["hint"]


@pytest.mark.parametrize(
    "word",
    [
        {"texts": ["HIGH"], "outcome": "FERR", "means": "above"},
        {"texts": ["x"], "outcome": "FERR", "means": "negative", "value": 3},
        {"texts": ["x"], "means": "value", "value": 3},
        {"texts": ["x"], "outcome": "FERR", "means": "below", "unit": "ng/mL"},
        {"texts": [], "means": "not_done"},
        {"texts": ["x"], "means": "missing"},
    ],
)
def test_a_word_without_a_meaning_is_refused(word: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        source({"f": {"parts": [{"kind": "patients", "subject": "id"}], "words": [word]}})


def test_an_untouched_cell_keeps_its_flags() -> None:
    assert value_of(lab({**LAB, "result": "12 H"}), "flags") == "LAB_FLAG"
    assert fates(lab({**LAB, "result": "12 H"})) == ["clean"]


def test_the_proposed_line_tells_an_upper_limit_from_a_lower_one() -> None:
    for text in ("> upper limit of detection", "por arriba del límite de detección"):
        assert "outcome: CRP, means: above" in str(lab({"result": text}).ledger["hint"].iloc[0])


@pytest.mark.parametrize("text", ["≦5", "＜5", "﹤ 5", "⩽5", "menos de 5", "&lt;5"])
def test_signs_of_other_keyboards_are_limits(text: str) -> None:
    cleaned = lab({**FERRITIN, "result": text})
    assert (value_of(cleaned, "lower"), value_of(cleaned, "upper")) == (0.0, 5.0)


@pytest.mark.parametrize("text", ["≧900", "＞900", "﹥900", "⩾ 900", "más de 900", "MAS DE 900"])
def test_so_are_those_of_upper_limits(text: str) -> None:
    cleaned = lab({**FERRITIN, "result": text})
    assert value_of(cleaned, "lower") == 900.0 and pd.isna(value_of(cleaned, "upper"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("shown as '<0.5', stored as 0.5", "shows one thing and stores another"),
        ("=IF(A2>1,B2,C2)", "saved without the results of its formulas"),
        ("#DIV/0!", "the sheet has an error there"),
        ("#N/A", "the sheet has an error there"),
        ("#¡VALOR!", "the sheet has an error there"),
        ("not split: 120-80", "'split_columns' expects its mark"),
    ],
)
def test_what_a_sheet_could_not_say_has_its_own_remedy(text: str, said: str) -> None:
    held = lab({"result": text}).ledger.iloc[0]
    assert (held["fate"], held["reason"]) == ("quarantined", "NUM_UNREADABLE")
    # No word to declare: the text is the sheet's, not the laboratory's.
    assert said in held["hint"] and "'words'" not in held["hint"]
    # Nor is what a sheet says a patient.
    assert text.startswith("not split") or fates(lab({"id": text})) == ["ID_INVALID"]


AIR = (
    "AA",
    "aa",
    "% AA",
    "%AA",
    " RA",
    "% ra",
    " (AA)",
    " aire ambiente",
    "% (aire ambiente)",
    " al aire",
    " A.A.",
    " a/a",
)
AIR += (
    " room air",
    " ambient air",
    " air ambiant",
    " ar ambiente",
    " Raumluft",
    " aria ambiente",
    " con aire ambiente",
)
SATURATION: dict[str, Any] = {"kind": "measurements_wide", "subject": "id", "time": DATES}
SATURATION |= {"columns": {"SpO2": {"outcome": "SPO2", "unit": "%"}}}


@pytest.mark.parametrize("said", AIR)
def test_room_air_behind_a_saturation_is_noted(said: str) -> None:
    cleaned = clean([{"id": "1", "when": "2020-05-04", "SpO2": f"93{said}"}], SATURATION)
    assert (value_of(cleaned), value_of(cleaned, "flags")) == (93, "LAB_FLAG")
    assert cleaned.ledger["reason"].tolist() == ["NOTE_BESIDE"]


@pytest.mark.parametrize(("text", "reason"), [("12 AA", ""), ("12 aa", "UNIT_CONFLICT")])
def test_of_other_analytes_capitals_are_a_flag(text: str, reason: str) -> None:
    """HL7 table 0078: AA is a very abnormal result."""
    ledger = lab({"result": text}).ledger.fillna("")
    assert ledger["reason"].tolist() == [reason]


def saturations(n_air: int, folder: Path, **file: Any) -> pd.DataFrame:
    """Findings of 40 saturations, n_air of them with room air beside them."""
    cells = [f"{90 + n % 9}{' AA' if n < n_air else ''}" for n in range(40)]
    path = folder / "f.csv"
    path.write_text("id,when,SpO2\n" + "".join(f"P{n},2020-05-04,{cell}\n" for n, cell in enumerate(cells)))
    return findings_of(path, {"parts": [SATURATION], **file}, folder)[0]


@pytest.mark.parametrize(("n_air", "severity"), [(0, ""), (2, "report"), (10, "stop"), (40, "stop")])
def test_room_air_that_is_not_read_is_a_finding_with_the_line_that_reads_it(
    n_air: int, severity: str, tmp_path: Path
) -> None:
    found = saturations(n_air, tmp_path)
    assert found["finding"].tolist() == ["AIR_BESIDE"] * (n_air > 0)
    if n_air == 0:
        return
    one = found.iloc[0]
    assert (one["outcome"], one["n"], one["share"], one["severity"]) == ("SPO2", n_air, n_air / 40, severity)
    assert one["hint"] == f"'AA' beside {n_air} of 40 values is left out: if it is room air, FiO2 was 21% then"
    # The line, typed with the columns that it makes.
    columns = {"value": {"outcome": "SPO2", "unit": "%"}, "air": {"outcome": "FIO2", "unit": "%"}}
    line = yaml.safe_load(one["config_line"])
    line |= {"parts": [SATURATION | {"columns": columns}]}
    line["words"] = [{"texts": ["AA"], "outcome": "FIO2", "means": "value", "value": 21, "unit": "%"}]
    assert saturations(n_air, tmp_path, **line).empty
    values = pd.read_parquet(tmp_path / "measurements.parquet").groupby("outcome")["value"]
    assert values.agg(["count", "sum"]).loc["FIO2"].tolist() == pytest.approx([n_air, 0.21 * n_air])
    assert values.sum()["SPO2"] == sum(90 + n % 9 for n in range(40))


def long_rows(n_air: int, folder: Path, **file: Any) -> pd.DataFrame:
    """Findings of 40 saturations called SpO2 or SatO2, n_air with room air beside them, among 40 heart rates."""
    cells = [f"{90 + n % 9}{' AA' if n < n_air else ''}" for n in range(40)]
    lines = [f"P{n},2020-05-04,{('SpO2', 'SatO2')[n % 2]},{cell},%" for n, cell in enumerate(cells)]
    lines += [f"P{n},2020-05-04,Heart rate,{60 + n},/min" for n in range(40)]
    path = folder / "f.csv"
    path.write_text("\n".join(["id,when,test,value,unit", *lines]) + "\n")
    return findings_of(path, {"parts": [SATURATIONS_LONG], **file}, folder)[0]


SATURATIONS_LONG: dict[str, Any] = {"kind": "measurements_long", "subject": "id", "time": DATES}
SATURATIONS_LONG |= {"analyte": "test", "value": "value", "unit": "unit"}


def test_room_air_of_a_file_of_one_measurement_a_row_is_read_by_the_line_of_its_finding(tmp_path: Path) -> None:
    """Cells of many analytes have many forms: those of the saturation are split, the others stay as they are."""
    (one,) = long_rows(10, tmp_path).to_dict("records")
    assert (one["finding"], one["outcome"], one["n"], one["severity"]) == ("AIR_BESIDE", "SPO2", 10, "stop")
    line = yaml.safe_load(one["config_line"])
    assert line["split_columns"]["value"]["where"] == [{"column": "test", "is_in": ["SatO2", "SpO2"]}]
    air = {
        "kind": "measurements_wide",
        "subject": "id",
        "time": DATES,
        "where": line["split_columns"]["value"]["where"],
    }
    air |= {"columns": {"air": {"outcome": "FIO2", "unit": "%"}}}
    line |= {"parts": [SATURATIONS_LONG | {"value": "number"}, air]}
    line["words"] = [{"texts": ["AA"], "outcome": "FIO2", "means": "value", "value": 21, "unit": "%"}]
    assert long_rows(10, tmp_path, **line).empty
    values = pd.read_parquet(tmp_path / "measurements.parquet").groupby("outcome")["value"]
    assert values.agg(["count", "sum"]).loc["FIO2"].tolist() == pytest.approx([10, 2.1])
    assert values.sum()[["SPO2", "HR"]].tolist() == [sum(90 + n % 9 for n in range(40)), sum(60 + n for n in range(40))]


@pytest.mark.parametrize(
    ("text", "event"),
    [
        # Moves within the hospital end nothing.
        *(
            (text, None)
            for text in ("transferência interna", "Traslado a piso", "Transfer to ICU", "Verlegt: Station 3")
        ),
        *(
            (text, None)
            for text in ("Transfer In", "Transferred in from other hospital", "alta de UCI, traslado a planta")
        ),
        # German and Italian say 'in' of where someone goes.
        ("Transferido para outro hospital, UTI", "transfer_out"),
        ("verlegt in anderes Krankenhaus", "transfer_out"),
        ("trasferito in altra struttura", "transfer_out"),
        ("Alta por traslado", "transfer_out"),
        ("Traslado a domicilio", "discharge_alive"),
        # UB-04, field 17 (patient discharge status).
        ("Discharged/transferred to a short-term general hospital", "transfer_out"),
        ("Short Term Hospital", "transfer_out"),
        ("Discharged/transferred to skilled nursing facility (SNF)", "discharge_alive"),
        ("Rehab Facility", "discharge_alive"),
        ("Left Against Medical Advice", "discharge_alive"),
        ("Hospice/Medical Facility", None),
        ("Expired", "death"),
        ("óbito em outro hospital após transferência", "death"),
    ],
)
def test_the_end_of_a_stay_by_its_words(text: str, event: str | None) -> None:
    assert ending_said(text) == event
