"""What the console's pages read in a transaction: the very module that they are built from, in Node.js."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import AssignParams, TransferParams, assign, transfer
from solders.transaction import VersionedTransaction
from spl.token.instructions import approve, close_account, create_idempotent_associated_token_account
from spl.token.instructions import transfer as transfer_tokens
from spl.token.models import ApproveParams, CloseAccountParams
from spl.token.models import TransferParams as TokenTransfer
from tests.explorer.browsing import HERE

from ionet import ix, pda, token_account, types
from ionet.chain.ids import TOKEN_PROGRAM
from workspace.pages import environment

IO = pda.mint.MINT
WALLET, ACCESS, NODE = (Keypair.from_seed(bytes([number]) * 32).pubkey() for number in (1, 2, 3))
THIEF = Pubkey.from_string("Thief11111111111111111111111111111111111111")
PURSE = token_account(WALLET, IO)
OFFER = pda.jobs.offer(NODE)
JOB = pda.jobs.job(OFFER, 7)
MANIFEST, MOST, SECONDS = bytes(range(32)), 204_550_507, 7_200
#: Whose refund it is, of a job that the wallet only rents.
OTHER_WALLET = Keypair.from_seed(bytes([9]) * 32).pubkey()
THEIR_ACCOUNT = token_account(OTHER_WALLET, IO)
THEIR_PURSE = create_idempotent_associated_token_account(WALLET, OTHER_WALLET, IO)
THEIR_MONEY = {"refund_to": str(OTHER_WALLET), "rent_payer": str(OTHER_WALLET)}
COIN = {"mint": str(IO), "unit": "IO", "decimals": 8}


@dataclass(frozen=True)
class Case:
    """Something that is asked for, and calls that are given instead."""

    wish: dict[str, Any]
    calls: Sequence[Instruction]
    payer: Pubkey = WALLET
    price: int = 0

    def bytes(self) -> bytes:
        budget = [set_compute_unit_limit(400_000), set_compute_unit_price(self.price)]
        message = MessageV0.try_compile(self.payer, [*budget, *self.calls], [], Hash.default())
        empty = [Keypair().sign_message(b"")] * message.header.num_required_signatures
        return bytes(VersionedTransaction.populate(message, empty))


def booking(**given: Any) -> Instruction:
    args: dict[str, Any] = {"nonce": 7, "seconds": SECONDS, "max_deposit": MOST, "manifest_hash": MANIFEST}
    args |= {name: given.pop(name) for name in list(given) if name in args}
    usual: dict[str, Any] = {
        "payer": WALLET,
        "renter": ACCESS,
        "refund_to": WALLET,
        "node": NODE,
        "class_": pda.staking.class_(1),
        "proofs_config": None,
        "payout_currency": pda.jobs.currency(IO),
        "price": Keypair.from_seed(bytes(32)).pubkey(),
        "mint": IO,
        "source": PURSE,
        "args": types.jobs.BookArgs(**args),
    }
    return ix.jobs.book(**{**usual, **given})


def wish(action: str, **more: Any) -> dict[str, Any]:
    """As the pages make it."""
    about: dict[str, Any] = {"action": action, "wallet": str(WALLET), "node": str(NODE)}
    if action == "book":
        about |= {"renter": str(ACCESS), "seconds": SECONDS, "most": MOST, "manifest": MANIFEST.hex()}
    elif action != "claim":
        about["job"] = str(JOB)
    return {**about, "coin": COIN, **more}


def refunding(**given: Any) -> Instruction:
    usual = {"job": JOB, "escrow": pda.jobs.escrow(JOB), "destination": PURSE}
    return ix.jobs.refund(**{**usual, **given})


def closing(**given: Any) -> Instruction:
    usual = {"rent_payer": WALLET, "job": JOB, "escrow": pda.jobs.escrow(JOB), "fee_vault": THIEF}
    return ix.jobs.close(**{**usual, **given})


def stopping(**given: Any) -> Instruction:
    return ix.jobs.stop(**{"party": WALLET, "job": JOB, "offer": OFFER, **given})


def extending(**given: Any) -> Instruction:
    usual: dict[str, Any] = {
        "payer": WALLET,
        "party": WALLET,
        "job": JOB,
        "offer": OFFER,
        "node": NODE,
        "currency": pda.jobs.currency(IO),
        "price": Keypair.from_seed(bytes(32)).pubkey(),
        "escrow": pda.jobs.escrow(JOB),
        "source": PURSE,
        "seconds": SECONDS,
        "max_deposit": MOST,
    }
    return ix.jobs.extend(**{**usual, **given})


def disputing(**given: Any) -> Instruction:
    usual = {"party": WALLET, "job": JOB, "mint": IO, "source": PURSE, "max_bond": MOST}
    return ix.jobs.dispute(**{**usual, "evidence_hash": MANIFEST, **given})


def claiming(**given: Any) -> Instruction:
    return ix.staking.owner_claim(**{"owner": WALLET, "node": NODE, "destination": PURSE, **given})


CANCEL = ix.jobs.cancel(party=WALLET, job=JOB, offer=OFFER)
OPEN = create_idempotent_associated_token_account(WALLET, WALLET, IO)
COLLECT = ix.jobs.collect_fees(job=JOB, escrow=pda.jobs.escrow(JOB), destination=THIEF)
GIFT = transfer(TransferParams(from_pubkey=WALLET, to_pubkey=THIEF, lamports=10**9))
ALLOW = approve(
    ApproveParams(program_id=TOKEN_PROGRAM, source=PURSE, delegate=THIEF, owner=WALLET, amount=2**63)
)
#: A cluster of two nodes, opened and booked by one transaction.
SECOND = Keypair.from_seed(bytes([4]) * 32).pubkey()
CLUSTER_ID = bytes(range(32, 64))
CLUSTER = pda.jobs.cluster(ACCESS, CLUSTER_ID)
CLUSTER_RENT = 2_561_280
OTHER_JOB = pda.jobs.job(pda.jobs.offer(SECOND), 7)


def moving(to: Pubkey = CLUSTER, lamports: int = CLUSTER_RENT, by: Pubkey = WALLET) -> Instruction:
    return transfer(TransferParams(from_pubkey=by, to_pubkey=to, lamports=lamports))


def opening(**given: Any) -> Instruction:
    return ix.jobs.open_cluster(**{"renter": ACCESS, "id": CLUSTER_ID, "size": 2, **given})


def joining(node: Pubkey = NODE, **given: Any) -> Instruction:
    """A booking into the cluster, by whose key it is signed as well."""
    bare = booking(**{"node": node, "cluster": CLUSTER, **given})
    metas = [
        AccountMeta(meta.pubkey, meta.is_signer or meta.pubkey == ACCESS, meta.is_writable)
        for meta in bare.accounts
    ]
    return Instruction(bare.program_id, bytes(bare.data), metas)


def of_cluster(action: str, **more: Any) -> dict[str, Any]:
    about = {"wallet": str(WALLET), "cluster": str(CLUSTER), "renter": str(ACCESS)}
    return {"action": action, **about, **more}


FIRST = of_cluster("open", id=CLUSTER_ID.hex(), size=2)
JOINS = [wish("book", node=str(node), cluster=str(CLUSTER)) for node in (NODE, SECOND)]
BOTH: dict[str, Any] = {"action": "all", "wallet": str(WALLET), "also": str(ACCESS), "of": JOINS}
WHOLE = {**BOTH, "first": FIRST}
FOUNDING = [moving(), opening(), joining(), joining(SECOND)]
LEAVES = [
    {**wish("stop"), "cluster": str(CLUSTER)},
    {**wish("stop"), "job": str(OTHER_JOB), "node": str(SECOND), "cluster": str(CLUSTER)},
]
STOPS: dict[str, Any] = {"action": "all", "wallet": str(WALLET), "of": LEAVES}
CANCELS = {**STOPS, "of": [{**each, "action": "cancel"} for each in LEAVES]}
REFUNDS = {**STOPS, "of": [{**each, "action": "refund"} for each in LEAVES]}
OTHER = {"job": OTHER_JOB, "escrow": pda.jobs.escrow(OTHER_JOB)}
CLOSE = ix.jobs.close_cluster(renter=ACCESS, cluster=CLUSTER)
BACK = moving(WALLET, 123, ACCESS)


def leaving(offer: Pubkey = OFFER, job: Pubkey = JOB, cluster: Pubkey = CLUSTER) -> Instruction:
    return ix.jobs.cancel(party=WALLET, job=job, offer=offer, cluster=cluster)


DISPUTE = wish("dispute", most=MOST, evidence=MANIFEST.hex(), renter=str(WALLET))
#: A job that the console's key rents.
THEIRS = {**DISPUTE, "renter": str(ACCESS)}
BOND = wish("bond", renter=str(ACCESS))
ITS_PURSE = token_account(ACCESS, IO)
#: Of a dispute's 280 bytes and a token account's 165, as the network asks for them.
DISPUTE_RENT = (280 + 165 + 2 * 128) * 6_960


def paying(amount: int, by: Pubkey = WALLET, source: Pubkey = PURSE, to: Pubkey = ITS_PURSE) -> Instruction:
    given = TokenTransfer(program_id=TOKEN_PROGRAM, source=source, dest=to, owner=by, amount=amount)
    return transfer_tokens(given)


def shutting(dest: Pubkey = WALLET, account: Pubkey = ITS_PURSE) -> Instruction:
    given = CloseAccountParams(program_id=TOKEN_PROGRAM, account=account, dest=dest, owner=ACCESS)
    return close_account(given)


def contesting(job: Pubkey = JOB, **given: Any) -> list[Instruction]:
    """A dispute by the key that rents the job; what is given instead takes the place of its calls."""
    usual: dict[str, Any] = {
        "rent": moving(ACCESS, DISPUTE_RENT),
        "opening": create_idempotent_associated_token_account(WALLET, ACCESS, IO),
        "bond": paying(MOST),
        "dispute": disputing(party=ACCESS, job=job, source=ITS_PURSE),
    }
    return list({**usual, **given}.values())


def returned(**given: Any) -> list[Instruction]:
    """What is left of a dispute, to the wallet."""
    usual: dict[str, Any] = {
        "own": OPEN,
        "its": create_idempotent_associated_token_account(WALLET, ACCESS, IO),
        "close": ix.jobs.close_dispute(
            dispute=pda.jobs.dispute(JOB, ACCESS), destination=ITS_PURSE, rent_payer=ACCESS
        ),
        "bond": paying(123, ACCESS, ITS_PURSE, PURSE),
        "shut": shutting(),
        "rent": BACK,
    }
    return [call for call in {**usual, **given}.values() if call is not None]


EXTEND = wish("extend", seconds=SECONDS, most=MOST)


def lasting(node: Pubkey = NODE, **given: Any) -> Instruction:
    """More time for a job of the cluster's."""
    offer = pda.jobs.offer(node)
    job = pda.jobs.job(offer, 7)
    return extending(
        **{
            "node": node,
            "offer": offer,
            "job": job,
            "escrow": pda.jobs.escrow(job),
            "cluster": CLUSTER,
            **given,
        }
    )


