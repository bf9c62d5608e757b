"""How often a command asks the node: whoever rents at a public endpoint has few requests a second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from solders.keypair import Keypair
from tests.cli.conftest import Shell
from tests.programs.support import make_hireable

from ionet import USD
from ionet.chain.rpc.server import LocalServer
from ionet.localnet.dollars import write_prices


@pytest.fixture
def counting(shell: Shell) -> Iterator[tuple[Shell, Counter[str]]]:
    """The same network behind a server that counts what it is asked, by method."""
    asked: Counter[str] = Counter()
    network = shell.client.network

    def answer(request: Any) -> Any:
        asked.update(one["method"] for one in (request if isinstance(request, list) else [request]))
        return network.handle(request)

    with LocalServer(answer, 0) as server:
        yield replace(shell, url=server.url), asked


def test_a_node_is_booked_with_twelve_requests(counting: tuple[Shell, Counter[str]]) -> None:
    shell, asked = counting
    people, client = shell.people, shell.client
    write_prices(client)
    alice = client.as_(people["alice"])
    made = alice.staking.register(
        class_id=20, fingerprint=b"\x77" * 32, device=Keypair(), attester=people["attester"]
    )
    node = made.send().result
    make_hireable(client, node)
    alice.jobs.offer(node, rate=USD("2.5")).send()
    asked.clear()
    line = ["job", "book", node, "--for", "1h", "--manifest-hash", "07" * 32]
    assert shell.json(*line, who="renter")["node"] == str(node)
    assert asked.total() <= 12, dict(asked)
