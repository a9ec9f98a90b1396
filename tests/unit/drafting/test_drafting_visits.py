"""Files of one group of patients whose names or rows look like something else: check-ups, events, spellings of arms."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from historical_controls.drafting.marks import plain
from historical_controls.drafting.study import draft_study, write_draft

START = date(2019, 1, 7)


def study(folder: Path, visits: str = "controlli_fistola.csv") -> Path:
    """Nine patients on dialysis: persons with the procedure, check-ups, and events one a row."""
    raw = folder / "data/raw"
    raw.mkdir(parents=True)
    people = ["Codice paziente;Sesso;Data di nascita;Trattamento;Data procedura"]
    checks = ["Codice paziente;Data controllo;Portata (ml/min);Emoglobina (g/dl);Proteina C reattiva (mg/L)"]
    for n in range(9):
        arm = "palloncino medicato" if n < 2 else ("PTA semplice" if n % 2 else "Pta semplice")
        begin = START + timedelta(40 * n)
        people.append(f"{n:04};{'MF'[n % 2]};0{n + 1}/12/19{50 + n};{arm};{begin:%d/%m/%Y}")
        for month in range(5):
            low = "<1" if month % 2 else f"{2 + n},{month}"
            day = begin + timedelta(30 * month)
            checks.append(f"{n:04};{day:%d/%m/%Y};{400 + 17 * n + 31 * month};1{n % 3},{month};{low}")
    events = ["Codice paziente;Evento;Data evento", "0001;decesso;15/05/2019", "0003;Trombosi;16/08/2019"]
    events += ["0005;trombosi;17/11/2019", "0006;trapianto;18/12/2019"]
    for name, rows in (("pazienti.csv", people), (visits, checks), ("eventi.csv", events)):
        (raw / name).write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def files_of(folder: Path) -> dict[str, Any]:
    (source,) = plain(draft_study(folder))["sources"].values()
    return source


def test_check_ups_of_all_patients_are_no_controls(tmp_path: Path) -> None:
    """Italian 'controlli' and Spanish 'controles' are visits as often as patients who are compared."""
    source = files_of(study(tmp_path))
    assert list(source["files"]) == ["controlli_fistola", "eventi", "pazienti"]


def test_a_file_of_controls_with_patients_of_its_own_is_an_arm(tmp_path: Path) -> None:
    folder = study(tmp_path, "visite.csv")
    raw = folder / "data/raw"
    lines = (raw / "pazienti.csv").read_text(encoding="utf-8").splitlines()
    others = [lines[0], *(f"9{line[1:]}" for line in lines[1:])]
    (raw / "controlli.csv").write_text("\n".join(others) + "\n", encoding="utf-8")
    assert set(plain(draft_study(folder))["sources"]) == {"historical", "export"}


def test_spellings_of_an_arm_count_together(tmp_path: Path) -> None:
    assert files_of(study(tmp_path))["treated_subjects"] == ["0000", "0001"]


def test_events_one_a_row_are_events(tmp_path: Path) -> None:
    folder = study(tmp_path)
    (part,) = files_of(folder)["files"]["eventi"]["parts"]
    assert (part["kind"], part["event"]) == ("events", "Evento")
    values = {"decesso": "death", "Trombosi": "trombosi", "trombosi": "trombosi", "trapianto": "trapianto"}
    assert part["values"] == values
    text = write_draft(folder).read_text(encoding="utf-8")
    assert "new in dictionary/events.csv: does it end follow-up" in text
    rows = (folder / "dictionary/events.csv").read_text(encoding="utf-8")
    assert rows == "code,label_en\ntrombosi,trombosi\ntrapianto,trapianto\n"


def test_follow_up_starts_with_the_procedure_at_an_age_from_the_birth(tmp_path: Path) -> None:
    (part,) = files_of(study(tmp_path))["files"]["pazienti"]["parts"]
    time = {"columns": ["Data procedura"], "formats": ["%d/%m/%Y"]}
    assert part["events"] == [{"event": "enrolment", "time": time}]
    assert part["columns"]["Data di nascita"]["as_of"] == time


def test_limits_with_their_sign_have_lost_none_and_italian_names_are_known(tmp_path: Path) -> None:
    file = files_of(study(tmp_path))["files"]["controlli_fistola"]
    assert "stripped_limits" not in file
    columns = file["parts"][-1]["columns"]
    assert {one["outcome"] for one in columns.values()} >= {"HGB", "CRP"}
