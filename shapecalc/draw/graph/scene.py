"""The picture of a network's graph: its tree laid out, and written into nodes, frames and wires."""

from __future__ import annotations

import re
from collections import Counter
from math import hypot
from typing import TYPE_CHECKING, Any

from shapecalc.draw.graph.flow import Reads
from shapecalc.draw.graph.layout import HEADING, Layout, Measures
from shapecalc.draw.graph.levels import tree_of
from shapecalc.draw.graph.nodes import (
    BAR_LINE,
    CRACK,
    NAME,
    NAME_LINE,
    RIM,
    SHOWN,
    SIDE,
    SMALL,
    WORDS,
    WORDS_LINE,
    Lettering,
    Stack,
    kind_of,
)
from shapecalc.draw.graph.tree import (
    Border,
    Folded,
    Fork,
    Leaf,
    Rounds,
    Twig,
    drawn,
    leaves_of,
    parts,
)
from shapecalc.draw.metrics import fitted, room
from shapecalc.draw.picture import Box, Cluster, Drawing, Path, Text, bounds
from shapecalc.draw.solids import FEWER
from shapecalc.errors import refuse
from shapecalc.output.options import make_view
from shapecalc.output.report_table import notation_of_report
from shapecalc.output.text import wrap
from shapecalc.report.fold import level, together
from shapecalc.text import Origin, Source
from shapecalc.text.safe import one_line
from shapecalc.text.words import capital, counted, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.draw.blanks import Blanks
    from shapecalc.draw.graph.layout import Placed, Track
    from shapecalc.draw.graph.nodes import Bar, Plate
    from shapecalc.draw.graph.tree import Item, Strand, Tree
    from shapecalc.draw.picture import Point, Shape, Step
    from shapecalc.output.view import View
    from shapecalc.report import Report, Row

#: Around the picture, and how round the corners of wires and nodes are.
MARGIN, BEND, ROUND = 20.0, 7.0, 4.0
#: Formulas above the graph have lines of so many characters.
_LINE = 78
#: The number that a round's name ends in.
_NUMBER = re.compile(r"\d+$")
#: So many nodes are drawn at most.
MOST = 3000
#: What lies behind a frame that is repeated looks out so far.
SHEET = 4.0
#: Families whose layers are drawn on the one that they follow.
_LOW = frozenset({"norm", "activation"})
_LOW_TYPES = frozenset({"dropout", "identity", "stochastic_depth", "scale"})


def scene_of(
    report: Report,
    *,
    show: str | Sequence[str] = ("params", "macs"),
    unroll: bool = False,
    named: bool = True,
    **words: Any,  # noqa: ANN401
) -> GraphScene:
    """Read the words of options: what nodes show, whether repeats are open; others are a view's.

    What recurs in formulas is `named`, where the names can be told.  Raises `SpecErrors` for
    unknown words (E303).
    """
    keys = show.split(",") if isinstance(show, str) else list(show)
    shown = [key.strip() for key in keys if key.strip()]
    for key in shown:
        if key not in SHOWN:
            hint = did_you_mean(key, SHOWN) or f"one of {', '.join(SHOWN)}"
            origin = Origin(Source(f"--show {','.join(keys)}", ""))
            raise refuse("E303", f"nodes cannot show '{key}'", origin, hint)
    view = make_view(**words)
    if named and report.domain is not None:
        view = view._replace(notation=notation_of_report(report, view), named=True)
    return GraphScene(report, view, shown, unrolled=unroll)


