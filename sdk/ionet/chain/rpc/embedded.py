"""A Solana network inside this process: LiteSVM with the clock, blocks and history of a node."""

from __future__ import annotations

import hashlib
import os
import struct
import threading
import time
from base64 import b64encode
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from solders.account import Account
from solders.clock import Clock
from solders.hash import Hash
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from ionet.chain import pda, registry
from ionet.chain.errors import ConfigError, RpcError, describe
from ionet.chain.ids import (
    ADDRESS_LOOKUP_TABLE_PROGRAM,
    SLOT_HASHES,
    SYSTEM_PROGRAM,
    TOKEN_2022_PROGRAM,
    TOKEN_PROGRAM,
)
from ionet.chain.rpc.errors import error_json, lands
from ionet.chain.rpc.types import InnerGroup, Json, Simulation, TransactionRecord

if TYPE_CHECKING:
    from solders.transaction_metadata import TransactionMetadata

SLOT_MS: Final = 400
SLOTS_PER_EPOCH: Final = 432_000
#: Blocks for which a blockhash is accepted.
BLOCKHASH_AGE: Final = 150
PACKET_SIZE: Final = 1232
_SLOT_HASHES_KEPT: Final = 512
_SLOT_HASHES_SIZE: Final = 8 + 512 * 40
_API_VERSION: Final = "4.1.2"
_SYSVAR_OWNER: Final = Pubkey.from_string("Sysvar1111111111111111111111111111111111111")


