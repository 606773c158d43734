"""What a sweep runs over: constants, symbols, sides of the input, fields of layers."""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.errors import Problem, SpecErrors, refuse
from shapecalc.graph import Graph, Input
from shapecalc.graph.expand import expand
from shapecalc.layers.shape import SIDE_NAMES, Shape
from shapecalc.spec import Edit, NetSpec
from shapecalc.text import Scalar, Tree, YamlMap, mark, scalar
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.spec.ranges import Range

#: What names every side of a square input.
SQUARE = ("N", "size")


class Axis(NamedTuple):
    """A name that the sweep runs over.

    `symbol` is what the spec calls it: its own name, except of a layer's field.  `meaning` tells
    what a name stands for that the spec does not have itself.
    """

    over: Range
    symbol: str
    meaning: str = ""

    @property
    def name(self) -> str:
        """The name as it was given."""
        return self.over.name

    @property
    def values(self) -> range | tuple[int, ...]:
        """The values that it runs through."""
        return self.over.values

    @property
    def lowest(self) -> int:
        """The smallest value."""
        return self.values[0] if isinstance(self.values, range) else min(self.values)

    @property
    def highest(self) -> int:
        """The largest value."""
        return self.values[-1] if isinstance(self.values, range) else max(self.values)


class Ground(NamedTuple):
    """A spec with what was given beside it, and the axes over it.

    `drawn` are the points by their numbers, in rising order; None: all of the grid.
    """

    spec: NetSpec
    settings: Mapping[str, str]
    inputs: Mapping[str, str]
    axes: tuple[Axis, ...]
    drawn: tuple[int, ...] | None = None

    @property
    def size(self) -> int:
        """The number of points."""
        if self.drawn is not None:
            return len(self.drawn)
        return prod(len(axis.values) for axis in self.axes)

    def place(self, number: Any) -> list[Any]:  # noqa: ANN401  (a number, or an array of them)
        """Return the indices of the axes' values at a point of the grid, by its number."""
        places: list[Any] = []
        for axis in reversed(self.axes):
            places.append(number % len(axis.values))
            number = number // len(axis.values)
        return places[::-1]

    def wire(
        self,
        values: Mapping[str, int],
        symbol: Callable[[str], Dim] | None = None,
        apart: Collection[object] | None = None,
    ) -> Graph:
        """Wire the spec at a value of every axis, by its symbol.

        Those without a value are symbols, or what `symbol` makes of their names; `apart` is that of
        `expand`.
        """
        settings = dict(self.settings)
        let = dict(self.spec.let)
        edits: dict[str, Edit] = {}
        for axis in self.axes:
            value = values.get(axis.symbol)
            if axis.over.field is not None:
                text = axis.symbol if value is None else str(value)
                if value is None:
                    let[text] = scalar("free", axis.over.source)
                path = axis.over.field[0]
                edits[path] = _edit(axis.over, text, edits.get(path))
            elif value is not None:
                settings[axis.symbol] = str(value)
            elif axis.symbol in let:
                settings[axis.symbol] = "free"
        spec = self.spec._replace(let=let, edits=(*self.spec.edits, edits))
        return expand(spec, settings, self.inputs, symbol, apart)

    def paths(self, values: Mapping[str, int]) -> set[str]:
        """List layers and blocks of the spec as it is, and as it is at a point."""
        graphs = (expand(self.spec, self.settings, self.inputs), self.wire(values))
        return {node.path for graph in graphs for node in graph.nodes}.union(
            *(graph.groups for graph in graphs)
        )


def _edit(over: Range, text: str, before: Edit | None) -> Edit:
    """Set a layer's field, as an extending spec would."""
    assert over.field is not None
    path, field = over.field
    source = over.source
    word = Scalar(field, True, source, mark(0, len(path) + 1), len(field))
    value = Scalar(text, True, source, mark(0, len(over.name) + 1), len(text))
    items: dict[str, Tree] = {field: value}
    keys = {field: word}
    if before is not None and before.change is not None:
        items, keys = {**before.change.items, **items}, {**before.change.keys, **keys}
    layer = Scalar(path, True, source, mark(0, 0), len(path))
    return Edit(layer, YamlMap(items, keys, source, layer.start, len(source.text)))


def ground(
    spec: NetSpec,
    settings: Mapping[str, str],
    inputs: Mapping[str, str],
    ranges: Sequence[Range],
) -> Ground:
    """Find what the names of ranges stand for.

    Raises `SpecErrors` with all that is wrong: E350 for a name that stands for nothing, E351 for
    symbols that are left without a value, E352 for a name that has one value already.
    """
    graph = expand(spec, settings, inputs)
    finder = _Finder(graph)
    axes = tuple(filter(None, map(finder.axis, ranges)))
    if finder.problems:
        raise SpecErrors(finder.problems)
    swept = {axis.symbol for axis in axes}
    left = [name for name in graph.symbols if name not in swept]
    if left:
        names = " and ".join(f"'{name}'" for name in left)
        message = f"{names} {'has' if len(left) == 1 else 'have'} no value"
        hint = f"give it one with --set {left[0]}=..., or sweep it with --over {left[0]}=..."
        raise refuse("E351", message, ranges[-1].origin if ranges else None, hint)
    return Ground(spec, settings, {**inputs, **finder.inputs()}, axes)


