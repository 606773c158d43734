"""Sizes that a file leaves open: those that `--input` gives, and letters for the others.

A file is followed with an example of each, which remembers the formula that it is an example of; so
do all sizes that are computed of it.  The formulas stand where other examples give the same.
"""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any, Self

from shapecalc.algebra import is_symbolic
from shapecalc.errors import RuleError, SpecErrors, refuse
from shapecalc.readers import ReadModel
from shapecalc.text import Origin
from shapecalc.text.words import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shapecalc.algebra import Dim

#: Sizes to follow a file with, a row after the other: the first can be halved five times, and are
#: no number of channels that is usual; the last are odd.
_EXAMPLES = (
    (352, 416, 288, 480, 608, 736), (544, 608, 736, 672, 352, 416), (377, 435, 319, 493, 287, 351),
)  # fmt: skip
_LETTERS = {1: "L", 2: "LC", 3: "HWC", 4: "DHWC"}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,20}", re.ASCII)


def _carried(operation: Callable[[Any, Any], Any], *, turned: bool = False) -> Any:  # noqa: ANN401
    """Return a method that computes with examples, and with their formulas."""

    def method(self: OpenSize, other: object) -> Any:  # noqa: ANN401  (or not implemented)
        if not isinstance(other, int):
            return NotImplemented
        a, b = (other, self) if turned else (self, other)
        value: int = operation(int(a), int(b))
        try:
            formula = operation(formula_of(a), formula_of(b))
        except RuleError:  # it grows beyond all bounds
            return value
        return OpenSize(value, formula) if is_symbolic(formula) else value

    return method


class OpenSize(int):
    """An example of a size that is left open, with its formula."""

    formula: Dim

    def __new__(cls, example: int, formula: Dim) -> Self:
        """Return the example."""
        size = super().__new__(cls, example)
        size.formula = formula
        return size

    __add__ = _carried(operator.add)
    __radd__ = _carried(operator.add, turned=True)
    __sub__ = _carried(operator.sub)
    __rsub__ = _carried(operator.sub, turned=True)
    __mul__ = _carried(operator.mul)
    __rmul__ = _carried(operator.mul, turned=True)
    __floordiv__ = _carried(operator.floordiv)
    __rfloordiv__ = _carried(operator.floordiv, turned=True)
    __mod__ = _carried(operator.mod)
    __rmod__ = _carried(operator.mod, turned=True)

    def __neg__(self) -> Any:  # noqa: ANN401  (an example, or a number)
        return self * -1


def formula_of(n: int) -> Dim:
    """Return the formula of a size, or the number that it is."""
    return n.formula if isinstance(n, OpenSize) else int(n)


def whole_of(n: float) -> int:
    """Return a number as a whole one, that of a size with its formula."""
    return n if isinstance(n, OpenSize) else int(n)


