"""What a source declares about findings: from which share on they stop a run, and which ones a person confirmed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from historical_controls.config.base import Section
from historical_controls.config.name_types import MeasuredOutcome

FindingKind = Literal[
    "SENTINEL_SUSPECT",
    "LIMIT_SUSPECT",
    "UNIT_SUSPECT",
    "SPECIMEN_UNKNOWN",
    "SOURCE_SHIFT",
    "ARM_UNKNOWN",
    "DATE_ORDER_SUSPECT",
    "CLOCK_SUSPECT",
    "AIR_BESIDE",
    "ENDING_UNREAD",
    "COMMENT_UNKNOWN",
    "CENTURY_SUSPECT",
    "DOUBTFUL_SHARE",
    "NOTHING_READ",
]


class SuspectShares(Section):
    """Shares of records above which a finding stops the run before the cohort."""

    records: float = Field(0.20, ge=0, le=1, description="of a file's records, held or suspected")
    dates: float = Field(0.05, ge=0, le=1, description="of a file's dates: day and month exchanged, or two clocks")
    arms: float = Field(0.05, ge=0, le=1, description="of a file's rows, whose arm is not declared")
    units: float = Field(
        0.05,
        ge=0,
        le=1,
        description="of a file's records of one outcome, in another unit, or with room air beside them",
    )


class ConfirmedFinding(Section):
    """A finding that a person looked into and that is as it should be: it is reported and stops no run."""

    finding: FindingKind
    outcome: MeasuredOutcome | None = Field(None, description="of this outcome only; null = of the whole file")
