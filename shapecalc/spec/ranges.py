"""Ranges of whole numbers by name, as `--over` takes them: `k=16:512`, `H=32:512:32`, `d=1,2,4`.

Both ends belong to a range.  What it names is a constant, a symbol, or a field of a layer
(`conv1.stride`, `conv2_x/1/conv1.stride`).
"""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import Problem, SpecErrors, refuse
from shapecalc.text import Origin, Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_NAME = re.compile(r"[A-Za-z0-9_][\w.+/-]*", re.ASCII)
_WHOLE = re.compile(r"\d{1,18}", re.ASCII)
#: As people write ranges in texts, and homeworks in `vary`.
_DOTTED = re.compile(r"\s*(\d{1,18})\s*\.\.\s*(\d{1,18})(?:\s+step\s+(\d{1,18}))?\s*", re.ASCII)
_FORM = "LOW:HIGH, LOW:HIGH:STEP or a list: k=16:512, H=32:512:32, d=1,2,4"


class Range(NamedTuple):
    """A name, and the whole numbers that it runs through, in rising order or as listed."""

    name: str
    values: range | tuple[int, ...]
    source: Source

    @property
    def field(self) -> tuple[str, str] | None:
        """The layer's path and its field, when a field of a layer is named.

        >>> read_range("conv1.stride=1:4").field, read_range("k=1:4").field
        (('conv1', 'stride'), None)
        """
        path, dot, word = self.name.rpartition(".")
        return (path, word) if dot else None

    @property
    def origin(self) -> Origin:
        """The place of the name."""
        return Origin(self.source, Span(0, 0, 0, len(self.name)))

    def text(self) -> str:
        """Write the values as they are given: ``16:512``."""
        if isinstance(self.values, tuple):
            return ",".join(map(str, self.values))
        low, high, step = self.values[0], self.values[-1], self.values.step
        return f"{low}:{high}" + (f":{step}" if step > 1 else "")


def read_range(text: str, option: str = "over") -> Range:
    """Read one range; both ends belong to it.

    Raises `SpecErrors`: E340 for what is not a range, E341 for one without a value.

    >>> read_range("k=16:512").values, read_range("H=32:100:32").values
    (range(16, 513), range(32, 97, 32))
    >>> read_range("d=1,2,4").values
    (1, 2, 4)
    """
    source = Source(f"--{option} {text}", text)
    name, equals, _ = text.partition("=")
    if not equals or not _NAME.fullmatch(name.strip()):
        message = f"'{text}' names nothing to run through" if equals else f"'{text}' has no '='"
        raise _refused("E340", source, 0, text, message, f"write NAME={_FORM}")
    return Range(name.strip(), read_values(source, len(name) + 1), source)


def read_values(source: Source, start: int = 0) -> range | tuple[int, ...]:
    """Read the values of a range from a place of a text on.  Raises `SpecErrors`: E340, E341.

    >>> read_values(Source("--kernel", "3")), read_values(Source("--kernel", "1:11:2"))
    ((3,), range(1, 12, 2))
    >>> read_values(Source("--kernel", "1..11 step 2"))
    range(1, 12, 2)
    """
    body, at = source.text[start:], start
    if dotted := _DOTTED.fullmatch(body):
        return _span([int(number) for number in dotted.groups() if number], source, body)
    numbers = []
    for word in body.split(":") if ":" in body else body.split(","):
        stripped = word.strip()
        if not _WHOLE.fullmatch(stripped):
            what = f"'{stripped}' is not a whole number" if stripped else "a number is missing"
            inside = at + len(word) - len(word.lstrip())
            raise _refused("E340", source, inside, stripped, what, f"write {_FORM}")
        numbers.append(int(stripped))
        at += len(word) + 1
    return _span(numbers, source, body) if ":" in body else tuple(dict.fromkeys(numbers))


def _span(numbers: list[int], source: Source, body: str) -> range:
    at = len(source.text) - len(body)
    if len(numbers) > 3:
        message = f"'{body}' has {len(numbers)} numbers, where two or three belong"
        raise _refused("E340", source, at, body, message, f"write {_FORM}")
    low, high, step = (*numbers, 1)[:3]
    if step == 0:
        message = "the step is 0: the range would never end"
        raise _refused("E341", source, len(source.text) - 1, "0", message, "use a step from 1 on")
    if high < low:
        message = f"nothing lies between {low:,} and {high:,}: the range is empty"
        turned = ":".join(map(str, (high, low, *numbers[2:])))
        raise _refused("E341", source, at, body, message, f"write {turned}")
    values = range(low, high + 1, step)
    return range(low, values[-1] + 1, step)


def read_ranges(
    over: Mapping[str, str | Iterable[int]] | Iterable[str] | str, option: str = "over"
) -> tuple[Range, ...]:
    """Read several ranges: texts like those of the command line, or a map from names to values.

    Raises `SpecErrors` with all that is wrong: E340, E341.

    >>> ranges = read_ranges({"k": range(16, 513), "conv1.pad": [0, 2], "H": "7:9"})
    >>> [each.text() for each in ranges]
    ['16:512', '0,2', '7:9']
    """
    ranges: dict[str, Range] = {}
    problems: list[Problem] = []
    for text in _texts(over):
        try:
            named = text if isinstance(text, Range) else read_range(text, option)
        except SpecErrors as error:
            problems.extend(error.problems)
            continue
        if named.name in ranges:
            message = f"'{named.name}' is given two ranges"
            problems.append(Problem("E340", message, named.origin, hint="keep one of them"))
        ranges[named.name] = named
    if problems:
        raise SpecErrors(problems)
    return tuple(ranges.values())


def _texts(over: Mapping[str, str | Iterable[int]] | Iterable[str] | str) -> Iterable[str | Range]:
    if isinstance(over, str):
        return [over]
    if not hasattr(over, "items"):
        return over
    return [
        f"{name}={values}" if isinstance(values, str) else _given(name, values)
        for name, values in over.items()
    ]


def _given(name: str, values: Iterable[int]) -> str | Range:
    """Take values from a program: a rising range as it is, whatever else as a list."""
    if isinstance(values, range) and len(values) and values[0] >= 0 and values.step > 0:
        span = range(values[0], values[-1] + 1, values.step)
        return Range(name, span, Source(f"--over {name}", name))
    return f"{name}={','.join(map(str, values))}"


def ends(values: range | tuple[int, ...]) -> tuple[int, int]:
    """Return the smallest and the largest value, of however long a range."""
    return (values[0], values[-1]) if isinstance(values, range) else (min(values), max(values))


def points(ranges: Sequence[Range]) -> int:
    """Count the points of the grid that ranges span."""
    return prod(len(axis.values) for axis in ranges)


def must_be_few(ranges: Sequence[Range], most: int, hint: str) -> None:
    """Refuse a grid of more than `most` points, with their count.  Raises `SpecErrors` (E342)."""
    if points(ranges) > most:
        largest = max(ranges, key=lambda axis: len(axis.values))
        names = " x ".join(f"{len(axis.values):,}" for axis in ranges)
        count = f"{points(ranges):,}"
        message = f"the ranges span {count} points" + (f" ({names})" if len(ranges) > 1 else "")
        rule = f"at most {most:,} points"
        raise refuse("E342", message, largest.origin, hint, rule=rule)


def _refused(code: str, source: Source, at: int, what: str, message: str, hint: str) -> SpecErrors:
    origin = Origin(source, Span(0, at, 0, at + len(what)))
    return refuse(code, message, origin, hint)
