"""Rules for the covariance of the model-based answer: how often each rejects where nothing differs, at every day.

    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python benchmarks/inference/covariance_rules.py --studies 500

Worlds are those of null_studies.py: 21 daily visits, no covariates, a spline of days per arm, Kenward-Roger. Every rung
is fitted to every study; a rule takes one of the fits, or joins them. Studies of a group share the days measured and
thus a design, so that most fits are found together from a neighbour's. Rates are conditional expectations
(conditional_rates.py), counts where values are not normal. Each world has random numbers of its own.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from conditional_rates import best_estimator, counted, rejection
from null_studies import DAYS, ROOT, WORLDS, World, tables, values
from scipy import stats

from historical_controls.analysis.model.ladder import FAILURES, fit_rung
from historical_controls.analysis.model.mean_model import build_mean_model, difference_rows
from historical_controls.analysis.model.model_data import model_data
from historical_controls.config.analysis.analysis import Analysis, CovarianceRung
from historical_controls.dictionary.dictionary import Dictionary, load_dictionary
from historical_controls.generate.runs import run_line
from historical_controls.mixed_model.design.arrays import Design
from historical_controls.mixed_model.design.design import fixed_rows
from historical_controls.mixed_model.fits.gaussian import MixedModelFit, fit_design
from historical_controls.mixed_model.fits.responses import fit_responses
from historical_controls.mixed_model.fits.small_samples import share_small_samples
from historical_controls.mixed_model.likelihood.optimiser import Control

CONTRAST_DAYS = (7, 14, 21)
RUNGS = {
    "intercept, two scales": ("1", "two_scales"),
    "slopes, one scale": ("1 + day", "one_scale"),
    "slopes, two scales": ("1 + day", "two_scales"),
}
DEFAULT = ["intercept, two scales", "slopes, two scales"]
# Studies that share a design, and the fits of them that are found together.
GROUP, TOGETHER = 200, 50
KEY = ["world", "study", "day"]
# Effect for the power, in mmHg: 1.5 SD of controls, as in error_rates.py.
EFFECT = 73.0
NORMAL = float(stats.norm.ppf(0.975))
REASONS = (
    "has an intercept alone",
    "mean square of the best estimator over its variance",
    "mean SE^2 over mean square of the estimate",
    "harmonic mean of the df",
    "correlation of log df and log SE",
    "rejects with the df fixed at that mean",
    "rejects at the first day by quarters of the df",
)


@dataclass(frozen=True)
class Rows:
    """L of the difference, and of either arm's mean, at the contrast days (days, p)."""

    difference: np.ndarray
    treated: np.ndarray
    historical: np.ndarray


def rung(name: str) -> CovarianceRung:
    random, per_arm = RUNGS[name]
    return CovarianceRung.model_construct(id=name, random=random, residual="car1", per_arm=per_arm)


def answers(world: str, studies: int, n_treated: int, n_controls: int) -> Iterator[dict[str, object]]:
    """One row per study, rung and day: criterion, parameters, estimate, standard error, df."""
    dictionary = load_dictionary(ROOT / "data/dictionary")
    rng = np.random.default_rng([20200501, list(WORLDS).index(world), n_controls])
    for first in range(0, studies, GROUP):
        size = min(GROUP, studies - first)
        y = np.array([values(rng, WORLDS[world], n_treated, n_controls) for _ in range(size)])
        y[:, rng.random(y.shape[1:]) < WORLDS[world].missing] = np.nan
        for row in of_group(y, WORLDS[world], n_treated, dictionary):
            yield {"world": world, **row, "study": first + row["study"]}


def of_group(y: np.ndarray, world: World, n_treated: int, dictionary: Dictionary) -> Iterator[dict[str, int | float]]:
    """The rows of studies y (B, n, days) that share the days measured."""
    settings = Analysis.model_validate({"days": list(CONTRAST_DAYS), "adjust_for_baseline": False, "covariates": []})
    data = model_data(dictionary.outcomes["PF"], *tables(y[0], n_treated), settings, dictionary)
    mean = build_mean_model(data, settings)
    for number, name in enumerate(RUNGS):
        start = fit_rung(mean, rung(name), settings)
        arms = [fixed_rows(start.design, pd.DataFrame({"day": CONTRAST_DAYS, "treated": arm})) for arm in (1.0, 0.0)]
        rows = Rows(difference_rows(start, mean, CONTRAST_DAYS), *arms)
        best = best_estimator(start.design, world, rows.difference)
        own = responses(start.design, y)
        for study, fit in enumerate(_fits(start.design, own)):
            for day, row in enumerate(_of_fit(fit, rows)):
                known = {"best": best.weights[day] @ own[study], "sd": best.sd[day]}
                yield {"study": study, "rung": number, "day": CONTRAST_DAYS[day], **row, **known}


