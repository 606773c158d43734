"""What every layer is: fields, and the rules that share them.

A layer is frozen data.  Its rules are pure functions of its fields and of the shapes that
flow in; they know nothing of names, files or batches.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, dataclass_transform

from shapecalc.algebra import Dim, is_symbolic, product
from shapecalc.errors import RuleError
from shapecalc.layers.fields import REQUIRED, Declared, field
from shapecalc.layers.shape import Map, Shape, Vector, as_text, times_text
from shapecalc.layers.window import EVERYTHING, OWN
from shapecalc.text import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shapecalc.algebra.expr import Expr
    from shapecalc.layers.window import InputSpan, Sees


class Work(NamedTuple):
    """Operations of one forward pass over one example, counted dense.

    Dense: a multiplication by a padding zero counts.  Accumulators start at zero, so a sum of K
    products is K multiply-accumulates.  Inference: dropout does nothing, batch normalisation is
    one scale and one shift.
    """

    macs: Dim = 0
    """Multiply-accumulates of convolutions, dense layers and products of activations.

    And one per output of subsampling, for its coefficient.
    """
    bias_adds: Dim = 0
    """Additions of biases."""
    multiplies: Dim = 0
    """Multiplications outside the multiply-accumulates."""
    adds: Dim = 0
    """Additions and subtractions outside multiply-accumulates and biases."""
    compares: Dim = 0
    """Comparisons: maxima, rectifiers, clips."""
    divisions: Dim = 0
    """Divisions."""
    exponentials: Dim = 0
    """Exponentials, logarithms, powers, roots, error functions."""


NO_WORK = Work()


#: The window of a layer whose units see the whole input, along all its sides.
SEES_ALL: tuple[InputSpan, ...] = (EVERYTHING,)


class Parameter(NamedTuple):
    """A named array that a layer owns: trained weights, trained biases, or a fixed buffer."""

    name: str
    shape: tuple[Dim, ...]
    role: Literal["weight", "bias", "buffer"] = "weight"

    @property
    def size(self) -> Dim:
        """The number of elements."""
        return product(self.shape)


class Requirement(NamedTuple):
    """Something that must hold before a rule may be applied.

    `value` must be `at least` / `divisible by` / `equal to` `bound`; `joined with`: equal, unless
    one of them is 1.  `complain` makes the error when it does not.  For numbers it is decided at
    once; for symbols it is part of the domain.
    """

    value: Dim
    relation: Literal["at least", "divisible by", "equal to", "joined with"]
    bound: Dim
    complain: Callable[[], RuleError]

    def holds(self) -> bool | None:
        """Decide the requirement for whole numbers; None: it depends on symbols."""
        value, relation, bound, _ = self
        if not (isinstance(value, int) and isinstance(bound, int)):
            return None
        if relation == "at least":
            return value >= bound
        if relation == "divisible by":
            return value % bound == 0
        return value == bound or (relation == "joined with" and 1 in (value, bound))


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class Layer:
    """The rules of a layer type; each one's default suits a layer that changes nothing.

    A subclass declares fields as a dataclass does, with `field(...)`; type checkers see it as a
    frozen, keyword-only one.  It is none, because defining a dataclass costs half a millisecond:
    a dozen of them would be a tenth of the time that a summary takes.  A field that a subclass
    gives a plain value or a property instead is fixed there: no one can set it.

    Class constants: `type` is the word of the language, `stem` what automatic names begin with,
    `principal` the field that a bare value sets, `yields` whether a block of the word goes before
    it (a word that came to a language in use), `inputs` how many inputs the layer takes (None: one
    or more of a join; 0: it is an operand by itself), `takes` the kinds of shapes (`sequence`: a
    map of one side), `inplace` whether the result overwrites the input (`view`: it is the very
    same elements, so nothing is written),
    `weighted` whether units multiply and accumulate by trained weights, `by_channel` whether they
    see their own channel only, `gathers` in words why units look beyond a window, `positive`
    whether it is judged on numbers above 0, where all that it computes is a number, `indexes` the
    field that counts what its inputs choose from, where these are indices.  `term` is what a total
    calls the operations that are neither multiply-accumulates nor bias adds, "" where it has no
    name for them; `learns` what is trained, or ``nothing: `` and the reason.  Both are stated on
    every type itself, as those of another are seldom right.  `rule`, `counts` and `example` are
    the help; the type word by itself is the example where no other is given.
    """

    type: ClassVar[str]
    stem: ClassVar[str]
    summary: ClassVar[str] = ""
    term: ClassVar[str] = ""
    learns: ClassVar[str] = ""
    rule: ClassVar[str] = "output = input"
    example: ClassVar[str]
    counts: ClassVar[str] = "no parameters, no MACs"
    principal: ClassVar[str] = ""
    yields: ClassVar[bool] = False
    inputs: ClassVar[int | None] = 1
    takes: ClassVar[Literal["any", "map", "sequence"]] = "any"
    inplace: ClassVar[bool] = False
    view: ClassVar[bool] = False
    weighted: ClassVar[bool] = False
    by_channel: ClassVar[bool] = False
    gathers: ClassVar[str] = ""
    positive: ClassVar[bool] = False
    indexes: ClassVar[str] = ""

    _fields: ClassVar[tuple[Declared, ...]] = ()

    def __init_subclass__(cls) -> None:
        own = {name: field for name, field in vars(cls).items() if isinstance(field, Declared)}
        for name in own:
            delattr(cls, name)
        named = {field.name: field for field in cls._fields if field.name not in vars(cls)}
        named |= {name: field._replace(name=name) for name, field in own.items()}
        cls._fields = tuple(sorted(named.values(), key=lambda field: field.name != cls.principal))
        if "type" in vars(cls):
            cls.stem = vars(cls).get("stem", cls.type)
            cls.example = vars(cls).get("example", cls.type)

    def __init__(self, **values: Any) -> None:  # noqa: ANN401
        for declared in self._fields:
            value = values.pop(declared.name, declared.default)
            if value is REQUIRED:
                raise TypeError(f"{type(self).__name__} needs {declared.name}")
            vars(self)[declared.name] = value
        if values:
            raise TypeError(f"{type(self).__name__} has no field {next(iter(values))}")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a layer is fixed; {name} cannot be set")

    @classmethod
    def fields(cls) -> tuple[Declared, ...]:
        """Return the declared fields, the principal one first."""
        return cls._fields

    def values(self) -> tuple[Any, ...]:
        """Return the fields' values."""
        return tuple(vars(self).values())

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.values() == other.values()

    def __hash__(self) -> int:
        return hash((type(self), self.values()))

    def __repr__(self) -> str:
        pairs = (f"{field.name}={getattr(self, field.name)!r}" for field in self._fields)
        return f"{type(self).__name__}({', '.join(pairs)})"

    def configuration(self, *inputs: Shape) -> str:
        """Say in a few words what the layer does: ``96 11x11 /4``."""
        return ""

    def exceptions(self) -> str:
        """Say which fields are off their default, of those that the configuration leaves out."""
        return ", ".join(
            filter(None, (field.in_words(getattr(self, field.name)) for field in self._fields))
        )

    def does(self, *inputs: Shape) -> str:
        """Say what the layer does, all that its numbers depend on: ``96 11x11 /4, no bias``."""
        return ", ".join(filter(None, (self.configuration(*inputs), self.exceptions())))

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        """List what must hold of the inputs.  Raises `RuleError` where a field cannot fit."""
        return ()

    def output(self, *inputs: Shape) -> Shape:
        """Return the output's shape, without the batch.

        Raises `RuleError` for a field with sizes for another number of sides.
        """
        return inputs[0]

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        """Return the arrays that the layer owns, with their shapes."""
        return ()

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        """Count the operations of one forward pass over one example."""
        return NO_WORK

    def connected(
        self, inputs: tuple[Shape, ...], output: Shape, work: Work | None = None
    ) -> Dim | None:
        """Count (inputs of a unit + its bias) x units (LeCun et al. 1998, II.B).

        None: the layer has no units of its own.  Where the work has multiply-accumulates they and
        the biases are the connections; pools count otherwise.
        """
        if not self.weighted:
            return None
        work = work or self.work(inputs, output)
        return work.macs + work.bias_adds

    def window(self, *inputs: Shape) -> Sees:
        """Tell per output side what a unit sees; None: just the units at its own place.

        `layers.window` says what there is to return.  Raises `UndecidedError` where it depends on
        the symbols which of these holds.
        """
        return None

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        """Tell what an output channel sees of the channels of an input.

        Without a window it is the own one, otherwise all, but for types that work `by_channel`.
        """
        return OWN if self.by_channel or self.window(*inputs) is None else EVERYTHING


