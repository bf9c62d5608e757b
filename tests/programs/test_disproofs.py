"""The proofs program: what a device has signed is shown to be wrong, from the signature alone.

Alice's node has 500 IO of her own and one processor. Expected cells and blocks are those of the reference in
plain integers, `ionet.prover.cell` and `ionet.prover.residency.next_state`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.programs.market import Market
from tests.programs.people import TOKEN
from tests.programs.recipes import misplaced
from tests.programs.support import DAY, HOUR, MINUTE, Refusal
from tests.programs.test_challenges import proposed, showing
from tests.programs.test_slashing import shards

from ionet import Call, FeePolicy, TransactionFailed, accounts, errors, events, ix, pda, types
from ionet.chain.ids import ED25519_PROGRAM
from ionet.formats.merkle import root_from_proof
from ionet.proofs.disproof import Disproof, signature_check
from ionet.prover import cell, chunk_leaf
from ionet.prover._signed import RATE_MESSAGE, READS_MESSAGE, Read, SignedRoot, rate_challenge
from ionet.prover.residency import Challenge, Sizes, block, memory_seed, next_state

#: What design and issue ask for.
M, K = 4_096, 65_536
SMALL: Final = Sizes(300, 16, 64, 5)
MEMORY: Final = Sizes(603_979_776, 2_048, 2**26, 1_320)
DRAWN: Final = 12
ROW, COLUMN = 4_095, 77
#: Most units and bytes of a transaction.
MOST_UNITS, MOST_BYTES = 1_400_000, 1_232


@dataclass(slots=True)
class Scene:
    """A market in which the hour's compute proofs have begun."""

    market: Market
    hour: accounts.proofs.Hour

    @classmethod
    def new(cls) -> Scene:
        market = Market.new()
        client = market.world.client
        client.proofs.tick().send()
        return cls(market, client.proofs.get_hour(client.proofs.latest_hour() + 1))

    @property
    def key(self) -> Keypair:
        """The device's."""
        return self.market.alice.device_key

    def sign(self, kind: bytes, sizes: tuple[int, int], root: bytes, by: Keypair | None = None) -> bytes:
        node = bytes(self.market.alice.node)
        signed = SignedRoot(kind, self.hour.seq, node, 0, 0, sizes, root)
        return bytes((by or self.key).sign_message(signed.message))

    def disproof(
        self, args: Any, kind: bytes, path: tuple[bytes, ...], by: Keypair | None = None
    ) -> Disproof:
        commitment = args.commitment
        signature = self.sign(kind, commitment.sizes, commitment.root, by)
        device = (by or self.key).pubkey()
        return Disproof(self.market.alice.node, self.hour.seq, device, signature, args, path)

    def call(self, disproof: Disproof) -> Call[events.staking.NodeDisproved]:
        """A disproof with its lookup table, which is old enough to be used."""
        client = self.market.world.client
        table = client.proofs.disproof_table(disproof).send().result
        client.network.clock.advance(0, slots=1)
        return client.proofs.disprove(disproof, table)

    def refused(self, disproof: Disproof, error: Refusal) -> None:
        self.market.world.refused(self.call(disproof), error)

    def resigned(self, disproof: Disproof, **changes: Any) -> Disproof:
        """Of another commitment, which the device has signed."""
        args = replace(disproof.args, commitment=replace(disproof.args.commitment, **changes))
        changed = replace(disproof, args=args)
        return replace(changed, signature=bytes(self.key.sign_message(changed.message)))

    def changed(self, disproof: Disproof, *, check: Instruction | None = None, **keys: Pubkey) -> Call[None]:
        """The same with another check of the signature, or with other accounts by name."""
        client = self.market.world.client
        usual, disproving = disproof.instructions(client.address)
        names = ("payer", "config", "hour", "node", "slash", "shard", "instructions", "staking_program")
        metas = list(disproving.accounts)
        for name, key in keys.items():
            old = metas[names.index(name)]
            metas[names.index(name)] = AccountMeta(key, old.is_signer, old.is_writable)
        call = Instruction(disproving.program_id, bytes(disproving.data), metas)
        table = client.proofs.disproof_table(disproof).send().result
        client.network.clock.advance(0, slots=1)
        return client.call(check or usual, call, tables=[table])


@pytest.fixture
def scene() -> Scene:
    return Scene.new()


def tree_around(leaf: bytes, place: int, leaves: int) -> tuple[bytes, tuple[bytes, ...]]:
    """Root and path of a leaf at a place of a tree of so many: whatever a cheat commits to beside it."""
    levels = (leaves - 1).bit_length()
    path = tuple(hashlib.sha256(bytes([level])).digest() for level in range(levels))
    return root_from_proof(leaf, place, path), path


