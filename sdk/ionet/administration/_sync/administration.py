# Generated from administration/_async/administration.py by scripts/codegen; do not edit.
"""Parameters, pauses and authorities: the instructions that all programs have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from solders.pubkey import Pubkey

from ionet import accounts, ix, pda
from ionet.administration.parameters import parameters, params_of
from ionet.chain._sync.call import Call, deferred
from ionet.chain._sync.connection import Connection
from ionet.chain.renamed import Renamed


class Administration(Renamed):
    """Calls of a program's authority and its pauser; a domain inherits them and names its program."""

    PROGRAM: ClassVar[str]

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @deferred
    def _set_params(self, **changes: Any) -> Call[None]:
        """Changes the parameters that are not None and leaves the others as they are."""
        kind = getattr(accounts, self.PROGRAM).Config
        config = self._connection.fetch(kind, getattr(pda, self.PROGRAM).CONFIG)
        values = {name: value for name, value in changes.items() if value is not None}
        if unknown := values.keys() - params_of(self.PROGRAM, config).keys():
            known = ", ".join(params_of(self.PROGRAM, config))
            raise TypeError(
                f"{self.PROGRAM} has no parameter {', '.join(sorted(unknown))}; there are {known}"
            )
        instruction = parameters(self.PROGRAM, config, authority=self._connection.address, **values)
        return Call(self._connection, [instruction])

    def set_paused(self, entries: int) -> Call[None]:
        """Sets which entries are paused; for the authority, or the pauser to pause more. Exits never pause.

        Args:
            entries: for example `JobsEntry.BOOKING`; 0 for none.
        """
        build = getattr(ix, self.PROGRAM).set_paused
        return Call(self._connection, [build(signer=self._connection.address, paused=int(entries))])

    def propose_authority(self, successor: Pubkey) -> Call[None]:
        """Names a successor of the authority; the default address withdraws the offer."""
        build = getattr(ix, self.PROGRAM).propose_authority
        return Call(self._connection, [build(authority=self._connection.address, successor=successor)])

    def accept_authority(self) -> Call[None]:
        """Makes the signer, who was named as successor, the authority."""
        build = getattr(ix, self.PROGRAM).accept_authority
        return Call(self._connection, [build(successor=self._connection.address)])
