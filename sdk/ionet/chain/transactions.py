"""What calls are made of and what comes back from them, without any input or output."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeAlias, TypeVar

from solders.account import Account as RawAccount
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import Instruction
from solders.message import Message, MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from ionet.chain.base58 import b58decode
from ionet.chain.errors import EncodeError, IonetError
from ionet.chain.events import EventLog, InnerCall, read_events
from ionet.chain.fees import MAX_COMPUTE_UNITS
from ionet.chain.ids import COMPUTE_BUDGET_PROGRAM, SYSTEM_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from ionet.chain.signers import Signer

if TYPE_CHECKING:
    from ionet.chain.layouts import TokenAccount
    from ionet.chain.rpc.types import InnerGroup, Simulation, TransactionRecord
    from ionet.chain.schema import Event

#: What a read sees and a sending waits for.
Commitment: TypeAlias = Literal["processed", "confirmed", "finalized"]

T = TypeVar("T")

PACKET_SIZE: Final = 1232
_EMPTY: Final = Signature.default()


class MissingSigner(IonetError, ValueError):
    """An instruction needs a signature that nobody here can give.

    Attributes:
        address: whose signature.
    """

    def __init__(self, message: str, address: Pubkey | None) -> None:
        super().__init__(message)
        self.address = address


@dataclass(frozen=True, slots=True)
class Unsent:
    """What is to become a transaction.

    Attributes:
        instructions: in order.
        signers: who signs besides the client's signer.
        payer: of the fee; None: the client's signer.
        tables: lookup tables that the message may use.
    """

    instructions: tuple[Instruction, ...]
    signers: tuple[Signer, ...] = ()
    payer: Signer | None = None
    tables: tuple[AddressLookupTableAccount, ...] = ()

    def __add__(self, other: Unsent) -> Unsent:
        return Unsent(
            (*self.instructions, *other.instructions),
            (*self.signers, *other.signers),
            self.payer or other.payer,
            (*self.tables, *other.tables),
        )


class Sent(Generic[T]):
    """A transaction that succeeded.

    Attributes:
        signature: its signature, base58.
        slot: the slot it is in.
        block_time: Unix seconds of that slot, as the node says, or None if it does not.
        compute_units: units used, with 150 for each instruction of the compute budget program.
        fee: lamports paid, priority fee included.
        logs: the log lines.
    """

    __slots__ = (
        "_decode",
        "_event_log",
        "_inner",
        "_programs",
        "_result",
        "block_time",
        "compute_units",
        "fee",
        "logs",
        "return_data",
        "signature",
        "slot",
    )

    def __init__(
        self,
        *,
        signature: str,
        slot: int,
        block_time: int | None,
        compute_units: int,
        fee: int,
        logs: Sequence[str],
        return_data: bytes,
        programs: Sequence[str],
        inner: Callable[[], Sequence[InnerCall]],
        decode: Callable[[Sent[Any]], T] | None = None,
    ) -> None:
        self.signature = signature
        self.slot = slot
        self.block_time = block_time
        self.compute_units = compute_units
        self.fee = fee
        self.logs = tuple(logs)
        self.return_data = return_data
        self._programs = programs
        self._inner = inner
        self._decode = decode
        self._event_log: EventLog | None = None
        self._result: list[T] = []

    @property
    def event_log(self) -> EventLog:
        """The events with their origins, and whether the log was cut."""
        if self._event_log is None:
            self._event_log = read_events(self.logs, self._programs, self._inner())
        return self._event_log

    @property
    def events(self) -> tuple[Event, ...]:
        """The events, in order."""
        return self.event_log.events

    def event(self, kind: type[EventT]) -> EventT:
        """The only event of this type.

        Raises:
            LookupError: there is none, or there are several.
        """
        found = [one for one in self.events if isinstance(one, kind)]
        if len(found) != 1:
            raise LookupError(f"{len(found)} events of type {kind.__name__} in {self.signature}")
        return found[0]

    @property
    def result(self) -> T:
        """What the call is for, for example the address it made; None for plain instructions."""
        if not self._result:
            self._result.append(self._decode(self) if self._decode else None)  # type: ignore[arg-type]
        return self._result[0]

    def __repr__(self) -> str:
        return f"<Sent {self.signature} in slot {self.slot}, {self.compute_units:,} units, fee {self.fee}>"


class Simulated:
    """What a transaction would do if it were sent now; it would succeed.

    Attributes:
        compute_units: units it would use.
        logs: the log lines.
        return_data: what the last program returned.
    """

    __slots__ = ("_inner", "_programs", "compute_units", "logs", "return_data")

    def __init__(
        self,
        *,
        compute_units: int,
        logs: Sequence[str],
        return_data: bytes,
        programs: Sequence[str],
        inner: Sequence[InnerCall],
    ) -> None:
        self.compute_units = compute_units
        self.logs = tuple(logs)
        self.return_data = return_data
        self._programs = programs
        self._inner = inner

    @property
    def event_log(self) -> EventLog:
        """The events it would emit."""
        return read_events(self.logs, self._programs, self._inner)

    @property
    def events(self) -> tuple[Event, ...]:
        """The events it would emit, in order."""
        return self.event_log.events

    def __repr__(self) -> str:
        return f"<Simulated {self.compute_units:,} units>"


@dataclass(frozen=True, slots=True)
class Change:
    """What a transaction does to the balance of one account.

    Attributes:
        address: the account.
        owner: whose tokens it holds; None for lamports.
        mint: of which token; None for lamports.
        before: base units (lamports) before.
        after: base units (lamports) after.
    """

    address: Pubkey
    owner: Pubkey | None
    mint: Pubkey | None
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a call would cost and move if it were sent now; nothing was sent.

    Attributes:
        compute_units: units it would use.
        compute_limit: units it would ask for.
        fee: lamports, priority fee included.
        changes: balances that would change, in the order of the transaction's accounts.
        events: the events it would emit.
    """

    compute_units: int
    compute_limit: int
    fee: int
    changes: tuple[Change, ...]
    events: tuple[Event, ...]