class GraphScene:
    """What is drawn of a report, and how it is written."""

    def __init__(
        self, report: Report, view: View, shown: Sequence[str], *, unrolled: bool = False
    ) -> None:
        self.report = report
        self.view = view
        self.tree: Tree = tree_of(report, view.depth, unrolled=unrolled)
        nodes = drawn(self.tree.items)
        if nodes > MOST:
            message = f"{report.name}: a picture of {nodes:,} nodes; the most is {MOST:,}"
            hint = "leave out --unroll" if unrolled else FEWER
            raise refuse("E303", message, Origin(report.graph.spec.source), hint)
        self.writer = Lettering(report, view, shown)
        self.folded: dict[str, Row] = {}
        self.writer.measure(list(self._rows(self.tree.items)))
        inputs = [node.inputs for node in report.graph.nodes]
        self.reads = Reads(inputs, self.tree.links, self.joins)

    def totals(self, width: int) -> Iterator[str]:
        """Write what the network costs, in one line, or formulas in lines of so many characters."""
        totals = self.report.totals
        texts = [
            f"{self.writer.number(key, getattr(totals, key))} {SHOWN[key]}"
            for key in ("params", "macs")
            if getattr(totals, key) != 0
        ]
        if self.view.notation is None:
            yield ", ".join(texts)
            return
        for text in texts:
            yield from wrap(text, width)

    def names(self, width: int) -> Iterator[str]:
        """Say what the names in formulas stand for, in lines of so many characters."""
        if self.view.notation is not None:
            for name, text in self.view.notation.legend().items():
                yield from wrap(f"{name} = {text}", width)

    def _rows(self, items: Strand) -> Iterator[Row]:
        for item in items:
            if isinstance(item, Leaf | Folded):
                yield self.row(item)
            for strand in parts(item):
                yield from self._rows(strand)

    def row(self, item: Leaf | Folded) -> Row:
        """Return the row of a layer or of a folded level."""
        if isinstance(item, Leaf):
            return self.report.rows[item.node]
        if item.path not in self.folded:
            self.folded[item.path] = level(self.report, item.path, list(item.indices))
        return self.folded[item.path]

    def is_low(self, item: Leaf | Folded) -> bool:
        """Tell whether a layer only works on what it is drawn on."""
        row = self.row(item)
        if row.layer is None or len(row.inputs) != 1 or row.inputs[0] != row.output:
            return False
        kind = kind_of(row)
        return row.macs == 0 and (kind in _LOW or row.type in _LOW_TYPES)

    def joins(self, before: tuple[Item, ...], item: Leaf | Folded) -> bool:
        """Tell whether a layer can be drawn on others, one of which may be more than low."""
        if self.is_low(item):
            return True
        lows = (isinstance(other, Leaf) and self.is_low(other) for other in before)
        return isinstance(item, Leaf) and all(lows)

    def stack(self, items: tuple[Item, ...], above: str) -> Stack:
        """Return the node of layers that are drawn on each other."""
        plates = []
        for item in items:
            assert isinstance(item, Leaf | Folded)
            index = item.node if isinstance(item, Leaf) else item.indices[0]
            plates.append(self.writer.plate(self.row(item), index, above, low=self.is_low(item)))
        return Stack(tuple(plates))

    def shape(self, item: Item) -> str:
        """Return the shape that comes out of an item."""
        match item:
            case Leaf() | Folded():
                return self.writer.shape(self.row(item).output)
            case Fork() | Twig():
                return ""
            case _:
                return self.writer.shape(self.report.rows[max(leaves_of([item]))].output)

    # -- frames ---------------------------------------------------------------------------------

    def is_framed(self, path: str) -> bool:
        """Tell whether a level has a frame; a branch has none."""
        group = self.report.graph.groups.get(path)
        return group is not None and group.type != "branch"

    def heading(self, border: Border) -> tuple[str, str]:
        """Return what stands on a frame: its name, and what all of it costs."""
        path, above, times, indices = border
        name = one_line(path.removeprefix(f"{above}/"))
        if times > 1:
            name = f"{name}{self._last(border)} \N{MULTIPLICATION SIGN}{times}".strip()
        total = together([self.report.rows[index] for index in indices])
        texts = [
            self.writer.number(key, getattr(total, key))
            for key in ("params", "macs")
            if key in self.writer.shown and getattr(total, key) != 0
        ]
        return name, " \N{MIDDLE DOT} ".join(texts)

    def _last(self, border: Border) -> str:
        """Return the number of the last round, where rounds have numbers in their names."""
        path = border.path.split("/")
        last = self.report.graph.nodes[border.indices[-1]].path.split("/")[: len(path)]
        numbers = [_NUMBER.search(names[-1]) for names in (path, last)]
        if path == last or path[:-1] != last[:-1] or None in numbers:
            return ""
        return f"\N{EN DASH}{numbers[1][0]}"  # type: ignore[index]

    def frame_title(self, border: Border) -> str:
        """Say all of a frame in a line."""
        path, _, times, indices = border
        total = together([self.report.rows[index] for index in indices])
        group = self.report.graph.groups.get(path)
        words = [f"{path}: {group.type} {group.fields}".strip()] if group is not None else []
        if times > 1:
            words.append(f"drawn once, {times} times one behind the other")
        words.append(counted(len(indices), "layer"))
        for key in ("params", "macs"):
            number = getattr(total, key)
            if number != 0:
                text = f"{number:,}" if type(number) is int else str(number)
                words.append(f"{text} {SHOWN[key]}")
        return one_line("; ".join(words))


def graph(
    report: Report,
    *,
    direction: str = "down",
    blanks: Blanks | None = None,
    **words: Any,  # noqa: ANN401
) -> Drawing:
    """Draw a network's graph; `words` are those of a scene."""
    if blanks is not None:
        report = blanks.report(report)
    scene = scene_of(report, **words)
    placed = placed_of(scene, direction=direction)
    return _GraphPage(scene, placed, down=direction == "down").drawing()


