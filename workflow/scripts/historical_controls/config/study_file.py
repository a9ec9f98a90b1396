"""config.yaml as a file: read with what it includes, and every default written out.

Apart from the models: jobs read the config that a run stored, so that how a file is read makes none of them run again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from historical_controls.config.reading.completed import completed
from historical_controls.config.reading.derived import with_derived
from historical_controls.config.reading.included import with_included
from historical_controls.config.reading.strict_yaml import LOADER
from historical_controls.config.study_config import Config


def read_config(path: str | Path) -> dict[str, Any]:
    """A config file with its included files and every default written out, nothing checked. Raises UserError(s)."""
    place = Path(path)
    # utf-8-sig: Windows editors begin a file with a byte order mark, which YAML would read as part of the first key.
    raw = yaml.load(place.read_text(encoding="utf-8-sig"), Loader=LOADER)
    return completed(Config, with_derived(with_included(raw, place.parent, place.name)))
