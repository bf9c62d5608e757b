"""Evidence files of reports: finding them, fetching them, and comparing them with the chain."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING

from ionet.cli.failures import NO_NODE, UNUSABLE, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ionet import accounts
    from ionet.rewards import Evidence, Report

#: The most bytes to fetch: about 400 per node, for a million nodes.
_MOST = 1 << 29
#: Seconds for all of them.
_LONGEST = 1_800.0


def require_numpy() -> None:
    """Raises an error that says what to install if numpy is missing."""
    from importlib.util import find_spec

    if find_spec("numpy") is None:
        raise UserError("evidence is computed with numpy: pip install 'ionet[orchestrator]'", UNUSABLE)


def place_of(report: accounts.proofs.Report) -> str:
    """Returns the address at which a report's evidence is published."""
    return report.evidence_uri.rstrip(b"\0").decode(errors="replace")


@contextmanager
def evidence_of(
    report: accounts.proofs.Report, file: Path | None, option: str = "--evidence"
) -> Iterator[Path]:
    """Yields the evidence file of a report, the given or the published one, after checking its hash.

    Args:
        report: the report.
        file: a file of one's own, or None.
        option: by which it can be given.

    Raises:
        UserError: it is not available, or is another file.
    """
    require_numpy()
    if file is not None:
        check_file(file, report)
        yield file
        return
    place = place_of(report)
    if place.startswith("file:") or "://" not in place:
        path = Path(place.removeprefix("file://").removeprefix("file:"))
        # An attester has named it: /dev/zero would never end.
        if not path.is_file():
            raise UserError(
                f"the evidence of report {report.seq} is published as {place!r}; give the file with {option}",
                UNUSABLE,
            )
        check_file(path, report)
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="ionet-evidence-") as folder:
        path = Path(folder) / "evidence.jsonl"
        _fetch(place, path, option)
        check_file(path, report, place)
        yield path


@contextmanager
def file_at(place: str, option: str) -> Iterator[Path]:
    """Yields a file of this machine, or one that is fetched from a URL.

    Args:
        place: its name, or its URL.
        option: by which it was given.

    Raises:
        UserError: it cannot be fetched.
    """
    if place.startswith("file:") or "://" not in place:
        yield Path(place.removeprefix("file://").removeprefix("file:"))
        return
    with tempfile.TemporaryDirectory(prefix="ionet-evidence-") as folder:
        path = Path(folder) / "file.jsonl"
        _fetch(place, path, option)
        yield path


def _fetch(place: str, path: Path, option: str) -> None:
    import httpx

    from ionet.chain.rpc.bounds import Bounds, TooLarge, download

    if not place.startswith(("https://", "http://")):
        raise UserError(
            f"{place!r} is no http or https URL; fetch it, and give the file with {option}", UNUSABLE
        )
    try:
        with (
            Bounds.keep(httpx.Client(follow_redirects=True, timeout=30)) as client,
            download(client, place, seconds=_LONGEST, most=_MOST) as (status, parts),
            path.open("wb") as file,
        ):
            if status != 200:
                raise UserError(f"{place} cannot be fetched: HTTP {status}", NO_NODE)
            file.writelines(parts)
    except TooLarge:
        raise UserError(f"{place} is larger than {_MOST >> 20} MiB", UNUSABLE) from None
    except TimeoutError:
        raise UserError(f"{place} was not whole within {_LONGEST / 60:g} minutes", NO_NODE) from None
    except (httpx.HTTPError, httpx.InvalidURL) as bad:
        raise UserError(f"{place} cannot be fetched: {bad}", NO_NODE) from None


def evidence_in(path: Path) -> Evidence:
    """Reads an evidence file.

    Args:
        path: the file.

    Raises:
        UserError: it is none, or damaged.
    """
    from ionet.rewards import EvidenceError, read_evidence

    try:
        return read_evidence(path)
    except EvidenceError as bad:
        raise UserError(f"{path} is no evidence of a report: {bad}") from None


def check_file(path: Path, report: accounts.proofs.Report, name: str | None = None) -> None:
    """Compares a file with the hash of a report's evidence.

    Args:
        path: the file.
        report: the report.
        name: what to call the file; None: by its path.

    Raises:
        UserError: it is another file.
    """
    digest = _digest(path)
    if digest != report.evidence_hash:
        raise UserError(
            f"{name or path} is not the evidence of report {report.seq}: its sha256 is {digest.hex()},"
            f" the report's is {report.evidence_hash.hex()}",
            UNUSABLE,
        )


def check_published(place: str, evidence: bytes) -> None:
    """Looks whether evidence is where a report is about to say that it is.

    Args:
        place: the address for the report.
        evidence: sha256 of the evidence.

    Raises:
        UserError: it is no address, or this evidence is not there.
    """
    if not place.startswith(("https://", "http://", "file:")):
        raise UserError(f"--place {place!r} is no URL: say where others fetch the file, as https://HOST/FILE")
    with file_at(place, "--place") as path:
        if not path.is_file():
            raise UserError(f"--place {place}: there is no such file; publish it first", UNUSABLE)
        if (found := _digest(path)) != evidence:
            raise UserError(
                f"--place {place} has another file: its sha256 is {found.hex()}, the evidence's is"
                f" {evidence.hex()}; publish it first",
                UNUSABLE,
            )


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return file_digest(file, "sha256").digest()


def leaves_of(report: accounts.proofs.Report, file: Path | None) -> Report:
    """Returns a report's leaves from its evidence file, after checking their root against the chain."""
    with evidence_of(report, file) as path:
        from ionet.rewards import build_report

        evidence = evidence_in(path)
        built = build_report(evidence.leaves, evidence.period_end, evidence.digest)
    if built.root != report.root:
        raise UserError(
            f"the leaves of {path} lead to {built.root.hex()}, not to the report's root", UNUSABLE
        )
    return built
