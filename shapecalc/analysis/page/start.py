"""Where the sizes of a network in letters begin: at numbers that somebody would try first.

The spec has none for them, so a side of the input takes the first usual one that no unit of the
layers sees beyond, channels and units take 16, and the rest, as a stride, the smallest.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from shapecalc.algebra.expr import symbols_of
from shapecalc.layers.shape import as_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.algebra.integer_sets import Integers
    from shapecalc.report import Report
    from shapecalc.report.domain import Condition, Domain

#: Sides of images that are much used, and numbers of channels.
_SIDES, _CHANNELS = (32, 64, 128, 224), 16
#: So many numbers are tried for one letter.
_TRIES = 1000


def start_of(report: Report, known: Mapping[str, int]) -> dict[str, int]:
    """Return a number for every letter of a network; `known` are those that its spec has itself."""
    domain = report.domain
    assert domain is not None, "a network in letters"
    wanted = _wanted(report)
    values = {
        name: known[name] if name in known else _first(domain.allowed[name], wanted.get(name, 1))
        for name in domain.symbols
    }
    return _mended(domain, values)


def _wanted(report: Report) -> dict[str, int]:
    """Say from which number on to look for a letter that is an extent."""
    seen = max((_seen(row.receptive_field) for row in report.rows), default=1)
    side = next((side for side in _SIDES if side >= seen), _SIDES[-1])
    wanted: dict[str, int] = {}
    for row in report.rows:
        *sides, channels = map(symbols_of, as_list(row.output))
        if row.type == "input":
            wanted |= dict.fromkeys((name for names in sides for name in names), side)
        for name in channels:
            wanted.setdefault(name, _CHANNELS)
    return wanted


def _seen(field: object) -> int:
    numbers = field if isinstance(field, tuple) else ()
    return max((number for number in numbers if isinstance(number, int)), default=1)


def _first(numbers: Integers, least: int) -> int:
    """Return the first of some numbers that is not below another; or else their smallest."""
    smallest = numbers.smallest() or 1
    from_there = range(max(least, smallest), max(least, smallest) + _TRIES)
    return next((number for number in from_there if number in numbers), smallest)


def _mended(domain: Domain, values: dict[str, int]) -> dict[str, int]:
    """Change letters until what joins them holds, as far as one after the other does it."""
    for condition in domain.mixed * 2:  # what mends one may break another
        if not condition.holds(values):
            values = next(_holding(domain, condition, values), values)
    return values


def _holding(
    domain: Domain, condition: Condition, values: dict[str, int]
) -> Iterator[dict[str, int]]:
    """Yield the numbers with one letter changed, or alike ones together, for which it holds."""
    names = sorted(condition.symbols)
    groups = [[name] for name in names]
    if len({values[name] for name in names}) == 1:
        groups.insert(0, names)
    for group in groups:
        for number in islice(domain.allowed[group[0]].walk(), _TRIES):
            changed = {**values, **dict.fromkeys(group, number)}
            if condition.holds(changed) and all(number in domain.allowed[name] for name in group):
                yield changed
