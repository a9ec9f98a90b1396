"""Where are the program's own files that are no Python? In a checkout, or where `pip install .` put them."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

DISTRIBUTION = "historical-controls"
# As `data-files` of pyproject.toml has it.
INSTALLED = f"share/{DISTRIBUTION}"
CHECKOUT = Path(__file__).resolve().parents[3]


def shipped_folder(place: str) -> Path:
    """Return a folder of the program by its path in the repository ('data/dictionary', 'workflow/locales').

    The checkout's own where the library is one's, so that an edit is read; else the one that the installed package
    lists. Where there is neither, the path of the checkout is returned, and reading it says that it is missing.
    """
    own = CHECKOUT / place
    if own.is_dir():
        return own
    try:
        listed = metadata.files(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return own
    parents = (file for file in listed if file.parent.as_posix().endswith(f"{INSTALLED}/{place}"))
    return next((Path(str(file.locate())).resolve().parent for file in parents), own)
