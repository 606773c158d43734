"""Where the nodes and the wires of a graph lie: pure geometry, from the tree of its strands.

A strand runs along an axis; `along` grows with it, `across` to the side on which residuals, twigs
and links lie.  Whatever lies beside a strand is put as near as what is already there lets it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.draw.graph.tree import (
    NOWHERE,
    Border,
    Compound,
    Folded,
    Fork,
    Leaf,
    Rounds,
    Twig,
    framed,
    leaves_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.draw.graph.flow import Reads
    from shapecalc.draw.graph.nodes import Stack
    from shapecalc.draw.graph.tree import Item, Strand

#: Between a node and what comes next there is room for a shape and an arrow's head.
GAP, TO_BUS, FROM_BUS = 30.0, 22.0, 16.0
#: Between branches, between a lane and what it passes, and beside what a frame holds.
BESIDE, LANE, INSIDE = 22.0, 14.0, 12.0
#: The height of a frame's heading.
HEADING = 24.0
#: A longer branch is the strand itself, and the shorter one lies beside it.
_UNLIKE = 1.3
#: Between the heads of arrows into the side of a node, and from its rims.
_TAP = 7.0


class Track(NamedTuple):
    """A line along right angles, by its corners; an arrow, or of a kind of its own."""

    points: tuple[tuple[float, float], ...]
    kind: str = "edge"
    arrow: bool = True


class Segment(NamedTuple):
    """From where to where a strand reaches how far to its side."""

    start: float
    end: float
    reach: float


class Port(NamedTuple):
    """Where the side of a node lies that links reach."""

    start: float
    end: float
    reach: float


class Slab:
    """A part of the picture, relative to the axis at its beginning.

    `entry` and `exit` are where along the axis its first and its last node begin and end; `parting`
    says that it begins with branches.
    """

    def __init__(self) -> None:
        self.length = 0.0
        self.left = 0.0
        self.contour: list[Segment] = []
        self.entry = self.exit = 0.0
        self.parting = False
        self.inner: list[tuple[Slab, float, float]] = []
        self.stacks: list[tuple[Stack, float, float]] = []
        self.borders: list[tuple[Border, float, float, float, float]] = []
        self.wires: list[Track] = []
        self.labels: list[tuple[str, float, float]] = []
        self.ports: dict[int, Port] = {}

    @property
    def right(self) -> float:
        """How far it reaches at all."""
        return max((segment.reach for segment in self.contour), default=0.0)

    def reach(self, start: float, end: float) -> float:
        """Return how far it reaches between two places along."""
        return max((s.reach for s in self.contour if s.start < end and s.end > start), default=0.0)

    def widen(self, start: float, end: float, reach: float) -> None:
        """Let it reach as far as that between two places."""
        kept = []
        for s in self.contour:
            if s.start < start < s.end:
                kept.append(s._replace(end=start))
            if s.end <= start or s.start >= end:
                kept.append(s)
            if s.start < end < s.end:
                kept.append(s._replace(start=end))
        self.contour = [*kept, Segment(start, end, reach)]

    def put(self, slab: Slab, along: float, across: float = 0.0) -> None:
        """Put another slab on it; of what lies beside the axis, the contour is not taken over."""
        self.inner.append((slab, along, across))
        self.left = max(self.left, slab.left - across)
        if not across:
            self.contour += [Segment(s.start + along, s.end + along, s.reach) for s in slab.contour]
            for node, (start, end, reach) in slab.ports.items():
                self.ports[node] = Port(start + along, end + along, reach)


class Placed(NamedTuple):
    """All that is drawn, with its places along and across.

    Stacks have their widths and are placed by the middle of where they begin; frames by corners.
    """

    stacks: tuple[tuple[Stack, float, float, float], ...]
    borders: tuple[tuple[Border, float, float, float, float], ...]
    wires: tuple[Track, ...]
    labels: tuple[tuple[str, float, float], ...]
    length: float
    left: float
    right: float


class Measures(NamedTuple):
    """What the layout asks of those who write: nodes, and the room that texts take."""

    stack: Callable[[tuple[Item, ...], str], Stack]
    label: Callable[[Item], str]
    """The shape that comes out of an item."""
    room: Callable[[str], float]
    heading: Callable[[Border], float]
    is_level: Callable[[str], bool]
    """Whether a level of a path has a frame; branches have none."""


class Layout:
    """Lays out a tree, downwards or to the right."""

    def __init__(
        self,
        reads: Reads,
        measures: Measures,
        *,
        down: bool = True,
    ) -> None:
        self.reads = reads
        self.measures = measures
        self.down = down
        self.targets = {source: list(targets) for source, targets in reads.targets.items()}
        self.taps: dict[int, int] = {}

    def place(self, items: Strand) -> Placed:
        """Return the places of all that is drawn."""
        slab = self.strand(items, "")
        stacks, borders, wires, labels = [], [], [], []
        waiting = [(slab, 0.0, 0.0)]
        while waiting:
            part, along, across = waiting.pop()
            waiting += [(inner, along + a, across + t) for inner, a, t in part.inner]
            stacks += [(stack, wide, along + a, across) for stack, wide, a in part.stacks]
            borders += [
                (border, a0 + along, t0 + across, a1 + along, t1 + across)
                for border, a0, t0, a1, t1 in part.borders
            ]
            wires += [
                wire._replace(points=tuple([(a + along, t + across) for a, t in wire.points]))
                for wire in part.wires
            ]
            labels += [(text, a + along, t + across) for text, a, t in part.labels]
        return Placed(
            tuple(stacks), tuple(borders), tuple(wires), tuple(labels),
            slab.length, slab.left, slab.right,
        )  # fmt: skip

    # -- a strand -------------------------------------------------------------------------------

    def strand(self, items: Strand, above: str) -> Slab:
        """Lay out what stands one behind another, named from a level on."""
        slab = Slab()
        groups = self.reads.grouped(items)
        stacks = {
            number: self.measures.stack(group, above)
            for number, group in enumerate(groups)
            if isinstance(group[0], Leaf | Folded)
        }
        widest = max((stack.width for stack in stacks.values()), default=0.0)
        linked = any(
            (isinstance(item, Twig) and item.end != NOWHERE)
            or any(node in self.targets or node in self.reads.linked for node in leaves_of([item]))
            for item in items
        )
        twigs: list[tuple[Twig, Slab, float, float]] = []
        at, before, bus = 0.0, None, None
        for number, group in enumerate(groups):
            item = group[0]
            if isinstance(item, Twig):
                inner = self.strand(item.items, above)
                if before is None:
                    start = at
                else:
                    lead = self._gap(self._shape(before[0]), TO_BUS)
                    bus = at + lead if bus is None or linked else bus
                    start = bus + FROM_BUS
                origin = 0.0 if before is None else before[2] + before[1].exit
                twigs.append((item, inner, start, origin))
                if linked:
                    at = start + inner.length
                continue
            if number in stacks:
                stack = stacks[number]  # downwards, the nodes of a strand are equally wide
                part = self._node(stack, group, widest if self.down else stack.width)
            elif isinstance(item, Fork):
                part = self._fork(item, above)
            else:
                assert isinstance(item, Compound | Rounds)
                part = self._frame(item, above)
            if before is not None:
                at = self._wired(slab, before, (item, part), at, bus)
            elif twigs and linked:
                at += TO_BUS
            if before is None:
                slab.entry, slab.parting = at + part.entry, part.parting
            slab.put(part, at)
            slab.exit = at + part.exit
            before, bus = (group[-1], part, at), None
            at += part.length
        slab.length = at
        for twig in reversed(twigs):
            self._beside(slab, *twig)
        self._link(slab)
        slab.length = max([at, *(s.end for s in slab.contour)])
        return slab

    def _wired(
        self,
        slab: Slab,
        before: tuple[Item, Slab, float],
        after: tuple[Item, Slab],
        at: float,
        bus: float | None,
    ) -> float:
        """Draw the wire from an item to the next, with the shape on it; return where that is."""
        item, part, start = before
        following, next_part = after
        from_bus, to_bus = isinstance(item, Fork), isinstance(following, Fork)
        follows = self.reads.follows(item, following)
        text = self._shape(item) if follows else ""
        gap = self._gap(text, FROM_BUS if from_bus else TO_BUS if to_bus else GAP)
        if text:
            self._labelled(slab, text, at, gap if bus is None or bus < at else bus - at, 0.0)
        if bus is not None:
            gap = max(gap, bus - at + (0.0 if to_bus else FROM_BUS))
        if follows:
            wire = ((start + part.exit, 0.0), (at + gap + next_part.entry, 0.0))
            slab.wires.append(Track(wire, arrow=not next_part.parting))
        return at + gap

    def _shape(self, item: Item) -> str:
        """Return what stands on the wire behind an item; branches have shapes of their own."""
        return "" if isinstance(item, Fork) else self.measures.label(item)

    def _gap(self, text: str, gap: float) -> float:
        """Return the room between two nodes, which to the right has to hold the text."""
        return gap if self.down or not text else max(gap, self.measures.room(text) + 20.0)

    def _labelled(self, slab: Slab, text: str, at: float, gap: float, across: float) -> None:
        slab.labels.append((text, at + gap / 2, across))
        if self.down and not across:
            slab.contour.append(Segment(at, at + gap, self.measures.room(text) + 8.0))

    def _node(self, stack: Stack, group: tuple[Item, ...], width: float) -> Slab:
        """Lay out a node."""
        slab = Slab()
        high = stack.height
        slab.length, side = (high, width / 2) if self.down else (width, high / 2)
        slab.stacks.append((stack, width, 0.0))
        slab.left, slab.exit = side, slab.length
        slab.contour = [Segment(0.0, slab.length, side)]
        for index in leaves_of(group):
            if index in self.targets or index in self.reads.linked:
                slab.ports[index] = Port(0.0, slab.length, side)
        return slab

    # -- frames ---------------------------------------------------------------------------------

    def _frame(self, item: Compound | Rounds, above: str) -> Slab:
        """Lay out a level that is open, or a repeat."""
        border, items, above = framed(item, above, self.measures.is_level)
        inner = self.strand(items, above)
        if not border.is_drawn:
            return inner
        slab = Slab()
        room = self.measures.heading(border)
        pads = (HEADING, INSIDE, INSIDE) if self.down else (INSIDE + 4, INSIDE + 4, HEADING)
        before, behind, left = pads
        slab.put(inner, before)
        reach = max(inner.right, 0.0) + INSIDE
        slab.left = inner.left + left
        slab.length = before + inner.length + behind
        if self.down:
            slab.left = max(slab.left, room)
            reach = max(reach, room)
        else:
            slab.length = max(slab.length, 2 * room)
        slab.entry, slab.exit = before + inner.entry, before + inner.exit
        slab.parting = inner.parting
        slab.borders.append((border, 0.0, -slab.left, slab.length, reach))
        slab.contour = [Segment(0.0, slab.length, reach)]
        return slab

    # -- forks ----------------------------------------------------------------------------------

    def _fork(self, fork: Fork, above: str) -> Slab:
        """Lay out branches, and residuals in lanes beside them."""
        branches = [self.strand(branch, above) for branch in fork.branches if branch]
        texts = [self.measures.label(branch[-1]) for branch in fork.branches if branch]
        if self._is_even(fork, branches):
            slab = self._columns(fork, branches, texts)
        else:
            slab = self._main(fork, branches, texts)
        slab.exit = slab.length
        slab.parting = fork.start != NOWHERE
        if len(branches) < len(fork.branches):
            lane = slab.right + LANE
            points = ((0.0, 0.0), (0.0, lane), (slab.length, lane), (slab.length, 0.0))
            slab.wires.append(Track(points, "skip", arrow=False))
            slab.contour = [Segment(0.0, slab.length, lane)]
        return slab

    def _is_even(self, fork: Fork, branches: list[Slab]) -> bool:
        """Tell whether branches stand beside each other, none of them the strand itself."""
        if len(branches) == 1:
            return False
        *_, second, longest = sorted(branch.length for branch in branches)
        unlike = _UNLIKE if len(branches) == 2 else 3.0
        return longest <= unlike * second

    def _columns(self, fork: Fork, branches: list[Slab], texts: list[str]) -> Slab:
        """Put branches beside each other, with the axis in their middle."""
        slab = Slab()
        high = max(branch.length for branch in branches)
        bottom = max(self._gap(text, TO_BUS) for text in texts)
        top = FROM_BUS if fork.start != NOWHERE else 0.0
        slab.length = top + high + (bottom if fork.end != NOWHERE else 0.0)
        axes, at = [], 0.0
        for branch, text in zip(branches, texts, strict=True):
            axes.append(at + branch.left)
            at += branch.left + max(branch.right, self._aside(text)) + BESIDE
        middle = (axes[0] + axes[-1]) / 2
        for branch, text, axis in zip(branches, texts, axes, strict=True):
            across = axis - middle
            start = top + high - branch.length
            slab.inner.append((branch, start, across))
            self._branch_wires(slab, fork, branch, text, start, across)
        slab.left = middle
        slab.contour = [Segment(0.0, slab.length, at - BESIDE - middle)]
        return slab

    def _aside(self, text: str) -> float:
        """Return how far the shape on a wire reaches."""
        return self.measures.room(text) + 8.0 if self.down else 0.0

    def _branch_wires(
        self, slab: Slab, fork: Fork, branch: Slab, text: str, start: float, across: float
    ) -> None:
        """Draw the wires into a branch and out of it."""
        if fork.start != NOWHERE:
            into = ((0.0, 0.0), (0.0, across), (start + branch.entry, across))
            slab.wires.append(Track(into, arrow=not branch.parting))
        if fork.end != NOWHERE:
            end = start + branch.exit
            out = ((end, across), (slab.length, across), (slab.length, 0.0))
            slab.wires.append(Track(out, arrow=False))
            self._labelled(
                slab, text, start + branch.length, slab.length - start - branch.length, across
            )

    def _main(self, fork: Fork, branches: list[Slab], texts: list[str]) -> Slab:
        """Let the longest branch be the strand itself, with the others beside it."""
        slab = Slab()
        lengths = [branch.length for branch in branches]
        longest = lengths.index(max(lengths))
        main, text = branches[longest], texts[longest]
        top = FROM_BUS if fork.start != NOWHERE else 0.0
        bottom = self._gap(text, TO_BUS) if fork.end != NOWHERE else 0.0
        slab.put(main, top)
        slab.length = top + main.length + bottom
        slab.entry = 0.0 if fork.start != NOWHERE else main.entry
        self._branch_wires(slab, fork, main, text, top, 0.0)
        slab.contour.append(Segment(0.0, slab.length, 0.0))
        for number, branch in enumerate(branches):
            if number != longest:
                self._short(slab, fork, branch, texts[number], top)
        return slab

    def _short(self, slab: Slab, fork: Fork, branch: Slab, text: str, top: float) -> None:
        """Put a short branch beside the strand, and its wires in a lane."""
        gap = self._gap(text, TO_BUS) if fork.end != NOWHERE else 0.0
        free = slab.length - top - gap - branch.length
        if fork.start == NOWHERE:
            start = top + free
        elif free < 4 * branch.length:
            start = top + free / 2
        else:
            start = top
        end = start + branch.length
        above = 0.0 if fork.start != NOWHERE else start
        across = slab.reach(above, end + gap) + BESIDE + branch.left
        side = across + max(branch.right, self._aside(text))
        slab.inner.append((branch, start, across))
        lane = across
        if slab.reach(end, slab.length) + LANE > across:
            lane = slab.reach(end, slab.length) + LANE
        if fork.start != NOWHERE:
            into = ((0.0, 0.0), (0.0, across), (start + branch.entry, across))
            slab.wires.append(Track(into))
        slab.widen(above, end + gap, side)
        if fork.end == NOWHERE:
            return
        slab.labels.append((text, end + gap / 2, across))
        points = [(start + branch.exit, across)]
        if lane > across:
            points += [(end + gap, across), (end + gap, lane)]
        points += [(slab.length, lane), (slab.length, 0.0)]
        slab.wires.append(Track(tuple(points), arrow=False))
        slab.widen(end + gap, slab.length, lane)

    # -- twigs and links ------------------------------------------------------------------------

    def _beside(self, slab: Slab, twig: Twig, inner: Slab, start: float, origin: float) -> None:
        """Put a twig beside the strand."""
        end = start + inner.length
        bus = start - FROM_BUS
        across = slab.reach(bus - 1, end) + BESIDE + inner.left
        slab.inner.append((inner, start, across))
        slab.left = max(slab.left, inner.left - across)
        if twig.start != NOWHERE:
            into = ((origin, 0.0), (bus, 0.0), (bus, across), (start + inner.entry, across))
            slab.wires.append(Track(into))
        slab.widen(bus, end, across + inner.right)
        if twig.end == NOWHERE:
            return
        port = slab.ports[twig.end]
        turn, tap = end + LANE, self._tap(twig.end, port)
        lane = max(across, slab.reach(end, tap) + LANE)
        points = [(start + inner.exit, across)]
        if lane > across:
            points += [(turn, across), (turn, lane)]
        points += [(tap, lane), (tap, port.reach)]
        slab.wires.append(Track(tuple(points), "skip"))
        slab.widen(end, tap + 1, lane)

    def _tap(self, node: int, port: Port) -> float:
        """Return where the next arrow reaches the side of a node."""
        number = self.taps[node] = self.taps.get(node, 0) + 1
        most = max(int((port.end - port.start - _TAP) / _TAP), 1)
        return port.start + _TAP * (1 + (number - 1) % most)

    def _link(self, slab: Slab) -> None:
        """Draw the links whose two ends lie on the strand, the short ones nearest to it."""
        spans = []
        for source in slab.ports.keys() & self.targets.keys():
            targets = [node for node in self.targets[source] if node in slab.ports]
            if targets and len(targets) == len(self.targets[source]):
                spans.append((max(targets) - source, source, targets))
        drawn: set[tuple[Port, Port]] = set()
        for _, source, targets in sorted(spans):
            port = slab.ports[source]
            begin = port.end - _TAP
            del self.targets[source]
            ports = {slab.ports[node]: node for node in targets if slab.ports[node] != port}
            ports = {other: node for other, node in ports.items() if (port, other) not in drawn}
            drawn.update((port, other) for other in ports)
            if not ports:
                continue
            taps = sorted((self._tap(node, other), other.reach) for other, node in ports.items())
            end = taps[-1][0] + 1
            lane = slab.reach(begin, end) + LANE
            for tap, reach in taps:
                points = ((begin, port.reach), (begin, lane), (tap, lane), (tap, reach))
                slab.wires.append(Track(points, "skip"))
            slab.widen(begin, end, lane)
