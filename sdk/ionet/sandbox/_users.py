"""Ranges of user ids of this machine, one to a box."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ionet.sandbox._bundle import USER_IDS

#: Of this boot: a link to the owner's directory for each range in use.
RANGES: Final = Path("/run/ionet/users")
_FIRST: Final = 1_000_000
_COUNT: Final = 1000


def take(home: Path) -> int:
    """Returns the first user id of the range that the box has from now on, or has already.

    Raises:
        OSError: all ranges are in use.
    """
    RANGES.mkdir(parents=True, exist_ok=True)
    if (own := _of(home)) is not None:
        return own
    for number in range(_COUNT):
        with contextlib.suppress(FileExistsError):
            (RANGES / str(number)).symlink_to(home)
            return _FIRST + number * USER_IDS
    raise OSError(f"all {_COUNT} ranges of user ids are in use; remove boxes that have ended")


def give_back(home: Path) -> None:
    """Frees the box's range; repeated, it does nothing."""
    while (own := _of(home)) is not None:
        (RANGES / str((own - _FIRST) // USER_IDS)).unlink(missing_ok=True)


def homes(state: Path) -> Iterator[Path]:
    """Yields the directories of all boxes below `state` that have a range, whether they exist or not."""
    for link in RANGES.glob("*"):
        with contextlib.suppress(OSError):
            if (home := link.readlink()).parent == state:
                yield home


def _of(home: Path) -> int | None:
    for link in RANGES.glob("*"):
        with contextlib.suppress(OSError):
            if link.readlink() == home:
                return _FIRST + int(link.name) * USER_IDS
    return None
