"""Options and answers that the commands of `ionet node` share."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer
from solders.pubkey import Pubkey

from ionet import accounts
from ionet.cli.arguments import address, digest, percent
from ionet.cli.failures import NOT_FOUND, UserError
from ionet.cli.session import Session
from ionet.staking.stake import class_name, names_like, plain_name

ClassOption: TypeAlias = Annotated[
    str, typer.Option("--class", metavar="CLASS", help="Hardware class: its number, or its name.")
]
Uuid: TypeAlias = Annotated[
    str | None,
    typer.Option("--uuid", help="The device's own id from its driver: see `ionet node probe`."),
]
Fingerprint: TypeAlias = Annotated[
    bytes | None,
    typer.Option("--fingerprint", metavar="HEX", parser=digest, help="Its sha256, instead of --uuid."),
]
DeviceKeyOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--device-key", metavar="KEYPAIR", help="The device's keypair file; with --sign-only an address."
    ),
]
AttesterOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--attester",
        metavar="KEYPAIR",
        help="Keypair of the attester that challenged the device; with --sign-only its address.",
    ),
]
Commission: TypeAlias = Annotated[
    int,
    typer.Option(
        "--commission", metavar="PERCENT", parser=percent, help="Owner's part of co-stakers' rewards."
    ),
]
Region: TypeAlias = Annotated[
    int, typer.Option("--region", min=0, max=999, help="ISO 3166-1 number; 276 is Germany.")
]
Memory: TypeAlias = Annotated[int, typer.Option("--memory", metavar="GIB", min=0, help="Memory in GiB.")]
Link: TypeAlias = Annotated[
    int, typer.Option("--link", metavar="MBPS", min=0, help="Speed of the link in Mbit/s.")
]
DeviceAddress: TypeAlias = Annotated[
    Pubkey, typer.Argument(metavar="DEVICE", parser=address, help="The device's account.")
]


def class_of(io: Session, text: str) -> accounts.staking.Class:
    """The class of this number or name."""
    classes = [class_.account for class_ in io.reader.staking.classes()]
    for class_ in classes:
        if text == str(class_.id) or plain_name(text) == plain_name(class_name(class_)):
            return class_
    near = names_like(text, map(class_name, classes))
    hint = f"; did you mean {', '.join(near)}?" if near else "; see `ionet node classes list`"
    raise UserError(f"no hardware class {text!r}{hint}", NOT_FOUND)


def fingerprint_of(uuid: str | None, fingerprint: bytes | None) -> bytes:
    """The fingerprint of a device, named by uuid or fingerprint."""
    if (uuid is None) == (fingerprint is None):
        raise UserError("name the device by --uuid or by --fingerprint")
    if fingerprint is not None:
        return fingerprint
    from hashlib import sha256

    return sha256((uuid or "").encode()).digest()


def text_of(name: bytes) -> str:
    """The text of a zero-padded name."""
    return name.rstrip(b"\0").decode(errors="replace")
