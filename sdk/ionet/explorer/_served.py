"""Models that a service of inference serves, by the hours that it signs and publishes."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Final

import httpx
from solders.pubkey import Pubkey

from ionet.chain.amounts import USDC
from ionet.chain.errors import IonetError
from ionet.explorer import _models as m
from ionet.formats import inference
from ionet.formats.when import DAY

_log = logging.getLogger(__name__)
#: Seconds from one look at the service to the next.
_EVERY: Final = 60.0
#: Bytes of its hours, hours that are kept, and models of one.
_LONGEST: Final = 16 << 20
_HOURS: Final = 24 * 62
_MODELS: Final = 1_000
_ABSENT: Final = "this explorer was started without --intelligence"


class Served:
    """What a service has signed, as far as it was looked at.

    Args:
        url: of the service; None: there is none.
        signer: its key; None: the first that it names.
        transport: for tests; by default httpx's own.
    """

    def __init__(
        self,
        url: str | None = None,
        signer: Pubkey | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.url = url
        self.signer = signer
        self.why = _ABSENT if url is None else "the service was not asked yet"
        self._transport = transport
        #: By hour; replaced as a whole, as others read it meanwhile.
        self.heads: Mapping[int, dict[str, Any]] = {}
        self._names: dict[int, str] = {}
        #: Changes with what is known.
        self.version = 0

    async def keep(self) -> None:
        """Looks at the service again and again, until it is cancelled."""
        if self.url is None:
            return
        async with httpx.AsyncClient(transport=self._transport, timeout=10.0, trust_env=False) as client:
            while True:
                await self.look(client)
                await asyncio.sleep(_EVERY)

    async def look(self, client: httpx.AsyncClient) -> None:
        """Looks at the service once."""
        try:
            self.take(await _read(client, f"{self.url}/v1/receipts/hours"))
        except (httpx.HTTPError, IonetError, ValueError) as bad:
            said = str(bad) or type(bad).__name__
            _log.log(logging.INFO if said == self.why else logging.WARNING, "hours of %s: %s", self.url, said)
            self.version += said != self.why
            self.why = said

    def take(self, told: Any) -> None:
        """Takes hours, as the service lists them, if all of them are signed and none was changed.

        Raises:
            BadHour: they are not.
        """
        try:
            signer = self.signer or Pubkey.from_string(told["signer"])
            listed = [(each["head"], bytes.fromhex(each["signature"])) for each in told["data"]]
            heads = {int(head["hour"]): (head, signature) for head, signature in listed}
        except (KeyError, TypeError, ValueError):
            raise inference.BadHour("the service lists no hours") from None
        written = {
            hour: inference.check(head, signature, signer) for hour, (head, signature) in heads.items()
        }
        names = {hour: inference.name_of(each) for hour, each in written.items()}
        for hour, name in names.items():
            if self._names.get(hour, name) != name:
                raise inference.BadHour(f"the hour {hour} is another one than it was before")
        for before, hour in pairwise(sorted(names)):
            if heads[hour][0].get("before") != names[before]:
                raise inference.BadHour(f"the hour {hour} does not follow the one before it, {before}")
        known = {**self._names, **names}
        kept = sorted({**self.heads, **{hour: head for hour, (head, _) in heads.items()}}.items())[-_HOURS:]
        self.version += bool(self.why) or dict(kept) != self.heads
        self.signer, self.heads, self.why = signer, dict(kept), ""
        self._names = {hour: known[hour] for hour, _ in kept}


async def _read(client: httpx.AsyncClient, url: str) -> Any:
    async with client.stream("GET", url) as answer:
        if answer.status_code != 200:
            raise inference.BadHour(f"the service answers {answer.status_code}")
        whole = bytearray()
        async for part in answer.aiter_bytes():
            whole += part
            if len(whole) > _LONGEST:
                raise inference.BadHour("the service lists too much")
    return json.loads(whole)


def served(it: Served, as_of: m.AsOf) -> m.ServedModels:
    """The models of a service.

    Args:
        it: what it has signed.
        as_of: the time that is asked about; of a past one, only hours that were over then count.
    """
    heads = [
        head for hour, head in it.heads.items() if not as_of.past or (hour + 1) * inference.HOUR <= as_of.time
    ]
    rows: dict[str, list[tuple[int, Mapping[str, Any]]]] = defaultdict(list)
    for head in heads:
        for each in _listed(head):
            rows[str(each["model"])[:200]].append((head["hour"], each))
    return m.ServedModels(
        as_of=as_of,
        service=it.url,
        signer=None if it.signer is None else str(it.signer),
        hours=len(heads),
        latest=max((head["hour"] + 1 for head in heads), default=0) * inference.HOUR or None,
        why=it.why,
        models=[_model(name, rows[name]) for name in sorted(rows)],
    )


def days(of: m.ServedModels) -> m.ServedModelDays:
    """What was served by day and model, one a row."""
    rows = [
        m.ServedModelDay(model=model.model, **each.model_dump()) for model in of.models for each in model.days
    ]
    return m.ServedModelDays(days=rows)


def _listed(head: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """What a head says of models, as far as it can be read: it is signed, not understood."""
    models = head.get("models")
    for each in models[:_MODELS] if isinstance(models, list) else []:
        counts = ("answers", "prompt", "completion", "judged", "passed")
        if isinstance(each, dict) and "model" in each and all(_count(each.get(name)) for name in counts):
            yield each


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _model(name: str, hours: list[tuple[int, Mapping[str, Any]]]) -> m.ServedModel:
    days: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for hour, each in hours:
        days[hour * inference.HOUR // DAY * DAY].append(each)
    answered = [each for _, each in sorted(hours, key=lambda row: row[0]) if each["answers"]]
    last = answered[-1] if answered else {}
    first, price = last.get("first"), last.get("price")
    # One that only reads, as for embeddings, asks nothing for what it never writes.
    written = _dollars(price, "completion")
    if written == "0" and not any(each["completion"] for _, each in hours):
        written = None
    return m.ServedModel(
        model=name,
        prompt_price=_dollars(price, "prompt"),
        completion_price=written,
        first=m.Percentiles(p50=first["50"], p90=first["90"], p99=first["99"])
        if isinstance(first, dict) and all(_count(first.get(each)) for each in ("50", "90", "99"))
        else None,
        days=[
            m.ServedDay(
                day=day,
                answers=sum(each["answers"] for each in rows),
                prompt=sum(each["prompt"] for each in rows),
                completion=sum(each["completion"] for each in rows),
            )
            for day, rows in sorted(days.items(), reverse=True)
        ],
        judged=sum(each["judged"] for _, each in hours),
        passed=sum(each["passed"] for _, each in hours),
        unjudged=_unjudged(each for _, each in hours),
    )


def _unjudged(hours: Iterable[Mapping[str, Any]]) -> list[m.UnjudgedNode]:
    """By node; hours of earlier versions say nothing of it."""
    counts: Counter[str] = Counter()
    for each in hours:
        listed = each.get("unjudged")
        for row in listed[:_MODELS] if isinstance(listed, list) else ():
            if isinstance(row, dict) and _count(row.get("answers")):
                counts[str(row.get("node", ""))[:200]] += row["answers"]
    return [m.UnjudgedNode(node=node, answers=answers) for node, answers in counts.most_common(_MODELS)]


def _dollars(price: Any, what: str) -> str | None:
    """Dollars for a million tokens, of millionths of a dollar."""
    value: Any = price.get(what) if isinstance(price, dict) else None
    return f"{USDC.from_base(value).to_decimal().normalize():f}" if _count(value) else None
