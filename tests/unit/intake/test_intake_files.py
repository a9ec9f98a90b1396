"""Files as hospitals write them: every line arrives once, as text, with its number; wrong declarations say so."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from historical_controls.config.sources.sources import SourceFile
from historical_controls.errors import UserError
from historical_controls.intake.layout import cell_names
from historical_controls.intake.reading import read_blocks, read_file, write_intake
from historical_controls.intake.text_files import delimited, quoted_rows, regular_rows
from historical_controls.intake.text_files.quoted_rows import read_careful, split_lines
from historical_controls.intake.text_files.regular_rows import read_regular
from historical_controls.intake.text_files.rows import Rows, Shape
from historical_controls.tables.parquet import read_table
from historical_controls.tables.registry import INTAKE
from historical_controls.tables.schema import conform

PART = {"kind": "patients", "subject": "id", "columns": {"v": {"characteristic": "AGE"}}}


def declared(**keys: Any) -> SourceFile:
    return SourceFile.model_validate({"path": "x.csv", "parts": [PART], **keys})


def read(tmp_path: Path, content: str | bytes, **keys: Any) -> pd.DataFrame:
    path = tmp_path / "x.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_file(path, declared(**keys))


def good(frame: pd.DataFrame) -> dict[int, tuple[str, ...]]:
    rows = frame.loc[frame["problem"].isna()]
    cells = rows[[name for name in rows if str(name).startswith("cell:")]]
    return dict(zip(rows["line"], cells.itertuples(index=False, name=None), strict=True))


def bad(frame: pd.DataFrame) -> dict[int, tuple[str, str]]:
    rows = frame.loc[frame["problem"].notna()]
    return dict(zip(rows["line"], zip(rows["problem"], rows["text"], strict=True), strict=True))


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False], ids=["ended", "unended"])
def test_any_line_ending_gives_the_same_lines(tmp_path: Path, newline: str, last: bool) -> None:
    text = newline.join(["id,v", "1,a", "2,b"]) + (newline if last else "")
    assert good(read(tmp_path, text)) == {2: ("1", "a"), 3: ("2", "b")}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le"])
def test_every_encoding_gives_the_same_text(tmp_path: Path, encoding: str) -> None:
    assert good(read(tmp_path, "id,v\n1,niño°\n".encode(encoding), encoding=encoding)) == {2: ("1", "niño°")}


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    assert good(read(tmp_path, '\ufeff"id",v\n1,a\n', encoding="utf-8")) == {2: ("1", "a")}


def test_cells_keep_their_blanks_zeros_and_quotes(tmp_path: Path) -> None:
    frame = read(tmp_path, 'id,v\n007, a \n"0,08","say ""x"""\n')
    assert good(frame) == {2: ("007", " a "), 3: ("0,08", 'say "x"')}


def test_a_quoted_cell_may_span_lines(tmp_path: Path) -> None:
    frame = read(tmp_path, 'id,v\n1,"a\nb"\n2,c\n')
    assert good(frame) == {2: ("1", "a\nb"), 4: ("2", "c")}


@pytest.mark.parametrize("row", ['1,"a', '"1,a', '1,"a"b'])
def test_a_stray_quote_costs_its_own_line_only(tmp_path: Path, row: str) -> None:
    frame = read(tmp_path, f"id,v\n0,x\n{row}\n2,c\n3,d\n")
    assert good(frame) == {2: ("0", "x"), 4: ("2", "c"), 5: ("3", "d")}
    assert bad(frame) == {3: ("FILE_LAYOUT", row)}


def test_two_stray_quotes_do_not_join_two_rows(tmp_path: Path) -> None:
    frame = read(tmp_path, 'id,v,w\n1,"a,x\n2,b",y\n3,c,z\n')
    assert bad(frame)[2] == ("FILE_LAYOUT", '1,"a,x')
    assert good(frame) == {3: ("2", 'b"', "y"), 4: ("3", "c", "z")}


def test_many_stray_quotes_are_read_in_reasonable_time(tmp_path: Path) -> None:
    rows = "".join(f'{n},"a\n' if n % 3 == 0 else f"{n},a\n" for n in range(30_000))
    frame = read(tmp_path, f"id,v\n{rows}")
    assert len(frame) == 30_000
    assert len(bad(frame)) == 10_000


