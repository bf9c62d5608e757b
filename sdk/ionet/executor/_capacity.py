"""What a node gives a job, as its device signs it: renters see it before they book. Pure.

The text that is signed, UTF-8 lines without a newline at the end::

    ionet:worker capacity
    node <address>
    device <address of its first device, which signs>
    cpus <cores>
    gpus <how many>
    memory <bytes, besides those of Ray's own processes>
    disk <bytes>
    processes <processes and threads, besides Ray's own>
    internet <bytes a second, each way; 0 where jobs do not reach it>
    own-images <bytes that a renter's own image may take; 0 where none is taken>
    image <as a manifest names it> <its name in the catalogue>      (a line for each)
    at <Unix seconds of the chain>
    until <Unix seconds of the chain>

A job that is booked between `at` and `until` is given at least that. A manifest that asks for more is refused
by the same rule at both ends: `Capacity.lacks`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet.chain.errors import IonetError
from ionet.executor._base import MBIT, NodeSpec
from ionet.formats.sizes import size_text
from ionet.formats.when import DAY, HOUR
from ionet.store.manifest import Manifest, ManifestError, check_image

#: Seconds of the chain for which a statement holds, and after which there is a new one.
HOLDS: Final = 2 * DAY
RENEWED: Final = 6 * HOUR
#: Seconds by which a reader's clock may be behind the node's.
APART: Final = 300
MOST_IMAGES: Final = 32
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_MOST: Final = 1 << 50
#: Goes on with why a node takes none.
_NO_OWN: Final = ", as those take none whose jobs run under podman, or whose supplier leaves no room for them"
_NUMBERS: Final = ("cpus", "gpus", "memory", "disk", "processes", "internet", "own_images", "at", "until")


class CapacityError(IonetError, ValueError):
    """A statement cannot be read, or is not its device's."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a node gives a job. Keys are 32 bytes, times Unix seconds of the chain.

    Attributes:
        node: the node.
        device: the key of its first device.
        cpus: cores.
        gpus: how many.
        memory: bytes, besides those of Ray's own processes.
        disk: bytes.
        processes: processes and threads, besides Ray's own.
        internet: bytes a second, each way; 0 where jobs do not reach it.
        own_images: bytes that a renter's own image may take; 0 where none is taken.
        images: of the catalogue: how a manifest names each, by name.
        at: from when it holds.
        until: until when.
        signature: the device's, 64 bytes.
    """

    node: bytes
    device: bytes
    cpus: int
    gpus: int
    memory: int
    disk: int
    processes: int
    internet: int
    own_images: int
    images: tuple[tuple[str, str], ...]
    at: int
    until: int
    signature: bytes = bytes(64)

    @classmethod
    def of(
        cls, spec: NodeSpec, device: bytes, images: Mapping[str, str], own_images: int, at: int
    ) -> Capacity:
        """Returns what a node's settings give.

        Args:
            spec: of the node.
            device: the key that will sign, 32 bytes.
            images: how a manifest names each image, by name.
            own_images: bytes that a renter's own image may take.
            at: the chain's time.
        """
        rate = spec.internet_rate if spec.internet_rate is not None else _MOST - 1
        return cls(
            spec.node,
            device,
            spec.cpus,
            spec.gpus,
            spec.memory,
            spec.disk,
            spec.processes,
            rate if spec.internet else 0,
            own_images,
            tuple(sorted(images.items()))[:MOST_IMAGES],
            at,
            at + HOLDS,
        )

    @property
    def text(self) -> bytes:
        """What is signed."""
        lines = (
            "ionet:worker capacity",
            f"node {Pubkey(self.node)}",
            f"device {Pubkey(self.device)}",
            *(f"{name.replace('_', '-')} {getattr(self, name)}" for name in _NUMBERS[:-2]),
            *(f"image {reference} {name}" for name, reference in self.images),
            f"at {self.at}",
            f"until {self.until}",
        )
        return "\n".join(lines).encode()

    def signed(self, key: Keypair) -> Capacity:
        """Returns it with the device's signature."""
        return replace(self, signature=bytes(key.sign_message(self.text)))

    def verify(self) -> None:
        """Raises `CapacityError` unless the device has signed it. Whose the device is says the chain."""
        if not Signature(self.signature).verify(Pubkey(self.device), self.text):
            raise CapacityError("it is not signed by the device")

    def holds(self, now: int) -> bool:
        """Whether a job that is booked now is given that."""
        return self.at <= now + APART and now < self.until

    @property
    def spec(self) -> NodeSpec:
        """The same as an executor's settings."""
        return NodeSpec(
            self.node,
            self.cpus,
            self.gpus,
            self.memory,
            internet=self.internet > 0,
            internet_rate=self.internet,
            disk=self.disk,
            processes=self.processes,
        )

    def lacks(self, manifest: Manifest) -> str | None:
        """Returns what of a manifest the node does not give, in words; None if it gives all."""
        why = self.spec.lacks(manifest) or self.spec.lacks_internet(manifest)
        if why is not None or manifest.image is None:
            return why
        if manifest.image.startswith("oci:"):
            return None if self.own_images else f"image: this node takes no images of renters{_NO_OWN}"
        if manifest.image in dict(self.images).values():
            return None
        return f"image: this node does not have {manifest.image}"

    def same_as(self, other: Capacity) -> bool:
        """Whether the two give the same, whenever they were signed."""
        return replace(self, at=0, until=0, signature=b"") == replace(other, at=0, until=0, signature=b"")

    def to_dict(self) -> dict[str, Any]:
        """Returns what travels."""
        return {
            **{name: getattr(self, name) for name in _NUMBERS},
            "device": str(Pubkey(self.device)),
            "images": dict(self.images),
            "node": str(Pubkey(self.node)),
            "signature": self.signature.hex(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Capacity:
        """Reads a statement; `verify` says whether it holds.

        Raises:
            CapacityError: it is none.
        """
        try:
            node, device = (bytes(Pubkey.from_string(values[name])) for name in ("node", "device"))
            images = tuple(sorted(dict(values["images"]).items()))
            if len(images) > MOST_IMAGES or not all(_NAME.fullmatch(name) for name, _ in images):
                raise ValueError
            for _, reference in images:
                check_image(reference)
            signature = bytes.fromhex(values["signature"])
            numbers = {name: _number(values[name]) for name in _NUMBERS}
            made = cls(node, device, images=images, signature=signature, **numbers)
        except (KeyError, TypeError, ValueError, AttributeError, ManifestError):
            raise CapacityError("it is no statement of what a node gives") from None
        if len(signature) != 64 or not 0 < made.until - made.at <= HOLDS or made.cpus < 1 or made.gpus > 8:
            raise CapacityError("a statement has a signature, holds for two days at most, and gives a core")
        return made


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < _MOST:
        raise ValueError
    return value


def in_force(statements: Sequence[Capacity], at: int) -> list[Capacity]:
    """Returns those of a node's statements that a booking at a time could rest on.

    That is the newest from before it, and those that a newer one has followed so shortly before that a renter
    may not have seen it.
    """
    known = sorted((item for item in statements if item.holds(at)), key=lambda item: item.at)
    followed = [*(item.at for item in known[1:]), at][: len(known)]
    return [item for item, later in zip(known, followed, strict=True) if later > at - APART]


def words(capacity: Capacity) -> str:
    """What a node gives, in a line."""
    net = f"{capacity.internet // MBIT:,} Mbit/s of internet" if capacity.internet else "no internet"
    return (
        f"{capacity.cpus} cores, {size_text(capacity.memory)} of memory, {size_text(capacity.disk)} of disk,"
        f" {capacity.processes:,} processes, {net}"
    )
