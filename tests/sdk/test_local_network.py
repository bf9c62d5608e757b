"""The local network behaves as a node where it matters."""

from __future__ import annotations

import hashlib
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

import ionet
from ionet import SOL
from ionet.chain import ids, layouts
from ionet.chain.rpc import embedded
from ionet.chain.rpc.local import LocalNetwork, shipped_programs

KEY = Pubkey.new_unique()


def signed(client: ionet.Client, lamports: int = 1_000_000, blockhash: Any = None) -> VersionedTransaction:
    instruction = transfer(TransferParams(from_pubkey=client.address, to_pubkey=KEY, lamports=lamports))
    recent = blockhash or client.network.latest_blockhash
    message = MessageV0.try_compile(client.address, [instruction], [], recent)
    return VersionedTransaction(message, [client.signer])  # type: ignore[list-item]


def raw(transaction: VersionedTransaction) -> str:
    return b64encode(bytes(transaction)).decode()


def test_the_clock_stands_still_until_it_is_moved(bare: ionet.Client) -> None:
    clock = bare.network.clock
    start = clock.now()
    bare.airdrop(KEY, SOL(1))
    assert clock.now() == start == bare.time()
    assert clock.advance(3600) == start + 3600 == bare.time()
    assert clock.set(start + 5000) == start + 5000 == bare.time()


def test_the_start_can_be_chosen() -> None:
    assert ionet.local(shipped=False, now=1_700_000_000).time() == 1_700_000_000


def test_the_clock_does_not_go_back(bare: ionet.Client) -> None:
    with pytest.raises(ValueError, match="does not go back"):
        bare.network.clock.advance(-1)
    with pytest.raises(ValueError, match="does not go back"):
        bare.network.clock.set(0)


def test_time_brings_slots_and_epochs(bare: ionet.Client) -> None:
    clock = bare.network.clock
    slot = clock.slot
    clock.advance(4)
    assert clock.slot == slot + 10
    clock.advance(0, slots=3)
    assert clock.slot == slot + 13
    epoch = bare.request("getEpochInfo")["epoch"]
    clock.advance(2 * 86_400)
    assert bare.request("getEpochInfo")["epoch"] == epoch + 1


def test_slot_hashes_are_those_of_the_slots_before(bare: ionet.Client) -> None:
    def entries() -> list[tuple[int, bytes]]:
        found = bare.network.account(ids.SLOT_HASHES)
        assert found is not None
        data = bytes(found.data)
        count = int.from_bytes(data[:8], "little")
        return [
            (int.from_bytes(data[8 + 40 * i : 16 + 40 * i], "little"), data[16 + 40 * i : 48 + 40 * i])
            for i in range(count)
        ]

    before = entries()
    assert len(before) == 512
    assert before[0][0] == bare.network.clock.slot - 1
    bare.network.clock.advance(0, slots=40)
    after = entries()
    assert [slot for slot, _ in after] == [bare.network.clock.slot - 1 - i for i in range(512)]
    assert len({digest for _, digest in after}) == 512
    assert after[40:] == before[:472]


def shown(network: LocalNetwork) -> tuple[int, int, str, str]:
    sysvar = network.account(ids.SLOT_HASHES)
    assert sysvar is not None
    digest = hashlib.sha256(bytes(sysvar.data)).hexdigest()
    return network.clock.slot, network.block_height, str(network.latest_blockhash), digest[:16]


