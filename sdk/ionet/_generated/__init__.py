"""What scripts/codegen writes: one package for each program; do not edit."""

from collections.abc import Mapping
from typing import Final

#: Program id to name.
PROGRAMS: Final[Mapping[str, str]] = {}
