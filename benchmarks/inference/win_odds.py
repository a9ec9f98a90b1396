"""Rules for the interval of the win odds: how often they cover and reject, for normal values of few treated.

    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python benchmarks/inference/win_odds.py --studies 1000

Each rule is one statistic and one critical value, so that its p-value and its interval are one test. Shifts of the
treated and the ratio of standard deviations are in those of the controls. Complete separation counts: rules on the
logit then take half a tied pair for the limit towards even odds, and have no other limit.
"""

from __future__ import annotations

import argparse
import itertools

import numpy as np
from scipy import stats

from historical_controls.inference import draw_labels, relative_effect
from historical_controls.inference.labels import Labels

SHIFTS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
SPREADS = (0.5, 1.0, 2.0)
LEVEL = 0.95
Interval = tuple[float, float]


def moments(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, int, int]:
    """Share of wins and the two variances of placements, by labelling (B,)."""
    wins = (np.sign(scores[:, None] - scores[None, :]) + 1) / 2
    np.fill_diagonal(wins, 0)
    t = labels.astype(float)
    n1, n0 = int(t[0].sum()), int((1 - t[0]).sum())
    over = t @ wins.T
    own, other = (wins.sum(axis=1) - over) / n0, over / n1
    theta = (own * t).sum(axis=1) / n1
    s1 = ((own - theta[:, None]) ** 2 * t).sum(axis=1) / (n1 - 1)
    s0 = ((other - 1 + theta[:, None]) ** 2 * (1 - t)).sum(axis=1) / (n0 - 1)
    return theta, s1, s0, n1, n0


def farthest(size: np.ndarray) -> float:
    """The largest statistic that the permutations do not reject."""
    ordered = np.sort(size)
    p = 1 - np.searchsorted(ordered, ordered - 1e-9 * ordered[-1]) / len(ordered)
    return float(ordered[p > 1 - LEVEL].max())


def wilson(theta: float, k: float) -> Interval:
    middle, half = theta + k / 2, np.sqrt(k * theta * (1 - theta) + k**2 / 4)
    return (middle - half) / (1 + k), (middle + half) / (1 + k)


def former(theta: float, se: float, c: float) -> Interval:
    """The chord of the logit towards 1/2, its tangent away from it: the rule until this one."""
    logit, tangent = np.log(theta / (1 - theta)), 1 / (theta * (1 - theta))
    chord = logit / (theta - 0.5) if abs(theta - 0.5) > 1e-9 else tangent
    below, above = (chord, tangent) if theta > 0.5 else (tangent, chord)
    return expit(logit - c * se * below), expit(logit + c * se * above)


def expit(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def rules(scores: np.ndarray, labels: Labels) -> dict[str, Interval]:
    """Interval of the share of wins by each rule."""
    theta, s1, s0, n1, n0 = moments(scores, labels.matrix)
    se = np.sqrt(np.maximum(s1 / n1 + s0 / n0, 1 / (2 * (n1 * n0) ** 2)))
    inside = np.clip(theta, 1 / (2 * n1 * n0), 1 - 1 / (2 * n1 * n0))
    logit, slope = np.log(inside / (1 - inside)), 1 / (inside * (1 - inside))
    chosen = relative_effect(scores, labels, LEVEL)
    shares = tuple(odds / (1 + odds) if np.isfinite(odds) else 1.0 for odds in (chosen.lower, chosen.upper))
    out = {"Wilson, dispersion drawn to 1/2, t and permutation": (shares[0], shares[1])}
    for name, subjects, prior in (("1/3", 2, 1 / 3), ("0.7", 1, 0.7)):
        for critical in ("permutation", "t"):
            out[f"Wilson, dispersion drawn to {name}, {critical}"] = drawn(
                theta, (s1, s0), (n1, n0), (subjects, prior), critical
            )
    own = (s1[0] / n1) ** 2 / (n1 - 1) + (s0[0] / n0) ** 2 / (n0 - 1)
    df = se[0] ** 4 / own if own > 0 else n1 - 1
    for name, c in (
        ("logit, permutation", farthest(np.abs(logit) / (se * slope))),
        ("logit, t", float(stats.t.ppf(0.5 + LEVEL / 2, df))),
    ):
        reach = c * se[0] * slope[0]
        out[name] = (expit(logit[0] - reach), expit(logit[0] + reach))
    out["former"] = former(float(inside[0]), float(se[0]), farthest(np.abs(theta - 0.5) / se))
    for name in ("logit, permutation", "logit, t", "former"):
        lower, upper = out[name]
        out[name] = (0.0 if theta[0] == 0 else lower, 1.0 if theta[0] == 1 else upper)
    return out


def drawn(
    theta: np.ndarray,
    variances: tuple[np.ndarray, np.ndarray],
    sizes: tuple[int, int],
    prior: tuple[float, float],
    critical: str,
) -> Interval:
    """Wilson's interval with a dispersion drawn to a prior one that counts as much as so many subjects."""
    unit, (subjects, centre), parts = theta * (1 - theta), prior, []
    for s, n, other in zip(variances, sizes, sizes[::-1], strict=True):
        own = np.where(unit > 1e-12, s / np.where(unit > 1e-12, unit, 1), 1 / other)
        parts.append(((n - 1) * own + subjects * centre) / (n - 1 + subjects) / n)
    total = parts[0] + parts[1]
    df = total**2 / sum(part**2 / (n - 1 + subjects) for part, n in zip(parts, sizes, strict=True))
    permuted = critical == "permutation"
    c = farthest(np.abs(theta - 0.5) / np.sqrt(total / 4)) if permuted else stats.t.ppf(0.5 + LEVEL / 2, df[0])
    return wilson(float(theta[0]), float(c**2 * total[0]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--treated", type=int, default=5)
    parser.add_argument("--controls", type=int, nargs="+", default=[10, 25, 50])
    options = parser.parse_args()
    cells = list(itertools.product(options.controls, SPREADS, SHIFTS))
    covers: dict[str, list[float]] = {}
    rejects: dict[str, list[float]] = {}
    for controls, spread, shift in cells:
        rng = np.random.default_rng([20200501, controls, int(10 * spread), int(10 * shift)])
        treated = np.arange(options.treated + controls) < options.treated
        labels = draw_labels(treated, 1, exact_up_to=0, draws=400)
        truth = stats.norm.cdf(shift / np.sqrt(1 + spread**2))
        given: dict[str, list[Interval]] = {}
        for _ in range(options.studies):
            values = rng.normal(size=len(treated)) * np.where(treated, spread, 1) + shift * treated
            for name, interval in rules(values, labels).items():
                given.setdefault(name, []).append(interval)
        for name, rows in given.items():
            lower, upper = np.array(rows).T
            covers.setdefault(name, []).append(float(np.mean((lower <= truth) & (truth <= upper))))
            rejects.setdefault(name, []).append(float(np.mean((lower > 0.5) | (upper < 0.5))))
    print("| rule | least coverage (controls, spread, shift) | of the cells below 94% | largest error | mean power |")
    print("|---|---|---|---|---|")
    null = np.array([shift == 0 for _, _, shift in cells])
    for name, rates in covers.items():
        worst, power = int(np.argmin(rates)), np.array(rejects[name])
        where = ", ".join(f"{part:g}" for part in cells[worst])
        print(
            f"| {name} | {rates[worst]:.1%} ({where}) | {sum(rate < 0.94 for rate in rates)} of {len(cells)} "
            f"| {power[null].max():.1%} | {power[~null].mean():.1%} |"
        )


if __name__ == "__main__":
    main()
