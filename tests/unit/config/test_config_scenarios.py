"""The sensitivity grid of the example: no scenario contradicts the config that it changes."""

from __future__ import annotations

from pathlib import Path

from historical_controls.config.merging import merged
from historical_controls.config.scenarios import grid
from historical_controls.config.study_config import Config
from historical_controls.config.study_file import read_config


def test_every_scenario_is_a_config_of_its_own() -> None:
    raw = read_config(Path(__file__).parents[3] / "config.yaml")
    variants = grid(Config.model_validate(raw))
    assert len(variants) > 20
    for variant in variants.values():
        Config.model_validate(merged(raw, variant.overrides))
