"""What a console remembers of clusters: what they are called, which jobs are theirs, and what to deliver."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from ionet.console._kept import Kept

_SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS clusters (cluster TEXT PRIMARY KEY, owner TEXT NOT NULL, id BLOB NOT NULL,
    name TEXT NOT NULL, title TEXT NOT NULL, package TEXT NOT NULL, argv TEXT NOT NULL,
    manifest BLOB NOT NULL, built INTEGER NOT NULL, delivered INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX IF NOT EXISTS clusters_of ON clusters (owner)",
    # A node's next job has one address for all who have it built.
    """CREATE TABLE IF NOT EXISTS members (job TEXT NOT NULL, cluster TEXT NOT NULL, node TEXT NOT NULL,
    place INTEGER NOT NULL, PRIMARY KEY (job, cluster))""",
    "CREATE INDEX IF NOT EXISTS members_of ON members (cluster)",
)
_COLUMNS: Final = "cluster, owner, id, name, title, package, argv, manifest, built"
_SELECT: Final = f"SELECT {_COLUMNS} FROM clusters"  # noqa: S608 (of constants)
_INSERT: Final = f"INSERT OR IGNORE INTO clusters ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608


@dataclass(frozen=True, slots=True)
class KeptCluster:
    """A cluster whose booking was built here.

    Attributes:
        cluster: its account.
        owner: whose it is.
        id: from which its account and its key follow, 32 bytes.
        name: how commands call it, where it is held for them; empty: it runs a program.
        title: what it runs, for people.
        package: the id of its files; empty: it has none.
        argv: its command.
        manifest: what it runs.
        built: when its booking was built first, Unix seconds.
    """

    cluster: Pubkey
    owner: Pubkey
    id: bytes
    name: str
    title: str
    package: str
    argv: tuple[str, ...]
    manifest: bytes
    built: int


class Groups:
    """The clusters in a console's database.

    Args:
        kept: the database.
    """

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        for statement in _SCHEMA:
            kept._do(statement)

    def add(self, it: KeptCluster) -> None:
        """Remembers a cluster; it may never be booked."""
        values = (str(it.cluster), str(it.owner), it.id, it.name, it.title, it.package)
        self._kept._do(
            _INSERT,
            *values,
            json.dumps(list(it.argv)),
            it.manifest,
            it.built,
        )

    def add_member(self, cluster: Pubkey, job: Pubkey, node: Pubkey, place: int) -> None:
        """Remembers which job a booking makes, in which place of its cluster."""
        self._kept._do(
            "INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?)", str(job), str(cluster), str(node), place
        )

    def get(self, cluster: str, owner: Pubkey) -> KeptCluster | None:
        """A cluster, if it is an owner's."""
        rows = self._kept._do(_SELECT + " WHERE cluster = ? AND owner = ?", cluster, str(owner))
        return _cluster(*rows[0]) if rows else None

    def all(self, owner: Pubkey) -> list[KeptCluster]:
        """An owner's clusters, the latest first."""
        rows = self._kept._do(_SELECT + " WHERE owner = ? ORDER BY built DESC, cluster", str(owner))
        return [_cluster(*row) for row in rows]

    def of(self, job: str, owner: Pubkey) -> KeptCluster | None:
        """The cluster that a job is of, if it is an owner's."""
        # Others may have had the same address built for theirs, and the owner for an earlier one.
        rows = self._kept._do(
            _SELECT + " JOIN members USING (cluster) WHERE job = ? AND owner = ? ORDER BY built DESC LIMIT 1",
            job,
            str(owner),
        )
        return _cluster(*rows[0]) if rows else None

    def members(self, cluster: Pubkey) -> list[Pubkey]:
        """The jobs of a cluster that were built, in their places; some may never have been booked."""
        rows = self._kept._do("SELECT job FROM members WHERE cluster = ? ORDER BY place", str(cluster))
        return [Pubkey.from_string(row[0]) for row in rows]

    def jobs(self, owner: Pubkey) -> set[str]:
        """All jobs of an owner's clusters."""
        rows = self._kept._do(
            "SELECT job FROM members JOIN clusters USING (cluster) WHERE owner = ?", str(owner)
        )
        return {row[0] for row in rows}

    def undelivered(self, since: int) -> list[KeptCluster]:
        """Clusters that were built since a time, and whose nodes were not sent everything."""
        rows = self._kept._do(_SELECT + " WHERE built >= ? AND NOT delivered", since)
        return [_cluster(*row) for row in rows]

    def delivered(self, cluster: Pubkey) -> None:
        """Notes that a cluster's nodes have what they were to be sent."""
        self._kept._do("UPDATE clusters SET delivered = 1 WHERE cluster = ?", str(cluster))


def _cluster(
    cluster: str,
    owner: str,
    id_: bytes,
    name: str,
    title: str,
    package: str,
    argv: str,
    manifest: bytes,
    built: int,
) -> KeptCluster:
    where, whose = Pubkey.from_string(cluster), Pubkey.from_string(owner)
    return KeptCluster(where, whose, id_, name, title, package, tuple(json.loads(argv)), manifest, built)
