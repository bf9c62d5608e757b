# Generated from chain/_async/reader.py by scripts/codegen; do not edit.
"""Reading: accounts, balances, time and history of a Solana network."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from solders.account import Account as RawAccount
from solders.hash import Hash
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.chain import registry
from ionet.chain.amounts import SOL, Amount
from ionet.chain.errors import AccountNotFound, ConfigError, ProgramMissing, RpcError
from ionet.chain.fees import FeePolicy
from ionet.chain.following import PAGE, ListedTransaction
from ionet.chain.ids import ADDRESS_LOOKUP_TABLE_PROGRAM, CLOCK, TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from ionet.chain.pda import token_account
from ionet.chain.records import KeyedAccount, clock_time, decoded, owned, read_found, read_raw, shaped, whole
from ionet.chain.rpc import Transport
from ionet.chain.rpc._sync.local import LocalTransport
from ionet.chain.rpc.limits import smaller_batch
from ionet.chain.schema import Account
from ionet.chain.signers import Signer, SignerLike, as_signer, cluster_url
from ionet.chain.transactions import Commitment, MissingSigner, raw_account

if TYPE_CHECKING:
    from pathlib import Path

    from ionet.chain.layouts import Mint, PriceUpdate, TokenAccount
    from ionet.chain.rpc.local import LocalNetwork

A = TypeVar("A", bound=Account)
M = TypeVar("M", bound=Amount)


class Reader:
    """Reads from a Solana network: accounts, balances, time, history. It knows none of io.net's programs.

    The same methods work on the local network of `local()`, on devnet and on mainnet.

    Args:
        transport: how to reach the node.
        signer: pays fees and signs by default: a keypair, the path of a keypair file, or any `Signer`.
        commitment: what reads see and `send` waits for.
        fees: how much to pay for transactions.
        wallet: whose tokens the signer spends as their session key, and who gets what comes back; default:
            the signer's own.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        signer: SignerLike | None = None,
        commitment: Commitment = "confirmed",
        fees: FeePolicy | None = None,
        wallet: Pubkey | None = None,
    ) -> None:
        self.transport = transport
        self.commitment = commitment
        self.fees = fees or FeePolicy()
        #: How many accounts to request at once; some nodes allow fewer than a hundred.
        self._batch = 100
        self._deployed: set[Pubkey] = set()
        self._signer = as_signer(signer)
        # Deriving the address of a keypair costs as much as a signature.
        self._address = self._signer.pubkey() if self._signer else None
        self._wallet = wallet

    @classmethod
    def connect(
        cls,
        url_or_moniker: str = "localhost",
        *,
        signer: SignerLike | None = None,
        commitment: Commitment = "confirmed",
        fees: FeePolicy | None = None,
        timeout: float = 30.0,
        headers: dict[str, str] | None = None,
        websocket: str | None = None,
    ) -> Self:
        """Returns a client of a node.

        Args:
            url_or_moniker: a URL, or `mainnet-beta`, `testnet`, `devnet`, `localhost` or their first letter.
            signer: see the class.
            commitment: see the class.
            fees: see the class.
            timeout: seconds for one request.
            headers: sent with each request.
            websocket: where the node serves subscriptions; default: where the `solana` command expects it.

        Raises:
            ConfigError: there is no such cluster, or the keypair cannot be read.
        """
        from ionet.chain.rpc._sync.http import HttpTransport

        url = cluster_url(url_or_moniker)
        transport = HttpTransport(url, timeout=timeout, headers=headers, websocket=websocket)
        return cls(transport, signer=signer, commitment=commitment, fees=fees)

    @classmethod
    def local(
        cls,
        *,
        signer: SignerLike | None = None,
        funds: SOL | None = None,
        now: int | None = None,
        programs: dict[Pubkey, Path] | None = None,
        upgrade_authority: Pubkey | None = None,
        shipped: bool = True,
        network: LocalNetwork | None = None,
    ) -> Self:
        """Returns a client of a network inside this process, with programs loaded and a settable clock.

        Args:
            signer: default: a new keypair.
            funds: what the signer starts with; default: 1,000,000 SOL.
            now: Unix seconds at the start; default: the current time.
            programs: further programs, id to path of the ELF.
            upgrade_authority: of all programs; default: the signer, who may then initialise them.
            shipped: load the programs shipped with the package.
            network: an existing network to join; `now`, `programs` and `shipped` are then ignored.
        """
        from ionet.chain.rpc.local import LocalNetwork

        chosen = as_signer(signer) or Keypair()
        address = chosen.pubkey()
        if network is None:
            network = LocalNetwork(
                programs=programs, upgrade_authority=upgrade_authority or address, now=now, shipped=shipped
            )
        amount = SOL(1_000_000) if funds is None else funds
        if amount:
            network.airdrop(address, amount.base)
        return cls(LocalTransport(network), signer=chosen)

    def as_(self, signer: SignerLike) -> Self:
        """Returns the same connection for another signer, who spends their own tokens."""
        return type(self)(self.transport, signer=signer, commitment=self.commitment, fees=self.fees)

    def spending_for(self, wallet: Pubkey) -> Self:
        """Returns the same connection, whose signer is a session key of this wallet."""
        return type(self)(
            self.transport, signer=self.signer, commitment=self.commitment, fees=self.fees, wallet=wallet
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self.transport.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.transport!r} signer={self._address}>"

    # -- signer and network

    @property
    def signer(self) -> Signer:
        """The default payer and signer.

        Raises:
            MissingSigner: the client has none.
        """
        if self._signer is None:
            raise MissingSigner(
                "this client has no signer; give it one: signer=keypair, or client.as_(keypair)", None
            )
        return self._signer

    @property
    def address(self) -> Pubkey:
        """The signer's address."""
        if self._address is None:
            raise MissingSigner(
                "this client has no signer; give it one: signer=keypair, or client.as_(keypair)", None
            )
        return self._address

    @property
    def wallet(self) -> Pubkey:
        """Whose tokens the signer spends, and who gets what comes back; the signer, if no session key."""
        return self.address if self._wallet is None else self._wallet

    @property
    def network(self) -> LocalNetwork:
        """The local network behind this client, for its clock and its accounts.

        Raises:
            ConfigError: the client is connected to a node instead.
        """
        if isinstance(self.transport, LocalTransport):
            return self.transport.network
        raise ConfigError(
            "this client is connected to a node; its clock and accounts can only be set through client.cheats"
        )

    @property
    def transaction_level(self) -> Commitment:
        """The commitment for listing and showing transactions, which nodes do only from confirmed on."""
        return "finalized" if self.commitment == "finalized" else "confirmed"

    @property
    def is_local(self) -> bool:
        """Whether the network is in this process."""
        return isinstance(self.transport, LocalTransport)

    def request(self, method: str, *params: Any) -> Any:
        """Makes any JSON-RPC call; returns its `result`.

        Raises:
            RpcError: the node answered with an error.
            TransportError: no answer.
        """
        return self.transport.request(method, params)

    # -- accounts

    def _config(self, **more: Any) -> dict[str, Any]:
        return {"encoding": "base64", "commitment": self.commitment, **more}

    def account(self, address: Pubkey) -> RawAccount | None:
        """Returns the undecoded account at an address, or None."""
        answer = self.request("getAccountInfo", str(address), self._config())
        with shaped("getAccountInfo"):
            return raw_account(answer["value"])

    def accounts(self, addresses: Sequence[Pubkey]) -> list[RawAccount | None]:
        """Returns the accounts at these addresses, None where there is none; up to a hundred per request."""
        accounts: list[RawAccount | None] = []
        while len(accounts) < len(addresses):
            part = [str(address) for address in addresses[len(accounts) : len(accounts) + self._batch]]
            try:
                answer = self.request("getMultipleAccounts", part, self._config())
            except RpcError as bad:
                self._batch = smaller_batch(bad, len(part))
                continue
            with shaped("getMultipleAccounts"):
                raw = [raw_account(entry) for entry in answer["value"]]
                if len(raw) != len(part):
                    raise ValueError(f"{len(raw)} accounts, {len(part)} were asked for")
            accounts += raw
        return accounts

    def loaded_accounts(self, message: Any) -> tuple[list[Pubkey], list[Pubkey]]:
        """Returns the accounts that a message takes from lookup tables: writable ones, then read-only ones.

        Raises:
            LookupError: a table does not exist, or has no such entry.
        """
        from ionet.chain.layouts import lookup_table_addresses

        lookups = getattr(message, "address_table_lookups", ())
        tables = self.accounts([lookup.account_key for lookup in lookups])
        loaded: tuple[list[Pubkey], list[Pubkey]] = ([], [])
        for lookup, table in zip(lookups, tables, strict=True):
            is_table = table is not None and table.owner == ADDRESS_LOOKUP_TABLE_PROGRAM
            addresses = lookup_table_addresses(bytes(table.data)) if table is not None and is_table else []
            for indexes, into in zip((lookup.writable_indexes, lookup.readonly_indexes), loaded, strict=True):
                for index in bytes(indexes):
                    if index >= len(addresses):
                        raise LookupError(
                            f"the lookup table {lookup.account_key} has no entry {index} on this network"
                        )
                    into.append(addresses[index])
        return loaded

    def fetch(self, kind: type[A], address: Pubkey) -> A:
        """Returns the account of this type at an address.

        Raises:
            AccountNotFound: there is no account.
            ProgramMissing: the program is not on this network either.
            DecodeError: it belongs to another program, or is of another type.
        """
        account = self.account(address)
        if account is None:
            self._check_deployed(kind.PROGRAM_ID)
            raise AccountNotFound(address, kind.__name__)
        return decoded(kind, address, account)

    def fetch_many(self, kind: type[A], addresses: Sequence[Pubkey]) -> list[A | None]:
        """Returns the accounts of this type at these addresses, None where there is none.

        Raises:
            DecodeError: one of them belongs to another program, or is of another type.
        """
        accounts = self.accounts(addresses)
        return [
            None if account is None else decoded(kind, address, account)
            for address, account in zip(addresses, accounts, strict=True)
        ]

    def find(self, kind: type[A], **fields: Any) -> list[KeyedAccount[A]]:
        """Returns all accounts of this type whose fields have these values: `find(Node, owner=me)`.

        The node filters; only fields with a fixed offset (`kind.OFFSETS`) can be used, three at most.

        Raises:
            EncodeError: a field cannot be used, or a value does not fit it.
        """
        filters = kind.filters(**fields)
        if self.is_local:
            return read_raw(kind, self.network.program_accounts(kind.PROGRAM_ID, filters))
        config = self._config(filters=filters)
        answer = self.request("getProgramAccounts", str(kind.PROGRAM_ID), config)
        with shaped("getProgramAccounts"):
            accounts = read_found(kind, answer)
        if not accounts:
            self._check_deployed(kind.PROGRAM_ID)
        return accounts

    def _check_deployed(self, program_id: Pubkey) -> None:
        """After a search without results: checks that the program is on this network.

        Raises:
            ProgramMissing: it is not.
        """
        if program_id in self._deployed:
            return
        account = self.account(program_id)
        if account is None or not account.executable:
            raise ProgramMissing(str(program_id), registry.name(str(program_id)))
        self._deployed.add(program_id)

    def parts(self, kind: type[Account], offset: int, length: int, **fields: Any) -> list[bytes]:
        """Returns the same slice of all accounts of this type, to add up many without fetching them whole.

        Args:
            kind: the accounts' type.
            offset: where the slice begins, in bytes, see `kind.OFFSETS`.
            length: how many bytes.
            fields: see `find`.
        """
        part = {"offset": offset, "length": length}
        config = self._config(filters=kind.filters(**fields), dataSlice=part)
        answer = self.request("getProgramAccounts", str(kind.PROGRAM_ID), config)
        with shaped("getProgramAccounts"):
            parts = [b64decode(entry["account"]["data"][0], validate=True) for entry in answer]
        if not parts:
            self._check_deployed(kind.PROGRAM_ID)
        return parts

    # -- money

    def balance(self, address: Pubkey | None = None) -> SOL:
        """Returns the SOL that an address holds; default: the signer's."""
        answer = self.request("getBalance", str(address or self.address), {"commitment": self.commitment})
        with shaped("getBalance"):
            return SOL.from_base(whole(answer["value"]))

    def rent(self, size: int) -> int:
        """Returns the lamports that make an account of `size` bytes rent-exempt."""
        lamports = self.request("getMinimumBalanceForRentExemption", size)
        with shaped("getMinimumBalanceForRentExemption"):
            return whole(lamports)

    def token_account(self, address: Pubkey) -> TokenAccount:
        """Returns the SPL Token account at an address.

        Raises:
            AccountNotFound: there is no account.
            DecodeError: it is not a token account.
        """
        from ionet.chain.layouts import TokenAccount

        account = self._owned(address, "token account", TOKEN_PROGRAM, TOKEN_2022_PROGRAM)
        return TokenAccount.decode(bytes(account.data))

    @overload
    def tokens(self, owner: Pubkey, mint: Pubkey) -> int: ...
    @overload
    def tokens(self, owner: Pubkey, mint: Pubkey, unit: type[M]) -> M: ...
    def tokens(self, owner: Pubkey, mint: Pubkey, unit: type[M] | None = None) -> int | M:
        """Returns what an owner's associated token account holds; 0 if there is no account.

        Args:
            owner: whose account.
            mint: which token.
            unit: for example `USDC`, for an exact amount instead of base units.
        """
        try:
            amount = (self.token_account(token_account(owner, mint))).amount
        except AccountNotFound:
            amount = 0
        return amount if unit is None else unit.from_base(amount)

    def token_mint(self, address: Pubkey) -> Mint:
        """Returns the SPL Token mint at an address: supply, decimals, authorities.

        Raises:
            AccountNotFound: there is no account.
            DecodeError: it is not a mint.
        """
        from ionet.chain.layouts import Mint

        account = self._owned(address, "mint", TOKEN_PROGRAM, TOKEN_2022_PROGRAM)
        return Mint.decode(bytes(account.data))

    def price(self, address: Pubkey) -> PriceUpdate:
        """Returns the Pyth price account at an address.

        Raises:
            AccountNotFound: there is no account.
            DecodeError: it is not a price account of Pyth's receiver program.
        """
        from ionet.chain.ids import PYTH_RECEIVER
        from ionet.chain.layouts import PriceUpdate

        return PriceUpdate.decode(bytes((self._owned(address, "price account", PYTH_RECEIVER)).data))

    def _owned(self, address: Pubkey, noun: str, *owners: Pubkey) -> RawAccount:
        return owned(address, self.account(address), noun, *owners)

    # -- time and history

    def slot(self) -> int:
        """Returns the current slot."""
        slot = self.request("getSlot", {"commitment": self.commitment})
        with shaped("getSlot"):
            return whole(slot)

    def time(self) -> int:
        """Returns the network's time as programs see it, Unix seconds."""
        return clock_time(self.account(CLOCK))

    def blockhash(self) -> tuple[Hash, int]:
        """Returns a recent blockhash, and the last block height at which it is valid."""
        answer = self.request("getLatestBlockhash", {"commitment": self.commitment})
        with shaped("getLatestBlockhash"):
            latest = answer["value"]
            return Hash.from_string(latest["blockhash"]), int(latest["lastValidBlockHeight"])

    def history(self, address: Pubkey, *, until: str | None = None) -> Iterator[str]:
        """Yields the signatures of the successful transactions with this address, newest first.

        Args:
            address: an account or a program.
            until: stop before this signature.
        """
        for listed in self.listed(address, until=until):
            yield listed.signature

    def listed(self, address: Pubkey, *, until: str | None = None) -> Iterator[ListedTransaction]:
        """Yields the successful transactions with this address as the node lists them, newest first.

        Args:
            address: an account or a program.
            until: stop before this signature.
        """
        before: str | None = None
        while True:
            config: dict[str, Any] = {"commitment": self.transaction_level, "limit": PAGE}
            if before:
                config["before"] = before
            if until:
                config["until"] = until
            page = self.request("getSignaturesForAddress", str(address), config)
            with shaped("getSignaturesForAddress"):
                entries = [
                    (
                        ListedTransaction(
                            str(entry["signature"]),
                            whole(entry["slot"]),
                            entry.get("blockTime"),
                            entry.get("transactionIndex"),
                        ),
                        entry["err"],
                    )
                    for entry in page
                ]
            for listed, error in entries:
                if error is None:
                    yield listed
            if len(entries) < PAGE:
                return
            before = entries[-1][0].signature
