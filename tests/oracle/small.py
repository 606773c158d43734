"""Shipped networks with the smallest inputs at which they exist, so that running them is quick."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import shapecalc
from shapecalc.algebra import known
from shapecalc.writers.site import indices_of

if TYPE_CHECKING:
    from shapecalc.report import Report

#: Sides of inputs that are run in place of larger ones; the parameters are counted at full size.
SMALL = {1: (32, 1024), 2: (64, 99, 128, 188, 224), 3: (16, 32)}


def small(name: str) -> Report:
    """Return a network with the smallest of these inputs at which it exists, or as it is."""
    full = shapecalc.summarize(name)
    shape = full.rows[0].output
    sides = [known(n) for n in shape.sides]
    if not sides and 0 in indices_of(full):  # a text: the logits of 1024 words take 800 MB
        return shapecalc.summarize(name, input="32")
    for side in SMALL.get(len(sides), ()):
        if max(sides) <= side:
            break
        extents = "x".join(map(str, (*(min(n, side) for n in sides), shape.channels)))
        with suppress(shapecalc.SpecErrors):
            return shapecalc.summarize(name, input=extents)
    return full
