#!/usr/bin/env python3
"""Learns to balance a pole by augmented random search: actors on all nodes try variations of a controller.

    ionet cluster up examples/reinforcement/cluster.yaml
    ionet cluster exec reinforcement -- python3 learn.py

Every random number has its seed, so that the outcome is the same on any number of nodes: learned.json.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import gymnasium
import numpy as np

ENVIRONMENT = "CartPole-v1"
#: Steps that the environment takes at most, and what counts as solved.
SOLVED = 475.0
DIRECTIONS, BEST, STEP, NOISE = 8, 4, 0.5, 0.3
Rollouts: TypeAlias = Callable[[list[tuple[np.ndarray, int]]], list[float]]


class Player:
    """Plays with an environment of its own."""

    def __init__(self) -> None:
        self._environment = gymnasium.make(ENVIRONMENT)

    def play(self, weights: np.ndarray, seed: int) -> float:
        """The return of one episode under a linear controller."""
        seen, _ = self._environment.reset(seed=seed)
        total, over = 0.0, False
        while not over:
            seen, reward, ended, cut, _ = self._environment.step(int(weights @ seen > 0))
            total, over = total + float(reward), ended or cut
        return total

    def where(self) -> str:
        """The address of this player's node."""
        import ray

        return str(ray.util.get_node_ip_address())


def learn(rollouts: Rollouts, generations: int) -> tuple[np.ndarray, list[float]]:
    """Improves a controller; returns its weights, and the mean return of each generation's controller.

    Args:
        rollouts: plays episodes, each with its weights and seed, and returns their returns in order.
        generations: how many steps at most.
    """
    weights, means = np.zeros(4), list[float]()
    for generation in range(generations):
        directions = np.random.default_rng(generation).normal(size=(DIRECTIONS, 4))
        tries = [
            (weights + sign * NOISE * step, 1_000 * generation + number)
            for number, step in enumerate(directions)
            for sign in (1, -1)
        ]
        returns = np.array(rollouts(tries)).reshape(DIRECTIONS, 2)
        chosen = np.argsort(-returns.max(axis=1), kind="stable")[:BEST]
        spread = returns[chosen].std() or 1.0
        change = (returns[chosen, 0] - returns[chosen, 1]) @ directions[chosen]
        weights = weights + STEP / (BEST * spread) * change
        means.append(float(np.mean(rollouts([(weights, 900_000 + seed) for seed in range(8)]))))
        print(f"generation {generation}: {means[-1]:.1f}", flush=True)
        if means[-1] >= SOLVED:
            break
    return weights, means


def main() -> None:
    """Learns with players on all nodes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--generations", type=int, default=30)
    parser.add_argument("--players", type=int, default=4)
    given = parser.parse_args()

    import ray
    from ray.util import ActorPool

    ray.init()
    kind: Any = ray.remote(Player).options(num_cpus=0.5, scheduling_strategy="SPREAD")
    players = [kind.remote() for _ in range(given.players)]
    nodes = sorted(set(ray.get([player.where.remote() for player in players])))
    pool = ActorPool(players)

    def rollouts(tries: list[tuple[np.ndarray, int]]) -> list[float]:
        return list(pool.map(lambda player, given: player.play.remote(*given), tries))

    weights, means = learn(rollouts, given.generations)
    output = Path(os.environ.get("IONET_OUTPUT", "output"))
    output.mkdir(exist_ok=True)
    learned = {"weights": weights.tolist(), "means": means, "nodes": nodes}
    (output / "learned.json").write_text(json.dumps(learned))
    print(f"{means[-1]:.1f} of 500 after {len(means)} generations, on {len(nodes)} nodes")


if __name__ == "__main__":
    main()
