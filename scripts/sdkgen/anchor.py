"""The error table of the Anchor framework."""

from __future__ import annotations

import re

from sdkgen.idl import CodegenError


def anchor_errors(source: str) -> str:
    """Returns the module with the framework's error table, from the crate's source."""
    body = source.split("pub enum ErrorCode {", 1)[1].split("\n}", 1)[0]
    code, rows, message = 0, [], ""
    for line in body.splitlines():
        if match := re.match(r'\s*#\[msg\("(.*)"\)\]', line):
            message = match[1]
        elif match := re.match(r"\s*([A-Z]\w+)(?: = (\d+))?,", line):
            code = int(match[2]) if match[2] else code + 1
            rows.append(f"    {code}: ({match[1]!r}, {message!r}),\n")
    if not rows:
        raise CodegenError("no error codes found; is this anchor-lang-error's src/lib.rs?")
    return (
        '"""Errors of the Anchor framework, from the crate anchor-lang-error.\n\n'
        'Written by scripts/codegen --anchor-errors; do not edit.\n"""\n\n'
        "from collections.abc import Mapping\nfrom typing import Final\n\n"
        "#: Code to name and message.\n"
        f"ANCHOR_ERRORS: Final[Mapping[int, tuple[str, str]]] = {{\n{''.join(rows)}}}\n"
    )
