"""What a printed cell may hold: how its text is read, and how its value comes from a report.

`QUANTITIES` is the one table that the reader, the comparison and the documentation share.  The
conventions by which they are counted are said in words here, too.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra import Dim, known
from shapecalc.analysis.tables.model import IN_BYTES, Convention
from shapecalc.analysis.tables.printed import (
    LayerKind,
    read_extents,
    read_kernel,
    read_number,
    read_word,
)
from shapecalc.counting import MEASURES
from shapecalc.counting.profiles import PROFILES
from shapecalc.counting.quantities import kind_text
from shapecalc.layers.conv import Windowed
from shapecalc.layers.shape import Map, Shape, as_list
from shapecalc.output.view import View
from shapecalc.report import UNKNOWN, Report, Row, Unknown
from shapecalc.text.words import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class NoValueError(Exception):
    """A layer does not have what a cell is about.  Says why."""


class Uncounted(NamedTuple):
    """The value of a cell for which nothing comes out: no number agrees with it."""

    why: str


class Spot(NamedTuple):
    """A layer of a report, a level of its paths, or (an empty path) the whole network."""

    report: Report
    path: str
    rows: tuple[Row, ...]

    @property
    def is_level(self) -> bool:
        """Whether the path is a block's, a branch's or a group's."""
        return self.path in self.report.graph.groups

    @property
    def row(self) -> Row:
        """The layer itself.  Raises `NoValueError` for a level or the network."""
        if self.path and not self.is_level:
            return self.rows[0]
        raise NoValueError(f"'{self.path}' is a level of several layers" if self.path else _MANY)

    @property
    def shape(self) -> Shape:
        """The output.  Raises `NoValueError` for the whole network."""
        if self.is_level:
            return self.report.rows[self.report.graph.groups[self.path].output].output
        return self.row.output


_MANY = "this is the whole network, not one layer"


def spot(report: Report, path: str) -> Spot | None:
    """Find a layer or a level of the paths, or the whole network; None when nothing has the path.

    >>> import shapecalc
    >>> spot(shapecalc.summarize("googlenet"), "inception_3a").shape
    Map(sides=(28, 28), channels=256)
    """
    below = f"{path}/"
    rows = tuple(
        row for row in report.rows if not path or row.name == path or row.name.startswith(below)
    )
    return Spot(report, path, rows) if rows else None


class PrintedQuantity(NamedTuple):
    """What a cell holds.

    `counts` names what may be counted, with the count of a row, where a table must declare a
    convention; it is empty where the number is what it is.  `read` reads a printed text under the
    convention, `value` computes what to compare it with: `Uncounted` where the convention does not
    count the layer (raises `NoValueError` where the layer has nothing of the kind).
    """

    name: str
    meaning: str
    read: Callable[[str, Convention], Any]
    value: Callable[[Spot, Convention], Any]
    counts: Mapping[str, Callable[[Row], Dim | Unknown]] = {}


def read_ratio(text: str) -> Any:  # noqa: ANN401
    """Read how many times more one network has than another: 12X, 2x."""
    return read_number(text, dict.fromkeys(("x", "X", "×", "times", ""), Fraction(1)))


def units_of(convention: Convention) -> dict[str, Fraction]:
    """Return what may stand behind a count, with what it stands for."""
    k, thousand = Fraction(convention.k), Fraction(1000)
    words = {"thousand": thousand, "million": thousand**2, "billion": thousand**3}
    units = {"K": k, "M": k**2, "G": k**3, "B": thousand**3, **words}
    return units | {"": units.get(convention.unit, Fraction(1))}


def _operations(text: str, convention: Convention) -> object:
    """Read a number with what it counts behind it, or without: 727 MFLOPS, 1.8 GMACs, 34M."""
    units = units_of(convention)
    for word in ("FLOPs", "FLOPS", "FLOP", "MACs", "MAC", "Mac"):
        units |= {f"{prefix}{word}": units[prefix] for prefix in ("K", "M", "G")}
        units |= {word: Fraction(1)}
    return read_number(text, units)


def _bytes_of(convention: Convention) -> dict[str, Fraction]:
    k, binary = Fraction(convention.k), Fraction(1024)
    units = {"bytes": Fraction(1), "KB": k, "kB": k, "MB": k**2, "GB": k**3}
    units |= {"KiB": binary, "MiB": binary**2, "GiB": binary**3}
    return units | {"": units_of(convention)[""]}


def _plain(text: str, convention: Convention) -> object:
    return read_number(text, {"": Fraction(1)})


