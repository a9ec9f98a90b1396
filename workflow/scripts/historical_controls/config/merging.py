"""How one mapping of a config is laid on top of another."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `over` laid on top: mappings merge key by key, anything else is replaced.

    A mapping that changes its `kind` replaces the one below it whole, since the keys of another kind would not fit.
    """
    out = copy.deepcopy(dict(base))
    for key, value in over.items():
        below = out.get(key)
        same_kind = (
            isinstance(below, dict)
            and isinstance(value, Mapping)
            and value.get("kind", below.get("kind")) == below.get("kind")
        )
        out[key] = merged(below, value) if same_kind and below is not None else copy.deepcopy(value)
    return out
