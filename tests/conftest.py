"""The order in which files are given out on several cores, no deadline for an example, and the one browser."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

# How long an example takes says more of what else runs than of the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

HERE = Path(__file__).parent
NO_BROWSER = "no Chromium: neither playwright's own (`playwright install chromium`) nor the distribution's"
DISTRIBUTIONS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FIRST = ("workflow", "report", "fuzz", "statistics")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest folders start first: no core idles at the end."""
    items.sort(key=lambda item: _rank(item.path.relative_to(HERE)))


def _rank(place: Path) -> int:
    return FIRST.index(place.parts[0]) if place.parts[0] in FIRST else len(FIRST)


@pytest.fixture(scope="session")
def script() -> Callable[[str], ModuleType]:
    """Loads a script of the repository, named by its path, that no package holds."""

    def load(path: str) -> ModuleType:
        found = importlib.util.spec_from_file_location(Path(path).stem, HERE.parent / path)
        assert found is not None and found.loader is not None
        module = importlib.util.module_from_spec(found)
        # Its dataclasses look themselves up there.
        sys.modules[found.name] = module
        found.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium for every test that looks at a page; without one the test is skipped, and fails where CI is set."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(NO_BROWSER)
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


def find_chromium(playwright: Playwright) -> str | None:
    """Path of playwright's own Chromium where it is installed, else of the distribution's."""
    own = playwright.chromium.executable_path
    return own if Path(own).is_file() else next(filter(None, map(shutil.which, DISTRIBUTIONS)), None)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Says how many tests want of a browser has skipped."""
    skipped = terminalreporter.stats.get("skipped", [])
    without = sum(isinstance(report.longrepr, tuple) and NO_BROWSER in report.longrepr[2] for report in skipped)
    if without:
        terminalreporter.write_line(f"{without} tests skipped: {NO_BROWSER}", yellow=True)
