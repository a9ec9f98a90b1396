"""REDCap projects of visits with their data dictionary, visits by names alone, and answers of yes and no."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from historical_controls.checking.study import check_study
from historical_controls.drafting.cells.moments import moment_of_visit
from historical_controls.drafting.marks import Guess, config_text, plain, reasons
from historical_controls.drafting.own_rows import OwnRows
from historical_controls.drafting.study import draft_study, write_draft

FIELDS = [
    ("record_id", "datos", "text", "ID", ""),
    ("fecha_ingreso", "datos", "text", "Fecha de inclusión", ""),
    ("sexo", "datos", "radio", "Sexo", "1, Hombre | 2, Mujer"),
    ("anio_nac", "datos", "text", "Año de nacimiento", ""),
    ("fecha_infusion", "datos", "text", "Fecha de infusión de CTM", ""),
    ("fecha_visita", "visita", "text", "Fecha de la visita", ""),
    ("mgadl", "visita", "text", "MG-ADL (0-24)", ""),
    ("remision", "visita", "radio", "¿Remisión?", "1, Sí | 2, No"),
    ("sintomas", "visita", "checkbox", "Síntomas", "1, Ptosis | 2, Diplopía"),
    ("fecha_recaida", "recaida", "text", "Fecha de la recaída", ""),
    ("grav_recaida", "recaida", "radio", "Gravedad", "1, Leve | 2, Grave"),
    ("fecha_fin", "fin", "text", "Fecha de fin", ""),
    ("motivo_fin", "fin", "radio", "Motivo", "1, Completó 12 meses | 2, Pérdida | 3, Defunción"),
]
HEAD = ["record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"]
VISITS = {"visita_basal": 0, "mes_3": 91, "mes_6": 182}
YES = {"1": "Checked", "0": "Unchecked"}


def columns() -> list[tuple[str, str, dict[str, str]]]:
    """(name, label, labels of codes) of each column of an export, without statuses of forms."""
    out = []
    for name, _, kind, label, said in FIELDS[1:]:
        choices = dict(one.strip().split(", ", 1) for one in said.split("|")) if said else {}
        if kind == "checkbox":
            out += [(f"{name}___{code}", f"{label} (choice={one})", YES) for code, one in choices.items()]
        else:
            out.append((name, label, choices))
    return out


def rows(dated: bool = True) -> list[dict[str, str]]:
    """Three treated patients in arm 1 and five controls in arm 2, by column; relapses as a repeated instrument."""
    out: list[dict[str, str]] = []
    for n in range(8):
        who, arm, begin = f"MG-{n:03}", 1 if n < 3 else 2, date(2021, 1, 4) + timedelta(20 * n)
        for event, day in VISITS.items():
            own = {"record_id": who, "redcap_event_name": f"{event}_arm_{arm}", "mgadl": str(12 - n % 4 - day // 60)}
            own |= {"remision": "1" if (n + day) % 3 == 0 else "2", "sintomas___1": "1", "sintomas___2": "0"}
            own |= {"fecha_visita": f"{begin + timedelta(day + n % 5)}"} if dated else {}
            if day == 0:
                own |= {"sexo": "12"[n % 2], "anio_nac": str(1950 + 3 * n)}
                own |= {"fecha_ingreso": str(begin)} if dated else {}
                own |= {"fecha_infusion": str(begin + timedelta(3))} if dated and arm == 1 else {}
            out.append(own)
        if dated:
            end = {"record_id": who, "redcap_event_name": f"fin_arm_{arm}", "sintomas___1": "0", "sintomas___2": "0"}
            out.append(end | {"fecha_fin": str(begin + timedelta(200)), "motivo_fin": "3" if n == 5 else "1"})
            event = {"record_id": who, "redcap_event_name": f"fin_arm_{arm}", "redcap_repeat_instrument": "recaida"}
            fell = {"fecha_recaida": str(begin + timedelta(50 + n)), "grav_recaida": "12"[n % 2]}
            out.append(event | {"redcap_repeat_instance": "1"} | fell)
    return out


def table(path: Path, cells: list[list[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(cells)


def project(folder: Path, raw: bool = True, labels: bool = False, dated: bool = True) -> Path:
    """A folder with the data dictionary of the project, and its export in codes, in labels, or in both."""
    place, sent = folder / "data/raw", rows(dated)
    head = ["Variable / Field Name", "Form Name", "Field Type", "Field Label"]
    head.append("Choices, Calculations, OR Slider Labels")
    table(place / "MG_DataDictionary.csv", [head, *map(list, FIELDS)])
    known = [one for one in columns() if dated or not one[0].startswith("fecha")]
    if raw:
        names = [*HEAD, *(name for name, _, _ in known)]
        table(place / "MG_DATA.csv", [names, *([row.get(name, "") for name in names] for row in sent)])
    if labels:
        heads = ["ID", "Event Name", "Repeat Instrument", "Repeat Instance", *(label for _, label, _ in known)]
        cells = [[_label(row, one, {}) for one in HEAD] + [_label(row, n, own) for n, _, own in known] for row in sent]
        table(place / "MG_DATA_LABELS.csv", [heads, *cells])
    return folder


def _label(row: dict[str, str], name: str, choices: dict[str, str]) -> str:
    text = row.get(name, "")
    if name == "redcap_event_name":
        event, _, arm = text.rpartition("_arm_")
        return f"{event.replace('_', ' ').capitalize()} (Arm {arm}: {'CTM' if arm == '1' else 'Control'})"
    return choices.get(text, text)


def parts_by(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The only source of the draft, and the parts of its only file."""
    (source,) = plain(draft_study(folder))["sources"].values()
    (file,) = source["files"].values()
    return source, file["parts"]


