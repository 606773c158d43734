"""A lesson in lines of text, each with the style that a terminal may give it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

from shapecalc.analysis.explain.model import Derivation, Equation, Grid, Picture, Prose
from shapecalc.output.text import PROSE, pad_rows, wrap
from shapecalc.text.safe import printable, width_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.analysis.explain.model import Block, Explanation, Section

Style: TypeAlias = Literal["", "title", "heading", "formula", "result", "quiet", "picture"]
Line: TypeAlias = tuple[str, Style]

#: Lines of words are no longer than this, however wide the page.
WIDEST = 100

#: Stands for a space at which no line is broken; no text holds it.
_NO_BREAK = "\ue000"
#: Elements up to this length are not broken.
WHOLE = 40
_ELEMENT = re.compile(r"\[[^\]]*\]")

#: What stands before every line of a section.
INDENT = "  "


def to_lines(lesson: Explanation, width: int | None = None) -> list[Line]:
    """Write a lesson in lines of at most `width` characters, where words and tables allow."""
    width = width or PROSE
    found: list[Line] = [(line, "title") for line in wrap(title(lesson), width)]
    for text in (lesson.about, lesson.note):
        found += [(line, "quiet") for line in wrap(printable(text), min(width, WIDEST))]
    for section in lesson.sections:
        found.append(("", ""))
        found += _section(section, width)
    found.append(("", ""))
    for text in remarks(lesson):
        found += [(line, "quiet") for line in wrap(text, width)]
    return [(line.rstrip(), style) for line, style in found]


def title(lesson: Explanation) -> str:
    """Name what is explained."""
    network = printable(lesson.network) or "the network"
    return f"{printable(lesson.name)} of {network}" if lesson.name else network


def remarks(lesson: Explanation) -> Iterator[str]:
    """Say for which symbols it holds, and where the spec was read."""
    if lesson.domain:
        yield printable(f"Domain: {'; '.join(lesson.domain)}.")
    yield f"Read from {printable(lesson.source)}."


def heading(section: Section) -> str:
    """Write a section's title and its answer."""
    return f"{section.title}: {section.answer}" if section.answer else section.title


def _section(section: Section, width: int) -> Iterator[Line]:
    for line in wrap(heading(section), width):
        yield line, "heading"
    for number, block in enumerate(section.blocks):
        if (number and not isinstance(block, Derivation | Equation)) or (
            number and isinstance(section.blocks[number - 1], (Grid, Picture, Prose))
        ):
            yield "", ""
        for line, style in _block(block, width - len(INDENT)):
            yield INDENT + line, style


def _block(block: Block, width: int) -> Iterator[Line]:
    if isinstance(block, Prose):
        for line in wrap(block.text, min(width, WIDEST)):
            yield line, ""
    elif isinstance(block, Derivation | Equation):
        yield from derivation_lines(block, width)
    elif isinstance(block, Picture):
        for line in block.lines:
            yield line, "picture"
    else:
        yield from _grid(block, width)


def derivation_lines(made: Derivation | Equation, width: int) -> Iterator[Line]:
    """Write a formula; an element of an array is not broken at its indices."""
    if isinstance(made, Derivation):
        yield from _derived(made, width)
        return
    kept = made._replace(shown=tuple(_ELEMENT.sub(_kept, each) for each in made.shown))
    for line, style in _derived(kept, width):
        yield line.replace(_NO_BREAK, " "), style


def _kept(element: re.Match[str]) -> str:
    """Keep an element together; a long one breaks behind its commas."""
    whole = element[0].replace(" ", _NO_BREAK)
    return whole if len(whole) <= WHOLE else whole.replace(f",{_NO_BREAK}", ", ")


def _derived(made: Derivation | Equation, width: int) -> Iterator[Line]:
    """Write the rule, below it the numbers, and the steps behind as many as the line holds."""
    label = printable(made.label)
    margin = " " * width_of(label)
    if width_of(label) > width // 2:
        yield f"{label}", "formula"
        label = margin = INDENT
    whole = " = ".join((label, *made.shown))
    if not made.letters and width_of(whole) <= width:
        yield whole, "formula"
        return
    rule, *rest = made.shown
    yield from _hanging(f"{label} = {rule}", f"{margin}   ", width)
    if rest:
        substituted, *steps = rest
        text = f"{margin} = {substituted}"
        for step in steps:
            if width_of(text) + 3 + width_of(step) > width:
                yield from _hanging(text, f"{margin}   ", width)
                text = f"{margin} = {step}"
            else:
                text += f" = {step}"
        yield from _hanging(text, f"{margin}   ", width)
    if made.letters:
        said = ", ".join(
            f"{letter} = {number} ({meaning})" for letter, number, meaning in made.letters
        )
        for line in wrap(f"with {said}", width):
            yield line, "quiet"


def _hanging(text: str, margin: str, width: int) -> Iterator[Line]:
    """Break a formula that is too long at its spaces, the following lines indented."""
    if width_of(text) <= width:
        yield text, "formula"
        return
    blanks = len(text) - len(text.lstrip(" "))
    first, *more = wrap(text, width - blanks)
    yield " " * blanks + first, "formula"
    for line in wrap(" ".join(more), width - len(margin)):
        yield margin + line, "formula"


def _grid(grid: Grid, width: int) -> Iterator[Line]:
    headed = any(grid.header)
    rows = [tuple(map(printable, row)) for row in grid.rows]
    table = pad_rows([grid.header, *rows] if headed else rows, grid.right)
    lines = ["  ".join(row).rstrip() for row in table]
    if grid.spare is not None and max(map(width_of, lines)) > width:
        yield from _grid(grid.without_spare(), width)
        return
    if not headed and max(map(width_of, lines)) > width:
        yield from _flush_right(table, rows, width)
        return
    for number, line in enumerate(lines):
        if width_of(line) > width:
            first, *rest = table[number]
            yield from _columned(first, " ".join(rest), width)
        else:
            yield line, "quiet" if headed and not number else ""


def _columned(first: str, rest: str, width: int) -> Iterator[Line]:
    """Set what is too long for a line beside its first column."""
    head = first + INDENT
    for line in wrap(rest, max(width - width_of(head), width // 3)):
        yield head + line, ""
        head = " " * width_of(head)


def _flush_right(table: list[list[str]], rows: list[tuple[str, ...]], width: int) -> Iterator[Line]:
    """Set the last cells at the right edge, on lines of their own where there is no room."""
    for row, plain in zip(table, rows, strict=True):
        begin, last = "  ".join(row[:-1]).rstrip(), plain[-1]
        room = width - width_of(begin) - len(INDENT)
        if last and width_of(last) <= room:
            yield f"{begin}{last:>{room + len(INDENT)}}", ""
            continue
        yield from _columned(row[0], "  ".join(plain[1:-1]), width)
        if last:
            margin = " " * (width_of(row[0]) + 2 * len(INDENT))
            if width_of(margin + last) <= width:
                yield f"{last:>{width}}", ""
            else:
                yield from _hanging(margin + last, margin + INDENT, width)
