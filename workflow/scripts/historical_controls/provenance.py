"""What a result was made from: hashes of code, inputs and config. No clock, no path of a machine."""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGE = "historical_controls"
REPORTED_PACKAGES = (
    "snakemake",
    "pandas",
    "numpy",
    "scipy",
    "statsmodels",
    "matplotlib",
    "formulaic",
    "pyarrow",
    "pydantic",
    "openpyxl",
    "jinja2",
)


def code_hash(script: str | Path) -> str:
    """Hash of a script and of every module of the library that it imports, directly or through others.

    Found by parsing, without importing anything. Snakemake does not notice an edited module, so each rule carries
    this hash as a param and reruns exactly when code that it uses has changed. A module's packages count as
    imported (Python runs their `__init__`), so those are kept small.
    """
    files = sorted(modules_used(Path(script)), key=str)
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode())
        digest.update(_code_without_comments(file, file.stat().st_mtime_ns))
    return digest.hexdigest()[:16]


def modules_used(script: Path) -> set[Path]:
    """The script and the library's files that running it would import."""
    root = script.resolve().parent
    seen: set[Path] = set()
    waiting = [script.resolve()]
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            waiting += list(_imported_files(file, root))
    return seen


def _imported_files(file: Path, root: Path) -> Iterator[Path]:
    for node in ast.walk(_parsed(file, file.stat().st_mtime_ns)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files_of(alias.name, root)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute_name(node, file, root)
            yield from _files_of(base, root)
            for alias in node.names:
                yield from _files_of(f"{base}.{alias.name}", root)


@cache
def _parsed(file: Path, changed_at: int) -> ast.Module:
    """The parsed file. `changed_at` is part of the key only, so that an edited file is parsed anew."""
    return ast.parse(file.read_bytes())


@cache
def _code_without_comments(file: Path, changed_at: int) -> bytes:
    """The parsed code as bytes: comments and layout do not count, docstrings do."""
    return ast.dump(_parsed(file, changed_at)).encode()


def _absolute_name(node: ast.ImportFrom, file: Path, root: Path) -> str:
    if not node.level:
        return node.module or ""
    package = file.relative_to(root).with_suffix("").parts
    depth = node.level if file.name != "__init__.py" else node.level - 1
    inside = package[: len(package) - depth] if file.name != "__init__.py" else package[: len(package) - 1 - depth]
    return ".".join([*inside, *([node.module] if node.module else [])])


def _files_of(module: str, root: Path) -> Iterator[Path]:
    """Files run by importing a dotted name of the library: its packages' __init__ and its own file."""
    parts = module.split(".")
    if parts[0] != PACKAGE:
        return
    for length in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:length])
        for file in (place / "__init__.py", place.with_suffix(".py")):
            if file.is_file():
                yield file


def file_hash(path: str | Path) -> str:
    """SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def value_hash(value: object) -> str:
    """SHA-256 of a plain value, independent of the order of mappings."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str, ensure_ascii=False).encode()).hexdigest()


def provenance(inputs: Mapping[str, str], config: object, seed: int, git: Mapping[str, Any]) -> dict[str, Any]:
    """What the report's footer says. `inputs`: path from the study folder to SHA-256; `git`: see git_state."""
    return {
        "inputs": dict(sorted(inputs.items())),
        "config_sha256": value_hash(config),
        "seed": seed,
        "packages": dict(_versions(REPORTED_PACKAGES)),
        **git,
    }


def _versions(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue


def git_state(program: Path) -> dict[str, Any]:
    """Commit of the program and whether its files differ from it; commit None outside a checkout."""
    commit = _git(program, "rev-parse", "HEAD")
    changed = _git(program, "status", "--porcelain", "--", ":/Snakefile", ":/workflow")
    return {"git_commit": commit, "git_dirty": None if changed is None else bool(changed)}


def _git(program: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(program), *arguments], capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
