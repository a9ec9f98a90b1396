"""A file misread as a whole stops the run with the line that mends it; what is within the declared share is listed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from cleaning_study import LAB, LONG, ROOT, dictionary, source, study

from historical_controls.cleaning.findings.finding import Finding
from historical_controls.cleaning.findings.inspect import Inspected, inspect_source
from historical_controls.cleaning.findings.severity import severity, stop_where_suspect, summary
from historical_controls.cleaning.people.assemble import SourceInputs, assemble_source
from historical_controls.cleaning.people.identity import link_people
from historical_controls.cleaning.records.outputs import SOURCE_TABLES
from historical_controls.cleaning.rows.files import FileInputs, clean_file
from historical_controls.config.sources.sources import Source
from historical_controls.config.study_file import read_config
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.errors import UserError
from historical_controls.intake.reading import read_file
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import FINDINGS, INTAKE
from historical_controls.text.hints import load_hints
from historical_controls.text.words import load_words

LOCALES = ROOT / "workflow" / "locales"
HEAD = "id,when,test,result,unit,specimen,assay,status,comment\n"


def findings_of(
    path: Path, file: dict[str, Any], folder: Path, words: Dictionary | None = None, **keys: Any
) -> tuple[pd.DataFrame, Source]:
    """Findings of a source 's' of one file 'f' at `path`, read as it is."""
    words = words or dictionary()
    declared = source({"f": {**file, "path": str(path)}}, **keys)
    raw = read_file(path, declared.files["f"])
    part = clean_file(raw, FileInputs("s", "f", declared, study(), words))
    people = link_people({"s": part.ledger}, {"s": declared})
    tables = assemble_source([part], people, SourceInputs("s", declared, words))
    write_table(raw, folder / "f.parquet", INTAKE)
    for name, table in SOURCE_TABLES.items():
        write_table(getattr(tables, name), folder / f"{name}.parquet", table)
    paths = {name: folder / f"{name}.parquet" for name in ("measurements", "events", "ledger", "patients")}
    inspected = Inspected("s", **paths, others={}, intake={"f": folder / "f.parquet"})
    return inspect_source(inspected, declared, words), declared


def example(name: str) -> dict[str, Any]:
    """The example study's declaration of a historical file."""
    return read_config(ROOT / "config.yaml")["sources"]["historical"]["files"][name]


def misdated(*keys: str) -> dict[str, Any]:
    file = example("laboratorio")
    for key in keys:
        file["parts"][0][key]["formats"] = ["%m/%d/%Y %H:%M"]
    return file


