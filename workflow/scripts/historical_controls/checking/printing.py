"""The check on the terminal, and the same as a page."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

from historical_controls.checking.findings import CheckedStudy, Listing
from historical_controls.config.reading.strict_yaml import NOT_CONFIRMED

# The last column may run on: nothing stands beside it.
WIDEST_CELL, WIDEST_LAST, MOST_ROWS = 60, 160, 40
TO_CONFIRM = "Correct each of these lines if it is wrong, then delete its mark; what they mean so far is shown before."
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;font-size:.9rem}th,td{padding:.2rem .8rem .2rem 0;text-align:left;"
    "vertical-align:top;border-bottom:1px solid #ddd}li{margin-bottom:.5rem;white-space:pre-line}"
)


def as_text(checked: CheckedStudy) -> str:
    return "".join(f"{line}\n" for line in _lines(checked))


def _lines(checked: CheckedStudy) -> Iterator[str]:
    for one in checked.listings:
        yield from ("", one.title, "-" * len(one.title))
        yield from _table(one)
        yield from (one.note,) if one.note else ()
    for title, items in _lists(checked):
        yield from ("", title, "-" * len(title), *items)
    yield from ("", verdict(checked))


def verdict(checked: CheckedStudy) -> str:
    """One sentence: whether a run would come to its end."""
    left = ((len(checked.faults), "to correct"), (len(checked.unconfirmed), "to confirm"))
    if not checked.would_run:
        return f"{', '.join(f'{count} {what}' for count, what in left if count)} before a run."
    doubts = f", {len(checked.warnings)} to look at" if checked.warnings else ""
    return f"Nothing would stop a run{doubts}."


def _lists(checked: CheckedStudy) -> Iterator[tuple[str, list[str]]]:
    guesses = [f"{guess.where}: {guess.what.removeprefix(NOT_CONFIRMED)}" for guess in checked.unconfirmed]
    asked = (TO_CONFIRM, *guesses) if guesses else ()
    faults = tuple(map(str, checked.faults))
    for title, items in (("To look at", checked.warnings), ("To confirm", asked), ("To correct", faults)):
        if items:
            yield title, list(items)


def _table(one: Listing) -> Iterator[str]:
    shown = [one.columns, *one.rows[:MOST_ROWS]]
    widest = [*[WIDEST_CELL] * (len(one.columns) - 1), WIDEST_LAST]
    cut = [tuple(_cut(cell, most) for cell, most in zip(row, widest, strict=True)) for row in shown]
    widths = [max(len(row[place]) for row in cut) for place in range(len(one.columns))]
    for row in cut:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    if len(one.rows) > MOST_ROWS:
        yield f"... and {len(one.rows) - MOST_ROWS} more (on the page)"


def _cut(cell: str, most: int) -> str:
    return cell if len(cell) <= most else cell[: most - 1] + "…"


def write_page(checked: CheckedStudy, folder: str | Path) -> Path:
    """Write the page below the study folder, where nothing is shared, and return its path."""
    page = Path(folder) / "results/internal/check.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(as_page(checked, f"Check of {Path(folder).resolve().name}"), encoding="utf-8")
    return page


def as_page(checked: CheckedStudy, title: str) -> str:
    """One self-contained page. It shows ids and values as sent: for the study team only."""
    parts = [f"<h1>{escape(title)}</h1>", f"<p><strong>{escape(verdict(checked))}</strong></p>"]
    for name, items in _lists(checked):
        parts.append(f"<h2>{escape(name)}</h2><ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>")
    for one in checked.listings:
        head = "".join(f'<th scope="col">{escape(column)}</th>' for column in one.columns)
        rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in one.rows)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        parts.append(f"<h2>{escape(one.title)}</h2><p>{escape(one.note)}</p>{table}")
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'
