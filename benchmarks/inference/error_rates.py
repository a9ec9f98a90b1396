"""How often each rule rejects where nothing differs, and how often its interval covers (docs/error_rates.md).

    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python benchmarks/inference/error_rates.py --minutes 120

What the answers of each group of studies came to is added to error_rates.csv beside this script, so that a run goes on
where the one before ended, until every world and size has so many studies, or for so many minutes of processor time,
which those that lack studies share alike. Before, rules of the ladder that groups have no row of, since they are new or
changed and their rows were taken out, answer the same studies. Then the rates are written to docs/error_rates.csv, from
which `make docs` makes docs/error_rates.md. With --groups another file is added to, and nothing is summarised.
"""

from __future__ import annotations

import argparse
import csv
import shlex
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from rate_answers import LADDER_RULES, Answer, batch_of, labellings, ladder_answers
from rate_studies import answers
from rate_worlds import WORLDS, Studies, World, draw_studies

from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.generate.runs import record_run

ROOT = Path(__file__).resolve().parents[2]
GROUPS, SUMMARY = Path(__file__).with_name("error_rates.csv"), ROOT / "docs/error_rates.csv"
SEED = 20261129
CONTROLS = (25, 10, 50)
TOGETHER = 40
# About 1.5 SD of the controls' values at day 7, given the baseline. Rules whose answer a constant effect only shifts.
EFFECT = 73.0
SHIFTED = ("default", "satterthwaite", "weighted", "permutation", "mixedlm_z", "mmrm", "welch")
KEY = ["world", "controls", "rule"]
COUNTS = ["studies", "answers", "rejects", "intervals", "covers", "power"]
COLUMNS = ["world", "controls", "group", "rule", *COUNTS]
# What each rate is counted among.
RATES = {"rejects": "answers", "covers": "intervals", "power": "intervals"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=5000, help="of each world and number of controls")
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--worlds", nargs="+", choices=list(WORLDS))
    parser.add_argument("--controls", type=int, nargs="+", default=CONTROLS)
    parser.add_argument("--groups", type=Path, default=GROUPS)
    options = parser.parse_args()
    cells = [(world, controls) for controls in options.controls for world in options.worlds or WORLDS]
    dictionary = load_dictionary(ROOT / "data/dictionary")
    until = time.process_time() + 60 * options.minutes
    filled = fill(options.groups, cells, until, dictionary)
    added = simulate(options.groups, cells, until, dictionary, options.studies)
    if options.groups == GROUPS and (added or filled or not options.worlds):
        summary(pd.read_csv(GROUPS)).to_csv(SUMMARY, index=False, lineterminator="\n", float_format="%.6g")
        worlds = ["--worlds", *options.worlds] if options.worlds else []
        asked = shlex.join([*worlds, "--studies", f"{options.studies}", "--minutes", f"{options.minutes:g}"])
        script = "OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python benchmarks/inference/error_rates.py"
        part = options.worlds or ([] if added else filled)
        record_run(ROOT, "error_rates", f"{script} {asked}", ", ".join(part))


def simulate(
    path: Path, cells: list[tuple[str, int]], until: float, dictionary: Dictionary, enough: float = np.inf
) -> int:
    """New groups of studies, answered by every rule, and how many.

    Ends at `until` of the process's own time, or where every cell has `enough` studies.
    """
    spent, added, done = dict.fromkeys(cells, 0.0), 0, _done(path)
    groups, studies = (dict.fromkeys(cells, 0) | done[name].to_dict() for name in ("groups", "studies"))
    while time.process_time() < until and (left := [cell for cell in cells if studies[cell] < enough]):
        # The least time so far: cells whose studies cost more have fewer of them.
        cell = min(left, key=lambda one: spent[one])
        begun, number = time.process_time(), groups[cell]
        drawn = _studies(*cell, number)
        _append(path, (*cell, number), answers(drawn, dictionary, number))
        groups[cell], studies[cell] = number + 1, studies[cell] + len(drawn.y)
        added += 1
        spent[cell] += time.process_time() - begun
    return added


