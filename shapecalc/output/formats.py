"""Formats: what can be written how, for a terminal, a paper, a slide, a notebook or a program."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from shapecalc.errors import SpecErrors, refuse
from shapecalc.output.records import Records
from shapecalc.text import NamedTuple, Origin, Source, Span, collector_paused
from shapecalc.text.safe import one_line, terminal_width
from shapecalc.text.words import format_meant, must_be_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shapecalc.text.shown import Shown

#: What a result can be laid out as.
Shape: TypeAlias = Literal["table", "document", "records"]

#: The characters that a page of LaTeX takes in a line of a table.
LATEX_WIDTH = 80


#: What is written on: its width in characters (without one a terminal is measured, LaTeX takes 80,
#: and the others take what they need), whether HTML stands alone, and the environment of LaTeX
#: (table, table* or longtable) with its caption and its label.
PAGE: dict[str, Any] = {
    "width": None,
    "standalone": True,
    "latex": None,
    "caption": None,
    "label": None,
}


class Format(NamedTuple):
    """A format: what it is for, the suffixes of its files, the usual one first, and its writers.

    `writers` are functions of the room of output, by the shape that they take, and behind each the
    words of a page that it must know; `width` finds the width of a table where a page states none.
    `bars`: beside the rows of a table bars can be drawn.
    """

    name: str
    meaning: str
    suffixes: tuple[str, ...]
    writers: Mapping[Shape, tuple[str, ...]]
    width: Callable[[], int | None] = lambda: None
    bars: bool = False


#: Every format by name.
FORMATS: dict[str, Format] = {
    format_.name: format_
    for format_ in (
        Format(
            "terminal",
            "colours, fitted to the terminal's width",
            (),
            {
                "table": ("terminal.to_terminal", "width"),
                "document": ("terminal.document_to_terminal", "width"),
            },
            terminal_width,
            bars=True,
        ),
        Format(
            "text",
            "plain aligned text",
            (".txt",),
            {
                "table": ("text.to_text", "width"),
                "document": ("document_text.document_to_text", "width"),
            },
            bars=True,
        ),
        Format(
            "markdown",
            "a table for GitHub, a notebook or a README",
            (".md", ".markdown"),
            {
                "table": ("markdown.to_markdown",),
                "document": ("markdown.document_to_markdown",),
            },
        ),
        Format(
            "csv",
            "plain numbers for a spreadsheet, a line a layer",
            (".csv",),
            {"records": ("csv.to_csv",)},
        ),
        Format(
            "json",
            "plain numbers with totals, for a program",
            (".json",),
            {"records": ("json.to_json",)},
        ),
        Format(
            "latex",
            "a booktabs table for a paper",
            (".tex",),
            {
                "table": ("latex.to_latex", "width", "latex", "caption", "label"),
                "document": ("latex.document_to_latex", "standalone"),
            },
            lambda: LATEX_WIDTH,
        ),
        Format(
            "html",
            "a page that stands alone",
            (".html", ".htm"),
            {
                "table": ("html.to_html", "standalone"),
                "document": ("html.document_to_html", "standalone"),
            },
        ),
    )
}


def formats_of(kind: type[Shown]) -> tuple[str, ...]:
    """List the formats that take a shape of a kind of result."""
    return tuple(name for name, chosen in FORMATS.items() if _shape_for(chosen, kind) is not None)


def _shape_for(chosen: Format, kind: type[Shown]) -> Shape | None:
    """Return the shape of a result that a format takes, if there is one."""
    return next((shape for shape in chosen.writers if getattr(kind.shapes, shape)), None)


def format_for(
    name: str | None,
    path: str | None = None,
    *,
    terminal: bool = False,
    of: type[Shown] | None = None,
) -> str:
    """Return the format: the one named, or the one of the file's suffix, or that of the output.

    Raises `SpecErrors` (E302) for a name or a suffix that no format has, and for a format that
    takes no shape of the kind of result that is to be written.
    """
    chosen = _named(name, path, terminal=terminal)
    if of is not None and _shape_for(FORMATS[chosen], of) is None:
        option = f"--format {name}" if name is not None else f"--output {path}"
        message = f"{of.shapes.noun} cannot be written as {chosen}"
        hint = f"one of {', '.join(formats_of(of))}"
        raise refuse("E302", message, Origin(Source(option, "")), hint)
    return chosen


def _named(name: str | None, path: str | None, *, terminal: bool) -> str:
    if name is not None:
        must_be_text(name, "a format", "markdown")
        if name in FORMATS:
            return name
        suffixes = {known.name: known.suffixes for known in FORMATS.values()}
        hint = format_meant(name, suffixes) or f"one of {', '.join(FORMATS)}"
        raise _unknown(f"--format {name}", name, f"unknown format '{name}'", hint)
    if path is None:
        return "terminal" if terminal else "text"
    stem, dot, ending = path.replace("\\", "/").rsplit("/", 1)[-1].rpartition(".")
    suffix = dot + ending.lower() if stem else ""
    for known in FORMATS.values():
        if suffix in known.suffixes:
            return known.name
    usual = ", ".join(known.suffixes[0] for known in FORMATS.values() if known.suffixes)
    message = f"no format has the suffix '{suffix}'" if suffix else "the file has no suffix"
    raise _unknown(f"--output {path}", path, message, f"use {usual}, or name it with --format")


def _unknown(option: str, text: str, message: str, hint: str) -> SpecErrors:
    origin = Origin(Source(option, text), Span(0, 0, 0, len(text)))
    return refuse("E302", message, origin, hint)


@collector_paused
def write(
    result: Shown,
    format: str = "text",  # noqa: A002  (the word of the command line)
    **options: Any,  # noqa: ANN401
) -> str:
    """Write a result in a format, the last line ended.

    `options` are those of a `PAGE`, and those of the functions that lay the result out; words of
    `make_view` among these become its `view`.  Raises `SpecErrors` for unknown words, and for a
    format that takes no shape of the result.
    """
    return "".join(parts(result, format, **options))


def parts(
    result: Shown,
    format: str = "text",  # noqa: A002
    **options: Any,  # noqa: ANN401
) -> Iterator[str]:
    """Yield the parts of what `write` writes, records as they are made."""
    kind = type(result)
    chosen = FORMATS[format_for(format, of=kind)]
    shape = _shape_for(chosen, kind)
    assert shape is not None, "`format_for` refuses it"
    page = {name: options.pop(name, usual) for name, usual in PAGE.items()}
    lay_out = _function(getattr(kind.shapes, shape))
    options = _viewed(options, lay_out) if options else options
    if not chosen.bars and getattr(options.get("view"), "chart", None) is not None:
        with_bars = " or ".join(f"-f {known.name}" for known in FORMATS.values() if known.bars)
        raise refuse(
            "E323", f"--chart draws bars of characters, and {chosen.name} has none", hint=with_bars
        )
    if shape == "table":
        options["width"] = page["width"] or chosen.width()
    made = _remarked(_as_deployed(lay_out(result, **options), result.deployed), result.doubts)
    if options.get("width") is not None:
        made = _function("output.text.with_excess")(made, options["width"])
    writer, *takes = chosen.writers[shape]
    text = _function(f"output.{writer}")(made, **{name: page[name] for name in takes})
    yield from (text,) if isinstance(text, str) else text


def _remarked(made: Any, doubts: tuple[str, ...]) -> Any:  # noqa: ANN401
    """Put doubts about what was read under a table or a page, or into the head of records."""
    if not doubts:
        return made
    if not isinstance(made, Records):
        below = "notes" if hasattr(made, "notes") else "remarks"
        return made._replace(**{below: (*getattr(made, below), *map(one_line, doubts))})
    return _headed(made, lambda head: {"remarks": [*doubts, *head.get("remarks", ())]})


def _as_deployed(made: Any, done: tuple[str, ...]) -> Any:  # noqa: ANN401
    """Say what was done to the networks after they were wired, or put it into the head."""
    if not done:
        return made
    if not isinstance(made, Records):
        return made._replace(remarks=(*map(one_line, done), *made.remarks))
    return _headed(made, lambda head: {"deployed": [*done]})


def _headed(made: Records, more: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Records:
    """Put more into the head of records."""
    own = made.head

    def head() -> Mapping[str, Any]:
        members = own()
        return {**members, **more(members)}

    made.head = head
    return made


def _viewed(options: dict[str, Any], lay_out: Callable[..., Any]) -> dict[str, Any]:
    """Read the words of `make_view` among options, but those that `lay_out` takes itself."""
    from shapecalc.output.options import make_view

    code = lay_out.__code__
    own = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    known = [name for name in make_view.__kwdefaults__ or () if name not in own]
    words = {name: options[name] for name in known if name in options}
    rest = {name: value for name, value in options.items() if name not in words}
    return {**rest, "view": make_view(**words)} if words else rest


def _function(name: str) -> Callable[..., Any]:
    """Import a function by its module and name, since most of them are never needed."""
    module, _, function = name.rpartition(".")
    function_: Callable[..., Any] = getattr(import_module(f"shapecalc.{module}"), function)
    return function_
