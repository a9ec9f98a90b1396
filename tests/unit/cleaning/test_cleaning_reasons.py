"""Every reason and flag that cleaning can give has words in both languages."""

from __future__ import annotations

import ast

import pytest
import yaml
from cleaning_study import ROOT, dictionary

LIBRARY = ROOT / "workflow/scripts/historical_controls"
# Upper-case texts of the two rooms that are no reasons: outcomes, formats, vocabularies, what numbers show.
OTHER = {"TRUE", "FALSE", "HH:MM", "UTC", "DATE", "TIME", "NFC", "NFD", "NFKC", "NFKD", "UCUM", *dictionary().outcomes}


def codes() -> set[str]:
    found = set()
    for path in [*LIBRARY.glob("cleaning/**/*.py"), *LIBRARY.glob("intake/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
                if text.isupper() and text.replace("_", "").isalpha() and len(text) > 2 and text not in OTHER:
                    found.add(text)
    return found


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_reason_has_words(language: str) -> None:
    entries = yaml.safe_load((ROOT / f"workflow/locales/{language}.yaml").read_text(encoding="utf-8"))
    words = {**entries["ledger_reason"], **entries["finding"]}
    found = codes()
    assert {"DUP_CONFLICT", "TIME_NO_ANCHOR", "FILE_LAYOUT", "NOTHING_READ"} <= found
    assert sorted(found - set(words)) == []
