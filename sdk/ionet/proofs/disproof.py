"""What shows that something a device has signed is wrong: a file that anybody can send to the chain."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from ionet import ix, pda, types
from ionet.administration.shards import shard_of
from ionet.chain.errors import IonetError
from ionet.chain.ids import ADDRESS_LOOKUP_TABLE_PROGRAM, ED25519_PROGRAM, SYSTEM_PROGRAM

if TYPE_CHECKING:
    from collections.abc import Mapping

_OFFSETS: Final = (48, 0xFFFF, 16, 0xFFFF, 112)
_KINDS: Final = {"cell": b"ionet:poc:commit", "read": b"ionet:mem:answer"}
#: Bytes of each field that is hexadecimal.
_BYTES: Final = {"signature": 64, "root": 32, "entries": 256, "state": 128, "next": 128}


class DisproofError(IonetError, ValueError):
    """A file that shows nothing: the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Disproof:
    """A cell of a product, or a read of a chain, that a device has signed and that is wrong.

    Attributes:
        node: the node whose device signed it.
        hour: hours from the start of emission to the end of the hour.
        device: the device's key.
        signature: of the message of docs/proofs.md, 64 bytes.
        args: the cell or the read, as `disprove_cell` or `disprove_read` takes it.
        path: the hashes from its leaf to the root, from the bottom up.
    """

    node: Pubkey
    hour: int
    device: Pubkey
    signature: bytes
    args: types.proofs.CellArgs | types.proofs.ReadArgs
    path: tuple[bytes, ...]

    @classmethod
    def from_json(cls, text: str) -> Disproof:
        """Reads what `to_json` wrote.

        Raises:
            DisproofError: something is missing, or is not what it should be.
        """
        try:
            value = json.loads(text)
        except ValueError as bad:
            raise DisproofError(f"a disproof is a JSON object: {bad}") from bad
        if not isinstance(value, dict):
            raise DisproofError("a disproof is a JSON object")
        if value.get("kind") not in _KINDS:
            raise DisproofError(f'"kind" is {value.get("kind")!r}; expected "cell" or "read"')
        sizes, path = value.get("sizes"), value.get("path")
        if not isinstance(sizes, list) or len(sizes) != 2:
            raise DisproofError('"sizes" has to be two numbers')
        if not isinstance(path, list):
            raise DisproofError('"path" has to be a list of hashes')
        commitment = types.proofs.Commitment(
            unit=_number(value, "unit"),
            number=_number(value, "number"),
            sizes=tuple(_number({"sizes": one}, "sizes") for one in sizes),
            root=_bytes(value, "root"),
        )
        return cls(
            node=_address(value, "node"),
            hour=_number(value, "hour", 64),
            device=_address(value, "device"),
            signature=_bytes(value, "signature"),
            args=_args(value, commitment),
            path=tuple(_bytes({"path": one}, "path") for one in path),
        )

    def to_json(self) -> str:
        """Returns the file's text."""
        fields = {name: getattr(self.args, name) for name in self._fields if name != "commitment"}
        commitment = self.args.commitment
        value: dict[str, Any] = {
            "kind": self.kind,
            "node": str(self.node),
            "hour": self.hour,
            "device": str(self.device),
            "signature": self.signature.hex(),
            "unit": commitment.unit,
            "number": commitment.number,
            "sizes": list(commitment.sizes),
            "root": commitment.root.hex(),
            "path": [one.hex() for one in self.path],
        }
        value |= {name: one.hex() if isinstance(one, bytes) else one for name, one in fields.items()}
        return json.dumps(value, indent=1) + "\n"

    @property
    def _fields(self) -> tuple[str, ...]:
        return _CELL if self.kind == "cell" else _READ

    @property
    def kind(self) -> str:
        """`cell` or `read`."""
        return "cell" if isinstance(self.args, types.proofs.CellArgs) else "read"

    @property
    def message(self) -> bytes:
        """What the device signed, 104 bytes."""
        hour = self.hour.to_bytes(8, "little")
        one = self.args.commitment
        numbers = b"".join(number.to_bytes(4, "little") for number in (one.unit, one.number, *one.sizes))
        return _KINDS[self.kind] + hour + bytes(self.node) + numbers + one.root

    @property
    def slash(self) -> Pubkey:
        """The account of the slash that it makes."""
        return pda.staking.disproof(self.node, self.hour)

    def instructions(self, payer: Pubkey) -> tuple[Instruction, Instruction]:
        """Returns the runtime's check of the signature, and the instruction that follows it.

        Args:
            payer: pays the rent of the slash, and gets it back.
        """
        given: dict[str, Any] = {
            "payer": payer,
            "hour": pda.proofs.hour(self.hour),
            "node": self.node,
            "slash": self.slash,
            "shard": shard_of(self.node),
            "args": self.args,
            "remaining_accounts": [AccountMeta(Pubkey(one), False, False) for one in self.path],
        }
        build = ix.proofs.disprove_cell if self.kind == "cell" else ix.proofs.disprove_read
        return signature_check(self.device, self.signature, self.message), build(**given)

    def addresses(self, payer: Pubkey) -> list[Pubkey]:
        """Returns what its lookup table holds: all accounts that need not stand in the transaction."""
        check, disproving = self.instructions(payer)
        programs = {check.program_id, disproving.program_id, payer}
        return [
            key for key in dict.fromkeys(meta.pubkey for meta in disproving.accounts) if key not in programs
        ]


