"""What the API says of votes, attesters, auctions, places, stake, accounts and transactions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from solders.pubkey import Pubkey
from tests.explorer.conftest import Choices, Near, Served
from tests.explorer.test_api import base
from tests.stateful.arena import Arena

from ionet import Client, accounts, pda
from ionet.explorer._past import Past
from ionet.explorer._watching import Watching
from ionet.ledger import Database, Landed
from ionet.staking.stake import StakeCapacity


@pytest.fixture
def asking(serving: Callable[..., Served], client: Client) -> Served:
    """An explorer that has a node to ask."""
    return serving(watching=Near(client))


# --- places and stake ---------------------------------------------------------------------------


async def test_countries_and_networks_count_every_node_once(explorer: Served, client: Client) -> None:
    nodes = [keyed.account for keyed in client.staking.nodes()]
    live = sum(node.units for node in nodes if node.state == 0)
    for path in ("/countries", "/networks"):
        groups = (await explorer.read(path))["groups"]
        assert sum(group["live"] for group in groups) == live
        assert sum(base(group["stake"]) for group in groups) == sum(
            node.own.active + node.co.active for node in nodes if node.state == 0
        )
    assert {group["key"] for group in (await explorer.read("/countries"))["groups"]} == {
        f"{node.region:03}" if node.region else "" for node in nodes
    }


@pytest.mark.parametrize("only", ["live", "proven", "hired"])
async def test_a_number_of_a_class_opens_the_nodes_that_it_counts(explorer: Served, only: str) -> None:
    total = (await explorer.read("/classes"))["total"]
    rows = (await explorer.read("/nodes", only=only))["nodes"]
    assert sum(row["units"] for row in rows) == total[only]


async def test_nodes_of_a_country_or_network_are_listed(explorer: Served) -> None:
    whole = (await explorer.read("/nodes"))["nodes"]
    assert (await explorer.read("/nodes", country=276))["nodes"] == whole
    assert (await explorer.read("/nodes", country=40))["nodes"] == []
    assert (await explorer.read("/nodes", network=str(Pubkey.default())))["nodes"] == whole


async def test_the_room_of_a_node_is_that_of_the_program(
    explorer: Served, client: Client, arena: Arena
) -> None:
    rows = {row["node"]: row for row in (await explorer.read("/stakes"))["nodes"]}
    for keyed in client.staking.nodes():
        class_ = client.fetch(accounts.staking.Class, pda.staking.class_(keyed.account.class_))
        capacity = StakeCapacity.of(keyed.account, class_)
        row = rows.get(str(keyed.address))
        assert (0 if row is None else base(row["room"])) == capacity.co.base
    row = rows[str(arena.market.alice.node)]
    # Announced after the node's last credit, and due by now; its account has the one before.
    assert (row["commission_bps"], row["commissions"][0]["bps"]) == (900, 900)
    # Two were proposed, and one is a disproof.
    assert row["slashes"] == 3


@pytest.mark.parametrize(
    ("sort", "what", "sign"),
    [
        ("reward", "co_reward", -1),
        ("room", "room", -1),
        ("co", "co_active", -1),
        ("own", "own_active", -1),
        ("slashed", "slashed", 1),
        ("commission", "commission_bps", 1),
        ("rate", "yearly_bps", -1),
    ],
)
async def test_nodes_that_take_co_stake_are_sorted_on_every_page(
    serving: Callable[..., Served], choices: Choices, sort: str, what: str, sign: int
) -> None:
    with Database.open(choices.place) as database:
        explorer = serving(database=database)
        rows: list[Any] = []
        more: dict[str, str] = {}
        while True:
            page = await explorer.read("/stakes", sort=sort, limit=1, **more)
            rows += page["nodes"]
            if page["next"] is None:
                break
            more = {"cursor": page["next"]}
    values = [row[what] if isinstance(row[what], int | None) else base(row[what]) for row in rows]
    assert values == sorted(values, key=lambda value: sign * (value or 0))
    assert len(set(values)) > 1, "the test needs nodes that differ"
    assert len(rows) == len({row["node"] for row in rows}) == 2


async def test_the_reward_of_co_stakers_is_that_of_thirty_days(
    database: Database, landed: list[Landed], arena: Arena
) -> None:
    credited: list[tuple[int, Any]] = [
        (sent.time, emitted.event)
        for sent in landed
        for emitted in sent.log.emitted
        if type(emitted.event).__name__ == "Credited"
    ]
    last, past = max(time for time, _ in credited), Past(database, 2)
    with past.at(last) as moment:
        expected = sum(event.co_part for time, event in credited if time // 86_400 > last // 86_400 - 30)
        assert moment.co_reward(arena.market.alice.node) == expected > 0


# --- attesters and hours ------------------------------------------------------------------------


async def test_seats_are_those_of_the_set_with_their_approvals(
    explorer: Served, client: Client, landed: list[Landed]
) -> None:
    seats = client.fetch(accounts.proofs.AttesterSet, pda.proofs.ATTESTER_SET)
    told: list[tuple[int, Any]] = [
        (sent.time, emitted.event)
        for sent in landed
        for emitted in sent.log.emitted
        if type(emitted.event).__name__ == "ReportApproved"
    ]
    last = max(time for time, _ in told)
    lately = [event for time, event in told if time > last - 7 * 86_400]
    reached = {event.report for event in lately if event.approved_at}
    answer = await explorer.read("/attesters", at=last)
    assert answer["threshold"] == seats.threshold
    assert [row["attester"] for row in answer["seats"]] == [
        str(key) for key in seats.keys[: len(answer["seats"])]
    ]
    for row in answer["seats"]:
        approved = {event.report for event in lately if event.seat == row["seat"]} & reached
        assert (row["approved"], row["of"]) == (len(approved), len(reached))
    assert answer["seats"][0]["approved"] > 0
    assert max(row["last_approval"] for row in answer["seats"]) == last


async def test_an_hour_without_evidence_says_only_what_events_prove(explorer: Served, arena: Arena) -> None:
    rows = (await explorer.read(f"/nodes/{arena.market.alice.node}/hours"))["hours"]
    assert [row["end"] for row in rows] == sorted((row["end"] for row in rows), reverse=True)
    assert {row["source"] for row in rows} == {"events", "nothing"}
    first = rows[-1]
    assert first["zero"] is True
    assert first["why"] == ["it had been registered for less than the 5 hours in a row that are needed"]
    assert all(row["zero"] is None and row["reward"] is None for row in rows if row["source"] == "nothing")


# --- auctions -----------------------------------------------------------------------------------


async def test_auctions_have_their_terms_and_the_oracles_price(asking: Served, client: Client) -> None:
    answer = await asking.read("/auctions")
    config = client.buyback.get_config()
    assert (answer["start_bps"], answer["end_bps"], answer["period"]) == (
        config.start_bps,
        config.end_bps,
        config.period,
    )
    price = client.price(config.price_account)
    assert int(answer["price"]["usd_per_io"].replace(".", "")) == price.price
    # Nobody has posted one for months.
    assert "old" in answer["price"]["fault"]
    sold = [vault for vault in answer["vaults"] if vault["sales"]]
    assert [base(vault["bought"]) for vault in sold] == [
        client.fetch(accounts.buyback.Auction, Pubkey.from_string(vault["auction"])).bought for vault in sold
    ]


async def test_a_lot_is_shown_while_it_can_be_bought(explorer: Served, landed: list[Landed]) -> None:
    started = next(
        (sent.time, emitted.event)
        for sent in landed
        for emitted in sent.log.emitted
        if type(emitted.event).__name__ == "AuctionStarted"
    )
    time = started[0]
    answer = await explorer.read("/auctions", at=time)
    lots = [vault["lot"] for vault in answer["vaults"] if vault["lot"]]
    assert lots
    assert lots[0]["lapses_at"] - lots[0]["ends_at"] == answer["period"]
    assert answer["price"] is None
    assert answer["price_why"]
    later = await explorer.read("/auctions", at=lots[0]["lapses_at"] + 1)
    assert all(vault["lot"] is None for vault in later["vaults"])


# --- proposals ----------------------------------------------------------------------------------


@pytest.fixture
def parliament(
    serving: Callable[..., Served], governed_chain: tuple[Client, Database, str]
) -> tuple[Served, Client, str]:
    client, database, proposal = governed_chain
    return serving(watching=Near(client), database=database), client, proposal


async def test_a_proposal_is_as_its_account_and_its_votes_add_up(
    parliament: tuple[Served, Client, str],
) -> None:
    served, client, proposal = parliament
    answer = await served.read(f"/proposals/{proposal}")
    account = client.governance.get_proposal(Pubkey.from_string(proposal))
    sums = {"for": account.in_favour, "against": account.against, "abstain": account.abstain}
    assert base(answer["in_favour"]) == account.in_favour
    assert answer["standing"] == "voting"
    for choice, stake in sums.items():
        votes = [base(vote["weight"]) for vote in answer["votes"] if vote["choice"] == choice]
        # A co-staker's vote is taken off the owner's, whose event states it whole.
        assert sum(votes) >= stake
    listed = (await served.read("/proposals"))["proposals"]
    assert len(listed) == len(client.governance.proposals())
    assert next(row for row in listed if row["proposal"] == proposal)["title"] == answer["title"]


async def test_a_stored_call_is_decoded_and_has_the_hash_that_was_voted_on(
    parliament: tuple[Served, Client, str],
) -> None:
    served, _, proposal = parliament
    (call,) = (await served.read(f"/proposals/{proposal}"))["calls"]
    assert call["verified"] is True
    assert call["text"].startswith("pay 1 IO from token account")


async def test_a_call_that_is_not_what_was_voted_on_is_marked(
    serving: Callable[..., Served], governed_chain: tuple[Client, Database, str]
) -> None:
    client, database, proposal = governed_chain

    class Lying(Near):
        def ask(self, question: Any) -> Any:
            answer = super().ask(question)
            return [
                type(args)(args.program_id, args.accounts, bytes(args.data[:-1]) + b"\x07") for args in answer
            ]

    served = serving(watching=Lying(client), database=database)
    (call,) = (await served.read(f"/proposals/{proposal}"))["calls"]
    assert call["verified"] is False


async def test_without_a_node_a_proposal_says_why_its_calls_are_missing(
    serving: Callable[..., Served], governed_chain: tuple[Client, Database, str]
) -> None:
    _, database, proposal = governed_chain
    answer = await serving(watching=Watching(), database=database).read(f"/proposals/{proposal}")
    assert (answer["calls"], answer["calls_why"]) == ([], "this explorer has no node to ask")


# --- accounts and transactions --------------------------------------------------------------------


async def test_an_account_is_as_the_chain_has_it(explorer: Served, client: Client, arena: Arena) -> None:
    address = arena.market.alice.node
    answer = await explorer.read(f"/accounts/{address}")
    account = client.staking.get_node(address)
    fields = {field["name"]: field["value"] for field in answer["fields"]}
    assert answer["kind"] == "staking.Node"
    assert (fields["own.active"], fields["owner"]) == (str(account.own.active), str(account.owner))
    absent = await explorer.get(f"/api/v1/accounts/{Pubkey.new_unique()}")
    assert absent.status_code == 404


async def test_instructions_are_decoded_by_the_programs_idl(asking: Served, landed: list[Landed]) -> None:
    burned = [sent for sent in landed if "Slashed" in {type(e.event).__name__ for e in sent.log.emitted}]
    answer = await asking.read(f"/transactions/{burned[-1].signature}/instructions")
    first = answer["instructions"][0]
    assert (first["program"], first["name"]) == ("staking", "execute_slash")
    assert [role["name"] for role in first["accounts"]][:3] == ["config", "node", "slash"]


async def test_what_only_the_node_knows_is_reported_as_unknown_without_one(
    explorer: Served, landed: list[Landed]
) -> None:
    answer = await explorer.get(f"/api/v1/transactions/{landed[-1].signature}/instructions")
    assert answer.status_code == 503
    assert answer.json()["error"]["message"] == "this explorer has no node to ask"


async def test_accounts_are_had_in_the_bytes_of_their_programs(explorer: Served, client: Client) -> None:
    nodes = {str(each.address): each.account for each in client.find(accounts.staking.Node)}
    pages, cursor = list[dict[str, str]](), dict[str, str]()
    while True:
        page = await explorer.read("/records", kind="staking.Node", limit=1, **cursor)
        pages += page["records"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert [each["account"] for each in pages] == sorted(
        nodes, key=lambda text: bytes(Pubkey.from_string(text))
    )
    for each in pages:
        assert each["program"] == str(accounts.staking.Node.PROGRAM_ID)
        read = accounts.staking.Node.decode(bytes.fromhex(each["data"]))
        there = nodes[each["account"]]
        for name in ("owner", "class_", "units", "own", "co", "device", "device_key", "credited", "state"):
            assert getattr(read, name) == getattr(there, name), name
    unknown = str(Pubkey.new_unique())
    some = await explorer.read("/records", address=[pages[0]["account"], unknown, str(pda.mint.CONFIG)])
    assert [each["account"] for each in some["records"]] == [pages[0]["account"], str(pda.mint.CONFIG)]
    for asked, said in (
        ("", "ask for a `kind`, or for `address`"),
        ("?kind=staking.Node&address=" + unknown, "ask for a `kind`, or for `address`"),
        ("?kind=mint.Config", "there is no list of accounts of this type"),
    ):
        refused = await explorer.get(f"/api/v1/records{asked}")
        assert refused.status_code == 400
        assert said in refused.json()["error"]["message"]
