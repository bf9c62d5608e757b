"""Streams into a held cluster: a real gateway, agent, seat and SSH server; only box and Ray are not there."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
import httpx
import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.network.renting import at_work
from tests.network.site import NetworkSite, free_port
from tests.orchestrator.killed import Bomb
from tests.programs.market import IO_MINT
from tests.programs.people import Supplier
from tests.programs.support import HOUR

from ionet import pda, types
from ionet.cloud.access import AsyncAccess, Pass, stream
from ionet.cloud.errors import NoAccess
from ionet.cloud.openssh import write_config
from ionet.executor import Executor, InlineExecutor, Lease, NodeSpec, RunOutput
from ionet.gateway import _streams
from ionet.gateway._pipes import PipeSocket
from ionet.gateway._streams import Streams as Streams_
from ionet.store.manifest import FileStore, Function, Manifest
from ionet.wire import Peer
from ionet.wire.ssh import host_certificate, user_certificate
from ionet.worker import _agent
from ionet.worker._agent import Agent
from ionet.worker._piping import NoPipe, open_pipe
from ionet.worker._streams import Streams
from ionet.workloads import held

T = TypeVar("T")


class WithoutBox(InlineExecutor):
    """Has a held cluster's SSH server run as a process of this machine."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.port = free_port()
        self.folder: Path | None = None

    async def run(self, lease: Lease, attempt: int) -> RunOutput:
        folder = self.folder = self.workspace(lease).root / "box"
        (folder / "work").mkdir(parents=True)
        for name, data in lease.given.items():
            (folder / name).write_bytes(data if isinstance(data, bytes) else data.read_bytes())
        with tarfile.open(folder / "access.tar") as archive:
            archive.extractall(folder / "site", filter="data")
        path = os.pathsep.join((str(folder / "site"), str(Path.cwd()), *filter(None, sys.path)))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.network.ssh_box", str(folder), str(self.port)),
            env={"PATH": os.environ["PATH"], "PYTHONPATH": path, "SECRET": "of the box"},
            start_new_session=True,
        )
        try:
            await process.wait()
            raise AssertionError(f"the SSH server ended with {process.returncode}")
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()

    async def stop(self, lease: Lease) -> None:
        for task in asyncio.all_tasks():
            if task.get_name() == f"run {lease.name}":
                task.cancel()

    async def connect(self, lease: Lease) -> socket.socket:
        return await asyncio.to_thread(socket.create_connection, ("127.0.0.1", self.port), 5.0)


class HeldSite(NetworkSite):
    """A site whose machines hold clusters."""

    def executor(self, machine: Supplier, store: FileStore, work: Path) -> Executor:
        self.box = WithoutBox([NodeSpec(bytes(machine.node), cpus=1)], store, work)
        return self.box

    def agent(self, machine: Supplier, bomb: Bomb | None = None) -> Agent:
        agent = super().agent(machine, bomb)
        agent._streams = Streams(machine.device_key, {item.url: item.http for item in self.gateways})
        return agent

    def hold(self, seconds: int = HOUR) -> Pubkey:
        """Books a cluster of one node."""
        market, supplier = self.market, self.market.alice
        market.set_price(IO_MINT)
        args = types.jobs.BookArgs(
            nonce=market.offer(supplier).nonce + 1,
            seconds=seconds,
            max_deposit=2**64 - 1,
            manifest_hash=self.store.put_manifest(Manifest(Function(held.ENTRYPOINT, {"name": "digits"}))),
        )
        market.send(market.booking(of=supplier, args=args))
        return pda.jobs.job(supplier.offer, args.nonce)

    def way(self, job: Pubkey, renter: Keypair | None = None) -> Pass:
        """A pass for a cluster's node, of its renter or of somebody else."""
        device = bytes(self.market.alice.device_key.pubkey())
        return Pass.issue(renter or self.market.renter, self.gateway.http, job, device)


async def soon(do: Callable[[], Awaitable[T]]) -> T:
    """What comes of it, once it can be done."""
    for _ in range(200):
        try:
            return await do()
        except NoAccess:
            await asyncio.sleep(0.1)
    return await do()


async def runs(site: HeldSite) -> None:
    """Returns once the agent has a cluster that it lets its renter into."""
    async with asyncio.timeout(30):
        while not (site.agents[0]._serving and site.agents[0]._serving.run):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@asynccontextmanager
async def entered(way: Pass) -> AsyncIterator[AsyncAccess]:
    access = AsyncAccess(way)
    await soon(access.connection)
    async with access:
        yield access


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HeldSite]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_agent, "_AGAIN", 0.1)
        patch.setattr(_streams, "_LOOK", 0.3)
        site = HeldSite(tmp_path_factory.mktemp("site"))
        await site.gateway.start()
        async with at_work(site):
            yield site
        await site.gateway.stop()


@pytest.fixture(scope="module")
async def way(site: HeldSite) -> Pass:
    """The way into a cluster that is held until the tests at the end of this file."""
    way = site.way(site.hold())
    await runs(site)
    async with entered(way):
        return way


