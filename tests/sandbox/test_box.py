"""A box's life: what it may use, what it leaves, and that nothing of it is left."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.sandbox.support import lose_power, setting

from ionet.sandbox import Box, BoxError, Ending, Limits, _box, machine_time, reap, unlimited
from soaking.traces import marked, traces

MIB = 1 << 20
SMALL = Limits(disk=32 * MIB, memory=128 * MIB, shared_memory=8 * MIB, processes=64)
PYTHON = "/usr/bin/python3"


def run(box: Box, image: Path, code: str, limits: Limits = SMALL, **more: object) -> None:
    box.start(image, [PYTHON, "-c", code], limits=limits, **more)  # type: ignore[arg-type]


def wait_for(box: Box, text: bytes) -> None:
    deadline = time.monotonic() + 20
    while text not in box.log():
        assert time.monotonic() < deadline, box.log()
        time.sleep(0.02)


def test_a_box_ends_with_its_lease_where_nobody_ends_it_and_not_before(box: Box, image: Path) -> None:
    run(box, image, "import time; print('up', flush=True); time.sleep(60)")
    box.end_by(machine_time() + 0.6)
    box.end_by(machine_time() + 2.4)  # it was extended
    assert box.wait(1.6) is None
    ended = box.wait(20)
    assert ended is not None
    assert ended.ending is Ending.LEASE
    assert 1.6 < ended.seconds < 10


def test_a_program_gets_its_inputs_and_leaves_its_files(box: Box, image: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"weights")
    code = """
import os
assert os.getcwd() == "/job/work" and os.environ["GREETING"] == "hello"
os.makedirs("/job/out/a")
open("/job/out/a/copy", "w").write(open("deep/er/data").read() + open("/in/given").read())
open("/job/work/deep/er/data", "a").write("mine to change")
print("done")
"""
    inputs, given = {"deep/er/data": source}, {"given": b" and more"}
    run(box, image, code, inputs=inputs, given=given, environment={"GREETING": "hello"})
    ended = box.wait(20)
    assert ended is not None
    assert (ended.ending, ended.status, box.log()) == (Ending.EXIT, 0, b"done\n")
    into = tmp_path / "into"
    into.mkdir()
    gathered = box.gather(into)
    assert gathered.complete
    (file,) = gathered.files
    assert (file.name, file.size, file.path.read_bytes()) == ("a/copy", 16, b"weights and more")
    assert file.sha256 == hashlib.sha256(b"weights and more").digest()
    assert source.read_bytes() == b"weights"
    box.destroy()
    assert not traces(box.name)
    assert not box.exists()


def test_links_and_special_files_are_not_handed_over(box: Box, image: Path, tmp_path: Path) -> None:
    code = r"""
import os, socket
os.chdir("/job/out")
open("plain", "w").write("x")
os.symlink("/etc/shadow", "symlink"); os.symlink("/", "root"); os.symlink("/job/out", "loop")
open("first", "w").write("y"); os.link("first", "second"); os.link("/job/out/first", "/job/work/outside")
os.mkfifo("fifo"); socket.socket(socket.AF_UNIX).bind("socket")
open("line\nbreak", "w").write("x"); open(b"\xff\xfe", "w").write("x"); open("bell\a", "w").write("x")
open("sparse", "w").truncate(1 << 40)
path = "deep"
for _ in range(40): os.mkdir(path); path += "/d"
open("deep/d/file", "w").write("x")
os.mkdir("closed"); open("closed/file", "w").write("x"); os.chmod("closed", 0)
"""
    run(box, image, code)
    box.wait(20)
    into = tmp_path / "into"
    into.mkdir()
    gathered = box.gather(into)
    assert gathered.complete
    assert [file.name for file in gathered.files] == ["deep/d/file", "plain"], box.log()
    why = {skipped.name: skipped.why for skipped in gathered.skipped}
    for name in ("symlink", "root", "loop", "fifo", "socket"):
        assert why[name] == "not a plain file"
    assert why["first"] == why["second"] == "a hard link"
    assert why["sparse"] == "over the limit"
    assert why["closed"] == "PermissionError"
    assert "too deep" in why.values()
    assert sum(reason == "its name cannot be printed" for reason in why.values()) == 2
    assert {path.name for path in into.iterdir()} == {hashlib.sha256(b"x").hexdigest()}


@pytest.mark.parametrize("target", ["/etc", "/in"])
def test_an_output_directory_that_became_a_link_hands_over_nothing(
    box: Box, image: Path, tmp_path: Path, target: str
) -> None:
    run(box, image, f"import os; os.rmdir('/job/out'); os.symlink('{target}', '/job/out')")
    box.wait(20)
    gathered = box.gather(tmp_path)
    assert gathered.files == ()
    assert gathered.complete


def test_gathering_waits_for_the_end(box: Box, image: Path, tmp_path: Path) -> None:
    run(box, image, "import time; time.sleep(60)")
    with pytest.raises(BoxError, match="still runs"):
        box.gather(tmp_path)
    box.stop()
    ended = box.wait(10)
    assert ended is not None
    assert ended.status == -signal.SIGKILL


def test_time_ends_a_program_that_ignores_signals(box: Box, image: Path) -> None:
    code = """
