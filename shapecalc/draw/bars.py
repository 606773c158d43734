"""What layers cost, and what is alive while they run: a line a layer, with bars beside its name.

Bars of one column have one scale, from zero to the largest, so that lengths can be compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import known
from shapecalc.draw.metrics import fitted, room
from shapecalc.draw.picture import Box, Cluster, Drawing, Text, line
from shapecalc.draw.solids import FEWER, kind_of, must_have_numbers, rows_to_draw
from shapecalc.draw.styles import STYLES
from shapecalc.errors import refuse
from shapecalc.output.cells import amount_text, bytes_text
from shapecalc.output.columns import BY_WORD, COLUMNS
from shapecalc.output.view import View
from shapecalc.report.peak import find_peak
from shapecalc.text import Origin, Source
from shapecalc.text.safe import one_line
from shapecalc.text.words import did_you_mean, listed, listed_briefly

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.draw.picture import Shape
    from shapecalc.report import Alive, Peak, Report, Row

#: More lines than these are no page any more.
MOST = 1000
MARGIN = 20.0
TITLE, NAME, SMALL = 16.0, 11.0, 10.0
#: A line, and where its letters stand in it.
LINE, BASE = 18.0, 12.5
#: Names are given at most so much.
NAMES = 150.0
#: The longest bar, and between one and its number; a column with its gap.
_BAR, _GAP = 132.0, 6.0
_COLUMN = 226.0


class Strip(NamedTuple):
    """A layer's line on a page: where it stands."""

    row: Row
    y: float

    def name(self, x: float, wide: float) -> Cluster:
        """Write the layer's name, with the colour of its family."""
        text = fitted(one_line(self.row.name), NAME, wide, bold=False)
        swatch = Box(x, self.y + 4, 9, 9, kind_of(self.row))
        return Cluster(
            (swatch, Text(x + 15, self.y + BASE, text, NAME)), self.row.name, self.row.does
        )


def page_of_rows(report: Report, depth: int | None, what: str) -> tuple[Row, ...]:
    """Return the rows of a picture.  Raises `SpecErrors` for symbols, and for more than a page."""
    must_have_numbers(report, f"a picture of {what}")
    rows = rows_to_draw(report, depth)
    if len(rows) > MOST:
        message = f"{report.name}: a picture of {len(rows):,} lines; the most is {MOST:,}"
        raise refuse("E303", message, Origin(report.graph.spec.source), FEWER)
    return rows


def lines(rows: Sequence[Row], top: float) -> tuple[list[Strip], float, float]:
    """Place rows under each other; return them, the room of their names, and where they end."""
    names = min(NAMES, max((room(one_line(row.name), NAME) for row in rows), default=0))
    placed = [Strip(row, top + at * LINE) for at, row in enumerate(rows)]
    return placed, names, top + len(rows) * LINE


def headed(report: Report) -> tuple[str, Text]:
    """Return the network's name and how it stands over a picture."""
    title = one_line(report.name) or "network"
    return title, Text(MARGIN, MARGIN + TITLE - 2, title, TITLE, kind="strong")


def notes(texts: Sequence[str], top: float) -> tuple[list[Text], float, float]:
    """Write small lines; return them, where they end, and their right edge."""
    placed = [
        Text(MARGIN, top + 14 * at, text, SMALL, kind="muted") for at, text in enumerate(texts)
    ]
    right = max((MARGIN + room(text, SMALL) for text in texts), default=0)
    return placed, top + 14 * (len(texts) - 1), right


# -- costs ----------------------------------------------------------------------------------------

#: What a picture of costs shows by default.
COSTS = ("params", "macs", "activations")


