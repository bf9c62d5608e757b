"""The network of one lease over several machines: end-to-end encrypted between its members, by nebula.

The agent of the lease's head has the lease's certificate `Authority`. A member's agent makes a key where
the member is, signs a `Request` with a key that the chain knows, and gets a `Grant` in return. `Process` runs
nebula for it, whose interface is in the box's network namespace and whose socket is in the machine's. A
gateway runs a `Process` without an interface, which finds addresses and relays ciphertext; its certificate
lacks the members' group, so no member takes a packet from it.

Needs Linux and Debian's nebula; for members root. `missing` says what is lacking.
"""

from ionet.overlay._authority import Authority, NotAdmitted
from ionet.overlay._certificates import address as address_of
from ionet.overlay._documents import DocumentError, Grant, LeaseFacts, Member, Request, objection
from ionet.overlay._homes import OVERLAYS, OverlayError
from ionet.overlay._measured import APART, FRESH, Measurement, MeasurementError
from ionet.overlay._plan import DEVICE, MTU, Place, Subnet, member, relay
from ionet.overlay._process import Process, forget, missing, reap

__all__ = [
    "APART",
    "DEVICE",
    "FRESH",
    "MTU",
    "OVERLAYS",
    "Authority",
    "DocumentError",
    "Grant",
    "LeaseFacts",
    "Measurement",
    "MeasurementError",
    "Member",
    "NotAdmitted",
    "OverlayError",
    "Place",
    "Process",
    "Request",
    "Subnet",
    "address_of",
    "forget",
    "member",
    "missing",
    "objection",
    "reap",
    "relay",
]
