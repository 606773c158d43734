"""The one matrix product that all weighted layers go through, so that it can be counted."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.reference.arrays import Array


class Product(NamedTuple):
    """A product that was done: `times` matrices of rows x inner by inner x columns."""

    times: int
    rows: int
    inner: int
    columns: int

    @property
    def macs(self) -> int:
        """The multiply-accumulates: the accumulators start at zero."""
        return self.times * self.rows * self.inner * self.columns


_RECORD: ContextVar[list[Product] | None] = ContextVar("record", default=None)


@contextmanager
def recorded() -> Iterator[list[Product]]:
    """Note the shapes of all products done inside, in the list that this gives."""
    done: list[Product] = []
    token = _RECORD.set(done)
    try:
        yield done
    finally:
        _RECORD.reset(token)


def matmul(a: Array, b: Array, out: Array | None = None) -> Array:
    """Multiply matrices, or stacks of them: ... x rows x inner by ... x inner x columns."""
    product: Array = np.matmul(a, b, out=out) if out is not None else np.matmul(a, b)
    record = _RECORD.get()
    if record is not None:
        times = product.size // (product.shape[-2] * product.shape[-1])
        record.append(Product(times, a.shape[-2], a.shape[-1], b.shape[-1]))
    return product
