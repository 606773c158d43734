"""What follows from a student's own values: the marks that a fair teacher gives."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from tests.homework.diagnosis.simulated.table import TOTAL, Table, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.homework.diagnosis.simulated.notation import Written
    from tests.homework.diagnosis.simulated.rules import Volume

#: Own values are followed within this factor of the right ones.
WITHIN = 4
ANY = 10**15


class Follow:
    """A sheet's own values, followed: those near the right ones, and all of them."""

    def __init__(
        self,
        table: Table,
        columns: tuple[str, ...],
        stated: dict[str, Volume],
        written: dict[tuple[str, str], Written],
    ) -> None:
        self.table, self.columns, self.written = table, columns, written
        self.stated = stated
        self.worlds = {within: table.walk(stated, within) for within in (WITHIN, ANY)}

    def right(self, at: tuple[str, str], answer: Written) -> bool:
        """Tell whether a cell is right."""
        return fits(answer, self.key(at))

    def key(self, at: tuple[str, str]) -> Value:
        """Return the right value."""
        row, column = at
        if row == TOTAL:
            return self.table.total(column)
        entering = tuple(self.table.key[name] for name in self.table.sources(row))
        return self.table.cell(row, column, entering)

    def credit(self, at: tuple[str, str], answer: Written) -> str | None:
        """Tell whether a cell follows from own values: near ones (follow), or others (far)."""
        for within, kind in ((WITHIN, "follow"), (ANY, "far")):
            for value, slack in self.values(at, within):
                if fits(answer, value, slack) and self.near(at, value, within):
                    return kind
        return None

    def near(self, at: tuple[str, str], value: Value, within: int) -> bool:
        """Tell whether a count is near the right one; volumes follow from near volumes."""
        key = self.key(at)
        if (
            not isinstance(value, int)
            or not isinstance(key, int)
            or self.from_volumes(at, value, within)
        ):
            return True
        return not key or 0 < value <= within * key <= within**2 * value

    def from_volumes(self, at: tuple[str, str], value: Value, within: int) -> bool:
        """Tell whether a count follows from the own volumes."""
        return value in [number for number, _ in self.by_volumes(at, within)]

    def by_volumes(self, at: tuple[str, str], within: int) -> Iterator[tuple[Value, Fraction]]:
        """Yield what follows from the own volumes."""
        row, column = at
        if row == TOTAL:
            return
        expected, gone = self.worlds[within]
        entering = self.entering(row, within)
        if column == "output":
            yield expected[row], Fraction(0)
            return
        yield self.table.cell(row, column, entering, expected[row]), Fraction(0)
        yield (
            self.table.cell(row, column, entering, gone[self.table.rows[row][-1].name]),
            Fraction(0),
        )

    def values(self, at: tuple[str, str], within: int) -> Iterator[tuple[Value, Fraction]]:
        """Yield what follows from own values, each with what their rounding leaves open."""
        yield from self.by_volumes(at, within)
        row, column = at
        if row == TOTAL:
            parts = [self.written.get((name, column)) for name in self.table.rows]
            own = [part for part in parts if part is not None]
            if len(own) == len(parts):
                yield sum(int(p.value) for p in own), sum((p.half for p in own), Fraction(0))  # type: ignore[arg-type]
            return
        if column == "params":
            yield from self.added(row, ("weights", "biases"))
        for own, source, factor in (("flops", "macs", 2), ("memory", "units", 4)):
            answer = self.written.get((row, source))
            if column == own and answer is not None:
                yield factor * answer.value, factor * answer.half  # type: ignore[operator]

    def added(self, row: str, columns: tuple[str, ...]) -> Iterator[tuple[Value, Fraction]]:
        """Add own cells of a row; those that are missing are right."""
        whole, slack, own = 0, Fraction(0), False
        for column in columns:
            answer = self.written.get((row, column))
            if answer is None:
                value = self.key((row, column))
                assert isinstance(value, int)
                whole += value
                continue
            assert isinstance(answer.value, int)
            whole, slack, own = whole + answer.value, slack + answer.half, True
        if own:
            yield whole, slack

    def entering(self, row: str, within: int) -> tuple[Volume, ...]:
        """Return what flows into a row."""
        return tuple(self.worlds[within][1][name] for name in self.table.sources(row))

    def effective(
        self, at: tuple[str, str], answer: Written, ids: tuple[str, ...], variant: int
    ) -> tuple[str, ...]:
        """Leave out a mistake that changes nothing in a cell."""
        row, column = at
        if row == TOTAL or len(ids) == 1:
            return ids
        made = None if column == "output" else self.worlds[ANY][1][self.table.rows[row][-1].name]
        entering = self.entering(row, ANY)
        whole = self.table.cell(row, column, entering, made, ids, variant)
        for name in ids:
            if self.table.cell(row, column, entering, made, (name,), variant) == whole:
                return (name,)
        return ids

    def rivals(
        self, at: tuple[str, str], answer: Written, ids: tuple[str, ...]
    ) -> frozenset[frozenset[str]]:
        """Return the other mistakes that give the number, by the key or by own values."""
        from tests.homework.diagnosis.simulated.students import known_values

        row, column = at
        if row == TOTAL:
            return frozenset(
                frozenset((name,))
                for name in ("P34", "P35")
                if name not in ids and fits(answer, self.table.total(column, (name,)))
            )
        made = None if column == "output" else self.worlds[ANY][1][self.table.rows[row][-1].name]
        key = tuple(self.table.key[name] for name in self.table.sources(row))
        same: set[frozenset[str]] = set()
        for entering, out in ((key, None), (self.entering(row, ANY), made)):
            for value, sets in known_values(self.table, row, column, entering, out).items():
                if fits(answer, value):
                    same |= sets
        meant = frozenset(ids)
        return frozenset(item for item in same if item != meant and len(item) <= len(meant))


def fits(answer: Written, value: Value, slack: Fraction = Fraction(0)) -> bool:
    """Tell whether what is written may be a value."""
    if isinstance(value, int) and isinstance(answer.value, int):
        return abs(answer.value - value) <= answer.half + slack
    return answer.value == value
