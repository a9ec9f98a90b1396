"""What the stage is given beside its tables."""

from __future__ import annotations

from dataclasses import dataclass

from historical_controls.config.analysis.balance import Balance
from historical_controls.dictionary.dictionary import Dictionary


@dataclass(frozen=True)
class BalanceInputs:
    """`seed`: of the labellings of the chance limit. `public`: no exact age may be printed."""

    settings: Balance
    dictionary: Dictionary
    seed: int
    scenario: str = "primary"
    public: bool = True
