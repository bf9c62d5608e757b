"""Signed, numbered messages between the processes of the network, and the links that carry them.

A worker's agent, an attester's seat and a renter each are a `Peer`: a key, and a link to a gateway, which
passes messages on and can neither make nor change one. `Message` is what travels.
"""

from ionet.wire._message import MAX_MESSAGE, Kind, Message, MessageError
from ionet.wire._peer import Answer, Handler, Peer, Refused, Request, Role, Unreachable
from ionet.wire._seal import Sealed, SealError, seal

__all__ = [
    "MAX_MESSAGE",
    "Answer",
    "Handler",
    "Kind",
    "Message",
    "MessageError",
    "Peer",
    "Refused",
    "Request",
    "Role",
    "SealError",
    "Sealed",
    "Unreachable",
    "seal",
]
