"""What would name a person stops the run before anything is shared, and the message does not repeat it."""

from __future__ import annotations

import pytest

from historical_controls.ard.privacy import refuse_identities
from historical_controls.ard.rows import Cell, ard_frame
from historical_controls.errors import UserErrors

CELL = Cell("eligibility", "primary", outcome="PF")
IDS = ["0012345", "EXP-778", "17"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("GOMC650412HDFMRN09", "a CURP"),
        ("avisar a juan.perez@hospital.mx", "an e-mail address"),
        ("Tel. 55 1234 5678", "a telephone number"),
        ("+52 (55) 1234-5678", "a telephone number"),
        ("ingreso 2020-05-06", "a calendar date"),
        ("06/05/2020 08:00", "a calendar date"),
        ("exp. 0012345, cama 4", "a patient id"),
        ("EXP-778", "a patient id"),
    ],
)
def test_an_identity_stops_the_run_and_is_not_repeated(text: str, what: str) -> None:
    for ard in (ard_frame([CELL.text("citation", text)]), ard_frame([CELL.at(level=text).number("count", 1)])):
        with pytest.raises(UserErrors) as refused:
            refuse_identities(ard, IDS)
        assert what in str(refused.value)
        assert text not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["T1", "C0012", "17", "10012345", "Crit Care 2022;26:48, doi 10.1186/s13054-022-03930-4", "week=2020", "0.0012345"],
)
def test_what_names_nobody_passes(text: str) -> None:
    ard = ard_frame([CELL.text("citation", text)])
    assert refuse_identities(ard, IDS) is ard
