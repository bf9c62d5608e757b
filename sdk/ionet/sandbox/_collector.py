"""Runs in a box's second container, by its path alone: writes the files of a directory to standard output.

Before each file stands a line of JSON: {"path", "size"}, followed by that many bytes; {"skip", "why"} for
what is skipped; {"end": true} at the end. The reader trusts none of it.
"""

import json
import os
import stat
import sys
from typing import Any

DEPTH = 16
BLOCK = 1 << 20
NAME = 300
#: Bytes of a path; the reader takes no longer line than this makes, and remembers no more of the rest.
PATH = 1024
SKIPPED = 1000

room, count = int(sys.argv[2]), int(sys.argv[3])
skipped: list[str] = []
out = sys.stdout.buffer


def say(**head: Any) -> None:
    """Writes one line."""
    out.write(json.dumps(head).encode() + b"\n")


def walk(directory: int, prefix: str, depth: int) -> None:
    """Writes the files below a directory, in the order of their names."""
    for name in sorted(os.listdir(directory)):
        path = prefix + name
        try:
            why = visit(directory, name, path, depth)
        except (OSError, UnicodeError) as error:
            why = type(error).__name__
        if why and len(skipped) < SKIPPED:
            skipped.append(path)
            say(skip=ascii(path)[1:-1][:NAME], why=why)


def visit(directory: int, name: str, path: str, depth: int) -> str:
    """Writes one file or directory; returns why it was skipped, or an empty text."""
    global room, count
    if len(path.encode()) > PATH:
        return "its name is too long"
    if not path.isprintable():
        return "its name cannot be printed"
    status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    if stat.S_ISDIR(status.st_mode):
        if depth == DEPTH:
            return "too deep"
        below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=directory)
        try:
            walk(below, path + "/", depth + 1)
        finally:
            os.close(below)
        return ""
    if not stat.S_ISREG(status.st_mode):
        return "not a plain file"
    if status.st_nlink > 1:
        return "a hard link"
    if status.st_size > room or not count:
        return "over the limit"
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
    room, count, remaining = room - status.st_size, count - 1, status.st_size
    say(path=path, size=remaining)
    while remaining:
        # The length is promised, so what cannot be read becomes zeros.
        block = os.read(file, min(remaining, BLOCK)) or bytes(min(remaining, BLOCK))
        out.write(block)
        remaining -= len(block)
    os.close(file)
    return ""


try:
    walk(os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW), "", 0)
except OSError as error:
    say(skip=sys.argv[1], why=type(error).__name__)
say(end=True)
out.flush()
