"""The cost of a training step for programs: per example a row a layer, and what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.analysis.training.costs import ESTIMATE, kept
from shapecalc.analysis.training.table import ratio
from shapecalc.output.cells import NUMBER
from shapecalc.output.records import Records
from shapecalc.output.view import View

if TYPE_CHECKING:
    from shapecalc.analysis.training.costs import Cost, Training
    from shapecalc.output.cells import Json

#: The schema's name and version.
SCHEMA = "shapecalc.training/1"

#: The columns of numbers, by their names.
_NUMBERS = ("params", "forward", "input_gradient", "weight_gradient", "step")


def records(plan: Training, view: View = View()) -> Records:
    """Return the costs per example of every layer, the totals, the update and the memory.

    The ratio is None where formulas, or no multiply-accumulates at all, have none.
    """
    return Records(
        SCHEMA,
        lambda: _head(plan, view),
        "rows",
        ({"name": cost.layer, **_numbers(cost, view)} for cost in plan.levels(view.depth or 0)),
        columns=("name", *_NUMBERS),
    )


def _head(plan: Training, view: View) -> dict[str, Json]:
    total, times = plan.total, ratio(plan.total)
    return {
        "network": plan.report.name,
        "batch": view.batch,
        "dtype": view.dtype,
        "totals": {
            **_numbers(total, view),
            "backward": NUMBER.data(total.backward, view),
            "step_of_batch": NUMBER.data(total.step * view.batch, view),
        },
        "step_over_forward": None if times is None else float(times),
        "step_over_forward_exact": None if times is None else str(times),
        "update": {
            "optimizer": plan.optimizer.name,
            "rule": plan.optimizer.label,
            **{name: NUMBER.data(work, view) for name, work in plan.update._asdict().items()},
        },
        "memory": [
            {
                "what": part.key,
                "elements": NUMBER.data(part.number, view),
                "bytes": NUMBER.data(part.bytes, view),
                "estimate": part.estimate,
            }
            for part in kept(plan, view)
        ],
        "estimate": ESTIMATE,
    }


def _numbers(cost: Cost, view: View) -> dict[str, Json]:
    return {name: NUMBER.data(getattr(cost, name), view) for name in _NUMBERS}
