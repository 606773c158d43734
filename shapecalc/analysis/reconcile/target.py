"""A number that somebody printed, as it may be meant: exact, or rounded in some unit."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import Problem, SpecErrors
from shapecalc.text.source import Origin, Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A target is at most so long.
LONGEST = 60

_TARGET = re.compile(
    r"\s*(?P<digits>\d{1,3}(?:[,_']\d{3})+|\d+)(?:\.(?P<decimals>\d+))?"
    r"(?:\s*(?:[eE]|[x*]\s*10\s*(?:\^|\*\*)\s*)(?P<power>\d{1,2}))?"
    r"\s*(?P<unit>[A-Za-z]*)\s*",
    re.ASCII,
)
#: Unit -> (the power of a thousand, whether it is of 1024, whether of bytes).
_UNITS: dict[str, tuple[int, bool, bool]] = {
    "": (0, False, False),
    "bytes": (0, False, True),
    "thousand": (1, False, False),
    "million": (2, False, False),
    "billion": (3, False, False),
    "b": (3, False, False),
}
for _power, _letter in enumerate("kmgt", 1):
    _UNITS |= {
        _letter: (_power, False, False),
        f"{_letter}i": (_power, True, False),
        f"{_letter}b": (_power, False, True),
        f"{_letter}ib": (_power, True, True),
    }


#: What tools print behind the unit, each meaning what it likes by it: 0.71 GMac, 1.4 GFLOPS.
_COUNTED = re.compile("(mac|flop)s?$")


class Reading(NamedTuple):
    """One way to read a printed number: the values that would be printed so."""

    how: str
    low: Fraction
    high: Fraction

    def holds(self, number: int) -> bool:
        """Tell whether a number would be printed so."""
        return self.low <= number < self.high


class Target(NamedTuple):
    """A printed number.  `exact`: to the unit, so that only that very number will do."""

    text: str
    value: Fraction
    step: Fraction
    power: int
    binary: bool
    bytes: bool

    @property
    def exact(self) -> bool:
        """Whether it was printed to the unit."""
        return self.step == 1

    def readings(self) -> Iterator[Reading]:
        """Yield the ways to read it, the plainest first."""
        if self.exact:
            yield Reading("exact", self.value, self.value + 1)
            return
        yield Reading("rounded", self.value - self.step / 2, self.value + self.step / 2)
        yield Reading("truncated", self.value, self.value + self.step)
        if self.power and not self.binary:  # a K that was 1024 although it was written as 1000
            scale = Fraction(1024, 1000) ** self.power
            value, step = self.value * scale, self.step * scale
            yield Reading("rounded, K = 1024", value - step / 2, value + step / 2)
            yield Reading("truncated, K = 1024", value, value + step)


def read_target(text: str) -> Target:
    """Read a number: ``714682664``, ``1,585,899,032``, ``0.72 GMac``, ``3.8 x 10^9``, ``233 MB``.

    Raises `SpecErrors` (E621) for anything else.
    """
    match = _TARGET.fullmatch(text) if len(text) <= LONGEST and text.isascii() else None
    unit = _UNITS.get(_COUNTED.sub("", match["unit"].lower())) if match else None
    if match is None or unit is None:
        shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
        raise SpecErrors([_unreadable(shown)])
    decimals = match["decimals"] or ""
    digits = re.sub("[,_']", "", match["digits"]) + decimals
    thousands, binary, of_bytes = unit
    scale = Fraction(1024 if binary else 1000) ** thousands * 10 ** int(match["power"] or 0)
    step = scale / 10 ** len(decimals)
    power = thousands or int(match["power"] or 0) // 3
    return Target(text.strip(), int(digits) * step, step, power, binary, of_bytes)


def _unreadable(text: str) -> Problem:
    origin = Origin(Source(f"--target {text}", text), Span(0, 0, 0, len(text)))
    hint = "write it like 714682664, 1,585,899,032, 0.72 GMac, 3.8 x 10^9, 138 million or 233 MB"
    return Problem("E621", f"'{text}' is not a number as papers print them", origin, hint=hint)