def responses(design: Design, y: np.ndarray) -> np.ndarray:
    """Values of studies (B, n, days) in the order of the design's rows (B, N)."""
    rows = design.data.iloc[design.row]
    patient = rows["subject"].str.slice(3).astype(int).to_numpy()
    return y[:, patient, rows["day"].to_numpy(dtype=int) - DAYS[0]]


def _fits(design: Design, y: np.ndarray) -> Iterator[MixedModelFit | None]:
    """The fit to each response, small-sample states computed together; None without convergence."""
    for first in range(0, len(y), TOGETHER):
        group = y[first : first + TOGETHER]
        fits = list(fit_responses(fit_design(replace(design, y=group[0]), Control()), group))
        share_small_samples([fit for fit in fits if fit is not None], "kenward-roger")
        yield from fits


def _of_fit(fit: MixedModelFit | None, rows: Rows) -> list[dict[str, float]]:
    """Answers of one fit at the contrast days, none where it has no inference."""
    if fit is None:
        return []
    try:
        both = [fit.contrasts(L, "kenward-roger") for L in (rows.difference, rows.treated, rows.historical)]
    except FAILURES:
        return []
    size = {"criterion": -2 * fit.loglik, "parameters": len(fit.point.theta)}
    return [
        {
            **size,
            "estimate": one.estimate,
            "error": one.standard_error,
            "df": one.df,
            "treated_df": treated.df,
            "second_order": second_order(
                np.array([treated.standard_error, historical.standard_error]) ** 2,
                np.array([treated.df, historical.df]),
            ),
        }
        for one, treated, historical in zip(*both, strict=True)
    ]


def second_order(variances: np.ndarray, df: np.ndarray) -> float:
    """What Welch's expansion of the critical value at 5% adds to Student's t at Satterthwaite's df, in second order.

    variances, df (2,): squared standard errors of two independent means and their degrees of freedom. It is zero where
    one mean has no error. Welch 1947, Biometrika 34:28-35; Aspin & Welch 1949, Biometrika 36:290-296.
    """
    z, share = NORMAL, variances / variances.sum()
    first = (share**2 / df).sum()
    squares, cubes = (share**2 / df**2).sum(), (share**3 / df**2).sum()
    return float(z * ((3 + 5 * z**2 + z**4) / 3 * (cubes - first**2) - (1 + z**2) / 2 * (squares - first**2)))


def chosen(table: pd.DataFrame, names: list[str], penalty: float = 2.0) -> pd.DataFrame:
    """The rung with the smallest criterion."""
    own = _of_rungs(table, names)
    value = (own["criterion"] + penalty * own["parameters"]).round(6)
    return own.loc[value.groupby([own[name] for name in KEY]).idxmin()]


