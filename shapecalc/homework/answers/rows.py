"""Which rows of a network the rows of a student's table mean.

The network's own names win.  What else names a row is its kind with a number (`Convolution layer
1`, `2nd conv`, `P1`), a number through all kinds (LeNet's C1, S2, C3), its extents (`CONV-5-64`),
or its place among rows of one kind.  All rows are looked at at once: what they leave open stays
open, with the rows that may be meant.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from unicodedata import normalize

from shapecalc.homework.assignment.model import computes, find_row, is_total
from shapecalc.layers.conv import Conv
from shapecalc.layers.dense import Dense
from shapecalc.layers.depthwise import Depthwise
from shapecalc.layers.fields import per_side
from shapecalc.layers.globalpool import AdaptivePool, GlobalPool
from shapecalc.layers.pool import Pool
from shapecalc.layers.transposed import Transposed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from shapecalc.report import Row

#: A row of a table: its name there, and how many of that name stand above it.
NamedRow = tuple[str, int]


class Meaning(NamedTuple):
    """The row that is meant; where that is open, those that may be.

    `own`: by the network's own name.
    """

    row: str | None
    may_be: tuple[str, ...] = ()
    own: bool = False


#: Words for kinds of layers, in the languages of classes.
_KINDS = {
    "conv": """conv convolution convolutional convolutions c cl convlayer convolucional convolución
        convolucion faltung faltungsschicht faltungslayer konvolution""",
    "pool": """pool pooling maxpool maxpooling avgpool avgpooling averagepooling subsampling
        subsample downsampling s p mp agrupación agrupamiento submuestreo poolingschicht""",
    "dense": """fc fcl dense linear fully fullyconnected ip innerproduct affine f vollverbunden
        vollverbundene vollständig densa totalmente completamente""",
    "transposed": "deconv deconvolution convtranspose transposed upconv",
    "other": """relu activation softmax sigmoid tanh aktivierung activación input eingabe entrada
        dropout flatten norm lrn bn batchnorm batchnormalization normalization data image bild
        imagen reshape""",
}
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words.split()}
#: Words that say nothing about which row is meant.
_IDLE_WORDS = """layer layers no nr number the max avg average mean connected connect conectada
    schicht lage capa de couche verbundene verbunden d bias and with und mit y con l x"""
_IDLE = frozenset(_IDLE_WORDS.split())
_ORDINALS = {
    word: at
    for at, words in enumerate(
        (
            "first erste erster primera primer", "second zweite zweiter segunda segundo",
            "third dritte dritter tercera tercer", "fourth vierte cuarta cuarto",
            "fifth fünfte quinta quinto", "sixth sechste sexta sexto", "seventh siebte séptima",
            "eighth achte octava", "ninth neunte novena", "tenth zehnte décima",
        ),
        start=1,
    )
    for word in words.split()
}  # fmt: skip
_LAST = frozenset({"output", "output layer", "out", "ausgabe", "ausgabeschicht", "salida",
                   "capa de salida"})  # fmt: skip
_DIMENSIONS = re.compile(r"(?<=[a-z])[ _]?[123]d(?![a-z])")
_TOKEN = re.compile(r"[^\W\d_]+|\d+")


class Described(NamedTuple):
    """What a name says: the kind of the layer, if one, and numbers.

    `numbered`: the word for a layer stands with a number only.
    """

    kind: str = ""
    numbers: tuple[int, ...] = ()
    numbered: bool = False


def described(word: str) -> Described | None:
    """Read a name as a description; None where it has words that are none.

    >>> described("Convolution Layer 1"), described("1st conv").kind, described("CONV-5-64").numbers
    (Described(kind='conv', numbers=(1,), numbered=False), 'conv', (5, 64))
    >>> described("Conv1 + ReLU").numbers, described("Layer 3").numbered, described("inception 3a")
    ((1,), True, None)
    """
    text = normalize("NFKC", word[:200]).casefold()
    inside = re.search(r"\(([^()]*)\)", text)
    text = re.sub(r"\([^()]*\)", " ", text)
    parts = [_one(part) for part in re.split(r"[+&,]|->|→", text) if part.strip()]
    cls = _one(inside[1]) if inside is not None else None  # Keras: my_name (Conv2D)
    kind = cls.kind if cls is not None else ""
    if not parts or None in parts:
        return Described(kind) if kind else None
    known = [part for part in parts if part is not None]
    first = next((part for part in known if part.kind != "other"), known[0])
    if not first.kind and not first.numbered:
        first = first._replace(kind=kind)
    return first if first.kind or first.numbered else None


def _one(text: str) -> Described | None:
    """Read a part of a name."""
    text = re.sub(r"(\d)\s*(?:st|nd|rd|th|\.|[ªº])(?![a-z0-9])", r"\1", text)
    kind, numbers, numbered = "", [], False
    for word in _TOKEN.findall(_DIMENSIONS.sub(" ", text.replace("fully-connected", "fc"))):
        if word.isdigit():
            numbers.append(int(word[:9]))
        elif word in _ORDINALS:
            numbers.append(_ORDINALS[word])
        elif word in _KIND_OF:
            if kind in ("", "other"):
                kind = _KIND_OF[word]
            if word == "transposed":
                kind = word
        elif word not in _IDLE:
            return None
        numbered = numbered or word in ("layer", "schicht", "capa", "couche", "l")
    bare = text.strip(" #.:").isdigit()
    return Described(kind, tuple(numbers), bool(numbers) and not kind and (numbered or bare))


#: What the rows of a table say, by row.
_Readings: TypeAlias = "Mapping[NamedRow, Described | None]"


def kind_of(row: Row) -> str:
    """Return the kind of a row's layer, as a description has it; nothing for a block."""
    kinds = (
        (Transposed, "transposed"),
        ((Conv, Depthwise), "conv"),
        ((Pool, GlobalPool, AdaptivePool), "pool"),
        (Dense, "dense"),
    )
    matching = (kind for classes, kind in kinds if isinstance(row.layer, classes))
    return next(matching, "" if row.layer is None or row.members else "other")