def test_lines_that_do_not_fit_keep_their_text_and_reason(tmp_path: Path) -> None:
    text = "Hospital X\n\nid;v\n1;a\n2\n\n;;\n;\n3;b;c\nTotal: 2\n"
    for content in (text, text.replace("1;a", '"1";a')):
        frame = read(tmp_path, content, delimiter=";", header_line=3, footer=[r"^Total: \d+$"])
        assert good(frame) == {4: ("1", "a")}
        assert bad(frame) == {
            1: ("ABOVE_HEADER", "Hospital X"),
            2: ("ABOVE_HEADER", ""),
            5: ("FILE_LAYOUT", "2"),
            6: ("BLANK_LINE", ""),
            7: ("BLANK_LINE", ";;"),
            8: ("BLANK_LINE", ";"),
            9: ("FILE_LAYOUT", "3;b;c"),
            10: ("FOOTER", "Total: 2"),
        }


def test_a_footer_is_matched_whatever_the_line_ending(tmp_path: Path) -> None:
    frame = read(tmp_path, "id,v\r\n1,a\r\nTotal: 1\r\n", footer=[r"^Total: \d+$"])
    assert bad(frame) == {3: ("FOOTER", "Total: 1")}


def test_a_header_that_stands_again_is_no_row(tmp_path: Path) -> None:
    frame = read(tmp_path, "id,v\n1,a\n id , v\n2,b\nid,c\nid,v,w\n")
    assert good(frame) == {2: ("1", "a"), 4: ("2", "b"), 5: ("id", "c")}
    assert {line: reason for line, (reason, _) in bad(frame).items()} == {3: "HEADER_AGAIN", 6: "FILE_LAYOUT"}


def test_files_of_only_a_header_or_only_footers_are_read(tmp_path: Path) -> None:
    assert read(tmp_path, "id,v\n").empty
    assert read(tmp_path, '"id","v"').empty
    footers = read(tmp_path, "id,v\nTotal 0\nFin\n", footer=["^Total", "^Fin"])
    assert set(footers["problem"]) == {"FOOTER"}
    assert list(footers["line"]) == [2, 3]


def test_repeated_and_nameless_columns_keep_their_cells(tmp_path: Path) -> None:
    frame = read(tmp_path, "id,v,w,w,,w #2\n1,a,b,c,d,e\n")
    assert list(frame)[4:] == ["cell:id", "cell:v", "cell:w #1", "cell:w #2", "cell:column 5", "cell:w #2 #2"]
    assert good(frame) == {2: ("1", "a", "b", "c", "d", "e")}


@pytest.mark.parametrize("hostile", ["=1+1", "\x00", "x" * 100_000, "1e400", "١٢٣", "\u2028", "\x1f", "\x0b"])
def test_hostile_cells_arrive_as_sent(tmp_path: Path, hostile: str) -> None:
    assert good(read(tmp_path, f"id,v\n1,{hostile}\n2,b\n")) == {2: ("1", hostile), 3: ("2", "b")}


def test_private_columns_are_nowhere_even_where_lines_break(tmp_path: Path) -> None:
    text = "Listado de PEREZ\nid,v,nombre,nombre\n1,a,PEREZ,PEREZ\n2,PEREZ,b\nPEREZ\n"
    frame = read(tmp_path, text, private_columns=["nombre"], header_line=2)
    assert "PEREZ" not in frame.to_csv()
    assert len(frame) == 4
    assert list(frame)[4:] == ["cell:id", "cell:v"]


MISTAKES = [
    ("id,v\n1,\xf1\n".encode("latin-1"), {}, "byte 0xf1 is not utf-8", "latin-1"),
    ("id,v\n1,ñ\n".encode(), {"encoding": "latin-1"}, "the file is utf-8, not latin-1", "Declare encoding: utf-8"),
    ("id,v\n1,a\n".encode("utf-16"), {"encoding": "latin-1"}, "the file is utf-16", "Declare encoding: utf-16"),
    (b"abc", {"encoding": "utf-16"}, "not utf-16", None),
    (b"PK\x03\x04rest xl/workbook.xml", {}, "this is a workbook", "format: xlsx"),
    (b"id;v\n1;a\n", {}, "none of the declared columns", "line 1 with the delimiter ';'"),
    (b"x\n\nid,v\n1,a\n", {}, "none of the declared columns", "line 3 with the delimiter ','"),
    (b"id,v\n1,a\n", {"header_line": 2}, "none of the declared columns", "line 1"),
    (b"id,v\n1,a\n", {"header_line": 9}, "ends before its header (line 9)", None),
    (b"", {}, "ends before its header", None),
    (b"id,vv\n1,a\n", {}, "there is no column 'v'", "Did you mean 'vv'?"),
    (b"id,v,v\n1,a,b\n", {}, "column 'v' is there 2 times", "'v #1', 'v #2'"),
    (b"id,v\n1,a\n", {"private_columns": ["v"]}, "column 'v' is private", None),
    (b"id,v\n1,a\n", {"private_columns": ["nombre"]}, "there is no column 'nombre'", None),
    (b"id,v\n1,a,\n2,b,\n", {}, "cells as the header (2): line 2 has 3, as have all 2", "row_names: true"),
    (b"id,v\n1,Apr 5, 2020\n2,May 6, 2020\n", {}, "line 2 has 3, as have all 2", "A cell that holds ',' itself"),
    (b"id,v\n1,3,7,1\n2,b,\n", {}, "line 2 has 4, and the 2 lines from there on have 3 to 4", "has to be in quotes"),
    (b"id,v\n1;a\n2;b\n", {}, "cells as the header (2): line 2 has 1", "delimiter, which is ',' as declared"),
    (b'id,v\n1,"a\n', {}, "line 2 has quotes that do not close", "header_line"),
    (b"id,v\n1,a\n", {"row_names": True}, "a cell more than the header (2): line 2 has 2", "Leave out"),
    (b'"id,v\n1,a\n', {}, "the header cannot be read", None),
]


