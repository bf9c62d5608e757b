"""A renter at a terminal: `ionet cluster`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from soaking import RUN, Net


class Renter:
    """Somebody at a terminal, in the folder with the cluster's file."""

    def __init__(self, net: Net, folder: Path) -> None:
        self._net, self._folder = net, folder

    def start(self, *words: object, group: str = "cluster", **how: Any) -> subprocess.Popen[str]:
        """Starts a command of `ionet cluster`, or of another group."""
        signer = ("-u", self._net.told["url"], "-k", self._net.folder / "renter.json", "--yes")
        command = [*RUN, *signer, group, *words]
        place = {**os.environ, "IONET_GATEWAY": self._net.told["gateway"]}
        return subprocess.Popen([*map(str, command)], text=True, cwd=self._folder, env=place, **how)

    def run(
        self, *words: object, status: int = 0, group: str = "cluster"
    ) -> subprocess.CompletedProcess[str]:
        """Runs `ionet cluster` to its end."""
        with self.start(*words, group=group, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                out, err = process.communicate(timeout=300)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
        assert done.returncode == status, f"{done.returncode}: {done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    def json(self, *words: object, group: str = "cluster") -> Any:
        """What `ionet cluster` says as JSON."""
        return json.loads(self.run(*words, "--output", "json", group=group).stdout)
