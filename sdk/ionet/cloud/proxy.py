"""A cluster's ports on this machine, served by a thread, so that blocking code can use them.

Ports are of 127.0.0.1 only. Ray's token, by which a cluster's nodes know each other, comes through SSH: the
gateway never has it, and neither have browsers, for which this adds it to requests of its own origin alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
import threading
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from ionet.chain.errors import IonetError
from ionet.cloud.access import AsyncAccess, Pass
from ionet.cloud.browsers import OwnPages, TokenHeader
from ionet.cloud.errors import NoAccess, RayDiffers
from ionet.wire.ssh import library

T = TypeVar("T")

#: Ports of Ray's, in a box: its client's, and of the dashboard and the Jobs API.
RAY_CLIENT: Final = 10_001
DASHBOARD: Final = 8_265
#: Says what Ray of the cluster is, on one line.
_FACTS: Final = (
    "exec python3 -c '"
    "import json,os,platform,importlib.metadata as m;"
    'print(json.dumps({"ray":m.version("ray"),"python":platform.python_version(),'
    '"token":os.environ.get("RAY_AUTH_TOKEN","")}))\''
)
_VERSION: Final = re.compile(r"[0-9]+\.[0-9A-Za-z.+!-]{1,40}")
_TOKEN: Final = re.compile(r"[!-~]{0,512}")
_VARIABLES: Final = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN")


@dataclass(frozen=True, slots=True)
class RayFacts:
    """Ray in a cluster.

    Attributes:
        ray: its version.
        python: Python's.
        token: what Ray's own processes know each other by; empty where there is none.
    """

    ray: str
    python: str
    token: str

    def differs(self) -> str | None:
        """Why this process's Ray cannot be a client of the cluster's; None if it can."""
        wanted = f"Ray {self.ray} on Python {self.python.rpartition('.')[0]}"
        try:
            own = version("ray")
        except PackageNotFoundError:
            get = f"pip install 'ray[client]=={self.ray}'"
            return f"Ray is not installed here; the cluster has {wanted}: {get}"
        here = ".".join(map(str, sys.version_info[:2]))
        if own != self.ray or here != self.python.rpartition(".")[0]:
            return (
                f"Ray's client takes the same Ray and Python as the cluster, {wanted}; this is Ray {own} on"
                f" Python {here}. Programs run in the cluster instead: ionet cluster exec"
            )
        return None

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which Ray's programs show the token."""
        return dict(zip(_VARIABLES, ("token", self.token), strict=True)) if self.token else {}


async def ray_facts(access: AsyncAccess) -> RayFacts:
    """Asks a box what Ray of its cluster is.

    Raises:
        NoAccess: it cannot be asked.
        IonetError: it does not say so.
    """
    return facts_of(await access.run(_FACTS))


def facts_of(text: str) -> RayFacts:
    """Reads what a box prints of its Ray: versions end up in a command to copy, the token in variables.

    Raises:
        IonetError: it does not say so.
    """
    try:
        facts = json.loads(text.strip().splitlines()[-1])
        said = RayFacts(str(facts["ray"]), str(facts["python"]), str(facts["token"]))
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        said = None
    if said is None or not (_VERSION.fullmatch(said.ray) and _VERSION.fullmatch(said.python)):
        raise IonetError("the cluster does not say which Ray it has")
    if not _TOKEN.fullmatch(said.token):
        raise IonetError("the cluster's token of Ray is none")
    return said


