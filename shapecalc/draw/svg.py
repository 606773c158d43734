"""A drawing as SVG that stands alone: no script, nothing from elsewhere, the same bytes each time.

Texts stay texts: they can be selected, and read out.  Their lengths are stated, so that they fit in
their boxes whatever font there is.  Light and dark are both in the file; the reader's program takes
what the reader prefers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.draw.metrics import width
from shapecalc.draw.picture import Box, Cluster, Path, Polygon, Text, is_bold, leaves
from shapecalc.draw.styles import STYLES
from shapecalc.output.markup import Element, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.draw.picture import Drawing, Shape
    from shapecalc.draw.styles import Look, Scheme

#: Verdana has nearly the advances of DejaVu Sans.
FONTS = "'DejaVu Sans', Verdana, Geneva, sans-serif"
#: How long and how wide an arrow's head is.
_HEAD = 7, 6


def to_svg(drawing: Drawing, scheme: Scheme | None = None) -> str:
    """Write a drawing as a file of its own; with a scheme, in that one alone."""
    return written(svg_element(drawing, scheme)) + "\n"


def svg_element(drawing: Drawing, scheme: Scheme | None = None, prefix: str = "") -> Element:
    """Return a drawing as an element, for a page that has others: their ids differ by a prefix."""
    kinds = sorted({"paper", *_kinds(drawing.children)})
    wide, high = number(drawing.width), number(drawing.height)
    page = Box(0, 0, drawing.width, drawing.height, "paper")
    return Element(
        "svg",
        Element("title", drawing.title, id=f"{prefix}title"),
        Element("desc", drawing.description, id=f"{prefix}desc"),
        Element("style", *_rules(kinds, scheme)),
        *_heads(drawing.children, prefix),
        *(_element(shape, prefix) for shape in (page, *drawing.children)),
        xmlns="" if prefix else "http://www.w3.org/2000/svg",  # a page knows it
        width=wide,
        height=high,
        viewBox=f"0 0 {wide} {high}",
        class_="drawing",
        role="graphics-document",
        aria_labelledby=f"{prefix}title {prefix}desc",
        font_family=FONTS,
    )


def number(value: float) -> str:
    """Write a length to a hundredth of a pixel, without what says nothing."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


# -- styles ---------------------------------------------------------------------------------------


def _kinds(shapes: Iterable[Shape]) -> Iterator[str]:
    for shape in shapes:
        if shape.kind:
            yield shape.kind
        if isinstance(shape, Cluster):
            yield from _kinds(shape.children)


def _rules(kinds: list[str], scheme: Scheme | None) -> Iterator[str]:
    """Write the rules of the kinds, and those that stand instead of them in the dark."""
    for kind in kinds:
        yield f".drawing .{kind} {{ {_colours(STYLES[kind], scheme or 'light')}{_extent(kind)} }}\n"
    if scheme is None:
        yield "@media (prefers-color-scheme: dark) {\n"
        for kind in kinds:
            yield f"  .drawing .{kind} {{ {_colours(STYLES[kind], 'dark')} }}\n"
        yield "}\n"


def _colours(style: Look, scheme: Scheme) -> str:
    fill, stroke = style.colours(scheme)
    rule = f"fill: {fill or 'none'};"
    return f"{rule} stroke: {stroke};" if stroke else rule


def _extent(kind: str) -> str:
    style = STYLES[kind]
    rule = f" stroke-width: {number(style.thick)};" if style.line[0] else ""
    if style.dashes:
        rule += f" stroke-dasharray: {' '.join(map(number, style.dashes))};"
    return rule + (" font-weight: bold;" if style.bold else "")


def _heads(shapes: tuple[Shape, ...], prefix: str) -> list[Element]:
    """Return the heads of arrows, one for each kind that has any."""
    kinds = {shape.kind for shape in leaves(shapes) if isinstance(shape, Path) and shape.arrow}
    if not kinds:
        return []
    return [Element("defs", *(_head(kind, prefix) for kind in sorted(kinds)))]


def _head(kind: str, prefix: str) -> Element:
    long, wide = _HEAD
    return Element(
        "marker",
        Element("path", d=f"M0 0L{long} {wide / 2:g}L0 {wide}", class_=kind),
        id=f"{prefix}head-{kind}",
        markerWidth=str(long + 1),
        markerHeight=str(wide + 1),
        refX=str(long),
        refY=f"{wide / 2:g}",
        viewBox=f"-1 -1 {long + 2} {wide + 2}",
        orient="auto",
        markerUnits="userSpaceOnUse",
    )


# -- shapes ---------------------------------------------------------------------------------------


def _element(shape: Shape, prefix: str) -> Element:
    match shape:
        case Box():
            return _box(shape)
        case Text():
            return _text(shape)
        case Path():
            return _path(shape, prefix)
        case Polygon():
            return _polygon(shape)
        case Cluster():
            return _cluster(shape, prefix)


def _titles(title: str) -> list[Element]:
    return [Element("title", title)] if title else []


def _box(box: Box) -> Element:
    return Element(
        "rect",
        *_titles(box.title),
        x=number(box.x),
        y=number(box.y),
        width=number(box.width),
        height=number(box.height),
        rx=number(box.radius) if box.radius else "",
        class_=box.kind,
        data_name=box.name,
    )


def _text(text: Text) -> Element:
    turned = f"rotate({number(text.turn)} {number(text.x)} {number(text.y)})" if text.turn else ""
    return Element(
        "text",
        text.text,
        x=number(text.x),
        y=number(text.y),
        font_size=number(text.size),
        text_anchor="" if text.anchor == "start" else text.anchor,
        textLength=number(width(text.text, text.size, bold=is_bold(text.kind))),
        lengthAdjust="spacingAndGlyphs",
        class_=text.kind,
        transform=turned,
    )


def _path(path: Path, prefix: str) -> Element:
    return Element(
        "path",
        *_titles(path.title),
        d="".join(step[0] + " ".join(map(number, step[1:])) for step in path.steps),
        class_=path.kind,
        marker_end=f"url(#{prefix}head-{path.kind})" if path.arrow else "",
        data_name=path.name,
    )


def _polygon(polygon: Polygon) -> Element:
    return Element(
        "polygon",
        *_titles(polygon.title),
        points=" ".join(f"{number(x)},{number(y)}" for x, y in polygon.points),
        class_=polygon.kind,
        data_name=polygon.name,
    )


def _cluster(cluster: Cluster, prefix: str) -> Element:
    """Write shapes that belong together; those with a title are a part that is read out by it."""
    return Element(
        "g",
        *_titles(cluster.title),
        *(_element(child, prefix) for child in cluster.children),
        class_=cluster.kind,
        role="graphics-object" if cluster.title else "",
        aria_label=cluster.title,
        data_name=cluster.name,
    )
