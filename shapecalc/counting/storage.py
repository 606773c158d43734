"""Types of numbers, and the bytes that weights, biases, buffers and activations take in them.

Elements smaller than a byte are packed without gaps within an array, and every array ends on a
whole byte, as files have it.  Activations take whole bytes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from shapecalc.algebra import ceil_div
from shapecalc.text import NamedTuple
from shapecalc.text.words import counted

if TYPE_CHECKING:
    from shapecalc.algebra import Dim

#: Bits of an element.
BITS: dict[str, int] = {
    "float64": 64,
    "float32": 32,
    "float16": 16,
    "bfloat16": 16,
    "float8": 8,
    "float4": 4,
    "int64": 64,
    "int32": 32,
    "int16": 16,
    "int8": 8,
    "uint8": 8,
    "int4": 4,
    "uint4": 4,
    "int2": 2,
    "uint2": 2,
    "int1": 1,
    "uint1": 1,
}
#: Words of other tools for them.
_MEANT = {
    "double": "float64",
    "fp64": "float64",
    "float": "float32",
    "fp32": "float32",
    "half": "float16",
    "fp16": "float16",
    "bf16": "bfloat16",
    "fp8": "float8",
    "fp4": "float4",
    "nf4": "float4",
    "ternary": "int2",
    "binary": "int1",
    "bit": "int1",
    "bool": "uint8",
}

#: What may have a type of its own.
Stored: TypeAlias = Literal["weights", "biases", "buffers", "activations"]
STORED: tuple[Stored, ...] = ("weights", "biases", "buffers", "activations")


#: What a role of parameters is stored as.
STORED_AS: dict[str, Stored] = {"weight": "weights", "bias": "biases", "buffer": "buffers"}


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
        """Return the bytes that an array of so many elements takes.

        >>> read_types("weights=int4").bytes(27, "weights")
        14
        """
        bits = BITS[getattr(self, of)]
        return elements * (bits // 8) if bits % 8 == 0 else ceil_div(elements * bits, 8)

    def packs(self, *kinds: Stored) -> bool:
        """Tell whether elements of any of these kinds are smaller than a byte."""
        return any(BITS[getattr(self, of)] % 8 for of in kinds)


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
        at = start + written.rfind(word)
        if word not in BITS:
            raise _unknown(at, word)
        if part == "activations":
            _must_fill_bytes(word, at)
    rest = plain or "float32"
    if "activations" not in named:
        _must_fill_bytes(rest, text.find(rest))
    weights = named.get("weights", rest)
    return NumberTypes(
        weights,
        named.get("biases", weights),
        named.get("buffers", weights),
        named.get("activations", rest),
    )


def _must_fill_bytes(word: str, start: int) -> None:
    """Refuse activations that are smaller than a byte: each is computed and stored by itself."""
    if BITS[word] % 8:
        bits = counted(BITS[word], "bit")
        message = f"activations take whole bytes, and an element of {word} has {bits}"
        hint = f"type the weights alone: weights={word},activations=int8"
        raise TypeWordError(start, word, message, hint)


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

    meant = _MEANT.get(word.lower())
    hint = f"it is called {meant} here" if meant else did_you_mean(word, BITS)
    hint = hint or f"one of {', '.join(BITS)}"
    return TypeWordError(start, word, f"unknown dtype '{word}'", hint)
