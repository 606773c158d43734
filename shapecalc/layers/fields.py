"""What a layer's field may hold: the one description that reader, help, schema and docs share.

A `Kind` reads a piece of the YAML tree into a value, and describes itself in words and as JSON
Schema.  `field()` attaches a kind and a sentence to a field of a layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

from shapecalc.errors import RuleError
from shapecalc.text import List, NamedTuple, Scalar, Tree, describe
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from fractions import Fraction

    from shapecalc.algebra import Dim
    from shapecalc.algebra.expr import Expr

Size = TypeVar("Size", "int", "Dim")

#: The largest whole number that a field may hold.
LARGEST = 10**9


class Reading(NamedTuple):
    """What a kind needs from its surroundings to read a tree."""

    number: Callable[[Tree], Dim]
    """Compute a whole-number expression."""
    defined: Callable[[str], bool]
    """Tell whether a word names a number here."""
    sides: Callable[[], tuple[Dim, ...]]
    """Return the sides of the layer that `like` names."""
    fraction: Callable[[Scalar], Fraction]
    """Compute an expression that may hold decimals and quotients."""


class UnreadError(Exception):
    """A tree does not hold what its field expects."""

    def __init__(
        self, message: str, hint: str = "", *, at: Tree | None = None, code: str = "E110"
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.at = at
        self.code = code


class Kind:
    """A kind of value.  `words` names it in messages and help; `schema` is its JSON Schema.

    `least` is the smallest whole number that may stand in it.
    """

    words: str = ""
    schema: Mapping[str, Any] = {}
    least: int = 0

    def read(self, tree: Tree, reading: Reading) -> Any:  # noqa: ANN401
        """Return the value that `tree` holds, or raise `UnreadError`."""
        raise NotImplementedError

    def owns(self, word: str) -> bool:
        """Tell whether `word` means something to this kind itself, whatever it names elsewhere."""
        return False

    def wants(self, tree: Tree, hint: str = "") -> UnreadError:
        """Return the complaint that `tree` is not of this kind."""
        return UnreadError(f"takes {self.words}, not {describe(tree)}", hint, at=tree)


_BOOLEANS = "`true` and `false` are the only booleans"


def boolean_hint(tree: Tree) -> str:
    """Say how `true` and `false` are written, to one who wrote them in quotes or otherwise."""
    quoted = isinstance(tree, Scalar) and not tree.plain and tree.text in ("true", "false")
    return f"write it without quotes: {tree.text}" if quoted else _BOOLEANS  # type: ignore[union-attr]


_EXPRESSION = {"type": "string", "pattern": r"^[^,]*[A-Za-z(*+/-].*$"}


class Count(Kind):
    """A whole number from `least` on, or an expression that gives one.

    `symbolic`: also an expression with symbols, whose bound is then part of the domain; one that
    `divides` must be at least 1 for all values of its symbols.  Beyond `most`, `hint` says what to
    do instead.
    """

    def __init__(
        self,
        least: int = 1,
        *,
        most: int = LARGEST,
        hint: str = "",
        symbolic: bool = False,
        divides: bool = False,
    ) -> None:
        self.least = least
        self.most = most
        self.hint = hint
        self.symbolic = symbolic or divides
        self.divides = divides
        self.words = "a whole number" if least == 0 else f"a whole number from {least} on"
        if most < LARGEST:
            self.words = f"a whole number from {least} to {most:,}"
        number: dict[str, Any] = {"type": "integer", "minimum": least, "maximum": most}
        self.schema = {"anyOf": [number, _EXPRESSION]}

    def read(self, tree: Tree, reading: Reading) -> Dim:
        if not isinstance(tree, Scalar):
            raise self.wants(tree)
        return self.bounded(tree, reading.number(tree))

    def bounded(self, tree: Tree, value: Dim) -> Dim:
        """Return `value` when it is within this kind's limits."""
        if not isinstance(value, int):
            if not self.symbolic:
                raise needs_number(tree, value)
            if self.divides:
                must_be_positive(tree, value)
            return value
        if value < self.least:
            raise UnreadError(
                f"must be at least {self.least}, but is {value:,}", at=tree, code="E114"
            )
        if value > self.most < LARGEST:
            message = f"must be at most {self.most:,}, but is {value:,}"
            raise UnreadError(message, self.hint, at=tree, code="E114")
        if value > LARGEST:
            raise UnreadError(f"is {beyond(value)}", at=tree, code="E114")
        return value


