"""A report cut into parts that can be set beside another's: layers, or levels of the paths.

`likeness` says how much two parts are alike, which the alignment of layers is decided by.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.layers.conv import Windowed
from shapecalc.layers.fields import Declared, Pad, Padding, Sizes
from shapecalc.report.fold import level, levels_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from shapecalc.layers.base import Layer
    from shapecalc.report import Report, Row


#: What a part counts for when parts are paired: one that owns most of the costs, another one that
#: makes a volume of its own, and one that works in place.
HEAVY, LIGHT, LIGHTEST = 6, 3, 1

# Of 100.  Parts that are built alike always win over those that are not.
_EQUAL = 100
_SAME_TYPE, _SAME_FIELDS = 35, 25
_SAME_FAMILY = 20
_SAME_BLOCK = 25
# A name says much where a person chose it, and little where it only counts.
_SAME_NAME, _SAME_OUTPUT = 9, 3
# Among parts that are built alike, names and outputs settle ties and no more.
_FIRST = 10**6


class NetworkPart(NamedTuple):
    """A layer or a level of the paths, in its place among a report's parts.

    `rows` are the indices of the report's rows in it, `sources` those of the parts that flow in.
    Parts with one `key` are built alike, whatever flows in and whatever their names are.  `layer`
    is the only one in it, None for several, which `holds` counts.
    """

    row: Row
    rows: tuple[int, ...]
    key: Hashable
    sources: tuple[int, ...]
    layer: Layer | None
    weight: int
    holds: str

    @property
    def costs(self) -> tuple[object, ...]:
        """What the part takes, gives and costs."""
        row = self.row
        return (
            row.inputs,
            row.output,
            (row.weights, row.biases, row.buffers, row.connections),
            (row.work, row.activations, row.overwritten),
        )


def parts_of(
    report: Report, depth: int, indices: Iterable[int] | None = None
) -> tuple[NetworkPart, ...]:
    """Cut a report, or some rows of it, into parts at a depth of the paths; 0 is every layer."""
    every = range(len(report.rows)) if indices is None else indices
    levels = levels_of(report, depth, every)
    home = {index: number for number, members in enumerate(levels.values()) for index in members}
    return tuple(
        _part(report, path, members, home, number)
        for number, (path, members) in enumerate(levels.items())
    )


def _part(
    report: Report, path: str, members: list[int], home: dict[int, int], number: int
) -> NetworkPart:
    nodes = report.graph.nodes
    if len(members) == 1:
        sources = [home.get(source) for source in nodes[members[0]].inputs]
    else:
        sources = list(dict.fromkeys(home.get(s) for index in members for s in nodes[index].inputs))
    layer = report.rows[members[0]].layer if len(members) == 1 else None
    return NetworkPart(
        row=level(report, path, members),
        rows=tuple(members),
        key=_key(report, members),
        sources=tuple(source for source in sources if source is not None and source != number),
        layer=layer,
        weight=_weight(layer),
        holds="" if layer is not None else _holds(report, path, members),
    )


def _holds(report: Report, path: str, members: list[int]) -> str:
    """Say how many layers a level holds, or how many blocks if these are all of one type."""
    inner = levels_of(report, path.count("/") + 2, members)
    groups = [report.graph.groups.get(inner_path) for inner_path in inner]
    types = {group.type for group in groups if group is not None}
    if None in groups or len(types) > 1 or len(groups) == 1:
        return f"{len(members)} layers"
    return f"{len(groups)} {types.pop()} blocks"


def _weight(layer: Layer | None) -> int:
    if layer is None or layer.weighted:
        return HEAVY
    return LIGHTEST if layer.inplace else LIGHT


def _key(report: Report, members: list[int]) -> Hashable:
    """Describe how rows are built: their layers' types and fields, and what feeds what inside."""
    if len(members) == 1:
        return _alike(report, members[0])
    inside = {index: number for number, index in enumerate(members)}
    outside: dict[int, int] = {}
    wired = []
    for index in members:
        node = report.graph.nodes[index]
        sources = tuple(
            inside[source] if source in inside else ~outside.setdefault(source, len(outside))
            for source in node.inputs
        )
        wired.append((_alike(report, index), sources, inside.get(node.share or -1)))
    return tuple(wired)


def _alike(report: Report, index: int) -> Hashable:
    """Describe a layer by what a spec may say of it: type, fields, shared and frozen weights."""
    row = report.rows[index]
    assert row.layer is not None, "only levels have no layer"
    return type(row.layer), fields_of(row.layer), row.shared is not None, row.frozen != 0


