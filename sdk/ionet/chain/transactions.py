"""What calls are made of and what they return; nothing here does input or output."""

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
from ionet.chain.ids import COMPUTE_BUDGET_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from ionet.chain.records import whole
from ionet.chain.signers import Signer

if TYPE_CHECKING:
    from ionet.chain.layouts import TokenAccount
    from ionet.chain.rpc.types import InnerGroup, Simulation, TransactionRecord
    from ionet.chain.schema import Event

#: What reads see and sending waits for.
Commitment: TypeAlias = Literal["processed", "confirmed", "finalized"]

T = TypeVar("T")

PACKET_SIZE: Final = 1232
_EMPTY: Final = Signature.default()


class MissingSigner(IonetError, ValueError):
    """An instruction needs a signature, and its signer was not given.

    Attributes:
        address: whose signature is missing.
    """

    def __init__(self, message: str, address: Pubkey | None) -> None:
        super().__init__(message)
        self.address = address


@dataclass(frozen=True, slots=True)
class DurableNonce:
    """Stands for a transaction's blockhash, so that its signatures may take days.

    Attributes:
        account: whose nonce.
        authority: who may advance it; None: the client's signer.
    """

    account: Pubkey
    authority: Signer | None = None


@dataclass(frozen=True, slots=True)
class Unsent:
    """What is to become a transaction.

    Attributes:
        instructions: in order.
        signers: who signs besides the client's signer.
        payer: who pays the fee; None: the client's signer.
        tables: lookup tables that the message may use.
        nonce: stands for the blockhash; None: a recent blockhash, for about a minute.
    """

    instructions: tuple[Instruction, ...]
    signers: tuple[Signer, ...] = ()
    payer: Signer | None = None
    tables: tuple[AddressLookupTableAccount, ...] = ()
    nonce: DurableNonce | None = None

    def __add__(self, other: Unsent) -> Unsent:
        return Unsent(
            (*self.instructions, *other.instructions),
            (*self.signers, *other.signers),
            self.payer or other.payer,
            (*self.tables, *other.tables),
            self.nonce or other.nonce,
        )


class Sent(Generic[T]):
    """A transaction that succeeded.

    Attributes:
        signature: its signature, base58.
        slot: the slot it is in.
        block_time: Unix seconds of that slot as the node reports it, or None if it does not.
        compute_units: units used, including 150 for each instruction of the compute budget program.
        fee: lamports paid, priority fee included.
        logs: the log lines.
    """

    __slots__ = (
        "_decode",
        "_event_log",
        "_inner",
        "_program_ids",
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
        program_ids: Sequence[str],
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
        self._program_ids = program_ids
        self._inner = inner
        self._decode = decode
        self._event_log: EventLog | None = None
        self._result: list[T] = []

    @property
    def event_log(self) -> EventLog:
        """The events with their origins, and whether the log was cut."""
        if self._event_log is None:
            self._event_log = read_events(self.logs, self._program_ids, self._inner())
        return self._event_log

    @property
    def events(self) -> tuple[Event, ...]:
        """The events, in order."""
        return self.event_log.events

    def event(self, kind: type[EventT]) -> EventT:
        """Returns the only event of this type.

        Raises:
            LookupError: there is none, or there are several.
        """
        matching = [event for event in self.events if isinstance(event, kind)]
        if len(matching) != 1:
            raise LookupError(f"{len(matching)} events of type {kind.__name__} in {self.signature}")
        return matching[0]

    @property
    def result(self) -> T:
        """What the call returns, for example the address it created; None for plain instructions."""
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

    __slots__ = ("_inner", "_program_ids", "compute_units", "logs", "return_data")

    def __init__(
        self,
        *,
        compute_units: int,
        logs: Sequence[str],
        return_data: bytes,
        program_ids: Sequence[str],
        inner: Sequence[InnerCall],
    ) -> None:
        self.compute_units = compute_units
        self.logs = tuple(logs)
        self.return_data = return_data
        self._program_ids = program_ids
        self._inner = inner

    @property
    def event_log(self) -> EventLog:
        """The events it would emit."""
        return read_events(self.logs, self._program_ids, self._inner)

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
    """Returns whether the instructions set a compute limit and a price themselves."""
    tags = {
        bytes(instruction.data)[:1]
        for instruction in instructions
        if instruction.program_id == COMPUTE_BUDGET_PROGRAM
    }
    return b"\x02" in tags, b"\x03" in tags


def with_budget(
    instructions: Sequence[Instruction], limit: int | None, price: int | None
) -> list[Instruction]:
    """Returns the instructions, followed by compute limit and price.

    They come last so that errors name the caller's own instruction indices, and instructions that refer to
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
    """Returns the instructions with the highest limit, and as many budget instructions as will be sent."""
    return with_budget(instructions, MAX_COMPUTE_UNITS, 1)


def compile_message(
    payer: Pubkey,
    instructions: Sequence[Instruction],
    tables: Sequence[AddressLookupTableAccount],
    blockhash: Hash,
) -> MessageV0:
    """Returns a v0 message.

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
            f"the transaction has {size} bytes, {PACKET_SIZE} are allowed; split it, or use a lookup table"
        )
    return raw


