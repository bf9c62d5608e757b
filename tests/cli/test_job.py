"""`ionet job`: a market of renters and suppliers at the command line, against a served network.

IO is at 2.00 ± 0.01 USD, so a renter pays at 1.99; USDC counts as one dollar.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from starlette.applications import Starlette
from tests.cli.conftest import Shell, io, key
from tests.faults import Asked, FaultProxy, on
from tests.network.test_links import signed
from tests.programs.support import make_hireable

from ionet import USDC, AsyncClient, AsyncHttpTransport, pda, types
from ionet.cli.app import load
from ionet.explorer import Explorer, ExplorerConfig
from ionet.explorer.client import ExplorerClient
from ionet.formats.when import when
from ionet.gateway._pipes import Measured, Pipes
from ionet.localnet.dollars import add_usdc, write_prices
from ionet.localnet.network import free_port
from ionet.overlay import Measurement
from ionet.store.manifest import Command, FileStore, Manifest

HOUR = 3_600
#: The booking fee of an hour at 2.5 USD: P = ⌈2.5 / 1.99⌉ = 1.25628141 IO, ⌈P · 25 / 10⁴⌉.
FEE = 314_071


@dataclass(slots=True)
class Desk:
    """A shell on a market with dollars, whose prices are fresh.

    Attributes:
        shell: what people type into.
        usdc: the mint.
        manifest: a file for one node.
        devices: registered so far.
    """

    shell: Shell
    usdc: Pubkey
    manifest: Path
    devices: int = 0
    nodes: list[Pubkey] = field(default_factory=list)
    keys: dict[str, Keypair] = field(default_factory=dict)

    def node(self, *offer: object, class_id: int = 20) -> str:
        """A node of alice's, offered for IO and USDC unless told otherwise."""
        made = self.registered(class_id)
        make_hireable(self.shell.client, made)
        self.nodes.append(made)
        node = str(made)
        terms = offer or ("--rate", "2.5", "--currency", "IO", "--currency", "USDC")
        self.shell.text("job", "offer", node, *terms, who="alice")
        return node

    def registered(self, class_id: int) -> Pubkey:
        """A node of alice's, without stake."""
        self.devices += 1
        people, device = self.shell.people, Keypair()
        found = self.shell.client.as_(people["alice"]).staking.register(
            class_id=class_id,
            fingerprint=sha256(f"{id(self)} {self.devices}".encode()).digest(),
            device=device,
            attester=people["attester"],
            region=276,
            memory_gib=24,
        )
        made = found.send().result
        self.keys[str(made)] = device
        return made

    def wait(self, seconds: int) -> None:
        """Time passes, and prices and compute proofs follow."""
        self.shell.client.network.clock.advance(seconds)
        write_prices(self.shell.client)
        for node in self.nodes:
            make_hireable(self.shell.client, node)

    def book(self, node: str, *more: object) -> str:
        """A job on a node, for two hours."""
        line = ["job", "book", node, "--for", "2h", "--manifest", self.manifest, *more]
        job: str = self.shell.json(*line, who="renter")["job"]
        return job

    def run(self, *more: object) -> str:
        job = self.book(self.node(), *more)
        self.shell.text("job", "start", job, who="alice")
        return job

    def closed(self) -> str:
        """A job that its renter stopped, and of which all is paid."""
        job = self.run()
        self.wait(600)
        self.attest(job, 600)
        self.shell.text("job", "stop", job, who="renter")
        self.wait(2 * HOUR)
        while self.shell.client.account(key(job)) is not None:
            self.shell.text("job", "crank", job, who="carol")
            self.wait(HOUR)
        return job

    def attest(self, job: str, good: int, upto: int | None = None, reason: int = 0) -> None:
        said = types.jobs.AttestArgs(
            good=good,
            upto=good if upto is None else upto,
            reason=reason,
            proof_digest=bytes(32),
            timelock=bytes([1]) * 32,
            result_hash=bytes(32),
        )
        attester = self.shell.client.as_(self.shell.people["attester"])
        attester.jobs.attest(Pubkey.from_string(job), said).send()

    def purse(self, name: str, mint: Pubkey | None = None) -> int:
        return self.shell.client.tokens(self.shell.people[name].pubkey(), mint or pda.mint.MINT)


