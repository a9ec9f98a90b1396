"""Pages of the site that docs/ does not have as files: the README, contributing, changes, and the public library."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "workflow" / "scripts" / "historical_controls"
DOCUMENTS = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
# Title of the page, and the package whose face (`__init__.pyi`) lists what it shows.
FACES = {
    "api/results.md": ("Results of a study", "retrieval.study_results"),
    "api/mixed_model.md": ("Mixed model", "mixed_model"),
    "api/inference.md": ("Inference", "inference"),
}


def on_files(files: Any, config: Any) -> Any:
    """Add the pages; called by mkdocs before it reads any."""
    from mkdocs.structure.files import File

    for name, text in pages().items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return a page whose links are those of the site; called by mkdocs for each page."""
    return re.sub(r"(\]\()(?:\.\./)?([\w./-]+)(?=[)#])", lambda link: link[1] + placed(link[2]), markdown)


def pages() -> dict[str, str]:
    """Return the text of each page by its name on the site."""
    made = {page: (ROOT / name).read_text(encoding="utf-8") for name, page in DOCUMENTS.items()}
    return made | {name: reference(*face) for name, face in FACES.items()}


def placed(link: str) -> str:
    """Return where the site has a file that a document of the repository links."""
    return DOCUMENTS.get(link, link.removeprefix("docs/"))


def reference(title: str, package: str) -> str:
    """Return a page with one entry for each public name of a package, or for a module as a whole."""
    names = public_names(LIBRARY / package / "__init__.pyi", package) or [package]
    entries = "\n\n".join(f"::: historical_controls.{name}" for name in names)
    return f"# {title}\n\n{entries}\n"


def public_names(face: Path, package: str) -> list[str]:
    """Return the dotted names that a package shows, each in the module that defines it: functions, then classes."""
    if not face.is_file():
        return []
    imports = [node for node in ast.parse(face.read_text(encoding="utf-8")).body if isinstance(node, ast.ImportFrom)]
    names = [f"{package}.{node.module}.{alias.name}" for node in imports for alias in node.names]
    return sorted(names, key=lambda name: not name.rpartition(".")[2].islower())
