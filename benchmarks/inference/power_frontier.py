"""Power against worst error: what knowing more of the treated patients' spread would gain (README.md).

    OMP_NUM_THREADS=1 python benchmarks/inference/power_frontier.py --studies 40000

5 treated patients against 30 controls, one value each, an effect of 1.5 SD of the controls; the treated patients' SD is
0.5 to 2 times the controls'. 25 other outcomes of the same patients (any two with correlation 0.3), or six other days
of the same outcome (correlation 0.7), may tell the ratio of SDs. Errors are the worst over ratios and over three worlds
of the other outcomes: they share the ratio; their own ratios scatter around it (SD 0.35 of the logarithm; other days
0.1); or they have a ratio of 1 while the outcome asked about, at all its days, has another.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.special import digamma, polygamma

from historical_controls.generate.runs import run_line

Array = NDArray[np.float64]
HERE = Path(__file__).resolve().parent
N1, N0, EFFECT = 5, 30, 1.5
OUTCOMES, DAYS = 25, 6
ALIKE, ALIKE_DAYS, SCATTER, SCATTER_DAYS = 0.3, 0.7, 0.35, 0.1
RATIOS = (0.5, 0.71, 1.0, 1.41, 2.0)
WORLDS = ("others share the ratio", "others scatter around it", "others have a ratio of 1")
SEED, AT_ONCE, LEVEL = 20261129, 2000, 0.05


@dataclass(frozen=True)
class Summaries:
    """Of B studies: difference of means and variances by arm (B,), those of the other outcomes (B, 25) and days (B, 6),
    mean squared correlation between days among controls (B,), the true variance ratio."""

    difference: Array
    own: tuple[Array, Array]
    others: tuple[Array, Array]
    days: tuple[Array, Array]
    alike2: Array
    ratio2: float


def draw(rng: np.random.Generator, studies: int, ratio: float, world: str) -> Summaries:
    """Null studies; an effect is added to the difference alone."""
    spread = np.full((studies, OUTCOMES), 1.0 if world == WORLDS[2] else ratio)
    day_spread = np.full((studies, DAYS), ratio)
    if world == WORLDS[1]:
        spread = spread * np.exp(SCATTER * rng.standard_normal(spread.shape))
        day_spread = day_spread * np.exp(SCATTER_DAYS * rng.standard_normal(day_spread.shape))
    one = _arm(rng, N1, np.full(studies, ratio), spread, day_spread)
    zero = _arm(rng, N0, np.ones(studies), np.ones_like(spread), np.ones_like(day_spread))
    pairs = [(a.var(axis=-1, ddof=1), b.var(axis=-1, ddof=1)) for a, b in zip(one, zero, strict=True)]
    own, others, days = pairs
    return Summaries(one[0].mean(axis=-1) - zero[0].mean(axis=-1), own, others, days, _alike2(zero[2]), ratio**2)


def _arm(rng: np.random.Generator, n: int, own: Array, spread: Array, day_spread: Array) -> tuple[Array, Array, Array]:
    """Values (B, n), those of the other outcomes (B, 25, n) and of other days (B, 6, n)."""
    z = _correlated(rng, (len(own), 1 + OUTCOMES, n), ALIKE)
    # Other days share with the value asked about what they share with each other.
    later = math.sqrt(1 - ALIKE_DAYS) * rng.standard_normal((len(own), 1 + DAYS, n))
    level = math.sqrt(ALIKE_DAYS) * z[:, :1]
    days = (level + later) * np.column_stack([own, day_spread])[..., None]
    return days[:, 0], z[:, 1:] * spread[..., None], days[:, 1:]


def _alike2(days: Array) -> Array:
    """Mean squared correlation between days (B, 6, n), less what chance adds to it."""
    centred = days - days.mean(axis=-1, keepdims=True)
    unit = centred / np.sqrt((centred**2).sum(axis=-1, keepdims=True))
    squares = (unit @ unit.swapaxes(-1, -2)) ** 2
    mean = (squares.sum(axis=(-1, -2)) - DAYS) / (DAYS * (DAYS - 1))
    return np.clip((mean * (N0 - 1) - 1) / (N0 - 2), 0.0, 1.0)


def _correlated(rng: np.random.Generator, shape: tuple[int, ...], correlation: float) -> Array:
    common = rng.standard_normal((shape[0], 1, shape[2]))
    return math.sqrt(correlation) * common + math.sqrt(1 - correlation) * rng.standard_normal(shape)


@dataclass(frozen=True)
class Error:
    """Standard error of the difference and its degrees of freedom, (B,) each."""

    size: Array
    df: Array


def _two_variances(first: Array, second: Array, df1: Array | float) -> Error:
    """Satterthwaite's rule for a variance of the treated patients with df1 degrees of freedom."""
    a, b = first / N1, second / N0
    return Error(np.sqrt(a + b), (a + b) ** 2 / (a**2 / df1 + b**2 / (N0 - 1)))


