"""Begins Ray's autoscaler on the first node of its cluster, with a session's key in its memory alone.

Ray's file and the session go by SSH, sealed to the box, into the input of a process there
(`ionet.cloud.from_input`), which finds this package where `pip` of a cluster file puts it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from ionet.chain.errors import ConfigError
from ionet.workloads import driver

#: Seconds in which it has begun, on a busy node.
_BEGINNING: Final = 180.0
#: Bytes of orders that the process there takes.
MOST: Final = 1 << 20
_MODULE: Final = "ionet.cloud.from_input"
_PATH: Final = f'PYTHONPATH="{driver.PACKAGES}:$PYTHONPATH"'
_THERE: Final = f"{_PATH} python3 -c 'import {_MODULE}' 2>/dev/null && echo there || echo missing"
_START: Final = f"{_PATH} exec python3 -m {_MODULE}"


def start(config: Mapping[str, Any]) -> str:
    """Begins it on the first node of the cluster of a file.

    Args:
        config: Ray's file, with all defaults.

    Returns:
        What it says.

    Raises:
        IonetError: it cannot be begun; the message says why.
    """
    from ionet import __version__
    from ionet.cloud.access import AsyncAccess
    from ionet.cloud.leasing import Loop, Market, Tags, tags_path

    market, tags = Market(config["provider"], config["cluster_name"]), tags_path(config)
    known = Tags(tags)
    orders = {
        "version": __version__,
        "config": config,
        "session": market.login.to_text(),
        "tags": {"jobs": known.jobs, "begun": known.begun, "shunned": known.shunned},
    }

    text = json.dumps(orders)
    if (size := len(text.encode())) > MOST:
        raise ConfigError(
            f"the file and the nodes that it has booked have {size:,} bytes; the first node takes {MOST:,}"
        )

    async def send() -> str:
        cluster = await market.cluster()
        try:
            way = await cluster.way()
        finally:
            await cluster.run.__aexit__()
        async with AsyncAccess(way) as access:
            if (await access.run(_THERE, seconds=_BEGINNING)).strip() != "there":
                raise ConfigError(
                    "the first node has not this package; say in the head's node_config: internet: true, and"
                    f" pip: ['ionet[access]=={__version__}']"
                )
            return await access.run(_START, text, seconds=_BEGINNING)

    return Loop().do(send()).strip()
