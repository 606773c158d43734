"""A drawing as plain values: what is where, of which kind, and what it says.

Lengths are in pixels, y grows downwards, later shapes cover earlier ones.  A `kind` names a style
(`draw.styles`), never a colour.  `name` is the path of a layer or a level, by which other programs
find the shape again; `title` is what a pointer that rests on it is told.
"""

from __future__ import annotations

from math import cos, radians, sin
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from shapecalc.draw.metrics import room
from shapecalc.draw.styles import STYLES

if TYPE_CHECKING:
    from collections.abc import Iterator

Point: TypeAlias = tuple[float, float]
#: Where a text stands to its x.
Anchor: TypeAlias = Literal["start", "middle", "end"]
#: A step of a path as SVG has it, absolute: M and L with a point, C with two handles and a point,
#: Z without any.
Step: TypeAlias = tuple[str, *tuple[float, ...]]

#: Of a text: how far its letters rise above its line and hang below, in its size.
ASCENT, DESCENT = 0.76, 0.24


class Box(NamedTuple):
    """A rectangle, by its left upper corner."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    name: str = ""
    title: str = ""
    radius: float = 0


class Text(NamedTuple):
    """A line of text; y is that of its base line, `turn` turns it clockwise around (x, y)."""

    x: float
    y: float
    text: str
    size: float = 13
    anchor: Anchor = "start"
    kind: str = "text"
    turn: float = 0


class Path(NamedTuple):
    """A line of straight and curved pieces, with a head at its end when it is an arrow."""

    steps: tuple[Step, ...]
    kind: str = "edge"
    arrow: bool = False
    name: str = ""
    title: str = ""


class Polygon(NamedTuple):
    """A closed figure with straight sides."""

    points: tuple[Point, ...]
    kind: str
    name: str = ""
    title: str = ""


class Cluster(NamedTuple):
    """Shapes that belong together."""

    children: tuple[Shape, ...]
    name: str = ""
    title: str = ""
    kind: str = ""


Shape: TypeAlias = Box | Text | Path | Polygon | Cluster


class Drawing(NamedTuple):
    """A page of shapes; the title and the description say in words what is to be seen."""

    width: float
    height: float
    title: str
    description: str
    children: tuple[Shape, ...]


class Bounds(NamedTuple):
    """The rectangle around a shape."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, other: Bounds, slack: float = 0.01) -> bool:
        """Tell whether the other rectangle lies in this one."""
        return (
            self.left - slack <= other.left
            and self.top - slack <= other.top
            and other.right <= self.right + slack
            and other.bottom <= self.bottom + slack
        )

    def meets(self, other: Bounds, slack: float = 0.01) -> bool:
        """Tell whether the two have more than a rim in common."""
        return (
            self.left + slack < other.right
            and other.left + slack < self.right
            and self.top + slack < other.bottom
            and other.top + slack < self.bottom
        )


def line(*points: Point, kind: str = "edge", arrow: bool = False) -> Path:
    """Join points by straight pieces."""
    first, *others = points
    steps: tuple[Step, ...] = (("M", *first), *(("L", *point) for point in others))
    return Path(steps, kind, arrow)


def leaves(shapes: tuple[Shape, ...]) -> Iterator[Box | Text | Path | Polygon]:
    """Yield the shapes that draw something, in the order in which they cover each other."""
    for shape in shapes:
        if isinstance(shape, Cluster):
            yield from leaves(shape.children)
        else:
            yield shape


def bounds(shape: Shape) -> Bounds:
    """Return what surely holds a shape: a text with its slack, a curve with its handles."""
    match shape:
        case Box():
            return Bounds(shape.x, shape.y, shape.x + shape.width, shape.y + shape.height)
        case Text():
            return _text_bounds(shape)
        case Path():
            return around([at for step in shape.steps for at in _points(step)])
        case Polygon():
            return around(list(shape.points))
        case Cluster():
            inner = [bounds(child) for child in shape.children]
            return around([at for b in inner for at in ((b.left, b.top), (b.right, b.bottom))])


def around(points: list[Point]) -> Bounds:
    """Return the rectangle around points."""
    xs, ys = zip(*points, strict=True)
    return Bounds(min(xs), min(ys), max(xs), max(ys))


def _points(step: Step) -> list[Point]:
    numbers = step[1:]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _text_bounds(text: Text) -> Bounds:
    length = room(text.text, text.size, bold=is_bold(text.kind))
    left = {"start": 0.0, "middle": -length / 2, "end": -length}[text.anchor]
    rise, fall = -ASCENT * text.size, DESCENT * text.size
    c, s = cos(radians(text.turn)), sin(radians(text.turn))
    corners = [(x, y) for x in (left, left + length) for y in (rise, fall)]
    return around([(text.x + x * c - y * s, text.y + x * s + y * c) for x, y in corners])


def is_bold(kind: str) -> bool:
    """Tell whether texts of a kind are set in bold letters."""
    return STYLES[kind].bold
