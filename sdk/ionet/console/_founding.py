"""What clusters are made of: their opening by a key that has nothing, and what that gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from solders.compute_budget import ID as BUDGET
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from ionet import accounts, ix, pda
from ionet.chain.ids import ASSOCIATED_TOKEN_PROGRAM, TOKEN_PROGRAM
from ionet.cloud import Wish
from ionet.cloud.packing import Package
from ionet.cloud.spec import cluster_name
from ionet.console._planning import argv_of
from ionet.explorer._values import BadQuestion
from ionet.formats.canonical import Json
from ionet.jobs._async.booking import cheapest_job
from ionet.jobs.quotes import Quote

#: Lamports that an account keeps to stay: for each byte, and for the bytes that every account has besides.
_RENT: Final = 6_960
_OVERHEAD: Final = 128
_TRANSFER: Final = (2).to_bytes(4, "little")
#: `Transfer` and `CloseAccount` of the token program.
_OF_PURSES: Final = (b"\x03", b"\x09")


def rent_of(size: int) -> int:
    """Lamports that an account of so many bytes keeps to stay."""
    return (size + _OVERHEAD) * _RENT


CLUSTER_RENT: Final = rent_of(accounts.jobs.Cluster.SIZE or 0)


@dataclass(frozen=True, slots=True)
class WantedCluster:
    """What is to be run, and on what.

    Attributes:
        wish: which nodes, for how long, paid in what.
        count: how many.
        hold: the name of a cluster that waits for commands; None: it runs `command`.
        setup: run by the shell on each node of one that waits.
        command: see `_planning.Wanted`; of one that waits, run by the shell once it is ready.
        on_loss: what becomes of it when a node is lost, `end` or `continue`.
        env: environment variables.
        pip: packages, each ``name==version``.
        internet: whether it reaches the internet.
        cpus, memory, gpus: of each node; None: all that it gives.
    """

    wish: Wish
    count: int
    hold: str | None = None
    setup: str = ""
    command: str = ""
    on_loss: str = "continue"
    env: Mapping[str, str] = field(default_factory=dict)
    pip: tuple[str, ...] = ()
    internet: bool = False
    cpus: int | None = None
    memory: int | None = None
    gpus: int | None = None


def run_of(wanted: WantedCluster, package: Package) -> tuple[tuple[str, ...], dict[str, Json] | None]:
    """What is run: a command, or the arguments of a cluster that waits for commands.

    Raises:
        BadQuestion: it is neither.
    """
    if wanted.hold is None:
        if wanted.setup:
            raise BadQuestion("setup is of a cluster that waits for commands: put it into the command")
        return argv_of(wanted.command, package), None
    try:
        cluster_name(wanted.hold)
    except ValueError as bad:
        raise BadQuestion(str(bad)) from None
    return (), {"name": wanted.hold, "setup": wanted.setup, "run": wanted.command}


def opening(wallet: Pubkey, key: Pubkey, name: bytes, size: int) -> list[Instruction]:
    """Opens a cluster for a key: the wallet gives the rent to the account, as the key has nothing.

    Args:
        wallet: pays.
        key: the renter.
        name: the cluster's id, 32 bytes.
        size: how many jobs start together.
    """
    rent = TransferParams(from_pubkey=wallet, to_pubkey=pda.jobs.cluster(key, name), lamports=CLUSTER_RENT)
    return [transfer(rent), ix.jobs.open_cluster(renter=key, id=name, size=size)]


def signed_by(key: Keypair, instruction: Instruction) -> Instruction:
    """An instruction that a key signs wherever it stands in it."""
    metas = [
        AccountMeta(meta.pubkey, meta.is_signer or meta.pubkey == key.pubkey(), meta.is_writable)
        for meta in instruction.accounts
    ]
    return Instruction(instruction.program_id, instruction.data, metas)


def job_of(quote: Quote) -> Pubkey:
    """The job that a booking by a quote makes."""
    return cheapest_job(pda.jobs.offer(quote.node), quote.nonce, exchanged=quote.sold_for_io)[1]


def gives_back(transaction: VersionedTransaction, wallet: Pubkey) -> bool:
    """Whether a transaction moves SOL to a wallet and nobody else: what was left with a key of the console's.

    Tokens may be moved as well, but none of the wallet's.
    """
    message = transaction.message
    keys = message.account_keys
    calls = [call for call in message.instructions if keys[call.program_id_index] != BUDGET]
    given = False
    for call in calls:
        program, roles = keys[call.program_id_index], [keys[index] for index in call.accounts]
        if program == SYSTEM:
            if bytes(call.data[:4]) != _TRANSFER or len(roles) != 2 or roles[1] != wallet:
                return False
            given = True
        elif program == TOKEN_PROGRAM:
            # Who signs for a transfer or a closing is the third; more of them would be of several.
            if bytes(call.data[:1]) not in _OF_PURSES or len(roles) != 3 or roles[2] == wallet:
                return False
        elif program != ASSOCIATED_TOKEN_PROGRAM:
            return False
    return given
