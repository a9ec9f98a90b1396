"""Which code and which tests hold each equation and rule of docs/methods.md, found in the sources themselves.

A requirement is a tag of docs/methods.md, such as (IN-9). The code is every module that names it. Its tests are those
that name it, and those that import such a module; where none does, those that import what imports it, and so on.
Nothing is written down by hand, so nothing can be out of date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from historical_controls.provenance import PACKAGE

METHODS, LIBRARY = "docs/methods.md", f"workflow/scripts/{PACKAGE}"
TAG = re.compile(r"\b([A-Z]{2})-(\d+)(?: to (?:\1-)?(\d+))?")
PRINTING = tuple(f"{PACKAGE}.{room}." for room in ("report.statistician", "validation", "text"))
# By text, not by syntax tree: parsing the library and its tests takes seconds.
IMPORT = re.compile(rf"^\s*from ({PACKAGE}[\w.]*) import (\([^)]*\)|[^\n]*)", re.M)
DEFINED = re.compile(r"\(([A-Z]{2}-\d+)\)")


@dataclass(frozen=True)
class Requirement:
    """section: its heading; modules: that name it; tests: files; steps: imports between the tests and the modules."""

    tag: str
    section: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]
    steps: int


def requirements(root: Path) -> list[Requirement]:
    """Return a row for each tag of docs/methods.md, in its order; root: that of the repository."""
    sources = {module: path.read_text(encoding="utf-8") for module, path in _modules(root).items()}
    # Pages that print a tag do not do what it says.
    named = {m: tags_of(text) for m, text in sources.items() if not m.startswith(PRINTING)}
    imports = {module: _within(imported(text), sources) for module, text in sources.items()}
    tests = {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((root / "tests").rglob("test_*.py"))
    }
    by_test = {name: _through_faces(_within(imported(text), sources), sources, root) for name, text in tests.items()}
    naming = {name: tags_of(text) for name, text in tests.items()}
    out = []
    for tag, section in _tags(root):
        own = sorted(module for module, tags in named.items() if tag in tags)
        direct = {name for name, tags in naming.items() if tag in tags}
        found, steps = _nearest(own, imports, by_test)
        out.append(Requirement(tag, section, tuple(own), tuple(sorted(direct | found)), steps))
    return out


def tags_of(text: str) -> set[str]:
    """Return the tags that a text names, each of a range such as 'IN-1 to IN-5'."""
    return {
        f"{letters}-{number}"
        for letters, first, last in TAG.findall(text)
        for number in range(int(first), int(last or first) + 1)
    }


def imported(text: str) -> set[str]:
    """Return the dotted names of this library that a source imports, of modules and of what they hold."""
    out: set[str] = set()
    for module, names in IMPORT.findall(text):
        out |= {module} | {f"{module}.{name}" for name in re.findall(r"\w+", names)}
    return out


def _modules(root: Path) -> dict[str, Path]:
    library = root / LIBRARY
    paths = sorted(library.rglob("*.py"))
    return {".".join((PACKAGE, *path.relative_to(library).with_suffix("").parts)): path for path in paths}


def _within(names: Iterable[str], sources: Mapping[str, str]) -> set[str]:
    # A package that is imported is its own `__init__`.
    return {name for one in names for name in (one, f"{one}.__init__") if name in sources}


def _through_faces(modules: set[str], sources: Mapping[str, str], root: Path) -> set[str]:
    """The modules, and those that the public face of an imported package lists in its `__init__.pyi`."""
    out = set(modules)
    for module in modules:
        package = module.removesuffix(".__init__")
        face = root / "workflow/scripts" / Path(*package.split(".")) / "__init__.pyi"
        if module != package and face.is_file():
            listed = re.findall(r"^from \.([\w.]+) import", face.read_text(encoding="utf-8"), re.M)
            out |= _within((f"{package}.{name}" for name in listed), sources)
    return out


def _nearest(
    modules: Iterable[str], imports: Mapping[str, set[str]], by_test: Mapping[str, set[str]]
) -> tuple[set[str], int]:
    """The tests that import one of the modules, or what imports it in as few steps as there are tests; the steps."""
    near, seen, steps = set(modules), set(modules), 0
    while near:
        found = {name for name, own in by_test.items() if own & near}
        if found:
            return found, steps
        near = {module for module, own in imports.items() if own & near} - seen
        seen, steps = seen | near, steps + 1
    return set(), steps


def _tags(root: Path) -> list[tuple[str, str]]:
    """Tags with the heading they are under, as first met."""
    section = ""
    out: dict[str, str] = {}
    for line in (root / METHODS).read_text(encoding="utf-8").splitlines():
        section = line.lstrip("# ") if line.startswith("#") else section
        for tag in DEFINED.findall(line):
            out.setdefault(tag, section)
    return list(out.items())


def requirements_page(rows: Iterable[Requirement]) -> str:
    """Return the table as Markdown."""
    rows = list(rows)
    held = sum(bool(row.tests) for row in rows)
    lines = [
        "# Requirements and tests",
        "",
        f"Made by `make validate` from {METHODS}, the library and the tests.",
        f"{held} of {len(rows)} requirements have tests.",
        "*Steps*: 0 where a test names the requirement or imports the module that does, else the imports between them.",
        "",
        "| requirement | section | code | tests | steps |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        code = ", ".join(module.removeprefix(f"{PACKAGE}.") for module in row.modules) or "none names it"
        tests = ", ".join(name.removeprefix("tests/") for name in row.tests) or "NONE"
        lines.append(f"| {row.tag} | {row.section} | {code} | {tests} | {row.steps if row.tests else ''} |")
    return "\n".join(lines) + "\n"
