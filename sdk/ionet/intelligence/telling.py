"""The pieces of an answer, as OpenAI's clients read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ionet.intelligence.opened import Open, choices_of
from ionet.intelligence.prices import Usage

#: What answers hold of an engine's choices: of a chat, and of a text that goes on.
_CHAT: Final = ("delta", "logprobs", "finish_reason")
_TEXT: Final = ("text", "logprobs", "finish_reason")


def head_of(request: Open) -> dict[str, Any]:
    """What each piece of an answer begins with."""
    return {
        "id": request.answer or request.id,
        "object": "chat.completion.chunk" if request.chat else "text_completion",
        "created": request.at,
        "model": request.ask.model.id,
    }


def told_of(request: Open, piece: Mapping[str, Any]) -> dict[str, Any] | None:
    """A piece as the client reads it; None: there is nothing in it for them."""
    choices = choices_of(piece)
    if not choices:
        return None
    kept, names = [], _CHAT if request.chat else _TEXT
    for choice in choices:
        told: dict[str, Any] = {name: choice[name] for name in names if name in choice}
        told["index"] = request.number
        told["logprobs"] = _shown(request, choice)
        told.setdefault("finish_reason", None)
        kept.append(told)
    return {**head_of(request), "choices": kept}


def _shown(request: Open, choice: Mapping[str, Any]) -> Any:
    ask, logprobs = request.ask, choice.get("logprobs")
    if ask.logprobs is None or not isinstance(logprobs, dict):
        return None
    content = logprobs.get("content")
    if not isinstance(content, list):
        return logprobs
    if "prompt" in ask.body:
        return _shown_of_old(request, content, ask.logprobs, str(choice.get("text") or ""))
    kept = ("token", "logprob", "bytes")
    told = []
    for each in content:
        top = each.get("top_logprobs", [])[: ask.logprobs]
        shown = [{name: other.get(name) for name in kept} for other in top]
        told.append({**{name: each.get(name) for name in kept}, "top_logprobs": shown})
    return {"content": told, "refusal": None}


def _shown_of_old(request: Open, content: Sequence[Any], most: int, text: str) -> dict[str, list[Any]]:
    """What `/v1/completions` tells of its tokens, which has a shape of its own."""
    tokens = [str(each.get("token") or "") for each in content]
    prompt = request.ask.body["prompt"]
    begin = (len(prompt) if isinstance(prompt, str) else 0) + sum(map(len, request.said)) - len(text)
    return {
        "tokens": tokens,
        "token_logprobs": [each.get("logprob") for each in content],
        "top_logprobs": [
            {str(other.get("token")): other.get("logprob") for other in each.get("top_logprobs", [])[:most]}
            for each in content
        ],
        "text_offset": [begin + sum(map(len, tokens[:at])) for at in range(len(tokens))],
    }


def usage_of(usages: Iterable[Usage]) -> dict[str, int]:
    """Tokens of all choices, as an answer says them."""
    listed = list(usages)
    prompt, completion = sum(each.prompt for each in listed), sum(each.completion for each in listed)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
