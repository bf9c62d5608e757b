"""Options and answers that the commands of `ionet job` share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer
from solders.pubkey import Pubkey

from ionet import USD, AmountError
from ionet.cli.arguments import address, digest, length_of, percent
from ionet.cli.output import span
from ionet.formats.links import bits_of, microseconds_of
from ionet.formats.sizes import bytes_of, size_text

if TYPE_CHECKING:
    from ionet import Quotes
    from ionet.cli.session import Session
    from ionet.store.manifest import Resources


def usd(text: str) -> USD:
    """Dollars above zero: `2.5`."""
    try:
        rate = USD(text)
    except AmountError as bad:
        raise typer.BadParameter(str(bad)) from None
    if not 0 < rate.base < 1 << 64:
        raise typer.BadParameter(f"a rate is above zero, not {text}")
    return rate


def slippage(text: str) -> int:
    """Per cent as basis points, 50 at most."""
    bps = percent(text)
    if bps > 5_000:
        raise typer.BadParameter(f"{text} % above the quote is too much; 50 % at most")
    return bps


def bandwidth(text: str) -> int:
    """Bits a second: `80Mbit/s`; 0: any."""
    try:
        return 0 if text == "0" else bits_of(text)
    except ValueError as bad:
        raise typer.BadParameter(str(bad)) from None


def size_of(text: str) -> int:
    """Bytes: `512MiB`; a number alone is GiB, and 0: all of the node."""
    try:
        return int(text) << 30 if re.fullmatch("[0-9]{1,5}", text) else bytes_of(text)
    except ValueError as bad:
        raise typer.BadParameter(str(bad)) from None


def needs_text(needs: Resources) -> str:
    """What a run is given of each node, in words."""
    parts = [
        "all cores" if needs.cpus is None else f"{needs.cpus} core{'s' * (needs.cpus > 1)}",
        f"{needs.gpus} GPU{'s' * (needs.gpus != 1)}",
        "all memory" if needs.memory is None else f"{size_text(needs.memory)} of memory",
    ]
    if needs.disk is not None:
        parts.append(f"{size_text(needs.disk)} of disk")
    if needs.processes is not None:
        parts.append(f"{needs.processes:,} processes")
    if needs.internet:
        parts.append(
            "internet" if needs.internet_mbps is None else f"{needs.internet_mbps} Mbit/s of internet"
        )
    return ", ".join(parts)


def round_trip(text: str) -> int:
    """Microseconds: `50ms`; 0: any."""
    try:
        return 0 if text == "0" else microseconds_of(text)
    except ValueError as bad:
        raise typer.BadParameter(str(bad)) from None


JobAddress: TypeAlias = Annotated[
    Pubkey, typer.Argument(metavar="JOB", parser=address, help="The job's address.")
]
Nodes: TypeAlias = Annotated[
    list[Pubkey] | None,
    typer.Argument(metavar="[NODE]...", parser=address, help="Nodes; or choose by --class and others."),
]
For: TypeAlias = Annotated[
    int, typer.Option("--for", metavar="LENGTH", parser=length_of, help="How long: 90min, 2h, 7d.")
]
Currency: TypeAlias = Annotated[
    str, typer.Option("--currency", metavar="NAME", help="What to pay in: IO, USDC, or a mint.")
]
Slippage: TypeAlias = Annotated[
    int,
    typer.Option(
        "--slippage",
        metavar="PERCENT",
        parser=slippage,
        help="How much the price may rise before it lands; not for currencies at par.",
    ),
]
ClassFilter: TypeAlias = Annotated[
    str | None, typer.Option("--class", metavar="CLASS", help="Only of this hardware class: number or name.")
]
RegionFilter: TypeAlias = Annotated[
    int | None, typer.Option("--region", min=0, max=999, help="Only in this region: ISO 3166-1 number.")
]
MaxRate: TypeAlias = Annotated[
    USD | None,
    typer.Option("--max-rate", metavar="USD", parser=usd, help="Highest rate per processor and hour."),
]
MinMemory: TypeAlias = Annotated[int, typer.Option("--memory", metavar="GIB", min=0, help="Least memory.")]
MinLink: TypeAlias = Annotated[
    int, typer.Option("--link", metavar="MBPS", min=0, help="Least speed of the link in Mbit/s.")
]
MinUnits: TypeAlias = Annotated[
    int, typer.Option("--units", min=1, max=8, help="Least number of processors.")
]
MinBandwidth: TypeAlias = Annotated[
    int,
    typer.Option(
        "--min-bandwidth",
        metavar="RATE",
        parser=bandwidth,
        help="Least between any two nodes, as both have measured: 80Mbit/s, 1Gbit/s.",
    ),
]
MaxLatency: TypeAlias = Annotated[
    int,
    typer.Option(
        "--max-latency",
        metavar="TIME",
        parser=round_trip,
        help="Longest round trip between any two nodes, as both have measured: 50ms.",
    ),
]
ManifestHash: TypeAlias = Annotated[
    bytes | None,
    typer.Option("--manifest-hash", metavar="HEX", parser=digest, help="Its sha256, instead of --manifest."),
]


def show_quotes(io: Session, quotes: Quotes) -> None:
    """Shows what is about to be paid, with every fee of both sides."""
    if io.screen.as_json:
        return
    first = quotes.nodes[0]
    name = quotes.unit.SYMBOL
    processors = sum(quote.units for quote in quotes.nodes)
    io.screen.line(
        f"{span(first.seconds)} on {len(quotes.nodes)} node{_s(len(quotes.nodes))} with {processors}"
        f" processor{_s(processors)}: {quotes.usd}, {_price(quotes)}"
    )
    facts: list[tuple[str, object]] = [
        ("Price", quotes.total("price")),
        ("Booking fee", quotes.total("booking_fee")),
        ("Payment fee", quotes.total("payment_fee")),
        ("Deposit", f"{quotes.deposit}, signed for at most {quotes.limit}"),
        ("Supplier's booking fee", quotes.total("supplier_booking_fee")),
        ("Supplier's payment fee", quotes.total("supplier_payment_fee")),
        ("Supplier gets", f"{quotes.total('supplier_net')}{_exchange(quotes)}"),
    ]
    io.screen.facts(facts, data={})
    if len(quotes.nodes) > 1:
        io.screen.rows(
            (
                "node",
                ">units",
                ">usd/h each",
                f">price {name}",
                ">fees",
                ">deposit",
                ">at most",
                ">supplier gets",
            ),
            [
                (
                    quote.node,
                    quote.units,
                    f"{quote.rate:n}",
                    f"{quote.price:n}",
                    f"{quote.fee:n}",
                    f"{quote.deposit:n}",
                    f"{quote.limit:n}",
                    f"{quote.supplier_net:n}",
                )
                for quote in quotes.nodes
            ],
        )


def _exchange(quotes: Quotes) -> str:
    sold = sum(quote.sold_for_io for quote in quotes.nodes)
    if not sold:
        return ""
    which = "" if sold == len(quotes.nodes) else f" on {sold} nodes"
    return f"; it buys IO for them in an auction{which}"


def _price(quotes: Quotes) -> str:
    if quotes.at_par:
        return f"a {quotes.unit.SYMBOL} counts as one dollar"
    age = quotes.asked_at - quotes.published_at
    price = f"{float(quotes.usd_per_token):.6g} USD per {quotes.unit.SYMBOL}"
    return f"{price} (the price less its confidence, {max(0, age)} s old)"


def quotes_json(quotes: Quotes) -> dict[str, Any]:
    """Quotes for JSON."""
    return {
        "currency": quotes.unit.SYMBOL,
        "usd_per_token": str(quotes.usd_per_token),
        "published_at": quotes.published_at,
        "asked_at": quotes.asked_at,
        "usd": quotes.usd,
        "deposit": quotes.deposit,
        "limit": quotes.limit,
        "supplier_net": quotes.total("supplier_net"),
        "nodes": list(quotes.nodes),
    }


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _image_of(text: str) -> str:
    from ionet.cloud.spec import image_of

    try:
        return image_of(text)
    except ValueError as bad:
        raise typer.BadParameter(str(bad)) from None


ImageOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--image",
        metavar="IMAGE",
        parser=_image_of,
        help="What it runs in: as training, sha256:…, or oci:… of an archive; default: the node's own.",
    ),
]
