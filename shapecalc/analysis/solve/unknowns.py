"""What a question is asked over: symbols that formulas hold, and numbers that are tried.

A field of a layer becomes a constant of its own: the spec is edited as an extending spec would,
so that `conv1.pad` is one more name.  A name that the rules can carry as a symbol is one; strides,
repeat counts and what else makes the structure are tried one by one.
"""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra.expr import divisors_of
from shapecalc.errors import Problem, SpecErrors, refuse
from shapecalc.graph import Deferred, Graph, Input
from shapecalc.graph.expand import expand
from shapecalc.layers import BUILT_IN_BLOCKS
from shapecalc.layers.fields import Count, Pad, Sizes
from shapecalc.layers.shape import as_list
from shapecalc.report.compute import compute_report
from shapecalc.spec import Edit, NetSpec
from shapecalc.spec.ranges import Range, ends, must_be_few
from shapecalc.spec.tree_reader import built_in_block
from shapecalc.text import Source, YamlMap, scalar
from shapecalc.text.words import article, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapecalc.layers.base import Layer
    from shapecalc.report import Report

#: So many networks are computed one by one, and so many are asked together.
MAX_TRIED = 10_000
MAX_ASKED = 1_000_000
ONE_BY_ONE = "these make the structure, so each is a network of its own: narrow the ranges"
#: The letters for an input's sides, by their number; a vector's units are N.
LETTERS = {0: ("N",), 1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}


class Unknowns(NamedTuple):
    """A spec with what is free in it.

    `inner` gives the constant that stands for a name, `symbols` the names that are symbols,
    `tried` the ranges that are gone through number by number, `bounds` the ranges of symbols, and
    `sides` the symbols that are sides of the input.  `fields`: receptive fields are asked for.
    """

    spec: NetSpec
    settings: Mapping[str, str]
    inputs: Mapping[str, str]
    inner: Mapping[str, str]
    symbols: tuple[str, ...]
    tried: tuple[Range, ...]
    bounds: Mapping[str, Range]
    sides: tuple[str, ...]
    fields: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that an answer has a set for."""
        return (*(over.name for over in self.tried), *self.symbols)

    def report(self, values: Mapping[str, int]) -> Report:
        """Compute the report for numbers of some of the names.  Raises `SpecErrors`."""
        fixed = {self.inner.get(name, name): str(value) for name, value in values.items()}
        graph = expand(self.spec, {**self.settings, **fixed}, self.inputs)
        return compute_report(graph, fields=self.fields, search=not values)

    def points(self) -> Iterator[dict[str, int]]:
        """Yield the points of what is tried; one without names where nothing is."""
        for values in product(*(over.values for over in self.tried)):
            yield dict(zip((over.name for over in self.tried), values, strict=True))


class UncarriedError(Exception):
    """A name that was carried as a symbol must be a number, for some number of another."""


def find_unknowns(graph: Graph, ranges: Sequence[Range], *, carried: bool = True) -> Unknowns:
    """Decide what is a symbol and what is tried: unless `carried` all that has a range.

    Without a symbol and without ranges the sides of the input become symbols.  Raises `SpecErrors`
    for a name that nothing has (E345), and for too many numbers to try (E342).
    """
    spec, (settings, inputs) = graph.spec, graph.options
    letters = _letters(graph)
    own = not graph.symbols and (
        not ranges or any(over.name in letters and over.name not in spec.let for over in ranges)
    )
    if own:
        spec, inputs = _with_letters(graph, letters), {}
    inner: dict[str, str] = {}
    problems: list[Problem] = []
    for over in ranges:
        try:
            if over.field is not None:
                spec, inner[over.name] = _with_constant(spec, graph, over)
            else:
                _must_be_known(over, graph, letters if own else ())
        except SpecErrors as error:
            problems += error.problems
    if problems:
        raise SpecErrors(problems)
    free = {name: text for name, text in settings.items() if text == "free"}
    plain = {name: text for name, text in settings.items() if text != "free"}
    taken = {inner.get(over.name, over.name) for over in ranges}
    plain = {name: text for name, text in plain.items() if name not in taken}
    unknowns = Unknowns(spec, {**plain, **free}, inputs, inner, (), (), {}, ())
    return _sorted_out(unknowns, ranges, carried=carried)


def _letters(graph: Graph) -> dict[str, tuple[int, int]]:
    """Name every side of every input: letters, behind the input's name where there are several."""
    inputs = [node for node in graph.nodes if isinstance(node.layer, Input)]
    letters: dict[str, tuple[int, int]] = {}
    for number, node in enumerate(inputs):
        assert isinstance(node.layer, Input)
        for side, letter in enumerate(LETTERS[len(node.layer.shape.sides)]):
            name = letter if len(inputs) == 1 else f"{node.path}_{letter}"
            while name in graph.spec.let or not name.isidentifier():
                name = f"input_{letter}{number}" if not name.isidentifier() else f"{name}_"
            letters[name] = (number, side)
    return letters


