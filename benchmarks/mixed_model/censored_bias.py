"""Does the censored fit recover the arm contrast of a cytokine that is often below its limit of detection?

Simulates studies of 5 treated and 25 control patients with log concentrations falling over three weeks, of which
20, 40 or 60% lie below the limit, and compares, study by study: the censored fit, the maximum-likelihood fit to the
values as they were before censoring, and the fit with half the limit in place of what was not seen.

    python benchmarks/mixed_model/censored_bias.py --studies 2000 [--visits sparse] [--groups] [--share 0.4]

Every figure is printed with its Monte Carlo error; biases are in units of the contrast's own standard deviation
over the studies.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow" / "scripts"))

from historical_controls.generate.runs import run_line
from historical_controls.mixed_model import MixedModelSpec, ModelError, build_design
from historical_controls.mixed_model.fits.censored import CensoredFit, fit_censored_design
from historical_controls.mixed_model.fits.gaussian import MixedModelFit, fit_design
from historical_controls.mixed_model.likelihood.optimiser import Control

VISITS = {"daily": np.arange(1.0, 22.0), "sparse": np.array([1.0, 2, 3, 5, 7, 10, 14, 21])}
DAY = 7.0
TRUTH = -0.5
FORMULA = "y ~ arm * day"  # what five patients can carry when most of their values are not seen


@dataclass(frozen=True)
class Truth:
    """Log concentrations: a patient's level, a common decline, an arm difference growing to TRUTH at DAY."""

    treated: int = 5
    controls: int = 25
    between_sd: float = 1.0
    within_sd: float = 0.7
    missing: float = 0.15
    visits: str = "daily"


def study(truth: Truth, generator: np.random.Generator) -> pd.DataFrame:
    """One row per patient and day, the value before any censoring in `seen`."""
    n, days = truth.treated + truth.controls, VISITS[truth.visits]
    table = pd.DataFrame({"id": np.repeat(np.arange(n), len(days)), "day": np.tile(days, n)})
    treated = table["id"] < truth.treated
    table["arm"] = np.where(treated, "treated", "historical")
    level = generator.normal(0, truth.between_sd, n)[table["id"]]
    noise = generator.normal(0, truth.within_sd, len(table))
    table["seen"] = 4 - 0.08 * table["day"] + treated * TRUTH * (0.5 + 0.5 * table["day"] / DAY) + level + noise
    return table[generator.random(len(table)) > truth.missing].reset_index(drop=True)


def limit_for(truth: Truth, share: float) -> float:
    """The limit below which this share of all values lies, from 100,000 patients in the study's proportion."""
    large = replace(truth, treated=100_000 * truth.treated // 30, controls=100_000 * truth.controls // 30)
    return float(study(large, np.random.default_rng(1))["seen"].quantile(share))


def fits(table: pd.DataFrame, limit: float, groups: bool) -> dict[str, CensoredFit | MixedModelFit]:
    """The day-7 contrast by the three analyses, the censored one with both of its intervals."""
    below = table["seen"] < limit
    bounds = {"lower": table["seen"].mask(below, -np.inf), "upper": table["seen"].mask(below, limit)}
    spec = MixedModelSpec(
        fixed=FORMULA,
        subject="id",
        random="1",
        groups="arm" if groups else None,
        group_form="one_scale",
        reml=False,
        lower="lower",
        upper="upper",
    )
    design = build_design(table.assign(y=table["seen"].mask(below, limit), **bounds), spec)
    plain = replace(spec, lower=None, upper=None)
    seen, halved = table["seen"].to_numpy(), table["seen"].mask(below, limit - np.log(2)).to_numpy()
    answers: dict[str, CensoredFit | MixedModelFit] = {"censored": fit_censored_design(design, Control(noise=1e-9))}
    for name, y in (("uncensored", seen), ("half the limit", halved)):
        answers[name] = fit_design(replace(design, spec=plain, y=y[design.row]), Control())
    return answers


def one(table: pd.DataFrame, limit: float, groups: bool) -> dict[str, float]:
    start = time.perf_counter()
    answers = fits(table, limit, groups)
    out = {"share": float((table["seen"] < limit).mean())}
    for name, fit in answers.items():
        row = _difference(fit)
        out |= {name: float(row["estimate"]), f"{name} covers": float(row["lower"] <= TRUTH <= row["upper"])}
    row = _difference(replace(answers["censored"], interval="wald"))
    return out | {
        "wald covers": float(row["lower"] <= TRUTH <= row["upper"]),
        "standard error": float(row["standard_error"]),
        "seconds": time.perf_counter() - start,
    }


def _difference(fit: CensoredFit | MixedModelFit) -> pd.Series:
    return fit.difference("arm", ("treated", "historical"), {"day": DAY}, df="between-within").table.iloc[0]


def simulate(truth: Truth, share: float, studies: int, groups: bool, seed: int) -> tuple[pd.DataFrame, list[str]]:
    """Results of all studies, and the refusals of those without an answer."""
    limit, rows, refused = limit_for(truth, share), [], []
    for number in range(studies):
        table = study(truth, np.random.default_rng([seed, number]))
        try:
            rows.append(one(table, limit, groups))
        except ModelError as error:
            refused.append(str(error))
    return pd.DataFrame(rows), refused


def summary(results: pd.DataFrame) -> pd.DataFrame:
    """Bias over the contrast's SD, with Monte Carlo error, alone and paired with the uncensored fit."""
    rows = []
    for name in ("censored", "uncensored", "half the limit"):
        error = results[name] - TRUTH
        paired = results[name] - results["uncensored"]
        spread, root = error.std(), np.sqrt(len(results))
        rows.append(
            {
                "fit": name,
                "bias / SE": error.mean() / spread,
                "MC error": 1 / root,
                "paired bias / SE": paired.mean() / spread,
                "MC error (paired)": paired.std() / spread / root,
                "covers": results[f"{name} covers"].mean(),
            }
        )
    return pd.DataFrame(rows).set_index("fit")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--share", type=float, action="append", help="share censored (default 0.2, 0.4 and 0.6)")
    parser.add_argument("--visits", choices=list(VISITS), default="daily")
    parser.add_argument("--groups", action="store_true", help="one scale per arm instead of pooled variances")
    parser.add_argument("--seed", type=int, default=20200618)
    options = parser.parse_args()
    print(run_line(__file__) + "\n")
    for share in options.share or [0.2, 0.4, 0.6]:
        results, refused = simulate(Truth(visits=options.visits), share, options.studies, options.groups, options.seed)
        covered = results["wald covers"].mean()
        print(f"\n{share:.0%} below the limit ({results['share'].mean():.1%} seen), {len(results)} studies, ", end="")
        print(f"{len(refused)} refused; {results['seconds'].median():.3f} s per study, all three fits")
        print(summary(results).round(3).to_string(), flush=True)
        print(f"censored fit: SE over SD {results['standard error'].mean() / results['censored'].std():.3f}; ", end="")
        print(f"Wald interval covers {covered:.3f}")
        for words in dict.fromkeys(refused):
            print(f"refused: {words}")


if __name__ == "__main__":
    main()