def fields_of(layer: Layer) -> tuple[object, ...]:
    """Return the values of a layer's fields, ways of writing one and the same made one."""
    return tuple(_settled(layer, field) for field in layer.fields())


def _settled(layer: Layer, field: Declared) -> object:
    """Write one size for several that are the same, and the stride that follows from a kernel."""
    value = getattr(layer, field.name)
    if field.name == "stride" and value is None and isinstance(layer, Windowed):
        value = layer.steps()
    if isinstance(field.kind, Sizes) and isinstance(value, tuple) and len(set(value)) == 1:
        return value[:1]
    if isinstance(field.kind, Pad) and isinstance(value, Padding) and len(set(value.pairs)) == 1:
        return value._replace(pairs=value.pairs[:1])
    return value


def structure(report: Report) -> tuple[object, ...]:
    """Describe all that a spec may say of a network but names: layers, fields, what feeds what."""
    nodes = report.graph.nodes
    wires = tuple((node.inputs, node.share) for node in nodes)
    return tuple(_alike(report, index) for index in range(len(nodes))), wires, report.graph.outputs


def scoring(
    first: Sequence[Sequence[NetworkPart]], second: Sequence[NetworkPart]
) -> Callable[[int, int], int]:
    """Return the score of pairing two parts by their indices; 0 where they must not be paired.

    An item of `first` are the parts of several networks that were paired already: what is most
    alike counts.
    """
    kinds: dict[Hashable, int] = {}
    known: dict[tuple[int, int, bool], int] = {}

    def kind(part: NetworkPart) -> int:
        """Number what is built alike, so that the many look-ups are quick."""
        return kinds.setdefault((part.key, part.row.type), len(kinds))

    ours = [[(kind(part), part) for part in parts] for parts in first]
    theirs = [(kind(part), part) for part in second]

    def score(a: int, b: int) -> int:
        number, other = theirs[b]
        best = 0
        for mine, part in ours[a]:
            named = part.row.name == other.row.name
            alike = (mine, number, named)
            degree = known.get(alike)
            if degree is None:
                degree = known[alike] = likeness(part, other, named=named)
            if degree:
                best = max(best, _weighed(part, other, degree, named=named))
        return best

    return score


def _weighed(mine: NetworkPart, other: NetworkPart, degree: int, *, named: bool) -> int:
    """Weigh a likeness: what costs most counts most."""
    bonus = _SAME_NAME * named + _SAME_OUTPUT * (mine.row.output == other.row.output)
    weight = min(mine.weight, other.weight)
    if degree == _EQUAL:
        return _EQUAL * weight * _FIRST + bonus
    return (degree + bonus) * weight * _FIRST


def likeness(mine: NetworkPart, other: NetworkPart, *, named: bool) -> int:
    """Compare how two parts are built, from 0 to 100; layers and levels are never alike.

    Blocks of two types are alike only where they are `named` the same.
    """
    if mine.key == other.key:
        return _EQUAL
    if mine.layer is None and other.layer is None:
        same = _SAME_TYPE if mine.row.type == other.row.type else _SAME_FAMILY * named
        return same + round(_SAME_BLOCK * _overlap(mine.key, other.key)) if same else 0
    if mine.layer is None or other.layer is None:
        return 0
    if type(mine.layer) is not type(other.layer):
        return _SAME_FAMILY if _related(mine.layer, other.layer) else 0
    pairs = list(zip(fields_of(mine.layer), fields_of(other.layer), strict=True))
    agree = sum(a == b for a, b in pairs) / len(pairs) if pairs else 0
    return _SAME_TYPE + round(_SAME_FIELDS * agree)


def _related(mine: Layer, other: Layer) -> bool:
    """Tell whether one layer may take the other's place: two activations, two convolutions."""
    convolve = [isinstance(layer, Windowed) and layer.weighted for layer in (mine, other)]
    return type(mine).__module__ == type(other).__module__ or all(convolve)


def _overlap(mine: Hashable, other: Hashable) -> float:
    """Return the part of the layers of two levels that both have."""
    ours, theirs = _census(mine), _census(other)
    return (ours & theirs).total() / max(ours.total(), theirs.total())


@lru_cache(maxsize=256)
def _census(key: Hashable) -> Counter[Hashable]:
    """Count the layers of a level by how they are built."""
    assert isinstance(key, tuple)
    return Counter(layer for layer, _, _ in key)
