"""Reading a page again: whether it is well formed, stands alone, and what its tables say."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import NamedTuple

_VOID = {"meta", "br", "hr", "img", "link", "input"}
#: What would ask for something from elsewhere, or run.
_REQUESTS = re.compile(
    r"https?:|//[\w.]+/|\bsrc\s*=|\bsrcset\s*=|url\(|@import|<script|<iframe|<object|<embed|<link"
    r"|<base|<form|javascript:|\bon\w+\s*=",
    re.IGNORECASE,
)


class Table(NamedTuple):
    """A table: its caption and rows of texts; the headings of columns and rows."""

    kind: str
    caption: str
    rows: list[list[str]]
    columns: int
    headed: int


class Reader(HTMLParser):
    """Reads a page; `problems` says what is not well formed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.problems: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tables: list[Table] = []
        self.headings: list[tuple[int, str]] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self._caption = ""
        self._rows: list[list[str]] = []
        self._columns = self._headed = 0
        self._kind = ""
        self.feed(html)
        self.close()
        self.problems += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.add(tag)
        self.attributes |= set(attributes)
        if tag not in _VOID:
            self.open.append(tag)
        if attributes.get("id"):
            self.ids.append(str(attributes["id"]))
        if tag == "a":
            self.links.append(str(attributes.get("href")))
        if tag == "table":
            self._caption, self._rows, self._columns, self._headed = "", [], 0, 0
            self._kind = str(attributes.get("class"))
        if tag == "tr":
            self._rows.append([])
        if tag in ("td", "th"):
            self._rows[-1].append("")
            self._columns += tag == "th" and attributes.get("scope") == "col"
            self._headed += tag == "th" and attributes.get("scope") == "row"
        if tag in ("h1", "h2", "h3"):
            self.headings.append((int(tag[1]), ""))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.problems.append(f"</{tag}> closes {self.open[-1:]}")
        else:
            self.open.pop()
        if tag == "table":
            self.tables.append(
                Table(self._kind, self._caption, self._rows, self._columns, self._headed)
            )

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.texts.append(data)
        if "caption" in self.open:
            self._caption += data
        elif self._rows and self._rows[-1] and ("td" in self.open or "th" in self.open):
            self._rows[-1][-1] += data + "\n" * ("small" in self.open or "bdi" in self.open)
        for level in (1, 2, 3):
            if f"h{level}" in self.open:
                self.headings[-1] = (level, self.headings[-1][1] + data)


def requests(html: str) -> list[str]:
    """Return what a page would ask for from elsewhere or run, in its markup and its style."""
    markup = re.sub(r">[^<]*<", "><", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))
    style = "".join(re.findall(r"<style>(.*?)</style>", html, flags=re.DOTALL))
    return _REQUESTS.findall(markup) + _REQUESTS.findall(style)


def faults(html: str) -> list[str]:
    """Return everything that is wrong with a page, on the face of it."""
    page = Reader(html)
    problems = list(page.problems) + [f"asks for {address}" for address in requests(html)]
    if page.tags & {"script", "iframe", "object", "img"}:
        problems.append("holds what is no text")
    if len(page.ids) != len(set(page.ids)):
        problems.append("an id stands twice")
    problems += [
        f"{link} leads nowhere"
        for link in page.links
        if link.startswith("#") and link[1:] not in page.ids
    ]
    levels = [level for level, _ in page.headings]
    if levels[:1] != [1] or any(after > before + 1 for before, after in pairwise(levels)):
        problems.append(f"headings jump: {levels}")
    for table in page.tables:
        body = len([row for row in table.rows if row]) - (table.columns > 0)
        if table.headed != body:
            problems.append(f"rows without a heading: {table.rows[:2]}")
        if table.kind != "facts" and not (table.caption and table.columns):
            problems.append(f"no caption or no headings: {table.rows[:1]}")
        if len({len(row) for row in table.rows}) > 1:
            problems.append(f"rows of different lengths: {table.caption}")
    return problems
