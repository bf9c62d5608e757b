"""How much work a JSON schema makes: an engine writes each of its repetitions out, as a grammar."""

from __future__ import annotations

import re
from typing import Any, Final

#: Of a schema: the largest number of items or letters, and the parts of a pattern with all its repetitions.
REPETITIONS: Final = 10_000
_PATTERN: Final = 1_024
_BOUNDS: Final = frozenset(
    {"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"}
)
_TIMES: Final = re.compile(r"\{(\d{1,9})?,?(\d{1,9})?\}")
#: A class of letters, or one that is escaped: one part, whatever is in it.
_ONE: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)


def is_modest(schema: Any) -> bool:
    """Whether a schema repeats nothing so often that its grammar would take an engine down."""
    if isinstance(schema, list):
        return all(map(is_modest, schema))
    if not isinstance(schema, dict):
        return True
    for name, value in schema.items():
        if name in _BOUNDS and isinstance(value, int | float) and value > REPETITIONS:
            return False
        if name == "pattern" and isinstance(value, str) and _parts(value) > REPETITIONS:
            return False
    return all(map(is_modest, schema.values()))


def _parts(pattern: str) -> int:
    """Parts of a pattern, each as often as it is repeated; of one that is too long, too many."""
    if len(pattern) > _PATTERN:
        return REPETITIONS + 1
    groups, last, at = [0], 0, 0
    while at < len(pattern):
        times, part = _TIMES.match(pattern, at), _ONE.match(pattern, at)
        if times is not None and last:
            most = max(int(times[1] or 0), int(times[2] or 0), 1)
            groups[-1] += last * (most - 1)
            last, at = last * most, times.end()
            continue
        if pattern[at] == "(":
            groups.append(0)
        elif pattern[at] == ")" and len(groups) > 1:
            last = groups.pop()
            groups[-1] += last
        else:
            last = 1
            groups[-1] += 1
        at = at + 1 if part is None else part.end()
    return sum(groups)
