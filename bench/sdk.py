"""What the SDK's everyday work costs, compared with solders and, if it is installed, anchorpy.

Run with `python bench/sdk.py [--accounts N]`: microseconds for one piece of work, the least of several
rounds, and how many times as long each peer takes. solders means the same work written by hand: it knows
token accounts but no account of these programs, so for a scan it only finds the bytes.

anchorpy cannot share an environment with today's solders. bench/sdk_anchorpy.py measures it in a process of
its own, with this interpreter if that has it, or else with that of .venv-anchorpy, which
`scripts/setup --anchorpy` makes. The embedded network needs today's solders: run with the latter, this leaves
it out.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import struct
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from solders.account import Account
from solders.clock import Clock
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.rpc.responses import GetProgramAccountsResp
from solders.token.state import Mint as SoldersMint
from solders.token.state import TokenAccount as SoldersTokenAccount
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import TransactionMetadata

from ionet import Client, Mint, TokenAccount, accounts, ix, pda
from ionet.chain.ids import TOKEN_PROGRAM
from ionet.chain.rpc.local import shipped_programs
from ionet.chain.transactions import compile_message, signed

ROOT: Final = Path(__file__).resolve().parent.parent
PEER: Final = Path(__file__).with_name("sdk_anchorpy.py")
NODE: Final = accounts.staking.Node
ROUNDS: Final = 7

_NOW: Final = 1_800_000_000
_HOUR: Final = 3_600
#: Slots of an hour.
_SLOTS: Final = 9_000
_SIGNER: Final = Keypair.from_seed(bytes(32))
_AMOUNT: Final = 12_345_678_901
#: The discriminator of staking's `stake`.
_STAKE: Final = bytes.fromhex("ceb0ca12c8d1b36c")
Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Row:
    """One piece of work: microseconds for each library; None if it cannot do it."""

    name: str
    ours: float
    solders: float | None
    anchorpy: float | None = None


def fastest(*works: Work, repeat: int) -> list[float]:
    """Microseconds that one run of each takes, in the best of the rounds; they take turns."""
    best = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for i, work in enumerate(works):
            gc.collect()
            start = time.perf_counter()
            for _ in range(repeat):
                work()
            best[i] = min(best[i], (time.perf_counter() - start) / repeat * 1e6)
    return best


def row(name: str, ours: Work, solders: Work | None = None, *, repeat: int, each: int = 1) -> Row:
    """Measures the two in turn; `each`: how many pieces one run does."""
    times = [time / each for time in fastest(ours, *([solders] if solders else []), repeat=repeat)]
    return Row(name, times[0], times[1] if solders else None)


# -- what is worked on


def some_nodes(count: int) -> dict[Pubkey, bytes]:
    """Accounts of nodes with random zeros and ones, which are valid for every enum."""
    source = random.Random(1)
    size = (NODE.SIZE or 0) - 8
    bits = bytes(number & 1 for number in range(256))
    return {
        Pubkey(source.randbytes(32)): NODE.DISCRIMINATOR + source.randbytes(size).translate(bits)
        for _ in range(count)
    }


class Recorded:
    """A transport with one answer, the bytes that a node sent.

    Args:
        body: the response to every request.
    """

    def __init__(self, body: bytes) -> None:
        self.body = body

    def request(self, method: str, params: object = ()) -> Any:
        """The result in the recorded response."""
        return json.loads(self.body)["result"]

    def close(self) -> None:
        """Nothing to close."""


def stake_keys() -> dict[str, Any]:
    """The accounts of a `stake` instruction."""
    source = random.Random(2)
    names = ("class_", "node", "position", "vault", "source")
    return {"holder": _SIGNER.pubkey(), **{name: Pubkey(source.randbytes(32)) for name in names}}


def stake_by_hand(keys: dict[str, Any]) -> Instruction:
    """The same instruction as `ix.staking.stake` makes, with solders alone."""
    own = NODE.PROGRAM_ID
    return Instruction(
        own,
        _STAKE + struct.pack("<Q", _AMOUNT),
        [
            AccountMeta(keys["holder"], True, False),
            AccountMeta(pda.staking.CONFIG, False, False),
            AccountMeta(keys["class_"], False, False),
            *(AccountMeta(keys[name], False, True) for name in ("node", "position", "vault", "source")),
            AccountMeta(TOKEN_PROGRAM, False, False),
            AccountMeta(pda.staking.EVENT_AUTHORITY, False, False),
            AccountMeta(own, False, False),
        ],
    )


# -- the rows


def coding() -> list[Row]:
    """Decoding and encoding of accounts and instructions."""
    key = Pubkey(bytes(range(32)))
    ours, mint = TokenAccount(key, key, _AMOUNT), Mint(key, _AMOUNT, 8)
    token_bytes, mint_bytes = ours.encode(), mint.encode()
    theirs, their_mint = SoldersTokenAccount.from_bytes(token_bytes), SoldersMint.from_bytes(mint_bytes)
    assert bytes(theirs) == token_bytes
    assert bytes(their_mint) == mint_bytes
    keys = stake_keys()
    (node,) = some_nodes(1).values()
    assert ix.staking.stake(**keys, amount=_AMOUNT) == stake_by_hand(keys)
    return [
        row(
            "decode a token account",
            lambda: TokenAccount.decode(token_bytes),
            lambda: SoldersTokenAccount.from_bytes(token_bytes),
            repeat=2_000,
        ),
        row(
            "decode a mint",
            lambda: Mint.decode(mint_bytes),
            lambda: SoldersMint.from_bytes(mint_bytes),
            repeat=2_000,
        ),
        row("decode a node", lambda: NODE.decode(node), repeat=2_000),
        row("encode a token account", ours.encode, lambda: bytes(theirs), repeat=2_000),
        row(
            "encode an instruction",
            lambda: ix.staking.stake(**keys, amount=_AMOUNT),
            lambda: stake_by_hand(keys),
            repeat=2_000,
        ),
        row("build and sign", lambda: sign(keys), lambda: sign_by_hand(keys), repeat=500),
    ]


def sign(keys: dict[str, Any]) -> VersionedTransaction:
    """A signed transaction, made by the SDK."""
    message = compile_message(
        _SIGNER.pubkey(), [ix.staking.stake(**keys, amount=_AMOUNT)], (), Hash.default()
    )
    return signed(message, {_SIGNER.pubkey(): _SIGNER})


def sign_by_hand(keys: dict[str, Any]) -> VersionedTransaction:
    """The same with solders alone."""
    message = Message.new_with_blockhash([stake_by_hand(keys)], _SIGNER.pubkey(), Hash.default())
    return VersionedTransaction(message, [_SIGNER])


def response(nodes: dict[Pubkey, bytes]) -> bytes:
    """The response of a node to `getProgramAccounts`."""
    entries = [
        {
            "pubkey": str(address),
            "account": {
                "lamports": 10**9,
                "data": [b64encode(data).decode(), "base64"],
                "owner": str(NODE.PROGRAM_ID),
                "executable": False,
                "rentEpoch": (1 << 64) - 1,
                "space": len(data),
            },
        }
        for address, data in nodes.items()
    ]
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": entries}).encode()


def scan_of_a_response(body: bytes, count: int) -> Row:
    """A search answered by a node, per account."""
    client, text = Client(Recorded(body), signer=_SIGNER), body.decode()

    def parse() -> object:
        answer: Any = GetProgramAccountsResp.from_json(text)
        return [(entry.pubkey, entry.account.data) for entry in answer.value]

    assert len(client.find(NODE)) == count
    return row("scan, recorded response", lambda: client.find(NODE), parse, repeat=1, each=count)


def scan_of_a_network(nodes: dict[Pubkey, bytes]) -> Row:
    """A search on the network in this process, per account."""
    client, svm = Client.local(signer=_SIGNER, shipped=False), LiteSVM()
    for address, data in nodes.items():
        client.network.set_account(address, data=data, owner=NODE.PROGRAM_ID)
        svm.set_account(address, Account(10**9, data, NODE.PROGRAM_ID, False, 0))

    def walk() -> object:
        return [(key, account.data) for key, account in svm.get_program_accounts(NODE.PROGRAM_ID)]

    assert {node.address for node in client.find(NODE)} == nodes.keys()
    return row("scan, embedded network", lambda: client.find(NODE), walk, repeat=1, each=len(nodes))


class Bare:
    """LiteSVM with the mint program and its own clock; each transaction an hour after the previous one.

    Args:
        client: whose network's accounts it begins with.
    """

    def __init__(self, client: Client) -> None:
        self.svm = LiteSVM().with_blockhash_check(False)
        program, path = shipped_programs()["mint"]
        self.svm.add_program(program, path.read_bytes())
        for meta in (*ix.mint.emit().accounts, AccountMeta(_SIGNER.pubkey(), True, True)):
            account = client.network.account(meta.pubkey)
            if account is not None and not account.executable:
                self.svm.set_account(meta.pubkey, account)
        self.time, self.slot = client.time(), client.network.clock.slot

    def emit(self) -> None:
        """Lets an hour pass, signs and executes."""
        self.time += _HOUR
        self.slot += _SLOTS
        self.svm.set_clock(Clock(self.slot, 0, 0, 0, self.time))
        blockhash = Hash.hash(self.slot.to_bytes(8, "little"))
        message = MessageV0.try_compile(_SIGNER.pubkey(), [ix.mint.emit()], [], blockhash)
        done = self.svm.send_transaction(VersionedTransaction(message, [_SIGNER]))
        assert not hasattr(done, "err"), done


def embedded() -> Row:
    """Simulating, sending and recording on the network in this process, an hour passing before each."""
    client = Client.local(signer=_SIGNER, now=_NOW)
    client.mint.initialize().send()
    bare = Bare(client)

    def emit() -> None:
        client.network.clock.advance(_HOUR)
        client.mint.emit().send()

    return row("emit and an hour, embedded", emit, bare.emit, repeat=100)


# -- anchorpy


def anchorpy_python() -> str | None:
    """The interpreter that has anchorpy."""
    if find_spec("anchorpy") is not None:
        return sys.executable
    other = ROOT / ".venv-anchorpy" / "bin" / "python"
    return str(other) if other.exists() else None


def beside_anchorpy(rows: list[Row], body: bytes) -> list[Row]:
    """Adds anchorpy's figures to the rows, where it can do the work.

    Raises:
        SystemExit: it is installed and does not work.
    """
    python = anchorpy_python()
    if python is None:
        return rows
    task = {
        "idl": json.loads((ROOT / "idl" / "staking.json").read_text()),
        "keys": {name.rstrip("_"): str(key) for name, key in stake_keys().items()},
        "amount": _AMOUNT,
        "signer": list(bytes(_SIGNER)),
        "node": next(iter(some_nodes(1).values())).hex(),
        "instruction": bytes(ix.staking.stake(**stake_keys(), amount=_AMOUNT).data).hex(),
        "response": body.decode(),
        "rounds": ROUNDS,
    }
    done = subprocess.run([python, PEER], input=json.dumps(task), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{python} {PEER.name} failed:\n{done.stderr}")
    figures: dict[str, float] = json.loads(done.stdout)
    return [Row(row.name, row.ours, row.solders, figures.get(row.name)) for row in rows]


def show(rows: list[Row]) -> None:
    """Prints the table."""
    heads = f"{'ionet':>9}{'solders':>9}{'ratio':>8}{'anchorpy':>10}{'ratio':>8}{'ionet/s':>11}"
    print(f"{'microseconds':28}{heads}")
    for row in rows:
        print(
            f"{row.name:28}{row.ours:>9.2f}{beside(row.solders, row.ours, 9)}"
            f"{beside(row.anchorpy, row.ours, 10)}{1e6 / row.ours:>11,.0f}"
        )


def beside(peer: float | None, ours: float, width: int) -> str:
    """A peer's time and how many times ours it is."""
    return f"{'-':>{width}}{'':8}" if peer is None else f"{peer:>{width}.2f}{peer / ours:>8.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=10_000, help="how many a scan finds")
    nodes = some_nodes(parser.parse_args().accounts)
    body = response(nodes)
    rows = [*coding(), scan_of_a_response(body, len(nodes))]
    if hasattr(TransactionMetadata, "fee"):
        rows += [scan_of_a_network(nodes), embedded()]
    show(beside_anchorpy(rows, body))


if __name__ == "__main__":
    main()
