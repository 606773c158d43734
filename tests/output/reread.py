"""Readers of the rendered tables, which know nothing of how they were written."""

import csv
import io
import json
import re
from html.parser import HTMLParser
from typing import NamedTuple

from markdown_it import MarkdownIt

RAISED = re.compile(r"\s*([⁰¹²³⁴⁵⁶⁷⁸⁹]+|\\textsuperscript\{\d+\})$")


class Grid(NamedTuple):
    """The header, the cells of the layers, and the totals' line, if the format has one."""

    header: list[str]
    rows: list[list[str]]
    totals: list[str]


def from_text(text: str) -> Grid:
    """Read plain text whose cells are apart by two spaces or more, none of them empty."""
    lines = text.splitlines()
    first, second = (number for number, line in enumerate(lines) if line.startswith("──"))
    apart = re.compile(" {2,}")
    return Grid(
        apart.split(lines[first - 1]),
        [apart.split(line) for line in lines[first + 1 : second]],
        apart.split(lines[second + 1]),
    )


def from_terminal(text: str) -> Grid:
    """Read text with colours."""
    return from_text(re.sub(r"\x1b\[[0-9;]*m", "", text))


def from_markdown(text: str) -> Grid:
    """Read the table of a Markdown document by a CommonMark parser."""
    page = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text)
    header, *rows, totals = tables(page)[0]
    return Grid(header, rows, totals)


def from_latex(text: str) -> Grid:
    """Read the lines of a tabular that does not hold escaped ampersands."""
    body = re.split(r"\\endfoot|\\toprule", text)[-1]
    lines = [
        [cell.strip() for cell in line.strip().removesuffix(r"\\").split(" & ")]
        for line in body.splitlines()
        if line.strip().endswith(r"\\")
    ]
    if r"\endfoot" in text:
        (header,) = {line.strip() for line in re.findall(r"\\toprule\n(.*)", text)}
        lines.insert(0, header.removesuffix(r"\\").strip().split(" & "))
    return Grid(lines[0], lines[1:-1], lines[-1])


def from_html(text: str) -> Grid:
    """Read the first table of a page."""
    header, *rows, totals = tables(text)[0]
    return Grid(header, rows, totals)


def from_csv(text: str) -> Grid:
    """Read CSV, which has no totals."""
    header, *rows = csv.reader(io.StringIO(text))
    return Grid(header, rows, [])


def from_json(text: str) -> Grid:
    """Read the rows and totals of the JSON as texts."""
    data = json.loads(text)
    header = list(data["rows"][0])
    rows = [[str(row[name]) for name in header] for row in data["rows"]]
    return Grid(header, rows, [str(data["totals"].get(name, "")) for name in header])


READERS = {
    "text": from_text,
    "terminal": from_terminal,
    "markdown": from_markdown,
    "latex": from_latex,
    "html": from_html,
    "csv": from_csv,
    "json": from_json,
}


class Tables(HTMLParser):
    """Collects the texts of cells, all tags with their attributes, and the text outside."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[str]]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside = False
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in {"td", "th"}:
            self.tables[-1][-1].append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.tables[-1][-1][-1] += data
        else:
            self.text += data


def parse(page: str) -> Tables:
    """Parse a page of HTML."""
    parser = Tables()
    parser.feed(page)
    parser.close()
    return parser


def tables(page: str) -> list[list[list[str]]]:
    """Return the texts of the cells, table by table, line by line."""
    return parse(page).tables


def sums(grid: Grid) -> dict[str, int]:
    """Add up every column that holds whole numbers; a dash stands for none."""
    found = {}
    for index, title in enumerate(grid.header):
        cells = [row[index].replace(",", "") for row in grid.rows]
        counts = [cell for cell in cells if cell not in {"\N{EN DASH}", "--", "", "None"}]
        if counts and all(re.fullmatch(r"\d+", cell) for cell in counts):
            found[title] = sum(map(int, counts))
    return found


def without_mark(name: str) -> str:
    """Take the mark of a note from a name."""
    return RAISED.sub("", name)
