"""Time and memory of eligibility and time zero for many historical patients.

    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts taskset -c 0 python benchmarks/cohort/scale.py 12500 100000

Every patient has five vital signs every 4 hours and ten laboratory results a day over 14 days; one in four meets the
example's conditions at some hour. Clean tables are written first, in a process of their own, and not timed.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from historical_controls.cohort.define import define_cohort
from historical_controls.cohort.inputs import CohortInputs
from historical_controls.cohort.records.clean_tables import stored_tables
from historical_controls.config.cohort.cohort import Cohort
from historical_controls.config.study import Study
from historical_controls.config.study_file import read_config
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.generate.runs import run_line
from historical_controls.tables.parquet import TableWriter, write_table
from historical_controls.tables.registry import EVENTS, MEASUREMENTS, PATIENTS, TREATMENTS

ROOT = Path(__file__).resolve().parents[2]
DAYS, BLOCK = 14, 2000
START = pd.Timestamp("2020-03-01", tz="UTC")
# Mean and standard deviation; the last column: what a patient who meets the conditions has.
VITALS = {"HR": (90, 12, 95), "RR": (22, 4, 26), "TEMP": (36.9, 0.3, 38.4), "SPO2": (93, 2, 88), "MAP": (78, 8, 76)}
LABS = {
    "PAO2": (75, 5, 70),
    "FIO2": (0.3, 0.01, 0.6),
    "PLT": (230, 20, 220),
    "CREAT": (1.0, 0.1, 1.1),
    "BILI": (0.8, 0.1, 0.9),
    "LYMPH": (1.3, 0.1, 0.6),
    "DDIM": (500, 20, 2500),
    "FERR": (500, 30, 1500),
    "CRP": (60, 10, 160),
    "GCS": (15, 0, 15),
}


def names(first: int, count: int, arm: str) -> np.ndarray:
    return np.array([f"{arm}/{number:07d}" for number in range(first, first + count)])


def block(first: int, count: int, arm: str, rng: np.random.Generator) -> pd.DataFrame:
    """Measurements of some patients, sorted as the table is."""
    ids, ill = names(first, count, arm), rng.random(count) < (1.0 if arm == "treated" else 0.25)
    parts = []
    for every, panel in ((4, VITALS), (24, LABS)):
        hours = np.arange(1, DAYS * 24, every)
        for code, (mean, sd, bad) in panel.items():
            value = np.where(ill, bad, mean)[:, None] + sd * rng.standard_normal((count, len(hours)))
            parts.append(
                pd.DataFrame(
                    {
                        "patient_id": np.repeat(ids, len(hours)),
                        "time": START + pd.to_timedelta(np.tile(hours, count), unit="h"),
                        "value": np.round(np.clip(value, 0.21, 15 if code == "GCS" else None), 2).ravel(),
                    }
                ).assign(outcome=code)
            )
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(
        source=arm, lower=frame["value"], upper=frame["value"], result=None, unit="", assay="", specimen="arterial",
        status="done", flags="", latest=pd.NaT, result_time=pd.NaT, raw_value="", raw_unit="", file="f", line=0, item=""
    )  # fmt: skip


def write_tables(folder: Path, n: int) -> None:
    rng = np.random.default_rng(1)
    dictionary = load_dictionary(ROOT / "data/dictionary")
    characteristics = [outcome.code for outcome in dictionary.of_family("characteristic")]
    for arm, count in (("treated", 5), ("historical", n)):
        own = folder / arm
        with TableWriter(own / "measurements.parquet", MEASUREMENTS) as writer:
            for first in range(0, count, BLOCK):
                writer.write(block(first, min(BLOCK, count - first), arm, rng))
        ids = names(0, count, arm)
        people = pd.DataFrame({"source": arm, "patient_id": ids, "arm": arm}).assign(hold="")
        people = people[[name for name in people if name in PATIENTS.names]]
        kinds = {"number": 60.0, "flag": True, "category": "male"}
        people = people.assign(**{code: kinds[dictionary.outcomes[code].kind] for code in characteristics})
        write_table(people, own / "patients.parquet", PATIENTS)
        hours = {"admission": 0, "icu_admission": 2, **({"infusion": 60, "consent": 59} if arm == "treated" else {})}
        events = [
            pd.DataFrame({"patient_id": ids, "event": event, "time": START + pd.Timedelta(hours=hour)})
            for event, hour in {**hours, "discharge_alive": DAYS * 24}.items()
        ]
        filled = pd.concat(events).assign(
            source=arm, latest=pd.NaT, end_time=pd.NaT, end_latest=pd.NaT, value=None, detail=None, file="f", line=0
        )
        write_table(filled.assign(item=filled["event"]), own / "events.parquet", EVENTS)
        write_table(TREATMENTS.empty(), own / "treatments.parquet", TREATMENTS)


def define(folder: Path) -> None:
    """The stage as its rule runs it; prints seconds, peak memory and how many were included."""
    raw = read_config(ROOT / "config.yaml")
    # No PCR and no scan is simulated here: these conditions are left out.
    raw["cohort"]["filters"] = [name for name in raw["cohort"]["filters"] if name not in ("I1", "I2")]
    started = time.perf_counter()
    paths = {
        name: [folder / arm / f"{name}.parquet" for arm in ("historical", "treated")]
        for name in ("patients", "measurements", "events", "treatments")
    }
    inputs = CohortInputs(
        Cohort.model_validate(raw["cohort"]),
        Study.model_validate(raw["study"]),
        load_dictionary(ROOT / "data/dictionary"),
        raw["seed"],
        ["PF", "HR"],
    )
    tables = define_cohort(stored_tables(paths), inputs, folder / "cohort")
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    included = int(tables.patients["included"].sum())
    print(f"{seconds:.0f} s | {peak:.2f} GB | {included:,}")


def main() -> None:
    if sys.argv[1] == "--define":
        define(Path(sys.argv[2]))
        return
    print(run_line(__file__) + "\n")
    print("| patients | measurements | time | peak memory | included |\n|---|---|---|---|---|")
    for n in map(int, sys.argv[1:]):
        with tempfile.TemporaryDirectory() as folder:
            write_tables(Path(folder), n)
            rows = n * (len(VITALS) * DAYS * 6 + len(LABS) * DAYS)
            done = subprocess.run(
                [sys.executable, __file__, "--define", folder], capture_output=True, text=True, check=True
            )
            print(f"| {n:,} | {rows / 1e6:.1f} M | {done.stdout.strip()} |", flush=True)


if __name__ == "__main__":
    main()
