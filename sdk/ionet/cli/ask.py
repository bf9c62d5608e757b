"""`ionet ask`: a question to a model."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from ionet.cli.failures import UserError
from ionet.cli.intelligence import ServiceUrl
from ionet.cli.options import Commands
from ionet.cli.session import session
from ionet.formats.text import printable

app = Commands()


@app.command()
def ask(
    question: Annotated[
        list[str], typer.Argument(metavar="QUESTION…", help="What is asked; - reads standard input.")
    ],
    service: ServiceUrl,
    api_key: Annotated[
        str, typer.Option("--api-key", metavar="KEY", envvar="IONET_API_KEY", show_default=False)
    ],
    model: Annotated[
        str | None, typer.Option("--model", help="Default: the first one for chats that there is.")
    ] = None,
    most: Annotated[
        int | None, typer.Option("--max-tokens", min=1, help="Of the answer; default: what can be paid for.")
    ] = None,
) -> None:
    """Ask a model, and write its answer as it comes."""
    from ionet.intelligence.client import AccountClient

    io = session()
    text = sys.stdin.read() if question == ["-"] else " ".join(question)
    with AccountClient(service, api_key) as client:
        if model is None:
            listed = client.ask("GET", "/v1/models")["data"]
            chats = [each["id"] for each in listed if each.get("kind", "chat") == "chat"]
            if not chats:
                raise UserError(f"{service} has no model for chats")
            model = chats[0]
        body = {"model": model, "messages": [{"role": "user", "content": text}]}
        body |= {} if most is None else {"max_tokens": most}
        if io.screen.as_json:
            io.screen.show(client.ask("POST", "/v1/chat/completions", body))
            return
        usage = _write(client.stream("/v1/chat/completions", body))
    print(f"{model}: {usage}", file=sys.stderr)


def _write(pieces: Iterator[dict[str, Any]]) -> str:
    usage, receipt = "usage unknown", ""
    for told in pieces:
        receipt = printable(str(told["id"])[:100]) if told.get("id") else receipt
        for choice in told.get("choices", ()):
            sys.stdout.write(_shown((choice.get("delta") or {}).get("content") or ""))
            sys.stdout.flush()
        if told.get("usage"):
            usage = (
                f"{told['usage']['prompt_tokens']} tokens read, {told['usage']['completion_tokens']} written"
            )
    print()
    return f"{usage}, receipt {receipt}" if receipt else usage


def _shown(text: str) -> str:
    """What a model has said: to a terminal no escapes, as it may say what others have told it to."""
    if not sys.stdout.isatty():
        return text
    return "\t".join(printable(part, lines=True) for part in text.split("\t"))
