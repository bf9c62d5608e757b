"""How a program ended: what its node says, and what attesters wrote down."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ionet.chain.errors import IonetError
from ionet.cloud.errors import ResultError
from ionet.executor import FailureReason, StoredOutput
from ionet.formats import canonical
from ionet.formats.text import printable

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_EXIT_CODE: Final = re.compile(r"exit code (-?[0-9]{1,6})")
#: Exit statuses for programs that did not end by themselves; as of `timeout`, and of a shell for SIGKILL.
_OUT_OF_TIME: Final = 124
_OUT_OF_MEMORY: Final = 137
_FAILED: Final = 1
_MOST_OUTPUTS: Final = 100_000
_WORDS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a program ended.

    Attributes:
        reason: None if it succeeded.
        detail: what failed, for people.
        value: what it returned; for a command ``{"exit_code": 0}``.
        outputs: its files, in the store.
        log: hash of what it printed, in the store, 32 bytes; None if that is not kept.
        manifest: hash of the manifest that was run, 32 bytes; None where its node said this.
        digest: hash of the result document, 32 bytes; None where its node said this.
    """

    reason: FailureReason | None
    detail: str
    value: Any
    outputs: tuple[StoredOutput, ...]
    log: bytes | None
    manifest: bytes | None = None
    digest: bytes | None = None

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.reason is None

    @property
    def exit_code(self) -> int | None:
        """What the program itself ended with, negative for a signal; None if it did not end by itself."""
        if self.reason is None:
            return 0
        match = _EXIT_CODE.fullmatch(self.detail) if self.reason is FailureReason.WORKLOAD else None
        return int(match[1]) if match else None

    @property
    def status(self) -> int:
        """An exit status that tells the same, 0 to 255.

        The program's own; 128 and the number of the signal that ended it; 124 if its time was over; 137 if it
        used too much memory; 1 otherwise.
        """
        code = self.exit_code
        if code is not None:
            return 128 - code if -128 < code < 0 else code if 0 < code < 256 else _FAILED if code else 0
        return {FailureReason.OUT_OF_TIME: _OUT_OF_TIME, FailureReason.OUT_OF_MEMORY: _OUT_OF_MEMORY}.get(
            self.reason or FailureReason.EXECUTOR, _FAILED
        )

    @property
    def summary(self) -> str:
        """How it ended, for people."""
        if self.reason is None:
            return "the program has succeeded"
        if self.reason is FailureReason.WORKLOAD:
            return f"the program has failed: {self.detail}"
        return f"the program has not come to its end: {self.reason.value}: {self.detail}"

    def says(self, other: Verdict) -> bool:
        """Whether another word on the same program says the same."""
        mine, theirs = (
            (item.reason, item.value, sorted((file.name, file.sha256) for file in item.outputs))
            for item in (self, other)
        )
        return mine == theirs


def of_node(blob: bytes) -> Verdict:
    """Reads what a node's agent says of a program that has ended.

    Raises:
        ResultError: it cannot be read.
    """
    return _read(blob, None)


def of_document(document: bytes, digest: bytes) -> Verdict:
    """Reads a result document.

    Args:
        document: its bytes, whose hash the caller has checked.
        digest: the hash.

    Raises:
        ResultError: it cannot be read.
    """
    return _read(document, digest)


def _read(blob: bytes, digest: bytes | None) -> Verdict:
    try:
        value: Any = canonical.decode(blob)
        outputs = tuple(_outputs(value["outputs"]))
        reason = None if value["reason"] is None else FailureReason(value["reason"])
        log = value.get("log")
        return Verdict(
            reason,
            printable(str(value["detail"])[:_WORDS], lines=True),
            value["value"],
            outputs,
            None if log is None else _digest(log),
            None if digest is None else _digest(value["manifest"]),
            digest,
        )
    except (IonetError, ValueError, KeyError, TypeError, AttributeError) as bad:
        raise ResultError(f"the result cannot be read: {bad}") from bad


def _outputs(items: Any) -> Iterable[StoredOutput]:
    if not isinstance(items, list) or len(items) > _MOST_OUTPUTS:
        raise ValueError("its outputs are no list, or too many")
    for item in items:
        # A document names the fields, a node's word has them in this order.
        name, digest, size = (
            (item["name"], item["sha256"], item["size"]) if isinstance(item, Mapping) else item
        )
        if not isinstance(name, str) or type(size) is not int or size < 0:
            raise ValueError("an output has no name or no size")
        yield StoredOutput(name, _digest(digest), size)


def _digest(text: object) -> bytes:
    if not isinstance(text, str) or not _SHA256.fullmatch(text):
        raise ValueError("not a sha256")
    return bytes.fromhex(text)
