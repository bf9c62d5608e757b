"""`ionet store`: files by the hash of their content."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.cli.arguments import address
from ionet.cli.failures import NOT_FOUND, UserError
from ionet.cli.options import Commands
from ionet.cli.session import Session, session
from ionet.formats.text import printable
from ionet.formats.when import span

if TYPE_CHECKING:
    from ionet.store import BackendStore, HttpStore

app = Commands("Files of jobs in a store, by the hash of their content.")

#: Seconds between two lines of progress where there is no terminal.
_EVERY: Final = 10.0
_HEX: Final = frozenset("0123456789abcdef")

Place: TypeAlias = Annotated[
    str,
    typer.Option(
        "--store",
        metavar="STORE",
        envvar="IONET_STORE",
        help="A gateway's URL, a directory, or s3://BUCKET/PREFIX?endpoint=URL&region=NAME.",
    ),
]


def _digest(text: str) -> bytes:
    if len(text) != 64 or not set(text) <= _HEX:
        raise typer.BadParameter(f"{text!r} is not a sha256 in 64 lower-case hex digits")
    return bytes.fromhex(text)


Hash: TypeAlias = Annotated[
    bytes, typer.Argument(metavar="HASH", parser=_digest, help="sha256 of the content, 64 hex digits.")
]


@app.command()
def put(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Files, or directories, each packed as one zip.")
    ],
    store: Place,
    encrypt_to: Annotated[
        list[Pubkey] | None,
        typer.Option(
            "--encrypt-to",
            metavar="ADDRESS",
            parser=address,
            help="Seal it for this wallet's eyes; repeatable: each of them can read it.",
        ),
    ] = None,
) -> None:
    """Put files into a store; a gateway takes those that the signer may keep.

    A directory is packed as a job's working_dir is: the same files give the same hash; .git and __pycache__
    are left out. Whoever knows a file's hash can read it: seal what is secret. A sealed file has another hash
    each time.

    What was interrupted goes on where it was when the same is put again.
    """
    io = session()
    for file in files:
        if not file.exists():
            raise UserError(f"{file}: no such file or directory")
    rows: list[dict[str, Any]] = []
    with _opened(io, store, writes=True) as target:
        for file in files:
            with _ready(file, encrypt_to or []) as (path, packed):
                with _progress(io, str(file)) as told:
                    digest = target.put(path, progress=told)
                rows.append(
                    {
                        "file": str(file),
                        "hash": digest,
                        "size": path.stat().st_size,
                        "files": packed,
                        "sealed_for": encrypt_to or [],
                    }
                )
    lines = [f"{row['hash'].hex()}  {row['file']}" for row in rows]
    io.screen.show(rows, *lines)


@app.command()
def get(
    digest: Hash,
    store: Place,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="PATH", help="Where it goes; default: the hash.")
    ] = None,
    decrypt: Annotated[
        bool, typer.Option("--decrypt", help="Open what was sealed for the signer's wallet.")
    ] = False,
) -> None:
    """Fetch a file, checked against its hash; the path has all of it, or nothing.

    What was interrupted goes on where it was when the same is fetched again.
    """
    io = session()
    path = out or Path(digest.hex())
    if path.is_dir():
        raise UserError(f"{path} is a directory; name the file in it")
    keypair = io.signer if decrypt else None
    if keypair is not None and not isinstance(keypair, Keypair):
        raise UserError("to decrypt takes the keypair itself: an address, or a signer elsewhere, cannot")
    # The sealed file is fetched to one side, where a later attempt goes on with it.
    place = path.parent / f".{path.name}.{digest.hex()[:16]}.sealed" if decrypt else path
    with _opened(io, store, writes=False) as source, _progress(io, str(path)) as told:
        size = source.get(digest, place, progress=told)
    if keypair is not None:
        from ionet.store.sealed import unseal_file

        unseal_file(place, path, keypair)
        place.unlink()
        size = path.stat().st_size
    io.screen.show({"hash": digest, "path": str(path), "size": size}, f"{path}  {size:,} bytes")


@app.command()
def has(digest: Hash, store: Place) -> None:
    """Say whether a store has a file, and its size; exit status 4 if it does not."""
    io = session()
    with _opened(io, store, writes=False) as source:
        size = source.size(digest)
    if size is None:
        raise UserError(f"the store has no file {digest.hex()}", NOT_FOUND)
    io.screen.show({"hash": digest, "size": size}, f"{digest.hex()}  {size:,} bytes")


@app.command()
def drop(digest: Hash, store: Place) -> None:
    """No longer keep a file at a gateway, which frees what it counts for; others who keep it still do."""
    io = session()
    with _opened(io, store, writes=True) as target:
        _gateway(target, store).drop(digest)
    io.screen.show({"hash": digest, "dropped": True}, f"{digest.hex()} is no longer kept for this key")


@app.command()
def info(store: Place) -> None:
    """Show a gateway's bounds."""
    io = session()
    with _opened(io, store, writes=False) as source:
        told = _gateway(source, store).info()
    facts: list[tuple[str, object]] = [
        ("Largest file", _size(told.get("largest"))),
        ("Free for any key", _size(told.get("free"))),
        ("Kept for", _span(told.get("keep"))),
        ("Kept for, if free", _span(told.get("keep_free"))),
    ]
    io.screen.facts(facts, data=told)


