"""Delimited text files: lines, columns, and what does not fit into them."""

from __future__ import annotations

from pathlib import Path

from ..config_sources import SourceFile
from .decoding import decoded
from .layout import Grid
from .plain_lines import read_plain
from .quoted_lines import read_quoted


def read_delimited(path: Path, raw: bytes, file: SourceFile) -> Grid:
    """All lines of a delimited file. Raises UserError for a wrong encoding or a missing header."""
    body = decoded(path, raw, file)
    plain = read_plain(body, file)
    return plain if plain is not None else read_quoted(path, body.decode(), file)
