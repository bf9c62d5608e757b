"""What may not change under those who use a program: numbers of errors, and where fields lie in accounts.

`stable/<program>.json` holds them. `python tests/programs/test_stability.py` writes it anew, which is right
before a program is deployed, and for what is new; after that an error keeps its number and a field its place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

IDL: Final = Path(__file__).resolve().parents[2] / "idl"
STABLE: Final = Path(__file__).with_name("stable")
PINNED: Final = sorted(path.stem for path in STABLE.glob("*.json"))
PROGRAMS: Final = sorted(path.stem for path in IDL.glob("*.json"))
_SIZES: Final = {"u8": 1, "u16": 2, "u32": 4, "i32": 4, "u64": 8, "i64": 8, "u128": 16, "pubkey": 32}


def stable(program: str) -> dict[str, Any]:
    """Errors by name, and each account's fields with offset and size."""
    idl = json.loads((IDL / f"{program}.json").read_text())
    types = {one["name"]: one["type"] for one in idl["types"]}

    def size(kind: Any) -> int:
        if isinstance(kind, str):
            return _SIZES[kind]
        if "array" in kind:
            return int(kind["array"][1]) * size(kind["array"][0])
        return sum(size(one["type"]) for one in types[kind["defined"]["name"]]["fields"])

    def fields(path: str, kind: Any, at: int) -> Iterator[tuple[str, list[int]]]:
        if isinstance(kind, dict) and "defined" in kind:
            for one in types[kind["defined"]["name"]]["fields"]:
                yield from fields(f"{path}.{one['name']}", one["type"], at)
                at += size(one["type"])
        else:
            yield path.removeprefix("."), [at, size(kind)]

    accounts = {
        one["name"]: dict(fields("", {"defined": {"name": one["name"]}}, len(one["discriminator"])))
        for one in idl["accounts"]
    }
    return {"errors": {one["name"]: one["code"] for one in idl["errors"]}, "accounts": accounts}


@pytest.mark.parametrize("program", PINNED)
def test_errors_and_fields_are_where_they_were(program: str) -> None:
    pinned = json.loads((STABLE / f"{program}.json").read_text())
    assert stable(program) == pinned, f"run python {Path(__file__).name}, if that is meant"


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_number_stands_for_two_errors(program: str) -> None:
    numbers = list(stable(program)["errors"].values())
    assert numbers == list(range(6_000, 6_000 + len(numbers)))


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_account_has_a_version_a_bump_and_room_to_grow(program: str) -> None:
    for name, fields in stable(program)["accounts"].items():
        assert list(fields)[:2] == ["version", "bump"], name
        assert list(fields)[-1] == "reserved", name
        assert fields["version"] == [8, 1]


if __name__ == "__main__":
    for each in PINNED:
        (STABLE / f"{each}.json").write_text(json.dumps(stable(each), indent=1) + "\n")
