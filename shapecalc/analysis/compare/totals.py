"""What a comparison calls its networks, what it counts of them, ratios, and conditions on totals.

A ratio is always a network's number divided by the first network's.

A condition, for `--fail-if`, is a total's name, a comparison and a number: ``params > 60M``,
``macs >= 1.05x``.  The number may have separators (``_`` or ``,``), decimals, a power of ten
(``1e6``), and one of the suffixes K (or k) M G T (powers of 1000) and Ki Mi Gi Ti (powers of 1024),
with a B behind it where the total is in bytes; or an x, which makes it a multiple of the first
network's total.  Everything is exact.
"""

from __future__ import annotations

import operator
import re
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import Dim, known
from shapecalc.counting import MEASURES, SHORT
from shapecalc.errors import Problem, SpecErrors, refuse
from shapecalc.output.totals import measure_names, measures
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


def totals_of(
    report: Report, view: View, *, frozen: bool = True, cached: bool = True
) -> dict[str, Dim]:
    """Return every total by its name; those that `measures` may leave out, unless not asked for."""
    named = measures(report, view, frozen=frozen, cached=cached)
    return {**named, WEIGHTED: weighted_layers(report)}


def total_names(view: View) -> tuple[str, ...]:
    """List the names of the totals."""
    return (*measure_names(view), WEIGHTED)


class CountRatio(NamedTuple):
    """How a number compares with an earlier one: it, divided by that.

    `quotient` is exact; None where the earlier one is 0, and a ratio means nothing.
    """

    quotient: Fraction | None

    @property
    def text(self) -> str:
        """The factor, and below 10 the change in percent, rounded to three digits.

        >>> ratio(62378344, 6998552).text, ratio(10, 21).text, ratio(1, 12).text
        ('x0.112 (-88.8 %)', 'x2.10 (+110 %)', 'x12.0')
        >>> ratio(3, 3).text, ratio(5, 0).text, ratio(0, 5).text
        ('the same', 'x0 (-100 %)', 'no ratio to 0')
        """
        if self.quotient is None:
            return "no ratio to 0"
        if self.quotient == 1:
            return "the same"
        if not self.quotient:
            return "x0 (-100 %)"
        times = f"x{digits_text(self.quotient, 1)}"
        if self.quotient >= 10:
            return times
        sign = "+" if self.quotient > 1 else "-"
        return f"{times} ({sign}{digits_text(100 * abs(self.quotient - 1), 100)} %)"

    @property
    def percent(self) -> float | None:
        """The change in percent of the earlier number."""
        return None if self.quotient is None else float(100 * (self.quotient - 1))


def ratio(before: Dim, after: Dim) -> CountRatio:
    """Divide a count by an earlier one."""
    before, after = known(before), known(after)
    if before == after:
        return CountRatio(Fraction(1))
    return CountRatio(Fraction(after, before) if before else None)


def digits_text(number: Fraction, apart: int) -> str:
    """Write a positive number with three digits, halves up; more, not to read as another.

    >>> [digits_text(Fraction(n, 10000), 1) for n in (120, 10004, 99940, 99950, 45678900)]
    ['0.0120', '1.0004', '9.99', '10.0', '4,570']
    """
    digits = 2
    while digits > -60 and _rounded(number, digits) >= 1000:
        digits -= 1
    while _rounded(number, digits) < 100:
        digits += 1
    while number != apart and _rounded(number, digits) == apart * Fraction(10) ** digits:
        digits += 1
    scaled = _rounded(number, digits)
    if digits <= 0:
        return f"{scaled * 10**-digits:,}"
    return f"{scaled // 10**digits:,}.{scaled % 10**digits:0{digits}}"


def _rounded(number: Fraction, digits: int) -> int:
    return int(number * Fraction(10) ** digits + Fraction(1, 2))


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
    "k": 1000,
    **{f"{letter}i": 1024**power for power, letter in enumerate("KMGT", 1)},
}
#: Totals that have a short name as well.
ALIASES = {**SHORT, "layers": WEIGHTED}
#: Totals that are counts, and what they are in bytes.
_IN_BYTES = {
    "peak_activations": "peak_memory",
    "params": "parameter_memory",
    "activations": "memory",
    "kv_cache": "kv_cache_memory",
}

