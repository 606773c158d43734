"""The cost of a training step laid out: a table for people, records for programs."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from shapecalc.analysis.training import ABOVE, ESTIMATE, Cost, Training, ends_above, kept
from shapecalc.output.cells import (
    NUMBER,
    UNKNOWN_MARK,
    Json,
    amount_text,
    bytes_text,
    number_text,
    superscript,
)
from shapecalc.output.columns import (
    buffers_owed,
    has_frozen,
    macs_owed,
    params_owed,
    types_text,
    units_owed,
)
from shapecalc.output.records import Records
from shapecalc.output.report_records import chosen_data, peak_data
from shapecalc.output.report_table import sum_text, symbols_of, symbols_owed, total_label
from shapecalc.output.row_choice import left_out
from shapecalc.output.table import FOLDED, ROUNDS_FOLDED, Fact, Head, Line, Table, fitted
from shapecalc.output.totals import peak_owed
from shapecalc.output.view import View
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.algebra.notation import Notation

#: The notes of layers whose input needs no gradient: all of it, or what is inside does.
FIRST = "nothing before it is trained, so its input needs no gradient"
INSIDE = "nothing before it is trained, so what flows in needs no gradient; what is inside does"
#: The notes of layers whose weights need none.
BELOW = "frozen, and nothing before it is trained: no gradient is needed there"
FROZEN = "frozen: its weights need no gradient; its input does, as something before it is trained"
PARTLY = "some of it is frozen: those weights need no gradient"


def ratio(total: Cost) -> Fraction | None:
    """Return a step's cost over the forward pass; None: of formulas, or of nothing."""
    forward, step = total.forward, total.step
    if isinstance(forward, int) and isinstance(step, int) and forward:
        return Fraction(step, forward)
    return None


def tabulate(plan: Training, view: View = View(), width: int | None = None) -> Table:
    """Lay the cost of a step out; blocks are folded to the view's depth."""
    if plan.report.domain is not None:
        # formulas have no units
        view = view._replace(notation=_notation(plan), units="exact", column_units=())
    depth = 1 if view.depth is None else view.depth
    levels, taken, number = plan.shown(view, depth, rounds=view.depth is None)
    costs = [cost for cost in levels if cost.step != 0 or cost.params != 0]
    params, macs = _views([*costs, plan.total], view)
    frozen = has_frozen(plan.report)
    apart = ("trainable",) if frozen else ()
    header = ("layer", "params", *apart, "forward", "input gradient", "weight gradient", "step")
    owned = "weights + biases, trained and frozen" if frozen else "trained weights + biases"
    changed = (Head("parameters that training changes", numeric=True, drop=1),)
    columns = (
        Head("the layer's name, or the block's"),
        Head(owned, numeric=True, drop=1),
        *(changed if frozen else ()),
        Head("multiply-accumulates of the forward pass", numeric=True, drop=4),
        Head("multiply-accumulates of the gradient of the layer's input", numeric=True, drop=3),
        Head("multiply-accumulates of the gradient of its weights", numeric=True, drop=2),
        Head("forward and backward together", numeric=True),
    )
    names = {row.name for row in plan.report.rows}
    folded = any(cost.layer not in names for cost in costs)
    notes = set(map(_note, costs))
    present = [note for note in (FIRST, INSIDE, BELOW, FROZEN, PARTLY) if note in notes]
    marks = {note: superscript(number) for number, note in enumerate(present, 1)}
    cells = [_cells(cost, params, macs, frozen=frozen) for cost in costs]
    table = Table(
        title=f"{one_line(plan.report.name) or 'network'}: a training step",
        about=(_summary(plan, view),),
        columns=columns,
        header=header,
        lines=tuple(
            Line(texts, marks.get(_note(cost), ""))
            for texts, cost in zip(cells, costs, strict=True)
        ),
        footer=(total_label(view), *_sums(plan.total, cells, params, macs, frozen=frozen)),
        facts=tuple(_facts(plan, view)),
        notes=tuple(f"{mark} {note}" for note, mark in marks.items()),
        legend=tuple(_legend(plan, view, params.units, macs.units)),
        remarks=(
            *(() if view.choice is None else (left_out(view.choice, taken, number),)),
            *_remarks(
                plan,
                folded=folded,
                rounds=len(levels) < taken,
                silent=len(levels) - len(costs),
            ),
        ),
        symbols=symbols_of(plan.report, view),
    )
    return fitted(table, width)


