"""Where a layer's multiply-accumulates come from, and what else it computes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from shapecalc.algebra.traced import Formula, formula, grouped, is_zero, named, total, value_text
from shapecalc.analysis.explain.model import LONG, OF_COUNTS, Block, Derivation, Section, Subject
from shapecalc.analysis.explain.params import arrays
from shapecalc.analysis.explain.trace import factors_of, work_of
from shapecalc.graph import Input
from shapecalc.layers.base import NO_WORK
from shapecalc.layers.dense import Dense, Rbf
from shapecalc.layers.pool import Subsampling
from shapecalc.layers.product import Matmul
from shapecalc.layers.transposed import Transposed
from shapecalc.output.cells import UNKNOWN_MARK
from shapecalc.output.document import Grid, Prose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.layers.base import Layer

#: What the operations are called, by the field of `Work`.
KINDS = {
    "bias_adds": "additions of a bias",
    "multiplies": "multiplications",
    "adds": "additions",
    "compares": "comparisons",
    "divisions": "divisions",
    "exponentials": "exponentials, roots, powers",
}


def formulas(subject: Subject, *, brief: bool = False) -> tuple[Formula, ...]:
    """Return the multiply-accumulates."""
    if isinstance(subject.layer, Input):
        return (formula(0),)
    made = work_of(subject.layer, subject.inputs, subject.output).macs
    return (_arranged(made, subject),)  # type: ignore[arg-type]


def explain(subject: Subject) -> Section:
    """Explain the multiply-accumulates."""
    if not subject.row.is_counted:
        text = f"What {subject.layer.configuration()} computes is not known: there is no rule."
        return Section("macs", "MACs", UNKNOWN_MARK, (Prose(text),))
    (made,) = formulas(subject)
    blocks: list[Block] = []
    if not is_zero(made.value):
        blocks.append(Derivation("MACs", made))
        flops = grouped([formula(2), named("MACs", made.value, given=False)])
        blocks.append(Derivation("FLOPs", flops))
    blocks.append(Prose(_words(subject)))
    others = _others(subject)
    if others is not None:
        blocks.append(others)
    return Section("macs", "MACs", value_text(made.value), tuple(blocks), (made.value,))


def _arranged(macs: Formula, subject: Subject) -> Formula:
    """Write weights x positions: (11 x 11 x 3) x 96 x (55 x 55)."""
    sizes = [array.size for array in arrays(subject) if array.role == "weight"]
    if not sizes or is_zero(macs.value):
        return macs
    factors = factors_of(macs)
    if len(sizes) > 1:  # the weights are a sum already
        used = total(sizes)
        if factors[0].value == used.value:
            return grouped([used, grouped(factors[1:])])
        return macs
    (size,) = sizes
    parts = factors_of(size)
    flat = [leaf for part in parts for leaf in factors_of(part)]
    if _values(flat) != _values(factors[: len(flat)]):
        return macs
    positions = factors[len(flat) :]
    if not positions:
        return size
    head, *group = parts
    return grouped([*group, head, grouped(positions)])


def _values(factors: Iterable[Formula]) -> Counter[object]:
    return Counter(factor.value for factor in factors)


def _words(subject: Subject) -> str:
    layer = subject.layer
    if isinstance(layer, Input):
        return "The input is given, so nothing is computed."
    if isinstance(layer, Subsampling):
        return (
            "One multiplication for every output, by the coefficient of its map, counts as one"
            " multiply-accumulate."
        )
    if isinstance(layer, Matmul):
        return (
            "Both factors were computed: every row of the first one is multiplied by every column"
            " of the second one and added up.  Sequences of N positions give N x N products, so the"
            " cost grows with the square of N."
        )
    if not layer.weighted:
        return _why_none(layer, subject)
    if not subject.output.sides:
        text = "Every weight is used once: a multiplication, and an addition to the sum."
    elif isinstance(layer, Dense):
        text = "Every weight is used at every position."
    elif isinstance(layer, Transposed):
        text = "Every weight is used at every input position, from where it spreads."
    else:
        text = "Every weight is used at every output position; padding zeros are multiplied too."
    if subject.row.shared is not None:
        text += "  Shared weights are counted once as parameters, but they compute here as well."
    return text


def _why_none(layer: Layer, subject: Subject) -> str:
    if isinstance(layer, Rbf):
        return (
            "A distance is a difference squared and added up: no product with a weight, so no MACs,"
            " though it costs about as much."
        )
    if subject.row.parameters:
        if subject.row.work == NO_WORK:
            return f"None: nothing is multiplied by what {layer.type} trains."
        return (
            "None, by convention: MACs are those of convolutions and dense layers.  What"
            f" {layer.type} computes is below."
        )
    return f"None: {layer.type} has no trained weights to multiply by, and MACs count those."


def _others(subject: Subject) -> Grid | None:
    """List the operations that are no multiply-accumulates."""
    if isinstance(subject.layer, Input):
        return None
    work = work_of(subject.layer, subject.inputs, subject.output)._asdict()
    rows = tuple(
        (KINDS[kind], *_cells(count))
        for kind, count in work.items()
        if kind != "macs" and not is_zero(count.value)
    )
    if not rows:
        return None
    return Grid(("not among the MACs", "", ""), rows, (False, False, True), spare=1)


def _cells(count: Formula) -> tuple[str, str]:
    """Write a formula and its value; in place of a value that fills lines, the formula."""
    text = count.substituted(OF_COUNTS) if count.kind != "number" else ""
    value = value_text(count.value)
    return ("", text) if len(text) < len(value) > LONG else (text, value)
