"""Drafts of what headings leave open: numbers alone behind a name, and how and when stays ended, by the cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.drafting.cells.moments import numbered_moments
from historical_controls.drafting.codes import are_endings
from historical_controls.drafting.marks import Guess, plain
from historical_controls.drafting.study import draft_study

DICTIONARY = load_dictionary(Path(__file__).parents[3] / "data/dictionary")


@pytest.mark.parametrize(
    ("headings", "days"),
    [
        (["pf_0", "pf_3", "pf_14"], [0, 3, 14]),
        (["PF 1", "PF 2"], [1, 2]),
        (["PCR0", "PCR7"], [0, 7]),
        (["il6_0", "il6_7"], [0, 7]),
        (["gfr.0", "gfr.90"], [0, 90]),  # no name that the dictionary has, but numbered from 0
        (["il_6", "il_8", "il_10"], []),  # interleukins
        (["pf_7"], []),
        (["pregunta 1", "pregunta 2"], []),
        (["2020", "2021"], []),
    ],
)
def test_numbers_alone_behind_a_name(headings: list[str], days: list[int]) -> None:
    moments = numbered_moments(headings, DICTIONARY)
    assert [number for _, _, number in moments.values()] == days
    assert {kind for _, kind, _ in moments.values()} <= {"number"}


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["died", "home", "home"], True),
        (["Alta a domicilio", "Fallecida", "Traslado"], True),
        (["décédé", "sorti"], True),
        (["verstorben", "entlassen", ""], True),
        (["Zgon", "wypis do domu", "przeniesienie"], True),
        (["home", "home"], False),  # of deaths it says nothing
        (["died", "pending"], False),
        (["0", "1"], False),
    ],
)
def test_a_column_of_endings_is_told_by_its_words(texts: list[str], told: bool) -> None:
    assert are_endings(texts) is told


def patients(folder: Path, head: str, rows: list[str]) -> dict[str, Any]:
    """The drafted part of patients."""
    raw = folder / "data/raw"
    raw.mkdir(parents=True)
    (raw / "visits.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
    source = draft_study(folder)["sources"]["export"]
    parts = plain(source["files"]["visits"]["parts"])
    assert "relative_epoch" not in source
    return next(part for part in parts if part["kind"] == "patients")


def rows_of(ends: list[tuple[str, int]]) -> list[str]:
    """One row for each (how the stay ended, day of the month), a day and two ratios apart."""
    return [
        f"P{n:02d};{'cells' if n < 5 else 'control'};{n + 1:02d}/05/2020;{100 + n};{130 + n};{day:02d}/05/2020;{how}"
        for n, (how, day) in enumerate(ends)
    ]


def test_how_and_when_stays_ended_by_the_cells(tmp_path: Path) -> None:
    rows = rows_of([(how, n + 12) for n, how in enumerate(["died", "home", "home"] * 5)])
    part = patients(tmp_path, "id;group;start;pf_0;pf_7;left;how", rows)
    ends = {"columns": ["left"], "formats": ["%d/%m/%Y"]}
    assert part["events"] == [
        {"event": "admission", "time": {"columns": ["start"], "formats": ["%d/%m/%Y"]}},
        {"event": "death", "time": ends, "only_if": {"column": "how", "is_in": ["died"]}},
        {"event": "discharge_alive", "time": ends, "only_if": {"column": "how", "is_in": ["home"]}},
    ]


def test_a_date_that_is_not_always_the_last_ends_no_stay(tmp_path: Path) -> None:
    rows = rows_of([("died", 28), ("home", 1), ("home", 29)] * 5)
    part = patients(tmp_path, "id;group;start;pf_0;pf_7;scan;how", rows)
    assert [event["event"] for event in part["events"]] == ["admission"]
    # Who died is known all the same.
    assert part["columns"]["how"]["characteristic"] == "SURVIVED"


def test_every_guess_is_marked(tmp_path: Path) -> None:
    raw = tmp_path / "data/raw"
    raw.mkdir(parents=True)
    rows = rows_of([("died", 28), ("home", 29)] * 4)
    (raw / "visits.csv").write_text("\n".join(["id;group;start;pf_0;pf_7;left;how", *rows]), encoding="utf-8")
    (part, wide) = draft_study(tmp_path)["sources"]["export"]["files"]["visits"]["parts"]
    assert all(isinstance(event["time"], Guess) for event in part["events"])
    assert all(isinstance(column["at"], Guess) for column in wide["columns"].values())


def test_a_group_in_which_nobody_died_still_records_deaths(tmp_path: Path) -> None:
    """Without the code, the reports would say that no file of these patients records deaths."""
    raw = tmp_path / "data/raw/tratados"
    raw.mkdir(parents=True)
    rows = [f"P{n};{n + 1:02d}/05/2020;{n + 16:02d}/05/2020;Mejoría" for n in range(6)]
    (raw / "p.csv").write_text("\n".join(["id;Ingreso;Fecha de egreso;Motivo de egreso", *rows]), encoding="utf-8")
    (part,) = draft_study(tmp_path)["sources"]["tratados"]["files"]["p"]["parts"]
    conditions = {event["event"]: event.get("only_if", {}).get("is_in") for event in part["events"]}
    assert plain(conditions) == {"admission": None, "discharge_alive": ["Mejoría"], "death": ["Defunción"]}
    assert isinstance(conditions["death"], Guess) and "no code of 'Motivo de egreso'" in conditions["death"].why


def test_a_date_of_death_of_its_own_needs_no_such_code(tmp_path: Path) -> None:
    rows = [f"P{n};cells;{n + 1:02d}/05/2020;{n + 16:02d}/05/2020;home;" for n in range(5)]
    rows += [f"C{n};control;{n + 1:02d}/05/2020;;;{n + 16:02d}/05/2020" for n in range(5)]
    part = patients(tmp_path, "id;group;admission;discharge;outcome;death", rows)
    assert [event["event"] for event in part["events"]] == ["admission", "discharge_alive", "death"]
