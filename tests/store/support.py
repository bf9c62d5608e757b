"""A store on a real server, in this process or another one, and a way to it that breaks."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx
import uvicorn
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from starlette.applications import Starlette

from ionet.gateway._files import files
from ionet.store.backends import Backend, Directory
from ionet.store.keeper import Keeper, Limits
from ionet.store.signing import authorization

MIB: Final = 1 << 20
ROOT: Final = Path(__file__).resolve().parents[2]
#: Bounds for small machines: a test's disk may be nearly full.
SMALL: Final = Limits(spare=0, free=64 << 10, free_total=MIB, body=4 * MIB)


class Allowed:
    """Allows each key what it is told; other keys nothing."""

    def __init__(self) -> None:
        self.bytes: dict[Pubkey, int] = {}
        self.asked: list[Pubkey] = []
        self.broken = False

    async def allowed(self, key: Pubkey) -> int:
        self.asked.append(key)
        if self.broken:
            raise OSError("no chain")
        return self.bytes.get(key, 0)


class Clock:
    """Unix time that is set."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Served:
    """A store that is served; `renter` may keep 64 MiB there.

    Attributes:
        urls: what it is called; a way to it may be added before it runs.
    """

    def __init__(self, root: Path, limits: Limits = SMALL, backend: Backend | None = None) -> None:
        self.root, self.limits = root, limits
        self.backend = backend or Directory(root / "files")
        self.quota, self.clock, self.renter = Allowed(), Clock(), Keypair()
        self.quota.bytes[self.renter.pubkey()] = 64 * MIB
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        # A way through a proxy has another port, but the same name.
        self.urls = [self.url, "http://store.test"]
        self.keeper: Keeper
        self.loop: asyncio.AbstractEventLoop

    @contextmanager
    def running(self) -> Iterator[Served]:
        keeper = Keeper(
            self.backend,
            self.root / "keeper",
            quota=self.quota,
            urls=self.urls,
            limits=self.limits,
            clock=self.clock,
        )
        self.keeper = keeper

        @asynccontextmanager
        async def lifespan(app: Starlette) -> AsyncIterator[None]:
            self.loop = asyncio.get_running_loop()
            async with keeper:
                yield

        app = Starlette(routes=files(keeper), lifespan=lifespan)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [self.socket]}, daemon=True)
        thread.start()
        until = time.monotonic() + 20
        while not server.started and thread.is_alive() and time.monotonic() < until:
            time.sleep(0.005)
        assert server.started
        try:
            yield self
        finally:
            server.should_exit = True
            thread.join(20)

    def sweep(self) -> None:
        asyncio.run_coroutine_threadsafe(self.keeper.sweep(), self.loop).result(20)

    # -- the routes, by hand

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        return httpx.request(method, self.url + path, timeout=20, **more)

    def nonce(self) -> str:
        return str(self.request("GET", "/files").json()["nonce"])

    def signed(self, method: str, path: str, size: int, signer: Keypair | None = None) -> str:
        return authorization(signer or self.renter, method, self.url + path, size, self.nonce())

    def begin(self, data: bytes, signer: Keypair | None = None, size: int | None = None) -> httpx.Response:
        path, size = path_of(data), len(data) if size is None else size
        headers = {"ionet-size": str(size), "authorization": self.signed("POST", path, size, signer)}
        return self.request("POST", path, headers=headers)

    def append(self, data: bytes, upload: str, offset: int, part: Any) -> httpx.Response:
        headers = {"ionet-upload": upload, "ionet-offset": str(offset)}
        return self.request("PATCH", path_of(data), headers=headers, content=part)

    def leftovers(self) -> list[str]:
        """Files of uploads, and temporary ones."""
        uploads = [path.name for path in (self.root / "keeper" / "uploads").iterdir()]
        return uploads + [path.name for path in self.root.rglob(".*")]


def path_of(data: bytes) -> str:
    return f"/files/{hashlib.sha256(data).hexdigest()}"


def code_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


class Breaking:
    """A way to a server on which each connection is cut after so many bytes of one direction.

    Args:
        port: of the server.
        up: bytes of requests after which each connection in turn is cut; then none is.
        down: the same for answers.
        heads: answers that come on a connection before it is cut.
        held: bytes of requests, of all connections, after which no more pass until `go` is set.

    Attributes:
        cuts: connections that were cut.
        sent: bytes of requests that have passed.
    """

    def __init__(
        self,
        port: int,
        *,
        up: list[int] | None = None,
        down: list[int] | None = None,
        heads: int = 1 << 30,
        held: int = 1 << 60,
    ) -> None:
        self._heads, self._held = heads, held
        self.go, self.sent = threading.Event(), 0
        self._target, self.up, self.down = port, list(up or []), list(down or [])
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.cuts = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            for source, target, budgets in ((client, server, self.up), (server, client, self.down)):
                threading.Thread(
                    target=self._copy, args=(source, target, budgets, (client, server)), daemon=True
                ).start()

    def _copy(
        self,
        source: socket.socket,
        target: socket.socket,
        budgets: list[int],
        both: tuple[socket.socket, socket.socket],
    ) -> None:
        passed = heads = 0
        try:
            while data := source.recv(65536):
                if budgets is self.up:
                    if self.sent >= self._held:
                        self.go.wait()
                    self.sent += len(data)
                heads += data.count(b"HTTP/1.1 ")
                if heads > self._heads:
                    break
                passed += len(data)
                if budgets and passed > budgets[0]:
                    target.sendall(data[: len(data) - (passed - budgets[0])])
                    budgets.pop(0)
                    self.cuts += 1
                    break
                target.sendall(data)
        except OSError:
            pass
        for end in both:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


#: A store in a process of its own: its folder, socket, key that may keep 64 MiB, and largest file on disk.
PROGRAM: Final = """
import resource, socket, sys
from contextlib import asynccontextmanager
from pathlib import Path
import uvicorn
from solders.pubkey import Pubkey
from starlette.applications import Starlette
from tests.store.support import MIB, SMALL, Allowed
from ionet.gateway._files import files
from ionet.store.backends import Directory
from ionet.store.keeper import Keeper

root, key, largest = Path(sys.argv[1]), Pubkey.from_string(sys.argv[3]), int(sys.argv[4])
listening = socket.socket(fileno=int(sys.argv[2]))
if largest:
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
quota = Allowed()
quota.bytes[key] = 64 * MIB
url = f"http://127.0.0.1:{listening.getsockname()[1]}"
keeper = Keeper(Directory(root / "files"), root / "keeper", quota=quota, urls=[url], limits=SMALL)


@asynccontextmanager
async def lifespan(app):
    async with keeper:
        yield


app = Starlette(routes=files(keeper), lifespan=lifespan)
uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on")).run(sockets=[listening])
"""


class Process:
    """A store in a process of its own, which can be killed."""

    def __init__(self, root: Path, *, largest: int = 0) -> None:
        self.root, self.largest, self.renter = root, largest, Keypair()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.set_inheritable(True)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        handle = self.socket.fileno()
        arguments = [str(self.root), str(handle), str(self.renter.pubkey()), str(self.largest)]
        paths = os.pathsep.join([str(ROOT / "sdk"), str(ROOT)])
        self.running = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments],
            pass_fds=[handle],
            env={**os.environ, "PYTHONPATH": paths},
            cwd=ROOT,
        )

    def kill(self) -> None:
        if self.running is not None:
            self.running.kill()
            self.running.wait()
            self.running = None
