"""A Word document of every table and figure, with titles, footnotes and page numbers."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from historical_controls.report.exports.documents import (
    PlainSection,
    PlainTable,
    names_others,
    plain,
    plain_sections,
    without_clock,
)
from historical_controls.report.headline.captions import caption_of, figure_parts
from historical_controls.report.printing.html_table import HtmlTable
from historical_controls.report.printing.outputs import Output
from historical_controls.report.printing.printer import Printer
from historical_controls.report.statistician.methods import MethodStep
from historical_controls.report.statistician.tables import NONE_DECLARED

NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
BORDER = '<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="1F2328"/>'
PAGE_CM, MARGIN_CM = 29.7, 1.8
# A figure fills one of two columns, and fits into it below its title.
FIGURE_CM, HIGHEST_CM, BETWEEN_CM = 12.4, 14.0, 1.0
SIZE = 15  # half points of a table's text
NOTE = 8


def write_word(
    printer: Printer,
    outputs: Mapping[str, Output],
    figures: Mapping[str, bytes],
    declared: Mapping[str, HtmlTable] = NONE_DECLARED,
    steps: Sequence[MethodStep] = (),
) -> bytes:
    """The document as bytes.

    `figures`: PNG by file name without its ending, 'number-family-part'; `declared` as for `sections`; `steps`: the
    methods of this run. Tables are
    written as XML in one piece, since python-docx asks for every cell anew. Nothing of the clock or the machine is in
    the file.
    """
    document = _landscape(printer)
    for section in plain_sections(printer, outputs, "table", declared):
        document.add_heading(section.title, level=1)
        _tables(document, section)
    _two_columns(document)
    for section in plain_sections(printer, outputs, "figure"):
        document.add_heading(section.title, level=1)
        own = {name: png for name, png in figures.items() if figure_parts(name)[0] == section.output.output_id}
        if section.missing and not own:
            document.add_paragraph(section.missing)
        _figures(document, printer, section.title, own)
        # A figure of single patients has no rows, and no file of them.
        if not section.missing:
            _note(document, printer.words("stat.figure_data", file=section.output.file_name))
    _methods(document, printer, steps)
    return _saved(document)


def _methods(document: Any, printer: Printer, steps: Sequence[MethodStep]) -> None:
    """What was done, step by step; equations as text, which every program can read and search."""
    if steps:
        document.add_heading(printer.words("method_step.title"), level=1)
        _note(document, printer.words("method_step.intro"))
    for step in steps:
        document.add_heading(plain(step.title), level=2)
        _note(document, plain(step.said))
        for equation in step.equations:
            # One space where docs/methods.md has many: a column is narrower than its lines.
            _note(document, "\n".join(" ".join(line.split()) for line in equation.plain.splitlines()))


def _landscape(printer: Printer) -> Any:
    """An A4 document with the study's title, the standing caution, and the page number at the foot."""
    from docx import Document
    from docx.enum.section import WD_ORIENT
    from docx.shared import Cm, Pt

    document = Document()
    page = document.sections[0]
    page.orientation = WD_ORIENT.LANDSCAPE
    page.page_width, page.page_height = Cm(PAGE_CM), Cm(21.0)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(MARGIN_CM)
    document.styles["Normal"].font.name = "Arial"
    document.styles["Normal"].font.size = Pt(10)
    words, study = printer.words, printer.config.study
    document.add_heading(words.among(study.title), level=0)
    if study.simulated:
        document.add_paragraph(words("report.simulated"))
    document.add_paragraph(words("report.registry", id=study.id))
    document.add_paragraph(plain(printer.word("answer.caveat")))
    page.header.paragraphs[0].text = f"{study.id} – {words('stat.heading')}"
    _page_number(page.footer.paragraphs[0], words("stat.page"))
    # python-docx's template has an author and a comment of its own.
    properties = document.core_properties
    properties.title, properties.author, properties.comments = words.among(study.title), "", ""
    return document


def _two_columns(document: Any) -> None:
    """Begin a page of two columns, as long as the document goes on."""
    from docx.enum.section import WD_SECTION
    from docx.oxml.ns import qn
    from docx.shared import Cm

    columns = document.add_section(WD_SECTION.NEW_PAGE)._sectPr.find(qn("w:cols"))
    columns.set(qn("w:num"), "2")
    columns.set(qn("w:space"), str(Cm(BETWEEN_CM).twips))


def _page_number(paragraph: Any, pattern: str) -> None:
    """'Page 3 of 40': Word fills in both numbers."""
    from docx.oxml import parse_xml

    before, _, rest = pattern.partition("{page}")
    between, _, after = rest.partition("{pages}")
    for text, field in ((before, "PAGE"), (between, "NUMPAGES"), (after, "")):
        paragraph.add_run(text)
        if field:
            # The 1 stands there until Word fills in the number.
            paragraph._p.append(
                parse_xml(f'<w:fldSimple {NAMESPACE} w:instr="{field}"><w:r><w:t>1</w:t></w:r></w:fldSimple>')
            )


