"""The documentation site: every document is on it once, every link leads somewhere, every public name is defined."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("site_pages", ROOT / "docs/site_pages.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SITE = loaded()
WRITTEN = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
PAGES = {**WRITTEN, **SITE.pages()}


def listed(items: list[dict[str, Any]]) -> list[str]:
    places = [place for item in items for place in item.values()]
    return [page for place in places for page in ([place] if isinstance(place, str) else listed(place))]


def test_every_document_and_page_of_the_library_is_in_the_contents_once() -> None:
    contents = listed(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    assert sorted(contents) == sorted(PAGES)


@pytest.mark.parametrize("page", sorted(PAGES))
def test_a_link_leads_to_a_page_or_file_of_the_site(page: str) -> None:
    text = SITE.on_page_markdown(PAGES[page])
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text)
    # Reports of studies that were run are copied to the site when it is built.
    known = {*PAGES, *SITE.reports()}
    assert [link for link in links if link not in known and not (ROOT / "docs" / link).is_file()] == []


def test_public_names_are_where_the_page_looks_for_them() -> None:
    texts = [PAGES[page] for page in SITE.FACES]
    entries = [name for text in texts for name in re.findall(r"^::: historical_controls\.(\S+)", text, re.M)]
    assert {"mixed_model.fits.gaussian.fit_mixed_model", "inference.pairwise.win_ratio.win_ratio"} <= set(entries)
    for name in entries:
        module, _, own = name.rpartition(".")
        path = SITE.LIBRARY.joinpath(*name.split(".")).with_suffix(".py")
        if not path.is_file():
            text = SITE.LIBRARY.joinpath(*module.split(".")).with_suffix(".py").read_text(encoding="utf-8")
            assert re.search(rf"^(?:def |class )?{own}\b", text, re.M), name


def test_every_line_of_the_security_page_names_a_test_that_exists() -> None:
    """Also that no line of its tables has none."""
    lines = [line for line in WRITTEN["security.md"].splitlines() if line.startswith("| ")]
    named = [re.findall(r"`(test_\w+)` \|$", line) for line in lines if not line.startswith("| what |")]
    assert len(named) > 30 and all(len(names) == 1 for names in named)
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for (name,) in named if f"def {name}(" not in sources] == []
