"""The figure of the papers: volumes as boxes, one after the other, with their kernels.

A box is as high as the square root of its height, as deep as that of its width and as broad as that
of its channels, so that both 224 and 1 are seen.  Sides have one scale, channels and units another;
both are those of the whole picture.  What is of one size and follows on each other stands close.
Where a number is left open, all boxes are of one size, and all kernels: to scale they would tell.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.draw.metrics import ELLIPSIS, fitted, room
from shapecalc.draw.picture import Box, Cluster, Drawing, Path, Point, Polygon, Text, line
from shapecalc.draw.solids import FEWER, must_have_numbers, solids_of
from shapecalc.draw.styles import FAMILIES, FAMILY_WORDS
from shapecalc.errors import refuse
from shapecalc.layers.shape import as_text
from shapecalc.output.cells import split_times
from shapecalc.text import Origin
from shapecalc.text.safe import one_line
from shapecalc.text.words import listed_briefly

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.draw.blanks import Blanks
    from shapecalc.draw.picture import Shape, Step
    from shapecalc.draw.solids import Solid
    from shapecalc.report import Report

#: More boxes than these are no figure any more.
MOST = 400
#: Pixels: a line of boxes is broken before it is longer, where no arc would be cut.
_LINE = 1180
#: The highest box, the broadest volume, and the highest bar of units.
_HIGH, _BROAD, _BAR = 170.0, 46.0, 150.0
#: How far a side that goes away from the reader leads to the right and up.
_RIGHT, _UP = 0.34, 0.26
#: A bar of units is so broad; and leads away so far as a side that is drawn so long.
_THIN, _BARS_SIDE = 9.0, 12.0
#: Between boxes of one size, between others at least, and for an arrow.
_CLOSE, _APART = 3.0, 26.0
_MARGIN = 20.0
#: Letters of the title, of names and of what stands under them.
_TITLE, _NAME, _SMALL = 16.0, 11.0, 10.0
#: A label is not longer than this.
_LABEL = 160.0
#: Between arcs, and between an arc and what it leads over.
_ARC = 13.0
_LEAD = 1.35


class _Scale(NamedTuple):
    """What a square root is multiplied with: of sides, and of channels and units."""

    side: float
    channels: float


#: How broad and how high a volume is drawn where sizes are left open, and how high a bar of units.
_OPEN_BROAD, _OPEN_HIGH, _OPEN_BAR = 22.0, 92.0, 70.0
#: A kernel is then this part of each side.
_OPEN_KERNEL = 0.42


class _Body(NamedTuple):
    """A box in its place: its front's left upper corner, and how far it leads away."""

    solid: Solid
    x: float
    y: float
    broad: float
    high: float
    right: float
    up: float

    @property
    def end(self) -> float:
        """The right edge of its front."""
        return self.x + self.broad

    @property
    def top(self) -> Point:
        """The middle of its upper face."""
        return self.x + (self.broad + self.right) / 2, self.y - self.up / 2

    @property
    def middle(self) -> float:
        """The height of the middle of its side face."""
        return self.y + (self.high - self.up) / 2

    def on_side(self, along: float, down: float) -> Point:
        """Return a point of the side face: parts of its width and of its height."""
        return self.end + along * self.right, self.y + down * self.high - along * self.up


class _Neighbours(NamedTuple):
    """Boxes of one size, the first with its number; they stand close and share their labels.

    These stand under the middle of all.
    """

    first: int
    solids: tuple[Solid, ...]
    labels: tuple[tuple[str, str], ...]
    """Texts with their kinds."""
    front: float
    high: float
    right: float
    up: float

    @property
    def body(self) -> float:
        return self.front + self.right

    @property
    def slot(self) -> float:
        """How wide it is with its labels."""
        return max(self.body, *map(_room, self.labels))

    @property
    def lead(self) -> float:
        """How far the front begins in it."""
        return (self.slot - self.body) / 2


