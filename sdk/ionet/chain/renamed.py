"""Methods and attributes that are still found under their earlier names."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar


class Renamed:
    """Finds methods and attributes under their earlier names, with a warning."""

    __slots__ = ()

    #: Present name by earlier name.
    RENAMED: ClassVar[Mapping[str, str]] = {}

    # For type checkers the earlier names are gone.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            new = type(self).RENAMED.get(name)
            if new is None:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            warnings.warn(f"{type(self).__name__}.{name} is now {new}", DeprecationWarning, stacklevel=2)
            return getattr(self, new)
