"""Means over covariates, differences between groups, and curves with simultaneous bands (MM-25, MM-26)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from historical_controls.mixed_model.design.design import Array, fixed_rows
from historical_controls.mixed_model.design.errors import DataError
from historical_controls.mixed_model.inference.contrast import Method
from historical_controls.mixed_model.likelihood.laws import t_quantile

if TYPE_CHECKING:
    from historical_controls.mixed_model.inference.answers import Answers

DRAWS = 20_000  # the simulated quantile is then good to about 0.3%


@dataclass(frozen=True)
class Margins:
    """Rows of L (k, p) and, beside the grid's columns, estimate, standard_error, df, statistic, p_value,
    lower, upper (pointwise) and, where asked for, band_lower, band_upper (simultaneous)."""

    table: pd.DataFrame
    L: Array
    method: str


def means(fit: Answers, at: Mapping[str, Any], by: str | Sequence[str], df: Method, level: float) -> Margins:
    """One row per combination of `by` levels and `at` values."""
    grid = _grid(fit, at, by)
    return _answered(fit, grid, _averaged(fit, grid), df, level)


def difference(
    fit: Answers,
    by: str,
    levels: tuple[Any, Any],
    at: Mapping[str, Any],
    df: Method,
    level: float,
    seed: int | None,
) -> Margins:
    """First minus second level of `by`, at every combination of `at`."""
    grid, L = difference_rows(fit, by, levels, at)
    answer = _answered(fit, grid.assign(contrast=f"{levels[0]} - {levels[1]}"), L, df, level)
    return answer if seed is None else _banded(fit, answer, (), df, level, seed)


def difference_rows(
    fit: Answers, by: str, levels: tuple[Any, Any], at: Mapping[str, Any]
) -> tuple[pd.DataFrame, Array]:
    """The combinations of `at`, and the row of L (k, p) of each. Raises DataError for a level that was not fitted."""
    known = _levels(fit, by)
    for wanted in levels:
        if wanted not in known:
            raise DataError(f"{by}={wanted!r} is not a fitted level: choose from {', '.join(map(str, known))}")
    grid = _grid(fit, at, ())
    first, second = (_averaged(fit, grid.assign(**{by: wanted})) for wanted in levels)
    return grid, first - second


def trajectory(
    fit: Answers,
    days: Sequence[float],
    by: str | Sequence[str],
    at: Mapping[str, Any],
    time: str | None,
    df: Method,
    level: float,
    seed: int,
) -> Margins:
    """Means along time; bands are simultaneous over the days of one curve."""
    column = time or fit.spec.time
    if column is None:
        raise DataError("the specification names no time column: give time='...' to the trajectory")
    answer = means(fit, {**at, column: list(days)}, by, df, level)
    return _banded(fit, answer, (by,) if isinstance(by, str) else tuple(by), df, level, seed)


def _grid(fit: Answers, at: Mapping[str, Any], by: str | Sequence[str]) -> pd.DataFrame:
    """Every combination of the levels of `by` and the values of `at`."""
    names = (by,) if isinstance(by, str) else tuple(by)
    axes: dict[str, list[Any]] = {name: _levels(fit, name) for name in names}
    axes |= {name: list(np.atleast_1d(np.asarray(values))) for name, values in at.items()}
    if not axes:
        return pd.DataFrame(index=[0])
    return pd.DataFrame(list(product(*axes.values())), columns=list(axes))


def _levels(fit: Answers, name: str) -> list[Any]:
    if name not in fit.design.data.columns:
        raise DataError(f"column {name!r} is not in the fitted table")
    values = fit.design.data[name]
    if isinstance(values.dtype, pd.CategoricalDtype):
        return list(values.cat.remove_unused_categories().cat.categories)
    return sorted(values.unique())


def _averaged(fit: Answers, grid: pd.DataFrame) -> Array:
    """Rows of L: factors outside the grid weigh equally, numbers stand at their mean over rows (MM-25)."""
    data, needed = fit.design.data, sorted(map(str, fit.design.fixed_formula.required_variables))
    rest = [name for name in needed if name not in grid.columns]
    numeric = [name for name in rest if pd.api.types.is_numeric_dtype(data[name])]
    factors = [name for name in rest if name not in numeric]
    full = grid.assign(**{name: float(data[name].mean()) for name in numeric}, _cell=range(len(grid)))
    for name in factors:
        full = full.merge(pd.DataFrame({name: _levels(fit, name)}), how="cross")
    rows = pd.DataFrame(fixed_rows(fit.design, _typed(full, data, needed)))
    return rows.groupby(full["_cell"].to_numpy()).mean().to_numpy()


def _typed(grid: pd.DataFrame, data: pd.DataFrame, needed: list[str]) -> pd.DataFrame:
    """The grid with the column types of the fitted table, so that categories keep their coding."""
    categorical = {name: data[name].dtype for name in needed if isinstance(data[name].dtype, pd.CategoricalDtype)}
    return grid.astype(categorical)


def _answered(fit: Answers, grid: pd.DataFrame, L: Array, df: Method, level: float) -> Margins:
    rows = fit.contrasts(L, df, level)
    columns = ("estimate", "standard_error", "df", "statistic", "p_value", "lower", "upper")
    answers = pd.DataFrame([{name: getattr(row, name) for name in columns} for row in rows])
    return Margins(pd.concat([grid.reset_index(drop=True), answers], axis=1), L, df)


def _banded(fit: Answers, answer: Margins, by: tuple[str, ...], df: Method, level: float, seed: int) -> Margins:
    """Add bands that hold over all rows of a curve at once (MM-26)."""
    table = answer.table
    curves = table.groupby(list(by), sort=False).indices.values() if by else [np.arange(len(table))]
    factor = np.empty(len(table))
    V = fit.adjusted_vcov(df).to_numpy()
    for own in curves:
        covariance = answer.L[own] @ V @ answer.L[own].T
        factor[own] = critical(covariance, float(table["df"].to_numpy()[own].min()), level, seed)
    half = factor * table["standard_error"]
    banded = table.assign(band_lower=table["estimate"] - half, band_upper=table["estimate"] + half)
    return Margins(banded, answer.L, answer.method)


def critical(covariance: Array, df: float, level: float, seed: int) -> float:
    """Quantile of max |t| over the rows of a multivariate t with these df, by seeded simulation (MM-26)."""
    size = np.sqrt(np.diag(covariance))
    values, vectors = np.linalg.eigh(covariance / np.outer(size, size))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    generator = np.random.default_rng(seed)
    largest = np.abs(generator.standard_normal((DRAWS, len(size))) @ root.T).max(axis=1)
    if np.isfinite(df):
        largest = largest / np.sqrt(generator.chisquare(df, DRAWS) / df)
    return float(max(np.quantile(largest, level), t_quantile(0.5 + level / 2, df)))
