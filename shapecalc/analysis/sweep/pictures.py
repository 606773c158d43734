"""Pictures of a sweep: one column over one name, cut into lines, and drawn with characters."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.analysis.sweep.table import ELLIPSIS, fitted, heading
from shapecalc.errors import refuse
from shapecalc.output.cells import UNKNOWN_MARK, number_text
from shapecalc.output.text import wrap
from shapecalc.text import Origin, Source
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.analysis.sweep.axes import Axis
    from shapecalc.analysis.sweep.columns import SweepColumn
    from shapecalc.analysis.sweep.plan import Plan
    from shapecalc.analysis.sweep.result import Sweep


#: So many reasons why points do not exist are named.
REASONS = 3


class Series(NamedTuple):
    """A line: points in rising order of x, y None where the network does not exist."""

    label: str
    x: list[int]
    y: list[int | None]

    @property
    def stairs(self) -> bool:
        """Whether no value of x lies between neighbours, so that nothing is made up by a step."""
        return len(self.x) > 1 and self.x[-1] - self.x[0] == len(self.x) - 1


def axis_of(sweep: Sweep) -> Axis:
    """Return the axis that runs along a picture: the one with most values."""
    return max(sweep.plan.ground.axes, key=lambda axis: len(axis.values))


def column_of(plan: Plan, name: str | None) -> SweepColumn:
    """Return the column that a picture shows: the one named, MACs, or the first number.

    `name` is one that `read_measures` knows.  Raises `SpecErrors` (E301) for one without a number.
    """
    numbers = [measure for measure in plan.measures if not measure.shaped]
    if name is None:
        named = [m for m in numbers if m.name == "macs"] or numbers
    else:
        word = name.strip().lower()
        named = [
            measure for measure in numbers if word in (measure.name.lower(), measure.title.lower())
        ]
        named = named or [m for m in numbers if m.name == f"{word}_activations"]
    if named:
        return named[0]
    message = (
        f"a picture shows one number, and '{name}' is none" if name else "no column is a number"
    )
    origin = Origin(Source(f"--y {name}", name)) if name else None
    hint = "an extent is one: --y conv1.height" if name else "add one, like --y macs"
    raise refuse("E301", message, origin, hint)


def series_of(sweep: Sweep, measure: SweepColumn, most: int) -> list[Series]:
    """Cut a column into lines.  Raises `SpecErrors` (E355) for more than `most` of them."""
    along = axis_of(sweep)
    others = [axis for axis in sweep.plan.ground.axes if axis is not along]
    count = len(sweep) // len(along.values)
    if count > most:
        names = " and ".join(axis.name for axis in others)
        message = f"{count:,} lines, one for each value of {names}, are too many for one picture"
        rule = f"at most {most}"
        origin = others[-1].over.origin
        hint = f"give {names} fewer values"
        raise refuse("E355", message, origin, hint, rule=rule)
    keys = zip(*(sweep.block.axes[axis.name].tolist() for axis in others), strict=True)
    lines: dict[tuple[Any, ...], list[tuple[int, int | None]]] = {}
    points = zip(sweep[along.name].tolist(), sweep[measure.name].tolist(), strict=True)
    for key, point in zip(keys if others else [()] * len(sweep), points, strict=True):
        lines.setdefault(key, []).append(point)
    return [_line(others, key, line) for key, line in lines.items()]


def _line(others: Iterable[Axis], key: tuple[int, ...], points: list[tuple[int, Any]]) -> Series:
    points.sort(key=lambda point: point[0])
    label = ", ".join(f"{axis.name} = {value:,}" for axis, value in zip(others, key, strict=True))
    return Series(label, [x for x, _ in points], [y for _, y in points])


def missing_points(sweep: Sweep) -> str:
    """Say which points a picture lacks, and why; nothing where it has all."""
    missing = int((~sweep.exists).sum())
    if not missing:
        return ""
    notes = [note for note in dict.fromkeys(sweep.block.notes.tolist()) if note]
    shown = "; ".join(map(one_line, notes[:REASONS])) + ("; ..." if len(notes) > REASONS else "")
    return f"{missing:,} of {len(sweep):,} points not drawn: {shown}"


#: More points than this make a line.
BARS = 40
#: So many lines are drawn under each other, each so many characters high.
CHART_LINES = 6
HEIGHT = 12
#: Parts of a character cell, from an eighth to all of it.
_EIGHTHS = " ▏▎▍▌▋▊▉█"
#: The dots of a Braille character, by column and row.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


def to_chart(sweep: Sweep, measure: SweepColumn, width: int, *, plain: bool = False) -> str:
    """Draw a column, in lines at most `width` wide; `plain` uses ASCII alone."""
    axes = ", ".join(axis.name for axis in sweep.plan.ground.axes)
    name = one_line(sweep.plan.ground.spec.name) or "network"
    title = f"{name}: {heading(measure, fitted(sweep, measure))} over {axes}"
    draw = _bars if len(sweep) <= BARS else _lines
    lines = [title, "", *draw(sweep, measure, width, plain)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _text(value: int, sweep: Sweep, measure: SweepColumn) -> str:
    return number_text(value, fitted(sweep, measure).units)


def _bars(sweep: Sweep, measure: SweepColumn, width: int, plain: bool) -> Iterator[str]:
    names = list(sweep.block.axes)
    labels = [[f"{v:,}" for v in sweep.block.axes[name].tolist()] for name in names]
    sizes = [max(map(len, [name, *texts])) for name, texts in zip(names, labels, strict=True)]
    values = sweep[measure.name].tolist()
    texts = ["" if v is None else _text(v, sweep, measure) for v in values]
    head = "  ".join(name.rjust(size) for name, size in zip(names, sizes, strict=True))
    most = max((v for v in values if v is not None), default=0)
    room = max(8, width - len(head) - 4 - max(map(len, texts)))
    yield head
    for row, (value, text) in enumerate(zip(values, texts, strict=True)):
        cells = [part[row].rjust(size) for part, size in zip(labels, sizes, strict=True)]
        label = "  ".join(cells)
        if value is None:
            note = one_line(sweep.block.notes[row]) or "no such layer"
            left = width - len(label) - 4
            cut = note if len(note) <= left else note[: left - 1] + ("." if plain else ELLIPSIS)
            yield f"{label}  {UNKNOWN_MARK} {cut}"
        else:
            bar = _bar(value, most, room, plain)
            yield f"{label}  {bar}{' ' if bar else ''}{text}"


def _bar(value: int, most: int, room: int, plain: bool) -> str:
    if not most:
        return ""
    if plain:
        return "#" * (value * room // most)
    full, part = divmod(value * room * 8 // most, 8)
    return _EIGHTHS[8] * full + _EIGHTHS[part].strip()


def _lines(sweep: Sweep, measure: SweepColumn, width: int, plain: bool) -> Iterator[str]:
    lines = series_of(sweep, measure, CHART_LINES)
    most = max((y for line in lines for y in line.y if y is not None), default=0)
    top = _text(most, sweep, measure)
    room = max(10, width - len(top) - 2)
    for number, line in enumerate(lines):
        if number:
            yield ""
        if line.label:
            yield line.label
        cells = _canvas(line, most, room, plain)
        for row, text in enumerate(cells):
            label = top if not row else "0" if row == len(cells) - 1 else ""
            yield f"{label.rjust(len(top))} {'|' if plain else '┤' if label else '│'}{text}"
        yield f"{' ' * len(top)} {'+' if plain else '└'}{('-' if plain else '─') * room}"
        low, high = f"{line.x[0]:,}", f"{line.x[-1]:,}"
        name = axis_of(sweep).name
        middle = name.center(max(len(name), room - len(low) - len(high)))
        yield f"{' ' * (len(top) + 2)}{low}{middle}{high}"
    missing = missing_points(sweep)
    if missing:
        yield ""
        yield from wrap(missing, width)


def _canvas(line: Series, most: int, room: int, plain: bool) -> list[str]:
    """Draw a line on a grid of dots: one a character, or two by four of Braille."""
    across, down = (1, 1) if plain else (2, 4)
    wide, high = room * across, HEIGHT * down
    dots: set[tuple[int, int]] = set()
    before: int | None = None
    for column, span in enumerate(spans(line, wide)):
        if span is None:
            before = None
            continue
        first, low, top, last = (y * (high - 1) // max(most, 1) for y in span)
        if before is not None:  # a riser from where the line stood
            low, top = min(low, before, first), max(top, min(before, top), first)
            low, top = min(low, before), max(top, before)
        dots.update((column, dot) for dot in range(low, top + 1))
        before = last
    return [
        "".join(_glyph(dots, x, y, plain) for x in range(room)) for y in reversed(range(HEIGHT))
    ]


def _glyph(dots: set[tuple[int, int]], x: int, y: int, plain: bool) -> str:
    if plain:
        return "*" if (x, y) in dots else " "
    code = sum(
        _DOTS[i][3 - j] for i in range(2) for j in range(4) if (2 * x + i, 4 * y + j) in dots
    )
    return chr(0x2800 + code) if code else " "


def spans(line: Series, wide: int) -> Iterator[tuple[int, int, int, int] | None]:
    """Yield for every column of dots the first, lowest, highest and last value in it.

    Where no point lies the value before goes on, if there are no others between (stairs), or the
    line runs straight to the next; None where the network does not exist.
    """
    x, y = line.x, line.y
    length = x[-1] - x[0] + line.stairs
    for column in range(wide):
        start = x[0] + -(-column * length // wide)
        stop = x[0] + -(-(column + 1) * length // wide)
        left, right = bisect_left(x, start), bisect_left(x, stop)
        if column == wide - 1:
            right = len(x)
        values = [value for value in y[left:right] if value is not None]
        if values:
            yield values[0], min(values), max(values), values[-1]
        elif left < right:
            yield None
        else:
            at = bisect_right(x, start) - 1
            a = y[at]
            b = a if line.stairs or at + 1 == len(x) else y[at + 1]
            if a is None or b is None:
                yield None
                continue
            value = a if b == a else a + (b - a) * (start - x[at]) // (x[at + 1] - x[at])
            yield value, value, value, value
