"""What is held back, by arm, outcome and reason."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from cleaning_study import LONG, source

from historical_controls.cleaning.ledger.losses import loss_tally, losses_ard
from historical_controls.tables.parquet import write_table
from historical_controls.tables.registry import LEDGER, PEOPLE
from historical_controls.tables.schema import conform

PF, NAME = "PAO2", "Troponin I"
CLEAN, HELD = ("clean", ""), ("quarantined", "OUT_OF_RANGE")


def ledger(folder: Path, name: str, records: list[tuple[str, str, tuple[str, str]]]) -> Path:
    """A final ledger of (id, outcome, (fate, reason))."""
    rows = [
        {"line": n, "subject": subject, "analyte": analyte, "fate": fate, "reason": reason}
        for n, (subject, analyte, (fate, reason)) in enumerate(records, 1)
    ]
    frame = pd.DataFrame(rows).assign(source=name, file="f", item="", table="", raw_value=None, hint=None)
    path = folder / f"{name}.parquet"
    write_table(conform(frame, LEDGER), path, LEDGER)
    return path


@pytest.fixture
def tally(tmp_path: Path) -> pd.DataFrame:
    """Two held of ten among the treated, one of whom stands in the hospital's export under two ids."""
    trial = [("T1", PF, CLEAN)] * 4 + [("T1", PF, HELD), ("T1", PF, ("duplicate", "DUP_IDENTICAL"))]
    hospital = [("9", PF, HELD), *[("09", PF, CLEAN)] * 4, *[("1", PF, CLEAN)] * 39, ("1", PF, HELD)]
    hospital += [("1", NAME, ("quarantined", "NAME_UNKNOWN")), ("1", PF, ("ignored", "SENTINEL"))]
    ids = [("trial", "T1", "p"), ("hospital", "9", "q"), ("hospital", "09", "q"), ("hospital", "1", "r")]
    people = conform(pd.DataFrame(ids, columns=["source", "subject", "patient_id"]).assign(hold=""), PEOPLE)
    files = {"f": {"parts": [LONG]}}
    sources = {"trial": source(files, "treated"), "hospital": source(files, treated_subjects=["9"])}
    paths = [ledger(tmp_path, "trial", trial), ledger(tmp_path, "hospital", hospital)]
    return loss_tally(paths, people, sources, {PF})


def numbers(ard: pd.DataFrame, **keys: str) -> dict[str, float]:
    keys = {"arm": "", "level": "", "contrast": "", "outcome": PF, **keys}
    found = ard.loc[(ard[list(keys)] == pd.Series(keys)).all(axis=1)]
    return dict(zip(found["statistic"], found["value"], strict=True))


def test_all_ids_of_a_treated_person_count_as_treated(tally: pd.DataFrame) -> None:
    found = numbers(losses_ard(tally, 0.95), analysis="ledger_loss", population="hospital", arm="treated")
    assert (found["n_records"], found["n_clean"], found["n_quarantined"]) == (5, 4, 1)


def test_shares_are_of_records_that_could_be_used(tally: pd.DataFrame) -> None:
    found = numbers(losses_ard(tally, 0.95), analysis="ledger_loss_arms", arm="treated")
    assert (found["n_records"], found["n_duplicate"], found["share_held"]) == (11, 1, 0.2)
    # Clopper and Pearson's interval of 2 in 10.
    assert (found["lower"], found["upper"]) == pytest.approx((0.0252, 0.5561), abs=1e-4)


def test_difference_between_the_arms(tally: pd.DataFrame) -> None:
    found = numbers(losses_ard(tally, 0.95), analysis="ledger_loss_arms", contrast="treated - historical")
    assert found["difference"] == pytest.approx(2 / 10 - 1 / 40)
    # From Wilson's limits of 2/10 and 1/40 (Newcombe 1998, equation of method 10).
    low, high, low_other, high_other = 0.05668, 0.50984, 0.00443, 0.12880
    assert found["lower"] == pytest.approx(0.175 - ((0.2 - low) ** 2 + (high_other - 0.025) ** 2) ** 0.5, abs=1e-3)
    assert found["upper"] == pytest.approx(0.175 + ((high - 0.2) ** 2 + (0.025 - low_other) ** 2) ** 0.5, abs=1e-3)


def test_reasons_by_arm_and_outcome(tally: pd.DataFrame) -> None:
    ard = losses_ard(tally, 0.95)
    at = {"analysis": "ledger_loss", "population": "hospital", "arm": "historical"}
    assert numbers(ard, **at, level="OUT_OF_RANGE") == {"n_records": 1}
    assert numbers(ard, **at, level="SENTINEL", method="ignored") == {"n_records": 1}
    assert numbers(ard, **at, level="NAME_UNKNOWN", outcome="") == {"n_records": 1}


def test_no_difference_where_one_arm_has_no_records(tally: pd.DataFrame) -> None:
    ard = losses_ard(tally, 0.95)
    assert numbers(ard, analysis="ledger_loss_arms", contrast="treated - historical", outcome="") == {}


def test_nothing_of_nobody_enters_the_shared_table(tally: pd.DataFrame) -> None:
    ard = losses_ard(tally, 0.95)
    assert not ard.isin(["T1", "9", "09", "1", NAME]).any(axis=None)


def test_no_ledger_gives_no_rows() -> None:
    assert losses_ard(loss_tally([], PEOPLE.empty(), {}, set()), 0.95).empty
