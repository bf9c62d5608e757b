"""Asks a model by OpenAI's own client, which works unchanged: a stream with its usage, a tool, vectors.

    python examples/ask.py

IONET_INTELLIGENCE_URL is a service's URL, and IONET_API_KEY a key of it: `ionet intelligence keys create`.
It needs the package `openai`.
"""

from __future__ import annotations

import os

import openai
from openai.types.shared_params import FunctionDefinition

#: A function that the model is to call.
WEATHER: FunctionDefinition = {
    "name": "weather",
    "description": "The weather of a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 20}},
        "required": ["city"],
    },
}


def main() -> None:
    """Asks for each of them."""
    url = os.environ["IONET_INTELLIGENCE_URL"]
    with openai.OpenAI(base_url=f"{url}/v1", api_key=os.environ["IONET_API_KEY"], timeout=120) as client:
        kinds = {model.id: (model.model_extra or {})["kind"] for model in client.models.list()}
        chat = next(model for model, kind in kinds.items() if kind == "chat")
        stream = client.chat.completions.create(
            model=chat,
            messages=[{"role": "user", "content": "Why is the sky blue?"}],
            max_tokens=32,
            stream=True,
            stream_options={"include_usage": True},
        )
        for piece in stream:
            for choice in piece.choices:
                print(choice.delta.content or "", end="", flush=True)
            if piece.usage is not None:
                print(f"\n{piece.usage.prompt_tokens} tokens read, {piece.usage.completion_tokens} written")

        called = client.chat.completions.create(
            model=chat,
            messages=[{"role": "user", "content": "What is the weather in Paris?"}],
            max_tokens=64,
            tools=[{"type": "function", "function": WEATHER}],
            tool_choice="required",
        )
        for call in called.choices[0].message.tool_calls or ():
            if call.type == "function":
                print(f"it calls {call.function.name} with {call.function.arguments}")

        embedding = next((model for model, kind in kinds.items() if kind == "embedding"), None)
        if embedding is not None:
            rows = client.embeddings.create(
                model=embedding, input=["rent a GPU", "book a graphics card"]
            ).data
            alike = sum(a * b for a, b in zip(rows[0].embedding, rows[1].embedding, strict=True))
            print(f"both texts are alike by {alike:.2f}")


if __name__ == "__main__":
    main()
