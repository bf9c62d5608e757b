"""Engines under Ray Serve, on a leased node: this file alone is sent there, and run by its Python.

`python3 ionet_serving.py start SPEC` deploys an application of Ray Serve and returns once it is up, `stop
NAME` ends it. Applications are at 127.0.0.1:PORT/NAME, and are reached through the lease's tunnel only. SPEC
is a JSON object::

    {"name": "m0", "runs": "llama", "port": 8100, "model": "smollm2", "file": "models/m0.gguf",
     "context": 2048, "slots": 4, "threads": 2, "batch": 512}
    {"name": "m1", "runs": "vllm", "port": 8100, "model": "llama-3.3-70b", "source": "meta-llama/…",
     "context": 131072, "slots": 64, "gpus": 4}
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

#: Seconds in which llama.cpp has to load its weights, and to say that it is well.
_LOADS = 1_800.0
_WELL = 10.0
#: … from one look at it to the next.
_LOOK = 2.0
_BLOCK = 1 << 20


def vllm_arguments(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What `ray.serve.llm.LLMConfig` takes, for a model in vLLM."""
    engine = {
        "max_model_len": spec["context"],
        "max_num_seqs": spec["slots"],
        "tensor_parallel_size": spec["gpus"],
        # As in llama.cpp: an answer never rests on what another has left behind.
        "enable_prefix_caching": False,
    }
    if spec.get("revision"):
        engine["revision"] = spec["revision"]
    return {
        "model_loading_config": {"model_id": spec["model"], "model_source": spec["source"]},
        "engine_kwargs": engine,
        "deployment_config": {"num_replicas": 1, "max_ongoing_requests": 2 * spec["slots"]},
        "log_engine_metrics": False,
    }


def vllm(spec: Mapping[str, Any]) -> Any:
    """The application of a model in vLLM."""
    from ray.serve.llm import LLMConfig, build_openai_app

    return build_openai_app({"llm_configs": [LLMConfig(**vllm_arguments(spec))]})


def fetched(spec: Mapping[str, Any], folder: Path) -> Path:
    """The weights: what was sent, or what is fetched, by its hash.

    Raises:
        ValueError: what was fetched is something else.
    """
    path = folder / str(spec["file"])
    if path.exists() or not spec.get("url"):
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part, digest = path.with_suffix(".part"), hashlib.sha256()
    with urllib.request.urlopen(spec["url"], timeout=60) as answer, part.open("wb") as file:  # noqa: S310
        while block := answer.read(_BLOCK):
            digest.update(block)
            file.write(block)
    if digest.hexdigest() != spec["sha256"]:
        part.unlink()
        raise ValueError(f"{spec['url']} is not the file with the sha256 {spec['sha256']}")
    part.replace(path)
    return path


class Llama:
    """llama.cpp in a replica of Ray Serve: its server listens on a socket, to which requests are handed on.

    Args:
        spec: see the module.
        folder: with what was sent.
    """

    def __init__(self, spec: Mapping[str, Any], folder: str) -> None:
        sys.path.insert(0, folder)
        import httpx
        import xllamacpp

        weights = fetched(spec, Path(folder))
        socket = Path(f"/tmp/{spec['name']}-{time.time_ns()}.sock")  # noqa: S108 (the box's own)
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(weights)
        parameters.n_ctx = spec["context"] * spec["slots"]
        parameters.n_parallel = spec["slots"]
        parameters.n_batch = spec["batch"]
        parameters.cpuparams.n_threads = spec["threads"]
        parameters.cpuparams_batch.n_threads = spec["threads"]
        parameters.hostnames = [str(socket)]
        parameters.cache_ram_mib = 0
        self._server = xllamacpp.Server(parameters)
        limits = httpx.Limits(max_connections=1_024, keepalive_expiry=2.0)
        transport = httpx.AsyncHTTPTransport(uds=str(socket), limits=limits)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://engine", timeout=_LOADS)
        self._loaded = False

    async def check_health(self) -> None:
        """Raises if the engine does not answer: Ray Serve then starts it again."""
        answer = await self._client.get("/health", timeout=_WELL)
        if answer.status_code != 200 and self._loaded:
            raise RuntimeError(f"the engine says {answer.status_code}")
        self._loaded = answer.status_code == 200

    async def __call__(self, request: Any) -> Any:
        """Hands a request on, and its answer back as it comes; whoever goes away ends it."""
        from starlette.responses import StreamingResponse

        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        kind = {"content-type": request.headers.get("content-type", "application/json")}
        asked = self._client.build_request(request.method, path, content=await request.body(), headers=kind)
        answer = await self._client.send(asked, stream=True)

        async def parts() -> AsyncIterator[bytes]:
            try:
                async for part in answer.aiter_raw():
                    yield part
            finally:
                await asyncio.shield(answer.aclose())

        headers = {"content-type": answer.headers.get("content-type", "application/json")}
        return StreamingResponse(parts(), answer.status_code, headers)


def llama(spec: Mapping[str, Any]) -> Any:
    """The application of a model in llama.cpp."""
    from ray import serve

    deployment: Any = serve.deployment(
        # Tokens are counted beside what is written.
        max_ongoing_requests=4 * spec["slots"] + 16,
        ray_actor_options={"num_cpus": 0},
        # One that has died is started again as soon as this is seen.
        health_check_period_s=_LOOK,
        health_check_timeout_s=_LOADS,
        logging_config={"enable_access_log": False},
    )
    return deployment(Llama).bind(dict(spec), str(Path.cwd()))


def main() -> None:
    """Starts or ends an application."""
    import ray
    from ray import serve

    what, given = sys.argv[1:]
    ray.init(log_to_driver=False)
    if what == "stop":
        serve.delete(given)
        return
    spec = json.loads(given)
    serve.start(http_options={"host": "127.0.0.1", "port": spec["port"]})
    application = vllm(spec) if spec["runs"] == "vllm" else llama(spec)
    serve.run(application, name=spec["name"], route_prefix=f"/{spec['name']}")


if __name__ == "__main__":
    main()
