"""How often each rule rejects where nothing differs, and how often its interval covers (docs/error_rates.md).

    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python benchmarks/inference/error_rates.py --minutes 40

Answers are added to one file, so that a stopped run goes on where it was: group after group of studies, for so many
minutes of processor time, which all worlds and sizes share alike. Then the rates are written to docs/error_rates.csv,
from which `make docs` makes docs/error_rates.md. With --worlds, nothing is summarised.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import numpy as np
import pandas as pd
from rate_answers import answers
from rate_worlds import WORLDS, draw_studies

from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.generate.runs import record_run

ROOT = Path(__file__).resolve().parents[2]
SUMMARY = ROOT / "docs/error_rates.csv"
SEED = 20261129
CONTROLS = (25, 10, 50)
TOGETHER = 40
# About 1.5 SD of the controls' values at day 7, given the baseline. Rules whose answer a constant effect only shifts.
EFFECT = 73.0
SHIFTED = ("default", "satterthwaite", "weighted", "permutation", "mixedlm_z", "mmrm", "welch")
KEY = ["world", "controls", "rule"]
COLUMNS = ["world", "controls", "group", "study", "rule", "estimate", "p_value", "lower", "upper"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--worlds", nargs="+", choices=list(WORLDS))
    parser.add_argument("--controls", type=int, nargs="+", default=CONTROLS)
    parser.add_argument("--answers", type=Path, default=ROOT / "results/calibration/error_rates.csv")
    options = parser.parse_args()
    options.answers.parent.mkdir(parents=True, exist_ok=True)
    cells = [(world, controls) for controls in options.controls for world in options.worlds or WORLDS]
    simulate(options.answers, cells, options.minutes)
    if options.worlds is None:
        summary(pd.read_csv(options.answers)).to_csv(SUMMARY, index=False, lineterminator="\n", float_format="%.6g")
        script = "OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python benchmarks/inference/error_rates.py"
        record_run(ROOT, "error_rates", f"{script} --minutes {options.minutes:g}")


def simulate(path: Path, cells: list[tuple[str, int]], minutes: float) -> None:
    dictionary = load_dictionary(ROOT / "data/dictionary")
    spent = dict.fromkeys(cells, 0.0)
    groups = dict.fromkeys(cells, 0) | _groups_done(path)
    until = time.process_time() + 60 * minutes
    while time.process_time() < until:
        # The least time so far: cells whose studies cost more have fewer of them.
        world, controls = cell = min(cells, key=lambda one: spent[one])
        begun, number = time.process_time(), groups[cell]
        rng = np.random.default_rng([SEED, list(WORLDS).index(world), controls, number])
        studies = draw_studies(WORLDS[world], controls, TOGETHER, rng)
        rows = [
            {"world": world, "controls": controls, "group": number, "study": study, "rule": rule, **vars(answer)}
            for study, by_rule in enumerate(answers(studies, dictionary, number))
            for rule, answer in by_rule.items()
        ]
        _append(path, rows)
        groups[cell] += 1
        spent[cell] += time.process_time() - begun


def _groups_done(path: Path) -> dict[tuple[str, int], int]:
    if not path.is_file():
        return {}
    done = pd.read_csv(path, usecols=["world", "controls", "group"]).groupby(["world", "controls"])["group"].max() + 1
    return {(str(world), int(controls)): int(n) for (world, controls), n in done.items()}


def _append(path: Path, rows: list[dict[str, object]]) -> None:
    new = not path.is_file()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerows(rows)


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per world, number of controls and rule: studies, answers, rejections, intervals that cover 0, power.

    Monte Carlo errors are those of the mean over groups, since studies of a group share a design. Power is that for
    EFFECT: the interval, shifted by it, leaves 0 out.
    """
    own = rows.assign(rejects=(rows["p_value"] <= 0.05).astype(float))
    own["covers"] = _includes(own, 0.0)
    own["power"] = (1 - _includes(own, -EFFECT)).where(own["rule"].isin(SHIFTED))
    out = []
    for key, cell in own.groupby(KEY, sort=False):
        given = cell.dropna(subset="p_value")
        row: dict[str, object] = dict(zip(KEY, key, strict=True)) | {
            "studies": len(cell),
            "answers": len(given),
            "text": WORLDS[str(key[0])].text,
        }
        for name in ("rejects", "covers", "power"):
            row[name], row[f"{name}_mc"] = _rate(given.dropna(subset=name), name)
        out.append(row)
    return pd.DataFrame(out)


def _includes(rows: pd.DataFrame, value: float) -> pd.Series:
    """1 where the interval includes the value, 0 where not, nan where there is no interval."""
    inside = (rows["lower"] <= value) & (value <= rows["upper"])
    return inside.astype(float).where(rows["lower"].notna() & rows["upper"].notna())


def _rate(given: pd.DataFrame, name: str) -> tuple[float, float]:
    """The rate and its standard error: the larger of the binomial one and of that with groups as units."""
    if given.empty:
        return np.nan, np.nan
    sums = given.groupby("group")[name].agg(["sum", "count"])
    total, n = sums["count"].sum(), len(sums)
    rate = float(sums["sum"].sum() / total)
    left = sums["sum"] - rate * sums["count"]
    grouped = np.sqrt((left**2).sum() * n / max(n - 1, 1)) / total
    # With no event at all, or nothing but events, half of one more.
    inside = (rate * total + 0.5) / (total + 1)
    return rate, float(max(grouped, np.sqrt(inside * (1 - inside) / total)))


if __name__ == "__main__":
    main()