@pytest.mark.parametrize(("content", "keys", "what", "hint"), MISTAKES, ids=[m[2][:30] for m in MISTAKES])
def test_a_wrong_declaration_is_one_plain_error(
    tmp_path: Path, content: bytes, keys: dict[str, Any], what: str, hint: str | None
) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path, content, **keys)
    assert what in caught.value.what
    assert hint is None or hint in str(caught.value.hint)
    assert str(tmp_path / "x.csv") in str(caught.value.where)


def test_an_error_about_lines_shows_nobodys_cells(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path, "id,v\nPEREZ, LOPEZ,a\n")
    assert "PEREZ" not in str(caught.value) and "line 2 has 3" in caught.value.what


def test_an_error_about_the_header_shows_nobodys_cells(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path, "id,v\nPEREZ LOPEZ,a\n", header_line=2)
    assert "PEREZ" not in str(caught.value)


def test_a_missing_file_is_a_plain_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such file"):
        read_file(tmp_path / "none.csv", declared())


LINE = st.text(st.sampled_from("ab1,; \tñ.\x0b\u2028"), max_size=12)
QUOTED = st.lists(st.text(st.sampled_from('a1 "\n,é'), max_size=5), min_size=1, max_size=3)
ENDS = st.sampled_from(["\n", "\r\n"])
FOOTERS = st.sampled_from([[], ["^a"], [r"1\s*$"], ["ñ|b;"]])
SHAPE = Shape(cell_names(["id", "v"]), ",", [])


def in_quotes(cells: list[str]) -> str:
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)


def same_rows(one: Rows, other: Rows) -> None:
    pd.testing.assert_frame_equal(one.cells, other.cells)
    np.testing.assert_array_equal(one.lines, other.lines)
    assert one.problems == other.problems
    assert (one.n_lines, one.rest) == (other.n_lines, other.rest)


@settings(max_examples=100, deadline=None)
@given(st.lists(LINE, max_size=8), ENDS, FOOTERS)
def test_both_readers_agree_on_files_without_quotes(lines: list[str], newline: str, footer: list[str]) -> None:
    shape = Shape(SHAPE.names, ",", footer)
    body = newline.join(lines).encode()
    regular = read_regular(body, shape, last=True)
    assert regular is not None
    same_rows(regular, read_careful(body, shape, last=True))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(QUOTED.map(in_quotes), LINE), max_size=6), ENDS, FOOTERS, st.booleans())
def test_both_readers_agree_wherever_the_fast_one_dares(
    lines: list[str], newline: str, footer: list[str], last: bool
) -> None:
    shape = Shape(SHAPE.names, ",", footer)
    body = "".join(line + newline for line in lines).encode()
    regular = read_regular(body, shape, last)
    if regular is not None:
        same_rows(regular, read_careful(body, shape, last))


def test_the_fast_reader_takes_cells_in_quotes() -> None:
    body = b'"1","a,b"\n"2",""\n"3","say ""x"""\n"4","two\r\nlines"\n5,"c"\n"6","open\n'
    found = read_regular(body, SHAPE, last=False)
    assert found is not None
    assert found.cells["cell:v"].tolist() == ["a,b", "", 'say "x"', "two\r\nlines", "c"]
    assert found.lines.tolist() == [1, 2, 3, 4, 6]
    assert (found.n_lines, found.rest) == (6, b'"6","open\n')


