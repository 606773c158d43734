"""What the nodes of a graph say: name, what the layer does, and bars; and how large they are."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import is_symbolic
from shapecalc.counting import MEASURES
from shapecalc.draw.metrics import fitted, room
from shapecalc.draw.styles import family
from shapecalc.graph import Input
from shapecalc.layers.shape import as_list, as_text
from shapecalc.output.cells import SIDES, amount_in, cell_text, split_times, unit_for
from shapecalc.report import UNKNOWN, Row
from shapecalc.text.safe import one_line
from shapecalc.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapecalc.layers.shape import Shape
    from shapecalc.output.view import View
    from shapecalc.report import Report

TIMES = "\N{MULTIPLICATION SIGN}"
#: What nodes can show, with the words beside the colours in the key.
SHOWN = {
    "params": "parameters",
    "macs": "MACs",
    "rf": "receptive field",
    "memory": "memory of the activations",
}
#: Texts are as large as this.
NAME, WORDS, SMALL = 12.0, 11.0, 10.0
#: A name or what a layer does is at most so wide.
WIDEST = 200.0
#: The narrowest node, and the narrowest number with its bar.
NARROWEST, BAR_WIDTH = 84.0, 58.0
#: Room at a node's sides, and the heights of its lines.
SIDE, NAME_LINE, WORDS_LINE, BAR_LINE, STRIP, RIM = 9.0, 16.0, 14.0, 19.0, 18.0, 4.0
#: Between the layers of a stack.
CRACK = 1.5


def with_times(text: str) -> str:
    """Set the signs between extents as papers do."""
    return TIMES.join(split_times(text))


def kind_of(row: Row) -> str:
    """Return the style of a layer's node; a level has one of its own."""
    if row.layer is None:
        return "node"
    return "input" if isinstance(row.layer, Input) else family(type(row.layer))


class Bar(NamedTuple):
    """A number of a node, and which part of the largest one it is; None without a bar."""

    key: str
    text: str
    share: float | None

    @property
    def words(self) -> str:
        """What it says where no key tells what it counts."""
        title = MEASURES[self.key].title
        return (
            self.text if self.key == "rf" or self.text.endswith(title) else f"{self.text} {title}"
        )


class Plate(NamedTuple):
    """A layer, or a folded level: its name, what it does, its numbers; low ones have one line."""

    node: int
    path: str
    kind: str
    name: str
    words: str
    bars: tuple[Bar, ...]
    title: str
    low: bool = False
    sheets: bool = False

    @property
    def texts(self) -> list[str]:
        """What it says, line by line."""
        bars = ", ".join(bar.words for bar in self.bars)
        return [text for text in (self.name, self.words, bars) if text]

    @property
    def columns(self) -> int:
        """How many numbers stand beside each other: formulas take a line each."""
        return 1 if any(room(bar.text, SMALL) > BAR_WIDTH for bar in self.bars) else 2

    @property
    def width(self) -> float:
        """The width that its texts take."""
        if self.low:
            words = room(f" {self.words}", SMALL) if self.words else 0.0
            return min(room(self.name, SMALL) + words, WIDEST) + 2 * SIDE
        texts = (room(self.name, NAME, bold=True), room(self.words, WORDS))
        if self.columns == 1:
            bars = max(room(bar.text, SMALL) for bar in self.bars)
            return max(min(max(texts), WIDEST), bars) + 2 * SIDE
        bars = min(len(self.bars), 2) * (BAR_WIDTH + SIDE) - SIDE
        return max(min(max(texts), WIDEST), bars) + 2 * SIDE

    @property
    def fitted(self) -> tuple[str, str]:
        """The name and what it does, as far as they have room."""
        if not self.low:
            name = fitted(self.name, NAME, WIDEST, bold=True)
            return name, fitted(self.words, WORDS, WIDEST)
        name = fitted(self.name, SMALL, WIDEST)
        left = WIDEST - room(f"{name} ", SMALL)
        return name, fitted(self.words, SMALL, left) if left > NARROWEST / 2 else ""

    @property
    def height(self) -> float:
        """The height of its lines."""
        if self.low:
            return STRIP
        lines = NAME_LINE + (WORDS_LINE if self.words else 0.0)
        return lines + ceil(len(self.bars) / self.columns) * BAR_LINE + 2 * RIM


