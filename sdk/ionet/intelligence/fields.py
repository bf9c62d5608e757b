"""Bodies of requests, and their fields: each is taken once, checked, and what nobody takes is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from ionet.intelligence.errors import invalid

#: Levels of what is in a body.
DEPTH: Final = 24
_STOPS: Final = 4

Check = Callable[[Any], bool]


def number(low: float, high: float) -> Check:
    """A check: whether a value is a number within these."""
    return lambda value: (
        isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    )


def integer(low: int, high: int) -> Check:
    """A check: whether a value is an integer within these."""
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def is_truth(value: Any) -> bool:
    """Whether it is true or false."""
    return isinstance(value, bool)


def is_table(value: Any) -> bool:
    """Whether it is an object."""
    return isinstance(value, dict)


def _stop(value: Any) -> bool:
    texts = [value] if isinstance(value, str) else value
    return isinstance(texts, list) and len(texts) <= _STOPS and all(is_short(text) for text in texts)


def is_short(value: Any) -> bool:
    """Whether it is a text of 1 to 256 characters."""
    return isinstance(value, str) and 0 < len(value) <= 256


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 10


def _bias(value: Any) -> bool:
    within = number(-100, 100)
    return (
        isinstance(value, dict)
        and len(value) <= 300
        and all(_is_number(key) and within(bias) for key, bias in value.items())
    )


#: What shapes the writing of any text: checked, and passed on as it is.
_SAMPLING: Final[Mapping[str, tuple[Check, str]]] = {
    "temperature": (number(0, 2), "a number from 0 to 2"),
    "top_p": (number(0, 1), "a number from 0 to 1"),
    "presence_penalty": (number(-2, 2), "a number from -2 to 2"),
    "frequency_penalty": (number(-2, 2), "a number from -2 to 2"),
    "seed": (integer(-(2**63), 2**63 - 1), "an integer of 64 bits"),
    "stop": (_stop, "a text of at most 256 characters, or a list of at most 4"),
    "logit_bias": (_bias, "an object of tokens' numbers and numbers from -100 to 100, at most 300"),
}
#: Said by clients for others, and of no consequence here.
_IGNORED: Final = frozenset({"user", "metadata", "safety_identifier", "prompt_cache_key", "service_tier"})


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


class Fields:
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
