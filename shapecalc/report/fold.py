"""Rows folded to the levels of the paths: a line a block, as in the papers' tables."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from shapecalc.algebra import largest
from shapecalc.layers.base import Work
from shapecalc.layers.conv import Windowed
from shapecalc.report import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.report import Report


def fold(report: Report, depth: int) -> tuple[Row, ...]:
    """Fold the rows below `depth` levels of the paths into one row a level; 0 folds nothing."""
    if depth < 1:
        return report.rows
    levels = levels_of(report, depth, range(len(report.rows)))
    return tuple(level(report, path, members) for path, members in levels.items())


def levels_of(report: Report, depth: int, indices: Iterable[int]) -> dict[str, list[int]]:
    """Sort rows, by their indices, into the levels of the paths; 0 makes a level of every row."""
    levels: dict[str, list[int]] = {}
    for index in indices:
        name = report.rows[index].name
        path = "/".join(name.split("/", depth)[:depth]) if depth else name
        levels.setdefault(path, []).append(index)
    return levels


def level(report: Report, path: str, indices: list[int]) -> Row:
    """Return the row of a level: that of its layer, or one for all in it."""
    if len(indices) == 1 and path == report.rows[indices[0]].name:
        return report.rows[indices[0]]
    group = report.graph.groups[path]
    members = [report.rows[index] for index in indices]
    output = report.rows[group.output]
    inside = set(indices)
    enters = dict.fromkeys(
        source
        for index in indices
        for source in report.graph.nodes[index].inputs
        if source not in inside
    )
    notes = dict.fromkeys(filter(None, (group.note, *(row.note for row in members))))
    return together(members)._replace(
        name=path,
        type=group.type,
        inputs=tuple(report.rows[index].output for index in enters),
        output=output.output,
        sources=tuple(report.rows[index].name for index in enters),
        field=output.field,
        shared=_shared(path, members),
        note="; ".join(notes),
        fields=group.fields or _chain(members),
        live=_most_live(report, members),
    )


def _most_live(report: Report, members: list[Row]) -> Dim:
    """Return the most elements alive at once; of formulas those that may be the most."""
    live = [row.live for row in members]
    if report.domain is None:
        return largest(live)
    from shapecalc.algebra.bounds import undominated

    return largest(undominated(live, report.domain.start))


#: A chain of layers is written out up to so many characters.
_SHORT = 40


def _chain(members: list[Row]) -> str:
    """Write a short chain of layers as papers do: ``[64 1x1; 192 3x3, pad 1]``.

    As there, normalisations and activations are left out.  Empty for branches, and where it would
    be long.
    """
    if any(row.sources != (before.name,) for before, row in pairwise(members)):
        return ""
    shown = [
        row
        for row in members
        if isinstance(row.layer, Windowed) or row.macs != 0 or row.inputs != (row.output,)
    ]
    texts = [row.does if row.type == "conv" else f"{row.type} {row.does}".strip() for row in shown]
    text = f"[{'; '.join(texts)}]"
    return text if shown and len(text) <= _SHORT else ""


def together(rows: Sequence[Row]) -> Row:
    """Add rows up into one without a name: from what the first takes to what the last gives."""
    known = [row.connections for row in rows if row.connections is not None]
    return Row(
        name="",
        type="",
        inputs=rows[0].inputs,
        output=rows[-1].output,
        sources=rows[0].sources,
        parameters=(),
        weights=sum(row.weights for row in rows),
        biases=sum(row.biases for row in rows),
        buffers=sum(row.buffers for row in rows),
        connections=sum(known) if known else None,
        work=Work(*map(sum, zip(*(row.work for row in rows), strict=True))),
        activations=sum(row.activations for row in rows),
        overwritten=sum(row.overwritten for row in rows),
        field=rows[-1].field,
        members=tuple(layer for row in rows for layer in row.layers),
        frozen=sum(row.frozen for row in rows),
        live=largest(row.live for row in rows),
    )


def _shared(path: str, members: list[Row]) -> str | None:
    """Name the level whose weights this one uses, when it has none of its own."""
    owners = {
        row.shared.removesuffix(row.name.removeprefix(path)) if row.shared else None
        for row in members
        if row.parameters
    }
    return owners.pop() if len(owners) == 1 else None
