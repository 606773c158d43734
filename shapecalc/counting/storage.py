"""Types of numbers, and the bytes that weights, biases, buffers and activations take in them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from shapecalc.algebra import Dim

#: Bytes of an element.
DTYPES: dict[str, int] = {
    "float64": 8,
    "float32": 4,
    "float16": 2,
    "bfloat16": 2,
    "float8": 1,
    "int64": 8,
    "int32": 4,
    "int16": 2,
    "int8": 1,
    "uint8": 1,
}

#: What may have a type of its own.
Stored: TypeAlias = Literal["weights", "biases", "buffers", "activations"]
STORED: tuple[Stored, ...] = ("weights", "biases", "buffers", "activations")


class NumberTypes(NamedTuple):
    """The type of each kind of numbers; biases and buffers follow the weights unless they differ.

    >>> NumberTypes("int8", "int8", "int8", "float16").text
    'weights=int8,activations=float16'
    """

    weights: str = "float32"
    biases: str = "float32"
    buffers: str = "float32"
    activations: str = "float32"

    @property
    def text(self) -> str:
        """The types as the option has them, in as few words as say it."""
        if len(set(self)) == 1:
            return self.weights
        named = {"weights": self.weights, "activations": self.activations}
        named |= {
            part: word
            for part, word in zip(STORED, self, strict=True)
            if part in ("biases", "buffers") and word != self.weights
        }
        return ",".join(f"{part}={word}" for part, word in named.items())

    def bytes(self, elements: Dim, of: Stored) -> Dim:
        """Return the bytes that so many elements take."""
        return elements * DTYPES[getattr(self, of)]


class TypeWordError(ValueError):
    """A word of a type option that cannot be read: where it begins, and what it should be."""

    def __init__(self, start: int, word: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.start = start
        self.word = word
        self.message = message
        self.hint = hint


@lru_cache(maxsize=64)
def read_types(text: str) -> NumberTypes:
    """Read one type for all numbers, or one a kind: ``weights=int8,activations=float16``.

    A type by itself is that of what is not named; biases and buffers follow the weights.  Raises
    `TypeWordError`.

    >>> read_types("float16").biases, read_types("weights=int8").activations
    ('float16', 'float32')
    """
    plain = ""
    named: dict[str, str] = {}
    end = -1
    for written in text.split(","):
        start, end = end + 1, end + 1 + len(written)
        before, equals, after = written.rpartition("=")
        part, word = before.strip(), after.strip()
        if equals:
            _must_be_free(part, named, start, written)
            named[part] = word
        elif plain:
            message = f"'{plain}' is the type of all that is not named; '{word}' is a second one"
            hint = f"say of what it is: weights={plain},activations={word}"
            raise TypeWordError(start + written.rfind(word), word, message, hint)
        else:
            plain = word
        if word not in DTYPES:
            raise _unknown(start + written.rfind(word), word)
    rest = plain or "float32"
    weights = named.get("weights", rest)
    return NumberTypes(
        weights,
        named.get("biases", weights),
        named.get("buffers", weights),
        named.get("activations", rest),
    )


def _must_be_free(part: str, named: dict[str, str], start: int, written: str) -> None:
    """Refuse a kind of numbers that there is not, or that has a type already."""
    at = start + len(written) - len(written.lstrip())
    if part in named:
        message, hint = f"{part} have two types: {named[part]} and another", "name one"
        raise TypeWordError(at, part, message, hint)
    if part not in STORED:
        from shapecalc.text.words import did_you_mean

        hint = did_you_mean(part, STORED) or f"one of {', '.join(STORED)}"
        raise TypeWordError(at, part, f"'{part}' have no type of their own", hint)


def _unknown(start: int, word: str) -> TypeWordError:
    from shapecalc.text.words import did_you_mean

    hint = did_you_mean(word, DTYPES) or f"one of {', '.join(DTYPES)}"
    return TypeWordError(start, word, f"unknown dtype '{word}'", hint)
