"""Conditions to relations of expressions: what the words of a question mean in a report.

The questions `no loss` and `exact fit` ask what every moving window leaves at the end of a side.
Windows with kernel extent e and stride s on a side of n with padding p stop where the next one
would not fit: (n + p - e) mod s is the rest that none of them covers.  Part of the rest may be
padding.  `no loss` asks that no pixel of a volume is in the rest, `exact fit` that there is none.

Where a stride is larger than its window, as many pixels as lie between two windows may be left.
`ceil` roundings and `same` padding cover every pixel; an exact fit then means that no window
hangs over, and that the extent is a multiple of the stride.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, NoReturn, TypeAlias

from shapecalc.algebra import Dim, known, larger, product
from shapecalc.algebra.expr import evaluate as at
from shapecalc.algebra.expr import symbol, symbols_of
from shapecalc.analysis.solve.question import (
    Question,
    QuestionCondition,
    Side,
    WrittenShape,
)
from shapecalc.analysis.solve.units import byte_counts, in_bytes, must_be_alike
from shapecalc.analysis.solve.units import label as bytes_label
from shapecalc.counting import OF_NETWORK, SHORT
from shapecalc.layers.conv import Windowed
from shapecalc.layers.shape import SIDE_NAMES, Map, Shape
from shapecalc.layers.transposed import Transposed
from shapecalc.output.columns import BY_WORD
from shapecalc.report import UNKNOWN, Report, Row
from shapecalc.report.fold import fold
from shapecalc.spec.expression import ExpressionError, evaluate
from shapecalc.text import Span
from shapecalc.text.words import counted, did_you_mean, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.layers.window import Window
    from shapecalc.output.view import View


Relation: TypeAlias = Literal["at least", "at most", "equal to", "unequal to", "divisible by"]

_RELATIONS: dict[str, tuple[Relation, int]] = {
    "=": ("equal to", 0),
    "!=": ("unequal to", 0),
    "<=": ("at most", 0),
    "<": ("at most", -1),
    ">=": ("at least", 0),
    ">": ("at least", 1),
    "divisible by": ("divisible by", 0),
}


class VolumeSides(NamedTuple):
    """The sides of a volume, with its channels; or numbers per side, without.

    A vector has no sides, and its channels are its units.
    """

    sides: tuple[Dim, ...]
    channels: Dim | None


Value: TypeAlias = "Dim | VolumeSides"


class Atom(NamedTuple):
    """A relation of two expressions, `label` saying what of the network the left one is.

    `condition` is the number of the condition that it is a part of, `layers` the names of the
    layers that it speaks of.
    """

    condition: int
    label: str
    left: Dim
    relation: Relation
    right: Dim
    layers: tuple[str, ...] = ()

    @property
    def symbols(self) -> frozenset[str]:
        """The symbols that it depends on."""
        if self.relation == "divisible by":
            return symbols_of(self.left)
        return symbols_of(self.left - self.right)

    def miss(self, values: Mapping[str, int]) -> int:
        """Return by how much it fails for values of its symbols; 0: it holds."""
        if self.relation == "divisible by":
            left = int(at(self.left, values))
            return min(left % known(self.right), -left % known(self.right))
        over = int(at(self.left - self.right, values))  # what is on both sides needs no value
        match self.relation:
            case "at least":
                return max(-over, 0)
            case "at most":
                return max(over, 0)
            case "equal to":
                return abs(over)
            case _:
                return int(over == 0)


class Binder:
    """Finds what the names of a question mean in one report.

    `shown` gives the names under which symbols are asked for, `fixed` numbers of names that are
    tried one by one, `view` the batch and the types that memory is counted with.
    """

    def __init__(
        self,
        question: Question,
        report: Report,
        shown: Mapping[str, str],
        fixed: Mapping[str, Dim],
        view: View,
    ) -> None:
        self.question = question
        self.report = report
        self.view = view
        self.names: dict[str, Dim] = {
            **{name: symbol(name) for name in report.graph.symbols},
            **{name: symbol(inner) for name, inner in shown.items()},
            **fixed,
        }
        self.layers: dict[str, None] = {}  # those that the condition at work speaks of

    def atoms(self, number: int, condition: QuestionCondition) -> list[Atom]:
        """Return the relations that a condition consists of.  Raises `SpecErrors`."""
        self.layers = {}
        plain = condition
        must_be_alike(condition, self.question, self.names)
        if any(byte_counts(condition)):
            condition = in_bytes(condition, self.question, self.view, self.names)
        left, right = self.side(condition.left, condition), self.side(condition.right, condition)
        relation, shift = _RELATIONS[condition.relation]
        if relation == "divisible by" and not (isinstance(right, int) and right > 0):
            message = "what is divided by must be a number from 1 on"
            self.question.refuse("E343", message, condition.span, "divisible by 32")
        if WrittenShape in map(type, (left, right)) and VolumeSides not in map(type, (left, right)):
            hint = "compare it with a layer: pool3 = 6x6"
            self.question.refuse("E343", "a shape belongs to a volume", condition.span, hint)
        if isinstance(right, VolumeSides | WrittenShape) and not isinstance(left, VolumeSides):
            if isinstance(left, WrittenShape) or relation in ("at least", "at most"):
                message = "the volume stands on the left: pool3 = 6x6"
                self.question.refuse("E343", message, condition.span, "turn the relation around")
            left, right = right, left
        label = condition.text
        if isinstance(plain.left, str):
            label = plain.left if condition is plain else bytes_label(plain.left)
        if not isinstance(left, VolumeSides):
            assert not isinstance(left, WrittenShape)
            assert not isinstance(right, VolumeSides | WrittenShape)
            whole = right + shift
            return [Atom(number, label, left, relation, whole, tuple(self.layers))]
        pairs = self._pairs(left, right, condition)
        if relation == "unequal to" and len(pairs) > 1:
            hint = f"ask for one of them: {label}.{pairs[0][0]} != ..."
            self.question.refuse("E343", "!= compares numbers, not volumes", condition.span, hint)
        return [
            Atom(number, f"{label} {word}", a, relation, b + shift, tuple(self.layers))
            for word, a, b in pairs
        ]

    def _pairs(
        self, left: VolumeSides, right: Value | WrittenShape, condition: QuestionCondition
    ) -> list[tuple[str, Dim, Dim]]:
        """Pair the extents that are compared: sides, and channels where they are written out."""
        rank = len(left.sides)
        words = SIDE_NAMES.get(rank, ())
        if isinstance(right, VolumeSides):
            if len(right.sides) != rank:
                kinds = [
                    f"a volume of {counted(len(volume.sides), 'side')}"
                    if volume.sides
                    else "a vector"
                    for volume in (left, right)
                ]
                message = f"{kinds[0]} is compared with {kinds[1]}"
                hint = "compare numbers of them, like .units or .channels"
                self.question.refuse("E343", message, condition.span, hint)
            if left.channels is not None and right.channels is not None and not rank:
                return [("units", left.channels, right.channels)]
            return list(zip(words, left.sides, right.sides, strict=True))
        if not rank and left.channels is not None and not isinstance(right, WrittenShape):
            return [("units", left.channels, right)]
        if not isinstance(right, WrittenShape):  # one number stands for every side
            return [(word, side, right) for word, side in zip(words, left.sides, strict=True)]
        values = right.values
        written = f"{counted(len(values), 'extent')} {plural(len(values), 'is')} written"
        pairs: list[tuple[str, Dim, Dim]] = list(
            zip(words, left.sides, values[:rank], strict=False)
        )
        if len(values) == rank + 1 and left.channels is not None:
            return [*pairs, ("channels", left.channels, values[-1])]
        if not rank:
            message = f"{written}, but it is a vector"
            self.question.refuse("E343", message, condition.span, "write its units: fc6 = 4096")
        if len(values) != rank:
            sides = f"{counted(rank, 'side')} ({' x '.join(words)})"
            message = f"{written}, but it has {sides}, then channels"
            hint = f"write {' x '.join(words)}, with or without x channels"
            self.question.refuse("E343", message, condition.span, hint)
        return pairs

    def side(self, side: Side, condition: QuestionCondition) -> Value | WrittenShape:
        """Return what one side of a relation is."""
        if isinstance(side, WrittenShape):
            return side
        if isinstance(side, str):
            return self.value(side)
        try:
            return evaluate(side, self.number)
        except ExpressionError as error:
            hint = error.hint or "use numbers, names, + - * // % ( ) min max"
            message = (
                error.message if "divides by zero" not in error.message else "this divides by zero"
            )
            self.question.refuse("E343", message, condition.span, hint)

    def number(self, name: str) -> Dim:
        """Return the number that a name in an expression stands for."""
        value = self.value(name)
        if isinstance(value, VolumeSides):
            if not value.sides and value.channels is not None:
                return value.channels
            hint = f"name one of its numbers: {name}.{SIDE_NAMES[len(value.sides)][0]}"
            self.refuse(name, f"'{name}' is a volume, which cannot be computed with", hint)
        return value

    def value(self, name: str) -> Value:
        """Return what a name stands for: a symbol, a total, or something of a layer."""
        if name in self.names:
            return self.names[name]
        if "'" not in name:
            own = OF_NETWORK.get(SHORT.get(name, name))
            if own is not None:
                return own.of_all(self.report.totals, self.view)
            column = BY_WORD.get(name.lower())
            if column is not None and column.key in _totals() and column.total is not None:
                total: Dim = column.total(self.report.totals, self.view)
                return total
        return self.part(name)

    def part(self, name: str) -> Value:
        """Return what `LAYER`, `LAYER.part`, `input` or `output` stands for."""
        plain = name.replace("'", "")
        paths = {row.name for row in self.report.rows} | self.report.graph.groups.keys()
        words = plain.split(".")
        for length in range(len(words), 0, -1):
            path, rest = ".".join(words[:length]), words[length:]
            if path in paths:
                row = self._row(path)
                self.layers[path] = None
                return self._of_row(row, rest, name)
        if words[0] in ("input", "output"):
            return self._of_shape(self._end(words[0], name), words[1:], name)
        known = [*self.names, *paths, *_totals(), "output", "input"]
        hint = did_you_mean(words[0], known) or (
            "ask for a layer, a layer's number like conv1.params, a total"
            f" ({', '.join(_totals())})" + "".join(f", {word}" for word in self.names)
        )
        return self.refuse(name, f"there is no layer, total or symbol '{words[0]}'", hint)

    def _row(self, path: str) -> Row:
        for row in fold(self.report, path.count("/") + 1):
            if row.name == path:
                return row
        return self.report[path]

    def _end(self, word: str, name: str) -> Shape:
        graph = self.report.graph
        ends = (
            graph.outputs
            if word == "output"
            else [index for index, row in enumerate(self.report.rows) if row.type == "input"]
        )
        if len(ends) != 1:
            names = [self.report.rows[index].name for index in ends]
            hint = "name one: " + ", ".join(names)
            self.refuse(name, f"the network has {len(ends)} {word}s", hint)
        row = self.report.rows[ends[0]]
        self.layers[row.name] = None
        return row.output

    def _of_row(self, row: Row, words: list[str], name: str) -> Value:
        first, *rest = words or ["output"]
        if first in ("output", "input") and (first == "output" or row.inputs):
            if first == "input" and len(row.inputs) > 1:
                message = f"{len(row.inputs)} volumes flow into {row.name}"
                self.refuse(name, message, "name the layer that one comes from")
            shape = row.output if first == "output" else row.inputs[0]
            return self._of_shape(shape, rest, name)
        column = BY_WORD.get(first.lower())
        numeric = column is not None and column.kind.name in ("number", "bytes", "sides")
        if column is not None and numeric and not column.share and column.key != "count":
            value = column.of_row(row, self.view, self.report.totals)
            if value is None or value is UNKNOWN:
                self.refuse(name, f"{row.name} has no {first}", "ask for another of its numbers")
            if not isinstance(value, tuple):
                return value  # type: ignore[return-value]
            if any(getattr(number, "denominator", 1) != 1 for number in value):
                self.refuse(name, f"{row.name}'s {first} is no whole number", "ask for another one")
            same = len(set(value)) == 1
            return value[0] if same or len(value) == 1 else VolumeSides(value, None)
        return self._of_shape(row.output, words, name)

    def _of_shape(self, shape: Shape, words: list[str], name: str) -> Value:
        if not words:
            return VolumeSides(shape.sides, shape.channels)
        sides = SIDE_NAMES.get(len(shape.sides), ()) if isinstance(shape, Map) else ()
        parts: dict[str, Dim] = {
            **dict(zip(sides, shape.sides, strict=True)),
            "channels": shape.channels,
            "units": product([*shape.sides, shape.channels]),
        }
        word = words[0].lower()
        if word not in parts or len(words) > 1:
            known = [*parts, "output", "input", *_columns()]
            hint = did_you_mean(words[-1], known) or "it has " + ", ".join(dict.fromkeys(known))
            self.refuse(name, f"'{words[-1]}' is no number of it", hint)
        return parts[word]

    def refuse(self, name: str, message: str, hint: str) -> NoReturn:
        """Complain about a name of the question."""
        span = self.question.places.get(name, Span(0, 0, 0, 0))
        self.question.refuse("E344", message, span, hint)


def _columns() -> list[str]:
    kinds = ("number", "bytes", "sides")
    columns = dict.fromkeys(BY_WORD.values())
    return [c.key for c in columns if c.kind.name in kinds and not c.share and c.key != "count"]


def _totals() -> list[str]:
    columns = dict.fromkeys(BY_WORD.values())
    totals = [c.key for c in columns if c.summed and not c.needs]
    return [*totals, *(word for word in (*SHORT, *OF_NETWORK) if word != "peak_activations")]


class Rest(NamedTuple):
    """What a layer's windows leave of one side: `over` mod the stride, `after` of it padding."""

    row: Row
    side: str
    n: Dim
    window: Window

    @property
    def over(self) -> Dim:
        """What lies beside the first window, the padding included."""
        if self.window.mode == "same":
            return self.n
        return self.n + self.window.before + self.window.after - self.window.extent

    @property
    def drops(self) -> bool:
        """Whether what does not fill a window is left out."""
        return self.window.mode != "same" and self.window.rounding == "floor"

    @property
    def spare(self) -> Dim:
        """How much of the rest is padding, or no more than what is skipped between windows."""
        return self.window.after + larger(self.window.stride - self.window.extent, 0)

    @property
    def rest(self) -> Dim:
        """The pixels behind the last whole window."""
        return self.over - self.over // self.window.stride * self.window.stride

    def lost(self) -> int | None:
        """Return how many pixels of the volume no window sees, for numbers."""
        rest, spare = self.rest, self.spare
        if not self.drops:
            return 0
        return max(rest - spare, 0) if isinstance(rest, int) and isinstance(spare, int) else None


