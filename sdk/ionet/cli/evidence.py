"""Evidence files of reports: finding them, fetching them, and comparing them with the chain."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from ionet.cli.failures import NO_NODE, UNUSABLE, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ionet import accounts
    from ionet.rewards import Report

#: The most bytes to fetch: about 400 per node, for a million nodes.
_MOST = 1 << 29


def require_numpy() -> None:
    """Raises an error that says what to install if numpy is missing."""
    from importlib.util import find_spec

    if find_spec("numpy") is None:
        raise UserError("evidence is computed with numpy: pip install 'ionet[orchestrator]'", UNUSABLE)


def place_of(report: accounts.proofs.Report) -> str:
    """Returns the address at which a report's evidence is published."""
    return report.evidence_uri.rstrip(b"\0").decode(errors="replace")


@contextmanager
def evidence_of(report: accounts.proofs.Report, file: Path | None) -> Iterator[Path]:
    """Yields the evidence file of a report, the given or the published one, after checking its hash.

    Raises:
        UserError: it is not available, or is another file.
    """
    require_numpy()
    if file is not None:
        _check(file, report)
        yield file
        return
    place = place_of(report)
    if place.startswith("file:") or "://" not in place:
        path = Path(place.removeprefix("file://").removeprefix("file:"))
        if not path.exists():
            raise UserError(
                f"the evidence is published as {place!r}; give the file with --evidence", UNUSABLE
            )
        _check(path, report)
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="ionet-evidence-") as folder:
        path = Path(folder) / "evidence.jsonl"
        _fetch(place, path)
        _check(path, report, place)
        yield path


def _fetch(place: str, path: Path) -> None:
    import httpx

    if not place.startswith(("https://", "http://")):
        raise UserError(
            f"the evidence is published at {place!r}; fetch it, and give the file with --evidence", UNUSABLE
        )
    try:
        request = httpx.stream("GET", place, follow_redirects=True, timeout=30)
        with request as answer, path.open("wb") as file:
            answer.raise_for_status()
            size = 0
            for part in answer.iter_bytes():
                size += len(part)
                if size > _MOST:
                    raise UserError(f"{place} is larger than {_MOST >> 20} MiB", UNUSABLE)
                file.write(part)
    except httpx.HTTPError as bad:
        raise UserError(f"the evidence at {place} cannot be fetched: {bad}", NO_NODE) from None


def _check(path: Path, report: accounts.proofs.Report, name: str | None = None) -> None:
    digest = sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    if digest.digest() != report.evidence_hash:
        raise UserError(
            f"{name or path} is not the evidence of report {report.seq}: its sha256 is {digest.hexdigest()},"
            f" the report's is {report.evidence_hash.hex()}",
            UNUSABLE,
        )


def leaves_of(report: accounts.proofs.Report, file: Path | None) -> Report:
    """Returns a report's leaves from its evidence file, after checking their root against the chain."""
    with evidence_of(report, file) as path:
        from ionet.rewards import build_report, read_evidence

        evidence = read_evidence(path)
        built = build_report(evidence.leaves, evidence.period_end, evidence.digest)
    if built.root != report.root:
        raise UserError(
            f"the leaves of {path} lead to {built.root.hex()}, not to the report's root", UNUSABLE
        )
    return built