@pytest.fixture(scope="module")
def market(shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    owners = [one.pubkey() for one in shell.people.values()]
    file = tmp_path_factory.mktemp("manifests") / "job.toml"
    file.write_text('[entrypoint]\ncommand = ["python", "-c", "print(1)"]\n')
    return Desk(shell, add_usdc(shell.client, owners, USDC(1_000)), file)


@pytest.fixture
def desk(market: Desk) -> Iterator[Desk]:
    write_prices(market.shell.client)
    yield market
    # What a test leaves on the market must not be found by the next one.
    alice = market.shell.client.as_(market.shell.people["alice"])
    for one in alice.jobs.offers():
        if one.account.open:
            alice.jobs.offer(one.account.node, taking=False).send()


# -- offers and search


def test_an_offer_is_made_shown_and_changed(desk: Desk) -> None:
    shell = desk.shell
    node = desk.node("--rate", "2.5", "--currency", "USDC", "--payout", "same", "--min", "2h", "--max", "7d")
    text = shell.text("job", "offer", node, who="alice")
    assert text.splitlines() == [
        f"{node} takes bookings",
        "2.5 USD per processor and hour, for 2 h to 7 d",
        "Takes USDC; its owner is paid in what the renter pays",
    ]
    shell.text("job", "offer", node, "--closed", "--currency", "IO", "--currency", "USDC", who="alice")
    found = shell.json("job", "offer", node, who="renter")
    assert (found["open"], found["rate"]["ui"], found["payout"]) == (False, "2.5", "same")
    assert found["currencies"] == [str(pda.mint.MINT), str(desk.usdc)]
    assert "NotNodeOwner" in shell.fails(1, "job", "offer", node, "--open", who="bob")
    said = shell.fails(2, "job", "offer", node, "--currency", "EUR", who="alice")
    assert said == "no currency 'EUR'; there are IO, USDC, and a mint's address names one, too"
    assert "USDC" not in shell.fails(2, "job", "offer", node, "--rate", "0.0000001", who="alice")


def test_a_search_shows_the_cheapest_first(desk: Desk) -> None:
    shell = desk.shell
    dear, cheap = desk.node("--rate", "2.5", "--currency", "USDC"), desk.node("--rate", "0.7")
    found = shell.json("job", "search", "--class", "RTX 4090")
    assert [one["node"] for one in found] == [cheap, dear]
    assert found[0]["rate"] == {"ui": "0.7", "raw": "700000"}
    text = shell.text("job", "search", "--count", 1)
    assert cheap in text
    assert dear not in text
    assert dear in shell.text("job", "search", "--currency", "USDC", "--region", 276)
    assert shell.text("job", "search", "--max-rate", "0.69") == "No such node is free; see --booked.\n"
    desk.book(cheap)
    assert cheap not in shell.text("job", "search")
    assert "2027-01-15" in shell.text("job", "search", "--booked")
    said = shell.fails(4, "job", "search", "--class", "RTX 4091")
    assert "did you mean RTX 4090" in said


# -- quotes and bookings


def test_a_quote_shows_every_fee_before_anything_is_signed(desk: Desk) -> None:
    shell, node = desk.shell, desk.node()
    text = shell.text("job", "quote", node, "--for", "2h", "--currency", "USDC")
    assert text.splitlines() == [
        "2 h on 1 node with 1 processor: 5 USD, a USDC counts as one dollar",
        "Price:                  5 USDC",
        "Booking fee:            0.0125 USDC",
        "Payment fee:            0.1 USDC",
        "Deposit:                5.1125 USDC, signed for at most 5.1125 USDC",
        "Supplier's booking fee: 0.0125 USDC",
        "Supplier's payment fee: 0 USDC",
        "Supplier gets:          4.9875 USDC; it buys IO for them in an auction",
    ]
    found = shell.json("job", "quote", node, "--for", "2h", "--slippage", "0.5")
    assert found["usd_per_token"] == "199/100"
    assert found["deposit"] == {"ui": "2.51884423", "raw": "251884423"}
    assert found["limit"]["ui"] == "2.53143846", "half a per cent more, rounded up"


def test_a_booking_shows_its_quote_and_what_comes_next(desk: Desk) -> None:
    shell, node = desk.shell, desk.node()
    before = desk.purse("renter")
    line = ["job", "book", node, "--for", "2h", "--manifest", desk.manifest]
    text = shell.text(*line, "--dry-run", who="renter")
    assert "Deposit:                2.51884423 IO, signed for at most 2.54403268 IO" in text
    assert f"Dry run, nothing was sent: book {node} for 2 h, at most 2.54403268 IO" in text
    assert desk.purse("renter") == before
    text = shell.text(*line, who="renter")
    assert text.index("Deposit:") < text.index("Booked job")
    assert "2.51884423 IO are in its escrow" in text
    assert before - desk.purse("renter") == 251_884_423
    said = shell.fails(1, *line, who="bob")
    assert said.startswith(f"the node {node} is booked until")
    done = shell.run(*line, "--output", "json", who="bob")
    assert json.loads(done.stderr)["error"]["reason"] == "Leased"


def test_a_booking_is_refused_in_words(desk: Desk) -> None:
    shell, node = desk.shell, desk.node("--rate", "2.5", "--max", "2h")
    line = ["job", "book", node, "--manifest", desk.manifest]
    said = shell.fails(1, *line, "--for", "1h", "--currency", "USDC", who="renter")
    assert said == f"the node {node} takes IO, not USDC"
    said = shell.fails(1, *line, "--for", "3h", who="renter")
    assert said == f"the node {node} is rented for 1 h to 2 h, not for 3 h"
    assert "is not a length of time" in shell.fails(2, *line, "--for", "3", who="renter")
    said = shell.fails(2, "job", "book", node, "--for", "1h", who="renter")
    assert said == "name what to run by --manifest or by --manifest-hash"
    shell.client.network.clock.advance(93)
    said = shell.fails(1, *line, "--for", "1h", who="renter")
    assert said.startswith("the price of IO is 93 s old; at most 60 s are accepted")


def test_who_has_too_little_is_told_before_he_signs(desk: Desk) -> None:
    node = desk.node("--rate", "41", "--currency", "USDC")
    line = ["job", "book", node, "--for", "72h", "--currency", "USDC", "--manifest", desk.manifest]
    before = desk.purse("renter", desk.usdc)
    said = desk.shell.fails_behind_text(1, *line, who="renter")
    # 72 · 41 and 2.25 %.
    assert said.startswith("the deposit is 3,018.42 USDC")
    assert said.endswith(f"you have {before / 10**6:,.6f}".rstrip("0").rstrip(".") + " USDC")


def test_a_manifest_has_one_hash_and_goes_into_a_store(desk: Desk, tmp_path: Path) -> None:
    shell = desk.shell
    expected = Manifest(Command(("python", "-c", "print(1)")))
    found = shell.json("job", "manifest", desk.manifest, "--store", tmp_path / "store")
    assert found["hash"] == expected.hash.hex()
    assert FileStore(tmp_path / "store").get_manifest(expected.hash) == expected
    assert f"Hash:       {expected.hash.hex()}" in shell.text("job", "manifest", desk.manifest)
    bad = tmp_path / "bad.toml"
    bad.write_text("[entrypoint]\ncommand = []\n")
    assert shell.fails(3, "job", "manifest", bad).startswith("bad.toml: entrypoint.command: expected")
    assert "No such file" in shell.fails(3, "job", "manifest", tmp_path / "none.toml")
    nodes = [desk.node(), desk.node()]
    line = ["job", "book", *nodes, "--for", "2h", "--manifest", desk.manifest]
    said = shell.fails(2, *line, who="renter")
    assert said == "the manifest is for 1 node, not for 2: booked like this, it would not be served"


# -- clusters


def test_a_cluster_is_booked_shown_and_cancelled(desk: Desk) -> None:
    shell, nodes = desk.shell, [desk.node() for _ in range(4)]
    before = desk.purse("renter")
    line = ["job", "book", "--class", "RTX 4090", "--count", 4, "--for", "1h"]
    done = shell.json(*line, "--manifest-hash", "07" * 32, who="renter")
    assert sorted(done["nodes"]) == sorted(nodes)
    assert len(done["signatures"]) == 2
    assert done["quote"]["deposit"]["ui"] == "5.03768848"
    text = shell.text("job", "cluster", done["cluster"])
    assert f"Cluster {done['cluster']}: 4 of 4 booked; complete" in text
    assert all(job in text for job in done["jobs"])
    assert done["cluster"] in shell.text("job", "cluster", who="renter")
    undone = shell.json("job", "cluster", done["cluster"], "--cancel", who="renter")
    assert {one["job"] for one in undone} == set(done["jobs"])
    assert [one["error"] for one in undone] == [None] * 4
    assert before - desk.purse("renter") == 4 * FEE
    said = shell.fails(4, "job", "cluster", done["cluster"], "--cancel", who="renter")
    assert said.endswith("waits for its start")
    said = shell.fails(4, *line[:4], "--count", 9, *line[6:], "--manifest-hash", "07" * 32, who="renter")
    assert said == "4 such nodes are free, not 9; see `ionet job search`"


@contextmanager
def gateway_that_knows(folder: Path, *statements: Measurement) -> Iterator[str]:
    """What a gateway answers about links, on a port of its own."""

    class Nobody:
        async def device(self, node: bytes) -> bytes | None:
            return None

        async def is_seat(self, key: bytes) -> bool:
            return False

        async def is_renter(self, key: bytes) -> bool:
            return False

    measured = Measured(folder / "measured.sqlite3")
    for statement in statements:
        measured.keep(statement)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    web = Starlette(routes=Pipes(Nobody(), [url], measured).routes())
    server = uvicorn.Server(uvicorn.Config(web, port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.02)
        yield url
    finally:
        server.should_exit = True
        thread.join(10)
        measured.close()


def test_a_dry_run_says_which_nodes_fit_together_and_why_others_do_not(desk: Desk, tmp_path: Path) -> None:
    shell, nodes = desk.shell, [desk.node() for _ in range(3)]
    now = shell.client.time()
    one, other = (desk.keys[node] for node in nodes[:2])
    slow = signed((one, other), now)
    line = ["job", "book", "--class", "RTX 4090", "--count", 2, "--for", "1h", "--manifest-hash", "07" * 32]
    before = desk.purse("renter")
    with gateway_that_knows(tmp_path, slow) as url:
        near = [*line, "--gateway", url, "--dry-run", "--min-bandwidth", "80Mbit/s", "--max-latency", "40ms"]
        done = shell.run(*near, who="renter")
        assert done.exit_code == 0, done.output
        pair = [f"{left} and {right}" for left, right in (nodes[:2], nodes[1::-1])]
        facts = f"40 ms, 80 Mbit/s measured {when(now)} by both"
        assert any(f"{both}: {facts}\n" in done.stderr for both in pair)
        said = shell.fails(4, *line, "--gateway", url, "--min-bandwidth", "1Gbit/s", who="renter")
        assert "no 2 of the 3 nodes fit together" in said
        assert any(f"{both}: {facts}; too slow for --min-bandwidth 1 Gbit/s" in said for both in pair)
        assert said.count("not measured within a day, which is not known to be good enough") == 2
    said = shell.fails(4, *line, "--gateway", url, "--min-bandwidth", "1Gbit/s", who="renter")
    assert f"what nodes have measured between them cannot be read at {url}" in said
    assert desk.purse("renter") == before
    said = shell.fails(2, *line[:4], *line[6:], "--max-latency", "5ms", who="renter")
    assert "are for several nodes: give --count" in said


class Crash(Exception):
    """What ends a client in the middle."""


def _half_booked(desk: Desk, nodes: list[str]) -> str:
    def crash(sent: object) -> None:
        raise Crash

    renter = desk.shell.client.as_(desk.shell.people["renter"])
    keys = [Pubkey.from_string(one) for one in nodes]
    with pytest.raises(Crash):
        renter.jobs.book_cluster(keys, HOUR, bytes([7]) * 32, on_sent=crash)
    return str(next(one.address for one in renter.jobs.clusters() if one.missing))


def test_a_half_booked_cluster_is_completed_with_the_cheapest_of_its_class(desk: Desk) -> None:
    shell, nodes = desk.shell, [desk.node() for _ in range(4)]
    cluster = _half_booked(desk, nodes)
    cheap = desk.node("--rate", "0.1")
    text = shell.text("job", "cluster", cluster)
    assert f"Complete it: ionet job cluster {cluster} --complete" in text
    assert "waits for 2 more of its cluster to be booked" in text
    done = shell.json("job", "cluster", cluster, "--complete", who="renter")
    assert done["nodes"][0] == cheap
    assert "4 of 4 booked; complete" in shell.text("job", "cluster", cluster)
    said = shell.fails(1, "job", "cluster", cluster, "--complete", who="renter")
    assert said.endswith("lacks no node: complete")
    for one in shell.json("job", "cluster", cluster)["jobs"]:
        shell.text("job", "start", one["job"], who="alice")


def test_of_a_cluster_that_cannot_be_booked_nothing_is_left(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell, nodes = desk.shell, [desk.node() for _ in range(4)]
    before = desk.purse("renter")
    bob = shell.client.as_(shell.people["bob"])
    from ionet.cli.output import Screen

    said: list[str] = []

    def note(self: Screen, text: str) -> None:
        said.append(text)
        if text.startswith("2 of 4 booked"):
            bob.jobs.book(Pubkey.from_string(nodes[3]), HOUR, bytes(32)).send()

    monkeypatch.setattr(Screen, "note", note)
    line = ["job", "book", *nodes, "--for", "1h", "--manifest-hash", "07" * 32]
    done = shell.run(*line, who="renter")
    assert done.exit_code == 1
    assert "the other 2 booked jobs were cancelled and refunded" in done.stderr
    assert f"the node {nodes[3]} is booked until" in done.stderr
    assert sum("cancelled and refunded: " in one for one in said) == 2, "with the signatures"
    assert before - desk.purse("renter") == 2 * FEE


def test_a_lost_node_of_a_cluster_is_replaced_by_a_session_key(desk: Desk) -> None:
    shell, nodes = desk.shell, [desk.node() for _ in range(3)]
    line = ["job", "book", *nodes[:2], "--for", "2h", "--manifest-hash", "07" * 32]
    done = shell.json(*line, who="renter")
    cluster, lost = done["cluster"], done["jobs"][0]
    for job in done["jobs"]:
        shell.text("job", "start", job, who="alice")
    said = shell.fails(1, "job", "cluster", cluster, "--replace", nodes[2], who="renter")
    assert said == f"no job of cluster {cluster} was lost"
    attester = shell.client.as_(shell.people["attester"])
    attester.jobs.lose(Pubkey.from_string(lost)).send()
    assert f"Replace what was lost: ionet job cluster {cluster} --replace" in shell.text(
        "job", "cluster", cluster
    )
    key = shell.people["carol"].pubkey()
    line = ["job", "cluster", cluster, "--delegate", str(key)]
    said = shell.text(*line, "--allow", "10", who="renter")
    assert f"let {key} book and extend for cluster {cluster}, with 10 IO of yours" in said
    before = desk.purse("renter")
    made = shell.json("job", "cluster", cluster, "--replace", who="carol")
    assert made["cluster"] == cluster
    assert before > desk.purse("renter")
    assert f"Its renter lets {key} book and extend for it" in shell.text("job", "cluster", cluster)
    assert "with nothing of yours any more" in shell.text(*line, "--allow", "0", who="renter")
    said = shell.fails(2, "job", "cluster", cluster, "--allow", "1", who="renter")
    assert said == "--allow says what a --delegate may spend"
    shell.text("job", "start", made["job"], who="alice")


def test_somebody_else_pays_for_a_booking(desk: Desk) -> None:
    shell, node = desk.shell, desk.node()
    before = desk.purse("renter"), desk.purse("carol")
    job = desk.book(node, "--payer", shell.key("carol"))
    assert desk.purse("renter") == before[0]
    # D of two hours, as always.
    assert before[1] - desk.purse("carol") == 251_884_423
    text = shell.text("job", "status", job)
    assert "Refund to:" in text
    assert text.count(str(shell.people["carol"].pubkey())) == 2
    shell.text("job", "cancel", job, who="carol")
    assert before[1] - desk.purse("carol") == 628_141
    line = ["job", "book", node, desk.node(), "--for", "1h", "--manifest-hash", "07" * 32]
    said = shell.fails(2, *line, "--payer", shell.key("carol"), who="renter")
    assert said.startswith("somebody else pays for one node")


def test_a_search_says_why_a_node_is_not_booked(desk: Desk) -> None:
    shell, node = desk.shell, desk.node()
    desk.shell.client.network.clock.advance(7 * HOUR)
    write_prices(shell.client)
    assert node not in shell.text("job", "search")
    assert "has passed its latest compute proof 7 h ago" in shell.text("job", "search", "--booked")
    assert f"Node {node} has passed a compute proof" in shell.text("localnet", "prove", node)
    assert node in shell.text("job", "search")


# -- jobs


def test_a_job_is_followed_from_the_booking_to_the_last_payment(desk: Desk) -> None:
    shell = desk.shell
    job = desk.run("--currency", "USDC")
    text = shell.text("job", "status", job, who="renter")
    assert "runs until" in text
    assert "Payout:     in IO; its account is opened with the first settlement" in text
    said = shell.fails(1, "job", "settle", job, who="bob")
    assert said.startswith("nothing is paid out in the first hour: now 2027-01-15")
    desk.wait(HOUR)
    desk.attest(job, 3_000, HOUR, reason=1 << 1)
    text = shell.text("job", "status", job)
    assert "Attested:   50 min good of 1 h looked at, by 1 attester" in text
    assert "seat 0: foreign-process" in text
    # 5 · 3,000 / 7,200 = 2.083333, its fee 0.00520833..., up.
    assert "Supplier's: 2.078124 USDC earned after fees, 0 USDC paid, 2.078124 USDC payable now" in text
    assert f"Anyone can: settle: ionet job crank {job}" in text
    assert "Paid 2.078124 USDC to the supplier" in shell.text("job", "settle", job, who="bob")
    found = shell.json("job", "status", job)
    assert found["breaks"][0]["seconds"] == 600
    assert found["payout"]["waiting"] == {"ui": "2.078124", "raw": "2078124"}
    assert shell.json("job", "crank", job, "--dry-run", who="bob") == [{"job": job, "step": "start_payout"}]
    desk.wait(HOUR)
    desk.attest(job, 6_600, 2 * HOUR)
    before = desk.purse("renter", desk.usdc)
    done = shell.json("job", "crank", job, who="bob")
    steps = ["complete", "settle", "collect_fees", "refund", "start_payout", "close"]
    assert [one["step"] for one in done] == steps
    # 5 · 6,600 / 7,200 = 4.583333, down, was good.
    assert desk.purse("renter", desk.usdc) - before == 416_667
    assert shell.text("job", "crank", job, who="bob") == "Nothing can be done now.\n"
    said = shell.fails(4, "job", "status", job)
    assert said.startswith(f"job {job} is closed: ")


def test_my_jobs_are_listed_as_renter_and_as_supplier(desk: Desk) -> None:
    shell, job = desk.shell, desk.run()
    assert job in [one["job"] for one in shell.json("job", "status", who="renter")]
    assert job in shell.text("job", "status", "--as", "supplier", who="alice")
    assert job not in shell.text("job", "status", "--as", "renter", who="alice")
    carol = shell.people["carol"].pubkey()
    assert shell.text("job", "status", who="carol") == f"{carol} has no open job.\n"


def test_cancelling_says_what_it_cost(desk: Desk) -> None:
    shell = desk.shell
    job = desk.book(desk.node())
    desk.wait(120)
    assert "costs the renter 0.04187605 IO now" in shell.text("job", "status", job)
    text = shell.text("job", "cancel", job, who="renter")
    assert "the renter cancelled it before its start" in text
    # ⌈2.51256282 · 120 / 7,200⌉ of the deposit of 2.51884423.
    assert "Refunded 2.47696818 IO, 0.04187605 IO of fees were kept; the job is closed" in text
    job = desk.book(desk.node())
    text = shell.text("job", "cancel", job, who="alice")
    assert f"The renter gets 2.51884423 IO back: ionet job crank {job}" in text
    assert "refund" in shell.text("job", "crank", job, who="renter")
    job = desk.run()
    said = shell.fails(1, "job", "cancel", job, who="renter")
    assert said == f"job {job} runs: ionet job stop {job}"


def test_stopping_says_what_goes_back(desk: Desk) -> None:
    shell, job = desk.shell, desk.run()
    desk.wait(600)
    line = ["job", "stop", job]
    said = shell.fails(2, *line, who="bob")
    assert "is no party of this job" in said
    text = shell.text(*line, who="renter")
    # The first of two hours is paid: half of 2.51256282.
    assert "at least 1.25628141 IO go back to the renter" in text
    assert "was stopped" in shell.text("job", "status", job)
    said = shell.fails(1, "job", "stop", job, who="renter")
    assert "the booked time is over" in said


def test_an_extension_shows_its_price_first(desk: Desk) -> None:
    shell, job = desk.shell, desk.run("--currency", "USDC")
    text = shell.text("job", "extend", job, "--for", "1h", who="renter")
    assert "Deposit:       2.55625 USDC, at most 2.55625 USDC" in text
    assert text.index("Deposit:") < text.index("Extended job")
    found = shell.json("job", "status", job)
    assert (found["seconds"], found["extensions"]) == (3 * HOUR, 1)
    said = shell.fails(2, "job", "extend", job, "--for", "1h", who="bob")
    assert said.startswith(f"only its renter, {shell.people['renter'].pubkey()}, who gets its refund")


def test_a_dispute_goes_to_the_resolver(desk: Desk, tmp_path: Path) -> None:
    shell, job = desk.shell, desk.run("--currency", "USDC")
    evidence = tmp_path / "evidence.txt"
    evidence.write_text("it was off")
    desk.wait(HOUR)
    desk.attest(job, HOUR)
    shell.text("job", "settle", job, who="alice")
    said = shell.fails(2, "job", "dispute", job, who="renter")
    assert said == "name the evidence by --evidence or by --evidence-hash"
    done = shell.json("job", "dispute", job, "--evidence", evidence, who="renter")
    # 5.1125 less 2.49375 that were paid, and five per cent of it, up.
    assert (done["frozen"]["ui"], done["bond"]["ui"]) == ("2.61875", "0.130938")
    assert done["evidence_hash"] == sha256(b"it was off").hexdigest()
    assert "open until" in shell.text("job", "status", job)
    said = shell.fails(1, "job", "settle", job, who="bob")
    assert said.startswith(f"job {job} is disputed: what is not paid is held back until 2027-01-")
    said = shell.fails(1, "job", "dispute", job, "--evidence", evidence, who="renter")
    assert said == "an account that this would create exists already: this was done before"
    said = shell.fails(1, "job", "resolve", job, "1", who="resolver")
    assert said == (
        "the supplier was paid 2.49375 USDC already; of 1 USDC they would only get 0.9975 USDC: more has to"
        " be due"
    )
    assert "NotResolver" in shell.fails(1, "job", "resolve", job, "--share", "60", who="bob")
    text = shell.text("job", "resolve", job, "--share", "60", who="resolver")
    assert "Decided: of 5 USDC, 3 USDC are due; rejected" in text
    done = shell.json("job", "crank", job, who="bob")
    assert [one["error"] for one in done] == [None] * len(done)
    assert {"close_dispute", "close"} <= {one["step"] for one in done}


def test_watching_tells_of_each_change_until_the_end(desk: Desk) -> None:
    import threading
    import time

    shell = desk.shell
    job = desk.book(desk.node())

    def end() -> None:
        time.sleep(1.5)
        alice = shell.client.as_(shell.people["alice"])
        alice.jobs.cancel(Pubkey.from_string(job)).send()
        time.sleep(1.5)
        alice.jobs.crank(Pubkey.from_string(job))

    thread = threading.Thread(target=end)
    thread.start()
    text = shell.text("job", "watch", job, "--every", "1s")
    thread.join()
    lines = text.splitlines()
    assert "waits for its start" in lines[0]
    assert "the supplier cancelled it; payments are due" in lines[1]
    assert lines[-1] == "It is closed."


def test_everything_of_mine_is_cranked_with_one_command(desk: Desk) -> None:
    shell = desk.shell
    jobs = [desk.book(desk.node()) for _ in range(2)]
    desk.wait(1_201)
    done = shell.json("job", "crank", who="renter")
    for job in jobs:
        steps = ["expire", "collect_fees", "refund", "close"]
        assert [one["step"] for one in done if one["job"] == job] == steps


def test_every_job_command_has_an_example_of_its_help(desk: Desk) -> None:
    for name in load("job").commands:  # type: ignore[attr-defined]
        assert f"ionet job {name}" in desk.shell.text("job", name, "--help")


def test_a_result_is_fetched_by_either_name(desk: Desk) -> None:
    job = desk.run()
    said = [
        desk.shell.fails(4, "job", name, job, "--gateway", "http://127.0.0.1:1")
        for name in ("fetch", "result")
    ]
    assert said[0] == said[1]
    assert job in said[0]


# -- receipts


def test_a_receipt_says_what_became_of_a_job_and_its_money(desk: Desk) -> None:
    shell = desk.shell
    before = desk.purse("renter"), desk.purse("alice")
    job = desk.run()
    so_far = shell.json("job", "receipt", job)
    assert (so_far["closed"], so_far["adds_up"]) == (False, True)
    desk.wait(600)
    desk.attest(job, 500, 600, reason=1 << 1)
    shell.text("job", "stop", job, who="renter")
    desk.wait(2 * HOUR)
    while shell.client.account(key(job)) is not None:
        shell.text("job", "crank", job, who="carol")
        desk.wait(HOUR)
    told = shell.json("job", "receipt", job)
    assert (told["closed"], told["adds_up"], told["good"], told["not_good"]) == (True, True, 500, 100)
    spent = before[0] - desk.purse("renter"), desk.purse("alice") - before[1]
    deposit, supplier, fees, refund = (
        io(told[name]).base for name in ("deposit", "paid_supplier", "paid_fees", "paid_refund")
    )
    assert (deposit - refund, supplier) == spent
    assert deposit == supplier + fees + refund
    text = shell.text("job", "receipt", job)
    assert f"{job}, closed" in text
    assert "foreign-process" in text
    assert shell.json("job", "list", "--closed", who="renter")[0]["job"] == job
    assert shell.json("job", "list", "--closed", who="newcomer") == []
    lines = shell.text("events", "--account", job, "--type", "Booked", "--output", "json").splitlines()
    assert [json.loads(line)["data"]["job"] for line in lines] == [job]
    said = shell.fails(2, "events", "--type", "Boooked")
    assert "'Boooked' is no event of that program" in said
    unknown = shell.fails(4, "job", "receipt", shell.address("carol"))
    assert "does not show" in unknown


@contextmanager
def explored(shell: Shell, ledger: Path) -> Iterator[str]:
    """An explorer of the shell's network."""

    def connect() -> AsyncClient:
        return AsyncClient(AsyncHttpTransport(shell.url, websocket=""))

    stop, ready = asyncio.Event(), threading.Event()
    explorer = Explorer(ExplorerConfig(ledger=str(ledger), port=0, every=None, keep=HOUR), connect)
    loop = asyncio.new_event_loop()
    serving = threading.Thread(
        target=lambda: loop.run_until_complete(explorer.run(stop, lambda url: ready.set())), daemon=True
    )
    serving.start()
    assert ready.wait(60)
    try:
        with ExplorerClient(explorer.url) as reader:
            now = shell.client.request("getSlot")
            until = time.monotonic() + 30
            while reader.status().as_of.slot < now - 1 and time.monotonic() < until:
                time.sleep(0.1)
        yield explorer.url
    finally:
        loop.call_soon_threadsafe(stop.set)
        serving.join(30)
        loop.close()


def test_an_explorer_says_the_same_as_the_node(desk: Desk, tmp_path: Path) -> None:
    """With no node to ask at all."""
    shell = desk.shell
    still, job = desk.run(), desk.closed()
    # Its stake is no test's gift, so that events tell it.
    bare = desk.registered(21)
    shell.text("stake", "add", bare, "200", who="alice")
    shell.text("job", "offer", bare, "--rate", "2.5", "--currency", "USDC", who="alice")
    lines: list[tuple[object, ...]] = [
        ("job", "receipt", job),
        ("job", "receipt", still),
        ("job", "list", "--closed"),
        ("job", "list", "--closed", "--as", "supplier"),
        ("events", "--account", job),
        ("events", "--account", job, "--type", "Paid"),
        ("events", "--program", "staking"),
        ("node", "list", "--class", "21"),
        ("node", "list", "--class", "21", "--state", "live", "--region", "276"),
        ("node", "list", "--class", "21", "--owner", shell.address("alice")),
        ("node", "list", "--owner", shell.address("newcomer")),
        ("supply",),
        ("job", "list"),
        ("job", "list", "--as", "supplier"),
        ("node", "show", bare),
        ("node", "why", bare),
        ("job", "search", "--class", "21", "--booked"),
        ("job", "search", "--class", "21", "--booked", "--currency", "USDC", "--leases"),
        ("job", "search", "--class", "21", "--booked", "--currency", "IO"),
    ]
    with explored(shell, tmp_path / "ledger.db") as url:
        alone = replace(shell, url="http://127.0.0.1:9")
        for line in lines:
            for form in ((), ("--output", "json")):
                # What is left of a lease changes with the chain's clock: both are asked until it has not.
                for _ in range(5):
                    expected = _untimed(line, form, shell.text(*line, *form, who="renter"))
                    told = _untimed(line, form, alone.text(*line, *form, "--explorer", url, who="renter"))
                    if told == expected:
                        break
                assert told == expected
        assert job in shell.text(*lines[2], "--output", "json", who="renter")
        said = alone.fails(4, "job", "receipt", shell.address("carol"), "--explorer", url)
        assert "does not show that job" in said
        said = alone.fails(4, "node", "list", "--class", "H2000", "--explorer", url)
        assert "no hardware class 'H2000'; there are" in said
    for line in (("job", "receipt", job), ("supply",), ("node", "list"), ("events",)):
        said = shell.fails(5, *line, "--explorer", "http://127.0.0.1:9")
        assert said == "the explorer 127.0.0.1:9 cannot be read: ConnectError"
    said = shell.fails(2, "job", "receipt", job, "--explorer", url, "--ledger", tmp_path / "ledger.db")
    assert "leave one out" in said


def _untimed(line: tuple[object, ...], form: tuple[str, ...], told: str) -> Any:
    """Without the time, since the chain's clock goes on; and without stake that tests have written."""
    if line != ("supply",):
        return told
    if not form:
        return None
    return {name: value for name, value in json.loads(told).items() if name not in ("time", "staked")}


def test_a_ledger_says_the_same_as_the_nodes_history(desk: Desk, tmp_path: Path) -> None:
    shell, ledger = desk.shell, tmp_path / "ledger.db"
    still = desk.run()
    job, unkind = desk.closed(), desk.node()
    # Its supplier breaks it off.
    shell.text("job", "cancel", desk.book(unkind), who="alice")
    shell.text("ledger", "run", "--once", "--database", ledger)
    read = ("--ledger", ledger)
    assert shell.json("job", "receipt", job, *read) == shell.json("job", "receipt", job)
    for who, role in (("renter", "renter"), ("alice", "supplier")):
        line = ("job", "list", "--closed", "--as", role)
        found = shell.json(*line, *read, who=who)
        assert job in [bill["job"] for bill in found]
        assert still not in [bill["job"] for bill in found]
        assert shell.json(*line, *read, who="newcomer") == []
    assert shell.json("job", "list", "--closed", "--as", "supplier", *read, who="renter") == []
    closed = shell.json("job", "list", "--closed", *read, who="renter")
    assert closed == shell.json("job", "list", "--closed", who="renter")
    for about in (("--account", job), ("--program", "jobs", "--type", "Booked")):
        lines = shell.text("events", *about, *read, "--output", "json")
        assert lines == shell.text("events", *about, "--output", "json")
        assert lines
    # Offers say how leases on their nodes ended.
    node = shell.json("job", "receipt", job)["node"]
    rows = {row["node"]: row for row in shell.json("job", "search", "--booked", *read)}
    assert [(rows[each]["done"], rows[each]["broken"]) for each in (node, unkind)] == [(1, 0), (0, 1)]
    assert shell.json("job", "search", "--booked", "--leases") == list(rows.values())
    assert "done" not in shell.json("job", "search", "--booked")[0]
    # As long as it is not far behind, nothing is said of it.
    receipt = ("job", "receipt", job, *read)
    assert shell.run(*receipt).stderr == ""
    shell.advance(HOUR)
    said = shell.run(*receipt).stderr
    assert said.startswith(f"warning: the ledger {ledger} is whole up to slot ")
    assert said.endswith("what came since is not in it; ionet ledger run brings it there\n")
    assert shell.fails(3, "job", "receipt", job, "--ledger", tmp_path / "none.db") == (
        f"there is no ledger {tmp_path / 'none.db'}; ionet ledger run makes one"
    )
    commands = (("job", "receipt", job), ("job", "list", "--closed"), ("job", "search"), ("events",))
    for answers, said in (
        (on("getGenesisHash", lambda asked: asked.result("another")), "and this node's is another"),
        # Test networks have the same genesis hash: what was final tells them apart.
        (on("getSignatureStatuses", _unknown), "it is of another chain, or no longer has the past"),
    ):
        with FaultProxy(shell.client.network, answers) as elsewhere:
            far = replace(shell, url=elsewhere.url)
            for command in commands:
                assert said in far.fails(3, *command, *read, who="renter")


def _unknown(asked: Asked) -> object:
    return asked.result({"context": {"slot": 1}, "value": [None for _ in asked.body["params"][0]]})
