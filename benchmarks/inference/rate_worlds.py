"""Simulated studies of one continuous outcome whose truth is known: the worlds of docs/error_rates.md.

Every patient has a baseline, of which half is passed on to all later values, and values on days 1 to 21. Studies of one
group share the baselines and the days measured, so that their fits share a design; only the course is drawn anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.tables.registry import COHORT_PATIENTS, VISITS

Array = NDArray[np.float64]
Draw = Callable[[tuple[int, ...]], Array]
DAYS = np.arange(1, 22)
TREATED = 5
MEAN, BASELINE_SD, PASSED_ON = 150.0, 40.0, 0.5
BETWEEN, WITHIN = 40.0, 28.0
# By how many mmHg values differ of which one is twice the other, where a world's values are logarithms.
DOUBLED = 73.0


@dataclass(frozen=True)
class World:
    """How values come about; SDs in mmHg. between, within: ratio of the treated patients' SDs to the controls'.

    missing: share of visits, whatever their values; shift: of treated patients' baselines, in SDs; deaths: at most so
    many per day of the sickest, in both arms alike; trend: of both arms, a day. limit: values, then logarithms of a
    cytokine, are known above it.
    """

    text: str
    slope: float = 2.0
    rho: float = 0.7
    between: float = 1.0
    within: float = 1.0
    curve: float = 0.0
    heavy: bool = False
    missing: float = 0.0
    shift: float = 0.0
    deaths: float = 0.0
    trend: float = 3.0
    limit: float = -np.inf

    @property
    def limited(self) -> bool:
        return bool(np.isfinite(self.limit))


WORLDS = {
    "random intercept": World("a level of their own, independent errors", slope=0.0, rho=0.0),
    "AR(1)": World("a level of their own, errors with correlation 0.7 from day to day", slope=0.0),
    "slopes + AR(1)": World("level and slope (SD 2 mmHg a day) of their own, correlated errors"),
    "steep slopes": World("the same with slopes of SD 6 mmHg a day", slope=6.0),
    "twice as variable": World("every SD of treated patients is twice that of controls", between=2.0, within=2.0),
    "half as variable": World("every SD of treated patients is half that of controls", between=0.5, within=0.5),
    "twice between patients": World("treated patients differ twice as much from each other only", between=2.0),
    "curved": World("a rise and fall of 40 mmHg, its height differing between patients", curve=40.0),
    "heavy tails": World("levels, slopes and errors have t distributions with 3 df", heavy=True),
    "40% of visits missing": World("whatever their values", missing=0.4),
    "baselines differ": World("treated patients' baselines are 0.5 SD higher, and half of a baseline stays", shift=0.5),
    "deaths of the sickest": World(
        "of the sickest the more die, in both arms alike; about a third by day 21", deaths=0.1
    ),
    "a third below a limit": World(
        "logarithms of a cytokine that falls; of a third of the values only a limit is known", trend=-3.0, limit=95.0
    ),
    "twice as variable below a limit": World(
        "the same, and every SD of treated patients is twice that of controls",
        between=2.0,
        within=2.0,
        trend=-3.0,
        limit=95.0,
    ),
}


@dataclass(frozen=True)
class Studies:
    """Studies of one group: treated (n,), baseline (n,), y (B, n, days) with nan where not measured, death (B, n)
    the day of death or inf; what lies below limit is known as such alone."""

    treated: NDArray[np.bool_]
    baseline: Array
    y: Array
    death: Array
    limit: float = -np.inf

    def with_low(self, value: float) -> Studies:
        """The same studies with one value for all that lie below the limit."""
        baseline, y = (np.where(own < self.limit, value, own) for own in (self.baseline, self.y))
        return replace(self, baseline=baseline, y=y, limit=-np.inf)

    def take(self, numbers: list[int]) -> Studies:
        return replace(self, y=self.y[numbers], death=self.death[numbers])

    def tables(self, number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Tables cohort_patients and visits of one of the studies."""
        n, death = len(self.treated), self.death[number]
        ids = [f"p{i:03d}" for i in range(n)]
        people = pd.DataFrame({"patient_id": ids, "arm": np.where(self.treated, "treated", "historical")}).assign(
            scenario="primary", source="s", included=True, excluded_by="", display_id="",
            end_state=np.where(np.isfinite(death), "death", "horizon"), end_day=np.minimum(death, 21.0),
        )  # fmt: skip
        values = np.column_stack([self.baseline, self.y[number]])
        wide = pd.DataFrame(values, columns=[0, *DAYS]).assign(patient_id=ids)
        long = wide.melt("patient_id", var_name="day", value_name="y").dropna().astype({"day": "int64"})
        long = long.merge(people[["patient_id", "arm", "source"]], on="patient_id")
        long = long.assign(
            scenario="primary", n=1, assay="", flags="", **self._values(long["y"]),
        )  # fmt: skip
        return people.reindex(columns=list(COHORT_PATIENTS.names)), long[list(VISITS.names)]

    def _values(self, y: pd.Series) -> dict[str, object]:
        """The columns of table visits that say what was measured: P/F, or IL-6 with a limit."""
        if not np.isfinite(self.limit):
            return {"outcome": "PF", "value": y, "lower": y, "upper": y}
        low, known = y < self.limit, 2 ** (y / DOUBLED)
        upper = known.mask(low, 2 ** (self.limit / DOUBLED))
        return {"outcome": "IL6", "value": known.mask(low), "lower": known.mask(low, 0.0), "upper": upper}