def oracle(one: Summaries) -> Error:
    size = np.full(len(one.difference), math.sqrt(one.ratio2 / N1 + 1 / N0))
    return Error(size, np.full_like(size, np.inf))


def pooled(one: Summaries) -> Error:
    s2 = ((N1 - 1) * one.own[0] + (N0 - 1) * one.own[1]) / (N1 + N0 - 2)
    return Error(np.sqrt(s2 * (1 / N1 + 1 / N0)), np.full_like(s2, N1 + N0 - 2))


def welch(one: Summaries) -> Error:
    return _two_variances(*one.own, N1 - 1)


def pretested(one: Summaries) -> Error:
    """Pooled unless an F test at 25% finds the variances to differ."""
    F = one.own[0] / one.own[1]
    p = 2 * np.minimum(stats.f.cdf(F, N1 - 1, N0 - 1), stats.f.sf(F, N1 - 1, N0 - 1))
    both = pooled(one), welch(one)
    return Error(*(np.where(p > 0.25, a, b) for a, b in zip(*((e.size, e.df) for e in both), strict=True)))


def declared_prior(subjects: float) -> Callable[[Summaries], Error]:
    """A ratio of 1 declared beforehand, worth so many degrees of freedom of the treated patients' variance."""

    def rule(one: Summaries) -> Error:
        drawn = (subjects * one.own[1] + (N1 - 1) * one.own[0]) / (subjects + N1 - 1)
        return _two_variances(drawn, one.own[1], subjects + N1 - 1)

    return rule


def other_days(one: Summaries) -> Error:
    """One ratio for all days: the mean of the days' variances, with df for their correlation among controls."""
    own, rest = (np.column_stack([now, later]).mean(axis=1) for now, later in zip(one.own, one.days, strict=True))
    df = (N1 - 1) * (1 + DAYS) / (1 + DAYS * one.alike2)
    return _two_variances(own / rest * one.own[1], one.own[1], df)


def empirical_bayes(one: Summaries) -> Error:
    """The treated patients' variance drawn towards the ratio of the other outcomes (Smyth 2004, SAGMB 3:3)."""
    z = np.log(one.others[0] / one.others[1])
    d1, d0 = N1 - 1, N0 - 1
    # Mean and variance of log F with these degrees of freedom around the log of the true ratio.
    centre = z.mean(axis=1) - (digamma(d1 / 2) - math.log(d1 / 2)) + (digamma(d0 / 2) - math.log(d0 / 2))
    left = z.var(axis=1, ddof=1) / (1 - ALIKE**2) - polygamma(1, d1 / 2) - polygamma(1, d0 / 2)
    prior = _trigamma_inverse(np.maximum(left, 1e-3))
    # The centre of the other outcomes has an error of its own: as much as from so many outcomes with these df.
    prior = np.minimum(2 * prior, (d1 * OUTCOMES) / (1 + (OUTCOMES - 1) * ALIKE**2))
    drawn = (prior * np.exp(centre) * one.own[1] + d1 * one.own[0]) / (prior + d1)
    return _two_variances(drawn, one.own[1], prior + d1)


def _trigamma_inverse(y: Array) -> Array:
    """Newton on 1 / trigamma, which is nearly linear (Smyth 2004, appendix)."""
    x = 0.5 + 1 / y
    for _ in range(8):
        first = polygamma(1, x)
        x = x + first * (1 - first / y) / polygamma(2, x)
    return np.asarray(x)


def larger_of(one: Summaries) -> Error:
    """Empirical Bayes, but never a smaller variance than Welch's by more than a half."""
    drawn, own = empirical_bayes(one), welch(one)
    return Error(np.maximum(drawn.size, own.size / math.sqrt(2)), np.where(drawn.size < own.size, own.df, drawn.df))