def costs(report: Report, depth: int | None = None, show: str | Sequence[str] = COSTS) -> Drawing:
    """Draw measures of the layers as bars; `show` is a list, or a text with commas.

    Raises `SpecErrors` for unknown measures (E301), for symbols, and for more than a page.
    """
    show = _measures(show)
    rows = page_of_rows(report, depth, "its costs")
    view = View()
    values = {
        key: [_number(BY_WORD[key].of_row(row, view, report.totals)) for row in rows]
        for key in show
    }
    shown = [at for at in range(len(rows)) if any(column[at] for column in values.values())]
    title, head = headed(report)
    top = MARGIN + TITLE + 44
    placed, names, end = lines([rows[at] for at in shown], top)
    left = MARGIN + 15 + names + 12
    shapes: list[Shape] = [head, *(entry.name(MARGIN, names) for entry in placed)]
    for place, (key, column) in enumerate(values.items()):
        x = left + place * _COLUMN
        shapes += _column(key, [column[at] for at in shown], placed, x, top, report)
    free = [one_line(row.name) for at, row in enumerate(rows) if at not in set(shown)]
    texts = [_scales(show)]
    if free:
        texts.append(f"Not shown, as they have none of them: {listed_briefly(free, 6)}.")
    below, end, right = notes(texts, end + 24)
    width = max(left + len(show) * _COLUMN - (_COLUMN - _BAR - 72), right, MARGIN + _long(head))
    taken = [rows[at] for at in shown]
    words = [
        f"{BY_WORD[key].title}: {_largest(taken, [column[at] for at in shown])}"
        for key, column in values.items()
        if any(column)
    ]
    return Drawing(
        width + MARGIN,
        end + MARGIN,
        f"{title}: {listed([BY_WORD[key].title for key in show])} by layer",
        f"A bar a layer, as long as its share of the largest. Most have {'; '.join(words)}.",
        (*shapes, *below),
    )


def _measures(show: str | Sequence[str]) -> list[str]:
    """Read which measures are drawn, each once."""
    text = show if isinstance(show, str) else ",".join(show)
    known = [column.key for column in COLUMNS if column.charted and column.there(View())]
    keys: dict[str, None] = {}
    for word in map(str.strip, text.split(",")):
        if word.lower() not in known:
            hint = did_you_mean(word, known) or f"one of {', '.join(known)}"
            message = f"of '{word}' no bars can be drawn"
            raise refuse("E301", message, Origin(Source(f"--show {text}", text)), hint)
        keys[word.lower()] = None
    return list(keys)


def _long(text: Text) -> float:
    return room(text.text, text.size, bold=True)


def _scales(show: Sequence[str]) -> str:
    return (
        "Every column has a scale of its own, from 0 to its largest."
        if len(show) > 1
        else ("Lengths are from 0 to the largest.")
    )


def _number(value: object) -> int:
    """Return a measure as a number; what no rule gives has no bar."""
    return value if isinstance(value, int) else 0


def _largest(rows: Sequence[Row], column: Sequence[int]) -> str:
    """Name the layers with most, as far as they have more than a tenth."""
    whole = sum(column)
    order = sorted(range(len(rows)), key=lambda at: -column[at])[:3]
    parts = [
        f"{one_line(rows[at].name)} {100 * column[at] / whole:.0f} %"
        for at in order
        if 10 * column[at] >= whole
    ]
    return ", ".join(parts) or f"{one_line(rows[order[0]].name)}, less than 10 %"


def bar_kind(key: str) -> str:
    """Return the kind of a measure's bars."""
    return f"bar-{key}" if f"bar-{key}" in STYLES else "bar-memory"


def _column(
    key: str,
    column: Sequence[int],
    placed: Sequence[Strip],
    x: float,
    top: float,
    report: Report,
) -> Iterator[Shape]:
    """Draw a measure's bars under its name and its sum."""
    measure, view = BY_WORD[key], View(units="auto")
    write = bytes_text if measure.kind.name == "bytes" else amount_text
    total = measure.of_all(report.totals, view)
    yield Text(x, top - 22, measure.title, NAME, kind="strong")
    if isinstance(total, int):
        yield Text(x, top - 8, f"{write(total, view)} in all", SMALL, kind="muted")
    yield line((x, top - 2), (x, top + len(placed) * LINE), kind="muted-line")
    most = max(column, default=0)
    for entry, value in zip(placed, column, strict=True):
        if value:
            share = f" of {total:,}: {100 * value / total:.1f} %" if isinstance(total, int) else ""
            name = one_line(entry.row.name)
            long = max(1.0, _BAR * value / most)
            title = f"{name}: {value:,}{share}"
            yield Box(x, entry.y + 3, long, LINE - 7, bar_kind(key), entry.row.name, title)
            at = x + long + _GAP
            yield Text(at, entry.y + BASE, write(value, view), SMALL, kind="muted")


