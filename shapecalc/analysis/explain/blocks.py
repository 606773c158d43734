"""A block is explained by its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra.traced import is_zero, named, total, value_text
from shapecalc.analysis.explain.field import undecided
from shapecalc.analysis.explain.model import Block, Derivation, Section
from shapecalc.layers.base import square
from shapecalc.layers.shape import as_text
from shapecalc.output.document import Grid, Prose

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.algebra import Dim
    from shapecalc.analysis.explain.subject import Subject


def output(subject: Subject) -> Section:
    """Show the volumes through a block."""
    parts = subject.parts()
    rows = tuple(
        (part.row.name, part.row.does or part.row.type, as_text(part.output, part.view.layout))
        for part in parts
    )
    last = subject.report.rows[subject.report.graph.groups[subject.row.name].output].name
    blocks: tuple[Block, ...] = (
        Prose(f"What comes out of the block is what comes out of {last}."),
        Grid(("part", "what it does", "output"), rows, (False, False, False), spare=1),
    )
    answer = as_text(subject.output, subject.view.layout)
    row = subject.row
    return Section("output", "output", answer, blocks, (*row.output.sides, row.output.channels))


def added(
    topic: str, title: str, value: Callable[[Subject], Dim], suffix: str = ""
) -> Callable[[Subject], Section]:
    """Return what explains a block's number as the sum of its parts'."""

    def explain(subject: Subject) -> Section:
        parts = [(part, value(part)) for part in subject.parts()]
        made = total(
            named(part.row.name.removeprefix(f"{subject.row.name}/"), number, given=False)
            for part, number in parts
            if not is_zero(number)
        )
        blocks: list[Block] = [Derivation(title, made)] if made.kind != "number" else []
        rows = tuple(
            (part.row.name, part.row.does or part.row.type, value_text(number))
            for part, number in parts
        )
        if subject.row.shared and topic == "params":
            text = f"Its weights are those of {subject.row.shared}, and are counted there, once."
            blocks.append(Prose(text))
        blocks.append(Grid(("part", "what it does", title), rows, (False, False, True), spare=1))
        answer = f"{value_text(made.value)}{suffix}"
        return Section(topic, title, answer, tuple(blocks), (made.value,))

    return explain


def field(subject: Subject) -> Section:
    """Tell the receptive field of what comes out of a block."""
    if subject.row.field is None:
        return undecided()
    sizes = tuple(side.size for side in subject.row.field)
    last = subject.report.rows[subject.report.graph.groups[subject.row.name].output].name
    text = f"That of {last}, whose result is the block's; explain that layer for the path to it."
    answer = square(sizes) if sizes else "-"
    return Section("receptive-field", "receptive field", answer, (Prose(text),), sizes)


def gradient(subject: Subject) -> Section:
    """Say what to ask instead."""
    first = next(iter(subject.parts())).row.name
    text = f"Gradients go back layer by layer: ask it of one of its layers, as of {first}."
    return Section("gradient", "gradient", "", (Prose(text),))


def neighbours(subject: Subject) -> Section:
    """Say what to ask instead."""
    first = next(iter(subject.parts())).row.name
    text = f"A block has no choices of its own: ask it of one of its layers, as of {first}."
    return Section("what-if", "what if", "", (Prose(text),))
