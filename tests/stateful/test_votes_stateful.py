"""Random walks through proposals and votes: after every step events alone, from the first one on, say what
the accounts hold, and later they still say what the accounts held then."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from solders.pubkey import Pubkey
from tests.ledger.history import founded
from tests.programs.dao import AGAINST, FOR, HOLD_UP, VOTING, House
from tests.programs.market import IO_MINT
from tests.programs.people import TOKEN
from tests.programs.support import DAY
from tests.programs.test_governance import burning, params, returning
from tests.stateful.test_replay_stateful import Replaying
from tests.stateful.walk import a_number, modest

from ionet import AccountNotFound, TransactionFailed, ix, pda, token_account

#: Hours count as credited by the voters' own word, see `tests.programs.dao`.
_CHEATED: Final = ("credited_through",)
a_house = st.integers(0, 2)
a_choice = st.sampled_from((FOR, FOR, AGAINST))


class Walk(Replaying, RuleBasedStateMachine):
    """What proposers, voters, the guardian and anyone do; what the programs refuse changes nothing."""

    cheated = _CHEATED

    @initialize(house=a_house, choice=a_choice, voted=st.booleans())
    def begin(self, house: int, choice: Any, voted: bool) -> None:
        """A proposal to its end, with votes or without, and another one that is open."""
        self.dao = founded()
        self.begun(self.dao.world.client.network)
        self.proposals: list[Pubkey] = []
        self.propose(house, 1, opened=True)
        if voted:
            self.vote(0, 0, choice, owner=True)
            self.vote(0, 0, FOR, owner=False)
        self.decide(0, wait=True)
        self.give_back_bond(0, burn=not voted)
        self.close(0)
        self.propose(house, None, opened=True)
        self.vote(0, house, choice, owner=True)

    @rule(house=a_house, io=st.sampled_from((None, 1, 2_000_000)), opened=st.booleans())
    def propose(self, house: int, io: int | None, opened: bool) -> None:
        """To pay somebody, or to set all parameters as they are."""
        to = token_account(self.dao.carol.pubkey(), IO_MINT)
        does = ix.governance.set_params(params=params())
        if io is not None:
            does = self.dao.paying(IO_MINT, to, io * TOKEN)
        make = self.dao.open if opened else self.dao.draft
        self.tried(lambda: self.proposals.append(make(does, by=self.house(house))))

    @rule(pick=a_number)
    def activate(self, pick: int) -> None:
        self.tried(lambda: self.dao.send(self.dao.activating(self.proposal(pick))))

    @rule(pick=a_number, house=a_house, choice=a_choice, owner=st.booleans())
    def vote(self, pick: int, house: int, choice: Any, owner: bool) -> None:
        of = self.house(house)
        names = sorted(of.co)
        holder = None if owner or not names else self.dao.voters.holder(names[pick % len(names)])
        self.tried(lambda: self.dao.vote(self.proposal(pick), of, choice, holder=holder))

    @rule(pick=a_number, guardian=st.booleans())
    def cancel(self, pick: int, guardian: bool) -> None:
        proposal = self.proposal(pick)
        signer = self.dao.voters.guardian.pubkey() if guardian else self.dao.proposal(proposal).proposer
        self.tried(lambda: self.dao.send(ix.governance.cancel(signer=signer, proposal=proposal)))

    @rule(pick=a_number, wait=st.booleans())
    def decide(self, pick: int, wait: bool) -> None:
        """Voting ends; what passed is done."""
        proposal = self.proposal(pick)
        self.wait(VOTING if wait else 0)
        self.tried(lambda: self.dao.send(ix.governance.queue(proposal=proposal)))
        self.wait(HOLD_UP if wait else 0)
        self.tried(lambda: self.dao.send(self.dao.executing(proposal)))

    @rule(pick=a_number, burn=st.booleans())
    def give_back_bond(self, pick: int, burn: bool) -> None:
        made = (burning if burn else returning)(self.dao, self.proposal(pick))
        self.tried(lambda: self.dao.send(made))

    @rule(pick=a_number)
    def close(self, pick: int) -> None:
        """Every account that a proposal leaves behind."""
        proposal, deployer = self.proposal(pick), self.dao.world.deployer
        proposer = self.dao.proposal(proposal).proposer
        for house in self.dao.voters.houses:
            for name in house.co:
                holder = self.dao.voters.holder(name).pubkey()
                vote = pda.governance.vote(proposal, pda.staking.position(house.node, holder))
                self.closed("close_vote", proposal=proposal, vote=vote, rent_payer=holder)
            its = pda.governance.node_vote(proposal, house.node)
            self.closed("close_node_vote", proposal=proposal, node_vote=its, rent_payer=deployer)
        stored = pda.governance.transaction(proposal, 0)
        self.closed("close_transaction", proposal=proposal, transaction=stored, rent_payer=proposer)

    def closed(self, name: str, **given: Pubkey) -> None:
        self.tried(lambda: self.dao.send(getattr(ix.governance, name)(**given)))

    @rule(seconds=st.sampled_from((1, DAY, 5 * DAY, 7 * DAY)))
    def wait(self, seconds: int) -> None:
        self.dao.world.advance(seconds)

    # -- names

    def house(self, number: int) -> House:
        return self.dao.voters.houses[number]

    def proposal(self, pick: int) -> Pubkey:
        return self.proposals[-1 - pick % len(self.proposals)]

    @staticmethod
    def tried(send: Callable[[], Any]) -> None:
        try:
            send()
        except (TransactionFailed, AccountNotFound):
            return

    # -- after each step

    @invariant()
    def agrees(self) -> None:
        if hasattr(self, "state"):
            self.follow()

    def teardown(self) -> None:
        if sys.exc_info()[1] is None and hasattr(self, "state"):
            self.agrees()
            self.look_back()


Walk.TestCase.settings = modest(8, 25)
TestEventsSayWhatVotesHold = Walk.TestCase
