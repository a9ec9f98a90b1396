"""How often the default rejects at later days where nothing differs, by the mixed model and by permutation.

    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python benchmarks/inference/later_days.py --studies 3000

Worlds and studies are those of error_rates.py, each world with random numbers of its own; every study is asked at each
day. The rates are printed with their Monte Carlo errors, those of the mean over groups of studies that share a design.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from error_rates import TOGETHER, counted, summary
from rate_answers import batch_of, labellings, ladder_answers
from rate_worlds import WORLDS, draw_studies

from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.generate.runs import run_line

ROOT = Path(__file__).resolve().parents[2]
SEED = 20261130
RULES = ("default", "permutation")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=3000)
    parser.add_argument("--controls", type=int, default=25)
    parser.add_argument("--days", type=int, nargs="+", default=[7, 14, 21])
    # Limits have no quick path.
    worlds = [name for name, world in WORLDS.items() if not world.limited]
    parser.add_argument("--worlds", nargs="+", choices=worlds, default=worlds)
    options = parser.parse_args()
    print(run_line(__file__) + "\n")
    heads = [f"{rule}, day {day}" for rule in RULES for day in options.days]
    print("| world | studies | " + " | ".join(heads) + " |")
    print("|---" * (len(heads) + 2) + "|")
    for world in options.worlds:
        groups = pd.DataFrame(group_counts(world, options.controls, options.days, -(-options.studies // TOGETHER)))
        by_day = {int(str(day)): summary(own).set_index("rule") for day, own in groups.groupby("day")}
        cells = [rate(by_day[day].loc[rule]) for rule in RULES for day in options.days]
        total = int(by_day[options.days[0]]["studies"].max())
        print(f"| {world} | {total:,} | " + " | ".join(cells) + " |", flush=True)


def group_counts(world: str, controls: int, days: list[int], groups: int) -> Iterator[dict[str, object]]:
    """What the answers of every group of studies came to, by day and rule."""
    dictionary = load_dictionary(ROOT / "data/dictionary")
    for number in range(groups):
        rng = np.random.default_rng([SEED, list(WORLDS).index(world), controls, number])
        studies = draw_studies(WORLDS[world], controls, TOGETHER, rng)
        labels = labellings(studies, number)
        for day in days:
            given = ladder_answers(replace(batch_of(studies, dictionary, labels, day), rules=RULES))
            for rule in RULES:
                tally = counted(rule, [own[rule] for own in given], WORLDS[world])
                yield {"world": world, "controls": controls, "rule": rule, "day": day, **tally}


def rate(row: pd.Series) -> str:
    """Rejections of the answers that were given: '5.0% ± 0.4%'."""
    return f"{row['rejects']:.1%} ± {row['rejects_mc']:.1%}"


if __name__ == "__main__":
    main()