def _with_letters(graph: Graph, letters: Mapping[str, tuple[int, int]]) -> NetSpec:
    """Write the inputs' shapes with letters for their sides, channels as they are.

    They stand as words of the spec: no text of them has to be read as a shape again.
    """
    inputs = []
    shapes = [node.layer.shape for node in graph.nodes if isinstance(node.layer, Input)]
    for number, (entry, shape) in enumerate(zip(graph.spec.inputs, shapes, strict=True)):
        words = [name for name, (index, _) in letters.items() if index == number]
        if shape.sides:
            words.append(str(shape.channels))
        extents = tuple([scalar(word, Source(entry.name, word)) for word in words])
        inputs.append(entry._replace(extents=extents))
    return graph.spec._replace(inputs=tuple(inputs))


def _must_be_known(over: Range, graph: Graph, letters: Mapping[str, object] | tuple[()]) -> None:
    known = [*graph.spec.let, *graph.symbols, *letters]
    if over.name in known:
        return
    hint = did_you_mean(over.name, known) or (
        f"constants and symbols are {', '.join(known)}; a layer's field is written conv1.pad"
        if known
        else "it has no constants; a layer's field is written conv1.pad"
    )
    message = f"the network has no constant or symbol '{over.name}'"
    raise refuse("E345", message, over.origin, hint)


def _with_constant(spec: NetSpec, graph: Graph, over: Range) -> tuple[NetSpec, str]:
    """Make a layer's field a constant: the same edit as `change` makes, in a further edition."""
    assert over.field is not None
    path, field = over.field
    _must_have(graph, path, field, over)
    name = "_" + "".join(c if c.isalnum() and c.isascii() else "_" for c in over.name)
    while name in spec.let:
        name += "_"
    source = Source(f"--over {over.name}", name)
    word, key = scalar(name, source), scalar(path, Source(source.name, path))
    change = YamlMap({field: word}, {field: word}, source, word.start, word.length)
    first = scalar(str(over.values[0]), Source(f"--over {over.name}", str(over.values[0])))
    edits = (*spec.edits, {path: Edit(key, change)})
    return spec._replace(edits=edits, let={**spec.let, name: first}), name


