"""Ray's driver of a function entrypoint, inside the box: calls the function and reports its result."""

from __future__ import annotations

import json
import traceback

from ionet.workloads._context import Context
from ionet.workloads._run import NoEntrypoint, classify, load_entrypoint, ray_map
from ionet.workloads.driver import FILES, RUN, WORK, tell


def main() -> None:
    """Runs the function."""
    run = json.loads(RUN.read_text())
    try:
        function = load_entrypoint(run["function"])
    except NoEntrypoint as error:
        tell("bad-entrypoint", str(error))
        raise SystemExit(1) from error
    nodes = run["cluster"]["nodes"] if run["cluster"] else run["nodes"]
    context = Context(run["arguments"], WORK, FILES, len(nodes), ray_map)
    try:
        value = function(context)
    except Exception as error:
        traceback.print_exc()
        tell(*classify(error))
        raise SystemExit(1) from error
    try:
        tell(None, value=value)
    except (TypeError, ValueError, RecursionError) as error:
        tell("bad-value", f"the entrypoint's value: {error}")
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