@pytest.mark.parametrize("keys", [("time", "result_time"), ("time",)])
def test_dates_of_the_example_laboratory_declared_month_first_stop_the_run(
    keys: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "lab.csv"
    lines = (ROOT / "data/raw/historical/laboratorio.csv").read_text(encoding="latin-1").splitlines()[:3000]
    path.write_text("\n".join(lines), encoding="latin-1")
    findings, _ = findings_of(path, misdated(*keys), tmp_path)
    with pytest.raises(UserError) as stopped:
        stop_where_suspect(findings)
    said = str(stopped.value)
    assert "sources.s.files.f: dates whose day and month may be exchanged" in said
    # A time that is declared as it is sent needs no other format; the other order explains times out of order.
    line = "; ".join(f'parts.0.{key}.formats: ["%d/%m/%Y %H:%M"]' for key in keys)
    assert f"under sources.s.files.f: {line}\n" in said
    assert findings.loc[findings["severity"] == "stop", "finding"].tolist() == ["DATE_ORDER_SUSPECT"]
    assert said.count(": fecha_toma '") == 3
    assert "confirmed: [{finding: DATE_ORDER_SUSPECT}]" in said


def test_oxygen_pressure_in_kilopascal_declared_as_mmhg_stops_the_run(tmp_path: Path) -> None:
    lines = (ROOT / "data/raw/historical/gasometrias.csv").read_text(encoding="latin-1").splitlines()[:400]
    cells = [line.split(";") for line in lines]
    place = cells[0].index("po2_mmhg")
    for row in cells[1:]:
        number = float(row[place].replace(".", "").replace(",", "."))
        row[place] = f"{number / 7.50062:.1f}".replace(".", ",")
    path = tmp_path / "gases.csv"
    path.write_text("\n".join(";".join(row) for row in cells), encoding="latin-1")
    findings, _ = findings_of(path, example("gasometrias"), tmp_path)
    with pytest.raises(
        UserError, match=r'unit_factors: \[\{outcome: PAO2, unit: "mmHg", true_unit: "kPa"\}\]'
    ) as stopped:
        stop_where_suspect(findings)
    assert str(stopped.value).count("po2_mmhg '") == 3
    # The records that are held for it are not reported a second time.
    assert findings.loc[findings["severity"] == "stop", "finding"].tolist() == ["UNIT_SUSPECT"]


@pytest.mark.parametrize("name", ["laboratorio", "gasometrias", "imagen"])
def test_the_example_as_declared_is_not_stopped(name: str, tmp_path: Path) -> None:
    findings, _ = findings_of(ROOT / f"data/raw/historical/{name}.csv", example(name), tmp_path)
    stop_where_suspect(findings)
    assert set(findings["severity"]) <= {"report"}


def numbers(results: list[str], **change: str) -> str:
    rows = [{**LAB, "specimen": "", "id": str(n + 1), "result": text, **change} for n, text in enumerate(results)]
    return HEAD + "".join(",".join(row.values()) + "\n" for row in rows)


LINES = [
    ({"unit": ""}, {}, 'default_units: {CRP: "..."}'),
    ({"test": "Prueba X"}, {}, 'ignore_analytes: ["Prueba X"]'),
    ({"when": "04.05.2020"}, {}, 'parts.0.time.formats: ["%d.%m.%Y"]'),
    ({"id": ""}, {}, "fill_down_subject: true"),
    ({"result": "12,5"}, {"delimiter": ";"}, 'decimal: ","'),
    (
        {"result": "CR"},
        {},
        'words: [{texts: ["CR"], outcome: CRP, means: value, value: "..."}]   # or means: not_done',
    ),
    ({"result": "bajo 5"}, {}, 'bajo_means: "..."   # mark (5, marked as low) or limit (below 5)'),
]


@pytest.mark.parametrize(("change", "keys", "line"), LINES)
def test_a_file_that_is_mostly_held_stops_with_the_line_of_its_commonest_reason(
    change: dict[str, str], keys: dict[str, Any], line: str, tmp_path: Path
) -> None:
    path = tmp_path / "f.csv"
    mark = keys.get("delimiter", ",")
    change = {"result": change["result"].replace(",", "comma")} if "," in change.get("result", "") else change
    text = numbers([f"{n}" for n in range(10, 30)], **change)
    path.write_text(text.replace(",", mark).replace("comma", ","), encoding="utf-8")
    findings, _ = findings_of(path, {"parts": [LONG], **keys}, tmp_path)
    with pytest.raises(UserError, match="20 records \\(100%\\)") as stopped:
        stop_where_suspect(findings)
    assert line in str(stopped.value)


@pytest.mark.parametrize(
    ("tests", "change", "line"),
    [
        (
            ("PCR", "IL-6", "Linfocitos"),
            {"unit": ""},
            'default_units: {IL6: "...", CRP: "...", LYMPH: "..."}   # the unit',
        ),
        (
            ("PCR", "IL-6"),
            {"unit": "bars"},
            'unit_factors: [{outcome: IL6, unit: "bars", true_unit: "..."}, {outcome: CRP, unit: "bars", ',
        ),
        (("Prueba X", "Prueba Y"), {}, 'ignore_analytes: ["Prueba Y", "Prueba X"]   # or a row of synonyms.csv'),
    ],
)
def test_the_suggested_line_names_every_outcome_concerned(
    tests: tuple[str, ...], change: dict[str, str], line: str, tmp_path: Path
) -> None:
    """The commonest first: the second one has more records than the others."""
    path = tmp_path / "f.csv"
    counts = [20, 30, 10]
    rows = [
        numbers([str(n) for n in range(10, 10 + count)], test=test, **change).removeprefix(HEAD)
        for test, count in zip(tests, counts, strict=False)
    ]
    path.write_text(HEAD + "".join(rows), encoding="utf-8")
    findings, _ = findings_of(path, {"parts": [LONG]}, tmp_path)
    found = findings.loc[findings["finding"] == "DOUBTFUL_SHARE", "config_line"].item()
    assert found.startswith(line)


def test_a_suggested_line_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    rows = [numbers(["10", "11"], test=f"Prueba {n:02d}").removeprefix(HEAD) for n in range(14)]
    path.write_text(HEAD + "".join(rows), encoding="utf-8")
    findings, _ = findings_of(path, {"parts": [LONG]}, tmp_path)
    found = findings.loc[findings["finding"] == "DOUBTFUL_SHARE", "config_line"].item()
    assert found.count("Prueba") == 10 and found.endswith("; 4 more are listed among the held records")
    assert load_hints(load_words(LOCALES, "es"), LOCALES)(found).endswith(
        "; 4 más se enlistan entre los registros retenidos"
    )


def test_dates_in_another_format_are_told_the_declared_one_and_the_line_that_reads_both(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    rows = numbers([f"{n}" for n in range(10, 20)], when="04.05.2020") + numbers(["21", "22"]).removeprefix(HEAD)
    path.write_text(rows, encoding="utf-8")
    findings, _ = findings_of(path, {"parts": [LONG]}, tmp_path)
    found = findings.loc[findings["finding"] == "DOUBTFUL_SHARE"].iloc[0]
    forms = [*LONG["time"]["formats"], "%d.%m.%Y"]
    assert found["config_line"] == f"parts.0.time.formats: {json.dumps(forms)}"
    expected = "expected yyyy-mm-dd hh:mm (e.g. 2021-11-23 14:05) or yyyy-mm-dd (e.g. 2021-11-23)"
    assert found["hint"].endswith(f"are suspected; {expected}")


def test_the_line_for_dates_is_that_of_their_column(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("id,in,out\n" + "".join(f"{n},2020-05-04,09.05.2020\n" for n in range(20)), encoding="utf-8")
    events = [
        {"event": event, "time": {"columns": [name], "formats": ["%Y-%m-%d"]}}
        for event, name in (("admission", "in"), ("death", "out"))
    ]
    findings, _ = findings_of(path, {"parts": [{"kind": "patients", "subject": "id", "events": events}]}, tmp_path)
    line = findings.loc[findings["finding"] == "DOUBTFUL_SHARE", "config_line"].tolist()
    assert line == ['parts.0.events.1.time.formats: ["%Y-%m-%d", "%d.%m.%Y"]']


def test_a_condition_that_no_row_meets_stops_the_run(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(numbers(["12"] * 6), encoding="utf-8")
    part = {**LONG, "where": [{"column": "status", "is_in": ["validated"]}]}
    findings, _ = findings_of(path, {"parts": [part]}, tmp_path)
    with pytest.raises(UserError, match="none of its 6 rows is read by any part: check 'where'"):
        stop_where_suspect(findings)


def finding(kind: str = "UNIT_SUSPECT", n: int = 100, share: float = 1.0, outcome: str = "CRP") -> Finding:
    return Finding("f", kind, outcome, "mg/L", 1.0, n, share, 10.0, "hint")


BOUNDS = [
    (finding(share=0.05), "report"),
    (finding(share=0.051), "stop"),
    (finding("DATE_ORDER_SUSPECT", share=0.05), "report"),
    (finding("DATE_ORDER_SUSPECT", share=0.06), "stop"),
    (finding("CLOCK_SUSPECT", share=0.06), "stop"),
    (finding("DOUBTFUL_SHARE", share=0.2), "report"),
    (finding("DOUBTFUL_SHARE", share=0.21), "stop"),
    (finding("SENTINEL_SUSPECT", share=0.21), "stop"),
    (finding("LIMIT_SUSPECT", share=0.21), "stop"),
    (finding("DATE_ORDER_SUSPECT", share=float("nan")), "report"),
    (finding("SOURCE_SHIFT", share=0.9), "report"),
    (finding("DOUBTFUL_SHARE", n=4, share=0.5), "report"),
    (finding("DOUBTFUL_SHARE", n=4, share=1.0), "stop"),
]


@pytest.mark.parametrize(("one", "expected"), BOUNDS)
def test_a_finding_stops_above_its_declared_share(one: Finding, expected: str) -> None:
    assert severity(one, source({"f": {"parts": [LONG]}})) == expected
    assert severity(one, source({"f": {"parts": [LONG]}}, on_suspect="warn")) == "report"


def test_shares_and_confirmations_are_declared() -> None:
    loose = source({"f": {"parts": [LONG]}}, suspect_shares={"units": 1.0})
    assert severity(finding(), loose) == "report"
    assert severity(finding("DOUBTFUL_SHARE"), loose) == "stop"
    confirmed = [{"finding": "UNIT_SUSPECT", "outcome": "CRP"}]
    sure = source({"f": {"parts": [LONG], "confirmed": confirmed}})
    assert severity(finding(), sure) == "report"
    assert severity(finding(outcome="FERR"), sure) == "stop"


def test_what_does_not_stop_is_printed_in_one_line_each() -> None:
    row = {
        "source": "s",
        "file": "f",
        "finding": "UNIT_SUSPECT",
        "outcome": "CRP",
        "unit": "mg/L",
        "value": 1.0,
        "raw_value": "1,0",
        "n": 3,
    }
    row |= {"share": 0.04, "factor": 10.0, "hint": "h", "config_line": "line", "severity": "report", "examples": ""}
    frame = pd.DataFrame([row, {**row, "severity": "stop"}])[list(FINDINGS.names)]
    words = {language: load_hints(load_words(LOCALES, language), LOCALES) for language in ("en", "es")}
    assert summary(frame, words["en"]).splitlines() == [
        "1 issue to resolve (results/internal/cleaning.*.html lists them):",
        "  s/f: values that fit another unit than the declared one: 3 records of CRP in 'mg/L' (4%), a factor 10 away."
        " line",
    ]
    assert summary(frame, words["es"]).splitlines() == [
        "1 problema por resolver (véase results/internal/cleaning.*.html):",
        "  s/f: valores que corresponden a otra unidad que la declarada: 3 registros de CRP en 'mg/L' (4%), "
        "a un factor de 10. line",
    ]
    # Without a line its hint; one without words in the study's language says what to do for its kind.
    assert summary(frame.assign(config_line=""), words["es"]).endswith(
        f"{words['es'].words('finding_remedy.UNIT_SUSPECT')}\n"
    )
    known = frame.assign(config_line="", hint="none of its 7 rows is read by any part: check 'where' and the columns")
    assert summary(known, words["es"]).endswith(
        "ninguna parte lee alguno de sus 7 renglones: revise 'where' y las columnas\n"
    )
    assert summary(frame.assign(config_line=""), words["en"]).endswith(" h\n")
    assert summary(frame.iloc[1:], words["en"]) == ""


def test_what_both_sources_of_a_file_with_both_arms_have_found_is_one_finding() -> None:
    row = {"file": "f", "finding": "DOUBTFUL_SHARE", "outcome": "", "unit": "", "value": np.nan, "raw_value": ""}
    row |= {"factor": np.nan, "config_line": "line", "severity": "stop"}
    arms = [
        {**row, "source": "s_treated", "n": 10, "share": 0.5, "hint": "10 of 20", "examples": "line 2"},
        {**row, "source": "s_historical", "n": 30, "share": 0.75, "hint": "30 of 40", "examples": "line 3"},
    ]
    # Rows of an arm that nobody declared are in both.
    arms += [
        {**one, "finding": "ARM_UNKNOWN", "n": 9, "share": 0.15, "hint": "9", "examples": "line 4"} for one in arms
    ]
    frame = pd.DataFrame(arms)[list(FINDINGS.names)]
    written = {"s_treated": "s", "s_historical": "s"}
    with pytest.raises(UserError) as stopped:
        stop_where_suspect(frame, written)
    said = str(stopped.value)
    assert said.count("config.yaml: sources.s.files.f: ") == 2
    assert "records held or suspected: 40 records (67%)\n  10 of 20; 30 of 40\n  As sent: line 2; line 3\n" in said
    assert "rows whose arm is not declared: 9 records (15%)\n  9\n  As sent: line 4\n" in said
    printed = summary(frame.assign(severity="report"), load_hints(load_words(LOCALES, "en"), LOCALES), written)
    assert printed.startswith("2 issues to resolve") and printed.count("s/f: ") == 2
    # Sources of other files are named as they are.
    with pytest.raises(
        UserError, match=r"sources\.s_historical\.files\.f: records held or suspected: 30 records \(75%\)"
    ):
        stop_where_suspect(frame)


@pytest.mark.parametrize(
    ("sent", "line"),
    [
        ("PENDIENTE", 'accepted_ids: ["PENDIENTE"]   # only if this text is a patient\'s id'),
        # A sheet that strikes an id out says what to correct in it: no declaration makes a patient of that.
        ("shown as 'P4 (struck out)', stored as P4", ""),
        ("#N/A", ""),
    ],
)
def test_the_line_for_a_text_that_is_no_id_names_the_text(sent: str, line: str, tmp_path: Path) -> None:
    """Of a row with several values, each a record: the line names the id and none of the values."""
    rows = [f"P{n},2020-05-01 08:00,CRP,{50 + n},mg/L,suero,A,final," for n in range(20)]
    rows += [f'"{sent}",2020-05-01 09:00,CRP,{50 + n},mg/L,suero,A,final,' for n in range(5)]
    path = tmp_path / "lab.csv"
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    findings, _ = findings_of(path, {"parts": [LONG]}, tmp_path)
    (doubtful,) = findings.loc[findings["finding"] == "DOUBTFUL_SHARE"].to_dict("records")
    assert (doubtful["n"], doubtful["config_line"]) == (5, line)


def test_the_line_for_a_date_of_no_event_names_the_event_that_it_would_need(tmp_path: Path) -> None:
    """A day that no condition accepts is not a code of 'values', which a patient's row has none of."""
    rows = ["id,how,days", *(f"P{n},{'alive' if n % 3 else 'gone'},2020-05-{n + 1:02}" for n in range(24))]
    path = tmp_path / "patients.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    end = {"event": "discharge_alive", "time": {"columns": ["days"], "formats": ["%Y-%m-%d"]}}
    part = {"kind": "patients", "subject": "id", "events": [end | {"only_if": {"column": "how", "is_in": ["alive"]}}]}
    findings, _ = findings_of(path, {"parts": [part]}, tmp_path)
    (doubtful,) = findings.loc[findings["finding"] == "DOUBTFUL_SHARE"].to_dict("records")
    wanted = 'events: [{event: "...", time: {columns: [days]}, only_if: {column: "...", is_in: ["..."]}}]'
    assert (doubtful["n"], doubtful["config_line"]) == (8, wanted)


def test_words_in_place_of_all_numbers_are_no_codes_for_missing(tmp_path: Path) -> None:
    """A response sent as CR, PR, SD or PD: following a line of 'sentinels' would lose it."""
    path = tmp_path / "f.csv"
    path.write_text(numbers(["CR", "PR", "SD", "PD"] * 5), encoding="utf-8")
    findings, _ = findings_of(path, {"parts": [LONG]}, tmp_path)
    assert findings["finding"].tolist() == ["DOUBTFUL_SHARE"]
    path.write_text(numbers([*(str(n) for n in range(10, 40)), *["ver hoja"] * 5]), encoding="utf-8")
    beside, _ = findings_of(path, {"parts": [LONG]}, tmp_path)
    assert 'codes: ["ver hoja"]' in beside.loc[beside["finding"] == "SENTINEL_SUSPECT", "config_line"].item()


@pytest.mark.parametrize(("days", "suspected"), [("iso", False), ("local", True)])
def test_dates_that_say_their_month_are_not_suspected_beside_a_format_that_does_not(
    days: str, suspected: bool, tmp_path: Path
) -> None:
    """A sheet gives its date cells as 2004-03-05; the other format of the column reads none of them."""
    path = tmp_path / "f.csv"
    texts = [f"2004-{n:02d}-05" if days == "iso" else f"05.{n:02d}.2004" for n in range(1, 9)]
    path.write_text("id,born,day\n" + "".join(f"{n},{text},2020-05-14\n" for n, text in enumerate(texts)))
    formats = ["%Y-%m-%d", "%d.%m.%Y"]
    age = {"characteristic": "AGE", "born": {"columns": ["born"], "formats": formats}}
    age |= {"as_of": {"columns": ["day"], "formats": formats}}
    part = {"kind": "patients", "subject": "id", "columns": {"born": age}}
    findings, _ = findings_of(path, {"parts": [part]}, tmp_path)
    assert ("DATE_ORDER_SUSPECT" in set(findings["finding"])) is suspected


def of_characteristic(
    declared: dict[str, Any], cells: list[str], folder: Path, words: Dictionary | None = None, **keys: Any
) -> pd.DataFrame:
    """Findings of 40 patients with these cells in turn."""
    path = folder / "patients.csv"
    rows = [{"id": f"p{n:03d}", "x": cells[n % len(cells)]} for n in range(40)]
    pd.DataFrame(rows).to_csv(path, index=False)
    part = {"kind": "patients", "subject": "id", "columns": {"x": declared}}
    return findings_of(path, {"parts": [part], **keys}, folder, words)[0]


@pytest.mark.parametrize(
    ("code", "unit", "cells", "right"),
    [
        # Heights in inches are possible in cm, and so are weights in pounds in kg; metres are held one by one.
        ("HEIGHT", "cm", ["67", "62", "71", "70"], "in"),
        ("HEIGHT", "cm", ["1.70", "1.62", "1.81"], "m"),
        ("HEIGHT", "in", ["170", "162", "181"], "cm"),
        ("WEIGHT", "kg", ["176", "150", "210", "199"], "lb"),
        ("WEIGHT", "lb", ["62", "75", "58"], "kg"),
    ],
)
def test_a_characteristic_in_another_unit_stops_the_run(
    code: str, unit: str, cells: list[str], right: str, tmp_path: Path
) -> None:
    found = of_characteristic({"characteristic": code, "unit": unit}, cells, tmp_path)
    assert found[["finding", "severity", "config_line"]].to_numpy().tolist() == [
        ["UNIT_SUSPECT", "stop", f'parts.0.columns.x.unit: "{right}"']
    ]
    assert cells[0] in found["examples"].iloc[0]


def test_lengths_of_infants_are_told_how_their_study_states_its_own(tmp_path: Path) -> None:
    """60 cm are possible in an infant, and in an adult as inches: the row that is printed releases the former."""
    cells = {"characteristic": "HEIGHT", "unit": "cm"}, ["58", "61", "66", "70"]
    (tmp_path / "adults").mkdir()
    listed = of_characteristic(*cells, tmp_path / "adults")
    (found,) = listed.to_dict("records")
    with pytest.raises(UserError) as caught:
        stop_where_suspect(listed)
    # Medians of other patients refute no unit: copied as what settles it, the line would change right values.
    assert "If the unit is wrong, under" in str(caught.value) and "would settle it" not in str(caught.value)
    assert found["hint"].startswith("the median is 63.5 cm; of adults it is 135 to 190.")
    row = re.search("such as '(.*)'", found["hint"])
    assert row is not None
    header = "outcome,measured_by,median_low,median_high,change_per_hour\n"
    (tmp_path / "plausibility.csv").write_text(f"{header}{row[1]}\n", encoding="utf-8")
    assert of_characteristic(*cells, tmp_path, words=load_dictionary(tmp_path)).empty


@pytest.mark.parametrize(
    ("code", "unit", "cells"), [("HEIGHT", "cm", ["170", "155"]), ("WEIGHT", "kg", ["70", "95", "58"])]
)
def test_a_characteristic_in_its_unit_is_no_finding(code: str, unit: str, cells: list[str], tmp_path: Path) -> None:
    assert of_characteristic({"characteristic": code, "unit": unit}, cells, tmp_path).empty


@pytest.mark.parametrize(
    ("declared", "cells", "line"),
    [
        ({"characteristic": "SEX"}, ["Hombre", "Mujer"], 'values: {"Hombre": "...", "Mujer": "..."}'),
        ({"characteristic": "SEX", "values": {"H": "male"}}, ["H", "M"], 'values: {"H": "male", "M": "..."}'),
        ({"characteristic": "WEIGHT"}, ["76", "80"], 'unit: "..."'),
    ],
)
def test_what_settles_a_characteristic_is_declared_with_its_column(
    declared: dict[str, Any], cells: list[str], line: str, tmp_path: Path
) -> None:
    """result_codes, default_units and unit_factors are of measurements, and settle nothing here."""
    found = of_characteristic(declared, cells, tmp_path)
    assert found["config_line"].tolist() == [f"parts.0.columns.x.{line}"]


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("HIGH", 'words: [{texts: ["HIGH"], outcome: CRP, means: above, value: <limit>}]'),
        ("<LOQ", "assay_limits: "),
        ("12-15", "ranges: interval"),
        ("2020-05-04", ""),
    ],
)
def test_a_doubtful_file_proposes_what_its_cells_say(cell: str, line: str, tmp_path: Path) -> None:
    """Another decimal mark reads none of them, and a code for missing would erase them."""
    path = tmp_path / "lab.csv"
    rows = [
        f"P{n % 20:02d},2020-05-{1 + n // 20:02d} {n % 20:02d}:00,CRP,{cell if n % 3 else 80 + n},mg/L,,A,final,"
        for n in range(60)
    ]
    path.write_text(HEAD + "\n".join(rows), encoding="utf-8")
    found, _ = findings_of(path, {"parts": [LONG]}, tmp_path)
    doubtful = found.loc[found["finding"] == "DOUBTFUL_SHARE", "config_line"]
    assert len(doubtful) == 1 and doubtful.iloc[0].startswith(line) and (line or not doubtful.iloc[0])
    assert "SENTINEL_SUSPECT" not in set(found["finding"])


def test_a_file_whose_statuses_nobody_knows_stops_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    said = ["grün"] * 12 + ["zurück"] * 8
    rows = [f"P{n},2020-05-{n % 28 + 1:02d} 08:00,CRP,{40 + n},mg/L,,,{one}," for n, one in enumerate(said)]
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    findings, _ = findings_of(path, {"parts": [LONG]}, tmp_path)
    (found,) = findings.to_dict("records")
    assert (found["finding"], found["n"], found["severity"]) == ("DOUBTFUL_SHARE", 20, "stop")
    line = 'statuses: {"grün": "...", "zurück": "..."}   # of the part: final, preliminary, corrected or withdrawn'
    assert found["config_line"] == line
    meant = LONG | {"statuses": {"grün": "final", "zurück": "withdrawn"}}
    told, _ = findings_of(path, {"parts": [meant]}, tmp_path)
    assert told["hint"].tolist() == ["8 of 20 records are held (WITHDRAWN 8), 0 more are suspected"]


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (["Fallecido", "fallecido", "home"], ""),
        (["fallecida", "home"], "'fallecida' (10)"),
        (
            ["Décès", "verstorben", "óbito", "deceduto", "difunt"],
            "'Décès' (4), 'deceduto' (4), 'difunt' (4), 'verstorben' (4)",
        ),
        # Only ends that the part tells by this column are asked for, and words of none of them are the study's own.
        (["traslado", "Alta por mejoría", "pending"], "'Alta por mejoría' (7)"),
        # What did not happen is no end.
        (["No falleció", "muerte: no", "pas décédé", "nicht verstorben", "not yet discharged"], ""),
        (["murió sin intubación", "home"], "'murió sin intubación' (10)"),
        (["Zgon", "zmarła", "bez zgonu", "home"], "'Zgon' (5), 'zmarła' (5)"),
        # A discharge to another hospital is a transfer, and a transfer home is none.
        (["Alta por traslado", "wypis - przeniesienie", "traslado a domicilio"], "'traslado a domicilio' (6)"),
    ],
)
def test_words_for_an_end_of_the_stay_that_no_condition_names(others: list[str], said: str, tmp_path: Path) -> None:
    """Whoever has them would count as followed, and not as dead."""
    when = {"columns": ["left"], "formats": ["%Y-%m-%d"]}
    ends = {"death": ["fallecido"], "discharge_alive": ["home"]}
    events = [{"event": one, "time": when, "only_if": {"column": "how", "is_in": own}} for one, own in ends.items()]
    part = {"kind": "patients", "subject": "id", "where": [{"column": "kind", "is_in": ["p"]}], "events": events}
    path = tmp_path / "f.csv"
    texts = [others[n % len(others)] for n in range(20)]
    # Rows that the part does not read say nothing.
    rows = [f"P{n:02d},p,,{text}" for n, text in enumerate(texts)] + ["P99,other,,muerto"]
    path.write_text("id,kind,left,how\n" + "\n".join(rows) + "\n", encoding="utf-8")
    findings, _ = findings_of(path, {"parts": [part]}, tmp_path)
    found = findings.loc[findings["finding"] == "ENDING_UNREAD"]
    assert len(found) == bool(said)
    if said:
        (one,) = found.to_dict("records")
        assert said in one["hint"] and one["severity"] == "stop"
        place, _, declared = one["config_line"].partition(": ")
        number = int(place.split(".")[3])
        events[number]["only_if"] = yaml.safe_load(declared)
        told, _ = findings_of(path, {"parts": [part]}, tmp_path)
        assert "ENDING_UNREAD" not in set(told["finding"])
        confirmed = {"confirmed": [{"finding": "ENDING_UNREAD"}]}
        events[number]["only_if"] = {"column": "how", "is_in": ends[str(events[number]["event"])]}
        calm, _ = findings_of(path, {"parts": [part], **confirmed}, tmp_path)
        assert set(calm.loc[calm["finding"] == "ENDING_UNREAD", "severity"]) == {"report"}


