"""How the model says no."""

from __future__ import annotations


class Refused(Exception):
    """What was asked is against the rules, and nothing changed.

    Where several rules forbid it, any of them may be the one that is named.

    Attributes:
        reasons: names of the programs' errors.
    """

    def __init__(self, *reasons: str) -> None:
        super().__init__(", ".join(sorted(reasons)))
        self.reasons = frozenset(reasons)


def refuse(**rules: bool) -> None:
    """Refuses by the names of all rules that are broken.

    Raises:
        Refused: at least one of `rules` is true.
    """
    broken = [name for name, is_broken in rules.items() if is_broken]
    if broken:
        raise Refused(*broken)
