"""Numbers that are results: the cycle threshold of a PCR."""

from __future__ import annotations

from typing import Any

import pytest
from cleaning_study import DATES, clean, fates
from pydantic import ValidationError

from historical_controls.config.sources.limits import CutOff

CUT = {"PCR": {"number": 38, "up_to": "positive", "above": "negative"}}
WIDE = {
    "kind": "measurements_wide",
    "subject": "id",
    "time": DATES,
    "columns": {"ct": {"outcome": "PCR", "values": {"ND": "negative", "45": "indeterminate"}}},
}


def result_of(text: str, **keys: Any) -> str:
    """The result read, or the reason why none was."""
    cleaned = clean([{"id": "1", "when": "2020-05-04", "ct": text}], WIDE, **keys)
    return str(cleaned.measurements["result"].iloc[0]) if len(cleaned.measurements) else fates(cleaned)[0]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("27.3", "positive"),
        ("38", "positive"),
        ("38.01", "negative"),
        ("<15", "positive"),
        (">40", "negative"),
        (">38", "negative"),
        ("ND", "negative"),
        ("45", "indeterminate"),
        ("positive", "positive"),
        ("1 x 10^6", "negative"),
        ("2.73 x 10^1", "positive"),
        (">35", "RESULT_UNKNOWN"),
        ("<40", "RESULT_UNKNOWN"),
        ("35-40", "RESULT_UNKNOWN"),
        ("high", "RESULT_UNKNOWN"),
    ],
)
def test_a_number_is_the_result_of_its_side_and_what_may_be_either_is_held(text: str, result: str) -> None:
    assert result_of(text, cut_offs=CUT) == result


def test_without_a_cut_off_a_number_is_no_result() -> None:
    assert result_of("27.3") == "RESULT_UNKNOWN"


def test_a_cut_off_tells_two_results_apart() -> None:
    with pytest.raises(ValidationError, match="both sides of the cut-off mean 'positive'"):
        CutOff.model_validate({"number": 38, "up_to": "positive", "above": "positive"})
