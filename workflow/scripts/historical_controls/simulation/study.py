"""A whole simulated study: clean truth, exports, and what every record must come out as."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from historical_controls.config.study_file import read_config
from historical_controls.simulation.exports.dirt import (
    Amount,
    gas_dirt,
    image_dirt,
    laboratory_dirt,
    planted,
    redcap_dirt,
    spoil_all,
    vitals_dirt,
)
from historical_controls.simulation.exports.export import Export
from historical_controls.simulation.exports.hospital import hospital_exports
from historical_controls.simulation.exports.redcap import FOLDER, data_dictionary, redcap_export
from historical_controls.simulation.truth import Truth, changed, load_truth
from historical_controls.simulation.truth_tables import Arm, historical_arm, treated_arm

TRUTH_FILE = "data/raw/truth.yaml"
PLANTED_FILE = "data/raw/planted.csv"
# Third element beside the arms 1 and 2 of truth_tables: the exports draw from a stream of their own.
RENDERING = 3
# A grid without any scenario: small studies are there to be run quickly.
NO_GRID: dict[str, Any] = {
    "readings": [],
    "leave_out_sources": False,
    "weightings": [],
    "rungs": [],
    "adjustments": [],
    "limits": [],
    "placebo_cohorts": {"consecutive": False, "random": 0},
}


@dataclass(frozen=True)
class Study:
    """Clean truth per arm, and the exports made of it."""

    truth: Truth
    treated: Arm
    historical: Arm
    exports: tuple[Export, ...]

    def expectations(self) -> pd.DataFrame:
        """Every measured record of every export. Key (source, file, line, item)."""
        return pd.concat([export.expectations() for export in self.exports], ignore_index=True)

    def files(self) -> dict[str, bytes]:
        """Contents by path from the study folder."""
        table = planted(list(self.exports)).to_csv(index=False, lineterminator="\n")
        return {
            **{export.path: export.content() for export in self.exports},
            f"{FOLDER}/redcap_data_dictionary.csv": data_dictionary(),
            PLANTED_FILE: table.encode(),
        }


def simulate(truth: Truth, dirty: bool = True) -> Study:
    """The study that the truth file describes; the same truth gives the same study, byte for byte."""
    treated, historical = treated_arm(truth), historical_arm(truth)
    rng = np.random.default_rng([truth.seed, RENDERING])
    exports = [*hospital_exports(historical, rng), redcap_export(treated, truth)]
    if dirty:
        # Another stream again, so that clean and dirty studies of one seed have the same clean records.
        exports = _spoilt(exports, historical, truth, np.random.default_rng([truth.seed, RENDERING, 1]))
    return Study(truth, treated, historical, tuple(exports))


def _spoilt(exports: list[Export], historical: Arm, truth: Truth, rng: np.random.Generator) -> list[Export]:
    # The counts in `dirt` are those of the shipped study, which has 150 admissions.
    amount = Amount(min(1.0, truth.historical / 150))
    dirt = {
        "laboratorio": laboratory_dirt(historical.patients, amount),
        "signos_vitales": vitals_dirt(historical.patients, amount),
        "gasometrias": gas_dirt(amount),
        "imagen": image_dirt(amount),
        "redcap": redcap_dirt(amount),
    }
    return [spoil_all(export, dirt.get(export.name, []), rng) for export in exports]


def write_study(study: Study, folder: str | Path) -> list[Path]:
    """Write the exports under the study folder; returns their paths."""
    written = []
    for path, content in study.files().items():
        target = Path(folder) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        written.append(target)
    return written


def make_study(
    folder: str | Path,
    template: str | Path,
    *,
    config: Mapping[str, Any] | None = None,
    dirty: bool = True,
    **overrides: Any,
) -> Study:
    """Write a small study folder made like the one at `template`: exports, truth file and config.yaml.

    `config` replaces top-level keys; `overrides` those of the truth file (treated, historical, seed, and population,
    e.g. {"severity_mean": 1.2} for more eligible patients). The template's exports are not read, and its sensitivity
    grid is not taken over.
    """
    small = {"treated": 5, "historical": 20, "seed": 1}
    truth = changed(load_truth(Path(template) / TRUTH_FILE), **{**small, **overrides})
    study = simulate(truth, dirty)
    write_study(study, folder)
    # mode="json" turns tuples into lists, which safe_dump can write.
    plain = truth.model_dump(mode="json")
    (Path(folder) / TRUTH_FILE).write_text(yaml.safe_dump(plain, sort_keys=False), encoding="utf-8")
    # What the template registered and compares itself with.
    if (Path(template) / "dictionary").is_dir():
        shutil.copytree(Path(template) / "dictionary", Path(folder) / "dictionary", dirs_exist_ok=True)
    # The included files are merged already, and the small study has no such files.
    settings = read_config(Path(template) / "config.yaml") | {"include": [], "sensitivity": NO_GRID}
    settings |= dict(config or {})
    text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
    (Path(folder) / "config.yaml").write_text(text, encoding="utf-8")
    return study
