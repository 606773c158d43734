"""Pictures of networks: plain values that say what is where, and writers of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.errors import refuse
from shapecalc.text import Origin, Source
from shapecalc.text.words import did_you_mean, format_meant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.draw.picture import Drawing
    from shapecalc.output.markup import Element
    from shapecalc.text.shown import Shown


class PictureKind(NamedTuple):
    """A picture of a kind of result: its function from that and words of options to a drawing.

    `of` is the result's class, `texts` are functions that write it as text, by format.
    """

    name: str
    meaning: str
    function: str
    options: tuple[str, ...] = ()
    of: str = "report.Report"
    texts: Mapping[str, str] = {}


class FileKind(NamedTuple):
    """A format: its suffixes, the usual one first, and its writer, from a drawing.

    One without a writer is a text that only some pictures have, by a function of their own.
    """

    name: str
    meaning: str
    suffixes: tuple[str, ...]
    writer: str = ""

    def write(self, drawing: Drawing) -> str | bytes:
        """Write a drawing; only a format with a writer does."""
        made: str | bytes = _function(self.writer)(drawing)
        return made


#: Every picture; of each kind of result the first is drawn where none is named.
PICTURES: dict[str, PictureKind] = {
    kind.name: kind
    for kind in (
        PictureKind(
            "graph",
            "layers, branches, blocks and repeats, with shapes and costs",
            "draw.graph.scene.graph",
            ("show", "direction", "unroll", "depth", "batch", "dtype", "layout"),
            texts={
                "text": "draw.graph.outline.to_text",
                "mermaid": "draw.graph.mermaid.to_mermaid",
                "dot": "draw.graph.dot.to_dot",
            },
        ),
        PictureKind(
            "volumes", "boxes as in the papers, with kernels", "draw.volumes.volumes", ("depth",)
        ),
        PictureKind(
            "costs",
            "parameters, MACs and activations, or others, as bars",
            "draw.bars.costs",
            ("depth", "show"),
        ),
        PictureKind(
            "memory", "what is alive while each layer runs", "draw.bars.memory", ("depth",)
        ),
        PictureKind("field", "receptive fields as a cone", "draw.cone.field", ("depth",)),
    )
}

#: Every format.
FILES: dict[str, FileKind] = {
    kind.name: kind
    for kind in (
        FileKind("svg", "a picture that scales, in light and dark", (".svg",), "draw.svg.to_svg"),
        FileKind("png", "pixels, with the extra `draw`", (".png",), "draw.converted.to_png"),
        FileKind("pdf", "a page, with the extra `draw`", (".pdf",), "draw.converted.to_pdf"),
        FileKind("tikz", "LaTeX, to be edited", (".tex",), "draw.tikz.to_tikz"),
        FileKind("text", "characters, for a terminal", (".txt",)),
        FileKind("mermaid", "text that GitHub and many wikis draw", (".mmd", ".mermaid")),
        FileKind("dot", "text that Graphviz draws", (".dot", ".gv")),
    )
}


class Figure:
    """A picture of a result, which can be written in many formats and shows itself."""

    def __init__(self, result: Shown, kind: PictureKind, words: Mapping[str, Any]) -> None:
        self.result = result
        self.kind = kind
        self.words = words

    @property
    def drawing(self) -> Drawing:
        """The shapes of the picture."""
        made: Drawing = _function(self.kind.function)(self.result, **self.words)
        return made

    def render(self, format: str = "svg") -> str | bytes:  # noqa: A002  (the word of the command)
        """Write the picture in a format of `FILES`.  Raises `SpecErrors` (E302)."""
        chosen = file_kind(format, None, self.kind)
        if chosen.name in self.kind.texts:
            text: str = _function(self.kind.texts[chosen.name])(self.result, **self.words)
            return text
        return chosen.write(self.drawing)

    def element(self, prefix: str) -> Element:
        """Return the picture as an element of a page, in which its ids begin with a prefix."""
        from shapecalc.draw.svg import svg_element

        return svg_element(self.drawing, prefix=prefix)

    def save(self, path: str) -> None:
        """Write the picture into a file, whose suffix says the format."""
        from shapecalc.text.files import replace

        replace(path, [self.render(file_kind(None, path, self.kind).name)])

    def _repr_svg_(self) -> str:
        return str(self.render("svg"))

    def __repr__(self) -> str:
        return f"<Figure {self.kind.name} of {self.result!r}>"


def figure(result: Shown, picture: str = "", **words: Any) -> Figure:  # noqa: ANN401
    """Return a picture of a result: the one that is named, or the first that there is.

    Raises `SpecErrors` for unknown pictures (E302), and for words that it does not take (E323).
    """
    kind = picture_kind(picture, type(result))
    for word in words:
        if word not in kind.options:
            hint = f"leave it out, or draw {_taking(word, type(result))}"
            raise refuse("E323", f"{word} has no place in the picture {kind.name}", None, hint)
    return Figure(result, kind, words)


def pictures_of(result: type[Shown]) -> tuple[PictureKind, ...]:
    """Return the pictures that a kind of result has."""
    name = f"{result.__module__}.{result.__name__}".removeprefix("shapecalc.")
    return tuple(kind for kind in PICTURES.values() if kind.of == name)


def picture_kind(name: str, result: type[Shown]) -> PictureKind:
    """Return a picture of a kind of result, by its name.  Raises `SpecErrors` (E302)."""
    known = {kind.name: kind for kind in pictures_of(result)}
    if not known:
        raise refuse("E302", f"{result.shapes.noun} has no picture")
    if not name:
        return next(iter(known.values()))
    if name not in known:
        hint = did_you_mean(name, known) or f"one of {', '.join(known)}"
        raise refuse(
            "E302", f"unknown picture '{name}'", Origin(Source(f"--as {name}", name)), hint
        )
    return known[name]


def file_kind(name: str | None, path: str | None, picture: PictureKind) -> FileKind:
    """Return the format that is named, or else that of a file's suffix.

    Raises `SpecErrors` (E302) where there is none, and for one that the picture is not written in.
    """
    known = {
        kind.name: kind for kind in FILES.values() if kind.writer or kind.name in picture.texts
    }
    usual = ", ".join(f"{kind.suffixes[0]} ({kind.name})" for kind in known.values())
    if name is not None:
        if name in known:
            return known[name]
        suffixes = {kind.name: kind.suffixes for kind in known.values()}
        hint = format_meant(name, suffixes) or f"one of {', '.join(known)}"
        message = f"unknown format '{name}'"
        if name in FILES:
            message = f"the picture {picture.name} is not written as {name}"
        raise refuse("E302", message, Origin(Source(f"--to {name}", name)), hint)
    for kind in known.values():
        if path is not None and path.lower().endswith(kind.suffixes):
            return kind
    message = "no format is named" if path is None else f"no picture is written as '{path}'"
    if path is not None and any(path.lower().endswith(kind.suffixes) for kind in FILES.values()):
        message = f"the picture {picture.name} is not written as '{path}'"
    hint = f"name it with --to, or by the file's suffix: {usual}"
    raise refuse("E302", message, Origin(Source(path or "draw", "")), hint)


def _taking(word: str, result: type[Shown]) -> str:
    names = [kind.name for kind in pictures_of(result) if word in kind.options]
    return " or ".join(names) or "another one"


def _function(name: str) -> Callable[..., Any]:
    """Import a function by its module and name: few of them are needed."""
    module, _, function = name.rpartition(".")
    made: Callable[..., Any] = getattr(import_module(f"shapecalc.{module}"), function)
    return made