def volumes(report: Report, depth: int | None = None, *, blanks: Blanks | None = None) -> Drawing:
    """Draw a network's volumes.  Raises `SpecErrors` for symbols, and for too many boxes."""
    must_have_numbers(report, "a picture of its volumes")
    solids = solids_of(report, depth, blanks)
    if len(solids) > MOST:
        message = f"{report.name}: a figure of {len(solids):,} boxes; the most is {MOST}"
        raise refuse("E303", message, Origin(report.graph.spec.source), FEWER)
    scale = _scale(solids)
    groups = _groups(solids) if scale is not None else ([at] for at in range(len(solids)))
    runs = [_run(solids, group, scale) for group in groups]
    arcs = _arcs(solids)
    bodies: dict[int, _Body] = {}
    shapes: list[Shape] = []
    title = one_line(report.name) or "network"
    y, width = _MARGIN + _TITLE, room(title, _TITLE, bold=True)
    shapes.append(Text(_MARGIN, y, title, _TITLE, kind="strong"))
    lines = _lines(runs, arcs)
    for place, runs_of_line in enumerate(lines):
        y, right, more = _line(runs_of_line, arcs, bodies, y + 14, scale)
        shapes += _continued(runs_of_line, bodies, first=not place, last=place == len(lines) - 1)
        shapes += more
        width = max(width, right)
    caption, y, right = _caption(solids, _RULE if scale is not None else _OPEN_RULE, y + 26)
    width = max(width, right)
    return Drawing(
        width + _MARGIN,
        y + _MARGIN,
        f"{title}: volumes",
        _description(report, solids, scale),
        (*shapes, *caption),
    )


# -- sizes ----------------------------------------------------------------------------------------


def _scale(solids: Sequence[Solid]) -> _Scale | None:
    """Return the scale; none where a number is left open."""
    if any(solid.is_open for solid in solids):
        return None
    maps = [solid for solid in solids if not solid.is_vector]
    sides = [side for solid in maps for side in (solid.height, solid.width)]
    channels = max((solid.channels for solid in maps), default=1)
    units = max((solid.channels for solid in solids if solid.is_vector), default=1)
    return _Scale(
        _HIGH / sqrt(max(sides, default=1)), min(_BROAD / sqrt(channels), _BAR / sqrt(units))
    )


def _size(solid: Solid, scale: _Scale | None) -> tuple[float, float, float]:
    """Return how broad a box is, how high, and how long its side that leads away."""
    if scale is None:
        if solid.is_vector:
            return _THIN, _OPEN_BAR, _BARS_SIDE
        return _OPEN_BROAD, _OPEN_HIGH, _OPEN_HIGH
    if solid.is_vector:
        return _THIN, max(2.0, scale.channels * sqrt(solid.channels)), _BARS_SIDE
    broad = max(2.0, scale.channels * sqrt(solid.channels))
    return broad, scale.side * sqrt(solid.height), scale.side * sqrt(solid.width)


def _groups(solids: Sequence[Solid]) -> Iterator[list[int]]:
    """Put numbers of neighbours together that are of one size, each made of the one before."""
    group: list[int] = []
    for at, solid in enumerate(solids):
        before = solids[at - 1] if at else None
        if before is None or not _is_close(before, solid, at):
            if group:
                yield group
            group = []
        group.append(at)
    yield group


def _is_close(before: Solid, solid: Solid, at: int) -> bool:
    return (
        at - 1 in solid.sources
        and solid.row.output == before.row.output
        and solid.kind == before.kind
        and not solid.is_vector
        and not solid.is_open
        and solid.row.layer is not None
        and before.row.layer is not None
    )


def _run(solids: Sequence[Solid], group: list[int], scale: _Scale | None) -> _Neighbours:
    members = tuple(solids[at] for at in group)
    broad, high, deep = _size(members[0], scale)
    front = len(members) * (broad + _CLOSE) - _CLOSE
    return _Neighbours(group[0], members, _labels(members), front, high, deep * _RIGHT, deep * _UP)


