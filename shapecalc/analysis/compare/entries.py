"""The lines of a comparison's table: aligned rows, with what is alike folded into one line."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.layers.conv import Conv
from shapecalc.layers.dense import Dense
from shapecalc.layers.fields import MODES
from shapecalc.layers.pool import MaxPool
from shapecalc.report.fold import together

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from shapecalc.analysis.compare.parts import NetworkPart
    from shapecalc.analysis.compare.rows import Aligned
    from shapecalc.layers.base import Layer
    from shapecalc.report.model import Row

#: So many changes of a level are told; those of a layer all.
MOST = 4
#: So many lines in a row that say the same become one.
LONG = 6


class Entry(NamedTuple):
    """A line: a row for every network, None where it has none; what they are, and what changed."""

    rows: tuple[Row | None, ...]
    what: tuple[str, ...]
    change: str = ""


def entries_of(aligned: Iterable[Aligned], shown: Callable[[Row], Hashable]) -> list[Entry]:
    """Make lines of rows; `shown` gives what a line will show of a row's shapes and numbers.

    Long stretches where nothing differs become one line each, and so do those of layers that are
    all added or all removed, and all alike.
    """
    entries: list[Entry] = []
    for (kind, _), group in groupby(aligned, lambda row: _stretch(row, shown)):
        members = list(group)
        if kind == "none" or len(members) < LONG:
            entries += map(entry_of, members)
        else:
            entries.append(_folded(members))
    return entries


def _stretch(row: Aligned, shown: Callable[[Row], Hashable]) -> tuple[str, Hashable]:
    """Tell which rows may fold with their neighbours."""
    parts = [part for part in row.parts if part is not None]
    if row.same and len({shown(part.row) for part in parts}) == 1:
        return "same", None
    if set(row.statuses) <= {"added", "absent", "removed"} and len({p.key for p in parts}) == 1:
        return "alike", (row.statuses, tuple(part and part.key for part in row.parts))
    return "none", id(row)


def entry_of(row: Aligned) -> Entry:
    """Make a line of a row."""
    what = tuple("" if part is None else what_is(part) for part in row.parts)
    return Entry(tuple(part and part.row for part in row.parts), what, _change(row, what))


def _change(row: Aligned, what: Sequence[str]) -> str:
    """Say in words what became of the first network's part in the second."""
    status = row.statuses[0]
    if status == "changed":
        texts = [change.text for change in row.changes[0]]
        more = len(texts) - MOST
        if more > 1 and row.parts[0] is not None and row.parts[0].layer is None:
            texts = [*texts[:MOST], f"{more} more changes"]
        return ", ".join(texts)
    words = {"added": f"added: {what[1]}", "removed": f"removed: {what[0]}"}
    return words.get(status) or {"affected": "another input"}.get(status, status)


def _folded(rows: Sequence[Aligned]) -> Entry:
    """Make one line of several rows: the sums of every network."""
    number = len(rows)
    folded: list[Row | None] = []
    what: list[str] = []
    for k, begin in enumerate(rows[0].parts):
        last = rows[-1].parts[k]
        if begin is None or last is None:
            folded.append(None)
            what.append("")
            continue
        name = f"{begin.row.name} to {last.row.name}"
        members = [part.row for row in rows if (part := row.parts[k]) is not None]
        folded.append(together(members)._replace(name=name))
        what.append(f"{number} the same" if rows[0].same else f"{number} x {what_is(begin)}")
    change = what[0] if rows[0].same else f"{rows[0].statuses[0]}: {''.join(what[:2])}"
    return Entry(tuple(folded), tuple(what), change)


def without_followers(rows: Sequence[Aligned], silent: Callable[[Row], bool]) -> list[Aligned]:
    """Leave out layers that work in place, go with the layer before, and cost nothing.

    They go with it where the same networks have both, with the same fields.
    """
    kept = list(rows[:1])
    for before, row in pairwise(rows):
        if not _follows(before, row, silent):
            kept.append(row)
    return kept


def _follows(before: Aligned, row: Aligned, silent: Callable[[Row], bool]) -> bool:
    parts = [part for part in row.parts if part is not None]
    return (
        all(part.layer is not None and part.layer.inplace for part in parts)
        and len({part.key for part in parts}) == 1
        and not any(row.changes)
        and [part is None for part in before.parts] == [part is None for part in row.parts]
        and all(silent(part.row) for part in parts)
    )


def what_is(part: NetworkPart) -> str:
    """Say what a part is: a layer in the papers' notation, or how many blocks a level holds."""
    row = part.row
    if part.layer is None:
        return f"{row.type}, {part.holds}"
    return _notation(part.layer) or f"{row.type} {part.layer.does(*row.inputs)}".rstrip()


def _notation(layer: Layer) -> str:
    """Write a layer as the papers do, where that says it all: ``conv3-64``, ``FC-4096``."""
    if isinstance(layer, Conv):
        plain = Conv(filters=layer.filters, kernel=layer.kernel[:1], pad=MODES["same"])
        return f"conv{layer.kernel[0]}-{layer.filters}" if layer == plain else ""
    if isinstance(layer, Dense):
        return f"FC-{layer.units}" if layer == Dense(units=layer.units) else ""
    return layer.type if isinstance(layer, MaxPool) and layer == MaxPool() else ""
