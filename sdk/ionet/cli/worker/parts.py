"""Options that the commands of `ionet worker` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from ionet.worker import state_directory
from ionet.worker._config import CONFIG_FILE

StateOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="DIR",
        envvar="IONET_WORKER_STATE",
        help="The worker's directory; default: /var/lib/ionet/worker for root, else below ~/.local/share.",
    ),
]


def config_file(state: Path | None) -> Path:
    """Returns the path of the settings in a state directory, by default this user's."""
    folder = state_directory() if state is None else state.expanduser()
    return folder.absolute() / CONFIG_FILE