def fill(path: Path, cells: list[tuple[str, int]], until: float, dictionary: Dictionary) -> list[str]:
    """Rules of the ladder that groups done before have no row of, in the same studies; which they were."""
    filled: dict[str, None] = {}
    if not path.is_file():
        return []
    # By number of the group: a run that is cut short has answered alike in all cells.
    done = pd.read_csv(path, usecols=COLUMNS[:4]).sort_values("group", kind="stable")
    for key, own in done.groupby(COLUMNS[:3], sort=False):
        lacking = tuple(rule for rule in LADDER_RULES if rule not in set(own["rule"]))
        world, controls, number = str(key[0]), int(key[1]), int(key[2])
        if time.process_time() >= until:
            break
        # Limits take no quick path: their groups are answered whole, or not at all.
        if lacking and (world, controls) in cells and not WORLDS[world].limited:
            studies = _studies(world, controls, number)
            batch = replace(batch_of(studies, dictionary, labellings(studies, number)), rules=lacking)
            _append(path, (world, controls, number), ladder_answers(batch))
            filled |= dict.fromkeys(lacking)
    return list(filled)


def _studies(world: str, controls: int, group: int) -> Studies:
    rng = np.random.default_rng([SEED, list(WORLDS).index(world), controls, group])
    return draw_studies(WORLDS[world], controls, TOGETHER, rng)


def _done(path: Path) -> pd.DataFrame:
    """How many groups and studies there are, by world and number of controls."""
    if not path.is_file():
        return pd.DataFrame({"groups": [], "studies": []})
    done = pd.read_csv(path, usecols=[*COLUMNS[:3], "studies"]).drop_duplicates(COLUMNS[:3])
    return done.groupby(COLUMNS[:2]).agg(groups=("group", lambda own: own.max() + 1), studies=("studies", "sum"))


def _append(path: Path, group: tuple[str, int, int], given: Iterable[dict[str, Answer]]) -> None:
    """What the answers of one group (world, controls, number) came to."""
    by_rule: dict[str, list[Answer]] = {}
    for own in given:
        for rule, answer in own.items():
            by_rule.setdefault(rule, []).append(answer)
    here = dict(zip(COLUMNS, group, strict=False))
    new = not path.is_file()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerows(
            {**here, "rule": rule, **counted(rule, own, WORLDS[group[0]])} for rule, own in by_rule.items()
        )


def counted(rule: str, given: Sequence[Answer], world: World) -> dict[str, int | None]:
    """How many answers of one group there are, reject, have an interval, cover 0, and leave it out under EFFECT.

    Power is that of the interval shifted by EFFECT; None where an effect does not only shift an interval: of
    some rules, and where it changes which values lie below a limit.
    """
    tested = [one for one in given if not np.isnan(one.p_value)]
    bounded = [one for one in tested if not (np.isnan(one.lower) or np.isnan(one.upper))]
    missed = sum(not one.lower <= -EFFECT <= one.upper for one in bounded)
    return {
        "studies": len(given),
        "answers": len(tested),
        "rejects": sum(one.p_value <= 0.05 for one in tested),
        "intervals": len(bounded),
        "covers": sum(one.lower <= 0 <= one.upper for one in bounded),
        "power": missed if rule in SHIFTED and not world.limited else None,
    }


def summary(groups: pd.DataFrame) -> pd.DataFrame:
    """One row per world, number of controls and rule: studies, answers, rejections, intervals that cover 0, power.

    Monte Carlo errors are those of the mean over groups, since studies of a group share a design.
    """
    out = []
    for key, cell in groups.groupby(KEY, sort=False):
        row: dict[str, object] = dict(zip(KEY, key, strict=True)) | {
            "studies": int(cell["studies"].sum()),
            "answers": int(cell["answers"].sum()),
            "text": WORLDS[str(key[0])].text,
        }
        for name, among in RATES.items():
            row[name], row[f"{name}_mc"] = _rate(cell[name], cell[among])
        out.append(row)
    return pd.DataFrame(out)


def _rate(hits: pd.Series, counts: pd.Series) -> tuple[float, float]:
    """The rate and its standard error: the larger of the binomial one and of that with groups as units."""
    known = hits.notna() & (counts > 0)
    hits, counts = hits[known], counts[known]
    total, n = counts.sum(), len(counts)
    if not n:
        return np.nan, np.nan
    rate = float(hits.sum() / total)
    left = hits - rate * counts
    grouped = np.sqrt((left**2).sum() * n / max(n - 1, 1)) / total
    # With no event at all, or nothing but events, half of one more.
    inside = (rate * total + 0.5) / (total + 1)
    return rate, float(max(grouped, np.sqrt(inside * (1 - inside) / total)))


if __name__ == "__main__":
    main()
