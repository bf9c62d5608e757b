"""Runs manifests on Ray in boxes of runc's: the engine of Linux."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Final

from ionet.executor._base import LEASE_NAME, FailureReason, Lease, NodeSpec, RunFailure
from ionet.executor._boxed import MIB, PYTHON, BoxedExecutor
from ionet.overlay import OVERLAYS, forget
from ionet.sandbox import (
    OWN,
    Box,
    BoxError,
    Gpus,
    Images,
    Internet,
    NoSuchGpu,
    OwnImageError,
    OwnImages,
    gpus,
    reap,
)
from ionet.store.manifest import FileStore, Manifest, NotStored
from ionet.workloads._run import ACCESS_PORT

_ELSEWHERE: Final = "choose a node that has it, or leave it out"
#: Images that are known to be of no use.
_REMEMBERED: Final = 1_000
#: Seconds after which an archive is of no use: a lease is taken up before, or never.
_UNUSED: Final = 3_600.0


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
        own: renters' own, unpacked; None: none are taken.
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
        own: OwnImages | None = None,
    ) -> None:
        super().__init__(nodes, store, work, image=image, outputs=outputs, internet=internet)
        self._boxes = boxes
        self._overlays = overlays
        self._images, self._own = images, own
        #: Archives of images until they are unpacked, apart: each is removed, and is nobody else's file.
        self._archives = FileStore(store.root / "archives")
        #: Images of leases that are open, by the leases' names; and why archives are of no use, by image, or
        #: by the name of the only lease that is told so.
        self._held: dict[str, str] = {}
        self._bad: dict[str, str] = {}

    # -- images

    def lacks_image(self, image: str) -> str | None:
        """See `LocalExecutor.lacks_image`."""
        if self._images is None:
            return super().lacks_image(image)
        if not image.startswith(OWN):
            here = self._images.get(image) is not None
            return None if here else f"this node does not have {image}; {_ELSEWHERE}"
        if self._own is None:
            return f"this node takes no images of renters; {_ELSEWHERE}"
        if self._own.get(image) is None and not self._own.room(list(self._held.values())):
            return f"this node has no room for one more image of a renter; {_ELSEWHERE}"
        return None

    def check(self, lease: Lease) -> None:
        """See `LocalExecutor.check`; also an image is refused that could not be unpacked before."""
        super().check(lease)
        image = lease.manifest.image
        if image is None:
            return
        if (why := self._bad.get(image) or self._bad.get(lease.name)) is not None:
            raise RunFailure(FailureReason.INPUT_MISSING, f"image: {image}: {why}")

    def wanted_image(self, manifest: Manifest) -> tuple[bytes, int] | None:
        """See `LocalExecutor.wanted_image`."""
        image = manifest.image
        if image is None or not image.startswith(OWN) or self._own is None or self._own.get(image):
            return None
        self._tidy()
        return bytes.fromhex(image.removeprefix(OWN)), self._own.room(list(self._held.values()))

    @property
    def archives(self) -> FileStore:
        """See `LocalExecutor.archives`."""
        return self._archives

    def _tidy(self) -> None:
        """Removes archives that a lease was not taken up with after all."""
        before = time.time() - _UNUSED
        for path in (self._archives.root / "objects").glob("??/*"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()

    async def open(self, lease: Lease) -> None:
        """See `Executor.open`; an image that was fetched for the lease is unpacked."""
        self.check(lease)
        image = lease.manifest.image
        if image is not None and image.startswith(OWN):
            # Before it is there: it must not go again for one that is unpacked right after it.
            self._held[lease.name] = image
            try:
                await asyncio.to_thread(self._bring, lease, image)
            except BaseException:
                del self._held[lease.name]
                raise
        await super().open(lease)

    def _bring(self, lease: Lease, image: str) -> None:
        """Unpacks a renter's image, if it is not yet, and removes the archive.

        Raises:
            RunFailure: (INPUT_MISSING) the archive is not here, or cannot be unpacked: that is not the node's
                fault.
        """
        assert self._own is not None
        digest = bytes.fromhex(image.removeprefix(OWN))
        try:
            archive = Path() if self._own.get(image) is not None else self._archives.path(digest)
            self._own.bring(image, archive, self._held.values())
        except NotStored as error:
            raise RunFailure(FailureReason.INPUT_MISSING, str(error)) from error
        except OwnImageError as error:
            if len(self._bad) >= _REMEMBERED:
                self._bad.clear()
            # What there is no room for today is not fetched and unpacked again and again for the same lease.
            self._bad[image if error.final else lease.name] = str(error)
            raise RunFailure(FailureReason.INPUT_MISSING, f"image: {image}: {error}") from error
        finally:
            # It is large, and is of no more use.
            with contextlib.suppress(NotStored, OSError):
                self._archives.path(digest).unlink()

    async def release(self, lease: Lease) -> None:
        """See `Executor.release`."""
        await super().release(lease)
        self._held.pop(lease.name, None)

    def _image_of(self, manifest: Manifest) -> tuple[Path | str, str, dict[str, str]]:
        image = manifest.image
        if image is not None and image.startswith(OWN):
            if self._own is not None and (own := self._own.get(image)) is not None:
                return own.image.root, own.python, {"PATH": own.path} if own.path else {}
        elif image is not None and self._images is not None and (built := self._images.get(image)):
            return built.root, PYTHON, {}
        return super()._image_of(manifest)

    # -- boxes

    def end_by(self, lease: Lease, at: float) -> None:
        """See `LocalExecutor.end_by`."""
        box = Box(lease.name, self._boxes)
        if box.exists():
            with contextlib.suppress(BoxError):  # it goes just now
                box.end_by(at)

    def _named(self, name: str) -> Box:
        # Outputs are gathered by the node's own Python, whatever the run's image has.
        return Box(name, self._boxes, tools=Path(self._image))

    async def connect(self, lease: Lease) -> socket.socket:
        """See `LocalExecutor.connect`."""
        return await self._named(lease.name).connect(ACCESS_PORT)

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
