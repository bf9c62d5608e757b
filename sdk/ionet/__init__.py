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
- `ionet.emission`, `ionet.vesting`, `ionet.genesis`, `ionet.airdrop`, `ionet.supply`: how much IO there
  is when, and whose.
- `ionet.testing`: the local network for pytest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ionet import (
        accounts,
        airdrop,
        constants,
        emission,
        errors,
        events,
        genesis,
        governance,
        ix,
        pda,
        supply,
        types,
        vesting,
    )
    from ionet._allocations import Allocation
    from ionet._amounts import IO, SOL, USD, USDC, Amount
    from ionet._async.call import AsyncCall
    from ionet._async.client import AsyncClient
    from ionet._auction import FeeVault, LotQuote
    from ionet._call import Change, MissingSigner, Preview, Sent, Simulated
    from ionet._classes import ClassChange, HardwareClass, hardware_classes
    from ionet._cluster import ClusterBooking, ClusterNotBooked, Undone
    from ionet._cranked import Cranked
    from ionet._errors import (
        AccountNotFound,
        AmountError,
        AnchorError,
        ConfigError,
        DecodeError,
        EmissionUnknown,
        EncodeError,
        IonetError,
        ProgramError,
        RpcError,
        SimulationFailed,
        TransactionExpired,
        TransactionFailed,
        TransportError,
    )
    from ionet._events import EmittedEvent, EventLog, Undecoded, read_events
    from ionet._fees import FeePolicy
    from ionet._job_status import (
        ClusterStatus,
        Crank,
        DisputeStatus,
        JobStatus,
        PayoutStatus,
        TimeLost,
    )
    from ionet._layouts import Mint, PriceUpdate, TokenAccount
    from ionet._listing import Listing
    from ionet._open import connect, local
    from ionet._pda import price_feed, token_account
    from ionet._quote import NotBookable, PriceUnusable, Quote, Quotes
    from ionet._records import Found
    from ionet._registry import register_program
    from ionet._report import Proposal
    from ionet._rpc import AsyncTransport, Transport
    from ionet._rpc._async.http import AsyncHttpTransport
    from ionet._rpc._async.local import AsyncLocalTransport
    from ionet._rpc._local import LocalNetwork, NetworkClock
    from ionet._rpc._sync.http import HttpTransport
    from ionet._rpc._sync.local import LocalTransport
    from ionet._schema import Account, Event, Record
    from ionet._signers import Signer, load_keypair
    from ionet._stake import Cooling, Room, StakeStatus, Supply
    from ionet._states import (
        BuybackEntry,
        CloseReason,
        DisputeOutcome,
        DistributorEntry,
        JobsEntry,
        JobState,
        MintEntry,
        NodeState,
        ProofReason,
        ProofsEntry,
        ReportState,
        SlashState,
        StakingEntry,
    )
    from ionet._sync.call import Call
    from ionet._sync.client import Client
    from ionet._why import Answer, Cause
else:
    from ionet._lazy import lazy

    _MODULES: Final = (
        *("accounts", "airdrop", "constants", "emission", "errors", "events", "genesis", "governance"),
        *("ix", "pda", "supply", "types", "vesting"),
    )
    _NAMES: Final = {
        "_amounts": ("IO", "SOL", "USD", "USDC", "Amount"),
        "_async.call": ("AsyncCall",),
        "_async.client": ("AsyncClient",),
        "_auction": ("FeeVault", "LotQuote"),
        "_call": ("Change", "MissingSigner", "Preview", "Sent", "Simulated"),
        "_errors": (
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
            "TransactionExpired",
            "TransactionFailed",
            "TransportError",
        ),
        "_allocations": ("Allocation",),
        "_classes": ("ClassChange", "HardwareClass", "hardware_classes"),
        "_events": ("EmittedEvent", "EventLog", "Undecoded", "read_events"),
        "_fees": ("FeePolicy",),
        "_cluster": ("ClusterBooking", "ClusterNotBooked", "Undone"),
        "_cranked": ("Cranked",),
        "_job_status": (
            "ClusterStatus",
            "Crank",
            "DisputeStatus",
            "JobStatus",
            "PayoutStatus",
            "TimeLost",
        ),
        "_layouts": ("Mint", "PriceUpdate", "TokenAccount"),
        "_listing": ("Listing",),
        "_open": ("connect", "local"),
        "_pda": ("price_feed", "token_account"),
        "_quote": ("NotBookable", "PriceUnusable", "Quote", "Quotes"),
        "_records": ("Found",),
        "_registry": ("register_program",),
        "_report": ("Proposal",),
        "_rpc": ("AsyncTransport", "Transport"),
        "_rpc._async.http": ("AsyncHttpTransport",),
        "_rpc._async.local": ("AsyncLocalTransport",),
        "_rpc._local": ("LocalNetwork", "NetworkClock"),
        "_rpc._sync.http": ("HttpTransport",),
        "_rpc._sync.local": ("LocalTransport",),
        "_schema": ("Account", "Event", "Record"),
        "_signers": ("Signer", "load_keypair"),
        "_stake": ("Cooling", "Room", "StakeStatus", "Supply"),
        "_states": (
            "BuybackEntry",
            "CloseReason",
            "DisputeOutcome",
            "DistributorEntry",
            "JobState",
            "JobsEntry",
            "MintEntry",
            "NodeState",
            "ProofReason",
            "ProofsEntry",
            "ReportState",
            "SlashState",
            "StakingEntry",
        ),
        "_sync.call": ("Call",),
        "_sync.client": ("Client",),
        "_why": ("Answer", "Cause"),
    }
    __getattr__, __dir__ = lazy(
        __name__,
        {
            **{module: f"ionet.{module}" for module in _MODULES},
            **{name: f"ionet.{module}:{name}" for module, names in _NAMES.items() for name in names},
        },
    )

__version__: Final = "0.1.0"

__all__ = [
    "IO",
    "SOL",
    "USD",
    "USDC",
    "Account",
    "AccountNotFound",
    "Allocation",
    "Amount",
    "AmountError",
    "AnchorError",
    "Answer",
    "AsyncCall",
    "AsyncClient",
    "AsyncHttpTransport",
    "AsyncLocalTransport",
    "AsyncTransport",
    "BuybackEntry",
    "Call",
    "Cause",
    "Change",
    "ClassChange",
    "Client",
    "CloseReason",
    "ClusterBooking",
    "ClusterNotBooked",
    "ClusterStatus",
    "ConfigError",
    "Cooling",
    "Crank",
    "Cranked",
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
    "Found",
    "HardwareClass",
    "HttpTransport",
    "IonetError",
    "JobState",
    "JobStatus",
    "JobsEntry",
    "Listing",
    "LocalNetwork",
    "LocalTransport",
    "LotQuote",
    "Mint",
    "MintEntry",
    "MissingSigner",
    "NetworkClock",
    "NodeState",
    "NotBookable",
    "PayoutStatus",
    "Preview",
    "PriceUnusable",
    "PriceUpdate",
    "ProgramError",
    "ProofReason",
    "ProofsEntry",
    "Proposal",
    "Quote",
    "Quotes",
    "Record",
    "ReportState",
    "Room",
    "RpcError",
    "Sent",
    "Signer",
    "Simulated",
    "SimulationFailed",
    "SlashState",
    "StakeStatus",
    "StakingEntry",
    "Supply",
    "TimeLost",
    "TokenAccount",
    "TransactionExpired",
    "TransactionFailed",
    "Transport",
    "TransportError",
    "Undecoded",
    "Undone",
    "accounts",
    "airdrop",
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
