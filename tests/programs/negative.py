"""What every instruction refuses, generated from its IDL and one call that works.

A test module makes a `Suite` of its program's calls, one each, and runs the suite's checks for every name.
What a check finds accepted is a defect, or stands in the suite's exceptions with its reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from solders.compute_budget import set_compute_unit_limit
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from tests.programs.market import IO_MINT, OTHER_CLASS, Market
from tests.programs.people import TOKEN

from ionet import pda, price_feed, token_account

IDL: Final = Path(__file__).resolve().parents[2] / "idl"
#: What builds a call that works, and sets up what it needs.
Case = Callable[[Market], Instruction]

#: What a program answers that has crashed instead of refusing.
CRASHES: Final = ("ProgramFailedToComplete", "ComputationalBudgetExceeded", "AccessViolation")
_SIZES: Final = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "i64": 8, "u128": 16, "bool": 1, "pubkey": 32}
_TOKEN_ACCOUNT: Final = 165


def joined(market: Market) -> None:
    """Bob has a node too, and carol is a co-staker of his."""
    market.join(market.bob, 300 * TOKEN)
    market.co_stake(market.carol, TOKEN, of=market.bob)


@dataclass(frozen=True, slots=True)
class Suite:
    """The calls of a program.

    Attributes:
        program: its name.
        cases: by instruction, a call that works in a market in which alice and bob have nodes.
        free: accounts, by instruction, that may be another one.
        absent: accounts, by instruction, that need not exist.
        again: instructions that mean something again when they are sent again.
        unsendable: instructions that only a program signs.
        zero: instructions that take an amount of nothing.
        setups: what some cases need instead of bob's node.
        untested: instructions that have tests of their own.
    """

    program: str
    cases: Mapping[str, Case]
    free: Mapping[str, frozenset[str]]
    absent: Mapping[str, frozenset[str]]
    again: frozenset[str] = frozenset()
    unsendable: frozenset[str] = frozenset()
    zero: frozenset[str] = frozenset()
    setups: Mapping[str, Callable[[Market], Any]] = field(default_factory=dict)
    untested: frozenset[str] = frozenset({"initialize"})

    # -- checks

    def every_instruction_has_a_case(self) -> None:
        """And every exception is one."""
        idl = self._idl()
        instructions = {one["name"]: one for one in idl["instructions"]}
        missing = set(self.cases) ^ (instructions.keys() - self.untested)
        assert not missing, missing
        for exceptions in (self.free, self.absent):
            for name, accounts in exceptions.items():
                unknown = accounts - set(self._names(name))
                assert not unknown, f"{name} has no {unknown}"
        assert self.again | self.unsendable | self.zero <= set(self.cases)

    def no_account_can_be_another_one(self, name: str) -> None:
        """Of another type, owner, mint, node, job or person, a copy, or another one of the call."""
        market, call, payer = self._prepared(name)
        accepted = {
            f"{account}: {other}"
            for index, account in self._accounts(name, self.free)
            for other in [*_others(market, call), _copy(market, call.accounts[index].pubkey)]
            if other != call.accounts[index].pubkey
            and _works(market, payer, _changed(call, index, pubkey=other))
        }
        assert not accepted, accepted

    def every_signature_and_every_writable_account_is_needed(self, name: str) -> None:
        """No signer may be left out, and nothing that is written be read-only."""
        market, call, payer = self._prepared(name)
        needless = []
        for index, account in enumerate(self._names(name)):
            meta = call.accounts[index]
            if meta.is_signer and _works(market, payer, _changed(call, index, is_signer=False)):
                needless.append(f"signer {account}")
            if meta.is_writable and _works(market, payer, _changed(call, index, is_writable=False)):
                needless.append(f"writable {account}")
        assert not needless, needless

    def no_account_may_be_closed(self, name: str) -> None:
        """Every account that exists when the call works has to exist."""
        market, call, payer = self._prepared(name)
        network = market.world.client.network
        accepted = []
        for index, account in self._accounts(name, self.absent):
            meta = call.accounts[index]
            found = network.account(meta.pubkey)
            if found is None or found.executable or meta.is_signer:
                continue
            network.set_account(meta.pubkey, lamports=0)
            if _works(market, payer, call):
                accepted.append(account)
            network.set_account(
                meta.pubkey, lamports=found.lamports, data=bytes(found.data), owner=found.owner
            )
        assert _works(market, payer, call)
        assert not accepted, accepted

    def arguments_at_their_ends_are_refused_or_harmless(self, name: str) -> None:
        """At 0, 1 and its maximum: a reason, or books that are right. No amount of nothing is taken."""
        market, call, _ = self._prepared(name)
        data = bytes(call.data)
        for argument, at, size in list(self._scalars(name, data)):
            for value in (0, 1, 256**size - 1):
                changed = data[:at] + value.to_bytes(size, "little") + data[at + size :]
                if changed == data:
                    continue
                market, call, payer = self._prepared(name)
                told = f"{argument} = {value}"
                extreme = Instruction(call.program_id, changed, call.accounts)
                error = _error(market, payer, extreme)
                assert not any(one in str(error) for one in CRASHES), f"{told}: {error}"
                nothing = argument.endswith("amount") and value == 0 and name not in self.zero
                assert error is not None or not nothing, f"{told} is accepted"
                if error is None and name not in self.unsendable:
                    market.send(extreme)

    def the_same_call_twice_moves_no_tokens_twice(self, name: str) -> None:
        """It is refused, or changes no token account."""
        market, call, payer = self._prepared(name)
        market.world.send(call, signers=market.signers(call))
        tokens = {
            meta.pubkey: bytes(found.data)
            for meta in call.accounts
            if (found := market.world.client.account(meta.pubkey)) is not None
            and len(found.data) == _TOKEN_ACCOUNT
        }
        if _works(market, payer, call):
            market.world.send(call, signers=market.signers(call))
        for key, data in tokens.items():
            assert bytes(market.world.raw(key).data) == data, f"{name} moved tokens of {key} again"

    @property
    def once(self) -> list[str]:
        """Instructions that mean nothing again."""
        return [name for name in self.cases if name not in self.again | self.unsendable]

    # -- what they stand on

    def _prepared(self, name: str) -> tuple[Market, Instruction, Pubkey]:
        """A market in which the call works, and somebody to pay for it."""
        market = Market.new()
        self.setups.get(name, joined)(market)
        call, payer = self.cases[name](market), market.actor().pubkey()
        error = _error(market, payer, call)
        assert error is None, f"the call itself does not work: {error}"
        return market, call, payer

    def _idl(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((IDL / f"{self.program}.json").read_text())
        return found

    def _instruction(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(one for one in self._idl()["instructions"] if one["name"] == name)
        return found

    def _names(self, name: str) -> list[str]:
        return [one["name"] for one in self._instruction(name)["accounts"]]

    def _accounts(self, name: str, but: Mapping[str, Iterable[str]]) -> list[tuple[int, str]]:
        excepted = but.get(name, ())
        return [(index, one) for index, one in enumerate(self._names(name)) if one not in excepted]

    def _scalars(self, name: str, data: bytes) -> Iterator[tuple[str, int, int]]:
        """Each argument's name, its place in the data, and its size."""
        types = {one["name"]: one["type"] for one in self._idl()["types"]}
        at = 8

        def walk(path: str, kind: Any) -> Iterator[tuple[str, int, int]]:
            nonlocal at
            if isinstance(kind, str) or kind.get("array", [""])[0] == "u8":
                size = _SIZES[kind] if isinstance(kind, str) else kind["array"][1]
                yield path, at, size
                at += size
            elif "vec" in kind:
                count = int.from_bytes(data[at : at + 4], "little")
                yield f"{path} length", at, 4
                at += 4
                for number in range(count):
                    yield from walk(f"{path}[{number}]", kind["vec"])
            elif "array" in kind:
                for number in range(kind["array"][1]):
                    yield from walk(f"{path}[{number}]", kind["array"][0])
            else:
                for one in types[kind["defined"]["name"]]["fields"]:
                    yield from walk(f"{path}.{one['name']}", one["type"])

        for argument in self._instruction(name)["args"]:
            yield from walk(argument["name"], argument["type"])
        assert at == len(data), f"{name} has {len(data) - at} bytes more than its arguments"


