"""Models that think before they answer: what they think is text, and judged as all of it."""

from __future__ import annotations

import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

import pytest
from tests.intelligence.conftest import weights
from tests.intelligence.suppliers import llama

from ionet.intelligence.engine import HttpEngine, beside
from ionet.intelligence.models import Model, Models
from ionet.intelligence.prices import Price, Usage
from ionet.intelligence.replaying import Written, replayed
from ionet.intelligence.requests import chat

MODELS: Final = Models([Model("small", "chat", Price(0, 0), 256)])
#: As templates of models that think are: llama.cpp knows by it that there are thoughts.
TEMPLATE: Final = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{% if m['reasoning_content'] %}<think>\n{{ m['reasoning_content'] }}\n</think>\n\n{% endif %}"
    "{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
)
TEXT: Final = "A fruit is\n</think>\n\nApple."


@pytest.fixture(scope="module")
async def thinker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HttpEngine]:
    """A model with the template of one that thinks."""
    folder = tmp_path_factory.mktemp("th")
    file = folder / "thinker.gguf"
    command = ("-m", "gguf.scripts.gguf_new_metadata", "--chat-template", TEMPLATE, str(weights()), str(file))
    making = await create_subprocess_exec(sys.executable, *command, stdout=DEVNULL, stderr=DEVNULL)
    assert await making.wait() == 0
    async with llama(file, folder / "t.sock", 1) as engine:
        yield engine
    file.unlink()


async def test_thoughts_of_a_model_that_thinks_are_told_as_its_text_and_judged(thinker: HttpEngine) -> None:
    asked = chat(
        {"model": "small", "messages": [{"role": "user", "content": "A fruit?"}], "temperature": 0}, MODELS
    )
    # So that this one does think; what it thinks is not what it would.
    grammar = f'root ::= "{TEXT}"'.replace("\n", "\\n")
    ask = replace(asked, body={**asked.body, "grammar": grammar})
    said, tokens = "", list[int]()
    async for piece in thinker.stream(ask, 32):
        for choice in piece.get("choices", ()):
            assert not beside(choice, chat=True)
            said += choice["delta"].get("content") or ""
            tokens += [each["id"] for each in (choice.get("logprobs") or {}).get("content", ())]
    # What the template has begun is told as well.
    assert said == f"<think>\n{TEXT}"
    usage = Usage((await thinker.count(asked)).likely, len(tokens) + 1)
    written = Written("a", "small", "node", asked, said, tuple(tokens), usage, 1.0, 1.0)
    result = await replayed(written, thinker, 0)
    assert (result.score.places, result.excess) == (len(tokens), 0)
    assert len(tokens) > 6
    # Also where its tokens are not told: then those of its text are, and no more.
    unsaid = await replayed(replace(written, tokens=()), thinker, 0)
    assert unsaid.score.places == len(await thinker.tokens(TEXT))
