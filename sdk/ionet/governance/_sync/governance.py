# Generated from governance/_async/governance.py by scripts/codegen; do not edit.
"""The governance program: proposals, votes, execution, and the hand-over of the other programs."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from ionet import accounts, events, ix, pda, types
from ionet._generated import PROGRAMS
from ionet.administration.shards import stake_shards
from ionet.chain._sync.call import Call, deferred
from ionet.chain._sync.connection import Connection
from ionet.chain.amounts import IO
from ionet.chain.errors import EncodeError
from ionet.chain.ids import BPF_LOADER_UPGRADEABLE, TOKEN_PROGRAM
from ionet.chain.layouts import TokenAccount
from ionet.chain.pda import program_data, token_account
from ionet.chain.records import KeyedAccount
from ionet.chain.renamed import Renamed
from ionet.governance import proposals as dao
from ionet.governance.proposals import Authority, Ballot, HandOver, Step

C = TypeVar("C", bound=Connection)

_TOKEN_ACCOUNT: Final = 165
_WRAPPED_SOL: Final = Pubkey.from_string("So11111111111111111111111111111111111111112")


class Governance(Renamed, Generic[C]):
    """Calls and reads of the governance program; `ionet.governance` builds what proposals execute."""

    RENAMED = MappingProxyType({"get": "get_proposal", "config": "get_config"})

    def __init__(self, connection: C) -> None:
        self._connection = connection

    # -- setting up

    def initialize(self, guardian: Pubkey) -> Call[None]:
        """Creates the configuration; for the program's upgrade authority.

        Args:
            guardian: may cancel open or queued proposals, for twelve months.
        """
        instruction = ix.governance.initialize(authority=self._connection.address, guardian=guardian)
        return Call(self._connection, [instruction])

    def open_outflows(self, *assets: Pubkey) -> Call[None]:
        """Opens the accounts that count what leaves the treasury; for anyone, who pays their rent.

        Args:
            assets: mints, `ionet.governance.NATIVE` for SOL; default: IO and SOL.
        """
        payer = self._connection.address
        assets = assets or (pda.mint.MINT, dao.NATIVE)
        return Call(
            self._connection, [ix.governance.open_outflow(payer=payer, asset=asset) for asset in assets]
        )

    # -- proposing

    def stake_to_show(self, proposer: Pubkey | None = None) -> list[Pubkey]:
        """The nodes and positions that show enough stake to propose, in the program's order.

        Args:
            proposer: whose stake; default: the signer's.

        Raises:
            EncodeError: too little stake, now or at the start of this week.
        """
        proposer = proposer or self._connection.address
        needed = (self.get_config()).min_stake
        week = dao.week_of(self._connection.time())
        nodes = self._connection.find(accounts.staking.Node, owner=proposer)
        positions = self._connection.find(accounts.staking.Position, holder=proposer)
        stakes = [(_held(node.account.own_snapshot, week), [node.address]) for node in nodes]
        stakes += [
            (_held(position.account.snapshot, week), [position.address, position.account.node])
            for position in positions
        ]
        stakes.sort(key=lambda stake: stake[0], reverse=True)
        chosen, total = [], 0
        for weight, keys in stakes:
            if total >= needed or not weight:
                break
            total += weight
            chosen.append(keys)
        if total < needed:
            raise EncodeError(
                f"to propose takes {IO.from_base(needed)} of active stake since the start of this week;"
                f" {proposer} has {IO.from_base(total)}"
            )
        return [key for keys in sorted(chosen, key=lambda keys: bytes(keys[0])) for key in keys]

    def next_nonce(self, proposer: Pubkey | None = None) -> int:
        """A nonce that none of a proposer's proposals has; default: the signer's."""
        proposals = self._connection.find(
            accounts.governance.Proposal, proposer=proposer or self._connection.address
        )
        return max((proposal.account.nonce for proposal in proposals), default=0) + 1

    @deferred
    def propose(
        self, draft: dao.Draft, *, nonce: int | None = None, source: Pubkey | None = None
    ) -> Call[Pubkey]:
        """Creates a proposal in draft, without its transactions, and takes the bond. Gives its address.

        Args:
            draft: title and text.
            nonce: part of the proposal's address; default: the next free one.
            source: the IO account that pays the bond; default: the signer's associated token account.

        Raises:
            EncodeError: too little stake, or a title that is too long.
        """
        me = self._connection.address
        number = self.next_nonce() if nonce is None else nonce
        stake = [AccountMeta(key, False, False) for key in self.stake_to_show()]
        instruction = ix.governance.propose(
            proposer=me,
            source=source or token_account(me, pda.mint.MINT),
            nonce=number,
            args=draft.args,
            remaining_accounts=stake,
        )
        address = pda.governance.proposal(me, number)
        return Call(self._connection, [instruction], decode=lambda _: address)

    def add(self, proposal: Pubkey, index: int, transaction: Instruction) -> Call[None]:
        """Adds the next transaction to the signer's draft.

        Raises:
            EncodeError: it needs a signer other than the treasury.
        """
        instruction = ix.governance.add_transaction(
            proposer=self._connection.address, proposal=proposal, index=index, args=dao.stored(transaction)
        )
        return Call(self._connection, [instruction])

    def activate(self, proposal: Pubkey) -> Call[events.governance.VotingBegan]:
        """Begins voting on the signer's draft. Gives the event, which says when voting ends."""
        instruction = ix.governance.activate(
            proposer=self._connection.address,
            proposal=proposal,
            remaining_accounts=[AccountMeta(shard, False, False) for shard in stake_shards()],
        )
        return Call(
            self._connection, [instruction], decode=lambda sent: sent.event(events.governance.VotingBegan)
        )

    def submit(self, draft: dao.Draft, *, nonce: int | None = None, source: Pubkey | None = None) -> Pubkey:
        """Creates a proposal, adds its transactions, and begins voting on it, in several transactions.

        Given the `nonce` of an interrupted submission, it continues that one.

        Args:
            draft: what is proposed.
            nonce: of an interrupted submission; default: a new proposal.
            source: see `propose`.

        Returns:
            The proposal's address.

        Raises:
            EncodeError: another proposal has that nonce, or voting on it has begun.
        """
        me = self._connection.address
        number = self.next_nonce() if nonce is None else nonce
        address = pda.governance.proposal(me, number)
        (account,) = self._connection.fetch_many(accounts.governance.Proposal, [address])
        if account is None:
            self.propose(draft, nonce=number, source=source).send()
            account = self.get_proposal(address)
        elif account.state != dao.ProposalState.DRAFT:
            raise EncodeError(f"proposal {address} is no draft any more")
        stored = [dao.stored(transaction) for transaction in draft.transactions]
        if bytes(account.content_hash) != dao.content_hash(
            me, number, draft.args, stored[: account.transactions]
        ):
            raise EncodeError(f"the draft at {address} is another one; cancel it, or take another number")
        for index in range(account.transactions, len(draft.transactions)):
            self.add(address, index, draft.transactions[index]).send()
        self.activate(address).send()
        return address

    def as_treasury(self) -> C:
        """This connection with the treasury as signer: its calls can be proposed, but not sent.

        For example `client.governance.as_treasury().mint.set_policy(…).ix()`.
        """
        return self._connection.as_(dao.TreasurySigner())

    def parameters(self, program: str, **changes: Any) -> Instruction:
        """The instruction to propose that changes some of a program's parameters and keeps the others.

        Raises:
            EncodeError: no such program or parameter.
        """
        return dao.parameters(program, self._config_of(program), **changes)

    def params(self, program: str) -> dict[str, Any]:
        """A program's current parameters, by the names that `parameters` takes.

        Raises:
            EncodeError: no such program.
        """
        return dao.params_of(program, self._config_of(program))

    # -- voting

    def ballots(self, proposal: Pubkey, voter: Pubkey | None = None) -> list[Ballot]:
        """The stake that somebody can vote with: their own nodes first, then positions.

        Args:
            proposal: the proposal's address.
            voter: whose stake; default: the signer's.
        """
        voter, account = voter or self._connection.address, self.get_proposal(proposal)
        ballots = []
        for node in self._connection.find(accounts.staking.Node, owner=voter):
            (vote,) = self._connection.fetch_many(
                accounts.governance.NodeVote, [pda.governance.node_vote(proposal, node.address)]
            )
            if vote is None:
                own, co = node.account.own_snapshot, node.account.co_snapshot
                weight, choice = dao.stake_at(own, account.week) + dao.stake_at(co, account.week), None
            else:
                weight, choice = vote.own + vote.co - vote.overridden, _choice_or_none(vote.owner_choice)
            if weight and node.account.registered_at <= account.voting_from:
                ballots.append(Ballot(node.address, True, IO.from_base(weight), choice))
        for position in self._connection.find(accounts.staking.Position, holder=voter):
            (record,) = self._connection.fetch_many(
                accounts.governance.VoteRecord, [pda.governance.vote(proposal, position.address)]
            )
            weight = dao.stake_at(position.account.snapshot, account.week)
            if weight:
                choice = None if record is None else _choice_or_none(record.choice)
                ballots.append(Ballot(position.account.node, False, IO.from_base(weight), choice))
        return ballots

    @deferred
    def vote(self, proposal: Pubkey, node: Pubkey, choice: dao.Choice) -> Call[events.governance.Voted]:
        """Votes with the signer's stake on a node, for the first time or again. Gives the event.

        A node's owner votes with their own stake and for co-stakers who have not voted themselves; a
        co-staker votes with their position.

        Args:
            proposal: the proposal's address.
            node: where the stake is; see `ballots`.
            choice: for, against or abstain.
        """
        me, account = self._connection.address, self.get_proposal(proposal)
        owner = (self._connection.fetch(accounts.staking.Node, node)).owner
        node_vote = pda.governance.node_vote(proposal, node)
        position = pda.staking.position(node, me)
        record = pda.governance.vote(proposal, position)
        node_vote_info, record_info = self._connection.accounts([node_vote, record])
        common: dict[str, Any] = {
            "proposal": proposal,
            "choice": int(choice),
            "content_hash": bytes(account.content_hash),
        }
        instructions = []
        if node_vote_info is None:
            instructions.append(ix.governance.open_node_vote(payer=me, proposal=proposal, node=node))
        if owner == me:
            instructions.append(ix.governance.owner_vote(owner=me, node=node, node_vote=node_vote, **common))
        elif record_info is None:
            instructions.append(
                ix.governance.cast_vote(holder=me, position=position, node_vote=node_vote, **common)
            )
        else:
            instructions.append(ix.governance.change_vote(holder=me, vote=record, **common))
        return Call(self._connection, instructions, decode=lambda sent: sent.event(events.governance.Voted))

    # -- after the vote

    def queue(self, proposal: Pubkey) -> Call[events.governance.VotingEnded]:
        """Ends a vote whose time is over; for anyone. Gives the event, which says whether it passed."""
        return Call(
            self._connection,
            [ix.governance.queue(proposal=proposal)],
            decode=lambda sent: sent.event(events.governance.VotingEnded),
        )

    @deferred
    def execute(self, proposal: Pubkey, index: int | None = None) -> Call[events.governance.Executed]:
        """Executes a transaction of a queued proposal; for anyone. Gives the event.

        Args:
            proposal: a proposal whose hold-up has passed.
            index: of the transaction; default: the next one.
        """
        number = (self.get_proposal(proposal)).executed if index is None else index
        address = pda.governance.transaction(proposal, number)
        stored = (self._connection.fetch(accounts.governance.StoredTransaction, address)).args
        before, outflows = [], []
        for asset in self._assets(stored):
            outflow = pda.governance.outflow(asset)
            outflows.append(AccountMeta(outflow, False, True))
            if self._connection.account(outflow) is None:
                before.append(ix.governance.open_outflow(payer=self._connection.address, asset=asset))
        metas = [AccountMeta(meta.key, False, meta.writable) for meta in stored.accounts]
        instruction = ix.governance.execute(
            proposal=proposal,
            transaction=address,
            callee=stored.program_id,
            remaining_accounts=[*metas, *outflows],
        )
        return Call(
            self._connection,
            [*before, instruction],
            decode=lambda sent: sent.event(events.governance.Executed),
        )

    def _assets(self, stored: types.governance.TransactionArgs) -> list[Pubkey]:
        """The assets that could leave the treasury in a transaction."""
        writable = list(dict.fromkeys(meta.key for meta in stored.accounts if meta.writable))
        assets = [dao.NATIVE] if dao.TREASURY in writable else []
        for account in self._connection.accounts(writable):
            if account is None:
                continue
            data = bytes(account.data)
            if account.owner != TOKEN_PROGRAM or len(data) != _TOKEN_ACCOUNT:
                # A grant to the treasury, and its stake, are IO.
                assets += [pda.mint.MINT] if dao.is_claim(account.owner, data) else []
                continue
            token = TokenAccount.decode(data)
            if token.owner == dao.TREASURY:
                # Closing it would release its rent, in SOL.
                assets += [dao.NATIVE] if token.mint == _WRAPPED_SOL else [dao.NATIVE, token.mint]
        return list(dict.fromkeys(assets))

    def cancel(self, proposal: Pubkey) -> Call[None]:
        """Cancels the signer's draft, or, for the guardian, an open or queued proposal."""
        return Call(
            self._connection, [ix.governance.cancel(signer=self._connection.address, proposal=proposal)]
        )

    @deferred
    def settle_bond(
        self, proposal: Pubkey
    ) -> Call[events.governance.BondReturned | events.governance.BondBurned]:
        """Returns or burns a proposal's bond, as the vote decided; for anyone. Gives the event."""
        account = self.get_proposal(proposal)
        if dao.keeps_bond(account):
            instruction = ix.governance.return_bond(
                proposal=proposal,
                destination=token_account(account.proposer, pda.mint.MINT),
                rent_payer=account.proposer,
            )
            return Call(
                self._connection,
                [instruction],
                decode=lambda sent: sent.event(events.governance.BondReturned),
            )
        instruction = ix.governance.burn_bond(proposal=proposal, rent_payer=account.proposer)
        return Call(
            self._connection, [instruction], decode=lambda sent: sent.event(events.governance.BondBurned)
        )

    @deferred
    def close_transactions(self, proposal: Pubkey) -> Call[None]:
        """Closes the transactions of a proposal that is over; for anyone. The rent goes back to its payer."""
        account = self.get_proposal(proposal)
        addresses = [pda.governance.transaction(proposal, index) for index in range(account.transactions)]
        stored = self._connection.fetch_many(accounts.governance.StoredTransaction, addresses)
        return Call(
            self._connection,
            [
                ix.governance.close_transaction(
                    proposal=proposal, transaction=address, rent_payer=transaction.rent_payer
                )
                for address, transaction in zip(addresses, stored, strict=True)
                if transaction is not None
            ],
        )

    @deferred
    def close_votes(self, proposal: Pubkey, voter: Pubkey | None = None) -> Call[None]:
        """Closes records of a vote that is over; for anyone. The rent goes back to its payer.

        Args:
            proposal: the proposal's address.
            voter: whose records; default: the signer's.
        """
        voter = voter or self._connection.address
        votes = self._connection.find(accounts.governance.VoteRecord, proposal=proposal, holder=voter)
        node_votes = self._connection.find(accounts.governance.NodeVote, proposal=proposal, rent_payer=voter)
        return Call(
            self._connection,
            [
                *(
                    ix.governance.close_vote(proposal=proposal, vote=vote.address, rent_payer=voter)
                    for vote in votes
                ),
                *(
                    ix.governance.close_node_vote(
                        proposal=proposal, node_vote=node_vote.address, rent_payer=voter
                    )
                    for node_vote in node_votes
                ),
            ],
        )

    # -- reads

    def get_config(self) -> accounts.governance.Config:
        """Parameters of votes, and the guardian."""
        return self._connection.fetch(accounts.governance.Config, pda.governance.CONFIG)

    def get_proposal(self, proposal: Pubkey) -> accounts.governance.Proposal:
        """The proposal at an address."""
        return self._connection.fetch(accounts.governance.Proposal, proposal)

    def proposals(self, proposer: Pubkey | None = None) -> list[KeyedAccount[accounts.governance.Proposal]]:
        """All proposals, or somebody's, newest first."""
        fields = {} if proposer is None else {"proposer": proposer}
        proposals = self._connection.find(accounts.governance.Proposal, **fields)
        return sorted(proposals, key=lambda proposal: (-proposal.account.created_at, str(proposal.address)))

    def transactions(self, proposal: Pubkey) -> list[types.governance.TransactionArgs | None]:
        """A proposal's transactions in order; None for each that was closed."""
        account = self.get_proposal(proposal)
        addresses = [pda.governance.transaction(proposal, index) for index in range(account.transactions)]
        stored = self._connection.fetch_many(accounts.governance.StoredTransaction, addresses)
        return [None if transaction is None else transaction.args for transaction in stored]

    def treasury(self, *mints: Pubkey) -> dict[Pubkey, int]:
        """The treasury's balances, base units by mint; lamports under `ionet.governance.NATIVE`.

        Args:
            mints: mints to read besides IO and SOL.
        """
        amounts = {dao.NATIVE: (self._connection.balance(dao.TREASURY)).base}
        for mint in (pda.mint.MINT, *mints):
            amounts[mint] = self._connection.tokens(dao.TREASURY, mint)
        return amounts

    # -- the hand-over

    def authorities(self) -> list[Authority]:
        """Who may change each program that is initialised, besides governance itself."""
        authorities = []
        for program_id, program in sorted(PROGRAMS.items(), key=lambda item: item[1]):
            if program == "governance":
                continue
            kind = getattr(accounts, program).Config
            (config,) = self._connection.fetch_many(kind, [getattr(pda, program).CONFIG])
            if config is None:
                continue
            roles = config.roles
            pending = None if roles.pending_authority == Pubkey.default() else roles.pending_authority
            upgrades = self._upgrade_authority(Pubkey.from_string(program_id))
            authorities.append(Authority(program, roles.authority, pending, upgrades))
        return authorities

    def _upgrade_authority(self, program_id: Pubkey) -> Pubkey | None:
        account = self._connection.account(program_data(program_id))
        if account is None or account.owner != BPF_LOADER_UPGRADEABLE or not account.data[12]:
            return None
        return Pubkey.from_bytes(bytes(account.data[13:45]))

    @deferred
    def name_treasury(self, program: str) -> Call[None]:
        """Names the treasury as a program's next authority; for its present authority.

        The present one stays until an executed proposal accepts (`ionet.governance.accept_authority`). The
        distributor's unclaimed and revoked IO goes to the treasury from then on, irrevocably.

        Raises:
            EncodeError: no such program.
        """
        dao.accept_authority(program)
        me, build = self._connection.address, getattr(ix, program).propose_authority
        calls = [build(authority=me, successor=dao.TREASURY)]
        if program == "distributor":
            config = self._connection.fetch(accounts.distributor.Config, pda.distributor.CONFIG)
            if config.treasury != dao.TREASURY:
                pauser = config.roles.pauser
                calls.append(ix.distributor.set_params(authority=me, pauser=pauser, treasury=dao.TREASURY))
        return Call(self._connection, calls)

    def acceptance(self, program: str) -> KeyedAccount[accounts.governance.Proposal] | None:
        """The open proposal that only accepts a program's authority, or None."""
        accepting, now = dao.stored(dao.accept_authority(program)), self._connection.time()
        closed = (dao.Standing.FAILED, dao.Standing.EXPIRED, dao.Standing.EXECUTED)
        for proposal in self.proposals():
            ended = proposal.account.state in (dao.ProposalState.DEFEATED, dao.ProposalState.CANCELLED)
            if proposal.account.transactions != 1 or ended or dao.standing(proposal.account, now) in closed:
                continue
            if self.transactions(proposal.address) == [accepting]:
                return proposal
        return None

    def hand_over(self, program: str) -> HandOver:
        """Takes the next step of handing a program over to the treasury.

        The present authority names the treasury; somebody with enough stake proposes that it accepts; after
        the vote and the hold-up anyone queues and executes. The present authority stays until then.

        Args:
            program: its name.

        Raises:
            EncodeError: no such program, it is not initialised, or the signer cannot take the next step.
        """
        me, now = self._connection.address, self._connection.time()
        authorities = {authority.program: authority for authority in self.authorities()}
        if program not in authorities:
            raise EncodeError(f"no program {program!r} to hand over; there are {', '.join(authorities)}")
        status = authorities[program]
        if status.handed_over:
            return HandOver(program, Step.DONE)
        if status.pending != dao.TREASURY:
            if status.authority != me:
                raise EncodeError(f"only {program}'s authority {status.authority} can name the treasury")
            self.name_treasury(program).send()
            return HandOver(program, Step.NAMED)
        proposal = self.acceptance(program)
        if proposal is None or proposal.account.state == dao.ProposalState.DRAFT:
            draft = dao.Draft(f"Hand {program} over to the treasury", dao.accept_authority(program))
            address = self.submit(draft, nonce=proposal.account.nonce if proposal else None)
            return HandOver(program, Step.PROPOSED, address, (self.get_proposal(address)).voting_ends)
        match dao.standing(proposal.account, now):
            case dao.Standing.PASSED:
                ended = (self.queue(proposal.address).send()).result
                return HandOver(program, Step.QUEUED, proposal.address, ended.eta)
            case dao.Standing.READY:
                self.execute(proposal.address).send()
                return HandOver(program, Step.DONE, proposal.address)
            case dao.Standing.VOTING:
                return HandOver(program, Step.WAITING, proposal.address, proposal.account.voting_ends)
        return HandOver(program, Step.WAITING, proposal.address, proposal.account.eta)

    def give_upgrades(self, program: str) -> Call[None]:
        """Makes the treasury a program's upgrade authority at once; for its present upgrade authority.

        Raises:
            EncodeError: no such program.
        """
        programs = {name: Pubkey.from_string(key) for key, name in PROGRAMS.items()}
        if program not in programs:
            raise EncodeError(f"no program {program!r}; there are {', '.join(sorted(programs))}")
        instruction = dao.hand_upgrades_to(
            programs[program], dao.TREASURY, authority=self._connection.address
        )
        return Call(self._connection, [instruction])

    def _config_of(self, program: str) -> Any:
        if program not in dao.programs():
            raise EncodeError(f"no program {program!r}; there are {', '.join(dao.programs())}")
        return self._connection.fetch(getattr(accounts, program).Config, getattr(pda, program).CONFIG)


def _held(snapshot: types.staking.Snapshot, week: int) -> int:
    """Stake that was active at the start of the week and still is."""
    return min(dao.stake_at(snapshot, week), snapshot.now)


def _choice_or_none(choice: dao.Choice) -> dao.Choice | None:
    return None if choice == dao.Choice.NONE else choice
