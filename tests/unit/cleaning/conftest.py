"""Whatever cleaning says of a record or a file in any test here has words in Spanish as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, wraps
from typing import Any

import pandas as pd
import pytest
from cleaning_study import ROOT

from historical_controls.cleaning.findings import inspect
from historical_controls.cleaning.people import assemble, joining
from historical_controls.cleaning.rows import files
from historical_controls.text.hints import Hints, load_hints
from historical_controls.text.words import load_words

LOCALES = ROOT / "workflow" / "locales"


@cache
def spanish() -> Hints:
    return load_hints(load_words(LOCALES, "es"), LOCALES)


def without_words(texts: set[str]) -> list[str]:
    return sorted(text for text in texts if text and spanish().translated(text) is None)


@pytest.fixture(autouse=True)
def hints_have_words(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    said: set[str] = set()

    def noted(function: Callable[..., pd.DataFrame]) -> Callable[..., pd.DataFrame]:
        @wraps(function)
        def call(*arguments: Any, **keys: Any) -> pd.DataFrame:
            ledger = function(*arguments, **keys)
            # The grounds of an exclusion are a person's own words.
            own = ledger.loc[ledger["reason"] != "EXCLUDED", "hint"]
            said.update(own.dropna().astype("str").unique())
            return ledger

        return call

    def found(*arguments: Any) -> Iterator[Any]:
        for one in findings(*arguments):
            said.add(one.hint if one.hint != one.config_line else "")
            # Lines as they are typed have no words, but comments do.
            said.add(one.config_line if "   # " in one.config_line else "")
            yield one

    findings = inspect._findings
    monkeypatch.setattr(inspect, "_findings", found)
    monkeypatch.setattr(files, "_ledger", noted(files._ledger))
    for module in (assemble, joining):
        monkeypatch.setattr(module, "with_exclusions", noted(module.with_exclusions))
    yield
    assert without_words(said) == [], "give these an entry in group 'hint' of both locales (text/hints.py)"
