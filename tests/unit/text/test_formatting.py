"""Numbers as text."""

from __future__ import annotations

import pytest

from historical_controls.text.formatting import format_share


@pytest.mark.parametrize(
    ("share", "places", "printed"),
    [
        (0.0, 0, "0%"),
        (1 / 438, 0, "<1%"),
        (0.005, 0, "<1%"),
        (0.0051, 0, "1%"),
        (64 / 1119, 0, "6%"),
        (0.0004, 1, "<0.1%"),
        (0.0006, 1, "0.1%"),
        (1.0, 1, "100.0%"),
    ],
)
def test_a_share_too_small_to_print_is_not_called_none(share: float, places: int, printed: str) -> None:
    assert format_share(share, places) == printed
