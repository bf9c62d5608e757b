"""What the pages read from bytes is what the chain reads: thousands of forgeries, by two decoders.

The pages' is TypeScript of this project, the chain's is that of solders. Whatever the pages would have signed
has to be to the chain the very calls that were asked for.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.compute_budget import ID as BUDGET
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import Instruction
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from ionet import ix, pda, token_account
from ionet.administration.shards import shard_of
from workspace.pages import environment

HERE: Final = Path(__file__).parent
HOLDER, NODE, OTHER = (Pubkey.from_bytes(bytes([number]) * 32) for number in (7, 8, 9))
PURSE: Final = token_account(HOLDER, pda.mint.MINT)
AMOUNT: Final = 5_000_000_000
#: Of its role in a stake the program is the judge.
CLASS: Final = pda.staking.class_(3)


class Asked(NamedTuple):
    """What somebody asks for, and the honest calls for it."""

    action: str
    amount: int | None
    calls: list[Instruction]
    owner: bool = False


def stake(node: Pubkey = NODE, class_: Pubkey = CLASS) -> Instruction:
    return ix.staking.stake(holder=HOLDER, class_=class_, node=node, source=PURSE, amount=AMOUNT)


def owner_unstake() -> Instruction:
    return ix.staking.owner_unstake(
        owner=HOLDER,
        class_=CLASS,
        node=NODE,
        offer=pda.jobs.offer(NODE),
        shard=shard_of(NODE),
        destination=PURSE,
        amount=AMOUNT,
    )


ASKED: Final = (
    Asked("stake", AMOUNT, [ix.staking.open_position(holder=HOLDER, node=NODE), stake()]),
    Asked("claim", None, [ix.staking.claim(holder=HOLDER, node=NODE, destination=PURSE)]),
    Asked("unstake", AMOUNT, [owner_unstake()], owner=True),
)
_BUDGET: Final = [set_compute_unit_limit(400_000), set_compute_unit_price(10)]


def compiled(calls: list[Instruction]) -> MessageV0:
    return MessageV0.try_compile(HOLDER, [*_BUDGET, *calls], [], Hash.default())


def length(number: int, form: str = "right") -> bytes:
    """A length as transactions have it, or in another way that comes to the same number for a lax reader."""
    match form:
        case "right":
            return bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80, number >> 7])
        case "padded":
            return bytes([number & 0x7F | 0x80, number >> 7])
        case "padded twice":
            return bytes([number & 0x7F | 0x80, number >> 7 | 0x80, 0])
        case "padded thrice":
            return bytes([number & 0x7F | 0x80, number >> 7 | 0x80, 0x80, 0])
        case _:
            # Of more than 16 bits, the lowest of which are the number.
            return bytes([number & 0x7F | 0x80, number >> 7 | 0x80, 4])


def wire(
    message: MessageV0, *, odd: int = -1, form: str = "right", legacy: bool = False, **other: Any
) -> bytes:
    """A transaction, written by hand; `odd` is the number of the length that has another form."""
    count = iter(range(10_000))

    def sized(number: int) -> bytes:
        return length(number, form if next(count) == odd else "right")

    header = message.header
    numbers = other.get(
        "header",
        (
            header.num_required_signatures,
            header.num_readonly_signed_accounts,
            header.num_readonly_unsigned_accounts,
        ),
    )
    keys = other.get("keys", message.account_keys)
    parts = [sized(other.get("signatures", 1)), bytes(64) * other.get("signatures", 1)]
    parts += [b"" if legacy else bytes([other.get("version", 0x80)]), bytes(numbers), sized(len(keys))]
    parts += [*map(bytes, keys), bytes(32), sized(len(message.instructions))]
    for call in message.instructions:
        parts.append(bytes([call.program_id_index]))
        parts += [sized(len(call.accounts)), bytes(call.accounts), sized(len(call.data)), bytes(call.data)]
    tables = other.get("tables", ())
    if not legacy:
        parts.append(sized(len(tables)))
        for table, writable, readonly in tables:
            parts += [
                bytes(table),
                sized(len(writable)),
                bytes(writable),
                sized(len(readonly)),
                bytes(readonly),
            ]
    return b"".join(parts)


def forgeries(asked: Asked) -> Iterator[bytes]:
    message = compiled(asked.calls)
    honest = wire(message)
    for at, change in product(range(len(honest)), (0x01, 0x80, 0xFF)):
        yield honest[:at] + bytes([honest[at] ^ change]) + honest[at + 1 :]
    for at in range(0, len(honest), 3):
        yield honest[:at]
        yield honest[:at] + honest[at + 1 :]
        yield honest[:at] + b"\0" + honest[at:]
    yield from (honest + more for more in (b"\0", b"\1", bytes(2), honest))
    for form, odd in product(("padded", "padded twice", "padded thrice", "too much"), range(20)):
        yield wire(message, odd=odd, form=form)
        yield wire(message, odd=odd, form=form, legacy=True)
    yield from (wire(message, version=version) for version in range(0x80, 0x100))
    yield from (wire(message, header=numbers) for numbers in product(range(3), range(3), (*range(18), 255)))
    keys = list(message.account_keys)
    for one, two in product(range(len(keys)), repeat=2):
        doubled = list(keys)
        doubled[one] = keys[two]
        swapped = list(keys)
        swapped[one], swapped[two] = keys[two], keys[one]
        yield wire(message, keys=doubled)
        yield wire(message, keys=swapped)
    yield wire(message, keys=[*keys, OTHER])
    yield wire(message, keys=keys[:-1])
    yield from (wire(message, signatures=many) for many in (0, 2, 3))
    hidden = [(OTHER, [], []), (OTHER, [0], []), (OTHER, [], [0]), (OTHER, [0, 0], [1])]
    yield from (wire(message, tables=[table]) for table in hidden)
    yield from (wire(message, tables=[table] * 2) for table in hidden)
    # The last account comes from a table, at the number that it would have had.
    yield from (wire(message, keys=keys[:-1], tables=[table]) for table in hidden)
    table = AddressLookupTableAccount(OTHER, [NODE, PURSE, CLASS])
    through = MessageV0.try_compile(HOLDER, [*_BUDGET, *asked.calls], [table], Hash.default())
    yield bytes(VersionedTransaction.populate(through, [Signature.default()]))


class Effect(NamedTuple):
    """What the chain would do: calls with their accounts, beside the budget's."""

    payer: Pubkey
    signers: int
    calls: list[tuple[Pubkey, list[Pubkey], bytes]]


