"""What a chat says: its messages, its tools, and the form of its answer."""

from __future__ import annotations

import json
from typing import Any, Final

from ionet.intelligence.errors import invalid
from ionet.intelligence.fields import Fields, is_short, is_table, is_truth
from ionet.intelligence.forcing import described, schema_of
from ionet.intelligence.schemas import REPETITIONS, is_modest

#: Messages of one request.
MESSAGES: Final = 2_048
_TOOLS: Final = 128
#: Bytes of a schema that answers have to follow: an engine makes a grammar of it.
_SCHEMA: Final = 16_384
_ROLES: Final = ("system", "developer", "user", "assistant", "tool")


MESSAGES_ARE: Final = f"a list of 1 to {MESSAGES:,} messages, each with a role and its content"


def some_messages(value: Any) -> bool:
    """Whether it is a list of as many messages as are taken."""
    return isinstance(value, list) and 0 < len(value) <= MESSAGES


def messages_of(messages: Any) -> list[dict[str, Any]]:
    """The messages, as an engine gets them; raises `Refused` if one is none."""
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
        if not is_short(message.get("tool_call_id")):
            raise invalid(f"{place} names its tool_call_id", f"{place}.tool_call_id", "invalid_value")
        taken["tool_call_id"] = message["tool_call_id"]
    if is_short(message.get("name")):
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
            is_short(given.get("id"))
            and is_short(named.get("name"))
            and isinstance(named.get("arguments"), str)
        ):
            right = "each with an id and a function's name and arguments"
            raise invalid(f"{place}.tool_calls is a list, {right}", place, "invalid_value")
        called = {"name": named["name"], "arguments": named["arguments"]}
        taken.append({"id": given["id"], "type": "function", "function": called})
    return taken


def tools_of(fields: Fields) -> tuple[list[dict[str, Any]], Any]:
    """The tools of a request, and which may be called: auto, none, required, or one's name in a list."""
    tools = fields.take(
        "tools",
        lambda value: isinstance(value, list) and len(value) <= _TOOLS,
        f"a list of at most {_TOOLS} tools",
    )
    choices = "none, auto, required or a tool"
    choice = fields.take("tool_choice", lambda value: isinstance(value, str | dict), choices)
    # Engines here call one at a time.
    fields.take("parallel_tool_calls", is_truth, "true or false")
    if not tools:
        if choice not in (None, "none"):
            raise invalid("tool_choice needs tools", "tool_choice")
        return [], "none"
    taken = [_tool(number, tool) for number, tool in enumerate(tools)]
    return taken, _choice("auto" if choice is None else choice, [tool["function"]["name"] for tool in taken])


def _tool(number: int, tool: Any) -> dict[str, Any]:
    function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
    if not isinstance(function, dict) or not is_short(function.get("name")):
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


def with_tools(passed: dict[str, Any], tools: list[dict[str, Any]], choice: Any) -> bool:
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


def format_of(fields: Fields) -> dict[str, Any]:
    """What an engine is told of an answer's form; raises `Refused` if there is none such."""
    given = fields.take(
        "response_format", is_table, "an object with a type: text, json_object or json_schema"
    )
    if given is None or given.get("type") == "text":
        return {}
    if given.get("type") == "json_object":
        return {"response_format": {"type": "json_object"}}
    named = given.get("json_schema")
    if given.get("type") == "json_schema" and isinstance(named, dict) and is_table(named.get("schema")):
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