def built(weights: list[str], heights: list[str], unit: str, folder: Path, **file: Any) -> pd.DataFrame:
    """Findings of 40 patients with these weights in a unit and heights in cm in turn."""
    pairs = [(weights[n % len(weights)], heights[n % len(heights)]) for n in range(40)]
    rows = [f"P{n:02d},{weight},{height}" for n, (weight, height) in enumerate(pairs)]
    path = folder / "f.csv"
    path.write_text("id,w,h\n" + "\n".join(rows) + "\n", encoding="utf-8")
    columns = {"w": {"characteristic": "WEIGHT", "unit": unit}, "h": {"characteristic": "HEIGHT", "unit": "cm"}}
    return findings_of(path, {"parts": [{"kind": "patients", "subject": "id", "columns": columns}], **file}, folder)[0]


@pytest.mark.parametrize(
    ("weights", "heights", "unit", "index", "right"),
    [
        # Women of 50 to 59 kg and 1.50 m: 110 to 130 lb.
        (["110", "121", "130"], ["150"], "kg", "53.8", "lb"),
        # Men of 80 to 90 kg and 1.80 m, declared in pounds.
        (["80", "85", "90"], ["180"], "lb", "11.9", "kg"),
        # Wasted, very obese, and children, whose weights are theirs.
        (["45", "50", "55"], ["175"], "kg", "", ""),
        (["115", "120", "125"], ["172"], "kg", "", ""),
        (["18", "20", "22"], ["110"], "kg", "", ""),
    ],
)
def test_weights_that_contradict_the_heights(
    weights: list[str], heights: list[str], unit: str, index: str, right: str, tmp_path: Path
) -> None:
    found = built(weights, heights, unit, tmp_path)
    if not right:
        assert found.loc[found["config_line"].str.contains(' lb|"lb', regex=True)].empty
        return
    (one,) = found.to_dict("records")
    assert (one["finding"], one["outcome"], one["severity"]) == ("UNIT_SUSPECT", "WEIGHT", "stop")
    assert one["config_line"] == f'parts.0.columns.w.unit: "{right}"'
    assert one["hint"] == f"with the heights, the median body mass index is {index} kg/m2; of adults it is 15 to 42"
    assert built(weights, heights, right, tmp_path).empty


