"""One archive of what may be sent by mail: its name, its first page, and the same bytes whenever it is made."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from historical_controls.errors import UserError

INDEX = "index.html"
# The earliest day that an archive can state: a clock would give other bytes on every run.
NO_DAY = (1980, 1, 1, 0, 0, 0)
# Folders and files of results/ that are made for sharing (report.public); listings and everything else stay in the
# hospital.
PUBLIC = ("report", "protocol", "tables", "figures", "provenance.json")


def bundle_name(study_id: str) -> str:
    """Return the file name of a study's archive: its registry id, with '-' for what a file name cannot hold."""
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', study_id).strip('.-') or 'study'}.zip"


def public_files(results: Path, places: Iterable[Path]) -> dict[str, bytes]:
    """Return the bytes of files by path below `results`; of a folder, those of its visible files.

    Raises UserError for a place that is not among PUBLIC.
    """
    files: dict[str, bytes] = {}
    for place in places:
        inside = sorted(place.rglob("*")) if place.is_dir() else [place]
        for path in inside:
            if path.is_file() and not path.name.startswith("."):
                files[_public_name(path, results)] = path.read_bytes()
    return files


def _public_name(path: Path, results: Path) -> str:
    # Resolved: a path that leads out by '..' or a link is in none of these folders.
    place, root = path.resolve(), results.resolve()
    name = place.relative_to(root) if place.is_relative_to(root) else None
    if name is None or name.parts[0] not in PUBLIC:
        allowed = ", ".join(PUBLIC)
        raise UserError("a file that was not made for sharing is not bundled", str(path), f"Allowed are: {allowed}.")
    return name.as_posix()


def archive(files: Mapping[str, bytes]) -> bytes:
    """Return a zip archive of files by name: names in order, one fixed day, no rights and no user of a machine."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as opened:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, NO_DAY)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            opened.writestr(entry, files[name])
    return stream.getvalue()
