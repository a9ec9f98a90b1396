"""Reading a rendered page in tests: its elements, and the text inside and outside of marked ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""
    ids: list[str] = field(default_factory=list)


@dataclass
class Page(HTMLParser):
    """Elements in document order with all the text and result ids inside them, and the text that no mark covers."""

    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)
    plain: str = ""
    visible: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    @classmethod
    def of(cls, html: str) -> Page:
        page = cls()
        page.feed(html)
        page.close()
        assert not page.open, f"not closed: {[element.tag for element in page.open]}"
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        for outer in self.open:
            outer.ids += [element.attributes["data-ard"]] if "data-ard" in element.attributes else []
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        closed = self.open.pop()
        assert closed.tag == tag, f"<{closed.tag}> closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data
        if any(element.tag in {"style", "title", "desc", "script"} for element in self.open):
            return
        self.visible += data
        marks = {"data-ard", "data-fact", "data-provenance"}
        if not any(element.tag == "svg" or marks & set(element.attributes) for element in self.open):
            self.plain += data

    def with_attribute(self, name: str) -> list[Element]:
        return [element for element in self.elements if name in element.attributes]

    def tagged(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]
