"""The context of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")


class Mapper(Protocol):
    """Applies a function to items in parallel; results come in the order of the items."""

    def __call__(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]: ...


def serial(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """Applies the function to one item after another: the mapper of an executor without parallelism."""
    return [function(item) for item in items]


@dataclass(frozen=True, slots=True)
class Context:
    """What an entrypoint ``package.module:function`` is called with.

    The function returns a JSON object (the run's value) and leaves its files in ``output``.

    Attributes:
        arguments: the manifest's arguments.
        inputs: directory with the manifest's input files.
        output: directory whose files become the run's outputs, named by their content.
        nodes: how many nodes the run has.
        mapper: what `map` uses; on Ray one task per item, on the lease's nodes.
    """

    arguments: Mapping[str, Any]
    inputs: Path
    output: Path
    nodes: int = 1
    mapper: Mapper = serial

    def map(self, function: Callable[[_T], _R], items: Iterable[_T]) -> list[_R]:
        """Applies a module-level function to each item, in parallel where the executor can.

        On Ray each item is one task with one core, repeated by Ray when its process or node is lost; an
        exception of the function ends the run.
        """
        return self.mapper(function, list(items))