@app.command()
def quota(store: Place) -> None:
    """Show what the signer may keep at a gateway, and keeps there."""
    io = session()
    with _opened(io, store, writes=True) as source:
        told = _gateway(source, store).usage()
    facts: list[tuple[str, object]] = [
        ("Key", told.get("key")),
        ("May keep", _size(told.get("allowed"))),
        ("By the chain", _size(told.get("by_chain"))),
        ("Keeps", _size(told.get("used"))),
        ("Files", told.get("files")),
    ]
    io.screen.facts(facts, data=told)


@contextmanager
def _opened(io: Session, place: str, *, writes: bool) -> Iterator[HttpStore | BackendStore]:
    from ionet.store._sync.http import HttpStore
    from ionet.store._sync.opening import open_store

    remote = place.startswith(("http://", "https://"))
    if not remote and not writes and not place.startswith("s3:") and not Path(place).is_dir():
        raise UserError(f"there is no store at {place}", NOT_FOUND)
    opened = open_store(place, io.signer if writes and remote else None)
    try:
        yield opened
    finally:
        if isinstance(opened, HttpStore):
            opened.close()


def _gateway(store: HttpStore | BackendStore, place: str) -> HttpStore:
    from ionet.store._sync.http import HttpStore

    if not isinstance(store, HttpStore):
        raise UserError(f"{place} is no gateway: directories and buckets have no keys and bounds")
    return store


@contextmanager
def _ready(file: Path, recipients: list[Pubkey]) -> Iterator[tuple[Path, int | None]]:
    """What is put for a file, and how many files were packed into it."""
    if not file.is_dir() and not recipients:
        yield file, None
        return
    with TemporaryDirectory(prefix="ionet-") as folder:
        path, packed = file, None
        if file.is_dir():
            from ionet.store.archive import pack

            path = Path(folder) / "packed"
            packed = pack(file, path)
        if recipients:
            from ionet.store.sealed import seal_file

            sealed = Path(folder) / "sealed"
            seal_file(path, sealed, *recipients)
            path = sealed
        yield path, packed


@contextmanager
def _progress(io: Session, name: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on a terminal, else now and then a line; nothing with JSON."""
    if io.screen.as_json:
        yield None
        return
    if not sys.stderr.isatty():
        yield _lines(io, name)
        return
    from rich.markup import escape
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=io.screen.console(), transient=True) as bar:
        task = bar.add_task(escape(printable(Path(name).name)), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _lines(io: Session, name: str) -> Callable[[int, int], None]:
    last = time.monotonic()

    def told(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > _EVERY:
            last = time.monotonic()
            io.screen.note(f"{name}: {done:,} of {total:,} bytes")

    return told


def _size(value: object) -> str | None:
    return f"{value:,} bytes" if isinstance(value, int) else None


def _span(value: object) -> str | None:
    return span(value) if isinstance(value, int) else None
