"""Decisions on single held rows: what each does, and that none is taken for granted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from cleaning_study import LAB, LONG, dictionary, intake, source, study

from historical_controls.cleaning.ledger.quarantine import held_records, quarantine_list, row_hashes
from historical_controls.cleaning.ledger.resolutions import is_released, read_resolutions
from historical_controls.cleaning.people.assemble import SourceInputs, assemble_source
from historical_controls.cleaning.people.identity import link_people
from historical_controls.cleaning.people.joining import assemble_files
from historical_controls.cleaning.records.outputs import SOURCE_TABLES, CleanSource, write_cleaned_file
from historical_controls.cleaning.records.records import decide
from historical_controls.cleaning.rows.files import FileInputs, clean_file
from historical_controls.errors import UserError
from historical_controls.tables.parquet import read_table, write_table
from historical_controls.tables.registry import INTAKE, LEDGER
from historical_controls.tables.schema import conform

SIGNED = {"who": "Dra. Ruiz", "date": "2020-11-03", "why": "seen in the paper chart"}
ROWS = [
    {"when": "2020-05-04 08:00", "result": "950"},  # above the hard limit of CRP
    {"when": "2020-05-04 09:00", "result": "1,250", "test": "Ferritina", "unit": "ng/mL"},
    {"when": "2020-05-04 10:00", "result": "0.5", "test": "PCT", "unit": "ng/mL", "comment": "hemolizada"},
    {"when": "2020-05-04 11:00", "result": "20"},
    {"when": "2020-05-04 11:00", "result": "30"},
    {"when": "2020-05-04 12:00", "result": "40"},
    {"when": "2020-05-04 13:00", "result": "x"},
]


def sent() -> pd.DataFrame:
    return intake([{**LAB, **row} for row in ROWS])


def joined(decided: pd.DataFrame | None = None, raw: pd.DataFrame | None = None) -> CleanSource:
    declared = source({"lab": {"parts": [LONG]}})
    part = clean_file(sent() if raw is None else raw, FileInputs("s", "lab", declared, study(), dictionary(), decided))
    people = link_people({"s": part.ledger}, {"s": declared})
    return assemble_source([part], people, SourceInputs("s", declared, dictionary()))


def form(folder: Path) -> pd.DataFrame:
    """quarantine.csv as a data manager gets it."""
    write_table(joined().ledger, folder / "ledger.parquet", LEDGER)
    write_table(sent(), folder / "lab.parquet", INTAKE)
    held = held_records([folder / "ledger.parquet"])
    return quarantine_list(held, {("s", "lab"): folder / "lab.parquet"}, str).set_index("line", drop=False)


def filled_in(folder: Path, **lines: dict[str, str]) -> Path:
    """The same with some lines filled in; keys 'line_2' name the line."""
    out = form(folder)
    for key, said in lines.items():
        for name, text in {**SIGNED, **said}.items():
            out.loc[int(key.removeprefix("line_")), name] = text
    path = folder / "resolutions.csv"
    out.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    return path


def decided(folder: Path, **lines: dict[str, str]) -> pd.DataFrame:
    return read_resolutions(filled_in(folder, **lines), {"s": source({"lab": {"parts": [LONG]}})})


def by_line(found: CleanSource) -> dict[int, str]:
    return {
        line: reason or fate for line, fate, reason in found.ledger[["line", "fate", "reason"]].itertuples(index=False)
    }


def test_lines_left_blank_are_no_decisions(tmp_path: Path) -> None:
    assert len(form(tmp_path)) == 6 and decided(tmp_path).empty
    assert by_line(joined()) == {
        2: "OUT_OF_RANGE", 3: "NUM_AMBIGUOUS", 4: "SPECIMEN_BAD", 5: "DUP_CONFLICT", 6: "DUP_CONFLICT", 7: "clean",
        8: "NUM_UNREADABLE",
    }  # fmt: skip


def test_each_decision_does_what_it_says_and_nothing_else(tmp_path: Path) -> None:
    lines = {"line_2": {"decision": "release"}, "line_5": {"decision": "release", "date": "03/11/2020"}}
    lines["line_3"] = {"decision": "correct", "column": "result", "text": "1250"}
    lines["line_8"] = {"decision": "exclude"}
    found = joined(decided(tmp_path, **lines))
    assert by_line(found) == {
        2: "RELEASED", 3: "CORRECTED", 4: "SPECIMEN_BAD", 5: "RELEASED", 6: "DUP_CONFLICT", 7: "clean", 8: "EXCLUDED",
    }  # fmt: skip
    assert set(found.ledger.loc[found.ledger["line"].isin([2, 3, 5, 7]), "fate"]) == {"clean"}
    assert set(found.ledger.loc[found.ledger["line"] == 8, "fate"]) == {"quarantined"}
    values = found.measurements.set_index("line")[["value", "flags"]]
    assert values["value"].to_dict() == {2: 950.0, 3: 1250.0, 5: 20.0, 7: 40.0}
    assert "RELEASED" in values["flags"][2] and "RELEASED" in values["flags"][5] and values["flags"][7] == ""
    assert "CORRECTED" in values["flags"][3]
    assert found.ledger.loc[found.ledger["fate"] == "clean", "raw_value"].isna().all()
    assert "paper chart" in found.ledger.set_index("line")["hint"][8]


@pytest.mark.parametrize(("text", "known"), [("2020-05-04 09:30", "2020-05-04 09:30"), ("", None)])
def test_a_held_result_time_is_corrected_or_said_not_to_be_known(text: str, known: str | None) -> None:
    done = {"columns": ["done"], "formats": ["%Y-%m-%d %H:%M"]}
    declared = source({"lab": {"parts": [{**LONG, "result_time": done}]}})
    raw = intake([{**LAB, "done": "pendiente"}])
    (row_hash,) = row_hashes(raw)["row_hash"]
    said = {"source": "s", "file": "lab", "row_hash": row_hash, "item": "", "reason": "DATE_INVALID", "line": 2}
    said |= {"decision": "correct", "column": "done", "text": text, **SIGNED}
    found = clean_file(raw, FileInputs("s", "lab", declared, study(), dictionary(), pd.DataFrame([said])))
    assert found.ledger[["fate", "reason"]].to_numpy().tolist() == [["clean", "CORRECTED"]]
    reported = found.measurements["result_time"].iloc[0]
    assert (None if pd.isna(reported) else reported.strftime("%Y-%m-%d %H:%M")) == known


def test_released_from_one_reason_a_record_is_held_for_another(tmp_path: Path) -> None:
    death = {**LAB, "test": "x"}
    raw = sent()
    part = {"kind": "patients", "subject": "id", "events": [{"event": "death", "time": LONG["time"]}]}
    declared = source({"lab": {"parts": [LONG]}, "dead": {"parts": [part]}})
    own = decided(tmp_path, line_2={"decision": "release"})
    parts = [
        clean_file(raw, FileInputs("s", "lab", declared, study(), dictionary(), own)),
        clean_file(
            intake([{**death, "when": "2020-05-03 12:00"}]), FileInputs("s", "dead", declared, study(), dictionary())
        ),
    ]
    people = link_people({"s": pd.concat([p.ledger for p in parts])}, {"s": declared})
    found = assemble_source(parts, people, SourceInputs("s", declared, dictionary()))
    assert found.ledger.loc[found.ledger["file"] == "lab"].set_index("line")["reason"][2] == "AFTER_DEATH"


def test_a_reason_whose_name_ends_like_the_released_one_still_holds() -> None:
    """RANGE is the end of OUT_OF_RANGE; a record is released from the reasons named alone."""
    records = pd.DataFrame({"fate": "clean", "reason": "", "hint": None}, index=range(4)).astype("str")
    records["released"] = ["OUT_OF_RANGE;", "RANGE;", "DUP_CONFLICT;OUT_OF_RANGE;", None]
    found = decide(records, pd.Series(True, index=records.index), "RANGE")
    assert found["reason"].tolist() == ["RANGE", "RELEASED", "RANGE", "RANGE"]
    assert found["fate"].tolist() == ["quarantined", "clean", "quarantined", "quarantined"]
    assert is_released(records, "OUT_OF_RANGE").tolist() == [True, False, True, False]
    assert not is_released(records, "CONFLICT").any()


def test_both_of_a_conflict_cannot_be_right(tmp_path: Path) -> None:
    both = decided(tmp_path, line_5={"decision": "release"}, line_6={"decision": "release"})
    with pytest.raises(UserError, match="Release one result of the sample only"):
        joined(both)


def test_ranges_of_people_give_the_same(tmp_path: Path) -> None:
    lines = {"line_2": {"decision": "release"}, "line_5": {"decision": "release"}, "line_8": {"decision": "exclude"}}
    own, declared = decided(tmp_path, **lines), source({"lab": {"parts": [LONG]}})
    part = clean_file(sent(), FileInputs("s", "lab", declared, study(), dictionary(), own))
    people = link_people({"s": part.ledger}, {"s": declared})
    write_cleaned_file([part], tmp_path / "by_file/lab")
    assemble_files([tmp_path / "by_file/lab"], people, SourceInputs("s", declared, dictionary()), tmp_path, 1)
    whole = joined(own)
    for name, table in SOURCE_TABLES.items():
        found = read_table(tmp_path / f"{name}.parquet", table)
        pd.testing.assert_frame_equal(found, conform(getattr(whole, name), table))


def test_the_same_row_twice_is_decided_alike(tmp_path: Path) -> None:
    own = decided(tmp_path, line_2={"decision": "release"})
    raw = intake([{**LAB, **row} for row in [*ROWS, ROWS[0]]])
    assert {by_line(joined(own, raw))[line] for line in (2, 9)} == {"RELEASED", "DUP_IDENTICAL"}


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"decision": "relase"}, "Did you mean 'release'"),
    ({"decision": "release", "who": ""}, "'who' is blank"),
    ({"decision": "release", "why": ""}, "'why' is blank"),
    ({"decision": "release", "date": "yesterday"}, "is not a date"),
    ({"decision": "release", "date": "2020-02-30"}, "is not a date"),
    ({"decision": "release", "row_hash": "123"}, "not the hash of a row"),
    ({"decision": "release", "reason": "NUM_AMBIGUOUS"}, "no value to release"),
    ({"decision": "release", "reason": "ID_BOTH_ARMS"}, "crosswalk"),
    ({"decision": "exclude", "reason": "ID_CONFLICT"}, "Release the row that is right"),
    ({"decision": "correct"}, "names 'column'"),
    ({"decision": "release", "column": "result", "text": "1"}, "names 'column'"),
    ({"decision": "exclude", "source": "t"}, "no source 't'"),
    ({"decision": "exclude", "file": "labs"}, "Did you mean 'lab'"),
    ({}, "not a decision"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "message"), REFUSED)
def test_a_decision_that_is_not_whole_is_refused(said: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        decided(tmp_path, line_2=said)
    assert message in str(error.value) and "resolutions.csv, line " in str(error.value)


UNFIT: list[tuple[dict[str, Any], str]] = [
    ({"line_2": {"decision": "release", "row_hash": "r0123456789ab"}}, "no row of the file has the hash"),
    ({"line_2": {"decision": "release", "item": "crp"}}, "no record 'crp'"),
    ({"line_2": {"decision": "exclude", "reason": "TIME_ORDER"}}, "not held for TIME_ORDER"),
    ({"line_3": {"decision": "correct", "column": "resultado", "text": "1"}}, "no column 'resultado'"),
    ({"line_3": {"decision": "correct", "column": "result", "text": "1", "reason": "RANGE"}}, "not held for RANGE"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "message"), UNFIT)
def test_a_decision_that_no_record_needs_is_refused(lines: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        joined(decided(tmp_path, **lines))
    assert message in str(error.value), str(error.value)


def test_a_clean_value_is_nobodys_to_release_or_to_correct(tmp_path: Path) -> None:
    own = decided(tmp_path, line_2={"decision": "correct", "column": "result", "text": "95"})
    clean = intake([{**LAB, **ROWS[5]}])
    for decision in (
        own,
        own.assign(decision="release", column="", text=""),
        own.assign(decision="exclude", column=""),
    ):
        with pytest.raises(UserError, match="not held for OUT_OF_RANGE"):
            joined(decision.assign(row_hash=row_hashes(clean)["row_hash"][0]), clean)


def test_decisions_that_contradict_each_other(tmp_path: Path) -> None:
    path = filled_in(tmp_path, line_2={"decision": "release"})
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    path.write_text("\n".join([*lines, lines[1].replace("release", "exclude")]), encoding="utf-8")
    with pytest.raises(UserError, match="another line decides otherwise"):
        read_resolutions(path)


FACTS = {"kind": "patients", "subject": "id"}
FACTS |= {
    "columns": {
        "sex": {"characteristic": "SEX", "values": {"M": "male", "F": "female"}},
        "age": {"characteristic": "AGE", "unit": "years"},
    },
    "events": [{"event": "death", "time": {"columns": ["died"], "formats": ["%Y-%m-%d"]}}],
}
TWO_SEXES = [
    {"id": "1", "sex": "M", "age": "40", "died": "2020-05-20"},
    {"id": "1", "sex": "F", "age": "40", "died": ""},
    {"id": "1", "sex": "M", "age": "41", "died": ""},
]


def of_person(rows: list[dict[str, str]], *released: tuple[int, str, str]) -> CleanSource:
    """Facts of a person and one result; released: place of the row, item and reason."""
    declared = source({"facts": {"parts": [FACTS]}, "lab": {"parts": [LONG]}})
    hashes = row_hashes(intake(rows))["row_hash"]
    lines = [
        {"source": "s", "file": "facts", "row_hash": hashes[place], "item": item, "reason": reason, **SIGNED}
        | {"decision": "release", "column": "", "text": "", "line": n}
        for n, (place, item, reason) in enumerate(released, start=2)
    ]
    own = pd.DataFrame(lines) if lines else None
    parts = [
        clean_file(intake(rows), FileInputs("s", "facts", declared, study(), dictionary(), own)),
        clean_file(intake([LAB]), FileInputs("s", "lab", declared, study(), dictionary())),
    ]
    people = link_people({"s": pd.concat([part.ledger for part in parts])}, {"s": declared})
    return assemble_source(parts, people, SourceInputs("s", declared, dictionary()))


def test_a_person_of_two_sexes_is_held_until_one_is_decided_for() -> None:
    held = of_person(TWO_SEXES)
    assert held.patients.empty and held.measurements.empty
    freed = of_person(TWO_SEXES, (1, "sex", "ID_CONFLICT"), (0, "age", "DUP_CONFLICT"))
    assert freed.patients[["SEX", "AGE"]].to_numpy().tolist() == [["female", 40.0]]
    assert len(freed.measurements) == 1 and freed.events["event"].tolist() == ["death"]
    said = freed.ledger.set_index(["file", "line", "item"])["reason"]
    assert said["facts", 3, "sex"] == "RELEASED" and said["facts", 2, "sex"] == "DUP_SUPERSEDED"


def test_of_two_deaths_one_may_be_decided_for() -> None:
    rows = [{**row, "sex": "M", "age": "40"} for row in TWO_SEXES]
    rows[1]["died"] = "2020-05-21"
    assert of_person(rows).patients.empty
    freed = of_person(rows, (1, "died>death", "ID_CONFLICT"))
    assert freed.events["time"].dt.day.tolist() == [21] and len(freed.measurements) == 1


def test_an_age_beyond_the_limits_may_be_released() -> None:
    rows = [{"id": "1", "sex": "M", "age": "131", "died": ""}]
    assert of_person(rows).patients["AGE"].isna().all()
    assert of_person(rows, (0, "age", "OUT_OF_RANGE")).patients["AGE"].tolist() == [131.0]


def test_a_decision_that_does_not_settle_the_conflict_is_refused() -> None:
    both = [(0, "sex", "ID_CONFLICT"), (1, "sex", "ID_CONFLICT")]
    with pytest.raises(UserError, match="releasing it does not settle ID_CONFLICT"):
        of_person(TWO_SEXES, *both)
    with pytest.raises(UserError, match="releasing it does not settle ID_CONFLICT"):
        of_person(TWO_SEXES, (0, "died>death", "ID_CONFLICT"))
