"""Rules for the win odds of few treated patients: how often their intervals cover, and how far the estimates err.

    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python benchmarks/inference/win_odds.py --studies 600
    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python benchmarks/inference/win_odds.py --estimates --studies 100000

The first command compares rules for the interval, the second rules for the estimate. Values are normal; studies have
the same seeds, so that those of the first command are the first of the second. Each interval is one statistic and one
critical value, so that p-value and interval are one test. Shifts of treated patients and the ratio of standard
deviations are in those of the controls. Complete separation counts: rules on the logit then take half a tied pair for
the limit towards even odds, and have no other limit.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from historical_controls.inference import draw_labels, relative_effect
from historical_controls.inference.labels import Labels
from historical_controls.inference.pairwise.relative_effect import PRIOR_DISPERSION, PRIOR_SUBJECTS

SHIFTS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
SPREADS = (0.5, 1.0, 2.0)
LEVEL = 0.95
# Of the true probability of winning, by which estimates are summarised.
BANDS = ((0.5, 0.7), (0.7, 0.9), (0.9, 1.0))
AT_ONCE = 500
Interval = tuple[float, float]


@dataclass(frozen=True)
class Cell:
    """Numbers of patients, SD of the treated and their shift, in SDs of the controls."""

    treated: int
    controls: int
    spread: float
    shift: float

    @property
    def truth(self) -> float:
        """P(treated > control) of normal values."""
        return float(stats.norm.cdf(self.shift / np.sqrt(1 + self.spread**2)))

    def studies(self, count: int) -> Iterator[np.ndarray]:
        """Values (treated first) of so many studies; more of them leave the first as they were."""
        rng = np.random.default_rng([20200501, self.controls, int(10 * self.spread), int(10 * self.shift)])
        treated = np.arange(self.treated + self.controls) < self.treated
        for _ in range(count):
            yield rng.normal(size=len(treated)) * np.where(treated, self.spread, 1) + self.shift * treated


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


def placements(values: np.ndarray, treated: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share of wins and the variances of both arms' placements (IN-1, IN-2) of studies (S, n), treated first."""
    ours, theirs = values[:, :treated, None], values[:, None, treated:]
    wins = (np.sign(ours - theirs) + 1) / 2
    return wins.mean(axis=(1, 2)), wins.mean(axis=2).var(axis=1, ddof=1), wins.mean(axis=1).var(axis=1, ddof=1)


def estimates(values: np.ndarray, treated: int) -> dict[str, np.ndarray]:
    """Log win odds of studies (S, n) by each rule; infinite where the rule has none."""
    theta, s1, s0 = placements(values, treated)
    n1, n0 = treated, values.shape[1] - treated
    unit, phi = theta * (1 - theta), np.zeros(len(theta))
    varies = unit > 1e-12
    for s, n, other in ((s1, n1, n0), (s0, n0, n1)):
        own = np.where(varies, s / np.where(varies, unit, 1), 1 / other)
        phi += ((n - 1) * own + PRIOR_SUBJECTS * PRIOR_DISPERSION) / (n - 1 + PRIOR_SUBJECTS) / n
    plain = special.logit(theta)
    # E log odds is about its truth and half the variance times the second derivative, (2 theta - 1) / unit^2.
    curve = np.where(varies, (theta - 0.5) / np.where(varies, unit, 1) ** 2, 0)
    return {
        "theta / (1 - theta)": plain,
        "half a pair added": special.logit((theta * n1 * n0 + 0.5) / (n1 * n0 + 1)),
        "theta drawn to 1/2 by half of Phi": special.logit((theta + phi / 4) / (1 + phi / 2)),
        "theta drawn to 1/2 by Phi": special.logit((theta + phi / 2) / (1 + phi)),
        "delta method, v": plain - curve * (s1 / n1 + s0 / n0),
        "delta method, Phi": plain - curve * unit * phi,
    }