#: What a network shows that begins at 1,800,000,000, after each of `STEPS`.
HISTORY = (
    (435888512, 512, "BBrC47nic7v1rRviyq6dsc3foqSmAHapfF3rjjW1rQgJ", "03b0eb6841ac3ae9"),
    (435888513, 513, "DpNv9vPWPrRxc4fypVzXtdMySbNvH53AuXTLNEWsF5qM", "91f09f1df929aac6"),
    (435888538, 538, "TWFbJfqDrzhmLQQ63BxJxPcdLdSXtg4KdA8x9x9RQcn", "3e6f33fcd1ba4318"),
    (435888538, 538, "TWFbJfqDrzhmLQQ63BxJxPcdLdSXtg4KdA8x9x9RQcn", "3e6f33fcd1ba4318"),
    (435897538, 9538, "3X7FRr1LfVHGg2jYfWtRtnszU7uUkMkLNJDAMRckuHKL", "4d9fdb98e730fdcd"),
    (435897689, 9689, "3v9e3vDegKssdJhbyxWs9Tg43vfyiXiwuLmeSvipUUrj", "08b51750a9304408"),
    (435898200, 10200, "B8iZLgArkr4WsNwS9YhfexqimAtw2K8ejb8wPc9iarBZ", "74294b33ab765979"),
    (436762200, 874200, "BugKeaH2qzvuwqhvH1Qr6b4gQE8RJmkGVBSWtTMLLBRZ", "e824ccb1cd5d2ae9"),
)
STEPS: tuple[Callable[[LocalNetwork], object], ...] = (
    lambda network: None,
    lambda network: network.airdrop(Pubkey(bytes(31) + b"\x07"), 10**9),
    lambda network: network.clock.advance(10),
    lambda network: network.clock.advance(0, slots=0),
    lambda network: network.clock.advance(3600),
    lambda network: network.clock.advance(0, slots=151),
    lambda network: network.clock.advance(0, slots=511),
    lambda network: network.clock.advance(0, slots=864_000),
)


def test_a_network_that_begins_at_a_given_time_has_known_blockhashes() -> None:
    network = LocalNetwork(now=1_800_000_000, shipped=False)
    found = []
    for step in STEPS:
        step(network)
        found.append(shown(network))
    assert tuple(found) == HISTORY


def test_blockhashes_do_not_depend_on_who_looks_at_them() -> None:
    network = LocalNetwork(now=1_800_000_000, shipped=False)
    for step in STEPS:
        step(network)
    assert shown(network) == HISTORY[-1]
    seldom = LocalNetwork(now=1_800_000_000, shipped=False)
    for i, step in enumerate(STEPS):
        step(seldom)
        if i in (2, 5):
            assert shown(seldom) == HISTORY[i]
    assert shown(seldom) == HISTORY[-1]


def test_a_node_says_of_150_older_blockhashes_that_they_are_valid(bare: ionet.Client) -> None:
    def valid(blockhash: object) -> object:
        return bare.request("isBlockhashValid", str(blockhash))["value"]

    network = bare.network
    old = network.latest_blockhash
    network.clock.advance(0, slots=75)
    middle = network.latest_blockhash
    network.clock.advance(0, slots=75)
    assert (valid(old), valid(middle), valid(network.latest_blockhash)) == (True, True, True)
    network.clock.advance(0, slots=1)
    assert (valid(old), valid(middle)) == (False, True)
    network.clock.advance(3600)
    assert (valid(old), valid(middle)) == (False, False)
    with pytest.raises(ionet.RpcError, match="WrongSize"):
        valid("no blockhash")
    assert valid(Hash.default()) is False


def create_lookup_table(owner: Pubkey, slot: int) -> Instruction:
    seeds = [bytes(owner), slot.to_bytes(8, "little")]
    table, bump = Pubkey.find_program_address(seeds, ids.ADDRESS_LOOKUP_TABLE_PROGRAM)
    return Instruction(
        ids.ADDRESS_LOOKUP_TABLE_PROGRAM,
        bytes(4) + slot.to_bytes(8, "little") + bytes([bump]),
        [
            AccountMeta(table, False, True),
            AccountMeta(owner, True, False),
            AccountMeta(owner, True, True),
            AccountMeta(ids.SYSTEM_PROGRAM, False, False),
        ],
    )


