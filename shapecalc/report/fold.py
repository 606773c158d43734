"""Rows folded to the levels of the paths: a line a block, as in the papers' tables."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

from shapecalc.algebra import largest
from shapecalc.layers.base import Work
from shapecalc.layers.conv import Windowed
from shapecalc.report import Row
from shapecalc.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.report import Report

Item = TypeVar("Item")


def fold(report: Report, depth: int) -> tuple[Row, ...]:
    """Fold the rows below `depth` levels of the paths into one row a level; 0 folds nothing."""
    if depth < 1 or not report.graph.groups:
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


def rounds_together(report: Report, rows: Sequence[Row]) -> tuple[Row, ...]:
    """Put the blocks that a repeat without a name makes into one row, where they are alike.

    Alike are blocks of one statement, each of which reads the one before, with the same layers.
    """
    runs = runs_of(rows, lambda before, row: is_next_round(report, before, row))
    return tuple(round_row(report, run) if len(run) > 1 else run[0] for run in runs)


def runs_of(items: Iterable[Item], goes_on: Callable[[Item, Item], bool]) -> list[list[Item]]:
    """Put items that go on with the one before into one run."""
    runs: list[list[Item]] = []
    for item in items:
        if runs and goes_on(runs[-1][-1], item):
            runs[-1].append(item)
        else:
            runs.append([item])
    return runs


def is_next_round(report: Report, before: Row, row: Row) -> bool:
    """Tell whether a level is a repeat's round that is like the one before it."""
    if before.layer is not None or row.layer is not None:
        return False
    group, next_group = report.graph.groups[before.name], report.graph.groups[row.name]
    return (
        group.word is not None
        and group.word is next_group.word
        and row.sources == (report.rows[group.output].name,)
        and _bare(before) == _bare(row)
        and len(before.members) == len(row.members)
        and all(map(_alike, before.members, row.members))
    )


def _bare(row: Row) -> Row:
    """Leave out where a level stands, and what that alone decides."""
    return row._replace(name="", sources=(), field=None, members=(), live=0)


def _alike(layer: Row, other: Row) -> bool:
    return (
        layer.layer == other.layer
        and layer.inputs == other.inputs
        and layer.parameters == other.parameters
        and layer.frozen == other.frozen
    )


def round_row(report: Report, run: Sequence[Row]) -> Row:
    """Make one row of the rounds: ``unit1\N{EN DASH}33``, 33 x unit."""
    first = run[0]
    number = re.search(_NUMBER, run[-1].name)
    assert number is not None, "only what is numbered by itself can stand in an unnamed repeat"
    return together(run)._replace(
        name=f"{first.name}\N{EN DASH}{number[0]}",
        type=f"{len(run)} x {first.type}",
        shared=first.shared,
        note=first.note,
        fields=first.fields or f"{counted(len(first.members), 'layer')} each",
        live=_most_live(report, run),
    )


#: The number that an automatic name ends in.
_NUMBER = r"\d+$"


def _most_live(report: Report, members: Sequence[Row]) -> Dim:
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
        kv_cache=sum(row.kv_cache for row in rows),
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
