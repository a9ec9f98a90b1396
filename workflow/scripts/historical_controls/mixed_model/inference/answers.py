"""What every fit answers about beta, however it was estimated: coefficients, means, differences, curves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from historical_controls.mixed_model.design.arrays import Array, Design
from historical_controls.mixed_model.design.errors import DataError
from historical_controls.mixed_model.design.messages import Code
from historical_controls.mixed_model.design.specification import MixedModelSpec
from historical_controls.mixed_model.inference import margins
from historical_controls.mixed_model.inference.contrast import Contrast, Method

SEED = 20200618


class Answers(ABC):
    """A fit with a design and contrasts of its own; `df` None takes the method that suits the fit."""

    design: Design
    default_df: ClassVar[Method]

    @property
    def spec(self) -> MixedModelSpec:
        return self.design.spec

    @property
    def names(self) -> tuple[str, ...]:
        return self.design.coefficient_names

    @abstractmethod
    def contrasts(self, L: Array, df: Method | None = None, level: float = 0.95) -> tuple[Contrast, ...]:
        """One Contrast per row of L (k, p)."""

    @abstractmethod
    def adjusted_vcov(self, df: Method | None = None) -> pd.DataFrame:
        """Covariance of beta that a method's standard errors come from."""

    def coefficients(self, df: Method | None = None, level: float = 0.95) -> pd.DataFrame:
        """Every coefficient with its inference, one row each."""
        rows = self.contrasts(np.eye(len(self.names)), df, level)
        return pd.DataFrame([vars(row) for row in rows], index=list(self.names))

    def marginal_means(
        self,
        at: Mapping[str, Any] | None = None,
        by: str | Sequence[str] = (),
        df: Method | None = None,
        level: float = 0.95,
    ) -> margins.Margins:
        """Means over a grid of `at` values and levels of `by`; other factors weigh equally, numbers stand at
        their mean over rows (MM-25)."""
        return margins.means(self, at or {}, by, self._asked(df, level))

    def difference_rows(self, by: str, levels: tuple[Any, Any], at: Mapping[str, Any] | None = None) -> Array:
        """Rows of L (k, p) of `difference`, for combinations of one's own: means over time, slopes (MM-25)."""
        return margins.difference_rows(self, by, levels, at or {})[1]

    def difference(
        self,
        by: str,
        levels: tuple[Any, Any],
        at: Mapping[str, Any] | None = None,
        df: Method | None = None,
        level: float = 0.95,
        seed: int | None = None,
    ) -> margins.Margins:
        """First minus second level of `by` at every combination of `at` (MM-25); bands where a seed is given."""
        return margins.difference(self, by, levels, at or {}, self._asked(df, level, seed))

    def trajectory(
        self,
        days: Sequence[float] | Mapping[str, Sequence[Any]],
        by: str | Sequence[str] = (),
        at: Mapping[str, Any] | None = None,
        df: Method | None = None,
        level: float = 0.95,
        seed: int = SEED,
    ) -> margins.Margins:
        """Marginal means along the time column with pointwise and simultaneous bands, each curve its own (MM-26).

        `days` may name another column with its values, as a category of visits.
        """
        # A bare sequence means the time column, which may be None.
        along = days if isinstance(days, Mapping) else {self.spec.time: days}
        if None in along:
            raise DataError(Code.NO_TIME_COLUMN)
        values = {str(name): list(own) for name, own in along.items()}
        return margins.means(self, {**(at or {}), **values}, by, self._asked(df, level, seed))

    def _asked(self, df: Method | None, level: float, seed: int | None = None) -> margins.Asked:
        return margins.Asked(df or self.default_df, level, seed)