_CELL: Final = ("row", "column", "entries")
_READ: Final = ("place", "chain", "read", "state", "address", "next")


def _args(
    value: Mapping[str, Any], commitment: types.proofs.Commitment
) -> types.proofs.CellArgs | types.proofs.ReadArgs:
    names = _CELL if value["kind"] == "cell" else _READ
    fields = {name: _bytes(value, name) if name in _BYTES else _number(value, name) for name in names}
    kind: Any = types.proofs.CellArgs if value["kind"] == "cell" else types.proofs.ReadArgs
    args: types.proofs.CellArgs | types.proofs.ReadArgs = kind(commitment=commitment, **fields)
    return args


def _number(value: Mapping[str, Any], name: str, bits: int = 32) -> int:
    number = value.get(name)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**bits:
        raise DisproofError(f'"{name}" is {number!r}; expected a number below 2^{bits}')
    return number


def _bytes(value: Mapping[str, Any], name: str) -> bytes:
    length, text = _BYTES.get(name, 32), value.get(name)
    try:
        data = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        data = b""
    if len(data) != length:
        raise DisproofError(f'"{name}" has to be {length} bytes in hexadecimal')
    return data


def _address(value: Mapping[str, Any], name: str) -> Pubkey:
    try:
        return Pubkey.from_string(value[name])
    except (KeyError, TypeError, ValueError):
        raise DisproofError(f'"{name}" has to be an address') from None


def signature_check(key: Pubkey, signature: bytes, message: bytes) -> Instruction:
    """Returns the instruction by which the runtime checks a signature before the transaction runs.

    Args:
        key: who signed.
        signature: 64 bytes.
        message: what was signed.
    """
    fields = (*_OFFSETS, len(message), 0xFFFF)
    head = b"\1\0" + b"".join(field.to_bytes(2, "little") for field in fields)
    return Instruction(ED25519_PROGRAM, head + bytes(key) + signature + message, [])


@dataclass(frozen=True, slots=True)
class TableDraft:
    """A lookup table that is to be made.

    Attributes:
        address: its address.
        keys: what it holds.
        instructions: make it and fill it, in one transaction.
    """

    address: Pubkey
    keys: tuple[Pubkey, ...]
    instructions: tuple[Instruction, ...]


def table_draft(owner: Pubkey, slot: int, keys: list[Pubkey]) -> TableDraft:
    """Returns a lookup table that holds these keys.

    Args:
        owner: owns it and pays its rent.
        slot: a recent slot; owner and slot give its address.
        keys: at most 28 of them fit the transaction.
    """
    number = slot.to_bytes(8, "little")
    place, bump = Pubkey.find_program_address([bytes(owner), number], ADDRESS_LOOKUP_TABLE_PROGRAM)
    metas = [
        AccountMeta(place, False, True),
        AccountMeta(owner, True, False),
        AccountMeta(owner, True, True),
        AccountMeta(SYSTEM_PROGRAM, False, False),
    ]
    create = bytes(4) + number + bytes([bump])
    extend = (2).to_bytes(4, "little") + len(keys).to_bytes(8, "little") + b"".join(map(bytes, keys))
    made = tuple(Instruction(ADDRESS_LOOKUP_TABLE_PROGRAM, data, metas) for data in (create, extend))
    return TableDraft(place, tuple(keys), made)
