"""Modules that have moved: their old names import them from where they are now."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

#: Short names that stay: `import ionet.emission` as well as `from ionet import emission`.
SHORT: Final[Mapping[str, str]] = {
    "ionet.airdrop": "ionet.token.airdrop",
    "ionet.emission": "ionet.token.emission",
    "ionet.genesis": "ionet.token.genesis",
    "ionet.supply": "ionet.token.supply",
    "ionet.vesting": "ionet.token.vesting",
}
#: Old names: importing one warns.
OLD: Final[Mapping[str, str]] = {
    "ionet.bulk": "ionet.staking.bulk",
    "ionet.manifest": "ionet.store.manifest",
    "ionet.merkle": "ionet.formats.merkle",
    "ionet.proof": "ionet.prover",
}


class _Alias(Loader):
    def __init__(self, target: str) -> None:
        self._target = target
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self._target)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The module is loaded already, and keeps its own name.
        module.__spec__ = self._spec


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        new = SHORT.get(fullname)
        if new is None:
            new = OLD.get(fullname)
            if new is None:
                return None
            warnings.warn(f"{fullname} is now {new}", DeprecationWarning, stacklevel=2)
        return ModuleSpec(fullname, _Alias(new))


def install() -> None:
    """Makes the old names importable."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
