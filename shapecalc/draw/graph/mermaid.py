"""A graph as Mermaid, the text that GitHub and many wikis draw."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shapecalc.draw.graph.scene import scene_of
from shapecalc.draw.graph.tree import Border
from shapecalc.draw.graph.walk import edges, nested
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from shapecalc.report import Report

#: What may have a meaning of its own in a quoted text.
_SPECIAL = re.compile(r"[^A-Za-z0-9_ .,:()/+*=%\u00d7\u00b7-]")
#: Between signs that together are a line's end, a formula or an icon, even when written by number.
_TOGETHER = re.compile(r"(?<=\\)(?=n)|(?<=\$)(?=\$)|(?<=:)(?=fa-)")


def to_mermaid(report: Report, *, direction: str = "down", **words: Any) -> str:  # noqa: ANN401
    """Write a flowchart; `words` are those of a scene."""
    scene = scene_of(report, named=False, **words)
    lines = [f"flowchart {'TD' if direction == 'down' else 'LR'}"]
    for number, (depth, part) in enumerate(nested(scene, scene.tree.items)):
        indent = "  " * (depth + 1)
        if part is None:
            lines.append(f"{indent}end")
        elif isinstance(part, Border):
            heading = " ".join(filter(None, scene.heading(part)))
            lines.append(f"{indent}subgraph s{number}[{_quoted(heading)}]")
        else:
            label = "<br/>".join(map(_escaped, part.texts))
            lines.append(f'{indent}n{part.node}["{label}"]')
    for edge in edges(scene):
        shape = _quoted(scene.writer.shape(report.rows[edge.carries].output))
        lines.append(f"  n{edge.source} -->|{shape}| n{edge.target}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Write what could be markup, or turn a line, by its number, and join what must stay apart."""
    apart = _TOGETHER.sub("\N{WORD JOINER}", one_line(text))
    return _SPECIAL.sub(lambda sign: f"#{ord(sign[0])};", apart)
