"""Rows folded to the levels of the paths: a line a block, as in the papers' tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.report import Row
from shapecalc.work import Work

if TYPE_CHECKING:
    from shapecalc.report import Report


def fold(report: Report, depth: int) -> tuple[Row, ...]:
    """Fold the rows below `depth` levels of the paths into one row a level; 0 folds nothing."""
    if depth < 1:
        return report.rows
    folded: dict[str, list[int]] = {}
    for index, row in enumerate(report.rows):
        path = "/".join(row.name.split("/", depth)[:depth])
        folded.setdefault(path, []).append(index)
    return tuple(
        report.rows[members[0]]
        if members == [members[0]] and path == report.rows[members[0]].name
        else _level(report, path, members)
        for path, members in folded.items()
    )


def _level(report: Report, path: str, indices: list[int]) -> Row:
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
    known = [row.connections for row in members if row.connections is not None]
    notes = dict.fromkeys(filter(None, (group.note, *(row.note for row in members))))
    return Row(
        name=path,
        type=group.type,
        inputs=tuple(report.rows[index].output for index in enters),
        output=output.output,
        sources=tuple(report.rows[index].name for index in enters),
        parameters=(),
        weights=sum(row.weights for row in members),
        biases=sum(row.biases for row in members),
        buffers=sum(row.buffers for row in members),
        connections=sum(known) if known else None,
        work=Work(*map(sum, zip(*(row.work for row in members), strict=True))),
        activations=sum(row.activations for row in members),
        overwritten=sum(row.overwritten for row in members),
        field=output.field,
        shared=_shared(path, members),
        note="; ".join(notes),
        label=f"{len(members)} layer{'s' if len(members) != 1 else ''}",
    )


def _shared(path: str, members: list[Row]) -> str | None:
    """Name the level whose weights this one uses, when it has none of its own."""
    owners = {
        row.shared.removesuffix(row.name.removeprefix(path)) if row.shared else None
        for row in members
        if row.parameters
    }
    return owners.pop() if len(owners) == 1 else None