def arity_error(layer: Layer, inputs: tuple[Shape, ...]) -> RuleError | None:
    """Check the number and the kinds of inputs before any other rule."""
    count = len(inputs)
    if layer.inputs is None:
        if count < 1:
            return RuleError(
                "E207",
                f"{layer.type} joins one or more branches, but has none",
                hint="give it branches, or `from: [a, b]`",
                facts=(("inputs", count),),
            )
    elif count != layer.inputs:
        return RuleError(
            "E207",
            f"{layer.type} takes {layer.inputs or 'no'} input{'s' if layer.inputs > 1 else ''},"
            f" but {count} flow{'s' if count == 1 else ''} in",
            field="from",
            hint="join them first with concat, add or multiply"
            if layer.inputs == 1
            else "name them: `from: [a, b]`"
            if layer.inputs
            else "take `from` away; what it is joined with, a join says",
            facts=(("inputs", count),),
        )
    for shape in inputs if layer.takes != "any" else ():
        if layer.takes == "sequence" and len(shape.sides) != 1:
            return RuleError(
                "E201",
                f"{layer.type} needs a sequence, length x channels, but {as_text(shape)} flows in",
                hint="make it one first: `reshape: LENGTHxCHANNELS`",
                facts=(("input", as_text(shape)),),
            )
        if isinstance(shape, Vector):
            return RuleError(
                "E201",
                f"{layer.type} needs sides to work on, but a vector of {as_text(shape)} flows in",
                hint="move it before the dense or flatten layer, or `reshape: 1x1xC` first",
                facts=(("input", as_text(shape)),),
            )
    return None


