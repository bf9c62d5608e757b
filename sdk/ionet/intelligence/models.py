"""The models that a service offers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from ionet.intelligence.errors import Refused
from ionet.intelligence.prices import Price

Kind = Literal["chat", "embedding"]


@dataclass(frozen=True, slots=True)
class Model:
    """One model.

    Attributes:
        id: its name.
        kind: what it is for.
        price: what its tokens cost.
        context: tokens that prompt and answer may have together.
        slots: requests that its engine works on at a time.
        digest: sha256 of its weights, in hex; empty: nobody knows.
        created: Unix seconds.
        memory: bytes that it takes.
        matryoshka: whether the first of a vector's dimensions are a vector by themselves.
    """

    id: str
    kind: Kind
    price: Price
    context: int
    slots: int = 4
    digest: str = ""
    created: int = 0
    memory: int = 0
    matryoshka: bool = False

    def told(self) -> dict[str, Any]:
        """As `/v1/models` lists it; prices are in dollars for a token, as texts."""
        return {
            "id": self.id,
            "object": "model",
            "created": self.created,
            "owned_by": "ionet",
            "context_length": self.context,
            "kind": self.kind,
            "pricing": {"prompt": dollars(self.price.prompt), "completion": dollars(self.price.completion)},
            "digest": self.digest or None,
        }


class Models:
    """All models, by their names."""

    def __init__(self, models: Iterable[Model]) -> None:
        self._models = {model.id: model for model in models}

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models.values())

    def get(self, name: object, kind: Kind | None = None) -> Model:
        """Returns a model.

        Args:
            name: as the request says it.
            kind: what it has to be for; None: whatever.

        Raises:
            Refused: there is none of that name, or it is for something else.
        """
        if not isinstance(name, str) or not name:
            raise Refused(400, "you must provide a model parameter", param="model")
        model = self._models.get(name)
        if model is None:
            raise Refused(404, self._unknown(name), param="model", code="model_not_found")
        if kind is not None and model.kind != kind:
            others = ", ".join(each.id for each in self if each.kind == kind) or "none"
            said = f"{name} is no {kind} model; those are: {others}"
            raise Refused(400, said, param="model", code="model_not_supported")
        return model

    def _unknown(self, name: str) -> str:
        shown = name if len(name) <= 64 and name.isprintable() else ascii(name[:64])
        near = get_close_matches(name[:128], self._models, n=1)
        hint = f"did you mean {near[0]}?" if near else "GET /v1/models lists what there is"
        return f"the model {shown} does not exist; {hint}"


def dollars(price: int) -> str:
    """Dollars for one token, of a price in millionths of a dollar for a million tokens."""
    whole, rest = divmod(price, 10**12)
    return f"{whole}.{rest:012d}".rstrip("0").rstrip(".")
