"""A Solana network inside this process: LiteSVM with the clock, blocks and history of a node."""

from __future__ import annotations

import hashlib
import os
import re
import struct
import threading
import time
from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from solders.account import Account as RawAccount
from solders.clock import Clock
from solders.hash import Hash
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from ionet.chain import pda, registry
from ionet.chain.errors import ConfigError, EncodeError, RpcError, describe
from ionet.chain.ids import (
    ADDRESS_LOOKUP_TABLE_PROGRAM,
    BPF_LOADER_UPGRADEABLE,
    CLOCK,
    SLOT_HASHES,
    SYSTEM_PROGRAM,
    TOKEN_2022_PROGRAM,
    TOKEN_PROGRAM,
)
from ionet.chain.nonces import nonce_account, nonce_of
from ionet.chain.rpc.errors import error_json, lands
from ionet.chain.rpc.types import InnerGroup, Json, Simulation, TokenBalance, TransactionRecord

if TYPE_CHECKING:
    from solders.litesvm import LiteSVM
    from solders.transaction_metadata import TransactionMetadata

SLOT_MS: Final = 400
SLOTS_PER_EPOCH: Final = 432_000
#: Blocks for which a blockhash is accepted.
BLOCKHASH_AGE: Final = 150
_SLOT_HASHES_KEPT: Final = 512
_SLOT_HASHES_SIZE: Final = 8 + 512 * 40
#: The node that this one is compared with.
_API_VERSION: Final = "4.2.2"
#: The first solders whose runtime loads programs of SBPF v3.
_SOLDERS: Final = (0, 29)
_SYSVAR_OWNER: Final = Pubkey.from_string("Sysvar1111111111111111111111111111111111111")
#: What a program's code has in it if it can read any sysvar without naming it as an account: the name of the
#: system call, or (since SBPF v3) its Murmur3 hash.
_GET_SYSVAR: Final = (b"sol_get_sysvar", (0x13C1B505).to_bytes(4, "little"))
#: A transaction that names one of these may read the slot hashes: themselves, lookup tables, votes, stakes.
_READERS: Final = frozenset(
    {
        SLOT_HASHES,
        ADDRESS_LOOKUP_TABLE_PROGRAM,
        Pubkey.from_string("Vote111111111111111111111111111111111111111"),
        Pubkey.from_string("Stake11111111111111111111111111111111111111"),
    }
)
#: A transaction that names one of these may deploy a program that reads them.
_LOADERS: Final = frozenset(
    {
        BPF_LOADER_UPGRADEABLE,
        Pubkey.from_string("BPFLoader1111111111111111111111111111111111"),
        Pubkey.from_string("BPFLoader2111111111111111111111111111111111"),
        Pubkey.from_string("LoaderV411111111111111111111111111111111111"),
    }
)


def _runtime() -> LiteSVM:
    """An empty network.

    Raises:
        ConfigError: a solders whose runtime cannot load today's programs, or that has none.
    """
    installed = version("solders")
    if tuple(int(part) for part in re.findall(r"\d+", installed)[:2]) < _SOLDERS:
        raise ConfigError(
            f"a network inside this process needs solders {'.'.join(map(str, _SOLDERS))} or newer, and this "
            f"environment has {installed}; upgrade it, or beside anchorpy, which takes no newer one, connect "
            "to the URL of a network that another environment runs (ionet localnet start)"
        )
    from solders.litesvm import LiteSVM

    return LiteSVM()


class Observer(Protocol):
    """Is told what happens on a local network, at once and in its order: while the network is locked."""

    def landed(self, record: TransactionRecord) -> None:
        """A transaction landed."""

    def wrote(self, address: Pubkey) -> None:
        """An account was written outside of any transaction."""

    def moved(self) -> None:
        """There is a new slot."""


