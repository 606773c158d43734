"""A graph in characters, for a terminal: a line a node, with branches and frames as rails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.counting import MEASURES
from shapecalc.draw.graph.scene import scene_of
from shapecalc.draw.graph.tree import Folded, Fork, Leaf, Twig, framed, leaves_of
from shapecalc.output.table import left_out
from shapecalc.output.text import wrap
from shapecalc.report.fold import together
from shapecalc.text.safe import one_line, terminal_safe, width_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.draw.graph.scene import GraphScene
    from shapecalc.draw.graph.tree import Border, Item, Strand
    from shapecalc.report import Report, Row

#: The usual width of a page, and the least that texts get of it.
WIDTH, LEAST = 80, 24
#: What is said where a graph in characters is asked to run to the right.
_DOWN = "In characters a graph runs down; with -o FILE.svg it runs to the right."
#: Between columns.
_SPACE = 2


class OutlineLine(NamedTuple):
    """A line: its rails, its text, and the cells of its columns."""

    rails: str
    text: str
    cells: tuple[str, ...] = ()


def to_text(
    report: Report,
    *,
    direction: str = "down",
    width: int | None = None,
    **words: Any,  # noqa: ANN401
) -> str:
    """Write the graph in characters; `words` are those of a scene."""
    scene = scene_of(report, **words)
    wide = width or WIDTH
    head = [one_line(report.name), *scene.totals(wide), ""]
    page = _Outline(scene)
    lines = list(page.strand(scene.tree.items, "", ""))
    kept = _columns(lines, page.header, wide)
    texts = [*page.foot(kept, wide), *([_DOWN] if direction != "down" else [])]
    foot = [row for text in texts for row in wrap(text, wide)]
    foot += scene.names(wide)
    below = ["", *foot] if foot else []
    return "\n".join([*head, *_set(lines, page.header[:kept], wide), *below]) + "\n"


class _Outline:
    """Writes a scene as lines."""

    def __init__(self, scene: GraphScene) -> None:
        self.scene = scene
        self.header = ("output", *(MEASURES[key].title for key in scene.writer.shown))
        self.ends: dict[int, list[str]] = {}
        self.repeats = 0
        self.folds = 0

    def foot(self, columns: int, width: int) -> Iterator[str]:
        """Say what is not drawn, of the columns those behind so many."""
        texts = [
            text
            for text, times in (
                ("Repeats are drawn once; --unroll draws all rounds.", self.repeats),
                ("Blocks are folded; --depth all opens them.", self.folds),
            )
            if times
        ]
        yield from texts
        if dropped := self.header[columns:]:
            yield left_out(dropped, width, width, "--show chooses others")

    def strand(self, items: Strand, above: str, rails: str) -> Iterator[OutlineLine]:
        """Write what stands one behind another."""
        begins, before = "", None
        for group in self.scene.reads.grouped(items):
            item = group[0]
            match item:
                case Leaf() | Folded():
                    alone = before is not None and not self.scene.reads.follows(before, item)
                    yield self._node(group, above, rails, begins, alone=alone)
                    begins, before = "", group[-1]
                case Fork():
                    yield from self._branches(item, above, rails)
                    before = item
                    begins = (
                        "\N{BOX DRAWINGS LIGHT ARC UP AND RIGHT}\N{BOX DRAWINGS LIGHT HORIZONTAL} "
                    )
                case Twig():
                    yield OutlineLine(rails, "├─ beside:")
                    yield from self.strand(item.items, above, f"{rails}│    ")
                    last = self.scene.report.rows[max(leaves_of(item.items))]
                    self.ends.setdefault(item.end, []).append(last.name)
                case _:
                    before = item
                    border, inner, names = framed(item, above, self.scene.is_framed)
                    if not border.is_drawn:
                        yield from self.strand(inner, names, rails)
                        continue
                    yield self._heading(border, rails, begins)
                    yield from self.strand(inner, names, f"{rails}┃ ")
                    begins = ""

    def _branches(self, fork: Fork, above: str, rails: str) -> Iterator[OutlineLine]:
        for branch in fork.branches:
            if not branch:
                yield OutlineLine(rails, "├─ as it is")
                continue
            for number, line in enumerate(self.strand(branch, above, "")):
                sign = "├─ " if not number else "│  "
                yield OutlineLine(f"{rails}{sign}{line.rails}", line.text, line.cells)

    def _node(
        self, group: tuple[Item, ...], above: str, rails: str, begins: str, *, alone: bool
    ) -> OutlineLine:
        plates = self.scene.stack(group, above).plates
        lead = next((plate for plate in plates if not plate.low), plates[0])
        texts = []
        for plate in plates:
            name = plate.name if plate is plates[0] else plate.name.rpartition("/")[2]
            whole = plate is lead or plate.kind not in ("activation", "norm")
            texts.append(f"{name}  {plate.words}".strip() if whole else name)
        text = ", ".join(texts)
        reads = self._reads(group, alone=alone)
        rows = [self.scene.row(item) for item in group if isinstance(item, Leaf | Folded)]
        shape = self.scene.writer.shape(rows[-1].output)
        self.folds += any(isinstance(item, Folded) for item in group)
        numbers = self._numbers(together(rows))
        return OutlineLine(rails + begins, f"{text}{reads}", (shape, *numbers))

    def _numbers(self, row: Row) -> Iterator[str]:
        """Yield the cells of what is counted."""
        for key in self.scene.writer.shown:
            number = self.scene.writer.value(key, row)
            yield "" if number in (0, None) else self.scene.writer.number(key, number)

    def _reads(self, group: tuple[Item, ...], *, alone: bool) -> str:
        """Name what a node reads by links, beside the one before it or alone."""
        nodes = set(leaves_of(group))
        names = [
            self.scene.report.rows[source].name
            for source, targets in self.scene.reads.targets.items()
            if not nodes.isdisjoint(targets)
        ]
        names += [name for node in nodes for name in self.ends.get(node, ())]
        if not names:
            return ""
        return f" ({'from' if alone else 'also from'} {', '.join(map(one_line, names))})"

    def _heading(self, border: Border, rails: str, begins: str) -> OutlineLine:
        self.repeats += border.times > 1
        name, _ = self.scene.heading(border)
        rows = [self.scene.report.rows[index] for index in border.indices]
        return OutlineLine(rails + begins, f"\u250f {name}", ("", *self._numbers(together(rows))))


def _widths(lines: list[OutlineLine], header: tuple[str, ...]) -> list[int]:
    """Return how wide each column is."""
    rows = [header, *(line.cells for line in lines)]
    return [max(width_of(row[at]) for row in rows if at < len(row)) for at in range(len(header))]


def _columns(lines: list[OutlineLine], header: tuple[str, ...], width: int) -> int:
    """Return for how many columns there is room; the last ones are left out first."""
    wide = _widths(lines, header)
    columns = len(header)
    while columns and width - sum(wide[:columns]) - _SPACE * columns < LEAST:
        columns -= 1
    return columns


def _set(lines: list[OutlineLine], header: tuple[str, ...], width: int) -> Iterator[str]:
    """Set lines into a page, with the columns that the header names."""
    columns = len(header)
    rows = [("", header), *((line.rails + line.text, line.cells) for line in lines)]
    wide = _widths(lines, header)
    free = width - sum(wide) - _SPACE * columns
    longest = min(free, max(width_of(text) for text, _ in rows))
    for text, cells in rows:
        texts = [_cut(text, longest)]
        for at in range(columns):
            cell = cells[at] if at < len(cells) else ""
            filled = " " * (wide[at] - width_of(cell))
            texts.append(cell + filled if not at else filled + cell)
        yield (" " * _SPACE).join(texts).rstrip()


def _cut(text: str, width: int) -> str:
    """Fit a text into a width: cut its end off, or fill it up."""
    text = terminal_safe(text)
    if width_of(text) > width:
        while width_of(text) > width - 1:
            text = text[:-1]
        text += "\N{HORIZONTAL ELLIPSIS}"
    return text + " " * (width - width_of(text))
