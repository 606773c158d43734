"""The cost of a training step for programs: JSON and CSV, plain numbers, a row a layer."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from shapecalc.analysis.training.costs import ESTIMATE, kept
from shapecalc.analysis.training.table import ratio
from shapecalc.output.cells import NUMBER
from shapecalc.output.csv import harmless
from shapecalc.output.json import dump

if TYPE_CHECKING:
    from shapecalc.algebra.dim import Dim
    from shapecalc.analysis.training.costs import Cost, Training
    from shapecalc.output.cells import Json
    from shapecalc.output.view import View

#: The schema's name and version: a field that changes its meaning makes a new version.
SCHEMA = "shapecalc.training/1"

#: The columns of numbers, by their names.
_NUMBERS = ("params", "forward", "input_gradient", "weight_gradient", "step")


def to_json(plan: Training, view: View) -> str:
    """Write the costs per example of every layer, the totals, the update and the memory.

    The ratio is None where formulas, or no multiply-accumulates at all, have none.
    """
    total, times = plan.total, ratio(plan.total)
    head: dict[str, Json] = {
        "schema": SCHEMA,
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
            **{name: NUMBER.data(each, view) for name, each in plan.update._asdict().items()},
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
    lines = [f"  {dump(key)}: {dump(value)}," for key, value in head.items()]
    records = [{"name": each.layer, **_numbers(each, view)} for each in _rows(plan, view)]
    body = ",\n".join(f"    {dump(record)}" for record in records)
    return "\n".join(["{", *lines, '  "rows": [', body, "  ]", "}"]) + "\n"


def to_csv(plan: Training, view: View) -> str:
    """Write the costs per example, a line a layer, without totals."""
    target = StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(("name", *_NUMBERS))
    for each in _rows(plan, view):
        numbers = (NUMBER.plain(number, view) for number in _values(each).values())
        writer.writerow((harmless(each.layer), *numbers))
    return target.getvalue()


def _rows(plan: Training, view: View) -> list[Cost]:
    return plan.levels(view.depth or 0)


def _values(cost: Cost) -> dict[str, Dim]:
    return {name: getattr(cost, name) for name in _NUMBERS}


def _numbers(cost: Cost, view: View) -> dict[str, Json]:
    return {name: NUMBER.data(each, view) for name, each in _values(cost).items()}