ROWS = ["1,a", '2,"b', 'c"', '3,"d,e"', '"4","f""g"', '5,h"i', "6", '7,"j\nk"', "8,ñ", '"9",l,m']
PIECES = st.sampled_from([*ROWS, "", ",", '"', "Total", "\r"])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(PIECES, max_size=12),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.integers(1, 40),
    st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-le"]),
    st.integers(0, 2),
)
def test_the_size_of_blocks_changes_nothing(
    lines: list[str], newline: str, size: int, encoding: str, above: int
) -> None:
    text = newline.join(["top"] * above + ["id,v", *lines])
    file = declared(encoding=encoding, header_line=above + 1, footer=["^Total"])
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "x.csv"
        path.write_bytes(text.encode(encoding))
        whole = all_or_error(path, file, 1 << 20)
        patch.setattr(delimited, "DOUBTFUL", size)
        assert all_or_error(path, file, size) == whole


def all_or_error(path: Path, file: SourceFile, size: int) -> str:
    try:
        return conform(pd.concat(read_blocks(path, file, size), ignore_index=True), INTAKE).to_csv()
    except UserError as error:
        return str(error)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.sampled_from('a1,"\n\r \x00'), max_size=10), max_size=6))
def test_no_text_loses_a_line_or_gives_a_traceback(lines: list[str]) -> None:
    text = "\n".join(lines)
    rows = read_careful(text.encode(), SHAPE, last=True)
    starts = sorted([*rows.lines, *(number for number, _, _ in rows.problems)])
    assert len(set(starts)) == len(starts)
    # Whatever is not a line of its own stands inside a quoted cell of the line above.
    physical = len(split_lines(text))
    cells = [cell for row in rows.cells.itertuples(index=False) for cell in row]
    inside = sum(newlines(said) for said in [*cells, *(raw for _, _, raw in rows.problems)])
    assert len(starts) + inside == physical == rows.n_lines


def newlines(text: str) -> int:
    return text.replace("\r\n", "\n").replace("\r", "\n").count("\n")


def test_a_quote_that_never_closes_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (quoted_rows, regular_rows, delimited):
        monkeypatch.setattr(module, "LARGEST_RECORD", 50)
    rows = "".join(f"{n},a\n" for n in range(100))
    for size in (1 << 20, 64):
        path = tmp_path / "x.csv"
        path.write_text(f'id,v\n{rows}x,"b\n{rows}')
        frame = pd.concat(read_blocks(path, declared(), size))
        assert bad(frame) == {102: ("FILE_LAYOUT", 'x,"b')}
        assert len(good(frame)) == 200


@pytest.mark.parametrize(("content", "said"), [(b"1,\xf1\n", "byte 0xf1 is not utf-8"), (b"1,a,b\n", "no line has as")])
def test_what_is_wrong_with_the_first_rows_is_said_before_the_rest_is_read(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"id,v\n" + content * 2000 + b"\xff\xff\n" * 10)
    with pytest.raises(UserError, match=said) as caught:
        list(read_blocks(path, declared(), 4096))
    assert str(caught.value.where).endswith("line 2")


def test_a_wrong_byte_far_down_is_said_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"id,v\n" + b"1,a\n" * 5000 + b"1,\xf1\n")
    with pytest.raises(UserError, match="byte 0xf1") as caught:
        list(read_blocks(path, declared(), 1000))
    assert str(caught.value.where).endswith("line 5002")


def test_utf8_under_a_one_byte_name_is_found_by_its_first_part(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("id,v\n1,ñ\n".encode() + b"1,a\n" * 500_000 + b"1,\xf1\n")
    with pytest.raises(UserError, match="the file is utf-8"):
        next(read_blocks(path, declared(encoding="latin-1"), 1000))


def test_the_table_of_a_file_is_written_as_it_is_read(tmp_path: Path) -> None:
    frame = read(tmp_path, "id,v\n1,a\n\n2,b,c\n3,d\n")
    write_intake(tmp_path / "x.csv", declared(), tmp_path / "x.parquet")
    pd.testing.assert_frame_equal(read_table(tmp_path / "x.parquet", INTAKE), frame)
    (tmp_path / "y.csv").write_bytes(b"id,v\n1,a\n" + b"\xff\n")
    with pytest.raises(UserError):
        write_intake(tmp_path / "y.csv", declared(), tmp_path / "y.parquet")
    assert not list(tmp_path.glob("*y.parquet*"))


def test_the_same_file_read_twice_is_the_same(tmp_path: Path) -> None:
    text = "id,v\n1,a\n\n2,b\n"
    pd.testing.assert_frame_equal(read(tmp_path, text), read(tmp_path, text))