def agent_of(site: HeldSite) -> Agent:
    return site.agents[0]


async def gone(access: AsyncAccess) -> None:
    """Returns once its connection has been ended."""
    async with asyncio.timeout(10):
        await (await access.connection()).wait_closed()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write((await reader.read(100)).upper())
    writer.close()


async def test_a_renter_runs_commands_in_their_box_and_reaches_its_ports(site: HeldSite, way: Pass) -> None:
    async with entered(way) as access, await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        assert site.box.folder is not None
        assert await access.run("pwd; cat", "typed") == f"{site.box.folder}/work\ntyped"
        local = await access.forward(server.sockets[0].getsockname()[1])
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", local)
            writer.write(b"asked")
            assert await reader.read() == b"ASKED"
            writer.close()


async def test_the_bytes_of_a_large_file_come_whole_both_ways(way: Pass) -> None:
    data = os.urandom(3_000_000)
    async with entered(way) as access:
        connection = await access.connection()
        done = await connection.run("tee copy | sha256sum; cat copy", input=data, encoding=None)
    assert isinstance(done.stdout, bytes)
    assert done.stdout == f"{sha256(data).hexdigest()}  -\n".encode() + data


async def test_who_did_not_rent_gets_nothing_and_a_certificate_is_of_one_job(
    site: HeldSite, way: Pass
) -> None:
    stranger = Keypair()
    for bad, why in (
        (site.way(way.job, stranger), "is not .*'s"),
        (site.way(Keypair().pubkey()), "no lease of the job"),
        (replace(way, certificate=""), "missing or wrong"),
        # Somebody else's key with the renter's certificate, and a certificate for another job.
        (replace(way, key=stranger), "of another key"),
        (replace(way, certificate=site.way(stranger.pubkey()).certificate), "another job"),
    ):
        with pytest.raises(NoAccess, match=why):
            await AsyncAccess(bad).connection()


async def test_a_gateway_that_lets_in_anybody_reaches_a_server_that_does_not(
    site: HeldSite, way: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_streams, "certifier", lambda *given: bytes(site.market.renter.pubkey()))
    renter, other = site.market.renter, str(Keypair().pubkey())
    for certificate in (
        user_certificate(Keypair(), way.key, str(way.job)),
        # What the renter has signed for another lease of theirs, or of a host.
        user_certificate(renter, way.key, other),
        host_certificate(renter, way.key, str(way.job)),
    ):
        text = certificate.export_certificate("openssh").decode().strip()
        with pytest.raises(NoAccess, match="Permission denied"):
            await AsyncAccess(replace(way, certificate=text)).connection()


async def test_a_server_that_the_nodes_device_has_not_certified_is_told_nothing(way: Pass) -> None:
    """A gateway that puts itself between: the renter knows the device from the chain."""
    with pytest.raises(NoAccess, match="not certified by its node's device"):
        await AsyncAccess(replace(way, device=bytes(Keypair().pubkey()))).connection()


