"""What a result was made from: hashes of code, inputs and config. No clock, no path of a machine."""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGE = "historical_controls"
# As in pyproject.toml and CITATION.cff; a run need not have the program installed.
VERSION = "0.2.0"
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


class CodeCache:
    """Remembers what parsed files say, by the hash of their bytes, in a file of a `.snakemake` folder.

    Every command reads the Snakefile anew, and parsing the whole library takes longer than most jobs. The key is the
    content, so that an entry is never out of date; an unreadable file is an empty cache.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.modules: dict[str, tuple[str, list[str]]] = {}
        self.changed = False
        # A snapshot of the files as this process has seen them, by path and time of change: each is hashed once.
        self.seen: dict[tuple[Path, int], Module] = {}
        if path is not None:
            with suppress(OSError, ValueError):
                self.modules = json.loads(path.read_text(encoding="utf-8"))

    def of_file(self, file: Path) -> Module:
        """Return what a file says as it is now."""
        key = file, file.stat().st_mtime_ns
        if key not in self.seen:
            self.seen[key] = self.module(file.read_bytes())
        return self.seen[key]

    def module(self, content: bytes) -> Module:
        """Return what a file with this content says."""
        key = hashlib.sha256(content).hexdigest()
        if key not in self.modules:
            tree = ast.parse(content)
            # The dump has no positions, so that comments and layout do not count.
            digest = hashlib.sha256(ast.dump(tree).encode()).hexdigest()
            self.modules[key] = (digest, sorted(_imported_names(tree)))
            self.changed = True
        digest, imports = self.modules[key]
        return Module(bytes.fromhex(digest), frozenset(imports))

    def save(self) -> None:
        """Write the cache if it has grown. A reader sees the old file or the new one."""
        if self.path is None or not self.changed:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Several jobs may write at once, each its own part; the last one to rename wins, and all of them are right.
        part = self.path.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(self.modules, sort_keys=True), encoding="utf-8")
        part.replace(self.path)
        self.changed = False


def code_hash(script: str | Path, cache: CodeCache | None = None) -> str:
    """Return a hash of a script and of every module of the library that it imports, directly or through others.

    Found by parsing, without importing anything. Snakemake does not notice an edited module, so each rule carries
    this hash as a param and reruns exactly when code that it uses has changed. A module's packages count as
    imported (Python runs their `__init__`), so those are kept small. Comments and layout do not count.
    """
    cache = cache or CodeCache()
    digest = hashlib.sha256()
    for file in sorted(modules_used(Path(script), cache), key=str):
        # The name, not the path: a checkout elsewhere must give the same hash.
        digest.update(file.name.encode())
        digest.update(cache.of_file(file).digest)
    return digest.hexdigest()[:16]


def modules_used(script: Path, cache: CodeCache | None = None) -> set[Path]:
    """Return the script and the library's files that running it would import."""
    cache = cache or CodeCache()
    root = script.resolve().parent
    used: set[Path] = set()
    waiting = [script.resolve()]
    while waiting:
        file = waiting.pop()
        if file not in used:
            used.add(file)
            waiting += _files_named(cache.of_file(file).imports, root)
    return used


@functools.cache
def _files_named(names: frozenset[str], root: Path) -> tuple[Path, ...]:
    """Return the files run by importing these dotted names: the `__init__` of their packages and their own files."""
    files = _library(root)
    parts = [name.split(".") for name in sorted(names)]
    prefixes = {".".join(each[:length]): None for each in parts for length in range(1, len(each) + 1)}
    return tuple(files[prefix] for prefix in prefixes if prefix in files)


@functools.cache
def _library(root: Path) -> dict[str, Path]:
    """Return the library's files by dotted name, a package's being its `__init__`."""
    files = {file.relative_to(root): file for file in sorted((root / PACKAGE).rglob("*.py"))}
    return {
        ".".join(place.parent.parts if place.stem == "__init__" else place.with_suffix("").parts): file
        for place, file in files.items()
    }


def _imported_names(tree: ast.Module) -> Iterator[str]:
    """Yield dotted names that may be modules of the library; imports within it are absolute (a test holds that)."""
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith(PACKAGE))
        elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").startswith(PACKAGE):
            yield str(node.module)
            # An imported name may be a module or something in one; `_files_named` keeps those that are files.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield every statement of a module. Imports are statements, and most nodes of a tree are parts of expressions."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            # A lambda and a conditional expression have one expression there.
            inner = getattr(node, block, None)
            waiting += inner if isinstance(inner, list) else []


def file_hash(path: str | Path) -> str:
    """SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as stream:
        # In pieces of 1 MiB: exports may be larger than the memory.
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
    # ':/' counts from the top of the checkout. The study's own data and config do not make the program differ.
    changed = _git(program, "status", "--porcelain", "--", ":/Snakefile", ":/workflow")
    return {"git_commit": commit, "git_dirty": None if changed is None else bool(changed)}


def _git(program: Path, *arguments: str) -> str | None:
    # Git refuses a checkout that another user owns, as on a shared machine, and the report would lose its commit. The
    # program's own code is being run from there already.
    command = ["git", "-c", "safe.directory=*", "-C", str(program), *arguments]
    try:
        # A checkout on a network drive may not answer; a report must not wait for it.
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