def test_each_form_is_a_part_read_by_its_dictionary(tmp_path: Path) -> None:
    """Visits beside repeated instruments were read by no part, and codes asked about that the dictionary explains."""
    source, (people, visits, end, relapses) = parts_by(project(tmp_path))
    assert people["columns"]["sexo"] == {"characteristic": "SEX", "values": {"1": "male", "2": "female"}}
    born = people["columns"]["anio_nac"]
    assert (born["characteristic"], born["born"]["formats"]) == ("AGE", ["%Y"])
    assert [event["event"] for event in people["events"]] == ["enrolment", "infusion"]
    assert visits["kind"] == "measurements_wide" and visits["time"]["columns"] == ["fecha_visita"]
    assert visits["columns"]["mgadl"] == {"outcome": "MGADL", "unit": "points"}
    assert visits["columns"]["remision"] == {"outcome": "REMISION", "unit": "%"}
    assert "sintomas___1" not in visits["columns"]
    assert {event["event"]: event["only_if"]["is_in"] for event in end["events"]} == {
        "death": ["3"],
        "last_contact": ["1", "2"],
    }
    assert (relapses["kind"], relapses["event"], relapses["value"]) == ("events", "=recaida", "grav_recaida")
    assert source["arm"]["column"] == "redcap_event_name"
    assert all(event.endswith("_arm_1") for event in source["arm"]["treated"])
    assert all(event.endswith("_arm_2") for event in source["arm"]["historical"])


def test_a_draft_of_a_project_is_read_as_it_stands(tmp_path: Path) -> None:
    folder = project(tmp_path)
    write_draft(folder)
    checked = check_study(folder)
    assert checked.faults == ()
    (values,) = [one for one in checked.listings if one.title == "Values by outcome and day"]
    told = {row[0]: row for row in values.rows}
    assert told["MGADL"] == ("MGADL", *told["REMISION"][1:]) and told["MGADL"][-1].startswith("3/")
    outcomes = (folder / "dictionary/outcomes.csv").read_text(encoding="utf-8").splitlines()
    # A mean of whole points has a decimal, and the heading says the range of the score.
    assert (
        "MGADL,measured,,MG-ADL,points,,,1,0,24" in outcomes and "REMISION,measured,,Remisión,%,,,0,0,100" in outcomes
    )


def test_a_label_export_of_the_same_rows_is_left_out(tmp_path: Path) -> None:
    """Both were drafted, as two files with other names for everything."""
    drafted = draft_study(project(tmp_path, labels=True))
    (source,) = plain(drafted)["sources"].values()
    assert list(source["files"]) == ["mg_data"]
    assert any("MG_DATA_LABELS.csv" in why for why in reasons(drafted))


