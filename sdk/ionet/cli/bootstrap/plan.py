"""What is missing or differs on the chain, and the transactions that make up for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from ionet import Client, accounts, constants, governance, ix, pda, types
from ionet.cli.bootstrap.wanted import Wanted, WantedCurrency
from ionet.cli.parameters import changes_of, written
from ionet.staking.classes import class_changes, hardware_classes

#: Programs in the order in which they are initialised.
ORDER: Final = ("mint", "proofs", "buyback", "staking", "jobs", "governance", "distributor")
#: How many instructions of a kind fit into a transaction.
_ACCOUNTS: Final = 8
_VAULTS: Final = 4
_CLASSES: Final = 5
_NOBODY: Final = Pubkey.default()


@dataclass(frozen=True, slots=True)
class Step:
    """Something that the chain lacks, or has otherwise than the file says.

    Attributes:
        what: in a few words.
        instructions: what makes up for it, in one transaction; empty where the signer cannot.
        blocked: why the signer cannot.
    """

    what: str
    instructions: tuple[Instruction, ...] = ()
    blocked: str = ""


class Plan:
    """Compares a market with a file.

    Args:
        client: of a node; its signer is who will sign.
        wanted: what the file says.
        signer: who will sign.
    """

    def __init__(self, client: Client, wanted: Wanted, signer: Pubkey) -> None:
        self._client, self._wanted, self._signer = client, wanted, signer
        addresses = [getattr(pda, program).CONFIG for program in ORDER]
        self._configs = dict(zip(ORDER, client.accounts(addresses), strict=True))

    def missing(self) -> list[str]:
        """The programs that nobody has initialised."""
        return [program for program in ORDER if self._configs[program] is None]

    def initialising(self) -> list[Step]:
        """A step for each program that nobody has initialised."""
        me, wanted = self._signer, self._wanted
        builders: dict[str, Callable[[], Instruction]] = {
            "mint": lambda: ix.mint.initialize(authority=me, start=wanted.start),
            "proofs": lambda: ix.proofs.initialize(authority=me),
            "buyback": lambda: ix.buyback.initialize(authority=me),
            "staking": lambda: ix.staking.initialize(
                authority=me, slasher=wanted.slasher, resolver=wanted.resolver
            ),
            "jobs": lambda: ix.jobs.initialize(authority=me, resolver=wanted.resolver),
            "governance": lambda: ix.governance.initialize(authority=me, guardian=wanted.guardian),
            "distributor": lambda: ix.distributor.initialize(authority=me, treasury=governance.TREASURY),
        }
        return [Step(f"initialize {program}", (builders[program](),)) for program in self.missing()]

    def steps(self) -> list[Step]:
        """What is missing or differs, once all programs are initialised; in an order that can be sent."""
        parts = (self._opened(), self._attesters(), self._classes(), self._currencies(), self._params())
        return [*self._fixed(), *(step for part in parts for step in part)]

    # -- what cannot be changed

    def _fixed(self) -> Iterator[Step]:
        config = self._client.mint.get_config()
        if self._wanted.start and config.start != self._wanted.start:
            yield Step(
                f"mint: emission counts from {config.start}, not from {self._wanted.start}",
                blocked="its start is set once, when mint is initialised",
            )
        guardian = self._client.governance.get_config().guardian
        if guardian != self._wanted.guardian:
            yield Step(
                f"governance: guardian: {guardian} -> {self._wanted.guardian}",
                blocked="a proposal sets it (ionet dao propose)",
            )

    # -- accounts that anyone may open

    def _opened(self) -> Iterator[Step]:
        me = self._signer
        shards = {
            pda.staking.shard(index): ix.staking.open_shard(payer=me, index=index)
            for index in range(constants.staking.STAKE_SHARDS)
        }
        yield from self._lacking("open shards of stake", shards, _ACCOUNTS)
        outflows = {
            pda.governance.outflow(asset): ix.governance.open_outflow(payer=me, asset=asset)
            for asset in (pda.mint.MINT, governance.NATIVE)
        }
        yield from self._lacking("count what leaves the treasury", outflows, _ACCOUNTS)
        for currency in self._wanted.currencies:
            yield from self._vaults(currency.mint)

    def _vaults(self, mint: Pubkey) -> Iterator[Step]:
        me, shards = self._signer, range(constants.buyback.FEE_SHARDS)
        vaults = {
            pda.buyback.vault(mint, shard): ix.buyback.open_vault(payer=me, mint=mint, shard=shard)
            for shard in shards
        }
        yield from self._lacking(f"open fee vaults of {_named(mint)}", vaults, _VAULTS)
        if mint == pda.mint.MINT:
            return
        auctions = {
            pda.buyback.auction(mint, shard): ix.buyback.open_auction(payer=me, mint=mint, shard=shard)
            for shard in shards
        }
        yield from self._lacking(f"open auctions of {_named(mint)}", auctions, _VAULTS)

    def _lacking(self, what: str, wanted: dict[Pubkey, Instruction], size: int) -> Iterator[Step]:
        there = self._client.accounts(list(wanted))
        lacking = [call for call, account in zip(wanted.values(), there, strict=True) if account is None]
        yield from _parts(what, lacking, size)

    # -- what the authority sets

    def _attesters(self) -> Iterator[Step]:
        known, wanted = self._client.proofs.get_attesters(), self._wanted.seats
        listed = list(zip(known.keys, known.weights, strict=True))[: known.seats]
        total = sum(wanted.values())
        threshold = -(-2 * total // 3) if self._wanted.threshold is None else self._wanted.threshold
        now = {key: weight for key, weight in listed if key != _NOBODY}
        if (now, known.threshold) == (dict(wanted), threshold):
            return
        # A seat keeps its number; who is not wanted any more leaves theirs vacant.
        seats = [(key, wanted[key]) if key in wanted else (_NOBODY, 0) for key, _ in listed]
        seats += [(key, weight) for key, weight in wanted.items() if key not in now]
        changes = [f"{key}: {now.get(key, 0)} -> {wanted.get(key, 0)}" for key in {**now, **wanted}]
        changes = [text for text in changes if len({*text.partition(": ")[2].split(" -> ")}) > 1]
        if known.threshold != threshold:
            changes.append(f"threshold: {known.threshold} -> {threshold}")
        call = ix.proofs.set_attesters(
            authority=self._signer,
            seats=[types.proofs.Seat(key, weight) for key, weight in seats],
            threshold=threshold,
        )
        yield self._by_authority("proofs", f"attesters: {'; '.join(changes)}", call)

    def _classes(self) -> Iterator[Step]:
        known = [class_.account for class_ in self._client.staking.classes()]
        changes = class_changes(hardware_classes(), known)
        made = [change for change in changes if change.kind == "create"]
        calls = [
            ix.staking.create_class(authority=self._signer, id=change.id, args=change.args) for change in made
        ]
        for step in _parts("create hardware classes", calls, _CLASSES):
            yield self._by_authority("staking", step.what, *step.instructions)
        for change in changes:
            if change.kind == "update":
                told = "; ".join(f"{name}: {before} -> {after}" for name, before, after in change.differences)
                call = ix.staking.set_class(authority=self._signer, id=change.id, args=change.args)
                yield self._by_authority("staking", f"class {change.name}: {told}", call)

    def _currencies(self) -> Iterator[Step]:
        known = {currency.mint: currency for currency in self._client.jobs.currencies()}
        for wanted in self._wanted.currencies:
            if (account := known.get(wanted.mint)) is None:
                call = ix.jobs.create_currency(authority=self._signer, mint=wanted.mint, args=wanted.args)
                yield self._by_authority("jobs", f"take {_named(wanted.mint)} as a currency", call)
            elif differing := _differing(account, wanted):
                call = ix.jobs.set_currency(
                    authority=self._signer, currency=pda.jobs.currency(wanted.mint), args=wanted.args
                )
                yield self._by_authority("jobs", f"currency {_named(wanted.mint)}: {differing}", call)

    def _params(self) -> Iterator[Step]:
        for program, texts in self._wanted.params.items():
            config = self._client.fetch(getattr(accounts, program).Config, getattr(pda, program).CONFIG)
            before = governance.params_of(program, config)
            values = changes_of(before, [f"{name}={value}" for name, value in texts.items()])
            # Refuses names that the program does not have.
            call = governance.parameters(program, config, authority=self._signer, **values)
            differing = {name: value for name, value in values.items() if value != before[name]}
            if differing:
                told = (
                    f"{name}: {written(name, before[name])} -> {written(name, value)}"
                    for name, value in differing.items()
                )
                yield self._by_authority(program, f"{program}: {'; '.join(told)}", call)

    def _by_authority(self, program: str, what: str, *instructions: Instruction) -> Step:
        config = self._client.fetch(getattr(accounts, program).Config, getattr(pda, program).CONFIG)
        authority = config.roles.authority
        if authority == self._signer:
            return Step(what, instructions)
        who = "the treasury, by a proposal" if authority == governance.TREASURY else str(authority)
        return Step(what, blocked=f"only {program}'s authority can: {who}")


def _parts(what: str, instructions: list[Instruction], size: int) -> Iterator[Step]:
    for start in range(0, len(instructions), size):
        part = tuple(instructions[start : start + size])
        yield Step(f"{what} ({start + 1} to {start + len(part)} of {len(instructions)})", part)


def _differing(account: accounts.jobs.Currency, wanted: WantedCurrency) -> str:
    pairs: Iterable[tuple[str, Any, Any]] = (
        ("pricing", account.pricing.name.lower(), types.jobs.Pricing(wanted.args.pricing).name.lower()),
        ("enabled", bool(account.enabled), wanted.args.enabled),
        ("payment_bps", account.payment_bps, wanted.args.payment_bps),
        ("feed_id", account.feed_id.hex(), wanted.args.feed_id.hex()),
        ("price_account", account.price_account, wanted.args.price_account),
    )
    return "; ".join(f"{name}: {before} -> {after}" for name, before, after in pairs if before != after)


def _named(mint: Pubkey) -> str:
    return "IO" if mint == pda.mint.MINT else str(mint)
