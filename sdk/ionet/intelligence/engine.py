"""What a model runs in: any server that speaks OpenAI's protocol, over TCP or a socket of this machine.

What an engine says is not trusted: pieces are bounded, and it cannot make a request cost more than was set
aside for it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from ionet.intelligence.errors import Refused, away, invalid
from ionet.intelligence.requests import Ask
from ionet.intelligence.vectors import Vectors, vectors_of

#: Tokens that a message's frame takes at most, where an engine does not say.
_FRAME: Final = 32
#: Of a piece: the node that it comes from; no engine says it of itself.
NODE: Final = "ionet node"
#: … that it reads the prompt, and how many tokens of it are read at most; None: it does not say.
READS: Final = "ionet reads"
#: Tokens of a prompt that are read at a time: llama.cpp ends nothing in the middle of them.
BATCH: Final = 512
#: Bytes of one piece of a stream.
_LONGEST: Final = 1 << 20
#: Tokens of which probabilities are asked for at each place.
_CANDIDATES: Final = 256
_LOOKING: Final = {
    "n_probs": _CANDIDATES,
    "temperature": 0,
    "post_sampling_probs": False,
    "cache_prompt": True,
    # Else there is nothing where the answer would most likely end; probabilities stay as they are.
    "ignore_eos": True,
}
#: OpenAI's defaults; and nothing of what only llama.cpp does.
SAMPLING: Final = {
    "temperature": 1.0,
    "top_p": 1.0,
    "top_k": 0,
    "min_p": 0.0,
    "samplers": ["top_p", "temperature"],
}
#: What a transport raises of an engine that does not answer, or answers what is no HTTP.
_AWAY: Final = (httpx.HTTPError, aiohttp.ClientError)
#: Connections to an engine at a time.
_CONNECTIONS: Final = 512
_PATIENCE: Final = httpx.Timeout(120.0, connect=5.0, pool=60.0)


@dataclass(frozen=True, slots=True)
class Count:
    """Tokens of a prompt.

    Attributes:
        most: no more than these.
        likely: what is charged where an engine is cut off before it has said how many it read.
        tokens: their numbers, where the engine says them.
        guessed: whether there was no engine to ask.
    """

    most: int
    likely: int
    tokens: tuple[int, ...] = ()
    guessed: bool = False


class Engine(Protocol):
    """A model at work."""

    @property
    def choices(self) -> int:
        """Answers that it can write at once now, and reads their prompt once for; 1: each is asked for."""
        ...

    async def count(self, ask: Ask) -> Count:
        """Tokens that a request's prompt has; raises `Refused` if the engine is away."""
        ...

    def stream(self, ask: Ask, most: int) -> AsyncIterator[dict[str, Any]]:
        """Yields the pieces of an answer of at most `most` tokens; raises `Refused` before the first one."""
        ...

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Returns a vector for each text."""
        ...


class HttpEngine:
    """An engine behind a URL.

    Args:
        url: where `/v1/…` is.
        model: the name by which the engine knows its model.
        key: it is told as a bearer token; None: it needs none.
        socket: of this machine, instead of the URL's host.
        counts: whether it has llama.cpp's `/apply-template` and `/tokenize`.
        slots: requests that it works on at a time, where it is known, and it is llama.cpp.
        transport: for tests; by default httpx's own.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key: str | None = None,
        socket: Path | None = None,
        counts: bool = False,
        slots: int = 1,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        if transport is None:
            # Half the work for each piece of httpx's own.
            transport = AiohttpTransport(client=lambda: _session(socket))
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        # A redirect could lead anywhere, with the key and the prompt: none is followed.
        self._client = httpx.AsyncClient(
            base_url=url.rstrip("/"), headers=headers, transport=transport, timeout=_PATIENCE
        )
        self._model = model
        self._counts = counts
        self._slots = slots

    @property
    def choices(self) -> int:
        """See `Engine.choices`: llama.cpp copies what it has read to others of its slots."""
        return self._slots

    async def close(self) -> None:
        """Closes its connections."""
        await self._client.aclose()

    async def ready(self) -> bool:
        """Whether it answers."""
        try:
            answer = await self._client.get("/v1/models", timeout=5.0)
        except _AWAY:
            return False
        return answer.status_code == 200

    async def count(self, ask: Ask) -> Count:
        """See `Engine.count`."""
        if not self._counts:
            return bound(ask)
        prompt = ask.body.get("prompt")
        if isinstance(prompt, list):
            return Count(len(prompt), len(prompt), tuple(prompt))
        if prompt is None:
            wanted = _read(ask)
            prompt = (await self._post("/apply-template", wanted)).get("prompt")
        tokens = await self._tokens({"content": prompt, "add_special": True})
        return Count(len(tokens), len(tokens), tuple(tokens))

    async def tokens(self, text: str) -> list[int]:
        """The tokens of a text, without a frame."""
        return await self._tokens({"content": text})

    async def text(self, tokens: Sequence[int]) -> str:
        """The text of tokens; raises `Refused` if there are no such ones."""
        text = (await self._post("/detokenize", {"tokens": list(tokens)})).get("content")
        if not isinstance(text, str):
            raise away("the model's engine answered what nobody asked")
        return text

    async def candidates(self, tokens: Sequence[int]) -> dict[int, float]:
        """The most probable tokens after these, with the natural logarithms of their probabilities.

        Of llama.cpp, before any sampling. Where it says nothing, as within a letter, there are none.
        """
        for more in (1, 4):
            # Where the likeliest token is a part of a letter, nothing is told before the letter is whole.
            asked = {**_LOOKING, "prompt": list(tokens), "n_predict": more}
            listed = (await self._post("/completion", asked)).get("completion_probabilities")
            if listed:
                try:
                    told = {int(each["id"]): float(each["logprob"]) for each in listed[0]["top_logprobs"]}
                except (KeyError, TypeError, ValueError, IndexError, OverflowError):
                    raise away("the model's engine answered what nobody asked") from None
                if len(told) > 2 * _CANDIDATES or not all(each < 1e-3 for each in told.values()):
                    raise away("the model's engine says what are no probabilities")
                return told
        return {}

    async def _tokens(self, body: dict[str, Any]) -> list[int]:
        tokens = (await self._post("/tokenize", body)).get("tokens")
        if not isinstance(tokens, list) or not all(map(_is_token, tokens)):
            raise away("the model's engine answered what nobody asked")
        return tokens

    async def stream(self, ask: Ask, most: int) -> AsyncIterator[dict[str, Any]]:
        """See `Engine.stream`."""
        body = {**ask.body, "model": self._model, "max_tokens": most, "stream": True}
        body["stream_options"] = {"include_usage": True}
        if self._counts:
            # llama.cpp's own habits are not OpenAI's: what is not asked for is said.
            body = {**SAMPLING, **body, "cache_prompt": False, "return_progress": True}
            # All that is written is text then, thoughts, too: so all of it can be judged.
            body["reasoning_format"] = "none"
        if "tools" in ask.body:
            pass  # llama.cpp has no probabilities beside calls of tools
        elif ask.path.endswith("/chat/completions"):
            # Always: it is what says how many tokens a piece has, and which.
            body |= {"logprobs": True, "top_logprobs": max(1, ask.logprobs or 0)}
        elif ask.logprobs is not None or self._counts:
            body["logprobs"] = max(1, ask.logprobs or 0)
        async with self._answer(ask.path, body) as answer:
            yield {READS: 0 if self._counts else None}
            async for piece in _pieces(answer):
                if (progress := piece.pop("prompt_progress", None)) is not None:
                    yield {READS: _read_by(progress)}
                yield piece

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Engine.embed`."""
        answer = await self._post("/v1/embeddings", {"input": list(texts), "model": self._model})
        return vectors_of(answer, len(texts))

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self._answer(path, body) as answer:
            whole = bytearray()
            async for part in answer.aiter_bytes():
                whole += part
                if len(whole) > 64 * _LONGEST:
                    raise away("the model's engine answered too much")
        try:
            told = _read_json(whole)
        except (ValueError, RecursionError):
            raise away("the model's engine answered what nobody asked") from None
        if not isinstance(told, dict):
            raise away("the model's engine answered what nobody asked")
        return told

    @asynccontextmanager
    async def _answer(self, path: str, body: dict[str, Any]) -> AsyncIterator[httpx.Response]:
        try:
            async with self._client.stream("POST", path, json=body) as answer:
                if answer.status_code != 200:
                    raise _refusal(answer.status_code, await _beginning(answer))
                yield answer
        except _AWAY as bad:
            raise away(f"the model's engine does not answer ({type(bad).__name__})") from bad


def _session(socket: Path | None) -> aiohttp.ClientSession:
    """Connections for one request each: servers end those that are idle when they like, also right now."""
    connector: aiohttp.BaseConnector
    if socket is not None:
        connector = aiohttp.UnixConnector(str(socket), force_close=True, limit=_CONNECTIONS)
    else:
        tls = httpx.create_ssl_context(trust_env=False)
        connector = aiohttp.TCPConnector(ssl=tls, force_close=True, limit=_CONNECTIONS)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


async def _beginning(answer: httpx.Response) -> bytes:
    begun = bytearray()
    async for part in answer.aiter_bytes():
        begun += part
        if len(begun) > 65_536:
            break
    return bytes(begun)


def _refusal(status: int, body: bytes) -> Refused:
    """What an engine says to a request: what is the client's to mend is handed on, the rest is not theirs."""
    try:
        message = str(json.loads(body)["error"]["message"])[:500]
    except (ValueError, KeyError, TypeError, RecursionError):
        message = ""
    if status == 400 and message:
        return invalid(message)
    return away(f"the model's engine answered {status}")


async def _pieces(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    waiting = b""
    async for part in answer.aiter_bytes():
        *lines, waiting = (waiting + part).split(b"\n")
        if len(waiting) > _LONGEST:
            raise away("the model's engine sent a piece of more than 1 MiB")
        for line in lines:
            if not line.startswith(b"data:"):
                continue
            text = line[5:].strip()
            if text == b"[DONE]":
                return
            try:
                piece = _read_json(text)
            except (ValueError, RecursionError):
                raise away("the model's engine sent what is no JSON") from None
            if not _well_made(piece):
                raise away("the model's engine sent what nobody asked")
            if "error" in piece:
                raise away("the model's engine ended with an error")
            piece.pop(NODE, None)
            piece.pop(READS, None)
            yield piece


def _read_by(progress: Any) -> int | None:
    """Tokens that an engine has read, with those that it is at."""
    done = progress.get("processed") if isinstance(progress, dict) else None
    return done + BATCH if isinstance(done, int) and 0 <= done < 2**32 else None


def _is_token(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**32


def _read_json(raw: bytes | bytearray) -> Any:
    """What an engine says, without what no client can be told: halves of surrogate pairs, not-numbers."""
    told = json.loads(raw.decode(errors="replace"), parse_constant=lambda _: None)
    if b"\\ud" in raw.lower():
        told = json.loads(json.dumps(told, ensure_ascii=False).encode(errors="replace"))
    return told


def _well_made(piece: Any) -> bool:
    """Whether a piece has the shape of OpenAI's, as far as it is looked at here."""
    choices = piece.get("choices") if isinstance(piece, dict) else 0
    return choices is None or (isinstance(choices, list) and all(map(_choice, choices)))


def _choice(choice: Any) -> bool:
    if not isinstance(choice, dict):
        return False
    delta, listed = choice.get("delta") or {}, (choice.get("logprobs") or {})
    said = delta.get("content") if isinstance(delta, dict) else 0
    content = (listed.get("content") or []) if isinstance(listed, dict) else [0]
    return (
        (said is None or isinstance(said, str))
        and isinstance(content, list)
        and all(isinstance(each, dict) and _tops(each.get("top_logprobs", [])) for each in content)
    )


def _tops(listed: Any) -> bool:
    return isinstance(listed, list) and all(isinstance(each, dict) for each in listed)


def speaks(choice: Mapping[str, Any]) -> bool:
    """Whether a choice has something that was written: words, thoughts, or a part of a call."""
    delta = choice.get("delta") or {}
    return bool(choice.get("text")) or any(value for name, value in delta.items() if name != "role")


def text_of(choice: Mapping[str, Any], *, chat: bool) -> str:
    """The text of a choice, where clients look for it."""
    said = (choice.get("delta") or {}).get("content") if chat else choice.get("text")
    return said if isinstance(said, str) else ""


def beside(choice: Mapping[str, Any], *, chat: bool) -> bool:
    """Whether a choice has something that was written, but not as its text: thoughts, or a part of a call."""
    delta = choice.get("delta") or {}
    if not chat:
        return any(value for name, value in delta.items() if name != "role") or not isinstance(
            choice.get("text") or "", str
        )
    return bool(choice.get("text")) or any(
        value for name, value in delta.items() if name not in ("role", "content")
    )


def bound(ask: Ask) -> Count:
    """No tokenizer makes more tokens than there are bytes; of most texts it makes one of four."""
    prompt = ask.body.get("prompt")
    if isinstance(prompt, list):
        return Count(len(prompt), len(prompt))
    if prompt is not None:
        size, frames = len(prompt.encode(errors="surrogatepass")), 1
    else:
        read = {name: ask.body[name] for name in ("messages", "tools") if name in ask.body}
        size, frames = (
            len(json.dumps(read, ensure_ascii=False).encode(errors="surrogatepass")),
            len(ask.body["messages"]),
        )
    return Count(size + _FRAME * frames, size // 4)


def _read(ask: Ask) -> dict[str, Any]:
    """What of a chat is read."""
    return {name: value for name, value in ask.body.items() if name in ("messages", "tools")}
