"""Sizes in words."""

from __future__ import annotations

import pytest

from ionet.formats.sizes import bytes_of, size_text


@pytest.mark.parametrize(
    ("text", "size"),
    [("1KiB", 1024), ("512MiB", 1 << 29), ("4 GiB", 1 << 32), ("1.5TiB", 3 << 39), ("0.001KiB", 1)],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert bytes_of(text) == size


@pytest.mark.parametrize(
    "text", ["", "4", "4GB", "4gib", "-4GiB", "0GiB", "1e3GiB", "1.2345GiB", "9999999GiB", "infGiB", "٤GiB"]
)
def test_what_is_no_size_is_refused_with_what_would_be(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no size: write 512MiB, 4GiB or 1\.5TiB"):
        bytes_of(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1 << 10, "1 KiB"),
        (3 << 29, "1.5 GiB"),
        ((1 << 30) - 1, "1,023.99 MiB"),
    ],
)
def test_sizes_are_told_and_never_rounded_up(size: int, text: str) -> None:
    assert size_text(size) == text
