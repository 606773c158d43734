"""Tables as programs print them, pasted as text: boxes, grids, and columns that blanks keep apart.

So Keras, torchinfo and torchsummary print a network, and pandoc a table.  What they print below a
table as totals is a row of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_BARS = "\u2502\u2503\u2551|"
_RULE = re.compile(r"[\s+\-=:_|\u2500-\u257f]*[+\-=_\u2500-\u257f]{3}[\s+\-=:_|\u2500-\u257f]*")
_GAP = re.compile(r"\s{2,}")
_WORDS = re.compile(r"\S+(?:\s\S+)*")
#: The branches that torchinfo draws before a name.
_BRANCH = re.compile(r"^[\s\u2500-\u257f]+")
_DASHES = re.compile(r"\s*-{2,}(?:\s+-{2,})+\s*")
#: What stands below a table: the heading that each line stands for.
_SUMS = {
    "total params": "params",
    "trainable params": "trainable",
    "non-trainable params": "frozen",
    "total mult-adds": "macs",
}
_SUM = re.compile(
    rf"(?i)\W*({'|'.join(sorted(_SUMS, key=len, reverse=True))})\s*(?:\(([^()]*)\))?\s*:\s*"
    r"([\d.,' ]*\d)\s*(?:\([^()]*\))?\W*"
)
_UNITS = {"megabytes": "M", "gigabytes": "G", "kilobytes": "K", "m": "M", "g": "G", "k": "K"}


class PastedRow(NamedTuple):
    """A row with its line's number."""

    line: int
    cells: list[str]


class PrintedSum(NamedTuple):
    """A sum that stands below a table: the column that it is of, and its number."""

    line: int
    column: str
    raw: str


def rows_of(text: str, knows: Callable[[Sequence[str]], int]) -> list[PastedRow]:
    """Return the rows of a table that is drawn with boxes, or kept apart by blanks.

    `knows` counts the headings of a row that mean something.
    """
    lines = text.splitlines()
    boxed = list(_boxed(lines))
    if any(knows(row.cells) for row in boxed):
        return boxed
    for at, line in enumerate(lines):
        header = [] if "\t" in line else _GAP.split(line.strip())
        if len(header) > 1 and knows(header):
            return list(_spaced(lines, at))
    return []


def sums_of(text: str) -> list[PrintedSum]:
    """Return the sums that a program prints below its table.

    >>> sums_of("Total params: 34,826 (136.04 KB)")[0][1:]
    ('params', '34,826')
    >>> sums_of("Total mult-adds (Units.MEGABYTES): 714.68")[0][1:]
    ('macs', '714.68M')
    """
    sums = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _SUM.fullmatch(line)
        if match is not None:
            unit = _UNITS.get((match[2] or "").rpartition(".")[2].lower(), "")
            sums.append(PrintedSum(number, _SUMS[match[1].lower()], match[3].strip() + unit))
    return sums


def _boxed(lines: Sequence[str]) -> Iterator[PastedRow]:
    """Yield the rows of a box or a grid; what goes on in the next line is put together.

    A line without a first cell goes on, and one with nothing else where rules part all rows.
    """
    rules = sum(1 for line in lines if _RULE.fullmatch(line))
    row: PastedRow | None = None
    for number, line in enumerate(lines, 1):
        inner = line.strip()
        ruled = _RULE.fullmatch(line) is not None
        if ruled or len(inner) < 2 or inner[0] not in _BARS or inner[-1] not in _BARS:
            if row is not None:
                yield row
            row = None
            continue
        cells = [cell.strip() for cell in re.split(f"[{_BARS}]", inner[1:-1])]
        goes_on = not cells[0] or (rules > 3 and not any(cells[1:]))
        if row is not None and goes_on and len(cells) == len(row.cells):
            pairs = zip(row.cells, cells, strict=True)
            row = PastedRow(number, [" ".join(filter(None, pair)) for pair in pairs])
            continue
        if row is not None:
            yield row
        row = PastedRow(number, cells)
    if row is not None:
        yield row


def _spaced(lines: Sequence[str], at: int) -> Iterator[PastedRow]:
    """Yield the rows below a header whose columns are kept apart by blanks, the header first."""
    header = lines[at]
    names = _GAP.split(header.strip())
    below = lines[at + 1] if at + 1 < len(lines) else ""
    spans = [match.span() for match in re.finditer("-+", below)] if _DASHES.fullmatch(below) else []
    columns = [match.span() for match in _WORDS.finditer(header)]
    yield PastedRow(at + 1, names)
    rows: list[PastedRow] = []
    for number, line in enumerate(lines[at + 1 :], at + 2):
        if not line.strip() or _RULE.fullmatch(line) or _SUM.fullmatch(line):
            continue
        if spans:
            ends = [start for start, _ in spans[1:]]
            cells = [line[a:b].strip() for a, b in zip([0, *ends], [*ends, None], strict=True)]
        else:
            parts = _GAP.split(_BRANCH.sub("", line.rstrip()))
            cells = parts if len(parts) == len(names) else _below(line, columns)
        if spans and not cells[0] and rows:
            last = rows.pop().cells
            cells = [f"{a} {b}".strip() for a, b in zip(last, cells, strict=True)]
        elif len([cell for cell in cells if cell]) == 1 and rows and _open(rows[-1].cells[0]):
            rows[-1].cells[0] += "".join(cells)  # Keras breaks long names
            continue
        rows.append(PastedRow(number, cells))
    yield from rows


def _below(line: str, columns: Sequence[tuple[int, int]]) -> list[str]:
    """Put the parts of a line, none of them cut, below the headings that they stand under.

    They begin or end where these do, or overlap them most; two under one are one cell.
    """
    line = _BRANCH.sub(lambda match: " " * len(match[0]), line.rstrip())
    cells = [""] * len(columns)
    for part in _WORDS.finditer(line):
        a, b = part.span()
        ranked = [
            (a == start or b == end, min(b, end) - max(a, start), -at)
            for at, (start, end) in enumerate(columns)
        ]
        at = -max(ranked)[2]
        cells[at] = f"{cells[at]} {part[0]}".strip()
    return cells


def _open(name: str) -> bool:
    return name.count("(") > name.count(")")
