"""Refusals before any fitting, each with a code that says what is wrong and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import linalg

from historical_controls.mixed_model.design.arrays import Array, Codes, Design
from historical_controls.mixed_model.design.errors import DataError, NotEstimable, RankDeficient
from historical_controls.mixed_model.design.messages import Code
from historical_controls.mixed_model.design.specification import MixedModelSpec


def named_columns(data: pd.DataFrame, spec: MixedModelSpec) -> None:
    """Every column of the specification exists and has no missing value."""
    # An empty column has no missing value, so that nothing later would refuse it in words.
    if len(data) == 0:
        raise DataError(Code.NO_ROWS)
    for column in spec.columns:
        if column not in data.columns:
            raise DataError(Code.COLUMN_MISSING, column=column, nearest=_nearest(column, data))
        missing = int(data[column].isna().sum())
        if missing:
            raise DataError(Code.COLUMN_HAS_GAPS, column=column, missing=missing)


def groups_within_subjects(
    subject: np.ndarray, group: np.ndarray, subjects: pd.Index | np.ndarray, spec: MixedModelSpec
) -> None:
    """A subject belongs to one group, and every group has two subjects at least."""
    # Distinct (subject, group) pairs: a subject listed twice has two groups; a group listed once has one subject,
    # from whom a variance between subjects cannot be estimated.
    n_groups = int(group.max()) + 1
    # As one number each: sorting pairs, or all rows, would cost more than a fit.
    pairs = np.sort(pd.unique(subject * n_groups + group)) if spec.groups else np.empty(0, np.intp)
    owners, times = np.unique(pairs // n_groups, return_counts=True)
    if (times > 1).any():
        name = str(subjects[owners[times > 1][0]])
        raise DataError(Code.SUBJECT_IN_GROUPS, subject=name, column=str(spec.groups))
    # Independent residuals allow two measurements at one time.
    _, sizes = np.unique(pairs % n_groups, return_counts=True)
    if (sizes < 2).any():
        raise DataError(Code.GROUP_OF_ONE, column=str(spec.groups))
    if len(subjects) < 2:
        raise DataError(Code.ONE_SUBJECT, column=spec.subject)


def whole_design(design: Design) -> None:
    """Finite numbers, a varying response, positive weights, distinct times, full column rank."""
    # Finite values first: comparisons with NaN are false, so that no later check would refuse one.
    _finite("the response", design.y, design.row)
    for name, column in zip(design.coefficient_names, design.X.T, strict=True):
        _finite(f"column {name!r} of X", column, design.row)
    for name, column in zip(design.random_names, design.Z.T, strict=True):
        _finite(f"column {name!r} of Z", column, design.row)
    if np.ptp(design.y) == 0:
        raise DataError(Code.RESPONSE_CONSTANT, value=float(design.y[0]))
    _weights(design)
    _distinct_times(design)
    full_rank(design.X, design.coefficient_names)
    # N - p is the divisor of the profiled variance (MM-7).
    if len(design.y) <= design.X.shape[1]:
        raise DataError(Code.TOO_FEW_ROWS, rows=len(design.y), coefficients=design.X.shape[1])


def full_rank(X: np.ndarray, names: tuple[str, ...]) -> None:
    """Refuse linearly dependent columns, naming those that add nothing to the earlier ones.

    The Gram matrix of the scaled columns decides unless it is too ill-conditioned to tell.
    """
    scale = np.sqrt(np.einsum("ij,ij->j", X, X))
    empty = [name for name, size in zip(names, scale, strict=True) if size == 0]
    if empty:
        raise RankDeficient(Code.COLUMN_ZERO, column=empty[0])
    # Scaled to unit length, so that the unit of a covariate does not decide what counts as dependent.
    gram = X.T @ X / np.outer(scale, scale)
    # An eigenvalue of the Gram matrix is a squared singular value: 1e-7 is 3e-4 of X, far from dependence and far
    # above the rounding of the product. Only below it is the slower QR of X itself needed.
    if np.linalg.eigvalsh(gram)[0] > 1e-7:
        return
    # Pivoting moves columns that depend on others to the end, where the diagonal of R shows them.
    _, R, pivots = linalg.qr(X / scale, mode="economic", pivoting=True)
    size = np.abs(np.diag(R))
    rank = int((size > size[0] * 1e-9).sum())
    if rank < len(names):
        extra = ", ".join(repr(names[k]) for k in sorted(pivots[rank:]))
        raise RankDeficient(Code.RANK_DEFICIENT, rank=rank, columns=len(names), terms=extra)


def ordered_visits(data: pd.DataFrame, spec: MixedModelSpec) -> None:
    """Refuse visits given as text where their order matters: sorting text puts V10 before V2."""
    if not spec.over_visits:
        return
    # The order of a categorical comes from its categories, that of numbers from their values.
    visits = data[spec.visit]
    declared = isinstance(visits.dtype, pd.CategoricalDtype)
    levels = visits.cat.categories if declared else visits
    # Categories that pandas made itself are sorted as text, too.
    if not pd.api.types.is_numeric_dtype(levels) and not (declared and visits.cat.ordered):
        raise DataError(Code.VISITS_WITHOUT_ORDER, column=str(spec.visit), first=str(visits.iloc[0]))


def covariates_known(design: Design, table: pd.DataFrame) -> None:
    """New tables carry every covariate of the mean, with known categories only."""
    for name in sorted(map(str, design.fixed_formula.required_variables)):
        if name not in table.columns:
            raise DataError(Code.COVARIATE_MISSING, column=name)
        fitted = design.data[name]
        # Any number has a row of X; a category has one only if it was fitted.
        if not pd.api.types.is_numeric_dtype(fitted):
            strange = set(table[name].unique()) - set(fitted.unique())
            if strange:
                raise DataError(Code.LEVEL_UNKNOWN, column=name, level=sorted(map(str, strange))[0])


def contrast_rows(L: Any, names: tuple[str, ...]) -> np.ndarray:
    """L as a matrix (k, p) of finite numbers; a mapping names the coefficients it involves."""
    if isinstance(L, Mapping):
        unknown = [name for name in L if name not in names]
        if unknown:
            raise NotEstimable(Code.COEFFICIENT_NOT_IN_MODEL, name=str(unknown[0]), names=", ".join(names))
        L = [L.get(name, 0.0) for name in names]
    rows = np.atleast_2d(np.asarray(L, dtype=np.float64))
    if rows.ndim != 2 or rows.shape[1] != len(names):
        raise NotEstimable(Code.ROW_WIDTH, width=len(names), names=", ".join(names))
    # A zero row has estimate 0 and variance 0: its t would be 0 / 0.
    if not np.isfinite(rows).all() or (np.abs(rows).sum(axis=1) == 0).any():
        raise NotEstimable(Code.ROW_EMPTY)
    return rows


def _finite(what: str, values: Array, row: Codes) -> None:
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise DataError(Code.NOT_FINITE, what=what, missing=len(bad), row=int(row[bad].min()))


def _weights(design: Design) -> None:
    if design.weight is not None and not (np.isfinite(design.weight) & (design.weight > 0)).all():
        raise DataError(Code.WEIGHTS_NOT_POSITIVE, column=str(design.spec.weights))


def _distinct_times(design: Design) -> None:
    """No two rows of one subject at one visit (or, for car1, at one time)."""
    if design.spec.over_visits:
        assert design.visit is not None
        moment: Any = design.visit
        column, labels = design.spec.visit, design.visit_levels
    elif design.spec.residual == "car1":
        assert design.time is not None
        _finite(f"column {design.spec.time!r}", design.time, design.row)
        moment, column, labels = design.time, design.spec.time, None
    else:
        return
    owner = design.subject_of_row
    # Rows are ordered by subject and moment, so that repeats are neighbours.
    twice = np.flatnonzero((np.diff(moment) == 0) & (np.diff(owner) == 0))
    if len(twice):
        value = moment[twice[0]] if labels is None else labels[moment[twice[0]]]
        name = str(design.subjects[owner[twice[0]]])
        raise DataError(Code.REPEATED_MOMENT, subject=name, column=str(column), value=str(value))


def _nearest(word: str, data: pd.DataFrame) -> str:
    near = difflib.get_close_matches(word, [str(column) for column in data.columns], n=1)
    return f": did you mean {near[0]!r}?" if near else ""
