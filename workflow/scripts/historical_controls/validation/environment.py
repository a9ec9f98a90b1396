"""Is what is installed what the lock file names?"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from historical_controls.validation.checks import Check, equal

LOCK = "requirements.lock"
# As pip compares names (PEP 503).
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(\s*;)?", re.M)
OLDEST = (3, 11)


def environment_checks(root: Path, lock: str = LOCK) -> Iterator[Check]:
    """Yield a check of Python, and one of each package that the lock file names and this platform needs."""
    group = "Environment"
    version = platform.python_version_tuple()[:2]
    newer = tuple(int(part) for part in version) >= OLDEST
    yield Check(group, "Python", "3.11 or later", platform.python_version(), "", newer)
    installed = {_plain(one.metadata["Name"]): one.version for one in metadata.distributions() if one.metadata["Name"]}
    for name, versions, everywhere in pinned((root / lock).read_text(encoding="utf-8")):
        got = installed.get(name)
        # A package with a marker may be for another Python or platform.
        if got is not None or everywhere:
            wanted = " or ".join(versions)
            yield equal(group, name, got or "not installed", wanted if got not in versions else str(got))


def pinned(text: str) -> list[tuple[str, tuple[str, ...], bool]]:
    """Return name, versions and whether every platform needs it, of each package of a lock file."""
    known: dict[str, list[tuple[str, bool]]] = {}
    for name, version, marker in PINNED.findall(text):
        known.setdefault(_plain(name), []).append((version, not marker))
    return [(name, tuple(v for v, _ in own), any(plain for _, plain in own)) for name, own in sorted(known.items())]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
