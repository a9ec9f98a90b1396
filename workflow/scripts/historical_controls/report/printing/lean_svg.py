"""The same drawing with a tenth of the elements: a page of many figures must stay quick to open and to scroll.

Matplotlib wraps every line in a group and draws every marker as an element of its own.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}href"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
# A circle as matplotlib writes it: eight cubic curves from its lowest point on.
CIRCLE = re.compile(r"M 0 (?P<radius>[\d.]+)\s*C(?:[^CMLz]*C){7}[^CMLz]*z?\s*")
POLYLINE = re.compile(r"(?:[ML]\s*-?[\d.]+\s+-?[\d.]+\s*|z\s*)+")
PATIENT = re.compile(r"patient-([^-]+)-")


def lean(svg: str) -> str:
    """SVG text with structural groups dissolved, and neighbouring lines and markers of one look in one path each.

    Groups named 'patient-<id>-<part>' stay, and carry the id as `data-patient`.
    """
    ElementTree.register_namespace("", SVG[1:-1])
    root = ElementTree.fromstring(svg)
    # Matplotlib's metadata are of no use within a page.
    for metadata in root.findall(f"{SVG}metadata"):
        root.remove(metadata)
    # Found before any is moved: copies refer to them by id.
    markers = {one.get("id"): one for one in root.iter(f"{SVG}path") if one.get("id")}
    for parent in list(root.iter()):
        _draw_markers(parent, markers)
    _flatten(root)
    for parent in list(root.iter()):
        _join_paths(parent)
    _drop_unused(root)
    for one in root.iter():
        # SVG 2 and HTML know href without the namespace.
        if XLINK in one.attrib:
            one.set("href", one.attrib.pop(XLINK))
        one.tail = None
        if one.tag != f"{SVG}style" and one.text is not None and not one.text.strip():
            one.text = None
    return ElementTree.tostring(root, encoding="unicode")


def _flatten(parent: ElementTree.Element) -> None:
    """Put the children of groups that only have an id in the place of the group; a clip moves to each child."""
    children: list[ElementTree.Element] = []
    for child in parent:
        _flatten(child)
        patient = PATIENT.match(child.get("id", ""))
        # A copy of a marker is clipped before it is moved to its place, so that it must keep its group.
        copies = child.get("clip-path") is not None and child.find(f"{SVG}use") is not None
        if child.tag != f"{SVG}g" or patient or copies or not set(child.attrib) <= {"id", "clip-path"}:
            if patient:
                child.set("data-patient", patient[1])
            children.append(child)
            continue
        clip = child.get("clip-path")
        for inner in child:
            if clip and inner.tag != f"{SVG}defs":
                inner.set("clip-path", clip)
            children.append(inner)
    parent[:] = children


def _draw_markers(parent: ElementTree.Element, markers: dict[str | None, ElementTree.Element]) -> None:
    """Replace the copies of a marker by a path where the marker is a full circle or made of straight lines."""
    for place, child in enumerate(list(parent)):
        if child.tag != f"{SVG}use":
            continue
        marker = markers.get((child.get(XLINK) or child.get("href") or "").removeprefix("#"))
        if marker is None:
            continue
        style = _styles(child.get("style", "")) | _styles(marker.get("style", ""))
        drawn = _drawn(marker.get("d", ""), float(child.get("x", 0)), float(child.get("y", 0)), style)
        if drawn is None:
            continue
        look = "; ".join(f"{name}: {value}" for name, value in style.items())
        parent[place] = ElementTree.Element(f"{SVG}path", {"d": drawn, "style": look})


def _styles(text: str) -> dict[str, str]:
    pairs = (one.partition(":") for one in text.split(";") if one.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _drawn(d: str, x: float, y: float, style: dict[str, str]) -> str | None:
    """The marker's path at a place; `style` is changed where a filled circle becomes the round end of a line."""
    circle = CIRCLE.fullmatch(d.strip())
    if circle and "stroke" not in style and style.get("fill", "none") != "none":
        # A line of length 0 with round ends is a disc: far shorter than eight curves.
        radius = float(circle["radius"])
        style |= {"stroke": style["fill"], "fill": "none", "stroke-width": f"{2 * radius:g}", "stroke-linecap": "round"}
        return f"M{x:.2f} {y:.2f}h0"
    if not POLYLINE.fullmatch(d.strip()):
        return None
    # Coordinates alternate x and y; each is shifted by the marker's place.
    numbers = iter([x, y] * len(NUMBER.findall(d)))
    return NUMBER.sub(lambda match: f"{float(match[0]) + next(numbers):.2f}", d).replace("\n", "").strip()


def _join_paths(parent: ElementTree.Element) -> None:
    """Neighbouring paths of one look become one; not where colours that let through would add up."""
    kept: list[ElementTree.Element] = []
    for child in parent:
        last = kept[-1] if kept else None
        if last is not None and _joins(last, child):
            last.set("d", f"{last.get('d', '').strip()} {child.get('d', '').strip()}")
        else:
            kept.append(child)
    parent[:] = kept


def _joins(last: ElementTree.Element, child: ElementTree.Element) -> bool:
    if not last.tag == child.tag == f"{SVG}path" or "id" in last.attrib or "id" in child.attrib:
        return False
    looks = [{key: value for key, value in one.attrib.items() if key != "d"} for one in (last, child)]
    # Where translucent paths overlap, one path would be drawn once and look lighter.
    return looks[0] == looks[1] and "opacity" not in looks[0].get("style", "")


def _drop_unused(root: ElementTree.Element) -> None:
    """Definitions that nothing refers to any more."""
    text = [value for one in root.iter() for value in one.attrib.values()]
    used = {name for value in text for name in re.findall(r"(?:^#|url\(#)([^)]+)\)?", value)}
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == f"{SVG}defs":
                child[:] = [one for one in child if one.get("id") in used or one.tag == f"{SVG}style"]
                if not len(child):
                    parent.remove(child)