def _layers(text: str, convention: Convention) -> object:
    return read_number(text, dict.fromkeys(("", "-layer", "layers", "weight layers"), Fraction(1)))


def _counter(
    counts: Mapping[str, Callable[[Row], Dim | Unknown]],
) -> Callable[[Spot, Convention], Any]:
    """Sum a count over the rows; of several only those of the types that the convention counts.

    Layers that are not counted add nothing to a sum, as in the totals of `summarize`; a layer, or
    a level, of which nothing is counted has no value.
    """

    def value(place: Spot, convention: Convention) -> Fraction | Uncounted:
        count = counts[convention.counted]
        all_ = not convention.layers or (place.path and not place.is_level)
        rows = [row for row in place.rows if all_ or row.type in convention.layers]
        numbers = [count(row) for row in rows]
        if place.path and numbers and all(number is UNKNOWN for number in numbers):
            kinds = listed(list(dict.fromkeys(kind_text(row) for row in rows)))
            return Uncounted(f"{convention.counted} has no rule for {kinds}")
        return Fraction(sum(known(number) for number in numbers if not isinstance(number, Unknown)))

    return value


def _extents(shape: Shape) -> tuple[int, ...]:
    return tuple(map(known, as_list(shape)))


def _output(place: Spot, convention: Convention) -> tuple[tuple[int, ...], ...]:
    """List the ways to write a volume, the full one first."""
    full = _extents(place.shape)
    if len(full) == 1:
        return full, (1, 1, *full)
    if set(full[:-1]) == {1}:
        return full, full[-1:]
    return (full, full[:-1]) if full[-1] == 1 else (full,)


def _sides(place: Spot, convention: Convention) -> tuple[tuple[int, ...], ...]:
    """List the ways to write the sides, all of them first."""
    if not isinstance(place.shape, Map):
        raise NoValueError("a vector has no sides")
    sides = _extents(place.shape)[:-1]
    return (sides, sides[:1]) if len(set(sides)) == 1 else (sides,)


def _channels(place: Spot, convention: Convention) -> Fraction:
    return Fraction(known(place.shape.channels))


def _moves(row: Row) -> tuple[Any, ...]:
    if isinstance(row.layer, Windowed):
        return row.layer.moves(row.inputs[0])
    raise NoValueError(f"{row.type} has no window")


def _window(place: Spot, convention: Convention) -> tuple[tuple[int, ...], tuple[int, ...]]:
    moves = _moves(place.row)
    return tuple(known(move.kernel) for move in moves), tuple(move.stride for move in moves)


def _stride(place: Spot, convention: Convention) -> Fraction:
    return _single({move.stride for move in _moves(place.row)}, "stride")


def _pad(place: Spot, convention: Convention) -> Fraction:
    moves = _moves(place.row)
    if any(move.mode == "same" for move in moves):
        raise NoValueError("its padding is `same`, which is no number")
    return _single({pad for move in moves for pad in (move.before, move.after)}, "padding")


def _single(numbers: set[int], what: str) -> Fraction:
    if len(numbers) > 1:
        raise NoValueError(f"its {what} is not the same everywhere")
    return Fraction(numbers.pop())


#: The layers that papers count when they say how deep a network is.
DEEP = ("conv", "depthwise", "separable", "transposed", "dense")


def _depth(place: Spot, convention: Convention) -> Fraction:
    """Count the layers with weights on the longest way through."""
    inside = {row.name for row in place.rows}
    longest: list[int] = []
    for node, row in zip(place.report.graph.nodes, place.report.rows, strict=True):
        before = max((longest[index] for index in node.inputs), default=0)
        longest.append(before + (row.name in inside and row.type in DEEP))
    return Fraction(
        max(n for n, row in zip(longest, place.report.rows, strict=True) if row.name in inside)
    )


def _kind(place: Spot, convention: Convention) -> LayerKind:
    """Say what a layer or a level is."""
    if place.is_level:
        return LayerKind(place.report.graph.groups[place.path].type, place.path)
    row = place.row
    kernels = {move.kernel for move in _moves(row)} if isinstance(row.layer, Windowed) else set()
    rate = getattr(row.layer, "rate", None)
    return LayerKind(
        row.type,
        row.name,
        kernels.pop() if len(kernels) == 1 else None,
        known(row.output.channels),
        f"{100 * rate:g}%" if rate is not None else "",
    )


def _counted(
    name: str, meaning: str, counts: Mapping[str, Callable[[Row], Dim | Unknown]]
) -> PrintedQuantity:
    """Make a quantity that a convention counts."""
    return PrintedQuantity(
        name,
        meaning,
        lambda text, convention: read_number(text, units_of(convention)),
        _counter(counts),
        counts,
    )