def beyond(number: int) -> str:
    """Say that a number is larger than a field may hold."""
    return f"{number:,}; the largest number a field may hold is {LARGEST:,}"


def must_be_positive(tree: Tree, value: Expr) -> None:
    """Refuse an expression that is to divide, and may be 0; the values of a sweep are looked at."""
    from shapecalc.algebra.bounds import always_positive, is_recorded

    if not is_recorded(value) and not always_positive(value):
        message = f"must be at least 1, and {value} is not for all values of its symbols"
        hint = f"write what always is, such as {value + 1}, or give the symbols numbers"
        raise UnreadError(message, hint, at=tree, code="E114")


def needs_number(tree: Tree, value: Dim) -> UnreadError:
    """Return the complaint that an expression with symbols stands where a number must."""
    from shapecalc.algebra.expr import symbols_of

    free = sorted(symbols_of(value))
    names = " and ".join(f"'{name}'" for name in free)
    verb = "has" if len(free) == 1 else "have"
    message = f"needs a number, but is {value}: {names} {verb} no value"
    hint = "give it one with " + " ".join(f"--set {name}=..." for name in free)
    return UnreadError(message, hint, at=tree, code="E121")


class Decimal(Kind):
    """A decimal number between two bounds."""

    words = "a number"

    def __init__(self, low: float = -1e9, high: float = 1e9) -> None:
        self.low, self.high = low, high
        self.schema = {"type": "number", "minimum": low, "maximum": high}

    def read(self, tree: Tree, reading: Reading) -> float:
        import re

        if not isinstance(tree, Scalar):
            raise self.wants(tree)
        if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", tree.text, re.ASCII):
            if not (reading.defined(tree.text) or re.search(r"[-+*/(\[]", tree.text)):
                raise self.wants(tree)
            return self.within(tree, float(reading.fraction(tree)))
        return self.within(tree, float(tree.text))

    def within(self, tree: Tree, value: float) -> float:
        """Refuse what is beyond the bounds.  Raises `UnreadError`."""
        if not self.low <= value <= self.high:
            low, high, shown = (f"{n:,}".removesuffix(".0") for n in (self.low, self.high, value))
            raise UnreadError(f"must be from {low} to {high}, but is {shown}", at=tree, code="E114")
        return value


class Divisor(Decimal):
    """A decimal number that is not 0."""

    words = "a number that is not 0"

    def __init__(self) -> None:
        super().__init__()
        self.schema = {**self.schema, "not": {"const": 0}}

    def read(self, tree: Tree, reading: Reading) -> float:
        value = super().read(tree, reading)
        if value == 0:
            hint = "nothing is divided by 0; `multiply: 0` makes everything 0"
            raise UnreadError("must not be 0", hint, at=tree, code="E114")
        return value


class Interval(Kind):
    """Two decimal numbers, the smaller one first."""

    words = "two numbers [low, high]"
    schema = {
        "type": "array",
        "items": {"anyOf": [{"type": "number"}, {"type": "string"}]},
        "minItems": 2,
        "maxItems": 2,
    }

    def read(self, tree: Tree, reading: Reading) -> tuple[float, float]:
        if not isinstance(tree, List) or len(tree.items) != 2:
            raise self.wants(tree)
        low, high = (Decimal().read(item, reading) for item in tree.items)
        if low >= high:
            first, second = map(decimal_text, (low, high))
            message = f"must rise, but {first} is not below {second}"
            hint = f"write [{second}, {first}]" if low > high else ""
            raise UnreadError(message, hint, at=tree, code="E114")
        return low, high