def cell_of(
    scene: Scene, *, m: int = 64, k: int = 32, row: int = 63, column: int = 7, off: int = 1, **signed: Any
) -> Disproof:
    """A cell that is `off` by so much, in a tree that the device has signed."""
    made = rate_challenge(
        seed=scene.hour.seed, node=bytes(scene.market.alice.node), unit=0, number=0, m=m, k=k
    )
    value = cell(made, row, column) + off
    entries = bytearray(256)
    entries[column % 64 * 4 : column % 64 * 4 + 4] = value.to_bytes(4, "little", signed=True)
    place = row * (m // 64) + column // 64
    root, path = tree_around(chunk_leaf(bytes(entries)), place, m * m // 64)
    commitment = types.proofs.Commitment(unit=0, number=0, sizes=(m, k), root=root)
    args = types.proofs.CellArgs(commitment=commitment, row=row, column=column, entries=bytes(entries))
    return scene.disproof(args, RATE_MESSAGE, path, **signed)


def read_of(scene: Scene, sizes: Sizes = SMALL, *, number: int = 3, **wrong: Any) -> Disproof:
    """A read of chain 9 that is right but for what is given, among those that the device has signed."""
    seed = memory_seed(hour=scene.hour.seed, device=bytes(scene.key.pubkey()), unit=0)
    challenge = Challenge(seed, sizes)
    state = block(seed, 5, 8)
    packed = [
        b"".join(word.to_bytes(4, "little") for word in words)
        for words in (state, next_state(challenge, state, number))
    ]
    right = Read(9, number, packed[0], state[0] * sizes.blocks >> 32, packed[1])
    read = replace(right, **wrong)
    place = 2 * sizes.reads + number
    root, path = tree_around(read.leaf, place, DRAWN * sizes.reads)
    commitment = types.proofs.Commitment(0, 0, (sizes.blocks, sizes.rounds), root)
    args = types.proofs.ReadArgs(
        commitment=commitment,
        place=place,
        chain=read.chain,
        read=read.number,
        state=read.state,
        address=read.address,
        next=read.next,
    )
    return scene.disproof(args, READS_MESSAGE, path)


def wrong_state(right: Disproof) -> dict[str, Any]:
    """The state after a read with one bit flipped."""
    assert isinstance(right.args, types.proofs.ReadArgs)
    after = bytearray(right.args.next)
    after[127] ^= 1
    return {"next": bytes(after)}


# -- what is wrong


@pytest.mark.parametrize("kind", ["cell", "read"])
def test_what_a_device_has_signed_is_disproved_in_one_transaction(scene: Scene, kind: str) -> None:
    """The largest product and a memory of 80 GiB: a tenth of the minimum, without appeal."""
    market, before = scene.market, scene.market.node()
    if kind == "cell":
        disproof = cell_of(scene, m=M, k=K, row=ROW, column=COLUMN)
    else:
        disproof = read_of(scene, MEMORY, **wrong_state(read_of(scene, MEMORY)))
    call = scene.call(disproof)
    assert len(bytes(call.tx())) <= MOST_BYTES
    sent = call.send(fees=FeePolicy(compute_limit=MOST_UNITS, price=0))
    event, after = sent.result, market.node()
    fine = before.minimum // 10
    assert (event.amount, event.hour, event.payer) == (fine, scene.hour.seq, market.world.deployer)
    assert (after.set_apart, after.frozen) == (fine, 0)
    own = before.own
    assert after.own.active + after.own.due == own.active + own.due - fine
    proof = after.last_proof
    assert (proof.passed, proof.reason) == (0, types.staking.ProofReason.DISPROVED)
    assert (proof.time, proof.evidence_hash) == (
        scene.hour.period_end,
        hashlib.sha256(disproof.message).digest(),
    )
    market.check()


def test_a_node_is_slashed_once_for_an_hour_and_what_was_taken_is_burned(scene: Scene) -> None:
    market, disproof = scene.market, cell_of(scene)
    fine = scene.call(disproof).send().result.amount
    scene.refused(replace(cell_of(scene, row=5)), "AccountAlreadyInUse")
    made = market.world.client.fetch(accounts.staking.Slash, disproof.slash)
    assert (made.state, made.apart, made.amount) == (types.staking.SlashState.DISPROVED, fine, 0)
    about: dict[str, Any] = {"slash": disproof.slash}
    market.refused(market.staking("appeal", **about), errors.staking.AppealClosed)
    market.refused(market.staking("set_apart_slash", **about), errors.staking.NotExecutable)
    market.refused(market.staking("resolve_slash", amount=fine, **about), errors.staking.NotDecidable)
    burning = market.staking("execute_slash", remaining_accounts=tuple(shards(market)), **about)
    supply = market.world.supply
    while market.world.client.fetch(accounts.staking.Slash, disproof.slash).apart:
        market.send(burning)
        market.world.advance(8 * DAY)
    assert supply - market.world.supply == fine
    closing = market.staking("close_slash", proposer=market.world.deployer, **about)
    market.send(closing)


def test_a_disproof_keeps_its_account_while_it_could_be_shown_again(scene: Scene) -> None:
    """Also when the authority has given back what was taken."""
    market, disproof = scene.market, cell_of(scene)
    scene.call(disproof).send()
    market.send(market.staking("cancel_slash", slash=disproof.slash, authority=market.world.deployer))
    assert market.node().set_apart == 0
    closing = market.staking("close_slash", slash=disproof.slash, proposer=market.world.deployer)
    market.refused(closing, errors.staking.SlashOpen)
    market.world.advance(scene.hour.period_end + 7 * DAY - market.world.now)
    market.refused(closing, errors.staking.SlashOpen)
    market.world.advance(1)
    market.send(closing)


def test_a_failed_verdict_stays_until_an_hour_that_began_later(scene: Scene) -> None:
    """A report's verdict of the same hour, in which the device had passed, is not shown."""
    market = scene.market
    market.world.advance(HOUR + MINUTE)
    scene.call(cell_of(scene)).send()
    made = proposed(market, {market.alice.node: 30 * TOKEN})
    market.refused(showing(market, made), errors.staking.VerdictBeforeChange)
    market.world.advance(HOUR)
    later = proposed(market, {market.alice.node: 30 * TOKEN})
    market.send(showing(market, later))
    assert market.node().last_proof.passed == 1


@pytest.mark.parametrize("off", [-1, 1, 2**30])
def test_any_other_value_of_a_cell_is_wrong(scene: Scene, off: int) -> None:
    assert scene.call(cell_of(scene, off=off)).send().result.amount


def test_an_address_that_does_not_follow_is_wrong(scene: Scene) -> None:
    right = read_of(scene)
    assert isinstance(right.args, types.proofs.ReadArgs)
    assert scene.call(read_of(scene, address=(right.args.address + 1) % 300)).send().result.amount


# -- what is right, and what is not signed


def test_a_right_cell_and_a_right_read_stand(scene: Scene) -> None:
    scene.refused(cell_of(scene, off=0), errors.proofs.CellStands)
    scene.refused(cell_of(scene, m=M, k=K, row=ROW, column=COLUMN, off=0), errors.proofs.CellStands)
    scene.refused(read_of(scene), errors.proofs.ReadStands)
    scene.refused(read_of(scene, MEMORY), errors.proofs.ReadStands)


def test_a_forged_path_leaf_or_root_is_refused(scene: Scene) -> None:
    made = cell_of(scene)
    args = made.args
    assert isinstance(args, types.proofs.CellArgs)
    scene.refused(replace(made, path=(bytes(32), *made.path[1:])), errors.proofs.WrongProof)
    scene.refused(replace(made, path=made.path[1:]), errors.proofs.WrongProof)
    scene.refused(replace(made, args=replace(args, row=62)), errors.proofs.WrongProof)
    scene.refused(replace(made, args=replace(args, entries=bytes(256))), errors.proofs.WrongProof)
    # A tree of the challenger's own: nobody has signed its root.
    other = cell_of(scene, off=9)
    world = scene.market.world
    forged = scene.changed(other, check=made.instructions(world.deployer)[0])
    world.refused(forged, errors.proofs.NotSigned)


def test_the_signature_has_to_stand_in_the_instruction_before(scene: Scene) -> None:
    made, world = cell_of(scene), scene.market.world
    none = Instruction(ED25519_PROGRAM, b"\0\0", [])
    world.refused(scene.changed(made, check=none), errors.proofs.NotSigned)
    memo = Instruction(Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"), b"x", [])
    world.refused(scene.changed(made, check=memo), errors.proofs.NotSigned)
    # Signature, key or message in an instruction that is named, even where it is this same one.
    check = made.instructions(world.deployer)[0]
    for at in (4, 8, 14):
        data = bytearray(check.data)
        data[at : at + 2] = bytes(2)
        elsewhere = Instruction(ED25519_PROGRAM, bytes(data), [])
        world.refused(scene.changed(made, check=elsewhere), errors.proofs.NotSigned)
    data = bytearray(check.data)
    data[48] ^= 1
    broken = Instruction(ED25519_PROGRAM, bytes(data), [])
    with pytest.raises(TransactionFailed, match="Ed25519SigVerify"):
        scene.changed(made, check=broken).send()


def test_another_device_hour_or_node_is_refused(scene: Scene) -> None:
    market, world = scene.market, scene.market.world
    foreign = cell_of(scene, by=market.bob.device_key)
    scene.refused(foreign, errors.proofs.ForeignCommitment)
    made = cell_of(scene)
    market.join(market.bob, 300 * TOKEN)
    other = scene.changed(made, node=market.bob.node, slash=pda.staking.disproof(market.bob.node, made.hour))
    world.refused(other, errors.proofs.NotSigned)
    world.refused(scene.changed(made, node=world.deployer), errors.proofs.NotANode)
    world.advance(HOUR)
    world.client.proofs.tick().send()
    later = scene.hour.seq + 1
    stale = scene.changed(made, hour=pda.proofs.hour(later), slash=pda.staking.disproof(made.node, later))
    world.refused(stale, errors.proofs.NotSigned)


def test_an_hour_can_be_disproved_for_seven_days(scene: Scene) -> None:
    made, world = cell_of(scene), scene.market.world
    world.advance(scene.hour.period_end + 7 * DAY + 1 - world.now)
    scene.refused(made, errors.proofs.HourTooOld)
    world.turn_back(1)
    assert scene.call(made).send().result.amount


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"sizes": (96, 32)}, errors.proofs.SizesUnknown),
        ({"sizes": (64, 24)}, errors.proofs.SizesUnknown),
        ({"sizes": (64, K + 16)}, errors.proofs.SizesUnknown),
        ({"unit": 8}, errors.proofs.OutsideProof),
        ({"number": 2**29}, errors.proofs.OutsideProof),
    ],
)
def test_what_is_not_specified_is_refused(scene: Scene, changes: dict[str, Any], error: Refusal) -> None:
    made = cell_of(scene)
    scene.refused(scene.resigned(made, **changes), error)