class NetworkClock:
    """The clock of a local network: it moves only when it is told to.

    Each transaction has a slot of its own; seconds pass by `advance` and `set` alone.
    """

    def __init__(self, network: EmbeddedChain) -> None:
        self._network = network

    def now(self) -> int:
        """Returns the current time, Unix seconds."""
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
            ValueError: a number is negative; a chain's clock does not go back.
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
    """Recent blockhashes and slot hashes, computed when they are needed.

    A blockhash is the hash of the one before and the slot's number.
    """

    height: int = 0
    _asked: list[range] = field(default_factory=list)
    #: Of the blocks that a node remembers, oldest first.
    _slots: list[int] = field(default_factory=list)
    _hashes: list[bytes] = field(default_factory=lambda: [bytes(32)])
    _entries: bytes = b""
    #: Blocks made since the entries were.
    _fresh: int = 0

    def add(self, slot: int, count: int) -> None:
        """Adds `count` blocks, the last of them at `slot`."""
        self.height += count
        # Blocks older than a node remembers do not matter.
        self._asked.append(range(max(slot - min(count, _SLOT_HASHES_KEPT), 0) + 1, slot + 1))

    def hashes(self) -> list[bytes]:
        """Returns the blockhashes of the last 512 blocks, oldest first."""
        if self._asked:
            hashed, raw = Hash.hash, Hash.__bytes__
            for slots in self._asked:
                packed = struct.pack(f"<{len(slots)}Q", *slots)
                latest = self._hashes[-1]
                self._hashes += [
                    latest := raw(hashed(latest + slot)) for (slot,) in struct.iter_unpack("8s", packed)
                ]
                self._slots += slots
                self._fresh += len(slots)
            self._asked.clear()
            del self._slots[:-_SLOT_HASHES_KEPT], self._hashes[:-_SLOT_HASHES_KEPT]
        return self._hashes

    @property
    def latest(self) -> Hash:
        """The newest blockhash."""
        return Hash(self.hashes()[-1])

    def valid(self, blockhash: Hash) -> bool:
        """Returns whether transactions may use a blockhash."""
        wanted, known = bytes(blockhash), self.hashes()
        return wanted == known[-1] or wanted in known[-BLOCKHASH_AGE - 1 :]

    def entries(self) -> bytes:
        """Returns the slot hashes as the sysvar has them, newest first."""
        newest = reversed(self.hashes())
        fresh = [
            # A block's slot hash is in the sysvar only after the block: slot n sees up to n - 1.
            struct.pack("<Q", slot - 1) + bytes(Hash.hash(blockhash))
            for slot, blockhash, _ in zip(reversed(self._slots), newest, range(self._fresh), strict=False)
        ]
        self._fresh = 0
        self._entries = (b"".join(fresh) + self._entries)[: 40 * _SLOT_HASHES_KEPT]
        return self._entries


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

    Raises:
        ConfigError: a program that cannot be loaded, or a solders without today's runtime.
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
        self._svm = _runtime().with_blockhash_check(False)
        self._history: dict[str, TransactionRecord] = {}
        self._by_address: defaultdict[str, list[TransactionRecord]] = defaultdict(list)
        self._listeners: list[Callable[[TransactionRecord], None]] = []
        self._observer: Observer | None = None
        self._blocks = _Blocks()
        self._readers = set(_READERS)
        self._unknown_code = False
        self._stale: set[Pubkey] = set()
        self._clock = Clock(self._svm.get_clock().slot, 0, 0, 0, 0)
        self._faucet = Keypair.from_seed(hashlib.sha256(b"ionet local faucet").digest())
        self._faucet_key = self._faucet.pubkey()
        self._svm.set_account(
            self._faucet_key, RawAccount(1 << 62, b"", Pubkey.default(), False, (1 << 64) - 1)
        )
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
            ConfigError: there is no such file, or it is not a program that this runtime can load.
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
            if _gets_sysvars(path, path.stat().st_mtime_ns):
                self._readers.add(program_id)
            if upgrade_authority is not None:
                self.set_program_authority(program_id, upgrade_authority)

    def set_program_authority(self, program_id: Pubkey, authority: Pubkey | None) -> None:
        """Makes `authority` the upgrade authority of a program; None: nobody can upgrade it."""
        from ionet.chain.layouts import with_upgrade_authority

        address = pda.program_data(program_id)
        account = self._svm.get_account(address)
        if account is None:
            raise ConfigError(f"{program_id} is not an upgradeable program")
        data = with_upgrade_authority(bytes(account.data), authority)
        with self._lock:
            self._svm.set_account(
                address, RawAccount(account.lamports, data, account.owner, False, (1 << 64) - 1)
            )
            self._wrote(address)

    def airdrop(self, address: Pubkey, lamports: int) -> str:
        """Transfers lamports to an address, in a transaction of its own; returns its signature."""
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

    def account(self, address: Pubkey) -> RawAccount | None:
        """Returns the account at an address, or None."""
        if address in self._stale:
            with self._lock:
                self._refresh(address)
        account = self._svm.get_account(address)
        return None if account is None or (account.lamports == 0 and not account.data) else account

    def owned(self, program_id: Pubkey) -> Iterable[tuple[Pubkey, RawAccount]]:
        """Returns all accounts of a program, with their addresses."""
        with self._lock:
            self._refresh(*self._stale)
            return self._svm.get_program_accounts(program_id)

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
            if executable or owner in _LOADERS:
                self._unknown_code = True
            self._stale.discard(address)
            written = RawAccount(lamports, data, owner, executable, (1 << 64) - 1)
            _guarded(lambda: self._svm.set_account(address, written))
            self._wrote(address)

    def _wrote(self, address: Pubkey) -> None:
        """Tells the observer: for it each write has a slot of its own, as transactions have."""
        if self._observer is not None:
            self._observer.wrote(address)
            self._move(1, self._clock.unix_timestamp)

    def rent(self, size: int) -> int:
        """Returns the lamports that make an account of `size` bytes rent-exempt."""
        return self._svm.minimum_balance_for_rent_exemption(size)

    def subscribe(self, listener: Callable[[TransactionRecord], None]) -> Callable[[], None]:
        """Calls `listener` after each transaction that lands, until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # -- time

    def _move(self, slots: int, timestamp: int) -> None:
        """Makes `slots` new blocks, the last of them at `timestamp`."""
        slot = self._clock.slot + slots
        epoch = slot // SLOTS_PER_EPOCH
        started = self._clock.epoch_start_timestamp if epoch == self._clock.epoch else timestamp
        self._clock = Clock(slot, started, epoch, epoch + 1, timestamp)
        self._blocks.add(slot, slots)
        self._stale = {CLOCK, SLOT_HASHES}
        if self._observer is not None and slots:
            self._observer.moved()

    def _refresh(self, *sysvars: Pubkey) -> None:
        """Writes those sysvars that are not of this slot, which takes longer than a small transaction."""
        for sysvar in sysvars:
            if sysvar not in self._stale:
                continue
            self._stale.discard(sysvar)
            if sysvar == CLOCK:
                self._svm.set_clock(self._clock)
                continue
            entries = self._blocks.entries()
            data = struct.pack("<Q", len(entries) // 40) + entries
            rent = self._svm.minimum_balance_for_rent_exemption(_SLOT_HASHES_SIZE)
            account = RawAccount(rent, data.ljust(_SLOT_HASHES_SIZE, b"\0"), _SYSVAR_OWNER, False, 0)
            self._svm.set_account(SLOT_HASHES, account)

    def _refresh_for(self, message: Any) -> None:
        """Writes the sysvars that a transaction may read."""
        self._refresh(CLOCK)
        keys = message.account_keys
        if not _LOADERS.isdisjoint(keys):
            self._unknown_code = True
        # What it calls is among its accounts, or behind a lookup table; and tables need slot hashes too.
        tables = getattr(message, "address_table_lookups", None)
        if self._unknown_code or tables or not self._readers.isdisjoint(keys):
            self._refresh(SLOT_HASHES)

    @property
    def latest_blockhash(self) -> Hash:
        """A blockhash that transactions may use now."""
        with self._lock:
            return self._blocks.latest

    def is_valid(self, blockhash: Hash) -> bool:
        """Returns whether transactions may use this blockhash now."""
        with self._lock:
            return self._blocks.valid(blockhash)

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
            if check_blockhash and not self._can_land(transaction.message):
                return Simulation("BlockhashNotFound", [], 0, None, [], {})
            self._refresh_for(transaction.message)
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

    def _can_land(self, message: Any) -> bool:
        """Whether the message's blockhash is recent, or the nonce of the account that it advances."""
        if self._blocks.valid(message.recent_blockhash):
            return True
        try:
            address = nonce_account(message)
        except EncodeError:
            return False
        account = None if address is None else self._svm.get_account(address)
        if account is None or account.owner != SYSTEM_PROGRAM:
            return False
        if nonce_of(bytes(account.data)) != str(message.recent_blockhash):
            return False
        # A nonce becomes another one only with another blockhash than that at which it was made.
        self._svm.expire_blockhash()
        return True

    def submit(self, transaction: VersionedTransaction) -> TransactionRecord | Json:
        """Executes a transaction.

        Returns:
            Its record if it lands, failed or not; otherwise the error (as JSON) for which it never will.
        """
        with self._lock:
            message = transaction.message
            if not self._can_land(message):
                return "BlockhashNotFound"
            self._refresh_for(message)
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
                compute_units=meta.compute_units_consumed(),
                fee=meta.fee(),
                inner=_inner(meta),
                return_data=_return_data(meta),
                keys=[str(key) for key in keys],
                loaded=([str(key) for key in loaded[0]], [str(key) for key in loaded[1]]),
                before=before,
                after=after,
                held_before=tokens_before,
                held_after=tokens_after,
            )
            self._history[record.signature] = record
            for address in set(record.keys):
                self._by_address[address].append(record)
            if self._observer is not None:
                self._observer.landed(record)
            self._move(1, self._clock.unix_timestamp)
        for listener in tuple(self._listeners):
            listener(record)
        return record

    def transaction(self, signature: str) -> TransactionRecord | None:
        """Returns a transaction of the history, or None."""
        return self._history.get(signature)

    def _loaded(self, message: Any) -> tuple[list[Pubkey], list[Pubkey]]:
        """Returns the addresses that the message takes from lookup tables: writable, read-only."""
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

    def _balances(
        self, keys: Iterable[Pubkey], instead: Mapping[Pubkey, RawAccount] | None = None
    ) -> tuple[list[int], list[TokenBalance]]:
        """What accounts hold; those of `instead` in the place of the present ones."""
        lamports: list[int] = []
        tokens: list[TokenBalance] = []
        for i, key in enumerate(keys):
            account = self._svm.get_account(key)
            if instead:
                account = instead.get(key, account)
            lamports.append(0 if account is None else account.lamports)
            if account is not None and account.owner in (TOKEN_PROGRAM, TOKEN_2022_PROGRAM):
                data = account.data
                if len(data) >= 165 and data[108]:
                    tokens.append(
                        TokenBalance(i, data[:72], account.owner, self._decimals(Pubkey(data[:32])))
                    )
        return lamports, tokens

    def _decimals(self, mint: Pubkey) -> int:
        account = self._svm.get_account(mint)
        return account.data[44] if account is not None and len(account.data) >= 82 else 0


