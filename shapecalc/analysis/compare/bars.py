"""Networks side by side as bars: a line a layer, with a bar for each network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.analysis.compare.table import shown_depth
from shapecalc.analysis.compare.totals import labels_of
from shapecalc.draw.bars import MARGIN, MOST, NAME, NAMES, SMALL, TITLE, notes
from shapecalc.draw.metrics import fitted, room
from shapecalc.draw.picture import Box, Cluster, Drawing, Text, line
from shapecalc.draw.solids import FEWER, must_have_numbers
from shapecalc.draw.styles import SERIES
from shapecalc.errors import refuse
from shapecalc.output.cells import amount_text
from shapecalc.output.columns import BY_WORD
from shapecalc.output.view import View
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.analysis.compare import Comparison
    from shapecalc.draw.picture import Shape
    from shapecalc.report import Row

#: What is compared.
_SHOWN = ("params", "macs", "activations")
#: The longest bar, a column with its gap, and how high a bar and its letters are.
_BAR, _COLUMN = 140.0, 226.0
_THICK, _STEP = 8.0, 10.0


def paired_bars(comparison: Comparison, view: View = View()) -> Drawing:
    """Draw the layers of all networks.  Raises `SpecErrors` for symbols, and for too many."""
    for report in comparison.reports:
        must_have_numbers(report, "a picture of a comparison")
    labels = labels_of(comparison.reports)
    if len(labels) > len(SERIES):
        raise refuse("E355", f"{len(labels)} networks are too many for one picture", rule=_RULE)
    aligned = [
        [None if part is None else part.row for part in row.parts]
        for row in comparison.rows(shown_depth(view))
    ]
    lines = [rows for rows in aligned if any(_value(row, key) for row in rows for key in _SHOWN)]
    if len(lines) > MOST:
        message = f"a picture of {len(lines):,} lines; the most is {MOST:,}"
        raise refuse("E303", message, hint=FEWER)
    title = " and ".join([", ".join(labels[:-1]), labels[-1]])
    high = _STEP * len(labels) + 8
    top = MARGIN + TITLE + 66
    names = [" / ".join(_names(rows)) for rows in lines]
    wide = min(NAMES + 60, max((room(name, NAME) for name in names), default=0))
    left = MARGIN + wide + 14
    shapes: list[Shape] = [
        Text(MARGIN, MARGIN + TITLE - 2, title, TITLE, kind="strong"),
        *_legend(labels),
    ]
    for at, name in enumerate(names):
        y = top + at * high + high / 2
        shapes.append(Text(MARGIN, y + 3, fitted(name, NAME, wide), NAME))
    for place, key in enumerate(_SHOWN):
        x = left + place * _COLUMN
        shapes += _column(lines, key, (x, top), high, labels)
    texts = ["Every column has a scale of its own, from 0 to its largest."]
    below, end, right = notes(texts, top + len(lines) * high + 22)
    return Drawing(
        max(
            left + len(_SHOWN) * _COLUMN,
            right,
            MARGIN + room(title, TITLE, bold=True),
            _end(labels),
        )
        + MARGIN,
        end + MARGIN,
        f"{title}: layer by layer",
        _in_words(comparison, labels),
        (*shapes, *below),
    )


_RULE = f"at most {len(SERIES)}"


def _value(row: Row | None, key: str) -> int:
    """Return a measure of a layer, 0 where a network has no such layer."""
    value = row and BY_WORD[key].value(row, View())
    return value if isinstance(value, int) else 0


def _names(rows: Sequence[Row | None]) -> list[str]:
    return list(dict.fromkeys(one_line(row.name) for row in rows if row is not None))


def _legend(labels: Sequence[str]) -> Iterator[Shape]:
    x, y = MARGIN, MARGIN + TITLE + 20
    for label, kind in zip(labels, SERIES, strict=False):
        yield Box(x, y - 9, 10, 10, f"{kind}-dot")
        yield Text(x + 15, y, label, SMALL, kind="muted")
        x += 15 + room(label, SMALL) + 16


def _end(labels: Sequence[str]) -> float:
    return MARGIN + sum(15 + room(label, SMALL) + 16 for label in labels)


def _column(
    lines: Sequence[Sequence[Row | None]],
    key: str,
    corner: tuple[float, float],
    high: float,
    labels: Sequence[str],
) -> Iterator[Shape]:
    x, top = corner
    most = max((_value(row, key) for rows in lines for row in rows), default=0) or 1
    yield Text(x, top - 10, BY_WORD[key].title, NAME, kind="strong")
    yield line((x, top - 2), (x, top + len(lines) * high), kind="muted-line")
    view = View(units="auto")
    for at, rows in enumerate(lines):
        for number, (row, label, kind) in enumerate(zip(rows, labels, SERIES, strict=False)):
            value = _value(row, key)
            if row is None or not value:
                continue
            y = top + at * high + 4 + number * _STEP
            long = max(1.0, _BAR * value / most)
            title = f"{label}, {one_line(row.name)}: {value:,}"
            bar = Box(x, y, long, _THICK, f"{kind}-dot", title=title)
            text = Text(x + long + 5, y + 7.5, amount_text(value, view), 8.5, kind="muted")
            yield Cluster((bar, text))


def _in_words(comparison: Comparison, labels: Sequence[str]) -> str:
    parts = [
        f"{label} has {report.totals.params:,} parameters and {report.totals.macs:,} MACs"
        for label, report in zip(labels, comparison.reports, strict=True)
    ]
    return f"{'; '.join(parts)}. A line a layer, a bar a network."
