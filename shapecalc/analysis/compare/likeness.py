"""How much two parts are alike: what the alignment of layers is decided by."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from shapecalc.analysis.compare.parts import fields_of
from shapecalc.layers.windowed import Windowed

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from shapecalc.analysis.compare.parts import Part
    from shapecalc.layers.base import Layer

# Of 100.  Parts that are built alike always win over those that are not.
_EQUAL = 100
_SAME_TYPE, _SAME_FIELDS = 35, 25
_SAME_FAMILY = 20
_SAME_BLOCK = 25
# A name says much where a person chose it, and little where it only counts.
_SAME_NAME, _SAME_OUTPUT = 9, 3
# Among parts that are built alike, names and outputs settle ties and no more.
_FIRST = 10**6


def scoring(first: Sequence[Sequence[Part]], second: Sequence[Part]) -> Callable[[int, int], int]:
    """Return the score of pairing two parts by their indices; 0 where they must not be paired.

    An item of `first` are the parts of several networks that were paired already: what is most
    alike counts.
    """
    kinds: dict[Hashable, int] = {}
    known: dict[tuple[int, int, bool], int] = {}

    def kind(part: Part) -> int:
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
            found = known.get(alike)
            if found is None:
                found = known[alike] = likeness(part, other, named=named)
            if found:
                best = max(best, _weighed(part, other, found, named=named))
        return best

    return score


def _weighed(mine: Part, other: Part, found: int, *, named: bool) -> int:
    """Weigh a likeness: what costs most counts most."""
    bonus = _SAME_NAME * named + _SAME_OUTPUT * (mine.row.output == other.row.output)
    weight = min(mine.weight, other.weight)
    if found == _EQUAL:
        return _EQUAL * weight * _FIRST + bonus
    return (found + bonus) * weight * _FIRST


def likeness(mine: Part, other: Part, *, named: bool) -> int:
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
    convolve = [isinstance(each, Windowed) and each.weighted for each in (mine, other)]
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
