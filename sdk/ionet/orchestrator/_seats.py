"""Who of several seats does what one of them has to do: rendezvous by hash, so that nobody has to agree.

Each seat's hash with the matter's key is its lot, and the lowest leads. When a seat leaves, only what it led
goes to others; when one comes, it takes its part from all alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

_DOMAIN: Final = b"ionet:lead"
#: The last place in a row: later seats would wait longer than a job can.
LAST: Final = 4


def place(seats: Iterable[bytes], mine: bytes, about: bytes) -> int:
    """Returns this seat's place in the row for a matter: 0 leads, the others follow when it does nothing.

    Args:
        seats: the keys of all seats, 32 bytes each.
        mine: this seat's key; without a seat it is the last.
        about: the matter's key, for example a lease's name.
    """
    lot = sha256(_DOMAIN + mine + about).digest()
    keys = set(seats)
    if mine not in keys:
        return LAST
    return min(LAST, sum(sha256(_DOMAIN + key + about).digest() < lot for key in keys))
