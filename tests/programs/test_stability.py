"""What may not change under those who use a program: numbers of errors and variants, and fields in accounts.

`stable/<program>.json` holds them. `python tests/programs/test_stability.py` writes it anew, which is right
before a program is deployed, and for what is new; after that errors and variants keep their numbers, and
fields their places.
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
_SIZES: Final = {
    "u8": 1, "u16": 2, "u32": 4, "u64": 8, "u128": 16, "i16": 2, "i32": 4, "i64": 8, "pubkey": 32,
}  # fmt: skip


def stable(program: str) -> dict[str, Any]:
    """Errors and variants by name, and each account's fields with offset and size; None: that depends."""
    idl = json.loads((IDL / f"{program}.json").read_text())
    types = {one["name"]: one["type"] for one in idl["types"]}
    enums = {name: one["variants"] for name, one in types.items() if one["kind"] == "enum"}
    assert not any(one.get("fields") for variants in enums.values() for one in variants)

    def size(kind: Any) -> int | None:
        if kind == "bytes" or "vec" in kind:
            return None
        if isinstance(kind, str):
            return _SIZES[kind]
        if "array" in kind:
            inner = size(kind["array"][0])
            return None if inner is None else int(kind["array"][1]) * inner
        if kind["defined"]["name"] in enums:
            return 1
        sizes = [size(one["type"]) for one in types[kind["defined"]["name"]]["fields"]]
        return None if None in sizes else sum(one or 0 for one in sizes)

    def fields(path: str, kind: Any, at: int | None) -> Iterator[tuple[str, list[int | None]]]:
        if isinstance(kind, dict) and "defined" in kind and kind["defined"]["name"] not in enums:
            for one in types[kind["defined"]["name"]]["fields"]:
                for name, (start, length) in fields(f"{path}.{one['name']}", one["type"], at):
                    yield name, [start, length]
                    at = None if start is None or length is None else start + length
        else:
            yield path.removeprefix("."), [at, size(kind)]

    accounts = {
        one["name"]: dict(fields("", {"defined": {"name": one["name"]}}, len(one["discriminator"])))
        for one in idl["accounts"]
    }
    return {
        "errors": {one["name"]: one["code"] for one in idl["errors"]},
        "enums": {
            name: {one["name"]: number for number, one in enumerate(variants)}
            for name, variants in sorted(enums.items())
        },
        "accounts": accounts,
    }


@pytest.mark.parametrize("program", PINNED)
def test_errors_and_fields_are_where_they_were(program: str) -> None:
    pinned = json.loads((STABLE / f"{program}.json").read_text())
    assert stable(program) == pinned, f"run python {Path(__file__).name}, if that is meant"


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_number_stands_for_two_errors(program: str) -> None:
    numbers = list(stable(program)["errors"].values())
    assert numbers == sorted(set(numbers))
    assert numbers[0] == 6_000


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_account_has_a_version_a_bump_and_room_to_grow(program: str) -> None:
    for name, fields in stable(program)["accounts"].items():
        assert list(fields)[:2] == ["version", "bump"], name
        # Only what is as long as its content lies behind the room to grow.
        behind = list(fields)[list(fields).index("reserved") + 1 :]
        assert not behind or any(fields[one][1] is None for one in behind), name
        assert fields["version"] == [8, 1]


if __name__ == "__main__":
    for each in PINNED:
        (STABLE / f"{each}.json").write_text(json.dumps(stable(each), indent=1) + "\n")