def signed(
    message: MessageV0, signers: Mapping[Pubkey, Signer], *, partial: bool = False
) -> VersionedTransaction:
    """Returns the transaction with every signature it needs.

    Args:
        message: what is signed.
        signers: by address.
        partial: leave the signatures of signers that were not given empty, for others to fill in.

    Raises:
        MissingSigner: the signer of one of the accounts was not given.
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


def well_formed(transaction: VersionedTransaction) -> bool:
    """Whether its indices and counts fit, and no account stands in it twice."""
    keys = transaction.message.account_keys
    try:
        transaction.sanitize()
    except Exception:  # solders' own kind, and a panic for some
        return False
    return len(set(keys)) == len(keys)


def unsigned_by(transaction: VersionedTransaction) -> list[Pubkey]:
    """Returns the addresses whose signatures a transaction still lacks."""
    keys = transaction.message.account_keys
    return [keys[i] for i, signature in enumerate(transaction.signatures) if signature == _EMPTY]


def unsigned(message: MessageV0) -> VersionedTransaction:
    """Returns the transaction with empty signatures, to simulate it.

    Raises:
        EncodeError: it is larger than a packet.
    """
    _bytes(message)
    return VersionedTransaction.populate(message, [_EMPTY] * message.header.num_required_signatures)


def encoded(transaction: VersionedTransaction) -> str:
    """Returns the transaction in base64, as nodes take it."""
    return b64encode(bytes(transaction)).decode()


def program_ids(instructions: Iterable[Instruction]) -> list[str]:
    """Returns the program id of each instruction, as text."""
    return [str(instruction.program_id) for instruction in instructions]


# --- reading back -----------------------------------------------------------------------------


def _inner_calls(groups: Iterable[InnerGroup], keys: Sequence[str]) -> list[InnerCall]:
    calls = []
    for outer, group in groups:
        for order, (program, accounts, data, _) in enumerate(group, 1):
            calls.append(InnerCall(outer, order, keys[program], [keys[i] for i in accounts], bytes(data)))
    return calls


def _at(keys: Sequence[str], i: int) -> str:
    """Returns the key at an index, or "": some nodes leave out what a simulation took from lookup tables."""
    return keys[i] if i < len(keys) else ""


def _inner_from_json(groups: Iterable[Any] | None, keys: Sequence[str]) -> list[InnerCall]:
    calls = []
    for group in groups or ():
        for order, instruction in enumerate(group["instructions"], 1):
            if "programIdIndex" in instruction:
                accounts = [_at(keys, i) for i in instruction["accounts"]]
                program = _at(keys, instruction["programIdIndex"])
            elif "data" in instruction:
                # Some nodes answer simulations with addresses instead of indices.
                accounts, program = instruction["accounts"], instruction["programId"]
            else:
                continue  # parsed by the node: a well-known program, never an event
            calls.append(InnerCall(group["index"], order, program, accounts, b58decode(instruction["data"])))
    return calls


def _data(answer: Any) -> bytes:
    return b64decode(answer["data"][0], validate=True) if answer else b""


def sent_from_record(record: TransactionRecord, decode: Callable[[Sent[Any]], T] | None) -> Sent[T]:
    """Returns a transaction of the local network's history."""
    message = record.transaction.message
    return Sent(
        signature=record.signature,
        slot=record.slot,
        block_time=record.time,
        compute_units=record.compute_units,
        fee=record.fee,
        logs=record.logs,
        return_data=_data(record.return_data),
        program_ids=[record.keys[instruction.program_id_index] for instruction in message.instructions],
        inner=lambda: _inner_calls(record.inner, record.keys),
        decode=decode,
    )


def sent_from_json(signature: str, answer: Any, decode: Callable[[Sent[Any]], T] | None) -> Sent[T]:
    """Returns a transaction from a node's `getTransaction`, with any encoding."""
    meta = answer["meta"]
    keys, program_ids = _keys_and_programs(answer["transaction"], meta)
    return Sent(
        signature=signature,
        slot=answer["slot"],
        block_time=answer.get("blockTime"),
        compute_units=meta.get("computeUnitsConsumed") or 0,
        fee=meta["fee"],
        logs=meta.get("logMessages") or (),
        return_data=_data(meta.get("returnData")),
        program_ids=program_ids,
        inner=lambda: _inner_from_json(meta.get("innerInstructions"), keys),
        decode=decode,
    )


