"""A run of a command: the client that its options ask for, and what becomes of the transactions it makes."""

from __future__ import annotations

import sys
import warnings
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

import typer
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from typer._click.globals import get_current_context

from ionet import (
    IO,
    SOL,
    Amount,
    Call,
    Client,
    ConfigError,
    FeePolicy,
    HttpTransport,
    Preview,
    Sent,
    accounts,
    load_keypair,
    pda,
)
from ionet.chain.signers import cluster_url, solana_config
from ionet.cli.failures import UserError
from ionet.cli.options import Commitment, Output, given
from ionet.cli.output import Screen
from ionet.token.currency import unit_of

if TYPE_CHECKING:
    from ionet import AsyncClient
    from ionet.chain.transactions import Change

T = TypeVar("T")

#: Genesis hash to name; any other network is shown as a custom one.
_CLUSTERS: Final = {
    "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d": "mainnet-beta",
    "4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY": "testnet",
    "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG": "devnet",
}


def session() -> Session:
    """The session of the command that runs."""
    root = get_current_context().find_root()
    found: Session = root.meta.get("ionet.session") or Session(given(root))
    root.meta["ionet.session"] = found
    return found


class Session:
    """What the options of a run mean.

    Args:
        options: by their names in `ionet.cli.options`.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self.screen = Screen(as_json=options.get("output") is Output.JSON)
        self.dry_run = bool(options.get("dry_run"))
        self.sign_only = bool(options.get("sign_only"))

    # -- who and where

    @cached_property
    def _config(self) -> dict[str, str]:
        path: Path | None = self._options.get("config")
        if path is not None and not path.exists():
            raise ConfigError(f"configuration {path}: no such file")
        return solana_config(path)

    @cached_property
    def url(self) -> str:
        """The node."""
        return cluster_url(self._options.get("url") or self._config["json_rpc_url"])

    @cached_property
    def signer(self) -> Keypair:
        """Who signs."""
        given = self._options.get("keypair")
        if given is None and not Path(self._config["keypair_path"]).expanduser().exists():
            raise ConfigError(
                f"there is no keypair at {self._config['keypair_path']}; name one with --keypair"
            )
        return self.keypair(given or self._config["keypair_path"])

    def keypair(self, place: str) -> Keypair:
        """The keypair in a file, or in standard input for `-`; the person is warned if others can read it."""
        if place.startswith(("usb://", "prompt://")) or place == "ASK":
            raise ConfigError(f"keypair {place}: only files, and - for standard input, can be read")
        if place == "-":
            import json

            try:
                return Keypair.from_bytes(bytes(json.loads(sys.stdin.read())))
            except (ValueError, TypeError):
                raise ConfigError(
                    "standard input: not a JSON array of 64 numbers that are a keypair"
                ) from None
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            found = load_keypair(place)
        for one in said:
            print(f"warning: {one.message}", file=sys.stderr)
        return found

    def _fees(self) -> FeePolicy:
        price = self._options.get("price")
        return FeePolicy() if price is None else FeePolicy(price=price, max_price=max(price, 1_000_000))

    def _connect(self, signer: Keypair | None) -> Client:
        try:
            commitment = Commitment(self._options.get("commitment") or self._config["commitment"])
        except ValueError:
            raise ConfigError(
                f"commitment {self._config['commitment']!r} is none of {', '.join(Commitment)}"
            ) from None
        # A person waits: two more attempts, not five.
        # The configuration's websocket goes with the configuration's node.
        websocket = None if self._options.get("url") else self._config.get("websocket_url") or None
        transport = HttpTransport(self.url, retries=2, websocket=websocket)
        return Client(transport, signer=signer, commitment=commitment.value, fees=self._fees())

    @cached_property
    def client(self) -> Client:
        """A client that signs."""
        return self._connect(self.signer)

    @cached_property
    def reader(self) -> Client:
        """A client that only reads: it needs no keypair."""
        return self._connect(None)

    def async_client(self) -> AsyncClient:
        """The same client as coroutines, for work on many things at once."""
        from ionet import AsyncClient, AsyncHttpTransport

        transport = AsyncHttpTransport(self.url)
        return AsyncClient(
            transport, signer=self.signer, commitment=self.client.commitment, fees=self.client.fees
        )

    @cached_property
    def cluster(self) -> str:
        """The network's name by its genesis, `custom` if it is none of Solana's."""
        return _CLUSTERS.get(self.reader.request("getGenesisHash"), "custom")

    def explorer(self, signature: str) -> str:
        """Where a transaction can be looked at."""
        where = {
            "mainnet-beta": "",
            "custom": f"?cluster=custom&customUrl={quote(self.url, safe='')}",
        }.get(self.cluster, f"?cluster={self.cluster}")
        return f"https://explorer.solana.com/tx/{signature}{where}"

    # -- transactions

    def send(self, call: Call[T], what: str) -> Sent[T]:
        """Sends a call, unless the options say to look only: then the command ends here.

        Args:
            call: what to send.
            what: the same in a few words, for the person: `stake 12.5 IO on …`.
        """
        if (payer := self.fee_payer) is not None:
            call = call.paid_by(payer)
        if self._options.get("sign_only"):
            self._show_unsent(call)
            raise typer.Exit
        if self.dry_run:
            self.show_preview(call.preview(), what)
            raise typer.Exit
        self.confirm(what)
        return call.send()

    @property
    def fee_payer(self) -> Keypair | None:
        """Who pays fees, if not who signs."""
        place = self._options.get("fee_payer")
        return None if place is None else self.keypair(place)

    def refuse_sign_only(self) -> None:
        """For commands that send several transactions, of which later ones need the earlier ones."""
        if self._options.get("sign_only"):
            raise UserError("this sends several transactions: --sign-only does not go with it")

    def check_several(self, what: str) -> None:
        """Refuses the options that are for a single transaction.

        Raises:
            UserError: one of them was given.
        """
        for name, option in (("sign_only", "--sign-only"), ("fee_payer", "--fee-payer")):
            if self._options.get(name):
                raise UserError(f"{what} takes several transactions: {option} is for one")

    def confirm(self, what: str) -> None:
        """Asks before something is sent to mainnet-beta."""
        if self.cluster != "mainnet-beta" or self._options.get("yes"):
            return
        if not sys.stdin.isatty():
            raise UserError(f"this would {what} on mainnet-beta; say so with --yes")
        typer.confirm(f"{what[:1].upper()}{what[1:]} on mainnet-beta?", abort=True, err=True)
        # Once a run: a command that sends many is one decision.
        self._options["yes"] = True

    def done(self, sent: Sent[Any], *lines: str, **data: Any) -> None:
        """Shows what a transaction did, its signature and where to look at it."""
        where = self.explorer(sent.signature)
        self.screen.show(
            {
                "signature": sent.signature,
                "slot": sent.slot,
                "explorer": where,
                "compute_units": sent.compute_units,
                "fee": SOL.from_base(sent.fee),
                **data,
            },
            *lines,
            f"Signature: {sent.signature}",
            f"Explorer:  {where}",
        )

    def show_preview(self, preview: Preview, what: str) -> None:
        """Shows what a call would do."""
        fee = SOL.from_base(preview.fee)
        changes = [self._change(one) for one in preview.changes]
        data = {
            "dry_run": True,
            "compute_units": preview.compute_units,
            "compute_limit": preview.compute_limit,
            "fee": fee,
            "changes": [
                {
                    "address": one.address,
                    "owner": one.owner,
                    "mint": one.mint,
                    "before": before,
                    "after": after,
                }
                for one, (before, after, _) in zip(preview.changes, changes, strict=True)
            ],
        }
        width = max((len(text) for _, _, text in changes), default=0)
        self.screen.show(
            data,
            f"Dry run, nothing was sent: {what}",
            f"Compute units: {preview.compute_units:,} (limit {preview.compute_limit:,})",
            f"Fee: {fee}",
            "Balances:",
            *(
                f"  {text:>{width}}  {self._whose(one)}"
                for one, (_, _, text) in zip(preview.changes, changes, strict=True)
            ),
        )

    def _change(self, one: Change) -> tuple[Any, Any, str]:
        unit = SOL if one.mint is None else self._unit(one.mint)
        if unit is None:
            return one.before, one.after, f"{one.after - one.before:+,} base units"
        sign = "+" if one.after > one.before else ""
        return (
            unit.from_base(one.before),
            unit.from_base(one.after),
            f"{sign}{unit.from_base(one.after - one.before)}",
        )

    def _unit(self, mint: Pubkey) -> type[Amount] | None:
        """How amounts of a mint are written, if it is a currency."""
        if mint == pda.mint.MINT:
            return IO
        (found,) = self.reader.fetch_many(accounts.jobs.Currency, [pda.jobs.currency(mint)])
        return None if found is None else unit_of(found)

    def _whose(self, one: Change) -> str:
        me = self.signer.pubkey()
        if one.owner is None:
            return f"{one.address}{' (you)' if one.address == me else ''}"
        return f"{one.address} ({'yours' if one.owner == me else f'of {one.owner}'})"

    def _show_unsent(self, call: Call[Any]) -> None:
        from base64 import b64encode

        from ionet.chain.transactions import unsigned_by

        transaction = call.tx(partial=True)
        missing = unsigned_by(transaction)
        encoded = b64encode(bytes(transaction)).decode()
        self.screen.show(
            {
                "transaction": encoded,
                "blockhash": str(transaction.message.recent_blockhash),
                "missing": missing,
            },
            encoded,
        )
        needed = ", ".join(map(str, missing)) or "none"
        self.screen.note(f"Signatures still missing: {needed}. It can land for about a minute.")