def _labels(members: Sequence[Solid]) -> tuple[tuple[str, str], ...]:
    """Return what stands under boxes: names, extents, and what the layers do."""
    first, last = members[0], members[-1]
    name = one_line(first.row.name)
    if len(members) > 1:
        half = _LABEL / 2 - 6
        ends = (fitted(one_line(row.name), _NAME, half, bold=True) for row in (first.row, last.row))
        name = " \N{EN DASH} ".join(ends)
    does = list(dict.fromkeys(_does(solid) for solid in members))
    size = _times(as_text(first.row.output))
    texts = [(name, "strong"), (size, "text"), (does[0] if len(does) == 1 else "", "muted")]
    return tuple(
        (fitted(text, _letters(kind), _LABEL, bold=kind == "strong"), kind)
        for text, kind in texts
        if text
    )


def _does(solid: Solid) -> str:
    row = solid.row
    if solid.kind == "input":
        return ""
    if row.layer is None:
        return _times(row.fields if row.type == "group" and row.fields else row.type)
    if solid.kernel is not None:
        return _times(row.brief.split(",")[0])
    return row.type


def _letters(kind: str) -> float:
    return _NAME if kind != "muted" else _SMALL


def _room(label: tuple[str, str]) -> float:
    text, kind = label
    return room(text, _letters(kind), bold=kind == "strong")


def _times(text: str) -> str:
    return "\N{MULTIPLICATION SIGN}".join(split_times(text))


# -- lines of boxes -------------------------------------------------------------------------------


def _arcs(solids: Sequence[Solid]) -> list[tuple[int, int]]:
    """Return what a box reads beside its neighbour, short leads first."""
    pairs = [
        (source, at)
        for at, solid in enumerate(solids)
        for source in solid.sources
        if source < at - 1
    ]
    return sorted(pairs, key=lambda pair: (pair[1] - pair[0], pair))


def _lines(runs: list[_Neighbours], arcs: list[tuple[int, int]]) -> list[list[_Neighbours]]:
    """Break the row of boxes into lines, nowhere under an arc."""
    covered: set[int] = set()
    for source, target in arcs:
        covered.update(range(source + 1, target + 1))
    pieces: list[list[_Neighbours]] = []  # what must stay together
    for run in runs:
        if pieces and run.first in covered:
            pieces[-1].append(run)
        else:
            pieces.append([run])
    longest = max(map(_length, pieces))
    limit = max(_LINE, 1.3 * longest)
    lines = _broken(pieces, limit)
    while limit > longest:  # as even as so many lines can be
        limit -= 20
        even = _broken(pieces, max(limit, longest))
        if len(even) > len(lines):
            break
        lines = even
    return lines


def _length(runs: Sequence[_Neighbours]) -> float:
    return sum(run.slot + _APART for run in runs)


def _broken(pieces: list[list[_Neighbours]], limit: float) -> list[list[_Neighbours]]:
    lines: list[list[_Neighbours]] = []
    for piece in pieces:
        if lines and _length(lines[-1]) + _length(piece) <= limit:
            lines[-1] += piece
        else:
            lines.append(list(piece))
    return lines


def _line(
    runs: list[_Neighbours],
    arcs: list[tuple[int, int]],
    bodies: dict[int, _Body],
    top: float,
    scale: _Scale | None,
) -> tuple[float, float, list[Shape]]:
    """Draw a line of boxes under `top`; return where it ends below and to the right."""
    first, last = runs[0].first, runs[-1].first + len(runs[-1].solids) - 1
    inside = [arc for arc in arcs if first <= arc[0] and arc[1] <= last]
    half = max((run.high + run.up) / 2 for run in runs)
    _place(runs, bodies, 0.0)
    rise = -min((y for _, y in _arc_heights(inside, bodies)), default=0.0)
    axis = top + max(half, rise)
    for at in range(first, last + 1):
        bodies[at] = bodies[at]._replace(y=bodies[at].y + axis)
    shapes: list[Shape] = []
    bottom = axis
    for run in runs:
        shapes += _links(run, bodies, scale)
        shapes += [_box(bodies[run.first + at]) for at in range(len(run.solids))]
        texts = _texts(run, bodies)
        bottom = max(bottom, texts[-1].y + 4)
        shapes += texts
    for (source, target), y in _arc_heights(inside, bodies):
        shapes.append(_arc(bodies[source], bodies[target], y, _landing(source, target, inside)))
    right = max(bodies[runs[-1].first].x - runs[-1].lead + runs[-1].slot, 0)
    return bottom, right, shapes