class Flag(Kind):
    """`true` or `false`, in just these words."""

    words = "true or false"
    schema = {"type": "boolean"}

    def read(self, tree: Tree, reading: Reading) -> bool:
        if isinstance(tree, Scalar) and tree.plain and tree.text in ("true", "false"):
            return tree.text == "true"
        raise self.wants(tree, boolean_hint(tree))


class Choice(Kind):
    """One word out of a few; `true` and `false` among them are booleans."""

    def __init__(self, *options: str | bool) -> None:
        self.options: dict[str, str | bool] = {
            str(option).lower() if isinstance(option, bool) else option: option
            for option in options
        }
        self.words = "one of " + ", ".join(self.options)
        self.schema = {"enum": list(options)}

    def owns(self, word: str) -> bool:
        return word in self.options

    def read(self, tree: Tree, reading: Reading) -> str | bool:
        if isinstance(tree, Scalar) and tree.text in self.options:
            option = self.options[tree.text]
            if tree.plain or not isinstance(option, bool):
                return option
        hint = ""
        if isinstance(tree, Scalar) and tree.text not in self.options:
            hint = did_you_mean(tree.text, self.options)
        if not hint and "true" in self.options:
            hint = boolean_hint(tree)
        raise self.wants(tree, hint)


def _sizes_schema(least: int) -> dict[str, list[Any]]:
    """Describe a size per side, each from `least` on."""
    number = {"type": "integer", "minimum": least, "maximum": LARGEST}
    items = {"anyOf": [number, {"type": "string"}]}
    listed = {"type": "array", "items": items, "minItems": 1, "maxItems": 3}
    return {"anyOf": [number, {"type": "string"}, listed]}


class Sizes(Kind):
    """A size per side: `3`, `1x7` or `[1, 7]`.  One number stands for every side."""

    def __init__(self, least: int = 1, *, symbolic: bool = False, divides: bool = False) -> None:
        self.count = Count(least, symbolic=symbolic, divides=divides)
        self.least = least
        self.words = "a size per side (3, 1x7 or [1, 7])"
        self.schema = _sizes_schema(least)

    def read(self, tree: Tree, reading: Reading) -> tuple[Dim, ...]:
        if isinstance(tree, List):
            if not 1 <= len(tree.items) <= 3:
                raise self.wants(tree, "one, two or three sides")
            return tuple(self.count.read(item, reading) for item in tree.items)
        if not isinstance(tree, Scalar):
            raise self.wants(tree)
        if tree.text.startswith("(") and "," in tree.text:
            raise self.wants(tree, f"write [{tree.text.strip('() ,')}]")
        parts = split_sizes(tree, reading)
        if not 1 <= len(parts) <= 3:
            raise self.wants(tree, "one, two or three sides")
        return tuple(self.count.bounded(tree, reading.number(part)) for part in parts)


class Rational(NamedTuple):
    """A factor that is no whole number: 1.5 is 3 over 2."""

    times: int
    over: int

    def __str__(self) -> str:
        return decimal_text(self.times / self.over)


class _WholeFactor(Count):
    """A factor that is a whole number; one that is none may be below 1."""

    def bounded(self, tree: Tree, value: Dim) -> Dim:
        if isinstance(value, int) and value < 1:
            raise _not_positive(tree, f"{value:,}")
        return super().bounded(tree, value)


def _not_positive(tree: Tree, value: str) -> UnreadError:
    return UnreadError(f"must be more than 0, but is {value}", at=tree, code="E114")


