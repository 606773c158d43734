"""Training and memory: what a step costs, exactly, and what it keeps."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecalc.training.costs import Training
    from shapecalc.view import View


def show(
    plan: Training,
    format: str,  # noqa: A002  (the word of the command line)
    view: View,
    width: int | None = None,
) -> str:
    """Write the cost of a training step in a format, the last line ended."""
    from shapecalc.render import draw
    from shapecalc.training import machines
    from shapecalc.training.table import tabulate

    if format == "csv":
        return machines.to_csv(plan, view)
    if format == "json":
        return machines.to_json(plan, view)
    return draw(partial(tabulate, plan, view), format, width, standalone=True)
