"""Regular expressions of a config: valid, and done in bounded time."""

from __future__ import annotations

import re

import pytest

from historical_controls.text.patterns import check_pattern


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|aa)*$", "(?:x*,)+y", "((ab)*c)*", "^(.*;){3,}$", "(?P<n>[a-z]+\\s?)*!", "([)(]+)+"]
)
def test_patterns_that_may_take_for_ever_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"can take for ever on a long line"):
        check_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "^Total",
        r"\(a+\)+",
        "[(a+)]+",
        "(abc)+",
        "(a|b)",
        "(a|b){1,20}",
        "al[eé]rgi|anafil",
        "^-+$",
        "(?i:fin).*",
        r"P\.? \d+ de \d+",
    ],
)
def test_plain_patterns_are_accepted(pattern: str) -> None:
    check_pattern(pattern)
    assert re.compile(pattern)


def test_what_is_no_pattern_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match=r"'\(a' is not a valid regular expression"):
        check_pattern("(a")
