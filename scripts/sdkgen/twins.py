"""Blocking twins of asynchronous modules."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path
from typing import Final

NAMES: Final = {
    "AsyncClient": "Client",
    "AsyncCall": "Call",
    "AsyncCheats": "Cheats",
    "AsyncTransport": "Transport",
    "AsyncHttpTransport": "HttpTransport",
    "AsyncLocalTransport": "LocalTransport",
    "AsyncIterator": "Iterator",
    "AsyncGenerator": "Generator",
    "AsyncContextManager": "ContextManager",
    "AsyncExitStack": "ExitStack",
    "Awaitable": "Returned",
    "_async": "_sync",
    "aclose": "close",
    "aiter_raw": "iter_raw",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "StopAsyncIteration": "StopIteration",
    "asyncio": "time",
}


def blocking(source: str) -> str:
    """Returns the blocking twin of asynchronous source: no `async`, no `await`, blocking names."""
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    lines = source.splitlines(keepends=True)
    text_out, position = [], (1, 0)

    def between(start: tuple[int, int], end: tuple[int, int]) -> str:
        if start[0] == end[0]:
            return lines[start[0] - 1][start[1] : end[1]] if start[0] <= len(lines) else ""
        first = lines[start[0] - 1][start[1] :]
        return (
            first
            + "".join(lines[start[0] : end[0] - 1])
            + (lines[end[0] - 1][: end[1]] if end[0] <= len(lines) else "")
        )

    skip_space = False
    for token in tokens:
        gap = between(position, token.start)
        text_out.append("" if skip_space else gap)
        skip_space = False
        string = token.string
        if token.type == tokenize.NAME and string in ("async", "await"):
            string, skip_space = "", True
        elif token.type == tokenize.NAME:
            string = twin(string)
        elif token.type in (tokenize.STRING, tokenize.COMMENT):
            string = re.sub(
                r"\bawait |\basync (?=with|for|def)", "", re.sub(r"\w+", lambda m: twin(m[0]), string)
            )
        text_out.append(string)
        position = token.end
    return "".join(text_out)


def twin(name: str) -> str:
    """Returns the blocking twin of a name."""
    if name in NAMES:
        return NAMES[name]
    # Domain namespaces: AsyncStaking -> Staking.
    return name[5:] if re.fullmatch(r"Async[A-Z]\w*", name) else name


def twins(package: Path) -> dict[Path, str]:
    """Returns every module of an `_async` folder, rewritten for the `_sync` folder beside it."""
    rewritten = {}
    for folder in sorted(package.rglob("_async")):
        for path in sorted(folder.glob("*.py")):
            note = f"# Generated from {path.relative_to(package)} by scripts/codegen; do not edit.\n"
            rewritten[folder.parent / "_sync" / path.name] = note + blocking(path.read_text())
    return rewritten
