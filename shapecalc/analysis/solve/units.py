"""Bytes in a question: what a number with a B is compared with.

A B makes a quantity that takes memory bytes: `peak <= 512KB` asks for the bytes of the peak, at the
types and the batch of the question.  What is no memory, and what was multiplied by hand, is
refused, since no one can know in what it was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from shapecalc.analysis.solve.question import ByteCount, WrittenShape
from shapecalc.counting import MEASURES, SHORT
from shapecalc.counting.storage import BITS
from shapecalc.layers.shape import SIDE_NAMES
from shapecalc.output.columns import BY_WORD, COLUMNS, types_text

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from shapecalc.analysis.solve.question import Question, QuestionCondition, Side
    from shapecalc.output.view import View
    from shapecalc.spec.expression import Parsed

#: What has a name of its own in bytes, of a network; of a layer only its activations do.
_NAMED = {
    "peak_activations": "peak_memory",
    "kv_cache": "kv_cache_memory",
    "params": "parameter_memory",
    "activations": "memory",
}
#: What is stored as activations are.
_ACTIVE = ("activations", "units", "live", "peak_activations", "kv_cache")
#: What is stored, whose billions are often written with a B.
_STORED = ("params", "weights", "biases", "trainable", "frozen")
#: Sizes of a volume.
EXTENTS = {"channels", *(word for words in SIDE_NAMES.values() for word in words)}
#: Bytes that are columns alone.
MOVED = {column.key for column in COLUMNS if column.kind.name == "bytes"} - MEASURES.keys()
#: What joins bytes with bytes.
_JOINING = ("+", "-", "min", "max", "negative")


def byte_counts(condition: QuestionCondition) -> Iterator[ByteCount]:
    """Yield the numbers of bytes in a condition."""
    for side in (condition.left, condition.right):
        if not isinstance(side, WrittenShape):
            yield from _bytes_of(side)


def _bytes_of(tree: Parsed) -> Iterator[ByteCount]:
    if isinstance(tree, ByteCount):
        yield tree
    elif isinstance(tree, tuple):
        for part in tree[1]:
            yield from _bytes_of(part)


def key_of(name: str) -> str:
    """Return which measure a name of a question asks for, "" where it asks for none."""
    word = name.replace("'", "").lower().rpartition(".")[2]
    word = SHORT.get(word, word)
    column = BY_WORD.get(word)
    return column.key if column is not None else word if word in MEASURES else ""


def is_memory(name: str) -> bool:
    """Tell whether a name of a question asks for bytes."""
    key = key_of(name)
    return MEASURES[key].kind == "bytes" if key in MEASURES else key in MOVED


def label(name: str) -> str:
    """Name what a name asks for in bytes.

    >>> label("peak"), label("conv1.params"), label("flash")
    ('peak_memory', 'conv1.params in bytes', 'flash')
    """
    if is_memory(name):
        return name
    named = _NAMED.get(key_of(name))
    return named if named is not None and "." not in name else f"{name} in bytes"


def in_bytes(
    condition: QuestionCondition, question: Question, view: View, symbols: Container[str]
) -> QuestionCondition:
    """Put bytes in the place of what takes memory.  Raises `SpecErrors` (E343) for what does not.

    `symbols` are the names that stand for sizes and constants.
    """
    work = _Bytes(condition, question, view, symbols)
    return condition._replace(left=work.side(condition.left), right=work.side(condition.right))


def must_be_alike(
    condition: QuestionCondition, question: Question, symbols: Container[str]
) -> None:
    """Refuse to compare bytes with a count, both by names (E343)."""
    sides = (condition.left, condition.right)
    names = [name for s in sides if not isinstance(s, WrittenShape) for name in _joined(s)]
    memory = next(filter(is_memory, names), None)
    for name in names:
        counts = key_of(name) in MEASURES and name not in symbols and not is_memory(name)
        if memory is not None and counts and not any(byte_counts(condition)):
            hint = f"ask for {label(name)}" if key_of(name) in _NAMED else "compare like with like"
            span = question.places.get(name, condition.span)
            question.refuse("E343", f"'{memory}' is bytes, but '{name}' is a count", span, hint)


def _joined(tree: Parsed) -> Iterator[str]:
    """Yield the names that stand by themselves, not multiplied."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, tuple) and tree[0] in _JOINING:
        for part in tree[1]:
            yield from _joined(part)