def _note(cost: Cost) -> str:
    """Say why a layer, or a level, goes without a gradient."""
    if cost.first:
        return FIRST if cost.input_gradient == 0 else INSIDE
    if not cost.frozen:
        return ""
    if not cost.reached:
        return BELOW
    return FROZEN if cost.trainable == 0 and cost.weight_gradient == 0 else PARTLY


def _views(costs: Sequence[Cost], view: View) -> tuple[View, View]:
    """Return the views in whose units the parameters and the operations are read."""
    return (
        view.fitted("params", [cost.params for cost in costs]),
        view.fitted("macs", [cost.step for cost in costs]),
    )


def _cells(cost: Cost, params: View, macs: View, *, frozen: bool) -> tuple[str, ...]:
    owned, computed = _counts(cost, frozen=frozen)
    return (
        one_line(cost.layer),
        *(number_text(count, params.units, params.notation) for count in owned),
        *(
            number_text(count, macs.units, macs.notation) if cost.counted else UNKNOWN_MARK
            for count in computed
        ),
    )


def _counts(cost: Cost, *, frozen: bool) -> tuple[list[Dim], list[Dim]]:
    """Return the counts of a line: of parameters, and of operations."""
    owned = [cost.params, cost.trainable] if frozen else [cost.params]
    return owned, [cost.forward, cost.input_gradient, cost.weight_gradient, cost.step]


def _sums(
    total: Cost, cells: Sequence[tuple[str, ...]], params: View, macs: View, *, frozen: bool
) -> Iterator[str]:
    """Write the counts of the totals' line."""
    owned, computed = _counts(total, frozen=frozen)
    texts = _cells(total, params, macs, frozen=frozen)[1:]
    for at, (count, text) in enumerate(zip([*owned, *computed], texts, strict=True), 1):
        yield sum_text(count, text, [line[at] for line in cells])


def _notation(plan: Training) -> Notation:
    """Find how to write the formulas of the table and of what stands below it."""
    from shapecalc.algebra.notation import notation_of

    dims = [
        dim
        for cost in (*plan.costs, plan.total)
        for part in _counts(cost, frozen=True)
        for dim in part
    ]
    return notation_of([*dims, *(part.number for part in kept(plan, View()))])


def _summary(plan: Training, view: View) -> str:
    """Say what a step costs in one sentence."""
    times = ratio(plan.total)
    if plan.total.forward == 0:
        return "Nothing in it multiplies and accumulates."
    if not plan.total.reached:
        return "Nothing in it is trained: a step is the forward pass."
    if times is None:
        return "Of formulas no one number is the ratio of a step to the forward pass."
    first = [one_line(cost.layer) for cost in plan.costs if cost.first]
    reasons = []
    if has_frozen(plan.report):
        totals = plan.report.totals
        frozen, params = (amount_text(number, view) for number in (totals.frozen, totals.params))
        reasons.append(f"{frozen} of {params} parameters are frozen")
    if first:
        whose = "its" if len(first) == 1 else "their"
        reasons.append(
            f"nothing before {' and '.join(first)} is trained, so no gradient of {whose} input is"
            " needed"
        )
    if times == 3 or not reasons:
        return f"A step takes {float(times):.4g} times the MACs of the forward pass."
    return (
        f"A step takes {_told_apart(times)} times the MACs of the forward pass, not 3:"
        f" {', and '.join(reasons)}."
    )


def _told_apart(times: Fraction) -> str:
    """Write a ratio with three decimals, or so many that it does not read as a whole number.

    >>> _told_apart(Fraction(2854, 1000)), _told_apart(1 + Fraction(1, 300000))
    ('2.854', '1.000003')
    >>> _told_apart(Fraction(2))
    '2'
    """
    if times.denominator == 1:
        return str(times)
    digits = 3
    while digits < 12 and not round(times * 10**digits) % 10**digits:
        digits += 1
    return f"{float(times):.{digits}f}"


def _operations(plan: Training, view: View) -> dict[str, Dim]:
    """Return what a step computes, by its label."""
    total, batch = plan.total, view.batch
    per = " per example" if batch > 1 else ""
    below = {f"step, MACs{per}": total.step} if plan.report.domain is not None else {}
    return {
        f"forward, MACs{per}": total.forward,
        f"backward, MACs{per}": total.backward,
        **below,
        **({f"step of {batch:,}, MACs": total.step * batch} if batch > 1 else {}),
        f"update ({plan.optimizer.name}), operations": sum(plan.update),
    }


