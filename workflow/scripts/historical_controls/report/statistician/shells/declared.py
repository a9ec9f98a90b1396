"""The shells of every numbered table, by output: ICH E3's appendix of tables as this study needs it."""

from __future__ import annotations

from collections.abc import Mapping

from historical_controls.report.statistician.shells.answers import OUTCOMES
from historical_controls.report.statistician.shells.people import PEOPLE
from historical_controls.report.statistician.shells.robustness import ROBUSTNESS
from historical_controls.report.statistician.shells.safety import SAFETY
from historical_controls.report.statistician.shells.shell import Shell

SHELLS: Mapping[str, tuple[Shell, ...]] = {**PEOPLE, **OUTCOMES, **ROBUSTNESS, **SAFETY}
