"""Where a layer's output volume comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.algebra.traced import Formula, formula
from shapecalc.analysis.explain import windows
from shapecalc.analysis.explain.model import (
    OF_COUNTS,
    OF_SIZES,
    Block,
    Derivation,
    Section,
    derivations,
)
from shapecalc.analysis.explain.shapes import axes, numbers, question, says
from shapecalc.analysis.explain.trace import in_letters, output_of
from shapecalc.graph import Input
from shapecalc.layers.conv import Windowed
from shapecalc.layers.pool import Pool
from shapecalc.layers.reshape import Reshape
from shapecalc.layers.shape import SIDE_NAMES, as_list, as_text
from shapecalc.layers.transposed import Transposed
from shapecalc.output.document import Prose
from shapecalc.text.words import capital, listed

if TYPE_CHECKING:
    from shapecalc.analysis.explain.subject import Subject


def formulas(subject: Subject, *, brief: bool = False) -> tuple[Formula, ...]:
    """Return the output's extents as formulas, sides first and channels last."""
    layer, inputs = subject.layer, subject.inputs
    if isinstance(layer, Input):
        return tuple(map(formula, as_list(subject.output)))
    return output_of(layer, inputs, brief=brief)


def explain(subject: Subject) -> Section:
    """Explain the output."""
    extents = formulas(subject)
    kept, derived = _split(subject, extents)
    blocks: list[Block] = [*question(subject.layer, subject), *derived]
    if kept and derived and not isinstance(subject.layer, Pool):
        many = len(kept) > 1 or kept[0].endswith("s")
        stay = "stay as they are" if many else "stays as it is"
        blocks.append(Prose(f"{capital(listed(kept))} {stay}."))
    blocks += says(subject.layer, subject)
    return Section(
        "output",
        "output",
        as_text(subject.output, subject.view.layout),
        tuple(blocks),
        tuple(extent.value for extent in extents),
        _facts(subject),
    )


def _split(subject: Subject, extents: tuple[Formula, ...]) -> tuple[list[str], list[Derivation]]:
    """Tell the extents that stay as they are from those that a rule makes; equal sides are one."""
    names = axes(subject.output)
    times = OF_SIZES if in_letters(subject.layer) else OF_COUNTS
    kept: list[str] = []
    alike: dict[Formula, list[str]] = {}
    for name, extent in zip(names, extents, strict=True):
        if extent.kind == "number" and extent.name in (name, "inputs"):
            kept.append(name)
        elif not isinstance(subject.layer, (Input, Reshape)):
            alike.setdefault(extent, []).append(name)
    return kept, derivations(alike, times)


def _facts(subject: Subject) -> dict[str, Any]:
    layer = subject.layer
    if not isinstance(layer, Windowed) or isinstance(layer, Transposed) or not numbers(subject):
        return {}
    shape = subject.inputs[0]
    names = SIDE_NAMES[len(shape.sides)]
    fits = map(windows.fit, shape.sides, layer.moves(shape))
    return {name: windows.facts_of(fitted) for name, fitted in zip(names, fits, strict=True)}
