"""What goes wrong with a file's bytes."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from collections.abc import Callable

from .layouts import Layout
from .spoiling import INJECTED

Bytes = Callable[[bytes, Layout, random.Random], bytes]


def truncated(raw: bytes, layout: Layout, rng: random.Random) -> bytes:
    return raw[: rng.randint(0, len(raw))]


def cut_out(raw: bytes, layout: Layout, rng: random.Random) -> bytes:
    start = rng.randint(0, len(raw))
    return raw[:start] + raw[start + rng.randint(1, 400) :]


def said_twice(raw: bytes, layout: Layout, rng: random.Random) -> bytes:
    start = rng.randint(0, len(raw))
    end = start + rng.randint(1, 400)
    return raw[:end] + raw[start:]


def changed_bytes(raw: bytes, layout: Layout, rng: random.Random) -> bytes:
    out = bytearray(raw)
    for _ in range(rng.randint(1, 5)):
        if out:
            out[rng.randrange(len(out))] = rng.choice([0, 10, 13, 34, 44, 59, 9, 32, 0xA0, 0xFF, rng.randrange(256)])
    return bytes(out)


def inserted_bytes(raw: bytes, layout: Layout, rng: random.Random) -> bytes:
    wide = layout.declared.get("encoding") == "utf-16"
    for _ in range(rng.randint(1, 3)):
        start = rng.randint(0, len(raw))
        start -= start % 2 if wide else 0
        text = rng.choice(['"', '""', '"\n"', "\x00", "\x00" * 50, "\r", "\n", "\x1a", "\ufeff", *INJECTED])
        raw = raw[:start] + text.encode("utf-16-le" if wide else "utf-8") + raw[start:]
    return raw


def never_closed_quote(raw: bytes, layout: Layout, rng: random.Random) -> bytes:
    """A quote at the beginning of a cell."""
    wide = layout.declared.get("encoding") == "utf-16"
    form = "utf-16-le" if wide else "latin-1"
    mark = str(layout.declared.get("delimiter", ",")).encode(form)
    places = [n for n in range(len(raw)) if raw.startswith(mark, n)]
    at = rng.choice(places) + len(mark) if places else 0
    return raw[:at] + '"'.encode(form) + raw[at:]


def other_encoding(raw: bytes, layout: Layout, rng: random.Random) -> bytes:
    try:
        text = raw.decode(str(layout.declared.get("encoding", "utf-8")))
    except UnicodeError:
        return raw
    form = rng.choice(
        [
            "utf-8",
            "utf-8-sig",
            "latin-1",
            "cp1252",
            "cp850",
            "utf-16",
            "utf-16-be",
            "utf-32",
            "mac_roman",
            "utf-7",
            "cp037",
        ]
    )
    return text.encode(form, errors=rng.choice(["replace", "ignore", "xmlcharrefreplace"]))


def byte_order_mark(raw: bytes, layout: Layout, rng: random.Random) -> bytes:
    bare = raw.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe")
    return rng.choice([b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"", b"\xef\xbb\xbf\xef\xbb\xbf"]) + bare


def mixed_line_ends(raw: bytes, layout: Layout, rng: random.Random) -> bytes:
    if layout.declared.get("encoding") == "utf-16":
        return raw
    lines = raw.replace(b"\r\n", b"\n").split(b"\n")
    ends = rng.choice(
        [[b"\n", b"\r\n"], [b"\r"], [b"\n", b"\r\n", b"\r"], [b"\n\r"], [b"\r\r\n"], [b"\n\n"], [b"\x0b\n"]]
    )
    return b"".join(line + rng.choice(ends) for line in lines)


def other_container(raw: bytes, layout: Layout, rng: random.Random) -> bytes:
    """Compressed, a web page, a script, nothing at all."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("f.csv", raw)
    page = b"<html><body><table><tr><td>" + raw[:500] + b"</td></tr></table></body></html>"
    return rng.choice(
        [
            gzip.compress(raw, mtime=0),
            stream.getvalue(),
            page,
            b"",
            b"\x00" * 4096,
            b"\n" * 50,
            b"%PDF-1.4\n" + raw[:200],
            b"\xd0\xcf\x11\xe0" + raw,
        ]
    )


def damaged_archive(raw: bytes, layout: Layout, rng: random.Random) -> bytes:
    """A workbook's zip with a member removed, emptied, cut or filled with something else."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except zipfile.BadZipFile:
        return raw
    name = rng.choice(sorted(members))
    body = members[name]
    at = rng.randint(0, len(body))
    members[name] = rng.choice(
        [
            b"",
            body[:at],
            b"<x/>",
            body[:at] + b"<" + body[at:],
            body[:at] + b"&bad;" + body[at:],
            body.replace(b"xml", b"lmx"),
        ]
    )
    if rng.random() < 0.3:
        del members[name]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, text in members.items():
            archive.writestr(member, text)
    return stream.getvalue()


TEXT_BYTES: tuple[Bytes, ...] = (
    truncated,
    cut_out,
    said_twice,
    changed_bytes,
    inserted_bytes,
    never_closed_quote,
    other_encoding,
    byte_order_mark,
    mixed_line_ends,
    other_container,
)
ARCHIVE_BYTES: tuple[Bytes, ...] = (truncated, cut_out, said_twice, changed_bytes, other_container, damaged_archive)
