"""`ionet job run`, `follow`, `fetch` and `logs` as processes of their own, against a real gateway."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import write_key
from tests.network.renting import FAILS, Renting, at_work, opened


@dataclass
class Terminal:
    """A renter's terminal.

    Attributes:
        renting: the market behind it.
        url: of its node.
    """

    renting: Renting
    url: str

    async def start(self, *arguments: object) -> asyncio.subprocess.Process:
        folder = self.renting.folder
        line = ["-u", self.url, "-k", str(folder / "renter.json"), *map(str, arguments)]
        environment = {**os.environ, "IONET_GATEWAY": self.renting.gateway, "HOME": str(folder)}
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from ionet.cli import main; main()",
            *line,
            cwd=folder,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, status: int, *arguments: object) -> tuple[str, str]:
        """Standard output and error of a command that has to end with this status."""
        process = await self.start(*arguments)
        async with asyncio.timeout(60):
            out, error = (part.decode() for part in await process.communicate())
        assert process.returncode == status, f"{process.returncode}: {out}\n{error}"
        assert "Traceback" not in error
        return out, error

    async def json(self, status: int, *arguments: object) -> Any:
        return json.loads((await self.run(status, *arguments, "--output", "json"))[0])


@pytest.fixture
async def renting(tmp_path: Path) -> AsyncIterator[Renting]:
    async with opened(tmp_path) as renting:
        yield renting


@pytest.fixture
async def terminal(renting: Renting) -> AsyncIterator[Terminal]:
    """A terminal, while machine and seat are at work and time passes."""

    async def tick() -> None:
        while True:
            renting.site.market.world.advance(20)
            renting.ready()
            await asyncio.sleep(0.3)

    renting.ready()
    write_key(renting.folder / "renter.json", renting.key)
    renting.script()
    with renting.site.market.world.client.network.serve() as server:
        async with at_work(renting.site):
            ticking = asyncio.create_task(tick())
            try:
                yield Terminal(renting, server.url)
            finally:
                ticking.cancel()
                with suppress(asyncio.CancelledError):
                    await ticking


ASKED = ("--class", "1", "--for", "2h", "--gpus", "0")


async def test_one_command_from_a_script_to_its_results(terminal: Terminal) -> None:
    before = terminal.renting.site.money()
    folder = terminal.renting.folder
    argv = ("job", "run", "train.py", *ASKED, "--env", "GREETING=hello", "-o", "out", "--", "--epochs", "3")
    out, error = await terminal.run(0, *argv[:-3], "--output", "json", *argv[-3:])
    found = json.loads(out)
    assert (found["exit_code"], found["exit_status"], found["succeeded"]) == (0, 0, True)
    assert (found["attested"], found["stopped"]) == (True, True)
    assert found["files"] == ["out/metrics.json", "out/model/weights.bin"]
    assert json.loads((folder / "out/metrics.json").read_text()) == {"accuracy": "0.97"}
    assert "begins with --epochs 3 hello\nends\n" in error
    assert "of which the first hour is paid in any case" in error
    await terminal.renting.until_closed_by_itself(found["job"])
    paid = before.renter - terminal.renting.site.money().renter
    assert found["paid"]["raw"] == str(paid)
    # An hour at two dollars, an IO at 1.98 dollars, and the fee for two hours.
    assert paid == 202_020_203 // 2 + 505_051


async def test_the_exit_status_is_the_programs_and_its_log_all_there_is_on_standard_output(
    terminal: Terminal,
) -> None:
    terminal.renting.script(FAILS, "fails.py")
    out, error = await terminal.run(3, "job", "run", "fails.py", *ASKED, "--keep")
    assert out.startswith("about to fail\nTraceback (most recent call last):\n")
    assert "ValueError: the data is wrong" in out
    assert "The program has failed: exit code 3" in error
    assert "The node is kept" in error
    (job,) = re.findall(r"Booked job (\w+)", error)
    terminal.renting.site.market.job(_key(job))  # still there


async def test_whoever_is_interrupted_comes_back_and_fetches(terminal: Terminal) -> None:
    go = terminal.renting.folder / "go"
    process = await terminal.start("job", "run", "train.py", *ASKED, "--env", f"WAITS_FOR={go}")
    assert process.stdout is not None
    async with asyncio.timeout(30):
        assert (await process.stdout.readline()).startswith(b"begins")
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(60):
        last = (await process.communicate())[1].decode().strip().splitlines()
    assert process.returncode == 130
    note = next(line for line in last if line.startswith("interrupted: "))
    (job,) = re.findall(r"ionet job follow (\w+)", note)
    assert (
        f"ionet job fetch {job} --gateway {terminal.renting.gateway}; stop it: ionet job stop {job}" in note
    )
    assert "begins" in (await terminal.run(0, "job", "logs", job))[0]
    out, _ = await terminal.run(4, "job", "fetch", job)
    assert out == ""
    go.touch()
    out, error = await terminal.run(0, "job", "follow", job)
    assert out == "begins with \nends\n"
    assert f"ionet job stop {job}" in error
    await terminal.run(0, "job", "stop", job)
    await terminal.renting.until_closed_by_itself(job)
    found = await terminal.json(0, "job", "fetch", job, "-o", "later")
    assert found["files"] == ["later/metrics.json", "later/model/weights.bin"]
    assert (await terminal.run(0, "job", "logs", job, "--from", terminal.renting.gateway))[0].endswith(
        "ends\n"
    )


async def test_a_dry_run_says_what_it_would_cost_and_sends_nothing(terminal: Terminal) -> None:
    site = terminal.renting.site
    before = site.money()
    gets = ("--cpus", "2", "--memory", "1.5GiB", "--disk", "2GiB", "--processes", "200")
    more = ("--internet", "--internet-mbps", "5")
    found = await terminal.json(0, "job", "run", "train.py", *ASKED, *gets, *more, "--dry-run")
    assert found["quote"]["deposit"]["ui"] == "2.02525254"
    assert found["manifest"]["entrypoint"] == {"command": ["python3", "-u", "train.py"]}
    assert found["manifest"]["resources"] == {
        "cpus": 2,
        "disk": 2 << 30,
        "gpus": 0,
        "internet": True,
        "internet_mbps": 5,
        "memory": 3 << 29,
        "processes": 200,
    }
    assert site.money() == before
    assert bytes.fromhex(found["manifest_hash"]) not in site.store
    out, _ = await terminal.run(0, "job", "run", "train.py", *ASKED, "--dry-run")
    assert "Dry run: nothing was uploaded, nothing was booked" in out


async def test_detached_it_ends_once_it_is_booked(terminal: Terminal) -> None:
    found = await terminal.json(0, "job", "run", "train.py", *ASKED, "--detach")
    job = found["job"]
    assert (await terminal.json(0, "job", "follow", job))["succeeded"]


@pytest.mark.parametrize(
    ("status", "arguments", "why"),
    [
        (2, ("job", "run", "train.py", "--for", "2h"), "say where: --class CLASS, or --node NODE"),
        (4, ("job", "run", "train.py", *ASKED, "--max-rate", "0.5"), "more than 0.5 USD"),
        (2, ("job", "run", "train.py", *ASKED, "--env", "A"), "not of the form NAME=VALUE"),
        (2, ("job", "run", "train.py", *ASKED, "--memory", "4GB"), "'4GB' is no size: write 512MiB, 4GiB"),
        (2, ("job", "run", "train.py", *ASKED, "--internet-mbps", "5"), "goes with --internet"),
        (1, ("job", "run", "train.py", "--class", "1", "--for", "1h"), "is refused by its node: placement"),
    ],
)
async def test_what_cannot_be_is_told_in_a_sentence(
    terminal: Terminal, status: int, arguments: tuple[str, ...], why: str
) -> None:
    out, error = await terminal.run(status, *arguments)
    assert why in error.strip().splitlines()[-1]
    if status != 1:
        assert out == ""


def _key(text: str) -> Any:
    from solders.pubkey import Pubkey

    return Pubkey.from_string(text)
