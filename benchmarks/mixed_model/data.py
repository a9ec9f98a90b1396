"""Generated studies for the comparison: subjects x 22 days, 15% of the rows missing.

Random intercept and slope, continuous AR(1) within patients, two arms of which the first has a sixth of the subjects.
Columns are written as raw doubles, which every peer reads without a parser's memory.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

COLUMNS = ("id", "day", "arm", "x", "y")


def generate(subjects: int, visits: int = 22, seed: int = 1, rho: float = 0.4) -> pd.DataFrame:
    """Columns id, day (0 ...), arm (0, 1), x (a baseline), y; sorted by id and day."""
    generator = np.random.default_rng(seed)
    arm = np.arange(subjects) < max(subjects // 6, 2)
    x = generator.normal(size=subjects)
    effects = generator.normal(size=(subjects, 2)) @ np.array([[1.0, 0.02], [0.0, 0.08]])
    error = generator.normal(size=(subjects, visits))
    for j in range(1, visits):
        error[:, j] = rho * error[:, j - 1] + np.sqrt(1 - rho**2) * error[:, j]
    day = np.arange(visits)
    mean = 5 + 0.5 * x[:, None] + 0.1 * day + arm[:, None] * (0.3 - 0.02 * day)
    y = mean + effects[:, :1] + effects[:, 1:] * day + error
    i, j = np.nonzero(generator.random((subjects, visits)) > 0.15)
    return pd.DataFrame({"id": i, "day": j, "arm": arm[i], "x": x[i], "y": y[i, j]}).astype(float)


def write(table: pd.DataFrame, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in COLUMNS:
        table[name].to_numpy(np.float64).tofile(folder / f"{name}.bin")


def read(folder: Path) -> pd.DataFrame:
    table = pd.DataFrame({name: np.fromfile(folder / f"{name}.bin") for name in COLUMNS})
    return table.assign(id=table["id"].astype(int))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subjects", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--visits", type=int, default=22)
    options = parser.parse_args()
    write(generate(options.subjects, options.visits), options.folder)
