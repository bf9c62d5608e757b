"""What every command has: its options, and one sentence for each error.

The options may stand before or after the command's name, as those of the `solana` command may; the one that
stands last holds.
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
    """How sure a block must be to be read, or to count as landed."""

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
            help="Who signs: a keypair file, or - for standard input.",
        ),
    ] = None,
    commitment: Annotated[
        Commitment | None,
        typer.Option("--commitment", rich_help_panel=_READING, help="What is read and waited for."),
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
            help="Who pays the fee; default: who signs.",
        ),
    ] = None,
    price: Annotated[
        int | None,
        typer.Option(
            "--with-compute-unit-price",
            metavar="MICROLAMPORTS",
            min=0,
            rich_help_panel=_SENDING,
            help="Priority fee per compute unit; default: what others lately paid.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            rich_help_panel=_SENDING,
            help="Send nothing: show compute units, fee and changes of balances.",
        ),
    ] = False,
    sign_only: Annotated[
        bool,
        typer.Option(
            "--sign-only",
            rich_help_panel=_SENDING,
            help="Send nothing: print the transaction with the signatures that are at hand.",
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", rich_help_panel=_SENDING, help="Do not ask on mainnet-beta.")
    ] = False,
) -> None:
    """Holds the declarations."""


@cache
def _parameters() -> tuple[Parameter, ...]:
    app = typer.Typer(add_completion=False)
    app.command()(_options)
    return tuple(typer.main.get_command(app).params)


_NAMES: Final = frozenset(one.name for one in _parameters())
_GIVEN: Final = "ionet.options"


def given(context: Context) -> dict[str, Any]:
    """The options given so far, by their names in `_options`."""
    found: dict[str, Any] = context.find_root().meta.setdefault(_GIVEN, {})
    return found


def _take(context: Context) -> None:
    """Moves the common options out of a command's own; what stands later replaces what stood before."""
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
        # A docstring's lines are those of the source; a paragraph is as wide as the terminal.
        text = re.sub(r"(?<!\n)\n(?!\n)", " ", more.get("help") or "")
        params = [*(more.get("params") or ()), *_parameters()]
        super().__init__(*args, **{**more, "help": text, "params": params})

    def invoke(self, ctx: Context) -> Any:
        """Runs it, with the common options out of its way."""
        _take(ctx)
        return super().invoke(ctx)


class Group(TyperGroup):
    """Commands under one name; the common options may stand behind it, too."""

    def __init__(self, *args: Any, **more: Any) -> None:
        common = [copy(one) for one in _parameters()]
        for one in common:
            setattr(one, "hidden", True)  # noqa: B010  (arguments have no such attribute)
        super().__init__(*args, **{**more, "params": [*(more.get("params") or ()), *common]})

    def invoke(self, ctx: Context) -> Any:
        """Runs the command that is named, with the common options out of its way."""
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
        """A command of the group; its docstring is its help."""
        settings = {"help_option_names": ["--help", "-h"]}
        return super().command(name, cls=Command, context_settings=settings, **more)

    def group(self, name: str, help: str) -> Commands:  # noqa: A002
        """A group within the group."""
        inner = Commands(help)
        self.add_typer(inner, name=name)
        return inner


def _nothing() -> None:
    pass


def fail(message: str, status: int, *, options: Mapping[str, Any], **more: Any) -> typer.Exit:
    """Says what went wrong on standard error; raise what it returns.

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
        print(f"error: {message}", file=sys.stderr)
    return typer.Exit(status)
