"""Reads what clients send, strictly: what an engine is passed is what is known here, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final

from ionet.intelligence.errors import Refused, invalid
from ionet.intelligence.forcing import described, schema_of
from ionet.intelligence.models import Model, Models
from ionet.intelligence.schemas import REPETITIONS, is_modest

#: Messages of one request, levels of what is in it, texts of one request for embeddings.
MESSAGES: Final = 2_048
DEPTH: Final = 24
TEXTS: Final = 2_048
_STOPS: Final = 4
_TOOLS: Final = 128
#: Bytes of a schema that answers have to follow: an engine makes a grammar of it.
_SCHEMA: Final = 16_384
_BODY: Final = 'send an object such as {"model": …, "messages": […]}'
_ROLES: Final = ("system", "developer", "user", "assistant", "tool")
#: Characters for one token, at the very most; with more, no engine is asked how many tokens a prompt has.
_LONGEST_TOKEN: Final = 64

Check = Callable[[Any], bool]


def _number(low: float, high: float) -> Check:
    return lambda value: (
        isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    )


def _integer(low: int, high: int) -> Check:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _truth(value: Any) -> bool:
    return isinstance(value, bool)


def _table(value: Any) -> bool:
    return isinstance(value, dict)


def _stop(value: Any) -> bool:
    texts = [value] if isinstance(value, str) else value
    return isinstance(texts, list) and len(texts) <= _STOPS and all(_short(text) for text in texts)


def _short(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 256


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 10


def _bias(value: Any) -> bool:
    within = _number(-100, 100)
    return (
        isinstance(value, dict)
        and len(value) <= 300
        and all(_is_number(key) and within(bias) for key, bias in value.items())
    )


#: What shapes the writing of any text: checked, and passed on as it is.
_SAMPLING: Final[Mapping[str, tuple[Check, str]]] = {
    "temperature": (_number(0, 2), "a number from 0 to 2"),
    "top_p": (_number(0, 1), "a number from 0 to 1"),
    "presence_penalty": (_number(-2, 2), "a number from -2 to 2"),
    "frequency_penalty": (_number(-2, 2), "a number from -2 to 2"),
    "seed": (_integer(-(2**63), 2**63 - 1), "an integer of 64 bits"),
    "stop": (_stop, "a text of at most 256 characters, or a list of at most 4"),
    "logit_bias": (_bias, "an object of tokens' numbers and numbers from -100 to 100, at most 300"),
}
#: Said by clients for others, and of no consequence here.
_IGNORED: Final = frozenset({"user", "metadata", "safety_identifier", "prompt_cache_key", "service_tier"})


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


def parse(raw: bytes) -> dict[str, Any]:
    """Returns a body.

    Raises:
        Refused: it is no JSON object, too deep, or has what is no text or no number.
    """
    try:
        body = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise invalid('the body is not JSON; send an object such as {"model": …, "messages": […]}') from None
    if not isinstance(body, dict):
        raise invalid('the body is a JSON object, such as {"model": …, "messages": […]}')
    if _deeper(body, DEPTH):
        raise invalid(f"the body has more than {DEPTH} levels")
    try:
        # What cannot be written cannot be passed on, either.
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise invalid(r"a text of the body has half of a surrogate pair, such as \ud83d alone") from None
    except ValueError:
        raise invalid("a number of the body is too large") from None
    return body


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _deeper(value: Any, left: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    if left == 0:
        return True
    return any(_deeper(each, left - 1) for each in (value.values() if isinstance(value, dict) else value))


class _Fields:
    """A body of which each field is taken once."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        # What is null is not said: clients write it for what their callers left out.
        self._left = {name: value for name, value in body.items() if value is not None}
        self._known: list[str] = []

    def take(self, name: str, check: Check, right: str, default: Any = None) -> Any:
        """Returns a field, or the default."""
        self._known.append(name)
        if name not in self._left:
            return default
        value = self._left.pop(name)
        if not check(value):
            raise invalid(f"{name} is {right}", name, "invalid_value")
        return value

    def sampling(self) -> dict[str, Any]:
        """Returns what shapes the writing."""
        taken = {name: self.take(name, check, right) for name, (check, right) in _SAMPLING.items()}
        return {name: value for name, value in taken.items() if value is not None}

    def finish(self) -> None:
        """Raises `Refused` for a field that nobody has taken."""
        for name in self._left:
            if name in _IGNORED:
                continue
            shown = name[:64] if name.isprintable() else ascii(name[:64])
            near = get_close_matches(name[:64], self._known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise invalid(f"unknown parameter: {shown}{hint}", shown, "unknown_parameter")


def chat(body: Mapping[str, Any], models: Models) -> Ask:
    """Reads a request for `/v1/chat/completions`.

    Raises:
        Refused: it cannot be answered as it is.
    """
    model = models.get(body.get("model"), "chat")
    fields = _Fields(body)
    fields.take("model", _short, "a model's name")
    passed: dict[str, Any] = {"messages": _messages(fields.take("messages", _some_messages, _MESSAGES_ARE))}
    tools, choice = _tools(fields)
    passed |= _format(fields) | fields.sampling()
    calls = _with_tools(passed, tools, choice)
    shown = None
    if fields.take("logprobs", _truth, "true or false"):
        shown = fields.take("top_logprobs", _integer(0, 20), "an integer from 0 to 20", 0)
    elif fields.take("top_logprobs", _integer(0, 20), "an integer from 0 to 20"):
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
    fields = _Fields(body)
    fields.take("model", _short, "a model's name")
    prompt = fields.take("prompt", _is_prompt, "one text, or one list of tokens' numbers")
    if isinstance(prompt, list) and not _is_token(prompt[0]):
        (prompt,) = prompt
    if prompt is None:
        raise invalid("you must provide a prompt", "prompt")
    fields.take("echo", lambda value: value is False, "false: the prompt is not sent back", False)
    fields.take("best_of", _integer(1, 1), "1: a request is answered once")
    shown = fields.take("logprobs", _integer(0, 5), "an integer from 0 to 5")
    return _ask(fields, model, "/v1/completions", {"prompt": prompt, **fields.sampling()}, shown)


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _is_prompt(value: Any) -> bool:
    """Whether it is a text or tokens; clients may wrap one of them in a list."""
    if isinstance(value, list) and len(value) == 1 and not _is_token(value[0]):
        (value,) = value
    return isinstance(value, str) or (isinstance(value, list) and bool(value) and all(map(_is_token, value)))


def _ask(fields: _Fields, model: Model, path: str, passed: dict[str, Any], shown: int | None) -> Ask:
    fields.take("n", _integer(1, 1), "1: a request is answered once")
    fields.take("store", lambda value: value is False, "false: nothing is stored", False)
    stream = fields.take("stream", _truth, "true or false", False)
    options = fields.take("stream_options", _table, "an object", {})
    if options and not stream:
        raise invalid("stream_options goes with stream: true", "stream_options")
    told = _Fields(options)
    usage = told.take("include_usage", _truth, "true or false", False)
    told.take("include_obfuscation", _truth, "true or false", False)
    told.finish()
    most = _most(fields, model)
    fields.finish()
    size = _size(passed)
    if size > model.context * _LONGEST_TOKEN:
        raise too_long(model, None, "prompt" if "prompt" in passed else "messages")
    return Ask(model, path, passed, most, stream, usage, shown, size)


def _most(fields: _Fields, model: Model) -> int | None:
    within = _integer(1, 2**31)
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


_MESSAGES_ARE: Final = f"a list of 1 to {MESSAGES:,} messages, each with a role and its content"


def _some_messages(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= MESSAGES


def _messages(messages: Any) -> list[dict[str, Any]]:
    if messages is None:
        raise invalid("you must provide messages", "messages")
    return [_message(number, message) for number, message in enumerate(messages)]


def _message(number: int, message: Any) -> dict[str, Any]:
    place = f"messages[{number}]"
    if not isinstance(message, dict) or message.get("role") not in _ROLES:
        raise invalid(f"{place} has a role: {', '.join(_ROLES)}", place, "invalid_value")
    role = message["role"]
    taken: dict[str, Any] = {"role": "system" if role == "developer" else role}
    content = message.get("content")
    calls = message.get("tool_calls")
    if content is not None:
        taken["content"] = _content(place, content)
    elif role != "assistant" or not calls:
        raise invalid(f"{place} has a content, a text", f"{place}.content", "invalid_value")
    if role == "assistant" and calls:
        taken["tool_calls"] = _calls(place, calls)
        taken.setdefault("content", "")
    if role == "tool":
        if not _short(message.get("tool_call_id")):
            raise invalid(f"{place} names its tool_call_id", f"{place}.tool_call_id", "invalid_value")
        taken["tool_call_id"] = message["tool_call_id"]
    if _short(message.get("name")):
        taken["name"] = message["name"]
    return taken


def _content(place: str, content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(
        isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)
        for part in content
    ):
        return "".join(part["text"] for part in content)
    raise invalid(f"{place}.content is a text, or a list of parts of type text", place, "invalid_value")


def _calls(place: str, calls: Any) -> list[dict[str, Any]]:
    taken = []
    for call in calls if isinstance(calls, list) and len(calls) <= _TOOLS else [{}]:
        given = call if isinstance(call, dict) else {}
        function = given.get("function")
        named = function if isinstance(function, dict) else {}
        if not (
            _short(given.get("id")) and _short(named.get("name")) and isinstance(named.get("arguments"), str)
        ):
            right = "each with an id and a function's name and arguments"
            raise invalid(f"{place}.tool_calls is a list, {right}", place, "invalid_value")
        called = {"name": named["name"], "arguments": named["arguments"]}
        taken.append({"id": given["id"], "type": "function", "function": called})
    return taken


def _tools(fields: _Fields) -> tuple[list[dict[str, Any]], Any]:
    """The tools of a request, and which may be called: auto, none, required, or one's name in a list."""
    tools = fields.take(
        "tools",
        lambda value: isinstance(value, list) and len(value) <= _TOOLS,
        f"a list of at most {_TOOLS} tools",
    )
    choices = "none, auto, required or a tool"
    choice = fields.take("tool_choice", lambda value: isinstance(value, str | dict), choices)
    # Engines here call one at a time.
    fields.take("parallel_tool_calls", _truth, "true or false")
    if not tools:
        if choice not in (None, "none"):
            raise invalid("tool_choice needs tools", "tool_choice")
        return [], "none"
    taken = [_tool(number, tool) for number, tool in enumerate(tools)]
    return taken, _choice("auto" if choice is None else choice, [tool["function"]["name"] for tool in taken])


def _tool(number: int, tool: Any) -> dict[str, Any]:
    function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
    if not isinstance(function, dict) or not _short(function.get("name")):
        raise invalid(
            f"tools[{number}] is of type function, with a function that has a name",
            f"tools[{number}]",
            "invalid_value",
        )
    _bounded(function.get("parameters", {}), f"tools[{number}].function.parameters")
    kept = ("name", "description", "parameters", "strict")
    return {"type": "function", "function": {name: function[name] for name in kept if name in function}}


def _choice(choice: Any, names: list[str]) -> Any:
    if choice in ("none", "auto", "required"):
        return choice
    named = choice.get("function", {}) if isinstance(choice, dict) else {}
    if isinstance(named, dict) and named.get("name") in names:
        return [named["name"]]
    raise invalid("tool_choice is none, auto, required, or one of the tools", "tool_choice", "invalid_value")


def _with_tools(passed: dict[str, Any], tools: list[dict[str, Any]], choice: Any) -> bool:
    """Adds tools to what an engine gets; returns whether the answer has to be a call."""
    if choice == "none" or not tools:
        return False
    if choice == "auto":
        passed["tools"] = tools
        return False
    if "response_format" in passed:
        raise invalid(
            "an answer is a call of a tool or follows a response_format, not both", "response_format"
        )
    allowed = [tool for tool in tools if choice == "required" or tool["function"]["name"] in choice]
    passed["messages"] = described(passed["messages"], allowed)
    passed["response_format"] = {"type": "json_schema", "json_schema": {"schema": schema_of(allowed)}}
    return True


def _format(fields: _Fields) -> dict[str, Any]:
    given = fields.take("response_format", _table, "an object with a type: text, json_object or json_schema")
    if given is None or given.get("type") == "text":
        return {}
    if given.get("type") == "json_object":
        return {"response_format": {"type": "json_object"}}
    named = given.get("json_schema")
    if given.get("type") == "json_schema" and isinstance(named, dict) and _table(named.get("schema")):
        _bounded(named["schema"], "response_format")
        return {"response_format": {"type": "json_schema", "json_schema": {"schema": named["schema"]}}}
    raise invalid(
        "response_format has a type: text, json_object, or json_schema with a json_schema.schema",
        "response_format",
        "invalid_value",
    )


def _bounded(schema: Any, param: str) -> None:
    if not isinstance(schema, dict) or len(json.dumps(schema)) > _SCHEMA:
        raise invalid(f"{param} is a JSON schema of at most {_SCHEMA:,} bytes", param, "invalid_value")
    if not is_modest(schema):
        raise invalid(
            f"{param} repeats something more than {REPETITIONS:,} times: shorten its patterns and bounds",
            param,
            "invalid_value",
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
    fields = _Fields(body)
    fields.take("model", _short, "a model's name")
    given = fields.take("input", _texts, _INPUT)
    if given is None:
        raise invalid("you must provide an input", "input")
    form = fields.take(
        "encoding_format", lambda value: value in ("float", "base64"), "float or base64", "float"
    )
    size = fields.take("dimensions", _integer(1, 2**16), "an integer from 1 on")
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
