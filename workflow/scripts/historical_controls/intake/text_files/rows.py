"""What both readers of delimited rows are asked, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from historical_controls.intake.layout import Problem


@dataclass(frozen=True)
class Shape:
    """How the rows of a file are cut into cells."""

    names: list[str]
    delimiter: str
    footer: list[str]

    @property
    def width(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Rows:
    """cells, lines and problems as in Grid, lines counted from 1 at the start of what was read.

    n_lines: lines read; rest: bytes at the end that were not, since their record goes on beyond them.
    """

    cells: pd.DataFrame
    lines: np.ndarray
    problems: list[Problem]
    n_lines: int
    rest: bytes
