"""Finds the read of an opened chain by which what a device has signed is disproved."""

from __future__ import annotations

from itertools import chain as joined
from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from ionet import types
from ionet.proofs.disproof import Disproof
from ionet.prover._signed import Read, reads_tree, walked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ionet.prover._hour import Entry
    from ionet.prover.residency import Challenge
    from ionet.prover.residency._protocol import Make

_STATE = 128


def wrong_read(
    entry: Entry,
    challenge: Challenge,
    start: bytes,
    chains: Sequence[int],
    shown: Sequence[bytes],
    *,
    make: Make,
) -> Disproof | None:
    """Returns what disproves signed reads; None where they are right, or are not those that are shown.

    Args:
        entry: what the device has signed.
        challenge: what it had to hold.
        start: what its chains started from, 32 bytes.
        chains: the drawn ones, in their order.
        shown: by chain: the states after each read, 128 bytes each, as the device shows them.
        make: makes blocks.
    """
    reads, right = challenge.sizes.reads, walked(challenge, start, chains, make)
    if len(shown) != len(chains) or any(len(states) != reads * _STATE for states in shown):
        return None
    told = _told(challenge, right, shown)
    tree, signed = reads_tree(told), entry.signed
    place = next((n for n, (one, good) in enumerate(zip(told, right, strict=True)) if one != good), None)
    if place is None or tree.root != signed.root:
        return None
    # The first in its chain that differs begins in the right state.
    read = told[place]
    args = types.proofs.ReadArgs(
        commitment=types.proofs.Commitment(
            unit=signed.unit, number=signed.number, sizes=signed.sizes, root=signed.root
        ),
        place=place,
        chain=read.chain,
        read=read.number,
        state=read.state,
        address=read.address,
        next=read.next,
    )
    path = tree.proof(place)
    return Disproof(Pubkey(signed.node), signed.hour, Pubkey(entry.device), entry.signature, args, path)


def _told(challenge: Challenge, right: Sequence[Read], shown: Sequence[bytes]) -> tuple[Read, ...]:
    """The reads that lead from one shown state to the next: each chain begins where it has to."""
    sizes = challenge.sizes
    lines = [right[at : at + sizes.reads] for at in range(0, len(right), sizes.reads)]
    return tuple(joined.from_iterable(map(_line, lines, shown, [sizes.blocks] * len(lines))))


def _line(right: Sequence[Read], states: bytes, blocks: int) -> list[Read]:
    before, line = right[0].state, []
    for read in right:
        after = states[read.number * _STATE : (read.number + 1) * _STATE]
        address = int.from_bytes(before[:4], "little") * blocks >> 32
        line.append(Read(read.chain, read.number, before, address, after))
        before = after
    return line