def _error(market: Market, payer: Pubkey, instruction: Instruction) -> object | None:
    """Why a call would fail; signatures are not looked at, flags are."""
    instructions = [instruction, set_compute_unit_limit(1_400_000)]
    network = market.world.client.network
    message = MessageV0.try_compile(payer, instructions, [], network.latest_blockhash)
    signatures = [Signature.default()] * message.header.num_required_signatures
    found: object | None = network.simulate(VersionedTransaction.populate(message, signatures)).error
    return found


def _works(market: Market, payer: Pubkey, instruction: Instruction) -> bool:
    return _error(market, payer, instruction) is None


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


def _copy(market: Market, address: Pubkey) -> Pubkey:
    """An account with the same data at another address, made by somebody else's program."""
    found, network = market.world.client.account(address), market.world.client.network
    key = Keypair().pubkey()
    if found is not None and not found.executable:
        network.set_account(key, lamports=found.lamports, data=bytes(found.data), owner=pda.mint.CONFIG)
    return key


def _others(market: Market, instruction: Instruction) -> Iterator[Pubkey]:
    """An account of every type, those of other people and nodes, and nothing at all."""
    yield from {meta.pubkey for meta in instruction.accounts}
    yield Keypair().pubkey()
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
    yield from (pda.buyback.vault(IO_MINT, shard) for shard in range(8))
    yield from (one.pubkey() for one in market.attesters)
