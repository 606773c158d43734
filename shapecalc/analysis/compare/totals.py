"""What a comparison calls its networks, what it counts of them, ratios, and conditions on totals.

Ratios are as people say them: 1 or more, with a word for the direction.

A condition, for `--fail-if`, is a total's name, a comparison and a number: ``params > 60M``,
``macs >= 1.05x``.  The number may have separators (``_`` or ``,``), decimals, and one of the
suffixes K M G T (powers of 1000) and Ki Mi Gi Ti (powers of 1024), with a B behind it where the
total is in bytes; or an x, which makes it a multiple of the first network's total.  Everything is
exact.
"""

from __future__ import annotations

import operator
import re
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import Dim, known
from shapecalc.errors import Problem, SpecErrors, refuse
from shapecalc.output.columns import measure_names, measures
from shapecalc.text import Origin, Source, Span
from shapecalc.text.safe import one_line
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from shapecalc.output.view import View
    from shapecalc.report import Report


#: The total that only a comparison has.
WEIGHTED = "weighted_layers"


def labels_of(reports: Sequence[Report]) -> tuple[str, ...]:
    """Name networks so that all names differ: by themselves, by their files, or by numbers."""
    names = [one_line(report.name) or "network" for report in reports]
    if len(set(names)) == len(names):
        return tuple(names)
    files = [source_of(report) for report in reports]
    if len(set(files)) == len(files):
        return tuple(files)
    return tuple(f"{name} ({number})" for number, name in enumerate(names, 1))


def source_of(report: Report) -> str:
    """Return the name of a network's spec."""
    return one_line(report.graph.spec.source.name)


def weighted_layers(report: Report) -> int:
    """Count the layers whose units multiply and accumulate: what makes VGG-16 one of 16."""
    return sum(row.layer is not None and row.layer.weighted for row in report.rows)


def totals_of(report: Report, view: View, *, frozen: bool = True) -> dict[str, Dim]:
    """Return every total by its name; what is `frozen` among them, unless that is not asked for."""
    return {**measures(report, view, frozen=frozen), WEIGHTED: weighted_layers(report)}


def total_names(view: View) -> tuple[str, ...]:
    """List the names of the totals."""
    return (*measure_names(view), WEIGHTED)


class CountRatio(NamedTuple):
    """How a number compares with an earlier one.

    `times` is exact and at least 1; None where one of the two is 0, and a ratio means nothing.
    """

    times: Fraction | None
    direction: str

    @property
    def text(self) -> str:
        """The ratio in words, rounded to three digits.

        >>> ratio(62378344, 6998552).text, ratio(3, 3).text, ratio(0, 5).text
        ('8.91x fewer', 'the same', 'no ratio to 0')
        """
        if self.direction == "the same":
            return self.direction
        if self.times is None:
            return "no ratio to 0"
        return f"{times_text(self.times)} {self.direction}"


def ratio(before: Dim, after: Dim) -> CountRatio:
    """Compare a count with an earlier one."""
    before, after = known(before), known(after)
    if before == after:
        return CountRatio(Fraction(1), "the same")
    direction = "more" if after > before else "fewer"
    if not before or not after:
        return CountRatio(None, direction)
    return CountRatio(Fraction(max(before, after), min(before, after)), direction)


def times_text(times: Fraction) -> str:
    """Write a factor above 1 with three digits, halves up; one that would read 1.00 as less.

    >>> [times_text(Fraction(n, 1000)) for n in (1004, 1005, 9994, 9995, 123456, 4567890)]
    ['<1.01x', '1.01x', '9.99x', '10.0x', '123x', '4,570x']
    """
    digits = 2
    while digits > -18 and _rounded(times, digits) >= 1000:
        digits -= 1
    scaled = _rounded(times, digits)
    if scaled == 100 and digits == 2:
        return "<1.01x"
    if digits <= 0:
        return f"{scaled * 10**-digits:,}x"
    return f"{scaled // 10**digits}.{scaled % 10**digits:0{digits}}x"


def _rounded(times: Fraction, digits: int) -> int:
    return int(times * Fraction(10) ** digits + Fraction(1, 2))


#: A condition is at most so long.
LONGEST = 100
#: The comparisons, and what is often written for them.
_COMPARISONS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_MEANT = {"=": "==", "=>": ">=", "=<": "<=", "<>": "!="}
_SUFFIXES: dict[str, int] = {
    "": 1,
    **{letter: 1000**power for power, letter in enumerate("KMGT", 1)},
    **{f"{letter}i": 1024**power for power, letter in enumerate("KMGT", 1)},
}
#: Totals that have a short name as well.
ALIASES = {"peak": "peak_activations", "layers": WEIGHTED}

