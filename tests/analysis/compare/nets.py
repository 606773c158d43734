"""Networks for the tests of comparisons."""

from functools import cache

from hypothesis import strategies as st

import shapecalc
from shapecalc.analysis.compare import Comparison

#: Every side and every number of channels differs.
INPUT = "17x19x5"
#: Layers of one side each, with fields that differ; none of them changes the sides.
LAYERS = [
    *(f"conv: {{filters: {n}, kernel: {k}, pad: same}}" for n in (7, 11, 13) for k in (1, 3)),
    "relu",
    "tanh",
    "batchnorm",
    "lrn",
    "dropout: 0.3",
    "maxpool: {kernel: 3, stride: 1, pad: 1}",
]


def sequence(layers: list[str], given: str = INPUT) -> shapecalc.Report:
    """Return the report of layers one after the other."""
    text = "".join(f"  - {layer}\n" for layer in layers)
    return shapecalc.summarize(shapecalc.loads(f"input: {given}\nlayers:\n{text}"))


def layers_of(least: int = 1, most: int = 14) -> st.SearchStrategy[list[str]]:
    """Draw layers."""
    return st.lists(st.sampled_from(LAYERS), min_size=least, max_size=most)


@cache
def shipped(*names: str) -> Comparison:
    """Compare shipped specs."""
    return shapecalc.compare(*names)


def statuses(comparison: Comparison, depth: int = 0) -> list[tuple[str | None, str | None, str]]:
    """Return the names of two networks' layers, row by row, with what became of them."""
    found = []
    for row in comparison.rows(depth):
        first, second = (part and part.row.name for part in row.parts)
        found.append((first, second, row.statuses[0]))
    return found


def changes(comparison: Comparison, depth: int = 0) -> dict[str, list[str]]:
    """Return what changed, by the names that layers have in the second network."""
    return {
        row.parts[1].row.name: [change.text for change in row.changes[0]]
        for row in comparison.rows(depth)
        if row.changes[0] and row.parts[1] is not None
    }
