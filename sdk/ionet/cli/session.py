"""One run of a command: the client that its options ask for, and how it handles transactions."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar
from urllib.parse import quote, urlsplit

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
    MissingSigner,
    Preview,
    ProgramError,
    Sent,
    SignsElsewhere,
    TransactionFailed,
    accounts,
    load_keypair,
    pda,
    token_account,
)
from ionet.chain.rpc.urls import public_url
from ionet.chain.signers import GENESIS, Signer, cluster_url, keypair_of, solana_config
from ionet.cli.arguments import address
from ionet.cli.failures import REFUSED, UserError
from ionet.cli.login import kept
from ionet.cli.options import Commitment, Output, given
from ionet.cli.output import Screen, when
from ionet.token.currency import unit_of

if TYPE_CHECKING:
    from ionet import AsyncClient
    from ionet.chain.transactions import Change

T = TypeVar("T")

#: Commands that a session key of `ionet login` signs instead of the wallet: what renters do, and anyone.
RENTING: Final = frozenset(
    {
        *(
            f"cluster {name}"
            for name in ("up", "list", "status", "exec", "logs", "extend", "resize", "watch", "down")
        ),
        *(f"cluster {name}" for name in ("address", "dashboard", "notebook", "proxy", "ssh", "sync")),
        *(f"job {name}" for name in ("run", "follow", "fetch", "book", "cluster", "guard", "extend")),
        *(f"job {name}" for name in ("cancel", "stop", "status", "receipt", "list", "logs")),
        *(f"job {name}" for name in ("settle", "refund", "collect", "close", "crank")),
        *(f"store {name}" for name in ("put", "get", "drop", "quota")),
    }
)
#: Of these, commands that spend nothing but by the wallet's allowance; not after the session's end.
SPENDING: Final = frozenset(
    {"cluster up", "cluster extend", "cluster resize", "job run", "job book", "job guard", "job extend"}
)


def session() -> Session:
    """Returns the session of the command that is running."""
    context = get_current_context()
    root = context.find_root()
    current: Session | None = root.meta.get("ionet.session")
    if current is None:
        current = root.meta["ionet.session"] = Session(given(root), context.command_path.partition(" ")[2])
        root.call_on_close(current.close)
    return current


class Session:
    """What the options of a run mean.

    Args:
        options: by their names in `ionet.cli.options`.
        command: the command's name, with its group's: `job run`.
    """

    def __init__(self, options: dict[str, Any], command: str = "") -> None:
        self._options, self._command = options, command
        self.dry_run = bool(options.get("dry_run"))
        self.sign_only = bool(options.get("sign_only"))
        # Standard output is for the transaction alone, which somebody else signs.
        self.screen = Screen(as_json=options.get("output") is Output.JSON, aside=self.sign_only)

    # -- signer and network

    @cached_property
    def _config(self) -> dict[str, str]:
        path: Path | None = self._options.get("config")
        if path is not None and not path.exists():
            raise ConfigError(f"configuration {path}: no such file")
        return solana_config(path)

    @cached_property
    def url(self) -> str:
        """The node's URL; it may hold secrets, and is shown by `public_url` only."""
        return cluster_url(self._options.get("url") or self._config["json_rpc_url"])

    @property
    def url_given(self) -> str | None:
        """The node that --url names, or None without it."""
        chosen: str | None = self._options.get("url")
        return None if chosen is None else cluster_url(chosen)

    def stay_local(self) -> None:
        """Uses this machine's node, unless --url names another."""
        host = urlsplit(self._config["json_rpc_url"]).hostname
        if self._options.get("url") is None and host not in ("127.0.0.1", "localhost", "::1"):
            self._options["url"] = "localhost"

    @cached_property
    def signer(self) -> Signer:
        """The signer."""
        option: str | None = self._options.get("keypair")
        if self.login is not None:
            if self._command in SPENDING:
                self.check_spending()
            return self.login.key
        source = option or self._config["keypair_path"]
        if option is None and not self.has_signer and kept.load() is not None:
            raise UserError(
                f"`ionet {self._command}` takes the wallet: the session key of `ionet login` only rents; give"
                " the wallet by --keypair, or its address with --sign-only",
                REFUSED,
            )
        if option is None and not elsewhere(source) and not Path(source).expanduser().exists():
            raise ConfigError(f"there is no keypair at {source}; give one with --keypair")
        return self.party(source)

    @cached_property
    def login(self) -> kept.Login | None:
        """The session key that signs this command, of `ionet login`; None: the wallet does."""
        if self._options.get("keypair") is not None or self._command not in RENTING:
            return None
        return kept.load()

    def check_spending(self) -> None:
        """Refuses to spend by a session key after its end, or on another network.

        Raises:
            UserError: it is over, or for another network.
        """
        login = self.login
        if login is None:
            return
        if str(self.reader.request("getGenesisHash")) != login.genesis:
            raise UserError(
                "the session key of `ionet login` is for another network than --url names", REFUSED
            )
        if self.reader.time() >= login.until:
            raise UserError(
                f"the session has ended, {when(login.until)}: end what it may spend by `ionet logout`, or"
                " begin anew by `ionet login`",
                REFUSED,
            )

    @property
    def keypair_given(self) -> bool:
        """Whether --keypair or ANCHOR_WALLET names the signer."""
        return self._options.get("keypair") is not None

    @property
    def keypair_file(self) -> str:
        """Where the signer's keypair is said to be; see `has_signer`."""
        return str(self._options.get("keypair") or self._config["keypair_path"])

    @property
    def has_signer(self) -> bool:
        """Whether the options or the configuration name a signer; if not, commands only read."""
        option, source = self._options.get("keypair"), self._config["keypair_path"]
        if self.login is not None:
            return True
        return option is not None or elsewhere(source) or Path(source).expanduser().exists()

    def party(self, source: str) -> Signer:
        """Returns the signer that an option names: a keypair, or an address, whose signature is left open."""
        try:
            return SignsElsewhere(Pubkey.from_string(source))
        except ValueError:
            return self.keypair(source)

    def keypair(self, source: str) -> Keypair:
        """Returns the keypair in a file, or on standard input for `-`; warns if others can read the file."""
        if elsewhere(source):
            raise ConfigError(
                f"keypair {source}: hardware wallets and prompts are not supported; give the address instead,"
                " with --sign-only, and have its owner sign what is printed"
            )
        if source == "-":
            if sys.stdin is None or sys.stdin.closed:
                raise ConfigError("standard input is closed: no keypair can be read from it")
            return keypair_of(sys.stdin.buffer.read(8_192), "standard input")
        with warnings.catch_warnings(record=True) as caught:
            # Warnings of the interpreter about other objects, raised meanwhile, are not for the user.
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", UserWarning)
            keypair = load_keypair(source)
        for warning in caught:
            print(f"warning: {warning.message}", file=sys.stderr)
        return keypair

    def _fees(self) -> FeePolicy:
        price = self._options.get("price")
        return FeePolicy() if price is None else FeePolicy(price=price, max_price=max(price, 1_000_000))

    def _connect(self, signer: Signer | None) -> Client:
        try:
            commitment = Commitment(self._options.get("commitment") or self._config["commitment"])
        except ValueError:
            raise ConfigError(
                f"commitment {self._config['commitment']!r} is not one of {', '.join(Commitment)}"
            ) from None
        # A person is waiting: two retries, not five.
        # The websocket of the configuration belongs to the node of the configuration.
        websocket = None if self._options.get("url") else self._config.get("websocket_url") or None
        transport = HttpTransport(self.url, retries=2, websocket=websocket)
        wallet = None if signer is None or self.login is None else self.login.wallet
        return Client(transport, signer=signer, commitment=commitment.value, fees=self._fees(), wallet=wallet)

    @cached_property
    def client(self) -> Client:
        """A client that signs."""
        return self._connect(self.signer)

    def client_of(self, login: kept.Login) -> Client:
        """Returns a client that signs by a session key, whatever the command."""
        return self.reader.as_(login.key).spending_for(login.wallet)

    @cached_property
    def reader(self) -> Client:
        """A client that only reads: it needs no keypair."""
        return self._connect(None)

    def read_by(self, reader: Client) -> None:
        """Has this run read by another client than one of a node."""
        self.__dict__["reader"] = reader

    def close(self) -> None:
        """Closes the connections of this run."""
        for name in ("client", "reader"):
            if (opened := self.__dict__.get(name)) is not None:
                opened.close()

    def async_client(self, signer: Signer | None = None) -> AsyncClient:
        """Returns the same client with coroutines, to work on many things at once; or another signer's."""
        from ionet import AsyncClient, AsyncHttpTransport

        wallet = None if signer is not None or self.login is None else self.login.wallet
        return AsyncClient(
            AsyncHttpTransport(self.url),
            signer=signer or self.signer,
            commitment=self.client.commitment,
            fees=self.client.fees,
            wallet=wallet,
        )

    def async_reader(self, commitment: Literal["confirmed", "finalized"] | None = None) -> AsyncClient:
        """Returns a client with coroutines that only reads: it needs no keypair.

        Args:
            commitment: at which it reads; None: as the options say.
        """
        from ionet import AsyncClient, AsyncHttpTransport

        websocket = None if self._options.get("url") else self._config.get("websocket_url") or None
        return AsyncClient(
            AsyncHttpTransport(self.url, websocket=websocket),
            commitment=commitment or self.reader.commitment,
        )

    @cached_property
    def cluster(self) -> str:
        """The network's name by its genesis hash; `custom` if it is not one of Solana's."""
        return GENESIS.get(str(self.reader.request("getGenesisHash")), "custom")

    def explorer(self, signature: str) -> str:
        """Returns the URL of a transaction in Solana's explorer."""
        where = {
            "mainnet-beta": "",
            "custom": f"?cluster=custom&customUrl={quote(public_url(self.url), safe='')}",
        }.get(self.cluster, f"?cluster={self.cluster}")
        return f"https://explorer.solana.com/tx/{signature}{where}"

    # -- transactions

    def send(self, call: Call[T], action: str, *, unit: type[Amount] | None = None) -> Sent[T]:
        """Sends a call, unless the options ask only for a preview or a signature: then the command ends here.

        Args:
            call: what to send.
            action: what it does, in a few words for people: `stake 12.5 IO on …`.
            unit: the type of the amounts in its errors; None: base units.
        """
        try:
            return self._send(call, action)
        except TransactionFailed as bad:
            if isinstance(bad, ProgramError):
                bad.written = None if unit is None else unit.from_base
            if bad.error not in ("AccountNotFound", "InsufficientFundsForFee"):
                self._check_wallet(call)
            raise

    def _check_wallet(self, call: Call[Any]) -> None:
        """Raises a plainer error if a call failed because the signer has no account of IO."""
        wallet = token_account(self.signer.pubkey(), pda.mint.MINT)
        takes = any(meta.pubkey == wallet for instruction in call.ix() for meta in instruction.accounts)
        if takes and self.reader.account(wallet) is None:
            raise UserError(
                f"{self.signer.pubkey()} has no account of IO on this network: it needs some IO first",
                REFUSED,
            )

    def _send(self, call: Call[T], action: str) -> Sent[T]:
        call = self._as_asked(call)
        if self._options.get("sign_only"):
            self._show_unsent([call])
            raise typer.Exit
        if self.dry_run:
            self.show_preview(call.preview(), action)
            raise typer.Exit
        self._check_signers(call)
        self.confirm(action)
        sent = call.send()
        self.landed(sent.signature)
        return sent

    def landed(self, signature: str) -> None:
        """Notes a transaction of this run that has landed: a later error names it, as it is not undone."""
        self._options.setdefault("landed", []).append(signature)

    def _as_asked(self, call: Call[T]) -> Call[T]:
        """Returns the call with the fee payer and the nonce that the options name."""
        if (payer := self.fee_payer) is not None:
            call = call.paid_by(payer)
        nonce, authority = self._options.get("nonce"), self._options.get("nonce_authority")
        if nonce is not None:
            advancer = None if authority is None else self.party(authority)
            return call.with_nonce(address(nonce), advancer)
        if authority is not None:
            raise UserError("--nonce-authority goes with --nonce: it says who advances that nonce")
        return call

    def _check_signers(self, call: Call[Any]) -> None:
        """Refuses to send a call for which somebody signs elsewhere."""
        unsent = call.unsent()
        authority = None if unsent.nonce is None else unsent.nonce.authority
        parties = (self.signer, unsent.payer, *unsent.signers, authority)
        away = {party.pubkey() for party in parties if isinstance(party, SignsElsewhere)}
        needed = [(self.signer if unsent.payer is None else unsent.payer).pubkey()]
        metas = (meta for instruction in unsent.instructions for meta in instruction.accounts)
        needed += [meta.pubkey for meta in metas if meta.is_signer]
        needed += [(authority or self.signer).pubkey()] if unsent.nonce is not None else []
        if missing := [key for key in needed if key in away]:
            raise MissingSigner(f"{missing[0]} signs elsewhere", missing[0])

    def print_unsent(self, calls: Sequence[Call[Any]]) -> None:
        """Prints independent transactions, one a line, for --sign-only."""
        self.refuse_nonce()
        self._show_unsent([self._as_asked(call) for call in calls])

    @property
    def fee_payer(self) -> Signer | None:
        """The fee payer, if not the signer."""
        source = self._options.get("fee_payer")
        return None if source is None else self.party(source)

    def refuse_nonce(self) -> None:
        """Refuses --nonce, which only one transaction can use."""
        if self._options.get("nonce"):
            raise UserError("this takes several transactions: --nonce is for one")

    def refuse_sign_only(self) -> None:
        """Refuses --sign-only and --nonce, for commands whose later transactions need the earlier ones."""
        if self._options.get("sign_only"):
            raise UserError("this sends several transactions: --sign-only does not go with it")
        self.refuse_nonce()

    def check_several(self, what: str) -> None:
        """Refuses the options that are for a single transaction.

        Raises:
            UserError: one of them was given.
        """
        for name in ("sign_only", "fee_payer", "nonce"):
            if self._options.get(name):
                option = f"--{name.replace('_', '-')}"
                raise UserError(f"{what} takes several transactions: {option} is for one")

    def confirm(self, action: str) -> None:
        """Asks for confirmation before something is sent to mainnet-beta."""
        if self.cluster != "mainnet-beta" or self._options.get("yes"):
            return
        if sys.stdin is None or not sys.stdin.isatty():
            raise UserError(f"this would {action} on mainnet-beta; confirm with --yes")
        typer.confirm(f"{action[:1].upper()}{action[1:]} on mainnet-beta?", abort=True, err=True)
        # Once per run: a command that sends many transactions is one decision.
        self._options["yes"] = True

    def confirm_loss(self, action: str) -> None:
        """Asks for confirmation of what cannot be undone, wherever it is."""
        if self._options.get("yes"):
            return
        if sys.stdin is None or not sys.stdin.isatty():
            raise UserError(f"this would {action} for good; confirm with --yes")
        typer.confirm(f"{action[:1].upper()}{action[1:]} for good?", abort=True, err=True)

    def done(self, sent: Sent[Any], *lines: str, **data: Any) -> None:
        """Shows what a transaction did, its signature and its URL in the explorer."""
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

    def show_preview(self, preview: Preview, action: str) -> None:
        """Shows what a call would do."""
        fee = SOL.from_base(preview.fee)
        changes = [self._change(change) for change in preview.changes]
        data = {
            "dry_run": True,
            "compute_units": preview.compute_units,
            "compute_limit": preview.compute_limit,
            "fee": fee,
            "changes": [
                {
                    "address": change.address,
                    "owner": change.owner,
                    "mint": change.mint,
                    "before": before,
                    "after": after,
                }
                for change, (before, after, _) in zip(preview.changes, changes, strict=True)
            ],
        }
        width = max((len(text) for _, _, text in changes), default=0)
        self.screen.show(
            data,
            f"Dry run, nothing was sent: {action}",
            f"Compute units: {preview.compute_units:,} (limit {preview.compute_limit:,})",
            f"Fee: {fee}",
            "Balances:",
            *(
                f"  {text:>{width}}  {self._whose(change)}"
                for change, (_, _, text) in zip(preview.changes, changes, strict=True)
            ),
        )

    def moved(self, change: Change) -> str:
        """Returns a change of a balance in a line: how much, and whose."""
        return f"{self._change(change)[2]}  {self._holder(change)}"

    def _holder(self, change: Change) -> str:
        owner = change.address if change.owner is None else change.owner
        token = "" if change.mint is None else f" of mint {change.mint}, token account {change.address}"
        return f"{owner}{token}"

    def _change(self, change: Change) -> tuple[Any, Any, str]:
        unit = SOL if change.mint is None else self._unit(change.mint)
        if unit is None:
            return change.before, change.after, f"{change.after - change.before:+,} base units"
        sign = "+" if change.after > change.before else ""
        return (
            unit.from_base(change.before),
            unit.from_base(change.after),
            f"{sign}{unit.from_base(change.after - change.before)}",
        )

    def _unit(self, mint: Pubkey) -> type[Amount] | None:
        """Returns the type of a mint's amounts, or None if the mint is not a currency."""
        if mint == pda.mint.MINT:
            return IO
        (currency,) = self.reader.fetch_many(accounts.jobs.Currency, [pda.jobs.currency(mint)])
        return None if currency is None else unit_of(currency)

    def _whose(self, change: Change) -> str:
        me = self.signer.pubkey()
        if change.owner is None:
            return f"{change.address}{' (you)' if change.address == me else ''}"
        return f"{change.address} ({'yours' if change.owner == me else f'of {change.owner}'})"

    def _show_unsent(self, calls: Sequence[Call[Any]]) -> None:
        from base64 import b64encode

        from ionet.chain.transactions import unsigned_by

        transactions = [call.tx(partial=True) for call in calls]
        entries = [
            {
                "transaction": b64encode(bytes(transaction)).decode(),
                "blockhash": str(transaction.message.recent_blockhash),
                "missing": unsigned_by(transaction),
            }
            for transaction in transactions
        ]
        self.screen.aside = False
        data = entries[0] if len(entries) == 1 else entries
        self.screen.show(data, *(str(entry["transaction"]) for entry in entries))
        missing = dict.fromkeys(key for entry in transactions for key in unsigned_by(entry))
        needed = ", ".join(map(str, missing)) or "none"
        nonce = self._options.get("nonce")
        expires = "in about a minute" if nonce is None else f"when the nonce of {nonce} is advanced"
        self.screen.note(f"Signatures still missing: {needed}. It expires {expires}.")


def elsewhere(source: str) -> bool:
    """Whether a keypair's source, as the `solana` command names it, is a hardware wallet or a prompt."""
    return source == "ASK" or source.startswith(("usb:", "prompt:"))
