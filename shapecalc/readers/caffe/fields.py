"""A layer of Caffe's as the file has it: its words, and the fields of its parameters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from shapecalc.errors import SpecErrors, refuse
from shapecalc.readers.faults import line_of
from shapecalc.text.words import listed

if TYPE_CHECKING:
    from shapecalc.readers.protobuf_text import Message, Word
    from shapecalc.text import Source

_TRUTHS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


class CaffeLayer:
    """A layer of the file: its words, and the parameters of its type."""

    def __init__(self, source: Source, message: Message) -> None:
        self.source = source
        self.message = message
        self.type = message.word("type")
        self.name = message.word("name") or self.type
        self.bottoms = message.words("bottom")
        self.tops = message.words("top")

    @property
    def kind(self) -> str:
        """The type in one spelling: `INNER_PRODUCT` is `InnerProduct`."""
        return self.type.replace("_", "").lower()

    def fault(self, message: str, hint: str = "", at: int | None = None) -> SpecErrors:
        """Return what is wrong with the layer, or at a value of it, to be raised."""
        where = line_of(self.source, self.message.at if at is None else at)
        return refuse("E009", f"layer '{self.name}': {message}", where, hint)

    def parameters(self, name: str) -> CaffeFields:
        """Return the parameters of a type."""
        return CaffeFields(self, self.message.message(f"{name}_param"))

    def in_phase(self, phase: str) -> bool:
        """Tell whether it is part of the network in a phase."""
        include, exclude = self.message.messages("include"), self.message.messages("exclude")
        if include:
            return any(_holds(rule, phase) for rule in include)
        return not any(_holds(rule, phase) for rule in exclude)


def _holds(rule: Message, phase: str) -> bool:
    """Tell whether a rule holds in a phase without stages, at level 0."""
    return (
        rule.word("phase", phase) in (phase, {"TRAIN": "0", "TEST": "1"}[phase])
        and not rule.words("stage")
        and rule.word("min_level", "0").startswith(("0", "-"))
        and not rule.word("max_level", "0").startswith("-")
    )


class CaffeFields:
    """The fields of a type's parameters, read as numbers."""

    def __init__(self, layer: CaffeLayer, message: Message) -> None:
        self.layer = layer
        self.message = message

    def has(self, *names: str) -> bool:
        """Tell whether one of some fields is there."""
        return any(name in self.message.fields for name in names)

    def whole(self, name: str, default: int | None = None) -> int:
        """Return a whole number.  Raises `SpecErrors`."""
        numbers = self.wholes(name)
        if numbers:
            return numbers[-1]
        if default is None:
            raise self.layer.fault(f"it has no {name}", f"add `{name}: NUMBER` to its parameters")
        return default

    def wholes(self, name: str) -> list[int]:
        """Return the whole numbers of a field."""
        return [self._whole(name, word) for word in self.message.words(name)]

    def _whole(self, name: str, word: Word) -> int:
        digits = word.text.removeprefix("-").removeprefix("+")
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 20):
            raise self.layer.fault(f"{name} is a whole number, not '{word.text}'", at=word.at)
        return int(word.text)

    def number(self, name: str, default: float) -> float:
        """Return a number.  Raises `SpecErrors`."""
        return [default, *self.numbers(name)][-1]

    def numbers(self, name: str) -> list[float]:
        """Return the numbers of a field.  Raises `SpecErrors`."""
        return [self._number(name, word) for word in self.message.words(name)]

    def _number(self, name: str, word: Word) -> float:
        try:
            value = float(word.text.removesuffix("f"))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.layer.fault(f"{name} is a number, not '{word.text}'", at=word.at)
        return int(value) if value.is_integer() and abs(value) < 10**15 else value

    def truth(self, name: str, *, default: bool) -> bool:
        """Return whether something is so.  Raises `SpecErrors`."""
        text = self.message.word(name, str(default))
        if text.lower() not in _TRUTHS:
            raise self.layer.fault(f"{name} is true or false, not '{text}'")
        return _TRUTHS[text.lower()]

    def channels_axis(self, old: str = "") -> None:
        """Check that a layer works along the channels, as its axis or the older word has it.

        Raises `SpecErrors`.
        """
        if self.whole("axis", self.whole(old, 1)) != 1:
            raise self.layer.fault("its axis is not 1, that of the channels")

    def choice(self, name: str, *values: str, default: int = 0) -> str:
        """Return one of some words, which a file may give by their numbers.

        Raises `SpecErrors`.
        """
        word = self.message.word(name, values[default])
        if word.isdecimal() and word.isascii() and int(word[:9]) < len(values):
            return values[int(word[:9])]
        if word not in values:
            raise self.layer.fault(f"{name} is one of {listed(values, 'or')}, not '{word}'")
        return word

    def sides(self, name: str, short: str, default: int | None = None) -> int | list[int]:
        """Return a size per side: one for all, one per side, or as `..._h` and `..._w`."""
        if self.has(f"{short}_h", f"{short}_w"):
            return [self.whole(f"{short}_h", default), self.whole(f"{short}_w", default)]
        sizes = self.wholes(name)
        if len(sizes) > 1:
            return sizes
        return sizes[0] if sizes else self.whole(name, default)
