"""Studies of the shape in hand, simulated by `snakemake calibrate`: the `calibration` section of config.yaml."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from historical_controls.config.base import Section
from historical_controls.config.name_types import CalibratedOutcome

Effect = Annotated[float, Field(gt=0, le=5)]


class Calibration(Section):
    """How many studies are simulated, of which outcomes, and with which effects."""

    studies: int = Field(300, ge=1, le=20_000, description="studies simulated per outcome, in jobs of 50 studies")
    outcomes: list[CalibratedOutcome] = Field(default=[], description="outcomes simulated; empty = the primary one")
    effects: list[Effect] = Field(
        default=[0.5, 1.0, 1.5],
        description="effects, in standard deviations of historical patients, at which the power of ranks is simulated; "
        "that of the other answers follows for every effect",
    )
