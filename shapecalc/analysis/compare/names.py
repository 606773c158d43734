"""What a comparison calls its networks, what it counts of them, and how it names a ratio.

Ratios are as people say them: 1 or more, with a word for the direction.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra.dim import known
from shapecalc.output.columns import measure_names, measures
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.algebra.dim import Dim
    from shapecalc.output.view import View
    from shapecalc.report.model import Report

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


def totals_of(report: Report, view: View) -> dict[str, Dim]:
    """Return every total by its name."""
    return {**measures(report, view), WEIGHTED: weighted_layers(report)}


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
