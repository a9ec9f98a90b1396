"""What a rung of the declared covariance ladder assumes, in words."""

from __future__ import annotations

from historical_controls.config.study_config import Config
from historical_controls.text.words import Words


def rung_name(name: str, config: Config, words: Words) -> str | None:
    """Random effects, residual correlation and what each group has of its own; None for a rung of no ladder.

    One value for each patient takes a rung that no config declares.
    """
    rung = next((rung for rung in config.analysis.ladder if rung.id == name), None)
    if rung is None:
        return words(f"rung.{name}") if words.has(f"rung.{name}") else None
    random = words.entry("random", rung.random or "none")
    return f"{random}, {words(f'residual.{rung.residual}')}, {words(f'per_arm.{rung.per_arm}')}"
