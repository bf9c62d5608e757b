"""The Python SDK of io.net's programs on Solana.

    import ionet

    with ionet.local() as client:          # a network inside this process
        sent = client.send(instruction)
    client = ionet.connect("devnet", signer="~/.config/solana/id.json")

- `ionet.Client`, `ionet.AsyncClient`: the same methods, blocking and not.
- `ionet.IO("12.5")`, `ionet.USDC("3")`: exact amounts.
- `ionet.ix`, `ionet.accounts`, `ionet.events`, `ionet.errors`, `ionet.types`, `ionet.pda`,
  `ionet.constants`: one namespace per program, generated from the IDLs.
- `ionet.governance`: what proposals can do.
- `ionet.cloud`: Ray clusters and jobs on rented nodes.
- `ionet.emission`, `ionet.vesting`, `ionet.genesis`, `ionet.airdrop`, `ionet.supply`: how much IO there
  is when, and whose.
- `ionet.testing`: the local network for pytest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import ionet._generated  # noqa: F401  (registers the programs)
from ionet._moved import OLD, SHORT, install

if TYPE_CHECKING:
    from ionet import accounts, cloud, constants, errors, events, governance, ix, pda, types
    from ionet._generated.jobs.types import CloseReason, DisputeOutcome, JobState
    from ionet._generated.proofs.types import ReportState
    from ionet._generated.shared import Allocation, ProofReason
    from ionet._generated.staking.types import NodeState, SlashState
    from ionet.administration.entries import (
        BuybackEntry,
        DistributorEntry,
        JobsEntry,
        MintEntry,
        ProofsEntry,
        StakingEntry,
    )
    from ionet.buyback.auction import FeeVault, LotQuote
    from ionet.chain._async.call import AsyncCall
    from ionet.chain._sync.call import Call
    from ionet.chain.amounts import IO, SOL, USD, USDC, Amount
    from ionet.chain.errors import (
        AccountNotFound,
        AmountError,
        AnchorError,
        ConfigError,
        DecodeError,
        EmissionUnknown,
        EncodeError,
        IonetError,
        ProgramError,
        ProgramMissing,
        RpcError,
        SimulationFailed,
        TransactionExpired,
        TransactionFailed,
        TransactionNotShown,
        TransactionUnknown,
        TransportError,
    )
    from ionet.chain.events import EmittedEvent, EventLog, Undecoded, read_events
    from ionet.chain.fees import FeePolicy
    from ionet.chain.following import AccountChange, SignatureStatus, WatchedEvent, WatchSettings
    from ionet.chain.layouts import Mint, PriceUpdate, TokenAccount
    from ionet.chain.pda import price_feed, token_account
    from ionet.chain.records import KeyedAccount
    from ionet.chain.registry import register_program
    from ionet.chain.rpc import AsyncTransport, Transport
    from ionet.chain.rpc._async.http import AsyncHttpTransport
    from ionet.chain.rpc._async.local import AsyncLocalTransport
    from ionet.chain.rpc._sync.http import HttpTransport
    from ionet.chain.rpc._sync.local import LocalTransport
    from ionet.chain.rpc.local import LocalNetwork, NetworkClock
    from ionet.chain.schema import Account, Event, Record
    from ionet.chain.signers import Signer, SignsElsewhere, load_keypair
    from ionet.chain.transactions import Change, MissingSigner, Preview, Sent, Simulated
    from ionet.client._async.client import AsyncClient
    from ionet.client._sync.client import Client
    from ionet.client.opening import connect, local
    from ionet.jobs.cluster import CancelledBooking, ClusterBooking, ClusterNotBooked, ClusterUnknown
    from ionet.jobs.cranked import CrankResult
    from ionet.jobs.listing import Listing
    from ionet.jobs.quotes import NotBookable, Quote, Quotes
    from ionet.jobs.receipt import Receipt
    from ionet.jobs.status import ClusterStatus, Crank, DisputeStatus, JobStatus, PayoutStatus, TimeLost
    from ionet.proofs.report import ReportDraft
    from ionet.staking.classes import ClassChange, HardwareClass, hardware_classes
    from ionet.staking.stake import Cooling, NodeCount, StakeCapacity, StakeStatus
    from ionet.staking.why import Cause, RewardExplanation
    from ionet.token import airdrop, emission, genesis, supply, vesting
    from ionet.token.prices import PriceUnusable
else:
    from ionet._lazy import lazy

    _MODULES: Final = (
        "accounts",
        "cloud",
        "constants",
        "errors",
        "events",
        "governance",
        "ix",
        "pda",
        "types",
    )
    _NAMES: Final = {
        "_generated.jobs.types": (
            "CloseReason",
            "DisputeOutcome",
            "JobState",
        ),
        "_generated.proofs.types": ("ReportState",),
        "_generated.shared": (
            "Allocation",
            "ProofReason",
        ),
        "_generated.staking.types": (
            "NodeState",
            "SlashState",
        ),
        "administration.entries": (
            "BuybackEntry",
            "DistributorEntry",
            "JobsEntry",
            "MintEntry",
            "ProofsEntry",
            "StakingEntry",
        ),
        "buyback.auction": (
            "FeeVault",
            "LotQuote",
        ),
        "chain._async.call": ("AsyncCall",),
        "chain._sync.call": ("Call",),
        "chain.amounts": (
            "Amount",
            "IO",
            "SOL",
            "USD",
            "USDC",
        ),
        "chain.errors": (
            "AccountNotFound",
            "AmountError",
            "AnchorError",
            "ConfigError",
            "DecodeError",
            "EmissionUnknown",
            "EncodeError",
            "IonetError",
            "ProgramError",
            "RpcError",
            "SimulationFailed",
            "ProgramMissing",
            "TransactionNotShown",
            "TransactionUnknown",
            "TransactionExpired",
            "TransactionFailed",
            "TransportError",
        ),
        "chain.events": (
            "EmittedEvent",
            "EventLog",
            "Undecoded",
            "read_events",
        ),
        "chain.fees": ("FeePolicy",),
        "chain.following": (
            "AccountChange",
            "SignatureStatus",
            "WatchSettings",
            "WatchedEvent",
        ),
        "chain.layouts": (
            "Mint",
            "PriceUpdate",
            "TokenAccount",
        ),
        "chain.pda": (
            "price_feed",
            "token_account",
        ),
        "chain.records": ("KeyedAccount",),
        "chain.registry": ("register_program",),
        "chain.rpc": (
            "AsyncTransport",
            "Transport",
        ),
        "chain.rpc._async.http": ("AsyncHttpTransport",),
        "chain.rpc._async.local": ("AsyncLocalTransport",),
        "chain.rpc._sync.http": ("HttpTransport",),
        "chain.rpc._sync.local": ("LocalTransport",),
        "chain.rpc.local": (
            "LocalNetwork",
            "NetworkClock",
        ),
        "chain.schema": (
            "Account",
            "Event",
            "Record",
        ),
        "chain.signers": (
            "Signer",
            "SignsElsewhere",
            "load_keypair",
        ),
        "chain.transactions": (
            "Change",
            "MissingSigner",
            "Preview",
            "Sent",
            "Simulated",
        ),
        "client._async.client": ("AsyncClient",),
        "client._sync.client": ("Client",),
        "client.opening": (
            "connect",
            "local",
        ),
        "jobs.cluster": (
            "ClusterBooking",
            "ClusterNotBooked",
            "ClusterUnknown",
            "CancelledBooking",
        ),
        "jobs.cranked": ("CrankResult",),
        "jobs.listing": ("Listing",),
        "jobs.quotes": (
            "NotBookable",
            "Quote",
            "Quotes",
        ),
        "jobs.receipt": ("Receipt",),
        "jobs.status": (
            "ClusterStatus",
            "Crank",
            "DisputeStatus",
            "JobStatus",
            "PayoutStatus",
            "TimeLost",
        ),
        "proofs.report": ("ReportDraft",),
        "staking.classes": (
            "ClassChange",
            "HardwareClass",
            "hardware_classes",
        ),
        "staking.stake": (
            "Cooling",
            "StakeCapacity",
            "StakeStatus",
            "NodeCount",
        ),
        "staking.why": (
            "RewardExplanation",
            "Cause",
        ),
        "token.prices": ("PriceUnusable",),
    }
    _RENAMED: Final = {
        "Answer": "RewardExplanation",
        "Cranked": "CrankResult",
        "Found": "KeyedAccount",
        "Proposal": "ReportDraft",
        "Room": "StakeCapacity",
        "Supply": "NodeCount",
        "Undone": "CancelledBooking",
    }
    __getattr__, __dir__ = lazy(
        __name__,
        {
            **{module: f"ionet.{module}" for module in _MODULES},
            **{short.removeprefix("ionet."): where for short, where in SHORT.items()},
            # By their own names, which warn.
            **{old.removeprefix("ionet."): old for old in OLD},
            **{name: f"ionet.{module}:{name}" for module, names in _NAMES.items() for name in names},
        },
        _RENAMED,
    )

install()

__version__: Final = "0.1.0"

__all__ = [
    "IO",
    "SOL",
    "USD",
    "USDC",
    "Account",
    "AccountChange",
    "AccountNotFound",
    "Allocation",
    "Amount",
    "AmountError",
    "AnchorError",
    "AsyncCall",
    "AsyncClient",
    "AsyncHttpTransport",
    "AsyncLocalTransport",
    "AsyncTransport",
    "BuybackEntry",
    "Call",
    "CancelledBooking",
    "Cause",
    "Change",
    "ClassChange",
    "Client",
    "CloseReason",
    "ClusterBooking",
    "ClusterNotBooked",
    "ClusterStatus",
    "ClusterUnknown",
    "ConfigError",
    "Cooling",
    "Crank",
    "CrankResult",
    "DecodeError",
    "DisputeOutcome",
    "DisputeStatus",
    "DistributorEntry",
    "EmissionUnknown",
    "EmittedEvent",
    "EncodeError",
    "Event",
    "EventLog",
    "FeePolicy",
    "FeeVault",
    "HardwareClass",
    "HttpTransport",
    "IonetError",
    "JobState",
    "JobStatus",
    "JobsEntry",
    "KeyedAccount",
    "Listing",
    "LocalNetwork",
    "LocalTransport",
    "LotQuote",
    "Mint",
    "MintEntry",
    "MissingSigner",
    "NetworkClock",
    "NodeCount",
    "NodeState",
    "NotBookable",
    "PayoutStatus",
    "Preview",
    "PriceUnusable",
    "PriceUpdate",
    "ProgramError",
    "ProgramMissing",
    "ProofReason",
    "ProofsEntry",
    "Quote",
    "Quotes",
    "Receipt",
    "Record",
    "ReportDraft",
    "ReportState",
    "RewardExplanation",
    "RpcError",
    "Sent",
    "SignatureStatus",
    "Signer",
    "SignsElsewhere",
    "Simulated",
    "SimulationFailed",
    "SlashState",
    "StakeCapacity",
    "StakeStatus",
    "StakingEntry",
    "TimeLost",
    "TokenAccount",
    "TransactionExpired",
    "TransactionFailed",
    "TransactionNotShown",
    "TransactionUnknown",
    "Transport",
    "TransportError",
    "Undecoded",
    "WatchSettings",
    "WatchedEvent",
    "accounts",
    "airdrop",
    "cloud",
    "connect",
    "constants",
    "emission",
    "errors",
    "events",
    "genesis",
    "governance",
    "hardware_classes",
    "ix",
    "load_keypair",
    "local",
    "pda",
    "price_feed",
    "read_events",
    "register_program",
    "supply",
    "token_account",
    "types",
    "vesting",
]
