"""What became of every cell of a homework, as bars: which shares are right, and which are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from shapecalc.draw.bars import BASE, LINE, MARGIN, NAME, NAMES, SMALL
from shapecalc.draw.metrics import fitted, room
from shapecalc.draw.picture import Box, Drawing, Text, bounds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.draw.picture import Shape

#: A line: the cell's name, how many of how many are right, and the count of each outcome.
CellBar: TypeAlias = "tuple[str, int, int, Sequence[int]]"
#: How long a bar is that all students are in.
_LONG = 380.0
#: How outcomes are drawn, in the order in which they are counted: the worse, the less green.
OUTCOMES = (
    "outcome-right",
    "outcome-own",
    "outcome-convention",
    "outcome-mistake",
    "outcome-wrong",
    "outcome-unreadable",
    "outcome-blank",
)
#: More lines than these are no page any more.
MOST = 300


def cells_drawn(title: str, words: Sequence[str], cells: Sequence[CellBar]) -> Drawing:
    """Draw a bar for each cell, which its outcomes share; `words` are what these are called."""
    shown = [at for at in range(len(words)) if any(counts[at] for _, _, _, counts in cells)]
    shapes: list[Shape] = [Text(MARGIN, MARGIN + 12, title, NAME, kind="strong")]
    shapes += _legend([(OUTCOMES[at], words[at]) for at in shown], MARGIN + 32)
    names = min(NAMES, max(room(name, NAME) for name, *_ in cells))
    left, y = MARGIN + names + 10, MARGIN + 48
    for name, right, students, counts in cells:
        x = left
        shapes.append(Text(MARGIN, y + BASE, fitted(name, NAME, names), NAME))
        for at in shown:
            long = _LONG * counts[at] / students
            if long:
                text = f"{name}: {words[at]} {counts[at]:,} of {students:,}"
                shapes.append(Box(x, y + 3, max(long - 0.8, 0.6), LINE - 6, OUTCOMES[at], "", text))
            x += long
        number = f"{right:,} of {students:,} right"
        shapes.append(Text(left + _LONG + 8, y + BASE, number, SMALL, kind="muted"))
        y += LINE
    wide = max(bounds(shape).right for shape in shapes) + MARGIN
    rights = "; ".join(f"{name}: {right:,} of {students:,}" for name, right, students, _ in cells)
    return Drawing(wide, y + MARGIN, title, f"Right, in any way: {rights}.", tuple(shapes))


def _legend(outcomes: Sequence[tuple[str, str]], y: float) -> Iterator[Shape]:
    x = MARGIN
    for kind, words in outcomes:
        yield Box(x, y - 9, 11, 11, kind)
        yield Text(x + 16, y, words, SMALL, kind="muted")
        x += 16 + room(words, SMALL) + 14