# -- memory ---------------------------------------------------------------------------------------

#: How volumes are drawn by their role, with the words under the picture.
_ROLES = {
    "input": ("bar-macs", "input of the layer"),
    "output": ("bar-params", "its output"),
    "kept": ("bar-activations", "kept for a later layer"),
}
#: The longest bar of live memory.
_WIDE = 430.0


def memory(report: Report, depth: int | None = None) -> Drawing:
    """Draw what is alive in inference while each layer runs, and where most is.

    Of a block that is the layer in it with most.  Raises `SpecErrors` as `costs` does.
    """
    rows = page_of_rows(report, depth, "its memory")
    peaks = [(row, _peak_of(report, row)) for row in rows]
    held = [(row, peak) for row, peak in peaks if peak is not None]
    title, head = headed(report)
    top = MARGIN + TITLE + 40
    placed, names, end = lines([row for row, _ in held], top)
    left = MARGIN + 15 + names + 12
    most = max((known(peak.elements) for _, peak in held), default=0) or 1
    shapes: list[Shape] = [head, *_roles(MARGIN, MARGIN + TITLE + 20)]
    shapes.append(line((left, top - 2), (left, end), kind="muted-line"))
    for entry, (_, peak) in zip(placed, held, strict=True):
        shapes.append(entry.name(MARGIN, names))
        shapes += _alive(entry, peak, left, most)
    right = left + _WIDE + _GAP + room("9,999.99 MB, peak", SMALL, bold=True)
    texts = [
        "Of a block, while its fullest layer runs; what works in place has no line.",
        "Inference with one example, 4 bytes an element.",
    ]
    below, end, wide = notes(texts, end + 22)
    return Drawing(
        max(right, wide, MARGIN + _long(head)) + MARGIN,
        end + MARGIN,
        f"{title}: memory of activations, layer by layer",
        _peak_in_words(report),
        (*shapes, *below),
    )


def _peak_of(report: Report, row: Row) -> Peak | None:
    """Return what is alive while a layer runs, or while the fullest one of a block does."""
    order = sorted(row.layers, key=lambda layer: -known(layer.live))
    peaks = (find_peak(report.graph, report.rows, layer.name) for layer in order)
    return next((peak for peak in peaks if peak is not None), None)


def _roles(x: float, y: float) -> Iterator[Shape]:
    for kind, words in _ROLES.values():
        yield Box(x, y - 9, 10, 10, kind)
        yield Text(x + 15, y, words, SMALL, kind="muted")
        x += 15 + room(words, SMALL) + 14


def _alive(entry: Strip, peak: Peak, x: float, most: int) -> Iterator[Shape]:
    """Draw the volumes that are alive, one behind the other, and how much they are."""
    view = View(units="auto")
    for volume in peak.alive:
        long = _WIDE * known(volume.elements) / most
        kind, _ = _ROLES[volume.role]
        inner = max(0.6, long - 0.8)  # a hair's breadth apart
        yield Box(x, entry.y + 3, inner, LINE - 7, kind, volume.layer, _volume_in_words(volume))
        x += long
    text = bytes_text(view.memory(peak.elements), view)
    kind = "peak" if peak.elements == most else "muted"
    text += ", peak" if kind == "peak" else ""
    yield Text(x + _GAP, entry.y + BASE, text, SMALL, kind=kind)


def _volume_in_words(volume: Alive) -> str:
    view = View()
    size = bytes_text(view.memory(volume.elements), view)
    reader = f" for {volume.reader}" if volume.reader else ""
    return f"{volume.role} {one_line(volume.layer)}: {size}{reader}"


def _peak_in_words(report: Report) -> str:
    peak = report.peak
    if peak is None:
        return "Nothing is held."
    view = View()
    volumes = "; ".join(map(_volume_in_words, peak.alive))
    total = bytes_text(view.memory(peak.elements), view)
    most = f"The most is {total} at {peak.layer}: {volumes}."
    return f"A bar a layer: what is alive while it runs. {most}"
