"""Which tests stay together when the suite runs on several cores, and in which order; no deadline for an example."""

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
    """Files stay whole, since their fixtures cost; the longest folders start first: no core idles at the end."""
    places = {item: item.path.relative_to(HERE) for item in items}
    for item, place in places.items():
        item.add_marker(pytest.mark.xdist_group(str(_together(place))))
    items.sort(key=lambda item: _rank(places[item]))


def _together(place: Path) -> Path:
    """The report's tests share pages that are rendered once."""
    return place.parent if place.parts[0] == "report" else place


def _rank(place: Path) -> int:
    return FIRST.index(place.parts[0]) if place.parts[0] in FIRST else len(FIRST)
