"""Files of requirements: what of them comes into a manifest."""

from __future__ import annotations

from pathlib import Path

import pytest

from ionet.cloud.errors import PackingError
from ionet.cloud.requirements import read_requirements


def read(tmp_path: Path, text: str) -> tuple[str, ...]:
    (tmp_path / "requirements.txt").write_text(text)
    return read_requirements(tmp_path / "requirements.txt")


def test_pinned_packages_are_read_with_comments_and_hashes_passed_over(tmp_path: Path) -> None:
    text = (
        "# made by pip-compile\n\nnumpy==2.4.6  # via pandas\n"
        "ray[data]==2.60.0 \\\n    --hash=sha256:12 \\\n    --hash=sha256:34\npandas == 3.1.1\r\n"
    )
    assert read(tmp_path, text) == ("numpy==2.4.6", "ray[data]==2.60.0", "pandas==3.1.1")


@pytest.mark.parametrize(
    "line",
    [
        "numpy",
        "numpy>=2",
        "-r other.txt",
        "--index-url https://example.org/simple",
        "-e .",
        "git+https://example.org/x.git",
        "numpy==2.4.6; python_version < '3'",
        "numpy==2.4.6 --config-settings=x",
        "./wheel.whl",
    ],
)
def test_what_is_not_pinned_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    with pytest.raises(PackingError, match=r"requirements.txt:4: .* is not pinned"):
        read(tmp_path, f"a==1 \\\n  --hash=sha256:1\n\n{line}\n")


def test_a_file_without_packages_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackingError, match="names no package"):
        read(tmp_path, "# nothing\n")