class _Bytes:
    """The reading of one condition with bytes in it."""

    def __init__(
        self,
        condition: QuestionCondition,
        question: Question,
        view: View,
        symbols: Container[str],
    ) -> None:
        self.number = next(byte_counts(condition))
        self.condition, self.question, self.view, self.symbols = condition, question, view, symbols

    def side(self, side: Side) -> Side:
        if isinstance(side, WrittenShape):
            self.refuse(
                "a volume is no number of bytes", "compare its memory: conv1.memory <= 16KB"
            )
        return self.tree(side)

    def tree(self, tree: Parsed) -> Parsed:
        """Return a tree of bytes."""
        if isinstance(tree, int):
            return tree
        if isinstance(tree, str):
            return self.name(tree)
        operator, parts = tree
        if operator in _JOINING:
            return operator, tuple(map(self.tree, parts))
        for name in _names(tree):
            if not is_memory(name) and name not in self.symbols:
                message = f"'{name}' is a count, and multiplied it may be bytes or not"
                hint = f"ask for {label(name)} by itself, or drop the B: {self.plain}"
                if key_of(name) not in _NAMED:
                    hint = f"drop the B: {self.plain}"
                self.refuse(message, hint)
        return tree

    def name(self, name: str) -> Parsed:
        """Return the bytes of what a name asks for."""
        if name in self.symbols or name.lower().rpartition(".")[2] in EXTENTS:
            self.refuse(f"'{name}' is a size or a constant, no memory", f"write {self.plain}")
        if is_memory(name):
            return name
        key, types = key_of(name), self.view.types
        before = name[: len(name) - len(name.rpartition(".")[2])]
        if key in _STORED and self.number.unit == "B":
            billions = f"{self.plain}G"
            hint = f"name the bytes (parameter_memory, flash), or write {billions} for billions"
            self.refuse(f"'{name}' is often said in billions, whose letter here is G", hint)
        if key in _STORED and types.packs("weights", "biases", "buffers"):
            return self.packed(name, key, before)
        if key == "params":
            weights, biases = f"{before}weights", f"{before}biases"
            return "+", (_times(weights, types.weights), _times(biases, types.biases))
        if key in ("weights", "biases", "buffers"):
            return _times(name, getattr(types, key))
        if key in ("trainable", "frozen") and types.weights == types.biases:
            return _times(name, types.weights)
        if key in _ACTIVE:
            return _times(name, types.activations, self.view.batch)
        if key in ("", "output", "input"):
            own = name.replace("'", "").lower()
            layer = before.rstrip(".") if own.endswith((".output", ".input")) else name
            relation = f"{self.condition.relation} {self.number.written}"
            hint = f"compare its memory: {layer}.memory {relation}"
            self.refuse(f"'{name}' is a volume, no number of bytes", hint)
        billions = f", or {self.plain}G for billions" if self.number.unit == "B" else ""
        return self.refuse(f"'{name}' counts, and takes no memory", f"write {self.plain}{billions}")

    def packed(self, name: str, key: str, before: str) -> Parsed:
        """Return the bytes of parameters whose arrays are packed, which only the network has."""
        if key == "params" and not before:
            return "parameter_memory"
        kinds = types_text(self.view.types)
        hint = f"name the network's bytes (parameter_memory, flash), or write {self.plain}"
        return self.refuse(f"of '{name}' no count tells the bytes ({kinds})", hint)

    @property
    def plain(self) -> str:
        """The condition without the B."""
        return self.condition.text.replace(
            self.number.written, self.number.written.removesuffix("B")
        )

    def refuse(self, message: str, hint: str) -> NoReturn:
        """Complain about the number of bytes."""
        self.question.refuse(
            "E343", f"{self.number.written} is bytes: {message}", self.number.span, hint
        )


def _times(name: str, dtype: str, batch: int = 1) -> Parsed:
    return "*", (name, BITS[dtype] // 8 * batch)


def _names(tree: Parsed) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, tuple):
        for part in tree[1]:
            yield from _names(part)


def remarks(question: Question, view: View) -> Iterator[str]:
    """Say what was read as bytes, what its unit is, and by which types memory is counted."""
    read: dict[str, None] = {}
    numbers: dict[str, ByteCount] = {}
    for condition in question.conditions:
        sides = (condition.left, condition.right)
        names = [name for s in sides if not isinstance(s, WrittenShape) for name in _names(s)]
        counts = list(byte_counts(condition))
        numbers |= {number.written: number for number in counts}
        if counts:
            read |= dict.fromkeys(name for name in names if not is_memory(name))
    counted = bool(read) or any(map(is_memory, question.places))
    for name in read:
        if key_of(name):
            yield f"The B makes {name} a number of bytes: {label(name)}."
    for number in numbers.values():
        if other := _other(number):
            yield f"{number.written} is {int(number):,} bytes; {other}."
    yield from view.idle(counts_bytes=counted)
    if counted:
        batch = f", a batch of {view.batch:,}" if view.batch > 1 else ", one example"
        yield f"Memory: {types_text(view.types)}{batch}."


def _other(number: ByteCount) -> str:
    """Say what the unit's like of the other power would be; "" of plain bytes."""
    power = "KMGT".find(number.unit[:1].upper()) + 1
    if not power:
        return ""
    binary = number.unit.endswith("iB")
    own, other = (1024**power, 1000**power) if binary else (1000**power, 1024**power)
    letter = number.unit[0].upper()
    unit = f"{letter}B" if binary else f"{letter}iB"
    return f"{number.unit} is {own:,}, {unit} {other:,}"
