"""Root certificates, read once."""

from __future__ import annotations

import ssl
from functools import cache

import httpx


@cache
def tls() -> ssl.SSLContext:
    """Returns one context for all clients of this process; httpx takes 40 ms to make one for each."""
    return httpx.create_ssl_context()
