"""`ionet image`: what jobs can run in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from ionet.cli.failures import UserError
from ionet.cli.options import Commands
from ionet.cli.session import session
from ionet.formats.sizes import size_text
from ionet.sandbox import Images, Unusable, leave_out_first
from ionet.store.backends import hash_file

IMAGES: Final = Path("/var/lib/ionet/images")
ImagesOption: TypeAlias = Annotated[
    Path, typer.Option("--images", metavar="DIR", envvar="IONET_IMAGES", help="This machine's images.")
]

app = Commands("Images that jobs run in, by digest.")


@app.command("list")
def list_images(
    folder: ImagesOption = IMAGES,
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


@app.command()
def pack(
    archive: Annotated[Path, typer.Argument(metavar="ARCHIVE", help="An OCI archive, as podman saves it.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where the smaller one goes.")],
    folder: ImagesOption = IMAGES,
) -> None:
    """Leave out of an archive the image that it was built on, where that is one of the catalogue.

    Nodes that have that image put the archive's other layers on top of it, so that only these are uploaded.
    Nodes under podman, as Macs, take no images of renters.
    Then `ionet store put FILE`, and name it by `image = "oci:HASH"`. An image is built on one of the
    catalogue from what `ionet worker image --save` writes: `podman import base.tar base`, and FROM base.
    """
    io = session()
    if out.exists():
        raise UserError(f"{out} exists; name another file")
    try:
        with archive.open("rb") as source, out.open("xb") as target:
            base = f"sha256:{leave_out_first(source, target)}"
        if Images(folder).get(base) is None:
            raise UserError(
                f"{archive} begins with {base}, which is none of the images in {folder}: put {archive} itself"
                " into the store"
            )
    except (Unusable, UserError, OSError) as bad:
        out.unlink(missing_ok=True)
        raise UserError(str(bad)) from None
    digest, size = hash_file(out)
    io.screen.show(
        {"file": str(out), "hash": digest, "size": size, "base": base},
        f"{out} has {size_text(size)} and needs {base}; as an image it is oci:{digest.hex()}",
        f"Next: ionet store put {out}",
    )