def of_each(one: dict[str, Any]) -> dict[str, Any]:
    """The same for both jobs of the cluster."""
    first = {**one, "cluster": str(CLUSTER)}
    second = {**first, "job": str(OTHER_JOB), "node": str(SECOND)}
    return {"action": "all", "wallet": str(WALLET), "of": [first, second]}


EXTENDS = of_each(EXTEND)
#: Circle's dollars on mainnet.
DOLLARS = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"


def in_coin(mint: Pubkey) -> dict[str, Any]:
    """What an extension names instead, where the job is paid in another coin."""
    return {"currency": pda.jobs.currency(mint), "source": token_account(WALLET, mint)}


IN_DOLLARS = in_coin(Pubkey.from_string(DOLLARS))

HONEST = {
    "book": (Case(wish("book"), [booking()]), f"moves at most 2.04550507 IO from your account {PURSE}"),
    "stop": (Case(wish("stop"), [stopping()]), f"Ends the job {JOB} now"),
    "cancel": (Case(wish("cancel"), [CANCEL, OPEN, refunding(), COLLECT, closing()]), "before its start"),
    "cancel for nothing": (Case(wish("cancel"), [CANCEL, OPEN, refunding(), closing()]), "before its start"),
    "refund": (Case(wish("refund"), [refunding()]), f"to your account {PURSE}"),
    "a stop for another": (
        Case(wish("stop", **THEIR_MONEY), [stopping()]),
        f"to the wallet {OTHER_WALLET}, and not",
    ),
    "a refund for another": (
        Case(wish("refund", **THEIR_MONEY), [THEIR_PURSE, refunding(destination=THEIR_ACCOUNT)]),
        f"{THEIR_ACCOUNT}, the account of the wallet {OTHER_WALLET}, and not to yours",
    ),
    "a cancel for another": (
        Case(
            wish("cancel", **THEIR_MONEY),
            [CANCEL, THEIR_PURSE, refunding(destination=THEIR_ACCOUNT), closing(rent_payer=OTHER_WALLET)],
        ),
        f"come back to the wallet {OTHER_WALLET}, and not to yours",
    ),
    "extend": (Case(EXTEND, [extending()]), "for 2 h more: moves at most 2.04550507 IO"),
    "which job on which node is extended": (
        Case(EXTEND, [extending()]),
        f"Books the job {JOB} on the node {NODE} for 2 h more",
    ),
    # No byte says whose refund it is.
    "extend, by the console's word": (
        Case(EXTEND, [extending()]),
        "is refunded to your wallet, as this console says: that was fixed when the job was booked, and no",
    ),
    "extend for another": (
        Case({**EXTEND, **THEIR_MONEY}, [extending()]),
        f"refunded to the wallet {OTHER_WALLET}, and not to yours, as this console says",
    ),
    "opening one's own account": (
        Case(wish("refund"), [OPEN, refunding()]),
        f"Opens your account {PURSE} for what is refunded, if it is not there: 0.00203928 SOL of yours",
    ),
    "opening another's account": (
        Case(wish("refund", **THEIR_MONEY), [THEIR_PURSE, refunding(destination=THEIR_ACCOUNT)]),
        "your wallet then pays 0.00203928 SOL for it, which do not come back to you",
    ),
    "opening the account of a key": (
        Case(THEIRS, contesting()),
        "of the key, if it is not there: 0.00203928 SOL of yours then stay in it until it is closed",
    ),
    "dispute": (Case(DISPUTE, [disputing()]), "moves a bond of at most 2.04550507 IO"),
    # Whatever a console calls a coin that the pages know.
    "a coin's own name and decimals": (
        Case({**EXTEND, "coin": {"mint": str(IO), "unit": "cents", "decimals": 2}}, [extending()]),
        "moves at most 2.04550507 IO",
    ),
    "dollars": (
        Case(
            {**EXTEND, "coin": {"mint": DOLLARS, "unit": "cents", "decimals": 2}}, [extending(**IN_DOLLARS)]
        ),
        "moves at most 204.550507 USDC from",
    ),
    "another coin that nobody knows": (
        Case(
            {**EXTEND, "coin": {"mint": str(NODE), "unit": "X", "decimals": 2}}, [extending(**in_coin(NODE))]
        ),
        f"moves at most 2,045,505.07 X (204550507 base units of the mint {NODE}, of which this console alone",
    ),
    "dispute by its key": (
        Case(THEIRS, contesting()),
        f"Moves 2.04550507 IO from your account to that of the key {ACCESS}, which pays the bond",
    ),
    "its accounts": (Case(THEIRS, contesting()), "Moves 0.00487896 SOL from your wallet to the key"),
    "dispute all": (
        Case(
            {**of_each(THEIRS), "also": str(ACCESS)},
            [*contesting(), *contesting(OTHER_JOB)],
        ),
        "Together these 2 bonds move at most 4.09101014 IO",
    ),
    "a bond back": (Case(BOND, returned()), "Moves 0.00000123 IO from the account of the key"),
    "what another returned": (Case(BOND, returned(close=None)), "Moves 0.000000123 SOL from the key"),
    "a lost bond": (
        Case(
            BOND,
            returned(
                close=ix.jobs.close_dispute(
                    dispute=pda.jobs.dispute(JOB, ACCESS), destination=THIEF, rent_payer=ACCESS
                )
            ),
        ),
        f"Its bond goes to {THIEF}",
    ),
    "claim": (Case(wish("claim"), [claiming()]), f"rewards of your node {NODE} to your account {PURSE}"),
    "two nodes": (
        Case(WHOLE, FOUNDING),
        "Together these 2 bookings move at most 4.09101014 IO: all of them or none.",
    ),
    "its opening": (Case(WHOLE, FOUNDING), f"Opens the cluster {CLUSTER} of 2 nodes for the key {ACCESS}"),
    "its rent": (Case(WHOLE, FOUNDING), f"Moves 0.00256128 SOL from your wallet into {CLUSTER}"),
    "the rest of a cluster": (Case(BOTH, [joining(SECOND)]), f"Books the node {SECOND} for 2 h"),
    "stop all": (
        Case(STOPS, [stopping(), stopping(job=OTHER_JOB, offer=pda.jobs.offer(SECOND))]),
        f"Ends the job {OTHER_JOB} now",
    ),
    "cancel all": (
        Case(
            CANCELS,
            [
                *(leaving(), OPEN, refunding(), COLLECT, closing()),
                *(leaving(pda.jobs.offer(SECOND), OTHER_JOB), OPEN, refunding(**OTHER), closing(**OTHER)),
            ],
        ),
        f"Ends the job {OTHER_JOB} before its start",
    ),
    "refund all": (
        Case(REFUNDS, [OPEN, refunding(), refunding(**OTHER)]),
        f"in the escrow {OTHER['escrow']} to your account {PURSE}",
    ),
    "extend all": (
        Case(EXTENDS, [lasting(), lasting(SECOND)]),
        "Together these 2 extensions move at most 4.09101014 IO: all of them or none.",
    ),
    "extend in a cluster": (
        Case({**EXTEND, "cluster": str(CLUSTER)}, [extending(cluster=CLUSTER)]),
        "for 2 h more",
    ),
    "close a cluster": (
        Case(of_cluster("return"), [CLOSE, BACK]),
        f"from the cluster's key {ACCESS} to your",
    ),
    "what a closed one left": (
        Case(of_cluster("return"), [BACK]),
        "Moves 0.000000123 SOL from the cluster's",
    ),
}
LIES = {
    "a gift": (Case(wish("book"), [booking(), GIFT]), "calls the program 11111111111111111111"),
    "an allowance": (Case(wish("book"), [ALLOW, booking()]), f"calls the program {TOKEN_PROGRAM}"),
    "twice": (Case(wish("book"), [booking(), booking(nonce=8)]), "would do this: book, book"),
    "another deposit": (Case(wish("book"), [booking(max_deposit=MOST + 1)]), "204550508 as max deposit"),
    "another length": (Case(wish("book"), [booking(seconds=SECONDS + 1)]), "7201 as seconds"),
    "another program to run": (Case(wish("book"), [booking(manifest_hash=bytes(32))]), "as manifest hash"),
    "another node": (Case(wish("book"), [booking(node=THIEF)]), f"has {THIEF} as node where {NODE} belongs"),
    "another refund": (Case(wish("book"), [booking(refund_to=THIEF)]), f"has {THIEF} as refund to"),
    "another renter": (Case(wish("book"), [booking(renter=THIEF)]), f"has {THIEF} as renter where {ACCESS}"),
    "another source": (Case(wish("book"), [booking(source=THIEF)]), f"has {THIEF} as source where"),
    "another job": (Case(wish("book"), [booking(job=THIEF)]), f"has {THIEF} as job where"),
    "another escrow": (Case(wish("book"), [booking(escrow=THIEF)]), f"has {THIEF} as escrow where"),
    "another coin": (Case(wish("book"), [booking(mint=THIEF)]), " as currency where "),
    "a cluster": (Case(wish("book"), [booking(cluster=THIEF)]), f"has {THIEF} as cluster where"),
    "another config": (Case(wish("book"), [booking(config=THIEF)]), f"has {THIEF} as config"),
    "a foreign program": (
        Case(wish("book"), [Instruction(THIEF, bytes(booking().data), booking().accounts)]),
        f"calls the program {THIEF}",
    ),
    "another payer": (
        Case(wish("book"), [booking()], payer=THIEF),
        "other signatures than",
    ),
    "a dear priority": (Case(wish("book"), [booking()], price=10**7), "would pay"),
    "cancel for stop": (Case(wish("stop"), [CANCEL]), "would do this: cancel"),
    "another's stop": (Case(wish("stop"), [stopping(job=THIEF)]), f"has {THIEF} as job where"),
    "my refund to whom the console named": (
        Case(wish("refund"), [refunding(destination=THEIR_ACCOUNT)]),
        f"{THEIR_ACCOUNT} as destination",
    ),
    "another's refund to me": (Case(wish("refund", **THEIR_MONEY), [refunding()]), f"{PURSE} as destination"),
    "a refund elsewhere": (Case(wish("refund"), [refunding(destination=THIEF)]), f"{THIEF} as destination"),
    "a refund of another job": (Case(wish("refund"), [refunding(job=THIEF)]), f"has {THIEF} as job where"),
    "rent elsewhere": (
        Case(wish("cancel"), [CANCEL, OPEN, refunding(), closing(rent_payer=THIEF)]),
        f"has {THIEF} as rent payer",
    ),
    "another's purse": (
        Case(wish("refund"), [create_idempotent_associated_token_account(WALLET, THIEF, IO), refunding()]),
        " as purse where ",
    ),
    "a longer extension": (Case(EXTEND, [extending(seconds=1)]), "has 1 as seconds"),
    "a dearer extension": (Case(EXTEND, [extending(max_deposit=MOST + 1)]), "as max deposit"),
    "a dearer dispute": (Case(DISPUTE, [disputing(max_bond=MOST + 1)]), "as max bond"),
    "other evidence": (Case(DISPUTE, [disputing(evidence_hash=bytes(32))]), "as evidence hash"),
    "a bond that nobody disputes with": (Case(THEIRS, contesting()[:3]), "other signatures"),
    "another call with the bond": (
        Case(THEIRS, contesting(dispute=stopping(party=ACCESS))),
        "asked to dispute, and the transaction would do this: transfer, open purse, move, stop",
    ),
    "a dearer bond": (Case(THEIRS, contesting(bond=paying(MOST + 1))), "204550508 as amount"),
    "a bond elsewhere": (Case(THEIRS, contesting(bond=paying(MOST, to=THIEF))), f"has {THIEF} as to where"),
    "more SOL for it": (Case(THEIRS, contesting(rent=moving(ACCESS, DISPUTE_RENT + 1))), "as lamports"),
    "its SOL elsewhere": (Case(THEIRS, contesting(rent=moving(THIEF, DISPUTE_RENT))), f"has {THIEF} as to"),
    "a purse of a thief's": (
        Case(
            THEIRS,
            contesting(opening=create_idempotent_associated_token_account(WALLET, THIEF, IO)),
        ),
        " as purse where ",
    ),
    "a dispute of another job": (Case(THEIRS, contesting(OTHER_JOB)), f"has {OTHER_JOB} as job where"),
    "other evidence of its key": (
        Case(
            THEIRS,
            contesting(dispute=disputing(party=ACCESS, source=ITS_PURSE, evidence_hash=bytes(32))),
        ),
        "as evidence hash",
    ),
    "an allowance with a dispute": (Case(THEIRS, [*contesting(), ALLOW]), "something else than to move"),
    "a dispute for one that was not named": (
        Case({**THEIRS, "renter": str(THIEF)}, contesting()),
        "and that of",
    ),
    "a bond back to another": (
        Case(BOND, returned(bond=paying(123, ACCESS, ITS_PURSE, THIEF))),
        f"has {THIEF} as to where",
    ),
    "the wallet's own for a bond": (
        Case(BOND, returned(bond=paying(123, WALLET, PURSE, THIEF))),
        f"has {PURSE} as from where",
    ),
    "a closed purse's SOL to another": (Case(BOND, returned(shut=shutting(THIEF))), f"has {THIEF} as to"),
    "the key's SOL to another": (Case(BOND, returned(rent=moving(THIEF, 123, ACCESS))), f"has {THIEF} as to"),
    "a claim elsewhere": (Case(wish("claim"), [claiming(destination=THIEF)]), f"has {THIEF} as destination"),
    "a claim of another node": (Case(wish("claim"), [claiming(node=THIEF)]), f"has {THIEF} as"),
    "a cluster's gift": (Case(WHOLE, [*FOUNDING, GIFT]), "would do this: book, transfer"),
    "a gift for its rent": (Case(WHOLE, [moving(THIEF), *FOUNDING[1:]]), f"has {THIEF} as to where"),
    "more for its rent": (
        Case(WHOLE, [moving(lamports=CLUSTER_RENT + 1), *FOUNDING[1:]]),
        "2561281 as lamports",
    ),
    "no opening": (Case(WHOLE, [joining(), joining(SECOND)]), "nothing of what was asked for"),
    "no rent": (Case(WHOLE, [opening(), joining(), joining(SECOND)]), "asked to open"),
    "opened twice": (Case(BOTH, FOUNDING), "calls the program 11111111111111111111"),
    "a larger cluster": (Case(WHOLE, [moving(), opening(size=3), *FOUNDING[2:]]), "has 3 as size"),
    "another id": (Case(WHOLE, [moving(), opening(id=bytes(32)), *FOUNDING[2:]]), "as cluster where"),
    "a cluster elsewhere": (
        Case({**WHOLE, "first": {**FIRST, "cluster": str(THIEF)}}, FOUNDING),
        "account would be",
    ),
    "a node twice": (Case(BOTH, [joining(), joining(nonce=8)]), f"is about {NODE}, which was not asked"),
    "a node that nobody chose": (Case(BOTH, [joining(THIEF)]), f"is about {THIEF}, which was not asked"),
    "into another cluster": (Case(BOTH, [joining(cluster=THIEF)]), f"has {THIEF} as cluster where {CLUSTER}"),
    "into no cluster": (Case(BOTH, [joining(cluster=None)]), " as cluster where "),
    "a dearer second": (
        Case(WHOLE, [*FOUNDING[:3], joining(SECOND, max_deposit=MOST + 1)]),
        "as max deposit",
    ),
    "another program on the second": (
        Case(WHOLE, [*FOUNDING[:3], joining(SECOND, manifest_hash=bytes(32))]),
        "as manifest hash",
    ),
    "a refund of the second elsewhere": (
        Case(WHOLE, [*FOUNDING[:3], joining(SECOND, refund_to=THIEF)]),
        f"has {THIEF} as refund to",
    ),
    "without the cluster's key": (Case(STOPS | {"also": str(ACCESS)}, [stopping()]), "other signatures"),
    "with another key": (Case({**BOTH, "also": str(THIEF)}, [joining()]), f"and that of {THIEF}"),
    "with a key that was not named": (
        Case({**BOTH, "also": None}, [joining()]),
        "other signatures than that of your wallet",
    ),
    "a longer extension of the second": (
        Case(EXTENDS, [lasting(), lasting(SECOND, seconds=1)]),
        "has 1 as seconds",
    ),
    "a dearer extension of the second": (
        Case(EXTENDS, [lasting(), lasting(SECOND, max_deposit=MOST + 1)]),
        "as max deposit",
    ),
    "nothing": (Case(STOPS, []), "nothing of what was asked for"),
    "another's job among them": (Case(STOPS, [stopping(), stopping(job=THIEF)]), f"is about {THIEF}"),
    "a job twice": (Case(STOPS, [stopping(), stopping()]), f"is about {JOB}"),
    "cancel for stop all": (Case(STOPS, [leaving()]), "asked to stop"),
    "a refund of the second job elsewhere": (
        Case(REFUNDS, [refunding(), refunding(**OTHER, destination=THIEF)]),
        f"{THIEF} as destination",
    ),
    "what is left of a cluster elsewhere": (
        Case(of_cluster("return"), [CLOSE, moving(THIEF, 123, ACCESS)]),
        f"has {THIEF} as to where {WALLET}",
    ),
    "the wallet's own as well": (
        Case(of_cluster("return"), [CLOSE, BACK, moving(THIEF, 123)]),
        "would do this: close_cluster, transfer, transfer",
    ),
    "the wallet's own for the cluster's": (
        Case(of_cluster("return"), [CLOSE, moving(ACCESS, 123)]),
        "other signatures",
    ),
    "another System call": (
        Case(of_cluster("return"), [CLOSE, assign(AssignParams(pubkey=ACCESS, owner=THIEF))]),
        "something else than to move SOL",
    ),
}


@pytest.fixture(scope="module")
def told(tools: None) -> dict[str, Any]:
    cases = {name: case for name, (case, _) in {**HONEST, **LIES}.items()}
    question = {
        "site": "console",
        "wishes": [case.wish for case in cases.values()],
        "integers": ["seconds", "most", "size"],
        "transactions": [case.bytes().hex() for case in cases.values()],
    }
    ended = subprocess.run(
        ["node", str(HERE / "decode.mjs")],
        input=json.dumps(question),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return dict(zip(cases, json.loads(ended.stdout), strict=True))


def test_what_was_asked_for_is_said_in_words_and_amounts(told: dict[str, Any]) -> None:
    for name, (case, words) in HONEST.items():
        assert "does" in told[name], (name, told[name])
        assert words in " ".join(told[name]["does"]).replace("\u202f", " "), name
        signatures = case.bytes()[0]
        assert bytes.fromhex(told[name]["message"]) == case.bytes()[1 + 64 * signatures :], name


def test_what_was_not_asked_for_is_refused_and_says_why(told: dict[str, Any]) -> None:
    for name, (_, words) in LIES.items():
        assert "refused" in told[name], (name, told[name])
        assert words in told[name]["refused"].replace("\u202f", " "), (name, told[name])