def test_programs_see_the_slot_hashes_of_now_without_naming_them(bare: ionet.Client) -> None:
    for seconds in (0, 40, 3600):
        bare.network.clock.advance(seconds)
        slot = bare.network.clock.slot
        with pytest.raises(ionet.SimulationFailed, match="invalid instruction data"):
            bare.call(create_lookup_table(bare.address, slot)).simulate()
        assert bare.send(create_lookup_table(bare.address, slot - 1)).slot == slot


def in_the_runtime(network: LocalNetwork, address: Pubkey) -> bytes:
    """What a program would read now: not through `account`, which looks after it."""
    found = network._svm.get_account(address)
    assert found is not None
    return bytes(found.data)


def newest_slot(network: LocalNetwork) -> int:
    return int.from_bytes(in_the_runtime(network, ids.SLOT_HASHES)[8:16], "little")


def naming(address: Pubkey) -> Instruction:
    memo = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
    return Instruction(memo, b"", [AccountMeta(address, False, False)])


@pytest.mark.parametrize("address", sorted(embedded._READERS | embedded._LOADERS, key=str))
def test_the_slot_hashes_are_written_for_whoever_may_read_them(bare: ionet.Client, address: Pubkey) -> None:
    network = bare.network
    network.clock.advance(3600)
    message = MessageV0.try_compile(bare.address, [naming(address)], [], network.latest_blockhash)
    network.simulate(VersionedTransaction(message, [bare.signer]))  # type: ignore[list-item]
    assert newest_slot(network) == network.clock.slot - 1


def test_the_slot_hashes_are_written_for_transactions_with_lookup_tables(bare: ionet.Client) -> None:
    network = bare.network
    network.clock.advance(3600)
    table = AddressLookupTableAccount(Pubkey.new_unique(), [KEY])
    message = MessageV0.try_compile(bare.address, [naming(KEY)], [table], network.latest_blockhash)
    assert message.address_table_lookups
    network.simulate(VersionedTransaction(message, [bare.signer]))  # type: ignore[list-item]
    assert newest_slot(network) == network.clock.slot - 1


def test_the_slot_hashes_are_written_for_programs_that_may_ask_for_any_sysvar(tmp_path: Path) -> None:
    place = shipped_programs()["mint"][1]
    whole = place.read_bytes()
    for end in embedded._GET_SYSVAR:
        asking = tmp_path / f"asking_{end.hex()}.so"
        asking.write_bytes(whole + end)
        for path, fresh in ((place, False), (asking, True)):
            program = Pubkey.new_unique()
            client = ionet.local(programs={program: path}, shipped=False)
            client.network.account(ids.SLOT_HASHES)
            client.network.clock.advance(3600)
            message = MessageV0.try_compile(
                client.address, [Instruction(program, b"", [])], [], client.network.latest_blockhash
            )
            client.network.simulate(VersionedTransaction(message, [client.signer]))  # type: ignore[list-item]
            assert (newest_slot(client.network) == client.network.clock.slot - 1) is fresh


def test_the_system_calls_hash_is_murmur3_of_its_name() -> None:
    name, number = embedded._GET_SYSVAR
    assert murmur3(name) == int.from_bytes(number, "little")
    assert murmur3(b"") == 0
    assert murmur3(b"hello") == 0x248BFA47


def murmur3(data: bytes) -> int:
    """Murmur3 for 32 bits with seed 0."""

    def turned(value: int, bits: int) -> int:
        return (value << bits | value >> (32 - bits)) & 0xFFFFFFFF

    def mixed(block: bytes) -> int:
        return turned(int.from_bytes(block, "little") * 0xCC9E2D51 & 0xFFFFFFFF, 15) * 0x1B873593 & 0xFFFFFFFF

    value, whole = 0, len(data) // 4 * 4
    for at in range(0, whole, 4):
        value = (turned(value ^ mixed(data[at : at + 4]), 13) * 5 + 0xE6546B64) & 0xFFFFFFFF
    value ^= mixed(data[whole:]) ^ len(data)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        value = (value ^ value >> shift) * factor & 0xFFFFFFFF
    return value ^ value >> 16