class GivenSizes:
    """The shapes that `--input` gives the inputs of a file, by their names, "" for the only one.

    What is open still are letters, for which a row of examples stands, of which `letters` has
    theirs; without a row all has to be given.
    """

    def __init__(
        self, place: str, inputs: Mapping[str, str] | None, row: int | None = None
    ) -> None:
        self.place = place
        self.inputs = inputs or {}
        self.row = row
        self.letters: dict[str, int] = {}
        self._words: dict[str, str] = {}  # letters by the words that the file has for sizes
        self._filled: list[str] = []
        self._open: tuple[str, str] = ("", "")  # what is said of the first open input, and a hint

    def fill(
        self, name: str, dims: Sequence[int | str | None], axes: Sequence[int]
    ) -> tuple[int, ...]:
        """Return the extents of an input, with those that the file leaves open as given.

        `axes` are the file's axes in our order, the channels last.  Raises `SpecErrors` where a
        size is not the file's, or nobody knows how many channels there are.
        """
        self._filled.append(name)
        if all(isinstance(n, int) for n in dims):
            return tuple(n for n in dims if isinstance(n, int))
        shape = "x".join(str("?" if n is None else n)[:20] for n in dims)
        what = f"the input '{name[:80]}' is {shape}"
        known = [dims[axis] for axis in axes]
        example = "x".join(str(n if isinstance(n, int) else 224) for n in known)
        named = f"{name[:80]}=" if self.inputs.keys() - {""} else ""
        hint = f"give them: --input {named}{example}"
        text = self.inputs.get(name, self.inputs.get(""))
        if text is None:
            self._open = self._open if self.letters else (what, hint)
            words = self._letters_for(known)
        else:
            words = re.split("[xX]", text)
            self._must_fit(words, known, f"'{text[:80]}'", what, hint)
        sizes = {a: self._size(word) for a, word in zip(axes, words, strict=True)}
        if self.letters and not self._open[0]:
            self._open = what, hint
        return tuple(sizes.get(axis, n if isinstance(n, int) else 1) for axis, n in enumerate(dims))

    def _must_fit(
        self, words: list[str], known: list[int | str | None], text: str, what: str, hint: str
    ) -> None:
        """Raise `SpecErrors` where what is given is no shape of the file's input."""
        sizes = all(
            (word.isascii() and word.isdecimal() and len(word) < 11)
            or (_NAME.fullmatch(word) and place < len(words) - 1 and self.row is not None)
            for place, word in enumerate(words)
        )
        if not sizes or len(words) != len(known):
            message = f"{what}, for which {text} is no shape: {len(known)} numbers are"
            raise refuse("E303", message, Origin.of_file(self.place), hint)
        if any(
            isinstance(n, int) and not (word.isdecimal() and int(word) == n)
            for n, word in zip(known, words, strict=True)
        ):
            message = f"{what}, and {text} has another number where the file has one"
            raise refuse("E303", message, Origin.of_file(self.place), hint)

    def _letters_for(self, known: list[int | str | None]) -> list[str]:
        """Return sizes as words, letters for what is open; equal words of the file are one letter.

        Raises `SpecErrors`.
        """
        letters = _LETTERS.get(len(known), "")
        sides_only = len(known) == 1 or isinstance(known[-1], int)
        if self.row is None or not letters or not sides_only:
            raise self.refusal()
        number = f"{len(self._filled)}" if len(self._filled) > 1 else ""
        return [
            str(n) if isinstance(n, int) else self._words.setdefault(n or own, own)
            for n, own in zip(known, (f"{letter}{number}" for letter in letters), strict=True)
        ]

    def _size(self, word: str) -> int:
        """Return a number, or the example that stands for a letter."""
        if word.isdecimal():
            return int(word)
        row = _EXAMPLES[self.row or 0]
        example = self.letters.setdefault(word, row[len(self.letters) % len(row)])
        from shapecalc.algebra.expr import symbol

        return OpenSize(example, symbol(word))

    def refusal(self, rule: str = "") -> SpecErrors:
        """Return what is said where letters do not do."""
        what, hint = self._open
        message = f"{what}, which leaves sizes open"
        return refuse("E009", message, Origin.of_file(self.place), hint, rule)


def with_letters(
    place: str, inputs: Mapping[str, str] | None, read: Callable[[GivenSizes], ReadModel]
) -> ReadModel:
    """Read a file; sizes that it leaves open, and nobody gives, are letters.

    Raises `SpecErrors`, for a file too whose layers differ from size to size.
    """
    sizes = GivenSizes(place, inputs, 0)
    try:
        first = read(sizes)
    except SpecErrors as error:
        if not sizes.letters:
            raise
        raise sizes.refusal(f"of {_examples(sizes)}, {error.problems[0].message}") from None
    if not sizes.letters:
        return first
    alike = 0
    for row in range(1, len(_EXAMPLES)):
        others = GivenSizes(place, inputs, row)
        try:
            other = read(others)
        except SpecErrors:  # sizes that no network of these layers takes
            continue
        if _at(first.data, others.letters) != other.data:
            raise sizes.refusal(f"its layers differ from those of {_examples(others)}")
        alike += 1
    if not alike:
        raise sizes.refusal(f"it takes {_examples(sizes)}, and no other size that was tried")
    letters = listed(list(sizes.letters))
    remark = f"sizes that the file leaves open are letters: --input gives {letters} values"
    return ReadModel(_written(first.data), (remark, *first.remarks))


def _examples(sizes: GivenSizes) -> str:
    return listed([f"{letter} = {example}" for letter, example in sizes.letters.items()])


def _at(value: Any, letters: Mapping[str, int]) -> Any:  # noqa: ANN401  (a spec's data)
    """Return a spec's data with its formulas computed."""
    from shapecalc.algebra.expr import evaluate

    return _mapped(value, lambda formula: evaluate(formula, letters))


def _written(value: Any) -> Any:  # noqa: ANN401  (a spec's data)
    """Return a spec's data with its formulas as the language of specs has them."""
    from shapecalc.algebra.notation import code_of

    return _mapped(value, code_of)


def _mapped(value: Any, change: Callable[[Dim], Any]) -> Any:  # noqa: ANN401  (a spec's data)
    if isinstance(value, OpenSize):
        return change(value.formula)
    if isinstance(value, dict):
        return {key: _mapped(inner, change) for key, inner in value.items()}
    return [_mapped(inner, change) for inner in value] if isinstance(value, list | tuple) else value
