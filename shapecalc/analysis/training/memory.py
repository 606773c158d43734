"""What training and inference keep in memory, for a batch and a type of element."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from shapecalc.algebra.dim import Dim
    from shapecalc.analysis.training.costs import Training
    from shapecalc.output.view import View


class Kept(NamedTuple):
    """Numbers that are kept: which, how many, the bytes, and whether that is an estimate."""

    key: str
    label: str
    number: Dim
    bytes: Dim
    estimate: bool = False


#: Why the memory of training is an estimate.
ESTIMATE = (
    "every stored output is kept for the backward pass; gradients of activations, masks, indices,"
    " workspaces and what an allocator holds back come on top"
)


def kept(plan: Training, view: View) -> tuple[Kept, ...]:
    """List what a training step keeps, and what inference does.

    Parameters, their gradients, the optimizer's state and the peak of inference are exact; that
    all activations are kept in training is an estimate.
    """
    totals = plan.report.totals
    state = plan.optimizer.kept * totals.params
    activations = view.activations(totals) * view.batch
    peak = totals.peak * view.batch
    parts = (
        _kept("params", "parameters", totals.params, view),
        _kept("gradients", "gradients of parameters", totals.params, view),
        _kept("optimizer_state", f"optimizer state ({plan.optimizer.name})", state, view),
        _kept("buffers", "buffers", totals.buffers, view),
        _kept("activations", "activations, all", activations, view, estimate=True),
    )
    training = sum(each.number for each in parts)
    inference = totals.params + totals.buffers + peak
    return (
        *parts,
        _kept("training", "training, at least", training, view, estimate=True),
        _kept("peak_activations", "activations, peak (inference)", peak, view),
        _kept("inference", "inference, parameters and peak", inference, view),
    )


def _kept(key: str, label: str, number: Dim, view: View, *, estimate: bool = False) -> Kept:
    return Kept(key, label, number, view.bytes(number), estimate)
