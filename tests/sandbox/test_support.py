"""In continuous integration a sandbox that is half there fails the tests instead of skipping them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sandbox.support import prepared_image

from ionet.sandbox import missing


def test_where_boxes_can_be_made_and_no_image_is_there_ci_fails_and_others_skip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (why := missing()) is not None:
        pytest.skip(why)
    monkeypatch.setenv("IONET_IMAGES", str(tmp_path))
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="there is no image; scripts/setup --sandbox builds it"):
        prepared_image()
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match="there is no image"):
        prepared_image()
