"""Figures on a page: fewer elements, the same drawing."""

from __future__ import annotations

import re

from historical_controls.report.printing.lean_svg import lean

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'
CIRCLE = "M 0 1 " + "C 1 1 1 1 1 0 " * 7 + "C 1 1 1 1 0 1 z"


def drawing(*parts: str) -> str:
    return HEAD + "".join(parts) + "</svg>"


def marks(marker: str, own: str, *places: tuple[int, int], clip: str = "") -> str:
    uses = "".join(f'<use xlink:href="#m1" x="{x}" y="{y}" style="{own}"/>' for x, y in places)
    return f'<g id="line2d_1"><defs><path id="m1" d="{marker}"/></defs><g{clip}>{uses}</g></g>'


def test_full_circles_become_the_round_ends_of_one_path() -> None:
    svg = lean(drawing(marks(CIRCLE, "fill: #123456", (2, 3), (4, 5))))
    assert re.findall(r'<path[^>]* d="([^"]+)"', svg) == ["M2.00 3.00h0 M4.00 5.00h0"]
    assert "stroke: #123456" in svg and "stroke-width: 2" in svg and "stroke-linecap: round" in svg
    assert "<use" not in svg and "<g" not in svg and "m1" not in svg


def test_straight_markers_are_moved_to_their_places() -> None:
    svg = lean(drawing(marks("M 0 0 L 0 1.5", "stroke: #000", (2, 3), (4, 5))))
    assert re.findall(r' d="([^"]+)"', svg) == ["M 2.00 3.00 L 2.00 4.50 M 4.00 5.00 L 4.00 6.50"]


def test_open_circles_stay_copies_within_their_clipped_group() -> None:
    """A clip on a copy would be moved with it, and cut it away."""
    svg = lean(drawing(marks(CIRCLE, "fill: #fff; stroke: #000", (2, 3), clip=' clip-path="url(#c)"')))
    assert re.search(r'<g clip-path="url\(#c\)"><use [^>]*href="#m1"', svg) and 'id="m1"' in svg


def test_lines_of_one_look_join_and_others_do_not() -> None:
    paths = [("M 0 0 L 1 1", "a"), ("M 2 2 L 3 3", "a"), ("M 4 4 L 5 5", "b"), ("M 6 6 L 7 7", "a; opacity: 0.5")] * 2
    svg = lean(drawing(*(f'<g id="g{n}"><path d="{d}" style="{s}"/></g>' for n, (d, s) in enumerate(paths))))
    assert len(re.findall("<path", svg)) == 6
    assert "M 0 0 L 1 1 M 2 2 L 3 3" in svg


def test_groups_of_a_patient_stay_and_name_the_patient() -> None:
    line = '<g id="patient-T1-line"><path d="M 0 0 L 1 1"/></g>'
    assert 'data-patient="T1"' in lean(drawing(line, line.replace("T1", "T2")))
