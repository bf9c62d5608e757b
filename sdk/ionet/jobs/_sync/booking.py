# Generated from jobs/_async/booking.py by scripts/codegen; do not edit.
"""Booking: one node, or several that start together."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey
from spl.token.instructions import create_idempotent_associated_token_account

from ionet import accounts, constants, ix, pda, types
from ionet._generated.buyback import PROGRAM_ID as BUYBACK
from ionet._generated.jobs import PROGRAM_ID
from ionet.chain._sync.call import Call, deferred
from ionet.chain.amounts import Amount
from ionet.chain.errors import (
    AccountNotFound,
    IonetError,
    TransactionExpired,
    TransactionFailed,
    TransactionNotShown,
    TransactionUnknown,
)
from ionet.chain.packing import pack
from ionet.chain.pda import find_with_bump, token_account
from ionet.chain.records import KeyedAccount
from ionet.chain.signers import SignerLike, as_signer
from ionet.chain.transactions import Sent
from ionet.jobs._allowances import approve, close, move, revoke, turns_to_use_up
from ionet.jobs._sync.offers import Offers
from ionet.jobs._sync.undoing import Undoing
from ionet.jobs.cluster import CancelledBooking, ClusterBooking, ClusterNotBooked, ClusterUnknown
from ionet.jobs.quotes import NotBookable, Quote, Quotes
from ionet.jobs.status import ClusterStatus, cluster_status
from ionet.token.prices import PriceUnusable

_SIZES: Final = f"{constants.jobs.MIN_CLUSTER} to {constants.jobs.MAX_CLUSTER}"


@dataclass(frozen=True, slots=True)
class _Part:
    """A transaction of a cluster's booking, and what it books."""

    call: Call[tuple[Pubkey, ...]]
    nodes: tuple[Pubkey, ...]
    jobs: tuple[Pubkey, ...]


@dataclass(frozen=True, slots=True)
class _Parties:
    """Who books, who pays from which token account, and who gets refunds."""

    renter: Pubkey
    payer: Pubkey
    refund_to: Pubkey
    source: Pubkey


