"""Pages of the site that docs/ does not have as files: README, contributing, changes, public library, gallery."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "workflow" / "scripts" / "historical_controls"
DOCUMENTS = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
# Title of the page, and the package whose face (`__init__.pyi`) lists what it shows.
FACES = {
    "api/results.md": ("Results of a study", "retrieval.study_results"),
    "api/mixed_model.md": ("Mixed model", "mixed_model"),
    "api/inference.md": ("Inference", "inference"),
}

# Studies of the gallery, by the folder that `make gallery` runs them in.
STUDIES = {
    "example": ".",
    "single_arm": "docs/gallery/single_arm",
    "five_visits": "docs/gallery/five_visits",
    "years": "docs/gallery/years",
}
GALLERY = """# Gallery of reports

Reports as the program writes them, each from a small simulated study of another shape. Nobody in them exists. The files
behind each are in `docs/gallery/`; `make gallery site` runs them and puts their reports on this page.
"""


def on_files(files: Any, config: Any) -> Any:
    """Add the pages; called by mkdocs before it reads any."""
    from mkdocs.structure.files import File

    for name, text in pages().items():
        files.append(File.generated(config, name, content=text))
    for name, path in reports().items():
        files.append(File.generated(config, name, content=path.read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return a page whose links are those of the site; called by mkdocs for each page."""
    return re.sub(r"(\]\()(?:\.\./)?([\w./-]+)(?=[)#])", lambda link: link[1] + placed(link[2]), markdown)


def pages() -> dict[str, str]:
    """Return the text of each page by its name on the site."""
    made = {page: (ROOT / name).read_text(encoding="utf-8") for name, page in DOCUMENTS.items()}
    return made | {name: reference(*face) for name, face in FACES.items()} | {"gallery.md": gallery()}


def reports() -> dict[str, Path]:
    """Return the reports of the gallery that a run has made (`make gallery`), by their name on the site."""
    return {
        f"gallery/{study}/{page.name}": page
        for study, folder in STUDIES.items()
        for page in sorted((ROOT / folder).glob("results/report/*.en.html"))
    }


def gallery() -> str:
    """Return the page of the gallery: each study's shape, its config, and its reports where they have been made."""
    entries = [GALLERY, *(_entry(study, folder) for study, folder in STUDIES.items())]
    return "\n".join(entries)


def _entry(study: str, folder: str) -> str:
    config = (ROOT / folder / "config.yaml").read_text(encoding="utf-8")
    title = yaml.safe_load(config)["study"]["title"]["en"]
    # The first comment of a config says what is particular about its study.
    said = re.findall(r"^# ((?!yaml).*(?:\n# .*)*)", config, re.M)[0].replace("\n# ", " ")
    pages = [name for name in reports() if name.startswith(f"gallery/{study}/")]
    links = [f"[{Path(name).name.partition('.')[0]}]({name})" for name in pages] or ["not built: `make gallery`"]
    if study != "example":
        links.append(f"[its config](gallery/{study}/config.yaml)")
    return f"## {title}\n\n{said}\n\n{' · '.join(links)}\n"


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