def test_a_label_export_alone_is_declared_in_codes(tmp_path: Path) -> None:
    _, raw = parts_by(project(tmp_path / "raw"))
    source, own = parts_by(project(tmp_path / "own", raw=False, labels=True))
    (file,) = source["files"].values()
    assert file["redcap"] == {"dictionary": "data/raw/MG_DataDictionary.csv", "labels": True}
    bare = [[{k: v for k, v in part.items() if k != "where"} for part in parts] for parts in (raw, own)]
    assert bare[0] == bare[1]
    assert source["arm"]["treated"][0] == "Visita basal (Arm 1: CTM)"


def test_events_without_dates_are_months(tmp_path: Path) -> None:
    source, (people, *visits) = parts_by(project(tmp_path, dated=False))
    told = [(part["time"]["at"], part["time"]["relative_unit"], part["where"][0]["is_in"]) for part in visits]
    assert told[1] == (3, "months", ["mes_3_arm_1", "mes_3_arm_2"]) and [at for at, _, _ in told] == [0, 3, 6]
    assert people["kind"] == "patients" and "relative_epoch" in source
    drafted = plain(draft_study(tmp_path))
    assert (drafted["primary"]["day"], drafted["cohort"]["horizon_days"]) == (183, 183)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        *(("Visita basal", ("", 0)), ("visita_basal_arm_2", ("", 0)), ("Mês 3", ("month", 3))),
        *(("mes_12_arm_1", ("month", 12)), ("Visit 1 week", ("week", 1))),
        *(("Visita 3 meses", ("month", 3)), ("Semana 4", ("week", 4)), ("M6", ("month", 6)), ("Día 28", ("day", 28))),
        *(("Visita 3", None), ("Seguimiento", None), ("Mes 3 y 6", None), ("Baseline 2", None)),
    ],
)  # fmt: skip
def test_moments_of_visits_by_their_names(text: str, moment: tuple[str, int] | None) -> None:
    assert moment_of_visit(text) == moment


def test_one_row_a_patient_in_months(tmp_path: Path) -> None:
    """Baselines were characteristics of the patients, months of 30 days, and yes and no read by no part."""
    lines = ["paciente;grupo;mgadl_basal;mgadl_m3;mgadl_m12;remissao_basal;remissao_m3;remissao_m12"]
    for n in range(12):
        answers = f"Não;{'Sim' if n % 3 else 'Não'};{'Sim' if n % 2 else 'Não'}"
        lines.append(f"P{n:03};Grupo {'AB'[n > 3]};{9 + n % 5};{8 + n % 4};{6 + n % 6};{answers}")
    path = tmp_path / "data/raw/planilha.csv"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _, (visits,) = parts_by(tmp_path)
    assert visits["time"]["relative_unit"] == "months"
    assert {name: own["at"] for name, own in visits["columns"].items() if "mgadl" in name} == {
        "mgadl_basal": 0,
        "mgadl_m3": 3,
        "mgadl_m12": 12,
    }
    assert {own["outcome"] for own in visits["columns"].values()} == {"MGADL", "REMISSAO"}


def test_outcomes_of_two_files_under_one_label_are_one() -> None:
    own = OwnRows()
    row = {"family": "measured", "unit": "", "decimals": "1"}
    assert own.add("mgadl", "MG-ADL", row | {"unit": "points"}, ()) == own.add("MG_ADL", "mgadl", row, ()) == "MGADL"
    assert own.outcomes["MGADL"]["unit"] == "points"
    assert own.add("a", "CD8+", row, ()) != own.add("b", "CD8-", row, ())
    own.add("prednisona", "Dosis diaria de prednisona", row, ())
    own.add("pred", "Prednisona diaria", row, ())
    assert "PREDNISONA and PRED: are these one outcome" in own.question(["MGADL", "PREDNISONA", "PRED"])


def test_controls_without_the_treatment_start_at_their_inclusion(tmp_path: Path) -> None:
    """The draft had the infusion alone, and no control had a time zero."""
    zero = draft_study(project(tmp_path))["cohort"]["time_zero"]
    assert plain(zero) == {"treated": "infusion", "historical": "event", "historical_event": "enrolment"}
    assert isinstance(zero["historical_event"], Guess) and "historical_event" in config_text({"zero": zero})
    write_draft(tmp_path)
    path = tmp_path / "config.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("historical: event, historical_event: enrolment", "historical: event"), encoding="utf-8"
    )
    assert any("historical_event: enrolment" in said for said in check_study(tmp_path).warnings)
