"""The ADaM-like data sets for other programs: Dataset-JSON 1.1 and Define-XML 2.1, as public checkers read them."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from historical_controls.report.exports.adam import adam_datasets, load_definition
from historical_controls.report.exports.standards.analysis_datasets import Dataset, described
from historical_controls.report.exports.standards.dataset_json import dataset_json
from historical_controls.report.exports.standards.define_xml import define_xml
from historical_controls.tables.registry import COHORT_PATIENTS, VISITS
from historical_controls.tables.schema import conform

from .study import ROOT, small_study

MISSING = "requirements-dev.lock brings it"


@cache
def datasets() -> tuple[Dataset, ...]:
    study = small_study()
    patients = conform(
        pd.DataFrame(
            [
                ("primary", "trial", "p1", "treated", True, "", "T1", None, 8.04, 60.0, 0, -3.2, "death", 9.5, 0, True),
                ("primary", "hospital", "p2", "historical", True, "", "C1", None, 7, 30, None, 2, "horizon", 21, 0, 0),
                ("primary", "hospital", "p3", "historical", False, "pf", "", *[None] * 9),
            ],
            columns=[*COHORT_PATIENTS.names, "DIABETES"],
        ),
        COHORT_PATIENTS,
    )  # fmt: skip
    rows = [
        ("primary", "trial", "p1", "treated", "PF", 0, 100.0, 100.0, 100.0, 2, "", ""),
        ("primary", "trial", "p1", "treated", "PF", 7, 125.5, 125.5, 125.5, 1, "", ""),
        ("primary", "hospital", "p2", "historical", "IL6", 7, None, 0.0, 1.5, 1, "", "below_limit"),
    ]
    visits = conform(pd.DataFrame(rows, columns=list(VISITS.names)), VISITS)
    definition = load_definition(ROOT / "docs" / "adam.csv")
    return tuple(described(adam_datasets(patients, visits, definition, study.config, study.dictionary)))


def read(name: str) -> dict[str, Any]:
    one = next(one for one in datasets() if one.name == name)
    return dict(json.loads("".join(dataset_json(one, "NCT00000000"))))


def test_rows_have_the_declared_columns_with_numbers_as_numbers_and_null_for_nothing() -> None:
    effects = read("ADEFF")
    names = [column["name"] for column in effects["columns"]]
    assert effects["records"] == len(effects["rows"]) == 3
    assert names == [row["variable"] for row in load_definition(ROOT / "docs/adam.csv").to_dict("records")
                     if row["dataset"] == "ADEFF"]  # fmt: skip
    censored, _, later = (dict(zip(names, row, strict=True)) for row in effects["rows"])
    assert (later["AVISITN"], later["AVAL"], later["CHG"], later["AVALC"]) == (7, 125.5, 25.5, "125.5")
    assert (censored["AVAL"], censored["AVALHI"], censored["AVALC"], censored["ABLFL"]) == (None, 1.5, "<1.5", None)
    assert [type(later[name]) for name in ("AVISITN", "AVAL", "NVALS")] == [int, float, int]


def test_whole_numbers_have_no_decimals_in_csv_either() -> None:
    frames = {one.name: one.frame for one in datasets()}
    for name, variable in (("ADSL", "CALWEEK"), ("ADEFF", "PARAMN"), ("ADEFF", "AVISITN"), ("ADTTE", "CNSR")):
        assert "." not in frames[name][[variable]].to_csv(index=False), variable
    assert frames["ADSL"]["CALWEEK"].tolist() == [2, -4]


def test_types_keys_and_lengths_are_those_of_the_specification() -> None:
    columns = {column["name"]: column for column in read("ADEFF")["columns"]}
    assert {column["dataType"] for column in columns.values()} == {"string", "integer", "double"}
    assert [name for name, one in sorted(columns.items(), key=lambda item: item[1].get("keySequence", 9))][:4] == [
        "STUDYID", "USUBJID", "PARAMCD", "AVISITN",
    ]  # fmt: skip
    assert (columns["USUBJID"]["length"], columns["ABLFL"]["length"]) == (len("NCT00000000-T1"), 1)
    assert "length" not in columns["AVAL"]


def test_keys_are_unique_and_coded_values_are_among_the_codes() -> None:
    for one in datasets():
        keys = [variable.name for variable in one.variables if variable.key]
        assert not one.frame.duplicated(keys).any()
        for variable in one.variables:
            values = {str(value) for value in one.frame[variable.name].dropna() if value != ""}
            assert not variable.codes or values <= set(variable.codes), variable.name


@pytest.mark.parametrize("text", [define_xml(datasets(), small_study().config.study), *map(read, ("ADSL", "ADTTE"))])
def test_no_day_of_a_patient_and_no_id_as_sent_is_in_them(text: object) -> None:
    said = re.sub("1980-01-01T00:00:00", "", str(text))
    assert not re.search(r"\d{4}-\d{2}-\d{2}|'p[123]'|>p[123]<", said)


def test_the_public_model_reads_every_file_and_gives_it_back() -> None:
    model = pytest.importorskip("odmlib.dataset_json_1_1.model", reason=MISSING)
    for one in datasets():
        text = "".join(dataset_json(one, "NCT00000000"))
        assert model.DatasetJSON.from_json(text).to_dict() == json.loads(text)
    wrong = json.loads(text)
    wrong["columns"][0]["dataType"] = "text"
    with pytest.raises(TypeError, match="Invalid value text for dataType"):
        model.DatasetJSON.from_dict(wrong)


def test_the_definition_is_valid_by_the_published_schema() -> None:
    paths = pytest.importorskip("odmlib.schema_manager", reason=MISSING)
    etree = pytest.importorskip("lxml.etree")
    schema = etree.XMLSchema(etree.parse(paths.get_schema_path("define", "2.1")))
    root = etree.fromstring(define_xml(datasets(), small_study().config.study).encode())
    assert schema.validate(root), schema.error_log
    item = next(root.iter("{*}ItemDef"))
    item.set("DataType", "number")
    assert not schema.validate(root)


def test_every_reference_of_the_definition_has_its_definition(tmp_path: Path) -> None:
    loader = pytest.importorskip("odmlib.loader", reason=MISSING)
    define = pytest.importorskip("odmlib.define_loader", reason=MISSING)
    checkers = pytest.importorskip("odmlib.oid_generator", reason=MISSING)
    path = tmp_path / "define.xml"
    path.write_text(define_xml(datasets(), small_study().config.study), encoding="utf-8")
    opened = loader.ODMLoader(define.XMLDefineLoader(model_package="define_2_1"))
    opened.open_odm_document(str(path))
    assert opened.root().validate(collect_errors=True, oid_checker=checkers.create_oid_checker("define_2_1")) == []
    described_items = {item.OID for item in opened.MetaDataVersion().ItemDef}
    columns = {column["itemOID"] for one in datasets() for column in read(one.name)["columns"]}
    assert described_items == columns
