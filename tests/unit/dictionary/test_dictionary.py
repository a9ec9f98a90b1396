"""The shipped dictionary is whole; a broken one says every fault with its line."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from historical_controls.ard.keys.outputs import OutputId, output_of_family
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.dictionary.folding import fold, fold_unit
from historical_controls.errors import UserError, UserErrors

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "data/dictionary"


@pytest.fixture(scope="module")
def words() -> Dictionary:
    return load_dictionary(FOLDER)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "dictionary"))


def edit(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_what_the_example_registered_is_all_there_and_is_of_no_other_study(words: Dictionary) -> None:
    """NCT04416139 lists 26 outcomes; the program itself registered none."""
    own = load_dictionary(ROOT / "dictionary")
    assert sorted(o.registered for o in own.outcomes.values() if o.registered) == list(range(1, 27))
    assert all(o.registry_wording for o in own.outcomes.values() if o.registered)
    assert own.outcomes["PF"].registry_wording.endswith("PaO2 / FiO2 ratio")
    assert not any(o.registered or o.registry_wording for o in words.outcomes.values())


def test_no_code_and_no_program_file_names_a_trial() -> None:
    own = [*(ROOT / "workflow").rglob("*.py"), *(ROOT / "workflow").rglob("*.smk"), *FOLDER.glob("*.csv")]
    named = [str(path) for path in own if "NCT0" in path.read_text(encoding="utf-8")]
    assert named == []


def test_faults_of_a_list_of_registered_outcomes(tmp_path: Path) -> None:
    rows = "outcome,number,wording\nHR,1,Rate\nHRR,2,Rate\nRR,zero,Breaths\nTEMP,1,Fever\nHR,3,Rate\n"
    (tmp_path / "registered.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(UserErrors) as caught:
        load_dictionary(tmp_path)
    said = str(caught.value)
    assert "'HRR' is not a known outcome" in said and "registered.csv, line 3" in said
    assert "'zero' is not a place in a list" in said
    assert "TEMP and HR are both number 1" in said and "HR is listed twice" in said


def test_every_outcome_has_labels_and_a_canonical_unit_that_is_its_own(words: Dictionary) -> None:
    for outcome in words.outcomes.values():
        assert outcome.label_en
        assert outcome.label_es
        if outcome.kind == "number" and outcome.unit:
            conversion = words.conversion(outcome.code, outcome.unit)
            assert conversion is not None, outcome.code
            assert (conversion.factor, conversion.offset) == (1, 0), outcome.code
        if outcome.kind in ("flag", "category", "result"):
            assert outcome.categories, outcome.code


def test_every_number_has_hard_limits_so_that_none_passes_unheld(words: Dictionary) -> None:
    for outcome in words.outcomes.values():
        if outcome.kind == "number":
            assert outcome.hard_low is not None, outcome.code
            assert outcome.hard_high is not None, outcome.code


def test_log_outcomes_are_never_negative(words: Dictionary) -> None:
    assert all((o.hard_low or 0) >= 0 for o in words.outcomes.values() if o.scale in ("log", "logit"))


def test_every_code_and_every_label_of_what_is_measured_is_known_as_a_name(words: Dictionary) -> None:
    for outcome in words.outcomes.values():
        if outcome.kind == "ending":  # told by events: no analyte may be taken for one
            assert not words.named(outcome.code)
            continue
        assert outcome.code in {s.code for s in words.named(outcome.code)}
        if outcome.kind == "number" and outcome.family not in ("characteristic", "supporting"):
            for label in (outcome.label_en, outcome.label_es):
                assert outcome.code in {s.code for s in words.named(label)}, label


def test_a_spelling_means_one_conversion(words: Dictionary) -> None:
    for code, outcome in words.outcomes.items():
        own = {spelling: c for (name, spelling), c in words.conversions.items() if name == code}
        shared = {spelling: c for (name, spelling), c in words.conversions.items() if name == "*" + outcome.unit}
        assert all(own[spelling] == shared[spelling] for spelling in own.keys() & shared.keys()), code


def test_factors_other_than_one_name_their_source() -> None:
    with (FOLDER / "units.csv").open(encoding="utf-8", newline="") as stream:
        unsaid = [row for row in csv.DictReader(stream) if float(row["factor"]) != 1 and not row["source"]]
    assert unsaid == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dímero-D (FEU)", "DIMERO D FEU"),
        ("Índice de Kirby", "indice  de kirby"),
        ("temp_c", "Temp C"),
        ("IL-1β", "IL 1Β"),
        ("Proteína C reactiva:", "proteina c reactiva"),
        # Letters with a stroke and joined ones, as who has no key for them writes them.
        ("Białko całkowite", "bialko calkowite"),
        ("Cœruléoplasmine", "coeruleoplasmine"),
    ],
)
def test_names_that_fold_together(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CD4+", "CD4"),
        ("Linfocitos %", "Linfocitos"),
        ("PaO2/FiO2", "PaO2 FiO2"),
        ("positivo?", "positivo"),
        ("-1", "1"),
    ],
)
def test_names_that_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("µg/L", "μg / l"),
        ("x10³/µL", "X 10^3/uL".replace("^", "")),
        ("10*9/L", "10⁹/L"),
        ("células/µL", "CELULAS/UL"),
        ("ng/mL (FEU)", "ng/ml(feu)"),
    ],
)
def test_units_that_fold_together(one: str, other: str) -> None:
    assert fold_unit(one) == fold_unit(other)


FAULTS = [
    (
        "outcomes.csv",
        "PF,respiratory,number",
        "PF,respiratorio,number",
        "line 2, family",
        "Did you mean 'respiratory'?",
    ),
    ("outcomes.csv", "PF,respiratory", "HR,respiratory", "line 3", None),
    ("outcomes.csv", "30,700,50,500", "60,700,50,500", "line 2", "hard_low <= warn_low"),
    ("outcomes.csv", "30,700,50,500", "30,1e400,50,500", "line 2, hard_high", None),
    ("units.csv", "PAO2,kPa,,7.50062", "PAO22,kPa,,7.50062", "line 3, outcome", "Did you mean 'PAO2'?"),
    ("units.csv", "PAO2,kPa,,7.50062", "PAO2,kPa,,0", "line 3, factor", None),
    ("units.csv", "PAO2,kPa,,7.50062", "PACO2,kPa,,7.50062", "line 4", "units.csv, line 3."),
    ("synonyms.csv", "Pulse,HR,en", "Pulse,CRPP,en", "line 15, code", "Did you mean 'CRP'?"),
    ("synonyms.csv", "Pulse,HR,en", "Kirby,HR,en", "line 15", "result_kind"),
]


@pytest.mark.parametrize(("name", "old", "new", "where", "hint"), FAULTS, ids=[f[2] for f in FAULTS])
def test_a_fault_names_its_line_and_column(
    folder: Path, name: str, old: str, new: str, where: str, hint: str | None
) -> None:
    edit(folder, name, old, new)
    with pytest.raises(UserError) as caught:
        load_dictionary(folder)
    faults = caught.value.faults if isinstance(caught.value, UserErrors) else (caught.value,)
    fault = next(f for f in faults if f.where == f"{folder / name}, {where}")
    assert hint is None or hint in str(fault.hint)


def test_all_faults_come_at_once(folder: Path) -> None:
    for name, old, new, *_ in (FAULTS[0], FAULTS[5], FAULTS[7]):
        edit(folder, name, old, new)
    with pytest.raises(UserErrors) as caught:
        load_dictionary(folder)
    assert len(caught.value.faults) == 3


def test_a_dictionary_saved_by_a_spreadsheet_program(folder: Path) -> None:
    text = (folder / "units.csv").read_text(encoding="utf-8")
    (folder / "units.csv").write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))
    assert load_dictionary(folder) == load_dictionary(FOLDER)
    (folder / "units.csv").write_bytes(text.encode("cp1252", errors="replace"))
    with pytest.raises(UserError, match="not utf-8"):
        load_dictionary(folder)


@pytest.mark.parametrize("content", ["", "outcome;unit;spellings;factor;offset;source\n", "outcome,unit\n"])
def test_wrong_columns_are_a_plain_error(folder: Path, content: str) -> None:
    (folder / "units.csv").write_text(content, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load_dictionary(folder)
    assert "Needed: outcome,unit,factor; allowed besides: spellings,offset,source" in str(caught.value.hint)


def test_a_row_of_another_width_is_refused(folder: Path) -> None:
    with (folder / "units.csv").open("a", encoding="utf-8") as stream:
        stream.write("CRP,mg/dL\n")
    with pytest.raises(UserError, match="too many cells or too few"):
        load_dictionary(folder)


def own(folder: Path, **files: str) -> Dictionary:
    """The dictionary of a study whose folder has these files."""
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return load_dictionary(folder)


def test_a_study_extends_the_dictionary_row_by_row(tmp_path: Path, words: Dictionary) -> None:
    """0.0483 umol/L of lead are 1 ug/dL (207.2 g/mol)."""
    extended = own(
        tmp_path,
        outcomes="code,label_en,unit,hard_low,hard_high,scale\nLEAD,Blood lead,ug/dL,0,500,log\n"
        "CRP,CRP here,mg/L,0,900,log\n",
        units="outcome,unit,factor\nLEAD,umol/L,20.72\n",
        synonyms="name,code\nPlomo,LEAD\n",
        treatments="code,label_en\nsuccimer,Succimer\n",
    )
    lead = extended.outcomes["LEAD"]
    assert (lead.family, lead.kind, lead.label("es"), lead.decimals) == ("component", "number", "Blood lead", 1)
    assert extended.conversion("LEAD", "umol/L") is not None and extended.conversion("LEAD", "ug/dL") is not None
    assert [one.code for one in extended.named("plomo")] == [one.code for one in extended.named("lead")] == ["LEAD"]
    assert extended.outcomes["CRP"].hard_high == 900 and words.outcomes["CRP"].hard_high != 900
    assert {"succimer", "dexamethasone"} <= set(extended.treatments)
    rest = set(words.outcomes) - {"CRP"}
    assert {code: extended.outcomes[code] for code in rest} == {code: words.outcomes[code] for code in rest}


def test_an_empty_folder_is_the_programs_dictionary(tmp_path: Path, words: Dictionary) -> None:
    assert load_dictionary(tmp_path) == words


def test_a_file_that_would_go_unread_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file belongs to a dictionary\n  Did you mean 'outcomes'"):
        own(tmp_path, outcome="code,label_en\nX,x\n")
    with pytest.raises(UserError, match="there is no such folder"):
        load_dictionary(tmp_path / "nowhere")


def test_a_row_of_the_study_is_checked_as_strictly(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        own(tmp_path, outcomes="code,label_en,family\nLEAD,Blood lead,haematlogy\n")
    assert caught.value.where == f"{tmp_path / 'outcomes.csv'}, line 2, family"
    assert "Did you mean 'haematology'?" in str(caught.value.hint)


def test_a_study_may_name_a_family_of_its_own(tmp_path: Path) -> None:
    head = "code,family,label_en\n"
    (tmp_path / "outcomes.csv").write_text(f"{head}GFR,renal,Filtration rate\n", encoding="utf-8")
    assert load_dictionary(tmp_path).outcomes["GFR"].family == "renal"
    assert output_of_family("renal") == OutputId.SUPPORTING
    for family, hint in (("Renal", "Use small letters"), ("cytokines", "Did you mean 'cytokine'?")):
        (tmp_path / "outcomes.csv").write_text(f"{head}GFR,{family},Filtration rate\n", encoding="utf-8")
        with pytest.raises(UserError, match=f"'{family}' is not a known family") as caught:
            load_dictionary(tmp_path)
        assert hint in str(caught.value)


def test_a_study_may_name_an_event_of_its_own(tmp_path: Path) -> None:
    """What starts follow-up elsewhere may be a transplant, which the program need not know."""
    (tmp_path / "events.csv").write_text("code,label_en,label_es\ntransplant,transplant,trasplante\n", encoding="utf-8")
    own = load_dictionary(tmp_path)
    assert (own.event_label("transplant", "es"), own.event_label("death", "en")) == ("trasplante", "death")
    assert own.event_label("marrow_graft", "en") == "marrow graft"
    (tmp_path / "events.csv").write_text("code,label_en\nEnrolment,a\nvisit,a\nvisit,b\n", encoding="utf-8")
    with pytest.raises(UserErrors, match=r"line 2: 'Enrolment' is not a valid code(.|\n)*line 4: the code 'visit'"):
        load_dictionary(tmp_path)


def test_every_event_has_its_names_and_meaning(words: Dictionary) -> None:
    assert {"admission", "infusion", "death", "discharge_alive", "adverse_event"} <= set(words.events)
    assert all(event.label_en and event.label_es and event.meaning for event in words.events.values())


@pytest.mark.parametrize("family", ["oncology", "immunology", "neurology", "cardiology", "compliance", "function"])
def test_a_family_of_a_study_need_not_be_far_from_all_known_ones(family: str, tmp_path: Path) -> None:
    rows = f"code,family,label_en,unit\nSCORE,{family},Score,points\n"
    (tmp_path / "outcomes.csv").write_text(rows, encoding="utf-8")
    assert load_dictionary(tmp_path).outcomes["SCORE"].family == family


@pytest.mark.parametrize(("family", "meant"), [("vitals", "vital"), ("hematology", "haematology"), ("cells", "cell")])
def test_a_slip_of_the_pen_in_a_family_is_refused(family: str, meant: str, tmp_path: Path) -> None:
    rows = f"code,family,label_en,unit\nSCORE,{family},Score,points\n"
    (tmp_path / "outcomes.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(UserError, match=f"Did you mean '{meant}'"):
        load_dictionary(tmp_path)


def test_a_row_of_a_known_code_changes_only_the_columns_of_its_file(tmp_path: Path, words: Dictionary) -> None:
    """Ferritin up to 200,000 stays a ratio (scale log); in another unit the program's limits would be wrong ones."""
    mine = own(tmp_path, outcomes="code,label_en,hard_high\nFERR,Ferritin,200000\nAGE,Age,110\n").outcomes
    assert (mine["FERR"].hard_high, mine["AGE"].hard_high) == (200000.0, 110.0)
    for name in ("scale", "unit", "family", "hard_low", "loinc", "benefit", "daily_summary", "decimals", "label_es"):
        assert getattr(mine["FERR"], name) == getattr(words.outcomes["FERR"], name)
    other = own(tmp_path, outcomes="code,label_en,unit\nCREAT,Creatinine,umol/L\n").outcomes["CREAT"]
    assert (other.unit, other.hard_high, other.warn_high, other.family) == ("umol/L", None, None, "component")
    # A column that is there and blank says so.
    blank = own(tmp_path, outcomes="code,label_en,hard_high,scale\nFERR,Ferritin,,\n").outcomes["FERR"]
    assert (blank.hard_high, blank.scale, blank.hard_low) == (None, "linear", 1.0)
