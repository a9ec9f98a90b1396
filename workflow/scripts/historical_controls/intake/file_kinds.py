"""What kind of file do the first bytes say it is, and what to do with it?"""

from __future__ import annotations

import codecs
import re

ZIP, OLE, GZIP = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b"
# Archives that are not unpacked while reading. A workbook is a zip archive as well, with parts of these names.
PACKED = {b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"7z\xbc\xaf": "7-Zip", b"Rar!": "rar", b"(\xb5/\xfd": "zstd"}
OF_WORKBOOKS = (b"[Content_Types].xml", b"xl/", b"opendocument.spreadsheet", b"Index/")
UNPACK = "Unpack it, or pack the text alone with gzip."
EXPORT = "Export it as csv."
SAVE = "Save it as .xlsx, or export it as csv."
# First bytes, what such a file is, and the remedy.
KINDS = (
    (rb"PAR1", "a parquet file", "Declare format: parquet."),
    (rb"SQLite format 3\0", "an SQLite database", "Declare format: sqlite, and its 'table'."),
    (rb".{8}DUCK", "a DuckDB database", "Declare format: duckdb, and its 'table'."),
    (rb"\$FL[23]", "an SPSS file", "Declare format: sav."),
    (rb"<stata_dta>", "a Stata file", "Declare format: dta."),
    (rb"\0{12}\xc2\xea\x81\x60", "a SAS file", "Declare format: sas7bdat."),
    (rb"HEADER RECORD\*{7}LI", "a SAS transport file", "Declare format: xport."),
    (rb"RD[AX][23]\n", "a file of R", "Write its table with write.csv."),
    (rb"%PDF-", "a PDF", EXPORT),
    (rb"\{\\rtf", "a text document (rtf)", EXPORT),
    (rb"(?i:\s*<(?:!doctype )?html|\s*<table)", "a web page", f"Open it in a spreadsheet program. {SAVE}"),
    (rb"(?i:\s*<\?xml|\s*<Workbook)", "an XML file", f"Open it in a spreadsheet program. {SAVE}"),
    (rb"\s*[\[{]\s*[{\"]", "a JSON file", EXPORT),
)
TAR = slice(257, 262)


def not_text(head: bytes) -> tuple[str, str] | None:
    """Return what a file is that is no delimited text, and what to do; None where its first bytes say neither."""
    kind = next((name for mark, name in PACKED.items() if head.startswith(mark)), "")
    if head.startswith(GZIP):
        kind = "gzip, twice"
    if head[TAR] == b"ustar":
        kind = "tar"
    if head.startswith(ZIP) and not any(name in head for name in OF_WORKBOOKS):
        kind = "zip"
    if kind:
        return f"a packed file ({kind})", UNPACK
    if head.startswith(ZIP) and b"xl/" in head:
        return "a workbook, not a text file", "Declare format: xlsx, or export it as csv."
    if head.startswith((ZIP, OLE)):
        return "a workbook, not a text file", SAVE
    return known_kind(head)


def known_kind(head: bytes) -> tuple[str, str] | None:
    """Return what a file is by the mark of its format, and what to do; None of delimited text and workbooks."""
    return next(((what, remedy) for mark, what, remedy in KINDS if re.match(mark, head, re.DOTALL)), None)


def wide_encoding(head: bytes) -> str:
    """Return the encoding of two or four bytes a character that a text is written in, '' of any other."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Without a mark: every second byte of Latin text is null, which no other text has.
    sample = head[:4096]
    first, second = sample[::2].count(0), sample[1::2].count(0)
    if max(first, second) > 0.4 * (len(sample) // 2) and min(first, second) * 20 < max(first, second):
        return "utf-16-le" if second > first else "utf-16-be"
    return ""