class _Finder:
    """What names of ranges stand for in one network."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.problems: list[Problem] = []
        self.sides: dict[int, str] = {}
        entries = [node.layer for node in graph.nodes if isinstance(node.layer, Input)]
        self.shape: Shape | None = entries[0].shape if len(entries) == 1 else None
        self.paths = {node.path for node in graph.nodes} | set(graph.groups)

    def axis(self, over: Range) -> Axis | None:
        """Find one; None when it is complained about."""
        name, settings = over.name, self.graph.options.settings
        if settings.get(name, "free") != "free":
            message = f"'{name}' is given a value and swept"
            hint = f"leave out --set {name}={settings[name]}, or --over"
            self.problems.append(Problem("E352", message, over.origin, hint=hint))
            return None
        if name in self.graph.spec.let or name in self.graph.symbols:
            return Axis(over, name)
        sides = self.sides_of(name)
        if sides:
            return self.of_sides(over, sides)
        if over.field is not None and over.field[0] in self.paths:
            return self.of_field(over)
        message, hint = self.unknown(over)
        self.problems.append(Problem("E350", message, over.origin, hint=hint))
        return None

    def of_field(self, over: Range) -> Axis | None:
        """Make a layer's field an axis."""
        assert over.field is not None
        path, field = over.field
        if any(node.path == path and isinstance(node.layer, Input) for node in self.graph.nodes):
            message = f"'{path}' is an input: it has no field '{field}'"
            hint = "its sides are H, W, or N for both: --over H=32:512:32"
            self.problems.append(Problem("E350", message, over.origin, hint=hint))
            return None
        symbol = re.sub(r"\W", "_", over.name, flags=re.ASCII)
        if symbol[0].isdigit():
            symbol = f"_{symbol}"
        while symbol in self.graph.spec.let or symbol in self.graph.symbols:
            symbol += "_"
        return Axis(over, symbol)

    def sides_of(self, name: str) -> tuple[int, ...]:
        """Return the sides of the only input, by number, that a name stands for."""
        if self.shape is None or not self.shape.sides:
            return ()
        words = SIDE_NAMES[len(self.shape.sides)]
        if name in SQUARE:
            return tuple(range(len(words)))
        return tuple(i for i, word in enumerate(words) if name in (word, word[0].upper()))

    def of_sides(self, over: Range, sides: tuple[int, ...]) -> Axis | None:
        """Make sides of the input, which are numbers, an axis."""
        assert self.shape is not None
        words = SIDE_NAMES[len(self.shape.sides)]
        for side in sides:
            if side in self.sides or not isinstance(self.shape.sides[side], int):
                other = self.sides.get(side, str(self.shape.sides[side]))
                message = f"the input's {words[side]} is {other} already"
                hint = f"sweep over {other} instead" if side not in self.sides else "keep one"
                self.problems.append(Problem("E350", message, over.origin, hint=hint))
                return None
        self.sides.update(dict.fromkeys(sides, over.name))
        which = " and ".join(words[side] for side in sides)
        kept = [
            f"its {word} stays {self.shape.sides[side]}"
            for side, word in enumerate(words)
            if side not in sides
        ]
        return Axis(over, over.name, "; ".join([f"the input's {which}", *kept]))

    def inputs(self) -> Mapping[str, str]:
        """Write the input with its swept sides as symbols."""
        if not self.sides:
            return {}
        assert self.shape is not None
        extents = [self.sides.get(i, str(side)) for i, side in enumerate(self.shape.sides)]
        return {"": "x".join([*extents, str(self.shape.channels)])}

    def unknown(self, over: Range) -> tuple[str, str]:
        """Return message and hint for a name that stands for nothing."""
        if over.field is not None:
            path, _ = over.field
            hint = did_you_mean(path, sorted(self.paths)) or (
                "`shapecalc summarize SPEC --depth all` lists its layers"
            )
            return f"the network has no layer '{path}'", hint
        known = self.known()
        hint = did_you_mean(over.name, known)
        if not hint:
            there = f"there are {', '.join(known)}; also" if known else "there are only"
            hint = f"{there} fields of layers, like conv1.stride"
        return f"'{over.name}' is no constant, no symbol and no side of the input", hint

    def known(self) -> list[str]:
        """List the names that a sweep may run over, but for fields."""
        names = [*self.graph.spec.let, *self.graph.symbols]
        if self.shape is not None and self.shape.sides:
            words = SIDE_NAMES[len(self.shape.sides)]
            free = [w for w, n in zip(words, self.shape.sides, strict=True) if isinstance(n, int)]
            names += [word[0].upper() for word in free]
            names += SQUARE[: len(free) == len(words) > 1]
        return names


def fixed_at(axes: Collection[Axis], values: Sequence[int]) -> dict[str, int]:
    """Pair axes with values, by their symbols."""
    return {axis.symbol: value for axis, value in zip(axes, values, strict=True)}
