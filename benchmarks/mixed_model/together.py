"""Fits of many responses of one design beside fits alone, in one run on one thread.

    OMP_NUM_THREADS=1 python benchmarks/mixed_model/together.py [REPEATS]

30 subjects of 22 days, as compare.py has at its smallest; responses are those of other patients of the same truth.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from measure import shortest

from data import generate

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow" / "scripts"))

from historical_controls.generate.runs import run_line
from historical_controls.mixed_model import Control, MixedModelSpec, build_design, fit_design
from historical_controls.mixed_model.fits.responses import fit_responses

MEAN = "y ~ arm * day + x"
SPECS = {
    "intercept": MixedModelSpec(MEAN, "id", "1"),
    "intercept and slope": MixedModelSpec(MEAN, "id", "1 + day"),
    "slope, two scales": MixedModelSpec(MEAN, "id", "1 + day", groups="arm", group_form="two_scales"),
    "slope, AR(1)": MixedModelSpec(MEAN, "id", "1 + day", residual="car1", time="day"),
    "slope, AR(1), two scales": MixedModelSpec(
        MEAN, "id", "1 + day", residual="car1", time="day", groups="arm", group_form="two_scales"
    ),
}
SUBJECTS = 30
GROUPS = (20, 100, 500)


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    table = generate(SUBJECTS)
    # The same rows with the values of other patients, drawn by the same truth.
    rows = table["id"].to_numpy(dtype=int) * 22 + table["day"].to_numpy(dtype=int)
    other = [_complete(seed)[rows] for seed in range(2, 2 + max(GROUPS))]
    print(run_line(__file__) + "\n")
    print(
        "| model | alone (ms) | " + " | ".join(f"of {n} together (ms)" for n in GROUPS) + " | alone, of 500 together |"
    )
    print("|---" * (3 + len(GROUPS)) + "|")
    for name, spec in SPECS.items():
        design = build_design(table, spec)
        y = np.array(other)[:, design.row]
        alone, first = shortest(lambda design=design: fit_design(design, Control()), 3 * repeats)
        each = [shortest(lambda n=n, y=y, first=first: list(fit_responses(first, y[:n])), repeats) for n in GROUPS]
        fits = each[-1][1]
        for fit, own in list(zip(fits, y, strict=True))[:20]:
            known = fit_design(replace(design, y=own), Control())
            assert fit is not None and abs(fit.loglik - known.loglik) < 1e-6
        per_fit = [seconds / n for (seconds, _), n in zip(each, GROUPS, strict=True)]
        times = " | ".join(f"{1000 * seconds:.2f}" for seconds in per_fit)
        print(f"| {name} | {1000 * alone:.2f} | {times} | {alone / per_fit[-1]:.1f} |")


def _complete(seed: int) -> np.ndarray:
    """Values of 30 patients on 22 days (30 * 22,), none missing."""
    generator = np.random.default_rng(seed)
    effects = generator.normal(size=(SUBJECTS, 2)) @ np.array([[1.0, 0.02], [0.0, 0.08]])
    error, day = generator.normal(size=(SUBJECTS, 22)), np.arange(22)
    for j in range(1, 22):
        error[:, j] = 0.4 * error[:, j - 1] + np.sqrt(1 - 0.4**2) * error[:, j]
    return np.asarray(5 + 0.1 * day + effects[:, :1] + effects[:, 1:] * day + error).ravel()


if __name__ == "__main__":
    main()
