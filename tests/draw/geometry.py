"""Laws that every drawing keeps, whatever it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.draw.picture import Bounds, Box, Text, bounds, leaves
from shapecalc.draw.styles import STYLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.draw.picture import Cluster, Drawing, Shape


def clusters(shapes: tuple[Shape, ...]) -> Iterator[Cluster]:
    for shape in shapes:
        if not hasattr(shape, "children"):
            continue
        yield shape
        yield from clusters(shape.children)


def outside_of_page(drawing: Drawing) -> list[Shape]:
    page = Bounds(0, 0, drawing.width, drawing.height)
    return [shape for shape in leaves(drawing.children) if not page.holds(bounds(shape))]


def crossing_texts(drawing: Drawing) -> list[tuple[Text, Text]]:
    """Return pairs of level texts that cover each other."""
    texts = sorted(
        ((bounds(shape), shape) for shape in leaves(drawing.children) if isinstance(shape, Text)),
        key=lambda pair: pair[0].top,
    )
    pairs = []
    for place, (inner, text) in enumerate(texts):
        for other, other_text in texts[place + 1 :]:
            if other.top >= inner.bottom:
                break
            if not text.turn and not other_text.turn and inner.meets(other, 0.5):
                pairs.append((text, other_text))
    return pairs


def texts_out_of_boxes(drawing: Drawing) -> list[Text]:
    """Return texts of a cluster that begin in its first box and leave it."""
    wrong = []
    for cluster in clusters(drawing.children):
        boxes = [shape for shape in cluster.children if isinstance(shape, Box)]
        texts = [shape for shape in cluster.children if isinstance(shape, Text)]
        if boxes:
            outer = bounds(boxes[0])
            wrong += [
                text
                for text in texts
                if outer.meets(bounds(text)) and not outer.holds(bounds(text))
            ]
    return wrong


def unknown_kinds(drawing: Drawing) -> set[str]:
    return {shape.kind for shape in leaves(drawing.children)} - set(STYLES)


def complaints(drawing: Drawing) -> dict[str, object]:
    """Return what is wrong with a drawing, by the law that it breaks."""
    laws = {
        "outside of the page": outside_of_page(drawing),
        "texts over each other": crossing_texts(drawing),
        "texts out of their boxes": texts_out_of_boxes(drawing),
        "kinds without a style": unknown_kinds(drawing),
        "nothing said": not (drawing.title and drawing.description),
    }
    return {law: wrong for law, wrong in laws.items() if wrong}
