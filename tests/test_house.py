"""The house itself: lock files, environments and generated files in step."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from historical_controls.generate.files import generated_files

ROOT = Path(__file__).resolve().parents[1]
CONDA_NAMES = {"snakemake-minimal": "snakemake", "matplotlib-base": "matplotlib"}


def locked(name: str) -> dict[str, str]:
    """Pinned versions that hold for Python 3.11."""
    pins: dict[str, str] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        found = re.match(r"^([a-z0-9-]+)==([^ ;\\]+)\s*(;[^\\]*)?", line)
        if found and ">= '3.12'" not in (found[3] or ""):
            pins[found[1]] = found[2]
    return pins


@pytest.mark.parametrize("path", sorted(generated_files()))
def test_generated_file_is_in_step(path: str) -> None:
    made = generated_files()[path].splitlines(keepends=True)
    kept = (ROOT / path).read_text(encoding="utf-8").splitlines(keepends=True)
    diff = "".join(difflib.unified_diff(kept, made, path, "generated"))
    assert not diff, f"run `make docs`\n{diff}"


def test_conda_environment_has_the_locked_versions() -> None:
    pins = locked("requirements.lock")
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    pip = next(item["pip"] for item in listed if isinstance(item, dict))
    conda = [item.split("=") for item in listed if isinstance(item, str) and "=" in item]
    wanted = {CONDA_NAMES.get(name, name): found for name, found in conda if name != "python"}
    wanted |= dict(item.split("==") for item in pip)
    assert wanted == {name: pins[name] for name in wanted}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {re.match(r"[a-z0-9-]+", item)[0] for item in project["dependencies"]} == set(wanted)


def test_test_environment_contains_the_product_environment() -> None:
    product, everything = locked("requirements.lock"), locked("requirements-dev.lock")
    assert product.items() <= everything.items()


def test_every_pin_is_hashed_and_names_no_host() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert len(re.findall(r"^[a-z0-9-]+==", text, re.MULTILINE)) <= text.count("--hash=sha256:")
        assert "http" not in text


def test_readme_prints_the_commands_behind_make() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in ("--require-hashes -r requirements.lock", "snakemake --cores 4", 'pytest -m "not slow"', "mypy"):
        assert command in readme
        assert command.replace("--cores 4", "--cores $(CORES)") in (ROOT / "Makefile").read_text(encoding="utf-8")
