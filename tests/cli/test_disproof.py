"""`ionet proof disprove`: a cell that a device has signed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import DAY, Shell, io, key

from ionet import IO, accounts, types
from ionet.formats.merkle import root_from_proof
from ionet.proofs.disproof import Disproof
from ionet.prover import cell, chunk_leaf
from ionet.prover._signed import rate_challenge

K, M = 32, 64


def disproof(shell: Shell, uuid: str, *, off: int) -> Disproof:
    """The first cell of a product of a new node's device, which has signed it `off` by so much."""
    node = key(shell.register(uuid))
    shell.stake(str(node), "1000")
    client, device = shell.client, shell.people[uuid]
    shell.hour_begins()
    client.proofs.tick().send()
    hour = client.proofs.get_hour(client.proofs.latest_hour() + 1)
    made = rate_challenge(seed=hour.seed, node=bytes(node), unit=0, number=0, m=M, k=K)
    entries = (cell(made, 0, 0) + off).to_bytes(4, "little", signed=True) + bytes(252)
    path = tuple(bytes([level]) * 32 for level in range(6))
    root = root_from_proof(chunk_leaf(entries), 0, path)
    commitment = types.proofs.Commitment(unit=0, number=0, sizes=(M, K), root=root)
    args = types.proofs.CellArgs(commitment=commitment, row=0, column=0, entries=entries)
    unsigned = Disproof(node, hour.seq, device.pubkey(), bytes(64), args, path)
    return replace(unsigned, signature=bytes(device.sign_message(unsigned.message)))


def test_anyone_disproves_a_cell_from_a_file(shell: Shell, tmp_path: Path) -> None:
    shown = disproof(shell, "GPU-P1", off=1)
    place = tmp_path / "cell.json"
    place.write_text(shown.to_json())
    done = shell.json("proof", "disprove", place, who="bob")
    minimum = shell.client.fetch(accounts.staking.Node, shown.node).minimum
    assert (io(done["amount"]), done["node"]) == (IO.from_base(minimum // 10), str(shown.node))
    assert "disproved" in shell.text("slash", "list", "--node", str(shown.node))
    assert "anyone can burn what was set apart" in shell.text("slash", "show", done["slash"])
    assert "shown to be wrong on the chain" in shell.text("node", "show", str(shown.node))
    # 1 % of all stake burns in seven days.
    for _ in range(3):
        shell.json("slash", "execute", done["slash"], who="bob")
        shell.advance(8 * DAY)
    assert "anyone can close it" in shell.text("slash", "show", done["slash"])


def test_a_right_cell_stands(shell: Shell, tmp_path: Path) -> None:
    place = tmp_path / "cell.json"
    place.write_text(disproof(shell, "GPU-P2", off=0).to_json())
    assert shell.fails(1, "proof", "disprove", place, who="bob").startswith("the cell is right")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "row"}, '"kind" is \'row\'; expected "cell" or "read"'),
        ({"root": "ab"}, '"root" has to be 32 bytes in hexadecimal'),
        ({"row": -1}, '"row" is -1; expected a number below 2^32'),
        ({"node": 5}, '"node" has to be an address'),
        ({"sizes": 7}, '"sizes" has to be two numbers'),
        ({"path": "ab"}, '"path" has to be a list of hashes'),
    ],
)
def test_a_file_that_shows_nothing_is_refused(
    shell: Shell, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    nothing = {"unit": 0, "number": 0, "sizes": [64, 32], "root": "00" * 32, "path": []}
    whole = {"kind": "cell", "node": "1" * 32, "hour": 1, "device": "1" * 32, "signature": "00" * 64}
    file = nothing | whole | {"row": 0, "column": 0, "entries": "00" * 256}
    place = tmp_path / "cell.json"
    place.write_text(json.dumps(file | changes))
    assert said in shell.fails(2, "proof", "disprove", place, who="bob")
