"""The referee: every layer forward and backward in plain NumPy, to judge the rules by doing.

It reads a layer's fields and nothing else: no rule of `shapecalc.layers` is asked, and no window
arithmetic.  Sizes come from doing it: pad, take windows, stride.  Arrays are N x C x sides.

    >>> import shapecalc
    >>> from shapecalc import reference
    >>> lenet = shapecalc.load("lenet5")
    >>> done = reference.run(lenet, seed=1, batch=2, keep="all")
    >>> done.values["conv1"].shape
    (2, 6, 28, 28)
    >>> reference.backward(done).parameters["conv1.weight"].shape
    (6, 1, 5, 5)

`run` and `backward` take a whole network; `layer` has what does one layer, and `tally` counts the
operations that were executed.  `formulas` writes a layer's mathematics with its own numbers, and
`example` works it through on a tiny input.
"""

from __future__ import annotations

from shapecalc.reference.run import NetworkGradients, Run, Step, UnfitError, allocate, backward, run
from shapecalc.reference.weighted import Product, recorded

__all__ = [
    "NetworkGradients",
    "Product",
    "Run",
    "Step",
    "UnfitError",
    "allocate",
    "backward",
    "recorded",
    "run",
]
