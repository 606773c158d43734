"""A folder of pages: one a network, and an index of them all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.analysis.page.layout import STYLES, policy, to_page
from shapecalc.analysis.page.model import network_of
from shapecalc.layers.shape import as_list
from shapecalc.output.cells import NOT_APPLICABLE_MARK
from shapecalc.output.markup import Element, page
from shapecalc.text.files import fold
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.analysis.page.model import Network
    from shapecalc.analysis.page.opening import Opened
    from shapecalc.layers.shape import Shape

#: The page that leads to all others.
INDEX = "index.html"
#: The totals in the index.
_TOTALS = {"params": "parameters", "macs": "MACs", "peak_activations": "peak activations"}


def site_of(specs: Sequence[tuple[str, Opened]]) -> dict[str, str]:
    """Return the pages by the names of their files; networks come with their specs' names."""
    taken = {fold(INDEX)}
    entries = []
    pages = {}
    for spec, opened in specs:
        name = _file_name(spec, taken)
        network = network_of(opened)
        entries.append((name, network))
        pages[name] = to_page([opened], home=INDEX)
    return {INDEX: _index(entries), **pages}


def _file_name(spec: str, taken: set[str]) -> str:
    """Name a page after its spec's file, safely and once."""
    stem = re.split(r"[\\/]", spec)[-1].removesuffix(".yaml").removesuffix(".yml")
    stem = re.sub(r"[^\w.+-]", "-", stem).strip(".-")[:60] or "network"
    names = (f"{stem}{mark}.html" for mark in ("", *(f"-{n}" for n in range(2, len(taken) + 3))))
    name = next(name for name in names if fold(name) not in taken)
    taken.add(fold(name))
    return name


def _index(entries: Sequence[tuple[str, Network]]) -> str:
    heads = (
        Element("th", "network", scope="col"),
        Element("th", "input", scope="col"),
        Element("th", "layers", scope="col", class_="n"),
        *(Element("th", title, scope="col", class_="n") for title in _TOTALS.values()),
    )
    table = Element(
        "table",
        Element("thead", Element("tr", *heads)),
        Element("tbody", *(_entry(name, network) for name, network in entries)),
        class_="layers gallery",
        aria_label="networks",
    )
    words = (
        "Every page computes anew when a size is turned, and shows where each number comes from."
    )
    body = [
        Element("h1", "Networks", class_="title"),
        Element("p", words, class_="about"),
        Element("div", table, class_="wide", role="region", aria_label="networks", tabindex="0"),
    ]
    return page("Networks", body, STYLES, "page", policy())


def _entry(name: str, network: Network) -> Element:
    plain = network.opened.plain
    totals = {total.key: total.number for total in network.totals}
    about = one_line(plain.graph.spec.citation or plain.graph.spec.note)
    link = Element("a", Element("bdi", network.name), href=name)
    head = [link, *([Element("small", about)] if about else [])]
    inputs = (row.output for row in plain.rows if row.type == "input" and not row.sources)
    return Element(
        "tr",
        Element("th", *head, scope="row"),
        Element("td", ", ".join(_volume(network, shape) for shape in inputs)),
        Element("td", f"{len(plain.layers):,}", class_="n"),
        *(Element("td", _number(network, totals, key), class_="n") for key in _TOTALS),
    )


def _volume(network: Network, shape: Shape) -> str:
    return "\N{MULTIPLICATION SIGN}".join(str(network.number(dim)) for dim in as_list(shape))


def _number(network: Network, totals: Mapping[str, Dim], key: str) -> str:
    if key not in totals:
        return NOT_APPLICABLE_MARK
    return f"{network.number(totals[key]):,}"