def effect(raw: bytes) -> Effect | None:
    """What a transaction does to the chain; None: it takes no such bytes, or all of it is not in them."""
    try:
        transaction = VersionedTransaction.from_bytes(raw)
        transaction.sanitize()
    except Exception:
        return None
    message = transaction.message
    if bytes(transaction) != raw or (isinstance(message, MessageV0) and message.address_table_lookups):
        return None
    keys = list(message.account_keys)
    if len(set(keys)) != len(keys):
        return None
    calls = [
        (keys[call.program_id_index], [keys[number] for number in bytes(call.accounts)], bytes(call.data))
        for call in message.instructions
    ]
    others = [call for call in calls if call[0] != BUDGET]
    return Effect(keys[0], message.header.num_required_signatures, others)


def judged(asked: Asked) -> Effect:
    """The effect that was asked for, by the calls themselves."""
    calls = [
        (call.program_id, [meta.pubkey for meta in call.accounts], bytes(call.data)) for call in asked.calls
    ]
    return Effect(HOLDER, 1, calls)


def without_class(of: Effect, like: Effect) -> Effect:
    """With the class of the one that was asked for, where the place of an account is that of a class."""
    calls = []
    for number, (program, accounts, data) in enumerate(of.calls):
        theirs = like.calls[number][1] if number < len(like.calls) else []
        places = [at for at, account in enumerate(theirs) if account == CLASS]
        calls.append(
            (program, [CLASS if at in places else account for at, account in enumerate(accounts)], data)
        )
    return of._replace(calls=calls)


@cache
def read(action: str) -> tuple[list[bytes], list[dict[str, Any]]]:
    """Forgeries, and what the pages say of them."""
    asked = next(each for each in ASKED if each.action == action)
    amount = None if asked.amount is None else str(asked.amount)
    wish = {"action": asked.action, "holder": str(HOLDER), "node": str(NODE), "amount": amount}
    wish |= {"owner": asked.owner}  # type: ignore[dict-item]
    message = compiled(asked.calls)
    given = [wire(message), wire(message, legacy=True), *forgeries(asked)]
    ended = subprocess.run(
        ["node", str(HERE / "decode.mjs")],
        input=json.dumps({"wish": wish, "transactions": [raw.hex() for raw in given]}),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return given, json.loads(ended.stdout)


@pytest.mark.parametrize("asked", ASKED, ids=[each.action for each in ASKED])
def test_whatever_the_pages_would_sign_is_to_the_chain_what_was_asked_for(tools: None, asked: Asked) -> None:
    given, said = read(asked.action)
    assert len(given) == len(said) > 2_000
    right = judged(asked)
    taken = 0
    for raw, told in zip(given, said, strict=True):
        if "refused" in told:
            continue
        taken += 1
        does = effect(raw)
        assert does is not None, f"the chain does not take {raw.hex()}, and the pages do"
        assert without_class(does, right) == right, raw.hex()
        # The signature is not part of what is signed.
        assert told["message"] == raw[65:].hex()
    # Blockhashes, signatures, budgets, and accounts that need not be writable may differ.
    assert taken > 100


@pytest.mark.parametrize("asked", ASKED, ids=[each.action for each in ASKED])
def test_what_is_honest_is_read_in_both_forms(tools: None, asked: Asked) -> None:
    given, said = read(asked.action)
    solders = VersionedTransaction.populate(compiled(asked.calls), [Signature.default()])
    assert bytes(solders) == given[0]
    for told in said[:2]:
        assert told["does"][-1].startswith("Pays the network")
    legacy = Message.new_with_blockhash([*_BUDGET, *asked.calls], HOLDER, Hash.default())
    assert [bytes(call.data) for call in legacy.instructions] == [
        bytes(call.data) for call in VersionedTransaction.from_bytes(given[1]).message.instructions
    ]


def test_lengths_have_one_form(tools: None) -> None:
    """Node software takes only the shortest; whoever took another would read on at another place."""
    asked = ASKED[0]
    given, said = read(asked.action)
    odd = {
        wire(compiled(asked.calls), odd=number, form=form)
        for form in ("padded", "padded twice", "padded thrice", "too much")
        for number in range(10)
    }
    told = [each for raw, each in zip(given, said, strict=True) if raw in odd]
    assert len(told) == 40
    assert all("refused" in each for each in told)
