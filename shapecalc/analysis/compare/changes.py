"""What differs between two parts that stand for each other, in the words of the spec."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.analysis.compare.align import align
from shapecalc.analysis.compare.parts import NetworkPart, fields_of, parts_of, scoring
from shapecalc.layers.base import square
from shapecalc.layers.conv import pad_text
from shapecalc.layers.fields import Padding
from shapecalc.layers.shape import Map, Vector, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.layers.base import Layer
    from shapecalc.report import Report


class Change(NamedTuple):
    """A field with what it was and what it is.

    Inside a level `where` is the type of the layers, and `times` how many of them changed so.  A
    change in number has the type of what is counted for its field and is `counted`.
    """

    field: str
    before: str
    after: str
    where: str = ""
    times: int = 1
    counted: bool = False

    @property
    def text(self) -> str:
        """The change in a few words: ``kernel 11 -> 7``, ``6 -> 23 bottleneck blocks``."""
        often = f" in {self.times} places" if self.times > 1 else ""
        if self.counted and self.after == "0":
            return f"{self.before} {self.field} removed{often}"
        if self.counted and self.before == "0":
            return f"{self.after} {self.field} added{often}"
        if self.counted:
            return f"{self.before} -> {self.after} {self.field}{often}"
        inside = f"{self.where} " if self.where else ""
        return f"{inside}{self.field} {self.before} -> {self.after}{often}"


def changes_of(
    reports: tuple[Report, Report], mine: NetworkPart, other: NetworkPart
) -> tuple[Change, ...]:
    """List what differs between how two parts are built."""
    if mine.key == other.key:
        return ()
    if mine.layer is not None and other.layer is not None:
        return tuple(_fields(mine, other, mine.layer, other.layer))
    ours, theirs = mine.row.type, other.row.type
    types = () if ours == theirs else (Change("type", ours, theirs),)
    return (*types, *_inside(reports, mine, other))


def _fields(mine: NetworkPart, other: NetworkPart, ours: Layer, theirs: Layer) -> Iterator[Change]:
    if type(ours) is not type(theirs):
        yield Change("type", ours.type, theirs.type)
    before, after = _values(ours), _values(theirs)
    for name in before:
        if name in after and before[name] != after[name]:
            yield _change(name, before[name], after[name])
    if (mine.row.shared is None) != (other.row.shared is None):
        yield Change("share", mine.row.shared or "none", other.row.shared or "none")


def _values(layer: Layer) -> dict[str, object]:
    return {
        field.name: value for field, value in zip(layer.fields(), fields_of(layer), strict=True)
    }


def _change(name: str, before: object, after: object) -> Change:
    first, second = value_text(before), value_text(after)
    return Change(name, first, second if second != first else f"another {second}")


def value_text(value: object) -> str:
    """Write a field's value as a spec would, in short."""
    if isinstance(value, Padding):
        return pad_text(value) or (value.mode if value.mode != "given" else "0")
    if isinstance(value, Map | Vector):
        return as_text(value)
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "none"
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return f"{sum(map(len, value))} pairs"
    return square(value) if isinstance(value, tuple) and value else str(value)


def _inside(
    reports: tuple[Report, Report], mine: NetworkPart, other: NetworkPart
) -> Iterator[Change]:
    """Tell two levels apart: how many of each type they hold, and what changed in which."""
    changed: Counter[Change] = Counter()
    numbers: dict[str, list[int]] = {}
    for ours, theirs in _inner_pairs(reports, mine, other):
        for side, part in enumerate((ours, theirs)):
            if part is not None:
                numbers.setdefault(_kind(part), [0, 0])[side] += 1
        if ours is not None and theirs is not None:
            for change in changes_of(reports, ours, theirs):
                where = change.where or ("" if change.counted else ours.row.type)
                changed[change._replace(where=where, times=1)] += change.times
    for kind, (before, after) in numbers.items():
        if before != after:
            yield Change(_plural(kind, max(before, after)), str(before), str(after), counted=True)
    for change, times in changed.items():
        yield change._replace(times=times)
    if not changed and all(before == after for before, after in numbers.values()):
        yield Change("connections", "these", "others")


def _inner_pairs(
    reports: tuple[Report, Report], mine: NetworkPart, other: NetworkPart
) -> Iterator[tuple[NetworkPart | None, NetworkPart | None]]:
    """Align what two levels hold, a level deeper."""
    ours, theirs = (
        parts_of(report, _deeper(part), part.rows)
        for report, part in zip(reports, (mine, other), strict=True)
    )
    pairs = align(
        [part.key for part in ours],
        [part.key for part in theirs],
        scoring([[part] for part in ours], theirs),
        (_own_names(ours), _own_names(theirs)),
    )
    yield from ((ours[a], theirs[b]) for a, b in pairs)
    first, second = {a for a, _ in pairs}, {b for _, b in pairs}
    yield from ((part, None) for a, part in enumerate(ours) if a not in first)
    yield from ((None, part) for b, part in enumerate(theirs) if b not in second)


def _deeper(part: NetworkPart) -> int:
    return part.row.name.count("/") + 2


def _own_names(parts: Iterable[NetworkPart]) -> list[str]:
    return [part.row.name.rpartition("/")[2] for part in parts]


def _kind(part: NetworkPart) -> str:
    if part.row.type in {"branch", "group", "repeat"}:
        return str(part.row.type)
    return f"{part.row.type} {'block' if part.layer is None else 'layer'}"


def _plural(kind: str, number: int) -> str:
    if number == 1:
        return kind
    return f"{kind}es" if kind.endswith("ch") else f"{kind}s"