class NetworkClock:
    """The clock of a local network: it moves only when it is told to.

    Each transaction has a slot of its own; seconds pass by `advance` and `set` alone.
    """

    def __init__(self, network: EmbeddedChain) -> None:
        self._network = network

    def now(self) -> int:
        """Unix seconds."""
        return self._network._clock.unix_timestamp

    @property
    def slot(self) -> int:
        """The current slot."""
        return self._network._clock.slot

    def advance(self, seconds: int = 0, *, slots: int | None = None) -> int:
        """Lets time pass: as many slots as fit into the seconds, unless told otherwise.

        Returns:
            The new time.

        Raises:
            ValueError: a negative number; the clock of a chain does not go back.
        """
        if seconds < 0 or (slots is not None and slots < 0):
            raise ValueError("a chain's clock does not go back")
        passed = max(1, seconds * 1000 // SLOT_MS) if slots is None else slots
        with self._network._lock:
            self._network._move(passed, self.now() + seconds)
        return self.now()

    def set(self, timestamp: int) -> int:
        """Lets time pass until `timestamp` (Unix seconds); see `advance`."""
        if timestamp < self.now():
            raise ValueError(f"{timestamp} is before now, {self.now()}; a chain's clock does not go back")
        return self.advance(timestamp - self.now())


@dataclass(slots=True)
class _Blocks:
    """Recent blockhashes and slot hashes."""

    valid: OrderedDict[Hash, int] = field(default_factory=OrderedDict)
    latest: Hash = field(default_factory=Hash.default)
    height: int = 0
    entries: bytes = b""

    def add(self, slots: Sequence[int]) -> None:
        for slot in slots:
            self.height += 1
            self.latest = Hash(hashlib.sha256(bytes(self.latest) + slot.to_bytes(8, "little")).digest())
            self.valid[self.latest] = self.height
        while len(self.valid) > BLOCKHASH_AGE + 1:
            self.valid.popitem(last=False)


class EmbeddedChain:
    """Accounts, clock, blocks and history of a Solana network in this process.

    It keeps every transaction, so that `getTransaction` and `getSignaturesForAddress` answer as a node
    does; fees, rent, compute budget, log limit and blockhash expiry are those of mainnet. One slot holds one
    transaction. Not picklable; safe to use from several threads.

    Args:
        programs: program id to path of an ELF, besides those shipped with the package.
        upgrade_authority: who may upgrade (and so initialise) the programs; None: nobody.
        now: Unix seconds at the start; default: the current time.
        shipped: load the programs shipped with the package.

    Attributes:
        clock: see `NetworkClock`.
        programs: id of each loaded program by name (the path's stem for those given by path).
    """

    def __init__(
        self,
        *,
        programs: Mapping[Pubkey, Path] | None = None,
        upgrade_authority: Pubkey | None = None,
        now: int | None = None,
        shipped: bool = True,
    ) -> None:
        self._lock = threading.RLock()
        self._svm = LiteSVM().with_blockhash_check(False)
        self._history: dict[str, TransactionRecord] = {}
        self._by_address: defaultdict[str, list[TransactionRecord]] = defaultdict(list)
        self._listeners: list[Callable[[TransactionRecord], None]] = []
        self._blocks = _Blocks()
        self._clock = Clock(self._svm.get_clock().slot, 0, 0, 0, 0)
        self._faucet = Keypair.from_seed(hashlib.sha256(b"ionet local faucet").digest())
        self._faucet_key = self._faucet.pubkey()
        self._svm.set_account(self._faucet_key, Account(1 << 62, b"", Pubkey.default(), False, (1 << 64) - 1))
        self._move(_SLOT_HASHES_KEPT, int(time.time()) if now is None else now)
        self.clock = NetworkClock(self)
        self.programs: dict[str, Pubkey] = {}
        if shipped:
            for name, (program_id, path) in shipped_programs().items():
                self.add_program(program_id, path, upgrade_authority=upgrade_authority)
                self.programs[name] = program_id
        for program_id, path in (programs or {}).items():
            self.add_program(program_id, path, upgrade_authority=upgrade_authority)
            self.programs[path.stem] = program_id

    # -- control

    def add_program(self, program_id: Pubkey, path: Path, *, upgrade_authority: Pubkey | None = None) -> None:
        """Loads an SBF program.

        Raises:
            ConfigError: no such file, or not a program that this runtime can load.
        """
        try:
            elf = path.read_bytes()
        except OSError as bad:
            raise ConfigError(f"program {path}: {bad.strerror}") from bad
        with self._lock:
            try:
                self._svm.add_program(program_id, elf)
            except BaseException as bad:  # the runtime's panics are not Exceptions
                if isinstance(bad, (KeyboardInterrupt, SystemExit)):
                    raise
                raise ConfigError(f"program {path} cannot be loaded: {bad}") from bad
            if upgrade_authority is not None:
                self.set_program_authority(program_id, upgrade_authority)

    def set_program_authority(self, program_id: Pubkey, authority: Pubkey | None) -> None:
        """Makes `authority` the upgrade authority of a program; None: nobody can upgrade it."""
        from ionet.chain.layouts import with_upgrade_authority

        address = pda.program_data(program_id)
        found = self._svm.get_account(address)
        if found is None:
            raise ConfigError(f"{program_id} is not an upgradeable program")
        data = with_upgrade_authority(bytes(found.data), authority)
        self.set_account(address, lamports=found.lamports, data=data, owner=found.owner)

    def airdrop(self, address: Pubkey, lamports: int) -> str:
        """Gives lamports to an address, in a transaction of its own; returns its signature."""
        from solders.message import MessageV0
        from solders.system_program import TransferParams, transfer

        with self._lock:
            instruction = transfer(
                TransferParams(from_pubkey=self._faucet_key, to_pubkey=address, lamports=lamports)
            )
            message = MessageV0.try_compile(self._faucet_key, [instruction], [], self._blocks.latest)
            record = self.submit(VersionedTransaction(message, [self._faucet]))
        if isinstance(record, TransactionRecord) and record.error is None:
            return record.signature
        error = record.error if isinstance(record, TransactionRecord) else record
        raise RpcError(-32603, f"airdrop failed: {describe(error)}", {"err": error}, "requestAirdrop")

    def account(self, address: Pubkey) -> Account | None:
        """The account at an address, or None."""
        found = self._svm.get_account(address)
        return None if found is None or (found.lamports == 0 and not found.data) else found

    def set_account(
        self,
        address: Pubkey,
        *,
        lamports: int | None = None,
        data: bytes = b"",
        owner: Pubkey = SYSTEM_PROGRAM,
        executable: bool = False,
    ) -> None:
        """Writes an account outside of any transaction; by default it is rent-exempt."""
        if lamports is None:
            lamports = self.rent(len(data))
        with self._lock:
            self._svm.set_account(address, Account(lamports, data, owner, executable, (1 << 64) - 1))

    def rent(self, size: int) -> int:
        """Lamports that make an account of `size` bytes rent-exempt."""
        return self._svm.minimum_balance_for_rent_exemption(size)

    def subscribe(self, listener: Callable[[TransactionRecord], None]) -> Callable[[], None]:
        """Calls `listener` after each transaction that lands; the returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # -- time

    def _move(self, slots: int, timestamp: int) -> None:
        """Makes `slots` new blocks, the last of them at `timestamp`."""
        slot = self._clock.slot + slots
        epoch = slot // SLOTS_PER_EPOCH
        started = self._clock.epoch_start_timestamp if epoch == self._clock.epoch else timestamp
        self._clock = Clock(slot, started, epoch, epoch + 1, timestamp)
        self._svm.set_clock(self._clock)
        # Older blocks than a node remembers have no consequences.
        recent = range(max(slot - min(slots, _SLOT_HASHES_KEPT), 0) + 1, slot + 1)
        fresh = []
        for one in recent:
            self._blocks.add((one,))
            # A block's slot hash is in the sysvar only after the block: slot n sees up to n - 1.
            fresh.append(struct.pack("<Q", one - 1) + hashlib.sha256(bytes(self._blocks.latest)).digest())
        self._blocks.height += slots - len(recent)
        entries = b"".join(reversed(fresh)) + self._blocks.entries
        self._blocks.entries = entries[: 40 * _SLOT_HASHES_KEPT]
        data = struct.pack("<Q", len(self._blocks.entries) // 40) + self._blocks.entries
        sysvar = Account(
            self._svm.minimum_balance_for_rent_exemption(_SLOT_HASHES_SIZE),
            data.ljust(_SLOT_HASHES_SIZE, b"\0"),
            _SYSVAR_OWNER,
            False,
            0,
        )
        self._svm.set_account(SLOT_HASHES, sysvar)

    @property
    def latest_blockhash(self) -> Hash:
        """A blockhash that transactions may use now."""
        return self._blocks.latest

    @property
    def block_height(self) -> int:
        """Blocks so far."""
        return self._blocks.height

    # -- transactions

    def simulate(
        self, transaction: VersionedTransaction, *, verify: bool = False, check_blockhash: bool = False
    ) -> Simulation:
        """Runs a transaction without keeping what it does.

        Args:
            transaction: it need not be signed unless `verify`.
            verify: check the signatures.
            check_blockhash: refuse one that is not recent.
        """
        with self._lock:
            if check_blockhash and transaction.message.recent_blockhash not in self._blocks.valid:
                return Simulation("BlockhashNotFound", [], 0, None, [], {})
            if not verify:
                self._svm.with_sigverify(False)
            try:
                result = _guarded(lambda: self._svm.simulate_transaction(transaction))
            finally:
                if not verify:
                    self._svm.with_sigverify(True)
            meta = result.meta()
            failed = hasattr(result, "err")
            return Simulation(
                error_json(result.err()) if failed else None,
                meta.logs(),
                meta.compute_units_consumed(),
                _return_data(meta),
                _inner(meta),
                {} if failed else dict(result.post_accounts()),
            )

    def submit(self, transaction: VersionedTransaction) -> TransactionRecord | Json:
        """Executes a transaction.

        Returns:
            Its record if it lands, failed or not; otherwise the error (as JSON) for which it never will.
        """
        with self._lock:
            message = transaction.message
            if message.recent_blockhash not in self._blocks.valid:
                return "BlockhashNotFound"
            loaded = self._loaded(message)
            keys = [*message.account_keys, *loaded[0], *loaded[1]]
            before, tokens_before = self._balances(keys)
            result = _guarded(lambda: self._svm.send_transaction(transaction))
            failed = hasattr(result, "err")
            error = error_json(result.err()) if failed else None
            if not lands(error):
                return error
            meta = result.meta() if failed else result
            after, tokens_after = self._balances(keys)
            record = TransactionRecord(
                signature=str(transaction.signatures[0]),
                slot=self._clock.slot,
                time=self._clock.unix_timestamp,
                transaction=transaction,
                error=error,
                logs=meta.logs(),
                units=meta.compute_units_consumed(),
                fee=meta.fee(),
                inner=_inner(meta),
                return_data=_return_data(meta),
                keys=[str(key) for key in keys],
                loaded=([str(key) for key in loaded[0]], [str(key) for key in loaded[1]]),
                before=before,
                after=after,
                tokens_before=tokens_before,
                tokens_after=tokens_after,
            )
            self._history[record.signature] = record
            for address in set(record.keys):
                self._by_address[address].append(record)
            self._move(1, self._clock.unix_timestamp)
        for listener in tuple(self._listeners):
            listener(record)
        return record

    def transaction(self, signature: str) -> TransactionRecord | None:
        """A transaction of the history."""
        return self._history.get(signature)

    def _loaded(self, message: Any) -> tuple[list[Pubkey], list[Pubkey]]:
        """Addresses that the message takes from lookup tables: writable, read-only."""
        writable: list[Pubkey] = []
        readonly: list[Pubkey] = []
        for lookup in getattr(message, "address_table_lookups", ()):
            table = self.account(lookup.account_key)
            if table is None or table.owner != ADDRESS_LOOKUP_TABLE_PROGRAM:
                continue
            from ionet.chain.layouts import lookup_table_addresses

            addresses = lookup_table_addresses(bytes(table.data))
            writable += [addresses[i] for i in bytes(lookup.writable_indexes) if i < len(addresses)]
            readonly += [addresses[i] for i in bytes(lookup.readonly_indexes) if i < len(addresses)]
        return writable, readonly

    def _balances(self, keys: Iterable[Pubkey]) -> tuple[list[int], list[Json]]:
        lamports: list[int] = []
        tokens: list[Json] = []
        for i, key in enumerate(keys):
            found = self._svm.get_account(key)
            lamports.append(0 if found is None else found.lamports)
            if found is not None and found.owner in (TOKEN_PROGRAM, TOKEN_2022_PROGRAM):
                data = found.data
                if len(data) >= 165 and data[108]:
                    tokens.append(self._token_balance(i, data, found.owner))
        return lamports, tokens

    def _token_balance(self, i: int, data: bytes, program: Pubkey) -> Json:
        mint = Pubkey(data[:32])
        return {
            "accountIndex": i,
            "mint": str(mint),
            "owner": str(Pubkey(data[32:64])),
            "programId": str(program),
            "uiTokenAmount": self._ui_amount(int.from_bytes(data[64:72], "little"), mint),
        }

    def _ui_amount(self, amount: int, mint: Pubkey) -> Json:
        found = self._svm.get_account(mint)
        decimals = found.data[44] if found is not None and len(found.data) >= 82 else 0
        digits = f"{amount:0{decimals + 1}d}"
        whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :].rstrip("0")
        text = f"{whole}.{fraction}" if fraction else whole
        return {"amount": str(amount), "decimals": decimals, "uiAmount": float(text), "uiAmountString": text}


def shipped_programs() -> dict[str, tuple[Pubkey, Path]]:
    """Name to id and ELF of each program shipped with the package, or in the folder $IONET_PROGRAMS.

    Raises:
        FileNotFoundError: $IONET_PROGRAMS is set and has none.
    """
    ids = {name: Pubkey.from_string(one) for one in registry.shipped() if (name := registry.name(one))}
    built = os.environ.get("IONET_PROGRAMS")
    places = sorted(Path(built).glob("*.so")) if built else registry.shipped().values()
    found = {path.stem: (ids[path.stem], path) for path in places if path.stem in ids and path.exists()}
    if built and not found:
        raise FileNotFoundError(f"IONET_PROGRAMS={built} has no programs; run scripts/build, or unset it")
    return found


def _guarded(run: Callable[[], Any]) -> Any:
    """The runtime panics with something that is not an Exception."""
    try:
        return run()
    except BaseException as bad:
        if type(bad).__name__ != "PanicException":
            raise
        raise RpcError(-32603, f"the runtime panicked: {bad}") from None


def _return_data(meta: TransactionMetadata) -> Json:
    found = meta.return_data()
    data = bytes(found.data)
    return (
        {"programId": str(found.program_id), "data": [b64encode(data).decode(), "base64"]} if data else None
    )


def _inner(meta: TransactionMetadata) -> list[InnerGroup]:
    groups = []
    for outer, calls in enumerate(meta.inner_instructions()):
        if calls:
            compiled = [(call.instruction(), call.stack_height()) for call in calls]
            groups.append((outer, [(one.program_id_index, one.accounts, one.data, h) for one, h in compiled]))
    return groups
