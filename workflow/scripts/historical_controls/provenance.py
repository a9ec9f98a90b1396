"""What a result was made from: hashes of code, inputs and config. No clock, no path of a machine."""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Module:
    """What a parsed file says: a digest of its code, and the library's modules that it imports, as dotted names."""

    digest: bytes
    imports: frozenset[str]


def code_hash(script: str | Path) -> str:
    """Return a hash of a script and of every module of the library that it imports, directly or through others.

    Found by parsing, without importing anything. Snakemake does not notice an edited module, so each rule carries
    this hash as a param and reruns exactly when code that it uses has changed. A module's packages count as
    imported (Python runs their `__init__`), so those are kept small.
    """
    digest = hashlib.sha256()
    for file in sorted(modules_used(Path(script)), key=str):
        digest.update(file.name.encode())
        digest.update(_module(file).digest)
    return digest.hexdigest()[:16]


def modules_used(script: Path) -> set[Path]:
    """Return the script and the library's files that running it would import."""
    root = script.resolve().parent
    used: set[Path] = set()
    waiting = [script.resolve()]
    while waiting:
        file = waiting.pop()
        if file not in used:
            used.add(file)
            waiting += [path for name in _module(file).imports for path in _files_of(name, root)]
    return used


def _module(file: Path) -> Module:
    return _parsed(file, file.stat().st_mtime_ns)


@cache
def _parsed(file: Path, changed_at: int) -> Module:
    """Parse a file once. `changed_at` is part of the key only, so that an edited file is parsed anew.

    The digest is taken over the syntax tree: comments and layout do not count, docstrings do.
    """
    tree = ast.parse(file.read_bytes())
    return Module(hashlib.sha256(ast.dump(tree).encode()).digest(), frozenset(_imported_names(tree)))


def _imported_names(tree: ast.Module) -> Iterator[str]:
    """Yield dotted names that may be modules of the library; imports within it are absolute (a test holds that)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith(PACKAGE))
        elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").startswith(PACKAGE):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def _files_of(module: str, root: Path) -> tuple[Path, ...]:
    """Return the files run by importing a dotted name of the library: its packages' __init__ and its own file."""
    parts = module.split(".")
    places = [root.joinpath(*parts[:length]) for length in range(1, len(parts) + 1)]
    files = [file for place in places for file in (place / "__init__.py", place.with_suffix(".py"))]
    return tuple(file for file in files if parts[0] == PACKAGE and file.is_file())


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