def averaged(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Akaike weights; the error allows for the choice (Burnham & Anderson 2002, Model Selection, eq. 4.9)."""
    own = _of_rungs(table, names)
    aic = own["criterion"] + 2 * own["parameters"]
    groups = [own[name] for name in KEY]
    weight = np.exp(-(aic - aic.groupby(groups).transform("min")) / 2)
    own["weight"] = weight / weight.groupby(groups).transform("sum")
    mean = (own["weight"] * own["estimate"]).groupby(groups).transform("sum")
    own["error"] = own["weight"] * np.hypot(own["error"], own["estimate"] - mean)
    own["inverse"] = own["weight"] / own["df"]
    own["estimate"] = own["weight"] * own["estimate"]
    joined = own.groupby(KEY)[["estimate", "error", "inverse"]].sum()
    joined = joined.join(own.groupby(KEY)[["best", "sd"]].first()).reset_index()
    return joined.assign(critical=stats.t.ppf(0.975, 1 / joined["inverse"]))


def widest(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The rung with the longest interval."""
    own = _of_rungs(table, names)
    return own.loc[(own["error"] * own["critical"]).groupby([own[name] for name in KEY]).idxmax()]


def _of_rungs(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return table[table["rung"].isin([list(RUNGS).index(name) for name in names])].copy()


def rules(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    two, one, slopes = RUNGS
    default = chosen(table, DEFAULT)
    fewer = stats.t.ppf(0.975, default[["df", "treated_df"]].min(axis=1))
    return {
        **{f"always {name}": _of_rungs(table, [name]) for name in RUNGS},
        "criterion: intercept two, slopes one (former default)": chosen(table, [two, one]),
        "criterion: intercept two, slopes two (default)": default,
        "criterion: all three": chosen(table, [two, one, slopes]),
        "BIC: intercept two, slopes two": chosen(table, DEFAULT, np.log(30)),
        "averaged: intercept two, slopes two": averaged(table, DEFAULT),
        "averaged: all three": averaged(table, [two, one, slopes]),
        "widest: intercept two, slopes two": widest(table, DEFAULT),
        "default, Welch's expansion to second order": default.assign(
            critical=default["critical"] + default["second_order"]
        ),
        "default, df of treated patients' mean if fewer": default.assign(critical=fewer),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--studies", type=int, default=100)
    parser.add_argument("--treated", type=int, default=5)
    parser.add_argument("--controls", type=int, default=25)
    parser.add_argument("--worlds", nargs="+", choices=list(WORLDS), default=list(WORLDS))
    options = parser.parse_args()
    found = (answers(world, options.studies, options.treated, options.controls) for world in options.worlds)
    table = pd.DataFrame(itertools.chain.from_iterable(found))
    table = table.assign(critical=stats.t.ppf(0.975, table["df"]))
    print(run_line(__file__) + "\n")
    print(f"| rule | {' | '.join(options.worlds)} | farthest from 5% | mean half-width | mean power |")
    print("|---|" + "---|" * (len(options.worlds) + 3))
    by_rule = rules(table)
    for name, own in by_rule.items():
        print(_line(name, own, rejection(own), options.worlds))
    default = by_rule["criterion: intercept two, slopes two (default)"]
    print(_line("default, counted", default, counted(default), options.worlds))
    errors = default.assign(rejects=rejection(default)).pivot_table("rejects", "world", "day", "sem")
    normal = [name for name in options.worlds if not WORLDS[name].heavy]
    largest = errors.reindex(normal).max(axis=None)
    print(f"\nMonte Carlo error of the default's rates in worlds of normal values: at most {largest:.2%}\n")
    print(f"| world | rule | {' | '.join(REASONS)} |")
    print("|---|" + "---|" * (len(REASONS) + 1))
    for world, (name, own) in itertools.product(normal, by_rule.items()):
        if name.endswith((*DEFAULT, "(default)")):
            cells = reasons(own[own["world"] == world])
            print(f"| {world} | {name} | {' | '.join(cells)} |")


def reasons(own: pd.DataFrame) -> list[str]:
    """Cells for REASONS of one rule in one world of normal values, at the contrast days."""
    days = [own[own["day"] == day] for day in CONTRAST_DAYS]
    # Student's quantile is nearly linear in 1 / df: hence the harmonic mean.
    means = [float(stats.hmean(one["df"])) for one in days]
    fixed = [one.assign(critical=stats.t.ppf(0.975, df)) for one, df in zip(days, means, strict=True)]
    quarters = rejection(days[0]).groupby(pd.qcut(days[0]["df"], 4, labels=False)).mean()
    return [
        f"{own['rung'].eq(0).mean():.0%}",
        " / ".join(f"{(one['best'] ** 2 / one['sd'] ** 2).mean():.3f}" for one in days),
        " / ".join(f"{(one['error'] ** 2).mean() / mean_square(one):.3f}" for one in days),
        " / ".join(f"{df:.1f}" for df in means),
        " / ".join(f"{np.corrcoef(np.log(one['df']), np.log(one['error']))[0, 1]:.2f}" for one in days),
        " / ".join(f"{rejection(one).mean():.1%}" for one in fixed),
        ", ".join(f"{rate:.1%}" for rate in quarters),
    ]


def mean_square(own: pd.DataFrame) -> float:
    """Expected square of the estimate without any effect, given the error contrasts."""
    return float((own["sd"] ** 2 + (own["estimate"] - own["best"]) ** 2).mean())


def _line(name: str, own: pd.DataFrame, rejects: pd.Series, worlds: list[str]) -> str:
    """One rule: rates by world and day, the farthest from 5%, mean half-width, mean power against EFFECT."""
    rates = own.assign(rejects=rejects).pivot_table("rejects", "world", "day")
    cells = [" / ".join(f"{rates.loc[world, day]:.1%}" for day in CONTRAST_DAYS) for world in worlds]
    far = rates.to_numpy().ravel()[np.abs(rates.to_numpy().ravel() - 0.05).argmax()]
    half = float((own["error"] * own["critical"]).mean())
    power = float(rejection(own, EFFECT).mean())
    return f"| {name} | {' | '.join(cells)} | {far:.1%} | {half:.1f} | {power:.1%} |"


if __name__ == "__main__":
    main()