_WORD = re.compile(r"\s*([A-Za-z_]*)", re.ASCII)
_SIGN = re.compile(r"\s*([<>=!~]*)")
_NUMBER = re.compile(r"\s*(\d[\d_,]*(?:\.\d+)?)", re.ASCII)
_SUFFIX = re.compile(r"\s*(\S*)\s*")


class TotalCondition(NamedTuple):
    """A condition as read.  `relative`: the bound is a multiple of the first network's total."""

    text: str
    total: str
    comparison: str
    bound: Fraction
    relative: bool

    def holds(self, number: Dim, first: Dim) -> bool:
        """Decide the condition for a network's total and the first network's."""
        limit = self.bound * known(first) if self.relative else self.bound
        return _COMPARISONS[self.comparison](Fraction(known(number)), limit)

    def sentence(self, name: str, number: Dim, first_name: str, first: Dim) -> str:
        """Say with the numbers that the condition holds."""
        text = f"{self.text}: {name} has {number:,}"
        if self.relative:
            text += f", {first_name} has {first:,} ({ratio(first, number).text})"
        return text


def read_conditions(texts: Iterable[str], totals: Iterable[str]) -> tuple[TotalCondition, ...]:
    """Read conditions on the named totals.

    Raises `SpecErrors` with every one that cannot be read (E331) or names no total (E332).
    """
    known = tuple(totals)
    conditions: list[TotalCondition] = []
    problems: list[Problem] = []
    for text in texts:
        try:
            conditions.append(_read(text, known))
        except SpecErrors as error:
            problems += error.problems
    if problems:
        raise SpecErrors(problems)
    return tuple(conditions)


def _read(text: str, known: tuple[str, ...]) -> TotalCondition:
    if len(text) > LONGEST:
        message = f"a condition of {len(text)} characters; {LONGEST} are enough for any"
        raise _refused(text, (0, len(text)), message, "write one like params > 60M")
    total, at = _total(text, known)
    sign = _match(_SIGN, text, at)
    if sign[1] not in _COMPARISONS:
        message = f"'{sign[1]}' is no comparison" if sign[1] else "a comparison is missing here"
        hint = f"did you mean {_MEANT[sign[1]]}?" if sign[1] in _MEANT else f"one of {_SIGNS}"
        raise _refused(text, sign.span(1), message, hint)
    number = _NUMBER.match(text, sign.end())
    if number is None:
        rest = _match(_SUFFIX, text, sign.end())
        raise _refused(text, rest.span(1), "a number is missing here", "one like 60M or 1.05x")
    suffix = _match(_SUFFIX, text, number.end())
    bound = Fraction(re.sub("[_,]", "", number[1]))
    if suffix[1] != "x":
        bound *= _scale(text, suffix, in_bytes=total.endswith("memory"))
    if suffix.end() < len(text):
        message = "a condition is one comparison, and ends before this"
        raise _refused(text, (suffix.end(), len(text)), message, "give --fail-if once for each")
    return TotalCondition(one_line(text), total, sign[1], bound, suffix[1] == "x")


_SIGNS = " ".join(_COMPARISONS)


def _match(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str]:
    match = pattern.match(text, at)
    assert match is not None, "the pattern matches nothing, too"
    return match


def _total(text: str, known: tuple[str, ...]) -> tuple[str, int]:
    """Read the name of a total, in any case of letters."""
    word = _match(_WORD, text, 0)
    name = ALIASES.get(word[1].lower(), word[1].lower())
    if name in known:
        return name, word.end()
    if not word[1]:
        message = "a condition begins with the name of a total"
        raise _refused(text, word.span(1), message, "one like params > 60M")
    words = (*known, *ALIASES)
    hint = did_you_mean(name, words) or f"the totals are {', '.join(words)}"
    if name == "count":
        hint = "add --profile, which says what to count"
    raise _refused(text, word.span(1), f"there is no total '{word[1]}'", hint, "E332")


def _scale(text: str, suffix: re.Match[str], *, in_bytes: bool) -> int:
    """Return what a suffix stands for."""
    written = suffix[1]
    word = written.removesuffix("B") if in_bytes else written
    if word in _SUFFIXES:
        return _SUFFIXES[word]
    meant = next((unit for unit in _SUFFIXES if unit.lower() == word.lower()), "")
    hint = f"did you mean {meant}?" if meant else "use K, M, G, T, Ki, Mi, Gi, Ti or x"
    if written.removesuffix("B") in _SUFFIXES:
        hint = "bytes are for memory, peak_memory and parameter_memory"
    raise _refused(text, suffix.span(1), f"'{written}' is no unit of this total", hint)


def _refused(
    text: str, span: tuple[int, int], message: str, hint: str, code: str = "E331"
) -> SpecErrors:
    origin = Origin(Source(f"--fail-if {text}", text), Span(0, span[0], 0, span[1]))
    return refuse(code, message, origin, hint)
