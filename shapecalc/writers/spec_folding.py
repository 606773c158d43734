"""What comes again in sequences of pieces: runs become repeats, alike parts blocks with fields."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.layers import BUILTIN
from shapecalc.writers.spec_pieces import Piece

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shapecalc.writers.spec_fields import Value

#: The longest part that is looked for, in pieces, and the most fields that a block has.
_LONGEST = 24
_MOST_FIELDS = 8
#: So many blocks at most; and so many pieces are searched for them.
_MOST_BLOCKS = 12
_MOST_PIECES = 20_000
#: What stands behind a layer rather than before one.
_BEHIND = frozenset(
    ["batchnorm", "dropout", *(w for w, made in BUILTIN.items() if made.term == "activations")]
)
#: A number that is a field this many times is written so.
_MOST_TIMES = 16


class Blueprint(NamedTuple):
    """A block: its fields, with defaults that are not None, and what it holds."""

    name: str
    fields: dict[str, Value]
    body: list[Piece]


class Occurrence(NamedTuple):
    """A place where a part stands: the sequence, and where it begins."""

    sequence: list[Piece]
    start: int


class Folding:
    """A network being folded: the sequence of its pieces, and the blocks.

    `cost` counts the lines that pieces take; `name` chooses the name of a block from what it holds.
    """

    def __init__(
        self,
        pieces: list[Piece],
        cost: Callable[[Sequence[Piece]], int],
        name: Callable[[list[list[Piece]]], str],
    ) -> None:
        self.pieces = pieces
        self.cost = cost
        self.name = name
        self.blocks: list[Blueprint] = []
        self.closed: set[str] = set()
        """The blocks whose layers name each other: nothing in them is folded."""

    def fold(self) -> None:
        """Find repeats and blocks until nothing becomes shorter."""
        self._make_regions_blocks()
        self._fold_runs()
        size = sum(1 for sequence in self._sequences() for _ in sequence)
        while len(self.blocks) < _MOST_BLOCKS and size < _MOST_PIECES and self._make_block():
            self._fold_runs()

    def _sequences(self) -> Iterator[list[Piece]]:
        """Yield all sequences, the outer ones first."""
        waiting = [self.pieces, *(b.body for b in self.blocks if b.name not in self.closed)]
        while waiting:
            sequence = waiting.pop()
            yield sequence
            for piece in sequence:
                waiting += piece.bodies if piece.kind != "region" else []

    # -- runs -----------------------------------------------------------------------------------

    def _fold_runs(self) -> None:
        for sequence in reversed(list(self._sequences())):
            self._fold_runs_of(sequence)
        repeated = {
            piece.bodies[0][0].alike()
            for sequence in self._sequences()
            for piece in sequence
            if piece.kind == "repeat" and len(piece.bodies[0]) == 1
        }
        repeated_two = {
            tuple(p.alike() for p in piece.bodies[0])
            for sequence in self._sequences()
            for piece in sequence
            if piece.kind == "repeat" and len(piece.bodies[0]) == 2
        }
        for sequence in self._sequences():
            self._wrap_singles(sequence, repeated, repeated_two)

    def _wrap_singles(
        self,
        sequence: list[Piece],
        repeated: set[tuple[object, ...]],
        repeated_two: set[tuple[tuple[object, ...], ...]],
    ) -> None:
        """Write what is repeated elsewhere, and stands once, as a repeat of one."""
        if any(sequence is p.bodies[0] for s in self._sequences() for p in s if p.kind == "repeat"):
            return
        at = 0
        while at < len(sequence):
            piece = sequence[at]
            pair = tuple(p.alike() for p in sequence[at : at + 2])
            size = 2 if len(pair) == 2 and pair in repeated_two else 0
            if not size and piece.kind in ("join", "use") and piece.alike() in repeated:
                size = 1
            if size and piece.kind in ("join", "use"):
                sequence[at : at + size] = [_repeat(1, sequence[at : at + size])]
            at += 1

    def _fold_runs_of(self, sequence: list[Piece]) -> None:
        """Make repeats of equal parts that stand one behind the other."""
        keys = [piece.key() for piece in sequence]
        at = 0
        while at < len(sequence):
            best, period, times = 0, 0, 0
            for length in range(1, min(_LONGEST, (len(sequence) - at) // 2) + 1):
                if keys[at] != keys[at + length]:
                    continue
                count = _times(keys, at, length)
                if count < 2 or _begins_late(sequence, keys, at, length, count):
                    continue
                part = sequence[at : at + length]
                gain = count * self.cost(part) - self.cost([_repeat(count, part)])
                if gain > best:
                    best, period, times = gain, length, count
            if best > 1:
                part = sequence[at : at + period]
                made = _repeat(times, part)
                made.nodes = [n for p in sequence[at : at + period * times] for n in p.nodes]
                sequence[at : at + period * times] = [made]
                keys[at : at + period * times] = [made.key()]
            at += 1

    # -- blocks ---------------------------------------------------------------------------------

    def _make_block(self) -> bool:
        """Make a block of the alike parts that save most; tell whether there are any."""
        places: dict[tuple[int, ...], list[Occurrence]] = defaultdict(list)
        for sequence in list(self._sequences()):
            words = [hash(piece.alike()) for piece in sequence]
            for start in range(len(sequence)):
                for length in range(1, min(_LONGEST, len(sequence) - start) + 1):
                    if sequence[start + length - 1].pinned:
                        break
                    key = tuple(words[start : start + length])
                    places[key].append(Occurrence(sequence, start))
        candidates = []
        for key, found_at in places.items():
            apart = _apart(found_at, len(key))
            if len(apart) > 1 and not _whole_body(apart, len(key), self.blocks):
                sequence, start = apart[0]
                lines = self.cost(sequence[start : start + len(key)])
                heading = 2 if self.blocks else 4
                gain = (len(apart) - 1) * lines - len(apart) - heading
                if gain > 0:
                    candidates.append((gain, len(key), apart))
        candidates.sort(key=lambda entry: (-entry[0], -entry[1]))
        return any(self._block(length, apart) for _, length, apart in candidates[:40])

    def _make_regions_blocks(self) -> None:
        """Make blocks of the regions, one of those that are alike."""
        regions: dict[tuple[object, ...], list[Occurrence]] = defaultdict(list)
        for sequence in self._sequences():
            for start, piece in enumerate(sequence):
                if piece.kind == "region":
                    regions[piece.alike()].append(Occurrence(sequence, start))
        for places in regions.values():
            if not self._block(1, places):
                for place in places:
                    self._block(1, [place])

    def _block(self, length: int, places: list[Occurrence]) -> bool:
        """Make a block of parts, unless it would have too many fields."""
        parts = [sequence[start : start + length] for sequence, start in places]
        values = [[v for piece in part for v in piece.values()] for part in parts]
        fields = _Fields()
        words = [fields.word(column, name) for column, name in zip(
            zip(*values, strict=True), _size_names(parts[0]), strict=True
        )]  # fmt: skip
        if len(fields.columns) > _MOST_FIELDS:
            return False
        name = self.name(parts)
        body = [_copied(piece, iter_words) for iter_words in [iter(words)] for piece in parts[0]]
        if body[0].kind == "region":
            self.closed.add(name)
            body = body[0].bodies[0]
        defaults = {field: _default(column) for field, column in fields.columns.items()}
        for number, (sequence, start) in reversed(list(enumerate(places))):
            given = {field: column[number] for field, column in fields.columns.items()}
            shown = {f: v for f, v in given.items() if defaults[f] is None or v != defaults[f]}
            nodes = [node for piece in parts[number] for node in piece.nodes]
            made = Piece("use", name, shown, given, (), nodes)
            sequence[start : start + length] = [made]
        self.blocks.insert(0, Blueprint(name, defaults, body))
        return True


def _times(keys: list[tuple[object, ...]], at: int, length: int) -> int:
    """Count how often a part stands one behind the other; what is pinned is like no other."""
    count = 1
    while (
        at + (count + 1) * length <= len(keys)
        and keys[at : at + length] == keys[at + count * length : at + (count + 1) * length]
    ):
        count += 1
    return count


def _begins_late(
    sequence: list[Piece], keys: list[tuple[object, ...]], at: int, length: int, count: int
) -> bool:
    """Tell whether a run begins with what belongs behind a layer, and the next one does not."""
    if length < 2 or sequence[at].word not in _BEHIND or sequence[at + 1].word in _BEHIND:
        return False
    return _times(keys, at + 1, length) >= count


def _repeat(times: int, part: list[Piece]) -> Piece:
    nodes = [node for piece in part for node in piece.nodes]
    return Piece("repeat", "repeat", {"times": times}, {"times": times}, [list(part)], nodes)


def _apart(places: list[Occurrence], length: int) -> list[Occurrence]:
    """Leave out places that overlap with one before."""
    apart: list[Occurrence] = []
    after: dict[int, int] = {}
    for sequence, start in places:
        if start >= after.get(id(sequence), 0):
            apart.append(Occurrence(sequence, start))
            after[id(sequence)] = start + length
    return apart


def _whole_body(places: list[Occurrence], length: int, blocks: list[Blueprint]) -> bool:
    """Tell whether one of the parts is all that a block holds, or only uses of blocks."""
    bodies = {id(block.body) for block in blocks}
    sequence, start = places[0]
    part = sequence[start : start + length]
    if len(part) == 1 and part[0].kind == "use":
        return True
    return any(id(s) in bodies and len(s) == length for s, _ in places)


def _size_names(part: list[Piece]) -> list[str]:
    return [name for piece in part for leaf in piece.leaves() for name in leaf.sizes]


def _copied(piece: Piece, words: Iterator[Value]) -> Piece:
    """Copy a piece with other sizes, in order."""
    sizes = {name: next(words) for name in piece.sizes}
    fields = dict(piece.fields)
    for name, value in sizes.items():
        if name in fields or value != piece.sizes[name]:
            fields[name] = value
    bodies = [[_copied(inner, words) for inner in body] for body in piece.bodies]
    made = Piece(piece.kind, piece.word, fields, sizes, bodies, piece.nodes)
    made.name, made.sources, made.share, made.pinned = (
        piece.name,
        piece.sources,
        piece.share,
        piece.pinned,
    )
    return made


def is_plain(value: Value) -> bool:
    """Tell a number, sizes or a word of the language from a field of the block around."""
    return (
        not isinstance(value, str) or re.match(r"\d+(x|$)|(same|valid|causal)$", value) is not None
    )


def _default(column: tuple[Value, ...]) -> Value:
    """Return the value that at least half of the uses have."""
    values = Counter(map(repr, column))
    most, count = values.most_common(1)[0]
    value = next(value for value in column if repr(value) == most)
    return None if count < 2 or 2 * count < len(column) or not is_plain(value) else value


class _Fields:
    """The fields of a block: names with a value for every use."""

    def __init__(self) -> None:
        self.columns: dict[str, tuple[Value, ...]] = {}

    def word(self, column: tuple[Value, ...], name: str) -> Value:
        """Return what stands in the block for values: themselves, a field, or a multiple of one."""
        if len({repr(value) for value in column}) == 1 and is_plain(column[0]):
            return column[0]
        for field, values in self.columns.items():
            if list(map(repr, values)) == list(map(repr, column)):
                return field
        if all(type(value) is int for value in column):
            for field, values in self.columns.items():
                text = _multiple(column, field, values)
                if text:
                    return text
        free, number = name, 1
        while free in self.columns:
            number += 1
            free = f"{name}{number}"
        self.columns[free] = column
        return free


def _multiple(column: tuple[Value, ...], field: str, values: tuple[Value, ...]) -> str:
    """Write whole numbers as a multiple or a part of a field, where they all are that."""
    pairs: list[tuple[int, int]] = []
    for value, base in zip(column, values, strict=True):
        if not (isinstance(value, int) and type(base) is int and value > 0 and base > 0):
            break
        pairs.append((value, base))
    else:
        for times in range(2, _MOST_TIMES + 1):
            if all(value == times * base for value, base in pairs):
                return f"{times}*{field}"
            if all(times * value == base for value, base in pairs):
                return f"{field}//{times}"
    whole = [
        (value, base)
        for value, base in zip(column, values, strict=True)
        if isinstance(value, int) and type(base) is int
    ]
    if len(whole) == len(column) and all(v == b // 2 for v, b in whole) and field == "kernel":
        return f"{field}//2"
    return ""
