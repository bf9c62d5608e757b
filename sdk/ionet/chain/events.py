"""Events of a transaction, read from where only the runtime and the program itself can write.

`emit!` writes a `Program data:` line; it belongs to the program on top of the invoke stack, which is
followed line by line. `emit_cpi!` makes the program call itself with the event as instruction data,
signed by an address that only it can sign for. Text that a program prints (`Program log:`) is never read.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final

from solders.pubkey import Pubkey

from ionet.chain import pda, registry
from ionet.chain.errors import DecodeError
from ionet.chain.renamed import Renamed

if TYPE_CHECKING:
    from ionet.chain.schema import Event

#: First bytes of the instruction by which `emit_cpi!` calls the program itself.
EVENT_IX_TAG: Final = bytes.fromhex("e445a52e51cb9a1d")
_TRUNCATED: Final = "Log truncated"
_DATA: Final = "Program data: "
_INVOKE: Final = re.compile(r"Program ([1-9A-HJ-NP-Za-km-z]{32,44}) invoke \[(\d+)\]")
_EXIT: Final = re.compile(r"Program ([1-9A-HJ-NP-Za-km-z]{32,44}) (?:success|failed: .*)", re.DOTALL)
#: Precompiles run outside the virtual machine and leave no line in the log.
_SILENT: Final = frozenset(
    {
        "Ed25519SigVerify111111111111111111111111111",
        "KeccakSecp256k11111111111111111111111111111",
        "Secp256r1SigVerify1111111111111111111111111",
    }
)


@dataclass(frozen=True, slots=True)
class InnerCall:
    """An instruction that another one invoked.

    Attributes:
        instruction_index: index of the top-level instruction it ran under.
        order: 1 for the first instruction invoked under that one, and so on.
        program_id: the program that ran.
        accounts: its accounts.
        data: its data.
    """

    instruction_index: int
    order: int
    program_id: str
    accounts: Sequence[str]
    data: bytes


@dataclass(frozen=True, slots=True)
class EmittedEvent(Renamed):
    """An event with its origin.

    Attributes:
        event: the decoded event.
        program_id: the program that emitted it.
        instruction_index: index of the top-level instruction it was emitted under.
        via_cpi: whether it came from `emit_cpi!`, whose events are never lost to a cut log.
        inner_index: how many instructions had been invoked under that one by then.
        part: 0 for `emit_cpi!`; 1 for the first `emit!` since that invocation, and so on.
        data: the event as the program wrote it, with its discriminator.
    """

    RENAMED: ClassVar[Mapping[str, str]] = {"instruction": "instruction_index"}

    event: Event
    program_id: Pubkey
    instruction_index: int
    via_cpi: bool
    inner_index: int = 0
    part: int = 0
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Undecoded(Renamed):
    """Event data of a known program that matches none of its events, for example of a later version."""

    RENAMED: ClassVar[Mapping[str, str]] = {"instruction": "instruction_index"}

    program_id: Pubkey
    instruction_index: int
    data: bytes
    reason: str
    inner_index: int = 0
    part: int = 0


@dataclass(frozen=True, slots=True)
class EventLog:
    """All events of one transaction, in the order they were emitted.

    Attributes:
        emitted: events of known programs.
        undecoded: event data of known programs that could not be read.
        truncated: the log was cut, so `emit!` events may be missing; `emit_cpi!` events never are.
    """

    emitted: tuple[EmittedEvent, ...] = ()
    undecoded: tuple[Undecoded, ...] = ()
    truncated: bool = False

    @property
    def events(self) -> tuple[Event, ...]:
        """The events alone."""
        return tuple(emitted.event for emitted in self.emitted)


@dataclass(slots=True)
class _Collector:
    entries: list[tuple[tuple[int, int, int, int], EmittedEvent | Undecoded]] = field(default_factory=list)
    #: Of the last event in the log: under which instruction, and how many there were since.
    _last: tuple[int, int] = (-1, 0)
    _parts: int = 0

    def add(self, position: tuple[int, int, int], program: str, data: bytes, *, via_cpi: bool) -> None:
        table = registry.events(program)
        if not table:
            return
        key = (*position, len(self.entries))
        program_id = Pubkey.from_string(program)
        instruction, inner = position[:2]
        part = 0 if via_cpi else self._part(instruction, inner)
        # Nearly all discriminators have eight bytes.
        cls = table.get(data[:8]) or next((cls for tag, cls in table.items() if data.startswith(tag)), None)
        if cls is not None:
            try:
                event = cls.decode(data)
            except DecodeError as bad:
                unread = Undecoded(program_id, instruction, data, str(bad), inner, part)
                self.entries.append((key, unread))
            else:
                place = (instruction, via_cpi, inner, part)
                self.entries.append((key, EmittedEvent(event, program_id, *place, data)))
            return
        unread = Undecoded(program_id, instruction, data, "unknown discriminator", inner, part)
        self.entries.append((key, unread))

    def _part(self, instruction: int, inner: int) -> int:
        self._parts = self._parts + 1 if self._last == (instruction, inner) else 1
        self._last = (instruction, inner)
        return self._parts


def read_events(logs: Sequence[str], programs: Sequence[str], inner: Sequence[InnerCall] = ()) -> EventLog:
    """Returns the events of a transaction that succeeded; a failed one changed nothing and has none.

    Args:
        logs: its log lines.
        programs: program id of each top-level instruction.
        inner: the instructions those invoked.
    """
    collector = _Collector()
    for call in inner:
        if call.data.startswith(EVENT_IX_TAG) and call.accounts:
            program_id = Pubkey.from_string(call.program_id)
            if call.accounts[0] == str(pda.event_authority(program_id)):
                data = call.data[len(EVENT_IX_TAG) :]
                collector.add((call.instruction_index, call.order, 0), call.program_id, data, via_cpi=True)
    truncated = _read_logs(logs, programs, collector)
    collector.entries.sort(key=lambda entry: entry[0])
    ordered = [event for _, event in collector.entries]
    return EventLog(
        tuple(event for event in ordered if isinstance(event, EmittedEvent)),
        tuple(event for event in ordered if isinstance(event, Undecoded)),
        truncated,
    )


def _read_logs(logs: Sequence[str], programs: Sequence[str], collector: _Collector) -> bool:
    """Returns whether the log is cut, or is not what the runtime writes."""
    stack: list[str] = []
    outer, invoked = -1, 0
    for line in logs:
        if line == _TRUNCATED:
            return True
        if match := _INVOKE.fullmatch(line):
            if int(match[2]) != len(stack) + 1:
                return True
            if not stack:
                outer, invoked = outer + 1, 0
                while outer < len(programs) and programs[outer] in _SILENT and programs[outer] != match[1]:
                    outer += 1
            else:
                invoked += 1
            stack.append(match[1])
        elif match := _EXIT.fullmatch(line):
            # Lines such as "Program X failed to complete" name the program on top as well.
            if not stack or stack[-1] != match[1]:
                return True
            stack.pop()
        elif stack and line.startswith(_DATA):
            try:
                data = b64decode(line[len(_DATA) :], validate=True)
            except (binascii.Error, ValueError):
                continue  # several slices in one line: not an Anchor event
            collector.add((outer, invoked, 1), stack[-1], data, via_cpi=False)
    return bool(stack)
