"""A sweep in a format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.output.formats import draw

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.analysis.sweep.compute import RowBlock
    from shapecalc.analysis.sweep.plan import Plan


def show(blocks: Iterable[RowBlock], plan: Plan, name: str) -> Iterator[str]:
    """Yield the parts of a text: for programs as they are computed, for people all at once."""
    from shapecalc.analysis.sweep.machine import to_csv, to_json

    if name == "csv":
        yield from to_csv(blocks)
    elif name == "json":
        yield from to_json(blocks, plan)
    else:
        from functools import partial

        from shapecalc.analysis.sweep.result import collected
        from shapecalc.analysis.sweep.table import tabulate

        yield draw(partial(tabulate, collected(blocks, plan)), name, None, standalone=True)
