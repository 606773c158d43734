"""Lines as text, Markdown or HTML, with nothing in them that would be read as markup."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Literal, TypeAlias

from shapecalc.output.markdown import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The names by which Gradescope knows them.
Markup: TypeAlias = Literal["text", "md", "html"]


def marked_up(lines: Iterable[str], markup: Markup) -> str:
    r"""Write lines, a paragraph or an item each.

    >>> marked_up(["a < b", "2*2"], "html"), marked_up(["2*2"], "md")
    ('<ul><li>a &lt; b</li><li>2*2</li></ul>', '- 2\\*2')
    """
    if markup == "html":
        return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
    if markup == "md":
        return "\n".join(f"- {escaped(line)}" for line in lines)
    return "\n".join(lines)