def shipped_programs() -> dict[str, tuple[Pubkey, Path]]:
    """Returns id and ELF, by name, of each program shipped with the package or in folder $IONET_PROGRAMS.

    Raises:
        FileNotFoundError: $IONET_PROGRAMS is set, and there are none in it.
    """
    ids = {
        name: Pubkey.from_string(program_id)
        for program_id in registry.shipped()
        if (name := registry.name(program_id))
    }
    built = os.environ.get("IONET_PROGRAMS")
    places = sorted(Path(built).glob("*.so")) if built else registry.shipped().values()
    programs = {path.stem: (ids[path.stem], path) for path in places if path.stem in ids and path.exists()}
    if built and not programs:
        raise FileNotFoundError(f"IONET_PROGRAMS={built} has no programs; run scripts/build, or unset it")
    return programs


@lru_cache(maxsize=64)
def _gets_sysvars(path: Path, changed: int) -> bool:
    """Returns whether a program can read any sysvar without naming it; `changed` is when the file was."""
    elf = path.read_bytes()
    return any(mark in elf for mark in _GET_SYSVAR)


def _guarded(run: Callable[[], Any]) -> Any:
    """Runs the runtime, whose panics are not Exceptions; they, and what it refuses, become `RpcError`."""
    try:
        return run()
    except BaseException as bad:
        # Nothing exports its class.
        if type(bad).__name__ == "LiteSVMError":
            raise RpcError(-32602, f"the runtime takes no such account: {bad}") from None
        if type(bad).__name__ != "PanicException":
            raise
        raise RpcError(-32603, f"the runtime panicked: {bad}") from None


def _return_data(meta: TransactionMetadata) -> Json:
    returned = meta.return_data()
    data = bytes(returned.data)
    return (
        {"programId": str(returned.program_id), "data": [b64encode(data).decode(), "base64"]}
        if data
        else None
    )


def _inner(meta: TransactionMetadata) -> list[InnerGroup]:
    groups = []
    for outer, calls in enumerate(meta.inner_instructions()):
        if calls:
            compiled = [(call.instruction(), call.stack_height()) for call in calls]
            groups.append(
                (
                    outer,
                    [
                        (instruction.program_id_index, instruction.accounts, instruction.data, height)
                        for instruction, height in compiled
                    ],
                )
            )
    return groups
