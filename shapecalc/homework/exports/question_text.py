"""What stands around the blanks of a quiz, in HTML: the network, the conventions, what is given."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from shapecalc.homework.assignment.conventions import stated_conventions
from shapecalc.homework.assignment.notation.values import value_text
from shapecalc.homework.assignment.outline import described
from shapecalc.layers.shape import as_text
from shapecalc.text.safe import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.exports.blanks import AskedNumber

#: Said wherever a number is typed: platforms read separators in their own ways.
DIGITS = "Write digits only: no separators between thousands, no K or M."


def clean(text: str) -> str:
    r"""Make a stranger's text one line of HTML without markup, nor what XML cannot hold.

    >>> clean("<b>\x00 & ]]>")
    '&lt;b&gt;� &amp; ]]&gt;'
    """
    return escape(printable(text), quote=False)


def network_page(homework: Homework) -> str:
    """Write the network that the questions are about: its input and all its layers."""
    inputs = [as_text(row.output) for row in homework.report.rows if row.type == "input"]
    rows = (
        f"<tr><td>{clean(layer)}</td><td>{clean(does)}</td></tr>"
        for layer, does in described(homework)
    )
    note = f"<p>{clean(homework.note)}</p>" if homework.note else ""
    return (
        f"<p>{clean(homework.title)}. The input is {', '.join(inputs)}.</p>{note}"
        f"<table><tr><th>layer</th><th>what it does</th></tr>{''.join(rows)}</table>"
        f"<p>{DIGITS}</p>"
    )


def layer_page(homework: Homework, layer: str) -> str:
    """Say which layer a question is about, and what of it is filled in."""
    does = dict(described(homework)).get(layer, "")
    text = f"<p>{clean(homework.title)}, <b>{clean(layer)}</b>{f': {clean(does)}' if does else ''}."
    for cell in homework.cells:
        if cell.layer == layer and cell.filled_in:
            value = value_text(cell.key, homework.conventions)
            text += f" Given: {clean(cell.quantity.title)} {value}."
    return f"{text}</p>"


def conventions_page(homework: Homework, columns: Iterable[str]) -> str:
    """Say how these columns are counted; the order of extents, and rounding, blanks leave open."""
    stated = stated_conventions(homework.conventions, set(columns) - {"output"})
    terms = "; ".join(f"{clean(k)}: {clean(v)}" for k, v in stated.items() if k != "rounding")
    return f"<p>{terms}.</p>" if terms else ""


def number_page(homework: Homework, blank: AskedNumber) -> str:
    """Ask for one number."""
    quantity = blank.cell.quantity
    question = f"{quantity.title}, {blank.part}" if blank.part else quantity.title
    page = layer_page(homework, blank.cell.layer) + f"<p>{clean(question)}?</p>"
    return page + conventions_page(homework, [quantity.key]) + f"<p>{DIGITS}</p>"