if TYPE_CHECKING:
    EventT = TypeVar("EventT", bound=Event)
else:
    EventT = TypeVar("EventT")


# --- building ---------------------------------------------------------------------------------


def budget(instructions: Sequence[Instruction]) -> tuple[bool, bool]:
    """Whether the instructions set a compute limit and a price themselves."""
    tags = {bytes(one.data)[:1] for one in instructions if one.program_id == COMPUTE_BUDGET_PROGRAM}
    return b"\x02" in tags, b"\x03" in tags


def with_budget(
    instructions: Sequence[Instruction], limit: int | None, price: int | None
) -> list[Instruction]:
    """The instructions with compute limit and price behind them.

    Behind, because then errors name the caller's own instruction indices, and instructions that refer to
    others by index (signature checks) keep working.
    """
    own_limit, own_price = budget(instructions)
    more = list(instructions)
    if limit is not None and not own_limit:
        more.append(set_compute_unit_limit(limit))
    if price and not own_price:
        more.append(set_compute_unit_price(price))
    return more


def for_simulation(instructions: Sequence[Instruction]) -> list[Instruction]:
    """As much budget as there is, and the same number of budget instructions as will be sent."""
    return with_budget(instructions, MAX_COMPUTE_UNITS, 1)


def compile_message(
    payer: Pubkey,
    instructions: Sequence[Instruction],
    tables: Sequence[AddressLookupTableAccount],
    blockhash: Hash,
) -> MessageV0:
    """A v0 message.

    Raises:
        EncodeError: too many accounts.
    """
    try:
        return MessageV0.try_compile(payer, list(instructions), list(tables), blockhash)
    except Exception as bad:  # solders: CompileError
        raise EncodeError(f"the transaction cannot be built: {bad}") from bad


def _bytes(message: MessageV0) -> bytes:
    raw = to_bytes_versioned(message)
    size = 1 + 64 * message.header.num_required_signatures + len(raw)
    if size > PACKET_SIZE:
        raise EncodeError(
            f"the transaction has {size} bytes, {PACKET_SIZE} are allowed; split it or give it a lookup table"
        )
    return raw


def signed(
    message: MessageV0, signers: Mapping[Pubkey, Signer], *, partial: bool = False
) -> VersionedTransaction:
    """The transaction with every signature it needs.

    Args:
        message: what is signed.
        signers: by address.
        partial: leave signatures that nobody here can give empty, for others to fill in.

    Raises:
        MissingSigner: nobody signs for one of the accounts.
        EncodeError: it is larger than a packet.
    """
    raw = _bytes(message)
    needed = message.header.num_required_signatures
    signatures = []
    for key in message.account_keys[:needed]:
        signer = signers.get(key)
        if signer is None and not partial:
            raise MissingSigner(f"nobody signs for {key}; give its keypair in signers=", key)
        signatures.append(_EMPTY if signer is None else signer.sign_message(raw))
    return VersionedTransaction.populate(message, signatures)


