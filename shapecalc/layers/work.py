"""Work: what a layer computes, as counts of operations by kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from shapecalc.algebra import Dim


class Work(NamedTuple):
    """Operations of one forward pass over one example, counted dense.

    Dense: a multiplication by a padding zero counts.  Accumulators start at zero, so a sum of K
    products is K multiply-accumulates.  Inference: dropout does nothing, batch normalisation is
    one scale and one shift.
    """

    macs: Dim = 0
    """Multiply-accumulates of convolutions and dense layers (and subsampling's coefficient)."""
    bias_adds: Dim = 0
    """Additions of biases."""
    multiplies: Dim = 0
    """Multiplications outside the multiply-accumulates."""
    adds: Dim = 0
    """Additions and subtractions outside multiply-accumulates and biases."""
    compares: Dim = 0
    """Comparisons: maxima, rectifiers, clips."""
    divisions: Dim = 0
    """Divisions."""
    exponentials: Dim = 0
    """Exponentials, logarithms, powers, roots, error functions."""


NO_WORK = Work()
