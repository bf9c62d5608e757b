"""Receipts of answers, as a command is given them, and what they are compared with."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path
from typing import Any

from ionet.cli.failures import NOT_FOUND, UserError
from ionet.cli.session import Session


def check_order(io: Session, receipt: dict[str, Any], manifest: Path | None, *, on_chain: bool) -> list[str]:
    """Checks what a receipt says of an order; returns what was checked.

    Raises:
        BadReceipt: it is not so.
        UserError: the chain does not have the lease any more.
    """
    from solders.pubkey import Pubkey

    from ionet import AccountNotFound
    from ionet.intelligence import orders
    from ionet.intelligence.errors import BadReceipt

    checked = []
    if manifest is not None:
        orders.check_manifest(receipt, manifest.read_bytes())
        checked.append("manifest")
    if on_chain:
        try:
            job = Pubkey.from_string(orders.ordered(receipt)["job"])
            lease = io.reader.jobs.get_job(job)
        except ValueError:
            raise BadReceipt("the receipt names no lease") from None
        except AccountNotFound:
            why = "it was paid out and closed, or never was; an explorer still shows the events of one"
            raise UserError(f"the chain has no lease {job}: {why}", NOT_FOUND) from None
        orders.check_job(receipt, lease)
        checked.append("lease")
    return checked


def shown(receipt: dict[str, Any]) -> list[tuple[str, object]]:
    """What a receipt says; whoever has signed it, it may lack anything.

    Raises:
        BadReceipt: it lacks something.
    """
    from ionet.intelligence.errors import BadReceipt

    try:
        prompt, answer = receipt["prompt"]["tokens"], receipt["answer"]["tokens"]
        return [
            ("receipt", receipt["id"]),
            ("model", receipt["model"]),
            ("weights", receipt["weights"] or "unknown"),
            ("node", receipt["node"] or "of the service"),
            *_order(receipt),
            ("tokens", f"{prompt} read, {answer} written"),
        ]
    except (KeyError, TypeError) as bad:
        raise BadReceipt(f"the receipt is signed, but lacks what receipts say: {bad}") from None


def _order(receipt: dict[str, Any]) -> list[tuple[str, object]]:
    """What a receipt says that its node was ordered to run; of other engines nothing."""
    if (order := receipt.get("ordered")) is None:
        return []
    return [
        ("its lease", order["job"]),
        ("ordered manifest", order["manifest"]),
        ("ordered image", order["image"] or "the node's own"),
    ]


def told_of(receipt: str, service: str | None) -> object:
    """A receipt with its proof, of a file, or of a service by its id.

    Raises:
        UserError: there is none.
        ServiceRefused: the service does not show it.
    """
    import json
    from urllib.parse import quote

    from ionet.intelligence.client import AccountClient

    if Path(receipt).is_file():
        try:
            return json.loads(Path(receipt).read_bytes())
        except ValueError:
            raise UserError(f"{receipt} holds no JSON") from None
    if service is None:
        raise UserError(
            f"there is no file {receipt}; to fetch a receipt by its id, name the service: --service URL"
        )
    with AccountClient(service) as client:
        told = client.ask("GET", f"/v1/receipts/{quote(receipt, safe='')}")
    shown = told.get("receipt")
    # A service that had none of it could show another, which is signed as well.
    if not isinstance(shown, dict) or shown.get("id") != receipt:
        raise UserError(f"{service} shows the receipt of another answer than {receipt}")
    return told


def compare(receipt: dict[str, Any], name: str, file: Path) -> None:
    """Compares a file with the prompt or the answer of a receipt.

    Raises:
        BadReceipt: it is another one's.
    """
    import json

    from ionet.intelligence.errors import BadReceipt
    from ionet.intelligence.receipts import hash_of_prompt

    text = file.read_text()
    hashes = {hash_of_prompt(text), hash_of_prompt(text.removesuffix("\n"))}
    with contextlib.suppress(ValueError):
        told = json.loads(text)
        hashes.add(hash_of_prompt(told) if name == "prompt" else _hash_of_vectors(told))
    said = receipt[name]
    if (said["floats"] if "floats" in said else said["text"]) not in hashes:
        raise BadReceipt(f"the receipt is of another {name} than {file} holds")


def _hash_of_vectors(told: Any) -> str:
    """Of what the service has answered, or of the vectors in it; ValueError: it is none of that."""
    from ionet.intelligence.vectors import hash_of_vectors, unpacked

    try:
        rows = [row["embedding"] for row in told["data"]] if isinstance(told, dict) else told
        return hash_of_vectors(unpacked(row) for row in rows)
    except (KeyError, TypeError, OverflowError, struct.error):
        raise ValueError("these are no vectors") from None