class Booking(Offers, Undoing):
    """Booking, for renters."""

    @deferred
    def book(
        self,
        node: Pubkey,
        seconds: int,
        manifest_hash: bytes,
        *,
        currency: str | Pubkey = "IO",
        quote: Quote | None = None,
        max_deposit: int | None = None,
        source: Pubkey | None = None,
        cluster: Pubkey | None = None,
        renter: Pubkey | None = None,
        payer: SignerLike | None = None,
        refund_to: Pubkey | None = None,
    ) -> Call[Pubkey]:
        """Books a node: the deposit goes into the job's own escrow. The call returns the job's address.

        Args:
            node: which node.
            seconds: how long; at least an hour.
            manifest_hash: sha256 of the manifest that says what is to be run, 32 bytes.
            currency: what to pay in: name or mint; with a quote it is the quote's.
            quote: the quote that was agreed to, see `quote`: nothing is read again, and its limit is signed;
                default: a new one.
            max_deposit: the most that may be taken, in base units; default: the limit of the quote.
            source: the token account it comes from; default: the payer's associated one, of a session key
                its wallet's.
            cluster: the cluster that the job joins, see `open_cluster`; `book_cluster` does all of it.
            renter: whose job it becomes; default: the signer's. A signer who books for somebody else pays,
                and the renter need not sign.
            payer: signs for the deposit, the rent and the transaction's fee; default: the signer.
            refund_to: the wallet that gets refunds, and that may end the job too; default: the payer, of a
                session key its wallet.

        Raises:
            NotBookable: the program would refuse this booking; the message says why.
            PriceUnusable: the program would refuse the price.
            IonetError: the quote is for another node or length of time.
        """
        if quote is None:
            quote = self.quote(node, seconds, currency=currency)
        elif (quote.node, quote.seconds) != (node, seconds):
            raise IonetError(
                f"the quote is for {quote.seconds} s of node {quote.node}, not for {seconds} s of node {node}"
            )
        limit = quote.limit.base if max_deposit is None else max_deposit
        key = as_signer(payer)
        pays, owner = self._connection.address, self._connection.wallet
        if key is not None:
            pays = owner = key.pubkey()
        purse = source or token_account(owner, quote.mint)
        parties = _Parties(renter or self._connection.address, pays, refund_to or owner, purse)
        job, instruction = self._booking(quote, limit, manifest_hash, parties, cluster)
        return Call(self._connection, [instruction], payer=key, decode=lambda _: job)

    # -- clusters

    def open_cluster(self, size: int, *, cluster_id: bytes | None = None) -> Call[Pubkey]:
        """Opens a cluster, none of whose jobs starts before all are booked; for their renter.

        The call returns its address.

        Args:
            size: how many jobs start together, 1 to 255.
            cluster_id: 32 bytes that the renter chooses, from which its address follows; default: random.
        """
        renter, chosen = self._connection.address, cluster_id or secrets.token_bytes(32)
        address = pda.jobs.cluster(renter, chosen)
        instruction = ix.jobs.open_cluster(renter=renter, id=chosen, size=size)
        return Call(self._connection, [instruction], decode=lambda _: address)

    def cluster_calls(
        self,
        nodes: Sequence[Pubkey],
        seconds: int,
        manifest_hash: bytes,
        *,
        cluster_id: bytes,
        currency: str | Pubkey = "IO",
        quotes: Quotes | None = None,
        source: Pubkey | None = None,
    ) -> list[Call[tuple[Pubkey, ...]]]:
        """The transactions that book several nodes as a cluster, as few as possible; each returns its jobs.

        Send them in order: the first opens the cluster, unless it is open. `book_cluster` sends them, and
        cancels what was booked if one fails.

        Args:
            nodes: which nodes, each once.
            seconds: how long, for all of them.
            manifest_hash: sha256 of the manifest that all of them run together, 32 bytes.
            cluster_id: 32 bytes that the renter chooses; the cluster's address follows from them.
            currency: what to pay in: name or mint.
            quotes: the quotes that were agreed to, in the order of the nodes: their limits are signed;
                default: new ones.
            source: the token account that pays for all of it; default: the associated one of the signer, of
                a session key its wallet's.

        Raises:
            NotBookable: the program would refuse one of the bookings; the message says why.
            PriceUnusable: the program would refuse the price.
            IonetError: no node or more than 255, a node named twice, quotes for other nodes, or a
                cluster that does not lack exactly this many.
        """
        parts = self._parts(nodes, seconds, manifest_hash, cluster_id, currency, quotes, source)
        return [part.call for part in parts]

    def _parts(
        self,
        nodes: Sequence[Pubkey],
        seconds: int,
        manifest_hash: bytes,
        cluster_id: bytes,
        currency: str | Pubkey,
        quotes: Quotes | None,
        source: Pubkey | None,
    ) -> list[_Part]:
        renter = self._connection.address
        _check_nodes(nodes, quotes)
        cluster = pda.jobs.cluster(renter, cluster_id)
        fresh = self.quotes(nodes, seconds, currency=currency)
        groups, jobs = [], []
        owner = self._connection.wallet
        parties = _Parties(renter, renter, owner, source or token_account(owner, fresh.mint))
        for quote, agreed in zip(fresh.nodes, (quotes or fresh).nodes, strict=True):
            job, instruction = self._booking(quote, agreed.limit.base, manifest_hash, parties, cluster)
            groups.append([instruction])
            jobs.append(job)
        (opened,) = self._connection.fetch_many(accounts.jobs.Cluster, [cluster])
        if opened is None:
            groups[0] = [*(self.open_cluster(len(nodes), cluster_id=cluster_id).ix()), *groups[0]]
        else:
            _check_open(cluster, opened, len(nodes), manifest_hash)
        parts = []
        for part in pack(renter, groups):
            instructions = [instruction for index in part for instruction in groups[index]]
            booked = tuple(jobs[index] for index in part)
            call: Call[tuple[Pubkey, ...]] = Call(
                self._connection, instructions, decode=partial(_booked, booked)
            )
            parts.append(_Part(call, tuple(nodes[index] for index in part), booked))
        return parts

    def book_cluster(
        self,
        nodes: Sequence[Pubkey],
        seconds: int,
        manifest_hash: bytes,
        *,
        cluster_id: bytes | None = None,
        currency: str | Pubkey = "IO",
        quotes: Quotes | None = None,
        source: Pubkey | None = None,
        on_sent: Callable[[Sent[tuple[Pubkey, ...]]], None] = lambda sent: None,
    ) -> ClusterBooking:
        """Books several nodes, none of which starts before all are booked; completes a cluster that is open.

        Everything that accounts show is checked before the first transaction. If one fails nevertheless, what
        was booked is cancelled and refunded at once, at the cost of the booking fee or the price of the time
        held. If a transaction's outcome is unknown, this waits until it can no longer land, and then goes by
        what the accounts show. After a crash of this process `clusters` finds a cluster that is half booked;
        calling this again with its id and the missing nodes completes it, `cancel_cluster` cancels it.

        Args:
            nodes: which nodes, each once.
            seconds: how long, for all of them.
            manifest_hash: sha256 of the manifest that all of them run together, 32 bytes.
            cluster_id: see `cluster_calls`; default: a random one.
            currency: what to pay in: name or mint.
            quotes: see `cluster_calls`.
            source: see `cluster_calls`.
            on_sent: called with each transaction that has landed and that the node shows.

        Raises:
            ClusterNotBooked: a node could not be booked; it says why, and what became of the others.
            ClusterUnknown: whether a node was booked is unknown; it says what is booked, and nothing is
                cancelled.
            NotBookable, PriceUnusable, IonetError: see `cluster_calls`; nothing was sent.
        """
        chosen = secrets.token_bytes(32) if cluster_id is None else cluster_id
        cluster = pda.jobs.cluster(self._connection.address, chosen)
        before = [job.address for job in self._connection.find(accounts.jobs.Job, cluster=cluster)]
        parts = self._parts(nodes, seconds, manifest_hash, chosen, currency, quotes, source)
        jobs: list[Pubkey] = []
        signatures: list[str] = []
        for part in parts:
            try:
                signature, sent = self._landing(part)
            except TransactionUnknown as bad:
                standing = (*before, *jobs)
                raise ClusterUnknown(cluster, part.nodes, tuple(signatures), standing, bad) from bad
            except IonetError as bad:
                undone = self._undo([*before, *jobs])
                cause = self._cause(bad, part.nodes, seconds, currency)
                raise ClusterNotBooked(cluster, part.nodes, tuple(signatures), undone, cause) from bad
            jobs += part.jobs
            signatures.append(signature)
            if sent is not None:
                on_sent(sent)
        return ClusterBooking(cluster, tuple(jobs), tuple(signatures))

    @deferred
    def replace_lost(
        self,
        cluster: Pubkey,
        node: Pubkey,
        seconds: int,
        *,
        currency: str | Pubkey = "IO",
        quote: Quote | None = None,
        source: Pubkey | None = None,
    ) -> Call[Pubkey]:
        """Books a node to replace a lost one of a running cluster; for its renter or delegate.

        The call returns the new job's address. A delegate pays with what the renter has approved, see
        `approve_session_key`, and refunds go to the renter.

        Args:
            cluster: which cluster.
            node: the new node.
            seconds: how long.
            currency: see `book`.
            quote: see `book`.
            source: the token account it comes from; default: the renter's associated one.

        Raises:
            NotBookable, PriceUnusable: see `book`.
            IonetError: no job of the cluster is lost, or the signer may not book for the cluster.
        """
        account = self._connection.fetch(accounts.jobs.Cluster, cluster)
        if not account.lost or account.broken:
            raise IonetError(f"no job of cluster {cluster} is lost: there is nothing to replace")
        job, instruction = self._joining(cluster, account, node, seconds, currency, quote, source)
        return Call(self._connection, [instruction], decode=lambda _: job)

    @deferred
    def grow_cluster(
        self,
        cluster: Pubkey,
        node: Pubkey,
        seconds: int,
        *,
        currency: str | Pubkey = "IO",
        quote: Quote | None = None,
        source: Pubkey | None = None,
    ) -> Call[Pubkey]:
        """Adds a place to a running cluster and books a node for it; for its renter, or their session key.

        Both or neither, in one transaction. Nothing of the cluster waits for the new node, and one that does
        not start breaks nothing. The call returns the new job's address. For who pays see `replace_lost`.

        Args:
            cluster: which cluster.
            node: the new node.
            seconds: how long.
            currency: see `book`.
            quote: see `book`.
            source: see `replace_lost`.

        Raises:
            NotBookable, PriceUnusable: see `book`.
            IonetError: the cluster does not run, or is not the signer's.
        """
        account = self._connection.fetch(accounts.jobs.Cluster, cluster)
        if self._connection.address != account.renter:
            raise IonetError(f"only its renter, {account.renter}, adds nodes to cluster {cluster}")
        if account.broken:
            raise IonetError(f"a job of cluster {cluster} left before its start, so no other can join")
        if account.joined < account.size or account.runs_until <= self._connection.time():
            raise IonetError(f"cluster {cluster} does not run: only one that runs takes another node")
        place = ix.jobs.grow_cluster(booker=self._connection.address, cluster=cluster, places=1)
        job, instruction = self._joining(cluster, account, node, seconds, currency, quote, source)
        return Call(self._connection, [place, instruction], decode=lambda _: job)

    def _joining(
        self,
        cluster: Pubkey,
        account: accounts.jobs.Cluster,
        node: Pubkey,
        seconds: int,
        currency: str | Pubkey,
        quote: Quote | None,
        source: Pubkey | None,
    ) -> tuple[Pubkey, Instruction]:
        """A booking into a cluster that runs, by its renter or delegate."""
        signer = self._connection.address
        if signer not in (account.renter, account.delegate):
            raise IonetError(
                f"only its renter, {account.renter}, or its delegate books for cluster {cluster}"
            )
        agreed = quote or self.quote(node, seconds, currency=currency)
        # The renter may be a session key itself: then it is its wallet that pays.
        owner = self._connection.wallet if signer == account.renter else account.renter
        parties = _Parties(account.renter, signer, owner, source or token_account(owner, agreed.mint))
        return self._booking(agreed, agreed.limit.base, account.manifest_hash, parties, cluster)

    def set_delegate(self, cluster: Pubkey, delegate: Pubkey | None) -> Call[None]:
        """Names who may book and extend jobs of a cluster besides its renter, or nobody; for its renter."""
        named = Pubkey.default() if delegate is None else delegate
        return Call(
            self._connection,
            [ix.jobs.set_delegate(renter=self._connection.address, cluster=cluster, delegate=named)],
        )

    def approve_session_key(self, key: Pubkey, mint: Pubkey, amount: Amount) -> Call[None]:
        """Lets a key spend up to an amount of a mint from the signer's associated token account.

        A token account has one such key: a new one replaces it.

        Args:
            key: who may spend it; a cluster's delegate, for example.
            mint: the mint of the currency.
            amount: the most that may be spent, in all.
        """
        owner = self._connection.address
        allowing = approve(token_account(owner, mint), key, owner, amount.base)
        return Call(self._connection, [allowing])

    def revoke_session_key(self, mint: Pubkey) -> Call[None]:
        """Ends a key's allowance to spend a mint from the signer's associated token account."""
        owner = self._connection.address
        return Call(self._connection, [revoke(token_account(owner, mint), owner)])

    @deferred
    def give_up_session(self, mint: Pubkey) -> Call[None]:
        """Ends the signer's own allowance as a session key, without its wallet; moves nothing in all.

        The token program lets only the owner revoke. A delegate uses an allowance up instead: the tokens go
        to an account of the session key and back, within one transaction, and that account is closed.

        Args:
            mint: the mint of the currency.

        Raises:
            IonetError: the signer has no allowance, or the wallet holds too little of it to be used up: then
                the wallet revokes it.
        """
        key, wallet = self._connection.address, self._connection.wallet
        purse, own = token_account(wallet, mint), token_account(key, mint)
        account = self._connection.token_account(purse)
        if account.delegate != key or wallet == key:
            raise IonetError(f"{key} may spend nothing of {wallet}: there is nothing to give up")
        try:
            left = (self._connection.token_account(own)).amount
        except AccountNotFound:
            left = 0
        turns = turns_to_use_up(account.delegated_amount, account.amount)
        if turns is None:
            raise IonetError(
                f"the wallet {wallet} holds too little for its session key to use the allowance up; only the"
                " wallet can revoke it"
            )
        instructions = [create_idempotent_associated_token_account(key, key, mint)]
        for amount in turns:
            instructions += [move(purse, own, key, amount), move(own, purse, key, amount)]
        if left:
            instructions.append(move(own, purse, key, left))
        return Call(self._connection, [*instructions, close(own, key, key)])

    def spendable(self, mint: Pubkey) -> int:
        """What the signer can spend of a mint now, base units.

        For a session key it is what its wallet holds, and no more than is left of the allowance.
        """
        owner, key = self._connection.wallet, self._connection.address
        try:
            account = self._connection.token_account(token_account(owner, mint))
        except AccountNotFound:
            return 0
        if owner == key:
            return account.amount
        return min(account.amount, account.delegated_amount) if account.delegate == key else 0

    def clusters(self, renter: Pubkey | None = None) -> list[ClusterStatus]:
        """Clusters of a renter that are not closed, the newest first; default: the signer's."""
        owner = renter or self._connection.address
        entries = self._connection.find(accounts.jobs.Cluster, renter=owner)
        now = self._connection.time()
        statuses = [cluster_status(entry.address, entry.account, now) for entry in entries]
        return sorted(statuses, key=lambda status: (-status.opened_at, bytes(status.address)))

    def get_cluster(self, address: Pubkey) -> ClusterStatus:
        """A cluster's status."""
        account = self._connection.fetch(accounts.jobs.Cluster, address)
        return cluster_status(address, account, self._connection.time())

    def cluster_jobs(self, cluster: Pubkey) -> list[KeyedAccount[accounts.jobs.Job]]:
        """The jobs of a cluster that are not closed, in the order of booking.

        A chain's second may see both the first one and one that joined it: who joined comes later.
        """
        jobs = self._connection.find(accounts.jobs.Job, cluster=cluster)
        return sorted(
            jobs, key=lambda job: (bool(job.account.replaces), job.account.booked_at, bytes(job.address))
        )

    def cancel_cluster(self, cluster: Pubkey) -> tuple[CancelledBooking, ...]:
        """Cancels and refunds every job of a cluster that waits for its start; for its renter.

        Jobs that run are left alone: stop them one by one.
        """
        return self._undo([job.address for job in self.cluster_jobs(cluster)])

    # -- parts

    def _cause(
        self, failed: IonetError, nodes: Sequence[Pubkey], seconds: int, currency: str | Pubkey
    ) -> IonetError:
        """Why a booking failed, in terms of the nodes if they show it, as when another renter was faster."""
        if not isinstance(failed, TransactionFailed):
            return failed
        try:
            self.quotes(nodes, seconds, currency=currency)
        except (NotBookable, PriceUnusable) as cause:
            return cause
        except IonetError:  # no answer about the nodes: the failure itself stays true
            pass
        return failed

    def _landing(self, part: _Part) -> tuple[str, Sent[tuple[Pubkey, ...]] | None]:
        """Sends a part until it has landed: its signature, and what it did if the node shows it.

        Raises:
            TransactionExpired: it has not landed and no longer can.
            TransactionUnknown: whether it landed is unknown.
            IonetError: it failed, or nothing was sent.
        """
        try:
            sent = part.call.send()
        except TransactionNotShown as bad:
            return bad.signature, None
        except TransactionUnknown as bad:
            if not self.has_booked(bad, part.jobs):
                text = f"transaction {bad.signature} did not land and no longer can"
                raise TransactionExpired(text, bad.signature) from bad
            return bad.signature, None
        return sent.signature, sent

    def _booking(
        self,
        quote: Quote,
        limit: int,
        manifest_hash: bytes,
        parties: _Parties,
        cluster: Pubkey | None = None,
    ) -> tuple[Pubkey, Instruction]:
        mint = quote.mint
        paid_in = pda.mint.MINT if quote.sold_for_io else mint
        nonce, job = cheapest_job(pda.jobs.offer(quote.node), quote.nonce, exchanged=quote.sold_for_io)
        args = types.jobs.BookArgs(
            nonce=nonce, seconds=quote.seconds, max_deposit=limit, manifest_hash=manifest_hash
        )
        instruction = ix.jobs.book(
            payer=parties.payer,
            renter=parties.renter,
            refund_to=parties.refund_to,
            node=quote.node,
            class_=pda.staking.class_(quote.class_id),
            # In a cluster three fit into a transaction without it.
            proofs_config=pda.proofs.CONFIG if cluster is None or quote.on_head else None,
            payout_currency=pda.jobs.currency(paid_in),
            price=quote.price_account,
            mint=mint,
            source=parties.source,
            cluster=cluster,
            args=args,
        )
        return job, instruction


