"""Attributes that import what they name when they are first used: `import ionet` stays fast."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any


def lazy(
    module: str, names: Mapping[str, str], renamed: Mapping[str, str] = MappingProxyType({})
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Returns `__getattr__` and `__dir__` for a module.

    Args:
        module: its name.
        names: the target of each public name: `"package.module"` or `"package.module:attribute"`.
        renamed: earlier names of some of them; using one warns.
    """

    def __getattr__(name: str) -> Any:
        if name in renamed:
            warnings.warn(f"{module}.{name} is now {renamed[name]}", DeprecationWarning, stacklevel=2)
            return getattr(sys.modules[module], renamed[name])
        target = names.get(name)
        if target is None:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        source, _, attribute = target.partition(":")
        value = import_module(source)
        if attribute:
            value = getattr(value, attribute)
        setattr(sys.modules[module], name, value)
        return value

    def __dir__() -> list[str]:
        return sorted({*vars(sys.modules[module]), *names})

    return __getattr__, __dir__


def renamed(module: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """Returns `__getattr__` for a module some of whose names have moved elsewhere; using one warns.

    Args:
        module: its name.
        names: where each earlier name is now: `"package.module:attribute"`.
    """

    def __getattr__(name: str) -> Any:
        target = names.get(name)
        if target is None:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        source, _, attribute = target.partition(":")
        warnings.warn(f"{module}.{name} is now {source}.{attribute}", DeprecationWarning, stacklevel=2)
        return getattr(import_module(source), attribute)

    return __getattr__
