"""What nodes are told to serve: arguments for vLLM by Ray Serve, and weights that are fetched."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ionet.intelligence.serving import fetched, vllm, vllm_arguments

SPEC = {
    "name": "m1",
    "model": "llama",
    "source": "meta-llama/Llama-3.3-70B-Instruct",
    "revision": "main",
    "context": 131_072,
    "slots": 64,
    "gpus": 4,
}
#: Of vLLM's engine, as the source in its wheel has them: scripts/vllm_arguments.
TAKEN = json.loads(Path(__file__).with_name("vllm_arguments.json").read_text())["arguments"]


def fields(name: str) -> set[str]:
    """The fields of a class of `ray.serve.llm`, which is installed here without vLLM."""
    (ray,) = importlib.util.find_spec("ray").submodule_search_locations  # type: ignore[union-attr, misc]
    source = Path(ray, "llm/_internal/serve/core/configs/llm_config.py").read_text()
    (found,) = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef) and node.name == name
    ]
    return {
        part.target.id
        for part in found.body
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    }


def test_what_vllm_is_told_is_what_ray_serve_and_vllm_take() -> None:
    told = vllm_arguments(SPEC)
    assert told.keys() <= fields("LLMConfig")
    assert told["model_loading_config"].keys() <= fields("ModelLoadingConfig")
    wrong = {
        name: value
        for name, value in told["engine_kwargs"].items()
        if type(value).__name__ not in TAKEN.get(name, "").split(" | ")
    }
    assert wrong == {}
    assert told["engine_kwargs"]["tensor_parallel_size"] == 4
    assert told["model_loading_config"]["model_source"] == SPEC["source"]


def test_vllm_itself_takes_its_arguments_where_it_is_installed() -> None:
    arguments = pytest.importorskip("vllm.engine.arg_utils", reason="vLLM is not installed: ionet[vllm]")
    told = vllm_arguments(SPEC)["engine_kwargs"]
    taken = arguments.AsyncEngineArgs(model=SPEC["source"], **told)
    assert {name: getattr(taken, name) for name in told} == told


@pytest.mark.ray
def test_ray_serve_builds_the_application_of_a_model_in_vllm_where_it_is_installed() -> None:
    pytest.importorskip("vllm.engine.arg_utils", reason="vLLM is not installed: ionet[vllm]")
    assert type(vllm(SPEC)).__name__ == "Application"


@pytest.fixture
def weights(tmp_path: Path) -> Iterator[str]:
    """Where a node fetches weights."""
    served = tmp_path / "served"
    served.mkdir()
    (served / "model.gguf").write_bytes(b"weights")
    handler = partial(SimpleHTTPRequestHandler, directory=str(served))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/model.gguf"
        server.shutdown()


def test_weights_are_fetched_by_their_hash_and_others_are_not_used(weights: str, tmp_path: Path) -> None:
    spec = {"file": "models/m.gguf", "url": weights, "sha256": hashlib.sha256(b"weights").hexdigest()}
    assert fetched(spec, tmp_path).read_bytes() == b"weights"
    other = {**spec, "file": "models/other.gguf", "sha256": "0" * 64}
    with pytest.raises(ValueError, match="is not the file"):
        fetched(other, tmp_path)
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["m.gguf"]
