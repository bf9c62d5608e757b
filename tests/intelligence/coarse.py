"""A coarser quantisation of a model: what a supplier who saves memory would serve in its place."""

from __future__ import annotations

import shutil
from pathlib import Path

import gguf
import numpy as np


def coarser(source: Path, to: Path, levels: int) -> Path:
    """Writes a model whose 4-bit weights have fewer levels.

    Args:
        source: a GGUF file of the kind Q4_1: blocks of a scale, a minimum and 32 weights of 16 levels.
        to: where it is written.
        levels: 8 are 3 bits, 4 are 2.
    """
    shutil.copy(source, to)
    step = 16 // levels
    reader = gguf.GGUFReader(to, "r+")
    for tensor in reader.tensors:
        if tensor.tensor_type != gguf.GGMLQuantizationType.Q4_1:
            continue
        blocks = tensor.data.reshape(-1, 20)
        low, high = blocks[:, 4:] & 15, blocks[:, 4:] >> 4
        blocks[:, 4:] = (low // step * step) | ((high // step * step) << 4)
        # The middle of each step, so that all weights together stay what they were.
        scale, least = (blocks[:, at : at + 2].copy().view(np.float16).astype(np.float32) for at in (0, 2))
        blocks[:, 2:4] = (least + scale * (step - 1) / 2).astype(np.float16).view(np.uint8)
    reader.data.flush()
    return to
