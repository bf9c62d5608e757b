"""The shipped workload: a search whose result is exact and whose model is the same bytes every time."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from ionet.workloads import Context, digits

SMALL = {"c_milli": [1_000, 5_000], "gamma_micro": [400, 1_000]}


def _run(directory: Path, **arguments: object) -> tuple[dict[str, object], bytes]:
    directory.mkdir()
    value = digits.run(Context({**SMALL, **arguments}, directory, directory))
    return value, (directory / digits.MODEL_NAME).read_bytes()


def test_the_search_finds_a_good_classifier_and_says_how_good_as_a_fraction(tmp_path: Path) -> None:
    value, data = _run(tmp_path / "one")
    test = value["test"]
    assert isinstance(test, dict)
    assert test["total"] == 360
    assert test["correct"] >= 350
    assert value["model_sha256"] == hashlib.sha256(data).hexdigest()
    assert value["configurations"] == 4


def test_two_runs_give_the_same_value_and_the_same_bytes(tmp_path: Path) -> None:
    assert _run(tmp_path / "one") == _run(tmp_path / "two")


def test_another_seed_splits_the_images_otherwise(tmp_path: Path) -> None:
    assert _run(tmp_path / "one")[1] != _run(tmp_path / "two", seed=1)[1]


def test_the_model_file_alone_repeats_the_test(tmp_path: Path) -> None:
    value, data = _run(tmp_path / "one")
    found = digits.check(data)
    assert value["test"] == {"correct": found.correct, "total": found.total}


def test_the_plain_predictor_agrees_with_scikit_learn_on_every_image(tmp_path: Path) -> None:
    images, labels, (test_images, _) = digits._split(0)
    configuration = digits.Configuration(1_000, 1_000, 0)
    model = digits._fit(configuration, images, labels)
    data = digits._save(model, configuration)
    assert np.array_equal(digits.predict(data, test_images), model.predict(test_images))


def test_the_splits_do_not_overlap() -> None:
    images, labels, (test_images, test_labels) = digits._split(0)
    assert (len(labels), len(test_labels)) == (1_437, 360)
    assert len(images) + len(test_images) == 1_797
    assert set(np.unique(images)) <= set(range(17)), "small integers, so inner products are exact"


@pytest.mark.parametrize(
    "arguments", [{"c_milli": []}, {"gamma_micro": [0]}, {"seed": -1}, {"c_milli": [0.5]}]
)
def test_arguments_that_make_no_search_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        digits.grid(arguments)


def test_the_default_grid_has_a_configuration_for_each_pair() -> None:
    found = digits.grid({})
    assert len(found) == len(set(found)) == 24
