"""The arrays of one model (MM-1), rows ordered by group, subject and time."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from historical_controls.mixed_model.design.specification import MixedModelSpec

if TYPE_CHECKING:
    from formulaic import ModelSpec

Array = NDArray[np.float64]
Codes = NDArray[Any]


@dataclass(frozen=True)
class Design:
    """The arrays of one model; N rows, n subjects, p fixed and q random columns.

    X (N, p), Z (N, q), y (N,): rows of one subject stand together, subjects of one group stand together.
    first (n,): first row of each subject; group (n,): its group; time, visit, weight (N,) or None.
    row (N,): position of each row in the caller's table.
    """

    spec: MixedModelSpec
    X: Array
    Z: Array
    y: Array
    first: Codes
    subjects: pd.Index
    group: Codes
    group_levels: tuple[Any, ...]
    coefficient_names: tuple[str, ...]
    random_names: tuple[str, ...]
    time: Array | None
    visit: Codes | None
    visit_levels: tuple[Any, ...]
    weight: Array | None
    lower: Array | None
    upper: Array | None
    row: Codes
    fixed_formula: ModelSpec
    data: pd.DataFrame

    @cached_property
    def known_rows(self) -> dict[Hashable, Array]:
        """Rows of X that were already evaluated, by the values of the covariates: a formula costs more than a fit."""
        return {}

    @property
    def counts(self) -> Codes:
        """Rows per subject (n,)."""
        return np.diff(np.append(self.first, len(self.y)))

    @property
    def subject_of_row(self) -> Codes:
        """Subject number of every row (N,)."""
        # The groups are the outer order, so that this number counts subjects by group first, not by id.
        return np.repeat(np.arange(len(self.first)), self.counts)
