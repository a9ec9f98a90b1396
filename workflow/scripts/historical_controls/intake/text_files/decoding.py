"""Bytes to text, by the declared encoding only, block by block."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from historical_controls.config.sources.sources import SourceFile
from historical_controls.errors import UserError
from historical_controls.intake.file_kinds import GZIP, not_text, wide_encoding

UTF8 = "utf-8"
ONE_BYTE = ("iso8859-1", "iso8859-15", "cp1252")
# Enough to tell what a file is. Its size is fixed, so that no answer depends on how a file is cut into blocks.
HEAD = 1 << 20


def text_blocks(path: Path, file: SourceFile, size: int) -> Iterator[tuple[bytes, bool]]:
    """The text as UTF-8 without a byte-order mark, in blocks that end with a line; and whether it is the last block.

    size: bytes read at a time. Raises UserError where the file is no text, or its bytes say that it is written in
    another encoding: at the latest at the line where they say so.
    """
    with _opened(path) as stream:
        # One byte more than is looked at tells whether the file goes on.
        head = stream.read(HEAD + 1)
        _check_marks(path, head[:HEAD], len(head) <= HEAD, file)
        stream.seek(0)
        decoder = _Decoder(path, file)
        rest, last = b"", False
        while not last:
            raw = stream.read(size)
            last = len(raw) < size
            body = rest + decoder.decode(raw, last)
            end = len(body) if last else _last_line_end(body)
            rest = body[end:]
            # A line longer than a block yields nothing until its end has come.
            if end or last:
                yield body[:end], last


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO | gzip.GzipFile]:
    """The file's bytes, unpacked block by block where it is gzipped. Raises UserError where it is cut short."""
    with path.open("rb") as raw:
        packed = raw.read(2) == GZIP
        raw.seek(0)
        if not packed:
            yield raw
            return
        try:
            with gzip.GzipFile(fileobj=raw) as stream:
                yield stream
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            what = f"the gzipped file is damaged or cut short ({error})"
            raise UserError(what, str(path), "Copy it again.") from None


def _last_line_end(body: bytes) -> int:
    """Where the last whole line ends. A lone carriage return ends a line as well, but its newline may yet come."""
    return body.rfind(b"\n") + 1 or body.rfind(b"\r", 0, max(len(body) - 1, 0)) + 1


class _Decoder:
    """Bytes to UTF-8, and a check that a file of a one-byte encoding is not UTF-8 from end to end."""

    def __init__(self, path: Path, file: SourceFile) -> None:
        self.path, self.file = path, file
        self.decoder = codecs.getincrementaldecoder(file.encoding)("strict")
        self.lines = 0
        self.started = False
        self.utf8 = codecs.getincrementaldecoder(UTF8)("strict") if _name(file) in ONE_BYTE else None
        self.beyond_ascii = False

    def decode(self, raw: bytes, last: bool) -> bytes:
        self._check_utf8(raw, last)
        try:
            text = self.decoder.decode(raw, last)
        except UnicodeDecodeError as error:
            raise self._wrong_byte(error) from None
        # UTF-16 without a byte-order mark raises this parent of UnicodeDecodeError, which has no position.
        except UnicodeError as error:
            said = f"the file is not {self.file.encoding}: {error}"
            raise UserError(said, str(self.path), "Declare its encoding.") from None
        if text and not self.started:
            self.started, text = True, text.removeprefix("\ufeff")
        body = text.encode()
        self.lines += body.count(b"\n")
        return body

    def _wrong_byte(self, error: UnicodeDecodeError) -> UserError:
        line = self.lines + error.object[: error.start].count(b"\n") + 1
        found = error.object[error.start : error.start + 1].hex()
        return UserError(
            f"byte 0x{found} is not {self.file.encoding}",
            f"{self.path}, line {line}",
            "Declare the file's encoding; exports of Spanish Windows systems are often latin-1.",
        )

    def _check_utf8(self, raw: bytes, last: bool) -> None:
        if self.utf8 is None:
            return
        try:
            self.utf8.decode(raw, last)
        except UnicodeDecodeError:
            self.utf8 = None
            return
        self.beyond_ascii |= not raw.isascii()
        # Sure at the end only: a single byte that is not UTF-8 would have settled it the other way.
        if last and self.beyond_ascii:
            raise _is_utf8(self.path, self.file)


def _is_utf8(path: Path, file: SourceFile) -> UserError:
    return UserError(
        f"the file is utf-8, not {file.encoding}", str(path), "Declare encoding: utf-8, or accents come out broken."
    )


def _name(file: SourceFile) -> str:
    return codecs.lookup(file.encoding).name.removesuffix("-sig")


def _check_marks(path: Path, head: bytes, whole: bool, file: SourceFile) -> None:
    """One-byte encodings read any bytes without complaint, so the file's own marks are looked at first."""
    name = _name(file)
    wide = wide_encoding(head)
    if wide and not name.startswith(("utf-16", "utf-32")):
        raise UserError(f"the file is {wide}, not {file.encoding}", str(path), f"Declare encoding: {wide}.")
    other = None if wide else not_text(head)
    if other:
        raise UserError(f"this is {other[0]}", str(path), other[1])
    if name in ONE_BYTE and _valid_utf8(head if whole else head[: _last_line_end(head)]):
        raise _is_utf8(path, file)


def _valid_utf8(raw: bytes) -> bool:
    """Whether bytes beyond ASCII all form UTF-8: text of a one-byte encoding practically never does."""
    if raw.isascii():
        return False
    try:
        raw.decode(UTF8)
    except UnicodeDecodeError:
        return False
    return True