import os, signal, time
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
print("deaf", flush=True)
while True: time.sleep(1)
"""
    run(box, image, code, Limits(disk=32 * MIB, seconds=1))
    ended = box.wait(20)
    assert ended is not None
    assert (ended.ending, ended.status) == (Ending.TIME, -signal.SIGKILL)
    assert b"deaf" in box.log()
    assert ended.seconds < 10


def test_memory_ends_it(box: Box, image: Path) -> None:
    run(box, image, "a = bytearray(1 << 29); print('had it')")
    ended = box.wait(20)
    assert ended is not None
    assert (ended.ending, ended.status) == (Ending.MEMORY, -signal.SIGKILL)
    assert b"had it" not in box.log()


def test_bytes_that_wait_in_sockets_are_limited(box: Box, image: Path) -> None:
    """Where the kernel does not count them as memory, too."""
    code = """
import re, socket
kept = []
for _ in range(500):
    kept.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    kept[-1].setblocking(False)
    kept[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    kept[-1].bind(("127.0.0.1", 0))
    kept[-1].connect(kept[-1].getsockname())
    try:
        for _ in range(9): kept[-1].send(bytes(60_000))
    except OSError: pass
print(re.search(r"UDP: inuse 500 mem (\\d+)", open("/proc/net/sockstat").read())[1])
"""
    run(box, image, code)
    ended = box.wait(30)
    assert ended is not None
    assert ended.ending is Ending.MEMORY or int(box.log()) * os.sysconf("SC_PAGE_SIZE") < 100 * MIB


def test_processors_are_limited(box: Box, image: Path) -> None:
    code = """
import time
begin, used = time.monotonic(), time.process_time()
while time.monotonic() - begin < 2: pass
print(round(100 * (time.process_time() - used) / (time.monotonic() - begin)))
"""
    run(box, image, code, Limits(disk=32 * MIB, millicores=200))
    box.wait(20)
    assert int(box.log()) < 40


def test_endless_printing_keeps_the_newest_part(box: Box, image: Path) -> None:
    code = "import sys\nfor n in range(300_000): sys.stdout.write(f'{n:09d}\\n')"
    run(box, image, code, Limits(disk=32 * MIB, log=1 * MIB))
    ended = box.wait(60)
    assert ended is not None
    assert ended.status == 0
    log = box.log()
    assert MIB // 2 <= len(log) <= MIB
    lines = log.split(b"\n")
    assert lines[-2:] == [b"000299999", b""]
    assert [int(line) for line in lines[1:-1]] == list(range(int(lines[1]), 300_000))


def test_a_full_disk_is_the_boxs_own(box: Box, image: Path, tmp_path: Path) -> None:
    code = """
import errno
try:
    with open("/job/work/large", "wb") as file:
        while True: file.write(bytes(1 << 20))
except OSError as error:
    print(errno.errorcode[error.errno])
"""
    free = os.statvfs(tmp_path).f_bavail
    run(box, image, code)
    box.wait(30)
    assert box.log() == b"ENOSPC\n"
    used = (free - os.statvfs(tmp_path).f_bavail) * os.statvfs(tmp_path).f_frsize
    assert used < 500 * MIB


def test_processes_that_detach_end_with_the_box(box: Box, image: Path) -> None:
    """Of a program that has ended, and of one that is removed while it runs."""
    marker = f"marker{secrets.token_hex(8)}"
    code = f"""
import os, signal, time
for number in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)
            os.execv("{PYTHON}", ["{PYTHON}", "-c", "import time; time.sleep(600)", "{marker}"])
        os._exit(0)
