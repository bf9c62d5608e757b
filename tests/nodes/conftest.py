"""A grown market on each kind of real node."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.nodes.market import Grown, Market, grown
from tests.nodes.starting import account_files, running_surfpool, running_validator

import ionet
from ionet.localnet.dollars import write_prices


@pytest.fixture(scope="module", params=["surfpool", "validator"])
def kind(request: pytest.FixtureRequest) -> str:
    """A kind of node."""
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def market(
    kind: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Market]:
    """A market of three weeks, on a node of this kind."""
    folder = tmp_path_factory.mktemp(kind)
    if kind == "surfpool":
        made = grown()
        authority = made.people["deployer"].pubkey()
        # Where slots pass by themselves, as on a real network: watches wait for the next one.
        clock = ("--mode", "clock", "--slot-ms", "50")
        with running_surfpool(folder, authority, *clock) as url, connected(made, url) as client:
            for address in made.addresses():
                if (held := made.client.account(address)) is not None:
                    client.cheats.set_account(
                        address, data=bytes(held.data), owner=held.owner, lamports=held.lamports
                    )
            write_prices(client)
            yield Market(client, made.client, made.people, made.node, made.report, turns=True)
        return
    program = request.getfixturevalue("validator_program")
    made = grown()
    files = account_files(made.client, folder / "accounts", made.addresses())
    authority = made.people["deployer"].pubkey()
    options = ("--account-dir", str(files))
    with running_validator(program, folder, authority, *options) as url, connected(made, url) as client:
        yield Market(client, made.client, made.people, made.node, made.report, turns=False)


def connected(made: Grown, url: str) -> ionet.Client:
    """The deployer's client of a node."""
    return ionet.connect(url, signer=made.people["deployer"])
