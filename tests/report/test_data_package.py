"""The description of results/tables: every column, key and hash, as the public checker reads it."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from historical_controls.report.exports.bundle_page import SHARED
from historical_controls.report.exports.spreadsheets import PrintedTable, csv_tables
from historical_controls.report.exports.standards.data_package import Resource, data_package
from historical_controls.report.exports.standards.printed_tables import printed_package
from historical_controls.report.exports.tables import export_index, export_tables, table_resources
from historical_controls.report.printing.study_names import study_names
from historical_controls.tables.exported import EXPORTED

from .study import small_study


@cache
def resources() -> tuple[Resource, ...]:
    study = small_study()
    names = study_names(study.config, study.words("en"), study.dictionary)
    tables = export_tables(study.ard, study.outputs)
    return tuple(table_resources(tables, export_index(tables, study.outputs), names))


@cache
def package() -> dict[str, Any]:
    study = small_study()
    names = study_names(study.config, study.words("en"), study.dictionary)
    return dict(json.loads(data_package(study.config.study, names, resources())))


def written(folder: Path) -> Path:
    for one in resources():
        (folder / one.file).write_bytes(one.content)
    (folder / "datapackage.json").write_text(json.dumps(package()), encoding="utf-8")
    return folder


def test_every_file_has_its_columns_in_order_and_its_hash() -> None:
    described = {one["path"]: one for one in package()["resources"]}
    assert list(described) == [one.file for one in resources()]
    for one in resources():
        own = described[one.file]
        header = one.content.decode().partition("\n")[0].split(",")
        assert [field["name"] for field in own["schema"]["fields"]] == header
        assert own["hash"] == f"sha256:{hashlib.sha256(one.content).hexdigest()}"
        assert all(field["title"] and field["description"] for field in own["schema"]["fields"])


def test_types_units_keys_and_codes_are_those_of_the_declared_tables() -> None:
    schema = next(one["schema"] for one in package()["resources"] if one["name"] == "table-14.2.2")
    fields = {field["name"]: field for field in schema["fields"]}
    types = {"day": "number", "value": "number"}
    assert {name: field["type"] for name, field in fields.items()} == {
        name: types.get(name, "string") for name in EXPORTED.names
    }
    assert (fields["day"]["unit"], fields["arm"]["title"]) == ("days", "Group")
    assert schema["primaryKey"] == ["id"]
    assert schema["foreignKeys"][0]["reference"] == {"resource": "index", "fields": ["output_id"]}
    labels = {one["value"]: one["label"] for one in fields["outcome"]["categories"]}
    assert labels["PF"] == small_study().dictionary.outcomes["PF"].label("en")
    scenarios = {one["value"]: one["label"] for one in fields["scenario"]["categories"]}
    assert scenarios["berlin"] == "Severe by Berlin"


def test_nothing_in_it_is_a_day_or_a_place_and_the_archive_links_it() -> None:
    text = json.dumps(package())
    assert not re.search(r"\d{4}-\d{2}-\d{2}|data/raw|/tmp", text)
    assert "SIMULATED" in package()["description"]
    assert SHARED["descriptor"] == "tables/datapackage.json"


def test_the_public_checker_finds_the_tables_as_described(tmp_path: Path) -> None:
    frictionless = pytest.importorskip("frictionless", reason="requirements-dev.lock brings it")
    frictionless.Package.from_descriptor(package(), basepath=str(written(tmp_path)))
    # Reading takes longest: the rows of the index and of every sixth table.
    report = frictionless.validate(package() | {"resources": package()["resources"][::6]}, basepath=str(tmp_path))
    assert report.valid, report.flatten(["title", "message"])
    assert report.stats["tasks"] > 5


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda text: text + text.splitlines()[-1] + "\n", "primary-key"),
        (lambda text: text.replace(",7.0,", ",day 7,", 1), "type-error"),
        (lambda text: text.replace("14.2.2,", "14.9.9,", 1), "foreign-key"),
        (lambda text: text.replace(",33.6", ",33.7", 1), "hash-count"),
    ],
)
def test_a_file_that_was_changed_is_refused(tmp_path: Path, spoil: Any, fault: str) -> None:
    frictionless = pytest.importorskip("frictionless", reason="requirements-dev.lock brings it")
    path = written(tmp_path) / "table-14.2.2.csv"
    text = path.read_text(encoding="utf-8")
    assert spoil(text) != text
    path.write_text(spoil(text), encoding="utf-8")
    kept = [one for one in package()["resources"] if one["name"] in ("table-14.2.2", "index")]
    short = package() | {"resources": kept}
    (tmp_path / "datapackage.json").write_text(json.dumps(short), encoding="utf-8")
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert fault in {row[0] for row in report.flatten(["type"])}


@cache
def printed(language: str) -> tuple[PrintedTable, ...]:
    return tuple(csv_tables(small_study().page(language).printer, small_study().outputs))


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_printed_tables_of_each_language_are_described_too(tmp_path: Path, language: str) -> None:
    frictionless = pytest.importorskip("frictionless", reason="requirements-dev.lock brings it")
    study = small_study()
    tables = printed(language)
    package = json.loads(printed_package(study.config.study, study.words(language), tables))
    for one in tables:
        (tmp_path / one.file).write_bytes(one.content)
    # Every table is described; a reader takes seconds for all of them.
    assert [one["path"] for one in package["resources"]] == [one.file for one in tables]
    assert len(tables) > 30
    two = [one["name"] for one, own in zip(package["resources"], tables, strict=True) if own.n_heads == 2][:2]
    chosen = [one for place, one in enumerate(package["resources"]) if place % 8 == 0 or one["name"] in two]
    report = frictionless.validate(package | {"resources": chosen}, basepath=str(tmp_path))
    assert report.valid, report.flatten(["title", "message"])
    by_name = {one["name"]: one for one in package["resources"]}
    titles = [field["title"] for field in by_name["table-14.2.2-1"]["schema"]["fields"]]
    assert titles[1] == {"en": "Treated, n = 5: n", "es": "Tratados, n = 5: n"}[language]
    rows = tables[0].text.rstrip("\n").count("\n") + 1
    assert rows > tables[0].n_heads


def test_a_printed_table_that_was_changed_is_refused(tmp_path: Path) -> None:
    frictionless = pytest.importorskip("frictionless", reason="requirements-dev.lock brings it")
    study = small_study()
    one = next(table for table in printed("en") if table.file == "table-14.2.2-1.csv")
    package = json.loads(printed_package(study.config.study, study.words("en"), [one]))
    (tmp_path / one.file).write_bytes(one.content.replace(b"34 (", b"35 ("))
    report = frictionless.validate(package, basepath=str(tmp_path))
    assert {row[0] for row in report.flatten(["type"])} == {"hash-count"}