time.sleep(1)
print("ready", flush=True)
"""
    run(box, image, code)
    box.wait(20)
    assert marked(marker) == [], "the first process of a box takes all others with it"
    box.destroy()
    run(box, image, code + "time.sleep(600)")
    wait_for(box, b"ready")
    assert len(marked(marker)) >= 3
    assert set(marked(marker)) <= set(box.processes())
    box.destroy()
    assert marked(marker) == []
    assert not traces(box.name)


def test_boxes_do_not_see_each_other(image: Path, state: Path) -> None:
    first, second = Box(secrets.token_hex(8), state), Box(secrets.token_hex(8), state)
    serve = """
import socket, time
open("/tmp/secret", "w").write("secret"); open("/dev/shm/secret", "w").write("secret")
server = socket.create_server(("0.0.0.0", 5000)); named = socket.socket(socket.AF_UNIX)
named.bind("\\0ionet"); named.listen(); print("ready", flush=True); time.sleep(60)
"""
    look = """
import os, socket
print([p for p in os.listdir("/proc") if p.isdigit()], os.listdir("/tmp"), os.listdir("/dev/shm"))
for family, address in ((socket.AF_INET, ("127.0.0.1", 5000)), (socket.AF_UNIX, "\\0ionet")):
    try: socket.socket(family).connect(address); print("reached")
    except ConnectionRefusedError: print("refused")
"""
    run(first, image, serve)
    wait_for(first, b"ready")
    run(second, image, look)
    second.wait(20)
    assert second.log() == b"['1'] [] []\nrefused\nrefused\n"
    assert not second.processes() & set(first.processes())  # type: ignore[operator]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", 5000), timeout=1)


def test_a_box_outlives_who_started_it_and_is_found_again(image: Path, state: Path) -> None:
    name = secrets.token_hex(8)
    code = f"""
from pathlib import Path
from ionet.sandbox import Box, Limits
import os
Box("{name}", Path("{state}")).start(
    Path("{image}"), ["{PYTHON}", "-c", "import time; print('on', flush=True); time.sleep(2); print('done')"],
    limits=Limits(disk=32 << 20))
os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    box = Box(name, state)
    ended = box.wait(30)
    assert ended is not None
    assert (ended.status, box.log()) == (0, b"on\ndone\n")
    assert list(reap(state, keep=[name])) == []
    assert list(reap(state)) == [name]
    assert not traces(name)


def test_a_box_is_lost_when_the_machine_loses_its_power(box: Box, image: Path, state: Path) -> None:
    """Whether its program ran or had ended, and whatever became of the files that were being written."""
    assert not box.lost()
    for code, torn in (("pass", None), ("import time; time.sleep(60)", None), ("pass", "state.json")):
        run(box, image, code)
        if code == "pass":
            box.wait(20)
        assert not box.lost()
        lose_power(box.name, state)
        if torn:
            (state / box.name / torn).write_text("")
        assert box.lost()
        assert box.exists()
        box.destroy()
        assert not traces(box.name)
        assert not box.lost()


def test_boxes_from_before_a_loss_of_power_are_removed_and_no_others(image: Path, state: Path) -> None:
    names = [secrets.token_hex(8) for _ in range(3)]
    for name in names:
        run(Box(name, state), image, "import time; time.sleep(60)")
    for name in names[:2]:
        lose_power(name, state)
        (state / name / "boot").write_text("an earlier one")
    assert list(reap(state, keep=names[:1], earlier=True)) == names[1:2]
    assert not traces(names[1])
    assert Box(names[0], state).exists()
    assert Box(names[2], state).processes()