async def test_a_gateway_that_reads_along_sees_neither_commands_nor_what_they_print(
    way: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, write = bytearray(), PipeSocket.write

    def reads(self: PipeSocket, data: bytes) -> None:
        seen.extend(data)
        write(self, data)

    monkeypatch.setattr(PipeSocket, "write", reads)
    async with entered(way) as access:
        assert await access.run("echo $((6*7))-answer; echo question >/dev/null") == "42-answer\n"
    assert seen.startswith(b"SSH-2.0-") or b"SSH-2.0-" in seen
    assert b"answer" not in seen
    assert b"question" not in seen


async def test_nothing_leads_from_the_box_to_other_places_or_back_to_the_renter(way: Pass) -> None:
    async with entered(way) as access, await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        connection, port = await access.connection(), server.sockets[0].getsockname()[1]
        for host in ("169.254.169.254", "10.0.2.2", "192.168.1.1", "0.0.0.0", "127.0.0.2", "example.com"):
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_connection(host, port)
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_unix_connection("/run/docker.sock")
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.forward_remote_port("", 0, "127.0.0.1", port)
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.forward_remote_path("/tmp/renter.sock", "/tmp/renter.sock")
        done = await connection.run(
            "echo $LC_ALL,$LD_PRELOAD,$BASH_ENV,$SSH_AUTH_SOCK,$DISPLAY,$SECRET",
            env={"LD_PRELOAD": "/evil.so", "BASH_ENV": "/evil", "LC_ALL": "C"},
        )
        assert done.stdout == "C,,,,,of the box\n"


async def test_openssh_comes_in_with_a_terminal_copies_files_and_is_refused_what_leads_out(
    way: Pass, tmp_path: Path
) -> None:
    place = write_config(way, "digits", tmp_path / "config")
    sent = tmp_path / "sent"
    sent.write_text("sent\n")

    async def ssh(program: str, *words: str, status: int = 0) -> tuple[str, str]:
        process = await asyncio.create_subprocess_exec(
            *(program, "-F", str(place), "-o", "BatchMode=yes", *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, bad = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == status, bad.decode()
        return out.decode(), bad.decode()

    assert (await ssh("ssh", "digits.ionet", "echo $((6*7)); exit 3", status=3))[0] == "42\n"
    told, _ = await ssh("ssh", "-tt", "digits.ionet", "test -t 0 && tty && stty size")
    assert told.startswith("/dev/pts/"), told
    await ssh("scp", str(sent), "digits.ionet:copied")
    await ssh("scp", "digits.ionet:copied", str(tmp_path / "back"))
    assert (tmp_path / "back").read_text() == "sent\n"
    # Remote forwarding fails, agents and X11 are not asked for.
    _, bad = await ssh(
        "ssh", "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1", "digits.ionet", "true", status=255
    )
    assert "remote port forwarding failed" in bad
    assert oct((tmp_path / "config" / "id").stat().st_mode)[-3:] == "600"


async def test_a_gateway_that_calls_an_agent_without_end_gets_few_streams() -> None:
    streams = Streams(Keypair(), {"ws://g/peers": "http://127.0.0.1:1"})

    async def connect() -> socket.socket:
        await asyncio.sleep(60)
        raise OSError

    for number in range(1_000):
        streams.open("ws://g/peers", bytes(32), f"{number:032x}", connect)
    assert streams.count == 40
    streams.open("ws://other/peers", bytes(32), "0" * 32, connect)
    await streams.close()
    assert streams.count == 0
    for url, name in (("ws://other/peers", "0" * 32), ("ws://g/peers", "../" * 10 + "ab")):
        streams.open(url, bytes(32), name, connect)
    assert streams.count == 0


async def test_an_agent_answers_for_the_lease_that_it_serves_and_no_other(site: HeldSite, way: Pass) -> None:
    agent = agent_of(site)
    assert agent._streams is not None
    before = agent._streams.count
    agent.stream(site.gateway.url, str(Keypair().pubkey()), "0" * 32)
    assert agent._streams.count == before


async def test_nobody_answers_for_an_agent_or_takes_its_place_in_a_stream(
    site: HeldSite, way: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, called = agent_of(site), list[str]()
    peer_of(site).on_stream = lambda url, job, name: called.append(name)
    try:
        waiting = asyncio.create_task(stream(way))
        async with asyncio.timeout(5):
            while not called:  # noqa: ASYNC110 (the gateway's word is no event here)
                await asyncio.sleep(0.02)
        async with httpx.AsyncClient() as client:
            for key in (Keypair(), site.market.renter):
                with pytest.raises(NoPipe, match="nobody waits for this stream"):
                    await open_pipe(key, way.gateway, f"/streams/{way.job}/{called[0]}", client)
        waiting.cancel()
        # A lease has eight streams that wait, and no ninth.
        some = [asyncio.create_task(stream(way)) for _ in range(9)]
        done, _ = await asyncio.wait(some, return_when=asyncio.FIRST_COMPLETED, timeout=5)
        with pytest.raises(NoAccess, match="a lease has 32 streams at most"):
            await done.pop()
        for task in some:
            task.cancel()
    finally:
        peer_of(site).on_stream = agent.stream


def peer_of(site: HeldSite) -> Peer:
    return site.peers[0]


async def test_who_does_not_read_holds_up_the_other_side_and_fills_no_memory(
    site: HeldSite, way: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setattr(site.box, "port", silent.getsockname()[1])
    _, writer = await stream(way)

    async def send(mebibytes: int) -> None:
        for _ in range(mebibytes):
            writer.write(bytes(1 << 20))
            await asyncio.wait_for(writer.drain(), 1.0)

    with pytest.raises(TimeoutError):
        # More than the sockets of three connections hold, and the buffers between them.
        await send(64)
    writer.close()
    silent.close()


async def test_an_agent_ends_what_is_open_when_its_lease_ends(site: HeldSite, way: Pass) -> None:
    async with entered(way) as access:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Streams_, "look", still)
            site.market.send(site.market.jobs("stop", way.job))
            await gone(access)
    async with asyncio.timeout(10):
        while agent_of(site).busy:  # noqa: ASYNC110 (the agent has no event for it)
            await asyncio.sleep(0.05)
    assert agent_of(site)._streams.count == 0  # type: ignore[union-attr]
    # What the gateway has read of the chain is good for three seconds; the agent knows better.
    with pytest.raises(NoAccess, match=r"no lease of the job|did not come"):
        await AsyncAccess(way).connection()


async def still(self: Streams_) -> None:
    """Looks at nothing."""


async def test_a_gateway_ends_what_is_open_when_a_lease_ends(site: HeldSite) -> None:
    way = site.way(site.hold())
    await runs(site)
    # The agent is kept from looking at the chain.
    async with entered(way) as access, agent_of(site)._looking:
        site.market.send(site.market.jobs("stop", way.job))
        await gone(access)
        with pytest.raises(NoAccess, match="no lease of the job"):
            await AsyncAccess(way).connection()
