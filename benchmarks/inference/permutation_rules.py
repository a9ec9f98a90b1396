"""Which statistic of relabelled patients keeps its level where the treated vary more or less than the controls.

    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python benchmarks/inference/permutation_rules.py

One value a patient, the controls' SD 1, that of the treated in the head of a column; rejections with normal values /
with heavy tails (t with 3 df). Every rule answers the same studies by the same labellings. Power: of a difference of
1.5 where both SDs are 1 and values are normal.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from historical_controls.generate.runs import run_line
from historical_controls.inference.permutation.welch import normal_deviate

Array = NDArray[np.float64]
SEED = 20261130
SPREADS = (0.5, 1.0, 1.5, 2.0, 3.0)
EFFECT = 1.5
TOGETHER = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=10_000)
    parser.add_argument("--labellings", type=int, default=1000)
    parser.add_argument("--treated", type=int, nargs="+", default=[3, 5])
    parser.add_argument("--controls", type=int, nargs="+", default=[10, 25, 50])
    options = parser.parse_args()
    print(run_line(__file__) + "\n")
    heads = [f"SD {spread:g}" for spread in SPREADS]
    print("| treated v controls | rule | " + " | ".join(heads) + " | power |")
    print("|---" * (len(heads) + 3) + "|")
    for k, m in product(options.treated, options.controls):
        cells = [[rejections(k, m, spread, heavy, 0.0, options) for heavy in (False, True)] for spread in SPREADS]
        power = rejections(k, m, 1.0, False, EFFECT, options)
        for rule in RULES:
            rates = " | ".join(f"{normal[rule]:.1%} / {heavy[rule]:.1%}" for normal, heavy in cells)
            print(f"| {k} v {m} | {rule} | {rates} | {power[rule]:.1%} |", flush=True)


def rejections(
    k: int, m: int, spread: float, heavy: bool, effect: float, options: argparse.Namespace
) -> dict[str, float]:
    """Share of studies that each rule rejects at 5%."""
    rng = np.random.default_rng([SEED, k, m, round(10 * spread), heavy])
    n = k + m
    treated = np.arange(n) < k
    # The observed labelling first; the same ones in all studies of a size.
    labels = np.stack([treated, *(rng.permutation(treated) for _ in range(options.labellings - 1))]).astype(float)
    hits = dict.fromkeys(RULES, 0)
    for _ in range(-(-options.studies // TOGETHER)):
        y = rng.standard_t(3, size=(TOGETHER, n)) / np.sqrt(3) if heavy else rng.normal(size=(TOGETHER, n))
        y[:, treated] = spread * y[:, treated] + effect
        for rule, p_values in RULES.items():
            hits[rule] += int((p_values(y, labels) <= 0.05).sum())
    return {rule: hit / (TOGETHER * -(-options.studies // TOGETHER)) for rule, hit in hits.items()}


def welch(y: Array, labels: Array, scale: tuple[Array, Array] = (np.ones(1), np.ones(1))) -> tuple[Array, Array]:
    """t and its df (S, B) of values (S, n) under labellings (B, n).

    scale (S, 1): what the values of those labelled treated, and of the others, are multiplied by.
    """
    k = labels[0].sum()
    m = labels.shape[1] - k
    one, squares = y @ labels.T, y**2 @ labels.T
    other, rest = y.sum(axis=1, keepdims=True) - one, (y**2).sum(axis=1, keepdims=True) - squares
    v = scale[0] ** 2 * (squares - one**2 / k) / (k - 1) / k
    w = scale[1] ** 2 * (rest - other**2 / m) / (m - 1) / m
    df = (v + w) ** 2 / (v**2 / (k - 1) + w**2 / (m - 1))
    return (scale[0] * one / k - scale[1] * other / m) / np.sqrt(v + w), df


def _shares(size: Array) -> Array:
    """Of labellings at least as large as the observed one, which is the first."""
    return np.asarray((size >= size[:, :1] * (1 - 1e-9)).mean(axis=1))


def difference(y: Array, labels: Array) -> Array:
    """Means alone, by no spread."""
    return _shares(np.abs((y - y.mean(axis=1, keepdims=True)) @ labels.T))


def studentised(y: Array, labels: Array) -> Array:
    """Welch's t whatever its df, the former default."""
    return _shares(np.abs(welch(y, labels)[0]))


def with_df(y: Array, labels: Array) -> Array:
    """Welch's t as the deviate of its df (IN-19), the default."""
    t, df = welch(y, labels)
    return _shares(normal_deviate(t**2, df))


def student(y: Array, labels: Array) -> Array:
    """Welch's t test, without labellings."""
    t, df = welch(y, labels[:1])
    return np.asarray(2 * stdtr(df[:, 0], -np.abs(t[:, 0])))


def larger(y: Array, labels: Array) -> Array:
    """The larger p of the former default and of Welch's t test."""
    return np.maximum(studentised(y, labels), student(y, labels))


def own_scale(y: Array, labels: Array) -> Array:
    """Residuals in units of their arm's SD are exchanged, and put on the scale of the arm they come to."""
    treated = labels[0] > 0
    arms = y[:, treated], y[:, ~treated]
    means, sds = ([f(arm) for arm in arms] for f in (_mean, _sd))
    precision = [arm.shape[1] / sd**2 for arm, sd in zip(arms, sds, strict=True)]
    # The mean of both, each by its precision: without a difference it is that of either.
    common = (precision[0] * means[0] + precision[1] * means[1]) / (precision[0] + precision[1])
    residuals = np.hstack([(arm - common) / sd for arm, sd in zip(arms, sds, strict=True)])
    return _shares(np.abs(welch(residuals, labels, (sds[0], sds[1]))[0]))


def _mean(arm: Array) -> Array:
    return np.asarray(arm.mean(axis=1, keepdims=True))


def _sd(arm: Array) -> Array:
    return np.asarray(arm.std(axis=1, ddof=1, keepdims=True))


RULES: dict[str, Callable[[Array, Array], Array]] = {
    "Welch's t with its df (default)": with_df,
    "Welch's t whatever its df (former default)": studentised,
    "larger p of that and of Welch's t test": larger,
    "residuals on each arm's own scale": own_scale,
    "difference of means": difference,
    "Welch's t test": student,
}

if __name__ == "__main__":
    main()
