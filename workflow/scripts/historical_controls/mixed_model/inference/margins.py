"""Means over covariates, differences between groups, and curves with simultaneous bands (MM-25, MM-26)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Protocol

import numpy as np
import pandas as pd

from historical_controls.mixed_model.design.arrays import Array, Design
from historical_controls.mixed_model.design.design import fixed_rows
from historical_controls.mixed_model.design.errors import DataError
from historical_controls.mixed_model.design.messages import Code
from historical_controls.mixed_model.inference.contrast import Contrast, Method
from historical_controls.mixed_model.likelihood.laws import t_quantile

DRAWS = 20_000  # the simulated quantile is then good to about 0.3%
# 20,000 x 64 numbers are 10 MB; thousands of days at once would need gigabytes.
DAYS_AT_ONCE = 64


class Fit(Protocol):
    """What margins ask of a fit."""

    @property
    def design(self) -> Design: ...
    def contrasts(self, L: Array, df: Method | None = None, level: float = 0.95) -> tuple[Contrast, ...]: ...
    def adjusted_vcov(self, df: Method | None = None) -> pd.DataFrame: ...


@dataclass(frozen=True)
class Asked:
    """How intervals are asked for: method of the degrees of freedom, level, and seed of bands (None: no bands)."""

    df: Method
    level: float
    seed: int | None = None


@dataclass(frozen=True)
class Margins:
    """Rows of L (k, p) and, beside the grid's columns, estimate, standard_error, df, statistic, p_value,
    lower, upper (pointwise) and, where asked for, band_lower, band_upper (simultaneous)."""

    table: pd.DataFrame
    L: Array
    method: str


def means(fit: Fit, at: Mapping[str, Any], by: str | Sequence[str], asked: Asked) -> Margins:
    """One row per combination of `by` levels and `at` values; bands hold over the rows of one combination of `by`."""
    grid = _grid(fit, at, by)
    answer = _answered(fit, grid, _averaged(fit, grid), asked)
    names = (by,) if isinstance(by, str) else tuple(by)
    return answer if asked.seed is None else _banded(fit, answer, names, asked)


def difference(fit: Fit, by: str, levels: tuple[Any, Any], at: Mapping[str, Any], asked: Asked) -> Margins:
    """First minus second level of `by`, at every combination of `at`."""
    grid, L = difference_rows(fit, by, levels, at)
    answer = _answered(fit, grid.assign(contrast=f"{levels[0]} - {levels[1]}"), L, asked)
    return answer if asked.seed is None else _banded(fit, answer, (), asked)


def difference_rows(fit: Fit, by: str, levels: tuple[Any, Any], at: Mapping[str, Any]) -> tuple[pd.DataFrame, Array]:
    """The combinations of `at`, and the row of L (k, p) of each. Raises DataError for a level that was not fitted."""
    known = _levels(fit, by)
    for wanted in levels:
        if wanted not in known:
            raise DataError(Code.LEVEL_NOT_FITTED, column=by, level=str(wanted), fitted=", ".join(map(str, known)))
    grid = _grid(fit, at, ())
    # Both levels in one table: rows k and len(grid) + k differ in `by` alone.
    both = _averaged(fit, pd.concat([grid.assign(**{by: wanted}) for wanted in levels], ignore_index=True))
    return grid, both[: len(grid)] - both[len(grid) :]


def _grid(fit: Fit, at: Mapping[str, Any], by: str | Sequence[str]) -> pd.DataFrame:
    """Every combination of the levels of `by` and the values of `at`."""
    names = (by,) if isinstance(by, str) else tuple(by)
    axes: dict[str, list[Any]] = {name: _levels(fit, name) for name in names}
    axes |= {name: list(np.atleast_1d(np.asarray(values))) for name, values in at.items()}
    # One row without columns: the overall mean.
    if not axes:
        return pd.DataFrame(index=[0])
    return pd.DataFrame(list(product(*axes.values())), columns=list(axes))


def _levels(fit: Fit, name: str) -> list[Any]:
    if name not in fit.design.data.columns:
        raise DataError(Code.COLUMN_NOT_FITTED, column=name)
    values = fit.design.data[name]
    if isinstance(values.dtype, pd.CategoricalDtype):
        return list(values.cat.remove_unused_categories().cat.categories)
    return sorted(values.unique())


def _averaged(fit: Fit, grid: pd.DataFrame) -> Array:
    """Rows of L: factors outside the grid weigh equally, numbers stand at their mean over rows (MM-25)."""
    data, needed = fit.design.data, sorted(map(str, fit.design.fixed_formula.required_variables))
    rest = [name for name in needed if name not in grid.columns]
    # A number is set to its mean over rows; a factor has no mean and is averaged over its levels, each weighing the
    # same.
    numeric = [name for name in rest if pd.api.types.is_numeric_dtype(data[name])]
    factors = [name for name in rest if name not in numeric]
    full = grid.assign(**{name: float(data[name].mean()) for name in numeric})
    for name in factors:  # the combinations of one cell stay together
        full = full.merge(pd.DataFrame({name: _levels(fit, name)}), how="cross")
    rows = fixed_rows(fit.design, _typed(full, data, needed))
    return np.asarray(rows.reshape(len(grid), -1, rows.shape[1]).mean(axis=1))


def _typed(grid: pd.DataFrame, data: pd.DataFrame, needed: list[str]) -> pd.DataFrame:
    """The grid with the column types of the fitted table, so that categories keep their coding."""
    categorical = {name: data[name].dtype for name in needed if isinstance(data[name].dtype, pd.CategoricalDtype)}
    return grid.astype(categorical) if categorical else grid


def _answered(fit: Fit, grid: pd.DataFrame, L: Array, asked: Asked) -> Margins:
    rows = fit.contrasts(L, asked.df, asked.level)
    columns = ("estimate", "standard_error", "df", "statistic", "p_value", "lower", "upper")
    answers = pd.DataFrame([{name: getattr(row, name) for name in columns} for row in rows])
    return Margins(pd.concat([grid.reset_index(drop=True), answers], axis=1), L, asked.df)


def _banded(fit: Fit, answer: Margins, by: tuple[str, ...], asked: Asked) -> Margins:
    """Add bands that hold over all rows of a curve at once (MM-26)."""
    assert asked.seed is not None
    table = answer.table
    curves = table.groupby(list(by), sort=False).indices.values() if by else [np.arange(len(table))]
    quantile = np.empty(len(table))
    factor = _factor(fit.adjusted_vcov(asked.df).to_numpy())
    for own in curves:
        # A multivariate t has one df; the smallest makes the band no narrower than any row deserves.
        df = float(table["df"].to_numpy()[own].min())
        quantile[own] = critical(answer.L[own] @ factor, df, asked.level, asked.seed)
    half = quantile * table["standard_error"]
    banded = table.assign(band_lower=table["estimate"] - half, band_upper=table["estimate"] + half)
    return Margins(banded, answer.L, answer.method)


def _factor(V: Array) -> Array:
    """F (p, p) with F F' = V, scaled first so that coefficients of any unit keep their digits."""
    size = np.sqrt(np.maximum(np.diag(V), 0.0))
    size = np.where(size > 0, size, 1.0)
    values, vectors = np.linalg.eigh(V / np.outer(size, size))
    return np.asarray(size[:, None] * vectors * np.sqrt(np.maximum(values, 0.0)))


