"""The programs as anchorpy's `Program`, in an environment of `pip install "ionet[anchorpy]"`.

    from anchorpy import Context, Provider, Wallet
    from ionet.interop.anchorpy import program

    staking = program("staking", Provider(connection, Wallet(keypair)))
    accounts = {"holder": me, "node": node, "class": class_, "source": tokens}
    signature = await staking.rpc["stake"](250 * 10**9, ctx=Context(accounts=accounts))
    node = await staking.account["Node"].fetch(node)

It is anchorpy's own, with the program's IDL in the format that anchorpy reads, and

- fills in missing accounts as the builders of `ionet.ix` do;
- raises the exceptions of `ionet.errors` (or another `TransactionFailed`) for what the chain refuses;
- reads events of `emit_cpi!`, too, in `Program.events` and simulations, and ignores what programs only print.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from solders.instruction import Instruction
from solders.message import Message
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from ionet.chain.errors import ConfigError, TransactionFailed, failure
from ionet.chain.events import EventLog
from ionet.chain.transactions import programs_of, sent_from_json, simulated_from_json
from ionet.interop.calls import CallBuilder, shipped_idl
from ionet.interop.legacy import legacy_idl

try:
    from anchorpy import Context, Idl, Provider
    from anchorpy import Program as _Program
    from anchorpy.program.context import EMPTY_CONTEXT, _check_args_length
    from anchorpy.program.namespace.instruction import _InstructionFn
    from anchorpy.program.namespace.methods import IdlFuncs, _build_methods_item
    from anchorpy.program.namespace.simulate import SimulateResponse
    from anchorpy.program.namespace.transaction import _build_transaction_fn
    from solana.rpc.commitment import Confirmed
    from solana.rpc.core import RPCException
    from solders.rpc.config import RpcSimulateTransactionConfig
    from solders.rpc.errors import SendTransactionPreflightFailureMessage
    from solders.rpc.requests import SimulateVersionedTransaction
    from solders.rpc.responses import SimulateTransactionResp
except ImportError as bad:
    raise ConfigError(
        f"this environment has no anchorpy 0.21 ({bad}); in an environment of its own: "
        "pip install 'ionet[anchorpy]'"
    ) from bad


def program(name: str, provider: Provider | None = None) -> Program:
    """Returns anchorpy's client of one of the programs.

    Args:
        name: `staking`, `jobs` and so on.
        provider: connection and wallet; None for `Provider.local()`.

    Raises:
        ConfigError: there is no such program.
    """
    return Program(name, provider)


class Program(_Program):  # type: ignore[misc]
    """anchorpy's `Program` of one of the programs; see the module."""

    def __init__(self, name: str, provider: Provider | None = None) -> None:
        described = shipped_idl(name)
        idl = Idl.from_json(json.dumps(legacy_idl(described)))
        super().__init__(idl, Pubkey.from_string(described["address"]), provider)
        _same_discriminators(described, self.coder)
        for idl_ix in self.idl.instructions:
            call = _Call(self, name, idl_ix)
            transaction = _build_transaction_fn(idl_ix, call)
            rpc, simulate = partial(self._rpc, transaction), partial(self._simulate, transaction)
            self.instruction[idl_ix.name] = call
            self.transaction[idl_ix.name] = transaction
            self.rpc[idl_ix.name] = rpc
            self.simulate[idl_ix.name] = simulate
            self.methods[idl_ix.name] = _build_methods_item(IdlFuncs(call, transaction, rpc, simulate))

    def events(self, transaction: Any) -> EventLog:
        """Returns the program's events in a transaction, of the types of `ionet.events`.

        Args:
            transaction: the answer of `connection.get_transaction`, in any encoding.

        Raises:
            LookupError: the node does not know the transaction.
        """
        answer = json.loads(transaction.to_json())["result"]
        if answer is None:
            raise LookupError("the node does not know the transaction, or not yet at this commitment")
        if answer["meta"]["err"] is not None:
            return EventLog()
        return self._own(sent_from_json("", answer, None).event_log)

    def _own(self, log: EventLog) -> EventLog:
        return replace(
            log,
            emitted=tuple(event for event in log.emitted if event.program_id == self.program_id),
            undecoded=tuple(event for event in log.undecoded if event.program_id == self.program_id),
        )

    async def _signed(self, build: Any, args: Sequence[Any], ctx: Context) -> VersionedTransaction:
        latest = await self.provider.connection.get_latest_blockhash(Confirmed)
        payer = self.provider.wallet.payer
        transaction: VersionedTransaction = build(
            *args, payer=payer, blockhash=latest.value.blockhash, ctx=ctx
        )
        return transaction

    async def _rpc(self, build: Any, *args: Any, ctx: Context = EMPTY_CONTEXT) -> Any:
        transaction = await self._signed(build, args, ctx)
        try:
            signature = await self.provider.send(transaction, ctx.options)
        except RPCException as bad:
            refused = _preflight(bad, transaction)
            if refused is None:
                raise
            raise refused from bad
        if not (ctx.options or self.provider.opts).skip_confirmation:
            await self._succeeded(signature, transaction)
        return signature

    async def _succeeded(self, signature: Any, transaction: VersionedTransaction) -> None:
        """Raises the error of a transaction that landed and failed; solana-py waits, but does not check."""
        connection = self.provider.connection
        statuses = json.loads((await connection.get_signature_statuses([signature])).to_json())["result"]
        (status,) = statuses["value"]
        if status is None or status["err"] is None:
            return
        response = await connection.get_transaction(
            signature, commitment=Confirmed, max_supported_transaction_version=0
        )
        answer = json.loads(response.to_json())["result"]
        logs = (answer or {}).get("meta", {}).get("logMessages") or ()
        raise failure(
            status["err"], logs=logs, program_ids=programs_of(transaction), signature=str(signature)
        )

    async def _simulate(self, build: Any, *args: Any, ctx: Context = EMPTY_CONTEXT) -> SimulateResponse:
        transaction = await self._signed(build, args, ctx)
        commitment = (ctx.options or self.provider.opts).preflight_commitment
        # solana-py does not ask for inner instructions, where the events of `emit_cpi!` are.
        connection = self.provider.connection
        body = connection._simulate_transaction_body(transaction, True, commitment)
        config = RpcSimulateTransactionConfig(
            sig_verify=True, commitment=body.config.commitment, inner_instructions=True
        )
        request = SimulateVersionedTransaction(transaction, config)
        response = await connection._provider.make_request(request, SimulateTransactionResp)
        answer = json.loads(response.to_json())["result"]["value"]
        if answer["err"] is not None:
            raise failure(answer["err"], logs=answer["logs"] or (), program_ids=programs_of(transaction))
        message = transaction.message
        assert isinstance(message, Message)  # anchorpy makes no other
        simulated = simulated_from_json(answer, message)
        return SimulateResponse(list(self._own(simulated.event_log).events), list(simulated.logs))


