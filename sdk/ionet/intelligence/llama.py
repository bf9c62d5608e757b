"""A model in llama.cpp, in a process of its own: `python -m ionet.intelligence.llama FILE SOCKET`.

It listens on a socket of this machine, in a folder that only its user can enter, and ends with whoever
started it: when its standard input does.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ionet.intelligence.engine import BATCH


def main() -> None:
    """Serves one model until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m ionet.intelligence.llama", description=__doc__)
    parser.add_argument("file", type=Path, help="the model's weights, a GGUF file")
    parser.add_argument("socket", type=Path, help="where to listen")
    parser.add_argument("--context", type=int, default=2_048, help="tokens of each request")
    parser.add_argument("--slots", type=int, default=4, help="requests at a time")
    parser.add_argument("--threads", type=int, default=1, help="of this machine's processors")
    chosen = parser.parse_args()
    serve(chosen.file, chosen.socket, chosen.context, chosen.slots, chosen.threads)


def serve(file: Path, socket: Path, context: int, slots: int, threads: int) -> None:
    """Serves a model until standard input ends.

    Args:
        file: its weights.
        socket: where to listen.
        context: tokens of each request.
        slots: requests at a time.
        threads: of this machine's processors.
    """
    # It comes with the extra `intelligence`, and takes a moment.
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(file)
    parameters.n_ctx = context * slots
    parameters.n_parallel = slots
    # Whoever goes away is charged by the batches that were read until then.
    parameters.n_batch = BATCH
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    parameters.hostnames = [str(socket)]
    # Answers of one request never rest on what another has left behind.
    parameters.cache_ram_mib = 0
    # How many tokens it has read, to whoever can enter its folder.
    parameters.endpoint_metrics = True
    server = xllamacpp.Server(parameters)
    print("ready", flush=True)
    sys.stdin.buffer.read()
    del server


if __name__ == "__main__":
    main()
