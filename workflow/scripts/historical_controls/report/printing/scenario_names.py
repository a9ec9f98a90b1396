"""What each scenario is called: the study's own label, or words for what the grid changed."""

from __future__ import annotations

from historical_controls.config.scenarios import Variant, grid
from historical_controls.config.study_config import Config
from historical_controls.report.printing.rung_name import rung_name
from historical_controls.text.words import Words


def scenario_labels(config: Config, words: Words) -> dict[str, str]:
    """Every scenario but 'primary' and those of the specification curve, in the order of the declaration."""
    own = {name: words.among(scenario.label) for name, scenario in config.scenarios.items()}
    # The specification curve is hundreds of combinations, shown as a figure.
    made = {name: one for name, one in grid(config).items() if one.kind != "specification"}
    return own | {name: _label(one, config, words) for name, one in made.items()}


def _label(variant: Variant, config: Config, words: Words) -> str:
    match variant.kind:
        case "readings":
            name, option = variant.value.split("=")
            reading = config.cohort.readings[name]
            texts = {"reading": words.among(reading.label), "option": words.among(reading.options[option].label)}
            return words("grid.readings", **texts)
        case "sources":
            return words("grid.sources", source=words.among(config.sources[variant.value].label))
        case "calendar_windows":
            return words("grid.calendar_windows", weeks=variant.value)
        case "weightings":
            return words("grid.weightings", method=words(f"weighting.{variant.value}"))
        case "rungs":
            return words("grid.rungs", rung=rung_name(variant.value, config, words))
    return words(f"grid.{variant.kind}.{variant.value}")