class Stack(NamedTuple):
    """Layers drawn as one node: one that does something, and what works on its result in place."""

    plates: tuple[Plate, ...]

    @property
    def width(self) -> float:
        """The width of the widest."""
        return max(NARROWEST, *(plate.width for plate in self.plates))

    @property
    def height(self) -> float:
        """The height of all."""
        return sum(plate.height for plate in self.plates) + CRACK * (len(self.plates) - 1)


class Lettering:
    """Writes nodes of a report, seen in a way, with the numbers that are asked for."""

    def __init__(self, report: Report, view: View, shown: Sequence[str]) -> None:
        self.report = report
        self.view = view
        self.shown = tuple(shown)
        self.most: dict[str, int] = {}

    def measure(self, rows: Iterable[Row]) -> None:
        """Take the largest numbers of what is drawn as what fills a bar."""
        for key in self.shown:
            numbers = [self.value(key, row) for row in rows]
            largest = max((n for n in numbers if type(n) is int), default=0)
            # Beside a formula no number is known to be the largest.
            self.most[key] = 0 if any(map(is_symbolic, numbers)) else largest

    def shape(self, shape: Shape) -> str:
        """Write a shape, with the signs between its extents as papers set them."""
        extents = list(map(self.view.brief or str, as_list(shape, self.view.layout)))
        text = as_text(shape, self.view.layout, self.view.brief)
        close = text == "x".join(extents)
        text = TIMES.join(extents) if close else text.replace(" x ", f" {TIMES} ")
        return fitted(text, SMALL, WIDEST)

    def value(self, key: str, row: Row) -> object:
        """Return a number of a row: `UNKNOWN` where no rule is known of what it does."""
        if key == "macs" and not row.is_counted:
            return UNKNOWN
        number: object = MEASURES[key].of_row(row, self.view)
        return number

    def number(self, key: str, number: object) -> str:
        """Write a number briefly, with its unit."""
        if number is UNKNOWN:
            return "?"
        measure = MEASURES[key]
        if measure.kind == "sides":
            return with_times(cell_text(SIDES, number, self.view))
        unit = unit_for("auto", [number])
        text = amount_in(number, unit, self.view.notation)  # type: ignore[arg-type]
        return f"{text}{'B' if unit != 'exact' else ' B'}" if measure.kind == "bytes" else text

    def plate(self, row: Row, index: int, above: str, *, low: bool = False) -> Plate:
        """Return the plate of a layer or of a level, named from the level around it on."""
        name = one_line(row.name.removeprefix(f"{above}/") if above else row.name)
        own = row.type if not name.startswith(row.type) else ""
        words = f"{own} {row.does}".strip()
        if row.layer is None:
            held = counted(len(row.members), "layer")
            own = "" if row.type in ("group", "branch", "round", "repeat") else own
            words = ": ".join(filter(None, (held, f"{own} {row.fields}".strip())))
        words = one_line(with_times(words))
        bars = () if low else tuple(self._bars(row))
        return Plate(
            index,
            row.name,
            kind_of(row),
            name,
            words,
            bars,
            self.title(row),
            low=low,
            sheets=row.layer is None,
        )

    def _bars(self, row: Row) -> Iterable[Bar]:
        """Yield what is no zero."""
        for key in self.shown:
            number = self.value(key, row)
            if number in (0, None) or (row.type == "input" and key == "rf"):
                continue
            most = self.most.get(key, 0)
            share = number / most if type(number) is int and most else None
            text = self.number(key, number)
            if key == "rf":
                yield Bar(key, f"rf {fitted(text, SMALL, BAR_WIDTH)}", share)
            elif most:
                yield Bar(key, fitted(text, SMALL, BAR_WIDTH), share)
            else:
                yield Bar(key, fitted(f"{text} {MEASURES[key].title}", SMALL, WIDEST), share)

    def title(self, row: Row) -> str:
        """Say all of a layer or a level in a line, to be read out."""
        taken = ", ".join(dict.fromkeys(map(self.shape, row.inputs)))
        shapes = filter(None, (taken, self.shape(row.output)))
        words = [
            f"{row.name}: {row.type} {row.does}".rstrip(),
            " \N{RIGHTWARDS ARROW} ".join(shapes),
        ]
        for key in ("params", "macs"):
            number = self.value(key, row)
            if number != 0:
                text = f"{number:,}" if type(number) is int else self.number(key, number)
                words.append(f"{text} {SHOWN[key]}")
        if row.note:
            words.append(row.note)
        return one_line("; ".join(words))