def placed_of(scene: GraphScene, *, direction: str = "down") -> Placed:
    """Lay a scene out."""
    measures = Measures(
        scene.stack,
        scene.shape,
        lambda text: room(text, SMALL),
        lambda border: 16.0 + max(room(text, SMALL, bold=True) for text in scene.heading(border)),
        scene.is_framed,
    )
    return Layout(scene.reads, measures, down=direction == "down").place(scene.tree.items)


class _GraphPage:
    """Turns what is placed along and across an axis into shapes on a page."""

    def __init__(self, scene: GraphScene, placed: Placed, *, down: bool) -> None:
        self.scene = scene
        self.placed = placed
        self.down = down
        self.head = list(_head(scene, max(self.extents)))
        self.top = MARGIN + sum(high for _, high in self.head)
        texts = [shape for shapes, _ in self.head for shape in shapes if isinstance(shape, Text)]
        wide = max(self.extents[0], *(bounds(text).right - MARGIN for text in texts))
        self.wide = wide + 2 * MARGIN
        graph_wide, graph_high = self.extents
        self.high = self.top + graph_high + MARGIN
        if down:
            self.x0 = MARGIN + placed.left + (wide - graph_wide) / 2
            self.y0 = self.top
        else:
            self.x0, self.y0 = MARGIN, self.top + placed.left

    @property
    def extents(self) -> Point:
        """The width and the height of the graph."""
        across = self.placed.left + self.placed.right
        return (across, self.placed.length) if self.down else (self.placed.length, across)

    def at(self, along: float, across: float) -> Point:
        """Return a point on the page."""
        x, y = (across, along) if self.down else (along, across)
        return self.x0 + x, self.y0 + y

    def drawing(self) -> Drawing:
        report = self.scene.report
        shapes: list[Shape] = []
        y = MARGIN
        for head, high in self.head:
            shapes += [_moved(shape, y) for shape in head]
            y += high
        placed = self.placed
        for border, a0, t0, a1, t1 in sorted(placed.borders, key=lambda b: (b[1], -b[3])):
            shapes.append(self._frame(border, self.at(a0, t0), self.at(a1, t1)))
        shapes += [self._wire(wire) for wire in placed.wires]
        shapes += [self._label(*label) for label in placed.labels]
        for stack, wide, along, across in placed.stacks:
            x, y = self.at(along, across)
            if self.down:
                x -= wide / 2
            else:
                y -= stack.height / 2
            shapes.append(_stack(stack, x, y, wide))
        return Drawing(
            self.wide,
            self.high,
            one_line(f"{report.name}: the graph"),
            " ".join(_described(self.scene)),
            tuple(shapes),
        )

    def _frame(self, border: Border, start: Point, end: Point) -> Cluster:
        (x0, y0), (x1, y1) = start, end
        title = self.scene.frame_title(border)
        sheets = (0.0,) if border.times == 1 else (SHEET, 0.0)
        inset = max(sheets)
        boxes = [
            Box(x0 + off, y0 + off, x1 - x0 - inset, y1 - y0 - inset, "level", radius=8)
            for off in sheets
        ]
        name, total = self.scene.heading(border)
        base = y0 + HEADING / 2 + 3
        texts = [
            Text(x0 + 8, base, name, SMALL, "start", "strong"),
            Text(x1 - 8 - inset, base, total, SMALL, "end", "muted"),
        ]
        shown = tuple(text for text in texts if text.text)
        return Cluster((*boxes, *shown), name=border.path, title=title)

    def _wire(self, wire: Track) -> Path:
        points = [self.at(*point) for point in wire.points]
        return Path(tuple(_bent(points)), wire.kind, wire.arrow)

    def _label(self, text: str, along: float, across: float) -> Text:
        x, y = self.at(along, across)
        if self.down:
            return Text(x + 6, y + 3.5, text, SMALL, "start", "muted")
        return Text(x - 4, y - 5, text, SMALL, "middle", "muted")


def _bent(points: list[Point]) -> Iterator[Step]:
    """Join points by lines with round corners."""
    points = [p for n, p in enumerate(points) if not n or p != points[n - 1]]
    yield ("M", *points[0])
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        into = hypot(corner[0] - before[0], corner[1] - before[1])
        out = hypot(after[0] - corner[0], after[1] - corner[1])
        bend = min(BEND, into / 2, out / 2)
        start = _towards(corner, before, bend / into)
        end = _towards(corner, after, bend / out)
        yield ("L", *start)
        yield ("C", *_towards(start, corner, 2 / 3), *_towards(end, corner, 2 / 3), *end)
    yield ("L", *points[-1])


