"""How long 100,000 relabellings of 22 outcomes at 3 days take, max-T over all 66 contrasts included.

OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python benchmarks/inference/permutations.py
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from historical_controls.generate.runs import run_line
from historical_controls.inference import Scores, draw_labels, permutation_test, statistics, step_down_max_t

OUTCOMES, DAYS, TREATED, CONTROLS = 22, 3, 5, 50


def outcome(rng: np.random.Generator, treated: np.ndarray) -> tuple[Scores, np.ndarray]:
    """Scores of one outcome measured in nine of ten controls."""
    n = len(treated)
    present = treated | (rng.random(n) < 0.9)
    score = rng.normal(size=(int(present.sum()), DAYS))
    arm = treated[present].astype(float)[:, None]
    return Scores(score - score.mean(axis=0), np.ones_like(score), (arm - arm.mean()) * np.ones_like(score)), present


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=100_000)
    asked = parser.parse_args()
    rng = np.random.default_rng(1)
    treated = np.arange(TREATED + CONTROLS) < TREATED
    outcomes = [outcome(rng, treated) for _ in range(OUTCOMES)]
    started = time.process_time()
    labels = draw_labels(treated, 1, exact_up_to=0, draws=asked.draws)
    drawn = time.process_time()
    T = np.hstack([statistics(scores, labels.take(np.flatnonzero(present)), fewest=3) for scores, present in outcomes])
    computed = time.process_time()
    step_down_max_t(T)
    ended = time.process_time()
    permutation_test(outcomes[0][0], labels.take(np.flatnonzero(outcomes[0][1])))
    inverted = time.process_time()
    print(run_line(__file__) + "\n")
    print(f"draw {asked.draws} labellings of {TREATED} among {len(treated)}: {drawn - started:.2f} s")
    print(f"{T.shape[1]} statistics each: {computed - drawn:.2f} s")
    print(f"step-down max-T: {ended - computed:.2f} s; in all {ended - started:.2f} s")
    print(f"p-values and intervals of one outcome, {DAYS} days: {inverted - ended:.2f} s")


if __name__ == "__main__":
    main()