def critical(root: Array, df: float, level: float, seed: int) -> float:
    """Quantile of max |t| over the k rows of a multivariate t with covariance root root', by seeded simulation (MM-26).

    root (k, p): only as many normal numbers are drawn as the curve has rank r <= min(k, p), so that a curve over
    thousands of days costs what its coefficients cost; the maximum is taken over blocks of days.
    """
    # Rows of unit length: each day's t has variance 1 before the division by chi.
    rows = root / np.linalg.norm(root, axis=1)[:, None]
    basis = _row_space(rows)
    rows = rows @ basis
    generator = np.random.default_rng(seed)
    normal = generator.standard_normal((DRAWS, rows.shape[1]))
    largest = np.zeros(DRAWS)
    for start in range(0, len(rows), DAYS_AT_ONCE):
        block = normal @ rows[start : start + DAYS_AT_ONCE].T
        np.maximum(largest, np.abs(block, out=block).max(axis=1), out=largest)
    if np.isfinite(df):
        # One chi-squared per draw, shared by all days, as they share one estimate of the variance.
        largest = largest / np.sqrt(generator.chisquare(df, DRAWS) / df)
    # Simulation error must not make a simultaneous band narrower than the pointwise interval.
    return float(max(np.quantile(largest, level), t_quantile(0.5 + level / 2, df)))


def _row_space(rows: Array) -> Array:
    """Orthonormal columns (p, r) that span the rows (k, p)."""
    values, vectors = np.linalg.eigh(rows.T @ rows)
    # Days that are combinations of others (a line has rank 2) need no draws of their own.
    return np.asarray(vectors[:, values > 1e-12 * values[-1]])
