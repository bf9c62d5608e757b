"""A real workload of small size: hyperparameter search for handwritten digits.

Support-vector machines are fitted on scikit-learn's bundled digits (1,797 images of 8 x 8 pixels), one
configuration per task. The images are split once, by a fixed permutation, into training, validation and test
parts; the configuration with the most correct validation images wins (ties: the first), is fitted again on
training and validation together, and is judged once on the test part. The results are an exact fraction and a
model file.

Same versions, same bytes: pixels are small integers, so every inner product is exact in float64 whatever
kernel or thread count computes it, the solver is sequential, and the file has fixed order and dates. Its
sha256 therefore identifies the model.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ionet.workloads._context import Context

ENTRYPOINT: Final = "ionet.workloads.digits:run"
MODEL_NAME: Final = "model.npz"
TEST_SIZE: Final = 360
FOLDS: Final = 3

# In thousandths and millionths: manifests and results hold integers only.
DEFAULT_GRID: Final[Mapping[str, tuple[int, ...]]] = {
    "c_milli": (500, 1_000, 5_000, 20_000),
    "gamma_micro": (200, 400, 700, 1_000, 2_000, 4_000),
}


@dataclass(frozen=True, slots=True)
class Configuration:
    """One point of the search.

    Attributes:
        c_milli: the penalty C in thousandths.
        gamma_micro: the kernel's gamma in millionths.
        seed: the seed of the split.
    """

    c_milli: int
    gamma_micro: int
    seed: int


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Correct answers as an exact fraction."""

    correct: int
    total: int

    def __str__(self) -> str:
        return f"{self.correct}/{self.total}"


def grid(arguments: Mapping[str, Any]) -> list[Configuration]:
    """Returns the configurations in a manifest's arguments: lists ``c_milli`` and ``gamma_micro``, ``seed``.

    Raises:
        ValueError: when a list is empty or holds something other than positive integers.
    """
    axes = {}
    for name, default in DEFAULT_GRID.items():
        values = arguments.get(name, default)
        if not values or not all(isinstance(value, int) and value > 0 for value in values):
            raise ValueError(f"{name}: expected one or more positive integers, got {values!r}")
        axes[name] = values
    seed = arguments.get("seed", 0)
    if not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed: expected a non-negative integer, got {seed!r}")
    return [Configuration(c, gamma, seed) for c, gamma in itertools.product(*axes.values())]


def evaluate(configuration: Configuration) -> Accuracy:
    """Cross-validates one configuration outside the test part; one task runs this for each."""
    images, labels, _ = _split(configuration.seed)
    correct = 0
    for fold in range(FOLDS):
        held = slice(fold, None, FOLDS)
        training = [n for n in range(len(labels)) if n % FOLDS != fold]
        model = _fit(configuration, images[training], labels[training])
        correct += int((model.predict(images[held]) == labels[held]).sum())
    return Accuracy(correct, len(labels))


def run(context: Context) -> dict[str, Any]:
    """Searches, fits the best configuration and writes ``model.npz``: the entrypoint.

    Returns:
        ``{"best": {"c_milli", "gamma_micro", "seed"}, "configurations": n, "model_sha256": hex,
        "test": {"correct", "total"}, "validation": {"correct", "total"}}``.
    """
    configurations = grid(context.arguments)
    accuracies: Sequence[Accuracy] = context.map(evaluate, configurations)
    best = max(range(len(accuracies)), key=lambda n: (accuracies[n].correct, -n))
    configuration = configurations[best]
    images, labels, (test_images, test_labels) = _split(configuration.seed)
    model = _fit(configuration, images, labels)
    data = _save(model, configuration)
    (context.output / MODEL_NAME).write_bytes(data)
    test = test_accuracy(data, test_images, test_labels)
    print(
        f"best of {len(configurations)}: {configuration}, validation {accuracies[best]}, test {test}",
        flush=True,
    )
    return {
        "best": {
            "c_milli": configuration.c_milli,
            "gamma_micro": configuration.gamma_micro,
            "seed": configuration.seed,
        },
        "configurations": len(configurations),
        "model_sha256": hashlib.sha256(data).hexdigest(),
        "test": {"correct": test.correct, "total": test.total},
        "validation": {"correct": accuracies[best].correct, "total": accuracies[best].total},
    }


def check(data: bytes, seed: int = 0) -> Accuracy:
    """Judges a model file on the test part again; scikit-learn only supplies the images."""
    _, _, (images, labels) = _split(seed)
    return test_accuracy(data, images, labels)


def test_accuracy(data: bytes, images: NDArray[np.float64], labels: NDArray[np.int64]) -> Accuracy:
    """Returns how many of the images the model in ``data`` classifies correctly."""
    predicted = predict(data, images)
    return Accuracy(int((predicted == labels).sum()), len(labels))


test_accuracy.__test__ = False  # type: ignore[attr-defined]  # not a test, whatever collects it


def predict(data: bytes, images: NDArray[np.float64]) -> NDArray[np.int64]:
    """Returns the digits that the model in ``data`` sees: one vote per pair of digits, in plain numpy."""
    import numpy as np

    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        model = {name: file[name] for name in file.files}
    vectors = model["support_vectors"].astype(np.float64)
    squares = (images**2).sum(1)[:, None] + (vectors**2).sum(1)[None, :] - 2 * images @ vectors.T
    kernel = np.exp(-model["gamma"].item() * squares)
    classes, coef, intercept = model["classes"], model["dual_coef"], model["intercept"]
    ends = np.cumsum(model["n_support"])
    part = [slice(end - size, end) for end, size in zip(ends, model["n_support"], strict=True)]
    votes = np.zeros((len(images), len(classes)), np.int64)
    for n, (i, j) in enumerate(itertools.combinations(range(len(classes)), 2)):
        value = (
            kernel[:, part[i]] @ coef[j - 1, part[i]] + kernel[:, part[j]] @ coef[i, part[j]] + intercept[n]
        )
        votes[:, i] += value > 0
        votes[:, j] += value <= 0
    return np.asarray(classes[votes.argmax(1)], np.int64)


def _split(
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64], tuple[NDArray[np.float64], NDArray[np.int64]]]:
    import numpy as np
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(seed).permutation(len(digits.target))
    images, labels = digits.data[order].astype(np.float64), digits.target[order].astype(np.int64)
    return images[TEST_SIZE:], labels[TEST_SIZE:], (images[:TEST_SIZE], labels[:TEST_SIZE])


def _fit(configuration: Configuration, images: NDArray[np.float64], labels: NDArray[np.int64]) -> Any:
    from sklearn.svm import SVC
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1):
        model = SVC(
            C=configuration.c_milli / 1_000, gamma=configuration.gamma_micro / 1_000_000, cache_size=50
        )
        return model.fit(images, labels)


def _save(model: Any, configuration: Configuration) -> bytes:
    """Returns an uncompressed ``.npz`` in fixed order and with fixed dates; ``numpy.load`` reads it."""
    import numpy as np

    arrays = {
        "classes": model.classes_.astype("<i8"),
        "support_vectors": model.support_vectors_.astype("u1"),  # pixels are 0..16
        "n_support": model.n_support_.astype("<i8"),
        "dual_coef": model.dual_coef_.astype("<f8"),
        "intercept": model.intercept_.astype("<f8"),
        "gamma": np.array([configuration.gamma_micro / 1_000_000], "<f8"),
        "c": np.array([configuration.c_milli / 1_000], "<f8"),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            entry = io.BytesIO()
            np.lib.format.write_array(entry, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, entry.getvalue())
    return out.getvalue()