#: Programs of the runtime that read no slot hashes; the token program asks for the rent alone.
BLIND = {
    ids.SYSTEM_PROGRAM,
    ids.COMPUTE_BUDGET_PROGRAM,
    ids.TOKEN_PROGRAM,
    ids.TOKEN_2022_PROGRAM,
    ids.ASSOCIATED_TOKEN_PROGRAM,
    *map(
        Pubkey.from_string,
        (
            "Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo",
            "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr",
            "Ed25519SigVerify111111111111111111111111111",
            "KeccakSecp256k11111111111111111111111111111",
            "Secp256r1SigVerify1111111111111111111111111",
            "ZkE1Gama1Proof11111111111111111111111111111",
        ),
    ),
}


def test_no_program_of_the_runtime_is_unknown() -> None:
    svm = LiteSVM()
    owners = {Pubkey.from_string("NativeLoader1111111111111111111111111111111"), *embedded._LOADERS}
    programs = {key for owner in owners for key, one in svm.get_program_accounts(owner) if one.executable}
    assert programs <= BLIND | embedded._READERS | embedded._LOADERS
    assert len(programs) > 10


def test_a_sysvar_that_is_set_stays_so_until_the_next_slot(bare: ionet.Client) -> None:
    network = bare.network
    forged = bytes(8).ljust(20_488, b"\x07")
    owner = network.account(ids.SLOT_HASHES).owner  # type: ignore[union-attr]
    network.clock.advance(3600)
    network.set_account(ids.SLOT_HASHES, data=forged, owner=owner)
    network.simulate(signed(bare))
    assert bytes(network.account(ids.SLOT_HASHES).data) == forged  # type: ignore[union-attr]
    network.clock.advance(1)
    assert bytes(network.account(ids.SLOT_HASHES).data) != forged  # type: ignore[union-attr]


def test_sysvars_are_of_now_however_they_are_read(bare: ionet.Client) -> None:
    owner = "Sysvar1111111111111111111111111111111111111"
    clock = bare.network.clock
    clock.advance(3600)
    found = {
        one["pubkey"]: b64decode(one["account"]["data"][0])
        for one in bare.request("getProgramAccounts", owner, {"encoding": "base64"})
    }
    assert int.from_bytes(found[str(ids.SLOT_HASHES)][8:16], "little") == clock.slot - 1
    assert int.from_bytes(found[str(ids.CLOCK)][:8], "little") == clock.slot
    clock.advance(3600)
    one = bare.request("getAccountInfo", str(ids.SLOT_HASHES), {"encoding": "base64"})["value"]
    assert int.from_bytes(b64decode(one["data"][0])[8:16], "little") == clock.slot - 1


def test_a_blockhash_is_good_for_150_blocks(bare: ionet.Client) -> None:
    old, other = signed(bare), signed(bare, 1_000_001)
    bare.network.clock.advance(0, slots=150)
    assert not isinstance(bare.network.submit(old), str)
    bare.network.clock.advance(0, slots=1)
    assert bare.network.submit(other) == "BlockhashNotFound"
    with pytest.raises(ionet.RpcError, match="Blockhash not found") as caught:
        bare.request("sendTransaction", raw(other), {"encoding": "base64"})
    assert caught.value.code == -32002
    assert caught.value.data["err"] == "BlockhashNotFound"


def test_several_transactions_may_share_a_blockhash(bare: ionet.Client) -> None:
    first, second = signed(bare), signed(bare, 1_000_001)
    for one in (first, second):
        bare.request("sendTransaction", raw(one), {"encoding": "base64"})
    assert bare.balance(KEY).base == 2_000_001


