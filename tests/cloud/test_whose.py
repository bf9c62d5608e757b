"""Which clusters are one's own: anybody can book for any renter, and choose what runs, and its name."""

from __future__ import annotations

import pytest
from tests.programs.market import Market

from ionet.cloud import ClusterSpec
from ionet.cloud.clusters import AsyncClusterLaunch, held_name, is_own
from ionet.cloud.mounting import ARGUMENT, mounts
from ionet.formats.canonical import Json
from ionet.store.manifest import Function, Manifest
from ionet.workloads import held


def booked(**arguments: Json) -> Manifest:
    return Manifest(Function(held.ENTRYPOINT, arguments))


def test_a_job_that_somebody_else_has_booked_for_a_renter_is_not_their_own() -> None:
    market = Market.new()
    assert not is_own(market.job(market.book(payer=market.dave.pubkey())))
    market = Market.new()
    assert is_own(market.job(market.book()))
    # Into a cluster nobody books without its renter's signature, or their delegate's.
    market = Market.new()
    assert is_own(market.job(market.book(cluster=market.cluster())))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "../../.config/autostart",
        "/home/somebody",
        "-oProxyCommand=id",
        "a\n  ProxyCommand id",
        "A b",
    ],
)
def test_a_cluster_whose_name_is_none_is_none(name: str) -> None:
    assert held_name(booked(name="digits")) == "digits"
    assert held_name(booked(name=name)) is None
    with pytest.raises(ValueError, match="a name is 1 to 32 of a-z, 0-9 and dashes inside"):
        AsyncClusterLaunch(None, "https://gateway.example", ClusterSpec(name=name))  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/home/somebody/.ssh", "../.ssh", "data/../../.ssh", ".", ""])
def test_no_folder_of_this_machine_is_kept_as_a_clusters_volume(path: str) -> None:
    assert mounts(booked(**{ARGUMENT: {path: "ab" * 32, "data": "cd" * 32}})) == {"data": "cd" * 32}
