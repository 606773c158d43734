"""A drawing as PNG or PDF, converted from its SVG by Typst: one wheel without system libraries."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from shapecalc.draw.svg import number, to_svg
from shapecalc.errors import refuse
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from shapecalc.draw.picture import Drawing
    from shapecalc.draw.styles import Scheme

#: A page of the drawing's size; nothing of a drawing is read as Typst's own language.
_PAGE = b"""\
#set document(title: sys.inputs.title, date: none)
#set page(width: eval(sys.inputs.width), height: eval(sys.inputs.height), margin: 0pt)
#image(bytes(sys.inputs.svg), format: "svg", width: 100%, alt: sys.inputs.description)
"""
#: A pixel in points: 96 of them are an inch, as are 72 of these.
_PIXEL = 0.75
#: Pixels of a PNG to an inch: each of the drawing's is two of a screen's.
_DENSITY = 192.0


def must_be_convertible(format_: str) -> None:
    """Require the converter.  Raises `SpecErrors` (E354)."""
    if find_spec("typst") is None:
        message = f"a picture as {format_} needs typst, which is not installed"
        raise refuse("E354", message, hint="pip install 'shapecalc-convnets[draw]', or write .svg")


def to_png(drawing: Drawing, scheme: Scheme = "light") -> bytes:
    """Write a drawing in pixels, two for each of its own.  Raises `SpecErrors` (E354)."""
    return _converted(drawing, "png", scheme)


def to_pdf(drawing: Drawing, scheme: Scheme = "light") -> bytes:
    """Write a drawing on a page of its size; texts stay texts.  Raises `SpecErrors` (E354)."""
    return _converted(drawing, "pdf", scheme)


def _converted(drawing: Drawing, format_: Literal["png", "pdf"], scheme: Scheme) -> bytes:
    must_be_convertible(format_)
    import typst

    made: bytes = typst.compile(
        _PAGE,
        format=format_,
        ppi=_DENSITY,
        sys_inputs={
            "svg": to_svg(drawing, scheme),
            "title": one_line(drawing.title),
            "description": one_line(drawing.description),
            "width": f"{number(drawing.width * _PIXEL)}pt",
            "height": f"{number(drawing.height * _PIXEL)}pt",
        },
    )
    return made
