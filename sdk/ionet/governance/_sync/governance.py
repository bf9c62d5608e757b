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
    """Calls and reads of the governance program. What proposals can do: `ionet.governance`."""

    RENAMED = MappingProxyType({"get": "get_proposal", "config": "get_config"})

    def __init__(self, connection: C) -> None:
        self._connection = connection

    # -- setting up

    def initialize(self, guardian: Pubkey) -> Call[None]:
        """Creates the configuration; for the program's upgrade authority.

        Args:
            guardian: may cancel what is voted on or queued, for twelve months.
        """
        instruction = ix.governance.initialize(authority=self._connection.address, guardian=guardian)
        return Call(self._connection, [instruction])

    def open_outflows(self, *assets: Pubkey) -> Call[None]:
        """Opens the accounts that count what leaves the treasury; for anyone, who pays their rent.

        Args:
            assets: mints, `ionet.governance.NATIVE` for SOL; default: IO and SOL.
        """
        payer = self._connection.address
        wanted = assets or (pda.mint.MINT, dao.NATIVE)
        return Call(self._connection, [ix.governance.open_outflow(payer=payer, asset=one) for one in wanted])

    # -- proposing

    def stake_to_show(self, proposer: Pubkey | None = None) -> list[Pubkey]:
        """The nodes and positions whose stake lets somebody propose, as the program takes them.

        Args:
            proposer: whose; default: the signer's.

        Raises:
            EncodeError: he has too little, now or at the start of this week.
        """
        who = proposer or self._connection.address
        needed = (self.get_config()).min_stake
        week = dao.week_of(self._connection.time())
        nodes = self._connection.find(accounts.staking.Node, owner=who)
        positions = self._connection.find(accounts.staking.Position, holder=who)
        found = [(_held(one.account.own_snapshot, week), [one.address]) for one in nodes]
        found += [(_held(one.account.snapshot, week), [one.address, one.account.node]) for one in positions]
        found.sort(key=lambda one: one[0], reverse=True)
        shown, total = [], 0
        for weight, keys in found:
            if total >= needed or not weight:
                break
            total += weight
            shown.append(keys)
        if total < needed:
            raise EncodeError(
                f"to propose takes {IO.from_base(needed)} of active stake since the start of this week;"
                f" {who} has {IO.from_base(total)}"
            )
        return [key for keys in sorted(shown, key=lambda keys: bytes(keys[0])) for key in keys]

    def next_nonce(self, proposer: Pubkey | None = None) -> int:
        """A number that no proposal of somebody's has; default: the signer's."""
        found = self._connection.find(
            accounts.governance.Proposal, proposer=proposer or self._connection.address
        )
        return max((one.account.nonce for one in found), default=0) + 1

    @deferred
    def propose(
        self, draft: dao.Draft, *, nonce: int | None = None, source: Pubkey | None = None
    ) -> Call[Pubkey]:
        """Makes a draft without its transactions, and takes the bond. Gives its address.

        Args:
            draft: title and text.
            nonce: makes the address; default: the next one.
            source: the IO account that pays the bond; default: the signer's associated token account.

        Raises:
            EncodeError: too little stake, or a title that is too long.
        """
        me = self._connection.address
        number = self.next_nonce() if nonce is None else nonce
        shown = [AccountMeta(one, False, False) for one in self.stake_to_show()]
        instruction = ix.governance.propose(
            proposer=me,
            source=source or token_account(me, pda.mint.MINT),
            nonce=number,
            args=draft.args,
            remaining_accounts=shown,
        )
        address = pda.governance.proposal(me, number)
        return Call(self._connection, [instruction], decode=lambda _: address)

    def add(self, proposal: Pubkey, index: int, transaction: Instruction) -> Call[None]:
        """Adds the next transaction to the signer's draft.

        Raises:
            EncodeError: somebody other than the treasury would have to sign in it.
        """
        instruction = ix.governance.add_transaction(
            proposer=self._connection.address, proposal=proposal, index=index, args=dao.stored(transaction)
        )
        return Call(self._connection, [instruction])

    def activate(self, proposal: Pubkey) -> Call[events.governance.VotingBegan]:
        """Begins voting on the signer's draft. Gives the event that says until when."""
        instruction = ix.governance.activate(
            proposer=self._connection.address,
            proposal=proposal,
            remaining_accounts=[AccountMeta(one, False, False) for one in stake_shards()],
        )
        return Call(
            self._connection, [instruction], decode=lambda sent: sent.event(events.governance.VotingBegan)
        )

    def submit(self, draft: dao.Draft, *, nonce: int | None = None, source: Pubkey | None = None) -> Pubkey:
        """Makes a proposal, adds its transactions, and begins voting on it: several transactions.

        With the `nonce` of one that was begun and interrupted it goes on where that stands.

        Args:
            draft: what is proposed.
            nonce: see above; default: a new proposal.
            source: see `propose`.

        Returns:
            The proposal's address.

        Raises:
            EncodeError: what stands at that number is another proposal, or is voted on already.
        """
        me = self._connection.address
        number = self.next_nonce() if nonce is None else nonce
        address = pda.governance.proposal(me, number)
        (found,) = self._connection.fetch_many(accounts.governance.Proposal, [address])
        if found is None:
            self.propose(draft, nonce=number, source=source).send()
            found = self.get_proposal(address)
        elif found.state != dao.ProposalState.DRAFT:
            raise EncodeError(f"proposal {address} is no draft any more")
        stored = [dao.stored(one) for one in draft.transactions]
        if bytes(found.content_hash) != dao.content_hash(
            me, number, draft.args, stored[: found.transactions]
        ):
            raise EncodeError(f"the draft at {address} is another one; cancel it, or take another number")
        for index in range(found.transactions, len(draft.transactions)):
            self.add(address, index, draft.transactions[index]).send()
        self.activate(address).send()
        return address

    def as_treasury(self) -> C:
        """The same connection as the treasury's: what its calls would do can be proposed, not sent.

        For example `client.governance.as_treasury().mint.set_policy(…).ix()`.
        """
        return self._connection.as_(dao.TreasurySigner())

    def parameters(self, program: str, **changes: Any) -> Instruction:
        """What sets a program's parameters to what they are but for `changes`, to be proposed.

        Raises:
            EncodeError: no such program or parameter.
        """
        return dao.parameters(program, self._config_of(program), **changes)

    def params(self, program: str) -> dict[str, Any]:
        """A program's parameters as they are, by the names under which they are set.

        Raises:
            EncodeError: no such program.
        """
        return dao.params_of(program, self._config_of(program))

    # -- voting

    def ballots(self, proposal: Pubkey, voter: Pubkey | None = None) -> list[Ballot]:
        """The stake with which somebody can vote: own nodes first, then positions.

        Args:
            proposal: that is voted on.
            voter: whose; default: the signer's.
        """
        who, found = voter or self._connection.address, self.get_proposal(proposal)
        ballots = []
        for node in self._connection.find(accounts.staking.Node, owner=who):
            (vote,) = self._connection.fetch_many(
                accounts.governance.NodeVote, [pda.governance.node_vote(proposal, node.address)]
            )
            if vote is None:
                own, co = node.account.own_snapshot, node.account.co_snapshot
                weight, choice = dao.stake_at(own, found.week) + dao.stake_at(co, found.week), None
            else:
                weight, choice = vote.own + vote.co - vote.overridden, _said(vote.owner_choice)
            if weight and node.account.registered_at <= found.voting_from:
                ballots.append(Ballot(node.address, True, IO.from_base(weight), choice))
        for position in self._connection.find(accounts.staking.Position, holder=who):
            (record,) = self._connection.fetch_many(
                accounts.governance.VoteRecord, [pda.governance.vote(proposal, position.address)]
            )
            weight = dao.stake_at(position.account.snapshot, found.week)
            if weight:
                choice = None if record is None else _said(record.choice)
                ballots.append(Ballot(position.account.node, False, IO.from_base(weight), choice))
        return ballots

    @deferred
    def vote(self, proposal: Pubkey, node: Pubkey, choice: dao.Choice) -> Call[events.governance.Voted]:
        """Votes with the signer's stake on a node, for the first time or again. Gives the event.

        The node's owner votes for his own stake and for co-stakers who have not voted themselves; a co-staker
        for his position.

        Args:
            proposal: that is voted on.
            node: where the stake is; see `ballots`.
            choice: what the vote says.
        """
        me, found = self._connection.address, self.get_proposal(proposal)
        owner = (self._connection.fetch(accounts.staking.Node, node)).owner
        node_vote = pda.governance.node_vote(proposal, node)
        position = pda.staking.position(node, me)
        record = pda.governance.vote(proposal, position)
        opened, voted = self._connection.accounts([node_vote, record])
        common: dict[str, Any] = {
            "proposal": proposal,
            "choice": int(choice),
            "content_hash": bytes(found.content_hash),
        }
        instructions = []
        if opened is None:
            instructions.append(ix.governance.open_node_vote(payer=me, proposal=proposal, node=node))
        if owner == me:
            instructions.append(ix.governance.owner_vote(owner=me, node=node, node_vote=node_vote, **common))
        elif voted is None:
            instructions.append(
                ix.governance.cast_vote(holder=me, position=position, node_vote=node_vote, **common)
            )
        else:
            instructions.append(ix.governance.change_vote(holder=me, vote=record, **common))
        return Call(self._connection, instructions, decode=lambda sent: sent.event(events.governance.Voted))

    # -- after the vote

    def queue(self, proposal: Pubkey) -> Call[events.governance.VotingEnded]:
        """Ends a vote whose time is over; for anyone. Gives the event that says whether it passed."""
        return Call(
            self._connection,
            [ix.governance.queue(proposal=proposal)],
            decode=lambda sent: sent.event(events.governance.VotingEnded),
        )

    @deferred
    def execute(self, proposal: Pubkey, index: int | None = None) -> Call[events.governance.Executed]:
        """Executes a transaction of a queued proposal; for anyone. Gives the event.

        Args:
            proposal: whose hold-up has passed.
            index: of the transaction; default: the next one.
        """
        number = (self.get_proposal(proposal)).executed if index is None else index
        place = pda.governance.transaction(proposal, number)
        stored = (self._connection.fetch(accounts.governance.StoredTransaction, place)).args
        before, outflows = [], []
        for asset in self._assets(stored):
            outflow = pda.governance.outflow(asset)
            outflows.append(AccountMeta(outflow, False, True))
            if self._connection.account(outflow) is None:
                before.append(ix.governance.open_outflow(payer=self._connection.address, asset=asset))
        metas = [AccountMeta(one.key, False, one.writable) for one in stored.accounts]
        instruction = ix.governance.execute(
            proposal=proposal,
            transaction=place,
            callee=stored.program_id,
            remaining_accounts=[*metas, *outflows],
        )
        return Call(
            self._connection,
            [*before, instruction],
            decode=lambda sent: sent.event(events.governance.Executed),
        )

    def _assets(self, stored: types.governance.TransactionArgs) -> list[Pubkey]:
        """What could leave the treasury by a transaction."""
        writable = list(dict.fromkeys(one.key for one in stored.accounts if one.writable))
        found = [dao.NATIVE] if dao.TREASURY in writable else []
        for account in self._connection.accounts(writable):
            if account is None:
                continue
            data = bytes(account.data)
            if account.owner != TOKEN_PROGRAM or len(data) != _TOKEN_ACCOUNT:
                # A grant to the treasury, or its stake, is IO that it holds.
                found += [pda.mint.MINT] if dao.is_claim(account.owner, data) else []
                continue
            purse = TokenAccount.decode(data)
            if purse.owner == dao.TREASURY:
                # Its rent is SOL.
                found += [dao.NATIVE] if purse.mint == _WRAPPED_SOL else [dao.NATIVE, purse.mint]
        return list(dict.fromkeys(found))

    def cancel(self, proposal: Pubkey) -> Call[None]:
        """Stops a proposal: the signer's draft, or anything that is voted on or queued for the guardian."""
        return Call(
            self._connection, [ix.governance.cancel(signer=self._connection.address, proposal=proposal)]
        )

    @deferred
    def settle_bond(
        self, proposal: Pubkey
    ) -> Call[events.governance.BondReturned | events.governance.BondBurned]:
        """Returns or burns a proposal's bond, as the vote has it; for anyone. Gives the event."""
        found = self.get_proposal(proposal)
        if dao.keeps_bond(found):
            instruction = ix.governance.return_bond(
                proposal=proposal,
                destination=token_account(found.proposer, pda.mint.MINT),
                rent_payer=found.proposer,
            )
            return Call(
                self._connection,
                [instruction],
                decode=lambda sent: sent.event(events.governance.BondReturned),
            )
        instruction = ix.governance.burn_bond(proposal=proposal, rent_payer=found.proposer)
        return Call(
            self._connection, [instruction], decode=lambda sent: sent.event(events.governance.BondBurned)
        )

    @deferred
    def close_transactions(self, proposal: Pubkey) -> Call[None]:
        """Closes the transactions of a proposal that is over; for anyone. The rent goes to who paid it."""
        found = self.get_proposal(proposal)
        places = [pda.governance.transaction(proposal, index) for index in range(found.transactions)]
        stored = self._connection.fetch_many(accounts.governance.StoredTransaction, places)
        return Call(
            self._connection,
            [
                ix.governance.close_transaction(
                    proposal=proposal, transaction=place, rent_payer=one.rent_payer
                )
                for place, one in zip(places, stored, strict=True)
                if one is not None
            ],
        )

    @deferred
    def close_votes(self, proposal: Pubkey, voter: Pubkey | None = None) -> Call[None]:
        """Closes records of a vote that is over; for anyone. The rent goes to who paid it.

        Args:
            proposal: that was voted on.
            voter: whose; default: the signer's.
        """
        who = voter or self._connection.address
        votes = self._connection.find(accounts.governance.VoteRecord, proposal=proposal, holder=who)
        nodes = self._connection.find(accounts.governance.NodeVote, proposal=proposal, rent_payer=who)
        return Call(
            self._connection,
            [
                *(
                    ix.governance.close_vote(proposal=proposal, vote=one.address, rent_payer=who)
                    for one in votes
                ),
                *(
                    ix.governance.close_node_vote(proposal=proposal, node_vote=one.address, rent_payer=who)
                    for one in nodes
                ),
            ],
        )

    # -- reads

    def get_config(self) -> accounts.governance.Config:
        """Terms of votes, and the guardian."""
        return self._connection.fetch(accounts.governance.Config, pda.governance.CONFIG)

    def get_proposal(self, proposal: Pubkey) -> accounts.governance.Proposal:
        """The proposal at an address."""
        return self._connection.fetch(accounts.governance.Proposal, proposal)

    def proposals(self, proposer: Pubkey | None = None) -> list[KeyedAccount[accounts.governance.Proposal]]:
        """All proposals, or somebody's, newest first."""
        fields = {} if proposer is None else {"proposer": proposer}
        found = self._connection.find(accounts.governance.Proposal, **fields)
        return sorted(found, key=lambda one: (-one.account.created_at, str(one.address)))

    def transactions(self, proposal: Pubkey) -> list[types.governance.TransactionArgs | None]:
        """A proposal's transactions in their order; None for one that was closed."""
        found = self.get_proposal(proposal)
        places = [pda.governance.transaction(proposal, index) for index in range(found.transactions)]
        stored = self._connection.fetch_many(accounts.governance.StoredTransaction, places)
        return [None if one is None else one.args for one in stored]

    def treasury(self, *mints: Pubkey) -> dict[Pubkey, int]:
        """What the treasury holds, base units by mint; lamports under `ionet.governance.NATIVE`.

        Args:
            mints: besides IO and SOL.
        """
        held = {dao.NATIVE: (self._connection.balance(dao.TREASURY)).base}
        for mint in (pda.mint.MINT, *mints):
            held[mint] = self._connection.tokens(dao.TREASURY, mint)
        return held

    # -- the hand-over

    def authorities(self) -> list[Authority]:
        """Who may change each program that is initialised, besides governance itself."""
        found = []
        for program_id, program in sorted(PROGRAMS.items(), key=lambda one: one[1]):
            if program == "governance":
                continue
            kind = getattr(accounts, program).Config
            (config,) = self._connection.fetch_many(kind, [getattr(pda, program).CONFIG])
            if config is None:
                continue
            roles = config.roles
            pending = None if roles.pending_authority == Pubkey.default() else roles.pending_authority
            upgrades = self._upgrade_authority(Pubkey.from_string(program_id))
            found.append(Authority(program, roles.authority, pending, upgrades))
        return found

    def _upgrade_authority(self, program_id: Pubkey) -> Pubkey | None:
        account = self._connection.account(program_data(program_id))
        if account is None or account.owner != BPF_LOADER_UPGRADEABLE or not account.data[12]:
            return None
        return Pubkey.from_bytes(bytes(account.data[13:45]))

    @deferred
    def name_treasury(self, program: str) -> Call[None]:
        """Names the treasury as the next authority of a program; for its present authority.

        The old one stays until an executed proposal accepts (`ionet.governance.accept_authority`). Of the
        distributor, what airdrops leave and what is revoked goes to the treasury from then on, for good.

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
        """The open proposal that does nothing but accept a program's authority, or None."""
        wanted, now = dao.stored(dao.accept_authority(program)), self._connection.time()
        over = (dao.Standing.FAILED, dao.Standing.EXPIRED, dao.Standing.EXECUTED)
        for one in self.proposals():
            ended = one.account.state in (dao.ProposalState.DEFEATED, dao.ProposalState.CANCELLED)
            if one.account.transactions != 1 or ended or dao.standing(one.account, now) in over:
                continue
            if self.transactions(one.address) == [wanted]:
                return one
        return None

    def hand_over(self, program: str) -> HandOver:
        """Takes the next step of handing a program over to the treasury, as far as the signer can.

        The present authority names the treasury; who has the stake proposes that it accepts; after the vote
        and the hold-up anyone queues and executes. The old authority stays until then.

        Args:
            program: its name.

        Raises:
            EncodeError: no such program, or it is not initialised; or the next step is somebody else's.
        """
        me, now = self._connection.address, self._connection.time()
        found = {one.program: one for one in self.authorities()}
        if program not in found:
            raise EncodeError(f"no program {program!r} to hand over; there are {', '.join(found)}")
        status = found[program]
        if status.handed_over:
            return HandOver(program, Step.DONE)
        if status.pending != dao.TREASURY:
            if status.authority != me:
                raise EncodeError(f"only {program}'s authority {status.authority} can name the treasury")
            self.name_treasury(program).send()
            return HandOver(program, Step.NAMED)
        one = self.acceptance(program)
        if one is None or one.account.state == dao.ProposalState.DRAFT:
            draft = dao.Draft(f"Hand {program} over to the treasury", dao.accept_authority(program))
            address = self.submit(draft, nonce=one.account.nonce if one else None)
            return HandOver(program, Step.PROPOSED, address, (self.get_proposal(address)).voting_ends)
        match dao.standing(one.account, now):
            case dao.Standing.PASSED:
                ended = (self.queue(one.address).send()).result
                return HandOver(program, Step.QUEUED, one.address, ended.eta)
            case dao.Standing.READY:
                self.execute(one.address).send()
                return HandOver(program, Step.DONE, one.address)
            case dao.Standing.VOTING:
                return HandOver(program, Step.WAITING, one.address, one.account.voting_ends)
        return HandOver(program, Step.WAITING, one.address, one.account.eta)

    def give_upgrades(self, program: str) -> Call[None]:
        """Makes the treasury a program's upgrade authority, at once; for its present one.

        Raises:
            EncodeError: no such program.
        """
        found = {name: Pubkey.from_string(key) for key, name in PROGRAMS.items()}
        if program not in found:
            raise EncodeError(f"no program {program!r}; there are {', '.join(sorted(found))}")
        instruction = dao.hand_upgrades_to(found[program], dao.TREASURY, authority=self._connection.address)
        return Call(self._connection, [instruction])

    def _config_of(self, program: str) -> Any:
        if program not in dao.programs():
            raise EncodeError(f"no program {program!r}; there are {', '.join(dao.programs())}")
        return self._connection.fetch(getattr(accounts, program).Config, getattr(pda, program).CONFIG)


def _held(snapshot: types.staking.Snapshot, week: int) -> int:
    """Stake that was there at the start of the week and still is."""
    return min(dao.stake_at(snapshot, week), snapshot.now)


def _said(choice: dao.Choice) -> dao.Choice | None:
    return None if choice == dao.Choice.NONE else choice