def _tables(document: Any, section: PlainSection) -> None:
    from docx.oxml import parse_xml

    if section.missing:
        document.add_paragraph(section.missing)
    for table in section.tables:
        title = document.add_paragraph(table.title, style="Caption")
        title.paragraph_format.keep_with_next = True
        # XML in one piece after its caption; `document.add_table` would be slow for long tables.
        title._p.addnext(parse_xml(_table_xml(table)))
        for note in table.notes or ("",):
            _note(document, note)


def _note(document: Any, text: str) -> None:
    from docx.shared import Pt

    note = document.add_paragraph()
    note.paragraph_format.space_after = Pt(2)
    note.add_run(text).font.size = Pt(NOTE)


def _table_xml(table: PlainTable) -> str:
    """One table: rules above, below the heads and at the end; heads repeat on every page; numbers to the right."""
    # w:sz is in eighths of a point: 8 is one point.
    borders = "".join(BORDER.format(side=side, size=8) for side in ("top", "bottom"))
    left = {*range(table.n_names), *table.words}
    head = _spans_xml(table) + _row_xml(table.heads, left, head=True)
    body = "".join(_naming_row_xml(row) if names_others(row) else _row_xml(row, left, head=False) for row in table.rows)
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in _twips(table.widths))
    return (
        f'<w:tbl {NAMESPACE}><w:tblPr><w:tblW w:w="5000" w:type="pct"/><w:tblBorders>{borders}</w:tblBorders>'
        f"</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{head}{body}</w:tbl>"
    )


def _spans_xml(table: PlainTable) -> str:
    """The line of heads over several columns; '' where there is none."""
    if not table.spans:
        return ""
    # The names' columns have no head over them.
    spans = [("", table.n_names), *table.spans]
    cells = "".join(_cell_xml(text, right=False, head=bool(text), width=width) for text, width in spans)
    return f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{cells}</w:tr>"


def _twips(widths: Sequence[int]) -> list[int]:
    """The page's width shared among the columns, in twentieths of a point."""
    page = (PAGE_CM - 2 * MARGIN_CM) / 2.54 * 72 * 20
    return [round(page * width / sum(widths)) for width in widths]


def _naming_row_xml(row: Sequence[str]) -> str:
    """A row that only names those beneath it, which it must not be parted from."""
    cell = _cell_xml(row[0], right=False, head=False, width=len(row))
    return f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{cell.replace('<w:pPr>', '<w:pPr><w:keepNext/>')}</w:tr>"


def _row_xml(cells: Iterable[str], left: Container[int], head: bool) -> str:
    properties = "<w:trPr><w:cantSplit/>" + ("<w:tblHeader/>" if head else "") + "</w:trPr>"
    written = "".join(_cell_xml(cell, place not in left, head) for place, cell in enumerate(cells))
    return f"<w:tr>{properties}{written}</w:tr>"


def _cell_xml(text: str, right: bool, head: bool, width: int = 1) -> str:
    span = f'<w:gridSpan w:val="{width}"/>' if width > 1 else ""
    border = f"<w:tcBorders>{BORDER.format(side='bottom', size=4)}</w:tcBorders>" if head else ""
    properties = f"<w:tcPr>{span}{border}</w:tcPr>" if span or border else ""
    bold = "<w:b/>" if head else ""
    side = "right" if right else "left"
    return (
        f'<w:tc>{properties}<w:p><w:pPr><w:spacing w:before="0" w:after="0"/><w:jc w:val="{side}"/>'
        f'</w:pPr><w:r><w:rPr>{bold}<w:sz w:val="{SIZE}"/></w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'
        "</w:p></w:tc>"
    )


def _figures(document: Any, printer: Printer, title: str, own: Mapping[str, bytes]) -> None:
    """Figures as PNG, each with its finding beneath it and, after the title, as the text for who cannot see it."""
    from docx.shared import Cm

    for name, png in own.items():
        shape = document.add_picture(BytesIO(png), width=Cm(FIGURE_CM))
        shrunk = min(1.0, Cm(HIGHEST_CM) / shape.height)
        shape.width, shape.height = round(shape.width * shrunk), round(shape.height * shrunk)
        finding = plain(caption_of(printer, name))
        shape._inline.docPr.set("descr", f"{title}. {finding}" if finding else title)
        if finding:
            _note(document, finding)


def _saved(document: Any) -> bytes:
    """The file's bytes, the same for the same document."""
    stream = BytesIO()
    document.save(stream)
    return without_clock(stream)
