"""Runs manifests on Ray in boxes of podman's: the engine of Macs, in podman's Linux machine."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Final

from ionet.executor._base import FailureReason, Lease, NodeSpec, RunFailure
from ionet.executor._boxed import MIB, PYTHON, BoxedExecutor
from ionet.formats.sizes import size_text
from ionet.sandbox import JOB_IMAGE, Gpus, NoSuchGpu, Podman, PodmanBox, podman_boxes
from ionet.store.manifest import FileStore, Function, Manifest
from ionet.workloads.held import ENTRYPOINT as HELD

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class PodmanExecutor(BoxedExecutor):
    """One `PodmanBox` for each lease. Needs what `ionet.sandbox.podman_lacking` names, and the image.

    Jobs have processors only, do not reach the internet, join no other machines, and their disk is memory.

    Args:
        nodes: the nodes that can be leased.
        store: where inputs come from.
        work: directory for the leases' files; the same one after a restart.
        podman: which podman.
        image: what jobs run in, by its name in podman's storage.
        outputs: bytes of the files that a run may leave.
    """

    def __init__(
        self,
        nodes: Iterable[NodeSpec],
        store: FileStore,
        work: str | Path,
        *,
        podman: Podman,
        image: str = JOB_IMAGE,
        outputs: int = 1024 * MIB,
    ) -> None:
        super().__init__(nodes, store, work, image=image, outputs=outputs)
        self._podman = podman
        #: Marks this worker's boxes: others may use the same podman.
        self.owner = hashlib.sha256(str(self._work.resolve()).encode()).hexdigest()[:16]
        self._boxes: dict[str, PodmanBox] = {}

    def check(self, lease: Lease) -> None:
        """See `LocalExecutor.check`; also what podman does not give is refused."""
        if lease.manifest.resources.internet:
            raise RunFailure(
                FailureReason.PLACEMENT,
                "resources.internet: this node's jobs run under podman, where they do not reach the internet;"
                " choose another node, or bring what the job needs as inputs",
            )
        entry = lease.manifest.entrypoint
        if isinstance(entry, Function) and entry.path == HELD:
            raise RunFailure(
                FailureReason.PLACEMENT,
                "entrypoint: this node's jobs run under podman, where no cluster can be held; choose another"
                " node",
            )
        asked, part = lease.manifest.resources.disk, lease.manifest.resources.memory
        if asked is not None and part is not None and asked > part:
            why = f"where their disk is memory: {size_text(asked)} do not fit into {size_text(part)}"
            raise RunFailure(
                FailureReason.PLACEMENT,
                f"resources.disk: this node's jobs run under podman, {why}; ask for as much memory, or choose"
                " another node",
            )
        super().check(lease)

    def lacks_image(self, image: str) -> str | None:
        """See `LocalExecutor.lacks_image`."""
        if (name := _name(image)) is None:
            return (
                "this node's jobs run under podman, where no images of renters are unpacked; name one of the"
                " catalogue, or choose another node"
            )
        if self._podman.image(name) is None:
            return f"this node does not have {image}; choose a node that has it, or leave it out"
        return None

    def images(self) -> dict[str, str]:
        """How a manifest names each image that podman has been given, by a name for it."""
        digests = self._podman.tags(JOB_IMAGE.rpartition(":")[0])
        return {f"image-{digest[:12]}": f"sha256:{digest}" for digest in digests if _DIGEST.fullmatch(digest)}

    def _image_of(self, manifest: Manifest) -> tuple[Path | str, str, dict[str, str]]:
        name = None if manifest.image is None else _name(manifest.image)
        if name is not None and self._podman.image(name) is not None:
            return name, PYTHON, {}
        return super()._image_of(manifest)

    async def release(self, lease: Lease) -> None:
        """See `Executor.release`."""
        await super().release(lease)
        self._boxes.pop(lease.name, None)

    def _named(self, name: str) -> PodmanBox:
        # One object a lease, as it knows the program's process without asking podman each time.
        return self._boxes.setdefault(name, PodmanBox(name, self._podman, self.owner))

    def _clear(self, keep: Container[str]) -> None:
        for name in podman_boxes(self._podman, self.owner):
            if name not in keep:
                self._named(name).destroy()
                self._boxes.pop(name, None)

    def _gpus(self, lease: Lease) -> Gpus:
        if lease.manifest.resources.gpus:
            raise NoSuchGpu(
                "resources.gpus: this node's jobs run under podman, where they have processors only; choose"
                " another node"
            )
        return Gpus()


def _name(image: str) -> str | None:
    """What podman calls an image that `load_image` has given to it; None for one of another kind."""
    kind, _, digest = image.partition(":")
    return f"{JOB_IMAGE.rpartition(':')[0]}:{digest}" if kind == "sha256" else None
