"""Reads an export: a CSV file with a row for each machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Final

from ionet.chain.errors import IonetError
from ionet.formats.table import LineError, read_table
from ionet.staking.bulk._wallets import wallet_error
from ionet.staking.classes import HardwareClass, hardware_classes

COLUMNS: Final = ("device", "model", "count", "wallet")
#: Most processors in a row: a larger count means several machines.
MOST: Final = 1_024
_NAME_BYTES: Final = 128


class ExportError(IonetError, ValueError):
    """An export that cannot be used.

    Attributes:
        errors: the first hundred, in the order of the lines.
        count: how many errors there are in all.
    """

    def __init__(self, path: Path, errors: Sequence[LineError], count: int) -> None:
        more = f", and {count - 1} more" if count > 1 else ""
        super().__init__(f"{path}: {errors[0]}{more}")
        self.errors = tuple(errors)
        self.count = count


@dataclass(frozen=True, slots=True)
class ExportRow:
    """A machine.

    Attributes:
        line: its line in the file.
        device: the network's name for it.
        kind: the hardware class of its processors.
        count: how many processors it has.
        wallet: the wallet to which the network pays.
    """

    line: int
    device: str
    kind: HardwareClass
    count: int
    wallet: str


class Export:
    """A checked export; iterating reads the file again, row by row.

    Attributes:
        path: the file.
        rows: how many machines.
        processors: how many processors.
    """

    def __init__(self, path: Path, rows: int, processors: int) -> None:
        self.path = path
        self.rows = rows
        self.processors = processors

    def __iter__(self) -> Iterator[ExportRow]:
        for row in _lines(self.path):
            # The file may have changed since it was checked.
            if isinstance(row, LineError):
                raise ExportError(self.path, [row], 1)
            yield row


def read_export(path: str | Path) -> Export:
    """Checks every line of an export without keeping the lines in memory.

    The first line names the columns: device, model, count and wallet, in any order. An export has what else
    its network knows of a machine: other columns are ignored. A model is the name of a hardware class, or
    what a driver calls the device.

    Raises:
        ExportError: with the lines that cannot be used.
        OSError: no such file.
    """
    path = Path(path)
    errors: list[LineError] = []
    count = rows = processors = 0
    seen: dict[str, int] = {}
    for row in _lines(path):
        error = row if isinstance(row, LineError) else _duplicate(row, seen)
        if isinstance(row, ExportRow) and error is None:
            rows, processors = rows + 1, processors + row.count
        elif error is not None:
            count += 1
            errors += [error] if len(errors) < 100 else []
    if errors:
        raise ExportError(path, errors, count)
    if not rows:
        raise ExportError(path, [LineError(1, "there is no device under the header")], 1)
    return Export(path, rows, processors)


def _duplicate(row: ExportRow, seen: dict[str, int]) -> LineError | None:
    first = seen.setdefault(row.device, row.line)
    if first == row.line:
        return None
    return LineError(row.line, f"device {row.device!r} is already in line {first}")


def _lines(path: Path) -> Iterator[ExportRow | LineError]:
    for row in read_table(path, COLUMNS, others=True):
        yield row if isinstance(row, LineError) else _row(row.line, row.cells)


def _row(line: int, cells: Mapping[str, str]) -> ExportRow | LineError:
    device, model, number, wallet = (cells[name] for name in COLUMNS)
    if not device or len(device.encode()) > _NAME_BYTES or not device.isprintable():
        return LineError(line, f"a device's name has 1 to {_NAME_BYTES} printable bytes, not {device!r}")
    if not (number.isascii() and number.isdigit() and len(number) < 10 and 1 <= int(number) <= MOST):
        return LineError(line, f"a count is a whole number from 1 to {MOST:,}, not {number[:32]!r}")
    if problem := wallet_error(wallet):
        return LineError(line, problem)
    kind = class_of(model)
    if isinstance(kind, str):
        return LineError(line, kind)
    return ExportRow(line, device, kind, int(number), wallet)


@cache
def class_of(model: str) -> HardwareClass | str:
    """The class of a model, or what is wrong with it.

    A model fits if it is a class's own name, or if exactly one class of a named vendor takes a device of that
    name at the lowest memory the class allows.
    """
    name = " ".join(model.split())
    classes = hardware_classes()
    for class_ in classes:
        if class_.name.casefold() == name.casefold():
            return class_
    named = [class_ for class_ in classes if class_.vendor != "any"]
    fitting = [
        class_
        for class_ in named
        if class_.fits(name, class_.memory_gib[0] << 30 if class_.memory_gib else None)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        return f"model {name!r} is {' or '.join(class_.name for class_ in fitting)}: name which"
    names = {class_.name.casefold(): class_.name for class_ in classes}
    near = [names[key] for key in get_close_matches(name.casefold(), names, n=3, cutoff=0.4)]
    hint = f"the nearest are {', '.join(near)}" if near else "see `ionet node classes list`"
    return f"no hardware class for model {name!r}; {hint}"
