r"""A drawing as LaTeX that stands alone, of TikZ: to be compiled as it is, or edited.

Kinds are styles (``net-conv``), and their colours definitions of their own, so that a look is
changed at one place.  What has a name is a node of that name: ``\draw (conv1) -- (fc6);`` can
be added.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.draw.picture import Box, Cluster, Path, Polygon, Text, is_bold, leaves
from shapecalc.draw.styles import STYLES
from shapecalc.draw.svg import number
from shapecalc.errors import refuse
from shapecalc.output.latex import escaped, with_definitions
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.draw.picture import Drawing, Point, Shape
    from shapecalc.draw.styles import Look, Scheme

#: A pixel in big points: 96 of them are an inch, as are 72 of these.
_PIXEL = 0.75
#: Pixels by which the page is larger, so that no rounding leads to a second one.
_SPARE = 0.02
#: Big points of the longest page: TeX knows no length of 2^14 of its points.
MOST = 16_300
#: What the names of nodes may hold; TikZ reads dots, commas, colons and brackets itself.
_UNSAFE = re.compile(r"[^A-Za-z0-9/_-]")
_ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}


def to_tikz(drawing: Drawing, scheme: Scheme = "light") -> str:
    """Write a drawing as a document that pdfLaTeX sets on a page of the drawing's size.

    Raises `SpecErrors` (E303) for one that is longer than any length of TeX.
    """
    _must_fit(drawing)
    wide, high = (_bp(length + _SPARE) for length in (drawing.width, drawing.height))
    paper = f"paperwidth={wide},paperheight={high}"
    lines = [
        r"\documentclass{article}",
        rf"\usepackage[{paper},margin=0pt]{{geometry}}",
        r"\usepackage{lmodern}",
        r"\usepackage{tikz}",
        r"\usetikzlibrary{arrows.meta}",
        r"\pagestyle{empty}",
        r"\setlength{\parindent}{0pt}",
        r"\setlength{\topskip}{0pt}",
        *_looks(drawing, scheme),
        r"\begin{document}%",
        *_picture(drawing),
        r"\end{document}",
    ]
    return _whole(drawing, lines)


def to_tikz_figure(drawing: Drawing) -> str:
    """Write a drawing as a part of a document, no wider than a line of that.

    Raises `SpecErrors` (E303) for one that is longer than any length of TeX.
    """
    _must_fit(drawing)
    lines = [
        r"% Needs \usepackage{tikz} and \usetikzlibrary{arrows.meta} in the preamble.",
        r"\begin{center}",
        *_looks(drawing, "light"),
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        *_picture(drawing),
        r"}",
        r"\end{center}",
    ]
    return _whole(drawing, lines)


def _whole(drawing: Drawing, lines: Iterable[str]) -> str:
    comments = "".join(f"{line}\n" for line in _comments(drawing))
    return comments + with_definitions("\n".join([*lines, ""]))


def _must_fit(drawing: Drawing) -> None:
    longest = max(drawing.width, drawing.height) * _PIXEL
    if longest > MOST:
        message = (
            f"{drawing.title}: a page of LaTeX is at most {MOST:,} bp long, not {longest:,.0f}"
        )
        raise refuse("E303", message, hint="draw less of it, as with --depth 1, or write .svg")


def _comments(drawing: Drawing) -> Iterator[str]:
    """Say what is drawn."""
    yield f"% {one_line(drawing.title)}"
    yield from (f"% {part}" for part in _wrapped(one_line(drawing.description)))


def _looks(drawing: Drawing, scheme: Scheme) -> Iterator[str]:
    """Define the colours and the styles of the kinds."""
    kinds = sorted({"paper", *(shape.kind for shape in leaves(drawing.children))})
    yield from (row for kind in kinds for row in _colours(kind, STYLES[kind], scheme))
    yield r"\tikzset{"
    yield from (f"  net-{kind}/.style={{{_style(kind, STYLES[kind])}}}," for kind in kinds)
    yield "}"


def _picture(drawing: Drawing) -> Iterator[str]:
    """Draw the shapes on a page of the drawing's size."""
    page = f"(0,0) rectangle ({number(drawing.width)},{number(drawing.height)})"
    units = f"x={_PIXEL}bp,y=-{_PIXEL}bp"
    yield rf"\begin{{tikzpicture}}[{units},every node/.style={{inner sep=0,outer sep=0}}]"
    yield rf"\useasboundingbox {page};"
    yield rf"\path[net-paper] {page};"
    yield from _shapes(drawing.children, _NodeNames())
    yield r"\end{tikzpicture}%"


