"""`ionet worker image`: the image that jobs run in, for podman."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ionet.cli.failures import UNUSABLE, UserError
from ionet.cli.options import Commands
from ionet.cli.session import session
from ionet.cli.worker.parts import StateOption, config_file
from ionet.sandbox import ImageError, load_image, podman_lacking, save_image
from ionet.sandbox import image as built
from ionet.worker._podman import PodmanError, podman_of

app = Commands()


@app.command()
def image(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="[SOURCE]",
            help="A directory of scripts/image, or a file of --save; default: the image built last.",
        ),
    ] = None,
    digest: Annotated[
        str | None, typer.Option("--digest", metavar="HEX", help="The SHA-256 that a file must have.")
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FILE", help="Write it there, for a machine that cannot build it."),
    ] = None,
    state: StateOption = None,
) -> None:
    """Give podman the image that jobs run in; needed where the engine is podman.

    Do it again after scripts/image has built a new one. With --save podman is not needed. With --dry-run
    nothing is done.
    """
    io = session()
    last = built()
    place = source or (last.parent if last else None)
    if place is None:
        raise UserError("no image was built here; build one by scripts/image, or name a file of --save")
    if not place.exists():
        raise UserError(f"there is no {place}")
    if save is not None and (digest or not place.is_dir()):
        raise UserError("--save writes a directory of scripts/image to a file, and takes no --digest")
    if io.dry_run:
        to = save or "podman"
        io.screen.show({"dry_run": True, "source": str(place), "to": str(to)}, f"Would give {place} to {to}")
        return
    try:
        if save is not None:
            name = save_image(place, save)
            io.screen.show({"digest": name, "file": str(save)}, f"Wrote {save}, digest {name}")
            return
        podman = podman_of(config_file(state).parent)
        if (lacking := podman_lacking(podman)) is not None:
            raise UserError(lacking, UNUSABLE)
        name = load_image(podman, place, digest=digest)
    except (ImageError, PodmanError, OSError) as bad:
        raise UserError(str(bad), UNUSABLE) from None
    io.screen.show({"digest": name}, f"Podman has the image {name}")
