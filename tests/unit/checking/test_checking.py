"""The check before a run: faults of all layers at once, and what of the data is told."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from historical_controls.checking.declared import read_declarations
from historical_controls.checking.printing import as_page, as_text, verdict
from historical_controls.checking.records import read_records, record_listings
from historical_controls.checking.study import check_study

DATES = {"columns": ["when"], "formats": ["%Y-%m-%d"]}
# Patients are treated on arrival.
EVENTS = {"treated": ("admission", "infusion"), "historical": ("admission",)}


def settings() -> dict[str, Any]:
    """Five treated and six historical patients in one file each, CRP by day."""
    return {
        "study": {"id": "X", "title": {"en": "A study"}, "treatment": {"en": "a drug"}, "first_date": "2020-01-01"},
        "sources": {
            arm: {
                "arm": arm,
                "files": {
                    "all": {
                        "path": f"data/raw/{arm}.csv",
                        "parts": [
                            {
                                "kind": "patients",
                                "subject": "id",
                                "where": [{"column": "kind", "is_in": ["start"]}],
                                "columns": {"sex": {"characteristic": "SEX", "values": {"m": "male", "f": "female"}}},
                                "events": [{"event": event, "time": DATES} for event in EVENTS[arm]],
                            },
                            {
                                "kind": "measurements_wide",
                                "subject": "id",
                                "where": [{"column": "kind", "is_in": ["value"]}],
                                "time": DATES,
                                "columns": {"crp": {"outcome": "CRP", "unit": "mg/L"}},
                            },
                        ],
                    }
                },
            }
            for arm in ("treated", "historical")
        },
        "outcomes": ["CRP"],
        "cohort": {"time_zero": {"treated": "admission"}},
        "primary": {"outcome": "CRP", "day": 2},
    }


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (
            None,
            "no file dates the treatment of 100% of the treated patients, with time zero 'admission': if it came later",
        ),
        ("2020-02-01", ""),
        ("2020-02-02", "the treatment came 24.0 hours (median) after time zero ('admission'): treated patients had to"),
    ],
)
def test_treatment_after_time_zero(later: str | None, said: str, folder: Path) -> None:
    """Immortal time: who is treated on day 2 lived until day 2."""
    config = settings()
    part = config["sources"]["treated"]["files"]["all"]["parts"][0]
    part["events"] = [{"event": "admission", "time": DATES}]
    if later:
        path = folder / "data/raw/treated.csv"
        head, *lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([f"{head},given", *(f"{line},{later}" for line in lines)]) + "\n", encoding="utf-8")
        part["events"].append({"event": "infusion", "time": {**DATES, "columns": ["given"]}})
    warnings = check_study(write(folder, config)).warnings
    assert len(warnings) == bool(said) and said in "".join(warnings)
    if later is None:
        # An exposure that is the admission itself, such as a ward or a protocol: the line to type settles it.
        assert "type 'time_zero: {treatment: admission}' if the exposure begins with it" in warnings[0]
        config["cohort"]["time_zero"]["treatment"] = "admission"
        assert check_study(write(folder, config)).warnings == ()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data/raw").mkdir(parents=True)
    for arm, count in (("treated", 5), ("historical", 6)):
        lines = ["id,kind,when,sex,crp"]
        for number in range(count):
            name = f"{arm[0].upper()}{number + 1}"
            lines.append(f"{name},start,2020-02-01,{'mf'[number % 2]},")
            lines += [f"{name},value,2020-02-0{day},,{40 + 3 * day + number}" for day in range(1, 6)]
        (tmp_path / f"data/raw/{arm}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def write(folder: Path, config: dict[str, Any]) -> Path:
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return folder


def table(checked: Any, title: str) -> list[dict[str, str]]:
    one = next(one for one in checked.listings if one.title == title)
    return [dict(zip(one.columns, row, strict=True)) for row in one.rows]


def test_a_sound_study_is_told_patients_values_model_and_gates(folder: Path) -> None:
    checked = check_study(write(folder, settings()))
    assert (checked.faults, checked.warnings) == ((), ())
    assert table(checked, "Columns of the files")[0] == {"file": "treated/all", "columns": "id, kind, when, sex, crp"}
    values = table(checked, "Values by outcome and day")
    assert values == [{"outcome": "CRP", "day 0": "5/6", "day 2": "5/6"}]
    assert table(checked, "Model and reasons against")[0]["against"] == ""
    steps = table(checked, "Patients by arm and step")
    assert {row["arm"]: row["n_after"] for row in steps} == {"treated": "5", "historical": "6"}
    first = table(checked, "First values as understood")
    assert {row["raw_value"] for row in first} >= {"43", "46"} and all(row["outcome"] == "CRP" for row in first)
    assert verdict(checked) == "Nothing would stop a run."
    text, page = as_text(checked), as_page(checked, "Check <x>")
    assert "Patients by arm and step" in text and "<h1>Check &lt;x&gt;</h1>" in page


@pytest.mark.parametrize("ruled", [True, False])
def test_results_whose_time_of_report_is_blank_are_counted(folder: Path, ruled: bool) -> None:
    """They count as known at their collection: it matters where a rule decides by what was known."""
    config = settings()
    config["sources"]["historical"]["files"]["all"]["parts"][1] = {
        "kind": "measurements_long",
        "subject": "id",
        "where": [{"column": "kind", "is_in": ["value"]}],
        "time": DATES,
        "result_time": {"columns": ["done"], "formats": ["%Y-%m-%d"]},
        "analyte": "test",
        "value": "crp",
    } | {"unit": "unit"}
    if ruled:
        label = {"en": "CRP above 10 mg/L"}
        rule = {"kind": "threshold", "label": label, "outcome": "CRP", "within_hours": 48, "op": ">", "value": 10}
        config["cohort"] |= {"rules": {"inflamed": rule}, "filters": ["inflamed"]}
    lines = ["id,kind,when,sex,done,test,crp,unit"]
    for number in range(1, 7):
        lines.append(f"H{number},start,2020-02-01,m,,,,")
        for day in range(1, 6):
            done = "" if (number, day) in {(1, 1), (2, 3), (2, 4)} else f"2020-02-0{day}"
            lines.append(f"H{number},value,2020-02-0{day},,{done},CRP,{40 + day},mg/L")
    (folder / "data/raw/historical.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    warned = [one for one in check_study(write(folder, config)).warnings if "result_time" in one]
    place = "sources.historical.files.all.parts.1.result_time"
    expected = [f"{place}: 3 of 30 results have none in 'done' (CRP 3). They count as known when they were collected"]
    assert [one.split(", so that")[0] for one in warned] == (expected if ruled else [])


def test_held_records_say_what_would_release_the_first_of_them(folder: Path) -> None:
    path = folder / "data/raw/historical.csv"
    path.write_text(path.read_text() + "H-1,value,2020-02-03,,50\nH2,value,2020-02-30,,50\n", encoding="utf-8")
    checked = check_study(write(folder, settings()))
    held = {row["reason"]: row["of_first_line"] for row in table(checked, "Records by fate") if row["of_first_line"]}
    assert "may be that of 'H-1'" in held["ID_CONFLICT"] and "there is no such day" in held["DATE_INVALID"]
    # Whole on the terminal too: it is the last column.
    assert held["ID_CONFLICT"] in as_text(checked)


def test_first_values_have_each_their_own_unit_and_the_clock_of_their_source(folder: Path) -> None:
    """480 mg/L beside 48,00 mg/dL, limits as limits, 21:00 in Mexico and not 02:00 of the next day in UTC."""
    rows = ["id;kind;when;sex;crp", *(f"T{n};start;2020-02-01;m;" for n in range(1, 6))]
    rows += ["T1;value;2020-02-01 21:00;;48,00", "T2;value;2020-02-02;;<0,5"]
    (folder / "data/raw/treated.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    config = settings()
    source = config["sources"]["treated"]
    source["timezone"] = "America/Mexico_City"
    file = source["files"]["all"]
    file |= {"delimiter": ";", "decimal": ","}
    file["parts"][1]["columns"]["crp"]["unit"] = "mg/dL"
    file["parts"][1]["time"] = {"columns": ["when"], "formats": ["%Y-%m-%d %H:%M", "%Y-%m-%d"]}
    # The values alone: nothing is compared.
    declared = read_declarations(write(folder, config))
    assert declared.config is not None
    records = read_records(declared.config, declared.dictionary, folder)
    first = next(one for one in record_listings(declared.config, records) if one.title == "First values as understood")
    assert [list(row[2:]) for row in first.rows if row[0] == "treated"] == [
        ["2020-02-01 21:00", "CRP", "48,00", "mg/dL", "480 mg/L"],
        ["2020-02-02", "CRP", "<0,5", "mg/dL", "0 to 5 mg/L"],
    ]


def test_faults_of_every_layer_come_in_one_go(folder: Path) -> None:
    """A missing key, a primary outcome not listed, unknown code, dictionary file, family, unit, column and file."""
    config = settings()
    del config["study"]["id"]
    config["primary"]["outcome"] = "FERR"
    config["outcomes"] = ["CRP", "XYZ"]
    config["sources"]["treated"]["files"]["all"]["parts"][1]["columns"]["crp"]["unit"] = "kgs"
    config["sources"]["historical"]["files"]["all"]["path"] = "data/raw/historcal.csv"
    config["sources"]["treated"]["files"]["all"]["parts"][1]["subject"] = "idd"
    (folder / "dictionary").mkdir()
    (folder / "dictionary/outcomes.csv").write_text("code,label_en,family\nLEAD,Lead,respiratry\n", encoding="utf-8")
    checked = check_study(write(folder, config))
    said = "\n".join(map(str, checked.faults))
    for words in (
        "study.id: this key is missing",
        "'FERR' is not a known analysed outcome",
        "'XYZ' is not a known outcome",
        "'kgs' is not a known unit of CRP",
        "outcomes.csv, line 2, family: 'respiratry'",
        "there is no column 'idd'",
        "there is no file 'data/raw/historcal.csv'",
    ):
        assert words in said
    assert "config.yaml, line " in said
    assert verdict(checked).startswith(f"{len(checked.faults)} to correct")


def test_a_condition_that_no_row_meets_is_told_with_what_there_is(folder: Path) -> None:
    config = settings()
    config["sources"]["treated"]["files"]["all"]["parts"][1]["where"][0]["is_in"] = ["values"]
    checked = check_study(write(folder, config))
    (told, *rest) = checked.warnings
    assert told.startswith("sources.treated.files.all.parts.1.where.0: no row of the file has 'kind' in ['values']")
    assert "'value' (25), 'start' (5)" in told
    assert any("the primary question (CRP on day 2) will have no estimate" in one for one in rest)


def test_a_study_without_controls_is_told_so(folder: Path) -> None:
    config = settings()
    del config["sources"]["historical"]
    checked = check_study(write(folder, config))
    (warning,) = checked.warnings
    assert "the treated patients are described, and nothing is compared" in warning
    assert not {"Gates of the comparison", "Model and reasons against"} & {one.title for one in checked.listings}


def test_a_folder_without_a_config_says_how_to_begin(tmp_path: Path) -> None:
    (fault,) = check_study(tmp_path).faults
    assert "there is no config.yaml" in str(fault) and "make study" in str(fault)


def test_a_visit_days_before_the_treatment_is_hinted_at_as_baseline(folder: Path) -> None:
    """Included on the 1st, treated on the 5th: nobody had a baseline, and the check said nothing."""
    for arm in ("treated", "historical"):
        path = folder / f"data/raw/{arm}.csv"
        lines = path.read_text(encoding="utf-8").replace("start,2020-02-01", "start,2020-02-05").splitlines()
        kept = [line for line in lines if not re.search(r"value,2020-02-0[2-5]", line)]
        path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    config = settings()
    checked = check_study(write(folder, config))
    (hint,) = [said for said in checked.warnings if "baseline" in said]
    assert hint.startswith("CRP: 11 patients have no baseline and an earlier value, 4 days before time zero")
    config["cohort"]["baseline_hours"] = float(re.findall(r"baseline_hours: (\d+)", hint)[0])
    checked = check_study(write(folder, config))
    assert table(checked, "Values by outcome and day")[0]["day 0"] == "5/6"
    # A baseline is no value of a later day, however wide the window.
    config["analysis"] = {"visit_window_days": 7, "days": [2, 7]}
    later = table(check_study(write(folder, config)), "Values by outcome and day")[0]
    assert later["day 0"] == "5/6" and later["day 7"] == "0/0"


def test_patients_of_a_second_source_are_named(folder: Path) -> None:
    """A laboratory declared as a source of its own: its patients counted twice, and nothing said so."""
    path = folder / "data/raw/historical.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("H", "MG-10"), encoding="utf-8")
    (folder / "data/raw/lab.csv").write_text(path.read_text(encoding="utf-8").replace("MG-", "mg"), encoding="utf-8")
    config = settings()
    lab = copy.deepcopy(config["sources"]["historical"])
    lab["files"]["all"]["path"] = "data/raw/lab.csv"
    config["sources"]["lab"] = lab
    (said,) = [one for one in check_study(write(folder, config)).warnings if "ids" in one]
    assert said.startswith("sources historical and lab share 6 of 6 ids (MG-101 and mg101, ...)")
    assert "put their files under one source" in said
    del config["sources"]["lab"]
    assert not [one for one in check_study(write(folder, config)).warnings if "ids" in one]


def test_yesterdays_value_as_baseline_is_hinted_at_and_declared(folder: Path) -> None:
    """Dates alone: treated on 3 February, last measured on the 2nd, which is 24 hours before and no baseline."""
    for arm in ("treated", "historical"):
        path = folder / f"data/raw/{arm}.csv"
        lines = path.read_text(encoding="utf-8").replace("start,2020-02-01", "start,2020-02-03").splitlines()
        path.write_text("\n".join(line for line in lines if "value,2020-02-03" not in line) + "\n", encoding="utf-8")
    config = settings()
    checked = check_study(write(folder, config))
    (hint,) = [said for said in checked.warnings if "baseline" in said]
    assert hint.startswith("CRP: 11 patients have no baseline") and "cohort: {baseline_hours: 48}" in hint
    config["cohort"]["baseline_hours"] = 48
    checked = check_study(write(folder, config))
    assert table(checked, "Values by outcome and day")[0]["day 0"] == "5/6"
    assert not [said for said in checked.warnings if "baseline" in said]


def test_a_ladder_that_chooses_whether_arms_share_variances_is_named(folder: Path) -> None:
    config = settings()
    pooled, own = ({"id": kind, "random": "1", "residual": "iid", "per_arm": kind} for kind in ("pooled", "one_scale"))
    # Over visits: a fallback with rows of its own, which no criterion compares with the others.
    visits = {**pooled, "random": None, "residual": "us"}
    for ladder in (None, [own], [pooled], [own, {**own, "id": "other", "per_arm": "free"}], [own, visits]):
        config["analysis"] = {} if ladder is None else {"ladder": ladder}
        assert not [said for said in check_study(write(folder, config)).warnings if "ladder" in said]
    config["analysis"] = {"ladder": [own, pooled]}
    (said,) = [said for said in check_study(write(folder, config)).warnings if "ladder" in said]
    assert "share (pooled)" in said and "of their own (one_scale)" in said and "leave 'ladder' out" in said
    # Where time: auto ends in visits, the criterion compares them with the others.
    config["analysis"] = {"ladder": [own, visits], "days": [2, 4], "visits": [1, 2, 3, 4], "visit_window_days": 0}
    (said,) = [said for said in check_study(write(folder, config)).warnings if "ladder" in said]
    assert "chooses for CRP, whose course is that of visits, between variances" in said
    for time, named in (("line", 0), ("visits", 1)):
        config["analysis"]["time"] = time
        assert len([said for said in check_study(write(folder, config)).warnings if "ladder" in said]) == named


def sampled_later(folder: Path, hours: tuple[int, ...]) -> dict[str, Any]:
    """Everybody is admitted at 08:00, first sampled so many hours later, one after another, and daily from then."""
    for arm in ("treated", "historical"):
        path = folder / f"data/raw/{arm}.csv"
        lines = path.read_text(encoding="utf-8").replace("start,2020-02-01", "start,2020-02-01 08:00").splitlines()
        names = sorted({line.split(",")[0] for line in lines[1:]})
        delay = dict(zip(names, hours * len(names), strict=False))
        for number, line in enumerate(lines):
            name, kind, when, *rest = line.split(",")
            if kind == "value":
                moment = pd.Timestamp(when) + pd.Timedelta(hours=8 + delay[name])
                lines[number] = ",".join([name, kind, moment.strftime("%Y-%m-%d %H:%M"), *rest])
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = settings()
    for source in config["sources"].values():
        people, values = source["files"]["all"]["parts"]
        people["events"][0]["time"] = values["time"] = {"columns": ["when"], "formats": ["%Y-%m-%d %H:%M"]}
    return config


def test_first_samples_after_an_admission_are_hinted_at_and_declared(folder: Path) -> None:
    config = sampled_later(folder, (2, 5, 9))
    checked = check_study(write(folder, config))
    assert table(checked, "Values by outcome and day")[0] == {"outcome": "CRP", "day 0": "0/0", "day 2": "5/6"}
    assert "baseline" not in table(checked, "Model and reasons against")[0]["covariates"].split("without")[0]
    assert [said for said in checked.warnings if "baseline" in said] == [
        "CRP: 11 patients have no baseline and a value in the 24 hours after time zero; "
        "'cohort: {baseline_hours_after: 6}' would take it for 8 of them"
    ]
    config["cohort"]["baseline_hours_after"] = 6
    checked = check_study(write(folder, config))
    assert table(checked, "Values by outcome and day")[0] == {"outcome": "CRP", "day 0": "4/4", "day 2": "5/6"}
    assert table(checked, "Model and reasons against")[0]["covariates"] == "baseline"
    # The hours are declared: how many, nobody is asked again.
    assert not [said for said in checked.warnings if "baseline" in said]


def test_a_first_sample_of_the_next_day_costs_day_1(folder: Path) -> None:
    checked = check_study(write(folder, sampled_later(folder, (20,))))
    (said,) = (said for said in checked.warnings if "baseline" in said)
    assert said.endswith("'cohort: {baseline_hours_after: 24}' would take it for 11 of them, and leave no day 1")


def test_no_hours_after_a_treatment_are_proposed(folder: Path) -> None:
    config = sampled_later(folder, (2, 5, 9))
    for source in config["sources"].values():
        source["files"]["all"]["parts"][0]["events"][0]["event"] = "infusion"
    config["cohort"]["time_zero"] = {"treated": "infusion"}
    assert not [said for said in check_study(write(folder, config)).warnings if "baseline_hours_after" in said]
    config["cohort"]["baseline_hours_after"] = 6
    treated, historical = map(str, check_study(write(folder, config)).faults)
    assert "time_zero.treated is 'infusion'" in treated and "config.yaml, line" in treated
    assert "time_zero.historical_event is 'infusion'" in historical


def test_a_treatment_within_the_hours_is_a_fault_of_the_check(folder: Path) -> None:
    """Followed from the admission, one patient was given the treatment four hours later."""
    config = sampled_later(folder, (2, 5, 9))
    path = folder / "data/raw/treated.csv"
    text = path.read_text(encoding="utf-8") + "T1,dose,2020-02-01 12:00,,\n"
    path.write_text(text, encoding="utf-8")
    dose = {"kind": "patients", "subject": "id", "where": [{"column": "kind", "is_in": ["dose"]}]}
    time = {"columns": ["when"], "formats": ["%Y-%m-%d %H:%M"]}
    dose["events"] = [{"event": "infusion", "time": time}]
    config["sources"]["treated"]["files"]["all"]["parts"].append(dose)
    config["cohort"]["baseline_hours_after"] = 4
    assert check_study(write(folder, config)).faults == ()
    config["cohort"]["baseline_hours_after"] = 6
    (fault,) = check_study(write(folder, config)).faults
    assert "the 'infusion' of 1 treated patient is less than 6 hours after time zero" in str(fault)
    assert "Type at most 4." in str(fault)


def test_a_unit_of_an_own_outcome_without_one_is_asked_for_in_its_row(folder: Path) -> None:
    """A drafted row leaves the unit blank; a conversion to nothing would be a riddle."""
    (folder / "dictionary").mkdir()
    (folder / "dictionary/outcomes.csv").write_text("code,label_en\nNEUT,Neutrophils\n", encoding="utf-8")
    config = settings()
    for source in config["sources"].values():
        source["files"]["all"]["parts"][1]["columns"] = {"crp": {"outcome": "NEUT", "unit": "10^9/L"}}
    config["outcomes"], config["primary"]["outcome"] = ["NEUT"], "NEUT"
    said = "\n".join(map(str, check_study(write(folder, config)).faults))
    assert "NEUT has no unit yet: write '10^9/L' into its row of dictionary/outcomes.csv (unit)." in said
    assert "converts to" not in said


def test_a_derived_outcome_without_values_says_what_it_is_made_from(folder: Path) -> None:
    config = settings()
    for source in config["sources"].values():
        source["files"]["all"]["parts"][1]["columns"] = {"crp": {"outcome": "PAO2", "unit": "mmHg"}}
    config["outcomes"] = ["PF"]
    config["primary"]["outcome"] = "PF"
    ratio = {"kind": "paired_ratio", "numerator": "PAO2", "denominator": "FIO2", "within_minutes": 30}
    config["cohort"]["derivations"] = {"PF": ratio}
    checked = check_study(write(folder, config))
    (said,) = [one for one in checked.warnings if "derivations" in one]
    assert said.startswith("cohort.derivations.PF gives no value from 55 of PAO2 (mmHg) and 0 of FIO2 (fraction)")


def test_venous_values_among_arterial_ones_are_named(folder: Path) -> None:
    config = settings()
    for arm, specimen in (("treated", "venous"), ("historical", "arterial")):
        column = {"outcome": "PAO2", "unit": "mmHg", "specimen": specimen}
        config["sources"][arm]["files"]["all"]["parts"][1]["columns"] = {"crp": column}
    config["outcomes"], config["primary"]["outcome"] = ["PAO2"], "PAO2"
    (said,) = [one for one in check_study(write(folder, config)).warnings if one.startswith("PAO2: ")]
    assert said.startswith("PAO2: 25 of 55 values are venous, and count like arterial ones; 'where' leaves")
    config["sources"]["treated"]["files"]["all"]["parts"][1]["columns"]["crp"]["specimen"] = ""
    assert not [one for one in check_study(write(folder, config)).warnings if one.startswith("PAO2: ")]


def test_an_event_of_the_study_that_nothing_counts_is_named(folder: Path) -> None:
    """Dated and declared, a relapse is on no page but the treated patients' narratives."""
    (folder / "dictionary").mkdir()
    (folder / "dictionary/events.csv").write_text("code,label_en\nrelapse,relapse\n", encoding="utf-8")
    path = folder / "data/raw/historical.csv"
    path.write_text(path.read_text() + "H1,relapse,2020-02-04,,\nH2,relapse,2020-02-03,,\n", encoding="utf-8")
    config = settings()
    part = {"kind": "events", "subject": "id", "time": DATES, "event": "kind", "values": {"relapse": "relapse"}}
    part["where"] = [{"column": "kind", "is_in": ["relapse"]}]
    config["sources"]["historical"]["files"]["all"]["parts"].append(part)
    (told,) = [one for one in check_study(write(folder, config)).warnings if "relapse" in one]
    assert told.startswith("event 'relapse' has 2 dates and is counted nowhere") and "analysis.events.adverse" in told
    for keys in ({"analysis": {"events": {"adverse": ["relapse"]}}}, {"cohort": {"ends_with": ["relapse"]}}):
        counted = {key: {**config.get(key, {}), **own} for key, own in keys.items()}
        assert [one for one in check_study(write(folder, config | counted)).warnings if "relapse" in one] == []