def _measured(*keys: str) -> dict[str, Callable[[Row], Dim]]:
    """Count measures of a row; None, where a layer has none, counts nothing."""

    def of(key: str) -> Callable[[Row], Dim]:
        return lambda row: MEASURES[key].of_row(row, _VIEW) or 0

    return {key: of(key) for key in keys}


#: Tables print numbers of one example.
_VIEW = View()

_STORED: Mapping[str, Callable[[Row], Dim]] = {
    **_measured("params", "weights", "biases"),
    "stored": lambda row: row.params + row.buffers,
}

_PARAMETERS = _counted(
    "parameters",
    "trained parameters; `params` (weights and biases), `weights` or `biases`; `stored` has running"
    " statistics, too",
    _STORED,
)

_ELEMENTS = _counted(
    "elements",
    "neurons, activations; `units` (every layer's output) or `activations` (0 for those in place)",
    _measured("units", "activations"),
)


def _in_bytes(of: PrintedQuantity, name: str, meaning: str) -> PrintedQuantity:
    """Make the quantity that is the bytes of another."""
    return of._replace(
        name=name,
        meaning=meaning,
        read=lambda text, convention: read_number(text, _bytes_of(convention)),
        value=lambda place, convention: of.value(place, convention) * convention.bytes,
    )


#: Every quantity by name.
QUANTITIES: dict[str, PrintedQuantity] = {
    quantity.name: quantity
    for quantity in (
        PrintedQuantity(
            "type",
            "the layer's type, in a paper's words: max pool, conv3-64, FC-4096, inception (3a)",
            lambda text, convention: read_word(text),
            _kind,
        ),
        PrintedQuantity(
            "output",
            "the output volume: 112x112x64",
            lambda text, convention: read_extents(text),
            _output,
        ),
        PrintedQuantity(
            "sides",
            "the output's sides: 7x7, or 7",
            lambda text, convention: read_extents(text),
            _sides,
        ),
        PrintedQuantity("channels", "the output's channels: filters or units", _plain, _channels),
        PrintedQuantity(
            "window",
            "kernel and stride: 7x7/2, or the kernel alone",
            lambda text, convention: read_kernel(text),
            _window,
        ),
        PrintedQuantity("stride", "the stride, of all sides", _plain, _stride),
        PrintedQuantity("pad", "the padding, at all ends", _plain, _pad),
        PrintedQuantity("depth", "layers with weights on the longest way through", _layers, _depth),
        _PARAMETERS,
        _counted(
            "operations",
            "operations, as a profile counts them: 34M, 3.8x10^9, 727 MFLOPS",
            {name: profile.cell for name, profile in PROFILES.items()},
        )._replace(read=_operations),
        _ELEMENTS,
        _counted(
            "connections",
            MEASURES["connections"].meaning,
            _measured("connections"),
        ),
        _in_bytes(_ELEMENTS, "memory", "the bytes of `units` or `activations`"),
        _in_bytes(_PARAMETERS, "storage", "the bytes of `params`, or of another of `parameters`"),
    )
}


def convention_text(quantity: str, convention: Convention) -> str:
    """Say a convention in words."""
    keys = [
        key
        for key, default in zip(Convention._fields, Convention(), strict=True)
        if key in ("counted", "rounding", "k")
        or (key == "bytes" and quantity in IN_BYTES)
        or (key != "bytes" and getattr(convention, key) != default)
    ]
    return "; ".join(convention_words(quantity, convention, keys))


def convention_words(quantity: str, convention: Convention, keys: Iterable[str]) -> list[str]:
    """Say some keys of a convention in words."""
    counts = {
        **{name: profile.label for name, profile in PROFILES.items()},
        "params": "weights + biases",
        "weights": "weights without biases",
        "stored": "weights, biases and running statistics",
        "connections": QUANTITIES["connections"].meaning,
        "units": "outputs of layers",
        "activations": "outputs of layers that do not work in place",
    }
    roundings = {"nearest": "rounded", "down": "truncated", "up": "rounded up"}
    words = {
        "counted": counts.get(convention.counted, convention.counted),
        "k": f"K = {convention.k:,}",
        "unit": f"in {convention.unit}s",
        "rounding": roundings[convention.rounding],
        "significant": f"to {convention.significant} digits",
        "layers": f"counted over {listed(convention.layers)} layers only",
        "bytes": f"{convention.bytes} bytes each",
    }
    return [words[key] for key in keys]
