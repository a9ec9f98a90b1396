"""A finding: something about a file that a person must settle, with where it shows and the suggested line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

NOT_KNOWN = float("nan")
Shown = Literal["value", "time", "arm"]


@dataclass(frozen=True)
class Evidence:
    """Records of one table ('measurements' or 'ledger') that a finding is about, by what their columns hold.

    shows: whether their examples quote the value, the time or the arm.
    """

    table: Literal["measurements", "ledger"]
    columns: Mapping[str, str | float]
    shows: Shown = "value"


@dataclass(frozen=True)
class Finding:
    """One row of table findings but for source, severity and examples.

    value: in the canonical unit; raw_value: the same as its cell has it, in `unit`, which is the unit sent. Texts for
    people show the second: '48,00' mg/dL is 480 mg/L, and neither number may stand beside the other's unit.
    share: of the records compared; NOT_KNOWN where there is nothing to compare them with, and then it stops no run.
    stops: the run, whatever the share.
    """

    file: str
    finding: str
    outcome: str
    unit: str
    value: float
    n: int
    share: float
    factor: float
    hint: str
    config_line: str = ""
    evidence: tuple[Evidence, ...] = field(default=())
    raw_value: str = ""
    stops: bool = False
