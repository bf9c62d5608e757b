"""Accounts as the events say that they are, and transactions decoded by the programs' IDLs."""

from __future__ import annotations

from base64 import b64decode
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from solders.instruction import AccountMeta
from solders.instruction import Instruction as Called
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from ionet import AsyncClient, accounts, pda, types
from ionet.administration.decoding import decode
from ionet.chain.schema import Account
from ionet.chain.transactions import writable
from ionet.explorer import _models as m
from ionet.explorer._market import Absent
from ionet.explorer._past import Moment
from ionet.explorer._proposals import roles, shown_arguments
from ionet.explorer._supply import as_of
from ionet.explorer._values import BadQuestion, class_name, events_at, plain
from ionet.explorer._watching import Unanswered, Watching
from ionet.ledger import State
from ionet.ledger.replay import records as r
from ionet.ledger.replay.encoding import account_of

#: Transactions that are kept.
_KEPT: Final = 500
#: Positions up to which one is looked for by its address.
_DERIVED: Final = 2_000
_OF_POSITIONS: Final = tuple(
    f"staking.{name}"
    for name in ("Staked", "Activated", "PositionSettled", "Compounded", "Claimed", "Unstaked", "Withdrawn")
)
_OF_PAYOUTS: Final = tuple(
    f"buyback.{name}"
    for name in ("PayoutOpened", "PayoutStarted", "IoCredited", "PayoutWithdrawn", "PayoutClosed")
)


_currency = lru_cache(256)(pda.jobs.currency)
_class = lru_cache(1_024)(pda.staking.class_)
_node = lru_cache(400_000)(pda.staking.node)
_payout = lru_cache(100_000)(pda.buyback.payout)
_derived = lru_cache(2 * _DERIVED)(pda.staking.position)


def account(moment: Moment, address: Pubkey) -> m.Account:
    """An account, by the events.

    Raises:
        Absent: no event says of one at this address.
    """
    it = _record(moment.state, address)
    if it is None:
        raise Absent(f"no event up to slot {moment.slot} says what an account {address} holds")
    return m.Account(
        as_of=as_of(moment),
        account=str(address),
        kind=it.KIND,
        fields=[
            m.Stated(name=path.replace("_.", ".").rstrip("_"), value=_said(value))
            for path, value in it.stated()
        ],
        events=_told_by(moment, address, it),
    )


def _told_by(moment: Moment, address: Pubkey, it: r.Record) -> str:
    """Where the events of an account are; those of some are counted by another one."""
    asked: dict[str, Any] = {"about": address}
    match it:
        case r.Challenge():
            asked = {"about": it.node, "naming": address}
        case r.Position():
            asked = {"about": it.node, "name": _OF_POSITIONS, "naming": it.holder}
        case r.HardwareClass():
            asked = {"name": ("staking.ClassSet", "staking.ReferenceSet"), "class": it.id}
        case r.AttesterSet():
            asked = {"name": "proofs.AttestersSet"}
        case r.Currency():
            asked = {"name": "jobs.CurrencySet", "naming": it.mint}
        case r.Payout():
            asked = {"about": it.job, "name": _OF_PAYOUTS}
    return events_at(**asked, until=moment.time)


def records(
    moment: Moment, kind: str | None, addresses: Sequence[Pubkey], after: Pubkey | None, limit: int
) -> m.Records:
    """Accounts in the bytes of their programs: of a type, by address from after the cursor, or these.

    Raises:
        BadQuestion: there are no lists of this type.
    """
    state = moment.state
    if kind is None:
        found = [(address, it) for address in addresses if (it := _record(state, address)) is not None]
        following = None
    else:
        listed = _listed(state, kind)
        first = b"" if after is None else bytes(after)
        keys = sorted(key for key in map(bytes, listed) if key > first)
        chosen = [Pubkey.from_bytes(key) for key in keys[:limit]]
        found = [(key, listed[key]) for key in chosen]
        following = str(chosen[-1]) if len(keys) > limit else None
    made = [(address, _named(moment, address, account_of(it))) for address, it in found]
    return m.Records(
        as_of=as_of(moment),
        records=[
            m.Record(account=str(address), program=str(its.PROGRAM_ID), data=its.encode().hex())
            for address, its in made
            if its is not None
        ],
        next=following,
    )


def _named(moment: Moment, address: Pubkey, account: Account | None) -> Account | None:
    """An account with what follows from others: a first device, a payout's place, what a class is called."""
    match account:
        case accounts.staking.Class():
            # As the package calls its number.
            return replace(account, name=class_name(account.id).encode().ljust(len(account.name), b"\0"))
        case accounts.jobs.Job(payout=types.jobs.PayoutKind.IO, mint=mint) if mint != pda.mint.MINT:
            return replace(account, payout_vault=pda.buyback.payout_vault(address))
        case accounts.staking.Node():
            devices = moment.state.devices
            first = next((key for key in moment.devices.get(address, ()) if _node(key) == address), None)
            if first is not None and first in devices:
                return replace(account, device=first, device_key=devices[first].device_key)
    return account


