"""What a lesson is made of: sections, and in them formulas, sentences, pictures and grids."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from shapecalc.algebra import is_symbolic
from shapecalc.analysis.explain.trace import LETTERS
from shapecalc.output.document import Chain, Form, Grid, Picture, Prose
from shapecalc.text.shown import Shapes, Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shapecalc.algebra import Dim
    from shapecalc.algebra.traced import Formula
    from shapecalc.analysis.explain.subject import Subject
    from shapecalc.output.view import View
    from shapecalc.report import Report


#: The sign of a multiplication of sizes, and of counts.
OF_SIZES, OF_COUNTS = "*", " x "


class Derivation(NamedTuple):
    """How a number comes about: the rule, the numbers in their places, step by step the value.

    What goes like the one before is told `again` in short: the numbers in their places, the value.
    """

    label: str
    formula: Formula
    times: str = OF_COUNTS
    again: bool = False

    @property
    def forms(self) -> tuple[Form, ...]:
        """What stands behind the equals signs: the rule, the numbers in their places, the steps."""
        rule, substituted = Form(self.formula, letters=True), Form(self.formula)
        same = rule.text(self.times) == substituted.text(self.times)
        steps = map(Form, self.formula.stages(self.times))
        return (rule, *(() if same else (substituted,)), *steps)

    @property
    def lines(self) -> tuple[str, ...]:
        """The forms as texts."""
        return tuple(form.text(self.times) for form in self.forms)

    @property
    def chain(self) -> Chain:
        """What a person reads."""
        _, *rest = forms = self.forms
        if self.again:
            return Chain(self.label, (*rest[:1], *rest[1:][-1:]), (), self.times)
        return Chain(self.label, forms, self.where, self.times)

    @property
    def where(self) -> tuple[tuple[str, str, str], ...]:
        """The letters of the rule, with their numbers and what they stand for."""
        numbers = {leaf.name: str(leaf.value) for leaf in _leaves(self.formula)}
        return tuple(
            (name, text, LETTERS[name]) for name, text in numbers.items() if name in LETTERS
        )


def _leaves(formula: Formula) -> Iterator[Formula]:
    if formula.kind == "number":
        yield formula
    for part in formula.parts:
        yield from _leaves(part)


class Equation(NamedTuple):
    """A formula that is text alone: what stands left, and all that it equals, in this order.

    Its letters are told once for all.
    """

    label: str
    shown: tuple[str, ...]

    @property
    def chain(self) -> Chain:
        """What a person reads."""
        return Chain(self.label, self.shown)


Block: TypeAlias = Derivation | Equation | Prose | Picture | Grid


class Section(NamedTuple):
    """What is said on one topic.

    `answer` is the number as a person reads it, `values` the numbers that the table's cell holds,
    `facts` what a program may want, and `formulas` those of a network's layers, by their names.
    """

    topic: str
    title: str
    answer: str
    blocks: tuple[Block, ...]
    values: tuple[Dim, ...] = ()
    facts: Mapping[str, Any] = {}
    formulas: tuple[tuple[str, Formula], ...] = ()


class Topic(NamedTuple):
    """A number that can be explained.

    `layer` explains it for a layer, `block` for a block, `formulas` gives what a line of the whole
    network shows (None: it has no such lines), `total` the network's own number where it has one.
    """

    name: str
    title: str
    layer: Callable[[Subject], Section]
    block: Callable[[Subject], Section]
    formulas: Callable[..., tuple[Formula, ...]] | None
    total: Callable[[Report, View], Dim] | None = None
    usual: bool = False


@dataclass(frozen=True)
class Explanation(Shown):
    """Where the numbers of a layer, of a block or of a whole network come from.

    `name` is the layer's, empty for the network; `about` says what it is, `note` what the spec
    remarks on it, `source` where the spec was read, `domain` what the symbols may be,
    `names` are those of all layers and blocks.
    """

    shapes = Shapes(
        "an explanation",
        document="analysis.explain.document.document",
        records="analysis.explain.records.records",
    )
    network: str
    name: str
    type: str
    about: str
    note: str
    source: str
    sections: tuple[Section, ...]
    domain: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def section(self, topic: str) -> Section:
        """Return the section of a topic.  Raises `KeyError` when there is none."""
        return {section.topic: section for section in self.sections}[topic]


def derivations(labels: Mapping[Formula, list[str]], times: str) -> list[Derivation]:
    """Derive each of several formulas under its labels, what goes like an earlier one in short."""
    derived: list[Derivation] = []
    for formula, names in labels.items():
        again = any(twins(derivation.formula, formula) for derivation in derived)
        derived.append(Derivation(" = ".join(names), formula, times, again))
    return derived


def twins(first: Formula, second: Formula) -> bool:
    """Tell whether one formula is the other with another symbol in place of one of its own."""
    own, others = _symbols(first), _symbols(second)
    if len(own - others) != 1 or len(others - own) != 1:
        return False
    from shapecalc.algebra.expr import symbol

    return _renamed(first, {min(own - others): symbol(min(others - own))}) == second


def _symbols(formula: Formula) -> set[str]:
    return {name for value in _values(formula) for name in _names(value)}


def _values(formula: Formula) -> Iterator[Dim]:
    if is_symbolic(formula.value):
        yield formula.value
    for part in formula.parts:
        yield from _values(part)


def _names(value: Dim) -> frozenset[str]:
    from shapecalc.algebra.expr import symbols_of

    return symbols_of(value)


def _renamed(formula: Formula, names: Mapping[str, Dim]) -> Formula:
    value: Any = formula.value
    if is_symbolic(value):
        from shapecalc.algebra.expr import substitute

        value = substitute(value, names)
    return replace(
        formula, value=value, parts=tuple(_renamed(part, names) for part in formula.parts)
    )