class _Rows(NamedTuple):
    """The rows that may be meant: all of the network, in order, and those that are asked."""

    all: Mapping[str, Row]
    asked: tuple[str, ...]

    def of(self, kind: str) -> list[str]:
        """Return the rows of a kind, in the network's order."""
        return [name for name, row in self.all.items() if kind_of(row) == kind]


def meanings(
    table: Sequence[NamedRow],
    asked: Iterable[str],
    rows: Mapping[str, Row],
    leaves: Mapping[str, Row],
) -> dict[NamedRow, Meaning]:
    """Find out which row of a network every row of a table means.

    `asked` are the rows of the sheet, `rows` all that can be asked about, and `leaves` the layers
    by themselves.
    """
    asked = tuple(asked)
    names = (*asked, *(name for name in rows if name not in asked))
    own = {named: find_row(named[0], asked) or find_row(named[0], names) for named in table}
    repeated = {word for word, at in table if at}
    known = _Rows(leaves, tuple(name for name in asked if not is_total(name)))
    described_as = {named: described(named[0]) for named in table}
    joined = _joined(table, own, described_as, known)
    own.update(dict.fromkeys(joined))
    result = {named: Meaning(name, own=name is not None) for named, name in own.items()}
    through = _numbered_through(table, described_as, leaves)
    if through is not None:
        for named, row in through.items():
            if own[named] is None:
                result[named] = Meaning(row)
            elif own[named] != row and any(own[other] is None for other in through):
                result[named] = Meaning(None, (str(own[named]), row))
    else:
        result |= _as_keras(table, result, described_as, known)
        for kind in dict.fromkeys(what.kind for what in described_as.values() if what is not None):
            members = [
                named for named in table if (what := described_as[named]) and what.kind == kind
            ]
            result |= _members(members, result, described_as, known, repeated)
        result |= _by_letters(table, result, described_as, known)
    for named, may_be in joined.items():
        if result[named].row is None and may_be:
            result[named] = Meaning(None, may_be)
    _last(table, result, known)
    return _with_doubts(_once(result), described_as, known, rows)


