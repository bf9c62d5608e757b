"""A tool that has to be called, also by models and engines that know of none.

The tools are described to the model in words, and its answer has to follow a schema of which each valid text
is a call. What comes is told as OpenAI tells calls, once it is whole.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any


def described(messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages, after one that describes the tools.

    Args:
        messages: of the request.
        tools: that may be called.
    """
    listed = "\n".join(json.dumps(tool["function"], ensure_ascii=False) for tool in tools)
    said = (
        f"Answer by calling one of these functions, as a JSON object with its name and arguments:\n{listed}"
    )
    if messages and messages[0]["role"] == "system":
        first = {**messages[0], "content": f"{messages[0].get('content', '')}\n\n{said}"}
        return [first, *messages[1:]]
    return [{"role": "system", "content": said}, *messages]


def schema_of(tools: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The schema of calls of these tools."""
    calls = [
        {
            "type": "object",
            "properties": {
                "name": {"const": tool["function"]["name"]},
                "arguments": tool["function"].get("parameters") or {"type": "object"},
            },
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for tool in tools
    ]
    return calls[0] if len(calls) == 1 else {"anyOf": calls}


async def called(pieces: AsyncIterator[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    """The pieces of an answer that is a call: what is said in them, as one call at the end.

    Where the answer was cut off before the call was whole, there is none, and its end says `length`.

    Args:
        pieces: of the answer, as an engine sends them.
    """
    said: list[str] = []
    async with aclosing(pieces):  # type: ignore[type-var]
        async for piece in pieces:
            choices = piece.get("choices")
            if not isinstance(choices, list) or not choices:
                yield piece
                continue
            delta = choices[0].get("delta") or {}
            said.append(delta.get("content") or "")
            calls = _calls("".join(said)) if choices[0].get("finish_reason") else None
            told = {**delta, "content": None}
            ended = choices[0].get("finish_reason")
            if calls is not None:
                told["tool_calls"], ended = calls, "tool_calls"
            # How many tokens it has is told beside it.
            yield {**piece, "choices": [{**choices[0], "delta": told, "finish_reason": ended}]}


def _calls(text: str) -> list[dict[str, Any]] | None:
    try:
        call = json.loads(text)
        name, arguments = call["name"], json.dumps(call["arguments"], ensure_ascii=False)
    except (ValueError, KeyError, TypeError):
        return None
    function = {"name": name, "arguments": arguments}
    return [{"index": 0, "id": f"call_{secrets.token_hex(12)}", "type": "function", "function": function}]