def draw_studies(world: World, controls: int, together: int, rng: np.random.Generator) -> Studies:
    """Studies without any effect that share a design; one alone where deaths give each a design of its own."""
    treated = np.arange(TREATED + controls) < TREATED
    n, size = len(treated), 1 if world.deaths else together
    baseline = MEAN + BASELINE_SD * (rng.standard_normal(n) + world.shift * treated)
    measured = rng.random((n, len(DAYS))) >= world.missing
    draw: Draw = rng.standard_normal
    if world.heavy:
        draw = lambda shape: rng.standard_t(3, shape) / np.sqrt(3)  # noqa: E731
    y = PASSED_ON * (baseline - MEAN)[:, None] + _courses(world, treated, size, draw)
    y = np.where(measured, y, np.nan)
    death = _deaths(world, y, rng)
    return Studies(treated, baseline, np.where(death[..., None] < DAYS, np.nan, y), death, world.limit)


def _courses(world: World, treated: NDArray[np.bool_], size: int, draw: Draw) -> Array:
    """Values without what the baseline passes on (B, n, days)."""
    shape = (size, len(treated))
    between = np.where(treated, world.between, 1.0)[:, None]
    level, slope = BETWEEN * between * draw((*shape, 1)), world.slope * between * draw((*shape, 1))
    error = draw((*shape, len(DAYS)))
    for day in range(1, len(DAYS)):
        error[..., day] = world.rho * error[..., day - 1] + np.sqrt(1 - world.rho**2) * error[..., day]
    error *= WITHIN * np.where(treated, world.within, 1.0)[:, None]
    curve = world.curve * np.sin(np.pi * DAYS / 21) * (1 + 0.3 * draw((*shape, 1)))
    return MEAN + world.trend * DAYS + level + slope * (DAYS - 10) + curve + error


def _deaths(world: World, y: Array, rng: np.random.Generator) -> Array:
    """Day of death (B, n): the chance on a day falls by a factor e with every 50 mmHg that the value is higher."""
    chance = np.minimum(world.deaths * np.exp(-(y - 100) / 50), 0.5)
    dies = rng.random(y.shape) < np.nan_to_num(chance)
    return np.where(dies.any(axis=-1), DAYS[dies.argmax(axis=-1)] * 1.0, np.inf)