def rests(report: Report) -> Iterator[Rest]:
    """Yield the sides along which a window moves in steps of more than one."""
    for row in report.rows:
        if isinstance(row.layer, Windowed) and not isinstance(row.layer, Transposed):
            shape = row.inputs[0]
            words = SIDE_NAMES[len(shape.sides)]
            moves = row.layer.moves(shape)
            for side, n, window in zip(words, shape.sides, moves, strict=True):
                if window.stride != 1:
                    yield Rest(row, side, n, window)


def lossless(report: Report, number: int, *, exact: bool) -> list[Atom]:
    """Return what must hold that no pixel is lost, or that every window fits exactly."""
    atoms = []
    for rest in rests(report):
        stride, spare = rest.window.stride, rest.spare
        label = f"{rest.row.name} {rest.side}"
        layers = (rest.row.name,)
        if exact and isinstance(stride, int):
            atom = Atom(number, f"{label}: rest", rest.over, "divisible by", stride, layers)
            atoms.append(atom)
        elif exact:  # of a letter there are no residues
            atoms.append(Atom(number, f"{label}: rest", rest.rest, "equal to", 0, layers))
        elif rest.drops and not (isinstance(beyond := spare - stride, int) and beyond >= -1):
            atoms.append(Atom(number, f"{label}: rest", rest.rest, "at most", spare, layers))
    return atoms


def skipped(report: Report) -> list[str]:
    """Say which layers step over pixels between their windows, at every size."""
    texts = {}
    for rest in rests(report):
        extent, stride = rest.window.extent, rest.window.stride
        if isinstance(extent, int) and isinstance(stride, int) and extent < stride:
            texts[rest.row.name] = f"{rest.row.name} ({extent} of every {stride})"
    return list(texts.values())