def unsigned_by(transaction: VersionedTransaction) -> list[Pubkey]:
    """Whose signatures a transaction still lacks."""
    keys = transaction.message.account_keys
    return [keys[i] for i, one in enumerate(transaction.signatures) if one == _EMPTY]


def unsigned(message: MessageV0) -> VersionedTransaction:
    """The transaction with empty signatures, to simulate it.

    Raises:
        EncodeError: it is larger than a packet.
    """
    _bytes(message)
    return VersionedTransaction.populate(message, [_EMPTY] * message.header.num_required_signatures)


def encoded(transaction: VersionedTransaction) -> str:
    """The transaction as nodes take it."""
    return b64encode(bytes(transaction)).decode()


def program_ids(instructions: Iterable[Instruction]) -> list[str]:
    """The program of each instruction, as text."""
    return [str(one.program_id) for one in instructions]


# --- reading back -----------------------------------------------------------------------------


def _inner_calls(groups: Iterable[InnerGroup], keys: Sequence[str]) -> list[InnerCall]:
    calls = []
    for outer, group in groups:
        for order, (program, accounts, data, _) in enumerate(group, 1):
            calls.append(InnerCall(outer, order, keys[program], [keys[i] for i in accounts], bytes(data)))
    return calls


def _at(keys: Sequence[str], i: int) -> str:
    """Some nodes do not say which addresses a simulation took from lookup tables."""
    return keys[i] if i < len(keys) else ""


def _inner_from_json(groups: Iterable[Any] | None, keys: Sequence[str]) -> list[InnerCall]:
    calls = []
    for group in groups or ():
        for order, one in enumerate(group["instructions"], 1):
            if "programIdIndex" in one:
                accounts = [_at(keys, i) for i in one["accounts"]]
                program = _at(keys, one["programIdIndex"])
            elif "data" in one:
                # Some nodes give simulations with addresses instead of indices.
                accounts, program = one["accounts"], one["programId"]
            else:
                continue  # parsed by the node: a well-known program, never an event
            calls.append(InnerCall(group["index"], order, program, accounts, b58decode(one["data"])))
    return calls


def _data(found: Any) -> bytes:
    return b64decode(found["data"][0]) if found else b""


def sent_from_record(record: TransactionRecord, decode: Callable[[Sent[Any]], T] | None) -> Sent[T]:
    """From the local network's history."""
    message = record.transaction.message
    return Sent(
        signature=record.signature,
        slot=record.slot,
        block_time=record.time,
        compute_units=record.units,
        fee=record.fee,
        logs=record.logs,
        return_data=_data(record.return_data),
        programs=[record.keys[one.program_id_index] for one in message.instructions],
        inner=lambda: _inner_calls(record.inner, record.keys),
        decode=decode,
    )


def sent_from_json(signature: str, found: Any, decode: Callable[[Sent[Any]], T] | None) -> Sent[T]:
    """From a node's `getTransaction`, with any encoding."""
    meta = found["meta"]
    keys, programs = _called(found["transaction"], meta)
    return Sent(
        signature=signature,
        slot=found["slot"],
        block_time=found.get("blockTime"),
        compute_units=meta.get("computeUnitsConsumed") or 0,
        fee=meta["fee"],
        logs=meta.get("logMessages") or (),
        return_data=_data(meta.get("returnData")),
        programs=programs,
        inner=lambda: _inner_from_json(meta.get("innerInstructions"), keys),
        decode=decode,
    )


def _called(transaction: Any, meta: Any) -> tuple[list[str], list[str]]:
    """All addresses of a transaction that a node shows, and the program of each of its instructions."""
    loaded = meta.get("loadedAddresses") or {"writable": [], "readonly": []}
    if isinstance(transaction, list):
        data, encoding = transaction
        raw = b58decode(data) if encoding == "base58" else b64decode(data)
        message = VersionedTransaction.from_bytes(raw).message
        keys = [*map(str, message.account_keys), *loaded["writable"], *loaded["readonly"]]
        return keys, [keys[one.program_id_index] for one in message.instructions]
    shown = transaction["message"]
    if any(isinstance(key, dict) for key in shown["accountKeys"]):
        # jsonParsed: the loaded ones are among them, and instructions name their program.
        return [key["pubkey"] for key in shown["accountKeys"]], [
            one["programId"] for one in shown["instructions"]
        ]
    keys = [*shown["accountKeys"], *loaded["writable"], *loaded["readonly"]]
    return keys, [keys[one["programIdIndex"]] for one in shown["instructions"]]


