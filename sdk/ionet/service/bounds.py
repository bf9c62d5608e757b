"""What a service for people takes from strangers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a service takes.

    Attributes:
        per_second: requests a second from one address: an IPv4 address, or an IPv6 network of 64 bits.
        at_once: how many of them may come at once.
        past: how many requests a question about a past time counts for.
        body: bytes of a request's body, where one is taken.
        body_seconds: that it may take to come.
        addresses: that are remembered for it.
        url: bytes of path and query.
        header: bytes of a request's head.
        rows: of one page of an answer.
        connections: at the same time.
        each: … of one address; as many as all where a proxy stands before it.
        taking: seconds in which a reader has to take what was sent.
        idle: seconds for which a silent connection is kept.
        head: seconds that a request's head may take to come.
        streams: of live marks, at the same time.
        streams_each: of these, to one address.
        workers: questions that are worked on at the same time; four of them may wait for the chain's
            node, and `asked` of them for past times.
        asked: questions about past times, the one that is worked on included.
        patience: seconds that one about a past time waits, before it is told how far that is.
        states: of past times that are kept.
        kept: bytes of answers that are kept while the ledger stands.
    """

    per_second: int = 20
    at_once: int = 100
    past: int = 5
    body: int = 4_096
    body_seconds: float = 10.0
    addresses: int = 20_000
    url: int = 2_048
    header: int = 16_384
    rows: int = 200
    connections: int = 512
    idle: int = 10
    head: int = 10
    streams: int = 256
    streams_each: int = 8
    workers: int = 16
    asked: int = 8
    each: int = 128
    taking: int = 30
    patience: float = 1.5
    states: int = 4
    kept: int = 64 << 20