def field_bounds(layer: Layer) -> Iterator[Requirement]:
    """Require of the fields that hold symbols what reading required of numbers."""
    for declared in layer.fields():
        least = declared.kind.least
        for value in _symbolic(getattr(layer, declared.name)):
            yield Requirement(value, "at least", least, partial(_too_small, declared, value))


def _symbolic(value: object) -> Iterator[Expr]:
    if isinstance(value, tuple):
        for part in value:
            yield from _symbolic(part)
    elif is_symbolic(value):
        yield value  # type: ignore[misc]


def _too_small(declared: Declared, value: Dim) -> RuleError:
    return RuleError(
        "E114",
        f"{declared.name} must be at least {declared.kind.least}, but is {value}",
        field=declared.name,
    )


def groups_divide(channels: Dim, groups: int, hint: str) -> Requirement:
    """Require that the channels fall into groups of one size."""
    return Requirement(
        channels,
        "divisible by",
        groups,
        lambda: RuleError(
            "E205",
            f"{channels} input channels cannot be split into {groups} groups",
            field="groups",
            rule=f"{channels} mod {groups} = {channels % groups}, must be 0",
            hint=hint,
            facts=(("channels", channels), ("groups", groups)),
        ),
    )


def count_text(values: tuple[Dim, ...]) -> str:
    """Write sizes per side: `3x3`, or `3` on one side."""
    return times_text(values)


def square(values: tuple[Dim, ...], write: Callable[[Dim], str] | None = None) -> str:
    """Write sizes per side, one number when a single one stands for all.

    `write` is how an extent is written, if not by itself.

    >>> square((3,)), square((1, 7)), square((2, 2))
    ('3', '1x7', '2')
    """
    return times_text(values[:1] if len(set(values)) == 1 else values, write)


def as_word(value: Dim | str) -> str:
    """Write a size among other words: a sum in brackets.

    >>> from shapecalc.algebra.expr import symbol
    >>> as_word(96), as_word(symbol("k") + 1)
    ('96', '(k + 1)')
    """
    text = str(value)
    if " " not in text:
        return text
    from shapecalc.algebra.notation import as_factor

    return as_factor(text)


def map_like(shape: Shape, channels: Dim) -> Shape:
    """Return `shape` with other channels; a vector gets as many units."""
    return Map(shape.sides, channels) if isinstance(shape, Map) else Vector(channels)
