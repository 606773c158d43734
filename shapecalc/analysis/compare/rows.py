"""The rows of a comparison: the parts of every network that stand for each other.

What differs between them is said in the words of the spec.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from shapecalc.analysis.compare.align import align
from shapecalc.analysis.compare.parts import NetworkPart, fields_of, parts_of, scoring
from shapecalc.layers.base import Layer, square
from shapecalc.layers.conv import pad_text
from shapecalc.layers.fields import Padding
from shapecalc.layers.shape import Map, Vector, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.report import Report


#: What became of a part of the first network: `affected` is built the same, but what flows in
#: changed its shapes or costs; `absent` is in neither network.
Status: TypeAlias = Literal["same", "affected", "changed", "added", "removed", "absent"]


class Aligned(NamedTuple):
    """The parts that stand for each other, one a network, None where there is none.

    `statuses` and `changes` hold for every network after the first, against the first.
    """

    parts: tuple[NetworkPart | None, ...]
    statuses: tuple[Status, ...]
    changes: tuple[tuple[Change, ...], ...]

    @property
    def same(self) -> bool:
        """Whether nothing differs in any network."""
        return set(self.statuses) == {"same"}


def rows_of(reports: Sequence[Report], depth: int) -> tuple[Aligned, ...]:
    """Align the parts of several reports at a depth of the paths; 0 is every layer."""
    cuts = [parts_of(report, depth) for report in reports]
    rows = [[part] for part in range(len(cuts[0]))]
    for number in range(1, len(cuts)):
        rows = _joined(rows, cuts, number)
    rewired = [_rewired(cuts, rows, number) for number in range(1, len(cuts))]
    return tuple(
        _aligned(
            reports,
            [cut[index] if index >= 0 else None for cut, index in zip(cuts, row, strict=True)],
            [at in moved for moved in rewired],
        )
        for at, row in enumerate(rows)
    )


#: For every network so far the index of a part, or -1.
_Row: TypeAlias = "list[int]"


def _joined(rows: list[_Row], cuts: list[tuple[NetworkPart, ...]], number: int) -> list[_Row]:
    """Align one more network's parts with the rows so far."""
    so_far = [[cuts[k][i] for k, i in enumerate(row) if i >= 0] for row in rows]
    parts = cuts[number]
    pairs = align(
        [members[-1].key for members in so_far],
        [part.key for part in parts],
        scoring(so_far, parts),
        ([members[-1].row.name for members in so_far], [part.row.name for part in parts]),
    )
    joined: list[_Row] = []
    at = other = 0
    for row, part in [*pairs, (len(rows), len(parts))]:
        joined += [[*old, -1] for old in rows[at:row]]
        joined += [[*[-1] * number, new] for new in range(other, part)]
        if row < len(rows):
            joined.append([*rows[row], part])
        at, other = row + 1, part + 1
    return joined


class _Wires:
    """What flows into the parts of a network, as rows that another network has as well."""

    def __init__(
        self, parts: tuple[NetworkPart, ...], row_of: dict[int, int], common: set[int]
    ) -> None:
        self.parts = parts
        self.row_of = row_of
        self.common = common
        self.known: dict[int, int | None] = {}

    def into(self, part: int) -> tuple[int, ...] | None:
        """Return the rows that feed a part, seen past layers which the other network lacks.

        None where such a layer has several inputs or none: it is what differs, not this one.
        """
        rows = []
        for source in self.parts[part].sources:
            if source not in self.known:
                self.known[source] = self.past(source)
            row = self.known[source]
            if row is None:
                return None
            rows.append(row)
        ordered = self.parts[part].row.type == "concat"
        return tuple(rows) if ordered else tuple(sorted(set(rows)))

    def past(self, source: int) -> int | None:
        """Go up from a part to the first that the other network has as well."""
        for _ in self.parts:  # levels may feed each other, so a way up need not end
            row = self.row_of[source]
            if row in self.common:
                return row
            if len(self.parts[source].sources) != 1:
                return None
            (source,) = self.parts[source].sources
        return None


def _rewired(cuts: list[tuple[NetworkPart, ...]], rows: list[_Row], number: int) -> set[int]:
    """Return the rows whose part takes its input from elsewhere than in the first network."""
    places = [{row[k]: at for at, row in enumerate(rows) if row[k] >= 0} for k in (0, number)]
    common = set(places[0].values()) & set(places[1].values())
    first, other = (
        _Wires(cuts[k], place, common) for k, place in zip((0, number), places, strict=True)
    )
    rewired = set()
    for at in common:
        before, after = first.into(rows[at][0]), other.into(rows[at][number])
        if before is not None and after is not None and before != after:
            rewired.add(at)
    return rewired


def _moved(first: NetworkPart, part: NetworkPart) -> Change:
    """Say from where a part takes its input."""
    before, after = (", ".join(side.row.sources) for side in (first, part))
    return Change("from", before, after if after != before else f"another {after}")


def _missing(first: NetworkPart | None, part: NetworkPart | None) -> Status:
    if first is not None:
        return "removed"
    return "added" if part is not None else "absent"


def _aligned(
    reports: Sequence[Report], parts: list[NetworkPart | None], rewired: Sequence[bool]
) -> Aligned:
    """Say of every network what became of the first one's part."""
    first = parts[0]
    statuses: list[Status] = []
    changes = []
    for report, part, elsewhere in zip(reports[1:], parts[1:], rewired, strict=True):
        differences: tuple[Change, ...] = ()
        if first is None or part is None:
            statuses.append(_missing(first, part))
        else:
            differences = _changes_of((reports[0], report), first, part)
            if elsewhere:
                differences = (*differences, _moved(first, part))
            alike: Status = "same" if first.costs == part.costs else "affected"
            statuses.append("changed" if differences else alike)
        changes.append(differences)
    return Aligned(tuple(parts), tuple(statuses), tuple(changes))


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


def _changes_of(
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
    trained, trains = (str(part.row.frozen == 0).lower() for part in (mine, other))
    if trained != trains:
        yield Change("trainable", trained, trains)


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
            for change in _changes_of(reports, ours, theirs):
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
