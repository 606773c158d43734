"""Students: what they get wrong, their sheets, and what is intended of every cell."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tests.homework.diagnosis.simulated import notation, rules
from tests.homework.diagnosis.simulated.table import SUMS, TOTAL, Table, Value, counted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from tests.homework.diagnosis.simulated.notation import Style, Written
    from tests.homework.diagnosis.simulated.rules import Volume

DEFAULT = ("output", "params", "macs")
EVERY = (
    "output", "units", "weights", "biases", "params", "macs", "flops", "memory", "connections",
    "rf",
)  # fmt: skip
#: Where a mistake is made when weights and biases are asked by themselves.
APART = {
    "output": rules.COLUMNS["output"],
    "weights": rules.COLUMNS["weights"],
    "biases": rules.COLUMNS["biases"],
    "params": ("P1",),
    "macs": rules.COLUMNS["macs"],
    "flops": ("F1", "F3"),
    "memory": ("F14",),
}


class Fault(NamedTuple):
    """A mistake: where it is made, in rows from `first` to `last`."""

    name: str
    column: str
    first: int
    last: int
    variant: int

    def at(self, place: int) -> bool:
        """Tell whether it is made in a row."""
        return self.first <= place <= self.last


class Intent(NamedTuple):
    """What is meant by a cell.

    `kind`: right, notation, convention, follow, far (follows, but from too far to count),
    mistake, slip or blank.  `rivals` are other mistakes that give the number: single ones, and two
    at once where two are meant.
    """

    kind: str
    ids: tuple[str, ...] = ()
    rivals: frozenset[frozenset[str]] = frozenset()

    @property
    def alone(self) -> bool:
        """Whether no other mistake gives the number."""
        return not self.rivals


class Student(NamedTuple):
    """A sheet with its intents."""

    data: bytes
    name: str
    table: Table
    columns: tuple[str, ...]
    faults: tuple[Fault, ...]
    cells: dict[tuple[str, str], Intent]
    style: Style
    texts: dict[tuple[str, str], str]

    @property
    def marks(self) -> int:
        """The marks intended, 1 a cell."""
        earn = ("right", "notation", "convention", "follow")
        return sum(cell.kind in earn for cell in self.cells.values())


class Sheet(NamedTuple):
    """What somebody works out: values, those that slipped, and the mistakes made in each cell."""

    values: dict[tuple[str, str], Value]
    slipped: set[tuple[str, str]]
    made: dict[tuple[str, str], tuple[tuple[str, ...], int]]
    work: dict[tuple[str, str], str]


def student(rng: Random, table: Table, columns: tuple[str, ...] = DEFAULT) -> Student:
    """Make somebody up."""
    faults = _faults(rng, table, columns)
    addresses = [(row, column) for row in table.rows for column in columns]
    slips, blanks = set(), set()
    if rng.random() < 0.35:
        slips = set(rng.sample(addresses, rng.choice((1, 1, 2, 3))))
    if rng.random() < 0.2:
        blanks = set(rng.sample(addresses, rng.randrange(1, 6))) - slips
    how = notation.style(rng)
    return filled_in(rng, table, columns, faults, slips, blanks, how=how, total=rng.random() < 0.5)


#: How the sheet asks for answers to be written.
AS_ASKED = notation.Style("plain", "plain", "", "semicolon.csv")


def filled_in(
    rng: Random,
    table: Table,
    columns: tuple[str, ...],
    faults: tuple[Fault, ...],
    slips: Iterable[tuple[str, str]] = (),
    blanks: Iterable[tuple[str, str]] = (),
    *,
    how: Style = AS_ASKED,
    total: bool = False,
) -> Student:
    """Fill a sheet in with given mistakes, slips and blanks."""
    slips, blanks = set(slips), set(blanks)
    sheet = _filled(rng, table, columns, faults, slips, blanks, rounds=how.rounds)
    if total:
        _totals(sheet, table, columns, faults, blanks)
    written = {
        at: _written(at, value, how, sheet.work.get(at, ""))
        for at, value in sheet.values.items()
        if value is not None and at not in blanks
    }
    cells = _intents(table, columns, sheet, written, how, faults, total=total)
    texts = {
        row: {c: written[row, c].text if (row, c) in written else "" for c in columns}
        for row in (*table.rows, *((TOTAL,) if total else ()))
    }
    data, name = notation.file(how.file, texts, columns)
    flat = {(row, column): text for row, line in texts.items() for column, text in line.items()}
    return Student(data, name, table, columns, faults, cells, how, flat)


def _faults(rng: Random, table: Table, columns: tuple[str, ...]) -> tuple[Fault, ...]:
    """Choose none, one or two mistakes, everywhere, from a row on, or in one row."""
    known = APART if "weights" in columns else rules.COLUMNS
    names = [(name, column) for column in columns for name in known.get(column, ())]
    if table.network != "googlenet" or table.inside:
        names = [name for name in names if name[0] != "P33"]
    names += [(name, "params") for name in rules.OF_TOTAL]
    last = len(table.rows) - 1
    chosen: list[Fault] = []
    for name, column in rng.sample(names, rng.choice((0, 1, 1, 1, 2, 2))):
        kind, at = rng.random(), rng.randrange(last + 1)
        first, end = (0, last) if kind < 0.65 else (at, last) if kind < 0.85 else (at, at)
        if name == "S15":  # in one row: in all, the channels would soon be more than atoms
            first, end = at, at
        fault = Fault(name, column, first, end, rng.randrange(rules.VARIANTS))
        others = [fault.name for fault in chosen if fault.column == column]
        if not any(
            rules.clash(other, name) or _one(table, column, other, name) for other in others
        ):
            chosen.append(fault)
    return tuple(chosen)


@cache
def _one(table: Table, column: str, *ids: str) -> bool:
    """Tell whether one mistake gives what two give, in every row: then nobody can mean both."""
    keys = {row: _key_of(table, row) for row in table.rows}

    def made(*ids: str) -> list[Value]:
        return [table.cell(row, column, entering, None, ids) for row, entering in keys.items()]

    both = made(*ids)
    return any(made(name) == both for name in rules.COLUMNS.get(column, ()))


def _filled(
    rng: Random,
    table: Table,
    columns: tuple[str, ...],
    faults: tuple[Fault, ...],
    slips: set[tuple[str, str]],
    blanks: set[tuple[str, str]],
    *,
    rounds: bool,
) -> Sheet:
    """Work the sheet out, row by row, on the own values."""
    gone: dict[str, Volume] = {"input": table.image}
    sheet = Sheet({}, set(), {}, {})
    for place, (row, layers) in enumerate(table.rows.items()):
        entering = tuple(gone[name] for name in table.sources(row))
        right = table.cell(row, "output", entering)
        if right is None and layers[0].kind == "concat":  # branches that do not agree: looked up
            right = table.key[row]
        if right is None:
            break  # nothing is left of the image
        out = right
        for column in columns:
            at = (row, column)
            mine = [
                f
                for f in faults
                if f.column == column and f.at(place) and f.name not in rules.OF_TOTAL
            ]
            if at in blanks:
                mine = []
            ids, variant = tuple(f.name for f in mine), (mine[0].variant if mine else 0)
            made = out if column != "output" else None
            value = (
                right
                if column == "output" and not ids
                else table.cell(row, column, entering, made, ids, variant)
            )
            value = _derived(sheet, row, column, value, ids, faults)
            if ids:
                sheet.made[at] = ids, variant
            if value is None or at in slips:
                sheet.slipped.add(at)
                value = right if value is None else value
                value = _slip(rng, table, at, entering, made, value, rounds=rounds)
            if column == "output":
                assert isinstance(value, tuple)
                out = value if Fraction(value[0]).denominator == 1 and at not in blanks else right
            sheet.values[at] = value
            if column == "params" and len(layers) == 1 and at not in sheet.slipped:
                count = counted(table, layers[0], entering[0], out, ids, variant)
                sheet.work[at] = count.text if count.value == value else ""
        gone[layers[-1].name] = out
    return sheet


def _derived(
    sheet: Sheet,
    row: str,
    column: str,
    value: Value,
    ids: tuple[str, ...],
    faults: tuple[Fault, ...],
) -> Value:
    """Take from the own row what is taken from there: sums, doubles, bytes."""
    own = sheet.values
    if ids:
        if column == "params" and ids == ("P1",) and (row, "weights") in own:
            return own[row, "weights"]
        return value
    if column == "params" and (row, "weights") in own:
        weights, biases = own[row, "weights"], own[row, "biases"]
        assert isinstance(weights, int)
        assert isinstance(biases, int)
        return weights + biases
    if column == "flops" and (row, "macs") in own and not any(f.name == "F1" for f in faults):
        macs = own[row, "macs"]
        assert isinstance(macs, int)
        return 2 * macs
    if column == "memory" and (row, "units") in own:
        units = own[row, "units"]
        assert isinstance(units, int)
        return 4 * units
    return value


def _slip(
    rng: Random,
    table: Table,
    at: tuple[str, str],
    entering: tuple[Volume, ...],
    made: Volume | None,
    value: Value,
    *,
    rounds: bool,
) -> Value:
    """Get a cell wrong in no known way, as far as a rounded answer tells."""
    row, column = at
    known = known_values(table, row, column, entering, made)
    right = table.cell(row, column, _key_of(table, row))
    known = {**known, **known_values(table, row, column, _key_of(table, row), None)}
    for _ in range(200):
        if isinstance(value, tuple):
            side, channels = value
            if side and rng.random() < 0.8:
                side = max(1, int(side) + rng.choice((-7, -6, -4, -3, -2, 2, 3, 4, 6, 9)))
            else:
                channels = max(1, channels + rng.choice((-32, -10, 10, 30, 64)))
            other: Value = (side, channels)
        else:
            assert isinstance(value, int)
            digits = list(str(max(value, 7)))
            place = rng.randrange(len(digits))
            digits[place] = rng.choice("123456789")
            if len(digits) > 1 and rng.random() < 0.3:
                del digits[place]
            other = int("".join(digits)) or 3
        taken = {*known, right, value}
        if other in taken or (rounds and any(_alike(other, number) for number in taken)):
            continue
        return other
    raise AssertionError(f"no slip for {at}")


def _alike(first: Value, second: Value) -> bool:
    """Tell whether two numbers may be the same in three digits."""
    return (
        isinstance(first, int)
        and isinstance(second, int)
        and 100 * abs(first - second) <= 2 * first
    )


def _key_of(table: Table, row: str) -> tuple[Volume, ...]:
    return tuple(table.key[name] for name in table.sources(row))


@cache
def known_values(
    table: Table, row: str, column: str, entering: tuple[Volume, ...], made: Volume | None
) -> dict[Value, frozenset[frozenset[str]]]:
    """Return what mistakes, alone and in twos, give in a cell; what is right is left out."""
    collected: dict[Value, set[frozenset[str]]] = {}
    right = table.cell(row, column, entering, made)
    whole = row == TOTAL
    for ids in rules.tried(column, total=whole):
        for variant in range(rules.VARIANTS if {*ids} & _MANY else 1):
            value = table.cell(row, column, entering, made, ids, variant)
            if value is not None and value != right:
                collected.setdefault(value, set()).add(frozenset(ids))
    return {value: frozenset(names) for value, names in collected.items()}


def _kept(table: Table, name: str, column: str, faults: tuple[Fault, ...]) -> bool:
    """Tell whether a convention is kept in every row where it shows."""
    fault = next(fault for fault in faults if (fault.name, fault.column) == (name, column))
    return not any(
        _shows(table, row, fault.column, name)
        for place, row in enumerate(table.rows)
        if not fault.at(place)
    )


_MANY = {"P4", "P18", "P24", "S18", "F14"}


def _totals(
    sheet: Sheet,
    table: Table,
    columns: tuple[str, ...],
    faults: tuple[Fault, ...],
    blanks: set[tuple[str, str]],
) -> None:
    """Add the own columns up; where something is missing there is no sum."""
    of_total = [f.name for f in faults if f.name in rules.OF_TOTAL]
    for column in columns:
        own = [sheet.values.get((row, column)) for row in table.rows]
        missing = any((row, column) in blanks for row in table.rows)
        if column not in SUMS or missing or not all(isinstance(n, int) for n in own):
            continue
        value = sum(n for n in own if isinstance(n, int))
        if column == "params" and of_total and value == table.total(column):
            value = table.total(column, (of_total[0],))
            sheet.made[TOTAL, column] = (of_total[0],), 0
        sheet.values[TOTAL, column] = value


def _written(at: tuple[str, str], value: Value, how: Style, work: str) -> Written:
    if isinstance(value, tuple):
        return notation.volume(value, how.volume, how.vector)
    assert isinstance(value, int)
    return notation.number(value, how.number, work, marked=how.file == "table.md")


def _intents(
    table: Table,
    columns: tuple[str, ...],
    sheet: Sheet,
    written: dict[tuple[str, str], Written],
    how: Style,
    faults: tuple[Fault, ...],
    *,
    total: bool,
) -> dict[tuple[str, str], Intent]:
    """Say what is meant by every cell."""
    from tests.homework.diagnosis.simulated.follow import Follow

    stated = {row: answer.value for (row, column), answer in written.items() if column == "output"}
    follow = Follow(table, columns, stated, written)  # type: ignore[arg-type]
    collected = {}
    for row in (*table.rows, *((TOTAL,) if total else ())):
        for column in columns:
            at = (row, column)
            if row == TOTAL and column not in SUMS:
                continue
            if at not in written:
                collected[at] = Intent("blank")
            else:
                collected[at] = _intent(at, written[at], follow, sheet, how, faults)
    return {at: _seen(table, at, answer, collected) for at, answer in collected.items()}


def _seen(
    table: Table, at: tuple[str, str], intent: Intent, cells: dict[tuple[str, str], Intent]
) -> Intent:
    """Call a convention a mistake where fewer than half of the cells that would show it do.

    The others slipped; nobody who reads the sheet can tell that it was kept.
    """
    if intent.kind != "convention" or at[0] == TOTAL or intent.ids == ("S21",):
        return intent
    shown = [
        row
        for row in table.rows
        if cells[row, at[1]].kind != "blank" and _shows(table, row, at[1], intent.ids[0])
    ]
    kept = [row for row in shown if intent.ids[0] in cells[row, at[1]].ids]
    return intent if 2 * len(kept) >= len(shown) else intent._replace(kind="mistake")


def _shows(table: Table, row: str, column: str, name: str) -> bool:
    """Tell whether a mistake shows in a cell, by the key."""
    known = known_values(table, row, column, _key_of(table, row), None)
    return any(frozenset((name,)) in sets for sets in known.values())


def _intent(
    at: tuple[str, str],
    answer: Written,
    follow: object,
    sheet: Sheet,
    how: Style,
    faults: tuple[Fault, ...],
) -> Intent:
    from tests.homework.diagnosis.simulated.follow import Follow

    assert isinstance(follow, Follow)
    if follow.right(at, answer):
        first = how.volume == "first" and isinstance(answer.value, tuple) and answer.value[0]
        if first and answer.value[0] != answer.value[1]:  # type: ignore[index]
            return Intent("convention", ("S21",))
        return Intent("right" if answer.plain else "notation")
    credit = follow.credit(at, answer)
    if credit is not None:
        return Intent(credit)
    if at in sheet.made and at not in sheet.slipped:
        ids, variant = sheet.made[at]
        names = follow.effective(at, answer, ids, variant)
        kept = all(
            name in rules.CONVENTIONS and _kept(follow.table, name, at[1], faults) for name in names
        )
        kind = "convention" if kept else "mistake"
        return Intent(kind, names, follow.rivals(at, answer, names))
    assert at in sheet.slipped, f"{at} is {answer.text} for no reason"
    return Intent("slip")
