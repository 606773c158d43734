"""What holds layers: a block, explained by its parts, and a whole network as on lecture slides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra.traced import Formula, Write, exact, is_zero, named, total, value_text
from shapecalc.analysis.explain.field import undecided
from shapecalc.analysis.explain.model import (
    LONG,
    OF_COUNTS,
    OF_SIZES,
    Block,
    Derivation,
    Section,
    Subject,
    Topic,
    brief,
    every,
    twins,
)
from shapecalc.analysis.explain.trace import in_letters
from shapecalc.layers.base import square
from shapecalc.layers.conv import Conv, Windowed, pad_text
from shapecalc.layers.dense import FullyConnected
from shapecalc.layers.shape import as_list, as_text, times_text
from shapecalc.output.document import Grid, Prose
from shapecalc.report.receptive_field import at_most

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.algebra.notation import Notation
    from shapecalc.output.view import View
    from shapecalc.report import Report


#: Formulas longer than this have no place on a slide.
TOO_LONG = 3 * LONG


def slide(report: Report, view: View, topic: Topic) -> Section:
    """Write the network's lines, with the formulas of a topic."""
    subjects = every(report, view)
    by_layer = [tuple(dict.fromkeys(_formulas(topic)(subject, brief=True))) for subject in subjects]
    write: Write = str
    after: list[Block] = []
    if report.domain is not None:
        notation = _notation(report, by_layer)
        write = notation.text
        after = list(_legend(notation, by_layer))
    paths = any("/" in row.name for row in report.rows)
    rows = tuple(
        (
            f"[{times_text(as_list(subject.output, view.layout), write)}]",
            f"{_name(subject.row.name, paths)}: {_phrase(subject)}".removesuffix(": "),
            _formula_text(subject, formulas, topic, write),
        )
        for subject, formulas in zip(subjects, by_layer, strict=True)
    )
    if topic.after is not None:
        after += topic.after(report, view)
    blocks = (Grid(("", "", ""), rows, (False, False, False)), *after)
    named = tuple(
        (subject.row.name, formula)
        for subject, formulas in zip(subjects, by_layer, strict=True)
        for formula in formulas
    )
    if topic.total is None:
        return Section(topic.name, topic.title, "", blocks, formulas=named)
    total = topic.total(report, view)
    answer = f"{value_text(total, write)} in all"
    return Section(topic.name, topic.title, answer, blocks, (total,), formulas=named)


def _formulas(topic: Topic) -> Callable[..., tuple[Formula, ...]]:
    assert topic.formulas is not None, "only what has formulas is written as a slide"
    return topic.formulas


def _notation(report: Report, by_layer: Sequence[Sequence[Formula]]) -> Notation:
    """Find short names for what the volumes and the formulas hold again and again."""
    from shapecalc.algebra.notation import notation_of

    dims = [dim for row in report.rows for dim in (*row.output.sides, row.output.size)]
    values = [formula.value for formulas in by_layer for formula in formulas]
    return notation_of([*dims, *(value for value in values if len(value_text(value)) <= TOO_LONG)])


def _legend(notation: Notation, by_layer: Sequence[Sequence[Formula]]) -> Iterator[Block]:
    """Say what the names stand for, and what is not written."""
    names = notation.legend()
    if names:
        yield Grid(("name", "stands for"), tuple(names.items()), (False, False))
    if any(len(_distinct(formulas)) < len(formulas) for formulas in by_layer):
        yield Prose("Where sides differ only in their symbol, the first one's formula is written.")


def _distinct(formulas: Sequence[Formula]) -> list[Formula]:
    """Leave out what differs from an earlier formula only in its symbol."""
    return [
        formula
        for at, formula in enumerate(formulas)
        if not any(twins(earlier, formula) for earlier in formulas[:at])
    ]


def _name(name: str, paths: bool) -> str:
    """Slides shout; paths are not for shouting."""
    return name if paths else name.upper()


