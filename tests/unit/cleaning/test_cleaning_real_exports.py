"""Published exports as they are: everything read keeps its fate, and what is known of them comes out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from cleaning_study import clean, dictionary, source, study

from historical_controls.cleaning.people.assemble import SourceInputs, assemble_source
from historical_controls.cleaning.people.identity import link_people
from historical_controls.cleaning.records.outputs import CleanSource
from historical_controls.cleaning.rows.files import FileInputs, clean_file
from historical_controls.config.sources.sources import Source
from historical_controls.intake.reading import read_file

REAL = Path(os.environ.get("HC_REAL_DATA", Path(__file__).parents[3] / ".." / "shared" / "data"))
absent = pytest.mark.skipif(not (REAL / "wuhan2020").is_dir(), reason="HC_REAL_DATA holds no hospital exports")

SINCE_ADMISSION = {"columns": ["time_since_icu_admission"], "relative_to": "admission", "relative_unit": "HH:MM"}
PHYSIONET = {
    "measurements": {
        "ignore_analytes": ["MechVent"],
        "parts": [
            {
                "kind": "measurements_long",
                "subject": "patient_id",
                "time": SINCE_ADMISSION,
                "analyte": "analyte",
                "value": "value",
                "unit": "unit",
            }
        ],
    },
    "patients": {
        "sentinels": [{"columns": ["height_cm", "weight_kg"], "codes": ["-1"]}],
        "parts": [
            {
                "kind": "patients",
                "subject": "patient_id",
                "columns": {
                    "age": {"characteristic": "AGE", "unit": "years"},
                    "sex": {"characteristic": "SEX", "values": {"M": "male", "F": "female"}},
                    "height_cm": {"characteristic": "HEIGHT", "unit": "cm"},
                    "weight_kg": {"characteristic": "WEIGHT", "unit": "kg"},
                    "outcome": {
                        "characteristic": "SURVIVED",
                        "values": {"survived": "yes", "died_in_hospital": "no"},
                    },
                },
            }
        ],
    },
}

LIMIT_TEXTS = ["21", "5", "0.02", "1.5"]
WUHAN_COLUMNS = {
    "lymphocyte count": ("LYMPH", "10^9/L"),
    "Platelet count": ("PLT", "10^9/L"),
    "procalcitonin": ("PCT", "ng/mL"),
    "D-D dimer": ("DDIM", "ug/mL FEU"),
    "High sensitivity C-reactive protein": ("CRP", "mg/L"),
    "Interleukin 1β": ("IL1B", "pg/mL"),
    "Interleukin 6": ("IL6", "pg/mL"),
    "creatinine": ("CREAT", "umol/L"),
    "PH value": ("PH", None),
    "2019-nCoV nucleic acid detection": ("PCR", None),
}


def _whole(files: dict[str, dict[str, Any]], folder: str, paths: dict[str, str], **keys: Any) -> CleanSource:
    declared = source({name: {**file, "path": paths[name]} for name, file in files.items()}, **keys)
    return _through_cleaning(declared, folder)


def _through_cleaning(declared: Source, folder: str) -> CleanSource:
    raws = {name: read_file(REAL / folder / file.path, file) for name, file in declared.files.items()}
    parts = [clean_file(raw, FileInputs("s", name, declared, study(), dictionary())) for name, raw in raws.items()]
    for raw, part in zip(raws.values(), parts, strict=True):
        assert set(part.ledger["line"]) == set(raw["line"])
    people = link_people({"s": pd.concat([part.ledger for part in parts])}, {"s": declared})
    assembled = assemble_source(parts, people, SourceInputs("s", declared, dictionary()))
    assert len(assembled.ledger) == sum(len(part.ledger) for part in parts)
    return assembled


def _counts(assembled: CleanSource) -> dict[tuple[str, str], int]:
    """Records per table and reason ('clean' where there is none)."""
    ledger = assembled.ledger
    said = ledger["reason"].where(ledger["reason"] != "", ledger["fate"])
    return {
        (str(table), str(reason)): int(n)
        for (table, reason), n in ledger.groupby([ledger["table"], said]).size().items()
    }


@pytest.fixture(scope="module")
def physionet() -> CleanSource:
    paths = {"measurements": "measurements.csv", "patients": "patients.csv"}
    treated = ["132540", "132547", "132551", "132575", "132584"]
    return _whole(PHYSIONET, "physionet2012", paths, relative_epoch="2020-03-01", treated_subjects=treated)


@pytest.fixture(scope="module")
def wuhan() -> CleanSource:
    def when(column: str) -> dict[str, Any]:
        return {"columns": [column], "formats": ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"]}

    subject = {"subject": "PATIENT_ID", "fill_down_subject": True}
    columns = {name: {"outcome": code, "unit": unit} for name, (code, unit) in WUHAN_COLUMNS.items()}
    left = [
        {"event": event, "time": when("Discharge time"), "only_if": {"column": "outcome", "is_in": [code]}}
        for event, code in (("discharge_alive", "0"), ("death", "1"))
    ]
    survived = {"characteristic": "SURVIVED", "values": {"0": "yes", "1": "no"}}
    parts = [
        {"kind": "measurements_wide", **subject, "time": when("RE_DATE"), "columns": columns},
        {
            "kind": "patients",
            **subject,
            "columns": {"age": {"characteristic": "AGE", "unit": "years"}, "outcome": survived},
            "events": [{"event": "admission", "time": when("Admission time")}, *left],
        },
    ]
    limits = (("DDIM", 21000, ">"), ("IL1B", 5, "<"), ("PCT", 0.02, "<"), ("IL6", 1.5, "<"))
    file = {
        "format": "xlsx",
        "sentinels": [{"codes": ["-1"]}],
        "stripped_limits": [{"outcome": code, "value": value, "means": sign} for code, value, sign in limits],
        "parts": parts,
    }
    paths = {"series": "time_series_375_prerpocess_en.xlsx"}
    return _whole({"series": file}, "wuhan2020", paths, timezone="Asia/Shanghai")


@pytest.mark.real_data
@absent
def test_physionet_keeps_every_record_and_its_known_ratios(physionet: CleanSource) -> None:
    counts = _counts(physionet)
    assert sum(n for (table, _), n in counts.items() if table == "measurements") == 89000
    assert counts["measurements", "DECLARED"] == 5261
    assert counts["measurements", "DUP_CONFLICT"] == 962
    assert counts["measurements", "OUT_OF_RANGE"] == 8
    assert counts["patients", "SENTINEL"] == 126
    assert physionet.patients["arm"].value_counts().to_dict() == {"historical": 395, "treated": 5}
    assert (physionet.events["event"] == "admission").sum() == 400
    medians = _ratio_medians(physionet.measurements)
    survived = physionet.patients.set_index("patient_id")["SURVIVED"].reindex(medians.index)
    # The README of the data gives these medians, of 3,099 pairs by the definition below.
    assert medians.groupby(survived.astype(bool)).median().round(1).to_dict() == {True: 252.3, False: 240.0}


def _ratio_medians(measured: pd.DataFrame) -> pd.Series:
    """Each patient's median of PaO2 over the last FiO2 of at least 0.2, at most 8 h before."""
    ordered = measured.sort_values("time")
    fio2 = ordered.loc[(ordered["outcome"] == "FIO2") & (ordered["value"] >= 0.2), ["patient_id", "time", "value"]]
    pairs = pd.merge_asof(
        ordered.loc[ordered["outcome"] == "PAO2"],
        fio2.rename(columns={"value": "fio2"}),
        on="time",
        by="patient_id",
        tolerance=pd.Timedelta("8h"),
    ).dropna(subset=["fio2"])
    assert len(pairs) == 3099
    return (pairs["value"] / pairs["fio2"]).groupby(pairs["patient_id"]).median()