class FactorSizes(Sizes):
    """A factor per side, as sizes are written; also decimals: `1.5`, `1.25x1.5`."""

    def __init__(self) -> None:
        super().__init__()
        self.count = _WholeFactor()
        self.words = "a factor per side (2, 1.5, 1x2 or [1, 2])"
        number = {"type": "number", "exclusiveMinimum": 0, "maximum": LARGEST}
        items = {"anyOf": [number, {"type": "string"}]}
        listed = {"type": "array", "items": items, "minItems": 1, "maxItems": 3}
        self.schema = {"anyOf": [number, {"type": "string"}, listed]}

    def read(self, tree: Tree, reading: Reading) -> tuple[Any, ...]:
        if not isinstance(tree, List):
            return self.one(tree, reading)
        factors = [self.one(item, reading) for item in tree.items]
        if not 1 <= len(factors) <= 3 or any(len(factor) > 1 for factor in factors):
            raise self.wants(tree, "one, two or three sides")
        return tuple([factor for (factor,) in factors])

    def one(self, tree: Tree, reading: Reading) -> tuple[Any, ...]:
        """Read decimals, or sizes."""
        import re

        if not isinstance(tree, Scalar):
            raise self.wants(tree)
        if fraction := re.fullmatch(r" *(\d{1,4}) */ *([1-9]\d{0,3}) *", tree.text, re.ASCII):
            times, over = map(int, fraction.groups())
            exact = times * 10**6 % over == 0
            decimal = f"write it as a decimal: {decimal_text(times / over)}"
            raise self.wants(tree, decimal if exact else "`upsample: {to: 9}` says the size itself")
        if "." not in tree.text:
            return super().read(tree, reading)
        parts = re.split("[xX×]", tree.text)
        number = r" *[+-]?(\d{1,9}(\.\d{0,6})?|\.\d{1,6}) *"
        if len(parts) > 3 or not all(re.fullmatch(number, part, re.ASCII) for part in parts):
            fine = any(re.search(r"\.\d{7}", part, re.ASCII) for part in parts)
            raise self.wants(tree, "6 digits after the point are enough: 1.333333" if fine else "")
        return tuple(map(self.rational, [tree._replace(text=part) for part in parts]))

    def rational(self, tree: Scalar) -> int | Rational:
        """Read a decimal."""
        from fractions import Fraction

        value = Fraction(tree.text)
        if value <= 0:
            raise _not_positive(tree, decimal_text(float(value)))
        times, over = value.as_integer_ratio()
        return times if over == 1 else Rational(times, over)


class SidesOf(Sizes):
    """The name of a layer, for the sizes of its output's sides."""

    words = "the name of a layer"
    schema = {"type": "string"}

    def __init__(self) -> None:
        self.least = 1

    def read(self, tree: Tree, reading: Reading) -> tuple[Dim, ...]:
        if not isinstance(tree, Scalar) or not tree.text:
            raise self.wants(tree)
        return reading.sides()


def split_sizes(tree: Scalar, reading: Reading) -> list[Scalar]:
    """Split `1x7` or `kx1` at the x, unless the whole is a name that is defined."""
    text = tree.text
    if not set(text) - set("0123456789 xX×"):  # as shapes may be written
        text = text.replace(" ", "").replace("X", "x").replace("×", "x")
        tree = tree._replace(text=text)
    if "x" not in text or (tree.plain and reading.defined(text)):
        return [tree]
    words = text.split("x")
    if not all(word.isdigit() or word.isidentifier() for word in words):
        return [tree]
    if not any(word.isdigit() or reading.defined(word) for word in words):
        return [tree]  # a word of its own, only misspelt
    return [tree._replace(text=word) for word in words]


class Padding(NamedTuple):
    """Padding as written: (before, after) per side, one pair for all; or a mode."""

    pairs: tuple[tuple[Dim, Dim], ...]
    mode: Literal["given", "same", "valid", "causal"] = "given"


#: The words that stand for a padding.
MODES = {"same": Padding(((0, 0),), "same"), "valid": Padding(((0, 0),), "valid")}
#: A convolution's padding so that no output sees what comes after its place.
CAUSAL = Padding(((0, 0),), "causal")


_NO_CAUSAL = "causal is for convolutions; write [before, after] pairs"
#: How the padding of one side is written that a mode stands for on all.
_AS_PAIRS = {
    "causal": "write [before, after] of each side; causal is [dilation*(kernel - 1), 0]:"
    " [[2, 0], [1, 1]] for a kernel of 3",
    "valid": "valid is 0 on a side: [0, 1]",
    "same": "write [before, after] of each side: [[1, 1], [0, 0]]",
}


def _ends(side: Tree) -> Sequence[Tree]:
    """Return the ends of a side, or the side itself where it is no pair."""
    return side.items if isinstance(side, List) else (side,)


