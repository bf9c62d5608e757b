"""Runs a validator in a network namespace of its own, and relays two ports of this machine to it.

usage: python enclosed.py RPC_PORT COMMAND...

A test validator listens on every address, whatever it is told, and on ports that others may have. In a
namespace nobody sees them, and none is taken. What listens on this machine's loopback address is the
relay. Output begins with a line of JSON: `rpc` and `ws`, two neighbouring ports. It ends when its
standard input does, that is when whoever started it is gone, and the validator with it.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import json
import os
import signal
import socket
import struct
import sys

HOST = "127.0.0.1"
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG = 1
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1
_LIBC = ctypes.CDLL(None, use_errno=True)
#: The status that says: no namespace can be had here.
NO_NAMESPACE = 77


def enter_namespace() -> None:
    """Leaves the machine's network for one with nothing but a loopback device.

    Raises:
        OSError: the system does not allow it.
    """
    wanted = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWUSER | _CLONE_NEWNET
    if _LIBC.unshare(wanted) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


def neighbours() -> tuple[socket.socket, socket.socket]:
    """Two listening sockets, on neighbouring ports: clients take the second to be the one of websockets."""
    for _ in range(50):
        first = socket.create_server((HOST, 0))
        try:
            return first, socket.create_server((HOST, first.getsockname()[1] + 1))
        except (OSError, OverflowError):
            first.close()
    raise OSError("no two neighbouring ports are free")


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def relay(listening: socket.socket, port: int) -> None:
    """Passes connections on to a port of the namespace."""

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))

    await asyncio.start_server(passed, sock=listening)


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


async def run(port: int, command: list[str], rpc: socket.socket, websockets: socket.socket) -> int:
    """Runs the command until it ends, or standard input does; its status."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=sys.stderr, preexec_fn=_die_with_parent
    )
    await relay(rpc, port)
    await relay(websockets, port + 1)
    ports = {"rpc": rpc.getsockname()[1], "ws": websockets.getsockname()[1]}
    print(json.dumps(ports), flush=True)
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin, lambda: None if os.read(0, 1) else gone.set())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, gone.set)
    ended, closed = asyncio.create_task(process.wait()), asyncio.create_task(gone.wait())
    await asyncio.wait([ended, closed], return_when=asyncio.FIRST_COMPLETED)
    if process.returncode is None:
        # What it holds is thrown away: there is nothing to save.
        process.kill()
    return await process.wait()


def main() -> int:
    rpc, websockets = neighbours()
    try:
        enter_namespace()
    except OSError as bad:
        print(f"no network namespace: {bad.strerror}", file=sys.stderr)
        return NO_NAMESPACE
    return asyncio.run(run(int(sys.argv[1]), sys.argv[2:], rpc, websockets))


if __name__ == "__main__":
    sys.exit(main())
