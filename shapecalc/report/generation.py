"""What a network that attends causally keeps from token to token: keys and values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra import add_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shapecalc.algebra import Dim
    from shapecalc.report import Report


def kv_cache(report: Report) -> Dim:
    """Return the elements of all keys and values that stay, of one example.

    They are those of the products before and after every causal mask.  Other attention, of an
    encoder or to its memory, computes its own once.
    """
    from shapecalc.layers.product import Matmul

    rows = [report.rows[at] for at in sorted({*_beside_masks(report)})]
    return add_up(row.layer.held(*row.inputs) for row in rows if isinstance(row.layer, Matmul))


def _beside_masks(report: Report) -> Iterator[int]:
    """Yield where the products stand whose scores are masked, and those that weigh by these."""
    nodes, types = report.graph.nodes, [row.type for row in report.rows]
    readers: list[list[int]] = [[] for _ in nodes]
    for at, node in enumerate(nodes):
        for source in node.inputs:
            readers[source].append(at)
    for mask, word in enumerate(types):
        if word == "causal_mask":
            yield from _first(mask, types, lambda at: nodes[at].inputs)
            yield from _first(mask, types, readers.__getitem__)


def _first(start: int, types: list[str], beside: Callable[[int], Iterable[int]]) -> Iterator[int]:
    """Yield the products that are met first on all ways from a layer, in one direction."""
    seen, waiting = {start}, [start]
    while waiting:
        for at in beside(waiting.pop()):
            if at in seen:
                continue
            seen.add(at)
            if types[at] == "matmul":
                yield at
            else:
                waiting.append(at)
