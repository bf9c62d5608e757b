"""`ionet worker doctor`: what is well, and what is not."""

from __future__ import annotations

from itertools import chain

import typer

from ionet.cli.failures import REFUSED
from ionet.cli.options import Commands
from ionet.cli.session import session
from ionet.cli.worker.parts import StateOption, config_file
from ionet.worker import WorkerConfig, probe
from ionet.worker._doctor import gateway_findings, machine_findings
from ionet.worker._findings import Finding, Level
from ionet.worker._promised import promise_findings
from ionet.worker._standing import chain_findings

app = Commands()


@app.command()
def doctor(state: StateOption = None) -> None:
    """Look at all that a worker needs: the machine, its devices, gateways, and how the chain sees its nodes.

    Each line has what was found; of what is not well, also the rule and what to do. The exit status is 1 if
    there is a fault. It can be run before the nodes are registered, and beside a worker that runs.
    """
    io = session()
    config = WorkerConfig.load(config_file(state))
    findings = list(
        chain(
            machine_findings(config, probe()),
            gateway_findings(config.gateways),
            chain_findings(config),
            promise_findings(config),
        )
    )
    counts = {level: sum(finding.level is level for finding in findings) for level in Level}
    io.screen.show(
        {"config": str(config.path), "counts": counts, "findings": findings}, *_lines(findings, config)
    )
    if counts[Level.FAULT]:
        io.screen.note(f"{counts[Level.FAULT]} to repair, {counts[Level.WARNING]} to look at")
        raise typer.Exit(REFUSED)
    io.screen.note("Nothing is wrong" + (f", {n} to look at" if (n := counts[Level.WARNING]) else ""))


def _lines(findings: list[Finding], config: WorkerConfig) -> list[str]:
    """Returns the findings as text: the machine's first, then each node's under its device's name."""
    width = max(len(finding.check) for finding in findings)
    lines = []
    for node in (None, *(node.uuid for node in config.nodes)):
        if node is not None:
            lines += ["", node]
        for finding in (finding for finding in findings if finding.node == node):
            lines.append(f"{finding.level:<8} {finding.check:<{width}}  {finding.says}")
            if finding.level is not Level.OK:
                indent = " " * (width + 11)
                lines += [f"{indent}rule: {finding.rule}", f"{indent}do:   {finding.todo}"]
    return lines