def errors(log_odds: np.ndarray, truth: float) -> dict[str, float]:
    """How far estimates (S,) of the log win odds are from their truth, those that are infinite apart."""
    wanted = float(special.logit(truth))
    finite = log_odds[np.isfinite(log_odds)] - wanted
    return {
        "infinite": 1 - len(finite) / len(log_odds),
        "mean bias": float(finite.mean()),
        "median bias": float(np.median(log_odds) - wanted),
        "RMSE": float(np.sqrt((finite**2).mean())),
        "bias of theta": float(special.expit(log_odds).mean() - truth),
    }


def estimate_table(cells: Iterable[Cell], studies: int) -> Iterator[str]:
    """Lines of a table: least and largest of each error over the cells of a band of true theta."""
    found: dict[str, dict[tuple[float, float], list[dict[str, float]]]] = {}
    for cell in cells:
        parts: dict[str, list[np.ndarray]] = {}
        stream = cell.studies(studies)
        while values := list(itertools.islice(stream, AT_ONCE)):
            for name, log_odds in estimates(np.array(values), cell.treated).items():
                parts.setdefault(name, []).append(log_odds)
        band = next(band for band in BANDS if cell.truth < band[1])
        for name, own in parts.items():
            found.setdefault(name, {}).setdefault(band, []).append(errors(np.concatenate(own), cell.truth))
    yield "| rule | true theta (cells) | infinite | mean bias | median bias | RMSE | bias of theta |"
    yield "|---|---|---|---|---|---|---|"
    for name, bands in found.items():
        for (low, high), rows in sorted(bands.items()):
            shown = {part: sorted(row[part] for row in rows) for part in rows[0]}
            infinite = " to ".join(f"{shown['infinite'][place]:.1%}" for place in (0, -1))
            signed = [
                " to ".join(f"{shown[part][place]:{style}}" for place in (0, -1))
                for part, style in (
                    ("mean bias", "+.2f"),
                    ("median bias", "+.2f"),
                    ("RMSE", ".2f"),
                    ("bias of theta", "+.3f"),
                )
            ]
            yield f"| {name} | {low:g} to {high:g} ({len(rows)}) | {infinite} | {' | '.join(signed)} |"


def interval_table(cells: list[Cell], studies: int) -> Iterator[str]:
    """Lines of a table: coverage, error and power of each rule for the interval."""
    covers: dict[str, list[float]] = {}
    rejects: dict[str, list[float]] = {}
    for cell in cells:
        treated = np.arange(cell.treated + cell.controls) < cell.treated
        labels = draw_labels(treated, 1, exact_up_to=0, draws=400)
        given: dict[str, list[Interval]] = {}
        for values in cell.studies(studies):
            for name, interval in rules(values, labels).items():
                given.setdefault(name, []).append(interval)
        for name, rows in given.items():
            lower, upper = np.array(rows).T
            covers.setdefault(name, []).append(float(np.mean((lower <= cell.truth) & (cell.truth <= upper))))
            rejects.setdefault(name, []).append(float(np.mean((lower > 0.5) | (upper < 0.5))))
    yield "| rule | least coverage (controls, spread, shift) | of the cells below 94% | largest error | mean power |"
    yield "|---|---|---|---|---|"
    null = np.array([cell.shift == 0 for cell in cells])
    for name, rates in covers.items():
        worst, power = cells[int(np.argmin(rates))], np.array(rejects[name])
        where = f"{worst.controls}, {worst.spread:g}, {worst.shift:g}"
        yield (
            f"| {name} | {min(rates):.1%} ({where}) | {sum(rate < 0.94 for rate in rates)} of {len(cells)} "
            f"| {power[null].max():.1%} | {power[~null].mean():.1%} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--treated", type=int, default=5)
    parser.add_argument("--controls", type=int, nargs="+", default=[10, 25, 50])
    parser.add_argument("--estimates", action="store_true", help="rules for the estimate instead of the interval")
    options = parser.parse_args()
    cells = [Cell(options.treated, *parts) for parts in itertools.product(options.controls, SPREADS, SHIFTS)]
    for line in (estimate_table if options.estimates else interval_table)(cells, options.studies):
        print(line, flush=True)


if __name__ == "__main__":
    main()