@pytest.mark.parametrize(
    ("years", "n", "severity"),
    [
        # Seen in 2020: born in 1919 or 2019, among adults; 12 and 20 years old, as nobody is 112.
        (["45", "60", "71", "19"], 10, "stop"),
        (["45", "60", "71", "08"], 0, ""),
        (["45", "60", "71", "00"], 0, ""),
        # Children, with a mother among them.
        (["19", "15", "12", "85"], 0, ""),
    ],
)
def test_births_of_two_digits_that_may_be_of_either_century(
    years: list[str], n: int, severity: str, tmp_path: Path
) -> None:
    rows = [f"P{k:02d},x,01/02/{years[k % 4]},20/05/2020" for k in range(40)]
    path = tmp_path / "f.csv"
    path.write_text("id,age,dob,seen\n" + "\n".join(rows) + "\n", encoding="utf-8")
    age = {"characteristic": "AGE", "born": {"columns": ["dob"], "formats": ["%d/%m/%y"]}}
    age |= {"as_of": {"columns": ["seen"], "formats": ["%d/%m/%Y"]}}
    part = {"kind": "patients", "subject": "id", "columns": {"age": age}}
    found = findings_of(path, {"parts": [part]}, tmp_path)[0]
    found = found.loc[found["finding"] == "CENTURY_SUSPECT"]
    assert found["n"].tolist() == ([n] if n else []) and found["severity"].tolist() == ([severity] if n else [])
    if n:
        assert found["hint"].item().startswith(f"the year of birth has two digits: {n} of 40 patients are children, or")
        calm = findings_of(path, {"parts": [part], "confirmed": [{"finding": "CENTURY_SUSPECT"}]}, tmp_path)[0]
        assert calm.loc[calm["finding"] == "CENTURY_SUSPECT", "severity"].tolist() == ["report"]


