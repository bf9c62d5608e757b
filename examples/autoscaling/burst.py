"""Asks for more nodes than there are, and counts primes on each of them.

Ray waits until its autoscaler has leased them, and lets them go again when nothing more is to be done.
"""

import sys
from typing import Any

import ray
from ray.util.placement_group import placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy as On


def primes(first: int, last: int) -> int:
    """How many primes there are from `first` to before `last`."""
    return sum(all(number % by for by in range(2, int(number**0.5) + 1)) for number in range(first, last))


def main(nodes: int) -> None:
    """Counts on so many nodes at the same time."""
    ray.init(log_to_driver=False)
    group = placement_group([{"CPU": 1}] * nodes, strategy="STRICT_SPREAD")
    ray.get(group.ready())
    step = 20_000 // nodes

    @ray.remote(num_cpus=1)
    def part(number: int) -> tuple[str, int]:
        first = max(2, number * step)
        return ray.util.get_node_ip_address(), primes(first, (number + 1) * step)

    parts: list[Any] = [
        part.options(scheduling_strategy=On(group, number)).remote(number) for number in range(nodes)
    ]
    done = ray.get(parts)
    print(f"{sum(count for _, count in done)} primes, counted on {len({node for node, _ in done})} nodes")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