def _wrapped(text: str) -> list[str]:
    from textwrap import wrap

    return wrap(text, 96)


def _bp(pixels: float) -> str:
    return f"{number(pixels * _PIXEL)}bp"


# -- styles ---------------------------------------------------------------------------------------


def _colours(kind: str, look: Look, scheme: Scheme) -> Iterator[str]:
    for part, colour in zip(("fill", "line"), look.colours(scheme), strict=True):
        if colour:
            yield rf"\definecolor{{{kind}-{part}}}{{HTML}}{{{colour[1:].upper()}}}"


def _style(kind: str, look: Look) -> str:
    words = [f"fill={kind}-fill"] if look.fill[0] else []
    if look.line[0]:
        words += [f"draw={kind}-line", f"line width={_bp(look.thick)}", "line join=round"]
    if look.dashes:
        lengths = map(_bp, look.dashes)
        states = (
            f"{state} {long}" for state, long in zip(("on", "off") * 2, lengths, strict=False)
        )
        words.append(f"dash pattern={' '.join(states)}")
    return ",".join(words)


# -- shapes ---------------------------------------------------------------------------------------


class _NodeNames:
    """The names of nodes that are taken."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def node(self, name: str) -> str:
        """Return how a node is called, in brackets; nothing for one without a name."""
        if not name:
            return ""
        plain = _UNSAFE.sub("-", name)
        number, free = 1, plain
        while free in self._taken:
            number += 1
            free = f"{plain}-{number}"
        self._taken.add(free)
        return f" ({free})"


def _shapes(shapes: Iterable[Shape], names: _NodeNames, inherited: str = "") -> Iterator[str]:
    """Write shapes; the first box in a cluster has the cluster's name if it has none."""
    for shape in shapes:
        match shape:
            case Box():
                yield _box(shape, names.node(shape.name or inherited))
                inherited = ""
            case Text():
                yield _text(shape)
            case Path():
                yield _path(shape)
            case Polygon():
                yield f"\\path[net-{shape.kind}] {' -- '.join(map(_at, shape.points))} -- cycle;"
            case Cluster():
                if shape.title:
                    yield f"% {one_line(shape.title)}"
                yield from _shapes(shape.children, names, shape.name)


def _at(point: Point) -> str:
    return f"({','.join(map(number, point))})"


def _box(box: Box, node: str) -> str:
    corners = f",rounded corners={_bp(box.radius)}" if box.radius else ""
    size = f"minimum width={_bp(box.width)},minimum height={_bp(box.height)}"
    where = _at((box.x + box.width / 2, box.y + box.height / 2))
    return f"\\node[net-{box.kind},shape=rectangle,{size}{corners}]{node} at {where} {{}};"


def _text(text: Text) -> str:
    size = text.size * _PIXEL
    font = rf"\fontsize{{{number(size)}}}{{{number(size * 1.2)}}}\selectfont"
    bold = r"\bfseries" if is_bold(text.kind) else ""
    turn = f",rotate={number(-text.turn)}" if text.turn else ""
    colour = f"text={text.kind}-fill"
    return (
        f"\\node[{colour},anchor={_ANCHORS[text.anchor]}{turn},font=\\sffamily{font}{bold}]"
        f" at {_at((text.x, text.y))} {{{escaped(one_line(text.text))}}};"
    )


def _path(path: Path) -> str:
    parts: list[str] = []
    for letter, *numbers in path.steps:
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if letter == "M":
            parts.append(_at(points[0]))
        elif letter == "L":
            parts.append(f"-- {_at(points[0])}")
        elif letter == "C":
            start, end, point = map(_at, points)
            parts.append(f".. controls {start} and {end} .. {point}")
        else:
            parts.append("-- cycle")
    arrow = f",-{{Stealth[length={_bp(7)},width={_bp(5)}]}}" if path.arrow else ""
    return f"\\path[net-{path.kind}{arrow}] {' '.join(parts)};"
