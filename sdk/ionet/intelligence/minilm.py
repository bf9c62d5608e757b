"""A model of embeddings in ONNX, in a process of its own: `python -m ionet.intelligence.minilm …`.

Sentences become the mean of their tokens' vectors, of length one, as sentence-transformers does it. It
listens on a socket of this machine, and ends with whoever started it: when its standard input does.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from tokenizers import Tokenizer

#: Texts that are worked on at a time, the longest together.
_BATCH: Final = 32


class Embedder:
    """Makes vectors of texts.

    Args:
        model: weights, an ONNX file.
        tokenizer: a `tokenizer.json`.
        context: tokens of a text; what is beyond is cut off.
        threads: of this machine's processors.
    """

    def __init__(self, model: Path, tokenizer: Path, context: int, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._inputs = {each.name for each in self._session.get_inputs()}
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(context)
        self._tokenizer.enable_padding()

    def embed(self, texts: Sequence[str]) -> tuple[list[list[float]], int]:
        """A vector of length one for each text, and the tokens of all of them."""
        encoded = self._tokenizer.encode_batch(list(texts))
        ids = np.array([each.ids for each in encoded], dtype=np.int64)
        mask = np.array([each.attention_mask for each in encoded], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (states, *_) = self._session.run(None, {name: given[name] for name in self._inputs})
        if states.ndim == 3:
            states = (states * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        states = states / np.linalg.norm(states, axis=1, keepdims=True)
        return states.tolist(), int(mask.sum())


def application(embedder: Embedder, name: str) -> Starlette:
    """Speaks OpenAI's protocol, as far as embeddings go."""

    async def embeddings(request: Request) -> JSONResponse:
        texts = (await request.json())["input"]
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        vectors: dict[int, list[float]] = {}
        tokens = 0
        for start in range(0, len(order), _BATCH):
            # Whoever has gone away waits for nothing.
            if await request.is_disconnected():
                raise ClientDisconnect
            chosen = order[start : start + _BATCH]
            rows, count = await asyncio.to_thread(embedder.embed, [texts[at] for at in chosen])
            vectors |= dict(zip(chosen, rows, strict=True))
            tokens += count
        listed = [{"object": "embedding", "index": at, "embedding": vectors[at]} for at in range(len(texts))]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return JSONResponse({"object": "list", "data": listed, "model": name, "usage": usage})

    async def models(_: Request) -> JSONResponse:
        return JSONResponse({"object": "list", "data": [{"id": name, "object": "model"}]})

    routes = [
        Route("/v1/embeddings", embeddings, methods=["POST"]),
        Route("/v1/models", models, methods=["GET"]),
    ]
    return Starlette(routes=routes)


def main() -> None:
    """Serves one model until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m ionet.intelligence.minilm", description=__doc__)
    parser.add_argument("file", type=Path, help="the model's weights, an ONNX file")
    parser.add_argument("tokenizer", type=Path, help="its tokenizer.json")
    parser.add_argument("socket", type=Path, help="where to listen")
    parser.add_argument("--context", type=int, default=256, help="tokens of a text")
    parser.add_argument("--threads", type=int, default=1, help="of this machine's processors")
    chosen = parser.parse_args()
    embedder = Embedder(chosen.file, chosen.tokenizer, chosen.context, chosen.threads)
    settings: dict[str, Any] = {"log_config": None, "access_log": False, "lifespan": "off", "ws": "none"}
    app = application(embedder, chosen.file.stem)
    server = uvicorn.Server(uvicorn.Config(app, uds=str(chosen.socket), **settings))

    def watch() -> None:
        sys.stdin.buffer.read()
        server.should_exit = True

    threading.Thread(target=watch, daemon=True).start()
    print("ready", flush=True)
    server.run()


if __name__ == "__main__":
    main()
