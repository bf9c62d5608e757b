"""anchorpy's part of bench/sdk.py, in an environment that has it.

Reads what to work on as JSON from its input and prints microseconds by piece of work as JSON. It is
anchorpy's own client that is measured, not that of `ionet.interop`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from anchorpy import Context, Idl, Program
from solders.hash import Hash
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.rpc.responses import GetProgramAccountsResp

from ionet.interop.legacy import legacy_idl


def fastest(work: Callable[[], object], *, repeat: int, rounds: int) -> float:
    """Microseconds that one run takes, in the best of the rounds."""
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(repeat):
            work()
        best = min(best, (time.perf_counter() - start) / repeat * 1e6)
    return best


def main() -> None:
    task = json.load(sys.stdin)
    program_id = Pubkey.from_string(task["idl"]["address"])
    program = Program(Idl.from_json(json.dumps(legacy_idl(task["idl"]))), program_id, provider=object())
    coder, payer = program.coder.accounts, Keypair.from_bytes(bytes(task["signer"]))
    node, rounds = bytes.fromhex(task["node"]), task["rounds"]
    (stake,) = (instruction for instruction in task["idl"]["instructions"] if instruction["name"] == "stake")
    addresses = {account["name"]: account.get("address", str(program_id)) for account in stake["accounts"]}
    keys = {name: Pubkey.from_string(key) for name, key in {**addresses, **task["keys"]}.items()}

    def instruct() -> Any:
        return program.instruction["stake"](task["amount"], ctx=Context(accounts=keys))

    def build() -> Any:
        context = Context(accounts=keys)
        return program.transaction["stake"](
            task["amount"], payer=payer, blockhash=Hash.default(), ctx=context
        )

    def scan() -> Any:
        answer: Any = GetProgramAccountsResp.from_json(task["response"])
        return [(entry.pubkey, coder.decode(entry.account.data)) for entry in answer.value]

    assert bytes(instruct().data).hex() == task["instruction"]
    count = len(scan())
    figures = {
        "decode a node": fastest(lambda: coder.decode(node), repeat=100, rounds=rounds),
        "encode an instruction": fastest(instruct, repeat=200, rounds=rounds),
        "build and sign": fastest(build, repeat=200, rounds=rounds),
        "scan, recorded response": fastest(scan, repeat=1, rounds=2) / count,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
