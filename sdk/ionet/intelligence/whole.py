"""An answer put together of its pieces."""

from __future__ import annotations

from typing import Any


class Whole:
    """An answer.

    Args:
        chat: whether it answers a chat; otherwise it goes on with a text.
    """

    def __init__(self, *, chat: bool) -> None:
        self._chat = chat
        self._head: dict[str, Any] = {}
        self._usage: dict[str, int] | None = None
        self._choices: dict[int, _Choice] = {}

    def add(self, piece: dict[str, Any]) -> None:
        """Adds a piece."""
        self._head = {name: piece[name] for name in ("id", "created", "model")}
        self._usage = piece.get("usage") or self._usage
        for choice in piece["choices"]:
            self._choices.setdefault(choice.get("index") or 0, _Choice(self._chat)).add(choice)

    def body(self) -> dict[str, Any]:
        """What is sent."""
        kind = "chat.completion" if self._chat else "text_completion"
        choices = [{"index": number, **self._choices[number].body()} for number in sorted(self._choices)]
        return {"object": kind, **self._head, "choices": choices, "usage": self._usage}


class _Choice:
    def __init__(self, chat: bool) -> None:
        self._chat = chat
        self._finish: str | None = None
        self._texts: dict[str, list[str]] = {}
        self._calls: dict[int, dict[str, Any]] = {}
        self._logprobs: dict[str, Any] | None = None

    def add(self, choice: dict[str, Any]) -> None:
        self._finish = choice.get("finish_reason") or self._finish
        self._add_logprobs(choice.get("logprobs"))
        said = choice.get("delta") if self._chat else {"text": choice.get("text")}
        for name, value in (said or {}).items():
            if name == "tool_calls":
                self._add_calls(value)
            elif name != "role" and isinstance(value, str):
                self._texts.setdefault(name, []).append(value)

    def _add_logprobs(self, more: dict[str, Any] | None) -> None:
        if more is None:
            return
        if self._logprobs is None:
            self._logprobs = {}
        for name, value in more.items():
            if isinstance(value, list):
                self._logprobs.setdefault(name, []).extend(value)
            else:
                self._logprobs.setdefault(name, value)

    def _add_calls(self, calls: Any) -> None:
        for each in calls if isinstance(calls, list) else ():
            call = self._calls.setdefault(
                int(each.get("index", 0)),
                {"id": None, "type": "function", "function": {"name": "", "arguments": ""}},
            )
            call["id"] = each.get("id") or call["id"]
            function = each.get("function") or {}
            call["function"]["name"] += function.get("name") or ""
            call["function"]["arguments"] += function.get("arguments") or ""

    def body(self) -> dict[str, Any]:
        choice: dict[str, Any] = {"finish_reason": self._finish, "logprobs": self._logprobs}
        texts = {name: "".join(parts) for name, parts in self._texts.items()}
        if self._chat:
            message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None, **texts}
            if self._calls:
                message["tool_calls"] = [self._calls[number] for number in sorted(self._calls)]
            return {**choice, "message": message}
        return {**choice, "text": texts.get("text", "")}
