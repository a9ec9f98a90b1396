"""Drafts of studies: five exports of different shape, most lines right, no wrong one unmarked."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from exports import EXPORTS
from foreign_exports import FOREIGN
from unseen_exports import UNSEEN

from historical_controls.config.reading.strict_yaml import check_text
from historical_controls.config.sources.arms import ArmColumn
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.drafting.__main__ import main
from historical_controls.drafting.contents.limits import piled_up
from historical_controls.drafting.files.sheets import read_sheets
from historical_controls.drafting.marks import Guess, config_text, plain
from historical_controls.drafting.study import draft_study, write_draft
from historical_controls.drafting.values import codes_of_missing, dates
from historical_controls.errors import UserError

STUDIES = Path(__file__).parents[2] / "data/studies"
REAL = Path(os.environ.get("HC_REAL_DATA", Path(__file__).parents[4] / "shared/data"))
ALL = EXPORTS | UNSEEN | FOREIGN
Lines = dict[tuple[Any, ...], tuple[Any, bool]]


def mapping_lines(files: dict[str, Any]) -> Lines:
    """(value, whether it is marked) of every line of a declaration, by file, part, column and key."""
    out: Lines = {}
    for file, declared in files.items():
        for key, value in declared.items():
            if key == "stripped_limits":
                # A line for each limit: which are wanted depends on the outcomes that are analysed.
                out |= {(file, key, one["outcome"]): (one, isinstance(value, Guess)) for one in plain(value)}
            elif key == "sentinels":
                rows = [(name, row["codes"]) for row in plain(value) for name in row.get("columns", ["*"])]
                out |= {(file, key, name): (codes, isinstance(value, Guess)) for name, codes in rows}
            elif key == "default_specimens":
                out |= {(file, key, code): (one, isinstance(value, Guess)) for code, one in plain(value).items()}
            elif key != "parts":
                out[file, key] = (plain(value), isinstance(value, Guess))
        for part in _unwrapped(declared["parts"])[0]:
            part, own = _unwrapped(part)
            name = (file, plain(part["kind"]), str(plain(part.get("where", ""))))
            out |= {(*name, *path): (value, mark) for path, value, mark in _leaves(part, (), own)}
    return out


def _unwrapped(node: Any) -> tuple[Any, bool]:
    return (node.value, True) if isinstance(node, Guess) else (node, False)


def _leaves(node: Any, path: tuple[Any, ...], marked: bool) -> Iterator[tuple[tuple[Any, ...], Any, bool]]:
    node, own = _unwrapped(node)
    marked = marked or own
    if isinstance(node, dict) and path[-1:] != ("values",):
        for key, value in node.items():
            if key == "events":
                for event in value:
                    yield from _leaves(event, (*path, plain(event["event"])), marked)
            else:
                yield from _leaves(value, (*path, key), marked)
    else:
        yield path, plain(node), marked


def drafted(folder: Path) -> Lines:
    """Lines of a draft, files by their path below data/raw, sheets behind it."""
    files = {}
    for source in draft_study(folder)["sources"].values():
        for file in source["files"].values():
            sheet = f"/{file['sheet']}" if "sheet" in file else ""
            files[plain(file["path"]).removeprefix("data/raw/") + sheet] = {
                k: v for k, v in file.items() if k != "path"
            }
    return mapping_lines(files)


@pytest.mark.parametrize("name", ALL)
def test_a_draft_is_mostly_right_and_never_wrong_without_a_mark(name: str, tmp_path: Path) -> None:
    export = ALL[name]
    export.write(tmp_path / "data/raw")
    wanted, found = mapping_lines(export.truth), drafted(tmp_path)
    missed = {key: (value, found.get(key)) for key, (value, _) in wanted.items() if found.get(key, (None,))[0] != value}
    wrong = {key: line for key, line in found.items() if not line[1] and line[0] != wanted.get(key, (None,))[0]}
    print(f"{name}: {len(wanted) - len(missed)} of {len(wanted)} lines right, {len(wrong)} wrong without a mark")
    assert len(missed) <= 0.1 * len(wanted), missed
    assert wrong == {}


@pytest.mark.parametrize("name", ALL)
def test_a_draft_is_yaml_that_refuses_to_run_until_it_is_confirmed(name: str, tmp_path: Path) -> None:
    ALL[name].write(tmp_path / "data/raw")
    drafted_now = plain(draft_study(tmp_path))
    target = write_draft(tmp_path)
    text = target.read_text(encoding="utf-8")
    assert yaml.safe_load(text) == drafted_now
    with pytest.raises(UserError, match="not confirmed yet: one title per language"):
        check_text(target)
    target.write_text(
        "".join(line.split("   # CONFIRM:")[0].rstrip() + "\n" for line in text.splitlines()), encoding="utf-8"
    )
    check_text(target)


@pytest.mark.real_data
@pytest.mark.skipif(not REAL.is_dir(), reason="HC_REAL_DATA holds no real data")
@pytest.mark.parametrize(
    ("study", "files"),
    [
        ("physionet2012", ["patients.csv", "measurements.csv"]),
        ("wuhan2020", ["time_series_375_prerpocess_en.xlsx"]),
    ],
)
def test_a_draft_of_real_data_is_mostly_right(study: str, files: list[str], tmp_path: Path) -> None:
    """Against the declarations of tests/data/studies: 92% of the lines, and none wrong without a mark."""
    (tmp_path / "data/raw").mkdir(parents=True)
    for file in files:
        (tmp_path / "data/raw" / file).symlink_to((REAL / study / file).resolve())
    config = yaml.safe_load((STUDIES / study / "config.yaml").read_text(encoding="utf-8"))
    (source,) = config["sources"].values()
    truth = {file.pop("path").removeprefix("data/raw/"): file for file in source["files"].values()}
    wanted, found = mapping_lines(truth), drafted(tmp_path)
    missed = {key: (value, found.get(key)) for key, (value, _) in wanted.items() if not same(found.get(key), value)}
    print(f"{study}: {len(wanted) - len(missed)} of {len(wanted)} lines right")
    assert len(missed) <= 0.08 * len(wanted), missed
    # What a study leaves out is no fault of the draft: only lines that a person wrote otherwise are.
    unmarked = {key: line for key, line in found.items() if not line[1] and key in wanted}
    assert {key for key, line in unmarked.items() if not same(line, wanted[key][0])} == set()


def same(line: tuple[Any, bool] | None, value: Any) -> bool:
    """Whether a drafted line says what a person wrote; one unit has several names."""
    return line is not None and (line[0] == value or (line[0], value) == ("mg/L FEU", "ug/mL FEU"))


def test_what_no_dictionary_names_has_rows_in_the_study_s_own(tmp_path: Path) -> None:
    FOREIGN["unknown analytes"].write(tmp_path / "data/raw")
    config = plain(draft_study(tmp_path))
    assert config["outcomes"] == ["CREAT", "BLOOD_LEAD"]
    assert config["cohort"]["time_zero"] == {"treated": "enrolment"}
    (tmp_path / "dictionary").mkdir()
    (tmp_path / "dictionary/outcomes.csv").write_text("code,label_en,unit\nZINC,Zinc,ug/dL", encoding="utf-8")
    write_draft(tmp_path)
    # Behind the rows that were there, in their columns; the name in the file means the new code.
    own = (tmp_path / "dictionary/outcomes.csv").read_text(encoding="utf-8")
    assert own == "code,label_en,unit\nZINC,Zinc,ug/dL\nBLOOD_LEAD,Blood lead,ug/dL\n"
    dictionary = load_dictionary(tmp_path / "dictionary")
    assert [one.code for one in dictionary.named("Blood lead")] == ["BLOOD_LEAD"]
    assert dictionary.outcomes["BLOOD_LEAD"].unit == "ug/dL"


def test_arms_in_words_of_no_known_language_and_a_study_without_any(tmp_path: Path) -> None:
    """Of two words the rarer one is proposed, with a mark; a study in which nothing tells groups apart has one arm."""
    FOREIGN["French visits over years"].write(tmp_path / "two/data/raw")
    source = draft_study(tmp_path / "two")["sources"]["export"]
    assert isinstance(source["treated_subjects"], Guess) and plain(source["treated_subjects"]) == ["E00", "E01", "E02"]
    FOREIGN["German single arm"].write(tmp_path / "one/data/raw")
    assert draft_study(tmp_path / "one")["sources"]["export"]["arm"] == Guess(
        "treated", "were all patients of these files treated?"
    )


def test_outcomes_of_visits_side_by_side_that_no_dictionary_names(tmp_path: Path) -> None:
    rows = ["subject,group,Blood lead_m0,Blood lead_m6,Blood lead_m12,street_m0"]
    rows += [f"P{n},{'treated' if n < 3 else 'control'},{20 + n}.5,{15 + n}.5,{9 + n}.1,x{n}" for n in range(9)]
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "data/raw/lead.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (part,) = plain(draft_study(tmp_path)["sources"]["export"]["files"]["lead"]["parts"])
    assert part["columns"] == {f"Blood lead_m{m}": {"outcome": "BLOOD_LEAD", "at": m} for m in (0, 6, 12)}
    assert part["time"]["relative_unit"] == "months"


@pytest.mark.parametrize(
    ("sent", "piled"),
    [
        ([0.02] * 10 + [0.1 * n for n in range(1, 41)], (0.02, "<")),
        ([21.0] * 10 + [0.5 * n for n in range(1, 41)], (21.0, ">")),
        ([5.0] * 10 + [0.25 * n for n in range(1, 61)], None),
        ([0.0] * 30 + [0.1 * n for n in range(1, 41)], None),
        ([7.0] * 9, None),
    ],
)
def test_values_that_pile_up_at_an_end_may_be_limits(sent: list[float], piled: tuple[float, str] | None) -> None:
    """At the lowest or highest number, but one in the middle, a zero, or too few values say nothing of a limit."""
    assert piled_up(sent) == piled


def test_words_and_codes_in_place_of_numbers_are_told_from_values() -> None:
    assert codes_of_missing([*map(str, range(20)), *["n.f."] * 30]) == ["n.f."]
    assert codes_of_missing([*map(str, range(20)), *["2256 o más"] * 30]) == [], "a limit is no code"
    assert codes_of_missing(["310", "420", "460", "999", "999"]) == ["999"]
    assert codes_of_missing(["310", "420", "460", "999"]) == [], "once, 999 may be a distance"
    assert codes_of_missing(["-1"] * 5) == ["-1"]
    assert codes_of_missing(["3", "4", "haemolysed", "5", "clotted", "thawed", "6"]) == []


def test_both_arms_in_one_file_are_told_apart_by_a_column(tmp_path: Path) -> None:
    EXPORTS["wide by visit"].write(tmp_path / "data/raw")
    source = draft_study(tmp_path)["sources"]["export"]
    assert source["arm"] == {"column": "group", "treated": ["treated"], "historical": ["control"]}
    assert isinstance(source["relative_epoch"], Guess)
    config = plain(draft_study(tmp_path))
    assert config["balance"]["covariates"] == ["SEX", "AGE", "WEIGHT", "DIABETES", "CRP", "IL6"]
    assert config["cohort"]["horizon_days"] == 7


def test_no_config_is_overwritten_and_an_empty_folder_says_what_to_put_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no file that can be read"):
        write_draft(tmp_path)
    assert main(str(tmp_path)) == 1
    (tmp_path / "config.yaml").write_text("seed: 1\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"there is a config\.yaml already"):
        write_draft(tmp_path)


@pytest.mark.parametrize(
    ("texts", "formats", "sure"),
    [
        (["25/03/2021", "01/04/2021"], ["%d/%m/%Y"], True),
        (["03/25/2021 10:00", "04/01/2021 11:00"], ["%m/%d/%Y %H:%M"], True),
        (["03/04/2021", "05/06/2021"], ["%d/%m/%Y"], False),
        (["2021-03-04", "2021-03-05 10:15", ""], ["%Y-%m-%d", "%Y-%m-%d %H:%M"], True),
        (["05/05/2021"], ["%d/%m/%Y"], False),
        (["04-May-2020", "2020-05-11"], ["%Y-%m-%d", "%d-%b-%Y"], True),
        (["25/03/2021", "03/26/2021"], ["%d/%m/%Y", "%m/%d/%Y"], False),
    ],
)
def test_formats_of_dates_and_whether_day_and_month_can_be_told_apart(
    texts: list[str], formats: list[str], sure: bool
) -> None:
    found = dates(texts)
    assert plain(found) == formats and isinstance(found, Guess) is not sure


@pytest.mark.parametrize("texts", [["12.5", "13"], ["a", "b"], [], ["2021"], ["soon", "2021-01-01"]])
def test_what_holds_no_dates(texts: list[str]) -> None:
    assert dates(texts) is None


def test_codes_for_missing_lie_far_outside_the_values() -> None:
    assert codes_of_missing(["4", "5", "6", "999", "-99"]) == ["-99", "999"]
    assert codes_of_missing(["900", "950", "999"]) == []


@pytest.mark.parametrize(
    ("rows", "written"),
    [
        ("id;v\n1;2,5\n2;3,75\n", {"delimiter": ";", "decimal": ","}),
        ("id,v\n1,2.5\n2,3.75\n", {}),
        ("Report of 2021\n\nid,v,w\n1,2.5,x\n2,3.5,y\n", {"header_line": 3}),
        ('id,v\n1,"1,234"\n2,"2,500"\n', {"decimal": ","}),
    ],
)
def test_how_a_file_is_written(rows: str, written: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(rows, encoding="utf-8")
    (sheet,) = read_sheets(tmp_path / "f.csv", tmp_path)
    found = {key: value for key, value in sheet.written.items() if key != "path"}
    assert plain(found) == written
    assert all(isinstance(found[key], Guess) for key in ("header_line",) if key in found)
    if "1,234" in rows:
        assert isinstance(found["decimal"], Guess), "one and a fraction, or more than a thousand"


def test_a_mark_stands_on_the_line_that_it_doubts() -> None:
    text = config_text({"a": Guess("x", "why"), "b": {"c": {"unit": Guess("mg/L", "median 5")}, "d": [1, 2]}})
    assert text == "a: x   # CONFIRM: why\nb: {c: {unit: mg/L}, d: [1, 2]}   # CONFIRM: median 5\n"


def test_an_age_may_come_from_the_date_of_birth_below_lines_of_titles(tmp_path: Path) -> None:
    text = "Ulcerative colitis, 2020\n\nsubject,treatment,admission,dob\n"
    text += "".join(f"{n},{'ab'[n % 2]},2020-05-{n:02},19{50 + n}-02-{n:02}\n" for n in range(1, 15))
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "data/raw/uc.csv").write_text(text, encoding="utf-8")
    source = draft_study(tmp_path)["sources"]["export"]
    file = source["files"]["uc"]
    (part,) = file["parts"]
    assert plain(file["header_line"]) == 3 and isinstance(part["columns"]["dob"], Guess)
    assert plain(part["columns"]["dob"]) == {
        "characteristic": "AGE",
        "unit": "years",
        "born": {"columns": ["dob"], "formats": ["%Y-%m-%d"]},
        "as_of": {"columns": ["admission"], "formats": ["%Y-%m-%d"]},
    }
    assert isinstance(source["arm"], Guess), "nothing says whether a or b is the treatment"
    assert plain(source["arm"]) == {"column": "treatment", "treated": ["a"], "historical": ["b"]}


@pytest.mark.parametrize(
    ("arms", "expected", "doubt"),
    [
        (["treated", "control", "screen failure"], (["treated"], ["control"], ["screen failure"]), "screen failure"),
        (["Tratado", "Histórico", "no incluido", ""], (["Tratado"], ["Histórico"], ["no incluido", ""]), "(blank)"),
        (["msc", "placebo", "high dose"], (["msc"], ["placebo"], ["high dose"]), "in neither arm: high dose"),
        (["msc", "standard", "placebo"], (["msc"], ["placebo", "standard"], None), None),
        (["a", "b", "c"], (["a"], ["b", "c"], None), "goes under 'neither'"),
        (["a", "b", "excluded"], (["a"], ["b"], ["excluded"]), "in neither arm: excluded"),
        (["treated", "control", ""], (["treated"], ["control"], [""]), "in neither arm: (blank)"),
    ],
)
def test_a_third_code_of_the_arm_is_proposed_as_neither(
    tmp_path: Path, arms: list[str], expected: tuple[Any, ...], doubt: str | None
) -> None:
    rows = ["subject,arm,admission,age"]
    rows += [f"P{n:02},{arms[n % len(arms)]},2020-05-{n + 1:02},{40 + n}" for n in range(20)]
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "data/raw/all.csv.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    source = draft_study(tmp_path)["sources"]["export"]
    arm = plain(source["arm"])
    assert (arm["treated"], arm["historical"], arm.get("neither")) == expected
    assert ArmColumn.model_validate(arm)
    # Whatever no word says is asked.
    assert isinstance(source["arm"], Guess) is (doubt is not None)
    assert doubt is None or doubt in source["arm"].why


def test_an_arm_that_stands_once_for_all_rows_of_a_patient_is_listed_by_id(tmp_path: Path) -> None:
    rows = ["subject,arm,date,HR (/min)"]
    rows += [f"P{n},{'treated' if n < 2 else 'control'},2020-05-04,80\nP{n},,2020-05-05,81" for n in range(6)]
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "data/raw/all.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    source = draft_study(tmp_path)["sources"]["export"]
    assert source["arm"] == "historical" and source["treated_subjects"] == ["P0", "P1"]


def test_treated_ids_are_listed_where_another_file_has_no_arm(tmp_path: Path) -> None:
    EXPORTS["wide by visit"].write(tmp_path / "data/raw")
    (tmp_path / "data/raw/vitals.csv").write_text("subject,date,HR (/min)\nP00,2021-03-14,80\n", encoding="utf-8")
    source = draft_study(tmp_path)["sources"]["export"]
    assert source["arm"] == "historical" and source["treated_subjects"] == ["P00", "P01", "P02", "P03", "P04"]


def test_times_since_an_event_are_relative(tmp_path: Path) -> None:
    rows = ["subject,parameter,value,time since ICU admission"] + [f"S{n % 3},HR,{70 + n},{n:02}:30" for n in range(12)]
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "data/raw/vitals.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    source = draft_study(tmp_path)["sources"]["export"]
    (part,) = source["files"]["vitals"]["parts"]
    assert plain(part["time"]) == {
        "columns": ["time since ICU admission"],
        "relative_to": "icu_admission",
        "relative_unit": "HH:MM",
    }
    assert isinstance(part["time"]["relative_to"], Guess) and isinstance(source["relative_epoch"], Guess)


def test_what_is_known_only_afterwards_balances_nothing_and_a_flag_is_no_outcome(tmp_path: Path) -> None:
    """PhysioNet 2012: survival days in Table 1, ventilation among the outcomes, an admission that no file dates."""
    results = ["id,hours since icu admission,analyte,value"]
    results += [f"S{n},{n % 5},{what},{n + 1}" for n in range(12) for what in ("HR", "MechVent")]
    people = ["id,age,survival_days,length_of_stay_days,dias_estancia"] + [
        f"S{n},5{n},{9 * n},{n},{n}" for n in range(9)
    ]
    (tmp_path / "data/raw").mkdir(parents=True)
    for name, rows in (("results", results), ("people", people)):
        (tmp_path / f"data/raw/{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    draft = draft_study(tmp_path)
    assert plain(draft["outcomes"]) == ["HR"]
    assert plain(draft["balance"]["covariates"]) == ["AGE", "HR"]
    assert plain(draft["cohort"]["time_zero"]["treated"]) == "icu_admission"


def test_follow_up_and_window_of_quarterly_visits_over_years(tmp_path: Path) -> None:
    """Visits 91 days apart: with the default window of a day nobody would be measured near a day."""
    rows = ["patient_id,visit_date,test,result,unit"]
    for patient in range(6):
        first = date(2005, 3, 1 + patient)
        rows += [f"{patient},{first + timedelta(91 * n)},Creatinine,1.{n % 10},mg/dL" for n in range(20)]
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "data/raw/labs.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    config = draft_study(tmp_path)
    assert plain(config["cohort"]["horizon_days"]) == 19 * 91 == plain(config["primary"])["day"]
    assert plain(config["analysis"]) == {"visit_window_days": 46} and isinstance(
        config["analysis"]["visit_window_days"], Guess
    )
    EXPORTS["long"].write(tmp_path / "daily/data/raw")
    assert "analysis" not in draft_study(tmp_path / "daily")


def test_who_survived_is_a_characteristic_where_no_date_says_when_a_stay_ended(tmp_path: Path) -> None:
    rows = ["patient_id,age,outcome"] + [f"{n},5{n},{'died_in_hospital' if n % 3 else 'survived'}" for n in range(9)]
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "data/raw/patients.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (part,) = draft_study(tmp_path)["sources"]["export"]["files"]["patients"]["parts"]
    survived = {"characteristic": "SURVIVED", "values": {"died_in_hospital": "no", "survived": "yes"}}
    assert plain(part["columns"]["outcome"]) == survived and isinstance(part["columns"]["outcome"], Guess)


def test_statuses_that_nobody_knows_are_asked_for(tmp_path: Path) -> None:
    rows = [f"P{n},2020-05-04 0{n}:00,CRP,{40 + n},mg/L,{said}" for n, said in enumerate(("Validé", "annulé", "raro"))]
    (tmp_path / "data/raw").mkdir(parents=True)
    text = "\n".join(["id,date,test,result,unit,status", *rows]) + "\n"
    (tmp_path / "data/raw/lab.csv").write_text(text, encoding="utf-8")
    lines = {path[-2:]: line for path, line in drafted(tmp_path).items()}
    assert lines["statuses", "raro"] == ("final", True)
    assert [key for key in lines if key[0] == "statuses"] == [("statuses", "raro")]
