"""Formulas in MathML, which browsers set without a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from shapecalc.output.markup import Element

if TYPE_CHECKING:
    from shapecalc.output.document import Form
    from shapecalc.output.formulas import Math

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