def test_the_same_transaction_happens_once(bare: ionet.Client) -> None:
    transaction = signed(bare)
    signature = bare.request("sendTransaction", raw(transaction), {"encoding": "base64"})
    again = bare.request("sendTransaction", raw(transaction), {"encoding": "base64", "skipPreflight": True})
    assert again == signature
    assert bare.balance(KEY).base == 1_000_000
    with pytest.raises(ionet.RpcError, match="already been processed"):
        bare.request("sendTransaction", raw(transaction), {"encoding": "base64"})


def test_a_wrong_signature_is_refused_as_a_node_does(bare: ionet.Client) -> None:
    message = signed(bare).message
    forged = VersionedTransaction.populate(message, [Keypair().sign_message(b"x")])
    with pytest.raises(ionet.RpcError, match="did not pass signature verification") as caught:
        bare.request("sendTransaction", raw(forged), {"encoding": "base64"})
    assert caught.value.code == -32002
    # Without a look at it beforehand it is taken, and never lands.
    taken = bare.request("sendTransaction", raw(forged), {"encoding": "base64", "skipPreflight": True})
    assert bare.network.transaction(taken) is None


def test_rent_and_fees_are_mainnets(bare: ionet.Client) -> None:
    assert bare.rent(0) == 890_880
    assert bare.rent(165) == 2_039_280
    assert (
        bare.call(transfer(TransferParams(from_pubkey=bare.address, to_pubkey=KEY, lamports=10**6)))
        .send()
        .fee
        == 5000
    )
    with pytest.raises(ionet.SimulationFailed, match="insufficient funds for rent"):
        bare.send(
            transfer(TransferParams(from_pubkey=bare.address, to_pubkey=Pubkey.new_unique(), lamports=5))
        )


def test_a_failure_that_lands_costs_its_fee_and_is_in_the_history(bare: ionet.Client) -> None:
    before = bare.balance()
    transaction = signed(bare, 2**62)
    signature = bare.request(
        "sendTransaction", raw(transaction), {"encoding": "base64", "skipPreflight": True}
    )
    assert before - bare.balance() == SOL.from_base(5000)
    (status,) = bare.request("getSignatureStatuses", [signature])["value"]
    assert status["err"] == {"InstructionError": [0, {"Custom": 1}]}
    with pytest.raises(ionet.ProgramError) as caught:
        bare.transaction(signature)
    assert caught.value.signature == signature


def test_the_history_of_an_address_is_paged(bare: ionet.Client) -> None:
    for n in range(5):
        bare.network.submit(signed(bare, 1_000_000 + n))
    everything = [one["signature"] for one in bare.request("getSignaturesForAddress", str(KEY))]
    assert len(everything) == 5
    page = bare.request("getSignaturesForAddress", str(KEY), {"limit": 2, "before": everything[0]})
    assert [one["signature"] for one in page] == everything[1:3]
    until = bare.request("getSignaturesForAddress", str(KEY), {"until": everything[3]})
    assert [one["signature"] for one in until] == everything[:3]


def test_an_account_written_from_outside_is_read_back(bare: ionet.Client) -> None:
    bare.network.set_account(KEY, data=b"abc", owner=ids.TOKEN_PROGRAM)
    found = bare.account(KEY)
    assert found is not None
    assert (bytes(found.data), found.owner, found.lamports) == (b"abc", ids.TOKEN_PROGRAM, bare.rent(3))


def test_listeners_hear_of_each_transaction_until_they_leave(bare: ionet.Client) -> None:
    heard: list[str] = []
    leave = bare.network.subscribe(lambda record: heard.append(record.signature))
    bare.airdrop(KEY, SOL(1))
    leave()
    bare.airdrop(KEY, SOL(1))
    assert len(heard) == 1


def test_a_program_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ionet.ConfigError, match="No such file"):
        LocalNetwork(programs={KEY: tmp_path / "absent.so"}, shipped=False)
    (tmp_path / "text.so").write_text("not an ELF")
    with pytest.raises(ionet.ConfigError, match="cannot be loaded"):
        LocalNetwork(programs={KEY: tmp_path / "text.so"}, shipped=False)


