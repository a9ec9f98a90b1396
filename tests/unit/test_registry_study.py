"""The generated registry: its rows, its declaration, and what is drawn of its runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from historical_controls.checking.study import check_study

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks/registry"))


def test_a_generated_study_has_the_declared_patients_in_every_file(tmp_path: Path) -> None:
    from make_study import write_study

    rows = write_study(tmp_path, 60, 0.5)
    assert 300 * 60 < rows < 700 * 60
    config = yaml.safe_load((tmp_path / "config.yaml").read_text())
    counts = {}
    for name, source in config["sources"].items():
        for file, declared in source["files"].items():
            frame = pd.read_csv(tmp_path / declared["path"], sep=declared["delimiter"], encoding=declared["encoding"])
            counts[name, file] = frame["subject"].nunique()
    assert [counts[name, "admissions"] for name in ("treated", "north", "south")] == [5, 30, 30]
    assert {counts[name, file] for name in ("north", "south") for file in ("laboratory", "vitals", "gases")} == {30}
    assert write_study(tmp_path / "again", 60, 0.5) == rows


def test_its_declaration_has_no_fault(tmp_path: Path) -> None:
    from make_study import write_study

    write_study(tmp_path, 12, 0.5)
    assert not list(check_study(tmp_path).faults)


def test_what_jobs_noted_is_summed_by_stage_and_drawn(tmp_path: Path) -> None:
    from growth import drawn, seconds, table, with_missing
    from run import REST, STAGES, USAGE, summary

    runs: dict[int, Any] = {}
    for n in (10, 100):
        study = tmp_path / str(n)
        study.mkdir()
        # Run twice: the newer one counts. What is not a job's line is passed over.
        lines = ["start 1", "read_file\tnorth-labs\t9\t9\t9", f"read_file\tnorth-labs\t{n}\t1\t200"]
        lines += [f"read_file\tsouth-labs\t{n}\t1\t100", f"join_results\t\t{2 * n}\t1\t50"]
        (study / USAGE).write_text("\n".join(lines) + "\n")
        runs[n] = summary(study) | {"pandas": {"rows": 500 * n, "cpu": 0.1 * n, "mb": 90.0}}
    runs = dict(with_missing(runs))
    assert runs[10]["stages"]["reading"] == {"cpu": 20.0, "wall": 2.0, "mb": 200.0}
    assert sum(one["cpu"] for one in runs[100]["stages"].values()) == 400
    assert len(table(runs).splitlines()) == 2 + 1 + len(STAGES) + 1 + 4
    # A stage of which a job was not run has no number.
    runs[100]["jobs"].pop()
    assert np.isnan(seconds(with_missing(runs)[100], [REST])) and seconds(with_missing(runs)[10], [REST]) == 20
    assert [axes.get_title(loc="left") for axes in drawn(runs).axes] == ["Processor seconds", "Largest job, GB"]
