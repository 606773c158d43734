"""A graph as DOT, the text that Graphviz draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.draw.graph.scene import scene_of
from shapecalc.draw.graph.tree import Border
from shapecalc.draw.graph.walk import edges, nested
from shapecalc.draw.styles import STYLES
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from shapecalc.report import Report


def to_dot(report: Report, *, direction: str = "down", **words: Any) -> str:  # noqa: ANN401
    """Write a digraph with a cluster a frame; `words` are those of a scene."""
    scene = scene_of(report, named=False, **words)
    lines = [
        f"digraph {_quoted(report.name)} {{",
        f"  rankdir={'TB' if direction == 'down' else 'LR'};",
        '  node [shape=box, style="rounded,filled", fontname="DejaVu Sans", fontsize=11];',
        '  edge [fontname="DejaVu Sans", fontsize=9];',
    ]
    for number, (depth, part) in enumerate(nested(scene, scene.tree.items)):
        indent = "  " * (depth + 1)
        if part is None:
            lines.append(f"{indent}}}")
        elif isinstance(part, Border):
            heading = " ".join(filter(None, scene.heading(part)))
            lines.append(f"{indent}subgraph cluster_{number} {{")
            lines.append(f"{indent}  label={_quoted(heading)};")
        else:
            fill, line = STYLES[part.kind].colours("light")
            label = _quoted("\n".join(part.texts))
            lines.append(
                f'{indent}n{part.node} [label={label}, fillcolor="{fill}", color="{line}"];'
            )
    for edge in edges(scene):
        shape = _quoted(scene.writer.shape(report.rows[edge.carries].output))
        lines.append(f"  n{edge.source} -> n{edge.target} [label={shape}];")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    r"""Quote a text, whose ends of lines are ends of lines and whose rest is no escape."""
    signs = str.maketrans({"\\": r"\\", '"': r"\"", "&": "&amp;"})
    return '"' + r"\n".join(one_line(part).translate(signs) for part in text.split("\n")) + '"'
