"""What was recorded of a network, computed for many points: columns, and which points exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from shapecalc.algebra.tape import Recorded
from shapecalc.analysis.sweep.listing import Listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from shapecalc.algebra import Dim
    from shapecalc.analysis.sweep.plan import Formulas
    from shapecalc.errors import SpecErrors

    #: The layers that refuse a point, by their nodes, whether early, and the numbers they refuse.
    Signature: TypeAlias = tuple[tuple[int, bool, tuple[int, ...]], ...]

#: Rows whose arrays stay in a processor's cache together.
ROWS = 1 << 14


class Computed(NamedTuple):
    """Columns of some rows, and which rows exist; those in `doubt` are to be tried by numbers.

    `refused` pairs rows that do not exist with what they are refused for.
    """

    columns: dict[str, NDArray[Any]]
    exists: NDArray[np.bool_]
    doubt: NDArray[np.bool_]
    refused: list[tuple[NDArray[np.intp], Signature]]


class TapedRows:
    """Computes rows of one wiring; `notes` keeps why points do not exist, by what is refused."""

    def __init__(self, formulas: Formulas) -> None:
        assert formulas.taped is not None
        self.columns = formulas.columns
        self.guards = formulas.guards
        self.taped = formulas.taped
        self.notes: dict[Signature, str] = {}
        needs = [*(check.need for check in self.taped.checks), *self.taped.doubts]
        wanted = [dim for dim in self.columns.values() if dim is not None]
        wanted += [guard.value for guard in self.guards]
        wanted += [side for need in needs for side in (need.value, need.bound)]
        wanted += [check.times for check in self.taped.checks]
        self.listing = Listing(wanted)
        self.parts: dict[int, tuple[list[Recorded], Listing]] = {}

    def refusal(self, signature: Signature) -> SpecErrors | None:
        """Say why points do not exist; None where only one of them tells."""
        if any(early for _, early, _ in signature):
            return None
        return self.taped.refusal(
            {
                node: dict(zip(self.taped.parts_of(node), numbers, strict=True))
                for node, _, numbers in signature
            }
        )

    def pieces(self, values: Mapping[str, NDArray[Any]], size: int) -> Iterator[Computed]:
        """Compute rows, some at a time."""
        for start in range(0, size, ROWS):
            part = {name: array[start : start + ROWS] for name, array in values.items()}
            yield self.piece(part, min(ROWS, size - start))

    def piece(self, values: Mapping[str, NDArray[Any]], size: int) -> Computed:
        """Compute a few rows."""
        results = self.listing.run(values)

        def of(dim: Dim) -> Any:  # noqa: ANN401  (an array or a number)
            return results[dim] if isinstance(dim, Recorded) else dim

        columns = {}
        for name, dim in self.columns.items():
            column = of(dim)  # type: ignore[arg-type]
            columns[name] = column if isinstance(column, np.ndarray) else np.full(size, column)
        bad: dict[tuple[int, bool], NDArray[np.bool_]] = {}
        for node, need, early, times in self.taped.checks:
            misses = ~holds(of(need.value), need.relation, of(need.bound))
            if isinstance(times, Recorded):
                misses = misses & (of(times) >= 1).astype(np.bool_)
            if misses.any():
                misses = np.broadcast_to(misses, size)
                key = node, early
                bad[key] = bad[key] | misses if key in bad else misses
        exists = np.ones(size, dtype=np.bool_)
        for misses in bad.values():
            exists &= ~misses
        doubt = np.zeros(size, dtype=np.bool_)
        for need in self.taped.doubts:
            doubt |= ~holds(of(need.value), need.relation, of(need.bound))
        doubt &= exists
        for guard in self.guards:
            value = of(guard.value)
            doubt |= ((value > guard.most) | (value < -guard.most)).astype(np.bool_)
        return Computed(
            columns, exists & ~doubt, doubt, [*self.refused(bad, ~exists & ~doubt, values)]
        )

    def refused(
        self,
        bad: Mapping[tuple[int, bool], NDArray[np.bool_]],
        rows: NDArray[np.bool_],
        values: Mapping[str, NDArray[Any]],
    ) -> Iterator[tuple[NDArray[np.intp], Signature]]:
        """Group rows by the layers that refuse them first on their ways, and their numbers."""
        at = np.flatnonzero(rows)
        if not len(at):
            return
        bad = {key: misses[at] for key, misses in bad.items()}
        first = dict(self.first_on_the_way(bad, len(at)))
        keys = list(first)
        patterns, which = np.unique(np.stack(list(first.values())), axis=1, return_inverse=True)
        values = {name: array[at] for name, array in values.items()}
        for number, pattern in enumerate(patterns.T):
            inside = np.flatnonzero(which.ravel() == number)
            refusing = [key for key, there in zip(keys, pattern, strict=True) if there]
            chosen = {name: array[inside] for name, array in values.items()}
            numbers = [self.numbers(node, chosen, len(inside)) for node, _ in refusing]
            groups: dict[Signature, list[int]] = {}
            for place, row in enumerate(zip(*numbers, strict=True)):
                signature = tuple((*key, parts) for key, parts in zip(refusing, row, strict=True))
                groups.setdefault(signature, []).append(place)
            for signature, places in groups.items():
                yield at[inside[places]], signature

    def first_on_the_way(
        self, bad: Mapping[tuple[int, bool], NDArray[np.bool_]], size: int
    ) -> Iterator[tuple[tuple[int, bool], NDArray[np.bool_]]]:
        """Yield where layers refuse what flows into them, and none before them does."""
        broken: dict[int, NDArray[np.bool_]] = {}
        nothing = np.zeros(size, dtype=np.bool_)
        for index, node in enumerate(self.taped.report.graph.nodes):
            before = nothing
            for source in node.inputs:
                if source in broken:
                    before = before | broken[source]
            early = bad.get((index, True), nothing)
            own = bad.get((index, False), nothing) & ~before & ~early
            for key, misses in (((index, True), early), ((index, False), own)):
                if misses.any():
                    yield key, misses
            here = before | early | own
            if here is not nothing and here.any():
                broken[index] = here

    def numbers(
        self, node: int, values: Mapping[str, NDArray[Any]], size: int
    ) -> Sequence[tuple[int, ...]]:
        """Return the numbers that a layer's complaint depends on, for every row."""
        if node not in self.parts:
            parts = self.taped.parts_of(node)
            self.parts[node] = parts, Listing(parts)
        parts, listing = self.parts[node]
        results = listing.run(values)
        if not parts:
            return [()] * size
        return list(zip(*(results[part].tolist() for part in parts), strict=True))


def holds(left: Any, relation: str, right: Any) -> NDArray[np.bool_]:  # noqa: ANN401  (arrays or numbers)
    """Tell where a relation between two numbers holds."""
    if relation == "at least":
        true = left >= right
    elif relation == "equal to":
        true = left == right
    elif relation == "joined with":
        true = (left == right) | (left == 1) | (right == 1)
    else:
        true = left % np.maximum(right, 1) == 0  # of what is below 1 another condition speaks
    return np.asarray(true).astype(np.bool_)
