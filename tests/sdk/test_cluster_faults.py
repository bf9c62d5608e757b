"""Booking and undoing a cluster through a node with faults: what stays leased is always reported.

After each run the network itself is asked: a cluster that is said to be booked is booked whole, of one that
is said not to be nothing stands that is not named, and where the end is unknown nothing was cancelled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.faults import MODES, PASS, SEND, SHOW, STATUS, FaultProxy, Mode, lost
from tests.programs.support import make_hireable

from ionet import (
    USD,
    Client,
    ClusterBooking,
    ClusterNotBooked,
    ClusterUnknown,
    HttpTransport,
    IonetError,
    RpcError,
    TransportError,
    accounts,
    pda,
)
from ionet.chain._sync import send as sending
from ionet.cli.localnet import PEOPLE, set_up

NOW: Final = 1_800_000_000
HOUR: Final = 3_600
MANIFEST: Final = bytes([7]) * 32
#: Methods by which one can learn what became of a transaction.
TELLING: Final = (STATUS, "getAccountInfo", "getMultipleAccounts", "getEpochInfo")


def _internal(asked: Any) -> Any:
    return asked.error(-32603, "Internal error")


def _none(asked: Any) -> Any:
    """Accounts as a node shows them that has seen none of it."""
    answer = asked.forward()
    answer["result"]["value"] = [None] * len(answer["result"]["value"])
    return answer


def after(sends: int, *faults: tuple[str, Mode], first: int = 10**9, last: int = 10**9) -> Mode:
    """Faults of methods, by name, once so many transactions were sent.

    Args:
        sends: how many.
        faults: method and fault.
        first: how often each goes wrong.
        last: while no more than so many transactions were sent.
    """
    seen: list[str] = []
    gone = dict.fromkeys((name for name, _ in faults), 0)

    def mode(asked: Any) -> Any:
        if asked.method == SEND and asked.body["params"][0] not in seen:
            seen.append(asked.body["params"][0])
        fault = dict(faults).get(asked.method)
        if fault is None or not sends <= len(seen) <= last or gone[asked.method] >= first:
            return PASS
        gone[asked.method] += 1
        return fault(asked)

    return mode


def both(*modes: Mode) -> Mode:
    """The first fault that applies."""

    def mode(asked: Any) -> Any:
        return next((answer for one in modes if (answer := one(asked)) is not PASS), PASS)

    return mode


def _silence(*more: tuple[str, Mode], sends: int) -> Mode:
    return after(sends, *((method, _internal) for method in TELLING), *more)


#: The second transaction cannot even be prepared, so that the first is undone.
def _second_fails() -> Mode:
    return after(1, ("simulateTransaction", _internal), first=1)


#: Five nodes take two transactions: what goes wrong with the second, or with undoing the first.
MORE: Final[dict[str, Callable[[], Mode]]] = {
    "the second is lost": lambda: after(2, (SEND, lost), last=2),
    "the second is lost, no status is told": lambda: both(
        after(2, (SEND, lost), last=2), after(2, (STATUS, _internal))
    ),
    "the second lands, no status is told": lambda: after(2, (STATUS, _internal)),
    "the second lands, and is not shown": lambda: after(2, (SHOW, lambda asked: asked.result(None))),
    "silence after the first": lambda: _silence(sends=1),
    "silence after the second": lambda: _silence(sends=2),
    "silence after the second, which is lost": lambda: _silence((SEND, lost), sends=2),
    "the second fails": _second_fails,
    "the second fails, no account is told": lambda: both(
        _second_fails(), after(1, ("getMultipleAccounts", _internal))
    ),
    "the second fails, no status is told": lambda: both(_second_fails(), after(2, (STATUS, _internal))),
    "the second fails, cancelling is not shown": lambda: both(
        _second_fails(), after(2, (SHOW, lambda asked: asked.result(None)))
    ),
    "the second fails, cancelling is lost": lambda: both(_second_fails(), after(2, (SEND, lost))),
    "the second fails, cancelling is lost in silence": lambda: both(
        _second_fails(), _silence((SEND, lost), sends=2)
    ),
    "the second fails, cancelling lands in silence": lambda: both(_second_fails(), _silence(sends=2)),
    "the second fails, the node lags behind": lambda: both(
        _second_fails(), after(1, ("getMultipleAccounts", _none), first=3)
    ),
    "the second fails, the node lags for ever": lambda: both(
        _second_fails(), after(1, ("getMultipleAccounts", _none))
    ),
}
ALL: Final = {name: (lambda mode=mode: mode) for name, mode in MODES.items()} | MORE
#: What is certain of some of them.
UNKNOWN: Final = {
    "silence after the first",
    "silence after the second",
    "silence after the second, which is lost",
}
BOOKED: Final = {
    "honest",
    "never shown",
    "shown without logs",
    "statuses fail for ever",
    "the second lands, no status is told",
    "the second lands, and is not shown",
}
UNDONE: Final = {
    "the second is lost",
    "the second is lost, no status is told",
    "the second fails",
    "the second fails, no status is told",
    "the second fails, cancelling is not shown",
    "the second fails, the node lags behind",
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    # Only where nobody can know is the end of patience waited for: a busy machine must not bring it.
    known = request.node.callspec.params["name"] in BOOKED | UNDONE
    slow = any(word in request.node.callspec.params["name"] for word in ("status", "silence"))
    patience = 60.0 if known and not slow else 0.6
    for name, value in {"POLL": 0.004, "REBROADCAST": 0.02, "SHOW_TRIES": 6}.items():
        monkeypatch.setattr(sending, name, value)
    for name in ("GIVE_UP", "LONGEST"):
        monkeypatch.setattr(sending, name, patience)


@dataclass(frozen=True, slots=True)
class Market:
    """Five nodes on offer, and their renter with a direct connection."""

    renter: Client
    nodes: list[Pubkey]

    def standing(self, cluster: Pubkey) -> set[Pubkey]:
        """The jobs of a cluster that are leased, by the chain itself."""
        found = self.renter.find(accounts.jobs.Job, cluster=cluster)
        return {one.address for one in found}


@pytest.fixture(scope="module")
def market() -> Market:
    people = {name: Keypair() for name in PEOPLE}
    deployer = Client.local(signer=people["deployer"], now=NOW)
    set_up(deployer, people)
    nodes = []
    alice = deployer.as_(people["alice"])
    for number in range(1, 6):
        registering = alice.staking.register(
            class_id=20,
            fingerprint=number.to_bytes(32, "little"),
            device=Keypair(),
            attester=people["attester"],
            region=276,
            memory_gib=24,
            link_mbps=1_000,
        )
        nodes.append(registering.send().result)
        make_hireable(deployer, nodes[-1])
        alice.jobs.offer(nodes[-1], rate=USD("2.5"), currencies=["IO"]).send()
    return Market(deployer.as_(people["renter"]), nodes)


@pytest.fixture
def proxy(market: Market, name: str) -> Iterator[FaultProxy]:
    network, mode = market.renter.network, ALL[name]()

    def passing(asked: Any) -> Any:
        # Each look at the chain takes a while, so that blockhashes do run out.
        if asked.method == "getEpochInfo":
            network.clock.advance(0, slots=60)
        return mode(asked)

    with FaultProxy(network, passing) as made:
        yield made


@pytest.mark.parametrize("name", ALL)
def test_what_stays_leased_of_a_cluster_is_always_reported(
    market: Market, proxy: FaultProxy, name: str
) -> None:
    chosen = Keypair().pubkey()
    cluster = pda.jobs.cluster(market.renter.address, bytes(chosen))
    ended: ClusterBooking | IonetError
    signer = market.renter.signer
    with Client(HttpTransport(proxy.url, backoff=0.001, retries=1), signer=signer) as far:
        try:
            ended = far.jobs.book_cluster(market.nodes, HOUR, MANIFEST, cluster_id=bytes(chosen))
        except IonetError as bad:
            ended = bad
    standing = market.standing(cluster)
    print(f"{name:<48} {type(ended).__name__:<20} {len(standing)} {ended}")
    try:
        match ended:
            case ClusterBooking():
                assert set(ended.jobs) == standing
                assert len(ended.jobs) == len(market.nodes)
                assert len(ended.signatures) == 2
            case ClusterNotBooked():
                left = {one.job for one in ended.undone if one.error is not None}
                assert standing <= left
                assert ended.is_undone == (not left)
                assert ("nothing was booked" in str(ended)) <= (not standing and not ended.undone)
                assert all(str(job) in str(ended) for job in left)
            case ClusterUnknown():
                # What has landed is named, what may have is of these nodes.
                booked = {market.renter.jobs.get_job(job).node: job for job in standing}
                assert set(ended.jobs) == {job for node, job in booked.items() if node not in ended.nodes}
                assert len(ended.signature) > 80
                assert ended.signature in str(ended)
                assert all(str(job) in str(ended) for job in ended.jobs)
            case RpcError() | TransportError():
                assert not standing
                assert proxy.calls[SEND] == 0
            case _:
                raise AssertionError(ended)
        for names, kind in ((BOOKED, ClusterBooking), (UNKNOWN, ClusterUnknown), (UNDONE, ClusterNotBooked)):
            assert isinstance(ended, kind) or name not in names, ended
        if name in UNDONE:
            assert not standing
    finally:
        market.renter.jobs.cancel_cluster(cluster)
