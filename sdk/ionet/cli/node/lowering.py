"""`ionet node lower`: the class that a node's proofs have shown."""

from __future__ import annotations

from typing import Annotated

import typer

from ionet import IO
from ionet.cli.arguments import NodeAddress
from ionet.cli.node.parts import ClassOption, class_of
from ionet.cli.output import when
from ionet.cli.session import session
from ionet.staking.stake import class_name


def lower(
    node: NodeAddress,
    class_: ClassOption,
    due: Annotated[
        bool, typer.Option("--due", help="Take it down: the threshold has approved it a day ago; for anyone.")
    ] = False,
) -> None:
    """Approve that a node goes down to a class that it reaches; for an attester.

    Its owner has a day from the approval on that reaches the threshold. Approvals count for a week.
    """
    io = session()
    kind = class_of(io, class_)
    name = class_name(kind)
    if due:
        lowered = io.send(io.client.staking.lower_class(node, kind.id), f"take {node} down to {name}")
        minimum = IO.from_base(lowered.result.minimum)
        io.done(
            lowered,
            f"{node} is of the class {name} now; its owner's minimum is {minimum:n}",
            node=node,
            class_=kind.id,
            minimum=minimum,
        )
        return
    sent = io.send(io.client.staking.approve_class(node, kind.id), f"approve {name} for {node}")
    event = sent.result
    goes = f"goes down to {name} from {when(event.due_at)} on"
    if not event.due_at:
        goes = f"goes down to {name} a day after the threshold has approved it"
    io.done(
        sent,
        f"Approved with weight {event.weight} of {event.threshold}: {node} {goes}",
        node=node,
        class_=kind.id,
        weight=event.weight,
        threshold=event.threshold,
        due_at=event.due_at,
    )
