"""How often the two answers of the primary analysis reject where nothing differs, and how often their intervals cover.

    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python benchmarks/inference/null_studies.py --studies 1000

Model-based: the covariance that the default ladder takes, with Kenward-Roger.
Permutation: studentised scores of the fit without arms.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.outcomes import analyse_outcomes
from historical_controls.ard.keys.arms import CONTRAST
from historical_controls.config.analysis.analysis import Analysis, Primary
from historical_controls.config.study_file import read_config
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.generate.runs import run_line
from historical_controls.tables.registry import COHORT_PATIENTS, VISITS

ROOT = Path(__file__).resolve().parents[2]
DAYS = np.arange(1, 22)
CONTRAST_DAYS = (7, 14, 21)


@dataclass(frozen=True)
class World:
    """How values come about; spreads in mmHg. between, within: factors of the treated's spreads."""

    slope: float = 0.0
    rho: float = 0.0
    between: float = 1.0
    within: float = 1.0
    curve: float = 0.0
    heavy: bool = False
    missing: float = 0.0


WORLDS = {
    "random intercept": World(),
    "AR(1)": World(rho=0.7),
    "slopes + AR(1)": World(slope=2.0, rho=0.7),
    "treated twice as variable": World(slope=2.0, rho=0.7, between=2, within=2),
    "treated half as variable": World(slope=2.0, rho=0.7, between=0.5, within=0.5),
    "twice between patients only": World(slope=2.0, rho=0.7, between=2),
    "curved": World(slope=2.0, rho=0.7, curve=40.0),
    "heavy tails": World(slope=2.0, rho=0.7, heavy=True),
    "steep slopes": World(slope=6.0, rho=0.7),
    "40% of visits missing": World(slope=2.0, rho=0.7, missing=0.4),
}


def values(rng: np.random.Generator, world: World, n_treated: int, n_controls: int) -> np.ndarray:
    """Values (n, days) of one study in which the arms do not differ, treated patients first; none is missing."""
    n = n_treated + n_controls
    treated = np.arange(n) < n_treated
    scale = np.where(treated, world.between, 1.0)[:, None]
    draw: Callable[[tuple[int, ...]], np.ndarray] = rng.standard_normal
    if world.heavy:
        draw = lambda size: rng.standard_t(3, size) / np.sqrt(3)  # noqa: E731
    level, slope = 40 * scale * draw((n, 1)), world.slope * scale * draw((n, 1))
    error = draw((n, len(DAYS)))
    for day in range(1, len(DAYS)):
        error[:, day] = world.rho * error[:, day - 1] + np.sqrt(1 - world.rho**2) * error[:, day]
    error *= 28 * np.where(treated, world.within, 1.0)[:, None]
    curve = world.curve * np.sin(np.pi * DAYS / 21) * (1 + 0.3 * draw((n, 1)))
    return 150 + 3 * DAYS + level + slope * (DAYS - 10) + curve + error


def covariance(world: World, treated: bool) -> np.ndarray:
    """Covariance (days, days) of the values of one patient, in mmHg^2."""
    between, within = (world.between, world.within) if treated else (1.0, 1.0)
    centred, curve = DAYS - 10, 0.3 * world.curve * np.sin(np.pi * DAYS / 21)
    levels = 40.0**2 + world.slope**2 * np.outer(centred, centred)
    errors = (28 * within) ** 2 * float(world.rho) ** np.abs(DAYS[:, None] - DAYS)
    return between**2 * levels + errors + np.outer(curve, curve)


def study(rng: np.random.Generator, world: World, n_treated: int, n_controls: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables cohort_patients and visits of one study in which the arms do not differ."""
    y = values(rng, world, n_treated, n_controls)
    y[rng.random(y.shape) < world.missing] = np.nan
    return tables(y, n_treated)


def tables(y: np.ndarray, n_treated: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Values (n, days), nan where not measured, as tables cohort_patients and visits."""
    ids = [f"p{i:03d}" for i in range(len(y))]
    arms = np.where(np.arange(len(y)) < n_treated, "treated", "historical")
    people = pd.DataFrame({"patient_id": ids, "arm": arms}).assign(
        scenario="primary", source="s", included=True, excluded_by="", display_id="", end_state="horizon", end_day=21.0
    )
    wide = pd.DataFrame(y, columns=DAYS).assign(patient_id=ids)
    long = wide.melt("patient_id", var_name="day", value_name="value").dropna().astype({"day": "int64"})
    long = long.merge(people[["patient_id", "arm", "source"]], on="patient_id")
    long = long.assign(scenario="primary", outcome="PF", n=1, assay="", flags="")
    long = long.assign(lower=long["value"], upper=long["value"])
    return people.reindex(columns=list(COHORT_PATIENTS.names)), long[list(VISITS.names)]


def answers(ard: pd.DataFrame) -> dict[tuple[str, int], tuple[float, float, float]]:
    """(p, lower, upper) of each analysis and day, where it gave an answer."""
    out = {}
    for name, day in itertools.product(("mixed_model", "permutation"), CONTRAST_DAYS):
        rows = ard.loc[(ard["analysis"] == name) & (ard["day"] == day) & (ard["contrast"] == CONTRAST)]
        rows = rows.loc[rows["level"] == ""]
        found = dict(zip(rows["statistic"], rows["value"], strict=True))
        if "p_value" in found:
            out[name, day] = (found["p_value"], found.get("lower", -np.inf), found.get("upper", np.inf))
    return out


def generator(world: str, controls: int) -> np.random.Generator:
    """Random numbers of one world and number of controls: shared ones would move the rates of all worlds together."""
    return np.random.default_rng([20200501, list(WORLDS).index(world), controls])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--controls", type=int, nargs="+", default=[25, 50])
    parser.add_argument("--worlds", nargs="+", default=list(WORLDS))
    options = parser.parse_args()
    declared = read_config(ROOT / "config.yaml")["analysis"]
    few = {"exact_up_to": 1000, "draws": 1000, "scenario_draws": 1000}
    settings = Analysis.model_validate(
        {
            **declared,
            "days": list(CONTRAST_DAYS),
            "mean_over": [],
            "covariates": [],
            "adjust_for_baseline": False,
            "permutation": few,
        }
    )
    dictionary = load_dictionary(ROOT / "data/dictionary")
    print(run_line(__file__) + "\n")
    print("| world | controls | answer | day | given | rejects | covers |\n|---|---|---|---|---|---|---|")
    for controls in options.controls:
        for name in options.worlds:
            rng = generator(name, controls)
            found: dict[tuple[str, int], list[tuple[float, float, float]]] = {}
            for _ in range(options.studies):
                tables = study(rng, WORLDS[name], 5, controls)
                primary, seed = Primary(outcome="HR", day=CONTRAST_DAYS[0]), int(rng.integers(2**31))
                inputs = AnalysisInputs("primary", *tables, settings, dictionary, primary, Comparison(), seed, 21)
                ard = analyse_outcomes(["PF"], inputs).ard
                for answer, values in answers(ard).items():
                    found.setdefault(answer, []).append(values)
            for (answer, day), rows in sorted(found.items()):
                p, lower, upper = np.array(rows).T
                given, covers = f"{len(rows)}/{options.studies}", np.mean((lower <= 0) & (upper >= 0))
                print(f"| {name} | {controls} | {answer} | {day} | {given} | {np.mean(p <= 0.05):.1%} | {covers:.1%} |")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