class Pad(Kind):
    """A number, one per side, pairs, `same` or `valid`; of some layers also `causal`."""

    words = "a padding (2, [1, 2], [[top, bottom], [left, right]], same or valid)"
    schema = {
        "anyOf": [
            *_sizes_schema(0)["anyOf"],
            {
                "type": "array",
                "items": {
                    "type": "array",
                    "items": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}]},
                    "minItems": 2,
                    "maxItems": 2,
                },
                "minItems": 1,
                "maxItems": 3,
            },
        ]
    }

    def __init__(self, *, modes: bool = True, causal: bool = False) -> None:
        self.modes = (MODES | {"causal": CAUSAL} if causal else MODES) if modes else {}
        self.sizes = Sizes(0, symbolic=True)
        if not modes:
            self.words = "a padding (2, [1, 2] or [[top, bottom], [left, right]])"
        elif causal:
            self.words = self.words.replace("same or valid", "same, valid or causal")

    def read(self, tree: Tree, reading: Reading) -> Padding:
        self.refuse_mode_of_side(tree)
        if isinstance(tree, Scalar):
            if tree.text in self.modes:
                return self.modes[tree.text]
            if tree.text.isalpha() and not reading.defined(tree.text):
                hint = did_you_mean(tree.text.lower(), self.modes)
                if tree.text == "causal" and self.modes:
                    hint = _NO_CAUSAL
                raise self.wants(tree, hint)
        elif isinstance(tree, List) and len(tree.items) > 3:
            raise self.wants(tree, "[before, after] for each side: [[top, bottom], [left, right]]")
        elif isinstance(tree, List) and any(isinstance(item, List) for item in tree.items):
            return Padding(tuple(self.pair(item, reading) for item in tree.items))
        return Padding(tuple((size, size) for size in self.sizes.read(tree, reading)))

    def refuse_mode_of_side(self, tree: Tree) -> None:
        """Refuse a mode in a list: a mode is for all sides.  Raises `UnreadError`."""
        sides = tree.items if isinstance(tree, List) else []
        for item in (end for side in sides for end in _ends(side)):
            if not isinstance(item, Scalar) or item.text not in _AS_PAIRS:
                continue
            word = item.text
            alike = all(isinstance(side, Scalar) and side.text == word for side in sides)
            if word not in self.modes:
                hint = _NO_CAUSAL if self.modes else "write [before, after] pairs"
            elif alike:
                hint = f"write it without the list: pad: {word}"
            else:
                hint = _AS_PAIRS[word]
            raise UnreadError(f"takes {word} for all sides at once, not in a list", hint, at=item)

    def pair(self, tree: Tree, reading: Reading) -> tuple[Dim, Dim]:
        """Read `[before, after]`."""
        if not isinstance(tree, List) or len(tree.items) != 2:
            raise UnreadError(f"takes [before, after] for a side, not {describe(tree)}", at=tree)
        before, after = (self.sizes.count.read(item, reading) for item in tree.items)
        return before, after


class Extents(Kind):
    """A shape, written sides first and channels last: `7x7x512`, `[7, 7, 512]`, or one number."""

    words = "a shape (7x7x512, [7, 7, 512] or one number)"
    least = 1
    schema = {
        "anyOf": [
            {"type": "integer", "minimum": 1},
            {"type": "string"},
            {
                "type": "array",
                "items": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]},
                "minItems": 1,
                "maxItems": 4,
            },
        ]
    }

    def read(self, tree: Tree, reading: Reading) -> tuple[Dim, ...]:
        count = Count(1, symbolic=True)
        if isinstance(tree, List) and 1 <= len(tree.items) <= 4:
            return tuple(count.read(item, reading) for item in tree.items)
        if isinstance(tree, Scalar):
            parts = split_sizes(tree, reading)
            if len(parts) <= 4:
                return tuple(count.bounded(tree, reading.number(part)) for part in parts)
        raise self.wants(tree)


