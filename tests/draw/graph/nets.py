"""Networks to draw: those that are shipped, and random ones whose layers read any before them."""

from __future__ import annotations

from functools import cache
from random import Random

import shapecalc
from shapecalc.spec.find import shipped

SHIPPED = shipped()


@cache
def shipped_report(name: str) -> shapecalc.Report:
    """Return the report of a shipped network, computed once for all tests."""
    return shapecalc.summarize(name)


def of_inputs(inputs: list[tuple[int, ...]]) -> shapecalc.Report:
    """Return a network of activations and sums that read each other so; 0 is its input."""
    layers = []
    for index, sources in enumerate(inputs):
        names = [f"n{source}" if source else "input" for source in sources]
        if index and len(names) == 1:
            layers.append({"relu": {"name": f"n{index}", "from": names[0]}})
        elif index:
            layers.append({"add": {"name": f"n{index}", "from": names}})
    return shapecalc.summarize({"input": "4x4x2", "layers": layers})


def random_inputs(seed: int, most: int = 40) -> list[tuple[int, ...]]:
    """Return what the layers of a random network read: near ones mostly, or any."""
    random = Random(seed)
    near = random.choice([2, 3, 5, most])
    inputs: list[tuple[int, ...]] = [()]
    for index in range(1, random.randrange(2, most)):
        start = max(0, index - near)
        times = random.choice([1, 1, 1, 2, 2, 3])
        sources = sorted({random.randrange(start, index) for _ in range(times)})
        inputs.append(tuple(sources))
    return inputs
