"""Options that every command has, and errors in one sentence.

The options may come before or after the command's name, as with the `solana` command; if one is given twice,
the last one applies.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from copy import copy
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from typer._click import Context, Parameter
    from typer.models import CommandFunctionType


class Output(StrEnum):
    """How results are written to standard output."""

    TEXT = "text"
    JSON = "json"


class Commitment(StrEnum):
    """How final a block must be to be read, or for its transactions to count as landed."""

    PROCESSED = "processed"
    CONFIRMED = "confirmed"
    FINALIZED = "finalized"


_READING: Final = "Connection and output"
_SENDING: Final = "Transactions"


def _options(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-C", metavar="FILE", rich_help_panel=_READING, help="Configuration of `solana`."
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            "-u",
            metavar="URL_OR_MONIKER",
            envvar="ANCHOR_PROVIDER_URL",
            rich_help_panel=_READING,
            help="The node: a URL, or mainnet-beta, testnet, devnet, localhost, or their first letter.",
        ),
    ] = None,
    keypair: Annotated[
        str | None,
        typer.Option(
            "--keypair",
            "-k",
            metavar="KEYPAIR",
            envvar="ANCHOR_WALLET",
            rich_help_panel=_READING,
            help="Who signs: a keypair file, or - for standard input; with --sign-only an address.",
        ),
    ] = None,
    commitment: Annotated[
        Commitment | None,
        typer.Option("--commitment", rich_help_panel=_READING, help="Commitment to read at and to wait for."),
    ] = None,
    output: Annotated[
        Output | None,
        typer.Option("--output", rich_help_panel=_READING, help="Text for people, or one JSON document."),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", rich_help_panel=_READING, help="Show logs of failures.")
    ] = False,
    fee_payer: Annotated[
        str | None,
        typer.Option(
            "--fee-payer",
            metavar="KEYPAIR",
            rich_help_panel=_SENDING,
            help="Who pays the fee; default: the signer.",
        ),
    ] = None,
    nonce: Annotated[
        str | None,
        typer.Option(
            "--nonce",
            metavar="ADDRESS",
            rich_help_panel=_SENDING,
            help="A nonce account: signatures may take days. See `ionet nonce create`.",
        ),
    ] = None,
    nonce_authority: Annotated[
        str | None,
        typer.Option(
            "--nonce-authority",
            metavar="KEYPAIR",
            rich_help_panel=_SENDING,
            help="Who may advance its nonce; default: the signer.",
        ),
    ] = None,
    price: Annotated[
        int | None,
        typer.Option(
            "--with-compute-unit-price",
            metavar="MICROLAMPORTS",
            min=0,
            rich_help_panel=_SENDING,
            help="Priority fee per compute unit; default: what others recently paid.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            rich_help_panel=_SENDING,
            help="Send nothing: show compute units, fee and balance changes.",
        ),
    ] = False,
    sign_only: Annotated[
        bool,
        typer.Option(
            "--sign-only",
            rich_help_panel=_SENDING,
            help="Send nothing: print the transaction with the signatures available here.",
        ),
    ] = False,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", "-y", rich_help_panel=_SENDING, help="Do not ask before sending to mainnet-beta."
        ),
    ] = False,
) -> None:
    """Declares the options."""


@cache
def _parameters() -> tuple[Parameter, ...]:
    app = typer.Typer(add_completion=False)
    app.command()(_options)
    return tuple(typer.main.get_command(app).params)


_NAMES: Final = frozenset(parameter.name for parameter in _parameters())
_GIVEN: Final = "ionet.options"


def given(context: Context) -> dict[str, Any]:
    """Returns the options given so far, by their names in `_options`."""
    options: dict[str, Any] = context.find_root().meta.setdefault(_GIVEN, {})
    return options


def _take(context: Context) -> None:
    """Moves the common options out of a command's own; later ones replace earlier ones."""
    options = given(context)
    for name in _NAMES & context.params.keys():
        value = context.params.pop(name)
        source = context.get_parameter_source(name)
        where = source.name if source else "DEFAULT"
        if where == "COMMANDLINE" or (where == "ENVIRONMENT" and name not in options):
            options[name] = value


class Command(TyperCommand):
    """A command with the common options."""

    def __init__(self, *args: Any, **more: Any) -> None:
        # A docstring is wrapped for the source; help paragraphs are wrapped for the terminal.
        text = re.sub(r"(?<!\n)\n(?!\n)", " ", more.get("help") or "")
        params = [*(more.get("params") or ()), *_parameters()]
        super().__init__(*args, **{**more, "help": text, "params": params})

    def invoke(self, ctx: Context) -> Any:
        """Runs the command without the common options among its arguments."""
        _take(ctx)
        return super().invoke(ctx)


class Group(TyperGroup):
    """Commands under one name; the common options may also follow that name."""

    def __init__(self, *args: Any, **more: Any) -> None:
        common = [copy(option) for option in _parameters()]
        for option in common:
            setattr(option, "hidden", True)  # noqa: B010  (arguments have no such attribute)
        super().__init__(*args, **{**more, "params": [*(more.get("params") or ()), *common]})

    def invoke(self, ctx: Context) -> Any:
        """Runs the named command without the common options among the group's arguments."""
        _take(ctx)
        return super().invoke(ctx)


class Commands(typer.Typer):
    """A group of commands: what a module of this package calls `app`.

    Args:
        help: what the group is for, in one sentence; None for a module that is one command.
    """

    def __init__(self, help: str | None = None) -> None:  # noqa: A002
        super().__init__(
            cls=Group,
            help=help,
            no_args_is_help=True,
            add_completion=False,
            pretty_exceptions_enable=False,
            context_settings={"help_option_names": ["--help", "-h"]},
        )
        if help is not None:
            self.callback()(_nothing)

    def command(
        self, name: str | None = None, **more: Any
    ) -> Callable[[CommandFunctionType], CommandFunctionType]:
        """Returns a decorator that adds a command to the group; its docstring is its help."""
        settings = {"help_option_names": ["--help", "-h"]}
        return super().command(name, cls=Command, context_settings=settings, **more)

    def group(self, name: str, help: str) -> Commands:  # noqa: A002
        """Adds a group to the group, and returns it."""
        inner = Commands(help)
        self.add_typer(inner, name=name)
        return inner


def _nothing() -> None:
    pass


def fail(message: str, status: int, *, options: Mapping[str, Any], **more: Any) -> typer.Exit:
    """Reports what went wrong on standard error, and returns the exit to raise.

    Args:
        message: one sentence.
        status: exit status; see docs/cli.md.
        options: the common options.
        more: further fields of the JSON form.
    """
    if options.get("output") is Output.JSON:
        import json

        print(json.dumps({"error": {"message": message, "exit": status, **more}}), file=sys.stderr)
    else:
        from ionet.formats.text import printable

        print(f"error: {printable(message)}", file=sys.stderr)
    return typer.Exit(status)
