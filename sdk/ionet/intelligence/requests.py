"""Reads what clients send, strictly: what an engine is passed is what is known here, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ionet.intelligence.conversation import (
    MESSAGES_ARE,
    format_of,
    messages_of,
    some_messages,
    tools_of,
    with_tools,
)
from ionet.intelligence.errors import Refused, invalid
from ionet.intelligence.fields import Fields, integer, is_short, is_table, is_truth
from ionet.intelligence.models import Model, Models

#: Texts of one request for embeddings.
TEXTS: Final = 2_048
#: Answers to one request.
_CHOICES: Final = 16
#: Characters for one token, at the very most; with more, no engine is asked how many tokens a prompt has.
_LONGEST_TOKEN: Final = 64


@dataclass(frozen=True, slots=True)
class Ask:
    """What a request comes to.

    Attributes:
        model: that answers.
        path: of the engine.
        body: for the engine, without the model's name and the most tokens.
        most: tokens that may be written, as asked; None: as many as the context has room for.
        stream: whether the answer comes piece by piece.
        usage: whether a stream ends with its usage.
        logprobs: how many alternatives of each token are shown; None: nothing of that.
        size: characters of what is read.
        calls: whether the answer has to be a call of a tool.
        choices: answers that are wanted.
    """

    model: Model
    path: str
    body: dict[str, Any]
    most: int | None
    stream: bool
    usage: bool
    logprobs: int | None
    size: int
    calls: bool = False
    choices: int = 1


def chat(body: Mapping[str, Any], models: Models) -> Ask:
    """Reads a request for `/v1/chat/completions`.

    Raises:
        Refused: it cannot be answered as it is.
    """
    model = models.get(body.get("model"), "chat")
    fields = Fields(body)
    fields.take("model", is_short, "a model's name")
    passed: dict[str, Any] = {"messages": messages_of(fields.take("messages", some_messages, MESSAGES_ARE))}
    tools, choice = tools_of(fields)
    passed |= format_of(fields) | fields.sampling()
    calls = with_tools(passed, tools, choice)
    shown = None
    if fields.take("logprobs", is_truth, "true or false"):
        shown = fields.take("top_logprobs", integer(0, 20), "an integer from 0 to 20", 0)
    elif fields.take("top_logprobs", integer(0, 20), "an integer from 0 to 20"):
        raise invalid("top_logprobs needs logprobs: true", "top_logprobs")
    if shown is not None and (calls or "tools" in passed):
        raise invalid("logprobs are not told beside tools", "logprobs")
    return replace(_ask(fields, model, "/v1/chat/completions", passed, shown), calls=calls)


def completion(body: Mapping[str, Any], models: Models) -> Ask:
    """Reads a request for `/v1/completions`.

    Raises:
        Refused: it cannot be answered as it is.
    """
    model = models.get(body.get("model"), "chat")
    fields = Fields(body)
    fields.take("model", is_short, "a model's name")
    prompt = fields.take("prompt", _is_prompt, "one text, or one list of tokens' numbers")
    if isinstance(prompt, list) and not _is_token(prompt[0]):
        (prompt,) = prompt
    if prompt is None:
        raise invalid("you must provide a prompt", "prompt")
    fields.take("echo", lambda value: value is False, "false: the prompt is not sent back", False)
    fields.take("best_of", integer(1, 1), "1: all answers that are written are told")
    shown = fields.take("logprobs", integer(0, 5), "an integer from 0 to 5")
    return _ask(fields, model, "/v1/completions", {"prompt": prompt, **fields.sampling()}, shown)


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _is_prompt(value: Any) -> bool:
    """Whether it is a text or tokens; clients may wrap one of them in a list."""
    if isinstance(value, list) and len(value) == 1 and not _is_token(value[0]):
        (value,) = value
    return isinstance(value, str) or (isinstance(value, list) and bool(value) and all(map(_is_token, value)))


def _ask(fields: Fields, model: Model, path: str, passed: dict[str, Any], shown: int | None) -> Ask:
    choices = fields.take("n", integer(1, _CHOICES), f"an integer from 1 to {_CHOICES}", 1)
    fields.take("store", lambda value: value is False, "false: nothing is stored", False)
    stream = fields.take("stream", is_truth, "true or false", False)
    options = fields.take("stream_options", is_table, "an object", {})
    if options and not stream:
        raise invalid("stream_options goes with stream: true", "stream_options")
    told = Fields(options)
    usage = told.take("include_usage", is_truth, "true or false", False)
    told.take("include_obfuscation", is_truth, "true or false", False)
    told.finish()
    most = _most(fields, model)
    fields.finish()
    size = _size(passed)
    if size > model.context * _LONGEST_TOKEN:
        raise too_long(model, None, "prompt" if "prompt" in passed else "messages")
    return Ask(model, path, passed, most, stream, usage, shown, size, choices=choices)


def _most(fields: Fields, model: Model) -> int | None:
    within = integer(1, 2**31)
    old = fields.take("max_tokens", within, "an integer from 1 on")
    new = fields.take("max_completion_tokens", within, "an integer from 1 on")
    if old is not None and new is not None:
        raise invalid("say max_tokens or max_completion_tokens, not both", "max_tokens")
    most: int | None = new if old is None else old
    if most is not None and most > model.context:
        said = f"max_tokens is at most {model.context:,}: that is the context of {model.id}"
        raise invalid(said, "max_tokens", "invalid_value")
    return most


def too_long(model: Model, tokens: int | None, param: str) -> Refused:
    """A prompt that leaves no room for an answer."""
    has = "far more" if tokens is None else f"{tokens:,}"
    return invalid(
        f"this model's context has {model.context:,} tokens, and the {param} take {has}: shorten them"
        if param == "messages"
        else f"this model's context has {model.context:,} tokens, and the {param} takes {has}: shorten it",
        param,
        "context_length_exceeded",
    )


def _size(passed: Mapping[str, Any]) -> int:
    """Characters of all texts that are read, or tokens."""
    if "prompt" in passed:
        return len(passed["prompt"])
    texts = sum(len(message.get("content", "")) for message in passed["messages"])
    return texts + len(json.dumps(passed.get("tools", []), ensure_ascii=False))


@dataclass(frozen=True, slots=True)
class Embed:
    """A request for embeddings.

    Attributes:
        model: that answers.
        texts: one or many.
        base64: whether vectors come as base64 of little-endian float32.
        dimensions: that vectors are cut off to; None: as the model makes them.
    """

    model: Model
    texts: tuple[str, ...]
    base64: bool
    dimensions: int | None = None


def embeddings(body: Mapping[str, Any], models: Models) -> Embed:
    """Reads a request for `/v1/embeddings`.

    Raises:
        Refused: it cannot be answered as it is.
    """
    model = models.get(body.get("model"), "embedding")
    fields = Fields(body)
    fields.take("model", is_short, "a model's name")
    given = fields.take("input", _texts, _INPUT)
    if given is None:
        raise invalid("you must provide an input", "input")
    form = fields.take(
        "encoding_format", lambda value: value in ("float", "base64"), "float or base64", "float"
    )
    size = fields.take("dimensions", integer(1, 2**16), "an integer from 1 on")
    if size is not None and not model.matryoshka:
        said = f"{model.id} is not made for vectors of other dimensions than its own: leave dimensions out"
        raise invalid(said, "dimensions", "invalid_value")
    fields.finish()
    texts = (given,) if isinstance(given, str) else tuple(given)
    if any(len(text) > model.context * _LONGEST_TOKEN for text in texts):
        raise too_long(model, None, "input")
    return Embed(model, texts, form == "base64", size)


#: Tokens are of one vocabulary, and clients that send some take another one than the model's.
_INPUT: Final = (
    f"a text, or a list of 1 to {TEXTS:,} texts, none of them empty; tokens' numbers are not taken"
    " (in LangChain: check_embedding_ctx_length=False)"
)


def _texts(value: Any) -> bool:
    texts = [value] if isinstance(value, str) else value
    return (
        isinstance(texts, list)
        and 0 < len(texts) <= TEXTS
        and all(isinstance(text, str) and text for text in texts)
    )
