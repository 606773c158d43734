"""The rows of a comparison: the parts of every network that stand for each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from shapecalc.analysis.compare.align import align
from shapecalc.analysis.compare.changes import Change, changes_of
from shapecalc.analysis.compare.parts import parts_of, scoring

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.analysis.compare.parts import NetworkPart
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
            differences = changes_of((reports[0], report), first, part)
            if elsewhere:
                differences = (*differences, _moved(first, part))
            alike: Status = "same" if first.costs == part.costs else "affected"
            statuses.append("changed" if differences else alike)
        changes.append(differences)
    return Aligned(tuple(parts), tuple(statuses), tuple(changes))
