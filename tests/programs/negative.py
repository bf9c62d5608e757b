"""What every instruction refuses, generated from its IDL and one call that works.

A test module makes a `Suite` of its program's calls, one each, and runs the suite's checks.
What a check finds accepted is a defect, or stands in the suite's exceptions with its reason.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar

import pytest
from solders.compute_budget import set_compute_unit_limit
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from tests.programs.market import IO_MINT, OTHER_CLASS, Market
from tests.programs.people import TOKEN
from tests.programs.recipes import SIZES, misplaced
from tests.programs.recipes import idl as idl_of
from tests.programs.recipes import instruction as instruction_of
from tests.programs.support import SYSVARS, World

from ionet import Sent, pda, price_feed, token_account
from ionet.administration.shards import fee_vaults

#: What a program answers that has crashed instead of refusing.
CRASHES: Final = ("ProgramFailedToComplete", "ComputationalBudgetExceeded", "AccessViolation")
#: What most programs have to set what they go by: the same value again changes nothing.
SETTERS: Final = frozenset({"set_params", "set_paused", "propose_authority"})
_SIGNED: Final = frozenset({"i16", "i32", "i64"})
#: How arguments end that are an amount of what moves.
_AMOUNTS: Final = ("amount", "total", "max_io")
_TOKEN_ACCOUNT: Final = 165


class Scene(Protocol):
    """Where calls are made: a market, a treasury's voters, and what stands on them."""

    @property
    def world(self) -> World: ...

    def signers(self, *instructions: Instruction) -> list[Keypair]:
        """Whoever has to sign, besides the deployer."""

    def send(self, *instructions: Instruction) -> Sent[None]:
        """Sends what has to succeed, and checks the books."""


S = TypeVar("S", bound=Scene)
#: What builds a call that works, and sets up what it needs.
Case: TypeAlias = Callable[[S], Instruction]
#: A check of one instruction, as the parameter of a test.
Check: TypeAlias = Callable[[], None]


def joined() -> Market:
    """A market in which bob has a node too, and carol is a co-staker of his."""
    market = Market.new()
    market.join(market.bob, 300 * TOKEN)
    market.co_stake(market.carol, TOKEN, of=market.bob)
    return market


