"""Studies a processor second: ladder, fit, Kenward-Roger, contrast, studentised permutation with 9,999 labellings.

    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python benchmarks/inference/throughput.py

Studies of one design, 5 treated against 25 controls over 21 days (rate_worlds.py, slopes + AR(1)), are drawn first and
then analysed together. The best of the repeats counts: others on the same processors can only slow one down.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from rate_answers import batch_of, ladder_answers
from rate_worlds import WORLDS, draw_studies

from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.generate.runs import run_line
from historical_controls.inference.labels import draw_labels

ROOT = Path(__file__).resolve().parents[2]
LABELLINGS = 9999


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    dictionary = load_dictionary(ROOT / "data/dictionary")
    studies = draw_studies(WORLDS["slopes + AR(1)"], 25, options.studies, np.random.default_rng(20201130))
    labels = draw_labels(studies.treated, 1, LABELLINGS, LABELLINGS)
    seconds, answered = [], 0
    for _ in range(options.repeats):
        begun = time.process_time()
        batch = replace(batch_of(studies, dictionary, labels), rules=("default", "permutation"))
        given = ladder_answers(batch)
        seconds.append(time.process_time() - begun)
        answered = sum(np.isfinite(own["default"].p_value) and np.isfinite(own["permutation"].p_value) for own in given)
    best = min(seconds)
    print(run_line(__file__) + "\n")
    print(f"{options.studies / best:.0f} studies a processor second ({best:.2f} s for {options.studies})")
    print(f"both answers in {answered}; the slowest repeat took {max(seconds) / best:.2f} times as long")


if __name__ == "__main__":
    main()
