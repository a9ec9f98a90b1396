"""What goes wrong with files on their way: to lines and to columns."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from .layouts import SECRET
from .sheet import Line, Sheet, is_workbook

Rows = Callable[[Sheet, random.Random], Sheet]

INJECTED = (
    '=HYPERLINK("http://x","y")',
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
    odd = [
        ("",),
        ("",) * width,
        ("Total de registros: 9",),
        ("Total:", "33"),
        sheet.header,
        ("Página 2 de 3",),
        (" ",) * width,
    ]
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
    cells = rng.choice(
        [cells[:at], [*cells, "x"], [*cells[:at], "", *cells[at:]], [*cells[:at], "", *cells[at:]][: len(cells)]]
    )
    if tuple(cells) != lines[n].cells:
        lines[n] = Line(None, tuple(cells))
    return sheet.with_lines(lines)


def delimiter_in_cell(sheet: Sheet, rng: random.Random) -> Sheet:
    return _spoil_cell(
        sheet,
        rng,
        lambda cell: cell[: len(cell) // 2] + str(sheet.layout.declared.get("delimiter", ",")) + cell[len(cell) // 2 :],
    )


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
    swapped = sheet.with_lines(lines)
    # A private cell that stands in another column is that column's: nobody can know it from one of its own.
    return replace(swapped, moved=True) if one == other and SECRET in first + second else swapped


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
    changes = [
        names[n].upper(),
        f" {names[n]} ",
        names[n] + "á",
        names[n] + "\u200b",
        "",
        "x" * 100_000,
        names[n - 1],
        "=1+1",
    ]
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
    return replace(
        sheet, above=(*sheet.above, *rng.choice([("",), ("Reporte de laboratorio", ""), ("sep=;",)])), moved=True
    )


LINES: tuple[Rows, ...] = (
    delete_lines,
    repeat_lines,
    shuffle_lines,
    odd_lines,
    torn_line,
    delimiter_in_cell,
    injected_text,
    swapped_cells,
)
COLUMNS: tuple[Rows, ...] = (
    shuffle_columns,
    repeat_column,
    remove_column,
    header_names,
    header_shifted,
    header_elsewhere,
)
