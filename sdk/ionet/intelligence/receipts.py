"""Receipts of answers: what has written them, and hashes of what was read and written; never the words.

Each answer's receipt is a leaf of its hour's tree. When the hour is over, its root is signed, with the hash
of the head before it, so that none is changed or left out later without its being seen.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.chain.errors import ConfigError
from ionet.formats import canonical, inference
from ionet.formats.inference import HOUR
from ionet.formats.merkle import Tree, leaf_hash, root_from_proof
from ionet.intelligence.errors import BadReceipt
from ionet.intelligence.judgements import Judgements
from ionet.intelligence.logs import leave_log
from ionet.intelligence.standing import Judged

DOMAIN: Final = b"ionet:intelligence receipt"
#: Nodes of a model that an hour's head names.
_NODES: Final = 32
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS receipts (
    id TEXT PRIMARY KEY, hour INTEGER NOT NULL, receipt BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_hour ON receipts (hour, id);
CREATE TABLE IF NOT EXISTS heads (
    hour INTEGER PRIMARY KEY, head BLOB NOT NULL, signature BLOB NOT NULL
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Proof:
    """A receipt with its way to a signed root.

    Attributes:
        receipt: what is shown.
        index: its place in the hour.
        path: hashes from the leaf upwards.
        head: of the hour.
        signature: of the head.
    """

    receipt: dict[str, Any]
    index: int
    path: tuple[bytes, ...]
    head: dict[str, Any]
    signature: bytes

    def told(self) -> dict[str, Any]:
        """As it is sent."""
        return {
            "receipt": self.receipt,
            "index": self.index,
            "path": [each.hex() for each in self.path],
            "head": self.head,
            "signature": self.signature.hex(),
        }

    @classmethod
    def read(cls, told: Any) -> Proof:
        """Reads what `told` has written.

        Raises:
            BadReceipt: it is something else.
        """
        try:
            return cls(
                dict(told["receipt"]),
                int(told["index"]),
                tuple(bytes.fromhex(each) for each in told["path"]),
                dict(told["head"]),
                bytes.fromhex(told["signature"]),
            )
        except (KeyError, TypeError, ValueError):
            raise BadReceipt("this is no receipt with its proof") from None

    def check(self, signer: Pubkey) -> None:
        """Checks that the receipt belongs to an hour that a service has signed.

        Args:
            signer: the service's key.

        Raises:
            BadReceipt: it does not.
        """
        try:
            payload = canonical.encode(self.receipt)
            root = root_from_proof(leaf_hash(DOMAIN, payload), self.index, self.path)
        except ValueError as bad:
            raise BadReceipt(f"the receipt cannot be read: {bad}") from None
        try:
            inference.check(self.head, self.signature, signer)
        except inference.BadHour as bad:
            raise BadReceipt(str(bad)) from None
        if self.head.get("root") != root.hex():
            raise BadReceipt(
                "the receipt is not in the hour that was signed: it was changed, or its proof was"
            )
        end = self.receipt.get("end")
        if not isinstance(end, int) or end // HOUR != self.head.get("hour"):
            raise BadReceipt("the receipt is of another hour than the head")


def hash_of_tokens(tokens: Sequence[int]) -> str:
    """sha256 of tokens' numbers, 4 bytes each, little-endian; in hex."""
    return hashlib.sha256(b"".join(token.to_bytes(4, "little") for token in tokens)).hexdigest()


