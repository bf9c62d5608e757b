"""The same without coroutines: each call runs to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.cloud.clusters import AsyncCluster, AsyncClusterLaunch
from ionet.cloud.fetching import Fetched, Progress
from ionet.cloud.launching import AsyncLaunch
from ionet.cloud.results import Verdict
from ionet.cloud.running import AsyncRun, Cost, Tell

if TYPE_CHECKING:
    from ionet import USD, AsyncClient
    from ionet.cloud.choosing import Wish
    from ionet.cloud.packing import Package
    from ionet.cloud.spec import ClusterFile, ClusterSpec

T = TypeVar("T")


class Run:
    """`AsyncRun` for code without coroutines. Use it as a context manager.

    Its connections live in a loop of its own, which only runs while a method does.

    Args:
        run: the job.
        runner: the loop in which `run`'s client was made.
    """

    def __init__(self, run: AsyncRun, runner: asyncio.Runner) -> None:
        self._run, self._runner = run, runner

    def __enter__(self) -> Self:
        self._do(self._run.__aenter__())
        return self

    def __exit__(self, *error: object) -> None:
        self._do(self._run.__aexit__(*error))
        self._runner.close()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    @property
    def job(self) -> Pubkey:
        """The job's address."""
        return self._run.job

    def follow(self, write: Callable[[bytes], None], tell: Tell = lambda text: None) -> Verdict:
        """See `AsyncRun.follow`."""
        return self._do(self._run.follow(write, tell))

    def result(self, *, seconds: float = 0.0) -> Verdict:
        """See `AsyncRun.result`."""
        return self._do(self._run.result(seconds=seconds))

    def fetch(
        self,
        verdict: Verdict,
        folder: str | Path,
        *,
        force: bool = False,
        progress: Progress | None = None,
    ) -> Fetched:
        """See `AsyncRun.fetch`."""
        return self._do(self._run.fetch(verdict, folder, force=force, progress=progress))

    def cost(self) -> Cost:
        """See `AsyncRun.cost`."""
        return self._do(self._run.cost())

    def stop(self) -> bool:
        """See `AsyncRun.stop`."""
        return self._do(self._run.stop())


class Cluster:
    """`AsyncCluster` for code without coroutines. As a context manager it is ended at the end.

    Args:
        cluster: the cluster.
        runner: the loop in which its client was made.
    """

    def __init__(self, cluster: AsyncCluster, runner: asyncio.Runner) -> None:
        self._cluster, self._runner = cluster, runner

    def __enter__(self) -> Self:
        self._do(self._cluster.__aenter__())
        try:
            self._do(self._cluster.wait_ready())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self._do(self._cluster.down())
            self._do(self._cluster.__aexit__(*error))
        finally:
            self._runner.close()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    @property
    def job(self) -> Pubkey:
        """Its first node's job."""
        return self._cluster.run.job

    @cached_property
    def address(self) -> str:
        """What `ray.init` takes to use the cluster from this process; see `AsyncCluster.address`."""
        return self._do(self._cluster.address())

    @cached_property
    def dashboard(self) -> str:
        """The URL of Ray's dashboard, and of its Jobs API, on this machine."""
        return self._do(self._cluster.proxy()).dashboard()

    def forward(self, port: int, local: int = 0) -> int:
        """Makes a port of the first node's box one of this machine's; see `AsyncAccess.forward`."""
        return self._do(self._cluster.proxy()).forward(port, local)

    def exec(self, command: str, write: Callable[[bytes], None] = lambda data: None) -> int:
        """See `AsyncCluster.exec`."""
        return self._do(self._cluster.exec(command, write))

    def resize(self, count: int, *, max_rate: USD | None = None) -> list[Pubkey]:
        """See `AsyncCluster.resize`."""
        return self._do(self._cluster.resize(count, max_rate=max_rate))

    def cost(self) -> Cost:
        """See `AsyncRun.cost`."""
        return self._do(self._cluster.run.cost())


def cluster(
    client: AsyncClient, gateway: str, wanted: ClusterFile | ClusterSpec, *, key: Keypair, **more: Any
) -> Cluster:
    """Books a cluster; see `AsyncClusterLaunch` for the arguments and errors."""
    runner = asyncio.Runner()
    try:
        booked = runner.run(_booked(AsyncClusterLaunch(client, gateway, wanted, key=key, **more)))
    except BaseException:
        runner.close()
        raise
    return Cluster(booked, runner)


async def _booked(launching: AsyncClusterLaunch) -> AsyncCluster:
    async with launching:
        return await launching.book(await launching.offer())


def attach(client: AsyncClient, gateway: str, job: Pubkey, *, key: Keypair | None = None) -> Run:
    """A job that is booked already; see `AsyncRun` for the arguments."""
    return Run(AsyncRun(client, gateway, job, key=key), asyncio.Runner())


def launch(
    client: AsyncClient, gateway: str, package: Package, wish: Wish, *, key: Keypair, **more: Any
) -> Run:
    """Chooses, uploads and books; see `AsyncLaunch` for the arguments and errors."""
    runner = asyncio.Runner()
    try:
        run = runner.run(_launched(AsyncLaunch(client, gateway, package, wish, key=key, **more)))
    except BaseException:
        runner.close()
        raise
    return Run(run, runner)


async def _launched(launching: AsyncLaunch) -> AsyncRun:
    async with launching:
        offered = await launching.offer()
        await launching.check_funds(offered)
        await launching.upload(offered)
        run = await launching.book(offered)
        try:
            await launching.deliver()
        except BaseException:
            await run.cancel()
            raise
        return run
