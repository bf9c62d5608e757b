"""`ionet cluster ssh`, `proxy`, `sync` and others: into the boxes of a cluster."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer
from solders.keypair import Keypair

from ionet.chain.errors import IonetError
from ionet.cli.arguments import length_of
from ionet.cli.cluster import Name, _attached, _run, _tell, _volumes, app, held
from ionet.cli.failures import UserError
from ionet.cli.job.run import GatewayOption, gateway_of
from ionet.cli.login import kept
from ionet.cli.session import Session, session
from ionet.cloud.errors import NoCluster

if TYPE_CHECKING:
    from ionet import AsyncClient
    from ionet.cloud.access import Pass
    from ionet.cloud.clusters import AsyncCluster
    from ionet.cloud.proxy import Proxy

__all__ = ["app"]

#: Seconds between looks whether a cluster that is proxied is still there, and for a notebook to begin.
_LOOK: Final = 5.0
_NOTEBOOK_SECONDS: Final = 60.0
_NOTEBOOK: Final = 8_888
_MOST: Final = 1 << 16

Node: TypeAlias = Annotated[int, typer.Option("--node", min=1, help="Which node; 1 is the first.")]
Local: TypeAlias = Annotated[
    int, typer.Option("--port", min=0, max=_MOST - 1, help="The port on this machine; default: any.")
]


def folders() -> Path:
    """Where what OpenSSH needs is kept, a folder a cluster."""
    return kept.place().parent / "clusters"


@app.command()
def ssh(
    name: Name,
    command: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND", help="Run this, instead of a shell; behind --.")
    ] = None,
    node: Node = 1,
    add_config: Annotated[
        bool,
        typer.Option(
            "--add-config", help="Enter it in ~/.ssh/config for ssh, scp, rsync and VS Code, instead."
        ),
    ] = False,
    gateway: GatewayOption = None,
) -> None:
    """Open a shell in the box of a cluster's node, by OpenSSH.

    The gateway passes ciphertext; the box's key is certified by the node's device key, which the chain has.
    With --add-config, `ssh NAME.ionet` works by itself until the cluster is ended by `ionet cluster down`: a
    line is put at the top of ~/.ssh/config, of which a copy is kept. No wallet is needed from then on.
    """
    io = session()
    io.check_several("SSH")
    place = gateway_of(io, gateway)
    if shutil.which("ssh") is None:
        raise UserError("there is no ssh on this machine; on Debian: apt install openssh-client")
    entered: list[tuple[Path, str]] = []

    async def work(client: AsyncClient, key: Keypair | None) -> int:
        async with await _attached(client, place, name, key) as cluster:
            entered.append(await _entered(cluster, node))
        return 0

    _run(io, work)
    path, host = entered[0]
    if add_config:
        from ionet.cloud.openssh import include

        backup = include(path.parent.parent)
        lines = [f"{backup} is what ~/.ssh/config was before"] if backup else []
        io.screen.show({"host": host, "config": path}, f"Enter it: ssh {host}", *lines)
        return
    words = ["ssh", "-F", str(path), host, *(command or [])]
    if io.screen.as_json:
        io.screen.show({"host": host, "config": path, "command": words})
        return
    os.execvp("ssh", words)  # noqa: S606 (the user's own)


async def _entered(cluster: AsyncCluster, node: int) -> tuple[Path, str]:
    """Writes what OpenSSH needs to come into a node's box; returns its configuration, and the box's name."""
    from ionet.cloud.openssh import SUFFIX, write_config

    way = await cluster.way(node)
    label = cluster.name if node == 1 else f"{node}.{cluster.name}"
    path = await asyncio.to_thread(write_config, way, label, folders() / f"{label}-{way.job}")
    return path, label + SUFFIX


@app.command()
def proxy(
    name: Name,
    ports: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PORT]", help="Ports of the box: 8000, or 9000:8000 for 9000 here."),
    ] = None,
    node: Node = 1,
    gateway: GatewayOption = None,
) -> None:
    """Make ports of a cluster ports of this machine, until Ctrl-C.

    Without a port these are Ray's dashboard, and of the first node those that the cluster's file names.

    They are on 127.0.0.1 only, and no page of another site in this machine's browsers can use them. The
    dashboard and the Jobs API need no token here; of Ray's client see `ionet cluster address`.
    """
    from ionet.cloud.proxy import DASHBOARD

    wanted = [_port(text) for text in ports or []]

    def begin(proxy: Proxy, named: Sequence[int]) -> dict[str, object]:
        told: dict[str, object] = {}
        if not wanted:
            told["dashboard"] = proxy.dashboard()
        for local, port in wanted or [(_free(port), port) for port in named if node == 1]:
            if port == DASHBOARD and node == 1:
                told["dashboard"] = proxy.dashboard(local)
                continue
            told[str(port)] = f"127.0.0.1:{proxy.forward(port, local)}"
        return told

    _serve(name, gateway, node, begin)


def _free(port: int) -> int:
    """The same port here, if this user may have it and nobody has; else any."""
    import socket

    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return 0
    return port


def _port(text: str) -> tuple[int, int]:
    """A port here (0: any) and one of the box."""
    local, _, port = text.rpartition(":")
    numbers = [int(part) if part.isdecimal() else -1 for part in (local or "0", port)]
    if not (0 <= numbers[0] < _MOST and 0 < numbers[1] < _MOST):
        raise UserError(f"a port is a number below 65,536, as 8000 or 9000:8000, not {text!r}")
    return numbers[0], numbers[1]


@app.command()
def dashboard(name: Name, port: Local = 0, gateway: GatewayOption = None) -> None:
    """Show Ray's dashboard on this machine, until Ctrl-C; its URL is the address of the Jobs API as well.

    Pages of other sites cannot use it, and the browser does not learn Ray's token.
    """
    _serve(name, gateway, 1, lambda proxy, named: {"dashboard": proxy.dashboard(port)})


@app.command()
def address(
    name: Name,
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="COMMAND", help="Run this here with RAY_ADDRESS; behind --."),
    ] = None,
    port: Local = 0,
    gateway: GatewayOption = None,
) -> None:
    """Run a program of this machine on the cluster, by Ray's client: `ray.init()` in it finds the cluster.

    Ray and Python have to be the cluster's. Without a command the address is shown, and kept until Ctrl-C;
    the file that is named then has the variables by which Ray's client shows the token: it is a secret.
    """
    status = [0]

    def begin(proxy: Proxy, named: Sequence[int]) -> dict[str, object]:
        told = proxy.ray_address(port)
        variables = {"RAY_ADDRESS": told, **proxy.ray_facts().environment}
        if command:
            status[0] = _child(command, variables)
            return {}
        return {"address": told, "variables": _exported(name, variables)}

    _serve(name, gateway, 1, begin)
    if status[0]:
        raise typer.Exit(status[0])


def _child(command: Sequence[str], variables: Mapping[str, str]) -> int:
    """Runs a program to its end; returns its exit status."""
    try:
        with subprocess.Popen(command, env={**os.environ, **variables}) as child:
            while True:
                try:
                    status = child.wait()
                    break
                except KeyboardInterrupt:
                    # It was told, too, and says how it ends.
                    continue
    except OSError as bad:
        raise UserError(f"{command[0]} cannot be run: {bad.strerror}") from None
    return 128 - status if status < 0 else status


def _exported(name: str, variables: Mapping[str, str]) -> Path:
    """Writes variables for a shell into a file that only this user reads."""
    import shlex

    from ionet.chain.files import key_folder, replace_secret

    folder = folders()
    key_folder(folder)
    path = folder / f"{name}.env"
    lines = [f"export {variable}={shlex.quote(value)}\n" for variable, value in variables.items()]
    replace_secret(path, "".join(lines))
    return path


@app.command()
def notebook(name: Name, port: Local = 0, gateway: GatewayOption = None) -> None:
    """Start JupyterLab in a cluster's first node, and show it on this machine until Ctrl-C.

    `ray.init()` in it finds the cluster. It ends with this command; notebooks stay in the cluster's working
    directory, until `ionet cluster sync` brings them here.
    """
    import secrets

    token = secrets.token_urlsafe(24)

    def begin(proxy: Proxy, named: Sequence[int]) -> dict[str, object]:
        proxy.begin_notebook(_NOTEBOOK, token, _NOTEBOOK_SECONDS)
        return {"notebook": f"http://127.0.0.1:{proxy.forward(_NOTEBOOK, port)}/lab?token={token}"}

    _serve(name, gateway, 1, begin)


def _serve(
    name: str,
    gateway: str | None,
    node: int,
    begin: Callable[[Proxy, Sequence[int]], dict[str, object]],
) -> None:
    """Opens ports, shows them, and waits until Ctrl-C or the cluster's end.

    Args:
        name: the cluster.
        gateway: its gateway's URL.
        node: whose ports.
        begin: opens them; given the ports that the cluster's file names.
    """
    from ionet.cloud.clusters import attach_cluster, named_ports

    io = session()
    io.check_several("reaching a cluster")
    place = gateway_of(io, gateway)
    ways: list[tuple[Pass, list[int]]] = []

    async def work(client: AsyncClient, key: Keypair | None) -> int:
        item = await held(client, place, name)
        async with attach_cluster(client, place, item, key=key) as cluster:
            ways.append((await cluster.way(node), named_ports(item.manifest)))
        return 0

    _run(io, work)
    from ionet.cloud.proxy import Proxy

    way, ports = ways[0]
    with Proxy(way) as proxy:
        told = begin(proxy, ports)
        if not told:
            return
        io.screen.show(
            {"name": name, **told}, *(f"{_LABELS.get(what, what)}: {where}" for what, where in told.items())
        )
        io.screen.note("Until Ctrl-C")
        _wait(io, proxy, name)


_LABELS: Final = {
    "address": "Ray's address",
    "dashboard": "Ray's dashboard and Jobs API",
    "notebook": "JupyterLab",
    "variables": "Read this file in your shell (its token is a secret): .",
}


def _wait(io: Session, proxy: Proxy, name: str) -> None:
    """Waits until Ctrl-C, or until the cluster has not been there for a minute."""
    from ionet.cloud.errors import NoAccess

    missed = 0
    try:
        while missed < 12:
            time.sleep(_LOOK)
            try:
                proxy.look()
                missed = 0
            except NoAccess as bad:
                missed += 1
                last = str(bad)
                if "no lease" in last:
                    break
    except KeyboardInterrupt:
        return
    raise UserError(f"{name} is gone: {last}")


@app.command()
def sync(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A folder or file here, or NAME:PATH.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Where to: NAME:PATH, or a folder here.")],
    node: Node = 1,
    gateway: GatewayOption = None,
) -> None:
    """Copy what is in a folder, or a file, into a cluster's node or out of it; what is the same is left.

    PATH begins at the cluster's working directory, unless it begins with a slash. Nothing is deleted. A
    node's links and special files are left out.
    """
    from ionet.cloud import syncing
    from ionet.cloud.access import AsyncAccess

    io = session()
    io.check_several("copying files")
    place = gateway_of(io, gateway)
    (from_name, from_path), (to_name, to_path) = _split(source), _split(target)
    if (from_name is None) == (to_name is None):
        raise UserError("one side is a cluster's, as digits:data, and the other a folder of this machine")
    name = from_name or to_name
    assert name is not None
    here = Path(to_path if to_name is None else from_path).expanduser()

    async def work(client: AsyncClient, key: Keypair | None) -> int:
        async with await _attached(client, place, name, key) as cluster:
            way = await cluster.way(node)
        async with AsyncAccess(way) as access:
            if to_name is not None:
                done = await syncing.send(access, here, to_path, io.screen.note)
            else:
                done = await syncing.fetch(access, from_path, here, io.screen.note)
        for path, why in done.skipped:
            io.screen.warn(f"Left out {path}: {why}")
        data = {"files": done.files, "same": done.same, "skipped": [list(item) for item in done.skipped]}
        count = len(done.files)
        io.screen.show(data, f"Copied {count} file{'s' * (count != 1)}; {done.same} were there already")
        return 0

    _run(io, work)


@app.command()
def save(
    name: Name,
    every: Annotated[
        int | None,
        typer.Option("--every", metavar="LENGTH", parser=length_of, help="Again and again: 10min, 1h."),
    ] = None,
    gateway: GatewayOption = None,
) -> None:
    """Keep what a running cluster has in its volumes' folders now, each as a snapshot.

    Only what is new is stored. If the first node's supplier dies, the volumes are what was kept last.
    `ionet cluster down` keeps them, too. A file that is being written is kept as it is.
    """
    from ionet.cloud import syncing
    from ionet.cloud.access import AsyncAccess
    from ionet.cloud.clusters import attach_cluster
    from ionet.cloud.mounting import mounts, save

    io = session()
    io.check_several("keeping a cluster's volumes")
    place = gateway_of(io, gateway)

    async def once(client: AsyncClient, key: Keypair) -> None:
        item = await held(client, place, name)
        if not mounts(item.manifest):
            raise UserError(f"{name} has no volumes: its file names none")
        async with attach_cluster(client, place, item, key=key) as cluster:
            way = await cluster.way(1)
        async with AsyncAccess(way) as access, _volumes(io, place, key) as volumes:

            async def copied(path: str, folder: Path) -> None:
                done = await syncing.fetch(access, path, folder)
                for left, why in done.skipped:
                    io.screen.warn(f"Left out {path}/{left}: {why}")

            await save(item.manifest, item.head, copied, volumes, _tell(io))

    async def work(client: AsyncClient, key: Keypair | None) -> int:
        assert key is not None
        await once(client, key)
        while every is not None:
            await asyncio.sleep(every)
            try:
                await once(client, key)
            except NoCluster:
                break
            except IonetError as bad:
                # The next time may be better; what is kept is what it was.
                io.screen.warn(f"Not kept: {bad}")
        return 0

    _run(io, work)


def _split(text: str) -> tuple[str | None, str]:
    """A cluster's name and a path of it; None and a path of this machine."""
    name, colon, path = text.partition(":")
    if not colon or "/" in name or name in ("", ".", ".."):
        return None, text
    return name, path or "."