def _members(
    members: Sequence[NamedRow],
    result: Mapping[NamedRow, Meaning],
    described_as: _Readings,
    known: _Rows,
    repeated: set[str],
) -> dict[NamedRow, Meaning]:
    """Find out what the rows of one kind mean."""
    kind = next(what.kind for named in members if (what := described_as[named]) is not None)
    open_ = [named for named in members if result[named].row is None or named[0] in repeated]
    taken = {meaning.row for named, meaning in result.items() if named not in open_ and meaning.row}
    made = {
        named: Meaning(row)
        for named, row in (_of_kind(open_, described_as, known, kind, taken) or {}).items()
    }
    for named in open_:
        what = described_as[named]
        if named not in made and result[named].own and what is not None:
            fitting = [name for name in known.of(kind) if _has(known.all[name], what.numbers)]
            if len(fitting) > 1:  # POOL-2 several times: its number is the kernel of them all
                made[named] = Meaning(None, tuple(fitting))
    numbers = [what.numbers for named in members if (what := described_as[named]) is not None]
    ordinals = _by_ordinals(numbers, known.of(kind))
    if ordinals is not None and any(not result[named].own for named in members):
        for named, row in zip(members, ordinals, strict=True):
            own = made.get(named, result[named])
            if own.row is not None and own.row != row and (own.own or _from_zero(numbers)):
                made[named] = Meaning(None, (own.row, row))
    return made


def _from_zero(numbers: Sequence[tuple[int, ...]]) -> bool:
    """Tell whether numbers are 0, 1, 2, ...: what stands for 0 is the first, or a strange one."""
    return list(numbers) == [(at,) for at in range(len(numbers))]


#: Names that a program gives: Keras counts kind by kind, PyTorch's summaries through all layers.
_COUNTED_BY_PROGRAM = re.compile(
    r"(?:(?:conv|max_pooling|average_pooling)[123]d|dense)_\d+(?: ?\(.*)?"
    r"|(?:conv[123]d|maxpool[123]d|avgpool[123]d|linear)(?:-|: ?)[\d-]+"
)
_KERAS = re.compile(r"((?:conv|max_pooling|average_pooling)[123]d|dense)(?:_(\d+))?(?: ?\(.*)?")


def _as_keras(
    table: Sequence[NamedRow],
    result: Mapping[NamedRow, Meaning],
    described_as: _Readings,
    known: _Rows,
) -> dict[NamedRow, Meaning]:
    """Match names as Keras gives them: the first of a kind without a number, the second with 1."""
    matches = {
        named: match
        for named in table
        if result[named].row is None and (match := _KERAS.fullmatch(named[0].strip().casefold()))
    }
    if {match[2] is None for match in matches.values()} != {True, False}:
        return {}
    made = {}
    for named, match in matches.items():
        what = described_as[named]
        every = known.of(what.kind) if what is not None else []
        at = int(match[2] or 0)
        if at < len(every):
            made[named] = Meaning(every[at])
    return made


_LETTER = re.compile(r"[cpsf]\W*(\d{1,3})", re.IGNORECASE)


def _by_letters(
    table: Sequence[NamedRow],
    result: Mapping[NamedRow, Meaning],
    described_as: _Readings,
    known: _Rows,
) -> dict[NamedRow, Meaning]:
    """Match some of LeNet's C1, S2, C3 by position, where they are not numbered kind by kind.

    What may be numbered either way stays open.
    """
    letters = {
        named: int(match[1])
        for named in table
        if not result[named].own and (match := _LETTER.fullmatch(named[0].strip()))
    }
    names = [name for name, row in known.all.items() if computes(row) and kind_of(row) != "other"]
    positions = list(letters.values())
    rising = all(a < b for a, b in pairwise(positions))
    if not letters or not rising or positions[-1] > len(names) or not positions[0]:
        return {}
    by_position = {named: names[at - 1] for named, at in letters.items()}
    kinds = {named: what.kind for named in letters if (what := described_as[named]) is not None}
    if any(kinds[named] != kind_of(known.all[row]) for named, row in by_position.items()):
        return {}
    numbers = [(kinds[named], at) for named, at in letters.items()]
    if len(set(kinds.values())) > 1 and _beyond_kinds(numbers, known.all):
        return {named: Meaning(row) for named, row in by_position.items()}
    return {
        named: Meaning(None, (counted, row))
        for named, row in by_position.items()
        if (counted := result[named].row) is not None and counted != row
    }


def _once(result: dict[NamedRow, Meaning]) -> dict[NamedRow, Meaning]:
    """Leave open what two names mean, unless it is the own name of both."""
    meant = [meaning.row for meaning in result.values()]
    return {
        named: Meaning(None, (meaning.row,))
        if meaning.row is not None and not meaning.own and meant.count(meaning.row) > 1
        else meaning
        for named, meaning in result.items()
    }