@dataclass(frozen=True, slots=True, eq=False)
class Suite(Generic[S]):
    """The calls of a program.

    Attributes:
        program: its name.
        cases: by instruction, a call that works.
        scene: what the calls are made in.
        others: accounts of every type in a scene, those of other people included.
        free: accounts, by instruction, that may be another one. Those behind the instruction's own are
            `remaining 0`, `remaining 1` and so on.
        absent: accounts, by instruction, that need not exist.
        again: instructions that do something again when they are sent again.
        harmless: instructions that are taken again and move nothing.
        unsendable: instructions that only a program signs.
        zero: instructions that take an amount of nothing.
        scenes: by instruction, what its call is made in instead.
        untested: instructions that have tests of their own.
    """

    program: str
    cases: Mapping[str, Case[S]]
    scene: Callable[[], S]
    others: Callable[[S], Iterable[Pubkey]]
    free: Mapping[str, frozenset[str]] = field(default_factory=dict)
    absent: Mapping[str, frozenset[str]] = field(default_factory=dict)
    again: frozenset[str] = frozenset()
    harmless: frozenset[str] = frozenset()
    unsendable: frozenset[str] = frozenset()
    zero: frozenset[str] = frozenset()
    scenes: Mapping[str, Callable[[], S]] = field(default_factory=dict)
    untested: frozenset[str] = frozenset({"initialize"})

    def checks(self) -> list[Any]:
        """Every check of every instruction: the parameters of a module's test.

        Those of one instruction follow each other, as they share what was prepared for its call.
        """
        found = [pytest.param(self.every_instruction_has_a_case, id="every instruction has a case")]
        for name in self.cases:
            each = [
                self.accounts_are_where_the_idl_says,
                self.no_account_can_be_another_one,
                self.every_signature_and_every_writable_account_is_needed,
                self.no_account_may_be_closed,
                self.arguments_at_their_ends_are_refused_or_harmless,
            ]
            if name not in self.again | self.unsendable:
                each.append(self.the_same_call_twice_moves_no_tokens_twice)
            found += [pytest.param(functools.partial(one, name), id=f"{name}-{one.__name__}") for one in each]
        return found

    # -- checks

    def every_instruction_has_a_case(self) -> None:
        """And every exception is about one of them."""
        instructions = {one["name"] for one in idl_of(self.program)["instructions"]}
        missing = set(self.cases) ^ (instructions - self.untested)
        assert not missing, missing
        named = {*self.free, *self.absent, *self.scenes}
        unknown = (named | self.again | self.harmless | self.unsendable | self.zero) - self.cases.keys()
        assert not unknown, unknown

    def accounts_are_where_the_idl_says(self, name: str) -> None:
        """Every address, derivation and relation, so that none that was added goes stale."""
        made = _prepared(self, name)
        data = bytes(made.call.data)
        arguments = {path: data[at : at + len(value)] for path, at, value in self._extremes(name, data)}
        read = made.scene.world.client.account
        assert not (wrong := misplaced(self.program, name, made.call, arguments, read)), wrong

    def no_account_can_be_another_one(self, name: str) -> None:
        """Of another type, owner, mint, node, job or person, a copy, or another one of the call."""
        made = _prepared(self, name)
        accepted = {
            account: other
            for index, account in self._accounts(name, made.call)
            for other in [*made.others, made.copy(made.call.accounts[index].pubkey)]
            if other != made.call.accounts[index].pubkey
            and made.works(_changed(made.call, index, pubkey=other))
        }
        assert accepted.keys() == self.free.get(name, frozenset()), accepted

    def every_signature_and_every_writable_account_is_needed(self, name: str) -> None:
        """No signer may be left out, and nothing that is written be read-only."""
        made = _prepared(self, name)
        needless = []
        for index, account in self._accounts(name, made.call):
            meta = made.call.accounts[index]
            if meta.is_signer and made.works(_changed(made.call, index, is_signer=False)):
                needless.append(f"signer {account}")
            if meta.is_writable and made.works(_changed(made.call, index, is_writable=False)):
                needless.append(f"writable {account}")
        assert not needless, needless

    def no_account_may_be_closed(self, name: str) -> None:
        """Every account that exists when the call works has to exist."""
        made = _prepared(self, name)
        network = made.scene.world.client.network
        accepted = set()
        for index, account in self._accounts(name, made.call):
            meta = made.call.accounts[index]
            found = network.account(meta.pubkey)
            if found is None or found.executable or meta.is_signer or found.owner == SYSVARS:
                continue
            with made.undone(meta.pubkey):
                network.set_account(meta.pubkey, lamports=0)
                if made.works(made.call):
                    accepted.add(account)
        assert accepted == self.absent.get(name, frozenset()), accepted

    def arguments_at_their_ends_are_refused_or_harmless(self, name: str) -> None:
        """At 0, 1 and their bounds: a reason, or books that are right. No amount of nothing is taken."""
        made = _prepared(self, name)
        data = bytes(made.call.data)
        crashed: dict[str, object] = {}
        for argument, at, value in self._extremes(name, data):
            changed = data[:at] + value + data[at + len(value) :]
            if changed == data:
                continue
            told = f"{argument} = {value.hex()}"
            extreme = Instruction(made.call.program_id, changed, made.call.accounts)
            error = made.error(extreme)
            if any(one in str(error) for one in CRASHES):
                crashed[argument] = error
            nothing = argument.endswith(_AMOUNTS) and not any(value) and name not in self.zero
            assert error is not None or not nothing, f"{told} is accepted"
            if error is None and name not in self.unsendable:
                with made.undone(*made.written):
                    made.scene.send(extreme)
        assert not crashed, crashed

    def the_same_call_twice_moves_no_tokens_twice(self, name: str) -> None:
        """It is refused, or named as harmless and changes no token account."""
        made = _prepared(self, name)
        world, call = made.scene.world, made.call
        with made.undone(*made.written):
            world.send(call, signers=made.scene.signers(call))
            tokens = {
                meta.pubkey: bytes(found.data)
                for meta in call.accounts
                if (found := world.client.account(meta.pubkey)) is not None
                and len(found.data) == _TOKEN_ACCOUNT
            }
            taken = made.works(call)
            assert taken == (name in self.harmless), f"{name} is {'taken' if taken else 'refused'} again"
            if taken:
                world.send(call, signers=made.scene.signers(call))
            for key, data in tokens.items():
                assert bytes(world.raw(key).data) == data, f"{name} moved tokens of {key} again"

    # -- what they stand on

    def _accounts(self, name: str, call: Instruction) -> Iterable[tuple[int, str]]:
        """Place and name of each account, those behind the instruction's own included."""
        names = [one["name"] for one in instruction_of(self.program, name)["accounts"]]
        names += [f"remaining {index}" for index in range(len(call.accounts) - len(names))]
        return enumerate(names)

    def _extremes(self, name: str, data: bytes) -> Iterator[tuple[str, int, bytes]]:
        """Each argument's name, its place in the data, and what to put there."""
        types = {one["name"]: one["type"] for one in idl_of(self.program)["types"]}
        at = 8

        def scalar(path: str, size: int, *, signed: bool = False) -> Iterator[tuple[str, int, bytes]]:
            nonlocal at
            most = 256**size - 1
            # The last two of a signed one are its own ends; all ones are then -1.
            for value in (0, 1, most, *((most // 2, most // 2 + 1) if signed else ())):
                yield path, at, value.to_bytes(size, "little")
            at += size

        def walk(path: str, kind: Any) -> Iterator[tuple[str, int, bytes]]:
            nonlocal at
            if kind == "bytes" or "vec" in kind:
                count = int.from_bytes(data[at : at + 4], "little")
                yield from scalar(f"{path} length", 4)
                if kind == "bytes":
                    at += count
                else:
                    for number in range(count):
                        yield from walk(f"{path}[{number}]", kind["vec"])
            elif isinstance(kind, str):
                yield from scalar(path, SIZES[kind], signed=kind in _SIGNED)
            elif "array" in kind:
                inner, count = kind["array"]
                if inner == "u8":
                    yield from scalar(path, count)
                else:
                    for number in range(count):
                        yield from walk(f"{path}[{number}]", inner)
            elif types[kind["defined"]["name"]]["kind"] == "enum":
                yield from scalar(path, 1)
            else:
                body = types[kind["defined"]["name"]]
                if body["kind"] == "enum":
                    # Also the first number that no variant has.
                    yield path, at, len(body["variants"]).to_bytes(1, "little")
                    yield from scalar(path, 1)
                    return
                for one in body["fields"]:
                    yield from walk(f"{path}.{one['name']}", one["type"])

        for argument in instruction_of(self.program, name)["args"]:
            yield from walk(argument["name"], argument["type"])
        assert at == len(data), f"{name} has {len(data) - at} bytes more than its arguments"


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A call that works, in its scene, with somebody to pay for it and what its accounts are replaced by."""

    scene: Scene
    call: Instruction
    payer: Pubkey
    others: tuple[Pubkey, ...]

    def error(self, instruction: Instruction) -> object | None:
        """Why a call would fail; signatures are not looked at, flags are."""
        instructions = [instruction, set_compute_unit_limit(1_400_000)]
        network = self.scene.world.client.network
        message = MessageV0.try_compile(self.payer, instructions, [], network.latest_blockhash)
        signatures = [Signature.default()] * message.header.num_required_signatures
        simulated = network.simulate(VersionedTransaction.populate(message, signatures))
        found: object | None = simulated.error
        return found

    def works(self, instruction: Instruction) -> bool:
        return self.error(instruction) is None

    def copy(self, address: Pubkey) -> Pubkey:
        """An account with the same data at another address, made by somebody else's program."""
        network, key = self.scene.world.client.network, Keypair().pubkey()
        found = network.account(address)
        if found is not None and not found.executable:
            network.set_account(key, lamports=found.lamports, data=bytes(found.data), owner=pda.mint.CONFIG)
        return key

    @property
    def written(self) -> list[Pubkey]:
        """What the call may change."""
        return [meta.pubkey for meta in self.call.accounts if meta.is_writable]

    @contextmanager
    def undone(self, *keys: Pubkey) -> Iterator[None]:
        """Puts these accounts back as they were: checks of a call share its scene."""
        network = self.scene.world.client.network
        before = {key: network.account(key) for key in keys}
        try:
            yield
        finally:
            for key, found in before.items():
                if found is None:
                    network.set_account(key, lamports=0)
                else:
                    data = bytes(found.data)
                    network.set_account(key, lamports=found.lamports, data=data, owner=found.owner)
        assert self.works(self.call), "the call does not work any more"


@functools.lru_cache(maxsize=1)
def _prepared(suite: Suite[Any], name: str) -> _Prepared:
    scene = suite.scenes.get(name, suite.scene)()
    call = suite.cases[name](scene)
    keys = (*(meta.pubkey for meta in call.accounts), Keypair().pubkey(), *suite.others(scene))
    made = _Prepared(scene, call, scene.world.actor().pubkey(), tuple(dict.fromkeys(keys)))
    error = made.error(call)
    assert error is None, f"the call itself does not work: {error}"
    return made


def _changed(
    instruction: Instruction,
    index: int,
    *,
    pubkey: Pubkey | None = None,
    is_signer: bool | None = None,
    is_writable: bool | None = None,
) -> Instruction:
    metas = list(instruction.accounts)
    meta = metas[index]
    metas[index] = AccountMeta(
        meta.pubkey if pubkey is None else pubkey,
        meta.is_signer if is_signer is None else is_signer,
        meta.is_writable if is_writable is None else is_writable,
    )
    return Instruction(instruction.program_id, bytes(instruction.data), metas)


def market_accounts(market: Market) -> Iterator[Pubkey]:
    """An account of every type, those of other people and nodes."""
    yield from (pda.mint.CONFIG, pda.proofs.CONFIG, pda.proofs.ATTESTER_SET, pda.buyback.CONFIG)
    yield from (pda.staking.CONFIG, pda.staking.EMISSION_LEDGER, pda.staking.class_(OTHER_CLASS))
    yield from (pda.jobs.CONFIG, pda.jobs.currency(market.usdc), price_feed(b"USDC/USD".ljust(32, b"\0")))
    yield from (pda.staking.shard(index) for index in range(0, 16, 5))
    for supplier in (market.alice, market.bob):
        yield from (supplier.device, supplier.node, supplier.vault, supplier.offer)
        yield from (supplier.key, supplier.device_key.pubkey(), token_account(supplier.key, IO_MINT))
    for holder in (market.carol, market.dave, market.renter):
        yield from (holder.pubkey(), token_account(holder.pubkey(), IO_MINT))
    yield from (pda.staking.position(market.bob.node, market.carol.pubkey()), market.usdc, IO_MINT)
    yield from (token_account(market.renter.pubkey(), market.usdc), pda.mint.EMISSION_VAULT)
    yield from fee_vaults()
    yield from (one.pubkey() for one in market.attesters)
