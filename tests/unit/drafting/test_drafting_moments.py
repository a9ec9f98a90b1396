"""Moments before or behind a name in several languages, and numbers with their unit in the cell."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook

from historical_controls.drafting.cells.moments import moment_alone, moment_in
from historical_controls.drafting.marks import plain
from historical_controls.drafting.study import draft_study
from historical_controls.drafting.values import is_number, numbers


@pytest.mark.parametrize(
    ("heading", "moment"),
    [
        ("J7 PNN (G/L)", ("PNN (G/L)", "day", 7)),
        ("PNN_J14", ("PNN", "day", 14)),
        ("CRP jour 3", ("CRP", "day", 3)),
        ("CRP Tag 3", ("CRP", "day", 3)),
        ("giorno 10 PCR", ("PCR", "day", 10)),
        ("Woche 4 FEV1", ("FEV1", "week", 4)),
        ("FEV1 semaine 12", ("FEV1", "week", 12)),
        ("Stunde 6 Laktat", ("Laktat", "hour", 6)),
        ("settimana 2 Qa", ("Qa", "week", 2)),
        ("Besuch 2 SGRQ", ("SGRQ", "visit", 2)),
        ("tag7", None),
        ("majeur 3", None),
    ],
)
def test_moments_in_headings(heading: str, moment: tuple[str, str, int] | None) -> None:
    assert moment_in(heading) == moment


def test_a_moment_alone_is_one_in_french_and_german_as_well() -> None:
    found = [moment_alone(text) for text in ("J7", "Tag 3", "T3", "giorno 1", "M6")]
    assert found == [("day", 7), ("day", 3), None, ("day", 1), None]


@pytest.mark.parametrize("text", ["162 G/L", "5,3 mg/L", "< 1,5 pg/mL", "70 mmHg", "450 /mm3", "71kg"])
def test_a_number_with_its_unit_is_a_number(text: str) -> None:
    assert is_number(text) and numbers([text], ",")


@pytest.mark.parametrize("text", ["12/05/2020", "2 veces", "A/B", "7/10", "3 dias"])
def test_other_texts_with_digits_are_none(text: str) -> None:
    assert not is_number(text)


def test_merged_days_over_repeated_headings_are_days_of_outcomes(tmp_path: Path) -> None:
    """A case report form in French: 'J0', 'J7' merged above 'PNN (G/L)', 'Plaquettes (G/L)', some cells with units."""
    sheet = Workbook()
    page = sheet.active
    assert page is not None
    page["A1"] = "Essai, extraction"
    head = ["N° dossier", "Sexe", "Date d'admission", *["PNN (G/L)", "Plaquettes (G/L)"] * 3]
    for place, day in ((4, "J0"), (6, "J7"), (8, "J14")):
        page.cell(2, place, day)
        page.merge_cells(start_row=2, end_row=2, start_column=place, end_column=place + 1)
    for place, name in enumerate(head, 1):
        page.cell(3, place, name)
    for kid in range(6):
        cells = [f"{kid:03}", "FG"[kid % 2], f"0{kid + 1}/12/2021"]
        for day in range(3):
            cells += [f"0,{kid}{day}", f"{40 + 9 * kid + day}" + (" G/L" if kid % 2 else "")]
        for place, text in enumerate(cells, 1):
            page.cell(4 + kid, place, text)
    (tmp_path / "data/raw").mkdir(parents=True)
    sheet.save(tmp_path / "data/raw/traites.xlsx")
    (source,) = plain(draft_study(tmp_path))["sources"].values()
    (file,) = source["files"].values()
    columns = file["parts"][-1]["columns"]
    assert columns["J7 Plaquettes (G/L)"] == {"outcome": "PLT", "unit": "G/L", "at": 7}
    # One outcome of the study's own, named without its unit.
    assert {one["outcome"] for name, one in columns.items() if "PNN" in name} == {"PNN"}
    assert [columns[f"J{day} PNN (G/L)"]["at"] for day in (0, 7, 14)] == [0, 7, 14]