@pytest.mark.parametrize(
    ("cells", "codes", "severity"),
    [
        # A score of at most 24: 999 of two patients, 99 of one of them.
        (["4", "7,5", "12", "21", ""], ["999", "999"], ["stop"]),
        (["4", "7,5", "12", "21", ""], ["99"], ["report"]),
        (["4", "7,5", "12", "21"], ["-1", "-1", "-1"], ["stop"]),
        # 88 and 99 beside 70 may be scores.
        (["40", "55", "61", "70"], ["88", "99", "99"], []),
    ],
)
def test_a_code_for_missing_among_characteristics_without_limits(
    cells: list[str], codes: list[str], severity: list[str], tmp_path: Path
) -> None:
    """It was a value: a mean score at baseline of 9 became one of 60, and weights followed it."""
    path = tmp_path / "f.csv"
    rows = [f"P{k:02d};{cell}" for k, cell in enumerate([*cells * 8, *codes])]
    path.write_text("id;score\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "dictionary").mkdir()
    header = "code,label_en,unit,family\n"
    (tmp_path / "dictionary/outcomes.csv").write_text(f"{header}MGADL,MG-ADL,,characteristic\n", encoding="utf-8")
    part = {"kind": "patients", "subject": "id", "columns": {"score": {"characteristic": "MGADL"}}}
    file = {"parts": [part], "delimiter": ";", "decimal": ","}
    own = load_dictionary(tmp_path / "dictionary")
    found = findings_of(path, file, tmp_path, own)[0]
    assert found["severity"].tolist() == severity
    if severity:
        assert found["hint"].tolist() == [f'sentinels: [{{columns: [score], codes: ["{codes[0]}"]}}]']
        declared = {**file, "sentinels": [{"columns": ["score"], "codes": codes[:1]}]}
        assert findings_of(path, declared, tmp_path, own)[0].empty
