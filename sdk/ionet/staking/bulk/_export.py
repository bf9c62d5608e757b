"""Reading an export: a CSV file with a row for each machine."""

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
#: Processors of a row: more are several machines.
MOST: Final = 1_024
_NAME_BYTES: Final = 128


class ExportError(IonetError, ValueError):
    """An export that cannot be used.

    Attributes:
        errors: what is wrong, in the order of the lines; the first hundred.
        count: how many there are in all.
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
        device: the network's name of it.
        kind: the hardware class of its processors.
        count: its processors.
        wallet: who stands behind it, as the network pays it.
    """

    line: int
    device: str
    kind: HardwareClass
    count: int
    wallet: str


class Export:
    """An export whose every line was found good; iterating reads the file again, row by row.

    Attributes:
        path: the file.
        rows: how many.
        processors: how many.
    """

    def __init__(self, path: Path, rows: int, processors: int) -> None:
        self.path = path
        self.rows = rows
        self.processors = processors

    def __iter__(self) -> Iterator[ExportRow]:
        for found in _lines(self.path):
            # Between two readings a file can change.
            if isinstance(found, LineError):
                raise ExportError(self.path, [found], 1)
            yield found


def read_export(path: str | Path) -> Export:
    """Checks every line of an export, without keeping them.

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
    for found in _lines(path):
        wrong = found if isinstance(found, LineError) else _duplicate(found, seen)
        if isinstance(found, ExportRow) and wrong is None:
            rows, processors = rows + 1, processors + found.count
        elif wrong is not None:
            count += 1
            errors += [wrong] if len(errors) < 100 else []
    if errors:
        raise ExportError(path, errors, count)
    if not rows:
        raise ExportError(path, [LineError(1, "there is no device under the header")], 1)
    return Export(path, rows, processors)


def _duplicate(row: ExportRow, seen: dict[str, int]) -> LineError | None:
    first = seen.setdefault(row.device, row.line)
    if first == row.line:
        return None
    return LineError(row.line, f"device {row.device!r} stands in line {first} already")


def _lines(path: Path) -> Iterator[ExportRow | LineError]:
    for found in read_table(path, COLUMNS, others=True):
        yield found if isinstance(found, LineError) else _row(found.line, found.cells)


def _row(line: int, cells: Mapping[str, str]) -> ExportRow | LineError:
    device, model, number, wallet = (cells[name] for name in COLUMNS)
    if not device or len(device.encode()) > _NAME_BYTES or not device.isprintable():
        return LineError(line, f"a device's name has 1 to {_NAME_BYTES} printable bytes, not {device!r}")
    if not (number.isascii() and number.isdigit() and len(number) < 10 and 1 <= int(number) <= MOST):
        return LineError(line, f"a count is a whole number from 1 to {MOST:,}, not {number[:32]!r}")
    if wrong := wallet_error(wallet):
        return LineError(line, wrong)
    kind = class_of(model)
    if isinstance(kind, str):
        return LineError(line, kind)
    return ExportRow(line, device, kind, int(number), wallet)


@cache
def class_of(model: str) -> HardwareClass | str:
    """The class of a model, or what is wrong with it.

    A name fits if it is a class's own, or if a class that is not for everything else takes a device of that
    name whatever its memory.
    """
    name = " ".join(model.split())
    classes = hardware_classes()
    for one in classes:
        if one.name.casefold() == name.casefold():
            return one
    known = [one for one in classes if one.vendor != "any"]
    fitting = [one for one in known if one.fits(name, one.memory_gib[0] << 30 if one.memory_gib else None)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        return f"model {name!r} is {' or '.join(one.name for one in fitting)}: name which"
    names = {one.name.casefold(): one.name for one in classes}
    near = [names[key] for key in get_close_matches(name.casefold(), names, n=3, cutoff=0.4)]
    hint = f"the nearest are {', '.join(near)}" if near else "see `ionet node classes list`"
    return f"no hardware class for model {name!r}; {hint}"
