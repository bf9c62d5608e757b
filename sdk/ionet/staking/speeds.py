"""How fast classes answer proofs, as measured, from ``ionet/staking/class_speeds.json``.

Attesters judge time by it. A class that is not in it was measured by nobody, and its proofs are judged by
right answers alone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any, Final

from ionet.chain.errors import ConfigError
from ionet.formats import canonical
from ionet.staking.hardware import hardware_classes

_VERSION: Final = 1
#: What an answer may take beyond the work, for its way to the attester, nanoseconds.
GRACE_NS: Final = 500_000_000
SLACK_BPS: Final = 15_000


@dataclass(frozen=True, slots=True)
class RateSpeed:
    """How long a product takes.

    Attributes:
        m: rows of the product.
        k: its inner length.
        nanoseconds: product and tree.
        slack_bps: how much longer an answer may take, in basis points of that.
        grace_ns: what is added for its way.
    """

    m: int
    k: int
    nanoseconds: int
    slack_bps: int = SLACK_BPS
    grace_ns: int = GRACE_NS

    @property
    def limit_ns(self) -> int:
        """The longest time in which an answer is not late, nanoseconds, rounded up."""
        return -(-self.nanoseconds * self.slack_bps // 10_000) + self.grace_ns


@dataclass(frozen=True, slots=True)
class MemorySpeed:
    """How long chains of reads take.

    Attributes:
        blocks: of 128 bytes, held.
        rounds: of a block.
        chains: how many chains.
        reads: of each.
        nanoseconds: chains and tree.
        slack_bps: how much longer an answer may take, in basis points of that.
        grace_ns: what is added for its way.
    """

    blocks: int
    rounds: int
    chains: int
    reads: int
    nanoseconds: int
    slack_bps: int = SLACK_BPS
    grace_ns: int = GRACE_NS


@dataclass(frozen=True, slots=True)
class ClassSpeeds:
    """A class's speeds.

    Attributes:
        class_id: the class's number on the chain.
        source: what was measured, by what and when; for people.
        rate: products, of different sizes.
        memory: chains of reads, of different sizes.
    """

    class_id: int
    source: str
    rate: tuple[RateSpeed, ...]
    memory: tuple[MemorySpeed, ...]


@dataclass(frozen=True, slots=True)
class Speeds:
    """A table of speeds.

    Attributes:
        classes: at most one entry a class, by its number.
    """

    classes: tuple[ClassSpeeds, ...]

    def of(self, class_id: int) -> ClassSpeeds | None:
        """Returns a class's speeds; None where nobody has measured it."""
        return next((item for item in self.classes if item.class_id == class_id), None)

    def reached(self, class_id: int, score_bps: int) -> ClassSpeeds | None:
        """Returns the fastest other class that a device reaches, by products that both were measured with.

        Args:
            class_id: the class that it is registered in.
            score_bps: the part of that class's speed that it has, basis points.
        """
        own = self.of(class_id)
        reaching = [
            (speed.limit_ns, item)
            for mine in (() if own is None or score_bps <= 0 else own.rate)
            for item in self.classes
            for speed in item.rate
            if item.class_id != class_id
            and (speed.m, speed.k) == (mine.m, mine.k)
            and mine.nanoseconds * 10_000 // score_bps <= speed.limit_ns
        ]
        return min(reaching, key=lambda each: each[0])[1] if reaching else None

    def document(self) -> dict[str, Any]:
        """Returns what a file of speeds holds."""
        return {"classes": [asdict(item) for item in self.classes], "version": _VERSION}

    @property
    def digest(self) -> bytes:
        """sha256 of the document's canonical JSON: attesters with the same digest judge time alike."""
        return sha256(canonical.encode(json.loads(json.dumps(self.document())))).digest()


def parse_speeds(text: str, name: str) -> Speeds:
    """Returns the table of a file.

    Args:
        text: the file's.
        name: the file's, for errors.

    Raises:
        ConfigError: it is no table of speeds; the text says what is wrong.
    """
    try:
        document = json.loads(text)
        if document["version"] != _VERSION:
            version = document["version"]
            raise ConfigError(f"{name} has the version {version!r}; this program reads {_VERSION}")
        classes = tuple(_class_of(item) for item in document["classes"])
    except (ValueError, TypeError, KeyError) as bad:
        raise ConfigError(
            f"{name} is no table of speeds ({type(bad).__name__}: {bad}); ionet proof measure writes one"
        ) from None
    ids = [item.class_id for item in classes]
    if len(set(ids)) != len(ids):
        raise ConfigError(f"{name} names a class twice: {sorted(ids)}")
    return Speeds(tuple(sorted(classes, key=lambda item: item.class_id)))


def _class_of(item: dict[str, Any]) -> ClassSpeeds:
    rate = tuple(RateSpeed(**speed) for speed in item["rate"])
    memory = tuple(MemorySpeed(**speed) for speed in item["memory"])
    speeds: tuple[RateSpeed | MemorySpeed, ...] = (*rate, *memory)
    for speed in speeds:
        if not all(type(value) is int and value >= 0 for value in asdict(speed).values()):
            raise ValueError(f"{speed} has something else than numbers, 0 or more")
        if speed.nanoseconds == 0 or speed.slack_bps < 10_000:
            raise ValueError(f"{speed} lets nobody pass; a time is above 0, a slack 10000 or more")
    if type(item["class_id"]) is not int or type(item["source"]) is not str or not item["source"].strip():
        raise ValueError("a class has a number, and says where its speeds are from")
    return ClassSpeeds(item["class_id"], item["source"], rate, memory)


@cache
def class_speeds() -> Speeds:
    """Returns the table of this version of the package."""
    name = "class_speeds.json"
    return parse_speeds(resources.files("ionet.staking").joinpath(name).read_text("utf-8"), name)


def untimed(class_id: int) -> str | None:
    """Returns, in a sentence, that nobody judges a class's time; None where the class has been measured."""
    if class_speeds().of(class_id) is not None:
        return None
    return (
        f"Nobody has measured how fast the class {_name(class_id)} answers proofs: they are judged by right"
        " answers alone, unless attesters have measured it themselves."
    )


def lower_class(class_id: int, score_bps: int) -> str | None:
    """Returns, in words for its owner, where a device that is too slow for its class belongs.

    None where nobody has measured the class.
    """
    if class_speeds().of(class_id) is None:
        return None
    reached = class_speeds().reached(class_id, score_bps)
    if reached is None:
        return "it reaches no other class that was measured; see what else uses the device"
    name = _name(reached.class_id)
    return (
        f"it reaches the class {name}: give it back with `ionet node retire` and `ionet node device release`,"
        f" then `ionet node device claim --class '{name}'` and `ionet node reopen`"
    )


def _name(class_id: int) -> str:
    return next((kind.name for kind in hardware_classes() if kind.id == class_id), f"number {class_id}")
