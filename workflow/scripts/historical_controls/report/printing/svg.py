"""Putting an SVG file into a page: no prolog, no fixed size, ids of its own, a title and a description."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from historical_controls.report.printing.lean_svg import lean


def inline_svg(svg: str, prefix: str, title: str, description: str) -> Markup:
    """The `<svg>` element of a file for use inside HTML.

    Ids repeat from one figure to the next (matplotlib counts anew), so each gets `prefix`.
    """
    body = lean(svg)
    # Ids first, then everything that refers to one: href, xlink:href and url(#...).
    body = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', body)
    body = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'\1="#{prefix}-\2"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", body)
    # The end of the opening <svg> tag, to which role and title are added.
    end = body.index(">")
    named = (
        f' role="img" aria-labelledby="{prefix}-title {prefix}-desc">'
        f'<title id="{prefix}-title">{escape(title)}</title><desc id="{prefix}-desc">{escape(description)}</desc>'
    )
    return Markup(_without_size(body[:end]) + named + body[end + 1 :].strip())


def _without_size(tag: str) -> str:
    """The opening tag without width, height and version: the page's style gives the size, `viewBox` the shape."""
    return re.sub(r'\s(width|height|version)="[^"]*"', "", tag)