def _listed(state: State, kind: str) -> Mapping[Pubkey, r.Record]:
    """The accounts of a type, by address."""
    listed: dict[str, Mapping[Pubkey, r.Record]] = {
        r.Node.KIND: state.nodes,
        r.Network.KIND: state.networks,
        r.Job.KIND: state.jobs,
        r.Offer.KIND: state.offers,
        r.Report.KIND: state.reports,
        r.Challenge.KIND: state.challenges,
        r.Slash.KIND: state.slashes,
        r.Cluster.KIND: state.clusters,
        r.Dispute.KIND: state.disputes,
    }
    if kind == r.Currency.KIND:
        return {_currency(key): it for key, it in state.currencies.items()}
    if kind == r.HardwareClass.KIND:
        return {_class(number): it for number, it in state.classes.items()}
    if kind not in listed:
        raise BadQuestion(f"there is no list of accounts of this type; there are {', '.join(sorted(listed))}")
    return listed[kind]


def kind_of(state: State, address: Pubkey) -> str | None:
    """The type of an account, `program.Type`; None: the events do not say what is in it."""
    it = _record(state, address)
    return None if it is None else it.KIND


def _record(state: State, address: Pubkey) -> r.Record | None:
    tables: tuple[dict[Pubkey, Any], ...] = (
        state.nodes,
        state.devices,
        state.offers,
        state.jobs,
        state.reports,
        state.challenges,
        state.slashes,
        state.proposals,
        state.networks,
        state.grants,
        state.airdrops,
        state.auctions,
        state.clusters,
        state.disputes,
    )
    for table in tables:
        if (it := table.get(address)) is not None:
            record: r.Record = it
            return record
    singles: dict[Pubkey, r.Record | None] = {
        pda.mint.CONFIG: state.mint,
        pda.distributor.CONFIG: state.distributor,
        pda.buyback.CONFIG: state.buyback,
        pda.proofs.CONFIG: state.proofs,
        pda.staking.CONFIG: state.staking,
        pda.jobs.CONFIG: state.jobs_config,
        pda.governance.CONFIG: state.governance,
        pda.proofs.ATTESTER_SET: state.attesters,
    }
    if (single := singles.get(address)) is not None:
        return single
    named: list[tuple[Pubkey, r.Record]] = [(_currency(key), it) for key, it in state.currencies.items()]
    named += [(_class(number), it) for number, it in state.classes.items()]
    named += [(_payout(job), it) for job, it in state.payouts.items()]
    return next((it for key, it in named if key == address), None) or _position(state, address)


def _position(state: State, address: Pubkey) -> r.Record | None:
    # Addresses are derived from node and holder, which costs time that others wait for.
    if len(state.positions) > _DERIVED:
        return None
    return next(
        (it for (node, holder), it in state.positions.items() if _derived(node, holder) == address),
        None,
    )


def _said(value: Any) -> str:
    shown = plain(value)
    return shown if isinstance(shown, str) else str(shown).replace("'", "")


class Transactions:
    """Transactions as the chain's node has them, decoded; the last ones are kept.

    Args:
        watching: has the node.
    """

    def __init__(self, watching: Watching) -> None:
        self._watching = watching
        self._kept: OrderedDict[str, tuple[str, list[m.Instruction]]] = OrderedDict()

    def read(self, signature: str) -> tuple[str, list[m.Instruction]]:
        """Who pays a transaction's fee, and its instructions.

        Raises:
            Unanswered: the node does not say.
        """
        if (kept := self._kept.get(signature)) is None:
            kept = _decoded(self._watching.ask(lambda client: _raw(client, signature)))
            self._kept[signature] = kept
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return kept


async def _raw(client: AsyncClient, signature: str) -> Any:
    config = {"encoding": "base64", "commitment": "confirmed", "maxSupportedTransactionVersion": 0}
    answer = await client.request("getTransaction", signature, config)
    if answer is None:
        raise Unanswered("the chain's node has not kept this transaction; its events are in the ledger")
    return answer


def _decoded(answer: Any) -> tuple[str, list[m.Instruction]]:
    message = VersionedTransaction.from_bytes(b64decode(answer["transaction"][0])).message
    loaded = (answer.get("meta") or {}).get("loadedAddresses") or {"writable": [], "readonly": []}
    own = list(message.account_keys)
    keys = [*own, *map(Pubkey.from_string, (*loaded["writable"], *loaded["readonly"]))]
    changes = [*writable(message), *(True for _ in loaded["writable"]), *(False for _ in loaded["readonly"])]
    instructions = []
    for compiled in message.instructions:
        metas = [
            AccountMeta(keys[number], number < len(own) and message.is_signer(number), changes[number])
            for number in compiled.accounts
        ]
        it = decode(Called(keys[compiled.program_id_index], bytes(compiled.data), metas))
        instructions.append(
            m.Instruction(
                program=it.program,
                program_id=str(it.program_id),
                name=it.name or "",
                summary=it.summary,
                arguments=shown_arguments(it),
                accounts=roles(it),
            )
        )
    return str(own[0]), instructions