def _place(runs: list[_Neighbours], bodies: dict[int, _Body], axis: float) -> None:
    x = _MARGIN
    for run in runs:
        left = x + run.lead
        broad = (run.front + _CLOSE) / len(run.solids) - _CLOSE
        y = axis - (run.high + run.up) / 2 + run.up
        for place, solid in enumerate(run.solids):
            bodies[run.first + place] = _Body(
                solid, left + place * (broad + _CLOSE), y, broad, run.high, run.right, run.up
            )
        x += run.slot + _APART


def _texts(run: _Neighbours, bodies: dict[int, _Body]) -> list[Text]:
    body = bodies[run.first]
    middle, y = body.x + run.body / 2, body.y + run.high + 5
    texts = []
    for text, kind in run.labels:
        y += _letters(kind) * _LEAD
        texts.append(Text(middle, y, text, _letters(kind), "middle", kind))
    return texts


# -- what is drawn --------------------------------------------------------------------------------


def _box(body: _Body) -> Cluster:
    """Draw a box; a block has lines on it, as many as it has layers, up to a few."""
    x, y, end, bottom = body.x, body.y, body.end, body.y + body.high
    right, up, kind = body.right, body.up, body.solid.kind
    faces: list[Shape] = [
        Polygon(((x, y), (x + right, y - up), (end + right, y - up), (end, y)), f"{kind}-top"),
        Polygon(
            ((end, y), (end + right, y - up), (end + right, bottom - up), (end, bottom)),
            f"{kind}-side",
        ),
        Box(x, y, body.broad, body.high, kind),
    ]
    parts = min(body.solid.parts, 6, int(body.broad / 4))
    for part in range(1, parts):
        at = x + body.broad * part / parts
        faces.append(line((at + right, y - up), (at, y), (at, bottom), kind=f"{kind}-rim"))
    return Cluster(tuple(faces), body.solid.row.name, _words_of(body.solid))


def _words_of(solid: Solid) -> str:
    row = solid.row
    text = ": ".join(filter(None, [one_line(row.name), one_line(f"{row.type} {row.does}").strip()]))
    more = f"; then {listed_briefly(solid.after, 4)}" if solid.after else ""
    return f"{text}, {as_text(row.output)}{more}"


def _links(run: _Neighbours, bodies: dict[int, _Body], scale: _Scale | None) -> Iterator[Shape]:
    """Draw how a run hangs on the box before it: by its kernel's rays, or by an arrow."""
    solid, body = run.solids[0], bodies[run.first]
    before = bodies.get(run.first - 1)
    if run.first - 1 not in solid.sources or before is None or before.x > body.x:
        return
    if solid.kernel is None or before.solid.is_vector:
        y = before.middle
        if before.y - before.up + 2 < y < before.y + before.high - 2:
            yield line((before.end + before.right / 2 + 3, y), (body.x - 3, y), arrow=True)
        return
    if scale is None:
        down = along = _OPEN_KERNEL
    else:
        down = min(1.0, sqrt(solid.kernel[0] / before.solid.height))
        along = min(1.0, sqrt(solid.kernel[1] / before.solid.width))
    yield from _rays(before, body, down, along)


def _rays(before: _Body, body: _Body, down: float, along: float) -> Iterator[Shape]:
    """Draw a kernel on the side of the box before, on parts of its sides, and its rays."""
    u, v = (1 - along) * 0.4, (1 - down) * 0.4
    corners = [(u, v), (u + along, v), (u + along, v + down), (u, v + down)]
    window = tuple(before.on_side(*corner) for corner in corners)
    target = body.x, body.y + body.high * 0.4
    yield line(window[1], target, kind="ray")
    yield line(window[2], target, kind="ray")
    yield Polygon(window, "kernel")


