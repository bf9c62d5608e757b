"""An engine of a fixed rate, in a process of its own: as many words as asked for, one at a time.

`python -m tests.intelligence.steady PORT RATE`: it speaks OpenAI's protocol, as far as chats and
vectors go; a prompt has as many tokens as its messages have words, and so has a text.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route


def application(rate: float) -> Starlette:
    """The engine.

    Args:
        rate: tokens a second of each stream; 0: at once.
    """

    async def chat(request: Request) -> StreamingResponse:
        body = await request.json()
        prompt = sum(len(message["content"].split()) for message in body["messages"])
        return StreamingResponse(pieces(prompt, body["max_tokens"]), media_type="text/event-stream")

    async def pieces(prompt: int, most: int) -> AsyncIterator[bytes]:
        begin = asyncio.get_running_loop().time()
        for number in range(most):
            if rate:
                await asyncio.sleep(begin + number / rate - asyncio.get_running_loop().time())
            delta = {"content": f"w{number} "}
            logprobs = {
                "content": [{"id": number, "token": f"w{number} ", "logprob": 0.0, "top_logprobs": []}]
            }
            yield event(
                {"choices": [{"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": None}]}
            )
        yield event({"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]})
        usage = {"prompt_tokens": prompt, "completion_tokens": most, "total_tokens": prompt + most}
        yield event({"choices": [], "usage": usage})
        yield b"data: [DONE]\n\n"

    async def models(_: Request) -> JSONResponse:
        return JSONResponse({"object": "list", "data": [{"id": "steady", "object": "model"}]})

    async def vectors(request: Request) -> JSONResponse:
        texts = (await request.json())["input"]
        await asyncio.sleep(len(texts) / rate if rate else 0)
        rows = [{"index": at, "embedding": [1.0]} for at in range(len(texts))]
        count = sum(len(text.split()) for text in texts)
        return JSONResponse({"data": rows, "usage": {"prompt_tokens": count, "total_tokens": count}})

    return Starlette(
        routes=[
            Route("/v1/chat/completions", chat, methods=["POST"]),
            Route("/v1/embeddings", vectors, methods=["POST"]),
            Route("/v1/models", models),
        ]
    )


def event(piece: object) -> bytes:
    return b"data: " + json.dumps(piece).encode() + b"\n\n"


if __name__ == "__main__":
    port, speed = sys.argv[1:]
    # Its rate is fixed: it never stands still.
    gc.disable()
    uvicorn.run(
        application(float(speed)), host="127.0.0.1", port=int(port), log_config=None, access_log=False
    )
