"""A box's life under podman: what it may use, what it leaves, and that nothing of it is left."""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import signal
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from ionet.sandbox import (
    JOB_IMAGE,
    BoxError,
    Device,
    Ending,
    ImageError,
    Internet,
    Limits,
    Podman,
    PodmanBox,
    load_image,
    podman_boxes,
    podman_lacking,
)
from soaking.traces import marked

MIB = 1 << 20
SMALL = Limits(disk=32 * MIB, memory=128 * MIB, shared_memory=8 * MIB, processes=64)
PYTHON = "/usr/bin/python3"
OWNER = "of-test-podman"


def traces(podman: Podman, name: str) -> list[str]:
    """All that the host still has of a box."""
    there = podman.call("ps", "--all", "--format={{.Names}}").split()
    there += podman.call("volume", "ls", "--format={{.Name}}").split()
    there += podman.call("network", "ls", "--format={{.Name}}").split()
    there += Path("/proc/self/mountinfo").read_text().splitlines()
    return [*(line for line in there if name in line), *(f"process {pid}" for pid in marked(name))]


def left(podman: Podman, name: str) -> list[str]:
    """The same; podman's own clean-up after a container may take a moment longer."""
    deadline = time.monotonic() + 10
    while (there := traces(podman, name)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return there


@pytest.fixture
def box(podman: Podman) -> Iterator[PodmanBox]:
    box = PodmanBox(secrets.token_hex(8), podman, OWNER)
    yield box
    box.destroy()
    assert left(podman, box.name) == []


def run(box: PodmanBox, code: str, limits: Limits = SMALL, **more: Any) -> None:
    box.start(JOB_IMAGE, [PYTHON, "-c", code], limits=limits, **more)


REMOTE: Final = """#!/bin/sh
if [ "$1 $2" = "machine ssh" ]; then shift 3; exec sh -c "$*"; fi
exec podman --remote --url unix://{socket} "$@"
"""


@pytest.fixture(params=["here", "by its service"])
def either(request: pytest.FixtureRequest, podman: Podman, tmp_path: Path) -> Iterator[Podman]:
    """Podman on this machine, or as a Mac uses it: by a client of the service of another machine."""
    if request.param == "here":
        yield podman
        return
    socket, client = tmp_path / "socket", tmp_path / "podman"
    client.write_text(REMOTE.format(socket=socket))
    client.chmod(0o755)
    service = subprocess.Popen(["podman", "system", "service", "--time=0", f"unix://{socket}"])
    try:
        deadline = time.monotonic() + 20
        while not socket.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield Podman(tmp_path / "state", "machine", str(client))
    finally:
        service.terminate()
        service.wait(20)


def test_a_program_gets_its_inputs_and_leaves_its_files(
    either: Podman, podman: Podman, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"weights")
    code = """
import os
assert os.getcwd() == "/job/work" and os.environ["GREETING"] == "hello" and os.getuid() == 1000
os.makedirs("/job/out/a"); os.symlink("/etc/shadow", "/job/out/link")
open("/job/out/a/copy", "w").write(open("deep/er/data").read() + open("/in/given").read())
open("/job/work/deep/er/data", "a").write("mine to change")
print("done")
"""
    box = PodmanBox(secrets.token_hex(8), either, OWNER)
    try:
        inputs, given = {"deep/er/data": source}, {"given": b" and more"}
        run(box, code, inputs=inputs, given=given, environment={"GREETING": "hello"})
        new = box.follow()
        ended = box.wait(20)
        assert ended is not None
        assert (ended.ending, ended.status, b"".join(new())) == (Ending.EXIT, 0, b"done\n")
        into = tmp_path / "into"
        into.mkdir()
        gathered = box.gather(into)
        assert gathered.complete
        (file,) = gathered.files
        assert (file.name, file.size, file.path.read_bytes()) == ("a/copy", 16, b"weights and more")
        assert file.sha256 == hashlib.sha256(b"weights and more").digest()
        assert [(skipped.name, skipped.why) for skipped in gathered.skipped] == [("link", "not a plain file")]
        assert source.read_bytes() == b"weights"
    finally:
        box.destroy()
        # A podman that is root leaves its disks mounted, which a client of its service does not reach.
        for place in podman.facts().volumes.glob(f"ionet-{box.name}-*/_data"):
            assert either is not podman
            subprocess.run(["umount", place], check=True)
            place.rmdir()
            place.parent.rmdir()
    assert not box.exists()
    if either is not podman:
        # By its service, what watched the handing over of files ends five minutes later.
        for pid in marked(box.name):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert left(podman, box.name) == []


def test_memory_and_disk_are_limited(
    box: PodmanBox, podman: Podman, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code = """
import os
size = 0
try:
    with open("/job/large", "wb", buffering=0) as file:
        while True: size += file.write(bytes(2**20))
except OSError as error: print(error.errno, size >> 20, flush=True)
os.remove("/job/large")
try:
    with open("/usr/anywhere", "wb") as file: print("the image can be written to")
except OSError: pass
kept = [b"x" * 2**20 for _ in range(200)]
print("too much memory")
"""
    run(box, code)
    ended = box.wait(20)
    assert ended is not None
    assert list(tmp_path.iterdir()) == []
    # Three quarters of the disk are /job's; 28 is ENOSPC.
    assert box.log() == b"28 24\n"
    assert ended.status == 137
    # Podman does not see why with control groups of version 1.
    assert ended.ending is (Ending.MEMORY if podman.facts().cgroups == 2 else Ending.EXIT)


def test_its_time_ends_it_and_its_processes(box: PodmanBox) -> None:
    code = """
import os, sys, time
os.fork(); os.setsid() if os.getpid() > 1 else None; time.sleep(60)
"""
    run(box, code, Limits(disk=32 * MIB, memory=128 * MIB, processes=64, seconds=1))
    (root,) = box.roots()
    assert Path(f"/proc/{root}").exists()
    ended = box.wait(20)
    assert ended is not None
    assert (ended.ending, ended.status) == (Ending.TIME, -9)
    # Podman begins to count a little before it notes the start.
    assert 0.5 < ended.seconds < 10
    assert box.roots() == ()


def test_of_the_output_the_latest_is_kept(box: PodmanBox, podman: Podman) -> None:
    code = "for number in range(40_000): print(f'{number:06d} ' + 'x' * 92)\nprint('the end')"
    run(box, code, Limits(disk=32 * MIB, memory=128 * MIB, processes=64, log=MIB))
    new = box.follow()
    seen = bytearray()
    deadline = time.monotonic() + 30
    while box.ended() is None:
        assert time.monotonic() < deadline
        seen += b"".join(new())
    seen += b"".join(new())
    # Podman writes a time before each line.
    assert 100_000 < len(box.log()) <= MIB
    assert box.log().endswith(b"the end\n")
    assert seen.endswith(b"the end\n")
    described = podman.inspect(f"ionet-{box.name}")
    assert described is not None
    assert Path(described["HostConfig"]["LogConfig"]["Path"]).stat().st_size <= MIB


def test_another_process_finds_it_and_knows_when_it_was_cut_off(
    box: PodmanBox, podman: Podman, tmp_path: Path
) -> None:
    run(box, "import time; print('begun', flush=True); time.sleep(60)")
    again = PodmanBox(box.name, podman, OWNER)
    assert again.exists()
    assert not again.lost()
    assert again.ended() is None
    assert box.name in podman_boxes(podman, OWNER)
    assert box.name not in podman_boxes(podman, "somebody else")
    with pytest.raises(BoxError, match="still runs"):
        again.gather(tmp_path)
    with pytest.raises(BoxError, match=f"there is a box {box.name} already; remove it first"):
        run(again, "pass")
    again.stop()
    ended = again.wait(20)
    assert ended is not None
    assert (ended.ending, ended.status) == (Ending.EXIT, 137)
    assert not again.lost()
    podman.call("kill", "--signal=KILL", f"ionet-{box.name}-keep")
    assert again.lost(), "its files are gone"


def test_what_podman_cannot_do_is_refused_and_leaves_nothing(
    box: PodmanBox, podman: Podman, tmp_path: Path
) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"")
    with large.open("r+b") as file:
        file.truncate(65 * MIB)
    refused: tuple[tuple[dict[str, Any], str], ...] = (
        ({"devices": [Device("/dev/null", 1, 3)]}, "have processors only"),
        ({"internet": Internet()}, "do not reach the internet"),
        ({"address": "100.64.0.1"}, "join no other machines"),
        ({"inputs": {"../up": large}}, "its inputs take 69 MiB"),
        ({"inputs": {"../up": Path("/etc/hostname")}}, "leads out of the working directory"),
    )
    for more, said in refused:
        with pytest.raises(BoxError, match=said):
            run(box, "pass", **more)
        assert left(podman, box.name) == []
    with pytest.raises(BoxError, match="no image localhost/none; bring it by: ionet worker image"):
        box.start("localhost/none", [PYTHON])
    with pytest.raises(BoxError, match="1 to 32 of a-z and 0-9"):
        PodmanBox("a-b", podman, OWNER)
    assert not box.exists()


def test_an_image_of_another_digest_is_not_taken(podman: Podman, tmp_path: Path) -> None:
    place = tmp_path / "image.tar"
    with tarfile.open(place, "w") as archive:
        archive.addfile(tarfile.TarInfo("file"), io.BytesIO())
    before = podman.image()
    with pytest.raises(ImageError, match=f"has the digest [0-9a-f]{{64}}, not {'0' * 64}"):
        load_image(podman, place, digest="0" * 64)
    assert podman.image() == before
    assert "0" * 64 not in podman.call("images", "--all", "--format={{.Tag}}")


# ---- a podman that cannot be used

INFO: Final = {
    "host": {
        "arch": "arm64",
        "cgroupVersion": "v2",
        "cgroupControllers": ["cpu", "memory", "pids"],
        "security": {"rootless": True, "seccompEnabled": True},
    },
    "store": {"volumePath": "/volumes"},
    "version": {"Version": "5.2.0-rc1"},
}
ANSWERS: Final = """#!/bin/sh
case "$1 $2" in
  "info --format") cat <<'END'
{info}
END
  ;;
  "machine ssh") echo '{mounts}' ;;
  *) exit 9 ;;
esac
"""


def answering(folder: Path, text: str, machine: str | None = "default") -> Podman:
    place = folder / "podman"
    place.write_text(text)
    place.chmod(0o755)
    return Podman(folder / "state", machine, str(place))


def lacking(
    folder: Path, *path: str, value: object = None, mounts: str = "", machine: str | None = "default"
) -> str | None:
    """Says what is lacking where one of podman's answers is another."""
    info = json.loads(json.dumps(INFO))
    place = info
    for name in path[:-1]:
        place = place[name]
    if path:
        place[path[-1]] = value
    return podman_lacking(answering(folder, ANSWERS.format(info=json.dumps(info), mounts=mounts), machine))


def test_a_podman_that_can_be_used_lacks_nothing(tmp_path: Path) -> None:
    assert lacking(tmp_path, mounts="/dev/vda4 /sysroot xfs rw 0 0\nrosetta /mnt virtiofs ro 0 0") is None


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("version", "Version"), "4.2.1", "podman 4.2.1 is too old; it needs 4.3 or later"),
        (("host", "cgroupVersion"), "v1", "the system needs version 2"),
        (("host", "cgroupControllers"), ["cpu"], "limited in memory, pids"),
        (("host", "security", "seccompEnabled"), False, "cannot filter system calls"),
        (("host", "security", "rootless"), False, "podman machine set --rootful=false default"),
        (("store",), [], "in words that are not known here"),
    ],
)
def test_what_podman_lacks_is_said(tmp_path: Path, path: tuple[str, ...], value: object, said: str) -> None:
    text = lacking(tmp_path, *path, value=value)
    assert text is not None
    assert said in text


def test_a_machine_that_sees_the_macs_files_is_refused(tmp_path: Path) -> None:
    text = lacking(tmp_path, mounts="a2a0ee2c7174 /Users virtiofs rw,relatime 0 0")
    assert text is not None
    assert text.startswith("podman's machine sees /Users of this Mac")
    assert text.endswith('podman machine init --volume ""')


def test_no_podman_and_one_that_fails_are_said_in_a_sentence(tmp_path: Path) -> None:
    none = podman_lacking(Podman(tmp_path, None, str(tmp_path / "none")))
    assert none == (
        "podman is not there; on Debian: apt install podman uidmap; on a Mac: brew install podman"
    )
    broken = answering(tmp_path, "#!/bin/sh\necho 'cannot connect' >&2; exit 125\n")
    assert podman_lacking(broken) == "podman does not answer: podman info: cannot connect"
    with pytest.raises(BoxError, match="cannot connect"):
        PodmanBox("a", broken, OWNER).exists()
