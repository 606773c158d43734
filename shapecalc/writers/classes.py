"""Parts of a network that differ in numbers alone: one class, with these as its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.writers.python_code import (
    Behind,
    CallCode,
    Code,
    Items,
    PairCode,
    SlotCode,
    call,
    filled,
    skeleton,
    slots_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shapecalc.writers.levels import NamedLevel

#: A number that is a known one this many times is written so.
_MOST_TIMES = 16
#: Names that mean something else where parameters stand.
_RESERVED = frozenset(["self", "name", "x", "y", "nn", "torch", "F", "keras", "layers", "ops"])
#: What the channels are called that flow in, and the arguments that most often are these.
IN_CHANNELS = "in_channels"
_INWARD = (IN_CHANNELS, "in_features", "num_features", "num_channels", "normalized_shape")


class Part(NamedTuple):
    """What constructs a part of a network."""

    code: Code


class Statement(NamedTuple):
    """An assignment, or what is returned, with the comment behind it."""

    target: str
    code: Code
    comment: str


class Family:
    """The levels that one class stands for.

    `inits` and `forwards` are the statements of each; `init`, `forward` and `parameters` (with
    their types) those of the class.
    """

    def __init__(
        self,
        first: NamedLevel,
        levels: list[NamedLevel],
        inits: list[list[Statement]],
        forwards: list[list[Statement]],
    ) -> None:
        self.first = first
        self.levels, self.inits, self.forwards = levels, inits, forwards
        self.name = ""
        self.parameters: list[tuple[str, str]] = []
        self.init: list[Statement] = []
        self.forward: list[Statement] = []


def skeletons(*parts: Sequence[Statement]) -> str:
    """Write statements without their literals and comments: what levels of one class agree in."""
    return "\n".join(
        f"{statement.target}={skeleton(statement.code)}" for part in parts for statement in part
    )


def parameters_of(family: Family, known: Sequence[Mapping[str, int]]) -> list[Part]:
    """Find the parameters of a class, and return the call of each level.

    `known` are names for numbers of each level, which parameters are called by where they agree.
    """
    values = [[slot for s in init for slot in slots_of(s.code)] for init in family.inits]
    columns = list(zip(*values, strict=True))
    variables = {name for s in family.inits[0] for name in s.target.split(", ")}
    names = _Parameters(known, _RESERVED | variables)
    words: list[str | None] = []
    for column, place in zip(columns, _places(family.inits[0]), strict=True):
        entries = tuple(slot.value for slot in column)
        differ = any(not _same(entry, entries[0]) for entry in entries)
        words.append(names.expression(entries, column[0].hint, place) if differ else None)
    family.parameters = names.typed()
    filling = iter(words)
    family.init = [
        Statement(s.target, filled(s.code, filling), s.comment)
        for s in comments_joined(family.inits)
    ]
    family.forward = comments_joined(family.forwards)
    calls = []
    for number in range(len(family.levels)):
        given = [(name, SlotCode(column[number], name)) for name, column in names.columns.items()]
        if len(given) > 2:
            first, *others = given
            positional, named = ([first], others) if first[0] == IN_CHANNELS else ([], given)
        else:
            positional, named = given, []
        calls.append(Part(call(family.name, *(slot for _, slot in positional), **dict(named))))
    return calls


def _same(a: object, b: object) -> bool:
    return type(a) is type(b) and a == b


def _places(init: Iterable[Statement]) -> list[str]:
    """Return for every literal the member that it is of."""
    return [s.target.removeprefix("self.") for s in init for _ in slots_of(s.code)]


class _Parameters:
    """The parameters of a class: names with a value for every level."""

    def __init__(self, known: Sequence[Mapping[str, int]], taken: frozenset[str]) -> None:
        self.taken = taken
        shared = [name for name in known[0] if all(name in level for level in known)]
        self.known = {self._free(n): tuple(level[n] for level in known) for n in shared}
        self.columns: dict[str, tuple[object, ...]] = {}
        self.written: dict[tuple[object, ...], str] = {}

    def expression(self, column: tuple[object, ...], hint: str, place: str) -> str:
        """Return what a literal that differs is written as; a new parameter where nothing fits."""
        key = tuple((type(value), value) for value in column)
        if key not in self.written:
            self.written[key] = self._expression(column, hint, place)
        return self.written[key]

    def _expression(self, column: tuple[object, ...], hint: str, place: str) -> str:
        if all(type(value) is int for value in column):
            fields = [name for name in self.known if name != IN_CHANNELS]
            inward = [name for name in self.known if name == IN_CHANNELS]
            for names in (inward, fields) if hint in _INWARD else (fields, inward):
                for name in names:
                    times = _ratio(column, self.known[name])
                    if times:
                        used = self._used(name, self.known[name])
                        return used if times == 1 else f"{times} * {used}"
        name = hint
        if name in self.columns or name in self.known:
            name = f"{place}_{hint}"
        name = self._free(name)
        while name in self.columns or name in self.known:
            name += "_"
        return self._used(name, column)

    def _free(self, name: str) -> str:
        """Return a name that no variable has."""
        while name in self.taken:
            name += "_"
        return name

    def _used(self, name: str, values: tuple[object, ...]) -> str:
        self.columns.setdefault(name, values)
        return name

    def typed(self) -> list[tuple[str, str]]:
        """Return the names with their types, what flows in first."""
        if IN_CHANNELS in self.columns:
            self.columns = {IN_CHANNELS: self.columns[IN_CHANNELS], **self.columns}
        return [(name, _type_of(values)) for name, values in self.columns.items()]


def _ratio(column: tuple[object, ...], values: tuple[int, ...]) -> int:
    """Return the whole number that all are times another column; 0 where there is none."""
    ratios = set()
    for value, base in zip(column, values, strict=True):
        assert isinstance(value, int)
        if base < 1 or value % base:
            return 0
        ratios.add(value // base)
    (times,) = ratios if len(ratios) == 1 else (0,)
    return times if times <= _MOST_TIMES else 0


def _type_of(values: Iterable[object]) -> str:
    names = {
        bool: "bool", int: "int", float: "float", str: "str", tuple: "tuple[int, ...]",
        type(None): "None",
    }  # fmt: skip
    return " | ".join(dict.fromkeys(names[type(value)] for value in values))


def comments_joined(parts: Sequence[Sequence[Statement]]) -> list[Statement]:
    """Keep the comments in which all levels agree."""
    return [
        Statement(
            column[0].target,
            _agreed([statement.code for statement in column]),
            _common([statement.comment for statement in column]),
        )
        for column in zip(*parts, strict=True)
    ]


def _common(comments: Sequence[str]) -> str:
    return comments[0] if len(set(comments)) == 1 else ""


def _agreed(codes: Sequence[Code]) -> Code:
    """Keep the first code, without comments inside that differ."""
    first = codes[0]
    if isinstance(first, Items):
        rows = zip(*(code.items for code in codes if isinstance(code, Items)), strict=True)
        items = tuple(
            (_agreed([code for code, _ in row]), _common([note for _, note in row])) for row in rows
        )
        return first._replace(items=items)
    if isinstance(first, CallCode):
        columns = zip(
            *(code.arguments for code in codes if isinstance(code, CallCode)), strict=True
        )
        arguments = tuple((row[0][0], _agreed([code for _, code in row])) for row in columns)
        notes = zip(*(code.comments for code in codes if isinstance(code, CallCode)), strict=True)
        return CallCode(first.function, arguments, tuple(map(_common, notes)))
    if isinstance(first, PairCode):
        return first._replace(value=_agreed([c.value for c in codes if isinstance(c, PairCode)]))
    if isinstance(first, Behind):
        return first._replace(owner=_agreed([c.owner for c in codes if isinstance(c, Behind)]))
    return first
