"""Proposals, their votes, and what they change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final, cast

from solders.pubkey import Pubkey

from ionet import AsyncClient, accounts, constants, pda, types
from ionet._generated.governance.types import ProposalState
from ionet.administration.decoding import Decoded, decode
from ionet.chain.amounts import Amount
from ionet.explorer import _models as m
from ionet.explorer._market import Absent
from ionet.explorer._past import Moment
from ionet.explorer._supply import as_of
from ionet.explorer._values import events_at, money, of_io, plain, text
from ionet.explorer._watching import Unanswered, Watching
from ionet.governance.decoding import instruction_of
from ionet.governance.proposals import quorum, standing
from ionet.ledger import Database
from ionet.ledger.replay import records as r

_VOTES: Final = 200
_LOOKED_AT: Final = 5_000


def proposals(moment: Moment, skip: int, limit: int) -> m.ProposalRows:
    """Proposals, the newest first, without the first `skip`."""
    ordered = sorted(moment.state.proposals.items(), key=lambda item: (-item[1].created_at, bytes(item[0])))
    rows = [
        m.ProposalRow(
            proposal=str(key),
            title=text(it.title),
            proposer=str(it.proposer),
            standing=_standing(it, moment.time),
            created_at=it.created_at,
            voting_ends=it.voting_ends,
            in_favour=of_io(it.in_favour),
            against=of_io(it.against),
            abstain=of_io(it.abstain),
            eligible=of_io(it.eligible),
        )
        for key, it in ordered[skip : skip + limit]
    ]
    more = len(ordered) > skip + limit
    return m.ProposalRows(as_of=as_of(moment), proposals=rows, next=str(skip + limit) if more else None)


def proposal(moment: Moment, database: Database, key: Pubkey, calls: list[m.Call], why: str) -> m.Proposal:
    """A proposal.

    Args:
        moment: as of when.
        database: has its votes.
        key: its address.
        calls: its transactions.
        why: why they are not shown.

    Raises:
        Absent: there is none of this address.
    """
    it = record(moment, key)
    return m.Proposal(
        as_of=as_of(moment),
        proposal=str(key),
        title=text(it.title),
        uri=text(it.uri),
        text_hash=it.text_hash.hex(),
        proposer=str(it.proposer),
        standing=_standing(it, moment.time),
        created_at=it.created_at,
        voting_from=it.voting_from,
        voting_ends=it.voting_ends,
        extended=it.extended,
        eta=it.eta,
        expires=it.expires,
        bond=of_io(it.bond),
        in_favour=of_io(it.in_favour),
        against=of_io(it.against),
        abstain=of_io(it.abstain),
        eligible=of_io(it.eligible),
        quorum=of_io(quorum(_as_account(it)).base),
        threshold_bps=it.threshold_bps,
        transactions=it.transactions,
        executed=it.executed,
        calls=calls,
        calls_why=why,
        votes=_votes(moment, database, key),
        events=events_at(about=key, until=moment.time),
    )


def record(moment: Moment, key: Pubkey) -> r.Proposal:
    """What the events say of a proposal.

    Raises:
        Absent: there is none of this address.
    """
    it = moment.state.proposals.get(key)
    if it is None:
        raise Absent(f"no event up to slot {moment.slot} is about a proposal {key}")
    return it


def hashes(moment: Moment, key: Pubkey) -> dict[int, tuple[bytes, bytes]]:
    """Of each transaction that a proposal stores: hashes of the content before it, and with it."""
    return {
        index: (stored.before, stored.after)
        for (of, index), stored in moment.state.transactions.items()
        if of == key
    }


def parameters(moment: Moment) -> dict[str, Mapping[str, Any]]:
    """The parameters of each program, by their names, as the events say."""
    state = moment.state
    records = {
        "buyback": state.buyback,
        "governance": state.governance,
        "jobs": state.jobs_config,
        "mint": state.mint,
        "proofs": state.proofs,
        "staking": state.staking,
    }
    return {
        program: {path.rpartition(".")[2]: value for path, value in it.stated()}
        for program, it in records.items()
        if it is not None
    }


def calls_of(
    watching: Watching,
    key: Pubkey,
    stated: Mapping[int, tuple[bytes, bytes]],
    now: Mapping[str, Mapping[str, Any]],
) -> tuple[list[m.Call], str]:
    """A proposal's transactions, decoded, or why they cannot be shown.

    Args:
        watching: has the node, which has their bytes.
        key: the proposal.
        stated: see `hashes`.
        now: see `parameters`.
    """
    if not stated:
        return [], "it stores no transaction as of this time"

    async def read(client: AsyncClient) -> list[types.governance.TransactionArgs | None]:
        addresses = [pda.governance.transaction(key, index) for index in sorted(stated)]
        there = await client.fetch_many(accounts.governance.StoredTransaction, addresses)
        return [None if each is None else each.args for each in there]

    try:
        there = watching.ask(read)
    except Unanswered as bad:
        return [], str(bad)
    calls = [
        _call(index, args, stated[index], now)
        for index, args in zip(sorted(stated), there, strict=True)
        if args is not None
    ]
    return calls, "" if len(calls) == len(stated) else "the chain has not kept all of its transactions"


def _call(
    index: int,
    args: types.governance.TransactionArgs,
    hashes: tuple[bytes, bytes],
    now: Mapping[str, Mapping[str, Any]],
) -> m.Call:
    before, after = hashes
    made = sha256(constants.governance.TRANSACTION_DOMAIN + before + bytes(args)).digest()
    decoded = decode(instruction_of(args))
    changes = {name: value for name, value in shown_arguments(decoded).items() if value is not None}
    is_change = decoded.name == "set_params"
    known = now.get(decoded.program, {}) if is_change else {}
    return m.Call(
        index=index,
        text=decoded.summary,
        arguments=changes,
        was={name: plain(known[name]) for name in changes if name in known},
        accounts=roles(decoded),
        verified=made == after,
    )


def shown_arguments(decoded: Decoded) -> dict[str, Any]:
    """The arguments of a decoded instruction, for JSON."""
    return {name: _shown(value) for name, value in (decoded.arguments or {}).items()}


def _shown(value: Any) -> Any:
    if isinstance(value, Amount):
        return money(value).model_dump()
    if isinstance(value, Decoded):
        return {"calls": value.summary, "arguments": shown_arguments(value)}
    if isinstance(value, Mapping):
        return {str(name): _shown(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(each) for each in value]
    return plain(value)


def roles(decoded: Decoded) -> list[m.Role]:
    """The accounts of a decoded instruction."""
    return [
        m.Role(name=role.name, address=str(role.address), signer=role.signer, writable=role.writable)
        for role in decoded.roles
    ]


def _votes(moment: Moment, database: Database, key: Pubkey) -> list[m.Vote]:
    page = database.page(
        _LOOKED_AT,
        about=key,
        names=["governance.Voted"],
        slot=moment.slot,
        newest_first=True,
    )
    votes: dict[Pubkey, m.Vote] = {}
    for signed in page:
        event = cast("Any", signed.entry.event)
        if event.voter not in votes:
            votes[event.voter] = m.Vote(
                voter=str(event.voter),
                by=str(event.by),
                choice=event.choice.name.lower(),
                weight=of_io(event.weight),
                time=signed.entry.time,
                signature=signed.signature,
            )
    return sorted(votes.values(), key=lambda vote: (-int(vote.weight.base), vote.voter))[:_VOTES]


def _as_account(it: r.Proposal) -> accounts.governance.Proposal:
    # A record has the fields of its account that these rules read.
    return cast("accounts.governance.Proposal", replace(it, state=ProposalState(it.state)))


def _standing(it: r.Proposal, time: int) -> str:
    return str(standing(_as_account(it), time))