def test_a_cell_outside_the_product_and_a_memory_that_is_too_slow_are_refused(scene: Scene) -> None:
    made = cell_of(scene)
    places: tuple[dict[str, Any], ...] = ({"row": 64}, {"column": 64})
    for place in places:
        scene.refused(replace(made, args=replace(made.args, **place)), errors.proofs.OutsideProof)
    for sizes in ((0, 16), (300, 7), (300, 2_049)):
        scene.refused(scene.resigned(read_of(scene), sizes=sizes), errors.proofs.SizesUnknown)


def test_no_account_of_a_disproof_can_be_another_one(scene: Scene) -> None:
    made, world = cell_of(scene), scene.market.world
    other = next(one.pubkey for one in shards(scene.market))
    cases: list[tuple[dict[str, Any], Refusal]] = [
        ({"shard": other}, errors.staking.WrongShard),
        ({"slash": pda.staking.disproof(made.node, 99)}, "ConstraintSeeds"),
        ({"instructions": world.deployer}, errors.proofs.NotSigned),
        ({"staking_program": world.deployer}, "ConstraintAddress"),
        ({"config": pda.staking.CONFIG}, "AccountOwnedByWrongProgram"),
        ({"hour": made.node}, "AccountOwnedByWrongProgram"),
    ]
    for changes, error in cases:
        world.refused(scene.changed(made, **changes), error)


def test_the_idl_says_where_a_disproofs_accounts_are(scene: Scene) -> None:
    client = scene.market.world.client
    for made, name in ((cell_of(scene), "disprove_cell"), (read_of(scene), "disprove_read")):
        _, call = made.instructions(client.address)
        assert not misplaced("proofs", name, call, {}, client.account)


def test_only_the_proofs_program_slashes_for_a_disproof(scene: Scene) -> None:
    market = scene.market
    direct = ix.staking.slash_disproved(
        proofs=market.world.deployer,
        payer=market.world.deployer,
        node=market.alice.node,
        shard=market.alice.shard,
        hour=scene.hour.seq,
        period_end=scene.hour.period_end,
        evidence_hash=bytes(32),
    )
    market.refused(direct, errors.staking.NotProofs)


def test_a_disproof_is_read_from_the_file_that_it_was_written_to(scene: Scene) -> None:
    for made in (cell_of(scene), read_of(scene)):
        assert Disproof.from_json(made.to_json()) == made
    assert signature_check(made.device, made.signature, made.message) == made.instructions(made.node)[0]
