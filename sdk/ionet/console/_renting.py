"""Uploading, planning, and the transactions that a wallet signs."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request
from solders.pubkey import Pubkey

from ionet import AsyncCall, AsyncClient, accounts
from ionet.chain.amounts import Amount
from ionet.chain.ids import SYSTEM_PROGRAM
from ionet.chain.transactions import encoded, programs_of
from ionet.cloud import Wish
from ionet.console import _models as m
from ionet.console._bonds import bond_back, disputing, key_of
from ionet.console._founding import gives_back
from ionet.console._jobs import seen
from ionet.console._mine import mine
from ionet.console._parts import Have
from ionet.console._planning import Plan, Wanted, client_for
from ionet.console._who import Renter, Sender
from ionet.explorer._sending import became, handed, signed_of
from ionet.explorer._values import BadQuestion, address_of, money
from ionet.service.guard import FILE
from ionet.token.currency import unit_of

renting: Final = APIRouter()
#: Programs whose calls are passed on.
_PROGRAMS: Final = frozenset({accounts.jobs.Job.PROGRAM_ID, accounts.staking.Node.PROGRAM_ID})
Action = Literal["stop", "cancel", "extend", "dispute", "refund"]
_Job = Annotated[str, Path(min_length=32, max_length=44)]
_Id = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


@renting.post("/packages", summary="Begins a package of files")
async def new_package(parts: Have, sender: Sender) -> m.Package:
    """A package without files."""
    return m.Package(id=parts.uploads.begin(sender.wallet, int(parts.clock())), files=(), size=0)


@renting.get("/packages/{package}", summary="What is in a package")
async def package(parts: Have, sender: Sender, package: _Id) -> m.Package:
    """A package."""
    files = parts.uploads.files(package, sender.wallet)
    shown = tuple(m.File(name=file.name, size=file.size) for file in files)
    return m.Package(id=package, files=shown, size=sum(file.size for file in files))


@renting.post(
    "/packages/{package}/files",
    summary="Uploads a file",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {FILE: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def upload(
    parts: Have, sender: Sender, request: Request, package: _Id, asked: Annotated[m.AskedFile, Query()]
) -> m.File:
    """A file: the body is its content."""
    size = int(request.headers["content-length"])
    file = await parts.uploads.put(package, sender.wallet, asked.name, size, request.stream())
    return m.File(name=file.name, size=file.size)


@renting.post("/plans", summary="Prepares a booking: manifest, price, files in the store; nothing is paid")
async def plan(parts: Have, renter: Renter, asked: m.AskedPlan) -> m.Planned:
    """A plan."""
    packed = parts.uploads.package(asked.package, renter.wallet, ())
    wanted = Wanted(
        asked.command,
        Wish(seconds=asked.seconds, currency=asked.currency, node=address_of(asked.node)),
        asked.env,
        tuple(asked.pip),
        asked.internet,
        asked.cpus,
        asked.memory,
        asked.gpus,
    )
    made = await parts.plans.plan(renter, asked.package, packed, wanted)
    return await _planned(parts.client, made, str(renter.access.pubkey()))


async def _planned(client: AsyncClient, made: Plan, renter: str) -> m.Planned:
    quotes, manifest = made.offered.quotes, made.offered.manifest
    quote = quotes.nodes[0]
    balance = await client.tokens(made.owner, quotes.mint)
    return m.Planned(
        plan=made.id,
        node=str(quote.node),
        gives=made.offered.gives,
        seconds=quote.seconds,
        usd=money(quotes.usd),
        price=money(quotes.total("price")),
        fee=money(quotes.total("fee")),
        deposit=money(quotes.deposit),
        limit=money(quotes.limit),
        balance=money(quotes.unit.from_base(balance)),
        mint=str(quotes.mint),
        renter=renter,
        manifest=manifest.to_bytes().decode(),
        title=made.title,
    )


# -- transactions


@renting.post("/calls/book", summary="The transaction that books what was planned, to be checked and signed")
async def book(parts: Have, renter: Renter, asked: m.AskedBooking) -> m.Call:
    """A transaction."""
    made = parts.plans.get(asked.plan, renter.wallet)
    built = await parts.plans.book(made, renter)
    return m.Call(
        transaction=encoded(built.transaction),
        since=built.since,
        job=str(built.job),
        most=money(made.offered.limit),
    )


@renting.post("/jobs/{job}/calls/{action}", summary="A transaction about a job, to be checked and signed")
async def about(parts: Have, renter: Renter, job: _Job, action: Action, asked: m.AskedCall) -> m.Call:
    """A transaction."""
    if (asked.seconds is None) == (action == "extend") or (asked.evidence is None) == (action == "dispute"):
        raise BadQuestion("to extend takes seconds, to dispute the hash of evidence, and nothing else does")
    address, account = await mine(parts, renter, job)
    if account.refund_to != renter.wallet and account.renter == renter.access.pubkey():
        raise BadQuestion(
            "this job was paid by card, so that no wallet has a say in it: its payment ends it, and more time"
            " has a price for a card (/cards)"
        )
    client, most = client_for(parts.client, renter.wallet), None
    call: Any
    unit = unit_of(await client.jobs.get_currency(account.mint))
    match action:
        case "stop":
            call = client.jobs.stop(address)
        case "cancel":
            call = client.jobs.cancel(address)
        case "refund":
            call = client.jobs.refund(address)
        case "extend":
            if account.refund_to != renter.wallet:
                # Anybody can book a job in another's name, and wait for them to pay for more of it.
                raise BadQuestion("this job is not extended here: another wallet gets its refund")
            quote = await client.jobs.quote_extension(address, asked.seconds or 0)
            most, call = quote.limit, client.jobs.extend(address, asked.seconds or 0, quote=quote)
        case "dispute":
            bond = await client.jobs.dispute_bond(address)
            most, evidence = unit.from_base(bond), bytes.fromhex(asked.evidence or "")
            if account.renter == renter.wallet:
                call = client.jobs.dispute(address, evidence, max_bond=bond)
            else:
                key = key_of(parts, renter, address, account.renter)
                made = disputing(renter.wallet, key.pubkey(), address, account.mint, bond, evidence)
                call = AsyncCall(client, made, signers=(key,))
    return await _call(client, call, address, most)


@renting.post(
    "/jobs/{job}/bond",
    summary="The transaction that has back what a dispute left, to be checked and signed",
)
async def bond(parts: Have, renter: Renter, job: _Job) -> m.Call:
    """A transaction."""
    address = address_of(job)
    it = await seen(parts, renter, address)
    key, made = await bond_back(parts, renter, address, it.renter, it.mint)
    client = client_for(parts.client, renter.wallet)
    call: AsyncCall[None] = AsyncCall(client, made, signers=(key,))
    return await _call(client, call, address, None)


@renting.post(
    "/nodes/{node}/calls/claim", summary="The transaction that claims a node's rewards for its owner"
)
async def claim(parts: Have, renter: Renter, node: _Job) -> m.Call:
    """A transaction."""
    client, address = client_for(parts.client, renter.wallet), address_of(node)
    if (await client.staking.get_node(address)).owner != renter.wallet:
        raise BadQuestion("this wallet does not own the node: co-stakers claim in the explorer")
    return await _call(client, client.staking.claim(address), address, None)


async def _call(client: AsyncClient, call: Any, about: Pubkey, most: Amount | None) -> m.Call:
    transaction = await call.tx(partial=True)
    return m.Call(
        transaction=encoded(transaction),
        since=await client.slot(),
        job=str(about),
        most=None if most is None else money(most),
    )


@renting.post(
    "/sent", summary="Hands a signed transaction of the jobs or staking program to the chain's node"
)
async def send(parts: Have, renter: Renter, signed: m.Signed) -> m.Handed:
    """A transaction to send."""
    said = "the jobs or the staking program"
    transaction = signed_of(signed.transaction, _PROGRAMS | {SYSTEM_PROGRAM}, said)
    ours = bool(set(map(str, _PROGRAMS)) & set(programs_of(transaction)))
    if not ours and not gives_back(transaction, renter.wallet):
        raise BadQuestion(f"only transactions that call {said} are passed on here")
    if transaction.message.account_keys[0] != renter.wallet:
        raise BadQuestion("only transactions that the wallet of this session pays are passed on")
    return m.Handed(signature=await handed(parts.client, transaction))


@renting.get("/sent/{signature}", summary="What became of a transaction")
async def sent(
    parts: Have,
    renter: Renter,
    signature: Annotated[str, Path(min_length=64, max_length=88, description="Base58.")],
    asked: Annotated[m.AskedSent, Query()],
) -> m.Sent:
    """A transaction that was sent."""
    return await became(parts.client, signature, asked.blockhash, asked.since)
