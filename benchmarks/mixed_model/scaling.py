"""How the time of a fit grows with subjects and with visits, as exponents: time ~ size^exponent.

    OMP_NUM_THREADS=1 python benchmarks/mixed_model/scaling.py

Time is that of one Newton step (fit over steps), so that a lucky start does not count as speed; the exponent is the
slope of log time on log rows over the upper half of the sizes, where fixed costs no longer hide it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from measure import shortest

from data import generate

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow" / "scripts"))

from historical_controls.generate.runs import run_line
from historical_controls.mixed_model import Control, MixedModelFit, MixedModelSpec, build_design, fit_design
from historical_controls.mixed_model.fits.censored import CensoredFit, fit_censored_design

FIXED = "y ~ arm * day + x"
MODELS = {
    "intercept and slope": MixedModelSpec(FIXED, "id", "1 + day"),
    "intercept and slope, car1": MixedModelSpec(FIXED, "id", "1 + day", residual="car1", time="day"),
    "ar1h over visits": MixedModelSpec(FIXED, "id", residual="ar1h", visit="day"),
    "us over visits": MixedModelSpec(FIXED, "id", residual="us", visit="day"),
    "censored, intercept": MixedModelSpec(FIXED, "id", "1", reml=False, lower="lower", upper="upper"),
}
SUBJECTS = {"us over visits": [250, 500, 1000, 2000], "censored, intercept": [250, 500, 1000, 2000]}
VISITS = {"us over visits": [4, 8, 12, 16, 22], "ar1h over visits": [6, 11, 22, 44]}


def step_seconds(spec: MixedModelSpec, subjects: int, visits: int) -> float:
    """Processor seconds per Newton step; a value below the first fifth counts as censored where bounds are asked."""
    table = generate(subjects, visits)
    if spec.censored:
        table = _censored(table)
    design = build_design(table, spec)

    def run() -> MixedModelFit | CensoredFit:
        return fit_censored_design(design, Control(noise=1e-9)) if spec.censored else fit_design(design, Control())

    seconds, fit = shortest(run, 2)
    assert fit.converged
    return seconds / (1 + sum(attempt.steps for attempt in fit.attempts))


def _censored(table: pd.DataFrame) -> pd.DataFrame:
    limit = table["y"].quantile(0.2)
    below = table["y"] < limit
    return table.assign(y=table["y"].clip(limit), lower=table["y"].mask(below, -np.inf), upper=table["y"].clip(limit))


def exponent(sizes: list[int], seconds: list[float]) -> float:
    upper = slice(len(sizes) // 2 - 1, None)
    return float(np.polyfit(np.log(sizes[upper]), np.log(seconds[upper]), 1)[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smaller", type=int, default=1, help="divide every number of subjects and visits by this")
    smaller = parser.parse_args().smaller
    print(run_line(__file__) + "\n")
    print("| model | grows with | sizes | ms per Newton step | exponent |\n|---|---|---|---|---|")
    for name, spec in MODELS.items():
        subjects = SUBJECTS.get(name, [500, 2000, 8000, 32000])
        visits = VISITS.get(name, [11, 22, 44, 88])
        fixed = 300 if spec.over_visits else 1000
        for what, sizes in (("subjects", subjects), ("visits", visits)):
            sizes = sorted({max(size // smaller, 3 if what == "visits" else 20) for size in sizes})
            pairs = [
                (size, 8 if spec.over_visits else 22) if what == "subjects" else (max(fixed // smaller, 20), size)
                for size in sizes
            ]
            seconds = [step_seconds(spec, *pair) for pair in pairs]
            shown = ", ".join(f"{1e3 * value:.3g}" for value in seconds)
            print(
                f"| {name} | {what} | {', '.join(map(str, sizes))} | {shown} | {exponent(sizes, seconds):.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
