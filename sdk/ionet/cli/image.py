"""`ionet image`: what jobs can run in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ionet.cli.options import Commands
from ionet.cli.session import session
from ionet.formats.sizes import size_text
from ionet.sandbox import Images

app = Commands("Images that jobs run in, by digest.")


@app.command("list")
def list_images(
    folder: Annotated[
        Path,
        typer.Option("--images", metavar="DIR", envvar="IONET_IMAGES", help="A machine's images."),
    ] = Path("/var/lib/ionet/images"),
) -> None:
    """List the images of this machine that `scripts/image` has built, the default one first.

    A manifest names one by `image = "sha256:…"`, a cluster file by `image: sha256:…`. What it takes on the
    disk is besides the first one's files, which all share.
    """
    io = session()
    images = Images(folder).catalogue()
    rows = [
        (image.name, image.reference, size_text(image.size) if image.size else None, image.about)
        for image in images
    ]
    io.screen.table(
        ["name", "image", "on disk", "holds"],
        rows,
        data=[
            {
                "name": image.name,
                "image": image.reference,
                "size": image.size,
                "about": image.about,
                "packages": dict(image.packages),
            }
            for image in images
        ],
        empty=f"There is no image in {folder}; scripts/image builds them.",
    )
