"""A sweep for programs, written block by block, so that its length takes no memory."""

from __future__ import annotations

import csv
from io import StringIO
from itertools import chain
from typing import TYPE_CHECKING, Any

from shapecalc.output.csv import harmless
from shapecalc.output.json import dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.analysis.sweep.compute import RowBlock
    from shapecalc.analysis.sweep.plan import Plan

#: The schema's name and version: a field that changes its meaning makes a new version.
SCHEMA = "shapecalc.sweep/1"


class Tally:
    """Blocks passed on, their rows counted."""

    def __init__(self, blocks: Iterable[RowBlock]) -> None:
        self.blocks = blocks
        self.points = 0
        self.missing = 0

    def __iter__(self) -> Iterator[RowBlock]:
        for block in self.blocks:
            self.points += len(block.exists)
            self.missing += int((~block.exists).sum())
            yield block


def to_csv(blocks: Iterable[RowBlock]) -> Iterator[str]:
    """Write plain numbers, a line a point; cells without a value are empty."""
    for number, block in enumerate(blocks):
        target = StringIO()
        writer = csv.writer(target, lineterminator="\n")
        if not number:
            writer.writerow(names(block))
        *numbers, notes = _columns(block)
        writer.writerows(zip(*numbers, map(harmless, notes), strict=True))
        yield target.getvalue()


def to_json(blocks: Iterable[RowBlock], plan: Plan) -> Iterator[str]:
    """Write columns, and rows of plain numbers; a cell without a value is null."""
    tally = Tally(blocks)
    every = iter(tally)
    first = next(every)
    view, spec = plan.view, plan.ground.spec
    head = {
        "schema": SCHEMA,
        "network": spec.name,
        "source": {"file": spec.source.name, "citation": spec.citation, "note": spec.note},
        "batch": view.batch,
        "dtype": view.dtype,
        "count_inplace": view.count_inplace,
        "profile": view.profile and {"name": view.profile.name, "label": view.profile.label},
        "over": [{"name": axis.name, "means": axis.meaning} for axis in plan.ground.axes],
        "meanings": {measure.name: measure.meaning for measure in plan.measures},
        "columns": names(first),
    }
    yield "{\n" + "".join(f"  {dump(key)}: {dump(value)},\n" for key, value in head.items())
    yield '  "rows": [\n'
    before = ""
    for block in chain([first], every):
        rows = zip(*_columns(block), strict=True)
        yield before + ",\n".join(f"    {dump(row)}" for row in rows)
        before = ",\n"
    yield f'\n  ],\n  "points": {tally.points},\n  "missing": {tally.missing}\n}}\n'


def names(block: RowBlock) -> list[str]:
    """List the columns' names."""
    return [*block.axes, *block.columns, "note"]


def _columns(block: RowBlock) -> list[list[Any]]:
    """Return every column as a list of Python's integers, None where there is no value."""
    found = [values.tolist() for values in block.axes.values()]
    complete = bool(block.exists.all())
    for values in block.columns.values():
        if complete:
            found.append(values.tolist())
        else:
            shown = values.astype(object)
            shown[~block.exists] = None
            found.append(shown.tolist())
    return [*found, block.notes.tolist()]
