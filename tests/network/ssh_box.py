"""The SSH server of a box, without the box: `python -m tests.network.ssh_box FOLDER PORT`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from ionet.workloads.access import Inside, serve


async def main(folder: Path, port: int) -> None:
    access = json.loads((folder / "access.json").read_text())
    os.chdir(folder / "work")
    acceptor = await serve(Inside(access, os.environ, folder / "work"), port)
    await acceptor.wait_closed()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