def _joined(
    table: Sequence[NamedRow],
    own: Mapping[NamedRow, str | None],
    described_as: _Readings,
    known: _Rows,
) -> dict[NamedRow, tuple[str, ...]]:
    """List names that are a network's own only with their digits joined, and what they may mean.

    `Conv 12` is VGG's conv1_2 beside `Conv 21`, and its twelfth beside `Conv 10`; alone it is open.
    """
    digits: dict[NamedRow, int] = {}
    for named in table:
        what, row = described_as[named], own[named]
        if what is None or row is None or not what.kind or len(what.numbers) != 1:
            continue
        if what.numbers != tuple(map(int, re.findall(r"\d+", row.rpartition("/")[2]))):
            digits[named] = what.numbers[0]
    kinds = {named: what.kind for named in digits if (what := described_as[named]) is not None}
    strange = {what.kind for named in table if own[named] is None and (what := described_as[named])}
    beyond = {kinds[named] for named, at in digits.items() if at > len(known.of(kinds[named]))}
    return {
        named: (str(own[named]), known.of(kinds[named])[at - 1])
        if kinds[named] not in strange
        else ()
        for named, at in digits.items()
        if at and kinds[named] not in beyond
    }


def _numbered_through(
    table: Sequence[NamedRow],
    described_as: Mapping[NamedRow, Described | None],
    leaves: Mapping[str, Row],
) -> dict[NamedRow, str] | None:
    """Match names that are numbered through all kinds, as C1, S2, C3, or `Layer 1`, by position."""
    numbered = [
        (named, what)
        for named in table
        if (what := described_as[named]) is not None and len(what.numbers) == 1
        and (what.kind in ("conv", "pool", "dense") or what.numbered)
    ]  # fmt: skip
    kinds = {what.kind for _, what in numbered}
    if [what.numbers[0] for _, what in numbered] != list(range(1, len(numbered) + 1)):
        return None
    names = [name for name, row in leaves.items() if computes(row)]
    if kinds == {""}:
        others = [
            named for named in table if not is_total(named[0]) and described_as[named] is None
        ]
        if len(numbered) != len(names) or others:
            return None
    elif len(kinds) < 2 or "" in kinds or not _goes_through(numbered, leaves):
        return None
    if kinds != {""}:
        names = [name for name in names if kind_of(leaves[name]) != "other"]
    pairs = [(named, what, name) for (named, what), name in zip(numbered, names, strict=False)]
    if len(pairs) < len(numbered):
        return None
    if any(what.kind and what.kind != kind_of(leaves[name]) for _, what, name in pairs):
        return None
    return {named: name for named, _, name in pairs}


def _goes_through(
    numbered: Sequence[tuple[NamedRow, Described]], leaves: Mapping[str, Row]
) -> bool:
    """Tell whether numbers cannot be those of every kind by itself, or are LeNet's letters."""
    letters = all(_LETTER.fullmatch(named[0].strip()) for named, _ in numbered)
    return (letters and len(numbered) > 2) or _beyond_kinds(
        [(what.kind, what.numbers[0]) for _, what in numbered], leaves
    )


def _beyond_kinds(numbers: Iterable[tuple[str, int]], leaves: Mapping[str, Row]) -> bool:
    """Tell whether a number is beyond the rows of its kind."""
    counts = Counter(map(kind_of, leaves.values()))
    return any(number > counts[kind] for kind, number in numbers)


def _of_kind(
    members: Sequence[NamedRow],
    described_as: Mapping[NamedRow, Described | None],
    known: _Rows,
    kind: str,
    taken: set[str],
) -> dict[NamedRow, str] | None:
    """Match names of one kind by their numbers: those in names, ordinals, extents, or the order."""
    numbers = [what.numbers for named in members if (what := described_as[named]) is not None]
    every = known.of(kind)
    free = [name for name in every if name in known.asked and name not in taken]
    if not members or not kind:
        return None
    ways: tuple[Callable[[], list[str] | None], ...] = (
        lambda: _by_own_numbers(numbers, every),
        lambda: _by_ordinals(numbers, every),
        lambda: _by_extents(numbers, every, free, known),
        lambda: _by_order(numbers, free),
    )
    if all(_COUNTED_BY_PROGRAM.fullmatch(word.strip().casefold()) for word, _ in members):
        ways = ways[1], ways[3]  # its numbers are none of the network's
    for way in ways:
        rows = way()
        if rows is None or len(set(rows)) < len(rows) or taken.intersection(rows):
            continue
        if set(rows) - set(known.asked) and set(free) - set(rows):
            return None  # a row that is asked may be meant by what is not
        return dict(zip(members, rows, strict=True))
    return None


