"""What goes back through a layer: its gradients as formulas, and worked through on a tiny input.

The formulas are the referee's, with the layer's own numbers; so are all numbers of the example.
"""

from __future__ import annotations

import re
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Any

from shapecalc.analysis.explain.model import Block, Equation, Section, Subject
from shapecalc.analysis.explain.worked_example import side_by_side, small_one, without_example
from shapecalc.layers.recurrent import Recurrent
from shapecalc.layers.shape import as_text
from shapecalc.output.document import Prose
from shapecalc.output.table import Picture
from shapecalc.text.words import capital, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.output.markup import Element
    from shapecalc.reference.example import Example
    from shapecalc.reference.formula import ArrayFormula

#: What indices count, in the order in which they are told.
INDICES = {
    "c d": "channels",
    "e": "channels of a group",
    "f": "filters",
    "m": "entries",
    "i j k": "positions of the output",
    "p q r": "taps of the kernel",
    "u v t": "places of the input",
    "n": "elements of the row",
}
#: The same where there are no maps.
OF_ROWS = {"c d": "inputs", "f": "units"}
#: The letters of a recurrent layer; the others in its formulas are gates.
OF_STEPS = {"c": "inputs", "f": "units", "k": "rows (gate by gate)", "t": "steps"}
#: A join with more operands shows only these.
OPERANDS = 3
#: Below this the central differences agree.
AGREE = 1e-6


def explain(subject: Subject) -> Section:
    """Explain the gradients."""
    why_not = without_example(subject)
    if why_not:
        return Section("gradient", "gradient", "", (Prose(why_not),))
    from shapecalc.reference.example import example  # NumPy, for what nothing else here needs
    from shapecalc.reference.layer import formulas as formulas_of

    formulas = formulas_of(subject.layer, *subject.inputs)
    worked = example(subject.layer, *subject.inputs)
    blocks = (
        *_general(subject, formulas),
        *_worked(worked, subject, formulas),
        Picture((), partial(_drawn, subject)),
    )
    return Section("gradient", "gradient", "", blocks, (), _facts(formulas, worked))


def _drawn(subject: Subject) -> Element:
    """Draw the example, for a page."""
    from shapecalc.analysis.explain.gradient_drawn import gradient_drawn  # few formats draw
    from shapecalc.draw.svg import svg_element

    return svg_element(gradient_drawn(subject), prefix="gradient-")


def _forward(formulas: Mapping[str, ArrayFormula]) -> list[ArrayFormula]:
    from shapecalc.reference.formula import computed

    return [formula for of, formula in formulas.items() if computed(of)]


def _backward(formulas: Mapping[str, ArrayFormula]) -> list[ArrayFormula]:
    """List the formulas of the way back; of many operands the first."""
    forward = _forward(formulas)
    operands = [formula for of, formula in formulas.items() if of[1:].isdecimal() and of[0] == "x"]
    return [
        formula for formula in formulas.values() if formula not in (*forward, *operands[OPERANDS:])
    ]


def _general(subject: Subject, formulas: Mapping[str, ArrayFormula]) -> Iterator[Block]:
    """Write the formulas, and say what they say."""
    forward, backward = _forward(formulas), _backward(formulas)
    yield Prose(_letters(subject, formulas))
    for formula in forward:
        yield Equation(formula.entry, (formula.text,))
    yield from map(Prose, _notes(forward))
    yield Prose("On the way back g = dL/dy arrives from what follows, and by the chain rule")
    for formula in backward:
        yield Equation(formula.entry, (formula.text,))
    if len(forward) + len(backward) < len(formulas):
        yield Prose("And so on for the other operands.")
    yield from map(Prose, _notes(backward))


def _notes(formulas: list[ArrayFormula]) -> list[str]:
    return list(dict.fromkeys(formula.note for formula in formulas if formula.note))


