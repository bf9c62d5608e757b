"""A seat's signature for a device that is to be registered: given once the device has computed a challenge.

Who registers makes the transaction: the device's key, the owner's and the attester's sign it, the owner pays.
The attester signs nothing but the registration of the device that has just answered, and is never the payer.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import replace
from typing import Any, Final

from solders.instruction import AccountMeta, CompiledInstruction, Instruction
from solders.keypair import Keypair
from solders.message import Message, MessageV0, from_bytes_versioned
from solders.pubkey import Pubkey

from ionet import AsyncClient, ix, pda
from ionet._generated.staking import PROGRAM_ID
from ionet.chain.errors import AccountNotFound, IonetError
from ionet.chain.ids import COMPUTE_BUDGET_PROGRAM, SYSTEM_PROGRAM
from ionet.orchestrator._chain import Chain
from ionet.orchestrator._policy import Policy
from ionet.prover import MEDIAN_OF, Challenge, Opening, challenge_seed, draw, median, slow, verify
from ionet.wire import Answer, Peer, Refused, Request

_MAX_TRANSACTION: Final = 1_232
#: Seconds until the same device is challenged again for another signature.
_AGAIN: Final = 5.0
#: Seconds for which a passed challenge is good for a further signature: of a transaction that expired.
_GOOD_FOR: Final = 600.0
_MOST: Final = 10_000
_SECONDS: Final = 120.0
#: The system program's AdvanceNonceAccount.
_ADVANCE_NONCE: Final = (4).to_bytes(4, "little")
_REGISTER: Final = ("register_device", "claim_device")


class Registrar:
    """Answers devices that ask for this seat's signature.

    Args:
        client: reads the chain.
        key: the seat's.
        chain: for beacons.
        policy: sizes of challenges and references of classes.

    Attributes:
        peer: this seat's, to challenge devices over; set before the first request.
    """

    def __init__(self, client: AsyncClient, key: Keypair, chain: Chain, policy: Policy) -> None:
        self._client = client
        self._key = key
        self._chain = chain
        self._policy = policy
        self.peer: Peer | None = None
        self._proving = asyncio.Lock()
        self._tries: OrderedDict[bytes, float] = OrderedDict()
        self._passed: OrderedDict[tuple[bytes, int], float] = OrderedDict()

    async def handle(self, request: Request) -> Answer:
        """Answers a request.

        Raises:
            Refused: the message is not a registration of the asking device, or the device did not pass.
        """
        if request.method != "sign-registration":
            raise Refused("no-such-method", f"this seat does not know {request.method!r}")
        class_id, fingerprint = request.arguments["class"], bytes.fromhex(request.arguments["fingerprint"])
        if type(class_id) is not int or len(fingerprint) != 32:
            raise Refused("bad-request", "a class is a number, a fingerprint 32 bytes")
        owner = Pubkey.from_string(request.arguments["owner"])
        problem = registration_problem(
            request.blob,
            seat=self._key.pubkey(),
            device=Pubkey(request.sender),
            owner=owner,
            class_id=class_id,
            fingerprint=fingerprint,
        )
        if problem is not None:
            raise Refused("not-a-registration", problem)
        try:
            await self._client.staking.get_class(class_id)
        except AccountNotFound:
            raise Refused("no-such-class", f"the chain has no class {class_id}") from None
        await self._challenge_once(request.sender, class_id)
        return Answer({}, bytes(self._key.sign_message(request.blob)))

    async def _challenge_once(self, device: bytes, class_id: int) -> None:
        now = time.monotonic()
        if now - self._passed.get((device, class_id), -_GOOD_FOR) < _GOOD_FOR:
            return
        if now - self._tries.get(device, -_AGAIN) < _AGAIN:
            raise Refused("busy", f"a device is challenged once in {_AGAIN:.0f} s")
        _remember(self._tries, device, now)
        async with self._proving:
            await self._challenge(device, class_id)
        _remember(self._passed, (device, class_id), time.monotonic())

    async def _challenge(self, device: bytes, class_id: int) -> None:
        policy = self._policy
        size = (policy.challenge_m, policy.challenge_k)
        known = policy.references.get(class_id, ())
        reference = next((item for item in known if (item.m, item.k) == size), None)
        times: list[int] = []
        while True:
            times.append(await self._answered(device, Challenge(bytes(32), *size), len(times)))
            late = None if reference is None else slow(median(times), reference.limit_ns)
            if late is None:
                return
            if len(times) == MEDIAN_OF:
                raise Refused("challenge-failed", f"{late.reason}: {late.detail}")

    async def _answered(self, device: bytes, size: Challenge, attempt: int) -> int:
        """Poses one challenge of a size, and returns how long its right answer took, nanoseconds.

        Raises:
            Refused: it is not right.
        """
        assert self.peer is not None
        policy = self._policy
        await self.peer.ask(device, "reserve", seconds=_SECONDS)
        fresh = await self._chain.beacon()
        seed = challenge_seed(job=bytes(32), node=device, attempt=attempt, fresh=fresh.value)
        challenge = replace(size, seed=seed)
        wanted: dict[str, Any] = {"k": challenge.k, "m": challenge.m, "seed": seed.hex()}
        start = time.perf_counter_ns()
        answer = await self.peer.ask(device, "commit", wanted, seconds=_SECONDS)
        nanoseconds = time.perf_counter_ns() - start
        root = bytes.fromhex(answer.arguments["root"])
        later = await self._chain.beacon(after=(await self._chain.beacon()).slot)
        drawn = draw(challenge, root, later.value, rows=policy.challenge_rows)
        rows = {"randomness": drawn.randomness.hex(), "root": root.hex(), "rows": list(drawn.rows)}
        opened = await self.peer.ask(device, "open", rows, seconds=_SECONDS)
        try:
            opening = await asyncio.to_thread(Opening.from_bytes, opened.blob)
        except IonetError as bad:
            raise Refused("challenge-failed", str(bad)) from bad
        verdict = await asyncio.to_thread(verify, challenge, root, drawn, opening)
        if not verdict.ok:
            raise Refused("challenge-failed", f"{verdict.reason}: {verdict.detail}")
        return nanoseconds


def registration_problem(
    data: bytes, *, seat: Pubkey, device: Pubkey, owner: Pubkey, class_id: int, fingerprint: bytes
) -> str | None:
    """Returns why a seat does not sign a message; None if it only registers this device.

    Args:
        data: the transaction's message, as it is signed.
        seat: the attester's key.
        device: the key of the device that asks.
        owner: who will own it.
        class_id: its hardware class.
        fingerprint: sha256 of the device's own id, 32 bytes.
    """
    if len(data) > _MAX_TRANSACTION:
        return f"a transaction has at most {_MAX_TRANSACTION} bytes"
    try:
        message = from_bytes_versioned(data)
    except ValueError:
        return "the bytes are not a transaction's message"
    if bytes(message) != data and bytes([0x80]) + bytes(message) != data:
        return "the bytes are not the message's own"
    if not isinstance(message, Message | MessageV0):
        return "it is of a version that this seat does not read"
    if isinstance(message, MessageV0) and message.address_table_lookups:
        return "its accounts are in lookup tables"
    keys = list(message.account_keys)
    if seat not in keys[: message.header.num_required_signatures]:
        return "this seat does not sign it"
    if keys[0] == seat:
        return "this seat would pay for it"
    wanted = [_registration(name, seat, device, owner, class_id, fingerprint) for name in _REGISTER]
    count = 0
    for compiled in message.instructions:
        instruction = _instruction(message, keys, compiled)
        if instruction is None:
            return "an instruction names an account that is not there"
        if _same(instruction, wanted):
            count += 1
            continue
        if any(meta.pubkey == seat for meta in instruction.accounts):
            return "another instruction uses this seat's key"
        if not _harmless(instruction):
            return f"it calls the program {instruction.program_id}"
    return None if count == 1 else "it does not register this device with this class, owner and seat"


def _registration(
    name: str, seat: Pubkey, device: Pubkey, owner: Pubkey, class_id: int, fingerprint: bytes
) -> Instruction:
    class_ = pda.staking.class_(class_id)
    if name == "claim_device":
        place = pda.staking.device(fingerprint)
        return ix.staking.claim_device(
            owner=owner, device_key=device, attester=seat, class_=class_, device=place
        )
    return ix.staking.register_device(
        owner=owner, device_key=device, attester=seat, class_=class_, fingerprint=fingerprint
    )


def _instruction(
    message: Message | MessageV0, keys: list[Pubkey], compiled: CompiledInstruction
) -> Instruction | None:
    signers = message.header.num_required_signatures
    indexes = [compiled.program_id_index, *compiled.accounts]
    if any(index >= len(keys) for index in indexes):
        return None
    metas = [
        AccountMeta(keys[index], is_signer=index < signers, is_writable=False) for index in compiled.accounts
    ]
    return Instruction(keys[compiled.program_id_index], bytes(compiled.data), metas)


def _same(instruction: Instruction, wanted: list[Instruction]) -> bool:
    """Whether it is one of those, whatever else of its accounts the transaction also uses."""
    named = [meta.pubkey for meta in instruction.accounts]
    return any(
        instruction.program_id == other.program_id
        and bytes(instruction.data) == bytes(other.data)
        and named == [meta.pubkey for meta in other.accounts]
        for other in wanted
    )


def _harmless(instruction: Instruction) -> bool:
    program, data = instruction.program_id, bytes(instruction.data)
    return program in (COMPUTE_BUDGET_PROGRAM, PROGRAM_ID) or (
        program == SYSTEM_PROGRAM and data[:4] == _ADVANCE_NONCE
    )


def _remember(kept: OrderedDict[Any, float], key: Any, now: float) -> None:
    kept[key] = now
    kept.move_to_end(key)
    if len(kept) > _MOST:
        kept.popitem(last=False)
