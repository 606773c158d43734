"""Tables and documents in LaTeX: a table by booktabs, which runs over pages if it is long."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.errors import refuse
from shapecalc.output.cells import NOT_APPLICABLE_MARK, split_times
from shapecalc.output.document import Bars, Card, Chain, Grid, Heading, Points, Prose
from shapecalc.output.document_text import cell_text, chain_lines, heading_text
from shapecalc.output.latex_letters import (
    LATIN,
    SIGNS,
    as_written,
    definitions,
    plainer,
    with_letters,
)
from shapecalc.output.table import OF_SYMBOLS, Picture, panels
from shapecalc.output.text import spelled
from shapecalc.text import Origin, Source
from shapecalc.text.safe import terminal_safe, width_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.output.document import Block, Document, Names
    from shapecalc.output.table import Head, Table
    from shapecalc.output.view import Column

#: A table of more lines than this does not fit a page.
LONG = 40

#: A table that may go on below does so after so many characters, which fit a page of footnotesize.
WIDE = 90

UNKNOWN_LETTERS = (
    "Its letters need LuaLaTeX or XeLaTeX, and a font that has them; elsewhere their numbers in"
    " Unicode stand in brackets."
)
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    '"': "{''}",  # babel may give the character a meaning
    "[": "{[}",  # after a row's end it would begin an argument
    "*": "{*}",
    "->": r"$\rightarrow$",
    "-": "-{}",  # where two stand together they would become a dash
    NOT_APPLICABLE_MARK: "--",
    "\N{REPLACEMENT CHARACTER}": "?",
    **SIGNS,
    **{mark: rf"\textsuperscript{{{digit}}}" for digit, mark in enumerate(_RAISED)},
}
_SIGNS = "".join(map(re.escape, _SPECIAL.keys() - {"->", "-"}))
_ESCAPED = re.compile(rf"(?<= )->(?= )|-(?=-)|[{_SIGNS}]")
# What is left of a formula once it is escaped: brackets of floors, products, powers.
_FORMULA = re.compile(
    r"[\N{LEFT FLOOR}\N{RIGHT FLOOR}]"
    r"|(?<=[\w)\N{RIGHT FLOOR}])\{\*\}(?=[\w(\N{LEFT FLOOR}])"
    r"|(?:(?<=[A-Za-z)\N{RIGHT FLOOR}])|(?<=[A-Za-z]\d)|(?<=[A-Za-z]\d\d)|(?<=[A-Za-z]\d\d\d))"
    r"\\textasciicircum\{\}(?P<power>\d+)"
)
#: A formula between words: operands with the signs between them, and perhaps a relation.
_OPERAND = r"[\w(](?:[\w*^()/]|,(?=\d{3}))*"
_RUN = re.compile(rf"(?<![\w/.]){_OPERAND}(?: (?:[-+*/]|[<>]?=) {_OPERAND})*")
_RELATIONS = {">=": r"\geq", "<=": r"\leq", "=": "="}
_DIGITS = str.maketrans(_RAISED, "0123456789")
_LATIN = re.compile(f"(?:{LATIN})*")


def is_latin(text: str) -> bool:
    """Tell whether pdfLaTeX sets a text without further packages."""
    return _LATIN.fullmatch(text) is not None


def with_definitions(text: str) -> str:
    """Put before what is escaped what its letters need, and say so where that may not do."""
    comments = [f"% {UNKNOWN_LETTERS}"] if r"\otherletter{" in text else []
    return "\n".join([*comments, *definitions(text), text])


def to_latex(
    table: Table,
    *,
    width: int | None = None,
    latex: str | None = None,
    caption: str | None = None,
    label: str | None = None,
) -> str:
    """Write a table as LaTeX that needs the package booktabs, and longtable when it is long.

    `latex` is the environment: table, table* (over both columns of a page) or longtable; without
    it a table that fits no page runs over several.  `caption` and `label` are LaTeX themselves;
    without them the network's.  A table that may go on below does so after `width` characters.
    """
    pieces = panels(table, width or WIDE)
    lines = sum(len(piece.lines) for piece in pieces)
    environment = latex or ("longtable" if lines > LONG else "table")
    named = _caption(table, caption, label)
    if environment == "longtable":
        text = "\n".join([*_long(pieces, named), "", *_small_print(table)])
        packages = r"\usepackage{booktabs,longtable}"
    else:
        text = "\n".join(_float(table, pieces, environment, named))
        packages = r"\usepackage{booktabs}"
    comments = [f"{table.title}. Needs {packages} in the preamble.", *table.remarks]
    return "".join(f"% {comment}\n" for comment in comments) + with_definitions(text) + "\n"


def _float(table: Table, pieces: tuple[Table, ...], environment: str, caption: str) -> list[str]:
    tabulars: list[str] = []
    for piece in pieces:
        tabulars += ["", r"  \medskip"] if tabulars else []
        tabulars += [
            rf"  \begin{{tabular}}{_alignment(piece)}",
            *_header(piece),
            *_body(piece),
            r"    \bottomrule",
            r"  \end{tabular}",
        ]
    return [
        rf"\begin{{{environment}}}",
        r"  \centering",
        r"  \setlength{\belowcaptionskip}{6pt}",
        f"  {caption}",
        r"  \footnotesize",
        _gap(table),
        *tabulars,
        "",
        r"  \medskip",
        r"  \begin{minipage}{\linewidth}",
        *(f"    {line}" for line in _small_print(table)),
        r"  \end{minipage}",
        rf"\end{{{environment}}}",
    ]


def _long(pieces: tuple[Table, ...], caption: str) -> list[str]:
    lines = ["{", r"  \footnotesize", _gap(pieces[0])]
    for piece in pieces:
        lines += _longtable(piece, caption if piece is pieces[0] else "")
    return [*lines, "}"]


def _longtable(table: Table, caption: str) -> list[str]:
    return [
        rf"  \begin{{longtable}}{_alignment(table)}",
        *([rf"    {caption} \\"] if caption else []),
        *_header(table),
        r"    \endfirsthead",
        *_header(table),
        r"    \endhead",
        r"    \bottomrule",
        r"    \endfoot",
        *_body(table),
        r"  \end{longtable}",
    ]


def _gap(table: Table) -> str:
    """Set columns apart, closer where a page can be too narrow for them."""
    return rf"  \setlength{{\tabcolsep}}{{{3 if table.continued else 4}pt}}"


#: What has another meaning in LaTeX wherever it stands.
_NOT_IN_LABELS = "\\{}%#~&$^"


def _caption(table: Table, caption: str | None, label: str | None) -> str:
    """Write the caption and the label: those that are given, or the network's.

    What would be a comment, a parameter or a column and can be none there is escaped.
    """
    if label is not None and set(label) & set(_NOT_IN_LABELS):
        message = f"a label of LaTeX holds none of {' '.join(_NOT_IN_LABELS)}"
        raise refuse("E303", message, Origin(Source(f"--label {label}", label)), "like tab:alexnet")
    text = _sentences((table.title, *table.about))
    if caption is not None:
        text = as_written(re.sub(r"(?<!\\)((?:\\\\)*)([%#&])", r"\1\\\2", caption))
    name = label or f"tab:{re.sub('[^a-z0-9]+', '-', table.title.lower()).strip('-')}"
    return rf"\caption{{{text}}}\label{{{name}}}"


def _alignment(table: Table) -> str:
    return "{@{}" + "".join("r" if column.numeric else "l" for column in table.columns) + "@{}}"


def _header(table: Table) -> list[str]:
    return [r"    \toprule", _row(map(escaped, table.header)), r"    \midrule"]


def _body(table: Table) -> list[str]:
    lines = []
    for cells, mark in table.lines:
        first, *rest = _cells(table, cells)
        lines.append(_row((_marked(first, mark), *rest)))
    if not table.footer:
        return lines
    return [*lines, r"    \midrule", _row(_cells(table, table.footer))]


def _row(cells: Iterable[str], margin: str = "    ") -> str:
    return f"{margin}{' & '.join(cells)} \\\\"


def _cells(table: Table, cells: tuple[str, ...]) -> list[str]:
    return [
        _cell(cell, column, table.symbols)
        for column, cell in zip(table.columns, cells, strict=True)
    ]


def _cell(text: str, column: Column | Head, symbols: Sequence[str]) -> str:
    """Set a cell: formulas as such, of which whole cells often are made."""
    if symbols and (column.numeric or column.extents):
        return _amount(text, symbols) or _with_formulas(text, symbols)
    return _with_extents(text) if column.extents else _power(text)


def _amount(text: str, symbols: Sequence[str]) -> str:
    """Set what is one formula, perhaps with a unit behind it; empty for anything else."""
    # A table of numbers need not know of them.
    from shapecalc.output.formulas import latex, tree_in_symbols

    formula, _, unit = text.rpartition(" ") if text.endswith("bytes") else (text, "", "")
    tree = tree_in_symbols(formula, symbols)
    # Words are names here, without spaces, which need no package.
    maths = "" if tree is None else f"${latex(tree)}$".replace(r"\text{", r"\mathrm{")
    return f"{maths} {escaped(unit)}" if maths and unit else maths


def _with_formulas(text: str, symbols: Sequence[str]) -> str:
    """Set the formulas between words."""
    if not symbols:
        return _with_extents(text)
    parts = []
    end = 0
    for match in _RUN.finditer(text):
        maths = _relation(match.group(), symbols)
        if maths:
            parts += [_with_extents(text[end : match.start()]), maths]
            end = match.end()
    return "".join([*parts, _with_extents(text[end:])])


def _relation(text: str, symbols: Sequence[str]) -> str:
    """Set a formula, or two with a sign between them; empty where there is none."""
    sides = re.split(r" (>=|<=|=) ", text)
    if len(sides) == 1:
        return _amount(text, symbols)
    left, sign, right, *more = sides
    maths = [_amount(side, symbols).strip("$") or escaped(side) for side in (left, right)]
    if more or not _amount(left, symbols) or not (right.isdigit() or _amount(right, symbols)):
        return ""
    return f"${maths[0]} {_RELATIONS[sign]} {maths[1]}$"


def _marked(cell: str, mark: str) -> str:
    return rf"{cell}\textsuperscript{{{mark.translate(_DIGITS)}}}" if mark else cell


def _small_print(table: Table) -> list[str]:
    """Return the notes, the totals and the legend, a paragraph each."""
    legend = (_entry(term, meaning, table.symbols) for term, meaning in table.legend)
    notes = map(_note, table.notes)
    texts = (_totals(table), ". ".join(legend))
    paragraphs = [*notes, *(f"{text}." for text in texts if text)]
    return [r"\footnotesize\raggedright", *(rf"{paragraph}\par" for paragraph in paragraphs)]


def _entry(term: str, meaning: str, symbols: Sequence[str]) -> str:
    """Set a line of the legend: what names stand for, and what holds of symbols, in formulas."""
    names = [_amount(name, symbols) for name in term.split(", ")]
    if all(names):
        return f"{', '.join(names)}: {_with_formulas(meaning, symbols)}"
    if term in OF_SYMBOLS:
        return rf"\emph{{{escaped(term)}}}: {_with_formulas(meaning, symbols)}"
    return rf"\emph{{{escaped(term)}}}: {_with_extents(meaning)}"


def _totals(table: Table) -> str:
    """Set the totals, which go on over lines."""
    if table.totals is not None or not table.symbols:
        return escaped("; ".join(spelled(table)))

    def count(text: str) -> str:
        return _amount(text, table.symbols) or escaped(text)

    return "; ".join(
        f"{escaped(fact.label)}: {count(fact.number)}"
        + (f" ({count(fact.bytes)})" if fact.bytes else "")
        for fact in table.facts
    )


def _note(note: str) -> str:
    """Raise the mark that a note begins with, if it is the number of one."""
    mark, _, text = note.partition(" ")
    if not mark or mark.strip(_RAISED):
        return escaped(note)
    return f"{_marked('', mark)} {escaped(text)}"


def _power(text: str) -> str:
    """Escape, and raise the exponent of a power of ten, as in 3.8x10^9."""
    first, *more = re.split(r"(?<=\d)x10\^(\d+)", text)
    pairs = zip(more[::2], more[1::2], strict=True)
    return escaped(first) + "".join(
        rf"$\times10^{{{power}}}${escaped(rest)}" for power, rest in pairs
    )


def _sentences(texts: Iterable[str]) -> str:
    sentences = (escaped(text).strip() for text in texts)
    return " ".join(text if text[-1] in ".!?" else f"{text}." for text in sentences if text)


def _with_extents(text: str, names: Names = None) -> str:
    """Escape, and set the x between extents as a multiplication sign, but not in `names`."""
    return r"$\times$".join(map(escaped, split_times(text, names)))


def escaped(text: str) -> str:
    """Take the meaning from every character that LaTeX would read as a command.

    Formulas are set as such: floors in brackets, products with dots, powers raised.
    """
    plain = _floors(plainer(text))
    return with_letters(
        _FORMULA.sub(_set, _ESCAPED.sub(lambda match: _SPECIAL[match.group()], plain))
    )


def _floors(text: str) -> str:
    """Put signs of their own for ``floor(`` and the bracket that closes it."""
    signs: list[str] = []
    closers: list[str] = []
    for part in re.split(r"(\bfloor\(|[()])", text):
        if part == ")":
            signs.append(closers.pop() if closers else part)
            continue
        if part in ("(", "floor("):
            closers.append(")" if part == "(" else "\N{RIGHT FLOOR}")
        signs.append("\N{LEFT FLOOR}" if part == "floor(" else part)
    return "".join(signs)


def _set(match: re.Match[str]) -> str:
    """Set a floor's bracket, the dot of a product, or a power."""
    if match["power"]:
        return rf"$^{{{match['power']}}}$"
    return {"\N{LEFT FLOOR}": r"$\lfloor$", "\N{RIGHT FLOOR}": r"$\rfloor$"}.get(
        match.group(), r"$\cdot$"
    )


# -- documents: whole, so that pdflatex compiles them, or to be taken in by another ----------------

_PREAMBLE = r"""\documentclass{article}
\usepackage[a4paper, margin=25mm]{geometry}
\usepackage{amsmath,booktabs,longtable}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt}
\allowdisplaybreaks
\begin{document}
"""
_NEEDS = r"Needs \usepackage{amsmath,booktabs,longtable} in the preamble."
_SMALL = r"{\footnotesize\raggedright\setlength{\tabcolsep}{4pt}\setlength{\LTleft}{0pt}"
#: Columns of words that are wider than this are broken where a line would be too long.
_BROKEN = 24
#: The width of a typewriter's character in its size.
_CELL = 0.525


def document_to_latex(document: Document, *, standalone: bool = True) -> str:
    """Write a document as LaTeX; without `standalone` it is what a document takes in."""
    body = "\n\n".join(filter(None, _document_body(document)))
    if not standalone:
        return f"% {_NEEDS}\n{with_definitions(body)}\n"
    return with_definitions(f"{_PREAMBLE}\n{body}\n\n\\end{{document}}") + "\n"


def _document_body(document: Document) -> Iterator[str]:
    names = document.names_pattern()
    yield rf"\section*{{{escaped(document.title)}}}"
    yield from _all_set(names, document.about)
    for text in document.answer:
        yield rf"\textbf{{{_with_extents(text, names)}}}"
    yield _terms(document.facts, names)
    for block in document.blocks:
        yield from _block(block, names)
    yield _terms(document.legend, names)
    for text in document.remarks:
        yield rf"{{\footnotesize {_with_extents(text, names)}\par}}"


def _all_set(names: Names, texts: Iterable[str]) -> Iterator[str]:
    return (_with_extents(text, names) for text in texts)


def _terms(pairs: Sequence[tuple[str, str]], names: Names) -> str:
    items = (rf"  \item[{{{escaped(term)}}}] {_with_extents(text, names)}" for term, text in pairs)
    return _environment("description", items) if pairs else ""


def _environment(name: str, lines: Iterable[str], columns: str = "") -> str:
    return "\n".join([rf"\begin{{{name}}}{columns}", *lines, rf"\end{{{name}}}"])


def _block(block: Block, names: Names) -> Iterable[str]:
    match block:
        case Heading():
            return (rf"\subsection*{{{_with_extents(heading_text(block), names)}}}",)
        case Prose(kind="urgent"):
            return (rf"\textbf{{{_with_extents(block.text, names)}}}",)
        case Prose():
            return (_with_extents(block.text, names),)
        case Chain():
            return _chain(block)
        case Picture():
            return (_picture(block.lines),) if block.lines else ()
        case Grid():
            return (_grid(block, names),)
        case Bars():
            rows = tuple((label, f"{count:,}") for label, count in block.bars)
            return (_grid(Grid(block.heads, rows, (False, True), block.caption), names),)
        case Points():
            return (_points(block.items, names),)
        case Card():
            title = rf"\paragraph{{{_with_extents(block.title, names)}}}"
            return (title, *_all_set(names, block.texts), _points(block.points, names))


def _points(items: Sequence[str], names: Names) -> str:
    return _environment(
        "itemize", (rf"  \item {_with_extents(item, names)}" for item in items)
    ) * bool(items)


def _picture(lines: Sequence[str]) -> str:
    r"""Set plain characters; what would end it is not among them.

    >>> _picture([r"\end{verbatim}"]).splitlines()[2]
    '\\end {verbatim}'
    """
    shown = [
        terminal_safe(line).replace(r"\end{", r"\end {").replace("\N{REPLACEMENT CHARACTER}", "?")
        for line in lines
    ]
    if not all(map(is_latin, shown)):
        return "\n".join([r"{\footnotesize\ttfamily\raggedright", *map(_typed, lines), r"\par}"])
    return "\n".join([r"{\footnotesize", _environment("verbatim", shown), "}"])


def _typed(line: str) -> str:
    """Set a line of plain characters in cells of one width, each as what it is."""
    return rf"\mbox{{}}{''.join(map(_in_cells, terminal_safe(line)))}\\"


def _in_cells(character: str) -> str:
    if character.isascii():
        return "~" if character == " " else escaped(character)
    return rf"\makebox[{_CELL * width_of(character):.3f}em]{{{escaped(character)}}}"


def _chain(chain: Chain) -> Iterator[str]:
    """Set equalities below each other, and what the letters are."""
    label = rf"\text{{{escaped(chain.label)}}}"
    forms = [link for link in chain.links if not isinstance(link, str)]
    if not forms:
        yield _picture([line for line, _ in chain_lines(chain, WIDE)])
        return
    # A table need not know of them.
    from shapecalc.output.formulas import latex, letters_text, tree_of

    lines = [f"  & = {latex(tree_of(form, chain.times))}" for form in forms]
    lines[0] = f"  {label} {lines[0].strip()}"
    yield _environment("align*", " \\\\\n".join(lines).split("\n"))
    if chain.letters:
        yield letters_text(chain, escaped)


def _grid(grid: Grid, names: Names) -> str:
    rows = [tuple(map(cell_text, row)) for row in grid.rows]
    long = len(rows) > LONG
    header = [_row(map(escaped, grid.header), ""), r"\midrule"] if any(grid.header) else []
    footer = [r"\midrule", _row(map(escaped, grid.footer), "")] if grid.footer else []
    columns = rf"{{@{{}}{''.join(_columns(grid, rows))}@{{}}}}"
    lines = [
        r"\toprule",
        *header,
        *([r"\endhead"] if long else []),
        *(_row(_all_set(names, row), "") for row in rows),
        *footer,
        r"\bottomrule",
    ]
    table = _environment("longtable" if long else "tabular", lines, columns)
    caption = [rf"{_with_extents(grid.caption, names)}\par"] if grid.caption else []
    return "\n".join([_SMALL, *caption, table, "}"])


def _columns(grid: Grid, rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Align the columns; long words are broken where a line would be too long."""
    widths = [max(map(len, column)) for column in zip(grid.header, *rows, strict=True)]
    for width, right in zip(widths, grid.right, strict=True):
        if sum(widths) > WIDE and width > _BROKEN and not right:
            yield rf"p{{{0.9 * width / sum(widths):.2f}\linewidth}}"
        else:
            yield "r" if right else "l"
