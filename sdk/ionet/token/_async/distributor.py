"""The distributor program: vesting grants and airdrops."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Unpack

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from ionet import accounts, constants, events, ix, pda, types
from ionet._generated.shared import Allocation
from ionet.administration._async.administration import AsyncAdministration
from ionet.chain._async.call import AsyncCall, deferred
from ionet.chain.amounts import IO
from ionet.chain.pda import token_account
from ionet.token.airdrop import AirdropTree, claimed

if TYPE_CHECKING:
    from ionet.chain.records import KeyedAccount
    from ionet.chain.transactions import Sent
    from ionet.token.vesting import Schedule

_NOBODY = Pubkey.default()


def wallet_call(payer: Pubkey, owner: Pubkey) -> Instruction:
    """Creates an owner's associated token account for IO if it is missing."""
    from spl.token.instructions import create_idempotent_associated_token_account

    return create_idempotent_associated_token_account(payer, owner, pda.mint.MINT)


class AsyncDistributor(AsyncAdministration):
    """Calls and reads of the distributor program.

    Grants and airdrops have numbers; `pda.distributor.grant(id)` and `.airdrop(id)` are their accounts.
    """

    PROGRAM = "distributor"
    RENAMED = MappingProxyType({"grant": "get_grant", "airdrop": "get_airdrop", "config": "get_config"})

    # -- setting up

    def initialize(self, *, treasury: Pubkey) -> AsyncCall[None]:
        """Creates the configuration; for the program's upgrade authority.

        Args:
            treasury: owns the accounts that revoked and unclaimed IO goes to.
        """
        instruction = ix.distributor.initialize(authority=self._connection.address, treasury=treasury)
        return AsyncCall(self._connection, [instruction])

    def set_params(self, **changes: Unpack[types.distributor.Params]) -> AsyncCall[None]:
        """Sets parameters; for the authority. Those not given stay as they are.

        Args:
            changes: see `ionet.ix.distributor.set_params` for what each means.

        Raises:
            TypeError: there is no such parameter.
        """
        return self._set_params(**changes)

    async def get_config(self) -> accounts.distributor.Config:
        """Treasury, sums and roles."""
        return await self._connection.fetch(accounts.distributor.Config, pda.distributor.CONFIG)

    # -- grants

    def create_grant(
        self,
        id: int,  # noqa: A002
        beneficiary: Pubkey,
        schedule: Schedule,
        *,
        revocable: bool = False,
        allocation: Allocation = Allocation.NONE,
        source: Pubkey | None = None,
    ) -> AsyncCall[Pubkey]:
        """Creates a grant and fills its vault; for the authority. Gives the grant's address.

        Args:
            id: its number, not used before.
            beneficiary: who is paid.
            schedule: amount and vesting.
            revocable: whether what has not vested can be taken back.
            allocation: the genesis allocation that it is paid from, if any.
            source: the IO account that pays; default: the signer's associated token account.
        """
        me, address = self._connection.address, pda.distributor.grant(id)
        args = types.distributor.GrantArgs(
            beneficiary=beneficiary,
            schedule=schedule.args(),
            revocable=revocable,
            allocation=allocation,
        )
        instruction = ix.distributor.create_grant(
            authority=me, payer=me, source=source or self._wallet(me), id=id, args=args
        )
        return AsyncCall(self._connection, [instruction], decode=lambda _: address)

    @deferred
    async def release(self, grant: Pubkey) -> AsyncCall[IO]:
        """Pays what has vested to the beneficiary's associated account; for anyone. Gives the amount."""
        me, owner = self._connection.address, (await self.get_grant(grant)).beneficiary
        release = ix.distributor.release(grant=grant, destination=self._wallet(owner))
        return AsyncCall(
            self._connection,
            [*await self._opened(me, owner), release],
            decode=lambda sent: IO.from_base(sent.event(events.distributor.Released).amount),
        )

    @deferred
    async def revoke(self, grant: Pubkey) -> AsyncCall[events.distributor.GrantRevoked]:
        """Ends a revocable grant: what has vested stays, the rest goes to the treasury. For the authority."""
        me, treasury = self._connection.address, (await self.get_config()).treasury
        revoke = ix.distributor.revoke(authority=me, grant=grant, destination=self._wallet(treasury))
        return AsyncCall(
            self._connection,
            [*await self._opened(me, treasury), revoke],
            decode=lambda sent: sent.event(events.distributor.GrantRevoked),
        )

    def set_beneficiary(self, grant: Pubkey, successor: Pubkey | None) -> AsyncCall[None]:
        """Names the next beneficiary, who has to accept, or nobody; for the beneficiary."""
        instruction = ix.distributor.set_beneficiary(
            beneficiary=self._connection.address, grant=grant, successor=successor or _NOBODY
        )
        return AsyncCall(self._connection, [instruction])

    def accept_beneficiary(self, grant: Pubkey) -> AsyncCall[None]:
        """Takes over a grant, with what has vested and was not released; for the named successor."""
        instruction = ix.distributor.accept_beneficiary(successor=self._connection.address, grant=grant)
        return AsyncCall(self._connection, [instruction])

    async def get_grant(self, address: Pubkey) -> accounts.distributor.Grant:
        """The grant at an address."""
        return await self._connection.fetch(accounts.distributor.Grant, address)

    async def grants(
        self, beneficiary: Pubkey | None = None
    ) -> list[KeyedAccount[accounts.distributor.Grant]]:
        """All grants by number, or those of a beneficiary."""
        fields = {} if beneficiary is None else {"beneficiary": beneficiary}
        grants = await self._connection.find(accounts.distributor.Grant, **fields)
        return sorted(grants, key=lambda grant: grant.account.id)

    # -- airdrops

    def create_airdrop(
        self,
        tree: AirdropTree,
        *,
        deadline: int,
        allocation: Allocation = Allocation.NONE,
        source: Pubkey | None = None,
    ) -> AsyncCall[Pubkey]:
        """Creates an airdrop and fills its vault; for the authority. Gives the airdrop's address.

        Args:
            tree: its leaves.
            deadline: last time to claim, Unix seconds; 7 days to 4 years ahead.
            allocation: the genesis allocation that it is paid from, if any.
            source: the IO account that pays; default: the signer's associated token account.
        """
        me, address = self._connection.address, tree.address
        args = types.distributor.AirdropArgs(
            root=tree.root,
            leaves=len(tree.shares),
            total=tree.total.base,
            deadline=deadline,
            allocation=allocation,
        )
        instruction = ix.distributor.create_airdrop(
            authority=me, payer=me, source=source or self._wallet(me), id=tree.id, args=args
        )
        return AsyncCall(self._connection, [instruction], decode=lambda _: address)

    def open_claims(self, airdrop: Pubkey, numbers: Sequence[int]) -> AsyncCall[None]:
        """Opens accounts that mark claims, one for each 8,192 leaves; for anyone. A transaction holds ten."""
        payer = self._connection.address
        return AsyncCall(
            self._connection,
            [ix.distributor.open_claims(payer=payer, airdrop=airdrop, number=number) for number in numbers],
        )

    @deferred
    async def claim(self, tree: AirdropTree, index: int) -> AsyncCall[IO]:
        """Pays a leaf to its claimant's associated token account; for anyone. Gives the amount.

        Raises:
            IndexError: there is no such leaf.
        """
        claimant = tree.shares[index].claimant
        instruction = ix.distributor.claim_airdrop(
            airdrop=tree.address,
            claims=tree.claims(index),
            destination=self._wallet(claimant),
            args=tree.args(index),
        )
        opened = await self._opened(self._connection.address, claimant)
        return AsyncCall(self._connection, [*opened, instruction], decode=_claimed)

    @deferred
    async def claim_into_stake(self, tree: AirdropTree, index: int, node: Pubkey) -> AsyncCall[IO]:
        """Claims a leaf and stakes it on a node; for its claimant. Gives the amount.

        Opens a missing position. Nothing passes through the claimant's wallet. The stake is pending at first,
        like all stake.
        """
        me, account = self._connection.address, await self._connection.fetch(accounts.staking.Node, node)
        position = pda.staking.position(node, me)
        instructions = []
        if await self._connection.account(position) is None:
            instructions.append(ix.staking.open_position(holder=me, node=node))
        instructions.append(
            ix.distributor.claim_into_stake(
                claimant=me,
                airdrop=tree.address,
                claims=tree.claims(index),
                class_=pda.staking.class_(account.class_),
                node=node,
                position=position,
                node_vault=account.vault,
                args=tree.args(index),
            )
        )
        return AsyncCall(self._connection, instructions, decode=_claimed)

    @deferred
    async def reclaim(self, airdrop: Pubkey) -> AsyncCall[IO]:
        """Pays what was not claimed by the deadline to the treasury; for anyone. Gives the amount."""
        me, treasury = self._connection.address, (await self.get_config()).treasury
        payer = (await self.get_airdrop(airdrop)).payer
        reclaim = ix.distributor.reclaim(
            airdrop=airdrop, destination=self._wallet(treasury), rent_payer=payer
        )
        return AsyncCall(
            self._connection,
            [*await self._opened(me, treasury), reclaim],
            decode=lambda sent: IO.from_base(sent.event(events.distributor.AirdropReclaimed).returned),
        )

    @deferred
    async def close_claims(self, airdrop: Pubkey) -> AsyncCall[None]:
        """Closes the claim accounts of a reclaimed airdrop; for anyone. Their rent goes back to its payer."""
        leaves = (await self.get_airdrop(airdrop)).leaves
        addresses = [
            pda.distributor.claims(airdrop, number)
            for number in range(-(-leaves // constants.distributor.CHUNK))
        ]
        chunks = await self._connection.fetch_many(accounts.distributor.Claims, addresses)
        return AsyncCall(
            self._connection,
            [
                ix.distributor.close_claims(airdrop=airdrop, claims=address, rent_payer=chunk.payer)
                for address, chunk in zip(addresses, chunks, strict=True)
                if chunk is not None
            ],
        )

    async def get_airdrop(self, address: Pubkey) -> accounts.distributor.Airdrop:
        """The airdrop at an address."""
        return await self._connection.fetch(accounts.distributor.Airdrop, address)

    async def airdrops(self) -> list[KeyedAccount[accounts.distributor.Airdrop]]:
        """All airdrops by number."""
        airdrops = await self._connection.find(accounts.distributor.Airdrop)
        return sorted(airdrops, key=lambda airdrop: airdrop.account.id)

    async def is_claimed(self, tree: AirdropTree, index: int) -> bool:
        """Whether a leaf was claimed; False once the airdrop's claim accounts are closed."""
        chunks = await self._connection.fetch_many(accounts.distributor.Claims, [tree.claims(index)])
        return chunks[0] is not None and claimed(chunks[0].bits, index)

    # -- parts

    def _wallet(self, owner: Pubkey) -> Pubkey:
        return token_account(owner, pda.mint.MINT)

    async def _opened(self, payer: Pubkey, owner: Pubkey) -> list[Instruction]:
        """The instruction that creates an owner's wallet, if it is missing."""
        if await self._connection.account(self._wallet(owner)) is not None:
            return []
        return [wallet_call(payer, owner)]


def _claimed(sent: Sent[IO]) -> IO:
    return IO.from_base(sent.event(events.distributor.AirdropClaimed).amount)
