"""In which order files are given out when the suite runs on several cores; no deadline for an example."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says more of what else runs than of the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

HERE = Path(__file__).parent
FIRST = ("workflow", "report", "fuzz", "statistics")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest folders start first: no core idles at the end."""
    items.sort(key=lambda item: _rank(item.path.relative_to(HERE)))


def _rank(place: Path) -> int:
    return FIRST.index(place.parts[0]) if place.parts[0] in FIRST else len(FIRST)
