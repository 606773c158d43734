"""Documents in LaTeX: whole, so that pdflatex compiles them, or to be taken in by another."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from shapecalc.output.document import Bars, Card, Chain, Grid, Heading, Picture, Points, Prose
from shapecalc.output.document_text import cell_text, chain_lines, heading_text
from shapecalc.output.formulas import Name, latex, tree_of, tree_of_text
from shapecalc.output.latex import LONG, WIDE, escaped, is_latin, with_extents
from shapecalc.text.safe import terminal_safe

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.output.document import Block, Document

    #: What finds the names that stay as they are.
    Names: TypeAlias = re.Pattern[str] | None

_PREAMBLE = r"""\documentclass{article}
\usepackage[a4paper, margin=25mm]{geometry}
\usepackage{amsmath,booktabs,longtable}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt}
\allowdisplaybreaks
\begin{document}
"""
_NEEDS = r"Needs \usepackage{amsmath,booktabs,longtable} in the preamble."
_LETTERS = "Its letters need LuaLaTeX or XeLaTeX, and a font that has them."
_SMALL = r"{\footnotesize\raggedright\setlength{\tabcolsep}{4pt}\setlength{\LTleft}{0pt}"
#: Columns of words that are wider than this are broken where a line would be too long.
_BROKEN = 24


def document_to_latex(document: Document, *, standalone: bool = True) -> str:
    """Write a document as LaTeX; without `standalone` it is what a document takes in."""
    body = "\n\n".join(filter(None, _body(document)))
    comments = [*([] if standalone else [_NEEDS]), *([] if is_latin(body) else [_LETTERS])]
    head = "".join(f"% {comment}\n" for comment in comments)
    if not standalone:
        return f"{head}{body}\n"
    return f"{head}{_PREAMBLE}\n{body}\n\n\\end{{document}}\n"


def _body(document: Document) -> Iterator[str]:
    names = document.names_pattern()
    yield rf"\section*{{{escaped(document.title)}}}"
    yield from _all_set(names, document.about)
    for text in document.answer:
        yield rf"\textbf{{{with_extents(text, names)}}}"
    yield _terms(document.facts, names)
    for block in document.blocks:
        yield from _block(block, names)
    yield _terms(document.legend, names)
    for text in document.remarks:
        yield rf"{{\footnotesize {with_extents(text, names)}\par}}"


def _all_set(names: Names, texts: Iterable[str]) -> Iterator[str]:
    return (with_extents(text, names) for text in texts)


def _terms(pairs: Sequence[tuple[str, str]], names: Names) -> str:
    items = (rf"  \item[{{{escaped(term)}}}] {with_extents(text, names)}" for term, text in pairs)
    return _environment("description", items) if pairs else ""


def _environment(name: str, lines: Iterable[str], columns: str = "") -> str:
    return "\n".join([rf"\begin{{{name}}}{columns}", *lines, rf"\end{{{name}}}"])


def _block(block: Block, names: Names) -> Iterable[str]:
    match block:
        case Heading():
            return (rf"\subsection*{{{with_extents(heading_text(block), names)}}}",)
        case Prose(kind="urgent"):
            return (rf"\textbf{{{with_extents(block.text, names)}}}",)
        case Prose():
            return (with_extents(block.text, names),)
        case Chain():
            return _chain(block)
        case Picture():
            return (_picture(block.lines),)
        case Grid():
            return (_grid(block, names),)
        case Bars():
            rows = tuple((label, f"{count:,}") for label, count in block.bars)
            return (_grid(Grid(block.heads, rows, (False, True), block.caption), names),)
        case Points():
            return (_points(block.items, names),)
        case Card():
            title = rf"\paragraph{{{with_extents(block.title, names)}}}"
            return (title, *_all_set(names, block.texts), _points(block.points, names))


def _points(items: Sequence[str], names: Names) -> str:
    return _environment(
        "itemize", (rf"  \item {with_extents(item, names)}" for item in items)
    ) * bool(items)


def _picture(lines: Sequence[str]) -> str:
    r"""Set plain characters; what would end it is not among them.

    >>> _picture([r"\end{verbatim}"]).splitlines()[2]
    '\\end {verbatim}'
    """
    shown = (
        terminal_safe(line).replace(r"\end{", r"\end {").replace("\N{REPLACEMENT CHARACTER}", "?")
        for line in lines
    )
    return "\n".join([r"{\footnotesize", _environment("verbatim", shown), "}"])


def _chain(chain: Chain) -> Iterator[str]:
    """Set equalities below each other, and what the letters are."""
    label = rf"\text{{{escaped(chain.label)}}}"
    forms = [link for link in chain.links if not isinstance(link, str)]
    if not forms:
        yield _picture([line for line, _ in chain_lines(chain, WIDE)])
        return
    lines = [f"  & = {latex(tree_of(form, chain.times))}" for form in forms]
    lines[0] = f"  {label} {lines[0].strip()}"
    yield _environment("align*", " \\\\\n".join(lines).split("\n"))
    if chain.letters:
        yield "with " + ", ".join(
            f"${latex(Name(letter))} = {latex(tree_of_text(number))}$ ({escaped(meaning)})"
            for letter, number, meaning in chain.letters
        )


def _grid(grid: Grid, names: Names) -> str:
    rows = [tuple(map(cell_text, row)) for row in grid.rows]
    long = len(rows) > LONG
    header = [_row(map(escaped, grid.header)), r"\midrule"] if any(grid.header) else []
    footer = [r"\midrule", _row(map(escaped, grid.footer))] if grid.footer else []
    columns = rf"{{@{{}}{''.join(_columns(grid, rows))}@{{}}}}"
    lines = [
        r"\toprule",
        *header,
        *([r"\endhead"] if long else []),
        *(_row(_all_set(names, row)) for row in rows),
        *footer,
        r"\bottomrule",
    ]
    table = _environment("longtable" if long else "tabular", lines, columns)
    caption = [rf"{with_extents(grid.caption, names)}\par"] if grid.caption else []
    return "\n".join([_SMALL, *caption, table, "}"])


def _columns(grid: Grid, rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Align the columns; long words are broken where a line would be too long."""
    widths = [max(map(len, column)) for column in zip(grid.header, *rows, strict=True)]
    for width, right in zip(widths, grid.right, strict=True):
        if sum(widths) > WIDE and width > _BROKEN and not right:
            yield rf"p{{{0.9 * width / sum(widths):.2f}\linewidth}}"
        else:
            yield "r" if right else "l"


def _row(cells: Iterable[str]) -> str:
    return f"{' & '.join(cells)} \\\\"
