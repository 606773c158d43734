"""What the reader of a program makes of the network that it was written of: the same, row by row."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from shapecalc.algebra import known
from shapecalc.layers import JOINS

if TYPE_CHECKING:
    from shapecalc.report import Report, Row

#: What moves places and computes nothing, or is put in front of a layer, or nothing in evaluation.
MOVING = (
    "input",
    "pad",
    "crop",
    "slice",
    "permute",
    "reshape",
    "flatten",
    "identity",
    "pad_channels",
    "dropout",
    "stochastic_depth",
)
#: Types that other programs have under the name of another one.
AS_READ = {
    "depthwise": "conv",
    "hardtanh": "clip",
    "global_avgpool": "mean",
    "global_maxpool": "max",
    "instancenorm": "groupnorm",
}


def unlike_totals(report: Report, other: Report) -> list[str]:
    """List the totals that differ, and what is told to be missing."""
    words = ("params", "buffers", "frozen", "macs")
    ours, theirs = report.totals, other.totals
    return [
        f"{word}: {getattr(theirs, word)}"
        for word in words
        if getattr(ours, word) != getattr(theirs, word)
    ]


def unlike_rows(report: Report, other: Report, *, ordered: bool = True) -> list[str]:
    """List the rows that only one of both has; extents may have to stand in the same order."""
    ours, theirs = (computing(each, ordered=ordered) for each in (report, other))
    return [*(theirs - ours), *(f"lost: {row}" for row in ours - theirs)]


def computing(report: Report, *, ordered: bool = True) -> Counter[str]:
    """Count what the layers are and cost, but for those that only move places.

    A join of several operands with a constant is as many of others, one behind the other: of equal
    joins one is counted.  One of a single operand computes nothing.
    """
    counts = Counter(
        f"{AS_READ.get(row.type, row.type)} {extents(row, ordered=ordered)}"
        f" {row.params} {row.buffers} {row.macs}"
        for row in report.rows
        if row.type not in MOVING and not is_empty_join(row)
    )
    return Counter({key: 1 if key.split()[0] in JOINS else n for key, n in counts.items()})


def is_empty_join(row: Row) -> bool:
    constants = [getattr(row.layer, side, None) for side in ("left", "right")]
    return row.type in JOINS and len(row.sources) == 1 and constants == [None, None]


def extents(row: Row, *, ordered: bool) -> str:
    """Return what comes out; of a mean or a maximum over all sides without these.

    Global pools are read with them, whether the sides of 1 are kept or not.
    """
    sides = [known(n) for n in row.output.sides]
    if AS_READ.get(row.type, row.type) in ("mean", "max") and set(sides) == {1}:
        sides = []
    sizes = [*sides, known(row.output.channels)]
    return "x".join(map(str, sizes if ordered else sorted(sizes)))
