"""Studies with known truth through cohort, balance and analysis, and what the answers came to (docs/validation.md).

    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python benchmarks/validation/truth_studies.py --studies 200

Answers are kept study by study in a folder, one file a world, so that a stopped run goes on where it was; then the
summary is written to docs/validation.csv, from which `make docs` makes docs/validation.md. With --worlds, nothing is
summarised, unless --again asks to replace the lines of these worlds.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from historical_controls.calibration.page import SUMMARY
from historical_controls.calibration.studies import ANSWER_COLUMNS, large_sample, study_answers, summary
from historical_controls.calibration.worlds import CASES, WORLDS
from historical_controls.config.study_file import read_config
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.generate.runs import record_run

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--worlds", nargs="+", choices=list(WORLDS))
    parser.add_argument("--answers", type=Path, default=ROOT / "results/calibration/truth_studies")
    parser.add_argument("--again", action="store_true", help="replace the lines of --worlds in the summary")
    options = parser.parse_args()
    raw = read_config(ROOT / "config.yaml")
    dictionary = load_dictionary(ROOT / "data/dictionary")
    options.answers.mkdir(parents=True, exist_ok=True)
    files = {world: options.answers / f"{world.replace(' ', '_')}.csv" for world in options.worlds or WORLDS}
    for first in range(0, options.studies, AT_ONCE):
        for world, path in files.items():
            last = min(first + AT_ONCE, options.studies, math.ceil(options.studies * WORLDS[world].studies))
            for numbers in batches(world, range(max(first, next_number(path)), last)):
                append(path, sorted(study_answers(world, numbers, raw, dictionary), key=lambda row: row["number"]))
        sys.stderr.write(f"{min(first + AT_ONCE, options.studies)} of {options.studies}\n")
    if options.worlds and not options.again:
        return
    answers = pd.concat([pd.read_csv(path) for path in files.values()], ignore_index=True)
    summarise(answers[answers["number"] < options.studies], list(files), raw, dictionary)
    script = "OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python benchmarks/validation/truth_studies.py"
    named = " ".join(f'"{world}"' for world in options.worlds or ())
    only = f" --worlds {named} --again" if named else ""
    record_run(ROOT, "validation", f"{script} --studies {options.studies}{only}", ", ".join(options.worlds or []))


def summarise(answers: pd.DataFrame, worlds: list[str], raw: dict[str, Any], dictionary: Dictionary) -> None:
    """Write the summary of these worlds, and leave that of others as it was."""
    cases = [case for case in CASES if case.world in worlds]
    unknown = sorted({case.world for case in cases if case.truth == "large sample"})
    found = summary(answers, {world: large_sample(world, raw, dictionary) for world in unknown}, cases)
    own = found.to_csv(index=False, lineterminator="\n", float_format="%.6g")
    path, order = ROOT / SUMMARY, [case.world for case in CASES]
    # Lines as they stand: no number is read and written again.
    head, *new = own.splitlines()
    columns, *kept = [head] if len(worlds) == len(WORLDS) else path.read_text(encoding="utf-8").splitlines()
    if columns != head:
        raise SystemExit(f"{SUMMARY} has other columns than the new summary. Run all worlds (leave out --worlds).")
    lines = [*(line for line in kept if line.split(",")[0] not in worlds), *new]
    lines.sort(key=lambda line: order.index(line.split(",")[0]))
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")


def batches(world: str, numbers: range) -> list[range]:
    """Studies that go through the cohort stage together."""
    size = len(numbers) if WORLDS[world].together else 1
    return [numbers[at : at + size] for at in range(0, len(numbers), size)] if numbers else []


def next_number(path: Path) -> int:
    return int(pd.read_csv(path)["number"].max()) + 1 if path.is_file() else 0


def append(path: Path, rows: list[dict[str, object]]) -> None:
    new = not path.is_file()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ANSWER_COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
