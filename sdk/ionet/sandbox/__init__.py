"""A box for a stranger's program: one OCI container, of which nothing is left afterwards.

`Box` starts a command in a container of an image, keeps the latest of its output, gathers its files and
removes it. The container has its own user, process, mount, network, message and host-name namespaces, no
capability, a read-only root, a disk of fixed size, and limits on memory, processors and processes. It sees no
file, interface or process of the host. On wish it reaches the internet (`Internet`), and nothing nearer.

Every name that a box uses on the host (cgroups, network, mount, disk, user ids) follows from its own,
so after a crash it can be removed without knowing what had been done: see `Box.destroy` and `reap`.

Needs Linux, root, runc and a seccomp profile of the distribution; `missing` says what is lacking. `PodmanBox`
is the same by podman, for Macs; `podman_lacking` says what that lacks.
"""

from ionet.sandbox._box import Box, BoxError, Ended, Ending, File, Gathered, Skipped, network_of, reap
from ionet.sandbox._bundle import Device, Limits
from ionet.sandbox._cdi import Gpus, NoSuchGpu, gpus
from ionet.sandbox._cgroups import unlimited
from ionet.sandbox._clock import machine_time
from ionet.sandbox._host import BOXES, image, missing, runc_version
from ionet.sandbox._images import OWN, Image, Images
from ionet.sandbox._network import Internet
from ionet.sandbox._oci import Unusable, leave_out_first
from ionet.sandbox._own import OwnImage, OwnImageError, OwnImages
from ionet.sandbox._podman import JOB_IMAGE, Podman, podman_lacking
from ionet.sandbox._podman_box import PodmanBox, podman_boxes
from ionet.sandbox._podman_image import ImageError, load_image, save_image

__all__ = [
    "BOXES",
    "JOB_IMAGE",
    "OWN",
    "Box",
    "BoxError",
    "Device",
    "Ended",
    "Ending",
    "File",
    "Gathered",
    "Gpus",
    "Image",
    "ImageError",
    "Images",
    "Internet",
    "Limits",
    "NoSuchGpu",
    "OwnImage",
    "OwnImageError",
    "OwnImages",
    "Podman",
    "PodmanBox",
    "Skipped",
    "Unusable",
    "gpus",
    "image",
    "leave_out_first",
    "load_image",
    "machine_time",
    "missing",
    "network_of",
    "podman_boxes",
    "podman_lacking",
    "reap",
    "runc_version",
    "save_image",
    "unlimited",
]
