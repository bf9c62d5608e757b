"""`ionet node network`: other networks that bring their devices in bulk."""

from __future__ import annotations

from typing import Annotated

import typer

from ionet.cli.arguments import address
from ionet.cli.node.imports import export_key, import_export
from ionet.cli.node.parts import text_of
from ionet.cli.options import Commands
from ionet.cli.output import when
from ionet.cli.session import session

app = Commands("Other networks that bring their devices in bulk.")
app.command("import")(import_export)
app.command("key")(export_key)


@app.command("list")
def list_networks() -> None:
    """List the other networks and their authorities."""
    io = session()
    networks = io.reader.staking.networks()
    io.screen.table(
        ("name", "network", "authority", "registered"),
        [
            (
                text_of(network.account.name),
                network.address,
                network.account.authority,
                when(network.account.registered_at),
            )
            for network in networks
        ],
        data=[
            {
                "name": text_of(network.account.name),
                "network": network.address,
                "authority": network.account.authority,
                "registered_at": network.account.registered_at,
            }
            for network in networks
        ],
        empty="No other networks yet.",
    )


@app.command("register")
def register_network(
    name: Annotated[str, typer.Argument(metavar="NAME", help="For example Filecoin; 32 bytes at most.")],
) -> None:
    """Register another network, with the signer as its authority."""
    io = session()
    sent = io.send(io.client.staking.register_network(name), f"register the network {name}")
    io.done(
        sent,
        f"Registered network {name}: {sent.result}",
        "Next: ionet node network import FILE.csv",
        network=sent.result,
        name=name,
    )


@app.command("join")
def join_network(
    nodes: Annotated[list[str], typer.Argument(metavar="NODE...", help="Nodes that the signer owns.")],
) -> None:
    """Add nodes to the signer's network."""
    io = session()
    chosen = [address(text) for text in nodes]
    sent = io.send(io.client.staking.join_network(*chosen), f"add {len(chosen)} nodes to my network")
    io.done(sent, f"{len(chosen)} nodes belong to the network now", nodes=chosen)