def _keys_and_programs(transaction: Any, meta: Any) -> tuple[list[str], list[str]]:
    """Returns all addresses of a transaction that a node shows, and the program of each instruction."""
    loaded = meta.get("loadedAddresses") or {"writable": [], "readonly": []}
    if isinstance(transaction, list):
        data, encoding = transaction
        raw = b58decode(data) if encoding == "base58" else b64decode(data, validate=True)
        message = VersionedTransaction.from_bytes(raw).message
        keys = [*map(str, message.account_keys), *loaded["writable"], *loaded["readonly"]]
        return keys, [keys[instruction.program_id_index] for instruction in message.instructions]
    shown = transaction["message"]
    if any(isinstance(key, dict) for key in shown["accountKeys"]):
        # jsonParsed: the loaded ones are among them, and instructions name their program.
        keys = [key["pubkey"] for key in shown["accountKeys"]]
        return keys, [instruction["programId"] for instruction in shown["instructions"]]
    keys = [*shown["accountKeys"], *loaded["writable"], *loaded["readonly"]]
    return keys, [keys[instruction["programIdIndex"]] for instruction in shown["instructions"]]


def simulated_locally(simulation: Simulation, message: MessageV0, keys: Sequence[str]) -> Simulated:
    """Returns a simulation of the local network."""
    return Simulated(
        compute_units=simulation.compute_units,
        logs=simulation.logs,
        return_data=_data(simulation.return_data),
        program_ids=[keys[instruction.program_id_index] for instruction in message.instructions],
        inner=_inner_calls(simulation.inner, keys),
    )


def simulated_from_json(answer: Any, message: Message | MessageV0) -> Simulated:
    """Returns a simulation from a node's `simulateTransaction`."""
    loaded = answer.get("loadedAddresses") or {"writable": [], "readonly": []}
    keys = [*(str(key) for key in message.account_keys), *loaded["writable"], *loaded["readonly"]]
    return Simulated(
        compute_units=answer.get("unitsConsumed") or 0,
        logs=answer.get("logs") or (),
        return_data=_data(answer.get("returnData")),
        program_ids=[_at(keys, instruction.program_id_index) for instruction in message.instructions],
        inner=_inner_from_json(answer.get("innerInstructions"), keys),
    )


def writable(message: Any) -> list[bool]:
    """Returns for each of a message's own keys whether it may change, by its header."""
    header, count = message.header, len(message.account_keys)
    signed = header.num_required_signatures
    fixed = signed - header.num_readonly_signed_accounts, count - header.num_readonly_unsigned_accounts
    return [i < fixed[0] if i < signed else i < fixed[1] for i in range(count)]


def programs_of(transaction: VersionedTransaction) -> list[str]:
    """The program of each instruction, as text."""
    keys = [str(key) for key in transaction.message.account_keys]
    return [_at(keys, instruction.program_id_index) for instruction in transaction.message.instructions]


# --- previews ---------------------------------------------------------------------------------


def raw_account(answer: Any) -> RawAccount | None:
    """Returns an account from a node's JSON, with encoding base64.

    Raises:
        ValueError: it is encoded otherwise.
    """
    if answer is None:
        return None
    data, encoding = answer["data"]
    if encoding != "base64":
        raise ValueError(f"an account in {encoding}, base64 was asked for")
    return RawAccount(
        whole(answer["lamports"]),
        b64decode(data, validate=True),
        Pubkey.from_string(answer["owner"]),
        answer["executable"],
        answer["rentEpoch"],
    )


def compute_limit(message: MessageV0) -> int:
    """Returns the compute limit that a message asks for."""
    for instruction in message.instructions:
        data = bytes(instruction.data)
        if (
            message.account_keys[instruction.program_id_index] == COMPUTE_BUDGET_PROGRAM
            and data[:1] == b"\x02"
        ):
            return int.from_bytes(data[1:5], "little")
    return MAX_COMPUTE_UNITS


def changes(
    keys: Sequence[Pubkey], before: Sequence[RawAccount | None], after: Sequence[RawAccount | None]
) -> tuple[Change, ...]:
    """Returns the balances that differ, of lamports and tokens."""
    changed = []
    for key, old, new in zip(keys, before, after, strict=True):
        lamports = (0 if old is None else old.lamports), (0 if new is None else new.lamports)
        if lamports[0] != lamports[1]:
            changed.append(Change(key, None, None, *lamports))
        tokens = _tokens(old), _tokens(new)
        holding = tokens[1] or tokens[0]
        if holding is not None:
            amounts = [0 if account is None else account.amount for account in tokens]
            if amounts[0] != amounts[1]:
                changed.append(Change(key, holding.owner, holding.mint, *amounts))
    return tuple(changed)


def _tokens(account: RawAccount | None) -> TokenAccount | None:
    from ionet.chain.layouts import TokenAccount

    if account is None or account.owner not in (TOKEN_PROGRAM, TOKEN_2022_PROGRAM) or len(account.data) < 165:
        return None
    return TokenAccount.decode(bytes(account.data))