def _preflight(bad: Exception, transaction: VersionedTransaction) -> TransactionFailed | None:
    """Returns why the preflight refused a transaction, or None for another reason."""
    message = bad.args[0]
    if not isinstance(message, SendTransactionPreflightFailureMessage):
        return None
    data = json.loads(message.data.to_json())
    return failure(data["err"], logs=data["logs"] or (), program_ids=programs_of(transaction))


def _same_discriminators(idl: Mapping[str, Any], coder: Any) -> None:
    """Refuses an IDL whose discriminators differ from those that anchorpy derives from names."""
    for kind, derived in (
        ("instructions", coder.instruction.sighashes),
        ("accounts", coder.accounts.acc_name_to_discriminator),
        ("events", {name: tag for tag, name in coder.events.discriminators.items()}),
    ):
        for entry in idl[kind]:
            if derived.get(entry["name"]) != bytes(entry["discriminator"]):
                raise ConfigError(
                    f"{idl['metadata']['name']}: anchorpy cannot know the discriminator of {entry['name']}, "
                    "which is not derived from its name"
                )


class _Call(_InstructionFn):  # type: ignore[misc]
    """anchorpy's function for an instruction, with our builder's accounts."""

    def __init__(self, program: Program, name: str, idl_ix: Any) -> None:
        super().__init__(idl_ix, program.coder.instruction.build, program.program_id)
        self._builder = CallBuilder(name, idl_ix.name)

    def __call__(self, *args: Any, ctx: Context = EMPTY_CONTEXT) -> Instruction:
        _check_args_length(self.idl_ix, args)
        return self._builder.build(args, ctx.accounts, ctx.remaining_accounts)
