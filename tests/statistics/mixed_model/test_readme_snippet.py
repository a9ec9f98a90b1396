"""The README's three lines give pbkrtest's Kenward-Roger numbers, and the installed library has all that they need."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
LIBRARY = ROOT / "workflow" / "scripts" / "historical_controls"


def test_the_snippet_gives_the_numbers_of_pbkrtest(monkeypatch: pytest.MonkeyPatch) -> None:
    """tests/data/engine/lme4_sleepstudy.json: pbkrtest 0.5.2 on lmer(Reaction ~ Days + (Days | Subject))."""
    monkeypatch.chdir(ROOT)
    readme = Path("README.md").read_text(encoding="utf-8")
    snippet = next(code for code in re.findall(r"```python\n(.*?)```", readme, re.S) if "fit_mixed_model" in code)
    names: dict[str, Any] = {}
    exec(snippet, names)
    slope = names["fit"].contrast([0, 1])
    reference = json.loads(Path("tests/data/engine/lme4_sleepstudy.json").read_text(encoding="utf-8"))
    days = next(one for one in reference["tests"] if one["label"] == "Days")
    assert slope.estimate == pytest.approx(days["estimate"], abs=1e-8)
    assert slope.standard_error == pytest.approx(days["kr_se"], abs=1e-8)
    assert slope.df == pytest.approx(days["kr_df"], abs=1e-6)
    assert "np." not in repr(slope)
    for printed in (f"{slope.estimate:.3f}", f"{slope.standard_error:.3f}"):
        assert printed in snippet


def test_every_file_of_the_library_is_installed() -> None:
    """A file that is neither a module nor named as package data would be missing after `pip install .`."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    kept = {path for pattern in settings["package-data"]["historical_controls"] for path in LIBRARY.glob(pattern)}
    files = {path for path in LIBRARY.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert {path for path in files if path.suffix != ".py"} <= kept
    # setuptools finds folders with an __init__.py only.
    assert {path.parent for path in files} == {path.parent for path in LIBRARY.rglob("__init__.py")}
    assert settings["package-dir"] == {"": LIBRARY.parent.relative_to(ROOT).as_posix()}
