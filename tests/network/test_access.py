"""Streams into a held cluster: a real gateway, agent, seat and SSH server; only box and Ray are not there."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
import httpx
import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.cli.conftest import write_key
from tests.network.editor import SERVER, Editor
from tests.network.renting import at_work
from tests.network.site import NetworkSite, free_port
from tests.orchestrator.killed import Bomb
from tests.programs.market import IO_MINT
from tests.programs.people import Supplier
from tests.programs.support import HOUR

from ionet import pda, types
from ionet.cloud import syncing
from ionet.cloud.access import AsyncAccess, Pass, stream
from ionet.cloud.browsers import OwnPages, TokenHeader
from ionet.cloud.errors import NoAccess, NotCopied
from ionet.cloud.openssh import write_config
from ionet.cloud.proxy import Proxy
from ionet.executor import Executor, InlineExecutor, Lease, NodeSpec, RunOutput
from ionet.gateway import _streams
from ionet.gateway._pipes import End, PipeSocket
from ionet.gateway._streams import Streams as Streams_
from ionet.gateway._streams import Tenancy
from ionet.store.manifest import FileStore, Function, Manifest
from ionet.wire import Peer
from ionet.wire.ssh import host_certificate, user_certificate
from ionet.worker import _agent
from ionet.worker._agent import Agent
from ionet.worker._piping import NoPipe, open_pipe
from ionet.worker._streams import Streams
from ionet.workloads import held
from ionet.workloads.access import _HANG_UP, Inside, serve

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
            # Python before 3.11.4 knows no filters.
            archive.extractall(folder / "site")
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
    end = time.monotonic() + 60.0
    while True:
        try:
            return await do()
        except NoAccess:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(0.1)


async def runs(site: HeldSite) -> None:
    """Returns once the agent has a cluster that it lets its renter into."""
    async with asyncio.timeout(60):
        while not (site.agents[0]._serving and site.agents[0]._serving.run):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def free(site: HeldSite) -> None:
    """Ends the lease that other tests have left; returns once the agent serves none."""
    if (job := site.market.offer(site.market.alice).lease_job) != Pubkey.default():
        site.market.send(site.market.jobs("stop", job))
    async with asyncio.timeout(60):
        while agent_of(site).busy:  # noqa: ASYNC110 (the agent has no event for it)
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
    async with asyncio.timeout(60):
        await (await access.connection()).wait_closed()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write((await reader.read(100)).upper())
    writer.close()


@dataclass
class Terminal:
    """A renter's terminal."""

    folder: Path
    gateway: str
    url: str

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        line = ("-u", self.url, "-k", str(self.folder / "renter.json"), *words)
        environment = {**os.environ, "IONET_GATEWAY": self.gateway, "HOME": str(self.folder)}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from ionet.cli import main; main()", *line),
            cwd=self.folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, status: int, *words: str) -> tuple[str, str]:
        """Standard output and error of a command that has to end with this status."""
        process = await self.start(*words)
        out, bad = (part.decode() for part in await asyncio.wait_for(process.communicate(), 180))
        assert process.returncode == status, f"{process.returncode}: {out}\n{bad}"
        assert "Traceback" not in bad
        return out, bad

    async def json(self, status: int, *words: str) -> Any:
        return json.loads((await self.run(status, "--output", "json", *words))[0])


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


