"""Historical patients of a real study labelled treated: are p-values uniform, and do intervals cover zero?

    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python benchmarks/inference/placebo_studies.py STUDY --minutes 10

STUDY: a folder with config.yaml and data/raw. Its files go through cleaning and cohort in this process; then as many
historical patients as were treated are labelled so, again and again, and sent through gates, ladder and contrast of the
primary outcome. Answers are added to a file, so that a stopped run goes on where it was. Random groups are the test of
uniformity; runs of consecutive patients share most of their members and are counted apart.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from historical_controls.analysis.inputs import AnalysisInputs
from historical_controls.analysis.model.comparison import Comparison
from historical_controls.analysis.sensitivity.placebo_cohorts import draw_placebos, placebo_contrasts
from historical_controls.cleaning.people.assemble import SourceInputs, assemble_source
from historical_controls.cleaning.people.identity import link_people
from historical_controls.cleaning.rows.files import FileInputs, clean_file
from historical_controls.cohort.define import define_cohort
from historical_controls.cohort.inputs import CohortInputs
from historical_controls.cohort.records.clean_tables import CleanTables
from historical_controls.config.analysis.analysis import LADDER
from historical_controls.config.analysis.sensitivity import PlaceboCohorts
from historical_controls.config.check import checked_config, vocabulary
from historical_controls.config.study_config import Config
from historical_controls.config.study_file import read_config
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.generate.runs import run_line
from historical_controls.intake.reading import read_file

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = ["kind", "number", "estimate", "lower", "upper", "p_value", "reason"]
LADDERS = ("declared", "default")


def read_study(folder: Path) -> tuple[Config, Dictionary]:
    dictionary, raw = load_dictionary(ROOT / "data/dictionary"), read_config(folder / "config.yaml")
    return checked_config(vocabulary(raw, dictionary, ROOT / "workflow/locales")), dictionary


def study_inputs(folder: Path, ladder: str = "declared") -> AnalysisInputs:
    """The primary scenario of a study, from its raw files; ladder: that of its config, or the program's default."""
    config, dictionary = read_study(folder)
    clean = _cleaned(folder, config, dictionary)
    outcomes = [config.primary.outcome]
    cohort = CohortInputs(config.cohort, config.study, dictionary, config.seed, outcomes, "primary")
    tables = define_cohort(clean, cohort)
    settings = config.analysis if ladder == "declared" else config.analysis.model_copy(update={"ladder": LADDER})
    return AnalysisInputs(
        "primary", tables.patients, tables.visits, settings, dictionary, config.primary, Comparison(), config.seed
    )


def _cleaned(folder: Path, config: Config, dictionary: Dictionary) -> CleanTables:
    files = {
        name: [
            clean_file(read_file(folder / file.path, file), FileInputs(name, key, source, config.study, dictionary))
            for key, file in source.files.items()
        ]
        for name, source in config.sources.items()
    }
    people = link_people({name: pd.concat([f.ledger for f in own]) for name, own in files.items()}, config.sources)
    clean = [
        assemble_source(own, people, SourceInputs(name, config.sources[name], dictionary))
        for name, own in files.items()
    ]
    names = ("patients", "measurements", "events", "treatments")
    return CleanTables(*(pd.concat([getattr(one, name) for one in clean], ignore_index=True) for name in names))


def simulate(inputs: AnalysisInputs, random: int, path: Path, minutes: float) -> None:
    """Answers of the placebos that the file lacks, kinds in turn, until the time is up."""
    placebos = draw_placebos(inputs.patients, PlaceboCohorts(consecutive=True, random=random), inputs.seed)
    by_kind = {kind: [one for one in placebos if one.kind == kind] for kind in ("random", "consecutive")}
    turns = [
        (kind, number, own[number])
        for number in range(max(map(len, by_kind.values())))
        for kind, own in by_kind.items()
        if number < len(own)
    ]
    new = not path.is_file()
    done = set() if new else set(pd.read_csv(path)[["kind", "number"]].itertuples(index=False, name=None))
    until = time.process_time() + 60 * minutes
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        left = [turn for turn in turns if turn[:2] not in done]
        answers = placebo_contrasts(inputs, [placebo for *_, placebo in left])
        # In time before the next one is fitted: `answers` fits them one by one.
        timed = itertools.takewhile(lambda _: time.process_time() < until, left)
        for (kind, number, _), answer in zip(timed, answers, strict=False):
            own = {"reason": answer} if isinstance(answer, str) else {c: getattr(answer, c) for c in COLUMNS[2:6]}
            writer.writerow({"kind": kind, "number": number, **own})
            file.flush()


def summary(rows: pd.DataFrame) -> str:
    """Rows of the table in README.md, by kind."""
    lines = []
    for kind, own in rows.groupby("kind", sort=False):
        given = own.dropna(subset="p_value")
        n, covers = len(given), ((given["lower"] <= 0) & (given["upper"] >= 0)).mean()
        error = np.sqrt(covers * (1 - covers) / n)
        test = stats.kstest(given["p_value"], "uniform")
        lines.append(
            f"| {kind} | {n}/{len(own)} | {covers:.1%} ± {error:.1%} | {(given['p_value'] <= 0.05).mean():.1%} "
            f"| {(given['p_value'] <= 0.5).mean():.1%} | {test.statistic:.3f} (p = {test.pvalue:.2g}) |"
        )
    return "\n".join(lines)


def draw_figure(rows: pd.DataFrame, path: Path, title: str) -> None:
    """Ordered p-values of random groups against uniform ones, with the 95% band of Kolmogorov and Smirnov."""
    from matplotlib import rcParams
    from matplotlib.figure import Figure

    rcParams["svg.hashsalt"] = "placebo_studies"
    p = np.sort(rows.loc[rows["kind"] == "random", "p_value"].dropna())
    expected = (np.arange(len(p)) + 0.5) / len(p)
    band = float(stats.kstwo.ppf(0.95, len(p)))
    figure = Figure(figsize=(4.2, 4.2), layout="constrained")
    axes = figure.add_subplot()
    axes.fill_between([0, 1], [-band, 1 - band], [band, 1 + band], color="#dfe5ee", lw=0)
    axes.plot([0, 1], [0, 1], color="#777777", lw=0.8)
    axes.plot(p, expected, color="#4C6A92", lw=1.4)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="p-value", ylabel="share of random groups", title=title)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--random", type=int, default=700)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--ladder", choices=LADDERS, default="declared")
    parser.add_argument("--answers", type=Path)
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    path = options.answers or options.study / "results/calibration/placebo_studies.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    simulate(study_inputs(options.study, options.ladder), options.random, path, options.minutes)
    rows = pd.read_csv(path)
    print(run_line(__file__) + "\n")
    print(
        "| groups | answers | covers zero | p <= 0.05 | p <= 0.5 | largest distance from uniform |\n" + "|---" * 6 + "|"
    )
    print(summary(rows))
    if options.figure is not None:
        draw_figure(rows, options.figure, options.study.resolve().name)


if __name__ == "__main__":
    main()
