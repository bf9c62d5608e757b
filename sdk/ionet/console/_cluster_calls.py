"""Transactions about a whole cluster: of each as many jobs as fit into one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from ionet import AsyncCall, AsyncClient, JobState, accounts, constants, ix
from ionet.chain.amounts import Amount
from ionet.chain.packing import pack
from ionet.chain.records import KeyedAccount
from ionet.chain.transactions import encoded
from ionet.console import _cluster_models as c
from ionet.console._bonds import disputing
from ionet.console._bundles import Bundle
from ionet.console._planning import client_for
from ionet.console._several import BuiltPart
from ionet.console._visitor import Visitor
from ionet.explorer._values import BadQuestion, money
from ionet.jobs.escrow import held, is_over, so_far
from ionet.token.currency import unit_of

Action = Literal["stop", "cancel", "refund", "extend", "dispute", "close"]
_Job = KeyedAccount[accounts.jobs.Job]


def check_asked(action: Action, asked: c.AskedClusterCall) -> None:
    """Checks that a question says what its action needs, and no more.

    Raises:
        BadQuestion: it does not.
    """
    if (asked.seconds is None) == (action == "extend") or (asked.evidence is None) == (action == "dispute"):
        raise BadQuestion("to extend takes seconds, to dispute the hash of evidence, and nothing else does")


async def cluster_call(
    chain: AsyncClient, visitor: Visitor, it: Bundle, action: Action, asked: c.AskedClusterCall
) -> c.ClusterCall:
    """A transaction about as many jobs of a cluster as fit into it.

    Raises:
        BadQuestion: it concerns none of them.
        NotBookable, PriceUnusable: a job cannot be extended; nothing is built.
    """
    client = client_for(chain, visitor.wallet)
    left_out, now = frozenset(asked.but), await client.time()
    wanted = [job for job in it.jobs if str(job.address) not in left_out]
    concerned = [job for job in wanted if concerns(action, job.account, now)]
    if not concerned:
        raise BadQuestion(f"no job of this cluster is there to {action}")
    if action == "extend" and any(job.account.refund_to != visitor.wallet for job in concerned):
        # Anybody can book a job in another's name, and wait for them to pay for more of it.
        raise BadQuestion("this cluster is not extended here: another wallet gets refunds of it")
    if action == "dispute" and {job.account.renter for job in concerned} != {it.key and it.key.pubkey()}:
        raise BadQuestion("its renter alone disputes a job, and this cluster was not booked here")
    groups = [await _of_job(client, action, job, asked) for job in concerned]
    part = pack(visitor.wallet, [instructions for instructions, _ in groups])[0]
    signers = () if action != "dispute" or it.key is None else (it.key,)
    made = [each for index in part for each in groups[index][0]]
    call: AsyncCall[None] = AsyncCall(client, made, signers=signers)
    built = BuiltPart(
        await call.tx(partial=True),
        await client.slot(),
        tuple(concerned[index].address for index in part),
        tuple(concerned[index].account.node for index in part),
        len(concerned) - len(part),
    )
    return said(it.address, built, [most for index in part if (most := groups[index][1]) is not None])


def said(cluster: Pubkey, built: BuiltPart, mosts: Sequence[Amount]) -> c.ClusterCall:
    """A transaction, as the API says it.

    Args:
        cluster: its account.
        built: the transaction.
        mosts: what each job may take of the wallet; empty: nothing.
    """
    return c.ClusterCall(
        transaction=encoded(built.transaction),
        since=built.since,
        cluster=str(cluster),
        jobs=tuple(map(str, built.jobs)),
        nodes=tuple(map(str, built.nodes)),
        left=built.left,
        most=money(sum(mosts[1:], mosts[0])) if mosts else None,
        mosts=tuple(map(money, mosts)),
    )


def concerns(action: Action, job: accounts.jobs.Job, now: int) -> bool:
    """Whether an action is to be done with a job."""
    match action:
        case "stop" | "extend":
            return job.state == JobState.RUNNING and not job.reason and not is_over(job, now)
        case "cancel":
            return job.state == JobState.BOOKED
        case "dispute":
            # Each side may once: whoever asks again goes on with the others.
            mine = job.disputes & constants.jobs.DISPUTED_BY_RENTER
            late = job.state == JobState.ENDED and now > job.ended_at + constants.jobs.DISPUTE_WINDOW
            return bool(job.started_at) and not mine and not late and held(job) > 0
        case _:
            return job.state == JobState.ENDED and so_far(job).refund > job.paid_refund


async def _of_job(
    client: AsyncClient, action: Action, job: _Job, asked: c.AskedClusterCall
) -> tuple[list[Instruction], Amount | None]:
    """What is done with a job, and the most that it takes of the wallet."""
    jobs, address = client.jobs, job.address
    match action:
        case "stop":
            return await jobs.stop(address).ix(), None
        case "cancel":
            return await jobs.cancel(address).ix(), None
        case "extend":
            quote = await jobs.quote_extension(address, asked.seconds or 0)
            return await jobs.extend(address, asked.seconds or 0, quote=quote).ix(), quote.limit
        case "dispute":
            bond = await jobs.dispute_bond(address)
            unit = unit_of(await jobs.get_currency(job.account.mint))
            evidence, renter = bytes.fromhex(asked.evidence or ""), job.account.renter
            made = disputing(client.address, renter, address, job.account.mint, bond, evidence)
            return made, unit.from_base(bond)
        case _:
            return await jobs.refund(address).ix(), None


async def close_call(chain: AsyncClient, visitor: Visitor, it: Bundle) -> c.ClusterCall:
    """Has the SOL back that the cluster's account took: closed, it leaves it to the cluster's key.

    Raises:
        BadQuestion: it cannot be closed yet, was not booked here, or holds nothing.
    """
    if it.key is None:
        raise BadQuestion("this cluster was not booked here: ionet job crank closes it")
    client = client_for(chain, visitor.wallet)
    key, holds = it.key, (await client.balance(it.key.pubkey())).base
    instructions: list[Instruction] = []
    if it.status is not None:
        if not it.status.closable:
            raise BadQuestion(
                "a cluster is closed when its jobs are over, and 20 minutes after it was opened"
            )
        holds += (await client.balance(it.address)).base
        instructions.append(ix.jobs.close_cluster(renter=key.pubkey(), cluster=it.address))
    if not holds:
        raise BadQuestion("neither the cluster's account nor its key holds anything")
    back = TransferParams(from_pubkey=key.pubkey(), to_pubkey=visitor.wallet, lamports=holds)
    call: AsyncCall[None] = AsyncCall(client, [*instructions, transfer(back)], signers=(key,))
    built = BuiltPart(await call.tx(partial=True), await client.slot(), (), (), 0)
    return said(it.address, built, [])