async def test_a_gateway_that_changes_or_keeps_what_passes_ends_the_connection_and_no_more(
    way: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = PipeSocket.write
    async with entered(way) as access:
        monkeypatch.setattr(PipeSocket, "write", lambda to, data: write(to, bytes([data[0] ^ 1, *data[1:]])))
        with pytest.raises(NoAccess, match="nothing can be run"):
            await access.run("echo changed")
        monkeypatch.setattr(PipeSocket, "write", lambda to, data: None)
        monkeypatch.setattr("ionet.cloud.access._PATIENCE", 1.0)
        with pytest.raises(NoAccess, match="no SSH into the job"):
            await access.run("echo kept")
        monkeypatch.undo()
        assert await access.run("echo whole") == "whole\n"


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
        out, bad = await asyncio.wait_for(process.communicate(), 180)
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


def served(editor: Editor) -> str:
    """What an editor's server answers over a SOCKS port of ssh's, after the shell that began it is gone."""
    process, port = editor.begin()
    try:
        return editor.asked(port)
    finally:
        os.kill(int(process), signal.SIGKILL)


async def test_an_editor_brings_its_server_along_and_finds_it_again_over_a_socks_port(
    way: Pass, tmp_path: Path
) -> None:
    editor = Editor(write_config(way, "digits", tmp_path / "config"), "digits.ionet", tmp_path)
    assert await asyncio.to_thread(served, editor) == SERVER


@pytest.mark.skipif(shutil.which("rsync") is None, reason="there is no rsync; scripts/setup installs it")
async def test_rsync_copies_both_ways_by_the_entry_for_openssh(way: Pass, tmp_path: Path) -> None:
    shell = f"ssh -F {write_config(way, 'digits', tmp_path / 'config')} -o BatchMode=yes"
    (tmp_path / "tree" / "deep").mkdir(parents=True)
    data = os.urandom(300_000)
    (tmp_path / "tree" / "deep" / "a.bin").write_bytes(data)
    for source, target in (
        (f"{tmp_path}/tree/", "digits.ionet:tree/"),
        ("digits.ionet:tree/", f"{tmp_path}/b/"),
    ):
        words = ("rsync", "-a", "-e", shell, source, target)
        await asyncio.to_thread(subprocess.run, words, check=True, timeout=120, capture_output=True)
    assert (tmp_path / "b" / "deep" / "a.bin").read_bytes() == data


async def test_a_folder_goes_into_a_box_and_back_and_what_is_the_same_is_not_sent_again(
    way: Pass, tmp_path: Path
) -> None:
    source, back = tmp_path / "source", tmp_path / "back"
    (source / "deep" / "empty").mkdir(parents=True)
    (source / "deep" / "data").write_bytes(os.urandom(300_000))
    (source / "top").write_text("top")
    (source / "link").symlink_to("/etc/passwd")
    for name in (b"odd\xff", b"folder\xff/data"):
        path = source / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.touch()
    async with entered(way) as access:
        done = await syncing.send(access, source, "folder")
        assert (sorted(done.files), done.same) == (["deep/data", "top"], 0)
        assert sorted(done.skipped) == [
            ("'folder\\udcff'", "a name that is not UTF-8"),
            ("'odd\\udcff'", "a name that is not UTF-8"),
            ("link", "neither a file nor a folder"),
        ]
        (source / "top").write_text("changed")
        done = await syncing.send(access, source, "folder")
        assert (done.files, done.same) == (["top"], 1)
        await access.run("ln -s /etc/shadow folder/there; mkfifo folder/pipe")
        done = await syncing.fetch(access, "folder", back)
        assert sorted(done.files) == ["deep/data", "top"]
        assert sorted(name for name, _ in done.skipped) == ["pipe", "there"]
        assert (back / "deep" / "data").read_bytes() == (source / "deep" / "data").read_bytes()
        assert (back / "top").read_text() == "changed"
        # Nothing is written through a link that is here.
        (back / "top").unlink()
        (back / "top").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(NotCopied, match="is no file here"):
            await syncing.fetch(access, "folder", back)
        assert not (tmp_path / "elsewhere").exists()
        (back / "top").unlink()
        (tmp_path / "outside").mkdir()
        (back / "deep").rename(tmp_path / "moved")
        (back / "deep").symlink_to(tmp_path / "outside")
        with pytest.raises(NotCopied, match="deep is a link here"):
            await syncing.fetch(access, "folder", back)
        assert list((tmp_path / "outside").iterdir()) == []
        # A name as long as file systems take comes, too.
        await access.run(f"mkdir long; touch long/{'ä' * 127}")
        assert (await syncing.fetch(access, "long", tmp_path / "long")).files == ["ä" * 127]
        with pytest.raises(NotCopied, match="there is no missing in the box"):
            await syncing.fetch(access, "missing", tmp_path / "nothing")
        assert not (tmp_path / "nothing").exists()
        with pytest.raises(NotCopied, match="top is a file here, and folder a folder in the box"):
            await syncing.fetch(access, "folder", source / "top")
        assert (source / "top").read_text() == "changed"
        with pytest.raises(NotCopied, match="folder/top/in cannot be made a folder in the box"):
            await syncing.send(access, source, "folder/top/in")


class Hostile(asyncssh.SFTPServer):
    """A box that says of its files what it likes."""

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        for name in (b"../../evil", b"/etc/evil", b"..", b"a/../../evil", b"bell\a", b"good"):
            yield asyncssh.SFTPName(name, b"", asyncssh.SFTPAttrs(type=1, permissions=0o100644, size=4))

    def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return asyncssh.SFTPAttrs.from_local((Path("/") if path.endswith(b"all") else self.good).stat())

    lstat = stat

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        return self.good.open("rb")

    good = Path()


async def test_names_that_lead_elsewhere_are_left_out_of_a_copy(
    site: HeldSite, way: Pass, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Hostile.good = tmp_path / "served"
    Hostile.good.write_text("good")
    monkeypatch.setattr("ionet.workloads.access._Files", Hostile)
    assert site.box.folder is not None
    access = json.loads((site.box.folder / "access.json").read_text())
    acceptor = await serve(Inside(access, {}, tmp_path), 0)
    monkeypatch.setattr(site.box, "port", acceptor.get_port())
    target = tmp_path / "a" / "b" / "target"
    async with entered(way) as entry:
        done = await syncing.fetch(entry, "all", target)
    acceptor.close()
    assert done.files == ["good"]
    assert {why for _, why in done.skipped} == {"a name that leads elsewhere"}
    assert len(done.skipped) == 4
    assert files_below(tmp_path) == {"served", "a/b/target/good"}


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


async def test_blocking_code_uses_a_clusters_ports_and_a_broken_connection_is_made_again(
    site: HeldSite, way: Pass
) -> None:
    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with await asyncio.to_thread(Proxy, way) as proxy:
            local = await asyncio.to_thread(proxy.forward, port)
            assert await asyncio.to_thread(asked, local) == b"ASKED"
            streams = agent_of(site)._streams
            assert streams is not None
            await streams.close()
            await asyncio.sleep(0.2)
            assert await asyncio.to_thread(asked, local) == b"ASKED"
    with pytest.raises(ConnectionRefusedError):
        await asyncio.to_thread(asked, local)


def asked(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(b"asked")
        return connection.recv(100)


def program_of(pid: int) -> str:
    """What a process runs; empty if it does not."""
    try:
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition(") ")
    except OSError:
        return ""
    return "" if rest.startswith("Z") else name.partition("(")[2]


async def test_a_server_outlives_a_connection_that_breaks_though_it_heeds_no_nohup(way: Pass) -> None:
    # As Node.js, and so VS Code's server, does at its start.
    node = "import signal, time; signal.signal(signal.SIGHUP, signal.SIG_DFL); print(1, flush=True)"
    begin = f'nohup python3 -c "{node}; time.sleep(300)" 2>&1 </dev/null & echo $!'
    async with entered(way) as access:
        connection = await access.connection()
        # The shell waits for them, and reads nothing more; one of them holds on to its output.
        several = f"{begin}; nohup sleep 300 >&2 & echo $! $$; wait"
        shell = await connection.create_process(several)
        told = [int(word) for _ in range(3) for word in (await shell.stdout.readline()).split()]
        first, second, waiting = (number for number in told if number != 1)
        await until(lambda: program_of(second) == "sleep")
        connection.abort()
        await until(lambda: not program_of(waiting))
        # What is sent after that has come by now.
        await asyncio.sleep(_HANG_UP + 1)
        assert (program_of(first), program_of(second)) == ("python3", "sleep")
        for server in (first, second):
            os.kill(server, signal.SIGKILL)


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not done():  # noqa: ASYNC110 (a process is no event)
            await asyncio.sleep(0.1)


async def test_the_dashboard_is_shown_to_this_machine_alone_and_its_token_to_nobody(
    site: HeldSite, way: Pass
) -> None:
    heads = list[bytes]()

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        writer.close()

    async with (
        await asyncio.start_server(answers, "127.0.0.1", 0) as server,
        entered(way) as access,
        httpx.AsyncClient() as client,
    ):
        inside = server.sockets[0].getsockname()[1]
        port = await access.forward(inside, begin=TokenHeader("secret"))
        url = f"http://127.0.0.1:{port}"
        own = {"origin": url, "sec-fetch-site": "same-origin", "authorization": "Bearer of the browser"}
        assert (await client.post(f"{url}/api/jobs/", json={}, headers=own)).text == "ok"
        assert (await client.get(url, headers={"sec-fetch-site": "none"})).text == "ok"
        assert [head.count(b"Authorization: Bearer secret\r\n") for head in heads] == [1, 1]
        assert not any(b"of the browser" in head or b"keep-alive" in head.lower() for head in heads)
        for headers in (
            {"host": "evil.example"},
            {"host": f"evil.example:{port}"},
            {"origin": "http://evil.example"},
            {"origin": "null"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
        ):
            answer = await client.get(f"{url}/api/jobs/", headers=headers)
            assert (answer.status_code, "secret" in answer.text) == (403, False)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n folded: x\r\n\r\n".encode())
        assert b"403" in await reader.read()
        writer.close()
        assert len(heads) == 2


async def test_a_page_of_another_site_uses_no_port_that_is_forwarded(site: HeldSite, way: Pass) -> None:
    heads = list[bytes]()

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        writer.close()

    async with (
        await asyncio.start_server(answers, "127.0.0.1", 0) as server,
        entered(way) as access,
        httpx.AsyncClient() as client,
    ):
        port = await access.forward(server.sockets[0].getsockname()[1], begin=OwnPages())
        url = f"http://127.0.0.1:{port}"
        for headers in (
            {"host": "evil.example"},
            {"host": f"evil.example:{port}"},
            {"host": f"127.0.0.1.evil.example:{port}"},
            {"origin": "http://evil.example"},
            {"origin": "null"},
            {"sec-fetch-site": "cross-site"},
        ):
            assert (await client.post(url, headers=headers)).status_code == 403
            assert (await client.request("EHLO", url, headers=headers)).status_code == 403
        assert heads == []
        # Programs go through as they are; of a browser's connection there is one request.
        for kept, headers in (
            (b"keep-alive", {}),
            (b"close", {"origin": "http://localhost:3000", "sec-fetch-site": "cross-site"}),
            (b"close", {"origin": url, "sec-fetch-site": "same-origin"}),
        ):
            assert (await client.post(url, content=b"body", headers=headers)).text == "ok"
            assert b"\r\nconnection: " + kept in heads[-1].lower()


async def test_what_is_no_request_is_forwarded_as_it_is_and_a_server_may_speak_first(
    site: HeldSite, way: Pass
) -> None:
    async def greets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        writer.write((await reader.readline()).upper())
        writer.close()

    async with await asyncio.start_server(greets, "127.0.0.1", 0) as server, entered(way) as access:
        port = await access.forward(server.sockets[0].getsockname()[1], begin=OwnPages())
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.readline() == b"220 ready\r\n"
        writer.write(b"ehlo ")
        await writer.drain()
        writer.write(b"example\r\n")
        assert await reader.read() == b"EHLO EXAMPLE\r\n"
        writer.close()


@pytest.fixture
async def terminal(site: HeldSite, way: Pass, tmp_path: Path) -> AsyncIterator[Terminal]:
    """A terminal of the cluster's renter."""
    write_key(tmp_path / "renter.json", site.market.renter)
    with site.market.world.client.network.serve() as server:
        yield Terminal(tmp_path, site.gateway.http, server.url)


async def test_a_renter_at_a_terminal_comes_in_copies_and_forwards_by_the_clusters_name(
    terminal: Terminal,
) -> None:
    folder = terminal.folder
    out, _ = await terminal.run(3, "cluster", "ssh", "digits", "--", "echo $((6*7)); exit 3")
    assert out == "42\n"
    (folder / "data").mkdir()
    (folder / "data" / "one").write_text("one")
    sent = await terminal.json(0, "cluster", "sync", "data", "digits:by-name")
    assert sent == {"files": ["one"], "same": 0, "skipped": []}
    back = await terminal.json(0, "cluster", "sync", "digits:by-name", "back")
    assert (back["files"], (folder / "back" / "one").read_text()) == (["one"], "one")

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        process = await terminal.start("--output", "json", "cluster", "proxy", "digits", str(port))
        assert process.stdout is not None
        async with asyncio.timeout(30):
            told = json.loads(await process.stdout.readuntil(b"\n}\n"))
        there = int(told[str(port)].rpartition(":")[2])
        assert await asyncio.to_thread(asked, there) == b"ASKED"
        # A page of a site whose name leads to 127.0.0.1 by now.
        async with httpx.AsyncClient() as page:
            answer = await page.get(f"http://127.0.0.1:{there}", headers={"host": f"evil.example:{there}"})
        assert answer.status_code == 403
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0

    (folder / ".ssh").mkdir()
    (folder / ".ssh" / "config").write_text("Host work\n")
    written = await terminal.json(0, "cluster", "ssh", "digits", "--add-config")
    assert written["host"] == "digits.ionet"
    assert (folder / ".ssh" / "config.before-ionet").read_text() == "Host work\n"
    _, bad = await terminal.run(4, "cluster", "ssh", "--node", "2", "digits")
    assert "the cluster digits has the nodes 1 to 1, and no 2" in bad


async def test_a_gateway_that_calls_an_agent_without_end_gets_few_streams() -> None:
    streams = Streams(Keypair(), {f"ws://{name}/peers": "http://127.0.0.1:1" for name in "gh"})

    async def connect() -> socket.socket:
        await asyncio.sleep(60)
        raise OSError

    for number in range(1_000):
        streams.open("ws://g/peers", bytes(32), f"{number:032x}", connect)
    assert streams.count == 40
    # Over another one the renter still comes in.
    streams.open("ws://h/peers", bytes(32), "0" * 32, connect)
    assert streams.count == 41
    streams.open("ws://other/peers", bytes(32), "0" * 32, connect)
    await streams.close()
    assert streams.count == 0
    for url, name in (("ws://other/peers", "0" * 32), ("ws://g/peers", "../" * 10 + "ab")):
        streams.open(url, bytes(32), name, connect)
    assert streams.count == 0


class Slow:
    """A chain that takes its time, and counts who asks at once."""

    def __init__(self) -> None:
        self.now = self.most = 0

    async def tenancy(self, job: bytes) -> Tenancy | None:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.05)
        self.now -= 1
        return None


async def test_a_gateway_asks_the_chain_a_few_questions_at_once_and_looks_at_all_streams_in_time() -> None:
    chain = Slow()
    streams = Streams_(chain, ["http://g"], None)  # type: ignore[arg-type]  # nobody is told
    sockets = [PipeSocket(streams, None, "", "", "") for _ in range(128)]  # type: ignore[arg-type]
    asked = [streams._asked(bytes([number]) * 32, bytes(32), sockets[number]) for number in range(64)]
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert {str(bad)[:29] for bad in told} == {"the chain shows no lease of t"}
    assert chain.most == 16
    for number, each in enumerate(sockets):
        streams._ends.add(End(bytes(32), bytes(32), each, lease=bytes([number]) * 32))
    # One after the other it would take 6.4 s.
    async with asyncio.timeout(3):
        await streams.look()
    assert chain.most == 16


async def test_a_lease_has_no_more_bytes_by_connecting_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_streams, "_FLOW", (1_000_000.0, 0.1))
    streams = Streams_(Slow(), ["http://g"], None)  # type: ignore[arg-type]  # nobody is told
    socket_ = PipeSocket(streams, None, "", "", "")  # type: ignore[arg-type]
    waits = []
    for _ in range(3):
        end = End(bytes(32), bytes(32), socket_, lease=bytes(32))
        streams._ends.add(end)
        waits.append(streams.took(end, 100_000))
        streams.gone(end)
    assert waits[0] < 0.01
    assert waits[2] > 0.15
    await streams.look()
    assert len(streams._flows) == 1
    await asyncio.sleep(0.35)
    await streams.look()
    assert streams._flows == {}


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
        async with asyncio.timeout(60):
            while not called:  # noqa: ASYNC110 (the gateway's word is no event here)
                await asyncio.sleep(0.02)
        async with httpx.AsyncClient() as client:
            for key in (Keypair(), site.market.renter):
                with pytest.raises(NoPipe, match="nobody waits for this stream"):
                    await open_pipe(key, way.gateway, f"/streams/{way.job}/{called[0]}", client)
        waiting.cancel()
        # A lease has eight streams that wait, and no ninth.
        some = [asyncio.create_task(stream(way)) for _ in range(9)]
        done, _ = await asyncio.wait(some, return_when=asyncio.FIRST_COMPLETED, timeout=60)
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
    async with asyncio.timeout(60):
        while agent_of(site).busy:  # noqa: ASYNC110 (the agent has no event for it)
            await asyncio.sleep(0.05)
    assert agent_of(site)._streams.count == 0  # type: ignore[union-attr]
    # What the gateway has read of the chain is good for three seconds; the agent knows better.
    with pytest.raises(NoAccess, match=r"no lease of the job|did not come"):
        await AsyncAccess(way).connection()


async def still(self: Streams_) -> None:
    """Looks at nothing."""


async def test_a_gateway_ends_what_is_open_when_a_lease_ends(site: HeldSite) -> None:
    await free(site)
    way = site.way(site.hold())
    await runs(site)
    # The agent is kept from looking at the chain.
    async with entered(way) as access, agent_of(site)._looking:
        site.market.send(site.market.jobs("stop", way.job))
        await gone(access)
        with pytest.raises(NoAccess, match="no lease of the job"):
            await AsyncAccess(way).connection()
