"""Several nodes as one cluster, by the API: booked, met, stopped and refunded together, to the base unit."""

from __future__ import annotations

import asyncio
import os
from base64 import b64decode
from pathlib import Path
from typing import Any

from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction
from tests.console.conftest import Caller, Served, served, signed
from tests.network.renting import Renting
from tests.programs.market import CLASS, Market
from tests.programs.people import TOKEN, Supplier
from tests.programs.support import HOUR, MINUTE

from ionet import SOL, accounts
from ionet.chain.ids import TOKEN_PROGRAM
from ionet.cloud.clusters import named
from ionet.cloud.sessions import Login
from ionet.console._founding import gives_back
from ionet.console._groups import Groups, KeptCluster
from ionet.console._kept import Kept


def two(renting: Renting) -> tuple[Supplier, Supplier]:
    """Alice's node and bob's, which have just passed their proofs."""
    market = renting.site.market
    market.join(market.bob, 300 * TOKEN)
    fresh(renting)
    return market.alice, market.bob


def three(renting: Renting) -> tuple[Supplier, Supplier, Supplier]:
    """… and one of carol's."""
    market, others = renting.site.market, two(renting)
    third = Supplier(market.carol, market.actor(), "carol")
    market.join(third, 300 * TOKEN)
    market.prove(third)
    return *others, third


def fresh(renting: Renting) -> None:
    renting.ready()
    renting.site.market.prove(renting.site.market.bob)


async def planned(caller: Caller, nodes: list[Pubkey], **more: Any) -> Any:
    asked = {"nodes": list(map(str, nodes)), "seconds": 2 * HOUR, "gpus": 0, "hold": "digits"}
    return await caller.post("/clusters/plans", asked | more)


async def booked(caller: Caller, plan: Any) -> str:
    """Books all nodes of a plan; returns the cluster."""
    left = 1
    while left:
        call = await caller.post(f"/clusters/plans/{plan['plan']}/calls/book")
        await caller.land(call)
        left = call["left"]
    return str(plan["cluster"])


def base(money: Any) -> int:
    return int(money["base"])


def run(market: Market, jobs: list[Pubkey]) -> None:
    for job in jobs:
        market.start(job)


async def members(console: Served, cluster: str) -> dict[Pubkey, accounts.jobs.Job]:
    keyed = await console.parts.client.jobs.cluster_jobs(Pubkey.from_string(cluster))
    return {job.address: job.account for job in keyed}