async def notebook(access: AsyncAccess, port: int, token: str, seconds: float) -> None:
    """See `Proxy.begin_notebook`."""
    try:
        await access.run("exec python3 -c 'import jupyterlab'")
    except NoAccess:
        raise
    except IonetError:
        raise IonetError(
            "the cluster has no JupyterLab: use an image that has it, or have its file say"
            " pip: [jupyterlab==VERSION] and internet: true"
        ) from None
    # By its input: a command line can be read by every process of the box. Kernels are talked to by sockets
    # of files: by TCP they look for network interfaces, which a box shows nobody, and end.
    command = (
        f"read -r JUPYTER_TOKEN; export JUPYTER_TOKEN; exec python3 -m jupyterlab --no-browser --ip=127.0.0.1"
        f" --port={port} --ServerApp.port_retries=0 --ServerApp.root_dir=. --KernelManager.transport=ipc"
        " >jupyter.log 2>&1"
    )
    connection = await access.connection()
    process = await connection.create_process(command)
    process.stdin.write(f"{token}\n")
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(library().ChannelOpenError):
            _, writer = await connection.open_connection("127.0.0.1", port)
            writer.close()
            return
        if process.exit_status is not None or time.monotonic() > deadline:
            words = await access.run("tail -n 5 jupyter.log")
            raise IonetError(f"JupyterLab does not begin: {' '.join(words.split())[-500:]}")
        await asyncio.sleep(0.5)


class Proxy:
    """Ports of a cluster, for as long as this object is used. Use it as a context manager.

    Args:
        way: into its first node.

    Raises:
        NoAccess: there is none.
    """

    def __init__(self, way: Pass) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ionet proxy", daemon=True)
        self._thread.start()
        self._before: Mapping[str, str | None] | None = None
        self._facts: RayFacts | None = None
        self._access = AsyncAccess(way)
        try:
            self._do(self._access.__aenter__())
        except BaseException:
            self._end()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, bad: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends all connections and ports; repeated, it does nothing."""
        if self._loop.is_closed():
            return
        self._restore()
        try:
            self._do(self._access.__aexit__())
        finally:
            self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def forward(self, port: int, local: int = 0) -> int:
        """See `AsyncAccess.forward`; pages of other sites are kept out, see `OwnPages`."""
        return self._do(self._access.forward(port, local, begin=OwnPages()))

    def run(self, command: str) -> str:
        """See `AsyncAccess.run`."""
        return self._do(self._access.run(command))

    def look(self) -> None:
        """Looks whether the box is still there.

        Raises:
            NoAccess: it is not, or not now.
        """
        self._do(self._access.connection())

    def begin_notebook(self, port: int, token: str, seconds: float) -> None:
        """Starts JupyterLab in the box, which ends with this object.

        Args:
            port: where it listens, in the box.
            token: who uses it shows this.
            seconds: for it to begin.

        Raises:
            IonetError: it does not begin; the message says why.
        """
        self._do(notebook(self._access, port, token, seconds))

    def ray_facts(self) -> RayFacts:
        """What Ray of the cluster is; see `ray_facts`."""
        if self._facts is None:
            self._facts = self._do(ray_facts(self._access))
        return self._facts

    def dashboard(self, local: int = 0) -> str:
        """Returns the URL of Ray's dashboard and Jobs API here: nobody has to show the token for it."""
        header = TokenHeader(self.ray_facts().token)
        return f"http://127.0.0.1:{self._do(self._access.forward(DASHBOARD, local, begin=header))}"

    def ray_address(self, local: int = 0) -> str:
        """Returns what `ray.init` takes, and has this process's Ray show the cluster's token until `close`.

        Raises:
            RayDiffers: this process's Ray cannot be a client of the cluster's.
            NoAccess: the cluster cannot be reached.
        """
        self.show_token()
        return f"ray://127.0.0.1:{self.forward(RAY_CLIENT, local)}"

    def show_token(self) -> None:
        """Has this process's Ray show the cluster's token until `close`.

        Raises:
            RayDiffers: it is another than the cluster's.
            NoAccess: the cluster cannot be reached.
        """
        facts = self.ray_facts()
        if (why := facts.differs()) is not None:
            raise RayDiffers(why)
        if self._before is None:
            self._before = {name: os.environ.get(name) for name in _VARIABLES}
        os.environ.update(facts.environment)
        read_variables()

    def _restore(self) -> None:
        if self._before is None:
            return
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._before = None
        read_variables()


def read_variables() -> None:
    """Has Ray read its variables again, where it was imported before they were set."""
    raylet: Any = sys.modules.get("ray._raylet")
    if raylet is not None:
        with contextlib.suppress(AttributeError):
            raylet.Config.initialize("")
            raylet.AuthenticationTokenLoader.instance().reset_cache()
