"""Sets of whole numbers as people say them: from, to, every so many.

A set is a union of stretches: the numbers from `low` to `high` whose remainder modulo `modulus`
is one of `residues`.  That is what inverse questions about windows have for answers.
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from math import lcm
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


#: A set repeats after at most so many numbers.
LONGEST = 50_000


class Stretch(NamedTuple):
    """The numbers from `low` to `high` (None: without end) with one of the `residues`."""

    low: int
    high: int | None = None
    modulus: int = 1
    residues: tuple[int, ...] = (0,)

    def __contains__(self, number: object) -> bool:
        return (
            isinstance(number, int)
            and number >= self.low
            and (self.high is None or number <= self.high)
            and number % self.modulus in self.residues
        )


@dataclass(frozen=True, slots=True)
class Integers:
    """A set of whole numbers: a union of stretches, none of them empty."""

    stretches: tuple[Stretch, ...]

    def __contains__(self, number: object) -> bool:
        return any(number in stretch for stretch in self.stretches)

    def smallest(self) -> int | None:
        """Return the smallest number of the set; None when it is empty."""
        return min((stretch.low for stretch in self.stretches), default=None)

    def largest(self) -> int | None:
        """Return the largest number; None when it is empty or without end."""
        highs = [stretch.high for stretch in self.stretches]
        known = [high for high in highs if high is not None]
        return max(known) if known and len(known) == len(highs) else None

    def gap(self, low: int) -> int | None:
        """Return the smallest number from `low` on that is missing; None if none is."""
        number = low
        for _ in range(10_000):
            if number not in self:
                return number
            inside = [
                stretch for stretch in self.stretches if number in stretch and stretch.modulus == 1
            ]
            if any(stretch.high is None for stretch in inside):
                return None
            number = max((stretch.high or number for stretch in inside), default=number) + 1
        return None

    def walk(self) -> Iterator[int]:
        """Yield the numbers of the set in rising order; it may not end."""
        number = self.smallest()
        end = self.largest()
        while number is not None and (end is None or number <= end):
            if number in self:
                yield number
            number += 1

    def text(self, name: str) -> str:
        """Say which numbers these are.

        >>> Integers((Stretch(16, None, 16, (0,)),)).text("H")
        'H a multiple of 16'
        >>> Integers((Stretch(227, 258),)).text("H")
        'H from 227 to 258'
        """
        return " or ".join(_text(stretch, name) for stretch in self.stretches) or f"no {name}"

    def data(self) -> list[dict[str, object]]:
        """Return the stretches as plain records: from, to, modulus, residues."""
        return [
            {
                "from": stretch.low,
                "to": stretch.high,
                "modulus": stretch.modulus,
                "residues": list(stretch.residues),
            }
            for stretch in self.stretches
        ]


NONE = Integers(())


def _text(stretch: Stretch, name: str) -> str:
    low, high, modulus, residues = stretch
    if low == high:
        return f"{name} = {low:,}"
    if modulus == 1:
        if high is not None:
            return f"{name} from {low:,} to {high:,}"
        return f"{name} >= {low:,}" if low > 1 else f"any {name}"
    if residues == (0,):
        every = f"{name} a multiple of {modulus:,}"
    elif len(residues) == 1:
        every = f"{name} mod {modulus:,} = {residues[0]:,}"
    else:
        every = f"{name} mod {modulus:,} in {{{_listed(residues)}}}"
    first = next(n for n in range(1, modulus + 1) if n % modulus in residues)
    if high is None:
        return every if low == first else f"{every}, from {low:,}"
    return f"{every}, from {low:,} to {high:,}"


def _listed(residues: tuple[int, ...]) -> str:
    shown = [f"{residue:,}" for residue in residues]
    return ", ".join(shown if len(shown) <= 8 else [*shown[:4], "...", *shown[-2:]])


def integers(stretches: Iterable[Stretch]) -> Integers:
    """Make a set: drop what is empty, find the smallest moduli, join what touches."""
    kept = sorted(
        {stretch for part in stretches if (stretch := _tidy(part)) is not None}, key=_order
    )
    joined: list[Stretch] = []
    for stretch in kept:
        last = joined[-1] if joined else None
        if last is not None and last[2:] == stretch[2:] == (1, (0,)):
            if last.high is None:
                continue
            if stretch.low <= last.high + 1:
                high = None if stretch.high is None else max(last.high, stretch.high)
                joined[-1] = Stretch(last.low, high)
                continue
        joined.append(stretch)
    plain = [stretch for stretch in joined if stretch.modulus == 1]
    starts = [stretch.low for stretch in plain]

    def inside(stretch: Stretch) -> bool:
        """Tell whether a stretch of some numbers lies in one of all: these do not overlap."""
        at = bisect(starts, stretch.low) - 1
        if at < 0 or stretch.modulus == 1:
            return False
        high = plain[at].high
        return high is None or (stretch.high is not None and stretch.high <= high)

    return Integers(tuple(stretch for stretch in joined if not inside(stretch)))


def _order(stretch: Stretch) -> tuple[int, int, tuple[int, ...], int]:
    return (
        stretch.modulus,
        stretch.low,
        stretch.residues,
        -1 if stretch.high is None else stretch.high,
    )


def _tidy(stretch: Stretch) -> Stretch | None:
    low, high, modulus, residues = stretch
    wanted = {residue % modulus for residue in residues}
    if not wanted:
        return None
    for divisor in range(1, modulus):
        if modulus % divisor == 0 and all(
            (residue + divisor) % modulus in wanted for residue in wanted
        ):
            modulus, wanted = divisor, {residue % divisor for residue in wanted}
            break
    while low % modulus not in wanted:
        low += 1
    if high is not None:
        while high >= low and high % modulus not in wanted:
            high -= 1
        if high < low:
            return None
        if high == low:
            return Stretch(low, high)
    return Stretch(low, high, modulus, tuple(sorted(wanted)))


class TooFineError(Exception):
    """A set would repeat only after very many numbers."""


def common(a: Integers, b: Integers) -> Integers:
    """Return the numbers that are in both sets.  Raises `TooFine`."""
    stretches = []
    for first in a.stretches:
        for second in b.stretches:
            modulus = lcm(first.modulus, second.modulus)
            if modulus > LONGEST:
                raise TooFineError
            ours, theirs = set(first.residues), set(second.residues)
            residues = tuple(
                n
                for n in range(modulus)
                if n % first.modulus in ours and n % second.modulus in theirs
            )
            highs = [part.high for part in (first, second) if part.high is not None]
            stretches.append(
                Stretch(max(first.low, second.low), min(highs, default=None), modulus, residues)
            )
    return integers(stretches)