def hash_of_prompt(read: Any) -> str:
    """sha256 of a text, or of messages or tokens as JSON: sorted keys, ASCII, no spaces; in hex."""
    if isinstance(read, str):
        return hashlib.sha256(read.encode(errors="surrogatepass")).hexdigest()
    text = json.dumps(read, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class Receipts:
    """Keeps receipts. Not to be shared by threads.

    Args:
        path: the file; made where there is none.
        key: signs hours.
        service: the URL that people know it by.
        days: for which receipts are kept; their hours' heads stay.
    """

    def __init__(self, path: Path, key: Keypair, service: str, days: int = 90) -> None:
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10.0)
            path.chmod(0o600)
            self._db.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {_SCHEMA}")
            # What is forgotten is not left in the file, either.
            self._db.execute("PRAGMA secure_delete=ON").fetchall()
            #: What audits have come to.
            self.judgements = Judgements(self._db)
        except sqlite3.Error as bad:
            raise ConfigError(f"{path} cannot be used for receipts: {bad}") from None
        self._key = key
        self._service = service
        self._days = days

    @property
    def signer(self) -> Pubkey:
        """Whose signature hours have."""
        return self._key.pubkey()

    def leave_log(self) -> None:
        """See `ionet.intelligence.logs.leave_log`."""
        leave_log(self._db)

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def add(self, receipt: dict[str, Any]) -> None:
        """Keeps a receipt; it has an id and an end, Unix seconds.

        One that comes late, or after the clock has gone back, is of the first hour that is not signed yet: a
        signed one stays as it is.
        """
        signed = self._db.execute("SELECT max(hour) FROM heads").fetchone()[0]
        if signed is not None and receipt["end"] // HOUR <= signed:
            receipt = {**receipt, "end": (signed + 1) * HOUR}
        row = (receipt["id"], receipt["end"] // HOUR, canonical.encode(receipt))
        self._db.execute("INSERT INTO receipts VALUES (?, ?, ?)", row)

    def seal(self, now: int) -> int:
        """Signs the hours that are over and have receipts; returns how many. Forgets what is old.

        Args:
            now: Unix seconds.
        """
        rows = self._db.execute(
            "SELECT DISTINCT hour FROM receipts WHERE hour < ? AND hour NOT IN (SELECT hour FROM heads)"
            " ORDER BY hour",
            (now // HOUR,),
        ).fetchall()
        for (hour,) in rows:
            self._seal(hour)
        oldest = now // HOUR - 24 * self._days
        self._db.execute("DELETE FROM receipts WHERE hour < ?", (oldest,))
        self.judgements.forget(oldest * HOUR)
        return len(rows)

    def _seal(self, hour: int) -> None:
        tree = self._tree(hour)
        last = self._db.execute("SELECT head FROM heads ORDER BY hour DESC LIMIT 1").fetchone()
        head: dict[str, canonical.Json] = {
            "version": 1,
            "service": self._service,
            "signer": str(self.signer),
            "hour": hour,
            "count": tree.count,
            "root": tree.root.hex(),
            "before": None if last is None else inference.name_of(last[0]),
            "models": self._summary(hour),
        }
        written, signature = inference.sign(head, self._key)
        self._db.execute("INSERT INTO heads VALUES (?, ?, ?)", (hour, written, signature))

    def _summary(self, hour: int) -> list[dict[str, canonical.Json]]:
        """What was served in an hour, by its receipts, and what audits in it have come to."""
        rows = self._db.execute("SELECT receipt FROM receipts WHERE hour = ?", (hour,))
        listed: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for (payload,) in rows:
            receipt = json.loads(payload)
            listed[receipt.get("model", "")].append(receipt)
        judged, unjudged = self.judgements.of_hour(hour * HOUR)
        models = sorted({*listed, *judged, *unjudged})
        return [
            summary(model, listed[model], judged.get(model, []), unjudged.get(model, {})) for model in models
        ]

    def _leaves(self, hour: int) -> list[tuple[str, bytes]]:
        rows = self._db.execute("SELECT id, receipt FROM receipts WHERE hour = ? ORDER BY id", (hour,))
        return [(name, leaf_hash(DOMAIN, payload)) for name, payload in rows]

    def _tree(self, hour: int) -> Tree:
        return Tree([leaf for _, leaf in self._leaves(hour)], DOMAIN)

    def proof(self, request: str) -> Proof | None:
        """A receipt with its proof; None: there is none, or its hour is not over.

        Args:
            request: the answer's id.
        """
        row = self._db.execute("SELECT hour, receipt FROM receipts WHERE id = ?", (request,)).fetchone()
        if row is None:
            return None
        hour, payload = row
        signed = self._db.execute("SELECT head, signature FROM heads WHERE hour = ?", (hour,)).fetchone()
        if signed is None:
            return None
        leaves = self._leaves(hour)
        index = [name for name, _ in leaves].index(request)
        path = Tree([leaf for _, leaf in leaves], DOMAIN).proof(index)
        return Proof(json.loads(payload), index, path, json.loads(signed[0]), signed[1])

    def has(self, request: str) -> bool:
        """Whether there is such a receipt."""
        return self._db.execute("SELECT 1 FROM receipts WHERE id = ?", (request,)).fetchone() is not None

    def heads(self, most: int) -> list[dict[str, Any]]:
        """The latest hours that were signed, the latest first."""
        rows = self._db.execute("SELECT head, signature FROM heads ORDER BY hour DESC LIMIT ?", (most,))
        return [{"head": json.loads(head), "signature": signature.hex()} for head, signature in rows]

    def leaves(self, hour: int) -> list[str]:
        """The hashes of an hour's receipts, in their order."""
        return [leaf.hex() for _, leaf in self._leaves(hour)]


def summary(
    model: str, receipts: Sequence[Mapping[str, Any]], judged: Sequence[Judged], unjudged: Mapping[str, int]
) -> dict[str, canonical.Json]:
    """What was served of a model in an hour, as its head says it.

    Args:
        model: its name.
        receipts: of its answers.
        judged: of its answers, those that were judged in the hour.
        unjudged: … that were to be judged, and could not be, by node.
    """
    first = sorted(each["first"] for each in receipts if each.get("first") is not None)
    return {
        "model": model,
        # As it was last: millionths of a dollar for a million tokens.
        "price": max(receipts, key=lambda each: each["end"]).get("price") if receipts else None,
        "answers": len(receipts),
        "prompt": sum(each["prompt"]["tokens"] for each in receipts if "prompt" in each),
        "completion": sum(each["answer"]["tokens"] for each in receipts if "answer" in each),
        # Milliseconds to the first token, of which so many of 100 answers took no longer.
        "first": {str(of): first[-(-of * len(first) // 100) - 1] for of in (50, 90, 99)} if first else None,
        "judged": len(judged),
        "passed": sum(each.passed for each in judged),
        # Heads stay, and are read by many: the nodes with the most.
        "unjudged": [
            {"node": node, "answers": answers}
            for node, answers in sorted(unjudged.items(), key=lambda each: (-each[1], each[0]))[:_NODES]
        ],
    }