def _phrase(subject: Subject) -> str:
    """Say what a layer does, in the words of a slide."""
    layer = subject.layer
    if isinstance(layer, FullyConnected):
        return f"{layer.units} units"
    if not isinstance(layer, Windowed):
        return subject.row.does
    rank = len(subject.inputs[0].sides)
    kernel = "x".join(map(str, layer.kernel * rank if len(layer.kernel) == 1 else layer.kernel))
    filters = (
        f"{layer.filters} {kernel} filters" if hasattr(layer, "filters") else f"{kernel} windows"
    )
    words = f"{filters} at stride {square(layer.steps())}, pad {pad_text(layer.pad) or 0}"
    if set(layer.dilation) != {1}:
        words += f", dilation {square(layer.dilation)}"
    if layer.rounds() != "floor":
        words += f", {layer.rounds()}"
    if isinstance(layer, Conv) and layer.groups > 1:
        words += f", {layer.groups} groups"
    return words


def _formula_text(subject: Subject, formulas: Sequence[Formula], topic: Topic, write: Write) -> str:
    """Write a layer's formulas with their values; one for sides that are alike."""
    of_sizes = topic.name in ("output", "receptive-field")
    in_signs = topic.name == "receptive-field" or (of_sizes and in_letters(subject.layer))
    times = OF_SIZES if in_signs else OF_COUNTS
    texts = [_short(formula, times, write, values=not of_sizes) for formula in _distinct(formulas)]
    text = ", ".join(filter(None, texts))
    return text if len(text) <= TOO_LONG else "a long formula"


def _short(formula: Formula, times: str, write: Write, *, values: bool) -> str:
    value = value_text(formula.value, write)
    if formula.kind == "number":
        return value if values else ""
    return brief(exact(formula).substituted(times, write), value)


def block_output(subject: Subject) -> Section:
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


def _part(part: str, block: str) -> str:
    """Name a part without its block's path; a round's number alone would read as a number."""
    short = part.removeprefix(f"{block}/")
    return part if short.isdecimal() else short


def block_sum(
    topic: str, title: str, value: Callable[[Subject], Dim], suffix: str = ""
) -> Callable[[Subject], Section]:
    """Return what explains a block's number as the sum of its parts'."""

    def explain(subject: Subject) -> Section:
        parts = [(part, value(part)) for part in subject.parts()]
        made = total(
            named(_part(part.row.name, subject.row.name), number, given=False)
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
        if topic == "params" and subject.row.frozen != 0:
            frozen, trainable = map(value_text, (subject.row.frozen, subject.row.trainable))
            text = f"Frozen (trainable: false) are {frozen} of them, and {trainable} are trained."
            blocks.append(Prose(text))
        blocks.append(Grid(("part", "what it does", title), rows, (False, False, True), spare=1))
        answer = f"{value_text(made.value)}{suffix}"
        return Section(topic, title, answer, tuple(blocks), (made.value,))

    return explain


def block_field(subject: Subject) -> Section:
    """Tell the receptive field of what comes out of a block."""
    if subject.row.field is None:
        return undecided()
    sizes = tuple(side.size for side in subject.row.field)
    last = subject.report.rows[subject.report.graph.groups[subject.row.name].output].name
    text = f"That of {last}, whose result is the block's; explain that layer for the path to it."
    bound = "at most " if at_most(subject.row.field) else ""
    answer = bound + square(sizes) if sizes else "-"
    return Section("receptive-field", "receptive field", answer, (Prose(text),), sizes)


def block_gradient(subject: Subject) -> Section:
    """Say what to ask instead."""
    first = next(iter(subject.parts())).row.name
    text = f"Gradients go back layer by layer: ask it of one of its layers, as of {first}."
    return Section("gradient", "gradient", "", (Prose(text),))


def block_neighbours(subject: Subject) -> Section:
    """Say what to ask instead."""
    first = next(iter(subject.parts())).row.name
    text = f"A block has no choices of its own: ask it of one of its layers, as of {first}."
    return Section("what-if", "what if", "", (Prose(text),))
