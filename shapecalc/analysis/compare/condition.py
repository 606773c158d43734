"""Conditions on totals, for `--fail-if`: ``params > 60M``, ``macs >= 1.05x``.

A condition is a total's name, a comparison and a number.  The number may have separators (``_``
or ``,``), decimals, and one of the suffixes K M G T (powers of 1000) and Ki Mi Gi Ti (powers of
1024), with a B behind it where the total is in bytes; or an x, which makes it a multiple of the
first network's total.  Everything is exact.
"""

from __future__ import annotations

import operator
import re
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import known
from shapecalc.analysis.compare.names import WEIGHTED, ratio
from shapecalc.errors import Problem, SpecErrors, refuse
from shapecalc.text import Origin, Source, Span
from shapecalc.text.safe import one_line
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shapecalc.algebra import Dim

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
