"""Topological order that keeps the order of writing wherever it can."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


def in_order(items: Sequence[T], sources: Callable[[T], Sequence[T]]) -> list[T]:
    """Order items so that each comes after its sources; leave out what a circle holds up.

    Of the items that are ready the one written first comes first (Kahn 1962, with a heap).
    """
    number = {id(item): index for index, item in enumerate(items)}
    waits = [0] * len(items)
    readers: list[list[int]] = [[] for _ in items]
    forward = False
    for index, item in enumerate(items):
        for source in sources(item):
            at = number[id(source)]
            readers[at].append(index)
            waits[index] += 1
            forward |= at >= index
    if not forward:
        return list(items)
    ready = [index for index, count in enumerate(waits) if count == 0]
    ordered: list[T] = []
    while ready:
        index = heapq.heappop(ready)
        ordered.append(items[index])
        for reader in readers[index]:
            waits[reader] -= 1
            if waits[reader] == 0:
                heapq.heappush(ready, reader)
    return ordered