async def test_two_nodes_of_two_owners_are_booked_stopped_and_refunded_as_one(console: Served) -> None:
    renting, market = console.renting, console.renting.site.market
    alice, bob = two(renting)
    before = market.purse(market.renter)
    async with console.caller(renting.key) as caller:
        await caller.sign_in()
        plan = await planned(caller, [alice.node, bob.node])
        cluster = await booked(caller, plan)
        jobs = await members(console, cluster)
        deposit = sum(job.price + job.fee for job in jobs.values())
        assert before - market.purse(market.renter) == deposit == base(plan["deposit"])
        assert {job.supplier for job in jobs.values()} == {alice.key, bob.key}
        run(market, list(jobs))
        market.world.advance(65 * MINUTE)
        told = await caller.get(f"/clusters/{cluster}")
        stop = await caller.post(f"/clusters/{cluster}/calls/stop")
        assert (len(stop["jobs"]), stop["left"]) == (2, 0)
        await caller.land(stop)
        stopped = await caller.get(f"/clusters/{cluster}")
        for job in jobs:
            market.attest(job, 65 * MINUTE)
            market.send(market.jobs("complete", job))
        await caller.land(await caller.post(f"/clusters/{cluster}/calls/refund"))
        (ended,) = (await caller.get("/clusters"))["clusters"]
        alone = await caller.get("/jobs")
        receipts = (await caller.http.get("/api/v1/receipts")).text
    # 65 minutes of two hours on each.
    due = {address: job.price * 65 // 120 for address, job in jobs.items()}
    refund = sum(job.price - due[address] for address, job in jobs.items())
    assert (told["state"], told["size"], len(told["jobs"])) == ("running", 2, 2)
    assert [job["stopped_at"] for job in told["jobs"]] == [0, 0]
    # It runs by the chain until it is attested, and says that it was stopped.
    assert stopped["state"] == "running"
    assert all(job["stopped_at"] == job["started_at"] + 65 * MINUTE for job in stopped["jobs"])
    assert base(told["deposit"]) == deposit
    assert base(told["cost"]["refund"]) == refund
    assert base(told["cost"]["paid"]) == deposit - refund
    assert market.purse(market.renter) == before - deposit + refund
    assert (ended["state"], base(ended["cost"]["refund"])) == ("ended", refund)
    # The list of jobs has it once, among the clusters.
    assert alone["jobs"] == []
    assert all(str(job) in receipts for job in jobs)


async def test_what_its_supplier_has_stopped_in_the_first_hour_costs_nothing(console: Served) -> None:
    renting, market = console.renting, console.renting.site.market
    alice, bob = two(renting)
    async with console.caller(renting.key) as caller:
        await caller.sign_in()
        cluster = await booked(caller, await planned(caller, [alice.node, bob.node]))
        jobs = await members(console, cluster)
        run(market, list(jobs))
        market.world.advance(10 * MINUTE)
        (job,) = (address for address, each in jobs.items() if each.supplier == alice.key)
        market.send(market.jobs("stop", job, party=alice.key))
        told = await caller.get(f"/jobs/{job}")
    assert (told["stopped_at"] - told["started_at"], told["cost"]["first_hour"]) == (10 * MINUTE, False)
    assert (base(told["cost"]["paid"]), told["cost"]["refund"]) == (0, told["deposit"])


async def test_a_cluster_is_booked_for_a_key_of_its_own_that_pays_nothing(console: Served) -> None:
    renting = console.renting
    nodes = two(renting)
    async with console.caller(renting.key) as caller:
        session = await caller.sign_in()
        plan = await planned(caller, [one.node for one in nodes])
        call = await caller.post(f"/clusters/plans/{plan['plan']}/calls/book")
        message = VersionedTransaction.from_bytes(b64decode(call["transaction"])).message
        await caller.land(call)
        jobs = await members(console, plan["cluster"])
    signers = message.account_keys[: message.header.num_required_signatures]
    assert list(map(str, signers)) == [str(renting.key.pubkey()), plan["renter"]]
    assert plan["renter"] != session["access"]
    # Each for no more than was said of its node.
    bookings = [bytes(each.data) for each in message.instructions if len(each.data) == 64]
    signed_for = sorted(int.from_bytes(data[24:32], "little") for data in bookings)
    assert signed_for == sorted(base(node["limit"]) for node in plan["nodes"])
    assert sum(signed_for) == base(call["most"]) == base(plan["limit"])
    for job in jobs.values():
        assert str(job.renter) == plan["renter"]
        assert job.refund_to == job.rent_payer == renting.key.pubkey()
    assert await console.parts.client.balance(Pubkey.from_string(plan["renter"])) == SOL(0)


async def test_another_customers_cluster_is_not_found(console: Served) -> None:
    renting = console.renting
    nodes = two(renting)
    async with console.caller(renting.key) as caller, console.caller(Keypair()) as thief:
        await caller.sign_in()
        await thief.sign_in()
        plan = await planned(caller, [one.node for one in nodes])
        early = await thief.http.post(f"/api/v1/clusters/plans/{plan['plan']}/calls/book", json={})
        cluster = await booked(caller, plan)
        head = (await caller.get(f"/clusters/{cluster}"))["head"]
        http, at = thief.http, f"/api/v1/clusters/{cluster}"
        tried = [early, await http.get(at), await http.post(f"{at}/access", json=await thief.proof())]
        tried += [
            await http.post(f"{at}/calls/{action}", json={})
            for action in ("stop", "cancel", "refund", "close")
        ]
        tried += [await http.get(f"/api/v1/jobs/{head}/{what}") for what in ("log", "result")]
        nothing = await thief.get("/clusters")
    assert [answer.status_code for answer in tried] == [404] * len(tried)
    assert nothing["clusters"] == []


async def test_if_a_node_is_gone_after_the_quote_nothing_is_booked_and_it_is_named(console: Served) -> None:
    renting, market = console.renting, console.renting.site.market
    alice, bob = two(renting)
    before = market.purse(market.renter)
    async with console.caller(renting.key) as caller:
        await caller.sign_in()
        plan = await planned(caller, [alice.node, bob.node])
        # Somebody else is faster.
        market.book(of=bob)
        spent = before - market.purse(market.renter)
        answer = await caller.http.post(f"/api/v1/clusters/plans/{plan['plan']}/calls/book", json={})
        nothing = await caller.http.get(f"/api/v1/clusters/{plan['cluster']}")
    assert answer.status_code == 409
    assert str(bob.node) in answer.json()["error"]["message"]
    assert "nothing was booked" in answer.json()["error"]["message"]
    assert nothing.status_code == 404
    assert await members(console, plan["cluster"]) == {}
    assert before - market.purse(market.renter) == spent


async def test_if_a_node_is_gone_when_it_lands_the_other_is_not_booked_either(console: Served) -> None:
    renting, market = console.renting, console.renting.site.market
    alice, bob = two(renting)
    async with console.caller(renting.key) as caller:
        await caller.sign_in()
        plan = await planned(caller, [alice.node, bob.node])
        call = await caller.post(f"/clusters/plans/{plan['plan']}/calls/book")
        market.book(of=bob)
        before = market.purse(market.renter)
        late = {"transaction": signed(renting.key, call["transaction"])}
        answer = await caller.http.post("/api/v1/sent", json=late)
    assert answer.status_code == 400
    assert await members(console, plan["cluster"]) == {}
    assert market.purse(market.renter) == before


async def test_three_nodes_take_two_transactions_and_what_is_left_is_said(console: Served) -> None:
    renting = console.renting
    nodes = [each.node for each in three(renting)]
    async with console.caller(renting.key) as caller:
        await caller.sign_in()
        plan = await planned(caller, nodes)
        first = await caller.post(f"/clusters/plans/{plan['plan']}/calls/book")
        await caller.land(first)
        half = await caller.get(f"/clusters/{plan['cluster']}")
        second = await caller.post(f"/clusters/plans/{plan['plan']}/calls/book")
        await caller.land(second)
        whole = await caller.get(f"/clusters/{plan['cluster']}")
        cancel = await caller.post(f"/clusters/{plan['cluster']}/calls/cancel")
    assert (len(first["nodes"]), first["left"], len(second["nodes"]), second["left"]) == (2, 1, 1, 0)
    assert (half["missing"], whole["missing"]) == (1, 0)
    assert "1 of its 3 nodes" in half["summary"]
    assert len(cancel["jobs"]) + cancel["left"] == 3


async def test_all_nodes_get_more_time_and_none_of_them_twice(console: Served) -> None:
    renting, market = console.renting, console.renting.site.market
    nodes = [each.node for each in three(renting)]
    async with console.caller(renting.key) as caller:
        await caller.sign_in()
        cluster = await booked(caller, await planned(caller, nodes))
        run(market, list(await members(console, cluster)))
        before, paid = market.purse(market.renter), 0
        done: list[str] = []
        left = 3
        while left:
            call = await caller.post(f"/clusters/{cluster}/calls/extend", {"seconds": 2 * HOUR, "but": done})
            assert sum(map(base, call["mosts"])) == base(call["most"])
            await caller.land(call)
            done, left = [*done, *call["jobs"]], call["left"]
            paid += base(call["most"])
        nothing = await caller.http.post(
            f"/api/v1/clusters/{cluster}/calls/extend", json={"seconds": 2 * HOUR, "but": done}
        )
        said = await caller.http.post(f"/api/v1/clusters/{cluster}/calls/extend", json={})
    jobs = await members(console, cluster)
    assert sorted(done) == sorted(map(str, jobs))
    assert [(job.segment_count, job.seconds) for job in jobs.values()] == [(2, 4 * HOUR)] * 3
    taken = before - market.purse(market.renter)
    # Twice the time at the same price; what was signed for is a little more, as the price may move.
    assert taken == sum(job.price + job.fee for job in jobs.values()) // 2
    assert taken <= paid <= taken * 103 // 100
    assert (nothing.status_code, said.status_code) == (400, 400)
    assert "to extend takes seconds" in said.json()["error"]["message"]


async def test_so_many_nodes_of_a_class_are_chosen_the_cheapest(console: Served) -> None:
    renting = console.renting
    alice, bob = two(renting)
    async with console.caller(renting.key) as caller:
        await caller.sign_in()
        plan = await planned(caller, [], count=2, class_id=CLASS)
        many = await caller.http.post(
            "/api/v1/clusters/plans",
            json={"count": 3, "class_id": CLASS, "seconds": 2 * HOUR, "gpus": 0, "hold": "digits"},
        )
    assert {node["node"] for node in plan["nodes"]} == {str(alice.node), str(bob.node)}
    assert many.status_code == 409
    assert "2 such nodes are free, not 3" in many.json()["error"]["message"]


async def test_the_access_of_a_held_cluster_finds_it_as_ionet_cluster_does(console: Served) -> None:
    renting = console.renting
    nodes = two(renting)
    async with console.caller(renting.key) as caller:
        await caller.sign_in()
        plan = await planned(caller, [one.node for one in nodes])
        cluster = await booked(caller, plan)
        stale = await caller.http.post(
            f"/api/v1/clusters/{cluster}/access", json={"message": "", "signature": ""}
        )
        async with console.caller(Keypair()) as other:
            foreign = await other.proof()
        theirs = await caller.http.post(f"/api/v1/clusters/{cluster}/access", json=foreign)
        given = await caller.post(f"/clusters/{cluster}/access", await caller.proof())
    login = Login.from_text(given["session"], "the console")
    reader = console.parts.client.as_(login.key)
    held = await named(reader, given["gateway"], "digits", insecure=True)
    assert str(held.cluster) == cluster
    assert len(held.jobs) == 2
    assert "ionet cluster ssh digits" in given["commands"]
    assert (stale.status_code, theirs.status_code) == (401, 403)
    # It can spend nothing of the wallet's, and its time for that is over.
    assert await reader.jobs.spendable(login.mint) == 0
    assert login.until <= await reader.time()
    assert login.key.pubkey() != console.parts.access.key(renting.key.pubkey()).pubkey()


async def test_one_node_can_be_held_for_commands_too(console: Served) -> None:
    renting = console.renting
    alice, _ = two(renting)
    async with console.caller(renting.key) as caller:
        await caller.sign_in()
        cluster = await booked(caller, await planned(caller, [alice.node]))
        given = await caller.post(f"/clusters/{cluster}/access", await caller.proof())
    login = Login.from_text(given["session"], "the console")
    held = await named(console.parts.client.as_(login.key), given["gateway"], "digits", insecure=True)
    assert str(held.cluster) == cluster


async def test_a_job_with_a_command_is_booked_on_several_nodes_and_never_entered(console: Served) -> None:
    renting = console.renting
    nodes = two(renting)
    async with console.caller(renting.key) as caller:
        await caller.sign_in()
        package = (await caller.post("/packages"))["id"]
        await caller.upload(package, "train.py", b"print('begins')")
        plan = await planned(caller, [one.node for one in nodes], hold=None, package=package)
        cluster = await booked(caller, plan)
        there = await caller.get(f"/clusters/{cluster}")
        access = await caller.http.post(f"/api/v1/clusters/{cluster}/access", json=await caller.proof())
    assert there["title"] == plan["title"] == "python3 -u train.py"
    assert (there["name"], there["mine"]) == ("", True)
    assert access.status_code == 400


async def test_a_dearer_node_is_named_and_nothing_is_booked(console: Served) -> None:
    renting, market = console.renting, console.renting.site.market
    alice, bob = two(renting)
    async with console.caller(renting.key) as caller:
        await caller.sign_in()
        plan = await planned(caller, [alice.node, bob.node])
        market.set_price(price=196_000_000, confidence=1_000_000)
        answer = await caller.http.post(f"/api/v1/clusters/plans/{plan['plan']}/calls/book", json={})
    assert answer.status_code == 409
    assert "more than the agreed" in answer.json()["error"]["message"]
    assert await members(console, plan["cluster"]) == {}


async def test_what_was_not_delivered_when_a_console_ended_is_delivered_by_the_next(renting: Renting) -> None:
    nodes = two(renting)
    async with served(renting) as console, console.caller(renting.key) as caller:
        await caller.sign_in()
        package = (await caller.post("/packages"))["id"]
        # More than the store takes of those who rent nothing.
        await caller.upload(package, "data", os.urandom(600_000))
        plan = await planned(caller, [one.node for one in nodes], package=package)
        call = await caller.post(f"/clusters/plans/{plan['plan']}/calls/book")
    text = signed(renting.key, call["transaction"])
    await renting.client.request("sendTransaction", text, {"encoding": "base64"})
    async with served(renting) as console:
        groups = console.parts.several.groups
        assert len(groups.undelivered(0)) == 1
        async with asyncio.timeout(60):
            while groups.undelivered(0):  # noqa: ASYNC110 (a table is no event)
                await asyncio.sleep(0.05)


async def test_no_api_key_gets_into_a_cluster(console: Served) -> None:
    renting = console.renting
    nodes = two(renting)
    async with console.caller(renting.key) as caller:
        await caller.sign_in()
        cluster = await booked(caller, await planned(caller, [one.node for one in nodes]))
        asked = {"label": "all", "scopes": ["read", "files", "rent"], "days": 1}
        key = (await caller.post("/keys", {**await caller.proof(), **asked}))["key"]
        proof = await caller.proof()
    async with console.caller(renting.key, authorization=f"Bearer {key}") as program:
        answer = await program.http.post(f"/api/v1/clusters/{cluster}/access", json=proof)
        there = await program.get(f"/clusters/{cluster}")
    assert answer.status_code == 403
    assert there["mine"]


async def test_a_console_that_lost_its_database_still_knows_a_clusters_key(renting: Renting) -> None:
    nodes = two(renting)
    async with served(renting) as console, console.caller(renting.key) as caller:
        await caller.sign_in()
        cluster = await booked(caller, await planned(caller, [one.node for one in nodes]))
    for path in (renting.folder / "console").glob("console.db*"):
        path.unlink()
    async with served(renting) as console, console.caller(renting.key) as caller:
        await caller.sign_in()
        (it,) = (await caller.get("/clusters"))["clusters"]
    assert (it["cluster"], it["mine"]) == (cluster, True)


async def test_a_cancelled_cluster_gives_back_what_was_told_and_the_sol_of_its_account(
    console: Served,
) -> None:
    renting, market = console.renting, console.renting.site.market
    nodes = two(renting)
    async with console.caller(renting.key) as caller:
        await caller.sign_in()
        plan = await planned(caller, [one.node for one in nodes])
        cluster = await booked(caller, plan)
        told = await caller.get(f"/clusters/{cluster}")
        held, purse = told["rent"], market.purse(market.renter)
        await caller.land(await caller.post(f"/clusters/{cluster}/calls/cancel"))
        assert market.purse(market.renter) == purse + base(told["cost"]["refund"])
        market.world.advance(2 * HOUR)
        before = await console.parts.client.balance(renting.key.pubkey())
        await caller.land(await caller.post(f"/clusters/{cluster}/calls/close"))
        after = await console.parts.client.balance(renting.key.pubkey())
        again = await caller.http.post(f"/api/v1/clusters/{cluster}/calls/close", json={})
    # Two signatures.
    assert base(held) == 2_561_280
    assert after.base - before.base == base(held) - 10_000
    assert again.status_code == 400


def test_nobody_but_the_wallet_gets_sol_by_what_is_passed_on() -> None:
    wallet, other = Keypair().pubkey(), Keypair().pubkey()

    def moved(to: Pubkey) -> VersionedTransaction:
        move = transfer(TransferParams(from_pubkey=wallet, to_pubkey=to, lamports=1))
        message = MessageV0.try_compile(wallet, [move], [], Hash.default())
        return VersionedTransaction.populate(message, [])

    assert gives_back(moved(wallet), wallet)
    assert not gives_back(moved(other), wallet)


async def test_what_cannot_be_a_cluster_is_refused_in_a_sentence(console: Served) -> None:
    renting = console.renting
    alice, bob = two(renting)
    nodes = [str(alice.node), str(bob.node)]
    usual: dict[str, Any] = {"nodes": nodes, "seconds": 2 * HOUR, "gpus": 0, "hold": "digits"}
    wrong: dict[str, dict[str, Any]] = {
        "a node is named twice": {"nodes": [nodes[0], nodes[0]]},
        "one of both": {"count": 2, "class_id": CLASS},
        "count takes class_id": {"nodes": [], "count": 2},
        "a name is 1 to 32 of a-z": {"hold": "../digits"},
        "use /plans": {"nodes": nodes[:1], "hold": None},
        "the package has no files": {"hold": None},
        "is not on the market": {"nodes": [nodes[0], str(Keypair().pubkey())]},
    }
    async with console.caller(renting.key) as caller:
        await caller.sign_in()
        for words, changes in wrong.items():
            answer = await caller.http.post("/api/v1/clusters/plans", json=usual | changes)
            assert answer.status_code in {400, 409}, words
            assert words in answer.json()["error"]["message"]


def test_a_job_that_two_have_built_is_in_the_cluster_of_each(tmp_path: Path) -> None:
    groups, job, node = Groups(Kept(tmp_path / "console.db")), Keypair().pubkey(), Keypair().pubkey()
    owners = (Keypair().pubkey(), Keypair().pubkey())
    clusters = [
        KeptCluster(Keypair().pubkey(), owner, bytes(32), "", "", "", (), b"", number)
        for number, owner in enumerate(owners)
    ]
    for cluster in clusters:
        groups.add(cluster)
        groups.add_member(cluster.cluster, job, node, 0)
    assert [groups.of(str(job), owner) for owner in owners] == clusters
    assert [groups.members(cluster.cluster) for cluster in clusters] == [[job], [job]]


def test_no_tokens_of_the_wallet_are_moved_by_what_is_passed_on() -> None:
    wallet, key, other = (Keypair().pubkey() for _ in range(3))
    back = transfer(TransferParams(from_pubkey=key, to_pubkey=wallet, lamports=1))

    def moved(by: Pubkey, *more: Pubkey) -> VersionedTransaction:
        roles = [AccountMeta(other, False, True), AccountMeta(key, False, True), AccountMeta(by, True, False)]
        roles += [AccountMeta(account, False, False) for account in more]
        move = Instruction(TOKEN_PROGRAM, b"\x03" + (1).to_bytes(8, "little"), roles)
        message = MessageV0.try_compile(wallet, [move, back], [], Hash.default())
        return VersionedTransaction.populate(message, [])

    assert gives_back(moved(key), wallet)
    assert not gives_back(moved(wallet), wallet)
    # The token program does not look at what follows who signs.
    assert not gives_back(moved(wallet, other), wallet)
