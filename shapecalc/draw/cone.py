"""The receptive field as a cone: how much of the input a unit sees, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import known
from shapecalc.draw.bars import (
    BASE,
    LINE,
    MARGIN,
    SMALL,
    TITLE,
    headed,
    lines,
    notes,
    page_of_rows,
)
from shapecalc.draw.metrics import room
from shapecalc.draw.picture import Box, Drawing, Polygon, Text, line
from shapecalc.graph import Input
from shapecalc.report.receptive_field import AtMost
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.draw.bars import Strip
    from shapecalc.draw.picture import Shape
    from shapecalc.report import Report, Row

#: The widest bar, which is the larger of the input and the largest field.
_WIDE = 360.0


def field(report: Report, depth: int | None = None) -> Drawing:
    """Draw how receptive fields grow.  Raises `SpecErrors` for symbols, and for too many lines.

    Layers that see what the one before sees have no line.  Each of several inputs has a cone of its
    own, and what sees more than one of them stands behind.
    """
    parts = _parts(page_of_rows(report, depth, "its receptive fields"))
    rows = [row for part in parts for row in part.rows]
    title, head = headed(report)
    names = lines(rows, 0)[1]
    sizes = [_size(row) for row in rows]
    image = max(part.image for part in parts)
    scale = _WIDE / max([image, *(size for size in sizes if size is not None)])
    left = MARGIN + 15 + names + 12
    axis = left + _WIDE / 2
    shapes: list[Shape] = [head]
    end = MARGIN + TITLE + 6
    for part in parts:
        top = end + 34
        placed, _, end = lines(part.rows, top)
        own = [_size(row) for row in part.rows]
        shapes += _frame(axis, scale * part.image, top, end, f"{part.name}: {part.image} wide")
        shapes += _cone(placed, own, axis, scale)
        for entry, size in zip(placed, own, strict=True):
            shapes.append(entry.name(MARGIN, names))
            shapes += _bar(entry, size, axis, scale, left + _WIDE + 14)
    texts = [
        "Widths are of the input, padding included.",
        "A line where a unit sees more than before, or units see further apart.",
    ]
    below, end, wide = notes(texts, end + 22)
    right = left + _WIDE + 14 + room("\N{LESS-THAN OR EQUAL TO} 9999 x 9999, jump 9999", SMALL)
    return Drawing(
        max(right, wide, MARGIN + room(head.text, TITLE, bold=True)) + MARGIN,
        end + MARGIN,
        f"{title}: receptive fields",
        _description(rows, sizes, image),
        (*shapes, *below),
    )


class _Part(NamedTuple):
    """Rows that see the same inputs, how these are called, and how wide the widest is."""

    name: str
    image: int
    rows: list[Row]


def _parts(rows: Sequence[Row]) -> list[_Part]:
    """Part rows by the inputs that they see, in the order in which these come."""
    seen: dict[str, tuple[str, ...]] = {}
    wide: dict[str, int] = {}
    by_inputs: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        if _is_image(row):
            wide[row.name] = known(row.output.sides[-1])
        above = (name for source in row.sources for name in seen[source])
        own = (row.name,) if _is_image(row) else tuple(dict.fromkeys(above))
        seen.update(dict.fromkeys((layer.name for layer in row.layers), own))
        by_inputs.setdefault(own, []).append(row)
    several = len(wide) > 1
    return [
        _Part(
            " and ".join(map(one_line, inputs)) if several and inputs else "input",
            max((wide[name] for name in inputs), default=1),
            _growing(same),
        )
        for inputs, same in by_inputs.items()
    ]


def _is_image(row: Row) -> bool:
    return isinstance(row.layer, Input) and bool(row.output.sides)


def _growing(rows: Sequence[Row]) -> list[Row]:
    """Leave out what sees as much as the row before."""
    kept: list[Row] = []
    for row in rows:
        if not kept or (row.receptive_field, row.jump) != (kept[-1].receptive_field, kept[-1].jump):
            kept.append(row)
    return kept


def _size(row: Row) -> int | None:
    """Return how wide the field is; None where it is not known, or nothing has a width."""
    sizes = row.receptive_field
    return known(sizes[-1]) if isinstance(sizes, tuple) else None


def _words(row: Row) -> str:
    sizes, jump = row.receptive_field, row.jump
    if not isinstance(sizes, tuple):
        return "not known" if sizes is not None else ""
    text = " x ".join(map(str, sizes)) if len(set(sizes)) > 1 else str(sizes[0])
    bound = "\N{LESS-THAN OR EQUAL TO} " if isinstance(sizes, AtMost) else ""
    step = jump[-1] if isinstance(jump, tuple) else 0
    return f"{bound}{text}" + (f", jump {step}" if step else "")


def _frame(axis: float, wide: float, top: float, end: float, words: str) -> Iterator[Shape]:
    """Draw the input's two edges through all lines."""
    yield Text(axis, top - 8, words, SMALL, "middle", "muted")
    for x in (axis - wide / 2, axis + wide / 2):
        yield line((x, top - 3), (x, end), kind="muted-dashes")


def _cone(
    placed: Sequence[Strip], sizes: Sequence[int | None], axis: float, scale: float
) -> Iterator[Shape]:
    """Draw the cone that the bars are cut from."""
    right = [
        (axis + scale * size / 2, entry.y + LINE / 2)
        for entry, size in zip(placed, sizes, strict=True)
        if size is not None
    ]
    if len(right) < 2:
        return
    yield Polygon((*right, *((2 * axis - x, y) for x, y in reversed(right))), "cone")


def _bar(
    entry: Strip, size: int | None, axis: float, scale: float, numbers: float
) -> Iterator[Shape]:
    text = _words(entry.row)
    if size is not None:
        wide = max(1.5, scale * size)
        title = f"{one_line(entry.row.name)}: {text}"
        yield Box(axis - wide / 2, entry.y + 6, wide, LINE - 12, "bar-rf", entry.row.name, title)
    if text:
        yield Text(numbers, entry.y + BASE, text, SMALL, kind="muted")


def _description(rows: Sequence[Row], sizes: Sequence[int | None], image: int) -> str:
    steps = [f"{one_line(row.name)} {size}" for row, size in zip(rows, sizes, strict=True) if size]
    shown = ", ".join(steps[:30]) + (", and so on" if len(steps) > 30 else "")
    return f"How many pixels of the input, which is {image} wide, a unit sees: {shown}."
