"""A difference between two counts as a waterfall: from one total, term by term, to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra import known
from shapecalc.analysis.reconcile.table import signed
from shapecalc.draw.bars import BASE, LINE, MARGIN, NAME, SMALL, TITLE, notes
from shapecalc.draw.metrics import fitted, room
from shapecalc.draw.picture import Box, Cluster, Drawing, Text, line
from shapecalc.draw.solids import must_have_numbers
from shapecalc.output.cells import amount_text
from shapecalc.output.view import View
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.analysis.reconcile import Difference
    from shapecalc.draw.picture import Shape

#: The whole scale, and the room of names.
_WIDE, _NAMES = 420.0, 200.0
#: Where the steps are less than this part of the largest total, its bars are cut short.
_FINE = 0.3


def waterfall(difference: Difference) -> Drawing:
    """Draw what each term adds or takes away.  Raises `SpecErrors` (E121) for symbols."""
    must_have_numbers(difference.report, "a picture of a difference")
    first, second = map(known, difference.totals)
    names = difference.first.name, difference.second.name
    terms = [(part.term, known(part.difference)) for part in difference.terms if part.difference]
    levels = [first]
    for _, change in terms:
        levels.append(levels[-1] + change)
    low, high = min(levels), max(*levels, 1)
    cut = max(0, low - (high - low)) if high - low < _FINE * high else 0
    title = f"{one_line(difference.report.name) or 'network'}: {names[0]} and {names[1]}"
    left, y = MARGIN + _NAMES + 10, MARGIN + TITLE + 24
    scale = _WIDE / max(high - cut, 1)
    shapes: list[Shape] = [Text(MARGIN, MARGIN + TITLE - 2, title, TITLE, kind="strong")]
    shapes.append(line((left, y - 4), (left, y + (len(terms) + 2) * LINE), kind="muted-line"))
    shapes += _total(names[0], first, left, y, (first - cut) * scale)
    for (term, change), before in zip(terms, levels, strict=False):
        y += LINE
        ends = sorted((left + (before - cut) * scale, left + (before + change - cut) * scale))
        shapes += _step(term, change, ends[0], ends[1], y)
    y += LINE
    shapes += _total(names[1], second, left, y, (second - cut) * scale)
    texts = ["A step to the right adds to the count of the first, one to the left takes away."]
    if cut:
        texts.append(f"The bars of the totals are cut: their left ends stand for {cut:,}, not 0.")
    below, end, right = notes(texts, y + LINE + 18)
    return Drawing(
        max(left + _WIDE + 150, right, MARGIN + room(title, TITLE, bold=True)) + MARGIN,
        end + MARGIN,
        title,
        _in_words(names, (first, second), terms),
        (*shapes, *below),
    )


def _total(name: str, count: int, left: float, y: float, long: float) -> Iterator[Shape]:
    text = amount_text(count, View(units="auto"))
    bar = Box(left, y + 3, max(long, 1), LINE - 7, "bar-macs", title=f"{name}: {count:,}")
    label = fitted(name, NAME, _NAMES, bold=True)
    yield Cluster((bar, Text(left + max(long, 1) + 6, y + BASE, text, SMALL)), title=name)
    yield Text(left - 10, y + BASE, label, NAME, "end", "strong")


def _step(term: str, change: int, start: float, end: float, y: float) -> Iterator[Shape]:
    view = View(units="auto").fitted("count", [change])
    unit = "" if view.units == "exact" else f" {view.units}"
    title = f"{term}: {signed(change, View())}"
    kind = "bar-params" if change > 0 else "bar-activations"
    bar = Box(start, y + 3, max(end - start, 1), LINE - 7, kind, title=title)
    text = f"{signed(change, view)}{unit}"
    yield Cluster((bar, Text(max(end, start + 1) + 6, y + BASE, text, SMALL)), title=term)
    yield Text(MARGIN + _NAMES, y + BASE, fitted(term, NAME, _NAMES), NAME, "end")


def _in_words(names: tuple[str, str], totals: tuple[int, int], terms: list[tuple[str, int]]) -> str:
    first, second = totals
    steps = "; ".join(f"{term} {signed(change, View())}" for term, change in terms)
    return f"{names[0]} counts {first:,}, {names[1]} {second:,}: {steps or 'nothing differs'}."
