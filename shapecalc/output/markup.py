"""Markup as a tree: the only place that writes HTML, and the only one that escapes.

What is between tags or in attributes is a `str` and comes out as the text that it is; a tag is an
`Element`.  Nothing makes markup of a text, so no escape can be forgotten.
"""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

# Without them names in Persian or in Indic scripts are misspelt.
JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
#: Elements without an end.
_VOID = {"meta"}
#: Elements whose children stand on lines of their own.
_LINES = frozenset(
    [
        "html",
        "head",
        "body",
        "main",
        "section",
        "div",
        "table",
        "thead",
        "tbody",
        "tfoot",
        "ul",
        "dl",
    ]
)


class Element:
    """A tag with its attributes and what is in it.

    An attribute is named as in HTML, with `class_`, `aria_label`; one that is empty is left out.
    """

    __slots__ = ("attributes", "children", "tag")

    def __init__(self, tag: str, *children: Node, **attributes: str) -> None:
        self.tag = tag
        self.children = children
        self.attributes = {
            name.rstrip("_").replace("_", "-"): text for name, text in attributes.items() if text
        }


Node: TypeAlias = Element | str


def written(node: Node) -> str:
    r"""Write a tree as HTML.

    >>> written(Element("p", "a < b, ", Element("b", "<c>\x1b"), title='"&"'))
    '<p title="&quot;&amp;&quot;">a &lt; b, <b>&lt;c&gt;\ufffd</b></p>'
    """
    if isinstance(node, str):
        return _text(node)
    attributes = "".join(f' {name}="{_text(text)}"' for name, text in node.attributes.items())
    begin = f"<{node.tag}{attributes}>"
    if node.tag in _VOID:
        return begin
    end = f"</{node.tag}>"
    if node.tag == "style":
        return f"{begin}\n{_style(node.children)}{end}"
    parts = map(written, node.children)
    if node.tag in _LINES and node.children:
        return "\n".join([begin, *parts, end])
    return f"{begin}{''.join(parts)}{end}"


def _text(text: str) -> str:
    """Escape a text, and leave nothing in it that cannot be seen."""
    if not text.isprintable():
        text = "".join(
            c if c.isprintable() or c == "\n" or c in JOINERS else "\N{REPLACEMENT CHARACTER}"
            for c in text
        )
    return escape(text)


def _style(sheets: Iterable[Node]) -> str:
    """Return rules as they are, as HTML wants them: they come from files of this package."""
    text = "".join(sheet for sheet in sheets if isinstance(sheet, str))
    assert "<" not in text, "nothing ends a style before its end"
    return text


@cache
def sheet(name: str) -> str:
    """Read a style sheet of this package."""
    return (Path(__file__).parent / "styles" / f"{name}.css").read_text(encoding="utf-8")