def _must_have(graph: Graph, path: str, field: str, over: Range) -> None:
    """Require that a layer, a block or a repeat has a field that takes numbers."""
    takes: list[str] = []
    group = graph.groups.get(path)
    node = next((node for node in graph.nodes if node.path == path), None)
    if group is not None and (node is None or node.use is None):
        if group.type in graph.spec.blocks:
            takes = [*graph.spec.blocks[group.type].fields]
        elif group.type == "repeat":
            takes = ["times"]
        elif group.type in BUILT_IN_BLOCKS:
            takes = _numeric(built_in_block(group.type))
        else:
            message = f"'{path}' is {article(group.type)}: it has no fields"
            _refuse(over, message, "name a layer in it")
    elif node is None or node.use is None:
        known = [other.path for other in graph.nodes if other.use] + [*graph.groups]
        hint = did_you_mean(path, known) or "`shapecalc summarize --depth all` lists the layers"
        _refuse(over, f"there is no layer '{path}'", hint)
    else:
        layer = node.layer
        takes = _numeric(layer.type if isinstance(layer, Deferred) else type(layer))
    if field not in takes:
        hint = did_you_mean(field, takes) or (
            "it has " + ", ".join(takes) if takes else "it has none that takes numbers"
        )
        _refuse(over, f"{path} has no field '{field}' that takes a number", hint)


def _numeric(cls: type[Layer]) -> list[str]:
    """Return the fields of a type that take numbers."""
    numeric = (Count, Sizes, Pad)
    return [declared.name for declared in cls.fields() if isinstance(declared.kind, numeric)]


def _refuse(over: Range, message: str, hint: str) -> None:
    raise refuse("E345", message, over.origin, hint)


def _sorted_out(unknowns: Unknowns, ranges: Sequence[Range], *, carried: bool) -> Unknowns:
    """Make symbols of the ranges' names where the rules can carry them; try the others."""
    words = {over.name: unknowns.inner.get(over.name, over.name) for over in ranges}
    constants = [over for over in ranges if words[over.name] in unknowns.spec.let]
    tried = [  # a symbol is a number from 1 on
        constant
        for constant in constants
        if not carried
        or ends(constant.values)[0] < 1
        or (report := _carried(unknowns, words, constants, [constant])) is None
        or _divides(report, words[constant.name])
    ]
    if len(constants) - len(tried) > 1:  # together they may not be carried
        rest = [constant for constant in constants if constant not in tried]
        if _carried(unknowns, words, constants, rest) is None:
            tried = constants
    must_be_few(tried, MAX_ASKED, ONE_BY_ONE)
    free = {words[constant.name]: "free" for constant in constants if constant not in tried}
    settings = {**unknowns.settings, **free}
    symbols = _symbols(unknowns.spec, settings, unknowns.inputs, tried, words)
    outer = {inner: name for name, inner in words.items()}
    names = tuple(outer.get(name, name) for name in symbols)
    wanted = {over.name: over for over in ranges if over.name in names}
    sides = tuple(name for name in names if words.get(name, name) not in unknowns.spec.let)
    return unknowns._replace(
        settings=settings, symbols=names, tried=tuple(tried), bounds=wanted, sides=sides
    )


def _symbols(
    spec: NetSpec,
    settings: Mapping[str, str],
    inputs: Mapping[str, str],
    tried: Sequence[Range],
    words: Mapping[str, str],
) -> tuple[str, ...]:
    first = {words[over.name]: str(over.values[0]) for over in tried}
    return expand(spec, {**settings, **first}, inputs).symbols


def _divides(report: Report, name: str) -> bool:
    """Tell whether sizes are divided by a symbol: number by number more can be said of it."""
    return any(name in divisors_of(n) for row in report.rows for n in as_list(row.output))


def _carried(
    unknowns: Unknowns,
    words: Mapping[str, str],
    constants: Sequence[Range],
    free: Sequence[Range],
) -> Report | None:
    """Compute the network with these as symbols, the others as numbers; None where none can be.

    Some number that the others may have must do, as not every one makes a network.
    """
    others = [constant for constant in constants if constant not in free]
    loose = {words[over.name]: "free" for over in free}
    for values in islice(product(*(other.values for other in others)), 16):
        fixed = {words[o.name]: str(v) for o, v in zip(others, values, strict=True)}
        try:
            settings = {**unknowns.settings, **fixed, **loose}
            graph = expand(unknowns.spec, settings, unknowns.inputs)
            return compute_report(graph, fields=False, search=False)
        except SpecErrors:
            continue
    return None