def _by_own_numbers(numbers: Sequence[tuple[int, ...]], every: Sequence[str]) -> list[str] | None:
    """Match by the numbers in the network's own names."""
    own: dict[tuple[int, ...], list[str]] = {}
    for name in every:
        own.setdefault(tuple(map(int, re.findall(r"\d+", name.rpartition("/")[2]))), []).append(
            name
        )
    rows = [own.get(number, []) if number else [] for number in numbers]
    return [row[0] for row in rows] if all(len(row) == 1 for row in rows) else None


def _by_ordinals(numbers: Sequence[tuple[int, ...]], every: Sequence[str]) -> list[str] | None:
    """Match by the place among the rows of a kind: 1, 2, 3, or as Keras counts: none, 1, 2."""
    flat = [number[0] if len(number) == 1 else 0 if not number else -1 for number in numbers]
    if len(flat) > 1 and flat == list(range(len(flat))):
        flat = [at + 1 for at in flat]
    if flat != list(range(1, len(flat) + 1)) or len(flat) > len(every):
        return None
    return list(every[: len(flat)])


def _by_extents(
    numbers: Sequence[tuple[int, ...]], every: Sequence[str], free: Sequence[str], known: _Rows
) -> list[str] | None:
    """Match names that give the extents of their layers, in order and by count.

    A single number that may be a place among the rows of a kind is no extent for certain.
    """
    places = {number[0] for number in numbers if len(number) == 1}
    if len(places) == len(numbers) and max(places) <= len(every):
        return None
    left = {number: [name for name in free if _has(known.all[name], number)] for number in numbers}
    if not all(number and len(left[number]) == numbers.count(number) for number in left):
        return None
    return [left[number].pop(0) for number in numbers]


def _has(row: Row, numbers: tuple[int, ...]) -> bool:
    """Tell whether numbers are a row's kernel, and its filters or units, or one of them."""
    kernel = getattr(row.layer, "kernel", None)
    sides = tuple(per_side(kernel, len(row.inputs[0].sides), "kernel")) if kernel else ()
    kernels = {(), sides, *((sides[:1],) if len(set(sides)) == 1 else ())}
    ends = {()} if kind_of(row) == "pool" else {(), (row.output.channels,)}
    return numbers in {side + end for side in kernels for end in ends if side + end}


def _by_order(numbers: Sequence[tuple[int, ...]], free: Sequence[str]) -> list[str] | None:
    """Match by order as many as are asked, with rising numbers or none."""
    rising = all(a < b for a, b in pairwise(numbers))
    if len(numbers) != len(free) or not (rising or not any(numbers)):
        return None
    return list(free)


def _last(table: Sequence[NamedRow], result: dict[NamedRow, Meaning], known: _Rows) -> None:
    """Take a last row called the output for the last one asked, where nothing else means that."""
    named = [named for named in table if not is_total(named[0])]
    taken = {meaning.row for meaning in result.values()}
    if not named or not known.asked or result[named[-1]].row is not None:
        return
    word, last = " ".join(re.findall(r"\w+", named[-1][0].casefold())), known.asked[-1]
    if word in _LAST and last not in taken:
        result[named[-1]] = Meaning(last)


def _with_doubts(
    result: dict[NamedRow, Meaning],
    described_as: Mapping[NamedRow, Described | None],
    known: _Rows,
    rows: Mapping[str, Row],
) -> dict[NamedRow, Meaning]:
    """Say of what is open which rows may be meant: those of its kind that nothing else means."""
    taken = {meaning.row for meaning in result.values()}
    free = [name for name in known.asked if name not in taken]
    for named, meaning in result.items():
        if meaning.row is None and not meaning.may_be and not is_total(named[0]):
            what = described_as[named]
            kind = what.kind if what is not None else ""
            may_be = tuple(name for name in free if kind in ("", kind_of(rows[name])))
            result[named] = Meaning(None, may_be)
    return result
