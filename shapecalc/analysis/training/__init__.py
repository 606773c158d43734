"""Training and memory: what a step costs, exactly, and what it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike

    from shapecalc.analysis.training.costs import Training
    from shapecalc.graph import Graph
    from shapecalc.report import Report


def training_cost(
    network: str | PathLike[str] | Graph | Report,
    optimizer: str = "momentum",
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002  (the language's own word)
    free: Iterable[str] = (),
) -> Training:
    """Compute what a training step of a network costs: forward, both gradients and the update.

    `network` is a report, a loaded network, or a spec by its path or name, which `settings`,
    `input` and `free` go with as in `summarize`; `optimizer` is sgd, momentum or adam.  Raises
    `SpecErrors` for unknown words (E303), and with everything that is wrong with the network.
    """
    from shapecalc.analysis.training.costs import optimizer_named, step
    from shapecalc.api import report_of

    chosen = optimizer_named(optimizer)
    return step(report_of(network, settings=settings, input=input, free=free), chosen)
