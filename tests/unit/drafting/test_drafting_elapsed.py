"""Columns of times counted from an event, and of hours and days of life, are times and no outcomes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from historical_controls.drafting.cells.elapsed import Elapsed, elapsed
from historical_controls.drafting.marks import Guess, plain
from historical_controls.drafting.study import draft_study


@pytest.mark.parametrize(
    ("heading", "event", "unit"),
    [
        ("jour de vie", "birth", "days"),
        ("DOL", "birth", "days"),
        ("heures de vie", "birth", "hours"),
        ("dia_de_vida", "birth", "days"),
        ("Horas de vida", "birth", "hours"),
        ("day of life", "birth", "days"),
        ("giorni di vita", "birth", "days"),
        ("Lebenstag", "birth", "days"),
        ("postnatal age (h)", "birth", ""),
        ("Postnatal age (hours)", "birth", "hours"),
        ("days since birth", "birth", "days"),
        ("jours depuis l'admission", "admission", "days"),
        ("Tage seit Aufnahme", "admission", "days"),
        ("giorni dal ricovero", "admission", "days"),
        ("hours since ICU admission", "icu_admission", "hours"),
        ("time since admission (days)", "admission", "days"),
        ("tiempo desde ingreso", "admission", ""),
        ("dia", "admission", "days"),
        ("settimana", "admission", "weeks"),
    ],
)
def test_headings_of_times(heading: str, event: str, unit: str) -> None:
    assert elapsed(heading) == (Elapsed(event, unit) if unit or event != "birth" else None)


@pytest.mark.parametrize("heading", ["pain after surgery", "life events", "vida", "D", "T3", "ora et labora", "age"])
def test_headings_that_name_no_time(heading: str) -> None:
    assert elapsed(heading) is None


def study(folder: Path, head: str, days: range, born: str = "") -> dict[str, Any]:
    raw = folder / "data/raw"
    raw.mkdir(parents=True)
    people = ["id;grupo;sexo" + (";" + born if born else "")]
    rows = [f"id;{head};bilirrubina (mg/dL)"]
    for kid in range(8):
        people.append(
            f"N{kid};{'fototerapia' if kid < 3 else 'control'};F" + (f";2021-03-{kid + 1:02}" if born else "")
        )
        rows += [f"N{kid};{day};{8 + kid * 0.3 + day * 0.7:.1f}" for day in days]
    (raw / "people.csv").write_text("\n".join(people) + "\n", encoding="utf-8")
    (raw / "visits.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return draft_study(folder)


@pytest.mark.parametrize(
    ("head", "days", "unit"),
    [
        ("jour de vie", range(5), "days"),
        ("DOL", range(1, 6), "study_day"),
        ("heures de vie", range(0, 96, 24), "hours"),
        ("dia de vida", range(5), "days"),
    ],
)
def test_days_of_life_count_from_the_birth(head: str, days: range, unit: str, tmp_path: Path) -> None:
    drafted = study(tmp_path, head, days)
    (source,) = plain(drafted)["sources"].values()
    (part,) = source["files"]["visits"]["parts"]
    assert part["time"] == {"columns": [head], "relative_to": "birth", "relative_unit": unit}
    assert list(part["columns"]) == ["bilirrubina (mg/dL)"]
    assert plain(drafted["cohort"]["time_zero"]) == {"treated": "birth"}
    # No file dates the birth: a day stands in for it.
    assert "relative_epoch" in source
    marked = drafted["sources"]["export"]["files"]["visits"]["parts"]
    time = (marked.value if isinstance(marked, Guess) else marked)[0]["time"]
    assert isinstance(time["relative_unit"], Guess) == (unit == "study_day")


def test_a_date_of_birth_dates_it(tmp_path: Path) -> None:
    drafted = plain(study(tmp_path, "horas de vida", range(0, 96, 24), "fecha de nacimiento"))
    (source,) = drafted["sources"].values()
    (part,) = source["files"]["people"]["parts"]
    born = {"columns": ["fecha de nacimiento"], "formats": ["%Y-%m-%d"]}
    assert {"event": "birth", "time": born} in part["events"]
    assert "relative_epoch" not in source


def test_an_hour_of_life_beside_a_date_is_no_outcome(tmp_path: Path) -> None:
    raw = tmp_path / "data/raw"
    raw.mkdir(parents=True)
    rows = ["id;date;heures de vie;CRP (mg/L)"]
    rows += [f"N{kid};2021-03-{day + 1:02};{24 * day + kid};{5 + kid + day}" for kid in range(8) for day in range(4)]
    (raw / "visits.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    drafted = plain(draft_study(tmp_path))
    assert drafted["outcomes"] == ["CRP"]
