"""What nodes limit: how many accounts one request may name."""

from __future__ import annotations

import re
from typing import Final

from ionet.chain.errors import RpcError

#: Invalid parameters, and a request that is too large.
_LIMITS: Final = frozenset({-32602, -32600, 413})
_SAYS: Final = re.compile(r"too many|max(?:imum)?\b|limit", re.IGNORECASE)
_MOST: Final = re.compile(r"(?:max(?:imum)?|limit)\D{0,20}(\d+)", re.IGNORECASE)


def smaller_batch(bad: RpcError, size: int) -> int:
    """How many accounts to ask for after a node refused `size` of them.

    Raises:
        RpcError: it was refused for another reason.
    """
    if size <= 1 or bad.code not in _LIMITS or not _SAYS.search(bad.message):
        raise bad
    named = _MOST.search(bad.message)
    most = int(named[1]) if named else size // 2
    return most if 0 < most < size else size // 2
