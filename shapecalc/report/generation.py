"""What a network that attends causally keeps from token to token: keys and values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from shapecalc.report import Row


def give_caches(rows: list[Row]) -> None:
    """Give every row, in its place, the elements of keys or values that stay, of one example.

    They are those of the products before and after every causal mask.  Other attention, of an
    encoder or to its memory, computes its own once.
    """
    from shapecalc.layers.product import Matmul

    for at in {*_beside_masks(rows)}:
        layer = rows[at].layer
        if isinstance(layer, Matmul):
            rows[at] = rows[at]._replace(kv_cache=layer.held(*rows[at].inputs))


def _beside_masks(rows: Sequence[Row]) -> Iterator[int]:
    """Yield where the products stand whose scores are masked, and those that weigh by these."""
    types, place = [row.type for row in rows], {row.name: at for at, row in enumerate(rows)}
    read = [[place[name] for name in row.sources] for row in rows]
    readers: list[list[int]] = [[] for _ in rows]
    for at, sources in enumerate(read):
        for source in sources:
            readers[source].append(at)
    for mask, word in enumerate(types):
        if word == "causal_mask":
            yield from _first(mask, types, read.__getitem__)
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
