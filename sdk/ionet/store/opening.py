"""Stores by what people write for them."""

from __future__ import annotations

from ionet.store.backends import Directory, Listed


def open_backend(place: str) -> Listed:
    """The backend that a text names: `s3://BUCKET…`, or a directory, which is made if it is missing.

    Raises:
        ConfigError: it cannot be used.
    """
    if place.startswith("s3:"):
        from ionet.store.s3 import S3

        return S3(place)
    return Directory(place)