def _continued(
    runs: list[_Neighbours], bodies: dict[int, _Body], *, first: bool, last: bool
) -> Iterator[Shape]:
    """Draw that a line of boxes goes on where it was broken."""
    if not first:
        body = bodies[runs[0].first]
        y = body.y + body.high / 2
        yield line((4, y), (body.x - 3, y), kind="muted-line", arrow=True)
    if not last:
        body = bodies[runs[-1].first + len(runs[-1].solids) - 1]
        x = body.end + body.right / 2
        yield line((x + 3, body.middle), (x + 24, body.middle), kind="muted-line", arrow=True)


# -- arcs -----------------------------------------------------------------------------------------


def _arc_heights(
    arcs: list[tuple[int, int]], bodies: dict[int, _Body]
) -> Iterator[tuple[tuple[int, int], float]]:
    """Yield for each arc the height of its level piece: over all that it leads over."""
    highest = {at: body.y - body.up for at, body in bodies.items()}
    for source, target in arcs:
        y = min(highest[at] for at in range(source, target + 1)) - _ARC
        for at in range(source, target + 1):
            highest[at] = y
        yield (source, target), y


def _landing(source: int, target: int, arcs: list[tuple[int, int]]) -> float:
    """Return where among the arcs that lead to one box this one lands, from -1 to 1."""
    rivals = sorted(other for other, end in arcs if end == target)
    return 0.0 if len(rivals) == 1 else 1 - 2 * rivals.index(source) / (len(rivals) - 1)


def _arc(source: _Body, target: _Body, y: float, landing: float) -> Path:
    (left, rise), (middle, land) = source.top, target.top
    right = middle + landing * min(8.0, target.broad / 3)
    bend = min(9.0, (right - left) / 2)
    steps: tuple[Step, ...] = (
        ("M", left, rise),
        ("L", left, y + bend),
        ("C", left, y + bend / 2, left + bend / 2, y, left + bend, y),
        ("L", right - bend, y),
        ("C", right - bend / 2, y, right, y + bend / 2, right, y + bend),
        ("L", right, land),
    )
    title = f"{one_line(source.solid.row.name)} to {one_line(target.solid.row.name)}"
    return Path(steps, "skip", arrow=True, title=title)


# -- words ----------------------------------------------------------------------------------------


def _caption(
    solids: Sequence[Solid], rule: Sequence[str], y: float
) -> tuple[list[Shape], float, float]:
    """Say under the boxes what their colours and their sizes mean."""
    shapes: list[Shape] = []
    x = right = _MARGIN
    kinds = {solid.kind for solid in solids}
    for kind in filter(kinds.__contains__, FAMILIES):
        word = FAMILY_WORDS[kind]
        shapes += [Box(x, y - 9, 11, 11, kind), Text(x + 17, y, word, _SMALL, kind="muted")]
        x += 17 + room(word, _SMALL) + 16
        right = x
    y += 17
    for text in rule:
        shapes.append(Text(_MARGIN, y, text, _SMALL, kind="muted"))
        right = max(right, _MARGIN + room(text, _SMALL))
        y += 14
    return shapes, y - 14, right


_RULE = (
    "Lengths are square roots: a side four times as long is drawn twice as long.",
    "Channels, and units of bars, likewise, on a scale of their own.",
)
_OPEN_RULE = ("All boxes are of one size, and all kernels: what stands as ? is to be found out.",)


def _description(report: Report, solids: Sequence[Solid], scale: _Scale | None) -> str:
    """Say in words what is to be seen, and by which rule."""
    flow = " \N{RIGHTWARDS ARROW} ".join(
        f"{one_line(solid.row.name)} {as_text(solid.row.output)}" for solid in solids[:40]
    )
    more = f" {ELLIPSIS}" if len(solids) > 40 else ""
    hidden = [name for solid in solids for name in solid.after]
    left = (
        f" Not drawn, as they leave extents alone: {listed_briefly(hidden, 6)}." if hidden else ""
    )
    if scale is None:
        return f"{flow}{more}. {_OPEN_RULE[0]}{left}"
    return (
        f"{flow}{more}. A side of s is drawn {scale.side:.1f} times the square root of s pixels"
        f" long, c channels or units {scale.channels:.1f} times that of c; kernels are drawn by"
        f" the scale of the sides.{left}"
    )
