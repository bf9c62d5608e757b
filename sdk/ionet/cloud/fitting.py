"""Which of the offered nodes fit together, by what they have measured between them, and why not. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from solders.pubkey import Pubkey

from ionet.formats.links import rate_text, trip_text
from ionet.formats.when import when
from ionet.overlay import APART, FRESH, Measurement

#: Sets of nodes that are tried, and pairs of which it is said why they do not fit.
_TRIES: Final = 20_000
_SAID: Final = 12


@dataclass(frozen=True, slots=True)
class Together:
    """What a renter wants between any two nodes of a cluster; with neither, any nodes do.

    Attributes:
        min_bits: bits a second in the slower direction; 0: any.
        max_microseconds: round trip; 0: any.
    """

    min_bits: int = 0
    max_microseconds: int = 0

    def __bool__(self) -> bool:
        return bool(self.min_bits or self.max_microseconds)


@dataclass(frozen=True, slots=True)
class Offer:
    """A node that can be booked.

    Attributes:
        node: its address.
        device: its device's key as the chain has it, 32 bytes.
    """

    node: Pubkey
    device: bytes


@dataclass(frozen=True, slots=True)
class Fit:
    """The outcome.

    Attributes:
        nodes: those that fit together, in the order of the offers; empty if no set does.
        reasons: a sentence for each pair that was looked at: what is known of it, and why it does not fit.
    """

    nodes: tuple[Pubkey, ...]
    reasons: tuple[str, ...]


def newest(measured: Iterable[Measurement], now: int) -> dict[frozenset[bytes], Measurement]:
    """The newest statement of each pair that is signed by both and not older than a day.

    Args:
        measured: whatever a gateway has sent.
        now: the chain's time, Unix seconds. What is of the future, by more than clocks differ, is left out.
    """
    known: dict[frozenset[bytes], Measurement] = {}
    for item in sorted(measured, key=lambda item: item.at):
        both = item.signed_by(item.first) and item.signed_by(item.second)
        if both and now - FRESH <= item.at <= now + APART:
            known[item.pair] = item
    return known


def fit(
    offers: Sequence[Offer],
    count: int,
    wanted: Together,
    known: Mapping[frozenset[bytes], Measurement],
    there: Sequence[Offer] = (),
) -> Fit:
    """Chooses nodes any two of which fit together.

    Args:
        offers: nodes that would do, the preferred first.
        count: how many are wanted.
        wanted: between any two of them.
        known: see `newest`. A pair that is not in it does not fit, where anything is wanted.
        there: nodes that the chosen ones join, with each of which they have to fit as well.

    Returns:
        The first such nodes, in order of preference; none where no set of 20,000 tries fits.
    """
    if not wanted:
        chosen = tuple(offers[:count]) if len(offers) >= count else ()
        return Fit(
            tuple(offer.node for offer in chosen),
            tuple(_said(left, right, wanted, known) for left, right in _few(combinations(chosen, 2))),
        )
    apart = {
        frozenset((left.device, right.device))
        for left, right in combinations(offers, 2)
        if _lacking(wanted, known.get(frozenset((left.device, right.device))))
    }
    offers, alien = _joining(offers, wanted, known, there)
    chosen, tries = (), 0
    waiting: list[tuple[tuple[Offer, ...], int]] = [((), 0)]
    while waiting and tries < _TRIES:
        begun, start = waiting.pop()
        tries += 1
        if len(begun) == count:
            chosen = begun
            break
        # The last put is tried first: the preferred next node, and all that follows from it.
        for number in range(len(offers) - 1, start - 1, -1):
            offer = offers[number]
            if not any(frozenset((offer.device, other.device)) in apart for other in begun):
                waiting.append(((*begun, offer), number + 1))
    before = offers[: offers.index(chosen[-1]) + 1] if chosen else offers
    pairs = combinations(chosen, 2)
    refused = (
        (left, right)
        for left, right in combinations(before, 2)
        if frozenset((left.device, right.device)) in apart
    )
    told = [_said(left, right, wanted, known) for left, right in pairs]
    told += [_said(left, right, wanted, known) for left, right in (*_few(alien), *_few(refused))]
    return Fit(tuple(offer.node for offer in chosen), tuple(told))


def _joining(
    offers: Sequence[Offer],
    wanted: Together,
    known: Mapping[frozenset[bytes], Measurement],
    there: Sequence[Offer],
) -> tuple[list[Offer], list[tuple[Offer, Offer]]]:
    """The nodes that fit with each of those that are there, and of the others the pairs that do not."""
    fitting, alien = list[Offer](), list[tuple[Offer, Offer]]()
    for offer in offers:
        lacking = [
            (other, offer)
            for other in there
            if _lacking(wanted, known.get(frozenset((other.device, offer.device))))
        ]
        alien += lacking
        if not lacking:
            fitting.append(offer)
    return fitting, alien


def _few(pairs: Iterable[tuple[Offer, Offer]]) -> list[tuple[Offer, Offer]]:
    return [pair for pair, _ in zip(pairs, range(_SAID), strict=False)]


def _lacking(wanted: Together, measured: Measurement | None) -> list[str]:
    """Why a pair does not fit, each reason as the end of a sentence."""
    if measured is None:
        return ["which is not known to be good enough"] if wanted else []
    lacks = []
    if measured.bits < wanted.min_bits:
        lacks.append(f"too slow for --min-bandwidth {rate_text(wanted.min_bits)}")
    if wanted.max_microseconds and measured.round_trip > wanted.max_microseconds:
        lacks.append(f"too far for --max-latency {trip_text(wanted.max_microseconds)}")
    return lacks


def _said(left: Offer, right: Offer, wanted: Together, known: Mapping[frozenset[bytes], Measurement]) -> str:
    measured = known.get(frozenset((left.device, right.device)))
    about = f"{left.node} and {right.node}"
    lacks = _lacking(wanted, measured)
    if measured is None:
        return f"{about}: not measured within a day{', ' if lacks else ''}{' and '.join(lacks)}"
    facts = (
        f"{trip_text(measured.round_trip)}, {rate_text(measured.bits)} measured {when(measured.at)} by both"
    )
    return f"{about}: {facts}{'; ' if lacks else ''}{' and '.join(lacks)}"
