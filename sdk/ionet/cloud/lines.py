"""YAML whose values know their lines, and are the text that was written: no number becomes a float. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Final, NoReturn, TypeVar

import yaml

from ionet.cloud.errors import ClusterFileError

#: Characters of a file.
MAX_TEXT: Final = 256 * 1024
_KINDS: Final = {"null": "nothing", "bool": "true or false", "int": "an integer", "float": "a decimal number"}
_TRUE: Final = frozenset({"true", "yes", "on"})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Item:
    """A value.

    Attributes:
        file: the file's name, for messages.
        line: where it begins, from 1 on.
        place: its key, with those of the tables around it: ``resources.memory``.
        value: what it says: a text as written, a list, or a table.
        kind: YAML's word for it: str, int, float, bool, null, seq, map and others.
    """

    file: str
    line: int
    place: str
    value: str | list[Item] | dict[str, Item]
    kind: str

    def wrong(self, right: str) -> NoReturn:
        """Says what would be right.

        Raises:
            ClusterFileError: always.
        """
        raise ClusterFileError(f"{self.file}:{self.line}: {self.place}: {right}")

    @property
    def what(self) -> str:
        """What it is, for people."""
        if isinstance(self.value, str):
            return _KINDS.get(self.kind) or repr(self.value)
        return "a table" if isinstance(self.value, dict) else "a list"

    def text(self, right: str = "a text") -> str:
        """The text as written, also of a number; not empty."""
        if not isinstance(self.value, str) or self.kind == "null" or not self.value.strip():
            self.wrong(f"it is {right}, not {self.what}")
        return self.value

    def integer(self, low: int, high: int, right: str) -> int:
        """An integer within bounds."""
        number = int(str(self.value)) if self.kind == "int" and str(self.value).isdecimal() else None
        if number is None or not low <= number <= high:
            said = self.value if self.kind == "int" else self.what
            self.wrong(f"it is {right}, an integer from {low} to {high}, not {said}")
        return number

    def decimal(self, right: str) -> Decimal:
        """A number above zero, exactly as written."""
        if not self._is_number("int", "float", "str"):
            self.wrong(f"it is {right}, not {self.what}")
        try:
            number = Decimal(str(self.value))
        except InvalidOperation:
            number = Decimal(0)
        if not number.is_finite() or number <= 0:
            self.wrong(f"it is {right}, a number above zero, not {self.value}")
        return number

    def flag(self, right: str) -> bool:
        """True or false."""
        if self.kind != "bool":
            self.wrong(f"it is {right}: true or false, not {self.what}")
        return str(self.value).casefold() in _TRUE

    def items(self, right: str) -> list[Item]:
        """What is in a list; a single value is a list of one."""
        if isinstance(self.value, list):
            return self.value
        if isinstance(self.value, dict) or self.kind == "null":
            self.wrong(f"it is {right}, not {self.what}")
        return [self]

    def table(self, right: str) -> dict[str, Item]:
        """What is in a table."""
        if not isinstance(self.value, dict):
            self.wrong(f"it is {right}, not {self.what}")
        return self.value

    def read(self, parse: Callable[[str], T], right: str) -> T:
        """What a parser of texts makes of it, whose refusal is the message."""
        try:
            return parse(self.text(right))
        except ClusterFileError:
            raise
        except ValueError as bad:
            self.wrong(str(bad))

    def _is_number(self, *kinds: str) -> bool:
        return isinstance(self.value, str) and self.kind in kinds


def read(text: str, file: str) -> dict[str, Item]:
    """Reads one table of YAML.

    Args:
        text: what is in the file.
        file: its name, for messages.

    Raises:
        ClusterFileError: it is not that; the message names the line.
    """
    if len(text) > MAX_TEXT:
        raise ClusterFileError(f"{file} has {len(text)} characters; a cluster file has {MAX_TEXT} at most")
    try:
        # Copies of copies would grow without end.
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                line = 0 if event.start_mark is None else event.start_mark.line + 1
                raise ClusterFileError(
                    f"{file}:{line}: *{event.anchor}: references are not read; write it out"
                )
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as bad:
        mark = bad.problem_mark or bad.context_mark
        where = file if mark is None else f"{file}:{mark.line + 1}"
        raise ClusterFileError(f"{where}: this is not YAML: {bad.problem or bad.context}") from None
    except (yaml.YAMLError, RecursionError) as bad:
        raise ClusterFileError(f"{file} is not YAML: {bad}") from None
    if node is None:
        raise ClusterFileError(f"{file} is empty; the least is a class: `class: RTX 4090`")
    top = _item(node, file, "")
    if not isinstance(top.value, dict):
        raise ClusterFileError(
            f"{file}:{top.line}: a cluster file is a table of `key: value` lines, not {top.what}"
        )
    return top.value


def _item(node: yaml.Node, file: str, place: str) -> Item:
    line, kind = node.start_mark.line + 1, node.tag.rpartition(":")[2]
    if isinstance(node, yaml.ScalarNode):
        return Item(file, line, place, node.value, kind)
    if isinstance(node, yaml.SequenceNode):
        items = [_item(part, file, f"{place}[{number}]") for number, part in enumerate(node.value)]
        return Item(file, line, place, items, kind)
    table: dict[str, Item] = {}
    assert isinstance(node, yaml.MappingNode)
    for key, value in node.value:
        where = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise ClusterFileError(f"{file}:{where}: a key is a word, and not a list or a table")
        inner = f"{place}.{key.value}" if place else key.value
        if key.value in table:
            raise ClusterFileError(
                f"{file}:{where}: {inner}: it is in line {table[key.value].line}, too; write it once"
            )
        item = _item(value, file, inner)
        # A block begins below its key, which is what people look for.
        table[key.value] = Item(file, where, item.place, item.value, item.kind)
    return Item(file, line, place, table, kind)


def unknown(item: Item, known: Iterable[str], meant: Mapping[str, str]) -> ClusterFileError:
    """The error for a key that there is not: the nearest one that there is.

    Args:
        item: its value.
        known: the keys that there are.
        meant: other words for them.
    """
    known = list(known)
    name = item.place.rpartition(".")[2]
    near = [meant[name]] if name in meant else get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    return ClusterFileError(f"{item.file}:{item.line}: {item.place}: no such key; {hint}")


def pairs(item: Item, right: str) -> Iterator[tuple[str, Item]]:
    """The entries of a table, or of a list of tables."""
    parts = [item] if isinstance(item.value, dict) else item.items(right)
    for part in parts:
        yield from part.table(right).items()