def test_a_box_whose_starter_was_killed_is_lost(box: Box, image: Path, state: Path) -> None:
    (state / box.name).mkdir()
    assert box.lost()
    with pytest.raises(BoxError, match="never started"):
        box.ended()


@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.08, 0.12, 0.2])
def test_whatever_is_half_made_can_be_removed(image: Path, state: Path, after: float) -> None:
    """The starter is killed at different moments."""
    name = secrets.token_hex(8)
    code = f"""
import sys
from pathlib import Path
from ionet.sandbox import Box, Limits
box = Box("{name}", Path("{state}"))
print("go", flush=True)
box.start(Path("{image}"), ["{PYTHON}", "-c", "import time; time.sleep(60)"], limits=Limits(disk=32 << 20))
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True
    ) as starter:
        assert starter.stdout is not None
        starter.stdout.readline()
        time.sleep(after)
        os.killpg(starter.pid, signal.SIGKILL)
    list(reap(state))
    # A tool of the killed starter may take a moment to die.
    deadline = time.monotonic() + 5
    while marked(name) and time.monotonic() < deadline:
        time.sleep(0.02)
    list(reap(state))
    assert not traces(name)


def test_a_supervisor_that_was_killed_is_not_taken_for_a_result(box: Box, image: Path) -> None:
    """Nor is its program waited for, whose time nobody keeps any more."""
    run(box, image, "import time; time.sleep(60)")
    (supervisor,) = box.roots()
    os.kill(supervisor, signal.SIGKILL)
    with pytest.raises(BoxError, match="how its program ended is unknown"):
        box.wait(10)
    assert box.processes()
    assert box.roots() == ()
    box.destroy()
    assert not traces(box.name)


def test_a_supervisor_that_fails_ends_its_program(box: Box, image: Path, state: Path) -> None:
    code = "import time; time.sleep(1); print('some words', flush=True); time.sleep(60)"
    run(box, image, code, Limits(disk=32 * MIB, log=2))
    # Where the older half of the log would be.
    (state / box.name / "log.1").mkdir()
    with pytest.raises(BoxError, match="failed"):
        box.wait(10)
    deadline = time.monotonic() + 10
    while box.processes():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_number_that_another_process_has_by_now_is_not_taken_for_the_boxs(
    box: Box, image: Path, state: Path
) -> None:
    """After a crash of the machine the state tells of processes that are long gone."""
    run(box, image, "pass")
    box.wait(10)
    with subprocess.Popen(["sleep", "60"]) as other:
        (state / box.name / "state.json").write_text(f'{{"running": {other.pid}, "supervisor": {other.pid}}}')
        assert box.roots() == ()
        box.stop()
        with pytest.raises(BoxError, match="unknown"):
            box.ended()
        assert other.poll() is None
        other.kill()


def test_who_starts_a_box_second_does_not_remove_it(
    box: Box, image: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both may have seen that there is none."""
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: path != state / box.name and exists(path))
    run(box, image, "import time; time.sleep(60)")
    with pytest.raises(BoxError, match="already"):
        run(Box(box.name, state), image, "pass")
    assert box.ended() is None
    assert box.processes()


def test_a_box_whose_directory_is_gone_is_removed_all_the_same(box: Box, image: Path, state: Path) -> None:
    run(box, image, "import time; time.sleep(60)")
    subprocess.run(["umount", state / box.name / "disk"], check=True)
    shutil.rmtree(state / box.name)
    assert list(reap(state, keep=[box.name])) == []
    assert list(reap(state)) == [box.name]
    assert not traces(box.name)


def test_other_users_of_the_machine_do_not_see_what_is_in_it(box: Box, image: Path, state: Path) -> None:
    run(box, image, "print('secret')", given={"given": b"secret"})
    box.wait(20)
    look = f"import os; os.setgid(65534); os.setuid(65534); open('{state / box.name}/log').read()"
    seen = subprocess.run([PYTHON, "-c", look], capture_output=True, text=True, check=False)
    assert "Permission denied" in seen.stderr


