"""Rules for the covariance of the model-based answer: how often each rejects where nothing differs, at every day.

    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python benchmarks/inference/covariance_rules.py --studies 500

Worlds are those of null_studies.py: 21 daily visits, no covariates, a spline of days per arm, Kenward-Roger. Every rung
is fitted to every study; a rule takes one of the fits, or joins them. Studies of a world share their design, so that
most fits are found together from a neighbour's.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from null_studies import ROOT, WORLDS, study
from scipy import stats

from historical_controls.analysis.model.ladder import FAILURES, fit_rung
from historical_controls.analysis.model.mean_model import build_mean_model, difference_rows
from historical_controls.analysis.model.model_data import model_data
from historical_controls.config.analysis.analysis import Analysis, CovarianceRung
from historical_controls.dictionary.dictionary import load_dictionary
from historical_controls.generate.runs import run_line
from historical_controls.mixed_model.design.arrays import Design
from historical_controls.mixed_model.fits.gaussian import fit_design
from historical_controls.mixed_model.fits.responses import fit_responses
from historical_controls.mixed_model.likelihood.optimiser import Control

CONTRAST_DAYS = (7, 14, 21)
RUNGS = {
    "intercept, two scales": ("1", "two_scales"),
    "slopes, one scale": ("1 + day", "one_scale"),
    "slopes, two scales": ("1 + day", "two_scales"),
}
TOGETHER = 25
KEY = ["world", "study", "day"]


def rung(name: str) -> CovarianceRung:
    random, per_arm = RUNGS[name]
    return CovarianceRung.model_construct(id=name, random=random, residual="car1", per_arm=per_arm)


def responses(design: Design, visits: pd.DataFrame) -> np.ndarray:
    """One study's values in the order of the design's rows."""
    wide = visits.assign(subject="s/" + visits["patient_id"]).set_index(["subject", "day"])["value"]
    rows = design.data.iloc[design.row]
    return wide.reindex(pd.MultiIndex.from_frame(rows[["subject", "day"]])).to_numpy(dtype=float)


def answers(world: str, studies: int, n_treated: int, n_controls: int) -> Iterator[dict[str, object]]:
    """One row per study, rung and day: criterion, parameters, estimate, standard error, df."""
    settings = Analysis.model_validate({"days": list(CONTRAST_DAYS), "adjust_for_baseline": False, "covariates": []})
    outcome = load_dictionary(ROOT / "data/dictionary").outcomes["PF"]
    rng = np.random.default_rng(20200501)
    tables = [study(rng, WORLDS[world], n_treated, n_controls) for _ in range(studies)]
    data = model_data(outcome, *tables[0], settings, load_dictionary(ROOT / "data/dictionary"))
    mean = build_mean_model(data, settings)
    for name in RUNGS:
        start = fit_rung(mean, rung(name), settings)
        L = difference_rows(start, mean, CONTRAST_DAYS)
        y = np.array([responses(start.design, visits) for _, visits in tables])
        for first in range(0, studies, TOGETHER):
            group = y[first : first + TOGETHER]
            alone = fit_design(replace(start.design, y=group[0]), Control())
            for number, fit in enumerate(fit_responses(alone, group), start=first):
                if fit is None:
                    continue
                try:
                    contrasts = fit.contrasts(L, "kenward-roger")
                except FAILURES:
                    continue
                size = {"criterion": -2 * fit.loglik, "parameters": len(fit.point.theta)}
                for day, one in zip(CONTRAST_DAYS, contrasts, strict=True):
                    own = {"estimate": one.estimate, "error": one.standard_error, "df": one.df}
                    yield {"world": world, "study": number, "rung": name, "day": day, **size, **own}


def chosen(table: pd.DataFrame, names: list[str], penalty: float = 2.0) -> pd.DataFrame:
    """The rung with the smallest criterion."""
    own = table[table["rung"].isin(names)]
    value = own["criterion"] + penalty * own["parameters"]
    return own.loc[value.groupby([own[name] for name in KEY]).idxmin()]


def averaged(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Akaike weights; the error allows for the choice (Burnham & Anderson 2002, Model Selection, eq. 4.9)."""
    own = table[table["rung"].isin(names)].copy()
    aic = own["criterion"] + 2 * own["parameters"]
    groups = [own[name] for name in KEY]
    weight = np.exp(-(aic - aic.groupby(groups).transform("min")) / 2)
    own["weight"] = weight / weight.groupby(groups).transform("sum")
    mean = (own["weight"] * own["estimate"]).groupby(groups).transform("sum")
    own["error"] = own["weight"] * np.hypot(own["error"], own["estimate"] - mean)
    own["inverse"] = own["weight"] / own["df"]
    own["estimate"] = own["weight"] * own["estimate"]
    joined = own.groupby(KEY)[["estimate", "error", "inverse"]].sum().reset_index()
    return joined.assign(df=1 / joined["inverse"])


def widest(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The rung with the longest interval."""
    own = table[table["rung"].isin(names)]
    half = own["error"] * stats.t.ppf(0.975, own["df"])
    return own.loc[half.groupby([own[name] for name in KEY]).idxmax()]


def rules(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    two, one, slopes = "intercept, two scales", "slopes, one scale", "slopes, two scales"
    return {
        **{f"always {name}": table[table["rung"] == name] for name in RUNGS},
        "criterion: intercept two, slopes one (former default)": chosen(table, [two, one]),
        "criterion: intercept two, slopes two (default)": chosen(table, [two, slopes]),
        "criterion: all three": chosen(table, [two, one, slopes]),
        "BIC: intercept two, slopes two": chosen(table, [two, slopes], np.log(30)),
        "averaged: intercept two, slopes two": averaged(table, [two, slopes]),
        "averaged: all three": averaged(table, [two, one, slopes]),
        "widest: intercept two, slopes two": widest(table, [two, slopes]),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--studies", type=int, default=100)
    parser.add_argument("--treated", type=int, default=5)
    parser.add_argument("--controls", type=int, default=25)
    complete = [name for name, world in WORLDS.items() if not world.missing]
    parser.add_argument("--worlds", nargs="+", choices=complete, default=complete)
    options = parser.parse_args()
    rows = (answers(world, options.studies, options.treated, options.controls) for world in options.worlds)
    table = pd.DataFrame(itertools.chain.from_iterable(rows))
    print(run_line(__file__) + "\n")
    print(f"| rule | {' | '.join(options.worlds)} | farthest from 5% | mean half-width |")
    print("|---|" + "---|" * (len(options.worlds) + 2))
    for name, own in rules(table).items():
        p = 2 * stats.t.sf(np.abs(own["estimate"] / own["error"]), own["df"])
        rates = own.assign(rejects=p <= 0.05).pivot_table("rejects", "world", "day")
        half = float((own["error"] * stats.t.ppf(0.975, own["df"])).mean())
        cells = [" / ".join(f"{rates.loc[world, day]:.1%}" for day in CONTRAST_DAYS) for world in options.worlds]
        far = rates.to_numpy().ravel()[np.abs(rates.to_numpy().ravel() - 0.05).argmax()]
        print(f"| {name} | {' | '.join(cells)} | {far:.1%} | {half:.1f} |")


if __name__ == "__main__":
    main()
