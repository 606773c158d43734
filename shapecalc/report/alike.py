"""Rounds of a repeat that one round stands for: what makes them alike, and how many there are.

One more round changes nothing of the others and nothing around them where each takes what flows in
and leaves as much: the same shape, in a buffer of the same size, read by what follows alone.  Then
every round has the same rows, is alive beside the same volumes, and the layers behind do not tell
how many there were.  Looked back through, each moves what a unit sees by the same pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra.tape import range_of
from shapecalc.graph import UnequalRoundsError
from shapecalc.layers.window import Rearranged
from shapecalc.report.apply import WIDEST
from shapecalc.report.peak import Buffers, running, size_of
from shapecalc.report.propagate import WITHOUT_PADDING
from shapecalc.report.receptive_field import FAR, Arranged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.graph import AlikeRounds, Graph
    from shapecalc.report import Row
    from shapecalc.report.receptive_field import Fields, ReceptiveField

#: What looks at layers that do not stand beside it.
_FAR_REACHING = ("slice", "causal_mask")


def times_of(graph: Graph) -> tuple[Dim, ...]:
    """Return for each node how many of its kind there are in the network."""
    times: list[Dim] = [1] * len(graph.nodes)
    assert graph.alike is not None
    for rounds in graph.alike.rounds:
        for index in range(rounds.first, rounds.end):
            times[index] *= rounds.times
    return tuple(times)


def must_be_alike(graph: Graph, rows: Sequence[Row | None], *, fields: bool) -> None:
    """Require of all rounds that one stands for that they are alike.

    Where receptive `fields` are asked for, these were looked at already.  Raises
    `UnequalRoundsError`.
    """
    assert graph.alike is not None
    whole = [row for row in rows if row is not None]
    if len(whole) < len(rows) or any(row.type in _FAR_REACHING for row in whole):
        raise UnequalRoundsError
    readers: list[list[int]] = [[] for _ in rows]
    for index, node in enumerate(graph.nodes):
        for source in node.inputs:
            readers[source].append(index)
    buffers = Buffers(graph)
    run = running(graph, buffers)
    for row in whole:
        run((row.layer, size_of(row)))
    for rounds in graph.alike.rounds:
        if not (
            whole[rounds.entry].output == whole[rounds.out].output
            and _stands_alone(graph, rounds, readers)
            and _passes_a_buffer(graph, rounds, readers, buffers.owner, whole)
        ):
            raise UnequalRoundsError(rounds.statement)
    if not fields:
        _must_stay_near(graph, whole)


def _stands_alone(graph: Graph, rounds: AlikeRounds, readers: Sequence[Sequence[int]]) -> bool:
    """Tell whether a round takes what flows in and nothing else, and gives nothing but its own."""
    inside = range(rounds.first, rounds.end)
    if rounds.out not in inside or rounds.entry >= rounds.first:
        return False
    if not any(reader in inside for reader in readers[rounds.entry]):
        return False
    for index in inside:
        if any(n not in inside and n != rounds.entry for n in graph.nodes[index].inputs):
            return False
        if index != rounds.out and (
            not readers[index]
            or index in graph.outputs
            or any(reader not in inside for reader in readers[index])
        ):
            return False
    return rounds.out in graph.outputs or any(n not in inside for n in readers[rounds.out])


def _passes_a_buffer(
    graph: Graph,
    rounds: AlikeRounds,
    readers: Sequence[Sequence[int]],
    owner: Sequence[int],
    rows: Sequence[Row],
) -> bool:
    """Tell whether a round finds what flows in as the next one does: read by no one else."""
    for index in range(rounds.first):
        if owner[index] != owner[rounds.entry]:
            continue
        later = [reader for reader in readers[index] if reader >= rounds.first]
        if index in graph.outputs or any(reader >= rounds.end for reader in later):
            return False
        if later and index != rounds.entry:
            return False
    return size_of(rows[owner[rounds.entry]]) == size_of(rows[owner[rounds.out]])


def _must_stay_near(graph: Graph, rows: Sequence[Row]) -> None:
    """Require that receptive fields, which nobody asks for, do not outgrow what is allowed.

    What a unit sees moves no further in any round than in the one that stands for them: the ends
    are smallest and largest sums of distances.  Raises `UnequalRoundsError`.
    """
    assert graph.alike is not None
    spare = 0
    for rounds in graph.alike.rounds:
        before, after = rows[rounds.entry].field, rows[rounds.out].field
        if before is None or after is None:
            continue
        moved = _moved(before, after)
        if moved is None:
            raise UnequalRoundsError(rounds.statement)
        most = 1
        for around in graph.alike.rounds:
            if around.first <= rounds.first and rounds.end <= around.end:
                most *= max(1, range_of(around.times)[1])
        spare += moved * most
    for row in rows:
        if row.field is not None and any(end + spare > WIDEST for end in _ends(row.field)):
            raise UnequalRoundsError


def _moved(before: Fields, after: Fields) -> int | None:
    """Return how far ends of receptive fields moved at most; None where they are of other kinds."""
    if isinstance(before, Arranged) or isinstance(after, Arranged) or len(before) != len(after):
        return None
    moved = 0
    for one, other in zip(before, after, strict=True):
        parts = [*zip((one, *one.also), (other, *other.also), strict=False)]
        if len(one.also) != len(other.also) or not all(_of_a_kind(*pair) for pair in parts):
            return None
        for part, later in parts:
            ends = zip((*part.first, *part.last), (*later.first, *later.last), strict=True)
            moved = max([moved, *(max(map(abs, range_of(b - a))) for a, b in ends)])
    return moved


def _of_a_kind(one: ReceptiveField, other: ReceptiveField) -> bool:
    alike = len(one.first) == len(other.first) and one.step == other.step
    return alike and not (one.rims or other.rims or one.within or other.within)


def _ends(fields: Fields) -> Iterator[int]:
    for side in fields:
        for part in (side, *side.also):
            for dim in (*part.first, *part.last):
                end = max(map(abs, range_of(dim)))
                if end < FAR:
                    yield end


class FieldsAlike:
    """Moves receptive fields as far as all rounds do that one stands for, while rows are made."""

    def __init__(self, graph: Graph) -> None:
        assert graph.alike is not None
        self.graph = graph
        self.ending: dict[int, list[AlikeRounds]] = {}
        for rounds in graph.alike.rounds:
            self.ending.setdefault(rounds.end, []).append(rounds)

    def then(self, rows: list[Row | None]) -> None:
        """Move what the last row of a round sees.  Raises `UnequalRoundsError`."""
        for rounds in self.ending.get(len(rows), ()):
            entry, out = rows[rounds.entry], rows[rounds.out]
            if entry is None or out is None or entry.field is None or out.field is None:
                raise UnequalRoundsError(rounds.statement)
            inside = rows[rounds.first : rounds.end]
            plain = all(row is not None and _is_plain(row) for row in (entry, *inside))
            if not plain or any(row is None or _moves_pixels(row) for row in rows):
                raise UnequalRoundsError(rounds.statement)
            sides = zip(entry.field, out.field, strict=True)
            if any(before.step != after.step for before, after in sides):
                raise UnequalRoundsError(rounds.statement)
            sides = zip(entry.field, out.field, strict=True)
            field = tuple([_extended(*side, rounds.times) for side in sides])
            rows[rounds.out] = out._replace(field=field)


def _is_plain(row: Row) -> bool:
    """Tell whether all units of a row see as many pixels as another, at the same pace."""
    return row.field is not None and all(
        len(side.first) == 1
        and not (side.also or side.rims or side.within)
        and range_of(side.last[0] - side.first[0])[0] >= 0
        for side in row.field
    )


def _moves_pixels(row: Row) -> bool:
    """Tell whether what looks back through a row may look past it, or at pixels elsewhere."""
    assert row.layer is not None
    if row.type in WITHOUT_PADDING or isinstance(row.field, Arranged):
        return True
    return isinstance(row.layer.window(*row.inputs), Rearranged)


def _extended(before: ReceptiveField, after: ReceptiveField, times: Dim) -> ReceptiveField:
    """Move the ends that moved in one round as far as in so many."""
    first = before.first[0] + times * (after.first[0] - before.first[0])
    last = before.last[0] + times * (after.last[0] - before.last[0])
    return after._replace(first=(first,), last=(last,))
