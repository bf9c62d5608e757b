"""What a leased node was ordered to run, as an answer's receipt names it, and whether that is so.

A lease is a job, whose account on the chain holds the hash of a manifest: it names the image by its digest,
the packages by their versions, and by its hash the archive of all that the node was sent, weights and the
program that serves them. So a receipt says what the node was paid to run. What it runs nobody sees from
outside: that is what audits are for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from solders.pubkey import Pubkey

from ionet.intelligence.errors import BadReceipt
from ionet.store.manifest import Manifest, ManifestError

if TYPE_CHECKING:
    from ionet.accounts import jobs

#: Seconds by which the chain's clock and a service's may differ.
_APART: Final = 120
#: Of a piece of an answer: what the node that it comes from was ordered to run.
ORDER: Final = "ionet order"


@dataclass(frozen=True, slots=True)
class Order:
    """What a node was ordered to run.

    Attributes:
        job: the lease's account.
        manifest: sha256 of what it is to run, in hex.
        image: digest of its image; empty: the node's own.
        program: sha256 of the archive of all that was sent, in hex; empty: nothing was.
        pip: packages that are installed, with their versions.
        source: where the node fetches the model's weights; empty: they are in the archive.
    """

    job: str
    manifest: str
    image: str
    program: str
    pip: tuple[str, ...]
    source: str

    @classmethod
    def of(cls, job: Pubkey, manifest: Manifest, source: str = "") -> Order:
        """The order of a lease.

        Args:
            job: its account.
            manifest: what it runs.
            source: see the class.
        """
        sent = manifest.runtime_env
        return cls(
            str(job),
            manifest.hash.hex(),
            manifest.image or "",
            sent.working_dir or "",
            tuple(sent.pip),
            source,
        )

    def told(self) -> dict[str, Any]:
        """As receipts have it."""
        return {
            "job": self.job,
            "manifest": self.manifest,
            "image": self.image,
            "program": self.program,
            "pip": list(self.pip),
            "source": self.source,
        }


def ordered(receipt: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a receipt says that was ordered.

    Raises:
        BadReceipt: nothing, or nothing that can be read.
    """
    order = receipt.get("ordered")
    if order is None:
        raise BadReceipt("the answer is of no leased node: its receipt names no order")
    if not isinstance(order, Mapping) or not isinstance(order.get("job"), str):
        raise BadReceipt("what the receipt says of an order cannot be read")
    return order


def check_manifest(receipt: Mapping[str, Any], written: bytes) -> None:
    """Checks that a manifest is the one that was ordered, and is as the receipt says.

    Args:
        receipt: of an answer.
        written: the manifest's bytes.

    Raises:
        BadReceipt: it is not.
    """
    order = ordered(receipt)
    if hashlib.sha256(written).hexdigest() != order.get("manifest"):
        raise BadReceipt(f"this manifest is not the one that was ordered, {order.get('manifest')}")
    try:
        manifest = Manifest.from_bytes(written)
    except ManifestError as bad:
        raise BadReceipt(f"what was ordered is no manifest: {bad}") from None
    shown = Order.of(Pubkey.default(), manifest).told()
    for name in ("image", "program", "pip"):
        if order.get(name) != shown[name]:
            raise BadReceipt(f"the receipt says {order.get(name)!r} for {name}, the manifest {shown[name]!r}")


def check_job(receipt: Mapping[str, Any], job: jobs.Job) -> None:
    """Checks that a lease's account on the chain is of the order, of the node and of the time of an answer.

    Args:
        receipt: of the answer.
        job: the account that its order names.

    Raises:
        BadReceipt: it is not.
    """
    order = ordered(receipt)
    if bytes(job.manifest_hash).hex() != order.get("manifest"):
        raise BadReceipt(f"the lease {order['job']} is of another manifest than the receipt says")
    if str(job.node) != receipt.get("node"):
        raise BadReceipt(f"the lease {order['job']} is of the node {job.node}, the receipt of another")
    begin, end = receipt.get("begin"), job.ended_at or job.ends_at
    if not isinstance(begin, int) or not job.started_at - _APART <= begin <= end + _APART:
        raise BadReceipt(f"the answer was not begun while the lease {order['job']} ran")