def cheapest_job(offer: Pubkey, nonce: int, *, exchanged: bool = False) -> tuple[int, Pubkey]:
    """The next nonce, and its job's address, for which deriving addresses costs the program least.

    Args:
        offer: the node's offer.
        nonce: the offer's latest nonce.
        exchanged: whether the supplier is paid in another currency, through an account of the buyback.
    """
    best: tuple[int, int, Pubkey] | None = None
    for candidate in range(nonce + 1, nonce + constants.jobs.NONCE_WINDOW + 1):
        seeds = (constants.jobs.JOB_SEED, bytes(offer), candidate.to_bytes(8, "little"))
        job, bump = find_with_bump(seeds, PROGRAM_ID)
        misses = 255 - bump
        if best is None or misses < best[0]:
            misses += 255 - find_with_bump((constants.jobs.ESCROW_SEED, bytes(job)), PROGRAM_ID)[1]
            if exchanged:
                misses += 255 - find_with_bump((constants.jobs.PAYOUT_SEED, bytes(job)), BUYBACK)[1]
            if best is None or misses < best[0]:
                best = misses, candidate, job
        if best[0] == 0:
            break
    assert best is not None
    return best[1], best[2]


def _check_nodes(nodes: Sequence[Pubkey], quotes: Quotes | None) -> None:
    if len(set(nodes)) < len(nodes):
        twice = next(node for node in nodes if list(nodes).count(node) > 1)
        raise IonetError(f"the node {twice} is named twice; name each node of a cluster once")
    if not 1 <= len(nodes) <= constants.jobs.MAX_CLUSTER:
        raise IonetError(f"a cluster has {_SIZES} nodes, not {len(nodes)}")
    if quotes is not None and [quote.node for quote in quotes.nodes] != list(nodes):
        raise IonetError("the quotes are not for the nodes to be booked, or in another order")


def _check_open(address: Pubkey, cluster: accounts.jobs.Cluster, count: int, manifest_hash: bytes) -> None:
    if cluster.broken:
        raise IonetError(
            f"a job of cluster {address} has already left, so no other can join; book a new cluster"
        )
    missing = cluster.size - cluster.joined
    if count != missing:
        raise IonetError(f"cluster {address} lacks {missing} of {cluster.size} nodes, not {count}")
    if cluster.joined and cluster.manifest_hash != manifest_hash:
        raise IonetError(
            f"all jobs of cluster {address} run the manifest {cluster.manifest_hash.hex()}, not"
            f" {manifest_hash.hex()}"
        )


def _booked(jobs: tuple[Pubkey, ...], sent: Sent[Any]) -> tuple[Pubkey, ...]:
    return jobs
