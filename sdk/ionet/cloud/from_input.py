"""Ray's autoscaler on the first node of its cluster, of what comes by its input: Ray's file, and a session.

No file, argument or variable of the box has the session's key, and programs of the box's user, which the
nodes of a Ray cluster give each other to run, do not see into the process that has it.

The process finds Ray where it is near, and the chain and the gateway by the internet, so the node has to be
one that allows it. It ends with the box, and is then begun again by `ionet.cloud.on_head`. Its folder is the
one in which commands of SSH begin.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

from ionet.chain.errors import ConfigError, IonetError
from ionet.cloud.on_head import MOST
from ionet.workloads import driver

LOG: Final = "autoscaler.log"
#: Held by the process that scales; has its process id.
LOCK: Final = ".autoscaler"
#: Bytes of a log, of which the one before is kept too.
_LOG_MOST: Final = 8 << 20
_LOOKS_EVERY: Final = 60.0
_BEGUN: Final = "begun"
_PR_SET_DUMPABLE: Final = 4


def _hide() -> None:
    """Has no other process of this user read this one's memory and open files, or trace it."""
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0):
        sys.exit("the box's kernel lets every program read what the autoscaler has in memory")


def _remember(path: Path, given: Mapping[str, Any]) -> None:
    """Keeps the renter's tags of nodes beside those that are here: each side may have booked some."""
    from ionet.cloud.leasing import Tags

    known, kept = path.exists(), Tags(path)
    kept.jobs = {**given["jobs"], **kept.jobs}
    kept.shunned += [node for node in given["shunned"] if node not in kept.shunned]
    if not known:
        # Later ones say nothing: what was begun here meanwhile has come out.
        kept.begun = dict(given["begun"])
    kept.write()


def _scale(orders: Mapping[str, Any], begun: int) -> None:
    """Scales, until it is ended."""
    from ionet import __version__

    if orders["version"] != __version__:
        raise ConfigError(
            f"the first node has version {__version__} of this package, and yours is {orders['version']}: say"
            f" pip: ['ionet[access]=={orders['version']}']"
        )
    if not driver.RUN.exists():
        raise ConfigError(
            "this is no node of a cluster; it is begun by --head, from the machine with the session"
        )
    from ionet.cloud.autoscaling import run

    tags = Path(f"autoscaling-{orders['config']['cluster_name']}.json").absolute()
    _remember(tags, orders["tags"])
    # A file that is in memory, and in no folder.
    memory = os.memfd_create("session")
    os.fchmod(memory, 0o600)
    os.write(memory, str(orders["session"]).encode())
    config = dict(orders["config"])
    config["provider"] |= {"session": f"/proc/self/fd/{memory}", "tags": str(tags)}

    def tell() -> None:
        os.write(begun, _BEGUN.encode())
        # Closed, and no other file's number: what goes wrong later is told to nobody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), begun)

    run(config, driver.gcs(json.loads(driver.RUN.read_text())), tell)


def _alone() -> None:
    """Holds the lock until this process ends.

    Raises:
        ConfigError: another process has it.
    """
    lock = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.read(lock, 20).decode()
        raise ConfigError(f"the autoscaler runs there already; end it first: kill {pid}") from None
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())


def _apart(orders: Mapping[str, Any], begun: int) -> NoReturn:
    """In the process that stays: what it prints goes to the log."""
    os.setsid()
    log = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(old, new)
    status = 1
    try:
        _alone()
        threading.Thread(target=_keep_bounded, args=(Path(LOG).absolute(),), daemon=True).start()
        _scale(orders, begun)
        status = 0
    except IonetError as bad:
        print(bad, file=sys.stderr, flush=True)
        _tell(begun, str(bad))
    except BaseException as bad:
        traceback.print_exc()
        _tell(begun, f"{type(bad).__name__}: {bad}; {LOG} there says more")
    finally:
        sys.stderr.flush()
        os._exit(status)


def _bound(log: Path, most: int = _LOG_MOST) -> None:
    """Begins the log anew where it has so many bytes; what it had is kept beside it until the next time."""
    if log.stat().st_size >= most:
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        os.truncate(log, 0)


def _keep_bounded(log: Path) -> None:
    while True:
        with contextlib.suppress(OSError):  # a full disk, or a log that somebody has removed
            _bound(log)
        time.sleep(_LOOKS_EVERY)


def _tell(begun: int, why: str) -> None:
    # Where it had begun, nobody waits.
    with contextlib.suppress(OSError):
        os.write(begun, why.encode()[: 1 << 12])


def main() -> None:
    """Reads the orders, and returns once the process that has them scales, or cannot."""
    _hide()
    given = sys.stdin.buffer.read(MOST + 1)
    if len(given) > MOST:
        sys.exit(f"the orders have more than the {MOST:,} bytes that are taken")
    orders = json.loads(given)
    reading, begun = os.pipe()
    if not (pid := os.fork()):
        os.close(reading)
        _apart(orders, begun)
    os.close(begun)
    with os.fdopen(reading) as told:
        said = told.read()
    if said != _BEGUN:
        sys.exit(said or f"it has ended; {LOG} there says why")
    print(f"the autoscaler runs on the first node, as process {pid}; its log is {LOG} there")


if __name__ == "__main__":
    main()