def _towards(start: Point, end: Point, part: float) -> Point:
    """Return the point so far on the way from one to another."""
    return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part


# -- nodes -----------------------------------------------------------------------------------------


def _stack(stack: Stack, x: float, y: float, wide: float) -> Cluster:
    shapes: list[Shape] = []
    for plate in stack.plates:
        shapes.append(_plate(plate, x, y, wide))
        y += plate.height + CRACK
    return Cluster(tuple(shapes))


def _plate(plate: Plate, x: float, y: float, wide: float) -> Cluster:
    shapes: list[Shape] = []
    name, words = plate.fitted
    if plate.sheets:
        shapes += [
            Box(x + off, y + off, wide, plate.height, plate.kind, radius=ROUND)
            for off in (5.0, 2.5)
        ]
    shapes.append(Box(x, y, wide, plate.height, plate.kind, radius=ROUND))
    if plate.low:
        base = y + plate.height / 2 + 3.5
        shapes.append(Text(x + SIDE, base, name, SMALL))
        if words:
            at = x + SIDE + room(f"{name} ", SMALL)
            shapes.append(Text(at, base, words, SMALL, "start", "muted"))
        return Cluster(tuple(shapes), name=plate.path, title=plate.title)
    y += RIM
    shapes.append(Text(x + SIDE, y + NAME_LINE - 4, name, NAME, "start", "strong"))
    y += NAME_LINE
    if words:
        shapes.append(Text(x + SIDE, y + WORDS_LINE - 4, words, WORDS))
        y += WORDS_LINE
    columns = min(plate.columns, len(plate.bars))
    column = (wide - 3 * SIDE) / 2 if columns > 1 else wide - 2 * SIDE
    for number, bar in enumerate(plate.bars):
        left = x + SIDE + number % plate.columns * (column + SIDE)
        shapes += _bar(bar, left, y + number // plate.columns * BAR_LINE, column)
    return Cluster(tuple(shapes), name=plate.path, title=plate.title)


def _bar(bar: Bar, x: float, y: float, wide: float) -> Iterator[Shape]:
    """Write a number over a bar."""
    yield Text(x, y + 11, bar.text, SMALL, "start", "muted")
    if bar.share is not None:
        yield Box(x, y + 14, wide, 3, "bar-rest", radius=1.5)
        yield Box(x, y + 14, max(wide * bar.share, 1.0), 3, f"bar-{bar.key}", radius=1.5)


# -- what stands above -----------------------------------------------------------------------------


def _head(scene: GraphScene, wide: float) -> Iterator[tuple[list[Shape], float]]:
    """Yield lines above the graph, with their heights."""
    report, writer = scene.report, scene.writer
    wide = max(wide, 420.0)
    name = fitted(one_line(report.name), 17, wide, bold=True)
    yield [Text(MARGIN, 15, name, 17, "start", "strong")], 24.0
    for text in filter(None, scene.totals(_LINE)):
        yield [Text(MARGIN, 11, text, WORDS)], 17.0
    for text in scene.names(_LINE):
        yield [Text(MARGIN, 11, text, SMALL, "start", "muted")], 15.0
    keys: list[Shape] = []
    x = MARGIN
    for key in writer.shown:
        if writer.most.get(key):
            text = f"{SHOWN[key]}, a full bar {writer.number(key, writer.most[key])}"
            keys.append(Box(x, 6, 14, 4, f"bar-{key}", radius=2))
            keys.append(Text(x + 20, 11, text, SMALL, "start", "muted"))
            x += 20 + room(text, SMALL) + 16
    if keys:
        yield keys, 17.0
    yield [], 12.0


def _moved(shape: Shape, y: float) -> Shape:
    assert isinstance(shape, Box | Text)
    return shape._replace(y=shape.y + y)


def _described(scene: GraphScene) -> Iterator[str]:
    """Say in words what is to be seen."""
    report = scene.report
    yield f"{counted(len(report.layers), 'layer')}."
    kinds = Counter(type(item) for item in _items(scene.tree.items))
    if kinds[Rounds]:
        yield f"{capital(counted(kinds[Rounds], 'repeat'))}, of which one round is drawn each."
    if kinds[Folded]:
        yield f"{counted(kinds[Folded], 'level')} drawn as one node each."
    if scene.tree.links:
        yield f"{counted(len(scene.tree.links), 'reference')} in lanes beside what they pass."


def _items(items: Strand) -> Iterator[Item]:
    for item in items:
        yield item
        for strand in parts(item):
            yield from _items(strand)
