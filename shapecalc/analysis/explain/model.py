"""What a lesson is about, and what it is made of.

It is about a layer or a block of a report, found by its name.  It has sections, and in them
formulas, sentences, pictures and grids.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from shapecalc.algebra import Dim, is_symbolic
from shapecalc.algebra.traced import Formula, value_text
from shapecalc.analysis.explain.trace import LETTERS
from shapecalc.errors import Problem, SpecErrors
from shapecalc.output.document import Chain, Form, Grid, Prose
from shapecalc.output.table import Picture
from shapecalc.report.fold import fold
from shapecalc.text import Origin
from shapecalc.text.shown import Shapes, Shown
from shapecalc.text.words import did_you_mean, listed_briefly, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.output.view import View
    from shapecalc.report import Report, Row


#: So many names are listed in a message.
LISTED = 12
#: What the elements of a map are called, by the number of its sides.
PIXELS = {1: "position", 2: "pixel", 3: "voxel"}


class Subject(NamedTuple):
    """A row of a report, how the report is looked at, and its other rows by their names."""

    report: Report
    row: Row
    view: View
    rows: Mapping[str, Row]

    @property
    def layer(self) -> Layer:
        """The layer."""
        assert self.row.layer is not None, "a block is explained by its parts"
        return self.row.layer

    @property
    def inputs(self) -> tuple[Shape, ...]:
        """What flows in."""
        return self.row.inputs

    @property
    def output(self) -> Shape:
        """What flows out."""
        return self.row.output

    @property
    def pixel(self) -> str:
        """What an element of the input's sides is called."""
        shapes = (self.output,) if self.row.layer and self.row.layer.indexes else self.inputs
        return PIXELS.get(max((len(shape.sides) for shape in shapes), default=2), "pixel")

    def parts(self) -> tuple[Subject, ...]:
        """Return what a block is made of: its layers, and the blocks in it."""
        inside = f"{self.row.name}/"
        rows = fold(self.report, inside.count("/") + 1)
        return tuple(self._replace(row=row) for row in rows if row.name.startswith(inside))


def find(report: Report, name: str, view: View) -> Subject:
    """Find a layer or a block by its path, or by the end of it when only one has that.

    Raises `SpecErrors`: E310 when there is none, E311 when there are several.
    """
    held = {path for row in report.rows for path in _above(row.name)}
    names = (*(row.name for row in report.rows), *filter(held.__contains__, report.graph.groups))
    paths = [path for path in names if path == name]
    if not paths:
        wanted = name.lower()
        paths = [path for path in names if f"/{path.lower()}".endswith(f"/{wanted}")]
    paths = list(dict.fromkeys(paths))
    if len(paths) != 1:
        raise SpecErrors([_several(report, name, paths) if paths else _none(report, name, names)])
    (path,) = paths
    rows = {row.name: row for row in report.rows}
    if path in rows:
        return Subject(report, rows[path], view, rows)
    folded = fold(report, path.count("/") + 1)
    return Subject(report, next(row for row in folded if row.name == path), view, rows)


def every(report: Report, view: View) -> tuple[Subject, ...]:
    """Return every layer of a report."""
    rows = {row.name: row for row in report.rows}
    return tuple(Subject(report, row, view, rows) for row in report.rows)


def _above(path: str) -> list[str]:
    """Return the paths of the blocks that a layer stands in."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _none(report: Report, name: str, names: tuple[str, ...]) -> Problem:
    origin = Origin(report.graph.spec.source)
    if name in report.graph.groups:
        message = f"'{name}' holds no layers: what flows in flows out"
        return Problem("E310", message, origin, hint="explain the layer before it")
    ends = dict.fromkeys(path.rpartition("/")[2] for path in names)
    hint = did_you_mean(name, dict.fromkeys((*names, *ends)))
    if not hint:
        top = tuple(dict.fromkeys(path.split("/")[0] for path in names))
        hint = f"it has {listed_briefly(top, LISTED)}"
    message = f"{report.name or 'the network'} has no layer and no block '{name}'"
    return Problem("E310", message, origin, hint=hint)


def _several(report: Report, name: str, paths: list[str]) -> Problem:
    message = f"{len(paths)} layers are called '{name}'"
    return Problem(
        "E311",
        message,
        Origin(report.graph.spec.source),
        hint=f"say which: {listed_briefly(tuple(paths), LISTED)}",
        facts=(("candidates", paths),),
    )


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
    network shows (None: it has no such lines), `total` the network's own number where it has one,
    and `after` what is said under its lines.  `picture` names the function that draws it, if one
    does, from a subject.
    """

    name: str
    title: str
    layer: Callable[[Subject], Section]
    block: Callable[[Subject], Section]
    formulas: Callable[..., tuple[Formula, ...]] | None
    total: Callable[[Report, View], Dim] | None = None
    after: Callable[[Report, View], Iterator[Block]] | None = None
    usual: bool = False
    picture: str = ""


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
        records="analysis.explain.document.records",
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
    doubts: tuple[str, ...] = ()
    deployed: tuple[str, ...] = ()

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


#: The words of parts of a step.
_PARTS = {
    Fraction(1, 2): "half a step",
    Fraction(1, 3): "a third of a step",
    Fraction(2, 3): "two thirds of a step",
    Fraction(1, 4): "a quarter step",
    Fraction(3, 4): "three quarters of a step",
}
#: Formulas longer than this, with their values, fill more than a line.
LONG = 72


def brief(text: str, value: str) -> str:
    """Write a formula and its value; only the shorter of them where both are no line's length.

    >>> brief("9 x 9", "81"), brief("k x (k + 1) + " * 5 + "k", "5k^2 + 6k" * 5)
    ('9 x 9 = 81', '5k^2 + 6k5k^2 + 6k5k^2 + 6k5k^2 + 6k5k^2 + 6k')
    """
    return min(text, value, key=len) if too_long(text, value) else f"{text} = {value}"


def too_long(text: str, value: str) -> bool:
    """Tell whether a formula and its value together are longer than a line."""
    return len(text) + len(" = ") + len(value) > LONG


def counted(number: Dim, noun: str) -> str:
    """Write a number with its noun.

    >>> counted(1, "pixel"), counted(3, "pixel"), counted(2, "bias")
    ('1 pixel', '3 pixels', '2 biases')
    """
    return f"{value_text(number)} {plural(number, noun)}"


def part_of_a_step(part: Fraction) -> str:
    """Name a part of a step.

    >>> part_of_a_step(Fraction(1, 4)), part_of_a_step(Fraction(3, 7))
    ('a quarter step', '3/7 of a step')
    """
    return _PARTS.get(part, f"{part} of a step")


def the_last(number: int, noun: str) -> str:
    """Name what stands at the end.

    >>> the_last(1, "pixel"), the_last(3, "pixel")
    ('the last pixel', 'the last 3 pixels')
    """
    return f"the last {noun}" if number == 1 else f"the last {counted(number, noun)}"
