"""Bytes to text, by the declared encoding only."""

from __future__ import annotations

import codecs
from pathlib import Path

from ..config_sources import SourceFile
from ..errors import UserError

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
UTF8 = "utf-8"


def decoded(path: Path, raw: bytes, file: SourceFile) -> bytes:
    """The file's text as UTF-8 without a byte-order mark.

    Raises UserError where the file is no text, or its bytes say that it is written in another encoding.
    """
    if raw.startswith((ZIP, OLE)):
        raise UserError("this is a workbook, not a text file", str(path), "Declare format: xlsx, or export it as csv.")
    _check_marks(path, raw, file)
    text = _text(path, raw, file)
    return raw.removeprefix(codecs.BOM_UTF8) if _name(file) == UTF8 else text.removeprefix("\ufeff").encode()


def _name(file: SourceFile) -> str:
    return codecs.lookup(file.encoding).name.removesuffix("-sig")


def _text(path: Path, raw: bytes, file: SourceFile) -> str:
    try:
        return raw.decode(file.encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        found = raw[error.start : error.start + 1].hex()
        raise UserError(
            f"byte 0x{found} is not {file.encoding}",
            f"{path}, line {line}",
            "Declare the file's encoding; exports of Spanish Windows systems are often latin-1.",
        ) from None
    except UnicodeError as error:
        raise UserError(f"the file is not {file.encoding}: {error}", str(path), "Declare its encoding.") from None


def _check_marks(path: Path, raw: bytes, file: SourceFile) -> None:
    """One-byte encodings read any bytes without complaint, so the file's own marks are looked at first."""
    name = _name(file)
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not name.startswith(("utf-16", "utf-32")):
        raise UserError(f"the file is utf-16, not {file.encoding}", str(path), "Declare encoding: utf-16.")
    if name in ("iso8859-1", "iso8859-15", "cp1252") and _is_utf8(raw):
        raise UserError(
            f"the file is utf-8, not {file.encoding}", str(path), "Declare encoding: utf-8, or accents come out broken."
        )


def _is_utf8(raw: bytes) -> bool:
    """Whether bytes beyond ASCII all form UTF-8: text of a one-byte encoding practically never does."""
    if raw.isascii():
        return False
    try:
        raw.decode(UTF8)
    except UnicodeDecodeError:
        return False
    return True
