"""CSV files written by people: read exactly, or refused with the line and the reason.

Money and rights depend on these files, so nothing is guessed: a row with too many cells (`1,500` for fifteen
hundred), an unknown column (`Revocable` for `revocable`), another encoding or another separator is an error.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from io import TextIOWrapper
from pathlib import Path
from typing import Final

#: The first bytes of files in other encodings.
_MARKS: Final = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_SEPARATORS: Final = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a file.

    Attributes:
        line: its number in the file; the last of its lines if a cell has line breaks.
        cells: the text of each column, without white space around it; empty for an optional column that the
            file does not have.
    """

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LineError:
    """A line that cannot be used.

    Attributes:
        line: its number in the file.
        reason: what is wrong, and what would be right.
    """

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


class HeaderError(LineError):
    """The header cannot be used; no row is read."""

    __slots__ = ()


def read_table(
    path: Path, columns: Sequence[str], optional: Sequence[str] = (), *, others: bool = False
) -> Iterator[TableRow | LineError]:
    """Yields the rows of a CSV file as they are read, and an error for each line that cannot be used.

    The first line that is not empty names the columns, in any order. An error of the header or the encoding
    ends the reading.

    Args:
        path: the file; UTF-8, with or without a byte order mark, cells separated by commas.
        columns: required columns.
        optional: further columns that may be there.
        others: whether any other columns may be there, and are ignored: for files of another program.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as raw:
        start = raw.read(4)
        raw.seek(0)
        for mark, name in _MARKS.items():
            if start.startswith(mark):
                yield LineError(1, f"the file is {name}; save it as UTF-8")
                return
        file = TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        yield from _rows(csv.reader(file, strict=True), [*columns], [*optional], others)


def _rows(
    reader: Iterator[list[str]], columns: list[str], optional: list[str], others: bool
) -> Iterator[TableRow | LineError]:
    header: list[str] | None = None
    # csv.reader is an iterator that counts its lines.
    number: int = 0
    while True:
        try:
            cells = next(reader)
            number = reader.line_num  # type: ignore[attr-defined]
        except StopIteration:
            break
        except csv.Error as bad:
            yield LineError(reader.line_num, f"not CSV: {bad}")  # type: ignore[attr-defined]
            continue
        except UnicodeDecodeError as bad:
            byte = bad.object[bad.start]
            yield LineError(number + 1, f"not UTF-8 (byte 0x{byte:02x}); save the file as UTF-8")
            return
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        if header is None:
            if wrong := _header_error(cells, columns, optional, others):
                yield HeaderError(number, wrong)
                return
            header = cells
        elif len(cells) != len(header):
            yield LineError(number, _width_error(len(cells), len(header)))
        else:
            yield TableRow(number, dict.fromkeys(optional, "") | dict(zip(header, cells, strict=True)))
    if header is None:
        yield HeaderError(1, f"the file is empty; its first line names the columns {', '.join(columns)}")


def _header_error(
    header: Sequence[str], columns: Sequence[str], optional: Sequence[str], others: bool
) -> str | None:
    known = [*columns, *optional]
    for separator, name in _SEPARATORS.items():
        if len(header) == 1 and separator in header[0]:
            return f"cells are separated by {name} here, and must be by commas"
    for name in header:
        if name not in known:
            near = [column for column in known if column.casefold() == name.casefold()]
            if others and not near:
                continue
            near = near or get_close_matches(name, known, n=1)
            hint = f"; is {near[0]!r} meant?" if near else f"; there are {', '.join(known)}"
            return f"there is no column {name!r}{hint}"
        if header.count(name) > 1:
            return f"the column {name!r} is there twice"
    for name in columns:
        if name not in header:
            return f"the column {name!r} is missing; the first line names {', '.join(columns)}"
    return None


def _width_error(cells: int, columns: int) -> str:
    hint = "; is there a comma inside a number or a name? Write 1500, or put the cell into quotes"
    return f"{cells} cells, but the header has {columns}{hint if cells > columns else ''}"