RULES: dict[str, Callable[[Summaries], Error]] = {
    "oracle: both variances known": oracle,
    "pooled t": pooled,
    "Welch": welch,
    "pooled unless F test at 25%": pretested,
    "declared prior, ratio 1, 1 df": declared_prior(1),
    "declared prior, ratio 1, 2 df": declared_prior(2),
    "declared prior, ratio 1, 4 df": declared_prior(4),
    "declared prior, ratio 1, 8 df": declared_prior(8),
    "one ratio for all days": other_days,
    "empirical Bayes, other outcomes": empirical_bayes,
    "the same, variance at least half of Welch's": larger_of,
}


def rates(studies: int) -> Iterator[dict[str, object]]:
    """Error and power of every rule by world and ratio."""
    for world in WORLDS:
        for place, ratio in enumerate(RATIOS):
            rng = np.random.default_rng([SEED, WORLDS.index(world), place])
            counts: dict[str, list[int]] = {rule: [0, 0] for rule in RULES}
            for first in range(0, studies, AT_ONCE):
                one = draw(rng, min(AT_ONCE, studies - first), ratio, world)
                for rule, error_of in RULES.items():
                    error = error_of(one)
                    for which, effect in enumerate((0.0, EFFECT)):
                        p = 2 * stats.t.sf(np.abs(one.difference + effect) / error.size, error.df)
                        counts[rule][which] += int((p <= LEVEL).sum())
            for rule, (wrong, right) in counts.items():
                yield {"world": world, "ratio": ratio, "rule": rule, "error": wrong / studies, "power": right / studies}


def frontier(table: pd.DataFrame) -> pd.DataFrame:
    """One row a rule: power where the SDs are equal, the worst error, and where it is."""
    equal = table[(table["ratio"] == 1) & (table["world"] == WORLDS[0])].set_index("rule")["power"]
    worst = table.loc[table.groupby("rule", sort=False)["error"].idxmax()].set_index("rule")
    agree = table[table["world"] == WORLDS[0]].groupby("rule")["error"].max()
    out = pd.DataFrame(
        {"power": equal, "of_oracle": equal / equal["oracle: both variances known"], "worst": worst["error"]}
    )
    return out.assign(worst_where_shared=agree, at_ratio=worst["ratio"], in_world=worst["world"]).loc[list(RULES)]


def markdown(table: pd.DataFrame) -> str:
    """The table of README.md."""
    lines = ["| | rule | power, equal SDs | of the oracle's | worst error, ratio shared | worst error of all | where |"]
    lines.append("|---|---|---|---|---|---|---|")
    for number, (rule, row) in enumerate(table.iterrows(), start=1):
        where = f"ratio {row['at_ratio']:g}, {row['in_world']}"
        numbers = (f"{row[name]:.1%}" for name in ("power", "of_oracle", "worst_where_shared", "worst"))
        lines.append(f"| {number} | {rule} | {' | '.join(numbers)} | {where} |")
    return "\n".join(lines)


def draw_figure(table: pd.DataFrame, path: Path) -> None:
    from matplotlib import rcParams
    from matplotlib.figure import Figure
    from matplotlib.ticker import MultipleLocator

    rcParams["svg.hashsalt"] = "power_frontier"
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    axes = figure.add_subplot()
    axes.axvspan(0, 0.06, color="#eef1f5", lw=0)
    axes.axhline(0.9 * table["power"].iloc[0], color="#777777", lw=0.8, ls=":")
    for number, (_, row) in enumerate(table.iterrows()):
        axes.plot([row["worst_where_shared"], row["worst"]], [row["power"]] * 2, color="#4C6A92", lw=0.8)
        axes.plot(row["worst_where_shared"], row["power"], "o", mfc="white", color="#4C6A92", ms=5)
        axes.plot(row["worst"], row["power"], "o", color="#4C6A92", ms=5)
        axes.annotate(str(number + 1), (row["worst"], row["power"]), (5, 4), textcoords="offset points", fontsize=8)
    axes.set(
        xlabel="worst error (open: other outcomes share the ratio; filled: any world)", ylabel="power at equal SDs"
    )
    axes.set_xlim(left=0.03)
    axes.xaxis.set_major_locator(MultipleLocator(0.05))
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
    axes.yaxis.set_major_formatter(lambda y, _: f"{y:.0%}")
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=40_000)
    parser.add_argument("--figure", type=Path, help="where to draw the figure")
    options = parser.parse_args()
    table = frontier(pd.DataFrame(rates(options.studies)))
    print(run_line(__file__) + "\n")
    print(markdown(table))
    if options.figure is not None:
        draw_figure(table, options.figure)


if __name__ == "__main__":
    main()
