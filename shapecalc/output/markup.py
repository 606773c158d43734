"""Markup as a tree: the one place that makes and escapes HTML, for pages and for quizzes alike.

What is between tags or in attributes is a `str` and comes out as the text that it is; a tag is an
`Element`.  Nothing makes markup of a text, so no escape can be forgotten.
"""

from __future__ import annotations

from functools import cache, lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from shapecalc.output.formulas import (
    Call,
    Fenced,
    MathRow,
    Name,
    Number,
    Power,
    Ratio,
    Sign,
    tall,
    tree_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.output.document import Form
    from shapecalc.output.formulas import Math

# Without them names in Persian or in Indic scripts are misspelt.
JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
#: Elements without an end.
_VOID = {"meta", "input"}
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
        "svg",
        "defs",
        "g",
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


class WrittenOnce(Element):
    """An element that stands on many pages, as those of a class, and is written once.

    Nothing in it changes.
    """

    __slots__ = ("text",)

    def __init__(self, tag: str, *children: Node, **attributes: str) -> None:
        super().__init__(tag, *children, **attributes)
        self.text = ""


Node: TypeAlias = Element | str


def part(body: Iterable[Node], styles: Iterable[str]) -> str:
    """Write a part of a page, with its styles."""
    style = Element("style", *map(_sheet, styles))
    return written(Element("div", style, *body, class_="shapecalc")) + "\n"


def page(
    title: str,
    body: Iterable[Node],
    styles: Iterable[str],
    kind: str = "",
    policy: str = "",
    language: str = "en",
) -> str:
    """Write a page that stands alone; `policy` says what it may run and ask for."""
    head = _head(title, tuple(styles), policy)
    main = Element("main", *body, class_="shapecalc")
    whole = Element("html", head, Element("body", main, class_=kind), lang=language)
    return f"<!doctype html>\n{written(whole)}\n"


@lru_cache(maxsize=4)  # the pages of a class have one head
def _head(title: str, styles: tuple[str, ...], policy: str) -> WrittenOnce:
    limits = {"http_equiv": "Content-Security-Policy", "content": policy}
    return WrittenOnce(
        "head",
        Element("meta", charset="utf-8"),
        *([Element("meta", **limits)] if policy else []),
        Element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        Element("title", title),
        Element("style", *map(_sheet, ("page", *styles))),
    )


def written(node: Node, *, flat: bool = False) -> str:
    r"""Write a tree as HTML; a flat one has no line breaks between its elements.

    >>> written(Element("p", "a < b, ", Element("b", "<c>\x1b"), title='"&"'))
    '<p title="&quot;&amp;&quot;">a &lt; b, <b>&lt;c&gt;\ufffd</b></p>'
    """
    if isinstance(node, str):
        return _text(node)
    if isinstance(node, WrittenOnce) and not flat:
        node.text = node.text or _tagged(node, flat=flat)
        return node.text
    return _tagged(node, flat=flat)


def _tagged(node: Element, *, flat: bool) -> str:
    """Write an element with what is in it."""
    attributes = "".join(
        f' {name}="{_text(text, quote=True)}"' for name, text in node.attributes.items()
    )
    begin = f"<{node.tag}{attributes}>"
    if node.tag in _VOID:
        return begin
    end = f"</{node.tag}>"
    if node.tag == "style":
        return f"{begin}\n{_style(node.children)}{end}"
    if node.tag == "script":
        return f"{begin}{_script(node.children)}{end}"
    parts = (written(child, flat=flat) for child in node.children)
    if node.tag in _LINES and node.children and not flat:
        return "\n".join([begin, *parts, end])
    return f"{begin}{''.join(parts)}{end}"


def _text(text: str, *, quote: bool = False) -> str:
    """Escape a text, in an attribute its quotes too, and leave nothing that cannot be seen."""
    if not text.isprintable():
        text = "".join(
            c if c.isprintable() or c == "\n" or c in JOINERS else "\N{REPLACEMENT CHARACTER}"
            for c in text
        )
    return escape(text, quote=quote)


def _style(sheets: Iterable[Node]) -> str:
    """Return rules as they are, as HTML wants them: they come from files of this package."""
    text = "".join(sheet for sheet in sheets if isinstance(sheet, str))
    assert "<" not in text, "nothing ends a style before its end"
    return text


def _script(texts: Iterable[Node]) -> str:
    """Return a program of this package, or data as `script_data` writes it, as HTML wants them."""
    text = "".join(text for text in texts if isinstance(text, str))
    assert "</" not in text, "nothing ends a script before its end"
    assert "<!--" not in text, "nothing turns the end of a script into a part of it"
    return text


def script_data(data: object) -> str:
    r"""Write data for a script as JSON in which no markup can begin, and all is ASCII.

    >>> script_data(["</script>", "\N{MULTIPLICATION SIGN}"])
    '["\\u003c/script>","\\u00d7"]'
    """
    import json  # few pages run a script

    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


@cache
def _sheet(name: str) -> str:
    """Read a style sheet of this package."""
    return (Path(__file__).parent / "styles" / f"{name}.css").read_text(encoding="utf-8")


# -- formulas in MathML, which browsers set without a script ---------------------------------------

_SIGNS = {
    "+": "+",
    "-": "\N{MINUS SIGN}",
    "*": "\N{DOT OPERATOR}",
    " x ": "\N{MULTIPLICATION SIGN}",
    "mod": "mod",
    ", ": ",",
}
_FENCES = {
    "()": ("(", ")"),
    "floor": ("\N{LEFT FLOOR}", "\N{RIGHT FLOOR}"),
    "ceil": ("\N{LEFT CEILING}", "\N{RIGHT CEILING}"),
}


def mathml(form: Form, times: str) -> Element:
    """Write a formula; `times` is the sign of a multiplication."""
    return Element("math", _element(tree_of(form, times)), displaystyle="true")


def _element(math: Math) -> Element:
    match math:
        case Number(text):
            return Element("mn", text)
        case Name():
            return _name(math)
        case Sign(text):
            return Element("mo", _SIGNS[text])
        case MathRow(parts):
            return Element("mrow", *map(_element, parts))
        case Ratio(over, under):
            return Element("mfrac", _element(over), _element(under))
        case Power(base, exponent):
            return Element("msup", _element(base), _element(exponent))
        case Fenced(kind, inside):
            begin, end = _FENCES[kind]
            grows = "" if tall(inside) else "false"
            left, right = Element("mo", begin, stretchy=grows), Element("mo", end, stretchy=grows)
            return Element("mrow", left, _element(inside), right)
        case Call(word):
            return Element("mrow", Element("mi", word), _element(math.bracketed))


def _name(name: Name) -> Element:
    if name.letter is None:
        return Element("mi", name.text)
    letter, number = name.letter
    if not number:
        return Element("mi", letter)
    return Element("msub", Element("mi", letter), Element("mn", number))
