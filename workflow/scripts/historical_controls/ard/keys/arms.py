"""The two arms and their contrast, as every table writes them."""

from __future__ import annotations

ARMS = ("treated", "historical")
CONTRAST = "treated - historical"
