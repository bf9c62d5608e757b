"""The final checks: every vault holds what the accounts say, and every IO is accounted for."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from ionet import AsyncClient, AsyncLocalTransport, Client, accounts, emission, events, pda
from ionet.chain.ids import TOKEN_PROGRAM
from ionet.localnet.record import Check

if TYPE_CHECKING:
    from ionet.ledger import Verified
    from ionet.orchestrator import Result

_ABSENT: Final = "no account"


def market_checks(client: Client, nodes: Mapping[str, Pubkey]) -> list[Check]:
    """Returns checks of the market as a whole.

    Args:
        client: any client of the network.
        nodes: every node, by name.
    """
    config, buyback = client.mint.get_config(), client.buyback.get_config()
    ledger = client.fetch(accounts.staking.EmissionLedger, pda.mint.EMISSION_LEDGER)
    supply = client.token_mint(pda.mint.MINT).supply
    checks = [
        Check(
            "supply = genesis + emitted − burned",
            config.genesis + config.emitted - config.reserve_burned - buyback.burned,
            supply,
        ),
        Check("all token accounts together hold the supply", supply, _held_by_all(client)),
        Check(
            "emitted = what the schedule says for the time of the last emission",
            emission.cumulative(config.last_time - config.start),
            config.emitted,
        ),
        Check(
            "emission vault = emitted − withheld − credited",
            config.emitted - config.withheld - ledger.credited,
            client.token_account(config.emission_vault).amount,
        ),
        Check(
            "reserve vault = withheld − burned from it",
            config.withheld - config.reserve_burned,
            client.token_account(config.reserve_vault).amount,
        ),
        Check("fee vaults hold no IO: whatever was paid in IO is burned", 0, sum(client.buyback.fees())),
    ]
    for name, address in nodes.items():
        node = client.staking.get_node(address)
        checks.append(
            Check(
                f"vault of {name}'s node = stake, rewards and co-stake of its account",
                node_total(node),
                client.token_account(node.vault).amount,
            )
        )
    lifetimes = sum(client.staking.get_node(address).credited for address in nodes.values())
    checks.append(Check("credited in all = sum of the nodes' credits", ledger.credited, lifetimes))
    return checks


def ledger_checks(client: Client) -> list[Check]:
    """Returns checks of everything against the programs' events; none where the extra `ledger` is missing.

    Args:
        client: any client of a network in this process.
    """
    if find_spec("sqlalchemy") is None:
        return []
    verified = asyncio.run(_verified(client))
    checks = [Check(f"by every event: {sum_.name}", sum_.expected, sum_.found) for sum_ in verified.checks]
    apart = len(verified.differences) + len(verified.missing)
    return [*checks, Check("accounts and numbers that are not what every event says", 0, apart)]


async def _verified(client: Client) -> Verified:
    from ionet.ledger import Follower, open_ledger, verify

    near = AsyncClient(AsyncLocalTransport(client.network))
    with await open_ledger(near, ":memory:") as database:
        return await verify(near, database, Follower(near, database))


def node_total(node: accounts.staking.Node) -> int:
    """Returns what a node's vault holds according to its account, in base units."""
    own, co = node.own, node.co
    cooling = sum(slot.amount for slot in own.cooling.slots)
    return own.active + own.pending + cooling + own.due + co.tokens + co.owed


def job_check(
    client: Client,
    job: Pubkey,
    booked: accounts.jobs.Job,
    ended: events.jobs.Ended,
    paid: Mapping[int, int],
    result: Result,
    attested: events.jobs.Attested,
) -> list[Check]:
    """Returns checks of a closed job.

    Args:
        client: any client of the network.
        job: its address.
        booked: its account right after booking.
        ended: what everyone was owed.
        paid: what was paid, by party: supplier, fee vault, renter.
        result: the result of its run.
        attested: the last attestation.
    """
    return [
        Check("deposit = supplier + fees + refund", booked.price + booked.fee, sum(paid.values())),
        Check("the supplier was paid what they were owed", ended.owed_supplier, paid[0]),
        Check("the fee vault was paid what it was owed", ended.owed_fees, paid[1]),
        Check("the renter was paid what they were owed", ended.owed_refund, paid[2]),
        Check(
            "the manifest that was run is the one in the escrow",
            booked.manifest_hash.hex(),
            result.manifest.hex(),
        ),
        Check("the result's hash is on chain", result.digest.hex(), attested.result_hash.hex()),
        Check("the job's account is closed", _ABSENT, _state(client, job)),
        Check("the escrow is closed", _ABSENT, _state(client, booked.escrow)),
    ]


def _state(client: Client, address: Pubkey) -> str:
    account = client.account(address)
    return _ABSENT if account is None else f"{len(account.data)} bytes of {account.owner}"


def _held_by_all(client: Client) -> int:
    """Returns the IO, in base units, in all token accounts."""
    mint = {"memcmp": {"offset": 0, "bytes": str(pda.mint.MINT)}}
    config = {
        "encoding": "base64",
        "filters": [{"dataSize": 165}, mint],
        "dataSlice": {"offset": 64, "length": 8},
    }
    total = 0
    for entry in client.request("getProgramAccounts", str(TOKEN_PROGRAM), config):
        total += int.from_bytes(b64decode(entry["account"]["data"][0]), "little")
    return total