#: The name that a condition begins with: a total's, or a swept field's or a layer's value's.
NAME = re.compile(r"\s*((?:[^\W\d][\w./]*)?)")
_SIGN = re.compile(r"\s*([<>=!~]*)")
_NUMBER = re.compile(r"\s*(\d[\d_,]*(?:\.\d+)?(?:[eE]\+?\d{1,2}(?!\w))?)", re.ASCII)
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
        """Say with the numbers of a network whether the condition holds."""
        return f"{self.text}: {self.numbers(name, number, first_name, first)}"

    def numbers(self, name: str, number: Dim, first_name: str, first: Dim) -> str:
        """Say what a network's total is, and the first network's where that matters."""
        text = f"{name} has {number:,}{' bytes' if _bytes(self.total) else ''}"
        if self.relative:
            text += f", {first_name} has {first:,}: {ratio(first, number).text}"
        return text


def _bytes(total: str) -> bool:
    return total in MEASURES and MEASURES[total].kind == "bytes"


def read_conditions(
    texts: Iterable[str],
    totals: Iterable[str],
    *,
    alone: bool = False,
    option: str = "fail-if",
    several: str = "give --fail-if once for each",
) -> tuple[TotalCondition, ...]:
    """Read conditions on the named totals; of a network `alone`, which is no multiple of another.

    `option` is the one that they are given to, and `several` how it takes more than one.
    Raises `SpecErrors` with every one that cannot be read (E331) or names no total (E332).
    """
    known = tuple(totals)
    conditions: list[TotalCondition] = []
    problems: list[Problem] = []
    for text in texts:
        try:
            conditions.append(_read(text, known, several, alone=alone))
        except SpecErrors as error:
            source = Source(f"--{option} {text}", text)
            problems += [
                problem._replace(origin=problem.origin and problem.origin._replace(source=source))
                for problem in error.problems
            ]
    if problems:
        raise SpecErrors(problems)
    return tuple(conditions)


def _read(text: str, known: tuple[str, ...], several: str, *, alone: bool) -> TotalCondition:
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
    if suffix[1] == "x" and alone:
        message = "a multiple needs a network to compare with, and there is one alone"
        hint = "give a number, or compare two: shapecalc compare A B --fail-if ..."
        raise _refused(text, suffix.span(1), message, hint)
    if suffix[1] != "x":
        bound *= _scale(text, suffix, total)
    if suffix.end() < len(text):
        message = "a condition is one comparison, and ends before this"
        raise _refused(text, (suffix.end(), len(text)), message, several)
    return TotalCondition(one_line(text), total, sign[1], bound, suffix[1] == "x")


_SIGNS = " ".join(_COMPARISONS)


def _match(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str]:
    match = pattern.match(text, at)
    assert match is not None, "the pattern matches nothing, too"
    return match


def _total(text: str, known: tuple[str, ...]) -> tuple[str, int]:
    """Read the name of a total, in any case of letters."""
    word = _match(NAME, text, 0)
    name = ALIASES.get(word[1].lower(), word[1].lower())
    if word[1] in known or name in known:
        return word[1] if word[1] in known else name, word.end()
    if not word[1]:
        message = "a condition begins with the name of a total"
        raise _refused(text, word.span(1), message, "one like params > 60M")
    words = (*known, *ALIASES)
    hint = did_you_mean(name, words) or f"the totals are {', '.join(words)}"
    if name == "count":
        hint = "add --profile, which says what to count"
    raise _refused(text, word.span(1), f"there is no total '{word[1]}'", hint, "E332")


def _scale(text: str, suffix: re.Match[str], total: str) -> int:
    """Return what a suffix stands for."""
    written = suffix[1]
    word = written.removesuffix("B") if _bytes(total) else written
    if word in _SUFFIXES:
        return _SUFFIXES[word]
    units = [*_SUFFIXES, *(f"{unit}B" for unit in _SUFFIXES if _bytes(total))]
    meant = next((unit for unit in units if unit.lower() == written.lower()), "")
    hint = f"did you mean {meant}?" if meant else "use K, M, G, T, Ki, Mi, Gi, Ti or x"
    if written.removesuffix("B") in _SUFFIXES:
        plain = text[: suffix.end(1)].strip().removesuffix("B")
        hint = f"it counts, and takes no memory: write {plain}"
        if total in _IN_BYTES:
            hint = f"in bytes it is {_IN_BYTES[total]}, without the B a count"
    raise _refused(text, suffix.span(1), f"'{written}' is no unit of this total", hint)


def _refused(
    text: str, span: tuple[int, int], message: str, hint: str, code: str = "E331"
) -> SpecErrors:
    origin = Origin(Source(f"--fail-if {text}", text), Span(0, span[0], 0, span[1]))
    return refuse(code, message, origin, hint)
