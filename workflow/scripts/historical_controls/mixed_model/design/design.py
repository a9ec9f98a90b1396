"""From a table and a specification to the arrays of (MM-1), rows ordered by group, subject and time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from historical_controls.mixed_model.design import checks
from historical_controls.mixed_model.design.arrays import Array, Codes, Design
from historical_controls.mixed_model.design.errors import DataError
from historical_controls.mixed_model.design.messages import Code
from historical_controls.mixed_model.design.specification import MixedModelSpec

if TYPE_CHECKING:
    from formulaic import ModelSpec


@dataclass(frozen=True)
class FixedPart:
    """The response (N,) and X (N, p) in the caller's order, with the names of the columns and how they were made."""

    y: Array
    X: Array
    names: tuple[str, ...]
    formula: ModelSpec


def build_design(data: pd.DataFrame, spec: MixedModelSpec, like: Design | None = None) -> Design:
    """Evaluate the formulas, order the rows, and refuse what the model cannot carry.

    Spline knots and category levels are taken from all rows and kept in `fixed_formula`. like: a design whose X is
    taken over where this one would have the same, for a formula costs more than a fit; its response may be another. Of
    `data` that are its own the order of rows is taken over as well. Raises DataError or RankDeficient.
    """
    checks.named_columns(data, spec)
    own = like is not None and data is like.data
    # `row` counts positions; the caller's labels may repeat.
    data = data if own else data.reset_index(drop=True)
    fixed = _fixed_part(spec.fixed, data) if like is None else _taken_over(spec.fixed, data, like)
    Z, random_names = _random_part(spec.random, data)
    order, layout = _layout_of(like) if own and like is not None and _alike(like.spec, spec) else _layout(data, spec)
    design = Design(
        spec=spec,
        X=_ordered(fixed.X, order),
        Z=_ordered(Z, order),
        y=_ordered(fixed.y, order),
        coefficient_names=fixed.names,
        random_names=random_names,
        time=_numbers(data, spec.time, order),
        weight=_numbers(data, spec.weights, order),
        lower=_numbers(data, spec.lower, order),
        upper=_numbers(data, spec.upper, order),
        row=order,
        fixed_formula=fixed.formula,
        data=data,
        **layout,
    )
    checks.whole_design(design)
    return design


def fixed_rows(design: Design, table: pd.DataFrame) -> Array:
    """Rows of X for new values of the covariates, with the knots and levels of the fit (MM-1).

    Raises DataError when a column or category is unknown to the model.
    """
    checks.covariates_known(design, table)
    needed = sorted(map(str, design.fixed_formula.required_variables))
    asked = (len(table), *(tuple(table[name].tolist()) for name in needed))
    # Curves, contrasts and leave-one-out refits ask for the same rows again and again.
    if asked not in design.known_rows:
        design.known_rows[asked] = _evaluated(design, table)
    return design.known_rows[asked]


def _evaluated(design: Design, table: pd.DataFrame) -> Array:
    try:
        rows = design.fixed_formula.get_model_matrix(table.reset_index(drop=True), na_action="ignore")
    except Exception as error:
        raise DataError(Code.MEAN_FAILS, detail=str(error)) from error
    values = np.array(rows, dtype=np.float64)
    if not np.isfinite(values).all():
        raise DataError(Code.NEW_VALUES_INCOMPLETE)
    values.setflags(write=False)  # they are kept for the next question
    return values


def _matrices(formula: str, data: pd.DataFrame) -> Any:
    # Imported here, which takes a third of a second: jobs that fit no model need this module for its types alone.
    from formulaic import Formula

    # By default formulaic drops rows with missing values, and X, Z and the ids would no longer match.
    return Formula(formula).get_model_matrix(data, na_action="ignore")


def _fixed_part(formula: str, data: pd.DataFrame) -> FixedPart:
    try:
        both = _matrices(formula, data)
    except Exception as error:
        raise DataError(Code.FORMULA_FAILS, formula=f"fixed={formula!r}", detail=str(error)) from error
    # Text as response becomes one indicator column per level.
    if both.lhs.shape[1] != 1:
        raise DataError(Code.RESPONSE_NOT_NUMERIC, formula=f"fixed={formula!r}", columns=both.lhs.shape[1])
    y, X = (np.asarray(side, dtype=np.float64) for side in (both.lhs, both.rhs))
    return FixedPart(y[:, 0], X, tuple(map(str, both.rhs.columns)), both.rhs.model_spec)