@pytest.mark.real_data
@absent
def test_wuhan_keeps_every_record_and_its_known_values(wuhan: CleanSource) -> None:
    counts = _counts(wuhan)
    assert len(set(wuhan.ledger["line"])) == 6120
    assert len(wuhan.patients) == 375
    assert wuhan.events["event"].value_counts().to_dict() == {"admission": 375, "discharge_alive": 201, "death": 174}
    # The nucleic-acid column holds the code -1 in all 501 rows; four platelet counts do as well.
    assert counts["measurements", "SENTINEL"] == 505
    assert not (wuhan.measurements["outcome"] == "PCR").any()
    # Counted in the sheet: 172 of 630 D-dimers at the upper limit; 233 of 268 IL-1beta, 73 PCT, 27 IL-6 at the lower.
    held = wuhan.ledger.loc[(wuhan.ledger["fate"] == "quarantined") & wuhan.ledger["raw_value"].isin(LIMIT_TEXTS)]
    flagged = wuhan.measurements.loc[wuhan.measurements["flags"].str.contains("LIMIT_RESTORED")]
    at_limit = flagged["outcome"].value_counts().add(held["analyte"].value_counts(), fill_value=0)
    assert at_limit[["DDIM", "IL1B", "PCT", "IL6"]].to_dict() == {"DDIM": 172, "IL1B": 233, "PCT": 73, "IL6": 27}


@pytest.mark.real_data
@absent
def test_wuhan_last_crp_is_that_of_the_published_table(wuhan: CleanSource) -> None:
    crp = wuhan.measurements.loc[wuhan.measurements["outcome"] == "CRP"].sort_values("time")
    quartiles = crp.groupby("patient_id")["value"].last().quantile([0.25, 0.5, 0.75])
    # Yan L et al., Nat Mach Intell 2020;2:283-288, Table 2: 26.3 (2.0-99.1).
    assert list(quartiles) == pytest.approx([2.0, 26.3, 99.1], abs=0.06)


def test_relative_times_need_no_event_in_the_whole_source() -> None:
    rows = [{"id": "1", "h": "01:30", "test": "FC", "result": "90", "unit": "lpm"}]
    part = {
        "kind": "measurements_long",
        "subject": "id",
        "time": {"columns": ["h"], "relative_to": "admission", "relative_unit": "HH:MM"},
        "analyte": "test",
        "value": "result",
        "unit": "unit",
    }
    cleaned = clean(rows, part)
    for epoch, expected in (("2012-01-01", [pd.Timestamp("2012-01-01 07:30", tz="UTC")]), (None, [])):
        declared = source({"f": {"parts": [part]}}, timezone="America/Mexico_City", relative_epoch=epoch)
        people = link_people({"s": cleaned.ledger}, {"s": declared})
        assembled = assemble_source([cleaned], people, SourceInputs("s", declared, dictionary()))
        assert list(assembled.measurements["time"]) == expected
        assert list(assembled.ledger["reason"]) == ([""] if expected else ["TIME_NO_ANCHOR"])
