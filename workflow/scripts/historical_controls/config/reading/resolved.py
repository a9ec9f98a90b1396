"""The config as a run understood it, every default written out: results/config.resolved.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

HEAD = "# The config as the run read it: included files joined, every default written out. Written anew by each run.\n"


def resolved_text(config: Mapping[str, Any]) -> str:
    """A whole config as YAML, in the order of the declaration. config: plain values, as a model dumps them."""
    # What it included is part of it: read again with `include`, every key would be written twice.
    whole = {key: value for key, value in config.items() if key != "include"}
    return HEAD + yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=120)