def _letters(subject: Subject, formulas: Mapping[str, ArrayFormula]) -> str:
    """Say what the letters are."""
    text = " ".join(f"{formula.entry} {formula.text}" for formula in formulas.values())
    text = re.sub(r"\b[a-zA-Z]{2,}\b", "", text)  # words
    used = set(re.findall(r"\b[a-zA-Z]\b", text))
    arrays = list(_arrays(subject, formulas))
    used -= {of for of in formulas if of != "y"}
    row = not any(shape.sides for shape in (*subject.inputs, subject.output))
    names = INDICES | (OF_ROWS if row or (set(used) & {"f"} and not used & {"i", "u"}) else {})
    if isinstance(subject.layer, Recurrent):
        names = OF_STEPS
    counted = []
    for letters, what in names.items():
        own = [letter for letter in letters.split() if letter in used]
        if own:
            counted.append(f"{listed(own)} {what}")
    sentence = f"{capital(', '.join(arrays))}; L is the loss."
    return f"{sentence}  Indices, from 0: {listed(counted)}." if counted else sentence


def _arrays(subject: Subject, formulas: Mapping[str, ArrayFormula]) -> Iterator[str]:
    """Name the arrays, each after what it is."""
    operands = [of for of in formulas if of[0] == "x"]
    if len(operands) > 1:
        shapes = zip(operands[:OPERANDS], subject.inputs, strict=False)
        shown = ", ".join(f"{name} ({as_text(shape)})" for name, shape in shapes)
        yield f"the inputs are {shown}{', ...' if len(operands) > OPERANDS else ''}"
    elif operands:
        yield "the input is x"
    if isinstance(subject.layer, Recurrent):
        yield "the weights of the input w and of the state u"
    elif "w" in formulas:
        yield "the weights w"
    elif "w1" in formulas:
        yield "the weights of the depthwise convolution w1, of the 1x1 convolution w2"
    if "d" in formulas:
        yield "the biases b and d"
    elif "b" in formulas:
        yield "the bias b"
    if "r" in formulas and "V[c]" in formulas["r"].text:
        yield "the running mean M"
        yield "the running variance V"
    yield "the output y"


# -- the example --------------------------------------------------------------------------------


def _worked(
    example: Example, subject: Subject, formulas: Mapping[str, ArrayFormula]
) -> Iterator[Block]:
    """Show the example: what goes in and comes out, what comes back, one entry of each.

    What it computes on the way and the layer's own `formulas` do not name is explained: in a small
    input windows may hang over an end that are whole in the layer's.
    """
    yield Prose(f"Worked through by the referee on a small one, {small_one(example, subject)}:")
    yield Picture(side_by_side(example.values))
    yield from map(
        Prose, _notes([formula for of, formula in example.formulas.items() if of not in formulas])
    )
    yield Prose("L is the sum of g*y, for the g that is shown.  Back come")
    yield Picture(
        side_by_side({f"dL/d{of}": gradient for of, gradient in example.gradients.items()})
    )
    yield Prose("One entry of each, written out:")
    for left, *sums in example.lines.values():
        yield Equation(left, tuple(sums))
    agree = "give the same" if example.differences < AGREE else "do NOT give the same"
    yield Prose(
        f"Central differences, (L(a + h) - L(a - h))/2h for every entry a of"
        f" {listed(list(example.gradients))}, {agree} {example.compared:,} numbers."
    )


def _facts(formulas: Mapping[str, ArrayFormula], example: Example) -> dict[str, Any]:
    """Give a program the formulas and the example's numbers."""
    return {
        "formulas": {
            formula.name: f"{formula.entry} = {formula.text}" for formula in formulas.values()
        },
        "example": {
            "inputs": [as_text(shape) for shape in example.inputs],
            "values": {of: _plain(value.tolist()) for of, value in example.values.items()},
            "gradients": {
                of: _plain(gradient.tolist()) for of, gradient in example.gradients.items()
            },
        },
    }


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Replace what JSON has no number for."""
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value if isfinite(value) else None
