"""A workbook of two sheets that name the arms, whose ids and facts are merged over the rows of each patient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from historical_controls.drafting.marks import Guess, plain
from historical_controls.drafting.study import draft_study

HEAD = ["Pat.-Nr.", "Geschlecht", "Aufnahmedatum", "Entlassungsdatum", "Entlassungsart", "VKOF (%)"]
VISIT = ["Untersuchungsdatum", "Leukozyten (Gpt/l)", "CRP (mg/l)"]


def drafted(folder: Path, heading: str = "Pat.-Nr.", home: str = "nach Hause") -> dict[str, Any]:
    book = Workbook()
    book.remove(book.worksheets[0])
    for sheet, people in (("Behandelt", range(4)), ("Kontrollen", range(4, 14))):
        page = book.create_sheet(sheet)
        page.append([heading, *HEAD[1:], *VISIT])
        for n in people:
            left = "verstorben" if n % 3 == 1 else home
            facts = [f"{100 + 7 * n}", "mw"[n % 2], "01.03.2020", "29.03.2020", left, f"{20 + n},5"]
            for day in (1, 6, 11):
                crp = "n.n." if (n + day) % 3 == 0 else f"{30 + n},{day % 10}"
                visit = [f"{day:02}.03.2020", f"{9 + n},{day % 10}", crp]
                page.append([*(facts if day == 1 else [None] * len(facts)), *visit])
    (folder / "data/raw").mkdir(parents=True)
    book.save(folder / "data/raw/auszug.xlsx")
    return draft_study(folder)["sources"]


@pytest.mark.parametrize("heading", ["Pat.-Nr.", "Kennung"])
def test_sheets_that_name_the_arms_are_a_source_each(heading: str, tmp_path: Path) -> None:
    """Also where no heading says which column has the ids: the first, which is blank below each of them."""
    sources = plain(drafted(tmp_path, heading))
    assert {name: source["arm"] for name, source in sources.items()} == {
        "treated": "treated",
        "historical": "historical",
    }
    for source in sources.values():
        (file,) = source["files"].values()
        patients, visits = file["parts"]
        assert (visits["subject"], visits["fill_down_subject"]) == (heading, True)
        # Filled on the first row of each patient, beside the id.
        assert patients["columns"]["VKOF (%)"]["characteristic"] == "VKOF"
        # Below the limit, which cleaning holds until it is declared: no missing value.
        assert "sentinels" not in file


@pytest.mark.parametrize(("home", "asked"), [("nach Hause", False), ("Kurhaus", True)])
def test_those_who_did_not_die_left_alive(home: str, asked: bool, tmp_path: Path) -> None:
    """A word that nobody knows is asked about: without it, who went home would be followed for ever."""
    (file,) = drafted(tmp_path, home=home)["historical"]["files"].values()
    part = file["parts"][0] if isinstance(file["parts"], list) else file["parts"].value[0]
    events = {plain(event)["event"]: event for event in part["events"]}
    alive = events["discharge_alive"]["only_if"]["is_in"]
    assert plain(alive) == [home]
    assert isinstance(alive, Guess) == asked
