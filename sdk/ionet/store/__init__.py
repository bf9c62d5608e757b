"""What jobs are made of: manifests and files, addressed by their content."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ionet.store._async.http import AsyncHttpStore
    from ionet.store._async.sources import AsyncBackendStore, AsyncSources
    from ionet.store._sync.http import HttpStore
    from ionet.store._sync.sources import BackendStore, Sources
    from ionet.store.backends import Backend, Directory
    from ionet.store.errors import NotStored, StoreError, StoreRefused, StoreUnknown, StoreUnreachable
else:
    from ionet._lazy import lazy

    __getattr__, __dir__ = lazy(
        __name__,
        {
            name: f"ionet.store.{module}:{name}"
            for module, names in {
                "_async.http": ("AsyncHttpStore",),
                "_async.sources": ("AsyncBackendStore", "AsyncSources"),
                "_sync.http": ("HttpStore",),
                "_sync.sources": ("BackendStore", "Sources"),
                "backends": ("Backend", "Directory"),
                "errors": ("NotStored", "StoreError", "StoreRefused", "StoreUnknown", "StoreUnreachable"),
            }.items()
            for name in names
        },
    )

__all__ = [
    "AsyncBackendStore",
    "AsyncHttpStore",
    "AsyncSources",
    "Backend",
    "BackendStore",
    "Directory",
    "HttpStore",
    "NotStored",
    "Sources",
    "StoreError",
    "StoreRefused",
    "StoreUnknown",
    "StoreUnreachable",
]
