"""What the programs' sources must not have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).resolve().parents[1] / "programs"
#: Of anchor_spl::token: types and names, none of its calls.
_TYPES = {"Mint", "Token", "TokenAccount", "self", "spl_token::native_mint"}


@pytest.mark.parametrize("program", sorted(one.name for one in PROGRAMS.iterdir() if one.is_dir()))
def test_events_and_token_calls_are_the_cheap_ones(program: str) -> None:
    """`io_common::emit_cpi!` and `io_common::token`, where Anchor's copy what they send."""
    for path in (PROGRAMS / program / "src").rglob("*.rs"):
        text = path.read_text()
        for names in re.findall(r"anchor_spl::token::\{([^}]*)\}", text):
            assert {one.strip() for one in names.split(",")} <= _TYPES, path
        assert not re.search(r"anchor_spl::token::(transfer|burn|mint_to|close|approve)", text), path
        assert "CpiContext" not in text, path
        if "emit_cpi!(" in text:
            assert re.search(r"use io_common::(emit_cpi|\{[^}]*\bemit_cpi\b)", text), path