def _facts(plan: Training, view: View) -> Iterator[Fact]:
    for label, operations in _operations(plan, view).items():
        yield Fact(label, amount_text(operations, view))
    for part in kept(plan, view):
        if part.number != 0:
            mark = " (estimate)" if part.estimate else ""
            number, size = amount_text(part.number, view), bytes_text(part.bytes, view)
            yield Fact(f"{part.label}{mark}", number, size)


def _legend(plan: Training, view: View, params: str, macs: str) -> Iterator[tuple[str, str]]:
    """Explain the terms, and the units of the columns of parameters and of operations."""
    report = plan.report
    for term, meaning in params_owed(report, view).items():
        yield term, f"{meaning}{_in(params)}" if term == "params" else meaning
    if report.totals.buffers != 0:
        yield from buffers_owed(report, view).items()
    yield "MACs", f"{macs_owed(report, view)['MACs']}{_in(macs)}"
    exact = "forward + input gradient + weight gradient, exact for these MACs; pools, activations,"
    yield "step", f"{exact} normalisation and bias gradients are not counted"
    yield (
        f"update ({plan.optimizer.name})",
        f"{plan.optimizer.label}; once a step, whatever the batch",
    )
    of_batch = f", a batch of {view.batch:,}" if view.batch > 1 else ""
    yield "memory", f"{types_text(view.types)}{of_batch}"
    yield "estimate", _estimate(plan)
    if ends_above(plan):
        yield (
            "training",
            "the lines above added up, or inference and the optimizer's state where that is more",
        )
    yield from peak_owed(report, view).items()
    yield from symbols_owed(report, view).items()
    parts = [part for part in kept(plan, view) if part.number != 0]
    numbers = [*_operations(plan, view).values(), *(part.number for part in parts)]
    units = [view.unit("", [number]) for number in (*numbers, *(part.bytes for part in parts))]
    yield from units_owed([params, macs, *units]).items()


def _in(unit: str) -> str:
    return "" if unit == "exact" else f"; in {unit}"


def _estimate(plan: Training) -> str:
    """Say why the memory of training is an estimate."""
    return ABOVE if ends_above(plan) else ESTIMATE


def _remarks(plan: Training, *, folded: bool, rounds: bool, silent: int) -> Iterator[str]:
    if folded:
        yield FOLDED
    if rounds:
        yield ROUNDS_FOLDED
    if silent:
        yield "Not shown: layers without parameters and multiply-accumulates."
    yield f"Read from {one_line(plan.report.graph.spec.source.name)}."


#: The schema's name and version.
SCHEMA = "shapecalc.training/1"

#: The columns of numbers, by their names.
_NUMBERS = ("params", "forward", "input_gradient", "weight_gradient", "step")


def records(plan: Training, view: View = View()) -> Records:
    """Return the costs per example of every layer, the totals, the update and the memory.

    The ratio is None where formulas, or no multiply-accumulates at all, have none.
    """
    levels, _, number = plan.shown(view, view.depth or 0)
    return Records(
        SCHEMA,
        lambda: {**_head(plan, view), **chosen_data(view, len(levels), number)},
        "rows",
        ({"name": cost.layer, **_numbers(plan, cost, view)} for cost in levels),
        columns=("name", *_names(plan)),
    )


def _head(plan: Training, view: View) -> dict[str, Json]:
    total, times = plan.total, ratio(plan.total)
    return {
        "network": plan.report.name,
        "batch": view.batch,
        "dtype": view.dtype,
        "totals": {
            **_numbers(plan, total, view),
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
        "estimate": _estimate(plan),
        **peak_data(plan.report, view),
    }


def _names(plan: Training) -> tuple[str, ...]:
    """Return the names of the numbers; what is trainable stands apart where anything is frozen."""
    params, *others = _NUMBERS
    return (params, "trainable", *others) if has_frozen(plan.report) else _NUMBERS


def _numbers(plan: Training, cost: Cost, view: View) -> dict[str, Json]:
    return {name: NUMBER.data(getattr(cost, name), view) for name in _names(plan)}