class Indices(Kind):
    """A list of whole numbers from 0 on."""

    words = "a list of whole numbers"
    schema = {
        "type": "array",
        "items": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}]},
    }

    def read(self, tree: Tree, reading: Reading) -> tuple[int, ...]:
        if not isinstance(tree, List):
            raise self.wants(tree)
        numbers = [Count(0).read(item, reading) for item in tree.items]
        return tuple([number for number in numbers if isinstance(number, int)])


class Connections(Kind):
    """One list of input maps, counted from 0, per output map."""

    words = "one list of input maps, counted from 0, per output map"
    schema = {"type": "array", "items": Indices.schema}

    def read(self, tree: Tree, reading: Reading) -> tuple[tuple[int, ...], ...]:
        if not isinstance(tree, List) or not tree.items:
            raise self.wants(tree)
        rows = []
        for item in tree.items:
            row = Indices().read(item, reading)
            if not row or len(set(row)) != len(row):
                raise UnreadError("takes one or more different input maps per output map", at=item)
            rows.append(row)
        return tuple(rows)


#: The default of a field that has none.
REQUIRED: Any = object()


class Declared(NamedTuple):
    """A field of a layer: what it holds, one sentence about it, its default, its name.

    `words` says what a layer does whose field is off its default: words by value, or words before
    the value.  None: `Layer.configuration` writes the field.  `unsaid` is what holds where nothing
    of it is written; empty where something always is.
    """

    kind: Kind
    doc: str
    default: Any = REQUIRED
    name: str = ""
    words: Mapping[Any, str] | str | None = None
    unsaid: str = ""

    def in_words(self, value: Any) -> str:  # noqa: ANN401
        """Say in words what a value is; nothing for the default."""
        if self.words is None or value == self.default:
            return ""
        if isinstance(self.words, str):
            text = decimal_text(value) if isinstance(value, float) else str(value)
            return f"{self.words} {text}"
        return self.words[value]


def field(
    kind: Kind,
    doc: str,
    *,
    default: Any = REQUIRED,  # noqa: ANN401
    words: Mapping[Any, str] | str | None = None,
    unsaid: str = "",
) -> Any:  # noqa: ANN401
    """Declare a layer's field; `Layer` makes an attribute of it.

    The type is `Any` because a declaration stands where the field's value will.
    """
    return Declared(kind, doc, default, words=words, unsaid=unsaid)


def decimal_text(value: float) -> str:
    """Write a decimal as shortly as it goes without a loss.

    >>> decimal_text(2.0), decimal_text(0.01), decimal_text(0.12345678), decimal_text(12345678.0)
    ('2', '0.01', '0.12345678', '12345678')
    """
    short = f"{value:g}"
    return short if float(short) == value else repr(value).removesuffix(".0")


NO_PADDING = Padding(((0, 0),))


def per_side(values: tuple[Size, ...], rank: int, field_name: str) -> tuple[Size, ...]:
    """Spread one value over `rank` sides, or require one value per side."""
    if len(values) == rank:
        return values
    if len(values) == 1:
        return values * rank
    raise mismatch(len(values), rank, field_name)


def pads_per_side(pad: Padding, rank: int, field_name: str = "pad") -> tuple[tuple[Dim, Dim], ...]:
    """Spread one pair over `rank` sides, or require one pair per side."""
    if len(pad.pairs) == rank:
        return pad.pairs
    if len(pad.pairs) == 1:
        return pad.pairs * rank
    error = mismatch(len(pad.pairs), rank, field_name)
    if rank == 1 and len(pad.pairs) == 2:
        (before, _), (after, _) = pad.pairs
        error.hint = f"write [[{before}, {after}]] for {before} before and {after} after"
    raise error


def mismatch(count: int, rank: int, field_name: str) -> RuleError:
    """Return the complaint that a field has sizes for another number of sides."""
    sides = "side" if rank == 1 else "sides"
    return RuleError(
        "E202",
        f"{field_name} gives {count} sizes, but the input has {rank} {sides}",
        field=field_name,
        hint=f"give one number for all, or {rank}",
        facts=(("given", count), ("sides", rank)),
    )
