"""What goes wrong with files on their way: to lines, to columns, to bytes."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from collections.abc import Callable
from dataclasses import replace

from .layouts import Layout
from .sheet import Line, Sheet, is_workbook

Rows = Callable[[Sheet, random.Random], Sheet]
Bytes = Callable[[bytes, Layout, random.Random], bytes]

INJECTED = (
    "=HYPERLINK(\"http://x\",\"y\")",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1+cmd",
    "<script>alert(1)</script>",
    "<td>12</td>",
    "Robert'); DROP TABLE students;--",
    "' OR '1'='1",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "../../etc/passwd",
    "%s%n%x",
    "\u202e21",
    "\u200f",
    "\ufeff",
    "\x07\x1b[31m",
    "\x00",
    "\U0001f600\U0001f469\u200d\U0001f52c",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "\ud83d".encode("utf-8", "surrogatepass").decode("latin-1"),
    "ÿþ",
    "NULL",
    "nan",
    "-inf",
    "1e999",
    "\u2028",
    "\x85",
    "\x0b\x0c",
)


def _pick(sheet: Sheet, rng: random.Random) -> int:
    return rng.randrange(len(sheet.lines)) if sheet.lines else 0


def delete_lines(sheet: Sheet, rng: random.Random) -> Sheet:
    share = rng.choice([0.03, 0.3, 0.9])
    return sheet.with_lines(line for line in sheet.lines if rng.random() > share)


def repeat_lines(sheet: Sheet, rng: random.Random) -> Sheet:
    lines = list(sheet.lines)
    for _ in range(rng.randint(1, 6)):
        lines.insert(rng.randint(0, len(lines)), rng.choice(sheet.lines or [Line(None, ("",))]))
    return sheet.with_lines(lines)


def shuffle_lines(sheet: Sheet, rng: random.Random) -> Sheet:
    lines = list(sheet.lines)
    rng.shuffle(lines)
    return sheet.with_lines(lines)


def odd_lines(sheet: Sheet, rng: random.Random) -> Sheet:
    """Blank lines, totals, the header again, a second table, notes: in the middle."""
    lines = list(sheet.lines)
    width = len(sheet.header)
    odd = [("",), ("",) * width, ("Total de registros: 9",), ("Total:", "33"), sheet.header, ("Página 2 de 3",), (" ",) * width]
    odd += [("x",) * (width + 1), ("=" * 40,), (rng.choice(INJECTED),)]
    for _ in range(rng.randint(1, 5)):
        lines.insert(rng.randint(0, len(lines)), Line(None, rng.choice(odd)))
    return sheet.with_lines(lines)


def torn_line(sheet: Sheet, rng: random.Random) -> Sheet:
    """A line loses its last cells, gains some, or has its cells pushed aside."""
    lines, n = list(sheet.lines), _pick(sheet, rng)
    if not lines:
        return sheet
    cells = list(lines[n].cells)
    at = rng.randint(0, len(cells))
    cells = rng.choice([cells[:at], [*cells, "x"], [*cells[:at], "", *cells[at:]], [*cells[:at], "", *cells[at:]][: len(cells)]])
    if tuple(cells) != lines[n].cells:
        lines[n] = Line(None, tuple(cells))
    return sheet.with_lines(lines)


def delimiter_in_cell(sheet: Sheet, rng: random.Random) -> Sheet:
    return _spoil_cell(sheet, rng, lambda cell: cell[: len(cell) // 2] + str(sheet.layout.declared.get("delimiter", ",")) + cell[len(cell) // 2 :])


def huge_cell(sheet: Sheet, rng: random.Random) -> Sheet:
    size = rng.choice([200_000, 1_000_000, 3_000_000])
    return _spoil_cell(sheet, rng, lambda cell: (rng.choice(["9", "x", "á ", cell or "1", '"', "1,"]) * size)[:size])


def injected_text(sheet: Sheet, rng: random.Random) -> Sheet:
    for _ in range(rng.randint(1, 4)):
        text = rng.choice(INJECTED)
        sheet = _spoil_cell(sheet, rng, lambda cell, text=text: rng.choice([text, cell + text, text + cell]))
    return sheet


def swapped_cells(sheet: Sheet, rng: random.Random) -> Sheet:
    """Two cells of one line, or of one column, change places."""
    lines = list(sheet.lines)
    whole = [n for n, line in enumerate(lines) if line.row is not None and len(line.cells) == len(sheet.header)]
    if len(whole) < 2:
        return sheet
    one, other = rng.sample(whole, 2) if rng.random() < 0.5 else [rng.choice(whole)] * 2
    a, b = rng.sample(range(len(sheet.header)), 2)
    b = b if one == other else a
    first, second = lines[one].cells[a], lines[other].cells[b]
    lines[one] = _with_cell(sheet, lines[one], a, second)
    lines[other] = _with_cell(sheet, lines[other], b, first)
    return sheet.with_lines(lines)


def _spoil_cell(sheet: Sheet, rng: random.Random, change: Callable[[str], str]) -> Sheet:
    lines, n = list(sheet.lines), _pick(sheet, rng)
    if not lines or lines[n].row is None:
        return sheet
    at = rng.randrange(len(lines[n].cells))
    lines[n] = _with_cell(sheet, lines[n], at, change(lines[n].cells[at]))
    return sheet.with_lines(lines)


def _with_cell(sheet: Sheet, line: Line, at: int, text: str) -> Line:
    """A line with another cell. A cell that may break its line apart leaves nothing to promise of the line."""
    cells = (*line.cells[:at], text, *line.cells[at + 1 :])
    delimiter = str(sheet.layout.declared.get("delimiter", ","))
    breaks = not is_workbook(sheet.layout) and any(mark in text for mark in (delimiter, '"', "\n", "\r", "\x00"))
    if (breaks and not sheet.layout.quoted) or "\x00" in text:
        return Line(None, cells)
    origin = sheet.origin[at] if at < len(sheet.origin) else None
    name = sheet.layout.columns[origin] if origin is not None else ""
    return replace(line, cells=cells, touched=line.touched | {name})


def shuffle_columns(sheet: Sheet, rng: random.Random) -> Sheet:
    order = list(range(len(sheet.header)))
    rng.shuffle(order)
    return _columns(sheet, order)


def repeat_column(sheet: Sheet, rng: random.Random) -> Sheet:
    order = list(range(len(sheet.header)))
    order.insert(rng.randint(0, len(order)), rng.choice(order))
    return _columns(sheet, order)


def remove_column(sheet: Sheet, rng: random.Random) -> Sheet:
    order = list(range(len(sheet.header)))
    order.remove(rng.choice(order))
    return _columns(sheet, order) if order else sheet


def _columns(sheet: Sheet, order: list[int]) -> Sheet:
    def taken(cells: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(cells[n] for n in order) if len(cells) == len(sheet.header) else cells

    lines = [replace(line, cells=taken(line.cells)) for line in sheet.lines]
    origin = tuple(sheet.origin[n] for n in order)
    return replace(sheet, header=taken(sheet.header), origin=origin, lines=tuple(lines))


def header_names(sheet: Sheet, rng: random.Random) -> Sheet:
    """A name changed a little: case, accent, space, a letter, an invisible mark; or emptied, or very long."""
    names = list(sheet.header)
    n = rng.randrange(len(names))
    changes = [names[n].upper(), f" {names[n]} ", names[n] + "á", names[n] + "\u200b", "", "x" * 100_000, names[n - 1], "=1+1"]
    names[n] = rng.choice(changes)
    return replace(sheet, header=tuple(names))


def header_shifted(sheet: Sheet, rng: random.Random) -> Sheet:
    """The names stand over other columns."""
    by = rng.randint(1, max(1, len(sheet.header) - 1))
    return replace(sheet, header=sheet.header[by:] + sheet.header[:by], moved=True)


def header_elsewhere(sheet: Sheet, rng: random.Random) -> Sheet:
    """The header on another line, or gone."""
    if rng.random() < 0.3:
        first, *rest = sheet.lines or (Line(None, ("",)),)
        return replace(sheet, header=first.cells, lines=tuple(rest), moved=True)
    return replace(sheet, above=(*sheet.above, *rng.choice([("",), ("Reporte de laboratorio", ""), ("sep=;",)])), moved=True)


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
    form = rng.choice(["utf-8", "utf-8-sig", "latin-1", "cp1252", "cp850", "utf-16", "utf-16-be", "utf-32", "mac_roman", "utf-7", "cp037"])
    return text.encode(form, errors=rng.choice(["replace", "ignore", "xmlcharrefreplace"]))


def byte_order_mark(raw: bytes, layout: Layout, rng: random.Random) -> bytes:
    bare = raw.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe")
    return rng.choice([b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"", b"\xef\xbb\xbf\xef\xbb\xbf"]) + bare


def mixed_line_ends(raw: bytes, layout: Layout, rng: random.Random) -> bytes:
    if layout.declared.get("encoding") == "utf-16":
        return raw
    lines = raw.replace(b"\r\n", b"\n").split(b"\n")
    ends = rng.choice([[b"\n", b"\r\n"], [b"\r"], [b"\n", b"\r\n", b"\r"], [b"\n\r"], [b"\r\r\n"], [b"\n\n"], [b"\x0b\n"]])
    return b"".join(line + rng.choice(ends) for line in lines)


def other_container(raw: bytes, layout: Layout, rng: random.Random) -> bytes:
    """Compressed, a web page, a script, nothing at all."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("f.csv", raw)
    page = b"<html><body><table><tr><td>" + raw[:500] + b"</td></tr></table></body></html>"
    return rng.choice([gzip.compress(raw, mtime=0), stream.getvalue(), page, b"", b"\x00" * 4096, b"\n" * 50, b"%PDF-1.4\n" + raw[:200], b"\xd0\xcf\x11\xe0" + raw])


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
    members[name] = rng.choice([b"", body[:at], b"<x/>", body[:at] + b"<" + body[at:], body[:at] + b"&bad;" + body[at:], body.replace(b"xml", b"lmx")])
    if rng.random() < 0.3:
        del members[name]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, text in members.items():
            archive.writestr(member, text)
    return stream.getvalue()


LINES: tuple[Rows, ...] = (delete_lines, repeat_lines, shuffle_lines, odd_lines, torn_line, delimiter_in_cell, injected_text, swapped_cells)
COLUMNS: tuple[Rows, ...] = (shuffle_columns, repeat_column, remove_column, header_names, header_shifted, header_elsewhere)
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
