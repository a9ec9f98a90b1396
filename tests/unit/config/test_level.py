"""The declared confidence level reaches every interval: nobody leaves it to a default."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from scipy.stats import beta

from historical_controls.inference import exact_interval

LIBRARY = Path(__file__).resolve().parents[3] / "workflow/scripts/historical_controls"
TOOLS = ("inference", "mixed_model")


def trees(folders: bool) -> Iterator[tuple[Path, ast.Module]]:
    """The modules of the tools (folders), or of everything that uses them."""
    for path in sorted(LIBRARY.rglob("*.py")):
        if (path.relative_to(LIBRARY).parts[0] in TOOLS) == folders:
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def levelled() -> dict[str, int]:
    """Public functions and methods of the tools whose `level` has a default, with its place among the arguments."""
    found = {}
    for _, tree in trees(True):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                names = [one.arg for one in node.args.args if one.arg != "self"]
                place = names.index("level") if "level" in names else -1
                if place >= len(names) - len(node.args.defaults) > -1 and place >= 0:
                    found[node.name] = place
    return found


def taken_from_tools(tree: ast.Module) -> Iterator[str]:
    """Names that a module imports from the tools."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[1:2] in [[tool] for tool in TOOLS]:
            yield from (alias.asname or alias.name for alias in node.names)


def test_every_interval_of_a_stage_is_given_its_level() -> None:
    functions, silent, calls = levelled(), [], 0
    assert {"exact_interval", "bounded_share", "contrasts", "trajectory"} <= set(functions)
    for path, tree in trees(False):
        imported = set(taken_from_tools(tree))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            # A function of a stage may have the name of a method of the tools (`difference` of the shells).
            if name in functions and (isinstance(node.func, ast.Attribute) or name in imported):
                calls += 1
                given = len(node.args) > functions[name] or any(key.arg in ("level", None) for key in node.keywords)
                # SciPy has a permutation_test of its own.
                if not given and path.name != "naive.py":
                    silent.append(f"{path.relative_to(LIBRARY)}:{node.lineno} {name}")
    assert calls > 15
    assert silent == []


def test_no_stage_keeps_a_level_of_its_own() -> None:
    """No 0.95, 0.975 or 1.96 stands in the code of a stage; sizes of figures are no levels."""
    numbers = [
        f"{path.relative_to(LIBRARY)}:{node.lineno}"
        for path, tree in trees(False)
        if path.relative_to(LIBRARY).parts[0] not in ("figures", "config", "simulation", "calibration")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in (0.95, 0.975, 0.025, 1.96, 1.959964)
    ]
    assert numbers == []


def test_one_of_five_at_ninety_percent() -> None:
    """Clopper-Pearson, 1 of 5: quantiles of the beta distribution (1, 5) and (2, 4) at 0.05 and 0.95."""
    assert exact_interval(1, 5, 0.9) == pytest.approx((0.010, 0.657), abs=5e-4)
    assert exact_interval(1, 5, 0.9) == pytest.approx((beta.ppf(0.05, 1, 5), beta.ppf(0.95, 2, 4)), rel=1e-9)
