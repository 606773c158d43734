"""The page itself: tables and totals with their numbers, and beside them what the script reads.

Without a script it is a page of tables.  It asks for nothing from anywhere: its policy allows its
own script alone, by the sum of its bytes.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from shapecalc.analysis.explain.trace import LETTERS
from shapecalc.analysis.page.model import ADDED, COLUMNS, data_of, network_of
from shapecalc.analysis.page.opening import LARGEST
from shapecalc.draw import figure
from shapecalc.draw.svg import svg_element
from shapecalc.errors import SpecErrors
from shapecalc.output.cells import NOT_APPLICABLE_MARK, UNKNOWN_MARK
from shapecalc.output.columns import conventions
from shapecalc.output.markup import Element, page, script_data, written
from shapecalc.output.view import View
from shapecalc.report.receptive_field import at_most
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.analysis.page.model import Network, PageLine
    from shapecalc.analysis.page.opening import Opened
    from shapecalc.output.markup import Node

#: The cells that stay behind others.
_NOTHING = frozenset(["0", NOT_APPLICABLE_MARK])
#: So many characters of pictures are put on a page.
MOST_PICTURES = 180_000
_TIMES = "\N{MULTIPLICATION SIGN}"


#: The styles of a page, in their order.
STYLES = ("table", "document", "network", "print", "paper")


def to_page(opened: Sequence[Opened], *, home: str = "", version: str = "") -> str:
    """Write networks as one page.

    `home` is the address of the page that leads to this one, `version` that of a page which is
    served, and loads itself anew when there is another.
    """
    networks = tuple(map(network_of, opened))
    title = ", ".join(network.name for network in networks)
    several = len(networks) > 1
    data = {
        "networks": list(map(data_of, networks)),
        "columns": [[key, heading] for key, heading, _ in COLUMNS],
        "added": list(ADDED),
        "letters": LETTERS,
    }
    body = [
        *([Element("nav", Element("a", "All networks", href=home))] if home else []),
        *(_overview(networks, title) if several else ()),
        Element(
            "div",
            *(_article(network, at, several=several) for at, network in enumerate(networks)),
            class_="networks beside" if several else "networks",
        ),
        Element("p", id="status", class_="status", role="status"),
        Element("script", script_data(data), id="data", type="application/json"),
        Element("script", _script("page")),
        *(watching(version) if version else ()),
    ]
    programs = ("page", "watch") if version else ("page",)
    return page(title, body, STYLES, "page", policy(*programs))


def watching(version: str) -> Iterator[Element]:
    """Yield what lets a page that is served load itself anew."""
    yield Element("p", id="watched", class_="remarks", role="status", data_version=version)
    yield Element("script", _script("watch"))


@cache
def _script(name: str) -> str:
    """Read a program of this package."""
    return (Path(__file__).parent / f"{name}.js").read_text(encoding="utf-8")


def policy(*programs: str) -> str:
    """Say that a page runs these programs alone and asks for nothing, but for its own version."""
    sums = (sha256(_script(name).encode()).digest() for name in programs)
    own = " ".join(f"'sha256-{b64encode(digest).decode('ascii')}'" for digest in sums)
    limits = [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        *([f"script-src {own}"] if programs else []),
        *(["connect-src 'self'"] if "watch" in programs else []),
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join(limits)


# -- several networks ------------------------------------------------------------------------------


def _overview(networks: Sequence[Network], title: str) -> Iterator[Element]:
    """Set the totals of several networks side by side."""
    yield Element("h1", title, class_="title", dir="auto")
    keys = {total.key: total.label for network in networks for total in network.totals}
    heads = [
        Element("th", "network", scope="col"),
        *(Element("th", label, scope="col", class_="n") for label in keys.values()),
    ]
    rows = []
    for at, network in enumerate(networks):
        totals = {total.key: _number(network, total.number) for total in network.totals}
        link = Element("a", Element("bdi", network.name), href=f"#net{at}")
        cells = (
            Element("td", totals.get(key, NOT_APPLICABLE_MARK), class_="n", data_t=key)
            for key in keys
        )
        rows.append(Element("tr", Element("th", link, scope="row"), *cells, id=f"all{at}"))
    table = Element(
        "table",
        Element("thead", Element("tr", *heads)),
        Element("tbody", *rows),
        class_="layers overview",
        aria_label="totals side by side",
    )
    yield _scrolled(table, "totals side by side")
    box = Element("input", type="checkbox", id="together", checked="checked")
    yield Element(
        "p",
        Element("label", box, " a size that is turned is turned in all networks"),
        class_="together",
    )


# -- a network -------------------------------------------------------------------------------------


def _article(network: Network, at: int, *, several: bool) -> Element:
    spec = network.report.graph.spec
    about = (one_line(text) for text in (spec.citation, spec.note) if text)
    ident = f"net{at}"
    level = "h2" if several else "h1"
    return Element(
        "article",
        Element(level, Element("bdi", network.name), class_="title", id=f"{ident}-title"),
        *(Element("p", text, class_="about", dir="auto") for text in about),
        *_controls(network, ident),
        _tiles(network),
        Element("div", "", class_="of-total", hidden="hidden"),
        Element(
            "div",
            *_graph(network, ident),
            Element(
                "div",
                _tools(network),
                _scrolled(_table(network), f"layers of {network.name}"),
                class_="rows",
            ),
            class_="views",
        ),
        *_legend(network),
        class_="network",
        id=ident,
        aria_labelledby=f"{ident}-title",
    )


def _controls(network: Network, ident: str) -> Iterator[Element]:
    """Set the sizes that may be turned, with what the layers ask of them, and those that stay."""
    sizes, fixed = network.opened.sizes, network.opened.fixed
    domain = network.report.domain
    problem = Element(
        "div", "", class_="problem", role="alert", id=f"{ident}-problem", hidden="hidden"
    )
    if sizes:
        assert domain is not None, "where a size is open there is a domain"
        labels = [
            Element(
                "label",
                Element("b", size.name),
                Element("span", size.meaning, class_="meaning"),
                Element(
                    "input",
                    type="number",
                    inputmode="numeric",
                    name=size.name,
                    value=str(size.value),
                    min="1",
                    max=str(LARGEST),
                    step="1",
                    autocomplete="off",
                    aria_describedby=f"{ident}-domain",
                    aria_errormessage=f"{ident}-problem",
                ),
            )
            for size in sizes
        ]
        reset = Element("button", "as given", type="button", class_="given", disabled="disabled")
        label = f"sizes of {network.name}"
        yield Element("form", *labels, reset, problem, class_="sizes", aria_label=label)
        yield Element(
            "p", one_line("; ".join(domain.texts())), class_="domain", id=f"{ident}-domain"
        )
    else:
        yield problem
    if fixed:
        texts = (
            f"{size.name} stays {size.value}, as there is no one formula with it: {reason}"
            for size, reason in fixed
        )
        points = Element("ul", *(Element("li", one_line(text)) for text in texts))
        summary = Element(
            "summary", f"Sizes that stay: {', '.join(stays.size.name for stays in fixed)}"
        )
        yield Element("details", summary, points, class_="fixed")
    if not sizes and not fixed:
        yield Element("p", "This network has no size that could be turned.", class_="domain")


def _tiles(network: Network) -> Element:
    tiles = (
        Element(
            "button",
            Element("span", total.label, class_="term"),
            Element("b", _number(network, total.number)),
            Element(
                "small", "" if total.bytes is None else f"{_number(network, total.bytes)} bytes"
            ),
            type="button",
            class_="tile",
            data_t=total.key,
            aria_expanded="false",
        )
        for total in network.totals
    )
    return Element("div", *tiles, class_="tiles", role="group", aria_label="totals")


def _graph(network: Network, ident: str) -> Iterator[Element]:
    """Set the graph, once for every number of levels that are open, the most folded in sight."""
    pictures = dict(_pictures(network, ident))
    if not pictures:
        return
    tools = [("less", "Fold"), ("more", "Open"), ("small", "\N{MINUS SIGN}"), ("large", "+")]
    names = {"small": "make it smaller", "large": "make it larger"}
    buttons = (
        Element("button", label, type="button", data_do=word, aria_label=names.get(word, ""))
        for word, label in (tools if len(pictures) > 1 else tools[2:])
    )
    folded = (
        Element("div", svg, class_="depth", data_depth=str(depth), hidden="hidden" if at else "")
        for at, (depth, svg) in enumerate(pictures.items())
    )
    given = ", ".join(f"{size.name} = {size.value:,}" for size in network.opened.sizes)
    caption = f"Drawn for {given}." if given else ""
    yield Element(
        "details",
        Element("summary", "Graph"),
        Element("div", *buttons, class_="tools", role="group", aria_label="the graph"),
        Element(
            "div",
            *folded,
            class_="canvas",
            role="region",
            aria_label=f"graph of {network.name}",
            tabindex="0",
        ),
        Element("p", caption, class_="remarks"),
        class_="graph",
        open="open",
    )


def _pictures(network: Network, ident: str) -> Iterator[tuple[int, Element]]:
    """Draw the graph at every depth, while there is room on the page."""
    report = network.opened.plain
    deepest = max((line.depth for line in network.walk()), default=1)
    room = MOST_PICTURES
    for depth in range(1, deepest + 1):
        try:
            drawing = figure(report, "graph", depth=depth).drawing
        except SpecErrors:  # too many nodes to be seen
            return
        svg = svg_element(drawing, None, f"{ident}-{depth}-")
        room -= len(written(svg))
        if room < 0:
            return
        yield depth, svg


def _tools(network: Network) -> Element:
    has_levels = any(line.inner for line in network.lines)
    tools = [
        *((("open", "Open all"), ("fold", "Fold all")) if has_levels else ()),
        ("markdown", "Copy as Markdown"),
        ("latex", "Copy as LaTeX"),
    ]
    buttons = (Element("button", label, type="button", data_do=word) for word, label in tools)
    return Element("div", *buttons, class_="tools", role="group", aria_label="the table")


def _table(network: Network) -> Element:
    heads = [
        Element("th", "layer", scope="col"),
        Element("th", "what it does", scope="col"),
        *(
            Element("th", title, scope="col", class_="n", title=meaning)
            for _, title, meaning in COLUMNS
        ),
    ]
    whole = {total.key: total.number for total in network.totals}
    rows = [_row(network, line) for line in network.walk()]
    sums = (
        Element("td", _number(network, whole[key])) if key in ADDED else Element("td")
        for key, _, _ in COLUMNS
    )
    total = Element("tr", Element("th", "total", scope="row"), Element("td"), *sums)
    return Element(
        "table",
        Element("thead", Element("tr", *heads)),
        Element("tbody", *rows),
        Element("tfoot", total),
        class_="layers",
        aria_label=f"layers of {network.name}",
    )


def _row(network: Network, line: PageLine) -> Element:
    name = line.row.name.rpartition("/")[2] if line.depth > 1 else line.row.name
    head = Element(
        "th",
        *([Element("span", class_="fold", aria_hidden="true")] if line.inner else []),
        Element("bdi", name),
        scope="row",
        title=line.row.name if name != line.row.name else "",
        style=f"--depth: {line.depth - 1}" if line.depth > 1 else "",
    )
    texts = (_cell_text(network, line, key, line.cells[key]) for key, _, _ in COLUMNS)
    cells = (Element("td", text, class_="zero" if text in _NOTHING else "") for text in texts)
    does = Element("td", one_line(network.opened.plain[line.row.name].does))
    return Element("tr", head, does, *cells, class_="level" if line.inner else "")


def _cell_text(network: Network, line: PageLine, key: str, dims: tuple[Dim, ...] | None) -> str:
    if key == "receptive-field":
        numbers = line.only if dims is None else tuple(map(network.number, dims))
        if not numbers:
            return NOT_APPLICABLE_MARK
        text = _TIMES.join(map(str, numbers[:1] if len(set(numbers)) == 1 else numbers))
        return f"at most {text}" if at_most(line.row.field) else text
    if dims is None:
        return UNKNOWN_MARK
    if key == "output":
        return _TIMES.join(str(network.number(dim)) for dim in dims)
    return _number(network, *dims)


def _number(network: Network, dim: Dim) -> str:
    return f"{network.number(dim):,}"


def _legend(network: Network) -> Iterator[Element]:
    """Say what is counted how, for which sizes the weights fit, and what was read."""
    plain = network.opened.plain
    terms = conventions(plain, View(), ())
    pairs = [(term, meaning) for term, meaning in terms.items()]
    fits = "; ".join(fit.text() for fit in network.report.weights_fit)
    if fits:
        pairs.append(("weights", fits))
    notes = {
        line.row.name: one_line(line.row.note)
        for line in network.walk()
        if line.row.note and not line.inner
    }
    pairs += notes.items()
    children = (
        part
        for term, text in pairs
        for part in (Element("dt", term), Element("dd", one_line(text)))
    )
    yield Element("dl", *children, class_="legend")
    source = one_line(plain.graph.spec.source.name)
    for text in (*plain.doubts, f"Read from {source}."):
        yield Element("p", one_line(text), class_="remarks")


def _scrolled(table: Node, label: str) -> Element:
    return Element("div", table, class_="wide", role="region", aria_label=label, tabindex="0")
