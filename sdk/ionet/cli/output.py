"""Output of commands: text for people, or one JSON document."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from solders.pubkey import Pubkey

from ionet.chain.amounts import Amount
from ionet.formats.text import printable
from ionet.formats.when import span, when

if TYPE_CHECKING:
    from rich.console import Console


__all__ = ["Screen", "jsonable", "span", "when"]


def jsonable(value: Any) -> Any:
    """Returns a value for JSON: amounts as `{"ui": "12.5", "raw": "1250000000"}`, bytes as hex."""
    match value:
        case Amount():
            return {"ui": format(value.to_decimal(), "f"), "raw": str(value.base)}
        case Enum():
            return value.name.lower()
        case None | bool() | int() | float() | str():
            return value
        case Pubkey():
            return str(value)
        case bytes():
            return value.hex()
        case Mapping():
            return {str(key): jsonable(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [jsonable(item) for item in value]
    if is_dataclass(value):
        return {field.name: jsonable(getattr(value, field.name)) for field in fields(value)}
    return str(value)


class Screen:
    """Writes a command's output.

    Args:
        as_json: write one JSON document to standard output, and no notes.
        aside: write text to standard error, as the result is still to come.
    """

    def __init__(self, *, as_json: bool, aside: bool = False) -> None:
        self.as_json = as_json
        self.aside = aside

    def line(self, text: str) -> None:
        """Writes a line of text."""
        print(text, file=sys.stderr if self.aside else sys.stdout)

    def show(self, data: Mapping[str, Any] | Sequence[Any], *lines: str) -> None:
        """Writes the result: the data as JSON, or else the lines."""
        if self.as_json:
            print(json.dumps(jsonable(data), indent=2, ensure_ascii=False))
        else:
            for line in lines:
                self.line(printable(line, lines=True))

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        data: Sequence[Any] | Mapping[str, Any],
        empty: str,
    ) -> None:
        """Writes the result as a table; `columns` that begin with `>` are aligned to the right.

        Args:
            columns: headings.
            rows: cells; None is shown as `-`.
            data: the same content for JSON.
            empty: what to write when there are no rows.
        """
        if self.as_json:
            self.show(data)
        elif not rows:
            self.line(empty)
        else:
            self.rows(columns, rows)

    def rows(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Writes a table as text; nothing is cut, so that addresses can be copied."""
        right = [column.startswith(">") for column in columns]
        cells = [[column.removeprefix(">").upper() for column in columns]]
        cells += [["-" if cell is None else str(cell) for cell in row] for row in rows]
        widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
        for row in cells:
            parts = [
                cell.rjust(width) if aligned else cell.ljust(width)
                for cell, width, aligned in zip(row, widths, right, strict=True)
            ]
            self.line(printable("  ".join(parts)).rstrip())

    def facts(self, facts: Sequence[tuple[str, object]], *, data: Mapping[str, Any]) -> None:
        """Writes the result as names and values, one per line; None is left out."""
        if self.as_json:
            self.show(data)
            return
        present = [(name, value) for name, value in facts if value is not None]
        width = max(len(name) for name, _ in present) + 1
        for name, value in present:
            label = f"{name}:" if name else ""
            self.line(f"{label:<{width}} {printable(str(value), lines=True)}")

    def note(self, text: str) -> None:
        """Writes what is not part of the result, such as progress and warnings, to standard error."""
        if not self.as_json:
            self.warn(text)

    def warn(self, text: str) -> None:
        """Writes to standard error what people have to see even with JSON output."""
        print(printable(text, lines=True), file=sys.stderr)

    def console(self) -> Console:
        """Returns Rich's console on standard error, for progress bars."""
        from rich.console import Console

        return Console(stderr=True, quiet=self.as_json)