def test_the_upgrade_authority_can_be_chosen(programs: dict[Pubkey, Path]) -> None:
    program, path = next(iter(programs.items()))
    network = LocalNetwork(programs={program: path}, shipped=False, upgrade_authority=KEY)
    place = ionet.chain.pda.program_data(program)

    def authority() -> Pubkey | None:
        found = network.account(place)
        assert found is not None
        return layouts.upgrade_authority(bytes(found.data))

    assert authority() == KEY
    network.set_program_authority(program, None)
    assert authority() is None


def test_what_has_no_code_has_no_upgrade_authority(bare: ionet.Client) -> None:
    with pytest.raises(ionet.ConfigError, match="not an upgradeable program"):
        bare.network.set_program_authority(KEY, KEY)


def test_several_threads_may_use_one_network(bare: ionet.Client) -> None:
    keys = [Pubkey.new_unique() for _ in range(8)]

    def give(key: Pubkey) -> None:
        for _ in range(10):
            bare.network.airdrop(key, 10**6)

    threads = [threading.Thread(target=give, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [bare.balance(key).base for key in keys] == [10**7] * 8


@pytest.mark.parametrize(
    ("method", "params", "code", "message"),
    [
        ("getNothing", [], -32601, "Method not found"),
        ("getBalance", [], -32602, "at least 1 argument"),
        ("getBalance", ["abc"], -32602, "Invalid param: WrongSize"),
        ("getBalance", ["0OIl"], -32602, "Invalid param: Invalid"),
        ("getBalance", [5], -32602, "expected a string"),
        ("getSignatureStatuses", [["abc"]], -32602, "Invalid param: WrongSize"),
        ("getMultipleAccounts", [["11111111111111111111111111111111"] * 101], -32602, "max 100"),
        ("sendTransaction", ["%%%", {"encoding": "base64"}], -32602, "invalid base64 encoding"),
        ("sendTransaction", ["AAAA", {"encoding": "base64"}], -32602, "failed to deserialize"),
        (
            "sendTransaction",
            [b64encode(bytes(1300)).decode(), {"encoding": "base64"}],
            -32602,
            "too large: 1300",
        ),
        ("getTransaction", ["abc"], -32602, "Invalid param: WrongSize"),
        ("getTokenSupply", ["11111111111111111111111111111111"], -32602, "not a Token mint"),
        ("surfnet_timeTravel", [{"absoluteTimestamp": 1000}], -32602, "past"),
        ("surfnet_setAccount", ["11111111111111111111111111111112", {"data": "zz"}], -32602, "Invalid hex"),
    ],
)
def test_wrong_requests_get_the_codes_of_a_node(
    bare: ionet.Client, method: str, params: list[Any], code: int, message: str
) -> None:
    with pytest.raises(ionet.RpcError) as caught:
        bare.request(method, *params)
    assert caught.value.code == code
    assert message in caught.value.message
    assert caught.value.method == method


def test_a_versioned_transaction_must_be_asked_for(bare: ionet.Client) -> None:
    signature = bare.send(
        transfer(TransferParams(from_pubkey=bare.address, to_pubkey=KEY, lamports=10**6))
    ).signature
    with pytest.raises(ionet.RpcError, match="maxSupportedTransactionVersion") as caught:
        bare.request("getTransaction", signature, "json")
    assert caught.value.code == -32015


def test_requests_come_in_objects_and_batches(bare: ionet.Client) -> None:
    one = {"jsonrpc": "2.0", "id": 1, "method": "getHealth"}
    assert bare.network.handle(one) == {"jsonrpc": "2.0", "id": 1, "result": "ok"}
    answers = bare.network.handle([one, {"jsonrpc": "2.0", "id": 2, "method": "x"}, 7])
    assert [answer.get("result", answer.get("error", {}).get("code")) for answer in answers] == [
        "ok",
        -32601,
        -32600,
    ]
