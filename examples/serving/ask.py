#!/usr/bin/env python3
"""Asks the served classifier for digits that it was not trained on; answers.json has its answers."""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from sklearn.datasets import load_digits


def ask(url: str, image: list[float]) -> dict[str, Any]:
    """One question."""
    data = json.dumps({"image": image}).encode()
    request = Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 (the user's own address)
    with urlopen(request, timeout=30) as answer:  # noqa: S310
        told: dict[str, Any] = json.load(answer)
    return told


def main() -> None:
    """Asks, several at a time."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--url", default="http://127.0.0.1:8000/")
    parser.add_argument("--count", type=int, default=40)
    given = parser.parse_args()
    data = load_digits()
    images, labels = data.data[-given.count :].tolist(), data.target[-given.count :]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda image: ask(given.url, image), images))
    output = Path(os.environ.get("IONET_OUTPUT", "output"))
    output.mkdir(exist_ok=True)
    (output / "answers.json").write_text(json.dumps(answers))
    right = sum(answer["digit"] == label for answer, label in zip(answers, labels, strict=True))
    nodes = Counter(answer["node"] for answer in answers)
    print(f"{right} of {given.count} are right; answered by", *(f"{n}: {c}" for n, c in nodes.items()))


if __name__ == "__main__":
    main()
