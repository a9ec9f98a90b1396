"""What a patient's results say of each other: held where they contradict, flagged where they are hard to believe."""

from __future__ import annotations

import pandas as pd
import pytest
from cleaning_study import LAB, LONG, CleanSource, assembled, fates

CBC = {"Leucocitos": ("8.1", "10^3/uL"), "Plaquetas": ("210", "10^3/uL"), "Hemoglobina": ("12.3", "g/dL")}


def row(test: str, result: str, unit: str, when: str = "2020-05-04 08:00", **change: str) -> dict[str, str]:
    return {**LAB, "test": test, "result": result, "unit": unit, "when": when, **change}


def through(*sent: dict[str, str]) -> CleanSource:
    return assembled({"f": (list(sent), LONG)}, timezone="America/Mexico_City")


def flags(source: CleanSource) -> list[str]:
    return source.measurements.sort_values("line")["flags"].tolist()


def panels(*days: dict[str, tuple[str, str]]) -> CleanSource:
    return through(
        *(
            row(test, result, unit, f"2020-05-{number:02d} 06:00")
            for number, panel in enumerate(days, start=4)
            for test, (result, unit) in panel.items()
        )
    )


def test_a_panel_copied_over_three_days_is_flagged_and_kept() -> None:
    found = panels(CBC, CBC, CBC)
    assert flags(found) == [""] * 3 + ["COPY_FWD"] * 6
    assert found.measurements["value"].notna().all()


@pytest.mark.parametrize(
    "days",
    [
        (CBC, CBC),
        (CBC, {**CBC, "Plaquetas": ("211", "10^3/uL")}, CBC),
        (CBC, {**CBC, "Creatinina": ("1", "mg/dL")}, {**CBC, "Creatinina": ("1.1", "mg/dL")}),
        ({"FC": ("80", "lpm"), "FR": ("20", "rpm"), "SatO2": ("92", "%")},) * 3,
        (dict(list(CBC.items())[:2]),) * 3,
    ],
)
def test_what_is_no_copy(days: tuple[dict[str, tuple[str, str]], ...]) -> None:
    assert set(flags(panels(*days))) == {""}


def test_the_day_is_the_local_one_and_a_gap_ends_the_run() -> None:
    times = ["2020-05-04 20:00", "2020-05-05 20:00", "2020-05-07 20:00", "2020-05-08 20:00"]
    sent = [row(test, *said, when) for when in times for test, said in CBC.items()]
    assert set(flags(through(*sent))) == {""}


@pytest.mark.parametrize(
    ("test", "unit", "values", "jumped"),
    [
        ("FC", "lpm", ["80", "150"], True),
        ("FC", "lpm", ["80", "120"], False),
        ("Plaquetas", "10^3/uL", ["210", "21"], True),
        ("Plaquetas", "10^3/uL", ["210", "150"], False),
        ("Temp", "C", ["36", "40.9"], True),
        ("Creatinina", "mg/dL", ["1", "9"], True),
        ("Ferritina", "ng/mL", ["100", "9000"], False),
    ],
)
def test_impossible_jumps_are_flagged(test: str, unit: str, values: list[str], jumped: bool) -> None:
    sent = [row(test, text, unit, f"2020-05-04 {8 + n:02d}:00") for n, text in enumerate(values)]
    assert ("JUMP" in flags(through(*sent))[1]) == jumped
    assert "JUMP" not in flags(through(*sent))[0]
    apart = [{**line, "id": str(n)} for n, line in enumerate(sent, 1)]
    assert "JUMP" not in flags(through(*apart))[1]


@pytest.mark.parametrize(
    ("pressure", "specimen", "saturation", "minutes", "flagged"),
    [
        ("38", "arterial", "97", 20, True),
        ("38", "", "97", 20, True),
        ("38", "venosa", "97", 20, False),
        ("38", "arterial", "80", 20, False),
        ("38", "arterial", "97", 40, False),
        ("60", "arterial", "97", 0, False),
    ],
)
def test_venous_blood_among_arterial(
    pressure: str, specimen: str, saturation: str, minutes: int, flagged: bool
) -> None:
    gas = row("PO2", pressure, "mmHg", specimen=specimen)
    oximeter = row("SatO2", saturation, "%", f"2020-05-04 08:{minutes:02d}", specimen="")
    assert ("ABG_VENOUS" in flags(through(gas, oximeter))[0]) == flagged


def test_more_lymphocytes_than_leukocytes_hold_both() -> None:
    found = through(
        row("Leucocitos", "0.9", "10^9/L"), row("Linfocitos", "1.2", "10^9/L"), row("Plaquetas", "210", "10^9/L")
    )
    assert fates(found) == ["LYMPH_ABOVE_WBC", "LYMPH_ABOVE_WBC", "clean"]
    apart = through(row("Leucocitos", "0.9", "10^9/L"), row("Linfocitos", "1.2", "10^9/L", "2020-05-04 09:00"))
    assert fates(apart) == ["clean", "clean"]


def test_a_share_of_lymphocytes_stays_what_was_sent() -> None:
    """Its count is derived in the cohort stage: who asks for the percentage has it."""
    found = through(row("Leucocitos", "8", "10^9/L"), row("Linfocitos", "12.5", "%")).measurements
    assert found.set_index("outcome")["value"].to_dict() == {"WBC": 8, "LYMPH_PCT": 12.5}


def test_the_unit_tells_a_share_from_a_count() -> None:
    assert fates(through(row("Linfocitos", "12", ""))) == ["UNIT_MISSING"]
    assert fates(through(row("Linfocitos", "12", "mg"))) == ["UNIT_UNKNOWN"]
    assert through(row("Linfocitos", "0.8", "10^3/uL")).measurements["outcome"].tolist() == ["LYMPH"]


def test_no_rows_at_all() -> None:
    assert through(row("CRP", "x", "mg/L")).measurements.empty
    assert isinstance(through().measurements, pd.DataFrame)