def test_gathering_has_an_end(
    box: Box, image: Path, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(box, image, "pass")
    box.wait(20)
    (state / box.name / "collector.py").write_text("import time; time.sleep(60)")
    monkeypatch.setattr(_box, "_COLLECT_SECONDS", 1)
    begin = time.monotonic()
    assert not box.gather(tmp_path).complete
    assert time.monotonic() - begin < 20
    box.destroy()
    assert not traces(box.name)


def test_names_that_are_too_long_are_left_out_alone(box: Box, image: Path, tmp_path: Path) -> None:
    code = """
import os
for name in ("x" * 250, "\U0001f600" * 60):
    os.chdir("/job/out")
    for _ in range(6): os.mkdir(name); os.chdir(name)
    open("file", "w").write("x")
os.chdir("/job/out"); open("file", "w").write("y"); os.mkdir("many"); open("/job/work/one", "w").close()
for number in range(3000): os.link("/job/work/one", f"many/{number}")
"""
    run(box, image, code)
    box.wait(20)
    gathered = box.gather(tmp_path)
    assert gathered.complete, box.log()
    assert [file.name for file in gathered.files] == ["file"]
    assert len(gathered.skipped) == 1000


def test_what_cannot_start_says_why_and_leaves_nothing(box: Box, image: Path, tmp_path: Path) -> None:
    with pytest.raises(BoxError, match="no such file or directory"):
        box.start(image, ["/no/such/program"], limits=SMALL)
    assert not traces(box.name)
    with pytest.raises(BoxError, match="cannot be made"):
        box.start(image, [PYTHON], limits=Limits(disk=1 << 60))
    assert not traces(box.name)
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(64 * MIB)
    with pytest.raises(BoxError, match="No space left"):
        box.start(image, [PYTHON], limits=SMALL, inputs={"large": large})
    with pytest.raises(BoxError, match="leads out of"):
        box.start(image, [PYTHON], limits=SMALL, inputs={"../large": large})
    assert not traces(box.name)
    run(box, image, "pass")
    with pytest.raises(BoxError, match="already"):
        run(box, image, "pass")
    box.wait(20)


@pytest.mark.parametrize("name", ["", "../up", "a b", "A", "x" * 33, "a/b", "é"])
def test_names(name: str, tmp_path: Path) -> None:
    with pytest.raises(BoxError, match="a box's name"):
        Box(name, tmp_path)


def test_a_box_that_is_not_there(box: Box) -> None:
    with pytest.raises(BoxError, match="no box"):
        box.ended()
    box.destroy()
    assert box.log() == b""
    assert not box.exists()


def test_no_box_is_made_where_everybody_writes(box: Box, image: Path, state: Path) -> None:
    """Somebody else could put their own in its place."""
    state.chmod(0o777)
    with pytest.raises(BoxError, match="everybody can write into the folder"):
        run(box, image, "pass")
    assert not traces(box.name)
    state.chmod(0o711)
    run(box, image, "pass")


def test_what_a_box_is_limited_in_is_limited_here() -> None:
    """And nothing stays of the try."""
    assert unlimited() == []
    assert not list(Path("/sys/fs/cgroup").rglob(f"ionet/try{os.getpid()}"))


def test_every_limit_is_set_as_given(box: Box, image: Path, state: Path) -> None:
    limits = Limits(memory=96 * MIB, millicores=700, processes=77, disk=48 * MIB, shared_memory=4 * MIB)
    code = """
import os, time
disk, shared = os.statvfs("/job"), os.statvfs("/dev/shm")
print(disk.f_blocks * disk.f_frsize, shared.f_blocks * shared.f_frsize)
children = 0
try:
    while children < 200:
        if os.fork() == 0: time.sleep(60); os._exit(0)
        children += 1
except BlockingIOError: pass
print(children + 1, flush=True)
time.sleep(60)
"""
    run(box, image, code, limits)
    wait_for(box, b"77\n")
    disk, shared, processes = map(int, box.log().split())
    assert 40 * MIB < disk <= 48 * MIB
    assert (shared, processes) == (4 * MIB, 77)
    assert setting(box.name, "memory.limit_in_bytes", "memory.max") == str(96 * MIB)
    assert setting(box.name, "cpu.cfs_quota_us", "cpu.max").split()[0] == "70000"