def simulated_locally(done: Simulation, message: MessageV0, keys: Sequence[str]) -> Simulated:
    """From the local network."""
    return Simulated(
        compute_units=done.units,
        logs=done.logs,
        return_data=_data(done.return_data),
        programs=[keys[one.program_id_index] for one in message.instructions],
        inner=_inner_calls(done.inner, keys),
    )


def simulated_from_json(found: Any, message: Message | MessageV0) -> Simulated:
    """From a node's `simulateTransaction`."""
    loaded = found.get("loadedAddresses") or {"writable": [], "readonly": []}
    keys = [*(str(key) for key in message.account_keys), *loaded["writable"], *loaded["readonly"]]
    return Simulated(
        compute_units=found.get("unitsConsumed") or 0,
        logs=found.get("logs") or (),
        return_data=_data(found.get("returnData")),
        programs=[_at(keys, one.program_id_index) for one in message.instructions],
        inner=_inner_from_json(found.get("innerInstructions"), keys),
    )


# --- durable nonces and programs -----------------------------------------------------------


def programs_of(transaction: VersionedTransaction) -> list[str]:
    """The program of each instruction, as text."""
    keys = [str(key) for key in transaction.message.account_keys]
    return [_at(keys, one.program_id_index) for one in transaction.message.instructions]


def nonce_account(transaction: VersionedTransaction) -> Pubkey | None:
    """The nonce account whose nonce stands for the blockhash, or None for an ordinary transaction."""
    message = transaction.message
    if not message.instructions:
        return None
    first, keys = message.instructions[0], message.account_keys
    # AdvanceNonceAccount, with the nonce account first.
    advances = bytes(first.data) == b"\x04\x00\x00\x00" and bool(first.accounts)
    if not advances or keys[first.program_id_index] != SYSTEM_PROGRAM:
        return None
    return keys[first.accounts[0]]


def nonce_of(data: bytes) -> str | None:
    """The nonce in a nonce account's data, as text; None if it is none, or not initialised."""
    if len(data) != 80 or int.from_bytes(data[4:8], "little") != 1:
        return None
    return str(Hash(data[40:72]))


# --- previews ---------------------------------------------------------------------------------


def raw_account(found: Any) -> RawAccount | None:
    """An account as a node writes it, with encoding base64."""
    if found is None:
        return None
    return RawAccount(
        found["lamports"],
        b64decode(found["data"][0]),
        Pubkey.from_string(found["owner"]),
        found["executable"],
        found["rentEpoch"],
    )


def compute_limit(message: MessageV0) -> int:
    """The compute limit that a message asks for."""
    for one in message.instructions:
        data = bytes(one.data)
        if message.account_keys[one.program_id_index] == COMPUTE_BUDGET_PROGRAM and data[:1] == b"\x02":
            return int.from_bytes(data[1:5], "little")
    return MAX_COMPUTE_UNITS


def changes(
    keys: Sequence[Pubkey], before: Sequence[RawAccount | None], after: Sequence[RawAccount | None]
) -> tuple[Change, ...]:
    """The balances that differ, lamports and tokens."""
    found = []
    for key, old, new in zip(keys, before, after, strict=True):
        lamports = (0 if old is None else old.lamports), (0 if new is None else new.lamports)
        if lamports[0] != lamports[1]:
            found.append(Change(key, None, None, *lamports))
        tokens = _tokens(old), _tokens(new)
        known = tokens[1] or tokens[0]
        if known is not None:
            amounts = [0 if one is None else one.amount for one in tokens]
            if amounts[0] != amounts[1]:
                found.append(Change(key, known.owner, known.mint, *amounts))
    return tuple(found)


def _tokens(found: RawAccount | None) -> TokenAccount | None:
    from ionet.chain.layouts import TokenAccount

    if found is None or found.owner not in (TOKEN_PROGRAM, TOKEN_2022_PROGRAM) or len(found.data) < 165:
        return None
    return TokenAccount.decode(bytes(found.data))
