"""Rows whose arm is a code: of this arm, of the other, of neither, or held because nobody declared the code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from cleaning_study import DATES, clean, dictionary, fates, intake, source, study

from historical_controls.cleaning.ledger.quarantine import held_records, quarantine_list, row_hashes
from historical_controls.cleaning.ledger.resolutions import read_resolutions
from historical_controls.cleaning.people.assemble import SourceInputs, assemble_source
from historical_controls.cleaning.people.identity import link_people
from historical_controls.cleaning.records.outputs import CleanedFile, CleanSource
from historical_controls.cleaning.rows.files import FileInputs, clean_file
from historical_controls.config.reading.arm_column import name_of_both_arms
from historical_controls.config.sources.arms import ArmColumn
from historical_controls.config.sources.codes import DeclaredCodes
from historical_controls.errors import UserError
from historical_controls.intake.reading import read_file
from historical_controls.report.data_manager.held_records import read_held
from historical_controls.tables.both_arms import DECIDED_BY, told_once
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import INTAKE, LEDGER

PATIENTS = {"kind": "patients", "subject": "id", "events": [{"event": "admission", "time": DATES}]}
ARM = {"column": "group", "treated": ["1", "MSC"], "historical": ["0", "Histórico"], "neither": ["X"]}
DAY = {"when": "2020-05-04"}


def arm_of(text: str, case: Any = "ignore", decimal: str = ".") -> str:
    codes = DeclaredCodes(dict(ArmColumn.model_validate(ARM).codes()), case, decimal, None)
    return codes.meaning(text) or "unknown"


def rows(*groups: str) -> list[dict[str, str]]:
    return [{"id": f"P{n}", "group": group, **DAY} for n, group in enumerate(groups)]


@pytest.mark.parametrize(
    ("text", "arm"),
    [
        ("1", "treated"),
        ("1.0", "treated"),
        ("MSC", "treated"),
        (" msc \u200b", "treated"),
        ("0", "historical"),
        ("0.00", "historical"),
        ("HISTORICO", "historical"),
        ("Histo\u0301rico", "historical"),
        ("x", "neither"),
        ("", "unknown"),
        ("10", "unknown"),
        ("1.5", "unknown"),
        ("-1", "unknown"),
        ("01", "unknown"),
        ("MSC-", "unknown"),
        ("M SC", "unknown"),
        ("Historic", "unknown"),
    ],
)
def test_a_code_is_compared_as_text_and_as_number(text: str, arm: str) -> None:
    assert arm_of(text) == arm


def test_capitals_and_marks_count_where_declared() -> None:
    assert [arm_of(text, case="exact") for text in ("MSC", "msc", "Historico")] == ["treated", "unknown", "unknown"]
    assert [arm_of(text, decimal=",") for text in ("1,0", "0,5")] == ["treated", "unknown"]


def test_a_row_of_no_declared_arm_is_held_and_says_what_to_type() -> None:
    cleaned = clean(rows("0", "MCS", "", "1", "X", "msc"), PATIENTS, arm_column=ARM)
    assert fates(cleaned) == ["clean", "ARM_UNKNOWN", "ARM_UNKNOWN", "ARM_OTHER", "ARM_OTHER", "ARM_OTHER"]
    held = cleaned.ledger.loc[cleaned.ledger["fate"] == "quarantined"].set_index("line")
    assert held["raw_value"].tolist() == ["MCS", ""]
    assert held.loc[3, "hint"] == (
        "'MCS' in column 'group' is not a declared arm; the nearest is 'MSC'. Correct the cell, or add \"MCS\" to "
        "'treated', 'historical' or 'neither' of the arm"
    )
    assert held.loc[4, "hint"].startswith(
        "'' in column 'group' is not a declared arm. Correct the cell, or add \"\" to"
    )


def test_both_sources_hold_a_row_of_no_declared_arm_and_share_the_others() -> None:
    declared = {"f": {"parts": [PATIENTS], "arm_column": ARM}}
    sent = intake(rows("0", "1", "2", "X", "0"))
    inputs = {
        arm: FileInputs("s", "f", source(declared, arm), study(), dictionary()) for arm in ("treated", "historical")
    }
    said = {arm: fates(clean_file(sent, own)) for arm, own in inputs.items()}
    assert said["treated"] == ["ARM_OTHER", "clean", "ARM_UNKNOWN", "ARM_OTHER", "ARM_OTHER"]
    assert said["historical"] == ["clean", "ARM_OTHER", "ARM_UNKNOWN", "ARM_OTHER", "clean"]


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ({}, {"treated": ["clean", "ARM_UNKNOWN", "ARM_OTHER"], "historical": ["ARM_OTHER", "ARM_UNKNOWN", "clean"]}),
        (
            {"decision": "correct", "column": "group", "text": "MSC"},
            {"treated": ["clean", "CORRECTED", "ARM_OTHER"], "historical": ["ARM_OTHER", "ARM_OTHER", "clean"]},
        ),
        (
            {"decision": "correct", "column": "group", "text": "0"},
            {"treated": ["clean", "ARM_OTHER", "ARM_OTHER"], "historical": ["ARM_OTHER", "CORRECTED", "clean"]},
        ),
    ],
)
def test_a_row_that_both_sources_hold_is_listed_once_and_decided_once(
    tmp_path: Path, decision: dict[str, str], said: dict[str, list[str]]
) -> None:
    declared = {"f": {"parts": [PATIENTS], "arm_column": ARM}}
    sent = intake(rows("1", "?", "0"))
    sources = {f"s_{arm}": source(declared, arm) for arm in ("treated", "historical")}
    written = {name: name_of_both_arms(name, own) for name, own in sources.items()}
    assert set(written.values()) == {"s"}

    def cleaned(decisions: pd.DataFrame | None) -> dict[str, CleanedFile]:
        inputs = {name: FileInputs(name, "f", own, study(), dictionary(), decisions) for name, own in sources.items()}
        return {name: clean_file(sent, own) for name, own in inputs.items()}

    for name, found in cleaned(None).items():
        write_table(found.ledger, tmp_path / f"{name}.parquet", LEDGER)
    write_table(sent, tmp_path / "f.parquet", INTAKE)
    paths = [tmp_path / f"{name}.parquet" for name in sources]
    held = held_records(paths, written)
    assert held[["source", "line", "reason"]].to_numpy().tolist() == [["s", 3, "ARM_UNKNOWN"]]
    page = read_held(paths, written)
    assert page.records[["source", "line"]].to_numpy().tolist() == [["s", 3]] and page.n_held == 1
    form = quarantine_list(held, {("s", "f"): tmp_path / "f.parquet"}, str)
    signed = {"who": "A. B.", "date": "2020-06-01", "why": "seen in the chart"}
    form.assign(**(signed | decision if decision else {})).to_csv(tmp_path / "decided.csv", index=False)
    decided = cleaned(read_resolutions(tmp_path / "decided.csv", sources))
    for name, found in decided.items():
        assert fates(found) == said[name.removeprefix("s_")]
        # Every line has one fate in each source.
        assert found.ledger["line"].tolist() == sent["line"].tolist()
    both = pd.concat([found.resolutions for found in decided.values()], ignore_index=True)
    listed = told_once(both, written, DECIDED_BY)
    assert len(both) == 2 * len(listed)
    assert listed[["source", "line"]].to_numpy().tolist() == ([["s", 3]] if decision else [])
    # What two people decided, each for one arm, are two decisions.
    signed_twice = both.assign(who=[f"P{n}" for n in range(len(both))])
    assert told_once(signed_twice, written, DECIDED_BY)["source"].tolist() == both["source"].tolist()


ONE_ARM = [
    # A row that only one arm holds, decided by the name that config.yaml has: what becomes of it in either arm.
    ({"decision": "exclude"}, "1", {"treated": "EXCLUDED", "historical": "ARM_OTHER"}),
    ({"decision": "exclude"}, "0", {"treated": "ARM_OTHER", "historical": "EXCLUDED"}),
    ({"decision": "correct", "column": "when", "text": "2020-05-06"}, "1", {"treated": "CORRECTED", "historical": ""}),
    ({"decision": "correct", "column": "when", "text": "2020-05-06"}, "0", {"treated": "", "historical": "CORRECTED"}),
]


def decided_in_both(
    folder: Path, group: str, decision: dict[str, str], source_name: str = "s"
) -> dict[str, CleanSource | str]:
    """Lines of either arm and one that cannot be dated, decided on, cleaned for both arms: results, or what is said."""
    declared = {"f": {"parts": [PATIENTS], "arm_column": ARM}}
    sent = intake([*rows("1", "0"), {"id": "P9", "group": group, "when": "?"}])
    sources = {f"s_{arm}": source(declared, arm) for arm in ("treated", "historical")}
    signed = {"who": "A. B.", "date": "2020-06-01", "why": "seen", "reason": "DATE_INVALID", "file": "f"}
    line = {"source": source_name, "row_hash": row_hashes(sent)["row_hash"].iloc[2], **signed, **decision}
    pd.DataFrame([line]).to_csv(folder / "decided.csv", index=False)
    decisions = read_resolutions(folder / "decided.csv", sources)
    found: dict[str, CleanSource | str] = {}
    for name, own in sources.items():
        try:
            part = clean_file(sent, FileInputs(name, "f", own, study(), dictionary(), decisions))
            people = link_people({name: part.ledger}, {name: own})
            found[own.arm] = assemble_source([part], people, SourceInputs(name, own, dictionary()))
        except UserError as error:
            found[own.arm] = str(error)
    return found


@pytest.mark.parametrize(("decision", "group", "said"), ONE_ARM)
def test_a_row_of_one_arm_is_decided_once_by_the_name_of_both(
    decision: dict[str, str], group: str, said: dict[str, str], tmp_path: Path
) -> None:
    for arm, found in decided_in_both(tmp_path, group, decision).items():
        assert isinstance(found, CleanSource), found
        assert found.ledger["reason"].iloc[2] == (said[arm] or "ARM_OTHER")


@pytest.mark.parametrize("group", ["X", "1"])
def test_a_decision_that_neither_arm_needs_fails(group: str, tmp_path: Path) -> None:
    exclude = {"decision": "exclude"}
    if group == "X":
        # Neither arm reads it.
        for found in decided_in_both(tmp_path, group, exclude).values():
            assert isinstance(found, str) and "it is not held for DATE_INVALID, but ARM_OTHER" in found
    else:
        # Named by the other arm, it is that arm's own mistake.
        found = decided_in_both(tmp_path, group, exclude, "s_historical")["historical"]
        assert isinstance(found, str) and "it is not held for DATE_INVALID, but ARM_OTHER" in found
        wrong = decided_in_both(tmp_path, group, {**exclude, "reason": "RANGE"})
        assert isinstance(wrong["treated"], str) and isinstance(wrong["historical"], CleanSource)


def test_a_corrected_arm_takes_its_row_to_the_other_source(tmp_path: Path) -> None:
    moved = {"decision": "correct", "column": "group", "text": "0"}
    found = decided_in_both(tmp_path, "1", moved)
    reasons = {arm: one.ledger["reason"].iloc[2] for arm, one in found.items() if isinstance(one, CleanSource)}
    assert reasons == {"treated": "ARM_OTHER", "historical": "DATE_INVALID"}


def test_a_line_that_one_source_holds_for_two_parts_is_listed_twice() -> None:
    line = {"file": "lab", "line": 7, "item": "", "reason": "DATE_INVALID"}
    alone = pd.DataFrame([{"source": "ward", **line}, {"source": "ward", **line}])
    assert told_once(alone, {"ward": "ward"})["source"].tolist() == ["ward", "ward"]
    written = {"ward_treated": "ward", "ward_historical": "ward"}
    one_arm = alone.assign(source="ward_treated")
    assert told_once(one_arm, written)["source"].tolist() == ["ward_treated"] * 2
    both = pd.concat([one_arm, alone.assign(source="ward_historical")], ignore_index=True)
    assert told_once(both, written)["source"].tolist() == ["ward", "ward"]


def test_a_row_that_one_source_holds_keeps_its_source(tmp_path: Path) -> None:
    declared = {"f": {"parts": [PATIENTS], "arm_column": ARM}}
    sent = intake([{**row, "when": "x"} for row in rows("1", "0")])
    for arm in ("treated", "historical"):
        inputs = FileInputs(f"s_{arm}", "f", source(declared, arm), study(), dictionary())
        write_table(clean_file(sent, inputs).ledger, tmp_path / f"s_{arm}.parquet", LEDGER)
    paths = [tmp_path / f"s_{arm}.parquet" for arm in ("treated", "historical")]
    written = {"s_treated": "s", "s_historical": "s"}
    assert held_records(paths, written)["source"].tolist() == ["s_historical", "s_treated"]
    assert read_held(paths, written).n_held == 2


def test_a_blank_arm_may_be_declared_and_a_declared_code_for_missing_may_not() -> None:
    cleaned = clean(rows("0", ""), PATIENTS, arm_column={**ARM, "neither": [""]})
    assert fates(cleaned) == ["clean", "ARM_OTHER"]
    with pytest.raises(ValueError, match="'0' is declared as missing and as 'historical'"):
        clean(rows("0"), PATIENTS, arm_column=ARM, sentinels=[{"codes": ["0"]}])


def test_a_row_that_no_part_reads_is_not_held_for_its_arm() -> None:
    part = {**PATIENTS, "where": [{"column": "form", "is_in": ["baseline"]}]}
    sent = [{**row, "form": form} for row, form in zip(rows("0", "", ""), ("baseline", "lab", "baseline"), strict=True)]
    assert fates(clean(sent, part, arm_column=ARM)) == ["clean", "ARM_OTHER", "ARM_UNKNOWN"]


def test_a_blank_id_is_filled_from_a_row_of_any_arm() -> None:
    sent = [{"id": "P1", "group": "?", **DAY}, {"id": "", "group": "0", **DAY}]
    cleaned = clean(sent, {**PATIENTS, "fill_down_subject": True}, arm_column=ARM)
    assert fates(cleaned) == ["ARM_UNKNOWN", "clean"]
    assert cleaned.events["subject"].tolist() == ["P1"]


def test_numbers_of_a_sheet_are_codes(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["id", "group", "when"])
    for number, group in enumerate([0, 0.0, "0 ", 1, None, 2, True]):
        book.active.append([f"P{number}", group, "2020-05-04"])
    book.save(tmp_path / "f.xlsx")
    declared = source({"f": {"parts": [PATIENTS], "format": "xlsx", "arm_column": ARM}})
    raw = read_file(tmp_path / "f.xlsx", declared.files["f"])
    cleaned = clean_file(raw, FileInputs("s", "f", declared, study(), dictionary()))
    assert fates(cleaned) == [*["clean"] * 3, "ARM_OTHER", *["ARM_UNKNOWN"] * 3]
