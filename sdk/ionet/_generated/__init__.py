"""What scripts/codegen writes: one package for each program; do not edit."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ionet.chain.registry import register_program

#: Program id to name.
PROGRAMS: Final[Mapping[str, str]] = {
    "ioBtFpfDmKyGmc4baQQPDfYDY4xmst2G3J577yHjhC8": "buyback",
    "ioD6AuCTSDUE4Ujet18uvMf7hEtqjEZRVuXHu3qV5Qs": "distributor",
    "iogC7NKioP1989xDJ7kgkT1H4vizYuy5UduYNquSX7E": "governance",
    "ioJ3q1D96XiecZbvgCoH1c5hehvLWw1F1yKD6oCykpA": "jobs",
    "iomcaX8pJmF55yH6XR6JR7DVSSpkGYaRFXJhKb9sAyV": "mint",
    "ioPaT9RX9Bc2iv5uidz6Ah2K8y3NWmkcvPe7FenwbjF": "proofs",
    "ioSuxfpJbUmtnqXzWVV5xuHx2M8wGf5mqGLJmxKm2rY": "staking",
}

#: Where compiled programs and their IDLs are shipped.
SHIPPED: Final = Path(__file__).resolve().parent.parent / "_programs"

for _id, _name in PROGRAMS.items():
    register_program(_id, f"{__name__}.{_name}", SHIPPED / f"{_name}.so")
