"""The list of held records: complete, traceable, safe in a spreadsheet, and reversible."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from cleaning_study import LAB, LONG, assembled, intake
from hypothesis import given
from hypothesis import strategies as st

from historical_controls.cleaning.ledger.quarantine import (
    TO_FILL_IN,
    held_records,
    quarantine_list,
    row_hash,
    row_hashes,
)
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import INTAKE, LEDGER
from historical_controls.text.spreadsheet_cells import as_sent, inert


@given(st.text(max_size=30))
def test_an_escaped_cell_runs_nothing_and_comes_back(text: str) -> None:
    shown = inert(text)
    assert isinstance(shown, str)
    assert as_sent(shown) == text
    if shown.startswith(("=", "@", "\t", "\r")):
        pytest.fail(f"{shown!r} would be run")


@pytest.mark.parametrize("text", ["-1", "+5", "-12.5", "-1,250"])
def test_signed_numbers_stay_as_they_are(text: str) -> None:
    assert inert(text) == text


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "'=1"])
def test_formulas_are_words(text: str) -> None:
    assert str(inert(text)).startswith("'")


def test_every_held_record_is_listed_with_the_hash_of_its_row(tmp_path: Path) -> None:
    rows = [{}, {"result": "=HYPERLINK(1)"}, {"result": "99999", "analyte": "Ferritina"}, {"result": "=HYPERLINK(1)"}]
    sent = [{**LAB, "when": f"2020-05-04 0{n}:00", **row} for n, row in enumerate(rows)]
    # The second formula stands at the same time as the first, in the same words: the same row twice.
    sent[3] = dict(sent[1])
    found, raw = assembled({"lab": (sent, LONG)}), intake(sent)
    write_table(found.ledger, tmp_path / "ledger.parquet", LEDGER)
    write_table(raw, tmp_path / "lab.parquet", INTAKE)
    held = held_records([tmp_path / "ledger.parquet"])
    assert len(held) == int((found.ledger["fate"] == "quarantined").sum()) > 0
    listed = quarantine_list(held, {("s", "lab"): tmp_path / "lab.parquet"}, lambda reason: f"why {reason}")
    listed.to_csv(tmp_path / "quarantine.csv", index=False, encoding="utf-8-sig", lineterminator="\r\n")
    with (tmp_path / "quarantine.csv").open(encoding="utf-8-sig", newline="") as file:
        back = list(csv.DictReader(file))
    assert [row["line"] for row in back] == held["line"].astype(str).tolist()
    assert all(row["row_hash"].startswith("r") and row["meaning"].startswith("why ") for row in back)
    assert {row[name] for row in back for name in TO_FILL_IN} == {""}
    formulas = [row for row in back if "HYPERLINK" in row["raw_value"]]
    assert {row["raw_value"] for row in formulas} == {"'=HYPERLINK(1)"}
    assert len({row["row_hash"] for row in formulas}) == 1


def test_nothing_held_gives_an_empty_list(tmp_path: Path) -> None:
    write_table(LEDGER.empty(), tmp_path / "ledger.parquet", LEDGER)
    assert quarantine_list(held_records([tmp_path / "ledger.parquet"]), {}, str).empty


def test_the_hash_tells_cells_apart() -> None:
    assert row_hash(["a", "bc"]) != row_hash(["ab", "c"])
    assert row_hash(["a", None]) == row_hash(["a", ""])


def test_a_broken_line_without_text_cannot_be_told_from_another() -> None:
    raw = intake([LAB], [(3, "FILE_LAYOUT", None), (4, "FILE_LAYOUT", "a;b")])
    first, private, broken = row_hashes(raw)["row_hash"]
    assert private == "" and broken == row_hash(["a;b"]) != first
