"""Metrics for Prometheus, as all services have them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ionet.chain.errors import ConfigError

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


@contextmanager
def metrics_at(
    where: tuple[str, int], registry: CollectorRegistry, said: str = "--metrics"
) -> Iterator[None]:
    """Serves metrics as long as the context lasts.

    Args:
        where: address and port.
        registry: has them.
        said: what says where they are, for the error.

    Raises:
        ConfigError: the port is taken.
    """
    from prometheus_client import start_http_server

    host, port = where
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as bad:
        raise ConfigError(
            f"metrics cannot be served on {host}:{port}: {bad.strerror}; choose another place with {said}"
        ) from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(2.0)
