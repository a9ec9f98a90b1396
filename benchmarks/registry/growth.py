"""Draw what the runs of `run.py` cost against the number of admissions, and print the table of docs/scale.md.

python benchmarks/registry/growth.py FOLDER 1000 10000 100000
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from run import REST, STAGES

PICTURE = Path(__file__).resolve().parents[2] / "docs/images/registry-growth.svg"
# Curves of the left panel: stages of a kind.
KINDS = {
    "Reading and cleaning": ("reading", "cleaning, persons, joining", "reports on cleaning"),
    "Cohorts": ("cohort", "cohorts of scenarios, draws of waits"),
    "Balance, models, sensitivity": (
        *("balance", "models of the primary scenario, events", "robustness", "other draws of waits"),
        *("sensitivity grid", "placebo cohorts"),
    ),
    "Data sets": ("data sets, listings",),
    "Figures, reports": ("figures", REST),
}
COLOURS = ("#4C6A92", "#009E73", "#D55E00", "#CC79A7", "#7A7A7A")
Runs = Mapping[int, Mapping[str, Any]]


def seconds(run: Mapping[str, Any], stages: Sequence[str]) -> float:
    """Of these stages; nan where a job of theirs was not run."""
    return float("nan") if run["missing"] & {*stages} else float(sum(run["stages"][name]["cpu"] for name in stages))


def with_missing(runs: Runs) -> Runs:
    """The runs with the stages that have fewer jobs than in another run."""
    jobs = {(job["name"], job["stage"]) for run in runs.values() for job in run["jobs"]}
    own = {n: {(job["name"], job["stage"]) for job in run["jobs"]} for n, run in runs.items()}
    return {n: {**run, "missing": {stage for _, stage in jobs - own[n]}} for n, run in runs.items()}


def shown(number: float) -> str:
    return "not measured" if number != number else f"{number:,.0f}"


def drawn(runs: Runs) -> Figure:
    """Processor seconds by kind of stage, and the largest memory of any job; both axes by factors of ten."""
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    time, memory = figure.subplots(1, 2)
    sizes = list(runs)
    for (name, stages), colour in zip(KINDS.items(), COLOURS, strict=True):
        own = [seconds(runs[n], stages) for n in sizes]
        time.plot(sizes, own, "o-", color=colour, ms=4, lw=1.4, label=name)
    total = [seconds(runs[n], (*STAGES, REST)) for n in sizes]
    time.plot(sizes, total, "ko-", ms=4, lw=1.8, label="All")
    time.plot(sizes, [runs[n]["pandas"]["cpu"] for n in sizes], "k:", lw=1.2, label="pandas.read_csv")
    # In proportion to the rows, from the smallest study on.
    time.plot(sizes, [total[0] * n / sizes[0] for n in sizes], color="#BBBBBB", lw=0.9, zorder=0, label="In proportion")
    largest = [max(s["mb"] for s in runs[n]["stages"].values()) / 1000 for n in sizes]
    memory.plot(sizes, largest, "ko-", ms=4, lw=1.8)
    memory.axhline(8, color="#BBBBBB", lw=0.9)
    memory.set_ylim(0, 1.05 * max(8.0, *largest))
    time.set_yscale("log")
    for axes, title in ((time, "Processor seconds"), (memory, "Largest job, GB")):
        axes.set_xscale("log")
        axes.set_xticks(sizes, [f"{n:,}" for n in sizes])
        axes.minorticks_off()
        axes.set_title(title, loc="left", fontsize=9)
        axes.set_xlabel("Admissions", fontsize=9)
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(*time.get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=7, frameon=False)
    return figure


def table(runs: Runs) -> str:
    """Rows of markdown: processor seconds by stage, then memory, clock and pandas."""
    lines = [f"| | {' | '.join(f'{n:,} admissions' for n in runs)} |", f"|---|{'---|' * len(runs)}"]

    def line(name: str, cells: list[str]) -> None:
        lines.append(f"| {name} | {' | '.join(cells)} |")

    line("raw rows", [f"{run['pandas']['rows']:,.0f}" for run in runs.values()])
    for name in (*STAGES, REST):
        line(name, [shown(seconds(run, [name])) for run in runs.values()])
    line("**all, seconds of processor**", [shown(seconds(run, (*STAGES, REST))) for run in runs.values()])
    line("`pandas.read_csv`, seconds of processor", [f"{run['pandas']['cpu']:,.1f}" for run in runs.values()])
    largest = [max(run["jobs"], key=lambda job: job["mb"]) for run in runs.values()]
    line("largest job", [f"{job['mb'] / 1000:.1f} GB ({job['name']})" for job in largest])
    line("`pandas.read_csv`, memory", [f"{run['pandas']['mb'] / 1000:.1f} GB" for run in runs.values()])
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("admissions", type=int, nargs="+")
    chosen = parser.parse_args()
    read = {n: json.loads((chosen.folder / str(n) / "measured.json").read_text()) for n in chosen.admissions}
    found = with_missing(read)
    # Ids and dates that do not change from run to run.
    mpl.rcParams["svg.hashsalt"] = "registry"
    mpl.rcParams["svg.fonttype"] = "none"
    drawn(found).savefig(PICTURE, metadata={"Date": None})
    print(table(found))
