"""Runs manifests on Ray in boxes of runc's: the engine of Linux."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Container, Iterable
from pathlib import Path

from ionet.executor._base import LEASE_NAME, Lease, NodeSpec
from ionet.executor._boxed import MIB, BoxedExecutor
from ionet.overlay import OVERLAYS, forget
from ionet.sandbox import Box, Gpus, Images, Internet, NoSuchGpu, gpus, reap
from ionet.store.manifest import FileStore, Manifest
from ionet.workloads._run import ACCESS_PORT


class BoxExecutor(BoxedExecutor):
    """One box of runc's for each lease. Needs what `ionet.sandbox.missing` names.

    Args:
        nodes: the nodes that can be leased.
        store: where inputs come from.
        work: directory for the leases' files; the same one after a restart.
        image: the root file system that jobs run in whose manifest names none.
        boxes: directory for boxes, which other users of this machine must be able to enter.
        outputs: bytes of the files that a run may leave.
        internet: how jobs reach the internet that ask for it, on nodes that allow it.
        overlays: directory, in memory, of the networks of leases over several machines.
        images: those that a manifest can name; None: none.
    """

    def __init__(
        self,
        nodes: Iterable[NodeSpec],
        store: FileStore,
        work: str | Path,
        *,
        image: Path,
        boxes: Path,
        outputs: int = 1024 * MIB,
        internet: Internet | None = None,
        overlays: Path = OVERLAYS,
        images: Images | None = None,
    ) -> None:
        super().__init__(nodes, store, work, image=image, outputs=outputs, internet=internet)
        self._boxes = boxes
        self._overlays = overlays
        self._images = images

    def lacks_image(self, image: str) -> str | None:
        """See `LocalExecutor.lacks_image`."""
        if self._images is None:
            return super().lacks_image(image)
        if self._images.get(image) is not None:
            return None
        return f"this node does not have {image}; choose a node that has it, or leave it out"

    def _image_of(self, manifest: Manifest) -> Path | str:
        if manifest.image is None or self._images is None:
            return super()._image_of(manifest)
        image = self._images.get(manifest.image)
        return super()._image_of(manifest) if image is None else image.root

    def _named(self, name: str) -> Box:
        return Box(name, self._boxes)

    async def connect(self, lease: Lease) -> socket.socket:
        """See `LocalExecutor.connect`."""
        return await asyncio.to_thread(self._named(lease.name).connect, ACCESS_PORT)

    def _end(self, name: str) -> None:
        """Ends the box of a lease, and with it its network."""
        super()._end(name)
        forget(name, self._overlays)

    def _clear(self, keep: Container[str]) -> None:
        """Boxes from before a loss of power go, whoever made them."""
        names = [path.name for path in self._boxes.glob("*")]
        list(reap(self._boxes, [name for name in names if name in keep], earlier=True))

    def _gpus(self, lease: Lease) -> Gpus:
        if not lease.manifest.resources.gpus:
            return Gpus()
        specs = [self._nodes[node] for node in lease.nodes]
        if not all(spec.devices for spec in specs):
            raise NoSuchGpu("the UUIDs of the node's GPUs are not configured")
        return gpus([device for spec in specs for device in spec.devices])


def lease_boxes(work: Path, boxes: Path) -> None:
    """Removes the boxes of all leases of a working directory, whatever runs in them, and their networks.

    Args:
        work: the executor's directory.
        boxes: directory of boxes.
    """
    for path in work.glob("*"):
        if LEASE_NAME.fullmatch(path.name):
            Box(path.name, boxes).destroy()
            forget(path.name)