def _taken_over(formula: str, data: pd.DataFrame, like: Design) -> FixedPart:
    """The fixed part with the X of another design where formula and covariates are the same, else made anew."""
    response = formula.partition("~")[0].strip()
    needed = sorted(map(str, like.fixed_formula.required_variables))
    same = like.spec.fixed == formula and len(like.data) == len(data)
    # A response that is transformed is left to the formula.
    alike = data is like.data or (same and like.data[needed].equals(data[needed]))
    if not same or response not in data or not alike:
        return _fixed_part(formula, data)
    X = np.empty_like(like.X)
    X[like.row] = like.X
    return FixedPart(data[response].to_numpy(dtype=np.float64), X, like.coefficient_names, like.fixed_formula)


def _random_part(formula: str | None, data: pd.DataFrame) -> tuple[Array, tuple[str, ...]]:
    """Z (N, q) in the caller's order and the names of its columns."""
    if formula is None:
        return np.empty((len(data), 0)), ()
    columns = formula.replace(" ", "").removeprefix("1+").split("+")
    # Intercepts and slopes in time, as nearly all models have them, need no formula.
    if all(name == "1" or _is_number(data, name) for name in columns) and len({*columns}) == len(columns):
        slopes = [name for name in columns if name != "1"]
        Z = np.column_stack([np.ones(len(data)), *(data[name].to_numpy(dtype=np.float64) for name in slopes)])
        return Z, ("Intercept", *slopes)
    try:
        both = _matrices(formula, data)
    except Exception as error:
        raise DataError(Code.FORMULA_FAILS, formula=f"random={formula!r}", detail=str(error)) from error
    return np.asarray(both, dtype=np.float64), tuple(map(str, both.columns))


def _is_number(data: pd.DataFrame, name: str) -> bool:
    """Whether a term is a column of plain numbers: '0' takes the intercept out, and categories have other columns."""
    dtype = data[name].dtype if name.isidentifier() and name in data else None
    return isinstance(dtype, np.dtype) and dtype.kind in "iuf"


def _alike(one: MixedModelSpec, other: MixedModelSpec) -> bool:
    """Whether both order the rows of one table alike."""
    return all(
        getattr(one, name) == getattr(other, name) for name in ("subject", "groups", "visit", "time", "over_visits")
    )


def _layout_of(design: Design) -> tuple[Codes, dict[str, Any]]:
    """What `_layout` has found for another design."""
    names = ("first", "subjects", "group", "group_levels", "visit", "visit_levels")
    return design.row, {name: getattr(design, name) for name in names}


def _layout(data: pd.DataFrame, spec: MixedModelSpec) -> tuple[Codes, dict[str, Any]]:
    """Row order and the integer codes of subjects, groups and visits."""
    checks.ordered_visits(data, spec)
    # Sorted codes: the fit must not depend on the order of the caller's rows.
    subject, subjects = pd.factorize(data[spec.subject], sort=True)
    group, group_levels = _coded(data, spec.groups)
    visit, visit_levels = _coded(data, spec.visit)
    checks.groups_within_subjects(subject, group, subjects, spec)
    # np.lexsort sorts by its last key first: groups, then subjects, then moments.
    within = visit if spec.over_visits else _sortable(data, spec.time)
    order = np.lexsort((within, subject, group))
    ordered = subject[order]
    first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    layout = {
        "first": first,
        "subjects": pd.Index(subjects)[ordered[first]],
        "group": group[order][first],
        "group_levels": group_levels,
        "visit": visit[order] if spec.visit is not None else None,
        "visit_levels": visit_levels,
    }
    return order, layout


def _coded(data: pd.DataFrame, column: str | None) -> tuple[Codes, tuple[Any, ...]]:
    """Integer codes in the order of the categories, or sorted; unused categories are left out."""
    if column is None:
        return np.zeros(len(data), dtype=np.intp), ("all",)
    values = data[column]
    if isinstance(values.dtype, pd.CategoricalDtype):
        # An unused level would be a group without subjects, or a visit whose variance nothing determines.
        values = values.cat.remove_unused_categories()
        return values.cat.codes.to_numpy(np.intp), tuple(values.cat.categories)
    codes, levels = pd.factorize(values, sort=True)
    return codes, tuple(levels)


def _sortable(data: pd.DataFrame, time: str | None) -> Array:
    return np.zeros(len(data)) if time is None else data[time].to_numpy(np.float64)


def _numbers(data: pd.DataFrame, column: str | None, order: Codes) -> Array | None:
    return None if column is None else data[column].to_numpy(np.float64)[order]


def _ordered(matrix: Any, order: Codes) -> Array:
    return np.ascontiguousarray(np.asarray(matrix, dtype=np.float64)[order])
