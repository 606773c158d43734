"""Results show themselves: as text, on a page, for a program, and in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from shapecalc.draw import Figure


class Shapes:
    """What a result is called, and the functions that lay it out as a shape that formats write.

    They are named by module and function and imported when they are asked for: what lays a result
    out knows the result, and not the other way round.
    """

    __slots__ = ("document", "noun", "records", "table")

    def __init__(
        self, noun: str, *, table: str = "", document: str = "", records: str = ""
    ) -> None:
        self.noun = noun
        self.table = table
        self.document = document
        self.records = records


class Shown:
    """A result that can be written in every format that takes a shape of it.

    This is the one look forward of the house: what is computed lies below the output, and reaches
    it only when it is asked to show itself.
    """

    __slots__ = ()
    shapes: ClassVar[Shapes]

    @property
    def doubts(self) -> tuple[str, ...]:
        """Doubts about how the networks behind it were read, which stand in every format."""
        report: Shown | None = getattr(self, "report", None)
        return report.doubts if report is not None else ()

    @property
    def deployed(self) -> tuple[str, ...]:
        """What was done to the networks behind it after they were wired, in every format."""
        report: Shown | None = getattr(self, "report", None)
        return report.deployed if report is not None else ()

    def render(self, format: str = "text", **options: Any) -> str:  # noqa: A002, ANN401
        """Write the result in a format of `output.formats.FORMATS`, the last line ended.

        `options` are those of its command, and those of a page: width, standalone.  Raises
        `SpecErrors` for unknown words, and for a format that takes no shape of the result.
        """
        from shapecalc.output.formats import write

        return write(self, format, **options)

    def draw(self, picture: str = "", **options: Any) -> Figure:  # noqa: ANN401
        """Return a picture of the result, which a notebook shows: of a network the graph.

        `picture` and `options` are those of `shapecalc draw`: show, direction, unroll, depth,
        batch, dtype, layout.  Raises `SpecErrors` for pictures that the result does not have.
        """
        from shapecalc.draw import figure

        return figure(self, picture, **options)

    def _repr_html_(self) -> str:
        return self.render("html", standalone=False)

    def _repr_markdown_(self) -> str:
        return self.render("markdown")

    def __str__(self) -> str:
        return self.render("text")

    def __init_subclass__(cls) -> None:
        """Give a result a short `repr`, before `dataclass` gives it a long one."""
        if "__repr__" not in vars(cls):
            cls.__repr__ = brief_repr  # type: ignore[method-assign]


#: The longest `repr` of a result: more only fills the screen of a session.
LONGEST = 200


def brief_repr(result: object) -> str:
    """Name a result's class and the beginnings of what its fields hold."""
    from reprlib import Repr

    short = Repr()
    short.maxlevel, short.maxtuple, short.maxdict, short.maxother = 2, 2, 2, 60
    names: tuple[str, ...] = getattr(result, "_fields", ()) or tuple(type(result).__annotations__)
    own = (name for name in names if name != "shapes")  # how it is shown, which all of it share
    fields = ", ".join(f"{name}={short.repr(getattr(result, name))}" for name in own)
    return shortened(f"<{type(result).__name__} {fields}>")


def shortened(text: str) -> str:
    """Cut a `repr` to the longest that is allowed."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 2]}…>"
