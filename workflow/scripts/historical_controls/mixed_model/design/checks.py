"""Refusals before any fitting: each is one line that names what was found and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import linalg

from historical_controls.mixed_model.design.errors import DataError, NotEstimable, RankDeficient
from historical_controls.mixed_model.design.specification import MixedModelSpec

if TYPE_CHECKING:
    from historical_controls.mixed_model.design.design import Design


def named_columns(data: pd.DataFrame, spec: MixedModelSpec) -> None:
    """Every column of the specification exists and has no missing value."""
    if len(data) == 0:
        raise DataError("the table has no rows: nothing can be fitted")
    for column in spec.columns:
        if column not in data.columns:
            raise DataError(f"column {column!r} is not in the table{_nearest(column, data)}")
        missing = int(data[column].isna().sum())
        if missing:
            raise DataError(f"column {column!r} has {missing} missing values: drop or fill those rows first")


def groups_within_subjects(
    subject: np.ndarray, group: np.ndarray, subjects: pd.Index | np.ndarray, spec: MixedModelSpec
) -> None:
    """A subject belongs to one group, and every group has two subjects at least."""
    pairs = np.unique(np.column_stack([subject, group]), axis=0) if spec.groups else np.empty((0, 2), np.intp)
    owners, times = np.unique(pairs[:, 0], return_counts=True)
    if (times > 1).any():
        name = subjects[owners[times > 1][0]]
        raise DataError(f"subject {name!r} appears in several levels of {spec.groups!r}: give it one")
    _, sizes = np.unique(pairs[:, 1], return_counts=True)
    if (sizes < 2).any():
        raise DataError(
            f"a level of {spec.groups!r} has one subject, which cannot carry variances of its own: "
            "pool the groups (groups=None)"
        )
    if len(subjects) < 2:
        raise DataError(f"column {spec.subject!r} names one subject: a mixed model needs several")


def whole_design(design: Design) -> None:
    """Finite numbers, a varying response, positive weights, distinct times, full column rank."""
    _finite("the response", design.y, design)
    for name, column in zip(design.coefficient_names, design.X.T, strict=True):
        _finite(f"column {name!r} of X", column, design)
    for name, column in zip(design.random_names, design.Z.T, strict=True):
        _finite(f"column {name!r} of Z", column, design)
    if np.ptp(design.y) == 0:
        raise DataError(f"the response is constant ({design.y[0]:g}): there is nothing to model")
    _weights(design)
    _distinct_times(design)
    full_rank(design.X, design.coefficient_names)
    if len(design.y) <= design.X.shape[1]:
        raise DataError(
            f"{len(design.y)} rows cannot carry {design.X.shape[1]} coefficients: simplify the fixed formula"
        )


def full_rank(X: np.ndarray, names: tuple[str, ...]) -> None:
    """Refuse linearly dependent columns, naming those that add nothing to the earlier ones.

    The Gram matrix of the scaled columns decides unless it is too ill-conditioned to tell.
    """
    scale = np.sqrt(np.einsum("ij,ij->j", X, X))
    empty = [name for name, size in zip(names, scale, strict=True) if size == 0]
    if empty:
        raise RankDeficient(f"column {empty[0]!r} of X is zero in every row: take the term out")
    gram = X.T @ X / np.outer(scale, scale)
    if np.linalg.eigvalsh(gram)[0] > 1e-7:
        return
    _, R, pivots = linalg.qr(X / scale, mode="economic", pivoting=True)
    size = np.abs(np.diag(R))
    rank = int((size > size[0] * 1e-9).sum())
    if rank < len(names):
        extra = ", ".join(repr(names[k]) for k in sorted(pivots[rank:]))
        raise RankDeficient(f"X has rank {rank} of {len(names)}: take out or merge the terms behind {extra}")


def covariates_known(design: Design, table: pd.DataFrame) -> None:
    """New tables carry every covariate of the mean, with known categories only."""
    for name in sorted(map(str, design.fixed_formula.required_variables)):
        if name not in table.columns:
            raise DataError(f"the mean needs column {name!r}: give it in `at`, `by` or the table")
        fitted = design.data[name]
        if not pd.api.types.is_numeric_dtype(fitted):
            strange = set(table[name].unique()) - set(fitted.unique())
            if strange:
                raise DataError(f"{name}={sorted(map(str, strange))[0]!r} is not a level that was fitted")


def contrast_rows(L: Any, names: tuple[str, ...]) -> np.ndarray:
    """L as a matrix (k, p) of finite numbers; a mapping names the coefficients it involves."""
    if isinstance(L, Mapping):
        unknown = [name for name in L if name not in names]
        if unknown:
            raise NotEstimable(f"the model has no coefficient {unknown[0]!r}: its names are {', '.join(names)}")
        L = [L.get(name, 0.0) for name in names]
    rows = np.atleast_2d(np.asarray(L, dtype=np.float64))
    if rows.ndim != 2 or rows.shape[1] != len(names):
        raise NotEstimable(f"L needs {len(names)} columns, one per coefficient ({', '.join(names)})")
    if not np.isfinite(rows).all() or (np.abs(rows).sum(axis=1) == 0).any():
        raise NotEstimable("a row of L is zero or not finite, so there is nothing to estimate: mend it")
    return rows


def _finite(what: str, values: np.ndarray, design: Design) -> None:
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        where = int(design.row[bad].min())
        raise DataError(
            f"{what} has {len(bad)} missing or infinite values (first: row {where}): drop or fill those rows first"
        )


def _weights(design: Design) -> None:
    if design.weight is not None and not (np.isfinite(design.weight) & (design.weight > 0)).all():
        raise DataError(f"column {design.spec.weights!r} must hold positive finite weights: mend or drop those rows")


def _distinct_times(design: Design) -> None:
    """No two rows of one subject at one visit (or, for car1, at one time)."""
    if design.spec.over_visits:
        assert design.visit is not None
        moment: Any = design.visit
        column, labels = design.spec.visit, design.visit_levels
    elif design.spec.residual == "car1":
        assert design.time is not None
        _finite(f"column {design.spec.time!r}", design.time, design)
        moment, column, labels = design.time, design.spec.time, None
    else:
        return
    owner = design.subject_of_row
    twice = np.flatnonzero((np.diff(moment) == 0) & (np.diff(owner) == 0))
    if len(twice):
        value = moment[twice[0]] if labels is None else labels[moment[twice[0]]]
        raise DataError(
            f"subject {design.subjects[owner[twice[0]]]!r} has two rows at {column}={value}: keep one row each"
        )


def _nearest(word: str, data: pd.DataFrame) -> str:
    near = difflib.get_close_matches(word, [str(column) for column in data.columns], n=1)
    return f": did you mean {near[0]!r}?" if near else ""
